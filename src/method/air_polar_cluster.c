// air.polar_cluster: winds with alike pollution, as clusters of a polar plot's cells.

#include "method/winds.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const dosi_method_parameter parameters[] = {
    METHOD_TEXT("value", "pm25_ugm3", "값 열", "Column of values"),
    METHOD_INT("k", "6", 2, 30, "군집 수", "Clusters"),
    METHOD_INT("n_speeds", "30", 2, 200, "풍속 구간 수", "Classes of wind speed"),
    METHOD_REAL("sector_deg",
                "deg",
                "10",
                1,
                90,
                "풍향 구간 (360의 약수)",
                "Width of a sector; must divide 360"),
    METHOD_INT("n_starts", "20", 1, 1000, "k-평균 시작 횟수", "Starts of k-means"),
    METHOD_INT("seed", "1", 0, 1000000000, "난수 씨", "Seed"),
    METHOD_SERIES_PARAMETERS,
    METHOD_WIND_PARAMETERS,
};

static const dosi_method_column cluster_columns[] = {
    {"station", DOSI_TYPE_TEXT, NULL, false, {"측정소", "Station"}},
    {"cluster",
     DOSI_TYPE_INT,
     NULL,
     false,
     {"군집 (1이 가장 높음)", "Cluster; 1 has the highest surface"}},
    {"n", DOSI_TYPE_INT, NULL, false, {"시간 수", "Hours with a value"}},
    {"share_pct", DOSI_TYPE_REAL, "%", false, {"시간의 비율", "Share of hours"}},
    {"mean", DOSI_TYPE_REAL, NULL, false, {"평균 농도", "Mean of the values"}},
    {"contribution_pct",
     DOSI_TYPE_REAL,
     "%",
     false,
     {"평균 농도에 보태는 비율", "Share of the overall mean"}},
    {"speed_ms", DOSI_TYPE_REAL, "m/s", false, {"평균 풍속", "Mean wind speed"}},
    {"direction_deg",
     DOSI_TYPE_REAL,
     "deg",
     false,
     {"평균 풍향 (벡터)", "Mean direction (vector)"}},
};
static const dosi_method_column cell_columns[] = {
    {"station", DOSI_TYPE_TEXT, NULL, false, {"측정소", "Station"}},
    {"u_ms", DOSI_TYPE_REAL, "m/s", false, {"그림의 동쪽 좌표", "East on the plot"}},
    {"v_ms", DOSI_TYPE_REAL, "m/s", false, {"그림의 북쪽 좌표", "North on the plot"}},
    {"speed_ms", DOSI_TYPE_REAL, "m/s", false, {"풍속", "Wind speed"}},
    {"direction_deg", DOSI_TYPE_REAL, "deg", false, {"풍향", "Wind direction"}},
    {"n", DOSI_TYPE_INT, NULL, false, {"값 수", "Values"}},
    {"value", DOSI_TYPE_REAL, NULL, false, {"매끄러운 면의 값", "Value of the smooth surface"}},
    {"cluster", DOSI_TYPE_INT, NULL, false, {"군집", "Cluster"}},
};
static const dosi_method_table outputs[] = {
    {"clusters", {"군집", "Clusters"}, false, cluster_columns, 8},
    {"cells", {"칸의 군집", "Clusters of cells"}, false, cell_columns, 8},
};

/// One station on its way. Arrays by cell (n_cells); `used` are the filled ones.
typedef struct work {
    const method_series *series;
    method_part part;
    dosi_polar_bins bins;
    size_t n_cells, n_used, k;
    size_t *count, *used;
    double *mean, *u, *v, *smooth, *weight;
    uint32_t *cell, *cluster; ///< (rows), (n_used)
    uint32_t *of_row;         ///< (rows) cluster.
} work;

static void free_work(work *w) {
    free(w->count);
    free(w->mean);
    free(w->cell);
}

static dosi_status open_work(work *w, dosi_error *err) {
    const dosi_method_call *call = w->series->call;
    size_t n_speeds = (size_t)dosi_call_value(call, "n_speeds")->integer;
    double sector_deg = dosi_call_value(call, "sector_deg")->real;
    if (fabs(remainder(360, sector_deg)) > 1e-9) {
        return dosi_fail(err, DOSI_INVALID, "sector_deg %g does not divide 360", sector_deg);
    }
    w->k = (size_t)dosi_call_value(call, "k")->integer;
    w->bins = dosi_polar_bins_of(&w->part.winds, w->part.value, n_speeds, sector_deg);
    w->n_cells = dosi_polar_n_cells(&w->bins);
    w->count = calloc(2 * w->n_cells + 1, sizeof *w->count);
    w->mean = calloc(5 * w->n_cells + 1, sizeof *w->mean);
    w->cell = calloc(2 * w->part.n + w->n_cells + 1, sizeof *w->cell);
    if (!w->count || !w->mean || !w->cell) {
        return method_no_memory(err, "cells");
    }
    w->used = w->count + w->n_cells;
    double **arrays[] = {&w->u, &w->v, &w->smooth, &w->weight};
    for (size_t a = 0; a < 4; a++) *arrays[a] = w->mean + (a + 1) * w->n_cells;
    w->of_row = w->cell + w->part.n;
    w->cluster = w->of_row + w->part.n;
    dosi_polar_assign(&w->bins, &w->part.winds, w->cell);
    return DOSI_OK;
}

/// Means of cells, and the smooth surface at those that have values.
static dosi_status make_surface(work *w, dosi_error *err) {
    const dosi_groups groups = {w->part.n, w->n_cells, w->cell};
    const dosi_statistic statistic = {.kind = DOSI_STATISTIC_MEAN};
    DOSI_TRY(dosi_group_statistic(&statistic, &groups, w->part.value, w->count, w->mean, err));
    for (size_t i = 0; i < w->n_cells; i++) {
        size_t sector = i / w->bins.n_speeds + 1;
        double angle = (double)sector * w->bins.sector_deg * (M_PI / 180);
        double speed = w->bins.speed_max * ((double)(i % w->bins.n_speeds) + 0.5) /
                       (double)w->bins.n_speeds;
        w->weight[i] = w->count[i] < 4 ? 0.25 * (double)w->count[i] : 1;
        if (w->count[i] == 0) continue;
        w->u[w->n_used] = speed * sin(angle);
        w->v[w->n_used] = speed * cos(angle);
        w->weight[w->n_used] = w->weight[i];
        w->mean[w->n_used] = w->mean[i];
        w->used[w->n_used++] = i;
    }
    const dosi_surface_points points = {w->n_used, w->u, w->v, w->mean, w->weight};
    dosi_surface_options options = {.is_positive = true};
    for (size_t i = 0; i < w->n_used; i++) {
        if (w->mean[i] < 0) options.is_positive = false;
    }
    dosi_surface *surface = NULL;
    DOSI_TRY(dosi_surface_fit(&points, &options, &surface, err));
    const dosi_surface_targets targets = {w->n_used, w->u, w->v, INFINITY};
    dosi_surface_predict(surface, &targets, w->series->call->run, w->smooth);
    dosi_surface_destroy(surface);
    return DOSI_OK;
}

/// Cells with their clusters, and each row's cluster.
static dosi_status put_cells(work *w, dosi_error *err) {
    dosi_table *out = &w->series->call->outputs[1];
    assert(w->cell && w->of_row);
    uint32_t *of_cell = calloc(w->n_cells + 1, sizeof *of_cell);
    if (!of_cell) return method_no_memory(err, "clusters");
    dosi_status status = DOSI_OK;
    for (size_t i = 0; i < w->n_used && status == DOSI_OK; i++) {
        size_t row = 0, sector = w->used[i] / w->bins.n_speeds + 1;
        of_cell[w->used[i]] = w->cluster[i];
        status = method_series_add_row(w->series, w->part.i_station, out, &row, err);
        if (status != DOSI_OK) break;
        out->columns[1].data.real[row] = w->u[i];
        out->columns[2].data.real[row] = w->v[i];
        out->columns[3].data.real[row] = hypot(w->u[i], w->v[i]);
        out->columns[4].data.real[row] = (double)sector * w->bins.sector_deg;
        out->columns[5].data.integer[row] = (int64_t)w->count[w->used[i]];
        out->columns[6].data.real[row] = w->smooth[i];
        out->columns[7].data.integer[row] = (int64_t)w->cluster[i] + 1;
    }
    for (size_t i = 0; i < w->part.n; i++) {
        bool is_in = w->cell[i] != UINT32_MAX && !isnan(w->part.value[i]);
        w->of_row[i] = is_in ? of_cell[w->cell[i]] : UINT32_MAX;
    }
    free(of_cell);
    return status;
}

/// One row a cluster.
static dosi_status put_clusters(const work *w, dosi_error *err) {
    enum { MAX_K = 30 };
    size_t n[MAX_K] = {0}, n_wind[MAX_K], total = 0;
    double sum[MAX_K] = {0}, speed[MAX_K] = {0}, vector[2][MAX_K], all = 0;
    double *const vectors[] = {vector[0], vector[1]};
    const dosi_groups groups = {w->part.n, w->k, w->of_row};
    dosi_table *out = &w->series->call->outputs[0];
    dosi_vector_mean(&groups, &w->part.winds, n_wind, vectors);
    for (size_t i = 0; i < w->part.n; i++) {
        if (w->of_row[i] == UINT32_MAX) continue;
        n[w->of_row[i]]++;
        sum[w->of_row[i]] += w->part.value[i];
        speed[w->of_row[i]] += w->part.winds.speed[i];
        total++;
        all += w->part.value[i];
    }
    for (size_t c = 0; c < w->k; c++) {
        size_t row = 0;
        DOSI_TRY(method_series_add_row(w->series, w->part.i_station, out, &row, err));
        out->columns[1].data.integer[row] = (int64_t)c + 1;
        out->columns[2].data.integer[row] = (int64_t)n[c];
        out->columns[3].data.real[row] = 100 * (double)n[c] / (double)total;
        out->columns[4].data.real[row] = sum[c] / (double)n[c];
        out->columns[5].data.real[row] = 100 * sum[c] / all;
        out->columns[6].data.real[row] = speed[c] / (double)n[c];
        out->columns[7].data.real[row] = vector[1][c];
    }
    return DOSI_OK;
}

static dosi_status do_station(work *w, dosi_error *err) {
    const dosi_method_call *call = w->series->call;
    DOSI_TRY(open_work(w, err));
    dosi_error why = {""};
    dosi_status status = make_surface(w, &why);
    if (status == DOSI_OK) {
        const dosi_kmeans options = {w->k, (size_t)dosi_call_value(call, "n_starts")->integer,
                                     (uint64_t)dosi_call_value(call, "seed")->integer};
        const double *const columns[] = {w->u, w->v, w->smooth};
        status = dosi_cluster_rows(&options, columns, 3, w->n_used, w->cluster, &why);
    }
    if (status == DOSI_DOMAIN) { // too little: said, and the other stations go on
        if (call->report) {
            dosi_text_printf(call->report, "station %zu: no clusters: %s\n",
                             w->part.i_station + 1, why.message);
        }
        return DOSI_OK;
    }
    if (status != DOSI_OK) return dosi_fail(err, status, "%s", why.message);
    DOSI_TRY(put_cells(w, err));
    return put_clusters(w, err);
}

static dosi_status do_series(const method_series *series, dosi_error *err) {
    static const char *const mean_unit[] = {"mean", NULL};
    static const char *const cell_unit[] = {"value", NULL};
    const dosi_method_call *call = series->call;
    DOSI_TRY(method_open_output(call, 0, 0, err));
    DOSI_TRY(method_open_output(call, 1, 0, err));
    DOSI_TRY(method_series_set_unit(series, &call->outputs[0], mean_unit));
    DOSI_TRY(method_series_set_unit(series, &call->outputs[1], cell_unit));
    for (size_t s = 0; s < series->n_stations; s++) {
        work w = {.series = series, .part = method_series_part(series, s)};
        DOSI_TRY(dosi_run_check(call->run, err));
        dosi_status status = do_station(&w, err);
        free_work(&w);
        if (status != DOSI_OK) return status;
    }
    return DOSI_OK;
}

static dosi_status run(const dosi_method_call *call, dosi_error *err) {
    return method_series_run(call, dosi_call_value(call, "value")->text, true, do_series, err);
}

const dosi_method dosi_method_air_polar_cluster = {
    .id = "air.polar_cluster",
    .version = 1,
    .title = {"극좌표 군집", "Polar clusters"},
    .about =
        {"극좌표 그림의 칸을 위치와 매끄러운 농도로 묶어(k-평균) 비슷한 오염을 나르는 바람을 "
         "가르고, 군집마다 시간과 농도의 몫을 셉니다.",
         "Groups the cells of a polar plot by place and smoothed value (k-means on scaled "
         "u, v and value, several seeded starts), so that winds which bring alike "
         "pollution stand together, and counts each cluster's share of hours and of the "
         "mean."},
    .citation = "D. C. Carslaw, S. D. Beevers (2013), Environ. Modell. Softw. 40, 325-329",
    .inputs = method_winds_inputs,
    .n_inputs = 2,
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof parameters[0],
    .outputs = outputs,
    .n_outputs = sizeof outputs / sizeof outputs[0],
    .run = run,
};
