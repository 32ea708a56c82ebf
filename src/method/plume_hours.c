// Hours of weather made ready for plumes, and a plume in an hour: by similarity, or by classes.

#include "method/plume_sources.h"

#include "dosi/met.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ZERO_C_K     273.15
#define DEGREE       0.017453292519943295
#define MICROGRAMS   1e6
#define MOST_OBUKHOV 99999.0 ///< As AERMET writes neutral air.

enum {
    SPEED,
    DIRECTION,
    TEMPERATURE,
    CLOUD,
    RADIATION,
    MIXING,
    MIXING_HEIGHT,
    FRICTION,
    OBUKHOV,
    CONVECTIVE,
    MECHANICAL_HEIGHT,
    CONVECTIVE_HEIGHT,
    HEAT,
    RAIN,
    HUMIDITY,
    PRESSURE
};

static const char *const names[METHOD_PLUME_QUANTITIES] = {
    "wind_speed_ms",       "wind_direction_deg",
    "temperature_c",       "cloud",
    "radiation_wm2",       "mixing_m",
    "mixing_height_m",     "friction_velocity_ms",
    "mo_length_m",         "convective_velocity_ms",
    "mechanical_height_m", "convective_height_m",
    "heat_flux_wm2",       "rain_mm",
    "humidity_pct",        "pressure_hpa"};

/// A quantity of a row; NaN where there is none.
static double at(const method_plume_hours *hours, int what, size_t row) {
    return hours->of[what] ? dosi_column_real(hours->of[what], row) : (double)NAN;
}

/// Checks that the model has what it needs.
static dosi_status check_columns(const method_plume_hours *hours, dosi_error *err) {
    static const int similarity[] = {SPEED,   DIRECTION,  TEMPERATURE,       FRICTION,
                                     OBUKHOV, CONVECTIVE, MECHANICAL_HEIGHT, CONVECTIVE_HEIGHT};
    size_t n = hours->site.is_classes ? 3 : sizeof similarity / sizeof similarity[0];
    for (size_t i = 0; i < n; i++) {
        if (hours->of[similarity[i]]) continue;
        return dosi_fail(err, DOSI_NOT_FOUND, "weather: no column \"%s\"%s",
                         names[similarity[i]],
                         i < 3 ? "" : ": give what air.met makes of the weather");
    }
    bool has_class = hours->stability || (hours->of[CLOUD] && hours->of[RADIATION]);
    if (hours->site.is_classes && !has_class) {
        return dosi_fail(err, DOSI_NOT_FOUND,
                         "weather: neither \"stability\" nor \"radiation_wm2\" and \"cloud\"");
    }
    return DOSI_OK;
}

/// A row and its time.
typedef struct stamped {
    dosi_time time;
    size_t row;
} stamped;

static int compare_stamped(const void *a, const void *b) {
    const stamped *x = a, *y = b;
    if (x->time != y->time) return x->time < y->time ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

/// Rows asked for in the order of time, each hour once.
static dosi_status sort_rows(const dosi_table *table,
                             method_plume_hours *out,
                             dosi_error *err) {
    dosi_time from = 0, to = 0;
    DOSI_TRY(method_time_read(out->site.from, INT64_MIN, &from, err));
    DOSI_TRY(method_time_read(out->site.to, INT64_MAX, &to, err));
    stamped *rows = malloc((table->n_rows + 1) * sizeof *rows);
    out->row = malloc((table->n_rows + 1) * sizeof *out->row);
    if (!rows || !out->row) {
        free(rows);
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu hours", table->n_rows);
    }
    size_t n = 0;
    for (size_t r = 0; r < table->n_rows; r++) {
        dosi_time time = out->time->data.integer[r];
        bool is_asked = time != DOSI_TIME_MISSING && time >= from && time <= to;
        if (is_asked && method_is_first_station(table, r)) rows[n++] = (stamped){time, r};
    }
    qsort(rows, n, sizeof *rows, compare_stamped);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || rows[i].time != rows[i - 1].time) out->row[out->n++] = rows[i].row;
    }
    free(rows);
    if (n > 0) return DOSI_OK;
    return dosi_fail(err, DOSI_DOMAIN, "weather: no hour in the time asked for");
}

dosi_status method_plume_hours_read(const dosi_table *weather,
                                    const method_plume_site *site,
                                    method_plume_hours *out,
                                    dosi_error *err) {
    memset(out, 0, sizeof *out);
    out->site = *site;
    DOSI_TRY(dosi_table_get(weather, "time", DOSI_TYPE_TIME, &out->time, err));
    for (size_t i = 0; i < METHOD_PLUME_QUANTITIES; i++) {
        size_t found = dosi_table_find(weather, names[i]);
        if (found != SIZE_MAX) out->of[i] = &weather->columns[found];
    }
    size_t found = dosi_table_find(weather, "stability");
    bool is_text = found != SIZE_MAX && weather->columns[found].type == DOSI_TYPE_TEXT;
    if (is_text) out->stability = &weather->columns[found];
    DOSI_TRY(check_columns(out, err));
    return sort_rows(weather, out, err);
}

void method_plume_hours_clear(method_plume_hours *hours) {
    free(hours->row);
    memset(hours, 0, sizeof *hours);
}

/// The hour's class: as written, or from wind, radiation and cloud. COUNT: not known.
static dosi_stability class_of(const method_plume_hours *hours, size_t row, double wind_ms) {
    size_t n = 0;
    const char *name = hours->stability ? dosi_column_bytes(hours->stability, row, &n) : NULL;
    if (name && n == 1 && name[0] >= 'A' && name[0] <= 'F') {
        return (dosi_stability)(name[0] - 'A');
    }
    double radiation = at(hours, RADIATION, row), cloud = at(hours, CLOUD, row);
    if (!isfinite(radiation) || !isfinite(cloud)) return DOSI_STABILITY_COUNT;
    return dosi_stability_of_hour(wind_ms, radiation, cloud);
}

static bool make_classes(const method_plume_hours *hours, size_t row, method_plume_hour *out) {
    double mixing = at(hours, MIXING, row);
    if (!isfinite(mixing)) mixing = at(hours, MIXING_HEIGHT, row);
    out->mixing_m = isfinite(mixing) ? mixing : hours->site.mixing_m;
    out->wind_ms = fmax(out->wind_ms, 1);
    out->stability = class_of(hours, row, out->wind_ms);
    return out->stability != DOSI_STABILITY_COUNT;
}

/// Water in the air of a row; what is missing is as usual, and no rain.
static dosi_moisture moisture_of(const method_plume_hours *hours, size_t row, double kelvin) {
    enum { RAIN_CODE = 11, SNOW_CODE = 22 };
    dosi_moisture m = dosi_moisture_usual();
    double rain = at(hours, RAIN, row), humidity = at(hours, HUMIDITY, row);
    double pressure = at(hours, PRESSURE, row);
    if (rain > 0) {
        m.precipitation_mm = rain;
        m.precipitation_code = kelvin < ZERO_C_K ? SNOW_CODE : RAIN_CODE;
    }
    if (isfinite(humidity)) m.humidity_percent = humidity;
    if (isfinite(pressure)) m.pressure_hpa = pressure;
    return m;
}

static bool make_similarity(const method_plume_hours *hours,
                            size_t row,
                            method_plume_hour *out) {
    const method_plume_site *site = &hours->site;
    double length = at(hours, OBUKHOV, row), friction = at(hours, FRICTION, row);
    if (!isfinite(friction) || isnan(length)) return false;
    bool is_unstable = length < 0;
    const double none = (double)NAN;
    const dosi_moisture moisture = moisture_of(hours, row, out->temperature_k);
    const dosi_plume_weather weather = {
        .heat_flux_wm2 = at(hours, HEAT, row),
        .friction_ms = friction,
        .convective_ms = is_unstable ? at(hours, CONVECTIVE, row) : none,
        .lapse_above_km = is_unstable ? site->lapse_km : none,
        .convective_height_m = is_unstable ? at(hours, CONVECTIVE_HEIGHT, row) : none,
        .mechanical_height_m = at(hours, MECHANICAL_HEIGHT, row),
        .obukhov_m = fmax(-MOST_OBUKHOV, fmin(MOST_OBUKHOV, length)),
        .roughness_m = site->roughness_m,
        .bowen = 1,
        .albedo = 0.2,
        .speed_ms = out->wind_ms,
        .direction_deg = out->direction_deg,
        .speed_height_m = site->anemometer_m,
        .temperature_k = out->temperature_k,
        .temperature_height_m = 2,
        .cloud_tenths = 5,
        .moisture = &moisture,
    };
    dosi_plume_limits limits = dosi_plume_limits_default();
    if (dosi_plume_hour_prepare(&weather, &limits, &out->plume, NULL) != DOSI_OK) return false;
    if (site->population > 0) {
        dosi_plume_hour plain = out->plume;
        dosi_plume_hour_urban(&plain, site->population, site->roughness_m, &out->plume);
    }
    out->mixing_m = out->plume.mixing_m;
    return out->plume.state == DOSI_PLUME_STABLE || out->plume.state == DOSI_PLUME_UNSTABLE;
}

bool method_plume_hour_make(const method_plume_hours *hours, size_t i, method_plume_hour *out) {
    size_t row = hours->row[i];
    memset(out, 0, sizeof *out);
    out->is_classes = hours->site.is_classes;
    out->wind_ms = at(hours, SPEED, row);
    out->direction_deg = at(hours, DIRECTION, row);
    double celsius = at(hours, TEMPERATURE, row);
    out->temperature_k = (isfinite(celsius) ? celsius : 15) + ZERO_C_K;
    if (!isfinite(out->wind_ms) || !isfinite(out->direction_deg)) return false;
    out->to_x = -sin(out->direction_deg * DEGREE);
    out->to_y = -cos(out->direction_deg * DEGREE);
    return out->is_classes ? make_classes(hours, row, out) : make_similarity(hours, row, out);
}

/// A plume of Briggs' urban curves and rise; areas and pieces of lines as spread points.
static void add_classes(const method_plume_hour *hour,
                        const method_plume_piece *piece,
                        double share,
                        const dosi_plume_receptors *receptors,
                        double *out) {
    const dosi_plume_source *s = &piece->source;
    double wind = hour->wind_ms *
                  pow(fmax(s->height_m, 10) / 10, dosi_wind_exponent_urban(hour->stability));
    double height = s->height_m;
    if (s->kind == DOSI_PLUME_POINT) {
        double flux = dosi_buoyancy_flux(s->exit_speed_ms, s->diameter_m, piece->gas_k,
                                         hour->temperature_k);
        height += dosi_plume_rise(hour->stability, flux, wind, NULL);
    }
    const dosi_gauss_air air = {DOSI_SIGMA_BRIGGS_URBAN, hour->stability, wind,
                                fmax(hour->mixing_m, 1.2 * height)};
    dosi_gauss_release release = {.height_m = height, .sigma_y0_m = piece->sigma_y0_m};
    if (s->kind != DOSI_PLUME_POINT) release.sigma_z0_m = s->sigma_z_m;
    for (size_t i = 0; i < receptors->n; i++) {
        double dx = receptors->x_m[i] - s->x_m, dy = receptors->y_m[i] - s->y_m;
        double along = dx * hour->to_x + dy * hour->to_y;
        double across = dy * hour->to_x - dx * hour->to_y;
        double z = receptors->flag_m ? receptors->flag_m[i] : 0;
        out[i] += MICROGRAMS * share * dosi_gauss_point(&air, &release, along, across, z);
    }
}

/// Area of a piece that has corners.
static double area_of(const method_plume_sources *sources, const method_plume_piece *piece) {
    const double *x = sources->corner_x + piece->first_corner;
    const double *y = sources->corner_y + piece->first_corner;
    double twice = 0;
    for (size_t i = 0; i < piece->source.n_corners; i++) {
        size_t k = (i + 1) % piece->source.n_corners;
        twice += (x[i] - x[0]) * (y[k] - y[0]) - (x[k] - x[0]) * (y[i] - y[0]);
    }
    return 0.5 * fabs(twice);
}

dosi_status method_plume_add(const method_plume_hour *hour,
                             const method_plume_sources *sources,
                             size_t i_piece,
                             const dosi_plume_receptors *receptors,
                             double *out,
                             dosi_error *err) {
    assert(i_piece < sources->n);
    const method_plume_piece *piece = &sources->pieces[i_piece];
    bool is_area = piece->source.kind == DOSI_PLUME_AREA;
    if (hour->is_classes) {
        double share = piece->source.emission * (is_area ? area_of(sources, piece) : 1);
        add_classes(hour, piece, share, receptors, out);
        return DOSI_OK;
    }
    const dosi_plume_fluxes only = {.concentration = out};
    return method_plume_add_fluxes(hour, sources, i_piece, receptors, &only, err);
}

dosi_status method_plume_add_fluxes(const method_plume_hour *hour,
                                    const method_plume_sources *sources,
                                    size_t i_piece,
                                    const dosi_plume_receptors *receptors,
                                    const dosi_plume_fluxes *out,
                                    dosi_error *err) {
    assert(i_piece < sources->n && !hour->is_classes);
    const method_plume_piece *piece = &sources->pieces[i_piece];
    dosi_plume_source source = piece->source;
    if (source.kind == DOSI_PLUME_AREA) {
        source.corner_x_m = sources->corner_x + piece->first_corner;
        source.corner_y_m = sources->corner_y + piece->first_corner;
    }
    const double whole = 1;
    const dosi_particles sized = {1,
                                  &piece->particle_um,
                                  &whole,
                                  &piece->particle_gcm3,
                                  isfinite(piece->fine_share),
                                  piece->fine_share};
    const dosi_gas taken_up = {.velocity_ms = piece->deposition_ms};
    if (piece->particle_um > 0) source.particles = &sized;
    if (piece->deposition_ms > 0) source.gas = &taken_up;
    return dosi_plume_add_fluxes(&hour->plume, &source, receptors, out, err);
}
