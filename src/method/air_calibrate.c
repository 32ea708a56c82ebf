// air.calibrate: low-cost sensors against reference stations.

#include "dosi/air.h"
#include "dosi/calibrate.h"
#include "method/air_columns.h"
#include "method/station_hours.h"

#include <stdlib.h>
#include <string.h>

enum { LEAST_HOURS = 72 };

static const dosi_method_column sensor_columns[] = {
    {"station", DOSI_TYPE_TEXT, NULL, false, {"센서", "Sensor"}},
    {"time", DOSI_TYPE_TIME, NULL, false, {"시각 (시간의 끝)", "Time, end of the hour"}},
    {"humidity_pct",
     DOSI_TYPE_REAL,
     "%",
     true,
     {"상대습도", "Relative humidity at the sensor"}},
    {"*", DOSI_TYPE_REAL, NULL, true, {"보정할 값 (value)", "What is calibrated (value)"}},
};

static const dosi_method_column reference_columns[] = {METHOD_AIR_COLUMNS};

static const dosi_method_column place_columns[] = {
    {"station", DOSI_TYPE_TEXT, NULL, false, {"센서", "Sensor"}},
    {"beside", DOSI_TYPE_TEXT, NULL, true, {"같은 자리의 측정소", "Station it hangs at"}},
};

static const dosi_method_table inputs[] = {
    {"sensors",
     {"저가 센서의 시간별 값", "Hourly readings of the sensors"},
     false,
     sensor_columns,
     sizeof sensor_columns / sizeof sensor_columns[0]},
    {"references",
     {"기준 측정소의 시간별 값", "Hourly observations of reference stations"},
     false,
     reference_columns,
     sizeof reference_columns / sizeof reference_columns[0]},
    {"places",
     {"센서와 같은 자리의 측정소", "Which station each sensor hangs at"},
     true,
     place_columns,
     2},
};

static const dosi_method_parameter parameters[] = {
    {"value",
     DOSI_PARAMETER_TEXT,
     NULL,
     "pm25_ugm3",
     0,
     0,
     NULL,
     {"보정할 열", "Column to calibrate, of sensors and references"}},
    {"mode",
     DOSI_PARAMETER_CHOICE,
     NULL,
     "beside",
     0,
     0,
     "beside|network",
     {"기준: beside 같은 자리 측정소, network 잘 섞인 시간의 기준망",
      "Against: beside (the station at the same place) or network (blind: the reference "
      "network's field in well-mixed hours)"}},
    {"form",
     DOSI_PARAMETER_CHOICE,
     NULL,
     "kohler",
     0,
     0,
     "linear|humidity|kohler|barkjohn|nilson",
     {"보정식", "Form; barkjohn and nilson are published and fit nothing"}},
    {"drift",
     DOSI_PARAMETER_BOOL,
     NULL,
     "true",
     0,
     0,
     NULL,
     {"감도 변화(드리프트)도 맞춤", "Fit a drift of the gain too"}},
    {"robust",
     DOSI_PARAMETER_BOOL,
     NULL,
     "true",
     0,
     0,
     NULL,
     {"이상값에 강건하게", "Robust against outliers"}},
    {"spread",
     DOSI_PARAMETER_REAL,
     NULL,
     "0.15",
     0.01,
     1,
     NULL,
     {"잘 섞인 시간: 기준망의 흩어짐이 중앙값의 이 비율 이하",
      "Well mixed: the references' spread is at most this share of their median"}},
    METHOD_AIR_REJECT,
};

static const dosi_method_column calibrated_columns[] = {
    {"station", DOSI_TYPE_TEXT, NULL, false, {"센서", "Sensor"}},
    {"time", DOSI_TYPE_TIME, NULL, false, {"시각 (시간의 끝)", "Time, end of the hour"}},
    {"raw", DOSI_TYPE_REAL, NULL, false, {"센서 값", "As read"}},
    {"calibrated", DOSI_TYPE_REAL, NULL, false, {"보정한 값", "Calibrated"}},
};

static const dosi_method_column fit_columns[] = {
    {"station", DOSI_TYPE_TEXT, NULL, false, {"센서", "Sensor"}},
    {"form",
     DOSI_TYPE_TEXT,
     NULL,
     false,
     {"보정식; none 보정 못함", "Form; none: not calibrated"}},
    {"n", DOSI_TYPE_INT, NULL, false, {"맞춘 시간 수", "Hours fitted to"}},
    {"slope", DOSI_TYPE_REAL, NULL, false, {"기울기", "Slope"}},
    {"intercept", DOSI_TYPE_REAL, NULL, false, {"절편", "Intercept"}},
    {"slope_per_day",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"하루의 기울기 변화", "Slope's change a day"}},
    {"humidity", DOSI_TYPE_REAL, NULL, false, {"습도 계수", "Per percent of humidity"}},
    {"kappa", DOSI_TYPE_REAL, NULL, false, {"흡습 성장 계수", "Hygroscopic growth"}},
    {"r2", DOSI_TYPE_REAL, NULL, false, {"결정계수", "r2 with the reference"}},
    {"score_slope",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"기준에 대한 기울기", "Slope on the reference"}},
    {"rmse", DOSI_TYPE_REAL, NULL, false, {"오차", "RMSE"}},
    {"nrmse", DOSI_TYPE_REAL, NULL, false, {"상대 오차", "RMSE over the reference's mean"}},
    {"rmse_raw", DOSI_TYPE_REAL, NULL, false, {"보정 전 오차", "RMSE before"}},
    {"meets_targets", DOSI_TYPE_BOOL, NULL, false, {"EPA 목표 충족", "Meets EPA's targets"}},
};

static const dosi_method_table outputs[] = {
    {"calibrated",
     {"보정한 값", "Calibrated readings"},
     false,
     calibrated_columns,
     sizeof calibrated_columns / sizeof calibrated_columns[0]},
    {"fits",
     {"센서별 보정과 성적", "Calibration and scores per sensor"},
     false,
     fit_columns,
     sizeof fit_columns / sizeof fit_columns[0]},
};

/// A run.
typedef struct work {
    const dosi_method_call *call;
    method_hours sensors, references;
    method_values raw, humidity, reference;
    const char *form;
    bool is_blind, has_drift, is_robust;
    double *memory; ///< All below.
    double *series; ///< (reference stations x their hours)
    double *field;  ///< (their hours) of well-mixed hours, or of the station beside.
    double *x, *rh, *y, *days, *out, *room; ///< (sensor hours)
    size_t row, n_fitted;
} work;

/// The reference of each of a sensor's hours, from `field`.
static void fill_reference(work *w) {
    int64_t shift =
        (w->sensors.first_us - w->references.first_us) / DOSI_HOUR_US; // both on the hour
    for (size_t h = 0; h < w->sensors.n_hours; h++) {
        int64_t at = (int64_t)h + shift;
        bool is_there = at >= 0 && at < (int64_t)w->references.n_hours;
        w->y[h] = is_there ? w->field[at] : (double)NAN;
    }
}

/// The station that a sensor hangs at, among the references; SIZE_MAX: none.
static size_t station_beside(const work *w, size_t sensor) {
    const dosi_table *places = w->call->inputs[2];
    size_t n = 0, m = 0, found = SIZE_MAX;
    if (!places) return SIZE_MAX;
    size_t name = dosi_table_find(places, "station"),
           beside = dosi_table_find(places, "beside");
    const char *wanted =
        dosi_column_bytes(w->sensors.station, w->sensors.stations.first_row[sensor], &n);
    for (size_t row = 0; beside != SIZE_MAX && row < places->n_rows; row++) {
        const char *bytes = dosi_column_bytes(&places->columns[name], row, &m);
        if (!bytes || m != n || memcmp(bytes, wanted, n) != 0) continue;
        bytes = dosi_column_bytes(&places->columns[beside], row, &m);
        for (size_t s = 0; bytes && s < w->references.stations.n; s++) {
            const char *other = dosi_column_bytes(w->references.station,
                                                  w->references.stations.first_row[s], &n);
            if (other && n == m && memcmp(other, bytes, n) == 0) found = s;
        }
        break;
    }
    return found;
}

/// The form's name as the model has it; false: a published one, in `out`.
static bool is_fitted(const char *form, dosi_calibration_form *kind, dosi_calibration *out) {
    if (strcmp(form, "barkjohn") == 0) *out = dosi_calibration_barkjohn();
    if (strcmp(form, "nilson") == 0) *out = dosi_calibration_nilson();
    *kind = strcmp(form, "linear") == 0     ? DOSI_CALIBRATION_LINEAR
            : strcmp(form, "humidity") == 0 ? DOSI_CALIBRATION_HUMIDITY
                                            : DOSI_CALIBRATION_KOHLER;
    return strcmp(form, "barkjohn") != 0 && strcmp(form, "nilson") != 0;
}

/// Scores and coefficients of one sensor. @param c  NULL: not calibrated.
static dosi_status put_fit(const work *w,
                           size_t sensor,
                           const dosi_calibration *c,
                           dosi_error *err) {
    dosi_table *out = &w->call->outputs[1];
    size_t row = out->n_rows, n = w->sensors.n_hours;
    DOSI_TRY(dosi_table_add_rows(out, 1, err));
    DOSI_TRY(method_copy_cell(w->sensors.station, w->sensors.stations.first_row[sensor], out, 0,
                              row));
    DOSI_TRY(dosi_table_set_text(out, 1, row, c ? w->form : "none"));
    if (!c) return DOSI_OK;
    dosi_calibration_score after = dosi_calibration_judge(w->out, w->y, n);
    dosi_calibration_score before = dosi_calibration_judge(w->x, w->y, n);
    const double values[] = {c->slope,    c->intercept, c->slope_per_day, c->humidity,
                             c->kappa,    after.r2,     after.slope,      after.rmse,
                             after.nrmse, before.rmse};
    out->columns[2].data.integer[row] = (int64_t)c->n;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        out->columns[3 + i].data.real[row] = values[i];
    }
    if (after.n >= 2) out->columns[13].data.boolean[row] = after.meets_targets;
    return DOSI_OK;
}

/// The calibrated rows of one sensor.
static dosi_status put_rows(work *w, size_t sensor) {
    dosi_table *out = &w->call->outputs[0];
    for (size_t h = 0; h < w->sensors.n_hours; h++) {
        size_t from = w->sensors.row[sensor * w->sensors.n_hours + h];
        if (from == SIZE_MAX) continue;
        DOSI_TRY(method_copy_cell(w->sensors.station, from, out, 0, w->row));
        DOSI_TRY(method_copy_cell(w->sensors.time, from, out, 1, w->row));
        out->columns[2].data.real[w->row] = w->x[h];
        out->columns[3].data.real[w->row] = w->out[h];
        w->row++;
    }
    return DOSI_OK;
}

/// Calibrates one sensor.
static dosi_status run_sensor(work *w, size_t sensor, dosi_error *err) {
    size_t n = w->sensors.n_hours, beside = w->is_blind ? SIZE_MAX : station_beside(w, sensor);
    dosi_calibration c = {0};
    dosi_calibration_form kind;
    method_hours_fill(&w->sensors, &w->raw, sensor, w->x);
    method_hours_fill(&w->sensors, &w->humidity, sensor, w->rh);
    if (!w->is_blind) {
        for (size_t h = 0; h < w->references.n_hours; h++) {
            w->field[h] = beside == SIZE_MAX ? (double)NAN
                                             : w->series[beside * w->references.n_hours + h];
        }
    }
    fill_reference(w);
    bool is_known = true;
    if (is_fitted(w->form, &kind, &c)) {
        const dosi_calibration_data data = {
            kind, w->is_robust, LEAST_HOURS, n,
            w->x, w->rh,        w->y,        w->has_drift ? w->days : NULL};
        is_known = dosi_calibration_fit(&data, w->room, &c, NULL) == DOSI_OK;
    }
    for (size_t h = 0; h < n; h++) {
        w->out[h] = is_known
                        ? fmax(dosi_calibration_apply(&c, w->x[h], w->rh[h], w->days[h]), 0)
                        : (double)NAN;
        if (isnan(w->x[h])) w->out[h] = NAN; // fmax() forgets what is missing
        if (isnan(w->rh[h]) && c.form != DOSI_CALIBRATION_LINEAR) w->out[h] = NAN;
    }
    w->n_fitted += is_known ? 1 : 0;
    DOSI_TRY(put_rows(w, sensor));
    return put_fit(w, sensor, is_known ? &c : NULL, err);
}

/// Room, and what is the same for all sensors.
static dosi_status open_work(work *w, dosi_error *err) {
    size_t n = w->sensors.n_hours, m = w->references.n_hours, s = w->references.stations.n;
    w->memory = calloc(s * m + m + 6 * n + s + 1, sizeof *w->memory);
    if (!w->memory) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu hours", s * m);
    w->series = w->memory;
    w->field = w->series + s * m;
    w->x = w->field + m;
    w->rh = w->x + n;
    w->y = w->rh + n;
    w->days = w->y + n;
    w->out = w->days + n;
    w->room = w->out + n;
    for (size_t h = 0; h < n; h++) w->days[h] = (double)h / 24;
    for (size_t i = 0; i < s; i++) {
        method_hours_fill(&w->references, &w->reference, i, w->series + i * m);
    }
    if (!w->is_blind) return DOSI_OK;
    double spread = dosi_call_value(w->call, "spread")->real;
    size_t n_mixed = dosi_calibration_mixed_field(w->series, s, m, spread, w->field,
                                                  w->memory + s * m + m + 6 * n);
    if (w->call->report) {
        dosi_text_printf(w->call->report, "%zu of %zu hours are well mixed\n", n_mixed, m);
    }
    return DOSI_OK;
}

static dosi_status run_all(work *w, dosi_error *err) {
    DOSI_TRY(open_work(w, err));
    DOSI_TRY(method_open_output(w->call, 0, method_hours_count(&w->sensors), err));
    DOSI_TRY(method_open_output(w->call, 1, 0, err));
    for (size_t s = 0; s < w->sensors.stations.n; s++) {
        DOSI_TRY(dosi_run_check(w->call->run, err));
        DOSI_TRY(run_sensor(w, s, err));
    }
    if (w->call->report) {
        dosi_text_printf(w->call->report,
                         "%zu of %zu sensors calibrated; others have fewer than "
                         "%d hours with a reference\n",
                         w->n_fitted, w->sensors.stations.n, LEAST_HOURS);
    }
    return DOSI_OK;
}

static dosi_status run(const dosi_method_call *call, dosi_error *err) {
    work w = {.call = call,
              .form = dosi_call_value(call, "form")->text,
              .is_blind = strcmp(dosi_call_value(call, "mode")->text, "network") == 0,
              .has_drift = dosi_call_value(call, "drift")->boolean,
              .is_robust = dosi_call_value(call, "robust")->boolean};
    const char *value = dosi_call_value(call, "value")->text;
    int64_t reject = dosi_call_value(call, "reject")->integer;
    dosi_status status = method_hours_open(call->inputs[0], 0, &w.sensors, err);
    if (status == DOSI_OK) status = method_hours_open(call->inputs[1], 0, &w.references, err);
    if (status == DOSI_OK) {
        status = method_values_find(call->inputs[0], value, reject, &w.raw, err);
    }
    if (status == DOSI_OK) {
        status = method_values_find(call->inputs[0], "humidity_pct", 0, &w.humidity, err);
    }
    if (status == DOSI_OK) {
        status = method_values_find(call->inputs[1], value, reject, &w.reference, err);
    }
    if (status == DOSI_OK && (!w.raw.value || !w.reference.value)) {
        status = dosi_fail(err, DOSI_NOT_FOUND, "value: no column \"%.60s\" in %s", value,
                           w.raw.value ? "references" : "sensors");
    }
    if (status == DOSI_OK) status = run_all(&w, err);
    free(w.memory);
    method_hours_clear(&w.sensors);
    method_hours_clear(&w.references);
    return status;
}

const dosi_method dosi_method_air_calibrate = {
    .id = "air.calibrate",
    .version = 1,
    .title = {"저가 센서 보정", "Calibration of low-cost sensors"},
    .about =
        {"저가 센서를 같은 자리의 기준 측정소에, 또는 잘 섞인 시간의 기준망에 맞춰 보정합니다. "
         "선형, 습도를 넣은 선형, 흡습 성장(쾰러)식과 공표된 식(Barkjohn 2021, Nilson 2022)이 "
         "있고, 감도 변화를 함께 맞출 수 있습니다. 성적은 미국 EPA의 목표와 비교합니다.",
         "Calibrates low-cost sensors against the reference station that they hang at, or "
         "blind "
         "against the reference network's median in hours in which it is well mixed. Linear, "
         "linear with humidity, hygroscopic growth (kappa-Koehler), or published corrections "
         "(Barkjohn 2021, Nilson 2022), with a drift of the gain. Scores are those of the "
         "fitted "
         "hours and are compared with the EPA's targets; in network mode they are against the "
         "field of well-mixed hours. Negative results become 0."},
    .citation =
        "K. K. Barkjohn et al. (2021), Atmos. Meas. Tech. 14, 4617; B. Nilson et al. (2022), "
        "Atmos. Meas. Tech. 15, 3315; L. R. Crilley et al. (2018), Atmos. Meas. Tech. 11, "
        "709 (kappa-Koehler); R. Duvall et al. (2021), EPA/600/R-20/280 (targets)",
    .inputs = inputs,
    .n_inputs = sizeof inputs / sizeof inputs[0],
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof parameters[0],
    .outputs = outputs,
    .n_outputs = sizeof outputs / sizeof outputs[0],
    .run = run,
};
