// The true field: background + neighbourhoods' emissions spread by the wind + stack plumes.
//
// Kept simple on purpose, and all of it known: an area source spreads along the wind with a
// kernel that was worked out once for each of 36 wind directions (interpolated between),
// diluted by wind speed and mixing height; a stack is a Gaussian plume over a reflecting
// ground. Ozone is what the background brings less what fresh NO destroys.

#include "dosi/geo.h"
#include "sample/city.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double two_pi = 6.283185307179586476925286766559;

enum { N_SECTORS = 36, N_PATTERNS = 2, MAX_SIDE = 1000 };

/// Grams a second from one person: NOx, CO, SO2, PM10, PM2.5 of traffic, then of heating.
typedef struct emission {
    double nox, co, so2, pm10, pm25;
} emission;

static const emission per_person[N_PATTERNS] = {
    {7.5e-5, 2.0e-4, 5.0e-7, 1.2e-5, 6.0e-6},
    {3.0e-5, 4.0e-5, 2.5e-6, 5.0e-6, 4.0e-6},
};

/// A stack of known place, height and strength.
typedef struct stack {
    double x, y, height_m;
    emission g_s;
} stack;

typedef struct sources {
    size_t n_stacks;
    stack *stacks;
    float *pattern[N_PATTERNS]; ///< (N_SECTORS x n_receptors) per unit emission pattern.
} sources;

static dosi_status place_receptors(const sample_city *city, sample_field *field) {
    double cell = city->size.cell_m;
    double half = 1.6 * city->size.radius_m;
    long side = (long)ceil(2.0 * half / cell);
    double west = floor((city->centre_x - half) / cell) * cell;
    double south = floor((city->centre_y - half) / cell) * cell;
    if (side > MAX_SIDE) return DOSI_LIMIT;
    size_t most = (size_t)(side * side) + city->stations.n;
    field->x = calloc(most, sizeof *field->x);
    field->y = calloc(most, sizeof *field->y);
    field->cell = calloc(most, sizeof *field->cell);
    if (!field->x || !field->y || !field->cell) return DOSI_NO_MEMORY;
    size_t n = 0;
    for (long row = 0; row < side; row++) {
        for (long column = 0; column < side; column++) {
            double x = west + ((double)column + 0.5) * cell;
            double y = south + ((double)row + 0.5) * cell;
            if (!sample_city_contains(city, x, y)) continue;
            field->x[n] = x;
            field->y[n] = y;
            field->cell[n++] = row * side + column;
        }
    }
    field->n_cells = n;
    field->n_stations = city->stations.n;
    field->n_receptors = n + city->stations.n;
    for (size_t s = 0; s < city->stations.n; s++) {
        field->x[n + s] = city->stations.x[s];
        field->y[n + s] = city->stations.y[s];
    }
    return DOSI_OK;
}

static dosi_status place_stacks(const sample_city *city, sources *src) {
    dosi_random random = dosi_random_init(city->seed, STREAM_SOURCES);
    src->n_stacks = (size_t)city->size.n_stacks;
    src->stacks = calloc(src->n_stacks, sizeof *src->stacks);
    if (!src->stacks) return DOSI_NO_MEMORY;
    for (size_t i = 0; i < src->n_stacks; i++) {
        stack *s = &src->stacks[i];
        double angle =
            two_pi * ((double)i + dosi_random_uniform(&random)) / (double)src->n_stacks;
        double reach = (0.35 + 0.6 * dosi_random_uniform(&random)) * city->size.radius_m;
        s->x = floor(city->centre_x + 1.1 * reach * cos(angle));
        s->y = floor(city->centre_y + 0.8 * reach * sin(angle));
        s->height_m = 35.0 + floor(70.0 * dosi_random_uniform(&random));
        double strength = exp(0.6 * dosi_random_normal(&random));
        s->g_s = (emission){30.0 * strength, 18.0 * strength,
                            22.0 * strength * (0.3 + dosi_random_uniform(&random)),
                            9.0 * strength, 6.0 * strength};
    }
    return DOSI_OK;
}

/// Concentration per unit emission from an area source at distance along and across the wind.
static double area_kernel(double along_m, double across_m, double spread_m) {
    if (along_m < -2.0 * spread_m) return 0.0;
    double run = along_m > 0.0 ? along_m : 0.0;
    double sigma_y = spread_m + 0.16 * run;
    double depth = 30.0 + 0.05 * run; // the layer the emission fills by then
    double edge = along_m < spread_m ? 0.5 * (1.0 + tanh(1.5 * along_m / spread_m)) : 1.0;
    double across = across_m / sigma_y;
    return edge * exp(-0.5 * across * across) / (sigma_y * depth);
}

/// Works out what each unit pattern gives at each receptor for each wind sector.
static dosi_status spread_areas(const sample_city *city,
                                const sample_field *field,
                                sources *src,
                                int n_threads) {
    size_t n = field->n_receptors;
    for (int p = 0; p < N_PATTERNS; p++) {
        src->pattern[p] = calloc((size_t)N_SECTORS * n, sizeof *src->pattern[p]);
        if (!src->pattern[p]) return DOSI_NO_MEMORY;
    }
#pragma omp parallel for schedule(dynamic, 1) num_threads(n_threads)
    for (int sector = 0; sector < N_SECTORS; sector++) {
        double angle = two_pi * sector / N_SECTORS; // the way the wind blows to, from east, ccw
        double to_x = cos(angle);
        double to_y = sin(angle);
        for (size_t r = 0; r < n; r++) {
            double sum = 0.0;
            for (size_t d = 0; d < city->dong.n; d++) {
                double dx = field->x[r] - city->dong.x[d];
                double dy = field->y[r] - city->dong.y[d];
                double spread_m = 0.5 * sqrt(city->dong_area_m2[d]);
                sum += city->population[d] *
                       area_kernel(dx * to_x + dy * to_y, dy * to_x - dx * to_y, spread_m);
            }
            bool is_station = r >= field->n_cells;
            int kind = is_station ? city->station_kind[r - field->n_cells] : 0;
            double kerb = kind == 1   ? 1.35
                          : kind == 2 ? 0.8
                                      : 1.0; // traffic next to the station
            src->pattern[0][(size_t)sector * n + r] = (float)(sum * kerb);
            src->pattern[1][(size_t)sector * n + r] = (float)sum;
        }
    }
    return DOSI_OK;
}

/// How strong traffic and heating are in an hour, around 1 over the day.
static void day_profile(dosi_time end_of_hour, double temperature_c, double *out) {
    dosi_civil civil = dosi_time_to_civil(end_of_hour - 1);
    double hour = (double)civil.hour + 0.5;
    bool is_weekend = dosi_time_weekday(end_of_hour - 1) >= 5;
    double morning = exp(-0.5 * pow((hour - 8.0) / 1.6, 2.0));
    double evening = exp(-0.5 * pow((hour - 18.5) / 2.2, 2.0));
    double noon = exp(-0.5 * pow((hour - 13.0) / 4.5, 2.0));
    out[0] = (0.35 + 1.1 * morning + 0.95 * evening + 0.75 * noon) * (is_weekend ? 0.72 : 1.0);
    double cold = temperature_c < 16.0 ? (16.0 - temperature_c) / 12.0 : 0.0;
    out[1] = 0.15 + cold * (0.6 + 0.5 * morning + 0.6 * evening);
}

/// Stability as a share: 0 strongly mixed .. 1 calm night.
static double stability_of(double wind_ms, double radiation_wm2) {
    double night = radiation_wm2 < 20.0 ? 1.0 : 20.0 / radiation_wm2;
    return night / (1.0 + 0.25 * wind_ms * wind_ms);
}

/// Gaussian plume at the ground from a stack, s/m3 (concentration per unit emission).
static double plume(
    double along_m, double across_m, double height_m, double wind_ms, double stability) {
    if (along_m < 50.0) return 0.0;
    double sigma_y = (0.20 - 0.13 * stability) * along_m / sqrt(1.0 + 1e-4 * along_m);
    double sigma_z = (0.14 - 0.11 * stability) * along_m / sqrt(1.0 + 3e-4 * along_m);
    double y = across_m / sigma_y;
    double z = height_m / sigma_z;
    if (y * y + z * z > 40.0) return 0.0;
    return exp(-0.5 * (y * y + z * z)) / (0.5 * two_pi * sigma_y * sigma_z * wind_ms);
}

/// Weather and strengths of one hour, ready for all receptors.
typedef struct hour_state {
    double to_x, to_y, wind_ms, mixing_m, stability, sunshine;
    size_t sector, next_sector;
    double towards_next; ///< 0..1
    double profile[N_PATTERNS];
    double background[SAMPLE_POLLUTANTS];
} hour_state;

static hour_state state_of_hour(const sample_weather *weather,
                                size_t h,
                                const double *background) {
    double u = weather->wind_u_ms[h];
    double v = weather->wind_v_ms[h];
    double speed = hypot(u, v);
    hour_state s = {.wind_ms = speed < 1.0 ? 1.0 : speed, .mixing_m = weather->mixing_m[h]};
    double angle = speed > 0.0 ? atan2(v, u) : 0.0;
    if (angle < 0.0) angle += two_pi;
    s.to_x = cos(angle);
    s.to_y = sin(angle);
    double at = angle / two_pi * N_SECTORS;
    s.sector = (size_t)at % N_SECTORS;
    s.next_sector = (s.sector + 1) % N_SECTORS;
    s.towards_next = at - floor(at);
    s.stability = stability_of(s.wind_ms, weather->radiation_wm2[h]);
    s.sunshine = weather->radiation_wm2[h] / 800.0;
    day_profile(weather->start + (int64_t)(h + 1) * DOSI_HOUR_US, weather->temperature_c[h],
                s.profile);
    memcpy(s.background, background, sizeof s.background);
    return s;
}

/// What local sources add at one receptor, g/m3.
static emission local_at(const sample_field *field,
                         const sources *src,
                         const hour_state *s,
                         size_t r) {
    size_t n = field->n_receptors;
    emission sum = {0};
    double shallow = 600.0 / (s->mixing_m + 150.0);
    double dilution = (0.55 + 0.45 * shallow) * (1.0 + 0.6 * s->stability) / s->wind_ms;
    for (int p = 0; p < N_PATTERNS; p++) {
        double here = (double)src->pattern[p][s->sector * n + r];
        double next = (double)src->pattern[p][s->next_sector * n + r];
        double unit = (here + s->towards_next * (next - here)) * s->profile[p] * dilution;
        sum.nox += unit * per_person[p].nox;
        sum.co += unit * per_person[p].co;
        sum.so2 += unit * per_person[p].so2;
        sum.pm10 += unit * per_person[p].pm10;
        sum.pm25 += unit * per_person[p].pm25;
    }
    for (size_t i = 0; i < src->n_stacks; i++) {
        const stack *k = &src->stacks[i];
        double dx = field->x[r] - k->x;
        double dy = field->y[r] - k->y;
        double unit = plume(dx * s->to_x + dy * s->to_y, dy * s->to_x - dx * s->to_y,
                            k->height_m + 60.0 / s->wind_ms, s->wind_ms, s->stability);
        sum.nox += unit * k->g_s.nox;
        sum.co += unit * k->g_s.co;
        sum.so2 += unit * k->g_s.so2;
        sum.pm10 += unit * k->g_s.pm10;
        sum.pm25 += unit * k->g_s.pm25;
    }
    return sum;
}

/// Concentrations in the units of the columns. 24.45 litres a mole, 25 degrees.
static void mix(const hour_state *s, const emission *local, double out[SAMPLE_POLLUTANTS]) {
    double nox_ppm = local->nox * 1e3 * 24.45 / 46.0;
    double ozone = s->background[2];
    double titrated = ozone * (1.0 - exp(-nox_ppm / (0.03 + 0.02 * s->sunshine)));
    out[0] = s->background[0] + local->so2 * 1e3 * 24.45 / 64.0;
    out[1] = s->background[1] + local->co * 1e3 * 24.45 / 28.0;
    out[2] = ozone - 0.8 * titrated;
    out[3] =
        s->background[3] + 0.12 * nox_ppm + 0.75 * (nox_ppm < titrated ? nox_ppm : titrated);
    out[4] = s->background[4] + local->pm10 * 1e6;
    out[5] = s->background[5] + local->pm25 * 1e6;
}

/// What the wind brings from far away: slow episodes, the same over the whole city.
static void make_background(const sample_city *city,
                            const sample_weather *weather,
                            size_t first,
                            size_t n_hours,
                            double *out) {
    dosi_random random = dosi_random_init(city->seed, STREAM_BACKGROUND);
    const double keep = 0.988;
    double episode = 0.0;
    double dust = 0.0;
    for (size_t h = 0; h < n_hours; h++) {
        size_t w = first + h;
        episode = keep * episode + sqrt(1 - keep * keep) * dosi_random_normal(&random);
        dust = 0.97 * dust + (dosi_random_uniform(&random) < 0.002 ? 90.0 : 0.0);
        double haze = exp(0.55 * episode);
        double wash = weather->rain_mm[w] > 0.0 ? 0.6 : 1.0;
        double *b = out + h * SAMPLE_POLLUTANTS;
        b[0] = 0.0018 + 0.0008 * haze;
        b[1] = 0.26 + 0.10 * haze;
        b[2] = 0.028 + 0.035 * weather->radiation_wm2[w] / 900.0 + 0.004 * episode;
        b[3] = 0.004 + 0.003 * haze;
        b[5] = 13.0 * haze * wash;
        b[4] = (22.0 * haze + dust) * wash + 3.0;
        if (b[2] < 0.004) b[2] = 0.004;
    }
}

static void set_source(dosi_table *table, size_t row, double height_m, const emission *g_s) {
    dosi_column *c = table->columns;
    c[2].data.real[row] = height_m;
    c[3].data.real[row] = g_s->nox;
    c[4].data.real[row] = g_s->co;
    c[5].data.real[row] = g_s->so2;
    c[6].data.real[row] = g_s->pm10;
    c[7].data.real[row] = g_s->pm25;
}

/// Names a source and puts its point.
static dosi_status name_source(const dosi_projection *projection,
                               dosi_table *table,
                               size_t row,
                               const char *kind,
                               double x,
                               double y) {
    char name[32];
    (void)snprintf(name, sizeof name, "%s-%zu", kind, row + 1);
    DOSI_TRY(dosi_table_set_text(table, 0, row, name));
    DOSI_TRY(dosi_table_set_text(table, 1, row, kind));
    return sample_set_point(projection, table, 8, row, x, y);
}

static dosi_status fill_sources(const sample_city *city,
                                const sources *src,
                                const dosi_projection *projection,
                                dosi_table *table) {
    size_t row = 0;
    for (size_t i = 0; i < src->n_stacks; i++, row++) {
        const stack *s = &src->stacks[i];
        DOSI_TRY(name_source(projection, table, row, "stack", s->x, s->y));
        set_source(table, row, s->height_m, &s->g_s);
    }
    static const char *const kinds[N_PATTERNS] = {"traffic", "heating"};
    for (int p = 0; p < N_PATTERNS; p++) {
        for (size_t d = 0; d < city->dong.n; d++, row++) {
            const emission *e = &per_person[p];
            double people = city->population[d];
            emission g_s = {people * e->nox, people * e->co, people * e->so2, people * e->pm10,
                            people * e->pm25};
            DOSI_TRY(name_source(projection, table, row, kinds[p], city->dong.x[d],
                                 city->dong.y[d]));
            set_source(table, row, p == 0 ? 1.0 : 20.0, &g_s);
        }
    }
    return DOSI_OK;
}

static dosi_status sources_table(const sample_city *city,
                                 const sources *src,
                                 dosi_table *table,
                                 dosi_error *err) {
    static const sample_column columns[] = {
        {"source", DOSI_TYPE_TEXT, NULL, "배출원", "source"},
        {"kind", DOSI_TYPE_TEXT, NULL, "종류: 굴뚝, 교통, 난방",
         "kind: stack, traffic, heating"},
        {"height_m", DOSI_TYPE_REAL, "m", "배출 높이", "height of release"},
        {"nox_gs", DOSI_TYPE_REAL, "g/s", "하루 평균 NOx 배출량", "mean NOx emission (as NO2)"},
        {"co_gs", DOSI_TYPE_REAL, "g/s", "CO 배출량", "mean CO emission"},
        {"so2_gs", DOSI_TYPE_REAL, "g/s", "SO2 배출량", "mean SO2 emission"},
        {"pm10_gs", DOSI_TYPE_REAL, "g/s", "PM10 배출량", "mean PM10 emission"},
        {"pm25_gs", DOSI_TYPE_REAL, "g/s", "PM2.5 배출량", "mean PM2.5 emission"},
        {"geometry", DOSI_TYPE_GEOMETRY, NULL, "위치", "place"},
    };
    size_t n_rows = src->n_stacks + (size_t)N_PATTERNS * city->dong.n;
    DOSI_TRY(
        sample_shape_table(table, columns, sizeof columns / sizeof columns[0], n_rows, err));
    dosi_projection *projection = NULL;
    DOSI_TRY(dosi_projection_create(SAMPLE_SRID, DOSI_SRID_LONLAT, &projection, err));
    dosi_status status = fill_sources(city, src, projection, table);
    dosi_projection_destroy(projection);
    return status;
}

static void run_hours(const sample_weather *weather,
                      size_t first,
                      const double *background,
                      const sources *src,
                      sample_field *field,
                      int n_threads) {
    size_t n_hours = field->n_hours;
#pragma omp parallel for schedule(dynamic, 4) num_threads(n_threads)
    for (size_t h = 0; h < n_hours; h++) {
        hour_state s = state_of_hour(weather, first + h, background + h * SAMPLE_POLLUTANTS);
        for (size_t r = 0; r < field->n_receptors; r++) {
            emission local = local_at(field, src, &s, r);
            double values[SAMPLE_POLLUTANTS];
            mix(&s, &local, values);
            for (size_t p = 0; p < SAMPLE_POLLUTANTS; p++) {
                field->value[(p * n_hours + h) * field->n_receptors + r] = (float)values[p];
            }
        }
    }
}

static void destroy_sources(sources *src) {
    free(src->stacks);
    for (int p = 0; p < N_PATTERNS; p++) free(src->pattern[p]);
}

dosi_status sample_field_create(const sample_city *city,
                                const sample_weather *weather,
                                const dosi_run *run,
                                sample_field *field,
                                dosi_table *table,
                                dosi_error *err) {
    assert(field->start >= weather->start);
    size_t first = (size_t)((field->start - weather->start) / DOSI_HOUR_US);
    field->n_hours = (size_t)city->size.n_hours;
    assert(first + field->n_hours <= weather->n_hours);
    sources src = {0};
    double *background = calloc(field->n_hours * SAMPLE_POLLUTANTS, sizeof *background);
    dosi_status status = background ? place_receptors(city, field) : DOSI_NO_MEMORY;
    if (status == DOSI_OK) status = place_stacks(city, &src);
    if (status == DOSI_OK) {
        status = spread_areas(city, field, &src, dosi_run_threads(run));
    }
    if (status == DOSI_OK) {
        field->value = calloc(SAMPLE_POLLUTANTS * field->n_hours * field->n_receptors,
                              sizeof *field->value);
        if (!field->value) status = DOSI_NO_MEMORY;
    }
    if (status == DOSI_OK) {
        make_background(city, weather, first, field->n_hours, background);
        run_hours(weather, first, background, &src, field, dosi_run_threads(run));
        status = sources_table(city, &src, table, err);
    }
    destroy_sources(&src);
    free(background);
    return status;
}

void sample_field_destroy(sample_field *field) {
    if (!field) return;
    free(field->x);
    free(field->y);
    free(field->cell);
    free(field->value);
    *field = (sample_field){0};
}
