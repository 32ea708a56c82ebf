// Indices of other countries: rules. The tables are in index_tables.c.

#include "dosi/index.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static const struct {
    dosi_pollutant pollutant;
    const char *name;
} measures[] = {
#define X(name, pollutant, text) {DOSI_AIR_##pollutant, text},
    DOSI_MEASURE_TABLE(X)
#undef X
};

dosi_pollutant dosi_measure_pollutant(dosi_measure measure) {
    assert(measure < DOSI_MEASURE_COUNT);
    return measures[measure].pollutant;
}

const char *dosi_measure_name(dosi_measure measure) {
    assert(measure < DOSI_MEASURE_COUNT);
    return measures[measure].name;
}

const dosi_index_version *dosi_index_version_at(const char *index, dosi_time time) {
    size_t n = 0;
    const dosi_index_version *versions = dosi_index_versions(&n), *found = NULL;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(versions[i].index, index) != 0) continue;
        if (!found || time >= versions[i].from) found = &versions[i];
    }
    return found;
}

const dosi_index_version *dosi_index_version_find(const char *id) {
    size_t n = 0;
    const dosi_index_version *versions = dosi_index_versions(&n);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(versions[i].id, id) == 0) return &versions[i];
    }
    return NULL;
}

/// The level of a concentration in the table's unit, from 0; SIZE_MAX where none is defined.
static size_t level_of(const dosi_index_version *version, const dosi_index_row *row, double c) {
    size_t last = SIZE_MAX;
    for (size_t i = 0; i < version->n_levels; i++) {
        if (isnan(row->high[i])) continue;
        last = i;
        if (c <= row->high[i] + 1e-9) return i;
    }
    return last != SIZE_MAX && last + 1 == version->n_levels ? last : SIZE_MAX;
}

double dosi_index_sub(const dosi_index_version *version,
                      dosi_measure measure,
                      double concentration) {
    assert(version && measure < DOSI_MEASURE_COUNT);
    const dosi_index_row *row = &version->rows[measure];
    if (row->factor == 0 || !(concentration >= 0)) return NAN;
    double c = concentration * row->factor;
    if (row->step > 0) c = floor(c / row->step + 1e-6) * row->step;
    if (c < row->low - 1e-9) return NAN;
    size_t level = level_of(version, row, c);
    if (level == SIZE_MAX) return NAN;
    if (version->index_high[0] == 0) return (double)(level + 1);
    double index_low = level == 0 ? 0 : version->index_high[level - 1] + 1;
    double low = level == 0 ? 0 : row->high[level - 1] + row->step;
    if (isnan(low) || low < row->low) low = row->low;
    double high = row->high[level], index_high = version->index_high[level];
    double index = (index_high - index_low) / (high - low) * (fmin(c, high) - low) + index_low;
    return floor(index + 0.5 + 1e-9);
}

/// The level of a sub-index, 1..
static int level_of_index(const dosi_index_version *version, double index) {
    if (version->index_high[0] == 0) return (int)index;
    int level = 1;
    while (level < (int)version->n_levels && index > version->index_high[level - 1]) level++;
    return level;
}

dosi_index dosi_index_of(const dosi_index_version *version, const double *concentration) {
    assert(version && concentration);
    dosi_index result = {.value = NAN, .responsible = DOSI_MEASURE_COUNT};
    for (int m = 0; m < DOSI_MEASURE_COUNT; m++) {
        double sub = dosi_index_sub(version, (dosi_measure)m, concentration[m]);
        result.sub_index[m] = sub;
        if (isnan(sub) || sub <= result.value) continue;
        result.value = sub;
        result.responsible = (dosi_measure)m;
    }
    if (!isnan(result.value)) result.level = level_of_index(version, result.value);
    return result;
}

double dosi_index_nowcast(const double *hours) {
    assert(hours);
    double lowest = INFINITY, highest = -INFINITY;
    int n_recent = 0;
    for (int i = 0; i < 12; i++) {
        if (!(hours[i] >= 0)) continue;
        lowest = fmin(lowest, hours[i]);
        highest = fmax(highest, hours[i]);
        n_recent += i >= 9;
    }
    if (n_recent < 2) return NAN;
    double w = highest > 0 ? fmax(lowest / highest, 0.5) : 1;
    double sum = 0, weight = 0, power = 1;
    for (int i = 11; i >= 0; i--, power *= w) {
        if (!(hours[i] >= 0)) continue;
        sum += power * hours[i];
        weight += power;
    }
    return sum / weight;
}
