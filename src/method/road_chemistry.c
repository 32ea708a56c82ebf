// The air that comes into a city, and what becomes of it where roads add NOx.

#include "method/road_chemistry.h"

#include <math.h>
#include <stdlib.h>

/// Columns of the background.
typedef struct columns {
    const dosi_column *time, *station, *no, *no2, *o3;
} columns;

static const dosi_column *text_column(const dosi_table *table, const char *name) {
    size_t i = dosi_table_find(table, name);
    return i != SIZE_MAX && table->columns[i].type == DOSI_TYPE_TEXT ? &table->columns[i]
                                                                     : NULL;
}

/// The hour of a row among those of the weather; `weather->n`: none.
static size_t hour_of(const method_road_weather *weather, dosi_time time) {
    size_t first = 0, last = weather->n;
    while (first < last) {
        size_t middle = first + (last - first) / 2;
        if (weather->time[middle] < time) {
            first = middle + 1;
        } else {
            last = middle;
        }
    }
    return first < weather->n && weather->time[first] == time ? first : weather->n;
}

/// Takes one row: the sum of listed stations, or the row of least NO2.
static void take_row(const columns *c, size_t row, bool is_listed, dosi_nox *of, size_t *n) {
    double no2 = 1e3 * fmax(dosi_column_real(c->no2, row), 0);
    double o3 = 1e3 * fmax(dosi_column_real(c->o3, row), 0);
    double no = c->no ? 1e3 * fmax(dosi_column_real(c->no, row), 0) : 0;
    if (dosi_column_is_missing(c->no2, row) || dosi_column_is_missing(c->o3, row)) return;
    if (isnan(no)) no = 0;
    if (!is_listed) {
        if (*n > 0 && no2 >= of->no2) return;
        *of = (dosi_nox){no, no2, o3};
        *n = 1;
        return;
    }
    of->no += no;
    of->no2 += no2;
    of->o3 += o3;
    ++*n;
}

/// Reads all rows and settles each hour.
static void read_rows(const dosi_table *table,
                      const char *stations,
                      const columns *c,
                      const method_road_weather *weather,
                      size_t *counts,
                      method_air *out) {
    bool is_listed = method_list_count(stations) > 0;
    for (size_t row = 0; row < table->n_rows; row++) {
        if (dosi_column_is_missing(c->time, row)) continue;
        size_t h = hour_of(weather, c->time->data.integer[row]);
        if (h == weather->n) continue;
        if (is_listed && c->station && !method_list_has(stations, c->station, row)) continue;
        take_row(c, row, is_listed, &out->of[h], &counts[h]);
    }
    for (size_t h = 0; h < weather->n; h++) {
        double n = (double)counts[h], j = dosi_photolysis_no2(weather->radiation_wm2[h]);
        double k = dosi_rate_no_o3(weather->temperature_k[h]);
        dosi_nox *of = &out->of[h];
        out->k_ppb_s[h] = k;
        out->j_s[h] = j;
        out->n_unknown += counts[h] == 0;
        *of = counts[h] > 0 ? (dosi_nox){of->no / n, of->no2 / n, of->o3 / n}
                            : (dosi_nox){(double)NAN, (double)NAN, (double)NAN};
        // At least 1 ppb of ozone: a reading of none says nothing of NO.
        if (!c->no) of->no = j * of->no2 / (k * fmax(of->o3, 1.0));
    }
}

dosi_status method_air_read(const dosi_table *table,
                            const char *stations,
                            const method_road_weather *weather,
                            method_air *out,
                            dosi_error *err) {
    columns c = {.station = text_column(table, "station"),
                 .no = dosi_table_find_number(table, "no_ppm")};
    DOSI_TRY(dosi_table_get(table, "time", DOSI_TYPE_TIME, &c.time, err));
    DOSI_TRY(dosi_table_get_number(table, "no2_ppm", &c.no2, err));
    DOSI_TRY(dosi_table_get_number(table, "o3_ppm", &c.o3, err));
    *out = (method_air){.n = weather->n};
    size_t *counts = calloc(weather->n + 1, sizeof *counts);
    out->of = calloc(weather->n + 1, sizeof *out->of);
    out->k_ppb_s = calloc(weather->n + 1, sizeof *out->k_ppb_s);
    out->j_s = calloc(weather->n + 1, sizeof *out->j_s);
    dosi_status status = DOSI_OK;
    if (counts && out->of && out->k_ppb_s && out->j_s) {
        read_rows(table, stations, &c, weather, counts, out);
    } else {
        status = dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu hours", weather->n);
    }
    free(counts);
    return status;
}

void method_air_clear(method_air *air) {
    free(air->of);
    free(air->k_ppb_s);
    free(air->j_s);
    *air = (method_air){0};
}

dosi_nox method_air_with(const method_air *air, size_t h, const method_added *added) {
    dosi_nox mixed = air->of[h];
    if (isnan(mixed.no2)) return mixed;
    double nox = fmax(added->nox_ugm3, 0) * METHOD_NO2_PPB_UGM3;
    double no2 = fmin(fmax(added->no2_ugm3, 0) * METHOD_NO2_PPB_UGM3, nox);
    mixed.no += nox - no2;
    mixed.no2 += no2;
    return dosi_nox_aged(&mixed, added->age_s, air->k_ppb_s[h], air->j_s[h]);
}
