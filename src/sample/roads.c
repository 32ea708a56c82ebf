// The roads: a bent lattice of expressways, arterials and collectors, their traffic, and what
// it emits.

#include "sample/city.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double two_pi = 6.283185307179586476925286766559;

enum { MAX_LINES = 200, N_ROAD_NAMES = 12, CODE_BYTES = 32, NAME_BYTES = 96 };

/// What roads of a class are like.
static const struct {
    const char *name, *suffix;
    double flow_vph, speed_kmh, heavy_share, width_m;
    int lanes;
} classes[N_ROAD_CLASSES] = {{"expressway", "도시고속로", 3400, 70, 0.11, 34, 8},
                             {"arterial", "대로", 1600, 36, 0.07, 28, 6},
                             {"collector", "로", 450, 26, 0.04, 16, 2}};

static const char *const stems[N_ROAD_NAMES] = {"가람", "나루", "다온", "라솔", "마중", "바람",
                                                "새길", "아침", "이음", "하람", "푸른", "한빛"};

/// Grams a kilometre of one vehicle at 40 km/h: NOx, CO, SO2, PM10, PM2.5. Wear is in the PM.
static const double light_g_km[SAMPLE_SPECIES] = {0.25, 1.6, 0.004, 0.035, 0.015};
static const double heavy_g_km[SAMPLE_SPECIES] = {4.0, 2.4, 0.016, 0.30, 0.16};

/// The lattice: node (i, j) for i, j from -half to half.
typedef struct lattice {
    int half;
    double spacing_m, turn;
    double wave[4], phase[4];
    double line_strength[2][2 * MAX_LINES + 1]; ///< Traffic of each line over its class's.
} lattice;

static void draw_lattice(const sample_city *city, dosi_random *random, lattice *net) {
    net->spacing_m = city->size.radius_m < 10000.0   ? 620.0
                     : city->size.radius_m < 20000.0 ? 850.0
                                                     : 1100.0;
    net->half = (int)(1.5 * city->size.radius_m / net->spacing_m);
    if (net->half > MAX_LINES) net->half = MAX_LINES;
    net->turn = 0.5 * (dosi_random_uniform(random) - 0.5);
    for (int k = 0; k < 4; k++) {
        net->wave[k] = (0.10 + 0.15 * dosi_random_uniform(random)) * net->spacing_m;
        net->phase[k] = two_pi * dosi_random_uniform(random);
    }
    for (int way = 0; way < 2; way++) {
        for (int k = 0; k <= 2 * net->half; k++) {
            net->line_strength[way][k] = exp(0.22 * dosi_random_normal(random));
        }
    }
}

/// Where node (i, j) is; fractions are between nodes.
static void node_at(
    const sample_city *city, const lattice *net, double i, double j, double *x, double *y) {
    double u = net->spacing_m * i + net->wave[0] * sin(0.9 * j + net->phase[0]) +
               net->wave[1] * sin(0.37 * j - 0.5 * i + net->phase[1]);
    double v = net->spacing_m * j + net->wave[2] * sin(0.8 * i + net->phase[2]) +
               net->wave[3] * sin(0.41 * i + 0.6 * j + net->phase[3]);
    *x = city->centre_x + u * cos(net->turn) - v * sin(net->turn);
    *y = city->centre_y + u * sin(net->turn) + v * cos(net->turn);
}

static sample_road_class class_of_line(int k) {
    int m = ((k % 12) + 12) % 12;
    return m == 6 ? ROAD_EXPRESSWAY : m % 3 == 0 ? ROAD_ARTERIAL : ROAD_COLLECTOR;
}

/// Emission a metre at the mean flow: slow traffic emits more a kilometre.
static void emit(sample_link *link) {
    double slow = 0.5 + 0.5 * 40.0 / link->speed_kmh;
    double light = link->flow_vph * (1.0 - link->heavy_share);
    double heavy = link->flow_vph * link->heavy_share;
    for (int k = 0; k < SAMPLE_SPECIES; k++) {
        double g_km_h = (light * light_g_km[k] + heavy * heavy_g_km[k]) * slow;
        link->g_m_s.of[k] = sample_six_digits(g_km_h / 3.6e6);
    }
}

static double rounded(double value, double step) {
    return floor(value / step + 0.5) * step;
}

/// Gives a link its traffic and its buildings.
static void furnish(const sample_city *city,
                    dosi_random *random,
                    double strength,
                    sample_link *link) {
    double e = sample_eccentricity(city, link->x[1], link->y[1]);
    int c = (int)link->road_class;
    double noise = exp(0.12 * dosi_random_normal(random));
    link->flow_vph =
        rounded(classes[c].flow_vph * strength * noise * exp(-0.7 * (e - 0.4)), 10.0);
    link->speed_kmh = rounded(
        classes[c].speed_kmh * (0.85 + 0.25 * e) * exp(0.05 * dosi_random_normal(random)), 1.0);
    link->heavy_share =
        rounded(classes[c].heavy_share * exp(0.25 * dosi_random_normal(random)), 0.001);
    link->lanes = classes[c].lanes;
    link->width_m = classes[c].width_m;
    double built = dosi_random_uniform(random);
    double high = dosi_random_uniform(random);
    if (link->road_class != ROAD_EXPRESSWAY && e < 0.75 && built < 0.75 - 0.6 * e) {
        link->canyon_m = rounded(9.0 + 32.0 * high * (1.1 - e), 1.0);
    }
    emit(link);
}

/// Adds the link from node (i, j) to the next along (`way` 0) or across (1), if it is there.
static void add_link(
    sample_city *city, dosi_random *random, const lattice *net, int way, const int *at) {
    int k = way == 0 ? at[1] : at[0]; // which line
    sample_link link = {.road_class = class_of_line(k), .line = 2 * (k + net->half) + way};
    double bend = 0.10 * (dosi_random_uniform(random) - 0.5);
    double dropped = dosi_random_uniform(random);
    for (int p = 0; p < SAMPLE_LINK_POINTS; p++) {
        double t = 0.5 * p;
        double side = p == 1 ? bend : 0.0;
        double i = at[0] + (way == 0 ? t : side);
        double j = at[1] + (way == 0 ? side : t);
        node_at(city, net, i, j, &link.x[p], &link.y[p]);
        link.x[p] = rounded(link.x[p], 0.1);
        link.y[p] = rounded(link.y[p], 0.1);
        if (!sample_city_contains(city, link.x[p], link.y[p])) return;
    }
    if (link.road_class == ROAD_COLLECTOR && dropped < 0.12) return;
    furnish(city, random, net->line_strength[way][k + net->half], &link);
    city->links[city->n_links++] = link;
}

dosi_status sample_lay_roads(sample_city *city, dosi_error *err) {
    assert(city);
    dosi_random random = dosi_random_init(city->seed, STREAM_ROADS);
    lattice net = {0};
    draw_lattice(city, &random, &net);
    size_t side = 2 * (size_t)net.half + 1;
    city->links = calloc(2 * side * side, sizeof *city->links);
    if (!city->links) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for the roads");
    for (int way = 0; way < 2; way++) {
        for (int i = -net.half; i < net.half; i++) {
            for (int j = -net.half; j < net.half; j++) {
                add_link(city, &random, &net, way, (const int[]){i, j});
            }
        }
    }
    return DOSI_OK;
}

/// The point of a link nearest to (x, y), and the direction of the link there.
static double nearest_on_link(const sample_link *link, double x, double y, double *foot) {
    double best = INFINITY;
    for (int p = 0; p + 1 < SAMPLE_LINK_POINTS; p++) {
        double dx = link->x[p + 1] - link->x[p];
        double dy = link->y[p + 1] - link->y[p];
        double squared = dx * dx + dy * dy;
        double t =
            squared > 0.0 ? ((x - link->x[p]) * dx + (y - link->y[p]) * dy) / squared : 0.0;
        t = t < 0.0 ? 0.0 : t > 1.0 ? 1.0 : t;
        double at_x = link->x[p] + t * dx;
        double at_y = link->y[p] + t * dy;
        double distance = hypot(x - at_x, y - at_y);
        if (distance >= best) continue;
        best = distance;
        double length = sqrt(squared);
        foot[0] = at_x;
        foot[1] = at_y;
        foot[2] = dx / length;
        foot[3] = dy / length;
    }
    return best;
}

sample_in_canyon sample_move_to_road(const sample_city *city,
                                     sample_road_class first,
                                     sample_road_class last,
                                     double *x,
                                     double *y) {
    sample_in_canyon canyon = {.link = -1};
    double best = INFINITY;
    double at[4] = {*x, *y, 1.0, 0.0};
    int nearest = -1;
    for (size_t l = 0; l < city->n_links; l++) {
        if (city->links[l].road_class < first || city->links[l].road_class > last) continue;
        double foot[4] = {*x, *y, 1.0, 0.0};
        double d = nearest_on_link(&city->links[l], *x, *y, foot);
        if (d >= best) continue;
        best = d;
        nearest = (int)l;
        memcpy(at, foot, sizeof at);
    }
    if (nearest < 0) return canyon;
    const sample_link *link = &city->links[nearest];
    // Keeps clear of the junctions, where two roads would be near.
    double mid_x = link->x[1];
    double mid_y = link->y[1];
    double along = (at[0] - mid_x) * at[2] + (at[1] - mid_y) * at[3];
    double most = 0.35 * hypot(link->x[2] - link->x[0], link->y[2] - link->y[0]);
    double shift = along > most ? most - along : along < -most ? -most - along : 0.0;
    at[0] += shift * at[2];
    at[1] += shift * at[3];
    bool is_left = at[2] * (*y - at[1]) - at[3] * (*x - at[0]) > 0.0;
    bool is_canyon = link->canyon_m > 0.0;
    double offset = 0.5 * link->width_m + (is_canyon ? -1.0 : 3.0);
    if (!is_left) offset = -offset;
    *x = at[0] - offset * at[3];
    *y = at[1] + offset * at[2];
    if (is_canyon) canyon = (sample_in_canyon){nearest, is_left};
    return canyon;
}

static dosi_status road_row(const sample_city *city,
                            const dosi_projection *projection,
                            dosi_table *table,
                            size_t l) {
    const sample_link *link = &city->links[l];
    char text[NAME_BYTES];
    (void)snprintf(text, CODE_BYTES, "L%05zu", l + 1);
    DOSI_TRY(dosi_table_set_text(table, 0, l, text));
    int line = link->line / 2;
    (void)snprintf(text, NAME_BYTES, "%s%s%s", stems[line % N_ROAD_NAMES],
                   link->line % 2 ? "세로" : "", classes[link->road_class].suffix);
    if (line >= N_ROAD_NAMES) {
        (void)snprintf(text, NAME_BYTES, "%s%d%s%s", stems[line % N_ROAD_NAMES],
                       line / N_ROAD_NAMES + 1, link->line % 2 ? "세로" : "",
                       classes[link->road_class].suffix);
    }
    DOSI_TRY(dosi_table_set_text(table, 1, l, text));
    DOSI_TRY(dosi_table_set_text(table, 2, l, classes[link->road_class].name));
    dosi_column *c = table->columns;
    c[3].data.real[l] = link->flow_vph;
    c[4].data.real[l] = link->speed_kmh;
    c[5].data.real[l] = link->heavy_share;
    c[6].data.integer[l] = link->lanes;
    c[7].data.real[l] = link->width_m;
    c[8].data.real[l] = link->canyon_m > 0.0 ? link->canyon_m : (double)NAN;
    dosi_text wkb = {0};
    dosi_wkb_put_line(&wkb, link->x, link->y, SAMPLE_LINK_POINTS);
    dosi_status status = sample_set_shape(projection, table, 9, l, &wkb);
    dosi_text_destroy(&wkb);
    return status;
}

static dosi_status emission_table(const sample_city *city, dosi_table *table, dosi_error *err) {
    static const sample_column columns[] = {
        {"link", DOSI_TYPE_TEXT, NULL, "구간 코드", "link"},
        {"nox_gms", DOSI_TYPE_REAL, "g/(m.s)", "NOx(NO2로)", "NOx (as NO2)"},
        {"co_gms", DOSI_TYPE_REAL, "g/(m.s)", "CO", "CO"},
        {"so2_gms", DOSI_TYPE_REAL, "g/(m.s)", "SO2", "SO2"},
        {"pm10_gms", DOSI_TYPE_REAL, "g/(m.s)", "PM10", "PM10"},
        {"pm25_gms", DOSI_TYPE_REAL, "g/(m.s)", "PM2.5", "PM2.5"},
    };
    DOSI_TRY(sample_shape_table(table, columns, sizeof columns / sizeof columns[0],
                                city->n_links, err));
    for (size_t l = 0; l < city->n_links; l++) {
        char text[CODE_BYTES];
        (void)snprintf(text, CODE_BYTES, "L%05zu", l + 1);
        DOSI_TRY(dosi_table_set_text(table, 0, l, text));
        for (size_t k = 0; k < SAMPLE_SPECIES; k++) {
            table->columns[1 + k].data.real[l] = city->links[l].g_m_s.of[k];
        }
    }
    return DOSI_OK;
}

dosi_status sample_road_tables(const sample_city *city, dosi_table *tables, dosi_error *err) {
    static const sample_column columns[] = {
        {"link", DOSI_TYPE_TEXT, NULL, "구간 코드", "link"},
        {"name", DOSI_TYPE_TEXT, NULL, "도로 이름", "name of the road"},
        {"road_class", DOSI_TYPE_TEXT, NULL,
         "등급: expressway 도시고속, arterial 간선, collector 집산",
         "class: expressway, arterial, collector"},
        {"flow_vph", DOSI_TYPE_REAL, "/h", "연평균 시간 교통량(양방향)",
         "annual mean flow, both ways"},
        {"speed_kmh", DOSI_TYPE_REAL, "km/h", "평균 속도", "mean speed"},
        {"heavy_share", DOSI_TYPE_REAL, "1", "대형차 비율", "share of heavy vehicles"},
        {"lanes", DOSI_TYPE_INT, NULL, "차로 수(양방향)", "lanes, both ways"},
        {"width_m", DOSI_TYPE_REAL, "m", "도로 폭(협곡이면 건물 사이)",
         "width of the road; between the buildings of a canyon"},
        {"canyon_height_m", DOSI_TYPE_REAL, "m", "양쪽 건물 높이(없으면 개방)",
         "height of the buildings on both sides; missing where open"},
        {"geometry", DOSI_TYPE_GEOMETRY, NULL, "중심선", "centre line"},
    };
    dosi_table *roads = &tables[DOSI_SAMPLE_ROADS];
    DOSI_TRY(sample_shape_table(roads, columns, sizeof columns / sizeof columns[0],
                                city->n_links, err));
    dosi_projection *projection = NULL;
    DOSI_TRY(dosi_projection_create(SAMPLE_SRID, DOSI_SRID_LONLAT, &projection, err));
    dosi_status status = DOSI_OK;
    for (size_t l = 0; l < city->n_links && status == DOSI_OK; l++) {
        status = road_row(city, projection, roads, l);
    }
    dosi_projection_destroy(projection);
    if (status == DOSI_OK) {
        status = emission_table(city, &tables[DOSI_SAMPLE_ROAD_EMISSIONS], err);
    }
    return status;
}

/// The course of a day and week for a class, not yet around 1.
static double rhythm(sample_road_class c, double hour, bool is_weekend) {
    double morning = exp(-0.5 * pow((hour - 8.0) / 1.6, 2.0));
    double evening = exp(-0.5 * pow((hour - 18.5) / 2.2, 2.0));
    double noon = exp(-0.5 * pow((hour - 13.0) / 4.5, 2.0));
    double peaks = c == ROAD_EXPRESSWAY ? 0.75 : c == ROAD_ARTERIAL ? 1.0 : 1.1;
    double weekend = c == ROAD_EXPRESSWAY ? 0.85 : c == ROAD_ARTERIAL ? 0.74 : 0.70;
    return (0.22 + peaks * (1.05 * morning + 0.95 * evening) + 0.75 * noon) *
           (is_weekend ? weekend : 1.0);
}

/// Mean of the rhythm over a week.
static double mean_rhythm(sample_road_class c) {
    double sum = 0.0;
    for (int day = 0; day < 7; day++) {
        for (int hour = 0; hour < 24; hour++) sum += rhythm(c, hour + 0.5, day >= 5);
    }
    return sum / 168.0;
}

dosi_status sample_traffic_create(const sample_city *city,
                                  dosi_time start,
                                  sample_traffic *traffic,
                                  dosi_error *err) {
    traffic->n_hours = (size_t)city->size.n_hours;
    traffic->factor = calloc(N_ROAD_CLASSES * traffic->n_hours, sizeof *traffic->factor);
    if (!traffic->factor) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for the traffic");
    for (int c = 0; c < N_ROAD_CLASSES; c++) {
        dosi_random random = dosi_random_init(city->seed, STREAM_TRAFFIC + 100U * (unsigned)c);
        double mean = mean_rhythm((sample_road_class)c);
        double lasting = 0.0;
        for (size_t h = 0; h < traffic->n_hours; h++) {
            dosi_time middle = start + (int64_t)h * DOSI_HOUR_US + DOSI_HOUR_US / 2;
            double hour = dosi_time_to_civil(middle).hour + 0.5;
            lasting = 0.8 * lasting + 0.6 * dosi_random_normal(&random);
            double usual = rhythm((sample_road_class)c, hour, dosi_time_weekday(middle) >= 5);
            traffic->factor[(size_t)c * traffic->n_hours + h] =
                rounded(usual / mean * exp(0.06 * lasting), 0.001);
        }
    }
    return DOSI_OK;
}

void sample_traffic_destroy(sample_traffic *traffic) {
    free(traffic->factor);
    *traffic = (sample_traffic){0};
}

dosi_status sample_traffic_table(const sample_traffic *traffic,
                                 dosi_time start,
                                 dosi_table *table,
                                 dosi_error *err) {
    static const sample_column columns[] = {
        {"road_class", DOSI_TYPE_TEXT, NULL, "도로 등급", "class of road"},
        {"time", DOSI_TYPE_TIME, NULL, "그 시간의 끝", "end of the hour"},
        {"flow_factor", DOSI_TYPE_REAL, "1", "평균 교통량에 대한 비",
         "flow of the hour over the mean flow"},
    };
    size_t n = traffic->n_hours;
    DOSI_TRY(sample_shape_table(table, columns, 3, N_ROAD_CLASSES * n, err));
    for (size_t c = 0; c < N_ROAD_CLASSES; c++) {
        for (size_t h = 0; h < n; h++) {
            size_t row = c * n + h;
            DOSI_TRY(dosi_table_set_text(table, 0, row, classes[c].name));
            table->columns[1].data.integer[row] = start + (int64_t)(h + 1) * DOSI_HOUR_US;
            table->columns[2].data.real[row] = traffic->factor[row];
        }
    }
    return DOSI_OK;
}
