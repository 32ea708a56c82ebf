// air.polar: a pollutant by wind speed and direction: bins, kernels, smooth surface.

#include "method/winds.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const dosi_method_parameter parameters[] = {
    METHOD_TEXT("value", "pm25_ugm3", "값 열", "Column of values"),
    METHOD_CHOICE("statistic",
                  "mean",
                  "mean|median|max|stdev|frequency|weighted_mean|cpf|cpf_interval|percentile|"
                  "nwr|correlation|slope|robust_slope|york_slope",
                  "통계",
                  "Statistic; the last four are of `value` against `second`"),
    METHOD_TEXT("second", "", "짝 통계의 x 열", "Column x of the statistics of a pair"),
    METHOD_REAL("percentile",
                NULL,
                "90",
                0,
                100,
                "백분위 (percentile, cpf의 문턱)",
                "Percentile; of cpf: of the threshold"),
    METHOD_REAL("percentile_high",
                NULL,
                "100",
                0,
                100,
                "구간 CPF의 위 백분위",
                "Upper percentile of cpf_interval"),
    METHOD_INT("n_speeds", "30", 2, 200, "풍속 구간 수", "Classes of wind speed"),
    METHOD_REAL("sector_deg",
                "deg",
                "10",
                1,
                90,
                "풍향 구간 (360의 약수)",
                "Width of a sector; must divide 360"),
    METHOD_INT("min_count", "1", 1, 1000000, "칸에 필요한 값 수", "Values that a cell needs"),
    METHOD_REAL(
        "speed_sd", "m/s", "0.5", 0.01, 100, "커널의 풍속 폭", "Spread of the kernel in speed"),
    METHOD_REAL("direction_sd",
                "deg",
                "4",
                0.1,
                180,
                "커널의 풍향 폭",
                "Spread of the kernel in direction"),
    METHOD_REAL("x_error",
                NULL,
                "1",
                1e-12,
                1e12,
                "York 기울기의 x 표준오차",
                "Standard error of x, for york_slope"),
    METHOD_REAL("y_error",
                NULL,
                "1",
                1e-12,
                1e12,
                "York 기울기의 y 표준오차",
                "Standard error of y, for york_slope"),
    METHOD_INT("n_draws",
               "0",
               0,
               10000,
               "블록 붓스트랩 횟수 (0: 구간 없음)",
               "Draws of the block bootstrap; 0: no interval"),
    METHOD_INT("block",
               "24",
               1,
               100000,
               "붓스트랩 블록 길이 (행)",
               "Rows that stay together in a draw"),
    METHOD_INT("grid",
               "61",
               0,
               401,
               "매끄러운 면의 한 변 칸 수 (0: 없음)",
               "Cells a side of the smooth surface; 0: none"),
    METHOD_SERIES_PARAMETERS,
    METHOD_WIND_PARAMETERS,
};

enum { CELL_U = 1, CELL_V, CELL_SPEED, CELL_FROM, CELL_N, CELL_VALUE, CELL_LOW, CELL_HIGH };

static const dosi_method_column cell_columns[] = {
    {"station", DOSI_TYPE_TEXT, NULL, false, {"측정소", "Station"}},
    {"u_ms", DOSI_TYPE_REAL, "m/s", false, {"그림의 동쪽 좌표", "East on the plot"}},
    {"v_ms", DOSI_TYPE_REAL, "m/s", false, {"그림의 북쪽 좌표", "North on the plot"}},
    {"speed_ms", DOSI_TYPE_REAL, "m/s", false, {"풍속 (칸 가운데)", "Wind speed, mid-cell"}},
    {"direction_deg",
     DOSI_TYPE_REAL,
     "deg",
     false,
     {"풍향 (불어오는 쪽)", "Direction the wind comes from"}},
    {"n",
     DOSI_TYPE_INT,
     NULL,
     false,
     {"값 수 (커널 통계: 가중치 합)", "Values; of kernels: the sum of weights"}},
    {"value", DOSI_TYPE_REAL, NULL, false, {"통계값", "The statistic"}},
    {"low", DOSI_TYPE_REAL, NULL, false, {"95 % 구간 아래", "Lower end of the 95 % interval"}},
    {"high", DOSI_TYPE_REAL, NULL, false, {"95 % 구간 위", "Upper end of the 95 % interval"}},
};
static const dosi_method_column surface_columns[] = {
    {"station", DOSI_TYPE_TEXT, NULL, false, {"측정소", "Station"}},
    {"u_ms", DOSI_TYPE_REAL, "m/s", false, {"그림의 동쪽 좌표", "East on the plot"}},
    {"v_ms", DOSI_TYPE_REAL, "m/s", false, {"그림의 북쪽 좌표", "North on the plot"}},
    {"value", DOSI_TYPE_REAL, NULL, false, {"매끄러운 면", "The smooth surface"}},
};
static const dosi_method_table outputs[] = {
    {"cells", {"풍속·풍향 칸", "Cells of speed and direction"}, false, cell_columns, 9},
    {"surface", {"매끄러운 면", "Smooth surface"}, false, surface_columns, 4},
};

/// One station's cells.
typedef struct cells {
    size_t n, n_speeds;
    double speed_max, sector_deg;
    bool is_kernel;
    double *value, *low, *high, *weight, *u, *v; ///< (n)
    size_t *count;
    uint32_t *cell; ///< (rows)
    double *second; ///< (rows) or NULL.
} cells;

static void free_cells(cells *c) {
    free(c->value);
    free(c->count);
    free(c->cell);
    *c = (cells){0};
}

static dosi_status open_cells(const dosi_method_call *call,
                              const method_part *part,
                              cells *c,
                              dosi_error *err) {
    c->n_speeds = (size_t)dosi_call_value(call, "n_speeds")->integer;
    c->sector_deg = dosi_call_value(call, "sector_deg")->real;
    if (fabs(remainder(360, c->sector_deg)) > 1e-9) {
        return dosi_fail(err, DOSI_INVALID, "sector_deg %g does not divide 360", c->sector_deg);
    }
    dosi_polar_bins bins =
        dosi_polar_bins_of(&part->winds, part->value, c->n_speeds, c->sector_deg);
    c->speed_max = bins.speed_max;
    c->n = dosi_polar_n_cells(&bins);
    c->value = calloc(6 * c->n + 1, sizeof *c->value);
    c->count = calloc(c->n + 1, sizeof *c->count);
    c->cell = calloc(part->n + 1, sizeof *c->cell);
    if (!c->value || !c->count || !c->cell) {
        return method_no_memory(err, "cells");
    }
    double **arrays[] = {&c->low, &c->high, &c->weight, &c->u, &c->v};
    for (size_t a = 0; a < 5; a++) *arrays[a] = c->value + (a + 1) * c->n;
    dosi_polar_assign(&bins, &part->winds, c->cell);
    for (size_t i = 0; i < c->n; i++) {
        size_t sector = i / c->n_speeds + 1;
        double angle = (double)sector * c->sector_deg * (M_PI / 180);
        double speed = c->speed_max * ((double)(i % c->n_speeds) + 0.5) / (double)c->n_speeds;
        c->u[i] = speed * sin(angle);
        c->v[i] = speed * cos(angle);
        c->low[i] = c->high[i] = NAN;
    }
    return DOSI_OK;
}

/// The statistic of bins with the thresholds that its percentiles are.
static dosi_status set_statistic(const dosi_method_call *call,
                                 const method_part *part,
                                 dosi_statistic *statistic,
                                 dosi_error *err) {
    double shares[2] = {dosi_call_value(call, "percentile")->real / 100,
                        dosi_call_value(call, "percentile_high")->real / 100};
    statistic->kind = dosi_statistic_from_name(dosi_call_value(call, "statistic")->text);
    statistic->percentile = 100 * shares[0];
    statistic->min_count = (size_t)dosi_call_value(call, "min_count")->integer;
    double *values = malloc((part->n + 1) * sizeof *values);
    if (!values) return method_no_memory(err, "values");
    for (size_t i = 0; i < part->n; i++) {
        bool has_wind = !isnan(part->winds.speed[i]) && !isnan(part->winds.from_deg[i]);
        values[i] = has_wind ? part->value[i] : (double)NAN;
    }
    size_t n = dosi_sort_present(values, part->n);
    statistic->low = dosi_quantile_sorted(values, n, shares[0]);
    statistic->high = dosi_quantile_sorted(values, n, shares[1]);
    free(values);
    bool is_cpf =
        statistic->kind == DOSI_STATISTIC_CPF || statistic->kind == DOSI_STATISTIC_CPF_INTERVAL;
    if (is_cpf && call->report) {
        dosi_text_printf(call->report, "threshold of CPF: above %g", statistic->low);
        if (statistic->kind == DOSI_STATISTIC_CPF_INTERVAL) {
            dosi_text_printf(call->report, ", not above %g", statistic->high);
        }
        dosi_text_printf(call->report, "\n");
    }
    return DOSI_OK;
}

/// Statistics of bins, with intervals where they are asked for.
static dosi_status do_bins(const dosi_method_call *call,
                           const method_part *part,
                           cells *c,
                           dosi_error *err) {
    dosi_statistic statistic = {.min_count = 1};
    const dosi_groups groups = {part->n, c->n, c->cell};
    DOSI_TRY(set_statistic(call, part, &statistic, err));
    DOSI_TRY(dosi_group_statistic(&statistic, &groups, part->value, c->count, c->value, err));
    for (size_t i = 0; i < c->n; i++) {
        c->weight[i] = c->count[i] < 4 ? 0.25 * (double)c->count[i] : 1;
        if (c->count[i] < statistic.min_count) c->weight[i] = 0;
    }
    const dosi_bootstrap bootstrap = {(size_t)dosi_call_value(call, "n_draws")->integer,
                                      (size_t)dosi_call_value(call, "block")->integer, 0.95, 1,
                                      call->run};
    if (bootstrap.n_draws == 0) return DOSI_OK;
    double *const bounds[] = {c->low, c->high};
    return dosi_group_bootstrap(&statistic, &groups, part->value, &bootstrap, bounds, err);
}

/// Kernel statistics at the middle of each cell.
static dosi_status do_kernel(const dosi_method_call *call,
                             const method_part *part,
                             cells *c,
                             dosi_error *err) {
    double half = 0.5 / (double)c->n_speeds;
    const dosi_polar_kernel kernel = {.n_speeds = c->n_speeds,
                                      .speed_min = half * c->speed_max,
                                      .speed_max = (1 - half) * c->speed_max,
                                      .sector_deg = c->sector_deg,
                                      .speed_sd = dosi_call_value(call, "speed_sd")->real,
                                      .from_sd_deg =
                                          dosi_call_value(call, "direction_sd")->real};
    double need = (double)dosi_call_value(call, "min_count")->integer;
    if (c->second) {
        const dosi_pair pair = {dosi_pair_from_name(dosi_call_value(call, "statistic")->text),
                                c->second,
                                part->value,
                                dosi_call_value(call, "x_error")->real,
                                dosi_call_value(call, "y_error")->real,
                                need};
        DOSI_TRY(dosi_polar_pair(&kernel, &part->winds, &pair, call->run, c->value, err));
    } else {
        DOSI_TRY(dosi_polar_nwr(&kernel, &part->winds, part->value, c->value, err));
    }
    double *sums = calloc(2 * c->n + 1, sizeof *sums);
    if (!sums) return method_no_memory(err, "cells");
    dosi_status status =
        dosi_polar_kernel_sums(&kernel, &part->winds, &part->value, 1, sums, err);
    for (size_t i = 0; i < c->n && status == DOSI_OK; i++) {
        c->count[i] = (size_t)lround(sums[i]);
        c->weight[i] = sums[i] >= need ? 1 : 0;
        if (!(sums[i] >= need)) c->value[i] = NAN;
    }
    free(sums);
    return status;
}

static dosi_status put_cells(const method_series *series,
                             const method_part *part,
                             const cells *c,
                             dosi_error *err) {
    dosi_table *out = &series->call->outputs[0];
    for (size_t i = 0; i < c->n; i++) {
        size_t row = 0, sector = i / c->n_speeds + 1;
        if (isnan(c->value[i])) continue;
        DOSI_TRY(method_series_add_row(series, part->i_station, out, &row, err));
        dosi_column *columns = out->columns;
        columns[CELL_U].data.real[row] = c->u[i];
        columns[CELL_V].data.real[row] = c->v[i];
        columns[CELL_SPEED].data.real[row] = hypot(c->u[i], c->v[i]);
        columns[CELL_FROM].data.real[row] = (double)sector * c->sector_deg;
        columns[CELL_N].data.integer[row] = (int64_t)c->count[i];
        columns[CELL_VALUE].data.real[row] = c->value[i];
        columns[CELL_LOW].data.real[row] = c->low[i];
        columns[CELL_HIGH].data.real[row] = c->high[i];
    }
    const dosi_surface_points points = {c->n, c->u, c->v, c->value, c->weight};
    const method_surface surface = {&points, c->speed_max, 0.1 * c->speed_max, 0,
                                    (size_t)dosi_call_value(series->call, "grid")->integer};
    return method_series_put_surface(series, part->i_station, &surface,
                                     &series->call->outputs[1], err);
}

/// One station.
static dosi_status do_station(const method_series *series,
                              const method_series *second,
                              size_t i_station,
                              dosi_error *err) {
    const dosi_method_call *call = series->call;
    const char *statistic = dosi_call_value(call, "statistic")->text;
    method_part part = method_series_part(series, i_station);
    cells c = {.n = 0};
    DOSI_TRY(dosi_run_check(call->run, err));
    dosi_status status = open_cells(call, &part, &c, err);
    if (status == DOSI_OK && !(c.speed_max > 0)) {
        if (call->report) {
            dosi_text_printf(call->report, "station %zu: no value with wind\n", i_station + 1);
        }
        free_cells(&c);
        return DOSI_OK;
    }
    // Both series have the same rows in the same order.
    if (second) c.second = second->value + series->first[i_station];
    bool is_kernel = second || strcmp(statistic, "nwr") == 0;
    if (status == DOSI_OK) {
        status = is_kernel ? do_kernel(call, &part, &c, err) : do_bins(call, &part, &c, err);
    }
    if (status == DOSI_OK) status = put_cells(series, &part, &c, err);
    free_cells(&c);
    return status;
}

static dosi_status do_all(const method_series *series,
                          const method_series *second,
                          dosi_error *err) {
    static const char *const with_unit[] = {"value", "low", "high", NULL};
    static const char *const surface_unit[] = {"value", NULL};
    const dosi_method_call *call = series->call;
    DOSI_TRY(method_open_output(call, 0, 0, err));
    DOSI_TRY(method_open_output(call, 1, 0, err));
    const char *kind = dosi_call_value(call, "statistic")->text;
    bool has_unit = !second && strncmp(kind, "cpf", 3) != 0 && strcmp(kind, "frequency") != 0;
    if (has_unit) {
        DOSI_TRY(method_series_set_unit(series, &call->outputs[0], with_unit));
        DOSI_TRY(method_series_set_unit(series, &call->outputs[1], surface_unit));
    }
    for (size_t s = 0; s < series->n_stations; s++) {
        dosi_run_report(call->run, (double)s / (double)series->n_stations, "polar");
        DOSI_TRY(do_station(series, second, s, err));
    }
    return DOSI_OK;
}

static dosi_status run(const dosi_method_call *call, dosi_error *err) {
    method_series series = {0}, second = {0};
    const char *statistic = dosi_call_value(call, "statistic")->text;
    const char *other = dosi_call_value(call, "second")->text;
    bool is_pair = dosi_pair_from_name(statistic) != DOSI_PAIR_COUNT;
    if (is_pair && !*other) {
        return dosi_fail(err, DOSI_INVALID, "statistic %s needs a second column", statistic);
    }
    DOSI_TRY(
        method_series_read(call, dosi_call_value(call, "value")->text, true, &series, err));
    dosi_status status =
        is_pair ? method_series_read(call, other, true, &second, err) : DOSI_OK;
    if (status == DOSI_OK) {
        method_series_put_report(&series);
        status = do_all(&series, is_pair ? &second : NULL, err);
    }
    method_series_clear(&series);
    method_series_clear(&second);
    return status;
}

const dosi_method dosi_method_air_polar = {
    .id = "air.polar",
    .version = 1,
    .title = {"극좌표 그림 (풍속·풍향별 오염)", "Polar plot: pollution by wind"},
    .about =
        {"측정소마다 풍향과 풍속을 칸으로 나누어 오염물질의 통계(평균, 중앙값, 최대, 조건부 "
         "확률 CPF, 커널 회귀 NWR, 두 물질의 상관과 기울기)를 구하고 매끄러운 면을 맞춥니다. "
         "어느 쪽, 어떤 바람에서 농도가 높은지가 오염원을 가리킵니다. 바람은 측정값 표의 "
         "열이나 "
         "기상 표에서 같은 시각을 씁니다. 값이 적은 칸은 불확실하니 n과 구간을 함께 보십시오.",
         "Divides each station's hours by wind direction and speed and takes a statistic of "
         "the "
         "pollutant in each cell: mean, median, maximum, conditional probability (CPF), "
         "kernel regression (NWR), correlation and slopes of a pair; then fits a smooth "
         "surface. Where values are high points to the source, and the wind speed to its "
         "kind. Wind is taken from the observations' own columns or from the weather of the "
         "same hours. Cells of few values are uncertain: look at n and the interval. Bins are "
         "those of openair; cells stand at their middle."},
    .citation = "D. C. Carslaw, K. Ropkins (2012), openair, Environ. Modell. Softw. 27-28, "
                "52-61; I. Uria-Tellaetxe, D. C. Carslaw (2014), Environ. Modell. Softw. 59, "
                "1-9 (CPF); R. C. Henry et al. (2009), Atmos. Environ. 43, 2202-2208 (NWR)",
    .inputs = method_winds_inputs,
    .n_inputs = 2,
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof parameters[0],
    .outputs = outputs,
    .n_outputs = sizeof outputs / sizeof outputs[0],
    .run = run,
};
