// air.road: what the emissions of roads bring, on a grid and at places, and what a change of
// them would.

#include "method/geo_words.h"
#include "method/road_chemistry.h"
#include "method/road_emissions.h"
#include "method/road_words.h"
#include "method/scenario.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINKS, EMISSIONS, CHANGED_EMISSIONS, WEATHER, PLACES, BACKGROUND };
enum { MAP, GRID, RECEPTORS, CONTRIBUTIONS, HOURS };
enum { MOST_CELLS = 4000000, MOST_ROWS = 50000000, MOST_GROUPS = 500, NAME_BYTES = 96 };
enum { GROUPS_AT_ONCE = 16 };

static const dosi_method_column link_columns[] = {
    METHOD_COLUMN("link", TEXT, NULL, false, "구간 코드", "Link"),
    METHOD_COLUMN("geometry", GEOMETRY, NULL, false, "중심선", "Centre line"),
    METHOD_COLUMN(
        "width_m", REAL, "m", true, "도로 폭", "Width of the road; 7 m where missing"),
    METHOD_COLUMN("heavy_share",
                  REAL,
                  "1",
                  true,
                  "대형차 비율 (배출 높이)",
                  "Share of heavy vehicles, for the height of the emissions"),
    METHOD_COLUMN("*", TEXT, NULL, true, "`group`의 열", "The column that `group` names"),
};
static const dosi_method_column emission_columns[] = {
    METHOD_COLUMN("link", TEXT, NULL, false, "구간 코드", "Link"),
    METHOD_COLUMN("time", TIME, NULL, true, "그 시간의 끝", "End of the hour; none: always so"),
    METHOD_COLUMN("*",
                  REAL,
                  "g/(m.s)",
                  true,
                  "`value`의 열",
                  "The columns that `value` names, such as nox_gms"),
};
static const dosi_method_column weather_columns[] = {
    ROAD_WEATHER_COLUMNS,
    METHOD_COLUMN("cloud", REAL, "1", false, "운량(0~1)", "Cloud cover, 0 to 1"),
    METHOD_COLUMN("radiation_wm2", REAL, "W/m2", true, "일사", "Global radiation"),
    METHOD_COLUMN("pressure_hpa", REAL, "hPa", true, "기압", "Pressure"),
    METHOD_COLUMN("station", TEXT, NULL, true, "관측소: 첫 번째", "Station: the first is used"),
};
static const dosi_method_table inputs[] = {
    METHOD_TABLE("links", false, "도로 구간", "Links", link_columns),
    METHOD_TABLE(
        "emissions", false, "구간별 배출량", "Emissions of the links", emission_columns),
    METHOD_TABLE("changed_emissions",
                 true,
                 "바뀐 배출량 (차이 지도)",
                 "What-if: emissions after a change; the map has the difference",
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
    METHOD_TEXT("value", "nox_gms", "배출량 열 (쉼표)", "Columns of emissions, by commas"),
    METHOD_TEXT("from", "", "첫 시간 (ISO, 비우면 처음)", "First hour, ISO; empty: the first"),
    METHOD_TEXT("to", "", "마지막 시간 (ISO, 비우면 끝)", "Last hour, ISO; empty: the last"),
    {"map",
     DOSI_PARAMETER_CHOICE,
     NULL,
     "mean",
     0,
     0,
     "mean|hours|none",
     {"지도: 평균, 시간별, 없음", "Map: the mean of the hours, every hour, or none"}},
    METHOD_TEXT("group",
                "road_class",
                "기여를 나눌 열 (link: 구간마다)",
                "Column of links by which contributions are told; link: each"),
    {"contributions",
     DOSI_PARAMETER_CHOICE,
     NULL,
     "mean",
     0,
     0,
     "mean|hours",
     {"기여: 평균, 시간별 (air.scale이 읽음)",
      "Contributions: the mean of the hours, or every hour, as air.scale reads them"}},
    METHOD_TEXT("changed", "", "바꿀 구간 (쉼표)", "What-if: links to change, by commas"),
    METHOD_REAL(
        "change", NULL, "0", 0, 10, "그 구간의 배출 배수", "... and their emissions, times"),
    METHOD_TEXT("without",
                "",
                "뺄 구간이나 묶음 (쉼표)",
                "What-if: links or groups to leave out, by commas"),
    METHOD_TEXT("scale",
                "",
                "배수 (이름=배수, 쉼표)",
                "What-if: name=factor of links or groups, by commas"),
    METHOD_REAL("cell_m", "m", "100", 10, 5000, "격자 크기", "Size of a grid cell"),
    METHOD_REAL("margin_m", "m", "500", 0, 20000, "도로 밖 여유", "Grid beyond the roads"),
    METHOD_REAL(
        "near_m", "m", "400", 50, 5000, "정확히 적분할 거리", "Exact within this distance"),
    METHOD_REAL("height_m", "m", "1.5", 0, 100, "수용점 높이", "Height above the ground"),
    ROAD_SITE_PARAMETERS,
    METHOD_TEXT("background_station",
                "",
                "배경 측정소 (쉼표, 비우면 시간마다 NO2가 가장 낮은 곳)",
                "Stations of the background, by commas; empty: the one with least NO2, hourly"),
    METHOD_REAL("no2_part",
                "1",
                "0.15",
                0,
                1,
                "NOx 가운데 NO2로 나오는 몫 (no2_gms가 없을 때)",
                "Part of NOx emitted as NO2, where `value` has no no2_gms"),
    METHOD_REAL("samples",
                NULL,
                "64",
                0,
                4096,
                "정확한 합과 견줄 격자 수",
                "Cells compared with the exact sum, an hour"),
};
static const dosi_method_column map_columns[] = {
    METHOD_COLUMN("time", TIME, NULL, true, "그 시간의 끝 (map=hours)", "Hour, with map=hours"),
    METHOD_COLUMN("cell",
                  INT,
                  NULL,
                  false,
                  "격자 번호: 행 x 열수 + 열, 행 0이 남쪽",
                  "Cell: row x n_columns + column, row 0 south"),
    METHOD_COLUMN("x", REAL, "m", false, "동쪽 (EPSG:5186)", "East (EPSG:5186)"),
    METHOD_COLUMN("y", REAL, "m", false, "북쪽 (EPSG:5186)", "North (EPSG:5186)"),
    METHOD_COLUMN("<value>",
                  REAL,
                  "ug/m3",
                  true,
                  "도로가 더한 농도, 바뀐 뒤는 <값>_change",
                  "What roads add; <value>_change: what the change adds to that"),
    METHOD_COLUMN("<gas>_ppm",
                  REAL,
                  "ppm",
                  true,
                  "no2_ppm, o3_ppm: 배경까지 더한 농도 (배경을 줄 때)",
                  "no2_ppm, o3_ppm in all, with a background; <gas>_ppm_change"),
};
static const dosi_method_column receptor_columns[] = {
    METHOD_COLUMN("time", TIME, NULL, false, "그 시간의 끝", "End of the hour"),
    METHOD_COLUMN("station", TEXT, NULL, false, "지점", "Place"),
    METHOD_COLUMN("<value>", REAL, "ug/m3", true, "도로가 더한 농도", "What roads add"),
    METHOD_COLUMN("<gas>_ppm",
                  REAL,
                  "ppm",
                  true,
                  "no2_ppm, o3_ppm (배경을 줄 때)",
                  "no2_ppm, o3_ppm, with a background"),
};
static const dosi_method_column contribution_columns[] = {
    METHOD_COLUMN("time", TIME, NULL, true, "그 시간의 끝 (hours일 때)", "Hour, with hours"),
    METHOD_COLUMN("station", TEXT, NULL, false, "지점", "Place"),
    METHOD_COLUMN("group", TEXT, NULL, false, "도로 등급이나 구간", "Class of road, or link"),
    METHOD_COLUMN("<value>", REAL, "ug/m3", true, "기여", "What it adds"),
};
static const dosi_method_column hour_columns[] = {
    METHOD_COLUMN("time", TIME, NULL, false, "그 시간의 끝", "End of the hour"),
    METHOD_COLUMN("wind_speed_ms", REAL, "m/s", false, "풍속", "Wind speed"),
    METHOD_COLUMN("wind_direction_deg", REAL, "deg", false, "풍향", "Wind direction"),
    METHOD_COLUMN("friction_ms", REAL, "m/s", false, "마찰속도", "Friction velocity"),
    METHOD_COLUMN("obukhov_m", REAL, "m", false, "오부호프 길이", "Obukhov length"),
    METHOD_COLUMN("mixing_m", REAL, "m", false, "혼합고", "Mixing height"),
    METHOD_COLUMN("error_percent",
                  REAL,
                  "%",
                  false,
                  "정확한 합과의 차이(최대값의 %)",
                  "Greatest difference from the exact sum, of the hour's greatest value"),
};
static const dosi_method_table outputs[] = {
    METHOD_TABLE(
        "map", false, "도로가 더한 농도 지도", "What roads add, on a grid", map_columns),
    METHOD_TABLE("grid", false, "격자 설명 (한 행)", "The grid, one row", geo_grid_columns),
    METHOD_TABLE("receptors", false, "지점별 시간 농도", "At places, hourly", receptor_columns),
    METHOD_TABLE(
        "contributions", false, "지점별 기여", "Who adds what where", contribution_columns),
    METHOD_TABLE(
        "hours", false, "시간별 기상과 오차", "Hours: weather and error", hour_columns),
};

/// A run on its way.
typedef struct work {
    const dosi_method_call *call;
    method_road road;
    method_road_weather weather;
    method_names values;
    method_emissions base, after;
    bool has_after;
    size_t n_species;    ///< Values, twice that with a change.
    method_air air;      ///< n 0: no chemistry.
    size_t n_gases;      ///< Columns of NO2 and ozone: 0, 2, or 4 with a change.
    size_t i_nox, i_no2; ///< Among the values; i_no2 may be SIZE_MAX.
    double no2_part;
    const char *changed;
    double change;
    method_scenario scenario;
    dosi_road_city city;
    size_t n_cells, n_places;
    double *place_x, *place_y;
    const dosi_column *place_name;
    method_keys groups;
    const dosi_column *group;
    bool has_group_hours; ///< Contributions are told for every hour.
    double *of_row;       ///< (links x n_species) this hour's emissions.
    double *of_line;      ///< (lines x n_species)
    double *hour;         ///< (n_species x n_cells)
    double *mean;         ///< (n_species x n_cells)
    double *gas;          ///< (n_gases x n_cells) this hour's, ppm
    double *gas_mean;     ///< (n_gases x n_cells) sums over hours that are known.
    double *age;          ///< (versions x the more of cells and places) ug s/m3
    double *of_nox;       ///< (lines x versions) NOx alone
    double *by_group;     ///< (groups x n_species x n_places) sums over hours.
} work;

static void close_work(work *w) {
    method_road_clear(&w->road);
    method_road_weather_clear(&w->weather);
    method_keys_clear(&w->groups);
    method_emissions_clear(&w->base);
    method_emissions_clear(&w->after);
    method_air_clear(&w->air);
    free(w->place_x);
    free(w->place_y);
    free(w->of_row);
    free(w->of_line);
    free(w->hour);
    free(w->mean);
    free(w->gas);
    free(w->gas_mean);
    free(w->age);
    free(w->of_nox);
    free(w->by_group);
}

// --- reading -------------------------------------------------------------------------------

/// Places, projected.
static dosi_status read_places(work *w, dosi_error *err) {
    const dosi_table *places = w->call->inputs[PLACES];
    if (!places) return DOSI_OK;
    w->n_places = places->n_rows;
    w->place_x = malloc((w->n_places + 1) * sizeof *w->place_x);
    w->place_y = malloc((w->n_places + 1) * sizeof *w->place_y);
    if (!w->place_x || !w->place_y) {
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu places", w->n_places);
    }
    DOSI_TRY(dosi_table_get(places, "station", DOSI_TYPE_TEXT, &w->place_name, err));
    return method_places(places, "places", w->place_x, w->place_y, err);
}

/// Groups of links by the column of `group`; none where there is no such column.
static dosi_status read_groups(work *w, dosi_error *err) {
    const char *name = dosi_call_value(w->call, "group")->text;
    size_t i = dosi_table_find(w->road.links, name);
    bool is_there = i != SIZE_MAX && w->road.links->columns[i].type == DOSI_TYPE_TEXT;
    if (is_there) w->group = &w->road.links->columns[i];
    DOSI_TRY(method_keys_find(&w->group, is_there, w->road.links->n_rows, &w->groups, err));
    DOSI_TRY(method_scenario_check(&w->scenario, w->road.link, w->group, w->road.links->n_rows,
                                   err));
    if (w->n_places == 0 || w->groups.n <= MOST_GROUPS) return DOSI_OK;
    return dosi_fail(err, DOSI_LIMIT, "group: %zu groups in \"%.60s\": more than %d",
                     w->groups.n, name, MOST_GROUPS);
}

static dosi_status read_grid(work *w, dosi_error *err) {
    double margin = dosi_call_value(w->call, "margin_m")->real;
    const double box[4] = {w->road.box[0] - margin, w->road.box[1] - margin,
                           w->road.box[2] + margin, w->road.box[3] + margin};
    DOSI_TRY(dosi_grid_cover(box, dosi_call_value(w->call, "cell_m")->real, DOSI_SRID_KOREA,
                             &w->city.grid, err));
    w->city.receptor_m = dosi_call_value(w->call, "height_m")->real;
    w->city.near_m = dosi_call_value(w->call, "near_m")->real;
    w->city.n_samples = (size_t)dosi_call_value(w->call, "samples")->real;
    w->n_cells = w->city.grid.n_rows * w->city.grid.n_columns;
    if (w->n_cells > MOST_CELLS) {
        return dosi_fail(err, DOSI_LIMIT, "a grid of %zu cells: more than %d", w->n_cells,
                         MOST_CELLS);
    }
    return DOSI_OK;
}

static dosi_status read_weather(work *w, dosi_error *err) {
    method_road_site site = method_road_site_of(w->call);
    return method_road_weather_read(w->call->inputs[WEATHER], &site, &w->weather, err);
}

/// Index of a value; SIZE_MAX: not asked for.
static size_t value_index(const work *w, const char *name) {
    for (size_t v = 0; v < w->values.n; v++) {
        if (strcmp(w->values.names[v], name) == 0) return v;
    }
    return SIZE_MAX;
}

/// Reads the air that comes in, where it is given and NOx is asked for.
static dosi_status read_background(work *w, dosi_error *err) {
    const dosi_table *background = w->call->inputs[BACKGROUND];
    if (!background) return DOSI_OK;
    w->i_nox = value_index(w, "nox_gms");
    w->i_no2 = value_index(w, "no2_gms");
    w->no2_part = dosi_call_value(w->call, "no2_part")->real;
    if (w->i_nox == SIZE_MAX) {
        return dosi_fail(err, DOSI_INVALID,
                         "value: \"%.60s\" has no nox_gms, which NO2 and ozone need",
                         dosi_call_value(w->call, "value")->text);
    }
    w->n_gases = w->has_after ? 4 : 2;
    return method_air_read(background, dosi_call_value(w->call, "background_station")->text,
                           &w->weather, &w->air, err);
}

/// Reads all inputs.
static dosi_status read_all(work *w, dosi_error *err) {
    const dosi_method_call *call = w->call;
    DOSI_TRY(method_names_split(dosi_call_value(call, "value")->text, &w->values, err));
    if (w->values.n == 0) return dosi_fail(err, DOSI_INVALID, "value: names no column");
    DOSI_TRY(method_road_read(call->inputs[LINKS], &w->road, err));
    DOSI_TRY(
        method_emissions_read(call->inputs[EMISSIONS], &w->values, &w->road, &w->base, err));
    w->changed = dosi_call_value(call, "changed")->text;
    w->change = dosi_call_value(call, "change")->real;
    DOSI_TRY(method_scenario_read(dosi_call_value(call, "without")->text,
                                  dosi_call_value(call, "scale")->text, &w->scenario, err));
    w->has_after = call->inputs[CHANGED_EMISSIONS] || method_list_count(w->changed) > 0 ||
                   w->scenario.n > 0;
    if (call->inputs[CHANGED_EMISSIONS]) {
        DOSI_TRY(method_emissions_read(call->inputs[CHANGED_EMISSIONS], &w->values, &w->road,
                                       &w->after, err));
    }
    w->n_species = w->values.n * (w->has_after ? 2 : 1);
    w->has_group_hours = strcmp(dosi_call_value(call, "contributions")->text, "hours") == 0;
    DOSI_TRY(read_places(w, err));
    DOSI_TRY(read_groups(w, err));
    DOSI_TRY(read_grid(w, err));
    DOSI_TRY(read_weather(w, err));
    return read_background(w, err);
}

static dosi_status take_memory(work *w, dosi_error *err) {
    size_t n_links = w->road.links->n_rows;
    w->of_row = calloc(n_links * w->n_species + 1, sizeof *w->of_row);
    w->of_line = calloc(w->road.n_lines * w->n_species + 1, sizeof *w->of_line);
    w->hour = calloc(w->n_species * w->n_cells + 1, sizeof *w->hour);
    w->mean = calloc(w->n_species * w->n_cells + 1, sizeof *w->mean);
    w->by_group = calloc(w->groups.n * w->n_species * w->n_places + 1, sizeof *w->by_group);
    w->gas = calloc(w->n_gases * w->n_cells + 1, sizeof *w->gas);
    w->gas_mean = calloc(w->n_gases * w->n_cells + 1, sizeof *w->gas_mean);
    w->age = calloc(2 * (w->n_cells + w->n_places) + 1, sizeof *w->age);
    w->of_nox = calloc(2 * w->road.n_lines + 1, sizeof *w->of_nox);
    bool is_whole = w->of_row && w->of_line && w->hour && w->mean && w->by_group && w->gas &&
                    w->gas_mean && w->age && w->of_nox;
    if (is_whole) return DOSI_OK;
    return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu cells and %zu links", w->n_cells,
                     n_links);
}

// --- an hour -------------------------------------------------------------------------------

/// Emissions of an hour, of links and of their pieces.
static void set_emissions(work *w, dosi_time time) {
    size_t n = w->values.n, n_links = w->road.links->n_rows;
    memset(w->of_row, 0, n_links * w->n_species * sizeof *w->of_row);
    method_emissions_add(&w->base, time, w->n_species, w->of_row);
    if (w->after.table) method_emissions_add(&w->after, time, w->n_species, w->of_row + n);
    for (size_t r = 0; r < n_links && w->has_after; r++) {
        double *of = w->of_row + r * w->n_species;
        if (!w->after.table) memcpy(of + n, of, n * sizeof *of);
        double factor = method_scenario_factor(&w->scenario, w->road.link, w->group, r);
        if (method_list_has(w->changed, w->road.link, r)) factor *= w->change;
        for (size_t v = 0; v < n; v++) of[n + v] *= factor;
    }
    for (size_t i = 0; i < w->road.n_lines; i++) {
        memcpy(w->of_line + i * w->n_species, w->of_row + w->road.row[i] * w->n_species,
               w->n_species * sizeof *w->of_line);
    }
}

/// The links of an hour with NOx alone, for its age.
static dosi_road_links links_of_age(work *w, const dosi_road_links *links) {
    size_t n_versions = w->has_after ? 2 : 1;
    for (size_t i = 0; i < links->n; i++) {
        for (size_t v = 0; v < n_versions; v++) {
            w->of_nox[i * n_versions + v] =
                links->emission_gms[i * links->n_species + v * w->values.n + w->i_nox];
        }
    }
    double speed = fmax(links->weather->speed_ms, links->weather->least_speed_ms);
    return (dosi_road_links){links->weather, links->n,  links->lines,
                             n_versions,     w->of_nox, speed};
}

/// NO2 and ozone, ppm, of what is added at `n` places; a change is told as a difference.
/// @param of   (n_species x n), @param age  (versions x n), @param gas  (n_gases x n) out.
static void react(
    const work *w, size_t h, size_t n, const double *of, const double *age, double *gas) {
    for (size_t i = 0; i < n * w->n_gases / 2; i++) {
        size_t version = i / n, at = i % n;
        const double *values = of + version * w->values.n * n;
        double nox = values[w->i_nox * n + at];
        double no2 = w->i_no2 == SIZE_MAX ? w->no2_part * nox : values[w->i_no2 * n + at];
        double seconds = nox > 1e-6 ? fmax(age[i] / nox, 0) : (double)INFINITY;
        method_added added = {nox, no2, seconds};
        dosi_nox air = method_air_with(&w->air, h, &added);
        gas[2 * version * n + at] = 1e-3 * air.no2;
        gas[(2 * version + 1) * n + at] = 1e-3 * air.o3;
    }
    for (size_t i = 2 * n; i < n * w->n_gases; i++) gas[i] -= gas[i - 2 * n];
}

/// Adds a value of each cell to the map: the base, and what the change adds.
static void put_map_values(const work *w, const double *of, dosi_table *out, size_t first_row) {
    size_t first = out->n_columns - w->n_species - w->n_gases, n = w->values.n;
    for (size_t s = 0; s < w->n_species; s++) {
        double *to = out->columns[first + s].data.real + first_row;
        const double *from = of + s * w->n_cells;
        for (size_t c = 0; c < w->n_cells; c++) {
            to[c] = s < n ? from[c] : from[c] - of[(s - n) * w->n_cells + c];
        }
    }
}

/// Rows of the map for one hour, or the mean.
static dosi_status put_map(const work *w,
                           const double *of,
                           const double *gas,
                           const dosi_time *time,
                           dosi_error *err) {
    dosi_table *out = &w->call->outputs[MAP];
    size_t first_row = out->n_rows, at = time ? 1 : 0;
    if (first_row + w->n_cells > MOST_ROWS) {
        return dosi_fail(err, DOSI_LIMIT, "maps: more than %d rows; ask for fewer hours",
                         MOST_ROWS);
    }
    DOSI_TRY(dosi_table_add_rows(out, w->n_cells, err));
    for (size_t c = 0; c < w->n_cells; c++) {
        size_t row = first_row + c;
        if (time) out->columns[0].data.integer[row] = *time;
        out->columns[at].data.integer[row] = (int64_t)c;
        dosi_grid_centre(&w->city.grid, c, &out->columns[at + 1].data.real[row],
                         &out->columns[at + 2].data.real[row]);
    }
    put_map_values(w, of, out, first_row);
    for (size_t g = 0; g < w->n_gases; g++) {
        memcpy(out->columns[out->n_columns - w->n_gases + g].data.real + first_row,
               gas + g * w->n_cells, w->n_cells * sizeof *gas);
    }
    return DOSI_OK;
}

/// What the links bring to the places in an hour: in all, and by group.
static dosi_status do_places(work *w, const dosi_road_links *links, size_t h, dosi_error *err) {
    dosi_time time = w->weather.time[h];
    dosi_table *out = &w->call->outputs[RECEPTORS];
    dosi_road_places places = {w->n_places, w->place_x, w->place_y, w->city.receptor_m};
    size_t n_of = w->n_species * w->n_places;
    double *of = malloc((n_of + w->n_gases * w->n_places + 1) * sizeof *of), *gas = of + n_of;
    if (!of) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu places", w->n_places);
    size_t first_row = out->n_rows;
    dosi_status status = dosi_table_add_rows(out, w->n_places, err);
    if (status == DOSI_OK) {
        status = dosi_road_sum(links, &places, of, w->call->run, err);
    }
    if (status == DOSI_OK && w->n_gases > 0) {
        dosi_road_links aged = links_of_age(w, links);
        status = dosi_road_sum(&aged, &places, w->age, w->call->run, err);
        if (status == DOSI_OK) react(w, h, w->n_places, of, w->age, gas);
    }
    for (size_t p = 0; p < w->n_places && status == DOSI_OK; p++) {
        out->columns[0].data.integer[first_row + p] = time;
        status = method_copy_cell(w->place_name, p, out, 1, first_row + p);
        for (size_t s = 0; s < w->n_species; s++) {
            double value = of[s * w->n_places + p];
            if (s >= w->values.n) value -= of[(s - w->values.n) * w->n_places + p];
            out->columns[2 + s].data.real[first_row + p] = value;
        }
        for (size_t g = 0; g < w->n_gases; g++) {
            out->columns[2 + w->n_species + g].data.real[first_row + p] =
                gas[g * w->n_places + p];
        }
    }
    free(of);
    return status;
}

/// The links of some groups, each group's values as species of its own, and what they bring.
typedef struct group_sum {
    dosi_road_line *lines; ///< (links)
    double *emission;      ///< (links x GROUPS_AT_ONCE x n_species)
    double *of;            ///< (GROUPS_AT_ONCE x n_species x n_places)
} group_sum;

/// Rows of contributions of a group: one for each place that it adds anything to.
/// @param of     (n_species x n_places)
/// @param share  What `of` is multiplied by.
/// @param time   NULL: the mean of the hours.
static dosi_status put_group(const work *w,
                             size_t g,
                             const double *of,
                             double share,
                             const dosi_time *time,
                             dosi_error *err) {
    dosi_table *out = &w->call->outputs[CONTRIBUTIONS];
    size_t at = time ? 1 : 0;
    for (size_t p = 0; p < w->n_places; p++) {
        double sum = 0;
        for (size_t v = 0; v < w->values.n; v++) sum += of[v * w->n_places + p];
        if (!(sum > 0)) continue;
        size_t row = out->n_rows;
        if (row >= MOST_ROWS) {
            return dosi_fail(err, DOSI_LIMIT, "contributions: more than %d rows", MOST_ROWS);
        }
        DOSI_TRY(dosi_table_add_rows(out, 1, err));
        if (time) out->columns[0].data.integer[row] = *time;
        DOSI_TRY(method_copy_cell(w->place_name, p, out, at, row));
        DOSI_TRY(method_copy_cell(w->group, w->groups.first_row[g], out, at + 1, row));
        for (size_t v = 0; v < w->values.n; v++) {
            out->columns[at + 2 + v].data.real[row] = of[v * w->n_places + p] * share;
        }
    }
    return DOSI_OK;
}

/// Adds an hour's contributions of groups `first` to `first + n_groups` to the places: one sum
/// for all of them, as making an hour's kernels takes longer than most groups' links.
static dosi_status do_some_groups(work *w,
                                  const dosi_road_links *links,
                                  size_t first,
                                  size_t n_groups,
                                  const group_sum *sum,
                                  dosi_error *err) {
    dosi_road_places places = {w->n_places, w->place_x, w->place_y, w->city.receptor_m};
    size_t n = 0, n_columns = n_groups * w->n_species;
    for (size_t i = 0; i < links->n; i++) {
        size_t g = w->groups.of_row[w->road.row[i]];
        if (g < first || g >= first + n_groups) continue;
        double *row = sum->emission + n * n_columns;
        memset(row, 0, n_columns * sizeof *row);
        memcpy(row + (g - first) * w->n_species, links->emission_gms + i * w->n_species,
               w->n_species * sizeof *row);
        sum->lines[n++] = links->lines[i];
    }
    dosi_road_links part = {links->weather, n, sum->lines, n_columns, sum->emission, 0};
    DOSI_TRY(dosi_road_sum(&part, &places, sum->of, w->call->run, err));
    double *total = w->by_group + first * w->n_species * w->n_places;
    for (size_t i = 0; i < n_columns * w->n_places; i++) total[i] += sum->of[i];
    return DOSI_OK;
}

/// Adds an hour's contributions of every group to the places.
static dosi_status do_groups(work *w,
                             const dosi_road_links *links,
                             const dosi_time *time,
                             dosi_error *err) {
    size_t most = w->groups.n < GROUPS_AT_ONCE ? w->groups.n : GROUPS_AT_ONCE;
    size_t n_columns = most * w->n_species, n_of = w->n_species * w->n_places;
    group_sum sum = {malloc((links->n + 1) * sizeof *sum.lines),
                     malloc((links->n * n_columns + 1) * sizeof *sum.emission),
                     malloc((n_columns * w->n_places + 1) * sizeof *sum.of)};
    bool has_memory = sum.lines && sum.emission && sum.of;
    dosi_status status =
        has_memory ? DOSI_OK
                   : dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu links", links->n);
    for (size_t first = 0; has_memory && first < w->groups.n && status == DOSI_OK;
         first += most) {
        size_t n = w->groups.n - first < most ? w->groups.n - first : most;
        status = do_some_groups(w, links, first, n, &sum, err);
        for (size_t g = 0; g < n && w->has_group_hours && status == DOSI_OK; g++) {
            status = put_group(w, first + g, sum.of + g * n_of, 1, time, err);
        }
    }
    free(sum.lines);
    free(sum.emission);
    free(sum.of);
    return status;
}

/// NO2 and ozone of the map's cells in an hour.
static dosi_status do_gases(work *w, const dosi_road_links *links, size_t h, dosi_error *err) {
    dosi_road_city city = w->city;
    city.n_samples = 0;
    dosi_road_links aged = links_of_age(w, links);
    DOSI_TRY(dosi_road_city_sum(&aged, &city, w->age, NULL, w->call->run, err));
    react(w, h, w->n_cells, w->hour, w->age, w->gas);
    if (isnan(w->air.of[h].no2)) return DOSI_OK;
    for (size_t i = 0; i < w->n_gases * w->n_cells; i++) w->gas_mean[i] += w->gas[i];
    return DOSI_OK;
}

static dosi_status do_hour(work *w, size_t h, bool has_map, bool is_hourly, dosi_error *err) {
    const dosi_road_weather *weather = &w->weather.weather[h];
    dosi_table *hours = &w->call->outputs[HOURS];
    dosi_road_links links = {weather,      w->road.n_lines, w->road.lines,
                             w->n_species, w->of_line,      0};
    dosi_road_city_report report = {0};
    set_emissions(w, w->weather.time[h]);
    if (has_map) {
        DOSI_TRY(dosi_road_city_sum(&links, &w->city, w->hour, &report, w->call->run, err));
        for (size_t i = 0; i < w->n_species * w->n_cells; i++) w->mean[i] += w->hour[i];
        if (w->n_gases > 0) DOSI_TRY(do_gases(w, &links, h, err));
        if (is_hourly) DOSI_TRY(put_map(w, w->hour, w->gas, &w->weather.time[h], err));
    }
    if (w->n_places > 0) {
        DOSI_TRY(do_places(w, &links, h, err));
        if (w->group) DOSI_TRY(do_groups(w, &links, &w->weather.time[h], err));
    }
    double sign = weather->is_stable ? 1 : -1;
    const double values[] = {weather->speed_ms,    weather->direction_deg,
                             weather->friction_ms, sign * fabs(weather->obukhov_m),
                             weather->mixing_m,    has_map ? 100 * report.error : (double)NAN};
    hours->columns[0].data.integer[h] = w->weather.time[h];
    for (size_t i = 0; i < METHOD_N(values); i++)
        hours->columns[1 + i].data.real[h] = values[i];
    dosi_run_report(w->call->run, (double)(h + 1) / (double)w->weather.n, "roads");
    return dosi_run_check(w->call->run, err);
}

// --- tables --------------------------------------------------------------------------------

/// Adds a column for each value, and for each change.
static dosi_status add_values(const work *w,
                              dosi_table *table,
                              const dosi_method_column *like,
                              bool has_change,
                              dosi_error *err) {
    for (size_t s = 0; s < (has_change ? w->n_species : w->values.n); s++) {
        char name[NAME_BYTES];
        const char *value = w->values.names[s % w->values.n];
        size_t n = strlen(value);
        bool is_rate = n > 4 && strcmp(value + n - 4, "_gms") == 0;
        int n_kept = (int)(is_rate ? n - 4 : n);
        (void)snprintf(name, sizeof name, "%.*s_ugm3%s", n_kept, value,
                       s < w->values.n ? "" : "_change");
        DOSI_TRY(method_add_column(table, name, DOSI_TYPE_REAL, like, err));
    }
    return DOSI_OK;
}

/// Adds the columns of NO2 and ozone.
static dosi_status add_gases(const work *w, dosi_table *table, dosi_error *err) {
    static const char *const names[] = {"no2_ppm", "o3_ppm", "no2_ppm_change", "o3_ppm_change"};
    for (size_t g = 0; g < w->n_gases; g++) {
        DOSI_TRY(method_add_column(table, names[g], DOSI_TYPE_REAL, &map_columns[5], err));
    }
    return DOSI_OK;
}

static dosi_status open_tables(const work *w, bool is_hourly, dosi_error *err) {
    const dosi_method_call *call = w->call;
    if (is_hourly) {
        DOSI_TRY(method_add_column(&call->outputs[MAP], "time", DOSI_TYPE_TIME, &map_columns[0],
                                   err));
    }
    if (w->has_group_hours) {
        DOSI_TRY(method_add_column(&call->outputs[CONTRIBUTIONS], "time", DOSI_TYPE_TIME,
                                   &contribution_columns[0], err));
    }
    for (size_t i = MAP; i <= HOURS; i++) {
        size_t n_rows = i == GRID ? 1 : i == HOURS ? w->weather.n : 0;
        DOSI_TRY(method_open_output(call, i, n_rows, err));
    }
    DOSI_TRY(add_values(w, &call->outputs[MAP], &map_columns[4], true, err));
    DOSI_TRY(add_gases(w, &call->outputs[MAP], err));
    DOSI_TRY(add_values(w, &call->outputs[RECEPTORS], &receptor_columns[2], true, err));
    DOSI_TRY(add_gases(w, &call->outputs[RECEPTORS], err));
    DOSI_TRY(
        add_values(w, &call->outputs[CONTRIBUTIONS], &contribution_columns[3], false, err));
    dosi_column *grid = call->outputs[GRID].columns;
    grid[0].data.real[0] = w->city.grid.x0;
    grid[1].data.real[0] = w->city.grid.y0;
    grid[2].data.real[0] = w->city.grid.cell_m;
    grid[3].data.integer[0] = (int64_t)w->city.grid.n_columns;
    grid[4].data.integer[0] = (int64_t)w->city.grid.n_rows;
    grid[5].data.integer[0] = w->city.grid.srid;
    return DOSI_OK;
}

/// Mean contributions.
static dosi_status put_contributions(const work *w, dosi_error *err) {
    if (w->has_group_hours || !w->group) return DOSI_OK;
    for (size_t g = 0; g < w->groups.n; g++) {
        const double *of = w->by_group + g * w->n_species * w->n_places;
        DOSI_TRY(put_group(w, g, of, 1 / (double)w->weather.n, NULL, err));
    }
    return DOSI_OK;
}

/// Everything, once it is read.
static dosi_status compute(work *w, dosi_error *err) {
    const char *map = dosi_call_value(w->call, "map")->text;
    bool is_hourly = strcmp(map, "hours") == 0, has_map = strcmp(map, "none") != 0;
    DOSI_TRY(take_memory(w, err));
    DOSI_TRY(open_tables(w, is_hourly, err));
    double worst = 0;
    for (size_t h = 0; h < w->weather.n; h++) {
        DOSI_TRY(do_hour(w, h, has_map, is_hourly, err));
        worst = fmax(worst, w->call->outputs[HOURS].columns[6].data.real[h]);
    }
    for (size_t i = 0; i < w->n_species * w->n_cells; i++) w->mean[i] /= (double)w->weather.n;
    double n_known = (double)(w->weather.n - w->air.n_unknown);
    for (size_t i = 0; i < w->n_gases * w->n_cells; i++) {
        w->gas_mean[i] = n_known > 0 ? w->gas_mean[i] / n_known : (double)NAN;
    }
    if (has_map && !is_hourly) DOSI_TRY(put_map(w, w->mean, w->gas_mean, NULL, err));
    DOSI_TRY(put_contributions(w, err));
    dosi_text_printf(w->call->report,
                     "links: %zu in %zu straight pieces, %zu without a line\n"
                     "hours: %zu, %zu left out (calm, or something missing)\n",
                     w->road.links->n_rows, w->road.n_lines, w->road.n_without, w->weather.n,
                     w->weather.n_calm);
    if (has_map) {
        dosi_text_printf(w->call->report,
                         "map: %zu cells; at most %.3g %% of an hour's greatest value from the "
                         "exact sum, on %zu cells an hour\n",
                         w->n_cells, worst, w->city.n_samples);
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

const dosi_method dosi_method_air_road = {
    .id = "air.road",
    .version = 2,
    .title = {"도로 확산", "Dispersion from roads"},
    .about =
        {"구간별 배출량이 시간마다 더하는 농도를 R-LINE으로 격자와 지점에 계산합니다. 가까운 "
         "구간은 정확히 적분하고 먼 구간은 합성곱으로 더하며, 정확한 합과의 차이를 시간마다 "
         "재어 알립니다. 구간을 막거나 바뀐 배출량을 주면 차이 지도가 나옵니다. 들어오는 "
         "공기의 NO2와 오존을 주면 NO-NO2-오존 반응을 도로에서 온 시간만큼 따라가 NO2와 오존도 "
         "냅니다. 건물 사이 협곡은 air.street에 있습니다.",
         "Computes by R-LINE what the links' emissions add in each hour, on a grid and at "
         "places: near links exactly, the rest by a convolution, with the difference from "
         "the exact sum measured and told for each hour. Close links, or give changed "
         "emissions, and the map has the difference. Given NO2 and ozone of the air that "
         "comes in, NO, NO2 and ozone react for the time since the roads' NOx was emitted, "
         "and NO2 and ozone come out too. Streets between walls: air.street."},
    .citation = "Snyder et al. (2013), Atmos. Environ. 77, 748-756; AERMOD EPA-454/R-24-010",
    .inputs = inputs,
    .n_inputs = METHOD_N(inputs),
    .parameters = parameters,
    .n_parameters = METHOD_N(parameters),
    .outputs = outputs,
    .n_outputs = METHOD_N(outputs),
    .run = run,
};
