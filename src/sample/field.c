// The true field: background + roads + neighbourhoods' emissions spread by the wind + stacks.
//
// All of it is known. Roads and street canyons: road_air.c. An area source (heating, and the
// traffic of small streets) spreads along the wind with a kernel that was worked out once for
// each of 36 wind directions (interpolated between), diluted by wind speed and mixing height. A
// stack is the Gaussian plume of dosi/gauss.h with Briggs' urban curves and Briggs' rise. NO,
// NO2 and ozone react as dosi/chemistry.h says.

#include "dosi/chemistry.h"
#include "dosi/gauss.h"
#include "dosi/geo.h"
#include "sample/city.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double two_pi = 6.283185307179586476925286766559;

static const double no2_part = 0.12;  // of NOx, emitted as NO2
static const double renewed_s = 60.0; // the city's lowest air is mixed with what is above it

enum { N_SECTORS = SAMPLE_SECTORS, N_PATTERNS = 2, MAX_SIDE = 1000, MAX_STACKS = 64 };

/// Grams a second from one person: NOx, CO, SO2, PM10, PM2.5 of small streets, then of heating.
static const sample_emission per_person[N_PATTERNS] = {
    {{1.6e-5, 5.0e-5, 1.5e-7, 3.0e-6, 1.5e-6}},
    {{2.6e-5, 4.0e-5, 2.2e-6, 5.0e-6, 4.0e-6}},
};

/// A stack of known place, height and strength.
typedef struct stack {
    double x, y, height_m, diameter_m, gas_ms, gas_c;
    sample_emission g_s;
} stack;

typedef struct sources {
    size_t n_stacks;
    stack *stacks;
    float *pattern[N_PATTERNS]; ///< (N_SECTORS x n_receptors) per unit emission pattern.
    sample_road_air roads;
} sources;

static dosi_status place_receptors(const sample_city *city, sample_field *field) {
    double cell = city->size.cell_m;
    double half = 1.6 * city->size.radius_m;
    long side = (long)ceil(2.0 * half / cell);
    double west = floor((city->centre_x - half) / cell) * cell;
    double south = floor((city->centre_y - half) / cell) * cell;
    if (side > MAX_SIDE) return DOSI_LIMIT;
    size_t most = (size_t)(side * side) + city->stations.n + city->sdot.n;
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
    field->n_sdot = city->sdot.n;
    field->n_receptors = n + city->stations.n + city->sdot.n;
    for (size_t s = 0; s < city->stations.n; s++) {
        field->x[n + s] = city->stations.x[s];
        field->y[n + s] = city->stations.y[s];
    }
    n += city->stations.n;
    for (size_t s = 0; s < city->sdot.n; s++) {
        field->x[n + s] = city->sdot.x[s];
        field->y[n + s] = city->sdot.y[s];
    }
    return DOSI_OK;
}

static dosi_status place_stacks(const sample_city *city, sources *src) {
    dosi_random random = dosi_random_init(city->seed, STREAM_SOURCES);
    src->n_stacks = (size_t)city->size.n_stacks;
    assert(src->n_stacks <= MAX_STACKS);
    assert(src->n_stacks > 0);
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
        double sulphur = 0.3 + dosi_random_uniform(&random);
        s->g_s = (sample_emission){{30.0 * strength, 18.0 * strength, 36.0 * strength * sulphur,
                                    9.0 * strength, 6.0 * strength}};
        s->diameter_m = 1.4 + 0.1 * floor(12.0 * dosi_random_uniform(&random));
        s->gas_ms = 8.0 + floor(8.0 * dosi_random_uniform(&random));
        s->gas_c = 110.0 + floor(60.0 * dosi_random_uniform(&random));
        for (int k = 0; k < SAMPLE_SPECIES; k++) {
            s->g_s.of[k] = floor(s->g_s.of[k] * 1000.0 + 0.5) / 1000.0;
        }
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
    assert(n > 0);
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
            src->pattern[0][(size_t)sector * n + r] = (float)sum;
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

/// Weather and strengths of one hour, ready for all receptors.
typedef struct hour_state {
    double to_x, to_y, mixing_m, temperature_c, stability, radiation_wm2;
    sample_road_hour road; ///< Also wind, sectors and class.
    double profile[N_PATTERNS];
    double background[SAMPLE_POLLUTANTS];
} hour_state;

static hour_state state_of_hour(const sample_weather *weather,
                                size_t h,
                                const double *background) {
    double u = weather->wind_u_ms[h];
    double v = weather->wind_v_ms[h];
    double speed = hypot(u, v);
    hour_state s = {.mixing_m = weather->mixing_m[h],
                    .temperature_c = weather->temperature_c[h]};
    double angle = speed > 0.0 ? atan2(v, u) : 0.0;
    if (angle < 0.0) angle += two_pi;
    s.to_x = cos(angle);
    s.to_y = sin(angle);
    double at = angle / two_pi * N_SECTORS;
    s.road.wind_ms = speed < 1.0 ? 1.0 : speed;
    s.road.from_deg = 270.0 - angle * 360.0 / two_pi;
    s.road.sector = (size_t)at % N_SECTORS;
    s.road.next_sector = (s.road.sector + 1) % N_SECTORS;
    s.road.towards_next = at - floor(at);
    s.road.stability = (int)dosi_stability_of_hour(s.road.wind_ms, weather->radiation_wm2[h],
                                                   weather->cloud[h]);
    s.stability = stability_of(s.road.wind_ms, weather->radiation_wm2[h]);
    s.radiation_wm2 = weather->radiation_wm2[h];
    day_profile(weather->start + (int64_t)(h + 1) * DOSI_HOUR_US, weather->temperature_c[h],
                s.profile);
    memcpy(s.background, background, sizeof s.background);
    return s;
}

/// Adds `unit` times an emission.
static void add_emission(sample_emission *sum, double unit, const sample_emission *g_s) {
    for (int k = 0; k < SAMPLE_SPECIES; k++) sum->of[k] += unit * g_s->of[k];
}

/// A stack's plume in one hour.
typedef struct stack_hour {
    dosi_gauss_air air;
    dosi_gauss_release release;
} stack_hour;

/// What the hour's weather makes of a stack: wind at its top, and how far its plume rises.
static stack_hour stack_in_hour(const stack *k, const hour_state *s) {
    dosi_stability stability = (dosi_stability)s->road.stability;
    double top_ms =
        s->road.wind_ms * pow(k->height_m / 10.0, dosi_wind_exponent_urban(stability));
    double flux = dosi_buoyancy_flux(k->gas_ms, k->diameter_m, k->gas_c + 273.15,
                                     s->temperature_c + 273.15);
    double height_m = k->height_m + dosi_plume_rise(stability, flux, top_ms, NULL);
    return (stack_hour){
        .air = {DOSI_SIGMA_BRIGGS_URBAN, stability, top_ms, fmax(s->mixing_m, 1.2 * height_m)},
        .release = {.height_m = height_m}};
}

/// What local sources add at one receptor, g/m3.
static sample_emission local_at(const sample_field *field,
                                const sources *src,
                                const hour_state *s,
                                const stack_hour *stacks,
                                size_t r) {
    size_t n = field->n_receptors;
    sample_emission sum = {{0}};
    double shallow = 600.0 / (s->mixing_m + 150.0);
    double dilution = (0.55 + 0.45 * shallow) * (1.0 + 0.6 * s->stability) / s->road.wind_ms;
    for (int p = 0; p < N_PATTERNS; p++) {
        double here = (double)src->pattern[p][s->road.sector * n + r];
        double next = (double)src->pattern[p][s->road.next_sector * n + r];
        double unit = here + s->road.towards_next * (next - here);
        add_emission(&sum, unit * s->profile[p] * dilution, &per_person[p]);
    }
    for (size_t i = 0; i < src->n_stacks; i++) {
        const stack *k = &src->stacks[i];
        double dx = field->x[r] - k->x;
        double dy = field->y[r] - k->y;
        double unit =
            dosi_gauss_point(&stacks[i].air, &stacks[i].release, dx * s->to_x + dy * s->to_y,
                             dy * s->to_x - dx * s->to_y, 0.0);
        add_emission(&sum, unit, &k->g_s);
    }
    sample_road_air_add(&src->roads, &s->road, r, &sum);
    return sum;
}

/// NOx of a source as ppb of NO and NO2, added to the air. 24.45 litres a mole, 25 degrees.
static double ppb_of(double nox_gm3) {
    return nox_gm3 * 1e6 * 24.45 / 46.0;
}

/// NO2 and ozone, ppb: what comes in from far away and what the city adds react while air from
/// above is mixed in; a street's own NOx reacts while the street is aired (dosi/chemistry.h).
static dosi_nox react(const hour_state *s,
                      const sample_emission *local,
                      const sample_street *street) {
    double k = dosi_rate_no_o3(s->temperature_c + 273.15);
    double j = dosi_photolysis_no2(s->radiation_wm2);
    dosi_nox air = {.no2 = 1e3 * s->background[3], .o3 = 1e3 * s->background[2]};
    air.no = j * air.no2 / (k * fmax(air.o3, 1.0));
    double nox = ppb_of(local->of[0]);
    air.no += (1.0 - no2_part) * nox;
    air.no2 += no2_part * nox;
    const dosi_nox none_added = air;
    air = dosi_nox_in_street(&none_added, 0.0, no2_part, renewed_s, k, j);
    return dosi_nox_in_street(&air, ppb_of(street->added.of[0]), no2_part, street->residence_s,
                              k, j);
}

/// Concentrations in the units of the columns.
static void mix(const hour_state *s,
                const sample_emission *local,
                const sample_street *street,
                double out[SAMPLE_POLLUTANTS]) {
    dosi_nox air = react(s, local, street);
    sample_emission all = *local;
    add_emission(&all, 1.0, &street->added);
    out[0] = s->background[0] + all.of[2] * 1e3 * 24.45 / 64.0;
    out[1] = s->background[1] + all.of[1] * 1e3 * 24.45 / 28.0;
    out[2] = 1e-3 * air.o3;
    out[3] = 1e-3 * air.no2;
    out[4] = s->background[4] + all.of[3] * 1e6;
    out[5] = s->background[5] + all.of[4] * 1e6;
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

static void set_source(dosi_table *table,
                       size_t row,
                       double height_m,
                       const sample_emission *g_s) {
    dosi_column *c = table->columns;
    c[2].data.real[row] = height_m;
    for (size_t k = 0; k < SAMPLE_SPECIES; k++) c[3 + k].data.real[row] = g_s->of[k];
    for (size_t k = 0; k < 3; k++) c[8 + k].data.real[row] = (double)NAN;
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
    return sample_set_point(projection, table, 11, row, x, y);
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
        table->columns[8].data.real[row] = s->diameter_m;
        table->columns[9].data.real[row] = s->gas_ms;
        table->columns[10].data.real[row] = s->gas_c;
    }
    static const char *const kinds[N_PATTERNS] = {"streets", "heating"};
    for (int p = 0; p < N_PATTERNS; p++) {
        for (size_t d = 0; d < city->dong.n; d++, row++) {
            sample_emission g_s = {{0}};
            add_emission(&g_s, city->population[d], &per_person[p]);
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
        {"kind", DOSI_TYPE_TEXT, NULL, "종류: 굴뚝, 작은 길, 난방",
         "kind: stack, streets (small ones), heating"},
        {"height_m", DOSI_TYPE_REAL, "m", "배출 높이", "height of release"},
        {"nox_gs", DOSI_TYPE_REAL, "g/s", "하루 평균 NOx 배출량", "mean NOx emission (as NO2)"},
        {"co_gs", DOSI_TYPE_REAL, "g/s", "CO 배출량", "mean CO emission"},
        {"so2_gs", DOSI_TYPE_REAL, "g/s", "SO2 배출량", "mean SO2 emission"},
        {"pm10_gs", DOSI_TYPE_REAL, "g/s", "PM10 배출량", "mean PM10 emission"},
        {"pm25_gs", DOSI_TYPE_REAL, "g/s", "PM2.5 배출량", "mean PM2.5 emission"},
        {"diameter_m", DOSI_TYPE_REAL, "m", "굴뚝 안지름", "inner diameter of the stack"},
        {"gas_ms", DOSI_TYPE_REAL, "m/s", "배출 속도", "speed of the gas"},
        {"gas_c", DOSI_TYPE_REAL, "Cel", "배출 온도", "temperature of the gas"},
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

/// What all hours share.
typedef struct world {
    const sample_city *city;
    const sample_weather *weather;
    const sample_traffic *traffic;
    const double *background; ///< (n_hours x SAMPLE_POLLUTANTS)
    const sources *src;
    size_t first; ///< Hour of the weather that is the field's first.
} world;

static void run_hours(const world *w, sample_field *field, int n_threads) {
    size_t n_hours = field->n_hours;
#pragma omp parallel for schedule(dynamic, 4) num_threads(n_threads)
    for (size_t h = 0; h < n_hours; h++) {
        hour_state s =
            state_of_hour(w->weather, w->first + h, w->background + h * SAMPLE_POLLUTANTS);
        for (size_t c = 0; c < N_ROAD_CLASSES; c++) {
            s.road.factor[c] = w->traffic->factor[c * n_hours + h];
        }
        stack_hour stacks[MAX_STACKS];
        for (size_t i = 0; i < w->src->n_stacks; i++) {
            stacks[i] = stack_in_hour(&w->src->stacks[i], &s);
        }
        for (size_t r = 0; r < field->n_receptors; r++) {
            sample_emission local = local_at(field, w->src, &s, stacks, r);
            double values[SAMPLE_POLLUTANTS];
            sample_street street = sample_street_of(w->city, field, &s.road, r);
            mix(&s, &local, &street, values);
            for (size_t p = 0; p < SAMPLE_POLLUTANTS; p++) {
                field->value[(p * n_hours + h) * field->n_receptors + r] = (float)values[p];
            }
        }
    }
}

static void destroy_sources(sources *src) {
    free(src->stacks);
    sample_road_air_destroy(&src->roads);
    for (int p = 0; p < N_PATTERNS; p++) free(src->pattern[p]);
}

/// All sources, and how they spread over the receptors.
static dosi_status make_sources(const sample_city *city,
                                const sample_field *field,
                                const dosi_run *run,
                                sources *src) {
    DOSI_TRY(place_stacks(city, src));
    DOSI_TRY(spread_areas(city, field, src, dosi_run_threads(run)));
    dosi_run_report(run, 0.2, "roads");
    return sample_road_air_create(city, field, dosi_run_threads(run), &src->roads);
}

dosi_status sample_field_create(const sample_city *city,
                                const sample_hours *hours,
                                const dosi_run *run,
                                sample_field *field,
                                dosi_table *table,
                                dosi_error *err) {
    const sample_weather *weather = hours->weather;
    assert(field->start >= weather->start);
    size_t first = (size_t)((field->start - weather->start) / DOSI_HOUR_US);
    field->n_hours = (size_t)city->size.n_hours;
    assert(field->n_hours > 0 && first + field->n_hours <= weather->n_hours);
    sources src = {0};
    double *background = calloc(field->n_hours * SAMPLE_POLLUTANTS, sizeof *background);
    dosi_status status = background ? place_receptors(city, field) : DOSI_NO_MEMORY;
    if (status == DOSI_OK) status = make_sources(city, field, run, &src);
    dosi_run_report(run, 0.4, "hours");
    if (status == DOSI_OK) {
        assert(field->n_receptors > 0);
        field->value = calloc(SAMPLE_POLLUTANTS * field->n_hours * field->n_receptors,
                              sizeof *field->value);
        if (!field->value) status = DOSI_NO_MEMORY;
    }
    if (status == DOSI_OK) {
        make_background(city, weather, first, field->n_hours, background);
        const world w = {city, weather, hours->traffic, background, &src, first};
        run_hours(&w, field, dosi_run_threads(run));
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
