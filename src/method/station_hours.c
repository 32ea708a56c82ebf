// Hourly observations laid out as a matrix station x hour.

#include "method/station_hours.h"

#include <stdlib.h>

enum { MAX_CELLS = 1 << 28 };

/// First and last hour of the rows that have one. False when there is none.
static bool span_of(method_hours *h, int64_t *first, int64_t *last) {
    *first = INT64_MAX;
    *last = INT64_MIN;
    for (size_t i = 0; i < h->table->n_rows; i++) {
        int64_t t = h->time->data.integer[i];
        if (t == DOSI_TIME_MISSING || t % DOSI_HOUR_US) continue;
        if (t < *first) *first = t;
        if (t > *last) *last = t;
    }
    return *last >= *first;
}

static void place_rows(method_hours *h) {
    for (size_t i = 0; i < h->table->n_rows; i++) {
        int64_t t = h->time->data.integer[i];
        uint32_t station = h->stations.of_row[i];
        if (station == UINT32_MAX || t == DOSI_TIME_MISSING || t % DOSI_HOUR_US) {
            h->n_off++;
            continue;
        }
        size_t hour = (size_t)((t - h->first_us) / DOSI_HOUR_US);
        size_t *cell = &h->row[station * h->n_hours + hour];
        if (*cell == SIZE_MAX) {
            *cell = i;
        } else {
            h->n_repeats++;
        }
    }
}

dosi_status method_hours_open(const dosi_table *table,
                              size_t before,
                              method_hours *out,
                              dosi_error *err) {
    *out = (method_hours){.table = table};
    DOSI_TRY(dosi_table_get(table, "station", DOSI_TYPE_TEXT, &out->station, err));
    DOSI_TRY(dosi_table_get(table, "time", DOSI_TYPE_TIME, &out->time, err));
    DOSI_TRY(method_keys_find(&out->station, 1, table->n_rows, &out->stations, err));
    int64_t first = 0, last = 0;
    if (span_of(out, &first, &last)) {
        out->first_us = first - (int64_t)before * DOSI_HOUR_US;
        out->n_hours = (size_t)((last - out->first_us) / DOSI_HOUR_US) + 1;
    }
    if (out->n_hours && out->stations.n > MAX_CELLS / out->n_hours) {
        return dosi_fail(err, DOSI_LIMIT, "%zu stations over %zu hours", out->stations.n,
                         out->n_hours);
    }
    size_t n_cells = out->stations.n * out->n_hours;
    out->row = malloc((n_cells + 1) * sizeof *out->row);
    if (!out->row) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu hours", n_cells);
    for (size_t i = 0; i < n_cells; i++) out->row[i] = SIZE_MAX;
    if (out->n_hours > 0) place_rows(out);
    return DOSI_OK;
}

void method_hours_clear(method_hours *hours) {
    method_keys_clear(&hours->stations);
    free(hours->row);
    hours->row = NULL;
}

void method_hours_fill(const method_hours *hours,
                       const method_values *values,
                       size_t station,
                       double *out) {
    const size_t *row = hours->row + station * hours->n_hours;
    for (size_t h = 0; h < hours->n_hours; h++) {
        out[h] = row[h] == SIZE_MAX ? (double)NAN : method_value(values, row[h]);
    }
}

size_t method_hours_count(const method_hours *hours) {
    size_t n = 0;
    for (size_t i = 0; i < hours->stations.n * hours->n_hours; i++) {
        n += hours->row[i] == SIZE_MAX ? 0 : 1;
    }
    return n;
}

int64_t method_hours_time(const method_hours *hours, size_t hour) {
    return hours->first_us + (int64_t)hour * DOSI_HOUR_US;
}
