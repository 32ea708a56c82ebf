// geo.zonal: means of gridded maps over areas, and the people above a threshold.

#include "dosi/air.h"
#include "method/columns.h"
#include "method/geo_words.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IN_MAP, IN_GRID, IN_AREAS, IN_PEOPLE };
enum { MAX_CELLS = 1 << 29 };

static const dosi_method_column map_columns[] = {
    {"cell", DOSI_TYPE_INT, NULL, false, {"격자 번호", "Cell of the grid"}},
    {"*",
     DOSI_TYPE_REAL,
     NULL,
     true,
     {"`value`와 `by`가 가리키는 열", "The columns that `value` and `by` name"}},
};
static const dosi_method_column grid_columns[] = {
    {"x0", DOSI_TYPE_REAL, "m", false, {"남서 모서리 동쪽", "South-west corner, east"}},
    {"y0", DOSI_TYPE_REAL, "m", false, {"남서 모서리 북쪽", "South-west corner, north"}},
    {"cell_m", DOSI_TYPE_REAL, "m", false, {"격자 크기", "Size of a cell"}},
    {"n_columns", DOSI_TYPE_INT, NULL, false, {"열 수", "Columns"}},
    {"n_rows", DOSI_TYPE_INT, NULL, false, {"행 수", "Rows"}},
};
static const dosi_method_column area_columns[] = {
    {"geometry", DOSI_TYPE_GEOMETRY, NULL, false, {"구역", "Polygons"}},
    {"*",
     DOSI_TYPE_TEXT,
     NULL,
     true,
     {"`key`와 `population`이 가리키는 열", "The columns that `key` and `population` name"}},
};
static const dosi_method_table inputs[] = {
    {"map", {"격자 지도", "Gridded maps, as geo.krige makes them"}, false, map_columns, 2},
    {"grid", {"격자 설명", "The grid, one row"}, false, grid_columns, 5},
    {"areas", {"구역", "Areas"}, false, area_columns, 2},
    {"people",
     {"더 잘게 나눈 인구 구역", "Finer polygons with a population, to weight by"},
     true,
     area_columns,
     2},
};

static const dosi_method_parameter parameters[] = {
    GEO_VALUE,
    GEO_BY,
    {"key",
     DOSI_PARAMETER_TEXT,
     NULL,
     "dong",
     0,
     0,
     NULL,
     {"구역을 구별하는 열 (쉼표로 여러 개)",
      "Columns that tell areas apart, kept in the result"}},
    {"population",
     DOSI_PARAMETER_TEXT,
     NULL,
     "population",
     0,
     0,
     NULL,
     {"인구 열 (없으면 면적만)", "Column of people; without it, areas only"}},
    {"threshold",
     DOSI_PARAMETER_TEXT,
     NULL,
     "standard",
     0,
     0,
     NULL,
     {"기준: standard(대기환경기준) 또는 열=값, 쉼표로 구분, 없으면 빈칸",
      "Thresholds: standard (Korea's ambient standards), or column=number separated by commas; "
      "empty: none"}},
};

static const dosi_method_column zonal_columns[] = {
    {"*",
     DOSI_TYPE_TIME,
     NULL,
     true,
     {"`by`와 `key`의 열", "The columns that `by` and `key` name"}},
    {"population", DOSI_TYPE_REAL, NULL, true, {"인구", "People"}},
    {"coverage",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"지도가 덮는 비율", "Share of the weight that the map covers"}},
    {"<value>", DOSI_TYPE_REAL, NULL, true, {"가중 평균", "Weighted mean, named as the value"}},
    {"<value>_share_above",
     DOSI_TYPE_REAL,
     NULL,
     true,
     {"기준을 넘는 비율", "Share above the threshold"}},
    {"<value>_people_above",
     DOSI_TYPE_REAL,
     NULL,
     true,
     {"기준을 넘는 곳의 인구", "People where the value is above the threshold"}},
};
static const dosi_method_column total_columns[] = {
    {"*", DOSI_TYPE_TIME, NULL, true, {"`by`의 열", "The columns that `by` names"}},
    {"population", DOSI_TYPE_REAL, NULL, true, {"인구", "People"}},
    {"<value>",
     DOSI_TYPE_REAL,
     NULL,
     true,
     {"인구(없으면 면적) 가중 평균", "Mean weighted by people, or by area without them"}},
    {"<value>_share_above",
     DOSI_TYPE_REAL,
     NULL,
     true,
     {"기준을 넘는 비율", "Share of them above the threshold"}},
    {"<value>_people_above",
     DOSI_TYPE_REAL,
     NULL,
     true,
     {"기준을 넘는 곳의 인구", "People where the value is above the threshold"}},
};
static const dosi_method_table outputs[] = {
    {"zonal", {"구역별 값", "Values per area and map"}, false, zonal_columns, 6},
    {"total", {"전체 값", "Values over all areas, per map"}, false, total_columns, 5},
};

/// Everything that a run holds.
typedef struct zonal {
    const dosi_method_call *call;
    method_names values, key_names;
    double threshold[METHOD_NAMES_MAX]; ///< NaN: none.
    const dosi_column *value[METHOD_NAMES_MAX];
    const dosi_column *by[METHOD_NAMES_MAX];
    const dosi_column *key[METHOD_NAMES_MAX];
    size_t n_by, n_key;
    const dosi_column *population; ///< Of the areas; NULL: none.
    dosi_grid grid;
    method_keys maps;
    uint32_t *row_of;     ///< (maps x cells) row of the map's table; UINT32_MAX: none.
    dosi_overlap overlap; ///< Areas with cells.
    double *weight;       ///< As overlap.area_m2, people or m2.
    double *total_weight; ///< (areas) of the whole area, covered or not.
    size_t n_areas;
} zonal;

/// One threshold for each value: the standard, or as written.
static dosi_status read_thresholds(zonal *z, const char *text, dosi_error *err) {
    for (size_t v = 0; v < z->values.n; v++) z->threshold[v] = NAN;
    if (strcmp(text, "standard") == 0) {
        for (size_t v = 0; v < z->values.n; v++) {
            dosi_pollutant pollutant = dosi_pollutant_from_name(z->values.names[v]);
            if (pollutant < DOSI_AIR_COUNT)
                z->threshold[v] = dosi_pollutant_standard(pollutant);
        }
        return DOSI_OK;
    }
    method_names given;
    DOSI_TRY(method_names_split(text, &given, err));
    for (size_t i = 0; i < given.n; i++) {
        char *number = strchr(given.names[i], '=');
        double value = 0;
        if (!number || dosi_parse_real(number + 1, strlen(number + 1), &value) != DOSI_OK) {
            return dosi_fail(err, DOSI_INVALID, "threshold: \"%s\" is not column=number",
                             given.names[i]);
        }
        *number = '\0';
        size_t v = 0;
        while (v < z->values.n && strcmp(z->values.names[v], given.names[i]) != 0) v++;
        if (v == z->values.n) {
            return dosi_fail(err, DOSI_INVALID, "threshold: \"%s\" is none of the values",
                             given.names[i]);
        }
        z->threshold[v] = value;
    }
    return DOSI_OK;
}

/// Columns of `table` by name.
static dosi_status find_columns(const dosi_table *table,
                                const char *list,
                                const dosi_column **out,
                                size_t *n_out,
                                dosi_error *err) {
    method_names names;
    DOSI_TRY(method_names_split(list, &names, err));
    for (size_t i = 0; i < names.n; i++) {
        size_t found = dosi_table_find(table, names.names[i]);
        if (found == SIZE_MAX) {
            return dosi_fail(err, DOSI_NOT_FOUND, "there is no column \"%s\"", names.names[i]);
        }
        out[i] = &table->columns[found];
    }
    *n_out = names.n;
    return DOSI_OK;
}

/// The column of people, or NULL.
static const dosi_column *find_population(const zonal *z, const dosi_table *table) {
    size_t found = dosi_table_find(table, dosi_call_value(z->call, "population")->text);
    if (found == SIZE_MAX) return NULL;
    const dosi_column *column = &table->columns[found];
    bool is_number = column->type == DOSI_TYPE_INT || column->type == DOSI_TYPE_REAL;
    return is_number ? column : NULL;
}

/// Settings, columns and the grid.
static dosi_status open_inputs(zonal *z, dosi_error *err) {
    const dosi_table *map = z->call->inputs[IN_MAP], *grid = z->call->inputs[IN_GRID];
    const dosi_table *areas = z->call->inputs[IN_AREAS];
    size_t n = 0;
    const char *values = dosi_call_value(z->call, "value")->text;
    DOSI_TRY(method_names_split(values, &z->values, err));
    DOSI_TRY(find_columns(map, values, z->value, &n, err));
    DOSI_TRY(find_columns(map, dosi_call_value(z->call, "by")->text, z->by, &z->n_by, err));
    DOSI_TRY(
        find_columns(areas, dosi_call_value(z->call, "key")->text, z->key, &z->n_key, err));
    DOSI_TRY(read_thresholds(z, dosi_call_value(z->call, "threshold")->text, err));
    z->population = find_population(z, areas);
    z->n_areas = areas->n_rows;
    if (grid->n_rows != 1) {
        return dosi_fail(err, DOSI_INVALID, "grid: %zu rows, not one", grid->n_rows);
    }
    double description[5];
    for (size_t i = 0; i < 5; i++) {
        size_t found = dosi_table_find(grid, grid_columns[i].name);
        description[i] = dosi_column_real(&grid->columns[found], 0);
        if (!isfinite(description[i]) || (i > 1 && !(description[i] > 0))) {
            return dosi_fail(err, DOSI_DOMAIN, "grid: %s is %g", grid_columns[i].name,
                             description[i]);
        }
    }
    if (description[3] * description[4] > MAX_CELLS) {
        return dosi_fail(err, DOSI_LIMIT, "grid: %g x %g cells", description[3],
                         description[4]);
    }
    z->grid = (dosi_grid){description[0],         description[1],         description[2],
                          (size_t)description[3], (size_t)description[4], DOSI_SRID_KOREA};
    return DOSI_OK;
}

/// Which row holds each cell of each map.
static dosi_status index_rows(zonal *z, dosi_error *err) {
    const dosi_table *map = z->call->inputs[IN_MAP];
    const dosi_column *cell = NULL;
    size_t n_cells = z->grid.n_columns * z->grid.n_rows;
    DOSI_TRY(dosi_table_get(map, "cell", DOSI_TYPE_INT, &cell, err));
    DOSI_TRY(method_keys_find(z->by, z->n_by, map->n_rows, &z->maps, err));
    if (z->maps.n > MAX_CELLS / n_cells) {
        return dosi_fail(err, DOSI_LIMIT, "%zu maps of %zu cells", z->maps.n, n_cells);
    }
    z->row_of = malloc((z->maps.n * n_cells + 1) * sizeof *z->row_of);
    if (!z->row_of) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu maps", z->maps.n);
    memset(z->row_of, 0xff, z->maps.n * n_cells * sizeof *z->row_of);
    for (size_t i = 0; i < map->n_rows; i++) {
        int64_t c = cell->data.integer[i];
        if (z->maps.of_row[i] == UINT32_MAX || c == DOSI_MISSING_INT) continue;
        if (c < 0 || (size_t)c >= n_cells) {
            return dosi_fail(err, DOSI_DOMAIN, "map: cell %lld is not in the grid of %zu cells",
                             (long long)c, n_cells);
        }
        z->row_of[z->maps.of_row[i] * n_cells + (size_t)c] = (uint32_t)i;
    }
    return DOSI_OK;
}

/// Overlap of a table's polygons with the grid; `area` (rows) out: their whole areas.
static dosi_status overlap_polygons(const zonal *z,
                                    const dosi_table *table,
                                    dosi_overlap *overlap,
                                    double *area,
                                    dosi_error *err) {
    double box[4] = {INFINITY, INFINITY, -INFINITY, -INFINITY};
    dosi_polygon *polygons = NULL;
    DOSI_TRY(method_polygons_load(table, &polygons, box, err));
    for (size_t i = 0; i < table->n_rows; i++) area[i] = dosi_polygon_area(&polygons[i]);
    dosi_status status =
        dosi_grid_overlap(&z->grid, polygons, table->n_rows, z->call->run, overlap, err);
    method_polygons_free(polygons, table->n_rows);
    return status;
}

/// People per m2 in each cell, from the people input.
static dosi_status spread_people(const zonal *z, double *density, dosi_error *err) {
    const dosi_table *people = z->call->inputs[IN_PEOPLE];
    const dosi_column *population = find_population(z, people);
    if (!population) return dosi_fail(err, DOSI_NOT_FOUND, "people: has no population column");
    double *area = malloc((people->n_rows + 1) * sizeof *area);
    if (!area) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for people");
    dosi_overlap overlap = {0};
    dosi_status status = overlap_polygons(z, people, &overlap, area, err);
    double cell_m2 = z->grid.cell_m * z->grid.cell_m;
    for (size_t i = 0; i < people->n_rows && status == DOSI_OK; i++) {
        double n = dosi_column_real(population, i);
        if (!(n > 0) || !(area[i] > 0)) continue;
        for (size_t k = overlap.start[i]; k < overlap.start[i + 1]; k++) {
            density[overlap.cell[k]] += n * overlap.area_m2[k] / area[i] / cell_m2;
        }
    }
    dosi_overlap_clear(&overlap);
    free(area);
    return status;
}

/// Weights of the areas' cells: m2, or people where the people input says where they are.
static dosi_status find_weights(zonal *z, dosi_error *err) {
    const dosi_table *areas = z->call->inputs[IN_AREAS];
    z->total_weight = calloc(z->n_areas + 1, sizeof *z->total_weight);
    if (!z->total_weight) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for areas");
    DOSI_TRY(overlap_polygons(z, areas, &z->overlap, z->total_weight, err));
    size_t n = z->overlap.start[z->n_areas];
    z->weight = malloc((n + 1) * sizeof *z->weight);
    if (!z->weight) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu overlaps", n);
    memcpy(z->weight, z->overlap.area_m2, n * sizeof *z->weight);
    if (!z->call->inputs[IN_PEOPLE]) return DOSI_OK;
    double *density = calloc(z->grid.n_columns * z->grid.n_rows, sizeof *density);
    dosi_status status = density ? spread_people(z, density, err)
                                 : dosi_fail(err, DOSI_NO_MEMORY, "no memory for people");
    for (size_t i = 0; i < z->n_areas && status == DOSI_OK; i++) {
        z->total_weight[i] = 0;
        for (size_t k = z->overlap.start[i]; k < z->overlap.start[i + 1]; k++) {
            z->weight[k] *= density[z->overlap.cell[k]];
            z->total_weight[i] += z->weight[k];
        }
    }
    free(density);
    return status;
}

/// Adds a copy of a column's description.
static dosi_status add_like(dosi_table *out, const dosi_column *like, dosi_error *err) {
    size_t added = 0;
    DOSI_TRY(dosi_table_add_column(out, like->name, like->type, &added, err));
    out->columns[added].srid = like->srid;
    return dosi_table_describe(out, added, like->unit, like->meaning_ko, like->meaning_en);
}

/// Adds mean, share and people columns of every value.
static dosi_status add_value_columns(const zonal *z, dosi_table *out, dosi_error *err) {
    for (size_t v = 0; v < z->values.n; v++) {
        char name[METHOD_NAME_BYTES + 16];
        size_t added = 0;
        DOSI_TRY(dosi_table_add_column(out, z->values.names[v], DOSI_TYPE_REAL, &added, err));
        DOSI_TRY(dosi_table_describe(out, added, z->value[v]->unit, z->value[v]->meaning_ko,
                                     z->value[v]->meaning_en));
        if (isnan(z->threshold[v])) continue;
        (void)snprintf(name, sizeof name, "%s_share_above", z->values.names[v]);
        DOSI_TRY(method_add_column(out, name, DOSI_TYPE_REAL, &zonal_columns[4], err));
        if (!z->population) continue;
        (void)snprintf(name, sizeof name, "%s_people_above", z->values.names[v]);
        DOSI_TRY(method_add_column(out, name, DOSI_TYPE_REAL, &zonal_columns[5], err));
    }
    return DOSI_OK;
}

/// Columns and rows of both outputs, with groups, keys and people filled in.
static dosi_status open_outputs(const zonal *z, dosi_error *err) {
    dosi_table *out = &z->call->outputs[0], *total = &z->call->outputs[1];
    for (size_t i = 0; i < z->n_by; i++) {
        DOSI_TRY(add_like(out, z->by[i], err));
        DOSI_TRY(add_like(total, z->by[i], err));
    }
    for (size_t i = 0; i < z->n_key; i++) DOSI_TRY(add_like(out, z->key[i], err));
    if (z->population) {
        DOSI_TRY(method_add_column(out, "population", DOSI_TYPE_REAL, &zonal_columns[1], err));
        DOSI_TRY(
            method_add_column(total, "population", DOSI_TYPE_REAL, &total_columns[1], err));
    }
    DOSI_TRY(method_add_column(out, "coverage", DOSI_TYPE_REAL, &zonal_columns[2], err));
    DOSI_TRY(add_value_columns(z, out, err));
    DOSI_TRY(add_value_columns(z, total, err));
    if (z->maps.n && z->n_areas > MAX_CELLS / z->maps.n) {
        return dosi_fail(err, DOSI_LIMIT, "%zu maps of %zu areas", z->maps.n, z->n_areas);
    }
    DOSI_TRY(dosi_table_add_rows(out, z->maps.n * z->n_areas, err));
    DOSI_TRY(dosi_table_add_rows(total, z->maps.n, err));
    for (size_t row = 0; row < out->n_rows; row++) {
        size_t map = row / z->n_areas, area = row % z->n_areas;
        for (size_t i = 0; i < z->n_by; i++) {
            DOSI_TRY(method_copy_cell(z->by[i], z->maps.first_row[map], out, i, row));
            if (area) continue;
            DOSI_TRY(method_copy_cell(z->by[i], z->maps.first_row[map], total, i, map));
        }
        for (size_t i = 0; i < z->n_key; i++) {
            DOSI_TRY(method_copy_cell(z->key[i], area, out, z->n_by + i, row));
        }
        if (!z->population) continue;
        out->columns[z->n_by + z->n_key].data.real[row] = dosi_column_real(z->population, area);
    }
    return DOSI_OK;
}

/// Weighted sums of one value over one area, or over all.
typedef struct sums {
    double weight, value, above;
} sums;

/// Sums of value v of map t over area a.
static sums sum_area(const zonal *z, size_t v, size_t t, size_t a) {
    sums s = {0};
    const uint32_t *row_of = z->row_of + t * z->grid.n_columns * z->grid.n_rows;
    for (size_t k = z->overlap.start[a]; k < z->overlap.start[a + 1]; k++) {
        uint32_t row = row_of[z->overlap.cell[k]];
        if (row == UINT32_MAX) continue;
        double value = dosi_column_real(z->value[v], row);
        if (isnan(value)) continue;
        s.weight += z->weight[k];
        s.value += z->weight[k] * value;
        if (value > z->threshold[v]) s.above += z->weight[k];
    }
    return s;
}

/// Writes mean, share and people of `s` from column `first` on; the next free column.
static size_t put_sums(const zonal *z,
                       const sums *s,
                       size_t v,
                       dosi_table *out,
                       const size_t *place,
                       double people) {
    size_t row = place[0], column = place[1];
    out->columns[column++].data.real[row] = s->value / s->weight; // 0/0: missing
    if (isnan(z->threshold[v])) return column;
    out->columns[column++].data.real[row] = s->above / s->weight;
    if (!z->population) return column;
    out->columns[column++].data.real[row] = s->above / s->weight * people;
    return column;
}

/// All areas of one map, and their total.
static void do_map(const zonal *z, size_t t) {
    dosi_table *out = &z->call->outputs[0], *total = &z->call->outputs[1];
    size_t n_people = z->population ? 1 : 0;
    size_t column = z->n_by + z->n_key + n_people, total_column = z->n_by + n_people;
    size_t coverage = column++;
    double everyone = 0;
    for (size_t v = 0; v < z->values.n; v++) {
        sums all = {0};
        size_t next = column;
        everyone = 0;
        for (size_t a = 0; a < z->n_areas; a++) {
            sums s = sum_area(z, v, t, a);
            size_t row = t * z->n_areas + a;
            double people = z->population ? dosi_column_real(z->population, a) : s.weight;
            const size_t place[2] = {row, column};
            next = put_sums(z, &s, v, out, place, people);
            if (v == 0) out->columns[coverage].data.real[row] = s.weight / z->total_weight[a];
            if (!(people > 0)) continue;
            everyone += people;
            if (!(s.weight > 0)) continue;
            all.weight += people;
            all.value += people * (s.value / s.weight);
            all.above += people * (s.above / s.weight);
        }
        column = next;
        const size_t place[2] = {t, total_column};
        total_column = put_sums(z, &all, v, total, place, all.weight);
    }
    if (n_people) total->columns[z->n_by].data.real[t] = everyone;
}

/// All maps, each by one thread.
static dosi_status do_maps(const zonal *z, dosi_error *err) {
    int n_threads = dosi_run_threads(z->call->run); // NOLINT(*DeadStores): used by the pragma
#pragma omp parallel for schedule(dynamic, 4) num_threads(n_threads)
    for (size_t t = 0; t < z->maps.n; t++) {
        if (dosi_run_check(z->call->run, NULL) == DOSI_OK) do_map(z, t);
    }
    return dosi_run_check(z->call->run, err);
}

static void put_report(const zonal *z) {
    dosi_text *report = z->call->report;
    if (!report) return;
    dosi_text_printf(report, "%zu maps over %zu areas, weighted by %s\n", z->maps.n, z->n_areas,
                     z->call->inputs[IN_PEOPLE] ? "people" : "area");
    for (size_t v = 0; v < z->values.n; v++) {
        if (isnan(z->threshold[v])) continue;
        dosi_text_printf(report, "%s: threshold %g %s\n", z->values.names[v], z->threshold[v],
                         z->value[v]->unit ? z->value[v]->unit : "");
    }
    size_t n_outside = 0;
    for (size_t a = 0; a < z->n_areas; a++) {
        n_outside += z->overlap.start[a] == z->overlap.start[a + 1];
    }
    if (n_outside) dosi_text_printf(report, "%zu areas are outside the grid\n", n_outside);
}

static dosi_status run(const dosi_method_call *call, dosi_error *err) {
    zonal z = {.call = call};
    dosi_status status = open_inputs(&z, err);
    if (status == DOSI_OK) status = index_rows(&z, err);
    if (status == DOSI_OK) status = find_weights(&z, err);
    if (status == DOSI_OK) status = open_outputs(&z, err);
    if (status == DOSI_OK) status = do_maps(&z, err);
    if (status == DOSI_OK) put_report(&z);
    dosi_overlap_clear(&z.overlap);
    method_keys_clear(&z.maps);
    free(z.row_of);
    free(z.weight);
    free(z.total_weight);
    return status;
}

const dosi_method dosi_method_geo_zonal = {
    .id = "geo.zonal",
    .version = 1,
    .title = {"구역 통계", "Zonal statistics"},
    .about =
        {"격자 지도를 구역(동, 구)으로 모읍니다. 칸과 구역이 겹치는 면적으로, 또는 더 잘게 "
         "나눈 인구로 가중하고, 기준을 넘는 곳에 사는 사람 수를 셉니다.",
         "Gathers gridded maps over areas such as neighbourhoods. Cells count by the exact "
         "area they share with an area, or by the people who live there when finer polygons "
         "with a population are given. People above the threshold are the area's population "
         "times the weighted share of its cells above it."},
    .citation = "Weighted areal mean; exact overlap of polygons and cells",
    .inputs = inputs,
    .n_inputs = sizeof inputs / sizeof inputs[0],
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof parameters[0],
    .outputs = outputs,
    .n_outputs = sizeof outputs / sizeof outputs[0],
    .run = run,
};
