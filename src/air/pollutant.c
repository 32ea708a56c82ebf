// The six pollutants: names, columns, units.

#include "dosi/air.h"

#include <assert.h>
#include <string.h>

static const struct {
    const char *column, *name;
} pollutants[] = {
#define X(name, column, text, unit) {column, text},
    DOSI_AIR_TABLE(X)
#undef X
};

const char *dosi_pollutant_column(dosi_pollutant pollutant) {
    assert(pollutant < DOSI_AIR_COUNT);
    return pollutants[pollutant].column;
}

const char *dosi_pollutant_name(dosi_pollutant pollutant) {
    assert(pollutant < DOSI_AIR_COUNT);
    return pollutants[pollutant].name;
}

dosi_pollutant dosi_pollutant_from_name(const char *name) {
    for (int i = 0; i < DOSI_AIR_COUNT; i++) {
        if (strcmp(name, pollutants[i].column) == 0 || strcmp(name, pollutants[i].name) == 0) {
            return (dosi_pollutant)i;
        }
    }
    return DOSI_AIR_COUNT;
}

double dosi_pollutant_standard(dosi_pollutant pollutant) {
    static const double standards[DOSI_AIR_COUNT] = {
        [DOSI_AIR_SO2] = 0.15, [DOSI_AIR_CO] = 25,    [DOSI_AIR_O3] = 0.1,
        [DOSI_AIR_NO2] = 0.1,  [DOSI_AIR_PM10] = 100, [DOSI_AIR_PM25] = 35,
    };
    assert(pollutant < DOSI_AIR_COUNT);
    return standards[pollutant];
}
