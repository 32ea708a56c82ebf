// Weather of a station made ready for roads.

#include "dosi/met.h"
#include "dosi/plume.h"
#include "method/road_links.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ZERO_C_K 273.15

enum { SPEED, DIRECTION, TEMPERATURE, CLOUD, RADIATION, PRESSURE, QUANTITIES };
enum { MOST_HOURS = 24 * 366 * 30, KOREA_S = 32400 };

/// Hours without gaps.
typedef struct series {
    size_t n;
    dosi_time first;
    double *values; ///< (QUANTITIES x n)
} series;

/// Rows of the first station.
static bool is_row(const dosi_table *table, const dosi_column *time, size_t row) {
    return !dosi_column_is_missing(time, row) && method_is_first_station(table, row);
}

/// First and last hour.
static dosi_status find_span(const dosi_table *table,
                             const dosi_column *time,
                             series *out,
                             dosi_error *err) {
    int64_t first = INT64_MAX, last = INT64_MIN;
    for (size_t r = 0; r < table->n_rows; r++) {
        if (!is_row(table, time, r)) continue;
        first = time->data.integer[r] < first ? time->data.integer[r] : first;
        last = time->data.integer[r] > last ? time->data.integer[r] : last;
    }
    if (last < first) return dosi_fail(err, DOSI_DOMAIN, "weather: no hour at all");
    if ((last - first) / DOSI_HOUR_US >= MOST_HOURS) {
        return dosi_fail(err, DOSI_LIMIT, "weather: more than %d hours", MOST_HOURS);
    }
    out->first = first;
    out->n = (size_t)((last - first) / DOSI_HOUR_US) + 1;
    return DOSI_OK;
}

static dosi_status read_series(const dosi_table *table, series *out, dosi_error *err) {
    static const char *const names[QUANTITIES] = {"wind_speed_ms", "wind_direction_deg",
                                                  "temperature_c", "cloud",
                                                  "radiation_wm2", "pressure_hpa"};
    const dosi_column *time = NULL, *columns[QUANTITIES] = {NULL};
    DOSI_TRY(dosi_table_get(table, "time", DOSI_TYPE_TIME, &time, err));
    DOSI_TRY(find_span(table, time, out, err));
    for (size_t q = 0; q < QUANTITIES; q++) {
        size_t i = dosi_table_find(table, names[q]);
        if (i == SIZE_MAX && q <= CLOUD) {
            return dosi_fail(err, DOSI_NOT_FOUND, "weather: no column \"%s\"", names[q]);
        }
        if (i != SIZE_MAX) columns[q] = &table->columns[i];
    }
    double *values = malloc((QUANTITIES * out->n + 1) * sizeof *values);
    out->values = values;
    if (!values) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu hours", out->n);
    for (size_t i = 0; i < QUANTITIES * out->n; i++) values[i] = NAN;
    for (size_t r = 0; r < table->n_rows; r++) {
        if (!is_row(table, time, r)) continue;
        size_t h = (size_t)((time->data.integer[r] - out->first) / DOSI_HOUR_US);
        for (size_t q = 0; q < QUANTITIES; q++) {
            if (columns[q]) values[q * out->n + h] = dosi_column_real(columns[q], r);
        }
    }
    return DOSI_OK;
}

/// One hour through similarity and, by night, the city's heat; false: calm or missing.
static bool make_hour(const series *s,
                      size_t h,
                      const dosi_met_hour *met,
                      const method_road_site *site,
                      dosi_road_weather *out) {
    assert(s->values);
    bool is_unstable = met->mo_length_m < 0;
    double kelvin = s->values[TEMPERATURE * s->n + h] + ZERO_C_K;
    double direction = s->values[DIRECTION * s->n + h];
    if (!isfinite(met->friction_ms) || !isfinite(direction)) return false;
    dosi_plume_weather weather = {
        .heat_flux_wm2 = met->heat_wm2,
        .friction_ms = met->friction_ms,
        .convective_ms = is_unstable ? met->convective_ms : (double)NAN,
        .lapse_above_km = is_unstable ? 0.01 : (double)NAN,
        .convective_height_m = is_unstable ? met->convective_m : (double)NAN,
        .mechanical_height_m = met->mechanical_m,
        .obukhov_m = fmax(-99999, fmin(99999, met->mo_length_m)),
        .roughness_m = site->roughness_m,
        .bowen = 1,
        .albedo = site->albedo,
        .speed_ms = s->values[SPEED * s->n + h],
        .direction_deg = direction,
        .speed_height_m = site->anemometer_m,
        .temperature_k = kelvin,
        .temperature_height_m = 2,
        .cloud_tenths = 10 * s->values[CLOUD * s->n + h],
    };
    dosi_plume_limits limits = dosi_plume_limits_default();
    dosi_plume_hour hour, city;
    if (dosi_plume_hour_prepare(&weather, &limits, &hour, NULL) != DOSI_OK) return false;
    if (site->population > 0) {
        dosi_plume_hour_urban(&hour, site->population, site->roughness_m, &city);
        hour = city;
    }
    return dosi_road_weather_of(&hour, out);
}

/// Prepares all hours and keeps the ones asked for.
static dosi_status prepare(const series *s,
                           const method_road_site *site,
                           dosi_met_hour *met,
                           method_road_weather *out,
                           dosi_error *err) {
    dosi_time from = 0, to = 0;
    assert(s->values);
    DOSI_TRY(method_time_read(site->from, INT64_MIN, &from, err));
    DOSI_TRY(method_time_read(site->to, INT64_MAX, &to, err));
    dosi_met_site place = {.latitude_deg = site->latitude_deg,
                           .longitude_deg = site->longitude_deg,
                           .zone_s = KOREA_S,
                           .roughness_m = site->roughness_m,
                           .displacement_m = 0,
                           .anemometer_m = site->anemometer_m,
                           .albedo = site->albedo,
                           .moisture = site->moisture,
                           .lapse_km = 0.01};
    dosi_met_weather weather = {.n = s->n,
                                .first = s->first,
                                .wind_ms = s->values + SPEED * s->n,
                                .temperature_c = s->values + TEMPERATURE * s->n,
                                .cloud = s->values + CLOUD * s->n,
                                .radiation_wm2 = s->values + RADIATION * s->n,
                                .pressure_hpa = s->values + PRESSURE * s->n};
    DOSI_TRY(dosi_met_prepare(&place, &weather, met, err));
    for (size_t h = 0; h < s->n; h++) {
        dosi_time time = s->first + (int64_t)h * DOSI_HOUR_US;
        if (time < from || time > to) continue;
        if (make_hour(s, h, &met[h], site, &out->weather[out->n])) {
            out->temperature_k[out->n] = s->values[TEMPERATURE * s->n + h] + ZERO_C_K;
            out->radiation_wm2[out->n] = met[h].radiation_wm2;
            out->time[out->n++] = time;
        } else {
            out->n_calm++;
        }
    }
    if (out->n > 0) return DOSI_OK;
    return dosi_fail(err, DOSI_DOMAIN,
                     "weather: no hour with wind, temperature and cloud in the "
                     "time asked for");
}

method_road_site method_road_site_of(const dosi_method_call *call) {
    return (method_road_site){
        .roughness_m = dosi_call_value(call, "roughness_m")->real,
        .anemometer_m = dosi_call_value(call, "anemometer_m")->real,
        .population = dosi_call_value(call, "population")->real,
        .albedo = dosi_call_value(call, "albedo")->real,
        .moisture = dosi_call_value(call, "moisture")->real,
        .latitude_deg = dosi_call_value(call, "latitude")->real,
        .longitude_deg = dosi_call_value(call, "longitude")->real,
        .from = dosi_call_value(call, "from")->text,
        .to = dosi_call_value(call, "to")->text,
    };
}

dosi_status method_road_weather_read(const dosi_table *table,
                                     const method_road_site *site,
                                     method_road_weather *out,
                                     dosi_error *err) {
    series s = {0};
    *out = (method_road_weather){0};
    dosi_status status = read_series(table, &s, err);
    if (status != DOSI_OK) return status;
    dosi_met_hour *met = malloc((s.n + 1) * sizeof *met);
    out->time = malloc((s.n + 1) * sizeof *out->time);
    out->weather = malloc((s.n + 1) * sizeof *out->weather);
    out->temperature_k = malloc((s.n + 1) * sizeof *out->temperature_k);
    out->radiation_wm2 = malloc((s.n + 1) * sizeof *out->radiation_wm2);
    if (met && out->time && out->weather && out->temperature_k && out->radiation_wm2) {
        status = prepare(&s, site, met, out, err);
    } else {
        status = dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu hours", s.n);
    }
    free(met);
    free(s.values);
    return status;
}

void method_road_weather_clear(method_road_weather *weather) {
    free(weather->time);
    free(weather->weather);
    free(weather->temperature_k);
    free(weather->radiation_wm2);
    *weather = (method_road_weather){0};
}
