// A year of hourly weather: seasons, days, passing systems, and what follows from them.

#include "sample/city.h"

#include <math.h>
#include <stdlib.h>

static const double two_pi = 6.283185307179586476925286766559;

enum { HOURS_OF_A_YEAR = 8760 };

static dosi_status alloc_weather(sample_weather *w, size_t n) {
    double **columns[] = {&w->temperature_c, &w->humidity_pct, &w->wind_u_ms,
                          &w->wind_v_ms,     &w->rain_mm,      &w->cloud,
                          &w->radiation_wm2, &w->pressure_hpa, &w->mixing_m};
    w->n_hours = n;
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        *columns[i] = calloc(n, sizeof **columns[i]);
        if (!*columns[i]) return DOSI_NO_MEMORY;
    }
    return DOSI_OK;
}

/// Sine of the sun's height at 36.3 degrees north.
static double sun_height(double day_of_year, double hour) {
    double declination = 0.409 * sin(two_pi * (day_of_year - 80.0) / 365.0);
    double latitude = 0.6336;
    double angle = two_pi * (hour - 12.5) / 24.0;
    return sin(latitude) * sin(declination) + cos(latitude) * cos(declination) * cos(angle);
}

/// What persists from hour to hour: autoregressive, standard normal in the long run.
typedef struct passing {
    double system, wind_u, wind_v, cloud;
} passing;

static void step_passing(passing *p, dosi_random *random) {
    const double keep = 0.985;
    const double keep_wind = 0.93;
    p->system = keep * p->system + sqrt(1 - keep * keep) * dosi_random_normal(random);
    p->wind_u =
        keep_wind * p->wind_u + sqrt(1 - keep_wind * keep_wind) * dosi_random_normal(random);
    p->wind_v =
        keep_wind * p->wind_v + sqrt(1 - keep_wind * keep_wind) * dosi_random_normal(random);
    p->cloud =
        keep_wind * p->cloud + sqrt(1 - keep_wind * keep_wind) * dosi_random_normal(random);
}

static double clamp(double value, double low, double high) {
    return value < low ? low : value > high ? high : value;
}

/// The weather of one hour.
static void make_hour(sample_weather *w, size_t h, const passing *p, dosi_random *random) {
    double day = (double)h / 24.0;
    double hour = (double)(h % 24) + 0.5;
    double season = cos(two_pi * (day - 205.0) / 365.0); // +1 in late July, -1 in late January
    double sun = sun_height(day, hour);
    double cloud = clamp(0.45 + 0.12 * season + 0.33 * p->cloud - 0.08 * p->system, 0.0, 1.0);
    double clear_wm2 = sun > 0.0 ? 990.0 * sun - 30.0 : 0.0;
    w->cloud[h] = cloud;
    w->radiation_wm2[h] = clear_wm2 > 0.0 ? clear_wm2 * (1.0 - 0.72 * pow(cloud, 3.2)) : 0.0;
    double day_swing = 4.2 * (1.0 - 0.6 * cloud) * cos(two_pi * (hour - 15.0) / 24.0);
    w->temperature_c[h] = 12.8 + 13.6 * season + day_swing + 3.0 * p->system;
    w->pressure_hpa[h] = 1013.0 - 6.0 * season - 5.0 * p->system;
    // Winter winds come from the north-west, summer winds from the south-west.
    double breeze = 0.8 * (sun > 0.0 ? sun : 0.0);
    w->wind_u_ms[h] = 1.3 + 0.2 * season + breeze + 1.5 * p->wind_u + 0.6 * p->system;
    w->wind_v_ms[h] = 0.9 * season + 1.5 * p->wind_v;
    bool is_wet = cloud > 0.78 && dosi_random_uniform(random) < 0.35 + 0.2 * season;
    w->rain_mm[h] = is_wet ? floor(10.0 * -log(1.0 - dosi_random_uniform(random)) *
                                   (0.9 + 0.8 * (1.0 + season))) /
                                 10.0
                           : 0.0;
    w->humidity_pct[h] = clamp(62.0 + 10.0 * season - 2.2 * day_swing + 18.0 * (cloud - 0.45) +
                                   (is_wet ? 14.0 : 0.0) + 3.0 * dosi_random_normal(random),
                               12.0, 100.0);
    double speed = hypot(w->wind_u_ms[h], w->wind_v_ms[h]);
    w->mixing_m[h] = clamp(140.0 + 75.0 * speed + 1.55 * w->radiation_wm2[h], 120.0, 2200.0);
}

dosi_status sample_weather_create(const sample_city *city,
                                  dosi_time first_hour,
                                  sample_weather *weather,
                                  dosi_error *err) {
    *weather = (sample_weather){0};
    dosi_civil civil = dosi_time_to_civil(first_hour);
    weather->start = dosi_days_from_civil(civil.year, 1, 1) * DOSI_DAY_US;
    size_t n = HOURS_OF_A_YEAR;
    int64_t end = first_hour + (int64_t)city->size.n_hours * DOSI_HOUR_US;
    while (weather->start + (int64_t)n * DOSI_HOUR_US < end) n += 24;
    if (alloc_weather(weather, n) != DOSI_OK) {
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu hours of weather", n);
    }
    dosi_random random = dosi_random_init(city->seed, STREAM_WEATHER);
    passing p = {0};
    for (size_t h = 0; h < n; h++) {
        step_passing(&p, &random);
        make_hour(weather, h, &p, &random);
    }
    return DOSI_OK;
}

void sample_weather_destroy(sample_weather *w) {
    if (!w) return;
    free(w->temperature_c);
    free(w->humidity_pct);
    free(w->wind_u_ms);
    free(w->wind_v_ms);
    free(w->rain_mm);
    free(w->cloud);
    free(w->radiation_wm2);
    free(w->pressure_hpa);
    free(w->mixing_m);
    *w = (sample_weather){0};
}

static double rounded(double value, double step) {
    return floor(value / step + 0.5) * step;
}

dosi_status sample_weather_table(const sample_weather *weather,
                                 dosi_table *table,
                                 dosi_error *err) {
    static const sample_column columns[] = {
        {"station", DOSI_TYPE_TEXT, NULL, "기상 관측소", "weather station"},
        {"time", DOSI_TYPE_TIME, NULL, "그 시간의 끝", "end of the hour"},
        {"temperature_c", DOSI_TYPE_REAL, "Cel", "기온", "air temperature"},
        {"humidity_pct", DOSI_TYPE_REAL, "%", "상대습도", "relative humidity"},
        {"wind_speed_ms", DOSI_TYPE_REAL, "m/s", "풍속", "wind speed"},
        {"wind_direction_deg", DOSI_TYPE_REAL, "deg", "풍향(불어오는 쪽)",
         "direction the wind comes from"},
        {"rain_mm", DOSI_TYPE_REAL, "mm", "강수량", "rain in the hour"},
        {"cloud", DOSI_TYPE_REAL, "1", "운량(0~1)", "cloud cover, 0..1"},
        {"radiation_wm2", DOSI_TYPE_REAL, "W/m2", "일사", "global radiation"},
        {"pressure_hpa", DOSI_TYPE_REAL, "hPa", "해면기압", "sea level pressure"},
        {"mixing_m", DOSI_TYPE_REAL, "m", "혼합고", "mixing height"},
    };
    size_t n = weather->n_hours;
    DOSI_TRY(sample_shape_table(table, columns, sizeof columns / sizeof columns[0], n, err));
    dosi_column *c = table->columns;
    for (size_t h = 0; h < n; h++) {
        double speed = hypot(weather->wind_u_ms[h], weather->wind_v_ms[h]);
        double from = atan2(-weather->wind_u_ms[h], -weather->wind_v_ms[h]) * 360.0 / two_pi;
        DOSI_TRY(dosi_table_set_text(table, 0, h, "900"));
        c[1].data.integer[h] = weather->start + (int64_t)(h + 1) * DOSI_HOUR_US;
        c[2].data.real[h] = rounded(weather->temperature_c[h], 0.1);
        c[3].data.real[h] = rounded(weather->humidity_pct[h], 1.0);
        c[4].data.real[h] = rounded(speed, 0.1);
        c[5].data.real[h] = fmod(rounded(from < 0.0 ? from + 360.0 : from, 10.0), 360.0);
        c[6].data.real[h] = weather->rain_mm[h];
        c[7].data.real[h] = rounded(weather->cloud[h], 0.1);
        c[8].data.real[h] = rounded(weather->radiation_wm2[h], 1.0);
        c[9].data.real[h] = rounded(weather->pressure_hpa[h], 0.1);
        c[10].data.real[h] = rounded(weather->mixing_m[h], 1.0);
    }
    return DOSI_OK;
}
