// Korea's ambient standards, and how a year compares with them.

#include "dosi/standard.h"
#include "dosi/capture.h"

#include <assert.h>
#include <math.h>

#define SINCE_2018 INT64_C(1522108800) * DOSI_SECOND_US, "kr-2018-03" // 2018-03-27
#define SINCE_2015 INT64_C(1420070400) * DOSI_SECOND_US, "kr-2015-01"

static const dosi_standard standards[] = {
    {DOSI_AIR_SO2, DOSI_STANDARD_1H, 0.15, 99.9, SINCE_2015},
    {DOSI_AIR_SO2, DOSI_STANDARD_24H, 0.05, 99, SINCE_2015},
    {DOSI_AIR_SO2, DOSI_STANDARD_YEAR, 0.02, 0, SINCE_2015},
    {DOSI_AIR_CO, DOSI_STANDARD_1H, 25, 99.9, SINCE_2015},
    {DOSI_AIR_CO, DOSI_STANDARD_8H, 9, 99, SINCE_2015},
    {DOSI_AIR_NO2, DOSI_STANDARD_1H, 0.10, 99.9, SINCE_2015},
    {DOSI_AIR_NO2, DOSI_STANDARD_24H, 0.06, 99, SINCE_2015},
    {DOSI_AIR_NO2, DOSI_STANDARD_YEAR, 0.03, 0, SINCE_2015},
    {DOSI_AIR_O3, DOSI_STANDARD_1H, 0.1, 99.9, SINCE_2015},
    {DOSI_AIR_O3, DOSI_STANDARD_8H, 0.06, 99, SINCE_2015},
    {DOSI_AIR_PM10, DOSI_STANDARD_24H, 100, 99, SINCE_2015},
    {DOSI_AIR_PM10, DOSI_STANDARD_YEAR, 50, 0, SINCE_2015},
    {DOSI_AIR_PM25, DOSI_STANDARD_24H, 50, 99, SINCE_2015},
    {DOSI_AIR_PM25, DOSI_STANDARD_YEAR, 25, 0, SINCE_2015},
    {DOSI_AIR_PM25, DOSI_STANDARD_24H, 35, 99, SINCE_2018},
    {DOSI_AIR_PM25, DOSI_STANDARD_YEAR, 15, 0, SINCE_2018},
};

const dosi_standard *dosi_standards(size_t *n) {
    *n = sizeof standards / sizeof standards[0];
    return standards;
}

const char *dosi_standard_span_name(dosi_standard_span span) {
    static const char *const names[] = {"1h", "8h", "24h", "year"};
    return names[span];
}

/// The means that a standard is about. @param out (n_hours) @return How many there could be.
static size_t means_of(const dosi_standard *standard,
                       const double *hours,
                       size_t n_hours,
                       double share,
                       double *out) {
    if (standard->span == DOSI_STANDARD_8H) {
        dosi_capture_running_mean(hours, n_hours, 8, share, out);
        return n_hours;
    }
    if (standard->span == DOSI_STANDARD_24H) {
        for (size_t day = 0; day < n_hours / 24; day++) {
            out[day] = dosi_capture_mean(hours + 24 * day, 24, share);
        }
        return n_hours / 24;
    }
    for (size_t h = 0; h < n_hours; h++) out[h] = hours[h];
    return n_hours;
}

dosi_standard_result dosi_standard_compare(const dosi_standard *standard,
                                           const double *hours,
                                           size_t n_hours,
                                           double share,
                                           double *room) {
    assert(standard && hours && room);
    dosi_standard_result result = {.value = NAN};
    result.n_possible = means_of(standard, hours, n_hours, share, room);
    for (size_t i = 0; i < result.n_possible; i++) {
        result.n_valid += isnan(room[i]) ? 0 : 1;
        result.n_above += room[i] > standard->limit + 1e-9 ? 1 : 0;
    }
    result.value =
        standard->percentile > 0
            ? dosi_capture_percentile(room, result.n_possible, standard->percentile, share)
            : dosi_capture_mean(room, result.n_possible, share);
    result.is_enough = !isnan(result.value);
    result.is_met = result.is_enough && result.value <= standard->limit + 1e-9;
    return result;
}
