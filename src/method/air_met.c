// air.met: what a weather station measures -> the meteorology that dispersion needs.

#include "dosi/met.h"
#include "method/columns.h"
#include "method/words.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { HELD_HOURS = 6, MAX_HOURS = 2000000, N_QUANTITIES = 8, FIRST_REAL = 2, N_REALS = 13 };

static const dosi_method_column weather_columns[] = {
    {"station", DOSI_TYPE_TEXT, NULL, true, {"관측소", "Weather station"}},
    {"time", DOSI_TYPE_TIME, NULL, false, {"시각(시간의 끝)", "Time, end of the hour"}},
    {"wind_speed_ms", DOSI_TYPE_REAL, "m/s", false, {"풍속", "Wind speed"}},
    {"wind_direction_deg",
     DOSI_TYPE_REAL,
     "deg",
     true,
     {"풍향(불어오는 쪽)", "Direction the wind comes from"}},
    {"temperature_c", DOSI_TYPE_REAL, "Cel", false, {"기온", "Air temperature"}},
    {"*",
     DOSI_TYPE_REAL,
     NULL,
     true,
     {"구름 cloud(0~1) 또는 cloud_tenths, 일사 radiation_wm2 또는 radiation_mjm2, 기압 "
      "pressure_hpa, 강수 rain_mm, 습도 humidity_pct",
      "cloud (0..1) or cloud_tenths; radiation_wm2 or radiation_mjm2; pressure_hpa; and for "
      "deposition rain_mm and humidity_pct"}},
};
static const dosi_method_table inputs[] = {
    {"weather",
     {"시간별 기상", "Hourly weather"},
     false,
     weather_columns,
     sizeof weather_columns / sizeof weather_columns[0]},
};

static const dosi_method_parameter parameters[] = {
    METHOD_REAL("latitude", "deg", "37.57", -90, 90, "위도", "Latitude"),
    METHOD_REAL("longitude", "deg", "126.97", -180, 180, "경도", "Longitude"),
    METHOD_REAL("zone_h", "h", "9", -12, 14, "협정세계시와의 시차", "Hours ahead of UTC"),
    METHOD_REAL("roughness_m", "m", "0.8", 0.001, 5, "지표 거칠기", "Roughness length"),
    METHOD_REAL("displacement_m", "m", "0", 0, 100, "영점 변위", "Displacement height"),
    METHOD_REAL("anemometer_m", "m", "10", 2, 500, "풍속계 높이", "Height of the anemometer"),
    METHOD_REAL("albedo", NULL, "0.15", 0, 1, "반사율", "Albedo"),
    METHOD_REAL("moisture",
                NULL,
                "0.5",
                0,
                1.5,
                "수분(1 젖은 땅, 0.3~0.5 도시)",
                "Moisture: 1 wet ground, 0.3 to 0.5 a city"),
    METHOD_REAL("lapse_km",
                "K/m",
                "0.005",
                0.0005,
                0.1,
                "혼합층 위 온위 기울기",
                "Potential temperature gradient above the mixed layer"),
};

static const dosi_method_column met_columns[] = {
    {"station", DOSI_TYPE_TEXT, NULL, false, {"관측소", "Weather station"}},
    {"time", DOSI_TYPE_TIME, NULL, false, {"시각(시간의 끝)", "Time, end of the hour"}},
    {"wind_speed_ms", DOSI_TYPE_REAL, "m/s", false, {"풍속", "Wind speed"}},
    {"wind_direction_deg", DOSI_TYPE_REAL, "deg", false, {"풍향", "Wind direction"}},
    {"temperature_c", DOSI_TYPE_REAL, "Cel", false, {"기온", "Air temperature"}},
    {"sun_deg", DOSI_TYPE_REAL, "deg", false, {"태양 고도", "Height of the sun"}},
    {"radiation_wm2", DOSI_TYPE_REAL, "W/m2", false, {"일사", "Global radiation"}},
    {"net_radiation_wm2", DOSI_TYPE_REAL, "W/m2", false, {"순복사", "Net radiation"}},
    {"heat_flux_wm2", DOSI_TYPE_REAL, "W/m2", false, {"현열", "Sensible heat flux, upwards"}},
    {"friction_velocity_ms",
     DOSI_TYPE_REAL,
     "m/s",
     false,
     {"마찰속도 u*", "Friction velocity"}},
    {"mo_length_m",
     DOSI_TYPE_REAL,
     "m",
     false,
     {"모닌-오부코프 길이(음수: 불안정)", "Monin-Obukhov length, negative when unstable"}},
    {"convective_velocity_ms",
     DOSI_TYPE_REAL,
     "m/s",
     false,
     {"대류속도 w*", "Convective velocity; 0 when stable"}},
    {"mechanical_height_m",
     DOSI_TYPE_REAL,
     "m",
     false,
     {"역학적 혼합고", "Mechanical mixing height"}},
    {"convective_height_m",
     DOSI_TYPE_REAL,
     "m",
     false,
     {"대류 혼합고", "Convective mixing height; 0 when stable"}},
    {"mixing_height_m", DOSI_TYPE_REAL, "m", false, {"혼합고", "Mixing height, the larger"}},
    {"stability", DOSI_TYPE_TEXT, NULL, false, {"파스퀼 등급 A~F", "Pasquill class, A to F"}},
    METHOD_COLUMN("rain_mm", REAL, "mm", false, "강수 (자료에 있으면)", "Rain, as it was"),
    METHOD_COLUMN(
        "humidity_pct", REAL, "%", false, "습도 (자료에 있으면)", "Humidity, as it was"),
    METHOD_COLUMN(
        "pressure_hpa", REAL, "hPa", false, "기압 (자료에 있으면)", "Pressure, as it was"),
};
static const dosi_method_table outputs[] = {
    {"met",
     {"확산용 기상", "Meteorology for dispersion"},
     false,
     met_columns,
     sizeof met_columns / sizeof met_columns[0]},
};

/// What is read of the weather.
typedef enum quantity {
    WIND,
    DIRECTION,
    TEMPERATURE,
    CLOUD,
    RADIATION,
    PRESSURE,
    RAIN,
    HUMIDITY
} quantity;

/// A quantity's column, and what its numbers are multiplied with.
typedef struct source {
    method_values values;
    double scale;
} source;

/// Finds the columns; those of a quantity in the order they are preferred.
static dosi_status find_sources(const dosi_table *weather, source *out, dosi_error *err) {
    static const struct {
        quantity what;
        const char *name;
        double scale;
    } names[] = {{WIND, "wind_speed_ms", 1},
                 {DIRECTION, "wind_direction_deg", 1},
                 {TEMPERATURE, "temperature_c", 1},
                 {CLOUD, "cloud_tenths", 0.1},
                 {CLOUD, "cloud", 1},
                 {RADIATION, "radiation_mjm2", 1e6 / 3600},
                 {RADIATION, "radiation_wm2", 1},
                 {PRESSURE, "pressure_hpa", 1},
                 {RAIN, "rain_mm", 1},
                 {HUMIDITY, "humidity_pct", 1}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (dosi_table_find(weather, names[i].name) == SIZE_MAX) continue;
        DOSI_TRY(
            method_values_find(weather, names[i].name, 0, &out[names[i].what].values, err));
        out[names[i].what].scale = names[i].scale;
    }
    if (!out[CLOUD].values.value) {
        return dosi_fail(err, DOSI_NOT_FOUND, "weather: no column cloud or cloud_tenths");
    }
    return DOSI_OK;
}

/// The hours of one station, laid out without gaps.
typedef struct station_hours {
    size_t n;
    dosi_time first;
    size_t *row;              ///< (n) SIZE_MAX: none.
    double *of[N_QUANTITIES]; ///< (n) each
    dosi_met_hour *hours;     ///< (n)
    size_t n_held;            ///< Hours whose cloud is that of an earlier one.
} station_hours;

static void free_hours(station_hours *s) {
    free(s->row);
    for (size_t q = 0; q < N_QUANTITIES; q++) free(s->of[q]);
    free(s->hours);
}

/// Finds the span of a station's hours and reserves room for them.
static dosi_status open_hours(const method_keys *keys,
                              uint32_t key,
                              const dosi_column *time,
                              size_t n_rows,
                              station_hours *s,
                              dosi_error *err) {
    dosi_time first = INT64_MAX;
    dosi_time last = INT64_MIN;
    for (size_t i = 0; i < n_rows; i++) {
        dosi_time t = time->data.integer[i];
        if (keys->of_row[i] != key || t == DOSI_TIME_MISSING || t % DOSI_HOUR_US) continue;
        first = t < first ? t : first;
        last = t > last ? t : last;
    }
    *s = (station_hours){.first = first};
    if (last < first) return DOSI_OK;
    s->n = (size_t)((last - first) / DOSI_HOUR_US) + 1;
    if (s->n > MAX_HOURS) {
        return dosi_fail(err, DOSI_LIMIT, "weather: %zu hours are more than %d", s->n,
                         MAX_HOURS);
    }
    s->row = malloc(s->n * sizeof *s->row);
    s->hours = calloc(s->n, sizeof *s->hours);
    bool is_whole = s->row && s->hours;
    for (size_t q = 0; q < N_QUANTITIES; q++) {
        s->of[q] = malloc(s->n * sizeof *s->of[q]);
        is_whole = is_whole && s->of[q];
    }
    return is_whole ? DOSI_OK : dosi_fail(err, DOSI_NO_MEMORY, "no memory for the hours");
}

/// Puts a station's rows at their hours; a missing cloud is held from before for some hours.
static void lay_out(const method_keys *keys,
                    uint32_t key,
                    const dosi_column *time,
                    size_t n_rows,
                    const source *sources,
                    station_hours *s) {
    for (size_t h = 0; h < s->n; h++) {
        s->row[h] = SIZE_MAX;
        for (size_t q = 0; q < N_QUANTITIES; q++) s->of[q][h] = (double)NAN;
    }
    for (size_t i = 0; i < n_rows; i++) {
        dosi_time t = time->data.integer[i];
        if (keys->of_row[i] != key || t == DOSI_TIME_MISSING || t % DOSI_HOUR_US) continue;
        size_t h = (size_t)((t - s->first) / DOSI_HOUR_US);
        s->row[h] = i;
        for (size_t q = 0; q < N_QUANTITIES; q++) {
            if (!sources[q].values.value) continue;
            s->of[q][h] = method_value(&sources[q].values, i) * sources[q].scale;
        }
    }
    size_t age = HELD_HOURS;
    for (size_t h = 0; h < s->n; h++) {
        if (!isnan(s->of[CLOUD][h])) {
            s->of[CLOUD][h] = fmin(fmax(s->of[CLOUD][h], 0.0), 1.0);
            age = 0;
        } else if (age < HELD_HOURS && h > 0) {
            s->of[CLOUD][h] = s->of[CLOUD][h - 1];
            s->n_held++;
            age++;
        }
    }
}

/// Appends the rows of a station.
static dosi_status put_rows(const station_hours *s,
                            const dosi_column *station,
                            dosi_table *out,
                            dosi_error *err) {
    for (size_t h = 0; h < s->n; h++) {
        if (s->row[h] == SIZE_MAX) continue;
        const dosi_met_hour *m = &s->hours[h];
        size_t row = out->n_rows;
        DOSI_TRY(dosi_table_add_rows(out, 1, err));
        if (station) DOSI_TRY(method_copy_cell(station, s->row[h], out, 0, row));
        out->columns[1].data.integer[row] = s->first + (int64_t)h * DOSI_HOUR_US;
        const double reals[N_REALS] = {s->of[WIND][h],
                                       s->of[DIRECTION][h],
                                       s->of[TEMPERATURE][h],
                                       asin(m->sun_sine) * 57.295779513082321,
                                       m->radiation_wm2,
                                       m->net_wm2,
                                       m->heat_wm2,
                                       m->friction_ms,
                                       m->mo_length_m,
                                       m->convective_ms,
                                       m->mechanical_m,
                                       m->convective_m,
                                       m->mixing_m};
        for (size_t c = 0; c < N_REALS; c++) {
            out->columns[FIRST_REAL + c].data.real[row] = reals[c];
        }
        static const quantity passed[] = {RAIN, HUMIDITY, PRESSURE}; // for deposition
        for (size_t c = 0; c < sizeof passed / sizeof passed[0]; c++) {
            out->columns[FIRST_REAL + N_REALS + 1 + c].data.real[row] = s->of[passed[c]][h];
        }
        if (m->stability == DOSI_STABILITY_COUNT) continue;
        const char class[2] = {(char)('A' + (int)m->stability), '\0'};
        DOSI_TRY(dosi_table_set_text(out, FIRST_REAL + N_REALS, row, class));
    }
    return DOSI_OK;
}

static dosi_met_site site_of(const dosi_method_call *call) {
    return (dosi_met_site){
        .latitude_deg = dosi_call_value(call, "latitude")->real,
        .longitude_deg = dosi_call_value(call, "longitude")->real,
        .zone_s = (int)lround(3600.0 * dosi_call_value(call, "zone_h")->real),
        .roughness_m = dosi_call_value(call, "roughness_m")->real,
        .displacement_m = dosi_call_value(call, "displacement_m")->real,
        .anemometer_m = dosi_call_value(call, "anemometer_m")->real,
        .albedo = dosi_call_value(call, "albedo")->real,
        .moisture = dosi_call_value(call, "moisture")->real,
        .lapse_km = dosi_call_value(call, "lapse_km")->real,
    };
}

/// One station: its hours, prepared and written.
static dosi_status do_station(const dosi_method_call *call,
                              const method_keys *keys,
                              uint32_t key,
                              const source *sources,
                              dosi_error *err) {
    const dosi_table *weather = call->inputs[0];
    const dosi_column *time = NULL;
    DOSI_TRY(dosi_table_get(weather, "time", DOSI_TYPE_TIME, &time, err));
    size_t i_station = dosi_table_find(weather, "station");
    const dosi_column *station = i_station == SIZE_MAX ? NULL : &weather->columns[i_station];
    station_hours s;
    dosi_status status = open_hours(keys, key, time, weather->n_rows, &s, err);
    if (status == DOSI_OK && s.n > 0) {
        lay_out(keys, key, time, weather->n_rows, sources, &s);
        const dosi_met_site site = site_of(call);
        const dosi_met_weather hours = {
            s.n,         s.first,         s.of[WIND],    s.of[TEMPERATURE],
            s.of[CLOUD], s.of[RADIATION], s.of[PRESSURE]};
        status = dosi_met_prepare(&site, &hours, s.hours, err);
        if (status == DOSI_OK) status = put_rows(&s, station, &call->outputs[0], err);
        if (s.n_held > 0 && call->report) {
            dosi_text_printf(call->report, "cloud of %zu hours is held from before\n",
                             s.n_held);
        }
    }
    free_hours(&s);
    return status;
}

static dosi_status run(const dosi_method_call *call, dosi_error *err) {
    const dosi_table *weather = call->inputs[0];
    source sources[N_QUANTITIES] = {0};
    DOSI_TRY(find_sources(weather, sources, err));
    DOSI_TRY(method_open_output(call, 0, 0, err));
    size_t i_station = dosi_table_find(weather, "station");
    const dosi_column *by[1] = {i_station == SIZE_MAX ? NULL : &weather->columns[i_station]};
    method_keys keys = {0};
    DOSI_TRY(method_keys_find(by, by[0] ? 1 : 0, weather->n_rows, &keys, err));
    dosi_status status = DOSI_OK;
    for (size_t k = 0; k < keys.n && status == DOSI_OK; k++) {
        status = do_station(call, &keys, (uint32_t)k, sources, err);
        if (status == DOSI_OK) status = dosi_run_check(call->run, err);
    }
    method_keys_clear(&keys);
    return status;
}

const dosi_method dosi_method_air_met = {
    .id = "air.met",
    .version = 1,
    .title = {"확산용 기상", "Meteorology for dispersion"},
    .about =
        {"기상 관측소의 풍속, 기온, 구름, 일사에서 마찰속도, 모닌-오부코프 길이, 대류속도, "
         "혼합고, "
         "파스퀼 등급을 만듭니다. 일사가 없으면 태양 고도와 구름으로 셈합니다. 혼합고는 그날 "
         "해 뜬 "
         "뒤의 열로 자라므로 하루를 이어서 주어야 합니다.",
         "Makes friction velocity, Monin-Obukhov length, convective velocity, mixing heights "
         "and "
         "Pasquill class from what a weather station measures: wind, temperature, cloud and "
         "radiation. Where radiation is missing it comes from sun and cloud. The convective "
         "height grows with the heat since sunrise: give whole days."},
    .citation =
        "A. A. M. Holtslag and A. P. van Ulden (1983), J. Clim. Appl. Meteorol. 22, "
        "517-529; A. Venkatram (1980), Boundary-Layer Meteorol. 19, 481-485; J. C. Weil "
        "and R. P. Brower (1983), Maryland PPSP-MP-48; EPA-454/R-99-005.",
    .inputs = inputs,
    .n_inputs = 1,
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof parameters[0],
    .outputs = outputs,
    .n_outputs = 1,
    .run = run,
};
