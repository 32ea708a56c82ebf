// air.network: what each station of a fixed network should read, predicted from the others.

#include "dosi/network.h"
#include "method/geo_words.h"
#include "method/maps.h"

#include <stdlib.h>
#include <string.h>

static const dosi_method_table inputs[] = {
    {"observations", {"측정값", "Observations"}, false, geo_observation_columns, 1},
    {"stations", {"측정소 위치", "Places of the stations"}, true, geo_place_columns, 1},
};

static const dosi_method_parameter parameters[] = {
    METHOD_TEXT("value", NULL, "값 열", "Column of values"),
    METHOD_TEXT("by", "time", "시각 열 (같은 간격)", "Column of times or days, equally spaced"),
    METHOD_TEXT("station", "station", "측정소 열", "Column that names the station"),
    METHOD_TEXT(
        "from",
        "",
        "예측을 시작할 날 (YYYY-MM-DD, 비우면 마지막 1/5)",
        "First day to predict, YYYY-MM-DD: what is before it is learnt from; empty: the last "
        "fifth"),
    METHOD_REAL("half_life",
                "steps",
                "180",
                2,
                100000,
                "과거의 무게가 반이 되는 간격 수",
                "Steps after which the past counts half"),
    METHOD_REAL("shrink",
                NULL,
                "0.5",
                0.01,
                1,
                "거리 모형의 몫",
                "Share of the distance model in the semivariances"),
    METHOD_REAL("level_power",
                NULL,
                "0.5",
                0.01,
                2,
                "오차가 농도를 따라 커지는 지수",
                "Errors grow as the level to this power"),
    {"reject",
     DOSI_PARAMETER_INT,
     NULL,
     "239",
     0,
     1023,
     NULL,
     {"결측으로 볼 품질 플래그 비트", "Quality flag bits that count as missing"}},
};

static const dosi_method_column prediction_columns[] = {
    {"*",
     DOSI_TYPE_TIME,
     NULL,
     true,
     {"`by`의 열과 측정소", "The column that `by` names, and the station"}},
    {"observed", DOSI_TYPE_REAL, NULL, false, {"측정값", "Observed"}},
    {"predicted",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"다른 측정소로 예측한 값", "Predicted from the other stations"}},
    {"variance", DOSI_TYPE_REAL, NULL, false, {"예측 분산", "Variance of the prediction"}},
    {"low", DOSI_TYPE_REAL, NULL, false, {"95% 구간 아래", "95 % interval, lower end"}},
    {"high", DOSI_TYPE_REAL, NULL, false, {"95% 구간 위", "95 % interval, upper end"}},
};
static const dosi_method_column summary_columns[] = {
    {"*", DOSI_TYPE_TEXT, NULL, true, {"측정소 (빈칸: 전체)", "Station; empty: all"}},
    {"n", DOSI_TYPE_INT, NULL, false, {"값 수", "Values"}},
    {"offset",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"평균 농도에서의 편차 (과거)", "Lasting offset at the mean level, from the past"}},
    {"me", DOSI_TYPE_REAL, NULL, false, {"평균 오차", "Mean error, observed - predicted"}},
    {"mae", DOSI_TYPE_REAL, NULL, false, {"평균 절대 오차", "Mean absolute error"}},
    {"rmse", DOSI_TYPE_REAL, NULL, false, {"제곱평균제곱근 오차", "Root mean squared error"}},
    {"msdr",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"표준화 제곱 오차 평균", "Mean squared error / variance; 1 when variances are honest"}},
    {"coverage_95",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"95% 구간 포함률", "Share inside the 95 % interval"}},
    {"correlation",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"상관계수", "Correlation of observed and predicted"}},
};
static const dosi_method_table outputs[] = {
    {"predictions",
     {"측정소별 예측과 구간", "Predictions and intervals at the stations"},
     false,
     prediction_columns,
     6},
    {"summary", {"측정소별 요약", "Summary per station and of all"}, false, summary_columns, 9},
};

/// A run on its way.
typedef struct work {
    const dosi_method_call *call;
    method_maps maps;
    size_t n_history; ///< Maps to learn from; the rest are predicted.
    dosi_network *network;
    double *prediction, *variance; ///< (maps to predict x sites)
} work;

/// Time of a map in microseconds.
static int64_t time_of(const work *w, size_t map) {
    const dosi_column *by = w->maps.by[0];
    int64_t time = by->data.integer[w->maps.map_row[map]];
    return by->type == DOSI_TYPE_DATE ? time * DOSI_DAY_US : time;
}

/// Observations as maps in the order of time, and where prediction starts.
static dosi_status open_work(work *w, dosi_error *err) {
    const dosi_method_call *call = w->call;
    const method_maps_options options = {
        .value = dosi_call_value(call, "value")->text,
        .by = dosi_call_value(call, "by")->text,
        .station = dosi_call_value(call, "station")->text,
        .reject = dosi_call_value(call, "reject")->integer,
        .min_sites = 1,
    };
    DOSI_TRY(method_maps_read(call->inputs[0], call->inputs[1], &options, &w->maps, err));
    method_maps_put_report(&w->maps, call->report);
    if (w->maps.variables.n != 1 || w->maps.n_by != 1 ||
        (w->maps.by[0]->type != DOSI_TYPE_TIME && w->maps.by[0]->type != DOSI_TYPE_DATE)) {
        return dosi_fail(err, DOSI_INVALID,
                         "needs one column of values, and one of times or days");
    }
    const char *from = dosi_call_value(call, "from")->text;
    dosi_time start = 0;
    w->n_history = w->maps.n_maps - w->maps.n_maps / 5;
    if (*from) {
        DOSI_TRY(dosi_time_parse_iso(from, strlen(from), 0, &start, err));
        w->n_history = 0;
        while (w->n_history < w->maps.n_maps && time_of(w, w->n_history) < start)
            w->n_history++;
    }
    if (w->n_history == w->maps.n_maps || w->n_history < 2) {
        return dosi_fail(err, DOSI_INVALID, "from: %zu times before it, %zu from it on",
                         w->n_history, w->maps.n_maps - w->n_history);
    }
    size_t n = (w->maps.n_maps - w->n_history) * w->maps.n_sites;
    w->prediction = malloc((2 * n + 1) * sizeof *w->prediction);
    if (!w->prediction) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu values", n);
    w->variance = w->prediction + n;
    return DOSI_OK;
}

/// Learns and predicts.
static dosi_status predict(work *w, dosi_error *err) {
    const dosi_method_call *call = w->call;
    const dosi_sites sites = method_maps_sites(&w->maps);
    const double *values = method_maps_values(&w->maps, 0);
    const dosi_st_field history = {&sites, values, w->n_history};
    const dosi_network_options options = {
        .half_life = dosi_call_value(call, "half_life")->real,
        .shrink = dosi_call_value(call, "shrink")->real,
        .level_power = dosi_call_value(call, "level_power")->real,
    };
    DOSI_TRY(dosi_network_learn(&history, &options, call->run, &w->network, err));
    dosi_network_summary s = dosi_network_describe(w->network);
    if (call->report) {
        dosi_text_printf(
            call->report,
            "learnt from %zu times: nugget %.4g, psill %.4g, range %.4g m of scaled "
            "values; share of distance %.2f; errors' scale %.3f with %g degrees of "
            "freedom, from %zu predictions of the past\n",
            w->n_history, s.distance.nugget, s.distance.psill, s.distance.range_m, s.shrink,
            s.scale, s.freedom, s.n_calibration);
    }
    const dosi_network_prediction out = {w->prediction, w->variance, NULL};
    return dosi_network_predict(w->network, values + w->n_history * sites.n,
                                w->maps.n_maps - w->n_history, call->run, &out, err);
}

/// Adds the column that names the station; without one, its place.
static dosi_status open_station(const work *w, dosi_table *out, dosi_error *err) {
    if (!w->maps.station) return DOSI_OK;
    return method_add_column(out, w->maps.station->name, DOSI_TYPE_TEXT, &summary_columns[0],
                             err);
}

/// Row `row` of the predictions, without its time and station.
static void put_numbers(const work *w, size_t row) {
    dosi_table *out = &w->call->outputs[0];
    size_t c = w->maps.station ? 2 : 1;
    const double *values = method_maps_values(&w->maps, 0) + w->n_history * w->maps.n_sites;
    double predicted = w->prediction[row], spread = 1.959964 * sqrt(w->variance[row]);
    const double cells[] = {values[row], predicted, w->variance[row], predicted - spread,
                            predicted + spread};
    for (size_t k = 0; k < 5; k++) out->columns[c + k].data.real[row] = cells[k];
}

static dosi_status put_predictions(const work *w, dosi_error *err) {
    dosi_table *out = &w->call->outputs[0];
    const dosi_column *by = w->maps.by[0];
    size_t n = w->maps.n_sites;
    DOSI_TRY(method_add_column(out, by->name, by->type, &prediction_columns[0], err));
    DOSI_TRY(open_station(w, out, err));
    DOSI_TRY(method_open_output(w->call, 0, (w->maps.n_maps - w->n_history) * n, err));
    for (size_t row = 0; row < out->n_rows; row++) {
        size_t map = w->n_history + row / n;
        DOSI_TRY(method_copy_cell(by, w->maps.map_row[map], out, 0, row));
        if (w->maps.station) {
            DOSI_TRY(method_copy_cell(w->maps.station, w->maps.site_row[row % n], out, 1, row));
        }
        put_numbers(w, row);
    }
    return DOSI_OK;
}

/// Scores of site `i`, or of all with i = n_sites, copied side by side into `scratch`.
static dosi_krige_score score_of(const work *w, size_t i, double *scratch) {
    size_t n = w->maps.n_sites, n_times = w->maps.n_maps - w->n_history, k = 0;
    const double *values = method_maps_values(&w->maps, 0) + w->n_history * n;
    if (i == n) {
        return dosi_krige_score_of(values, w->prediction, w->variance, n_times * n);
    }
    for (size_t t = 0; t < n_times; t++, k++) {
        scratch[k] = values[t * n + i];
        scratch[n_times + k] = w->prediction[t * n + i];
        scratch[2 * n_times + k] = w->variance[t * n + i];
    }
    return dosi_krige_score_of(scratch, scratch + n_times, scratch + 2 * n_times, n_times);
}

static dosi_status put_summary(const work *w, dosi_error *err) {
    dosi_table *out = &w->call->outputs[1];
    size_t n = w->maps.n_sites, n_times = w->maps.n_maps - w->n_history;
    DOSI_TRY(open_station(w, out, err));
    DOSI_TRY(method_open_output(w->call, 1, n + 1, err));
    size_t c = w->maps.station ? 1 : 0;
    double *scratch = malloc((3 * n_times + 1) * sizeof *scratch);
    if (!scratch) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu times", n_times);
    double sum = 0, count = 0;
    const double *values = method_maps_values(&w->maps, 0);
    for (size_t k = 0; k < w->n_history * n; k++) {
        if (!isfinite(values[k])) continue;
        sum += values[k];
        count += 1;
    }
    dosi_status status = DOSI_OK;
    for (size_t i = 0; i <= n && status == DOSI_OK; i++) {
        dosi_krige_score s = score_of(w, i, scratch);
        double offset = i < n ? dosi_network_offset(w->network, i, sum / count) : (double)NAN;
        out->columns[c].data.integer[i] = (int64_t)s.n;
        const double cells[] = {offset, s.me,          s.mae,        s.rmse,
                                s.msdr, s.coverage_95, s.correlation};
        for (size_t k = 0; k < 7; k++) out->columns[c + 1 + k].data.real[i] = cells[k];
        if (i < n && w->maps.station) {
            status = method_copy_cell(w->maps.station, w->maps.site_row[i], out, 0, i);
        }
        if (i == n && w->call->report) {
            dosi_text_printf(w->call->report,
                             "%zu values left out one by one: RMSE %.4g, MAE %.4g, MSDR %.3f, "
                             "95 %% interval covers %.1f %%\n",
                             s.n, s.rmse, s.mae, s.msdr, 100 * s.coverage_95);
        }
    }
    free(scratch);
    return status;
}

static dosi_status run(const dosi_method_call *call, dosi_error *err) {
    work w = {.call = call};
    dosi_status status = open_work(&w, err);
    if (status == DOSI_OK) status = predict(&w, err);
    if (status == DOSI_OK) status = put_predictions(&w, err);
    if (status == DOSI_OK) status = put_summary(&w, err);
    dosi_network_destroy(w.network);
    free(w.prediction);
    method_maps_clear(&w.maps);
    return status;
}

const dosi_method dosi_method_air_network = {
    .id = "air.network",
    .version = 1,
    .title = {"측정망의 상호 예측", "A network that predicts itself"},
    .about =
        {"각 측정소의 값을 같은 시각의 다른 측정소들로 예측하고 95% 구간을 냅니다. "
         "측정소마다의 "
         "편차, 공분산, 구간의 너비는 모두 과거에서 배웁니다. 결측을 채우고 이상한 측정소를 "
         "찾는 데 씁니다.",
         "Predicts what each station reads from the others at the same time, with a 95 % "
         "interval. Offsets of the stations, covariances (of the past, drawn towards a "
         "variogram of distance) and the width of the intervals are all learnt from the past. "
         "Fills gaps and shows stations that leave their intervals. A station's own past is "
         "learnt from; its value of the time that is predicted never is."},
    .citation =
        "Dubrule (1983), Math. Geol. 15; Ledoit and Wolf (2004), J. Multivar. Anal. 88; "
        "Cressie (1993), Statistics for Spatial Data",
    .inputs = inputs,
    .n_inputs = sizeof inputs / sizeof inputs[0],
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof parameters[0],
    .outputs = outputs,
    .n_outputs = sizeof outputs / sizeof outputs[0],
    .run = run,
};
