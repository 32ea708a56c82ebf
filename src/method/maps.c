// Observations as maps: places found, rows sorted into variable x map x site.

#include "method/maps.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_CELLS = 1 << 28 };

void method_maps_clear(method_maps *maps) {
    free(maps->x);
    free(maps->y);
    free(maps->site_row);
    free(maps->map_row);
    free(maps->values);
    *maps = (method_maps){0};
}

dosi_sites method_maps_sites(const method_maps *maps) {
    return (dosi_sites){maps->n_sites, maps->x, maps->y};
}

double *method_maps_values(const method_maps *maps, size_t variable) {
    return maps->values + variable * maps->n_maps * maps->n_sites;
}

/// The named columns of the observations.
static dosi_status find_columns(const dosi_table *table,
                                const method_maps_options *options,
                                method_maps *maps,
                                dosi_error *err) {
    DOSI_TRY(method_names_split(options->value, &maps->variables, err));
    if (maps->variables.n == 0) {
        return dosi_fail(err, DOSI_INVALID, "value: names no column");
    }
    method_names by;
    DOSI_TRY(method_names_split(options->by, &by, err));
    for (size_t i = 0; i < by.n; i++) {
        size_t found = dosi_table_find(table, by.names[i]);
        if (found == SIZE_MAX) {
            return dosi_fail(err, DOSI_NOT_FOUND, "by: observations have no column \"%s\"",
                             by.names[i]);
        }
        maps->by[maps->n_by++] = &table->columns[found];
    }
    size_t found = dosi_table_find(table, options->station);
    if (found != SIZE_MAX && table->columns[found].type == DOSI_TYPE_TEXT) {
        maps->station = &table->columns[found];
    }
    return DOSI_OK;
}

/// A station's name and row, for joining.
typedef struct named {
    const char *bytes;
    size_t n_bytes, row;
} named;

static int compare_named(const void *a, const void *b) {
    const named *p = a, *q = b;
    size_t n = p->n_bytes < q->n_bytes ? p->n_bytes : q->n_bytes;
    int order = n ? memcmp(p->bytes, q->bytes, n) : 0;
    if (order) return order;
    return p->n_bytes < q->n_bytes ? -1 : p->n_bytes > q->n_bytes;
}

/// Gives each observation the place of its station.
/// @param n_rows  Of the stations, of the observations.
static dosi_status join_places(const dosi_column *of_observation,
                               const dosi_column *of_station,
                               const double *const *station_places,
                               const size_t *n_rows,
                               double *const *places) {
    size_t n_stations = n_rows[0], n_observations = n_rows[1], n = 0;
    const double missing = NAN;
    named *index = malloc((n_stations + 1) * sizeof *index);
    if (!index) return DOSI_NO_MEMORY;
    for (size_t i = 0; i < n_stations; i++) {
        named item = {.row = i};
        item.bytes = dosi_column_bytes(of_station, i, &item.n_bytes);
        if (item.bytes) index[n++] = item;
    }
    qsort(index, n, sizeof *index, compare_named);
    for (size_t i = 0; i < n_observations; i++) {
        named want = {0};
        want.bytes = dosi_column_bytes(of_observation, i, &want.n_bytes);
        const named *found =
            want.bytes ? bsearch(&want, index, n, sizeof *index, compare_named) : NULL;
        places[0][i] = found ? station_places[0][found->row] : missing;
        places[1][i] = found ? station_places[1][found->row] : missing;
    }
    free(index);
    return DOSI_OK;
}

/// Places of the observations, from the stations when these are given.
static dosi_status find_places(const dosi_table *observations,
                               const dosi_table *stations,
                               const method_maps_options *options,
                               double *const *places,
                               dosi_error *err) {
    if (!stations)
        return method_places(observations, "observations", places[0], places[1], err);
    const dosi_column *of_observation = NULL, *of_station = NULL;
    DOSI_TRY(
        dosi_table_get(observations, options->station, DOSI_TYPE_TEXT, &of_observation, err));
    DOSI_TRY(dosi_table_get(stations, options->station, DOSI_TYPE_TEXT, &of_station, err));
    double *memory = calloc(2 * stations->n_rows + 1, sizeof *memory);
    if (!memory) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for stations");
    double *const at[2] = {memory, memory + stations->n_rows};
    dosi_status status = method_places(stations, "stations", at[0], at[1], err);
    if (status == DOSI_OK) {
        const size_t n_rows[2] = {stations->n_rows, observations->n_rows};
        const double *const station_places[2] = {at[0], at[1]};
        status = join_places(of_observation, of_station, station_places, n_rows, places);
        if (status != DOSI_OK) (void)dosi_fail(err, status, "no memory to join stations");
    }
    free(memory);
    return status;
}

/// Distinct places become sites; `site_of_row` is UINT32_MAX where there is no place.
static dosi_status find_sites(const dosi_table *observations,
                              double *const *places,
                              method_maps *maps,
                              method_keys *site_keys,
                              dosi_error *err) {
    dosi_column cx = {.type = DOSI_TYPE_REAL, .data.real = places[0]};
    dosi_column cy = {.type = DOSI_TYPE_REAL, .data.real = places[1]};
    const dosi_column *columns[2] = {&cx, &cy};
    DOSI_TRY(method_keys_find(columns, 2, observations->n_rows, site_keys, err));
    maps->n_sites = site_keys->n;
    maps->x = malloc((maps->n_sites + 1) * sizeof *maps->x);
    maps->y = malloc((maps->n_sites + 1) * sizeof *maps->y);
    maps->site_row = malloc((maps->n_sites + 1) * sizeof *maps->site_row);
    if (!maps->x || !maps->y || !maps->site_row) {
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu sites", maps->n_sites);
    }
    for (size_t i = 0; i < maps->n_sites; i++) {
        size_t row = site_keys->first_row[i];
        maps->x[i] = places[0][row];
        maps->y[i] = places[1][row];
        maps->site_row[i] = row;
    }
    return DOSI_OK;
}

/// Where each row goes.
typedef struct row_keys {
    const uint32_t *map, *site;
} row_keys;

/// Fills one variable; `count` (n_maps x n_sites) is scratch.
static void fill_values(const method_values *from,
                        const row_keys *keys,
                        size_t n_rows,
                        method_maps *maps,
                        double *values,
                        uint32_t *count) {
    size_t n_cells = maps->n_maps * maps->n_sites;
    memset(count, 0, n_cells * sizeof *count);
    for (size_t k = 0; k < n_cells; k++) values[k] = NAN;
    for (size_t row = 0; row < n_rows; row++) {
        if (keys->map[row] == UINT32_MAX || keys->site[row] == UINT32_MAX) continue;
        double value = method_value(from, row);
        if (isnan(value)) {
            maps->n_rejected += !dosi_column_is_missing(from->value, row);
            continue;
        }
        size_t cell = (size_t)keys->map[row] * maps->n_sites + keys->site[row];
        maps->n_repeats += count[cell] > 0;
        values[cell] = count[cell]++ ? values[cell] + value : value;
    }
    for (size_t k = 0; k < n_cells; k++) {
        if (count[k] > 1) values[k] /= count[k];
    }
}

/// Empties maps that have fewer than `min_sites` values.
static void empty_thin_maps(method_maps *maps, double *values, size_t min_sites) {
    for (size_t t = 0; t < maps->n_maps; t++) {
        double *map = values + t * maps->n_sites;
        size_t n = 0;
        for (size_t i = 0; i < maps->n_sites; i++) n += isnan(map[i]) ? 0 : 1;
        if (n == 0 || n >= min_sites) continue;
        for (size_t i = 0; i < maps->n_sites; i++) map[i] = NAN;
        maps->n_thin++;
    }
}

/// All values of all variables.
static dosi_status read_values(const dosi_table *observations,
                               const method_maps_options *options,
                               const row_keys *keys,
                               method_maps *maps,
                               dosi_error *err) {
    size_t n_cells = maps->n_maps * maps->n_sites;
    assert(maps->variables.n > 0);
    if (maps->n_sites && n_cells / maps->n_sites != maps->n_maps) n_cells = SIZE_MAX;
    if (n_cells > MAX_CELLS / maps->variables.n) {
        return dosi_fail(err, DOSI_LIMIT, "%zu maps of %zu sites and %zu variables",
                         maps->n_maps, maps->n_sites, maps->variables.n);
    }
    size_t n_all = n_cells * maps->variables.n;
    maps->values = calloc(n_all ? n_all : 1, sizeof *maps->values);
    uint32_t *count = calloc(n_cells ? n_cells : 1, sizeof *count);
    dosi_status status =
        maps->values && count ? DOSI_OK : dosi_fail(err, DOSI_NO_MEMORY, "no memory for maps");
    for (size_t v = 0; v < maps->variables.n && status == DOSI_OK; v++) {
        const char *name = maps->variables.names[v];
        method_values from = {.value = NULL};
        status = method_values_find(observations, name, options->reject, &from, err);
        if (status == DOSI_OK && !from.value) {
            status = dosi_fail(err, DOSI_NOT_FOUND, "value: observations have no column \"%s\"",
                               name);
        }
        if (status != DOSI_OK) break;
        maps->variable_columns[v] = from.value;
        double *values = method_maps_values(maps, v);
        fill_values(&from, keys, observations->n_rows, maps, values, count);
        empty_thin_maps(maps, values, options->min_sites);
    }
    free(count);
    return status;
}

/// Keys of maps and sites, then the values.
static dosi_status read_maps(const dosi_table *observations,
                             const dosi_table *stations,
                             const method_maps_options *options,
                             method_maps *maps,
                             double *const *places,
                             dosi_error *err) {
    method_keys map_keys = {0}, site_keys = {0};
    size_t n_rows = observations->n_rows;
    DOSI_TRY(find_columns(observations, options, maps, err));
    DOSI_TRY(find_places(observations, stations, options, places, err));
    for (size_t i = 0; i < n_rows; i++) {
        bool is_placed = isfinite(places[0][i]) && isfinite(places[1][i]);
        if (!is_placed) places[0][i] = places[1][i] = NAN;
        maps->n_no_place += !is_placed;
    }
    maps->n_rows = n_rows;
    dosi_status status = method_keys_find(maps->by, maps->n_by, n_rows, &map_keys, err);
    if (status == DOSI_OK) status = find_sites(observations, places, maps, &site_keys, err);
    if (status == DOSI_OK) {
        maps->n_maps = map_keys.n;
        maps->map_row = map_keys.first_row;
        map_keys.first_row = NULL; // taken
        row_keys keys = {map_keys.of_row, site_keys.of_row};
        status = read_values(observations, options, &keys, maps, err);
    }
    method_keys_clear(&map_keys);
    method_keys_clear(&site_keys);
    return status;
}

dosi_status method_maps_read(const dosi_table *observations,
                             const dosi_table *stations,
                             const method_maps_options *options,
                             method_maps *out,
                             dosi_error *err) {
    assert(observations && options && out);
    *out = (method_maps){0};
    double *memory = calloc(2 * observations->n_rows + 1, sizeof *memory);
    if (!memory) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for places");
    double *const places[2] = {memory, memory + observations->n_rows};
    dosi_status status = read_maps(observations, stations, options, out, places, err);
    free(memory);
    if (status != DOSI_OK) method_maps_clear(out);
    return status;
}

void method_maps_put_report(const method_maps *maps, dosi_text *report) {
    if (!report) return;
    dosi_text_printf(report, "%zu rows: %zu maps, %zu sites, %zu variables\n", maps->n_rows,
                     maps->n_maps, maps->n_sites, maps->variables.n);
    if (maps->n_no_place) {
        dosi_text_printf(report, "%zu rows without a place are left out\n", maps->n_no_place);
    }
    if (maps->n_rejected) {
        dosi_text_printf(report, "%zu values are left out by their quality flags\n",
                         maps->n_rejected);
    }
    if (maps->n_repeats) {
        dosi_text_printf(report, "%zu values repeat a map and site; they are averaged\n",
                         maps->n_repeats);
    }
    if (maps->n_thin) {
        dosi_text_printf(report, "%zu maps have too few sites and stay empty\n", maps->n_thin);
    }
}
