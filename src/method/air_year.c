// air.year: very many hourly maps of a fixed network, as what is asked of a year: means with
// their uncertainty, hours above standards, high percentiles, and hourly means of areas.

#include "dosi/air.h"
#include "dosi/year.h"
#include "method/geo_words.h"
#include "method/maps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OBSERVATIONS, STATIONS, AREAS };
enum { CELLS, GRID, HOURLY, MODELS };
enum { CELL_VALUES = 5 }; // columns a variable adds to the cells

static const dosi_method_column area_columns[] = {
    {"geometry", DOSI_TYPE_GEOMETRY, NULL, false, {"구역", "Areas: mapped, and averaged"}},
    {"*", DOSI_TYPE_TEXT, NULL, true, {"`key`의 열", "The column that `key` names"}},
};
static const dosi_method_table inputs[] = {
    {"observations", {"측정값", "Observations"}, false, geo_observation_columns, 1},
    {"stations", {"측정소 위치", "Places of the stations"}, true, geo_place_columns, 1},
    {"areas", {"구역 (행정동)", "Areas, such as neighbourhoods"}, false, area_columns, 2},
};

static const dosi_method_parameter parameters[] = {
    METHOD_TEXT("value",
                NULL,
                "값 열 (쉼표로 여러 개)",
                "Column or columns of values, separated by commas"),
    METHOD_TEXT("by", "time", "지도를 나누는 열", "Column that makes separate maps: the time"),
    METHOD_TEXT("station", "station", "측정소 열", "Column that names the station"),
    METHOD_TEXT("key", "dong", "구역 열", "Column that names the area"),
    METHOD_REAL("cell_m", "m", "100", 1, 100000, "격자 크기", "Size of a grid cell"),
    METHOD_CHOICE("model",
                  "exponential",
                  "spherical|exponential|gaussian|matern",
                  "베리오그램 모형",
                  "Variogram model"),
    METHOD_CHOICE("weights",
                  "pairs",
                  "pairs_h2|pairs",
                  "맞춤 가중치: N/h^2 또는 N",
                  "Weights of the fit: pairs / distance^2, or pairs"),
    METHOD_REAL(
        "kappa", NULL, "1.5", 0.05, 20, "마테른 매끄러움", "Smoothness of the Matern model"),
    METHOD_REAL("cutoff_m",
                "m",
                "25000",
                0,
                1e9,
                "표본 베리오그램 최대 거리 (0: 대각선/3)",
                "Longest distance of the sample variogram; 0: a third of the diagonal"),
    METHOD_INT(
        "min_sites", "3", 1, 500, "지도에 필요한 최소 지점 수", "Sites that a map needs"),
    METHOD_REAL(
        "quantile", NULL, "0.98", 0, 1, "백분위 (0..1)", "Quantile over the maps, 0 to 1"),
    METHOD_CHOICE("threshold",
                  "standard",
                  "standard|none",
                  "기준: 대기환경기준 또는 없음",
                  "Thresholds: Korea's ambient standards, or none"),
    METHOD_INT("reject",
               "31",
               0,
               1023,
               "결측으로 볼 품질 플래그 비트",
               "Quality flag bits that count as missing"),
};

static const dosi_method_column cell_columns[] = {
    METHOD_COLUMN("cell",
                  INT,
                  NULL,
                  false,
                  "격자 번호: 행 x 열수 + 열, 행 0이 남쪽",
                  "Cell: row x n_columns + column, row 0 south"),
    METHOD_COLUMN("x", REAL, "m", false, "동쪽 (EPSG:5186)", "East (EPSG:5186)"),
    METHOD_COLUMN("y", REAL, "m", false, "북쪽 (EPSG:5186)", "North (EPSG:5186)"),
    {"<value>", DOSI_TYPE_REAL, NULL, true, {"기간 평균", "Mean of the maps"}},
    {"<value>_sd",
     DOSI_TYPE_REAL,
     NULL,
     true,
     {"기간 평균의 표준편차", "Standard deviation of that mean"}},
    {"<value>_above",
     DOSI_TYPE_REAL,
     NULL,
     true,
     {"기준을 넘은 지도(시간) 수", "Maps (hours) above the threshold"}},
    {"<value>_high", DOSI_TYPE_REAL, NULL, true, {"백분위 값", "The quantile"}},
    {"<value>_max", DOSI_TYPE_REAL, NULL, true, {"최댓값", "The largest"}},
};
static const dosi_method_column hourly_columns[] = {
    {"*", DOSI_TYPE_TIME, NULL, true, {"`by`와 `key`의 열", "The columns of `by` and `key`"}},
    {"<value>", DOSI_TYPE_REAL, NULL, true, {"구역 평균", "Mean of the area"}},
    {"<value>_variance",
     DOSI_TYPE_REAL,
     NULL,
     true,
     {"구역 평균의 분산 (블록 크리깅)", "Variance of that mean, by block kriging"}},
};
static const dosi_method_column model_columns[] = {
    METHOD_COLUMN("variable", TEXT, NULL, false, "변수", "Variable"),
    METHOD_COLUMN("model", TEXT, NULL, false, "모형", "Variogram model"),
    METHOD_COLUMN("n_maps", INT, NULL, false, "지도 수", "Maps"),
    METHOD_COLUMN("n_sites", INT, NULL, false, "지점 수", "Sites"),
    METHOD_COLUMN("threshold", REAL, NULL, false, "기준", "Threshold"),
    METHOD_COLUMN("nugget", REAL, NULL, false, "너깃", "Nugget"),
    METHOD_COLUMN("psill", REAL, NULL, false, "부분 문턱", "Partial sill"),
    METHOD_COLUMN("range_m", REAL, "m", false, "상관거리", "Range"),
    METHOD_COLUMN("loo_rmse",
                  REAL,
                  NULL,
                  false,
                  "교차검증 제곱평균제곱근 오차",
                  "Leave-one-out: root mean squared error of a map"),
    METHOD_COLUMN("loo_msdr",
                  REAL,
                  NULL,
                  false,
                  "교차검증 표준화 제곱 오차 평균",
                  "Leave-one-out: mean squared error / variance; 1 when variances are honest"),
    METHOD_COLUMN("loo_coverage_95",
                  REAL,
                  NULL,
                  false,
                  "교차검증 95% 구간 포함률",
                  "Leave-one-out: share inside the 95 % interval"),
    METHOD_COLUMN("mean_rmse",
                  REAL,
                  NULL,
                  false,
                  "기간 평균의 교차검증 오차",
                  "Leave-one-out: root mean squared error of the stations' means"),
    METHOD_COLUMN("persistence",
                  REAL,
                  NULL,
                  false,
                  "평균에 남는 오차 분산의 몫",
                  "Share of a map's error variance that stays in the mean"),
};
static const dosi_method_table outputs[] = {
    METHOD_TABLE("cells",
                 false,
                 "격자별 평균, 불확실성, 초과 시간, 백분위",
                 "Cells: means with uncertainty, hours above, quantiles",
                 cell_columns),
    METHOD_TABLE("grid", false, "격자 설명 (한 행)", "The grid, one row", geo_grid_columns),
    METHOD_TABLE("hourly",
                 false,
                 "구역별 시간 평균과 분산",
                 "Means of areas at every time, with variances",
                 hourly_columns),
    METHOD_TABLE("models",
                 false,
                 "변수별 모형과 교차검증",
                 "Model and leave-one-out per variable",
                 model_columns),
};

/// A run on its way.
typedef struct work {
    const dosi_method_call *call;
    method_maps maps;
    const dosi_column *key;
    dosi_grid grid;
    size_t n_areas, n_cells;
    size_t *start;    ///< (n_areas + 1)
    uint32_t *target; ///< Mapped cell of each entry.
    double *weight;   ///< Its area, m2.
    double *x, *y;    ///< (n_cells)
} work;

static void close_work(work *w) {
    method_maps_clear(&w->maps);
    free(w->start);
    free(w->target);
    free(w->weight);
    free(w->x);
}

// --- cells and areas -----------------------------------------------------------------------

/// Numbers the cells of the grid that any area covers a part of, in `number` (UINT32_MAX: none
/// does), and points the areas to them.
static dosi_status point_areas(work *w,
                               const dosi_overlap *overlap,
                               uint32_t *number,
                               dosi_error *err) {
    size_t n_grid = w->grid.n_columns * w->grid.n_rows, n = overlap->start[w->n_areas];
    w->start = calloc(w->n_areas + 1, sizeof *w->start);
    w->target = calloc(n + 1, sizeof *w->target);
    w->weight = calloc(n + 1, sizeof *w->weight);
    if (!w->start || !w->target || !w->weight) {
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu cells of areas", n);
    }
    for (size_t c = 0; c < n_grid; c++) number[c] = UINT32_MAX;
    for (size_t k = 0; k < n; k++) number[overlap->cell[k]] = 0;
    for (size_t c = 0; c < n_grid; c++) {
        if (number[c] == 0) number[c] = (uint32_t)w->n_cells++;
    }
    for (size_t a = 0; a <= w->n_areas; a++) w->start[a] = overlap->start[a];
    for (size_t k = 0; k < n; k++) {
        w->target[k] = number[overlap->cell[k]];
        w->weight[k] = overlap->area_m2[k];
    }
    return DOSI_OK;
}

/// Rows of the cells' table, and their centres.
static dosi_status put_cells(work *w, const uint32_t *number, dosi_error *err) {
    w->x = calloc(2 * w->n_cells + 1, sizeof *w->x);
    if (!w->x) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu cells", w->n_cells);
    w->y = w->x + w->n_cells;
    DOSI_TRY(method_open_output(w->call, CELLS, w->n_cells, err));
    dosi_table *out = &w->call->outputs[CELLS];
    for (size_t c = 0; c < w->grid.n_columns * w->grid.n_rows; c++) {
        if (number[c] == UINT32_MAX) continue;
        size_t i = number[c];
        dosi_grid_centre(&w->grid, c, &w->x[i], &w->y[i]);
        out->columns[0].data.integer[i] = (int64_t)c;
        out->columns[1].data.real[i] = w->x[i];
        out->columns[2].data.real[i] = w->y[i];
    }
    return DOSI_OK;
}

/// Which cells there are, and which belong to which area.
static dosi_status number_cells(work *w, const dosi_overlap *overlap, dosi_error *err) {
    uint32_t *number = calloc(w->grid.n_columns * w->grid.n_rows + 1, sizeof *number);
    if (!number) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for the grid");
    dosi_status status = point_areas(w, overlap, number, err);
    if (status == DOSI_OK) status = put_cells(w, number, err);
    free(number);
    return status;
}

/// The grid over the areas, and which cells belong to which.
static dosi_status open_cells(work *w, dosi_error *err) {
    const dosi_table *areas = w->call->inputs[AREAS];
    double box[4] = {INFINITY, INFINITY, -INFINITY, -INFINITY};
    double cell_m = dosi_call_value(w->call, "cell_m")->real;
    dosi_polygon *polygons = NULL;
    dosi_overlap overlap = {0};
    w->n_areas = areas->n_rows;
    DOSI_TRY(method_polygons_load(areas, &polygons, box, err));
    dosi_status status =
        box[0] < box[2] ? DOSI_OK : dosi_fail(err, DOSI_DOMAIN, "areas: have no polygons");
    if (status == DOSI_OK)
        status = dosi_grid_cover(box, cell_m, DOSI_SRID_KOREA, &w->grid, err);
    if (status == DOSI_OK) {
        status = dosi_grid_overlap(&w->grid, polygons, w->n_areas, w->call->run, &overlap, err);
    }
    if (status == DOSI_OK) status = number_cells(w, &overlap, err);
    dosi_overlap_clear(&overlap);
    method_polygons_free(polygons, w->n_areas);
    return status;
}

static dosi_status put_grid(const work *w, dosi_error *err) {
    dosi_table *out = &w->call->outputs[GRID];
    DOSI_TRY(method_open_output(w->call, GRID, 1, err));
    const double reals[] = {w->grid.x0, w->grid.y0, w->grid.cell_m};
    const int64_t integers[] = {(int64_t)w->grid.n_columns, (int64_t)w->grid.n_rows,
                                w->grid.srid};
    for (size_t i = 0; i < 3; i++) {
        out->columns[i].data.real[0] = reals[i];
        out->columns[3 + i].data.integer[0] = integers[i];
    }
    return DOSI_OK;
}

/// Times and areas of the hourly table.
static dosi_status open_hourly(work *w, dosi_error *err) {
    dosi_table *out = &w->call->outputs[HOURLY];
    const dosi_column *by = w->maps.by[0];
    if (w->maps.n_maps * w->n_areas > (size_t)1 << 28) {
        return dosi_fail(err, DOSI_LIMIT, "%zu maps of %zu areas are too many rows",
                         w->maps.n_maps, w->n_areas);
    }
    DOSI_TRY(method_add_column(out, by->name, by->type, &hourly_columns[0], err));
    DOSI_TRY(method_add_column(out, w->key->name, w->key->type, &hourly_columns[0], err));
    DOSI_TRY(dosi_table_add_rows(out, w->maps.n_maps * w->n_areas, err));
    for (size_t row = 0; row < out->n_rows; row++) {
        size_t map = w->maps.map_row[row / w->n_areas];
        DOSI_TRY(method_copy_cell(by, map, out, 0, row));
        DOSI_TRY(method_copy_cell(w->key, row % w->n_areas, out, 1, row));
    }
    return DOSI_OK;
}

/// Observations, cells, and the tables that do not depend on values.
static dosi_status open_work(work *w, dosi_error *err) {
    const dosi_method_call *call = w->call;
    const method_maps_options options = {
        .value = dosi_call_value(call, "value")->text,
        .by = dosi_call_value(call, "by")->text,
        .station = dosi_call_value(call, "station")->text,
        .reject = dosi_call_value(call, "reject")->integer,
        .min_sites = (size_t)dosi_call_value(call, "min_sites")->integer,
    };
    DOSI_TRY(method_maps_read(call->inputs[OBSERVATIONS], call->inputs[STATIONS], &options,
                              &w->maps, err));
    method_maps_put_report(&w->maps, call->report);
    const char *key = dosi_call_value(call, "key")->text;
    size_t found = dosi_table_find(call->inputs[AREAS], key);
    if (found == SIZE_MAX || w->maps.n_by != 1) {
        return dosi_fail(err, DOSI_INVALID, "needs one column by (%zu), and areas with \"%s\"",
                         w->maps.n_by, key);
    }
    w->key = &call->inputs[AREAS]->columns[found];
    DOSI_TRY(open_cells(w, err));
    DOSI_TRY(put_grid(w, err));
    DOSI_TRY(open_hourly(w, err));
    DOSI_TRY(method_open_output(call, MODELS, 0, err));
    if (call->report) {
        dosi_text_printf(call->report, "grid: %zu x %zu cells of %g m, %zu of them mapped\n",
                         w->grid.n_columns, w->grid.n_rows, w->grid.cell_m, w->n_cells);
    }
    return DOSI_OK;
}

// --- one variable --------------------------------------------------------------------------

/// A variable on its way.
typedef struct variable {
    size_t v;
    const char *name;
    dosi_variogram model;
    double threshold; ///< NaN: none.
    dosi_year *year;
    dosi_year_trust trust;
} variable;

/// Adds a column "<name><suffix>" to an output; its numbers.
static dosi_status add_numbers(const work *w,
                               const variable *v,
                               const dosi_method_column *like,
                               double **out,
                               dosi_error *err) {
    char name[METHOD_NAME_BYTES + 16];
    const dosi_column *from = w->maps.variable_columns[v->v];
    const char *suffix = like->name + strlen("<value>");
    bool is_cell = like >= cell_columns && like < cell_columns + 3 + CELL_VALUES;
    dosi_table *table = &w->call->outputs[is_cell ? CELLS : HOURLY];
    size_t added = 0;
    (void)snprintf(name, sizeof name, "%s%s", v->name, suffix);
    DOSI_TRY(dosi_table_add_column(table, name, DOSI_TYPE_REAL, &added, err));
    bool has_unit = strcmp(suffix, "_above") != 0 && strcmp(suffix, "_variance") != 0;
    *out = table->columns[added].data.real;
    return dosi_table_describe(table, added, has_unit && from ? from->unit : NULL,
                               like->meaning.ko, like->meaning.en);
}

/// The variogram, pooled over all maps.
static dosi_status fit_model(const work *w, variable *v, dosi_error *err) {
    enum { N_BINS = 15 };
    dosi_variogram_bin bins[N_BINS];
    const dosi_method_call *call = w->call;
    const dosi_sites sites = method_maps_sites(&w->maps);
    const dosi_variogram_classes classes = {.cutoff_m = dosi_call_value(call, "cutoff_m")->real,
                                            .n_bins = N_BINS};
    v->model = (dosi_variogram){
        .kind = dosi_variogram_kind_from_name(dosi_call_value(call, "model")->text),
        .kappa = dosi_call_value(call, "kappa")->real};
    DOSI_TRY(dosi_variogram_sample(&sites, method_maps_values(&w->maps, v->v), w->maps.n_maps,
                                   &classes, bins, err));
    DOSI_TRY(dosi_variogram_fit(
        bins, N_BINS, dosi_variogram_weights_from_name(dosi_call_value(call, "weights")->text),
        &v->model, NULL, err));
    if (!(v->model.nugget + v->model.psill > 0)) v->model.psill = 1e-30; // all values alike
    return DOSI_OK;
}

/// Everything of the cells.
static dosi_status fill_cells(const work *w, const variable *v, dosi_error *err) {
    double *columns[CELL_VALUES] = {NULL};
    for (size_t c = 0; c < CELL_VALUES; c++) {
        DOSI_TRY(add_numbers(w, v, &cell_columns[3 + c], &columns[c], err));
    }
    const dosi_sites cells = {w->n_cells, w->x, w->y};
    uint32_t *all = calloc(w->maps.n_maps + 1, sizeof *all);
    if (!all) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu maps", w->maps.n_maps);
    const dosi_year_periods whole = {1, all};
    double *const mean[2] = {columns[0], columns[1]};
    dosi_status status = dosi_year_means(v->year, &cells, &whole, w->call->run, mean, err);
    free(all);
    if (status != DOSI_OK) return status;
    for (size_t i = 0; i < w->n_cells; i++) {
        columns[1][i] = sqrt(columns[1][i] * v->trust.persistence);
    }
    const dosi_year_extremes extremes = {
        .threshold = isnan(v->threshold) ? (double)INFINITY : v->threshold,
        .fraction = dosi_call_value(w->call, "quantile")->real,
        .above = columns[2],
        .quantile = columns[3],
        .largest = columns[4],
    };
    DOSI_TRY(dosi_year_find_extremes(v->year, &cells, w->call->run, &extremes, err));
    for (size_t i = 0; i < w->n_cells && isnan(v->threshold); i++) columns[2][i] = NAN;
    return DOSI_OK;
}

/// Means of the areas at every time.
static dosi_status fill_hourly(const work *w, const variable *v, dosi_error *err) {
    double *mean[2] = {NULL, NULL};
    DOSI_TRY(add_numbers(w, v, &hourly_columns[1], &mean[0], err));
    DOSI_TRY(add_numbers(w, v, &hourly_columns[2], &mean[1], err));
    const dosi_sites cells = {w->n_cells, w->x, w->y};
    const dosi_year_areas areas = {w->n_areas, w->start, w->target, w->weight};
    return dosi_year_find_areas(v->year, &cells, &areas, w->call->run, mean, err);
}

static dosi_status put_model(const work *w, const variable *v, dosi_error *err) {
    dosi_table *out = &w->call->outputs[MODELS];
    const char *kind = dosi_variogram_kind_name(v->model.kind);
    size_t row = out->n_rows, n_maps = dosi_year_n_maps(v->year);
    DOSI_TRY(dosi_table_add_rows(out, 1, err));
    DOSI_TRY(dosi_table_set_text(out, 0, row, v->name));
    DOSI_TRY(dosi_table_set_text(out, 1, row, kind));
    out->columns[2].data.integer[row] = (int64_t)n_maps;
    out->columns[3].data.integer[row] = (int64_t)w->maps.n_sites;
    const double numbers[] = {v->threshold,
                              v->model.nugget,
                              v->model.psill,
                              v->model.range_m,
                              v->trust.hours.rmse,
                              v->trust.hours.msdr,
                              v->trust.hours.coverage_95,
                              v->trust.means.rmse,
                              v->trust.persistence};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        out->columns[4 + i].data.real[row] = numbers[i];
    }
    if (!w->call->report) return DOSI_OK;
    dosi_text_printf(w->call->report,
                     "%s: %zu maps; %s, nugget %.4g, psill %.4g, range %.0f m; leave-one-out: "
                     "RMSE %.4g, MSDR %.3f, 95 %% interval covers %.1f %%; of the stations' "
                     "means: RMSE %.4g (%.0f %% of the error variance stays)\n",
                     v->name, n_maps, kind, v->model.nugget, v->model.psill, v->model.range_m,
                     v->trust.hours.rmse, v->trust.hours.msdr, 100 * v->trust.hours.coverage_95,
                     v->trust.means.rmse, 100 * v->trust.persistence);
    return DOSI_OK;
}

/// Everything of one variable; without a model it has no maps.
static dosi_status do_variable(const work *w, size_t i, dosi_error *err) {
    variable v = {.v = i, .name = w->maps.variables.names[i], .threshold = NAN};
    dosi_pollutant pollutant = dosi_pollutant_from_name(v.name);
    if (pollutant < DOSI_AIR_COUNT &&
        strcmp(dosi_call_value(w->call, "threshold")->text, "standard") == 0) {
        v.threshold = dosi_pollutant_standard(pollutant);
    }
    dosi_error why = {""};
    dosi_status status = fit_model(w, &v, &why);
    if (status == DOSI_DOMAIN) {
        if (w->call->report) {
            dosi_text_printf(w->call->report, "%s: not mapped: %s\n", v.name, why.message);
        }
        return DOSI_OK;
    }
    if (status != DOSI_OK) return dosi_fail(err, status, "%s: %s", v.name, why.message);
    const dosi_sites sites = method_maps_sites(&w->maps);
    const dosi_year_data data = {&v.model,
                                 &sites,
                                 method_maps_values(&w->maps, i),
                                 w->maps.n_maps,
                                 (size_t)dosi_call_value(w->call, "min_sites")->integer,
                                 NULL};
    status = dosi_year_create(&data, w->call->run, &v.year, err);
    if (status == DOSI_OK) {
        status = dosi_year_leave_one_out(v.year, w->call->run, &v.trust, err);
    }
    if (status == DOSI_OK) status = fill_cells(w, &v, err);
    if (status == DOSI_OK) status = fill_hourly(w, &v, err);
    if (status == DOSI_OK) status = put_model(w, &v, err);
    dosi_year_destroy(v.year);
    return status;
}

static dosi_status run(const dosi_method_call *call, dosi_error *err) {
    work w = {.call = call};
    dosi_status status = open_work(&w, err);
    for (size_t v = 0; v < w.maps.variables.n && status == DOSI_OK; v++) {
        dosi_run_report(call->run, (double)v / (double)w.maps.variables.n,
                        w.maps.variables.names[v]);
        status = do_variable(&w, v, err);
    }
    close_work(&w);
    return status;
}

const dosi_method dosi_method_air_year = {
    .id = "air.year",
    .version = 1,
    .title = {"한 해의 대기질 지도", "Air of a year"},
    .about =
        {"고정된 측정망의 매시간 지도를 정규 크리깅으로 그려 격자마다 평균과 그 불확실성, "
         "기준을 "
         "넘은 시간, 백분위, 최댓값을 내고, 행정동마다 매시간 평균과 분산을 냅니다. 지도 "
         "자체는 "
         "저장하지 않으므로 한 해 여섯 항목도 몇 분 안에 끝납니다.",
         "Draws every hourly map of a fixed network by ordinary kriging and keeps what is "
         "asked "
         "of a year: for each cell the mean with its uncertainty, hours above the standard, a "
         "high quantile and the maximum; for each area the mean of every hour with its "
         "variance "
         "(block kriging). The maps themselves are not stored, so that a year of six "
         "pollutants "
         "takes a minute. The uncertainty of a mean is a map's variance times the share of the "
         "error that lasts, which leave-one-out at the stations shows. Standards of 24 hours "
         "are compared with hourly values here."},
    .citation =
        "Matheron (1963), Econ. Geol. 58; Dubrule (1983), Math. Geol. 15; Cressie (1993), "
        "Statistics for Spatial Data",
    .inputs = inputs,
    .n_inputs = sizeof inputs / sizeof inputs[0],
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof parameters[0],
    .outputs = outputs,
    .n_outputs = sizeof outputs / sizeof outputs[0],
    .run = run,
};
