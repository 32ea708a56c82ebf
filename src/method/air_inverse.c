// air.inverse: sources found from readings and wind: how many, where, how high, how strong.

#include "dosi/air.h"
#include "method/columns.h"
#include "method/inverse_air.h"
#include "method/words.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IN_OBSERVATIONS, IN_STATIONS, IN_WEATHER, IN_KNOWN };

/// Directions of the wind are learnt from sources found, and sources from directions, so often.
enum { LEARN_ROUNDS = 2 };

/// Low sources, heating and small roads, are those of so many squares by so many.
enum { LOW_SIDE = 6 };

static const dosi_method_column observation_columns[] = {
    {"station", DOSI_TYPE_TEXT, NULL, false, {"측정소", "Station"}},
    {"time", DOSI_TYPE_TIME, NULL, false, {"시각 (시간의 끝)", "Time, end of the hour"}},
    {"*",
     DOSI_TYPE_REAL,
     NULL,
     true,
     {"`value`의 열과 <값>_flag", "The column that `value` names, and <value>_flag"}},
};
static const dosi_method_column station_columns[] = {
    {"station", DOSI_TYPE_TEXT, NULL, false, {"측정소", "Station"}},
    {"*", DOSI_TYPE_GEOMETRY, NULL, true, {"위치", "A place"}},
};
static const dosi_method_column weather_columns[] = {
    {"time", DOSI_TYPE_TIME, NULL, false, {"시각 (시간의 끝)", "Time, end of the hour"}},
    {"wind_speed_ms", DOSI_TYPE_REAL, "m/s", false, {"풍속", "Wind speed"}},
    {"wind_direction_deg",
     DOSI_TYPE_REAL,
     "deg",
     false,
     {"풍향 (불어오는 쪽)", "Direction it comes from"}},
    {"temperature_c",
     DOSI_TYPE_REAL,
     "Cel",
     true,
     {"기온 (없으면 15)", "Air temperature; without it 15"}},
    {"radiation_wm2",
     DOSI_TYPE_REAL,
     "W/m2",
     true,
     {"일사 (없으면 보통 안정도)", "Global radiation; without it the class is D"}},
    {"cloud",
     DOSI_TYPE_REAL,
     NULL,
     true,
     {"운량 0~1 (없으면 0.5)", "Cloud cover 0..1; without it 0.5"}},
    {"mixing_m", DOSI_TYPE_REAL, "m", true, {"혼합고", "Mixing height"}},
};
static const dosi_method_column known_columns[] = {
    {"source", DOSI_TYPE_TEXT, NULL, false, {"배출원", "Source"}},
    {"height_m", DOSI_TYPE_REAL, "m", false, {"배출 높이", "Height of release"}},
    {"prior_gs",
     DOSI_TYPE_REAL,
     "g/s",
     true,
     {"짐작하는 배출량 (없으면 0)", "Emission that is expected; without it 0"}},
    {"prior_sd_gs", DOSI_TYPE_REAL, "g/s", true, {"그 표준오차", "Its standard error"}},
    {"*", DOSI_TYPE_GEOMETRY, NULL, true, {"위치", "A place"}},
};
static const dosi_method_table inputs[] = {
    {"observations", {"시간별 측정값", "Hourly observations"}, false, observation_columns, 3},
    {"stations", {"측정소 위치", "Places of the stations"}, false, station_columns, 2},
    {"weather", {"같은 시각의 기상", "Weather of the same hours"}, false, weather_columns, 7},
    {"known",
     {"자리를 아는 배출원 (있으면 세기만 찾음)",
      "Sources whose places are known: then only their strengths are looked for"},
     true,
     known_columns,
     5},
};

static const dosi_method_parameter parameters[] = {
    METHOD_TEXT("value", "so2_ppm", "오염물질 열", "Column of the pollutant"),
    METHOD_REAL("step_m", "m", "600", 50, 5000, "처음 훑는 간격", "Spacing of the first look"),
    METHOD_REAL("margin_m",
                "m",
                "1500",
                0,
                50000,
                "측정소 밖으로 찾을 거리",
                "How far outside the stations to look"),
    METHOD_REAL("height_min_m", "m", "20", 0, 500, "가장 낮은 배출 높이", "Lowest release"),
    METHOD_REAL("height_max_m", "m", "120", 1, 500, "가장 높은 배출 높이", "Highest release"),
    METHOD_INT(
        "max_sources", "16", 1, DOSI_INVERSE_SOURCES_MAX, "배출원 최대 수", "Most sources"),
    METHOD_REAL("diameter_m",
                "m",
                "2",
                0,
                20,
                "굴뚝 안지름으로 볼 값",
                "Inner diameter that a stack is taken to have"),
    METHOD_REAL("gas_ms", "m/s", "11", 0, 60, "배출 속도로 볼 값", "Speed of the gas likewise"),
    METHOD_REAL("gas_c",
                "Cel",
                "140",
                -20,
                1500,
                "배출 온도로 볼 값",
                "Temperature of the gas likewise"),
    METHOD_REAL("direction_deg",
                "deg",
                "10",
                0,
                45,
                "풍향 자료의 눈금",
                "Resolution of the wind direction"),
    METHOD_REAL("mixing_m",
                "m",
                "800",
                50,
                5000,
                "혼합고 자료가 없을 때 값",
                "Mixing height where the weather has none"),
    METHOD_REAL("model_error",
                "1",
                "0.1",
                0,
                1,
                "플룸 모형이 세기를 틀리게 할 몫 (구간에 더함)",
                "How far a plume that is not quite so makes strengths wrong: a share, one "
                "standard error, in the intervals"),
    METHOD_INT("max_readings",
               "40000",
               100,
               1000000,
               "쓸 측정값 최대 수 (시각을 건너뜀)",
               "Most readings to use; beyond it hours are skipped evenly"),
    METHOD_INT("reject",
               "1023",
               0,
               1023,
               "결측으로 볼 품질 플래그 비트",
               "Quality flag bits that count as missing"),
};

static const dosi_method_column source_columns[] = {
    {"source", DOSI_TYPE_TEXT, NULL, false, {"배출원", "Source"}},
    {"strength_gs", DOSI_TYPE_REAL, "g/s", false, {"배출량", "Emission"}},
    {"lower_gs",
     DOSI_TYPE_REAL,
     "g/s",
     false,
     {"95% 구간 아래 끝", "Lower end of the 95 % interval"}},
    {"upper_gs", DOSI_TYPE_REAL, "g/s", false, {"95% 구간 위 끝", "Upper end"}},
    {"height_m", DOSI_TYPE_REAL, "m", false, {"배출 높이", "Height of release"}},
    {"height_sd_m", DOSI_TYPE_REAL, "m", false, {"높이의 표준오차", "Its standard error"}},
    {"position_sd_m",
     DOSI_TYPE_REAL,
     "m",
     false,
     {"위치의 표준오차", "Standard error of the place"}},
    {"evidence",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"이 배출원이 없으면 늘어나는 BIC", "How much BIC rises without it"}},
    {"averaging",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"측정이 정한 몫 (1), 짐작이 정한 몫 (0)", "1: readings decide; 0: the prior does"}},
    {"geometry", DOSI_TYPE_GEOMETRY, NULL, false, {"위치", "Place"}},
};
static const dosi_method_column contribution_columns[] = {
    {"station", DOSI_TYPE_TEXT, NULL, false, {"측정소", "Station"}},
    {"source",
     DOSI_TYPE_TEXT,
     NULL,
     false,
     {"배출원 (나머지: 그 밖)", "Source; rest: all else"}},
    {"mean",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"평균 기여 (값의 단위)", "Mean contribution, unit of the value"}},
    {"share",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"측정소 평균에 대한 몫", "Share of the station's mean"}},
};
static const dosi_method_column summary_columns[] = {
    {"n_readings", DOSI_TYPE_INT, NULL, false, {"쓴 측정값 수", "Readings used"}},
    {"n_hours", DOSI_TYPE_INT, NULL, false, {"시각 수", "Hours"}},
    {"n_stations", DOSI_TYPE_INT, NULL, false, {"측정소 수", "Stations"}},
    {"n_sources", DOSI_TYPE_INT, NULL, false, {"배출원 수", "Sources"}},
    {"noise",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"모형이 남긴 표준편차 (값의 단위)",
      "Standard deviation about the model, unit of the value"}},
    {"explained",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"배출원이 설명하는 분산의 몫 (도시 전체의 변화를 뺀 뒤)",
      "Share of variance that sources explain, after what the whole city has in common"}},
    {"freedom",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"측정이 정하는 자유도", "Degrees of freedom that readings decide"}},
};
static const dosi_method_table outputs[] = {
    {"sources", {"찾은 배출원", "Sources found"}, false, source_columns, 10},
    {"contributions",
     {"측정소별 기여", "Contributions at the stations"},
     false,
     contribution_columns,
     4},
    {"summary", {"요약", "Summary"}, false, summary_columns, 7},
};

/// Everything a run holds.
typedef struct work {
    const dosi_method_call *call;
    const dosi_table *observations, *stations, *known;
    double ug_per_unit; ///< ug/m3 of one unit of the value.
    double *x, *y;      ///< (stations)
    inverse_air air;    ///< Weather and the plume; reads what follows and the places.
    double *value;      ///< (n) in ug/m3
    uint32_t *of_time, *of_sensor; ///< (n)
    double *low;                   ///< What low sources give at the readings.
    dosi_inverse_problem problem;
} work;

static void work_clear(work *w) {
    free(w->x);
    free(w->y);
    inverse_air_clear(&w->air);
    free(w->value);
    free(w->of_time);
    free(w->of_sensor);
    free(w->low);
}

/// ug/m3 of one unit of the value.
static dosi_status take_unit(work *w, dosi_error *err) {
    const char *value = dosi_call_value(w->call, "value")->text;
    if (dosi_pollutant_from_name(value) == DOSI_AIR_O3) {
        return dosi_fail(err, DOSI_INVALID, "ozone has no sources: it is made in the air");
    }
    return method_ugm3_per_unit(value, &w->ug_per_unit, err);
}

// --- readings ----------------------------------------------------------------------------

/// The station of each row of the observations; UINT32_MAX: its place is not known.
static dosi_status match_stations(const work *w, uint32_t *out, dosi_error *err) {
    const dosi_column *mine = NULL;
    const dosi_column *theirs = NULL;
    DOSI_TRY(dosi_table_get(w->observations, "station", DOSI_TYPE_TEXT, &mine, err));
    DOSI_TRY(dosi_table_get(w->stations, "station", DOSI_TYPE_TEXT, &theirs, err));
    uint32_t last = 0;
    assert(out && w->x && w->y);
    for (size_t i = 0; i < w->observations->n_rows; i++) {
        size_t n_bytes = 0;
        const char *name = dosi_column_bytes(mine, i, &n_bytes);
        out[i] = UINT32_MAX;
        // Rows of a station mostly follow each other.
        for (size_t k = 0; name && k < w->stations->n_rows; k++) {
            uint32_t s = (uint32_t)((last + k) % w->stations->n_rows);
            size_t n_other = 0;
            const char *other = dosi_column_bytes(theirs, s, &n_other);
            if (!other || n_other != n_bytes || memcmp(name, other, n_bytes) != 0) continue;
            if (isfinite(w->x[s]) && isfinite(w->y[s])) out[i] = s;
            last = s;
            break;
        }
    }
    return DOSI_OK;
}

/// Puts readings in the order of time, those of an hour as they stood: what the weather makes
/// of a plume is then worked out once an hour.
static dosi_status sort_by_time(work *w, size_t n, dosi_error *err) {
    size_t *place = calloc(w->air.n_hours + 2, sizeof *place);
    double *value = malloc((n + 1) * sizeof *value);
    uint32_t *of_time = malloc((n + 1) * sizeof *of_time);
    uint32_t *of_sensor = malloc((n + 1) * sizeof *of_sensor);
    if (!place || !value || !of_time || !of_sensor) {
        free(place);
        free(value);
        free(of_time);
        free(of_sensor);
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for readings");
    }
    for (size_t i = 0; i < n; i++) place[w->of_time[i] + 1]++;
    for (size_t t = 0; t < w->air.n_hours; t++) place[t + 1] += place[t];
    for (size_t i = 0; i < n; i++) {
        size_t at = place[w->of_time[i]]++;
        value[at] = w->value[i];
        of_time[at] = w->of_time[i];
        of_sensor[at] = w->of_sensor[i];
    }
    free(place);
    free(w->value);
    free(w->of_time);
    free(w->of_sensor);
    w->value = value;
    w->of_time = of_time;
    w->of_sensor = of_sensor;
    return DOSI_OK;
}

/// What low sources give, which nobody asks for here; without it the sources found stand for
/// them, too, and are too strong.
static dosi_status add_low_sources(work *w, dosi_error *err) {
    const size_t n = LOW_SIDE;
    double box[] = {INFINITY, -INFINITY, INFINITY, -INFINITY};
    for (size_t i = 0; i < w->problem.n; i++) {
        uint32_t s = w->of_sensor[i];
        box[0] = fmin(box[0], w->x[s]);
        box[1] = fmax(box[1], w->x[s]);
        box[2] = fmin(box[2], w->y[s]);
        box[3] = fmax(box[3], w->y[s]);
    }
    w->low = malloc((n * n * w->problem.n + 1) * sizeof *w->low);
    if (!w->low) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for low sources");
    inverse_air_low(&w->air, box, n, w->low);
    w->problem.n_shared = n * n;
    w->problem.shared = w->low;
    return DOSI_OK;
}

static dosi_status read_values(work *w, const uint32_t *station, dosi_error *err) {
    method_values values;
    const dosi_column *time = NULL;
    const char *name = dosi_call_value(w->call, "value")->text;
    size_t n = w->observations->n_rows;
    DOSI_TRY(dosi_table_get(w->observations, "time", DOSI_TYPE_TIME, &time, err));
    DOSI_TRY(method_values_find(w->observations, name,
                                dosi_call_value(w->call, "reject")->integer, &values, err));
    w->value = malloc((n + 1) * sizeof *w->value);
    w->of_time = malloc((n + 1) * sizeof *w->of_time);
    w->of_sensor = malloc((n + 1) * sizeof *w->of_sensor);
    if (!w->value || !w->of_time || !w->of_sensor) {
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for readings");
    }
    size_t most = (size_t)dosi_call_value(w->call, "max_readings")->integer;
    size_t stride = (n + most - 1) / most;
    size_t n_kept = 0;
    for (size_t i = 0; i < n; i++) {
        double value = method_value(&values, i);
        size_t hour = inverse_air_find_hour(&w->air, time->data.integer[i]);
        bool is_used = isfinite(value) && station[i] != UINT32_MAX && hour != SIZE_MAX &&
                       hour % stride == 0;
        if (!is_used) continue;
        w->value[n_kept] = value * w->ug_per_unit;
        w->of_time[n_kept] = (uint32_t)hour;
        w->of_sensor[n_kept++] = station[i];
    }
    DOSI_TRY(sort_by_time(w, n_kept, err));
    w->problem = (dosi_inverse_problem){.n = n_kept,
                                        .y = w->value,
                                        .time = w->of_time,
                                        .sensor = w->of_sensor,
                                        .n_times = w->air.n_hours,
                                        .n_sensors = w->stations->n_rows,
                                        .course = w->air.course,
                                        .forward = inverse_air_forward,
                                        .context = &w->air};
    w->air.readings = &w->problem;
    DOSI_TRY(add_low_sources(w, err));
    if (n_kept >= 100) return DOSI_OK;
    return dosi_fail(err, DOSI_NOT_FOUND,
                     "only %zu readings of %.40s have a place and wind; 100 are needed", n_kept,
                     name);
}

static dosi_status open_work(const dosi_method_call *call, work *w, dosi_error *err) {
    w->call = call;
    w->observations = call->inputs[IN_OBSERVATIONS];
    w->stations = call->inputs[IN_STATIONS];
    w->known = call->inputs[IN_KNOWN];
    w->air = (inverse_air){.threads = dosi_run_threads(call->run),
                           .direction_deg = dosi_call_value(call, "direction_deg")->real,
                           .mixing_m = dosi_call_value(call, "mixing_m")->real,
                           .diameter_m = dosi_call_value(call, "diameter_m")->real,
                           .gas_ms = dosi_call_value(call, "gas_ms")->real,
                           .gas_k = dosi_call_value(call, "gas_c")->real + 273.15};
    DOSI_TRY(take_unit(w, err));
    w->x = calloc(w->stations->n_rows + 1, sizeof *w->x);
    w->y = calloc(w->stations->n_rows + 1, sizeof *w->y);
    w->air.x = w->x;
    w->air.y = w->y;
    uint32_t *station = malloc((w->observations->n_rows + 1) * sizeof *station);
    dosi_status status = w->x && w->y && station
                             ? method_places(w->stations, "stations", w->x, w->y, err)
                             : dosi_fail(err, DOSI_NO_MEMORY, "no memory for stations");
    if (status == DOSI_OK) {
        status = inverse_air_read(&w->air, call->inputs[IN_WEATHER], err);
    }
    if (status == DOSI_OK) status = match_stations(w, station, err);
    if (status == DOSI_OK) status = read_values(w, station, err);
    free(station);
    return status;
}

// --- sources -----------------------------------------------------------------------------

/// A source as it goes into the outputs.
typedef struct found {
    char name[64];
    dosi_inverse_source source;
    double averaging;
} found;

/// Standard error of a strength: of noise, and of the plume's own error.
static double strength_sd(const work *w, const dosi_inverse_source *s) {
    return hypot(s->strength_sd, dosi_call_value(w->call, "model_error")->real * s->strength);
}

static dosi_inverse_search make_search(const work *w) {
    dosi_inverse_search s = {.x_min_m = INFINITY,
                             .x_max_m = -INFINITY,
                             .y_min_m = INFINITY,
                             .y_max_m = -INFINITY,
                             .n_heights = 3};
    double margin = dosi_call_value(w->call, "margin_m")->real;
    for (size_t i = 0; i < w->stations->n_rows; i++) {
        if (!isfinite(w->x[i]) || !isfinite(w->y[i])) continue;
        s.x_min_m = fmin(s.x_min_m, w->x[i] - margin);
        s.x_max_m = fmax(s.x_max_m, w->x[i] + margin);
        s.y_min_m = fmin(s.y_min_m, w->y[i] - margin);
        s.y_max_m = fmax(s.y_max_m, w->y[i] + margin);
    }
    s.step_m = dosi_call_value(w->call, "step_m")->real;
    s.height_min_m = dosi_call_value(w->call, "height_min_m")->real;
    s.height_max_m = fmax(s.height_min_m, dosi_call_value(w->call, "height_max_m")->real);
    s.rise_min = 0.25;
    s.rise_max = 4.0;
    s.height_sd_m = 0.25 * (s.height_max_m - s.height_min_m);
    s.rise_log_sd = 0.4;
    s.max_sources = (size_t)dosi_call_value(w->call, "max_sources")->integer;
    return s;
}

/// Looks for sources anywhere.
static dosi_status find_sources(
    work *w, found *out, size_t *n_found, double *noise_explained, dosi_error *err) {
    dosi_inverse_search search = make_search(w);
    dosi_inverse_result *result = malloc(sizeof *result);
    if (!result) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for sources");
    dosi_status status = dosi_inverse_find(&w->problem, &search, w->call->run, result, err);
    for (int round = 0; round < LEARN_ROUNDS && status == DOSI_OK; round++) {
        dosi_place place[DOSI_INVERSE_SOURCES_MAX];
        double strength[DOSI_INVERSE_SOURCES_MAX];
        for (size_t j = 0; j < result->n_sources; j++) {
            place[j] = result->sources[j].place;
            strength[j] = result->sources[j].strength;
        }
        inverse_plumes plumes = {result->n_sources, place, strength, result->noise_sd};
        status = inverse_air_learn(&w->air, &plumes, err);
        if (status != DOSI_OK) break;
        search.start = result;
        status = dosi_inverse_find(&w->problem, &search, w->call->run, result, err);
    }
    for (size_t j = 0; status == DOSI_OK && j < result->n_sources; j++) {
        (void)snprintf(out[j].name, sizeof out[j].name, "%zu", j + 1);
        out[j].source = result->sources[j];
        out[j].averaging = 1.0;
    }
    if (status == DOSI_OK) {
        *n_found = result->n_sources;
        noise_explained[0] = result->noise_sd;
        noise_explained[1] = result->explained;
    }
    free(result);
    return status;
}

/// Weighs sources whose places are known.
static dosi_status weigh_sources(
    work *w, found *out, size_t *n_found, double *noise_explained, dosi_error *err) {
    size_t n = w->known->n_rows;
    if (n == 0 || n > DOSI_INVERSE_SOURCES_MAX) {
        return dosi_fail(err, DOSI_LIMIT, "1 to %d known sources, not %zu",
                         DOSI_INVERSE_SOURCES_MAX, n);
    }
    const dosi_column *name = NULL;
    dosi_inverse_known known[DOSI_INVERSE_SOURCES_MAX];
    double x[DOSI_INVERSE_SOURCES_MAX];
    double y[DOSI_INVERSE_SOURCES_MAX];
    DOSI_TRY(dosi_table_get(w->known, "source", DOSI_TYPE_TEXT, &name, err));
    DOSI_TRY(method_places(w->known, "known", x, y, err));
    for (size_t j = 0; j < n; j++) {
        double prior = inverse_value_or(w->known, "prior_gs", j, 0.0);
        memset(&known[j], 0, sizeof known[j]);
        known[j].place =
            (dosi_place){x[j], y[j], inverse_value_or(w->known, "height_m", j, 50.0), 1.0};
        known[j].prior = prior;
        known[j].prior_sd = inverse_value_or(w->known, "prior_sd_gs", j, 1e3 + 10.0 * prior);
    }
    for (int round = 0; round <= LEARN_ROUNDS; round++) {
        dosi_place place[DOSI_INVERSE_SOURCES_MAX];
        double strength[DOSI_INVERSE_SOURCES_MAX];
        DOSI_TRY(dosi_inverse_strengths(&w->problem, known, n, w->call->run,
                                        &noise_explained[0], err));
        if (round == LEARN_ROUNDS) break;
        for (size_t j = 0; j < n; j++) {
            place[j] = known[j].place;
            strength[j] = known[j].strength;
        }
        inverse_plumes plumes = {n, place, strength, noise_explained[0]};
        DOSI_TRY(inverse_air_learn(&w->air, &plumes, err));
    }
    for (size_t j = 0; j < n; j++) {
        size_t n_bytes = 0;
        const char *text = dosi_column_bytes(name, j, &n_bytes);
        (void)snprintf(out[j].name, sizeof out[j].name, "%.*s", text ? (int)n_bytes : 0,
                       text ? text : "");
        out[j].source = (dosi_inverse_source){.place = known[j].place,
                                              .strength = known[j].strength,
                                              .strength_sd = known[j].sd,
                                              .bic_gain = (double)NAN};
        out[j].averaging = known[j].averaging;
    }
    *n_found = n;
    noise_explained[1] = (double)NAN;
    return DOSI_OK;
}

// --- outputs -----------------------------------------------------------------------------

static dosi_status put_sources(const work *w, const found *f, size_t n, dosi_error *err) {
    dosi_table *out = &w->call->outputs[0];
    dosi_projection *back = NULL;
    DOSI_TRY(method_open_output(w->call, 0, n, err));
    out->columns[9].srid = DOSI_SRID_LONLAT;
    DOSI_TRY(dosi_projection_create(DOSI_SRID_KOREA, DOSI_SRID_LONLAT, &back, err));
    dosi_status status = DOSI_OK;
    for (size_t j = 0; j < n && status == DOSI_OK; j++) {
        const dosi_inverse_source *s = &f[j].source;
        double sd = strength_sd(w, s);
        const double numbers[] = {s->strength,
                                  fmax(0.0, s->strength - 1.96 * sd),
                                  s->strength + 1.96 * sd,
                                  s->place.height_m,
                                  s->height_sd_m,
                                  hypot(s->x_sd_m, s->y_sd_m),
                                  s->bic_gain,
                                  f[j].averaging};
        double x = s->place.x_m;
        double y = s->place.y_m;
        dosi_text wkb = {0};
        (void)dosi_projection_apply(back, &x, &y, 1, false);
        dosi_wkb_put_point(&wkb, x, y);
        for (size_t c = 0; c < 8; c++) out->columns[1 + c].data.real[j] = numbers[c];
        status = dosi_table_set_text(out, 0, j, f[j].name);
        if (status == DOSI_OK) status = dosi_table_set_bytes(out, 9, j, wkb.data, wkb.length);
        dosi_text_destroy(&wkb);
    }
    dosi_projection_destroy(back);
    return status;
}

/// Means at the stations: sources, readings and how many they are, each (n_stations).
typedef struct means {
    double *of; ///< ((n + 2) x n_stations)
    size_t n_sources, n_stations;
} means;

/// Adds up each source's plume at each station, over the readings used.
static dosi_status add_plumes(const work *w, const found *f, means *m, dosi_error *err) {
    const dosi_inverse_problem *p = &w->problem;
    double *plume = malloc((p->n + 1) * sizeof *plume);
    uint32_t *row = malloc((p->n + 1) * sizeof *row);
    if (!plume || !row) {
        free(plume);
        free(row);
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for means");
    }
    double *whole = m->of + m->n_sources * m->n_stations;
    for (size_t i = 0; i < p->n; i++) {
        row[i] = (uint32_t)i;
        whole[p->sensor[i]] += p->y[i];
        whole[m->n_stations + p->sensor[i]] += 1.0;
    }
    for (size_t j = 0; j < m->n_sources; j++) {
        double *mine = m->of + j * m->n_stations;
        inverse_air_forward(&w->air, &f[j].source.place, row, p->n, plume);
        for (size_t i = 0; i < p->n; i++) {
            mine[p->sensor[i]] += f[j].source.strength * plume[i];
        }
    }
    free(plume);
    free(row);
    return DOSI_OK;
}

/// The rows of one station: each source, and the rest.
static dosi_status put_station(
    const work *w, const found *f, const means *m, size_t station, dosi_error *err) {
    dosi_table *out = &w->call->outputs[1];
    const dosi_column *name = NULL;
    size_t n = m->n_sources;
    double count = m->of[(n + 1) * m->n_stations + station];
    if (count == 0) return DOSI_OK;
    DOSI_TRY(dosi_table_get(w->stations, "station", DOSI_TYPE_TEXT, &name, err));
    double whole = m->of[n * m->n_stations + station] / count;
    double rest = whole;
    size_t at = out->n_rows;
    DOSI_TRY(dosi_table_add_rows(out, n + 1, err));
    for (size_t j = 0; j <= n; j++) {
        double mean = j < n ? m->of[j * m->n_stations + station] / count : rest;
        rest -= j < n ? mean : 0.0;
        out->columns[2].data.real[at + j] = mean / w->ug_per_unit;
        out->columns[3].data.real[at + j] = whole > 0 ? mean / whole : (double)NAN;
        DOSI_TRY(method_copy_cell(name, station, out, 0, at + j));
        DOSI_TRY(dosi_table_set_text(out, 1, at + j, j < n ? f[j].name : "rest"));
    }
    return DOSI_OK;
}

static dosi_status put_contributions(const work *w, const found *f, size_t n, dosi_error *err) {
    means m = {.n_sources = n, .n_stations = w->stations->n_rows};
    m.of = calloc((n + 2) * w->stations->n_rows + 1, sizeof *m.of);
    if (!m.of) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for means");
    dosi_status status = add_plumes(w, f, &m, err);
    if (status == DOSI_OK) status = method_open_output(w->call, 1, 0, err);
    for (size_t s = 0; status == DOSI_OK && s < w->stations->n_rows; s++) {
        status = put_station(w, f, &m, s, err);
    }
    free(m.of);
    return status;
}

static dosi_status put_summary(
    const work *w, const found *f, size_t n, const double *noise_explained, dosi_error *err) {
    dosi_table *out = &w->call->outputs[2];
    size_t n_hours = 0;
    size_t n_stations = 0;
    double freedom = 0.0;
    uint8_t *seen = calloc(w->air.n_hours + w->stations->n_rows + 1, 1);
    if (!seen) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for a summary");
    for (size_t i = 0; i < w->problem.n; i++) {
        uint8_t *hour = &seen[w->of_time[i]];
        uint8_t *station = &seen[w->air.n_hours + w->of_sensor[i]];
        n_hours += !*hour;
        n_stations += !*station;
        *hour = *station = 1;
    }
    free(seen);
    for (size_t j = 0; j < n; j++) freedom += f[j].averaging;
    DOSI_TRY(method_open_output(w->call, 2, 1, err));
    out->columns[0].data.integer[0] = (int64_t)w->problem.n;
    out->columns[1].data.integer[0] = (int64_t)n_hours;
    out->columns[2].data.integer[0] = (int64_t)n_stations;
    out->columns[3].data.integer[0] = (int64_t)n;
    out->columns[4].data.real[0] = noise_explained[0] / w->ug_per_unit;
    out->columns[5].data.real[0] = noise_explained[1];
    out->columns[6].data.real[0] = freedom;
    dosi_text_printf(w->call->report,
                     "%zu sources from %zu readings of %zu stations at %zu hours\n", n,
                     w->problem.n, n_stations, n_hours);
    for (size_t j = 0; j < n; j++) {
        const dosi_inverse_source *s = &f[j].source;
        double sd = strength_sd(w, s);
        dosi_text_printf(
            w->call->report, "%s: %.3g g/s (95 %% %.3g to %.3g), %.0f m high, at %.0f %.0f\n",
            f[j].name, s->strength, fmax(0.0, s->strength - 1.96 * sd), s->strength + 1.96 * sd,
            s->place.height_m, s->place.x_m, s->place.y_m);
    }
    return DOSI_OK;
}

static dosi_status run(const dosi_method_call *call, dosi_error *err) {
    work w;
    memset(&w, 0, sizeof w);
    found *f = calloc(DOSI_INVERSE_SOURCES_MAX, sizeof *f);
    if (!f) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for sources");
    size_t n = 0;
    double noise_explained[2] = {0, 0};
    dosi_status status = open_work(call, &w, err);
    if (status == DOSI_OK) {
        status = w.known ? weigh_sources(&w, f, &n, noise_explained, err)
                         : find_sources(&w, f, &n, noise_explained, err);
    }
    if (status == DOSI_OK) status = put_sources(&w, f, n, err);
    if (status == DOSI_OK) status = put_contributions(&w, f, n, err);
    if (status == DOSI_OK) status = put_summary(&w, f, n, noise_explained, err);
    work_clear(&w);
    free(f);
    return status;
}

const dosi_method dosi_method_air_inverse = {
    .id = "air.inverse",
    .version = 5,
    .title = {"배출원 찾기", "Find sources"},
    .about =
        {"측정값과 바람에서 굴뚝 같은 점 배출원의 수, 위치, 높이, 세기를 거꾸로 찾습니다. "
         "도시 전체가 함께 오르내리는 몫, 측정소마다의 치우침, 도시에 퍼진 낮은 배출원(난방, "
         "작은 길)의 몫을 빼고, 남은 차이를 플룸으로 설명합니다. 세기의 구간에는 잡음과 "
         "플룸 모형의 오차(model_error)가 들어 있습니다. 자리를 아는 배출원을 주면 세기만, "
         "짐작과 함께 찾습니다.",
         "Works back from readings and wind to point sources such as stacks: how many, "
         "where, how high and how strong. What the whole city has in common in an hour, "
         "what is each station's own, and what low sources all over the city give (heating, "
         "small roads) is taken out; plumes explain the rest. Within what "
         "rounding hides of the wind's direction, the readings say which way it blew. "
         "Intervals of "
         "strengths are of noise and of what the plume itself may be wrong by (model_error). "
         "With sources of known "
         "places only their strengths are looked for, with what was thought of them "
         "before."},
    .citation =
        "C. Rodgers (2000), Inverse Methods for Atmospheric Sounding; EPA-454/B-95-003b "
        "(ISC3) for the plume; G. Schwarz (1978), Ann. Stat. 6, 461-464",
    .inputs = inputs,
    .n_inputs = 4,
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof parameters[0],
    .outputs = outputs,
    .n_outputs = 3,
    .run = run,
};
