// air.street: what stands at the kerbs of streets between buildings: their own traffic, what
// other roads bring, and NO2 and ozone.

#include "method/road_chemistry.h"
#include "method/road_emissions.h"
#include "method/road_streets.h"
#include "method/road_words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LINKS, TRAFFIC, EMISSIONS, CHANGED_EMISSIONS, WEATHER, PLACES, BACKGROUND };
enum { RECEPTORS, STREETS };
enum { NOX, NO2, MOST_VALUES = 2, MOST_VERSIONS = 2 };

static const dosi_method_column link_columns[] = {
    METHOD_COLUMN("link", TEXT, NULL, false, "구간 코드", "Link"),
    METHOD_COLUMN("geometry", GEOMETRY, NULL, false, "중심선", "Centre line"),
    METHOD_COLUMN("flow_vph", REAL, "/h", false, "시간 교통량(양방향)", "Flow, both ways"),
    METHOD_COLUMN("speed_kmh", REAL, "km/h", false, "속도", "Speed"),
    METHOD_COLUMN("heavy_share", REAL, "1", false, "대형차 비율", "Share of heavy vehicles"),
    METHOD_COLUMN("width_m", REAL, "m", true, "건물 사이 폭", "Between the buildings"),
    METHOD_COLUMN("canyon_height_m",
                  REAL,
                  "m",
                  true,
                  "양쪽 건물 높이 (없으면 개방)",
                  "Height of the buildings on both sides; missing: open"),
    METHOD_COLUMN("left_height_m",
                  REAL,
                  "m",
                  true,
                  "왼쪽 건물 높이 (구간 방향)",
                  "Height on the left of the link, in the place of canyon_height_m"),
    METHOD_COLUMN("right_height_m", REAL, "m", true, "오른쪽 건물 높이", "And on the right"),
    METHOD_COLUMN(
        "road_class", TEXT, NULL, true, "도로 등급", "Class of road, as in `traffic`"),
};
static const dosi_method_column traffic_columns[] = {
    METHOD_COLUMN("road_class", TEXT, NULL, false, "도로 등급", "Class of road"),
    METHOD_COLUMN("time", TIME, NULL, false, "그 시간의 끝", "End of the hour"),
    METHOD_COLUMN("flow_factor",
                  REAL,
                  "1",
                  false,
                  "평균 교통량에 대한 비",
                  "Flow of the hour over the mean flow"),
};
static const dosi_method_column emission_columns[] = {
    METHOD_COLUMN("link", TEXT, NULL, false, "구간 코드", "Link"),
    METHOD_COLUMN("time", TIME, NULL, true, "그 시간의 끝", "End of the hour; none: always so"),
    METHOD_COLUMN("nox_gms", REAL, "g/(m.s)", false, "NOx(NO2로)", "NOx, as NO2"),
    METHOD_COLUMN("no2_gms", REAL, "g/(m.s)", true, "직접 배출 NO2", "NO2 emitted as such"),
};
static const dosi_method_column weather_columns[] = {
    ROAD_WEATHER_COLUMNS,
    METHOD_COLUMN("cloud", REAL, "1", false, "운량(0~1)", "Cloud cover, 0 to 1"),
    METHOD_COLUMN("radiation_wm2", REAL, "W/m2", true, "일사", "Global radiation"),
    METHOD_COLUMN("station", TEXT, NULL, true, "관측소: 첫 번째", "Station: the first is used"),
};
static const dosi_method_table inputs[] = {
    METHOD_TABLE(
        "links", false, "도로 구간과 건물", "Links with their buildings", link_columns),
    METHOD_TABLE(
        "traffic", true, "시간별 교통량 비", "Hourly course of the flow", traffic_columns),
    METHOD_TABLE(
        "emissions", false, "구간별 배출량", "Emissions of the links", emission_columns),
    METHOD_TABLE("changed_emissions",
                 true,
                 "바뀐 배출량",
                 "What-if: emissions after a change",
                 emission_columns),
    METHOD_TABLE("weather", false, "시간별 기상", "Hourly weather", weather_columns),
    METHOD_TABLE("places", true, "수용점 (측정소)", "Receptors", road_place_columns),
    METHOD_TABLE("background",
                 true,
                 "들어오는 공기 (NO2와 오존을 냄)",
                 "Air that comes in: gives NO2 and ozone too",
                 road_background_columns),
};
static const dosi_method_parameter parameters[] = {
    METHOD_TEXT("from", "", "첫 시간 (ISO, 비우면 처음)", "First hour, ISO; empty: the first"),
    METHOD_TEXT("to", "", "마지막 시간 (ISO, 비우면 끝)", "Last hour, ISO; empty: the last"),
    METHOD_REAL("end_m",
                "m",
                "100",
                5,
                1000,
                "거리가 미치는 길이",
                "A street counts to its end, and no farther than this"),
    METHOD_REAL("height_m", "m", "1.5", 0, 100, "수용점 높이", "Height above the ground"),
    ROAD_SITE_PARAMETERS,
    METHOD_TEXT("background_station",
                "",
                "배경 측정소 (쉼표, 비우면 시간마다 NO2가 가장 낮은 곳)",
                "Stations of the background, by commas; empty: the one with least NO2, hourly"),
    METHOD_BOOL("exact",
                "false",
                "먼 도로도 하나씩 정확히 더하기 (느림)",
                "Sum far roads one by one too, however many there are (slow)"),
    METHOD_REAL("no2_part",
                "1",
                "0.15",
                0,
                1,
                "NOx 가운데 NO2로 나오는 몫 (no2_gms가 없을 때)",
                "Part of NOx emitted as NO2, where there is no no2_gms"),
};
static const dosi_method_column receptor_columns[] = {
    METHOD_COLUMN("time", TIME, NULL, false, "그 시간의 끝", "End of the hour"),
    METHOD_COLUMN("station", TEXT, NULL, false, "지점", "Place"),
    METHOD_COLUMN("link", TEXT, NULL, false, "선 거리 (없으면 개방)", "Street; missing: open"),
    METHOD_COLUMN("side", TEXT, NULL, false, "left, right", "Side of it: left, right"),
    METHOD_COLUMN("nox_ugm3", REAL, "ug/m3", false, "도로가 더한 NOx", "NOx that roads add"),
    METHOD_COLUMN(
        "street_nox_ugm3", REAL, "ug/m3", false, "그 거리의 몫", "Of it, the street's"),
    METHOD_COLUMN("no2_ppm", REAL, "ppm", true, "NO2 (배경까지)", "NO2 in all"),
    METHOD_COLUMN("o3_ppm", REAL, "ppm", true, "오존", "Ozone"),
    METHOD_COLUMN("no_ppm", REAL, "ppm", true, "NO", "NO"),
    METHOD_COLUMN("nox_ugm3_change", REAL, "ug/m3", true, "NOx 변화", "Change of NOx"),
    METHOD_COLUMN("no2_ppm_change", REAL, "ppm", true, "NO2 변화", "Change of NO2"),
};
static const dosi_method_column street_columns[] = {
    METHOD_COLUMN("link", TEXT, NULL, false, "거리", "Street"),
    METHOD_COLUMN("side", TEXT, NULL, false, "더 나쁜 쪽", "Its dirtier side"),
    METHOD_COLUMN(
        "nox_ugm3", REAL, "ug/m3", false, "도로가 더한 NOx", "NOx that roads add there"),
    METHOD_COLUMN(
        "street_nox_ugm3", REAL, "ug/m3", false, "그 거리의 몫", "Of it, the street's"),
    METHOD_COLUMN(
        "other_nox_ugm3", REAL, "ug/m3", false, "맞은쪽 NOx", "NOx on its other side"),
    METHOD_COLUMN("no2_ppm", REAL, "ppm", true, "NO2 (배경까지)", "NO2 in all"),
    METHOD_COLUMN("o3_ppm", REAL, "ppm", true, "오존", "Ozone"),
    METHOD_COLUMN("nox_ugm3_change", REAL, "ug/m3", true, "NOx 변화", "Change of NOx"),
    METHOD_COLUMN("no2_ppm_change", REAL, "ppm", true, "NO2 변화", "Change of NO2"),
};
static const dosi_method_table outputs[] = {
    METHOD_TABLE("receptors", false, "지점별 시간 농도", "At places, hourly", receptor_columns),
    METHOD_TABLE("streets", false, "거리별 평균", "Streets: means", street_columns),
};

/// What stands at a point.
typedef struct state {
    double nox, street_nox; ///< ug/m3
    double no2, o3, no;     ///< ppb
} state;

/// A run on its way.
typedef struct work {
    const dosi_method_call *call;
    method_road road;
    method_streets streets;
    method_road_weather weather;
    method_air air;
    bool has_air, has_after;
    method_names values;
    method_emissions base, after;
    double no2_part, height_m;
    size_t n_values, n_versions, n_species;
    size_t n_places, n_points; ///< Places come first, then two kerbs a street.
    method_kerb *kerbs;        ///< (n_points)
    const dosi_column *place_name;
    double *x, *y;   ///< (n_points)
    double *of_row;  ///< (links x n_species) g/m/s
    double *of_line; ///< (lines x n_species)
    double *of_nox;  ///< (lines x n_versions)
    double *sum;     ///< (n_species x n_points) all roads, ug/m3
    double *part;    ///< (n_species x places or kerbs)
    double *age;     ///< (n_versions x n_places)
    bool is_far;     ///< Far roads come from a mesh at kerbs.
    state *now;      ///< (n_versions x n_points)
    state *total;    ///< (n_versions x n_points) sums over hours
    size_t n_known;  ///< Hours with NO2.
    uint32_t *own;   ///< (2 x n_points) first and beyond the last line of the place's street.
} work;

static void close_work(work *w) {
    method_road_clear(&w->road);
    method_streets_clear(&w->streets);
    method_road_weather_clear(&w->weather);
    method_air_clear(&w->air);
    method_emissions_clear(&w->base);
    method_emissions_clear(&w->after);
    free(w->kerbs);
    free(w->own);
    free(w->x);
    free(w->of_row);
    free(w->of_line);
    free(w->of_nox);
    free(w->sum);
    free(w->part);
    free(w->age);
    free(w->now);
    free(w->total);
}

// --- reading -------------------------------------------------------------------------------

/// Places and kerbs.
static dosi_status read_points(work *w, dosi_error *err) {
    const dosi_table *places = w->call->inputs[PLACES];
    double end_m = dosi_call_value(w->call, "end_m")->real;
    w->n_places = places ? places->n_rows : 0;
    w->n_points = w->n_places + 2 * w->streets.n;
    w->x = malloc((2 * w->n_points + 1) * sizeof *w->x);
    w->kerbs = malloc((w->n_points + 1) * sizeof *w->kerbs);
    if (!w->x || !w->kerbs) {
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu places", w->n_points);
    }
    w->y = w->x + w->n_points;
    if (places) {
        DOSI_TRY(dosi_table_get(places, "station", DOSI_TYPE_TEXT, &w->place_name, err));
        DOSI_TRY(method_places(places, "places", w->x, w->y, err));
    }
    for (size_t p = 0; p < w->n_places; p++) {
        w->kerbs[p] = method_street_find(&w->streets, &w->road, w->x[p], w->y[p], end_m);
    }
    for (size_t s = 0; s < w->streets.n; s++) {
        size_t first = w->n_places + 2 * s;
        method_street_kerbs(&w->streets, &w->road, s, end_m, &w->kerbs[first]);
        for (size_t p = first; p < first + 2; p++) {
            w->x[p] = w->kerbs[p].x_m;
            w->y[p] = w->kerbs[p].y_m;
        }
    }
    return DOSI_OK;
}

static dosi_status read_emissions(work *w, dosi_error *err) {
    const dosi_table *base = w->call->inputs[EMISSIONS];
    const dosi_table *after = w->call->inputs[CHANGED_EMISSIONS];
    bool has_no2 = dosi_table_find(base, "no2_gms") != SIZE_MAX &&
                   (!after || dosi_table_find(after, "no2_gms") != SIZE_MAX);
    DOSI_TRY(method_names_split(has_no2 ? "nox_gms,no2_gms" : "nox_gms", &w->values, err));
    DOSI_TRY(method_emissions_read(base, &w->values, &w->road, &w->base, err));
    if (after) DOSI_TRY(method_emissions_read(after, &w->values, &w->road, &w->after, err));
    w->n_values = w->values.n;
    w->n_versions = after ? 2 : 1;
    w->has_after = after != NULL;
    w->n_species = w->n_values * w->n_versions;
    w->no2_part = dosi_call_value(w->call, "no2_part")->real;
    w->height_m = dosi_call_value(w->call, "height_m")->real;
    return DOSI_OK;
}

static dosi_status read_all(work *w, dosi_error *err) {
    const dosi_method_call *call = w->call;
    DOSI_TRY(method_road_read(call->inputs[LINKS], &w->road, err));
    DOSI_TRY(method_streets_read(&w->road, &w->streets, err));
    DOSI_TRY(read_emissions(w, err));
    DOSI_TRY(read_points(w, err));
    if (w->n_points == 0) {
        return dosi_fail(err, DOSI_DOMAIN,
                         "links: none of %zu has buildings (canyon_height_m, left_height_m, "
                         "right_height_m), and there are no places",
                         w->road.links->n_rows);
    }
    method_road_site site = method_road_site_of(call);
    DOSI_TRY(method_road_weather_read(call->inputs[WEATHER], &site, &w->weather, err));
    w->has_air = call->inputs[BACKGROUND] != NULL;
    if (!w->has_air) return DOSI_OK;
    return method_air_read(call->inputs[BACKGROUND],
                           dosi_call_value(call, "background_station")->text, &w->weather,
                           &w->air, err);
}

static dosi_status take_memory(work *w, dosi_error *err) {
    size_t n_links = w->road.links->n_rows, n = w->n_points * w->n_versions;
    w->of_row = calloc(n_links * w->n_species + 1, sizeof *w->of_row);
    w->of_line = calloc(w->road.n_lines * w->n_species + 1, sizeof *w->of_line);
    w->of_nox = calloc(w->road.n_lines * w->n_versions + 1, sizeof *w->of_nox);
    w->sum = calloc(w->n_species * w->n_points + 1, sizeof *w->sum);
    w->part = calloc(w->n_species * w->n_points + 1, sizeof *w->part);
    w->age = calloc(w->n_places * w->n_versions + 1, sizeof *w->age);
    w->own = calloc(2 * w->n_points + 1, sizeof *w->own);
    w->now = calloc(n + 1, sizeof *w->now);
    w->total = calloc(n + 1, sizeof *w->total);
    if (!w->of_row || !w->of_line || !w->of_nox || !w->sum || !w->part || !w->age || !w->own ||
        !w->now || !w->total) {
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu places and %zu links",
                         w->n_points, n_links);
    }
    for (size_t p = 0; p < w->n_points; p++) {
        size_t street = w->kerbs[p].street;
        if (street == SIZE_MAX) continue;
        size_t first = w->streets.first_line[street];
        w->own[p] = (uint32_t)first;
        w->own[w->n_points + p] = (uint32_t)(first + w->streets.n_lines[street]);
    }
    return DOSI_OK;
}

// --- an hour -------------------------------------------------------------------------------

static void set_emissions(work *w, dosi_time time) {
    memset(w->of_row, 0, w->road.links->n_rows * w->n_species * sizeof *w->of_row);
    method_emissions_add(&w->base, time, w->n_species, w->of_row);
    if (w->has_after) {
        method_emissions_add(&w->after, time, w->n_species, w->of_row + w->n_values);
    }
    for (size_t i = 0; i < w->road.n_lines; i++) {
        const double *row = w->of_row + w->road.row[i] * w->n_species;
        memcpy(w->of_line + i * w->n_species, row, w->n_species * sizeof *row);
        for (size_t v = 0; v < w->n_versions; v++) {
            w->of_nox[i * w->n_versions + v] = row[v * w->n_values + NOX];
        }
    }
}

/// NO2, ozone and NO at a point: what other roads bring has reacted, a street's own traffic
/// reacts while the street is aired.
static void react(const work *w,
                  size_t h,
                  size_t p,
                  const method_added *other,
                  double street_no2,
                  state *of) {
    dosi_nox air = method_air_with(&w->air, h, other);
    const method_kerb *kerb = &w->kerbs[p];
    if (kerb->street != SIZE_MAX && !isnan(air.no2)) {
        const dosi_canyon_traffic *traffic = &w->streets.traffic[kerb->street];
        double height = 0.5 * (kerb->canyon.left_m + kerb->canyon.right_m);
        double exchange =
            dosi_canyon_exchange(&kerb->canyon, traffic, w->weather.weather[h].speed_ms);
        double added = of->street_nox * METHOD_NO2_PPB_UGM3;
        double part = of->street_nox > 0 ? fmin(street_no2 / of->street_nox, 1) : 0;
        air = dosi_nox_in_street(&air, added, part, dosi_street_residence(height, exchange),
                                 w->air.k_ppb_s[h], w->air.j_s[h]);
    }
    of->no2 = air.no2;
    of->o3 = air.o3;
    of->no = air.no;
}

/// What a point's street adds on both sides in an hour, s/m2.
static void street_sides(const work *w, size_t h, const method_kerb *kerb, double *sides) {
    const dosi_road_weather *weather = &w->weather.weather[h];
    sides[0] = sides[1] = 0;
    if (kerb->street == SIZE_MAX) return;
    dosi_canyon_sides(&kerb->canyon, &w->streets.traffic[kerb->street], weather->speed_ms,
                      weather->direction_deg, sides);
}

/// All of a point in an hour.
static void settle(work *w, size_t h, size_t p, const double *sides) {
    const method_kerb *kerb = &w->kerbs[p];
    bool is_street = kerb->street != SIZE_MAX;
    const double *emission = w->of_row;
    if (is_street) emission += w->streets.row[kerb->street] * w->n_species;
    double unit = 1e6 * sides[kerb->is_left ? 0 : 1];
    for (size_t v = 0; v < w->n_versions; v++) {
        size_t first = v * w->n_values;
        double nox = w->sum[(first + NOX) * w->n_points + p];
        double street = unit * emission[first + NOX];
        bool has_no2 = w->n_values > NO2;
        double no2 = has_no2 ? w->sum[(first + NO2) * w->n_points + p] : w->no2_part * nox;
        double street_no2 = has_no2 ? unit * emission[first + NO2] : w->no2_part * street;
        bool has_age = nox > 1e-6 && !is_street; // kerbs have none
        double age = has_age ? w->age[v * w->n_places + p] / nox : (double)INFINITY;
        method_added other = {nox, no2, fmax(age, 0)};
        state *of = &w->now[v * w->n_points + p];
        *of = (state){.nox = nox + street, .street_nox = street};
        if (w->has_air) react(w, h, p, &other, street_no2, of);
    }
}

/// All points in an hour: places, and both kerbs of each street at once.
static void settle_all(work *w, size_t h) {
    long n = (long)(w->n_places + w->streets.n);
#pragma omp parallel for schedule(dynamic, 16) num_threads(dosi_run_threads(w->call->run))
    for (long i = 0; i < n; i++) {
        bool is_place = (size_t)i < w->n_places;
        size_t p = is_place ? (size_t)i : 2 * (size_t)i - w->n_places;
        double sides[2];
        street_sides(w, h, &w->kerbs[p], sides);
        settle(w, h, p, sides);
        if (!is_place) settle(w, h, p + 1, sides);
    }
}

static void add_state(state *total, const state *now, bool is_known) {
    total->nox += now->nox;
    total->street_nox += now->street_nox;
    if (!is_known) return;
    total->no2 += now->no2;
    total->o3 += now->o3;
    total->no += now->no;
}

static dosi_status set_side(dosi_table *out, size_t column, size_t row, const method_kerb *k) {
    return dosi_table_set_text(out, column, row, k->is_left ? "left" : "right");
}

/// Rows of the places in an hour.
static dosi_status put_places(const work *w, size_t h, dosi_error *err) {
    dosi_table *out = &w->call->outputs[RECEPTORS];
    size_t first = out->n_rows;
    DOSI_TRY(dosi_table_add_rows(out, w->n_places, err));
    for (size_t p = 0; p < w->n_places; p++) {
        const state *now = &w->now[p], *then = &w->now[w->n_points + p];
        size_t row = first + p, at = 6;
        dosi_column *c = out->columns;
        c[0].data.integer[row] = w->weather.time[h];
        DOSI_TRY(method_copy_cell(w->place_name, p, out, 1, row));
        size_t street = w->kerbs[p].street;
        if (street != SIZE_MAX) {
            DOSI_TRY(method_copy_cell(w->road.link, w->streets.row[street], out, 2, row));
            DOSI_TRY(set_side(out, 3, row, &w->kerbs[p]));
        }
        c[4].data.real[row] = now->nox;
        c[5].data.real[row] = now->street_nox;
        if (w->has_air) {
            c[at++].data.real[row] = 1e-3 * now->no2;
            c[at++].data.real[row] = 1e-3 * now->o3;
            c[at++].data.real[row] = 1e-3 * now->no;
        }
        if (w->has_after) c[at++].data.real[row] = then->nox - now->nox;
        if (w->has_after && w->has_air) c[at].data.real[row] = 1e-3 * (then->no2 - now->no2);
    }
    return DOSI_OK;
}

/// Decides by counts and positions, once for all hours, whether kerbs have far roads from a
/// mesh. Places stay exact: the age of what roads brought is a quotient of two sums.
static bool choose_far(const work *w) {
    const dosi_road_links links = {.n = w->road.n_lines, .lines = w->road.lines};
    size_t first = w->n_places;
    const dosi_road_places kerbs = {w->n_points - first, w->x + first, w->y + first,
                                    w->height_m};
    return !dosi_call_value(w->call, "exact")->boolean &&
           dosi_road_far_pays(&links, &kerbs, NULL);
}

/// Puts the sums of points from `first` on among those of all.
static void put_part(work *w, size_t first, size_t n) {
    for (size_t s = 0; s < w->n_species; s++) {
        memcpy(w->sum + s * w->n_points + first, w->part + s * n, n * sizeof *w->sum);
    }
}

/// What other roads bring to all points.
static dosi_status sum_roads(work *w, const dosi_road_links *links, dosi_error *err) {
    const dosi_run *run = w->call->run;
    const dosi_road_skip own = {w->own, w->own + w->n_points};
    if (!w->is_far) {
        const dosi_road_places all = {w->n_points, w->x, w->y, w->height_m};
        return dosi_road_sum_without(links, &all, &own, w->sum, run, err);
    }
    size_t first = w->n_places, n = w->n_points - first;
    const dosi_road_places places = {first, w->x, w->y, w->height_m};
    const dosi_road_places kerbs = {n, w->x + first, w->y + first, w->height_m};
    const dosi_road_skip of_kerbs = {own.first + first, own.last + first};
    DOSI_TRY(dosi_road_sum_without(links, &places, &own, w->part, run, err));
    put_part(w, 0, first);
    const dosi_road_far far = {.skip = &of_kerbs};
    DOSI_TRY(dosi_road_places_sum(links, &kerbs, &far, w->part, run, err));
    put_part(w, first, n);
    return DOSI_OK;
}

static dosi_status do_hour(work *w, size_t h, dosi_error *err) {
    const dosi_road_weather *weather = &w->weather.weather[h];
    dosi_road_links links = {weather,      w->road.n_lines, w->road.lines,
                             w->n_species, w->of_line,      0};
    set_emissions(w, w->weather.time[h]);
    DOSI_TRY(method_streets_set_hour(&w->streets, w->call->inputs[TRAFFIC], w->weather.time[h],
                                     err));
    DOSI_TRY(sum_roads(w, &links, err));
    if (w->has_air && w->n_places > 0) {
        double speed = fmax(weather->speed_ms, weather->least_speed_ms);
        dosi_road_links aged = {weather,       w->road.n_lines, w->road.lines,
                                w->n_versions, w->of_nox,       speed};
        const dosi_road_places places = {w->n_places, w->x, w->y, w->height_m};
        // kerbs of streets have no use for it
        DOSI_TRY(dosi_road_sum(&aged, &places, w->age, w->call->run, err));
    }
    bool is_known = w->has_air && !isnan(w->air.of[h].no2);
    w->n_known += is_known;
    settle_all(w, h);
    for (size_t p = 0; p < w->n_points; p++) {
        for (size_t v = 0; v < w->n_versions; v++) {
            size_t i = v * w->n_points + p;
            add_state(&w->total[i], &w->now[i], is_known);
        }
    }
    DOSI_TRY(put_places(w, h, err));
    dosi_run_report(w->call->run, (double)(h + 1) / (double)w->weather.n, "streets");
    return dosi_run_check(w->call->run, err);
}

// --- tables --------------------------------------------------------------------------------

/// Adds the optional columns of an output that this run has.
static dosi_status add_columns(const work *w, size_t i_output, dosi_error *err) {
    const dosi_method_table *like = &outputs[i_output];
    for (size_t i = 0; i < like->n_columns; i++) {
        const dosi_method_column *column = &like->columns[i];
        bool is_change = strstr(column->name, "_change") != NULL;
        bool is_gas = strstr(column->name, "_ppm") != NULL;
        if (!column->is_optional || (is_change && !w->has_after) || (is_gas && !w->has_air)) {
            continue;
        }
        DOSI_TRY(method_add_column(&w->call->outputs[i_output], column->name, DOSI_TYPE_REAL,
                                   column, err));
    }
    return DOSI_OK;
}

static dosi_status open_tables(const work *w, dosi_error *err) {
    DOSI_TRY(method_open_output(w->call, RECEPTORS, 0, err));
    DOSI_TRY(add_columns(w, RECEPTORS, err));
    DOSI_TRY(method_open_output(w->call, STREETS, w->streets.n, err));
    return add_columns(w, STREETS, err);
}

/// The mean of a street, at its dirtier side.
static dosi_status put_street(const work *w, size_t street) {
    dosi_table *out = &w->call->outputs[STREETS];
    size_t left = w->n_places + 2 * street;
    size_t worse = w->total[left].nox >= w->total[left + 1].nox ? left : left + 1;
    size_t other = worse == left ? left + 1 : left, at = 5;
    const state *now = &w->total[worse], *then = &w->total[w->n_points + worse];
    double hours = (double)w->weather.n,
           known = w->n_known > 0 ? (double)w->n_known : (double)NAN;
    dosi_column *c = out->columns;
    DOSI_TRY(method_copy_cell(w->road.link, w->streets.row[street], out, 0, street));
    DOSI_TRY(set_side(out, 1, street, &w->kerbs[worse]));
    c[2].data.real[street] = now->nox / hours;
    c[3].data.real[street] = now->street_nox / hours;
    c[4].data.real[street] = w->total[other].nox / hours;
    if (w->has_air) {
        c[at++].data.real[street] = 1e-3 * now->no2 / known;
        c[at++].data.real[street] = 1e-3 * now->o3 / known;
    }
    if (w->has_after) c[at++].data.real[street] = (then->nox - now->nox) / hours;
    if (w->has_after && w->has_air) {
        c[at].data.real[street] = 1e-3 * (then->no2 - now->no2) / known;
    }
    return DOSI_OK;
}

static dosi_status compute(work *w, dosi_error *err) {
    DOSI_TRY(take_memory(w, err));
    w->is_far = choose_far(w);
    DOSI_TRY(open_tables(w, err));
    for (size_t h = 0; h < w->weather.n; h++) DOSI_TRY(do_hour(w, h, err));
    for (size_t s = 0; s < w->streets.n; s++) DOSI_TRY(put_street(w, s));
    size_t n_inside = 0;
    for (size_t p = 0; p < w->n_places; p++) n_inside += w->kerbs[p].street != SIZE_MAX;
    dosi_text_printf(w->call->report,
                     "links: %zu, %zu of them streets between buildings\n"
                     "places: %zu, %zu of them in such a street\n"
                     "hours: %zu, %zu left out (calm, or something missing)\n",
                     w->road.links->n_rows, w->streets.n, w->n_places, n_inside, w->weather.n,
                     w->weather.n_calm);
    if (w->is_far) {
        dosi_text_printf(w->call->report,
                         "roads farther than 800 m from a kerb: from a mesh of 50 m\n");
    }
    if (w->has_air) {
        dosi_text_printf(w->call->report, "background: %zu hours without NO2 or ozone\n",
                         w->air.n_unknown);
    }
    return DOSI_OK;
}

static dosi_status run(const dosi_method_call *call, dosi_error *err) {
    work w = {.call = call};
    dosi_status status = read_all(&w, err);
    if (status == DOSI_OK) status = compute(&w, err);
    close_work(&w);
    return status;
}

const dosi_method dosi_method_air_street = {
    .id = "air.street",
    .version = 3,
    .title = {"거리 협곡의 농도", "Streets between buildings"},
    .about =
        {"건물 사이 거리의 양쪽 농도를 OSPM으로 냅니다. 그 거리의 차가 더하는 농도에 다른 "
         "도로가 더하는 농도(R-LINE)를 얹고, 들어오는 공기의 NO2와 오존을 주면 NO-NO2-오존 "
         "반응까지 따라가 NO2와 오존을 냅니다. 측정소가 거리 안에 서 있으면 그 쪽의 값을 "
         "냅니다. 도로와 거리가 많으면(구간과 양쪽 지점의 곱이 50 m 격자점의 다섯 배 이상) 800 "
         "m보다 먼 도로는 "
         "격자로 더하고, `exact`는 모두 하나씩 더합니다.",
         "Gives both sides of streets between buildings by the Operational Street Pollution "
         "Model: the street's own traffic on top of what other roads bring (R-LINE). Given NO2 "
         "and ozone of the air that comes in, NO, NO2 and ozone react on the way and while the "
         "street is aired. A place that stands in a street gets the values of its side, one in "
         "the open what all roads bring. Where roads times kerbs are at least five times the "
         "nodes of a mesh of 50 m over the city, roads farther than 800 m from a kerb come "
         "from it; "
         "`exact` sums each one."},
    .citation =
        "Berkowicz (2000), Environ. Monit. Assess. 65, 323-331; Palmgren et al. (1996), "
        "Sci. Total Environ. 189/190, 409-415",
    .inputs = inputs,
    .n_inputs = METHOD_N(inputs),
    .parameters = parameters,
    .n_parameters = METHOD_N(parameters),
    .outputs = outputs,
    .n_outputs = METHOD_N(outputs),
    .run = run,
};
