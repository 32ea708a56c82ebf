// The ground plan: outline, neighbourhood centres, districts, population, stations.

#include "sample/city.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double two_pi = 6.283185307179586476925286766559;

enum { N_OUTLINE = 240, N_CANDIDATES = 12, N_LLOYD = 8, PEOPLE_PER_DONG = 22000 };

static const struct {
    const char *name;
    dosi_sample_size size;
} scales[] = {
    {"small", {6, 60, 14, 4, 6000.0, 500.0, 168}},
    {"city", {25, 424, 50, 12, 14000.0, 1000.0, 744}},
    {"megacity", {80, 1800, 240, 40, 30000.0, 1000.0, 744}},
};

dosi_status dosi_sample_size_of(const char *scale, dosi_sample_size *out, dosi_error *err) {
    const char *wanted = scale ? scale : "city";
    for (size_t i = 0; i < sizeof scales / sizeof scales[0]; i++) {
        if (strcmp(scales[i].name, wanted) == 0) {
            *out = scales[i].size;
            return DOSI_OK;
        }
    }
    return dosi_fail(err, DOSI_INVALID, "scale \"%s\": there are small, city, megacity",
                     wanted);
}

static dosi_status alloc_points(sample_points *points, size_t n) {
    points->n = n;
    points->x = calloc(n, sizeof *points->x);
    points->y = calloc(n, sizeof *points->y);
    return points->x && points->y ? DOSI_OK : DOSI_NO_MEMORY;
}

static void free_points(sample_points *points) {
    free(points->x);
    free(points->y);
    *points = (sample_points){0};
}

/// A wavy oval, wider than high.
static void draw_outline(sample_city *city) {
    dosi_random random = dosi_random_init(city->seed, STREAM_OUTLINE);
    double amplitude[6];
    double phase[6];
    for (int k = 0; k < 6; k++) {
        amplitude[k] = 0.09 / (k + 1.5) * dosi_random_normal(&random);
        phase[k] = two_pi * dosi_random_uniform(&random);
    }
    for (size_t i = 0; i < city->outline.n; i++) {
        double angle = two_pi * (double)i / (double)city->outline.n;
        double radius = city->size.radius_m;
        for (int k = 0; k < 6; k++) {
            radius += city->size.radius_m * amplitude[k] * cos((k + 2) * angle + phase[k]);
        }
        city->outline.x[i] = city->centre_x + 1.22 * radius * cos(angle);
        city->outline.y[i] = city->centre_y + 0.88 * radius * sin(angle);
    }
}

bool sample_city_contains(const sample_city *city, double x, double y) {
    bool is_inside = false;
    const sample_points *ring = &city->outline;
    for (size_t i = 0, j = ring->n - 1; i < ring->n; j = i++) {
        bool spans = (ring->y[i] > y) != (ring->y[j] > y);
        if (spans &&
            x < (ring->x[j] - ring->x[i]) * (y - ring->y[i]) / (ring->y[j] - ring->y[i]) +
                    ring->x[i]) {
            is_inside = !is_inside;
        }
    }
    return is_inside;
}

double sample_eccentricity(const sample_city *city, double x, double y) {
    return hypot((x - city->centre_x) / 1.22, (y - city->centre_y) / 0.88) /
           city->size.radius_m;
}

/// A uniform point inside the outline, shrunk towards the centre by `shrink`.
static void draw_inside(
    const sample_city *city, dosi_random *random, double shrink, double *x, double *y) {
    double reach = 1.6 * city->size.radius_m;
    do {
        *x = city->centre_x + reach * (2.0 * dosi_random_uniform(random) - 1.0);
        *y = city->centre_y + reach * (2.0 * dosi_random_uniform(random) - 1.0);
    } while (!sample_city_contains(city, *x, *y));
    *x = city->centre_x + shrink * (*x - city->centre_x);
    *y = city->centre_y + shrink * (*y - city->centre_y);
}

static double nearest_squared(const sample_points *points, size_t n, double x, double y) {
    double best = INFINITY;
    for (size_t i = 0; i < n; i++) {
        double dx = points->x[i] - x;
        double dy = points->y[i] - y;
        double d = dx * dx + dy * dy;
        if (d < best) best = d;
    }
    return best;
}

/// Spreads centres by best candidates: denser in the middle, never crowded.
static void spread(const sample_city *city,
                   sample_points *points,
                   sample_stream stream,
                   double shrink) {
    dosi_random random = dosi_random_init(city->seed, (uint64_t)stream);
    for (size_t i = 0; i < points->n; i++) {
        double best = -1.0;
        for (int c = 0; c < N_CANDIDATES; c++) {
            double x;
            double y;
            draw_inside(city, &random, shrink, &x, &y);
            double scale = 0.55 + 0.75 * sample_eccentricity(city, x, y);
            double score = nearest_squared(points, i, x, y) / (scale * scale);
            if (score > best) {
                best = score;
                points->x[i] = x;
                points->y[i] = y;
            }
        }
    }
}

static int nearest_index(const sample_points *points, double x, double y) {
    int nearest = 0;
    double best = INFINITY;
    for (size_t i = 0; i < points->n; i++) {
        double dx = points->x[i] - x;
        double dy = points->y[i] - y;
        if (dx * dx + dy * dy < best) {
            best = dx * dx + dy * dy;
            nearest = (int)i;
        }
    }
    return nearest;
}

/// Groups neighbourhoods into districts by k-means over their centres.
static void group_districts(sample_city *city, sample_points *centres) {
    size_t n_districts = centres->n;
    for (int round = 0; round < N_LLOYD; round++) {
        for (size_t i = 0; i < city->dong.n; i++) {
            city->district[i] = nearest_index(centres, city->dong.x[i], city->dong.y[i]);
        }
        for (size_t d = 0; d < n_districts; d++) {
            double sum_x = 0.0;
            double sum_y = 0.0;
            double n = 0.0;
            for (size_t i = 0; i < city->dong.n; i++) {
                if (city->district[i] != (int)d) continue;
                sum_x += city->dong.x[i];
                sum_y += city->dong.y[i];
                n += 1.0;
            }
            if (n > 0.0) {
                centres->x[d] = sum_x / n;
                centres->y[d] = sum_y / n;
            }
        }
    }
}

/// Numbers the neighbourhoods inside each district.
static dosi_status number_dong(sample_city *city) {
    int *count = calloc((size_t)city->size.n_districts, sizeof *count);
    if (!count) return DOSI_NO_MEMORY;
    for (size_t i = 0; i < city->dong.n; i++) {
        city->dong_in_district[i] = ++count[city->district[i]];
    }
    free(count);
    return DOSI_OK;
}

static dosi_status lay_out_dong(sample_city *city) {
    sample_points centres = {0};
    spread(city, &city->dong, STREAM_SEEDS, 1.0);
    dosi_status status = alloc_points(&centres, (size_t)city->size.n_districts);
    if (status == DOSI_OK) {
        spread(city, &centres, STREAM_DISTRICTS, 0.9);
        group_districts(city, &centres);
        status = number_dong(city);
    }
    free_points(&centres);
    return status;
}

/// One station per district in its middle first, then roadside, then background at the edge.
static void place_stations(sample_city *city) {
    dosi_random random = dosi_random_init(city->seed, STREAM_STATIONS);
    size_t n = city->stations.n;
    size_t n_urban = n / 2;
    size_t n_roadside = n * 3 / 10;
    for (size_t s = 0; s < n; s++) {
        city->station_kind[s] = s < n_urban ? 0 : s < n_urban + n_roadside ? 1 : 2;
        double shrink = city->station_kind[s] == 1 ? 0.75 : 0.97;
        double best = -1.0;
        for (int c = 0; c < 4 * N_CANDIDATES; c++) {
            double x;
            double y;
            draw_inside(city, &random, shrink, &x, &y);
            double e = sample_eccentricity(city, x, y);
            if (city->station_kind[s] == 2 && e < 0.8) continue;
            double score = nearest_squared(&city->stations, s, x, y);
            if (score > best) {
                best = score;
                city->stations.x[s] = x;
                city->stations.y[s] = y;
            }
        }
        if (city->station_kind[s] == 1) {
            city->station_canyon[s] = sample_move_to_road(
                city, ROAD_ARTERIAL, ROAD_ARTERIAL, &city->stations.x[s], &city->stations.y[s]);
        }
        city->station_dong[s] =
            nearest_index(&city->dong, city->stations.x[s], city->stations.y[s]);
    }
}

/// The cheap network: one sensor at each station, a third of the others at roads, the rest
/// spread over the city.
static void place_sdot(sample_city *city) {
    dosi_random random = dosi_random_init(city->seed, STREAM_SDOT);
    for (size_t s = 0; s < city->sdot.n; s++) {
        double *x = &city->sdot.x[s];
        double *y = &city->sdot.y[s];
        city->sdot_station[s] = -1;
        if (s < city->stations.n) {
            city->sdot_station[s] = (int)s;
            *x = city->stations.x[s];
            *y = city->stations.y[s];
            city->sdot_canyon[s] = city->station_canyon[s];
            continue;
        }
        double best = -1.0;
        for (int c = 0; c < N_CANDIDATES / 2; c++) {
            double at_x;
            double at_y;
            draw_inside(city, &random, 0.96, &at_x, &at_y);
            double score = nearest_squared(&city->sdot, s, at_x, at_y);
            if (score <= best) continue;
            best = score;
            *x = at_x;
            *y = at_y;
        }
        if (s % 3 == 0) {
            city->sdot_canyon[s] =
                sample_move_to_road(city, ROAD_ARTERIAL, ROAD_COLLECTOR, x, y);
        }
    }
}

static dosi_status alloc_city(sample_city *city) {
    size_t n_dong = (size_t)city->size.n_dong;
    size_t n_stations = (size_t)city->size.n_stations;
    DOSI_TRY(alloc_points(&city->outline, N_OUTLINE));
    DOSI_TRY(alloc_points(&city->dong, n_dong));
    DOSI_TRY(alloc_points(&city->stations, n_stations));
    city->district = calloc(n_dong, sizeof *city->district);
    city->dong_in_district = calloc(n_dong, sizeof *city->dong_in_district);
    city->population = calloc(n_dong, sizeof *city->population);
    city->dong_area_m2 = calloc(n_dong, sizeof *city->dong_area_m2);
    city->ring_start = calloc(n_dong + 1, sizeof *city->ring_start);
    city->station_kind = calloc(n_stations, sizeof *city->station_kind);
    city->station_dong = calloc(n_stations, sizeof *city->station_dong);
    DOSI_TRY(alloc_points(&city->sdot, SAMPLE_SDOT_PER_STATION * n_stations));
    city->sdot_station = calloc(city->sdot.n, sizeof *city->sdot_station);
    city->station_canyon = calloc(n_stations, sizeof *city->station_canyon);
    city->sdot_canyon = calloc(city->sdot.n, sizeof *city->sdot_canyon);
    bool is_whole = city->district && city->dong_in_district && city->population &&
                    city->dong_area_m2 && city->ring_start && city->station_kind &&
                    city->station_dong && city->sdot_station && city->station_canyon &&
                    city->sdot_canyon;
    for (size_t s = 0; is_whole && s < n_stations; s++) city->station_canyon[s].link = -1;
    for (size_t s = 0; is_whole && s < city->sdot.n; s++) city->sdot_canyon[s].link = -1;
    return is_whole ? DOSI_OK : DOSI_NO_MEMORY;
}

/// People: dense in the middle, uneven between neighbours, PEOPLE_PER_DONG on average.
static void settle(sample_city *city) {
    dosi_random random = dosi_random_init(city->seed, STREAM_POPULATION);
    double total = 0.0;
    for (size_t i = 0; i < city->dong.n; i++) {
        double e = sample_eccentricity(city, city->dong.x[i], city->dong.y[i]);
        double density = exp(-1.1 * e) * exp(0.35 * dosi_random_normal(&random));
        city->population[i] = density * city->dong_area_m2[i];
        total += city->population[i];
    }
    double factor = (double)PEOPLE_PER_DONG * (double)city->dong.n / total;
    for (size_t i = 0; i < city->dong.n; i++) {
        city->population[i] = floor(city->population[i] * factor + 0.5);
    }
}

dosi_status sample_city_create(const dosi_sample_options *options,
                               sample_city *city,
                               dosi_error *err) {
    assert(options && city);
    *city = (sample_city){.seed = options->seed, .centre_x = 60000.0, .centre_y = 400000.0};
    DOSI_TRY(dosi_sample_size_of(options->scale, &city->size, err));
    if (options->n_hours > 0) city->size.n_hours = options->n_hours;
    if (alloc_city(city) != DOSI_OK) {
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for the city's plan");
    }
    draw_outline(city);
    DOSI_TRY(lay_out_dong(city));
    DOSI_TRY(sample_draw_rings(city, err));
    settle(city);
    DOSI_TRY(sample_lay_roads(city, err));
    place_stations(city);
    place_sdot(city);
    return DOSI_OK;
}

void sample_city_destroy(sample_city *city) {
    if (!city) return;
    free_points(&city->outline);
    free_points(&city->dong);
    free_points(&city->rings);
    free_points(&city->stations);
    free_points(&city->sdot);
    free(city->links);
    free(city->sdot_station);
    free(city->station_canyon);
    free(city->sdot_canyon);
    free(city->ring_start);
    free(city->dong_area_m2);
    free(city->population);
    free(city->district);
    free(city->dong_in_district);
    free(city->station_kind);
    free(city->station_dong);
    *city = (sample_city){0};
}
