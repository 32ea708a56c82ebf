// The work of geo.krige: settings, tables laid out, then one variable after the other.

#include "method/krige.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AUTO_GLOBAL_SITES = 200 };

/// Columns of the outputs by place; see geo_krige.c.
enum { GRID_X0, GRID_Y0, GRID_CELL, GRID_COLUMNS, GRID_ROWS, GRID_SRID };
enum {
    MODEL_VARIABLE,
    MODEL_MODEL,
    MODEL_NUGGET,
    MODEL_PSILL,
    MODEL_RANGE,
    MODEL_KAPPA,
    MODEL_ERROR,
    MODEL_MAPS,
    MODEL_SITES,
    MODEL_LOO_N,
    MODEL_LOO_ME, // and mae, rmse, msdr, coverage, correlation after it
    MODEL_AZIMUTH = MODEL_LOO_ME + 6,
    MODEL_RATIO,
    MODEL_NESTED,
};

/// How many present sites to use: 0 for all.
static size_t choose_search(const dosi_method_call *call, size_t n_sites) {
    const char *search = dosi_call_value(call, "search")->text;
    size_t nmax = (size_t)dosi_call_value(call, "nmax")->integer;
    if (strcmp(search, "local") == 0) return nmax;
    if (strcmp(search, "auto") == 0 && n_sites > AUTO_GLOBAL_SITES) return nmax;
    return 0;
}

dosi_status method_krige_open(method_krige *krige, dosi_error *err) {
    const dosi_method_call *call = krige->call;
    const method_maps_options options = {
        .value = dosi_call_value(call, "value")->text,
        .by = dosi_call_value(call, "by")->text,
        .station = dosi_call_value(call, "station")->text,
        .reject = dosi_call_value(call, "reject")->integer,
        .min_sites = (size_t)dosi_call_value(call, "min_sites")->integer,
    };
    DOSI_TRY(method_maps_read(call->inputs[KRIGE_OBSERVATIONS], call->inputs[KRIGE_STATIONS],
                              &options, &krige->maps, err));
    DOSI_TRY(method_krige_find_targets(krige, err));
    DOSI_TRY(method_krige_open_kind(krige, err));
    krige->is_long = strcmp(dosi_call_value(call, "layout")->text, "long") == 0;
    krige->leaves_one_out = dosi_call_value(call, "leave_one_out")->boolean;
    krige->n_nearest = choose_search(call, krige->maps.n_sites);
    method_maps_put_report(&krige->maps, call->report);
    if (call->report && krige->has_grid) {
        dosi_text_printf(call->report, "grid: %zu x %zu cells of %g m, %zu of them mapped\n",
                         krige->grid.n_columns, krige->grid.n_rows, krige->grid.cell_m,
                         krige->n_targets);
    }
    return DOSI_OK;
}

void method_krige_close(method_krige *krige) {
    method_maps_clear(&krige->maps);
    free(krige->target_cell);
    free(krige->target_x);
    free(krige->target_y);
    free(krige->site_drift);
    free(krige->target_drift);
    free(krige->error_variance);
}

/// A described column of an output's descriptor.
static const dosi_method_column *describe(const method_krige *krige,
                                          size_t i_output,
                                          const char *name) {
    const dosi_method_table *table = &krige->call->method->outputs[i_output];
    for (size_t c = 0; c < table->n_columns; c++) {
        if (strcmp(table->columns[c].name, name) == 0) return &table->columns[c];
    }
    assert(!"no such column");
    return NULL;
}

/// Adds the grouping columns, as the observations have them.
static dosi_status add_by_columns(const method_krige *krige, dosi_table *out, dosi_error *err) {
    for (size_t i = 0; i < krige->maps.n_by; i++) {
        const dosi_column *by = krige->maps.by[i];
        size_t added = 0;
        DOSI_TRY(dosi_table_add_column(out, by->name, by->type, &added, err));
        DOSI_TRY(dosi_table_describe(out, added, by->unit, by->meaning_ko, by->meaning_en));
        out->columns[added].srid = by->srid;
    }
    return DOSI_OK;
}

/// Adds prediction and variance columns of a variable to the map.
static dosi_status add_value_columns(method_krige *krige, size_t variable, dosi_error *err) {
    dosi_table *map = &krige->call->outputs[KRIGE_MAP];
    const dosi_column *from = krige->maps.variable_columns[variable];
    char name[METHOD_NAME_BYTES + 16], unit[80];
    size_t added = 0;
    const char *value = krige->is_long ? "value" : krige->maps.variables.names[variable];
    DOSI_TRY(dosi_table_add_column(map, value, DOSI_TYPE_REAL, &added, err));
    const char *unit_of = krige->is_indicator ? "1" : from->unit;
    DOSI_TRY(dosi_table_describe(map, added, unit_of, from->meaning_ko, from->meaning_en));
    (void)snprintf(name, sizeof name, "%s_variance", value);
    (void)snprintf(unit, sizeof unit, "(%s)2", unit_of ? unit_of : "1");
    const dosi_method_column *like = describe(krige, KRIGE_MAP, "variance");
    DOSI_TRY(dosi_table_add_column(map, krige->is_long ? "variance" : name, DOSI_TYPE_REAL,
                                   &added, err));
    return dosi_table_describe(map, added, unit_of ? unit : NULL, like->meaning.ko,
                               like->meaning.en);
}

/// Columns of the map.
static dosi_status open_map(method_krige *krige, dosi_error *err) {
    dosi_table *map = &krige->call->outputs[KRIGE_MAP];
    DOSI_TRY(add_by_columns(krige, map, err));
    if (krige->is_long) {
        DOSI_TRY(method_add_column(map, "variable", DOSI_TYPE_TEXT,
                                   describe(krige, KRIGE_MAP, "variable"), err));
    }
    static const char *const names[] = {"cell", "x", "y"};
    for (size_t i = 0; i < 3; i++) {
        const dosi_method_column *like = describe(krige, KRIGE_MAP, names[i]);
        DOSI_TRY(method_add_column(map, names[i], like->type, like, err));
    }
    krige->first_value_column = map->n_columns;
    size_t n_variables = krige->is_long ? 1 : krige->maps.variables.n;
    for (size_t v = 0; v < n_variables; v++) DOSI_TRY(add_value_columns(krige, v, err));
    size_t n_blocks = krige->is_long ? krige->maps.variables.n : 1;
    size_t n_rows = n_blocks * krige->maps.n_maps * krige->n_targets;
    if (krige->n_targets && n_rows / krige->n_targets > (1U << 31) / krige->n_targets) {
        return dosi_fail(err, DOSI_LIMIT, "%zu maps of %zu cells are more than 2^31 rows",
                         krige->maps.n_maps * n_blocks, krige->n_targets);
    }
    return dosi_table_add_rows(map, n_rows, err);
}

/// The groups, and in the long layout the variable, of one row in block `block` of the map.
static dosi_status fill_group(const method_krige *krige, size_t block, size_t row) {
    const method_maps *maps = &krige->maps;
    dosi_table *map = &krige->call->outputs[KRIGE_MAP];
    for (size_t c = 0; c < maps->n_by; c++) {
        DOSI_TRY(
            method_copy_cell(maps->by[c], maps->map_row[block % maps->n_maps], map, c, row));
    }
    if (!krige->is_long) return DOSI_OK;
    return dosi_table_set_text(map, maps->n_by, row,
                               maps->variables.names[block / maps->n_maps]);
}

/// Fills what does not depend on the values: groups, variable, cell, x, y.
static dosi_status fill_map(method_krige *krige, dosi_error *err) {
    dosi_table *map = &krige->call->outputs[KRIGE_MAP];
    size_t n = krige->n_targets;
    size_t first = krige->maps.n_by + (krige->is_long ? 1 : 0);
    int64_t *cell = map->columns[first].data.integer;
    double *x = map->columns[first + 1].data.real, *y = map->columns[first + 2].data.real;
    for (size_t at = 0; at < map->n_rows; at += n) {
        size_t block = at / n;
        memcpy(cell + at, krige->target_cell, n * sizeof *cell);
        memcpy(x + at, krige->target_x, n * sizeof *x);
        memcpy(y + at, krige->target_y, n * sizeof *y);
        for (size_t i = 0; i < n; i++) DOSI_TRY(fill_group(krige, block, at + i));
        if (block % 64 == 0) DOSI_TRY(dosi_run_check(krige->call->run, err));
    }
    return DOSI_OK;
}

dosi_status method_krige_put_grid(method_krige *krige, size_t i_output, dosi_error *err) {
    dosi_table *out = &krige->call->outputs[i_output];
    DOSI_TRY(method_open_output(krige->call, i_output, krige->has_grid ? 1 : 0, err));
    if (!krige->has_grid) return DOSI_OK;
    out->columns[GRID_X0].data.real[0] = krige->grid.x0;
    out->columns[GRID_Y0].data.real[0] = krige->grid.y0;
    out->columns[GRID_CELL].data.real[0] = krige->grid.cell_m;
    out->columns[GRID_COLUMNS].data.integer[0] = (int64_t)krige->grid.n_columns;
    out->columns[GRID_ROWS].data.integer[0] = (int64_t)krige->grid.n_rows;
    out->columns[GRID_SRID].data.integer[0] = krige->grid.srid;
    return DOSI_OK;
}

/// Columns of the leave-one-out table: groups, station, then those described.
static dosi_status open_loo(method_krige *krige, dosi_error *err) {
    dosi_table *out = &krige->call->outputs[KRIGE_LOO];
    DOSI_TRY(add_by_columns(krige, out, err));
    const dosi_column *station = krige->maps.station;
    if (station && dosi_table_find(out, station->name) == SIZE_MAX) {
        size_t added = 0;
        DOSI_TRY(dosi_table_add_column(out, station->name, station->type, &added, err));
        DOSI_TRY(
            dosi_table_describe(out, added, NULL, station->meaning_ko, station->meaning_en));
    }
    return method_open_output(krige->call, KRIGE_LOO, 0, err);
}

dosi_status method_krige_open_outputs(method_krige *krige, dosi_error *err) {
    DOSI_TRY(open_map(krige, err));
    DOSI_TRY(fill_map(krige, err));
    DOSI_TRY(method_krige_put_grid(krige, KRIGE_GRID, err));
    DOSI_TRY(open_loo(krige, err));
    return method_open_output(krige->call, KRIGE_MODELS, 0, err);
}

/// Appends the leave-one-out rows of a variable.
static dosi_status put_loo_rows(method_krige *krige,
                                size_t variable,
                                const double *const *columns,
                                dosi_error *err) {
    dosi_table *out = &krige->call->outputs[KRIGE_LOO];
    const method_maps *maps = &krige->maps;
    size_t n_cells = maps->n_maps * maps->n_sites, n = 0;
    for (size_t k = 0; k < n_cells; k++) n += isnan(columns[0][k]) ? 0 : 1;
    size_t at = out->n_rows, first = out->n_columns - 6;
    DOSI_TRY(dosi_table_add_rows(out, n, err));
    for (size_t k = 0; k < n_cells; k++) {
        if (isnan(columns[0][k])) continue;
        size_t map = k / maps->n_sites, site = k % maps->n_sites;
        for (size_t c = 0; c < maps->n_by; c++) {
            DOSI_TRY(method_copy_cell(maps->by[c], maps->map_row[map], out, c, at));
        }
        if (first > maps->n_by) {
            DOSI_TRY(
                method_copy_cell(maps->station, maps->site_row[site], out, maps->n_by, at));
        }
        DOSI_TRY(dosi_table_set_text(out, first, at, maps->variables.names[variable]));
        out->columns[first + 1].data.real[at] = maps->x[site];
        out->columns[first + 2].data.real[at] = maps->y[site];
        for (size_t c = 0; c < 3; c++)
            out->columns[first + 3 + c].data.real[at] = columns[c][k];
        at++;
    }
    return DOSI_OK;
}

/// Leaves every value out; fills `score` and appends the rows.
static dosi_status leave_one_out(method_krige *krige,
                                 size_t variable,
                                 const dosi_krige *problem,
                                 dosi_krige_score *score,
                                 dosi_error *err) {
    size_t n_cells = problem->n_maps * problem->sites->n;
    double *memory = malloc((2 * n_cells + 1) * sizeof *memory);
    if (!memory) return dosi_fail(err, DOSI_NO_MEMORY, "no memory to leave values out");
    double *prediction = memory, *variance = memory + n_cells;
    dosi_status status =
        dosi_krige_leave_one_out(problem, krige->call->run, prediction, variance, err);
    if (status == DOSI_OK) {
        *score = dosi_krige_score_of(problem->values, prediction, variance, n_cells);
        const double *const columns[3] = {problem->values, prediction, variance};
        status = put_loo_rows(krige, variable, columns, err);
    }
    free(memory);
    return status;
}

/// The row of the models table, and the line of the report.
static dosi_status put_model(method_krige *krige,
                             size_t variable,
                             const dosi_krige_score *score,
                             dosi_error *err) {
    dosi_table *out = &krige->call->outputs[KRIGE_MODELS];
    const char *name = krige->maps.variables.names[variable];
    const char *kind = dosi_variogram_kind_name(krige->model.kind);
    size_t row = out->n_rows;
    DOSI_TRY(dosi_table_add_rows(out, 1, err));
    DOSI_TRY(dosi_table_set_text(out, MODEL_VARIABLE, row, name));
    DOSI_TRY(dosi_table_set_text(out, MODEL_MODEL, row, kind));
    const double model[] = {krige->model.nugget, krige->model.psill, krige->model.range_m,
                            krige->model.kappa, krige->fit_error};
    for (size_t i = 0; i < 5; i++) out->columns[MODEL_NUGGET + i].data.real[row] = model[i];
    bool is_turned = krige->model.ratio > 0 && krige->model.ratio < 1;
    out->columns[MODEL_AZIMUTH].data.real[row] = is_turned ? krige->model.azimuth_deg : 0;
    out->columns[MODEL_RATIO].data.real[row] = is_turned ? krige->model.ratio : 1;
    DOSI_TRY(dosi_table_set_text(out, MODEL_NESTED, row,
                                 dosi_call_value(krige->call, "nested")->text));
    out->columns[MODEL_MAPS].data.integer[row] = (int64_t)krige->maps.n_maps;
    out->columns[MODEL_SITES].data.integer[row] = (int64_t)krige->maps.n_sites;
    out->columns[MODEL_LOO_N].data.integer[row] = (int64_t)score->n;
    const double scores[] = {score->me,   score->mae,         score->rmse,
                             score->msdr, score->coverage_95, score->correlation};
    for (size_t i = 0; i < 6; i++) out->columns[MODEL_LOO_ME + i].data.real[row] = scores[i];
    if (!krige->call->report) return DOSI_OK;
    dosi_text_printf(krige->call->report, "%s: %s, nugget %.4g, psill %.4g, range %.0f m; %s\n",
                     name, kind, krige->model.nugget, krige->model.psill, krige->model.range_m,
                     krige->n_nearest ? "local" : "global");
    if (score->n) {
        dosi_text_printf(krige->call->report,
                         "%s: leave-one-out of %zu values: ME %.4g, MAE %.4g, RMSE %.4g, MSDR "
                         "%.3f, 95 %% interval covers %.1f %%, r %.3f\n",
                         name, score->n, score->me, score->mae, score->rmse, score->msdr,
                         100 * score->coverage_95, score->correlation);
    }
    return DOSI_OK;
}

dosi_status method_krige_variable(method_krige *krige, size_t variable, dosi_error *err) {
    const dosi_method_call *call = krige->call;
    const double *values = method_maps_values(&krige->maps, variable);
    const char *name = krige->maps.variables.names[variable];
    dosi_error why = {""};
    dosi_status status = method_krige_find_model(krige, values, &why);
    if (status == DOSI_DOMAIN) { // too few values for a model: no map either
        if (call->report) {
            dosi_text_printf(call->report, "%s: not mapped: %s\n", name, why.message);
        }
        return DOSI_OK;
    }
    if (status != DOSI_OK) return dosi_fail(err, status, "%s: %s", name, why.message);
    const dosi_sites sites = method_maps_sites(&krige->maps);
    const dosi_sites targets = {krige->n_targets, krige->target_x, krige->target_y};
    dosi_krige problem = {.model = &krige->model,
                          .sites = &sites,
                          .values = values,
                          .n_maps = krige->maps.n_maps,
                          .n_nearest = krige->n_nearest,
                          .n_drift = krige->drift.n,
                          .drift = krige->site_drift,
                          .target_drift = krige->target_drift,
                          .error_variance = krige->error_variance};
    if (krige->is_simple) {
        problem.mean_kind = DOSI_KRIGE_MEAN_KNOWN;
        problem.mean = dosi_call_value(call, "mean")->real;
    }
    if (krige->is_block) {
        problem.block_m[0] = problem.block_m[1] = dosi_call_value(call, "cell_m")->real;
    }
    dosi_table *map = &call->outputs[KRIGE_MAP];
    size_t column = krige->first_value_column + (krige->is_long ? 0 : 2 * variable);
    size_t n_cells = krige->maps.n_maps * krige->n_targets;
    size_t offset = krige->is_long ? variable * n_cells : 0;
    double *prediction = map->columns[column].data.real + offset;
    double *variance = map->columns[column + 1].data.real + offset;
    DOSI_TRY(dosi_krige_predict(&problem, &targets, call->run, prediction, variance, err));
    bool has_floor = krige->is_indicator || dosi_call_value(call, "non_negative")->boolean;
    for (size_t k = 0; k < n_cells; k++) {
        if (has_floor && prediction[k] < 0) prediction[k] = 0;
        if (krige->is_indicator && prediction[k] > 1) prediction[k] = 1;
    }
    dosi_krige_score score = dosi_krige_score_of(NULL, NULL, NULL, 0);
    if (krige->leaves_one_out) {
        DOSI_TRY(leave_one_out(krige, variable, &problem, &score, err));
    }
    return put_model(krige, variable, &score, err);
}
