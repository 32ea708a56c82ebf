// geo.dissolve: areas joined into larger ones by a column, such as districts of neighbourhoods.

#include "method/columns.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const dosi_method_column area_columns[] = {
    {"geometry", DOSI_TYPE_GEOMETRY, NULL, false, {"구역", "Areas"}},
    {"*",
     DOSI_TYPE_TEXT,
     NULL,
     true,
     {"`by`, `label`, `sum`이 가리키는 열", "The columns that `by`, `label` and `sum` name"}},
};
static const dosi_method_table inputs[] = {
    {"areas", {"구역", "Areas"}, false, area_columns, 2},
};

static const dosi_method_parameter parameters[] = {
    {"by",
     DOSI_PARAMETER_TEXT,
     NULL,
     NULL,
     0,
     0,
     NULL,
     {"합칠 기준 열", "Column that says what belongs together"}},
    {"label",
     DOSI_PARAMETER_TEXT,
     NULL,
     "",
     0,
     0,
     NULL,
     {"이름이 될 열 (비우면 없음)", "Column that becomes the name (empty: none)"}},
    {"sum",
     DOSI_PARAMETER_TEXT,
     NULL,
     "",
     0,
     0,
     NULL,
     {"더할 열 (쉼표로 여러 개)", "Columns to add up, separated by commas"}},
    {"fill_m2",
     DOSI_PARAMETER_REAL,
     "m2",
     "10000",
     0,
     1e9,
     NULL,
     {"이보다 작은 틈은 메움", "Gaps smaller than this are filled"}},
};

enum { OUT_COUNT, OUT_GEOMETRY };

static const dosi_method_column joined_columns[] = {
    {"n_areas", DOSI_TYPE_INT, NULL, false, {"합친 구역 수", "Areas that it is made of"}},
    {"geometry", DOSI_TYPE_GEOMETRY, NULL, false, {"합친 구역", "The joined area"}},
    {"name", DOSI_TYPE_TEXT, NULL, true, {"이름", "Name"}},
    {"*",
     DOSI_TYPE_REAL,
     NULL,
     true,
     {"`by`와 `sum`이 가리킨 열", "The columns that `by` and `sum` named"}},
};
static const dosi_method_table outputs[] = {
    {"joined", {"합친 구역", "Joined areas"}, false, joined_columns, 4},
};

/// What the parameters name, found.
typedef struct dissolve {
    const dosi_table *areas;
    const dosi_column *shape, *by, *label;
    const dosi_column *sum[METHOD_NAMES_MAX];
    size_t n_sum;
    method_keys keys;
    double hole_area; ///< In square units of the coordinates.
} dissolve;

static dosi_status find_column(const dosi_table *table,
                               const char *name,
                               const dosi_column **out,
                               dosi_error *err) {
    size_t i = dosi_table_find(table, name);
    if (i == SIZE_MAX) {
        return dosi_fail(err, DOSI_NOT_FOUND, "the areas have no column \"%.60s\"", name);
    }
    *out = &table->columns[i];
    return DOSI_OK;
}

/// Square metres as square units of the areas' coordinates: for lon/lat at their latitude.
static dosi_status scale_of(const dissolve *d, double fill_m2, double *out, dosi_error *err) {
    *out = fill_m2;
    if (d->shape->srid != DOSI_SRID_LONLAT) return DOSI_OK;
    for (size_t i = 0; i < d->areas->n_rows; i++) {
        size_t n_bytes = 0;
        double x = 0;
        double y = 0;
        const char *bytes = dosi_column_bytes(d->shape, i, &n_bytes);
        if (!bytes) continue;
        DOSI_TRY(dosi_wkb_centroid(bytes, n_bytes, &x, &y, err));
        double east_m = dosi_lonlat_distance_m(x, y, x + 0.01, y) * 100.0;
        double north_m = dosi_lonlat_distance_m(x, y, x, y + 0.01) * 100.0;
        *out = fill_m2 / (east_m * north_m);
        return DOSI_OK;
    }
    return DOSI_OK;
}

static dosi_status open_columns(const dosi_method_call *call, dissolve *d, dosi_error *err) {
    method_names sums;
    const char *label = dosi_call_value(call, "label")->text;
    d->areas = call->inputs[0];
    DOSI_TRY(dosi_table_get(d->areas, "geometry", DOSI_TYPE_GEOMETRY, &d->shape, err));
    DOSI_TRY(find_column(d->areas, dosi_call_value(call, "by")->text, &d->by, err));
    if (label[0]) DOSI_TRY(find_column(d->areas, label, &d->label, err));
    if (d->label && d->label->type != DOSI_TYPE_TEXT) {
        return dosi_fail(err, DOSI_INVALID, "column \"%.60s\" is not text", label);
    }
    DOSI_TRY(method_names_split(dosi_call_value(call, "sum")->text, &sums, err));
    for (size_t i = 0; i < sums.n; i++) {
        DOSI_TRY(find_column(d->areas, sums.names[i], &d->sum[i], err));
        assert(d->sum[i]);
        if (d->sum[i]->type != DOSI_TYPE_REAL && d->sum[i]->type != DOSI_TYPE_INT) {
            return dosi_fail(err, DOSI_INVALID, "column \"%.60s\" is not of numbers",
                             sums.names[i]);
        }
    }
    d->n_sum = sums.n;
    DOSI_TRY(scale_of(d, dosi_call_value(call, "fill_m2")->real, &d->hole_area, err));
    return method_keys_find(&d->by, 1, d->areas->n_rows, &d->keys, err);
}

/// Joins the shapes of key `key` into row `key` of the output.
static dosi_status join_shapes(
    const dissolve *d, size_t key, dosi_bytes *shapes, dosi_table *out, dosi_error *err) {
    size_t n = 0;
    for (size_t i = 0; i < d->areas->n_rows; i++) {
        size_t n_bytes = 0;
        if (d->keys.of_row[i] != key) continue;
        const char *bytes = dosi_column_bytes(d->shape, i, &n_bytes);
        if (bytes) shapes[n++] = (dosi_bytes){bytes, n_bytes};
    }
    out->columns[OUT_COUNT].data.integer[key] = (int64_t)n;
    if (n == 0) return DOSI_OK;
    dosi_text wkb = {0};
    dosi_status status = dosi_wkb_union(shapes, n, d->hole_area, &wkb, err);
    if (status == DOSI_OK) {
        status = dosi_table_set_bytes(out, OUT_GEOMETRY, key, wkb.data, wkb.length);
    }
    dosi_text_destroy(&wkb);
    return status;
}

/// Adds up column `from` by key; a key without any value stays missing.
static void add_up(const dissolve *d, const dosi_column *from, double *out) {
    for (size_t i = 0; i < d->areas->n_rows; i++) {
        uint32_t key = d->keys.of_row[i];
        double value = dosi_column_real(from, i);
        if (key == UINT32_MAX || isnan(value)) continue;
        out[key] = isnan(out[key]) ? value : out[key] + value;
    }
}

static dosi_status fill(const dosi_method_call *call, const dissolve *d, dosi_error *err) {
    dosi_table *out = &call->outputs[0];
    DOSI_TRY(method_open_output(call, 0, d->keys.n, err));
    out->columns[OUT_GEOMETRY].srid = d->shape->srid;
    dosi_bytes *shapes = malloc((d->areas->n_rows + 1) * sizeof *shapes);
    if (!shapes) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for shapes");
    dosi_status status = DOSI_OK;
    for (size_t key = 0; key < d->keys.n && status == DOSI_OK; key++) {
        status = join_shapes(d, key, shapes, out, err);
        if (status == DOSI_OK) status = dosi_run_check(call->run, err);
        dosi_run_report(call->run, (double)(key + 1) / (double)d->keys.n, "joining");
    }
    free(shapes);
    DOSI_TRY(status);
    const dosi_method_column *like = &joined_columns[3];
    size_t i_by = out->n_columns;
    DOSI_TRY(method_add_column(out, d->by->name, d->by->type, like, err));
    for (size_t key = 0; key < d->keys.n; key++) {
        DOSI_TRY(method_copy_cell(d->by, d->keys.first_row[key], out, i_by, key));
    }
    if (d->label) {
        size_t i_label = out->n_columns;
        DOSI_TRY(method_add_column(out, "name", DOSI_TYPE_TEXT, &joined_columns[2], err));
        for (size_t key = 0; key < d->keys.n; key++) {
            DOSI_TRY(method_copy_cell(d->label, d->keys.first_row[key], out, i_label, key));
        }
    }
    for (size_t i = 0; i < d->n_sum; i++) {
        size_t i_sum = out->n_columns;
        DOSI_TRY(method_add_column(out, d->sum[i]->name, DOSI_TYPE_REAL, like, err));
        add_up(d, d->sum[i], out->columns[i_sum].data.real);
    }
    return DOSI_OK;
}

static dosi_status run(const dosi_method_call *call, dosi_error *err) {
    dissolve d = {.areas = NULL};
    dosi_status status = open_columns(call, &d, err);
    if (status == DOSI_OK) status = fill(call, &d, err);
    if (status == DOSI_OK) {
        dosi_text_printf(call->report, "%zu areas joined into %zu\n", d.areas->n_rows,
                         d.keys.n);
    }
    method_keys_clear(&d.keys);
    return status;
}

const dosi_method dosi_method_geo_dissolve = {
    .id = "geo.dissolve",
    .version = 1,
    .title = {"구역 합치기", "Join areas"},
    .about = {"한 열의 값이 같은 구역을 하나로 합칩니다. 행정동에서 자치구를 만들 때처럼, 안쪽 "
              "경계는 사라지고 바깥 경계는 그대로입니다. 인구 같은 열은 더할 수 있습니다.",
              "Joins areas that have the same value in a column, as districts out of "
              "neighbourhoods: inner borders go, outer ones stay as they are. Columns such as "
              "population can be added up."},
    .citation = "GEOS, unary union",
    .inputs = inputs,
    .n_inputs = 1,
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof parameters[0],
    .outputs = outputs,
    .n_outputs = 1,
    .run = run,
};
