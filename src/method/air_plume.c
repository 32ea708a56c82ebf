// air.plume: what stacks, volumes, lines and areas add, on a grid and at places, hour by hour,
// and what a change of their emissions would.

#include "method/geo_words.h"
#include "method/plume_sources.h"
#include "method/road_links.h"
#include "method/road_words.h"
#include "method/scenario.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SOURCES, WEATHER, PLACES, BOUNDARY };
enum { MAP, GRID, RECEPTORS, CONTRIBUTIONS, HOURS };
enum { MOST_CELLS = 4000000, MOST_ROWS = 50000000, MOST_GROUPS = 500, NAME_BYTES = 96 };
enum { CHUNK = 512 };
enum { CONCENTRATION, DRY, WET, RESULTS };

static const dosi_method_column source_columns[] = {
    METHOD_COLUMN("source", TEXT, NULL, false, "배출원", "Source"),
    METHOD_COLUMN("height_m", REAL, "m", false, "배출 높이", "Height of release"),
    METHOD_COLUMN("diameter_m", REAL, "m", true, "굴뚝 안지름", "Stacks: inner diameter"),
    METHOD_COLUMN("gas_ms", REAL, "m/s", true, "배출 속도", "Stacks: speed of the gas"),
    METHOD_COLUMN("gas_c", REAL, "Cel", true, "배출 온도", "Stacks: temperature of the gas"),
    METHOD_COLUMN("width_m",
                  REAL,
                  "m",
                  true,
                  "선·체적 배출원의 폭",
                  "Lines and volumes: how wide; 10 m where missing"),
    METHOD_COLUMN("sigma_y_m",
                  REAL,
                  "m",
                  true,
                  "체적: 처음 수평 퍼짐",
                  "Volumes: first spread across; else width / 4.3"),
    METHOD_COLUMN("sigma_z_m",
                  REAL,
                  "m",
                  true,
                  "처음 수직 퍼짐",
                  "All but stacks: first vertical spread; else height / 2.15"),
    METHOD_COLUMN("diameter_um",
                  REAL,
                  "um",
                  true,
                  "입자 지름: 가라앉고 씻김 (크기마다 한 행)",
                  "Particles that settle and are washed out: size; one row a size"),
    METHOD_COLUMN("density_gcm3", REAL, "g/cm3", true, "입자 밀도", "Density; 1 where missing"),
    METHOD_COLUMN("fine_share",
                  REAL,
                  NULL,
                  true,
                  "2.5 um 이하의 몫 (diameter_um은 평균 지름)",
                  "Of many sizes, diameter_um their mean: the share below 2.5 um"),
    METHOD_COLUMN("deposition_ms",
                  REAL,
                  "m/s",
                  true,
                  "기체의 침적 속도",
                  "Gases: velocity at which surfaces take them up"),
    METHOD_COLUMN("*",
                  REAL,
                  "g/s",
                  true,
                  "`value`의 열, `group`의 열, geometry (점: 굴뚝·체적, 선, 면) 또는 x, y",
                  "Columns that `value` and `group` name; geometry (point: stack or volume, "
                  "line, polygon), or x and y"),
};
static const dosi_method_column weather_columns[] = {
    ROAD_WEATHER_COLUMNS,
    METHOD_COLUMN(
        "*",
        REAL,
        NULL,
        true,
        "air.met가 낸 열 (model=similarity); stability나 radiation_wm2와 cloud, "
        "mixing_m (model=classes); station: 첫 번째",
        "What air.met gives (model=similarity; rain_mm, humidity_pct and pressure_hpa "
        "for deposition); stability, or radiation_wm2 and cloud, and mixing_m "
        "(model=classes); of several stations the first"),
};
static const dosi_method_column boundary_columns[] = {
    METHOD_COLUMN("geometry", GEOMETRY, NULL, false, "경계", "Boundary"),
};
static const dosi_method_table inputs[] = {
    METHOD_TABLE("sources", false, "배출원", "Sources", source_columns),
    METHOD_TABLE("weather", false, "시간별 기상 (air.met)", "Hourly weather", weather_columns),
    METHOD_TABLE("places", true, "수용점 (측정소)", "Receptors", road_place_columns),
    METHOD_TABLE("boundary",
                 true,
                 "지도의 범위 (없으면 배출원 둘레)",
                 "What the map covers; without it the sources and what is around them",
                 boundary_columns),
};
static const dosi_method_parameter parameters[] = {
    METHOD_TEXT("value", "so2_gs", "배출량 열 (쉼표)", "Columns of emissions, by commas"),
    {"model",
     DOSI_PARAMETER_CHOICE,
     NULL,
     "similarity",
     0,
     0,
     "similarity|classes",
     {"모형: 상사이론(AERMOD) 또는 안정도 등급(Briggs 도시)",
      "Model: similarity as AERMOD, or Pasquill's classes with Briggs' urban curves"}},
    METHOD_TEXT("only",
                "",
                "쓸 배출원, 묶음, kind (쉼표, 비우면 모두)",
                "Sources, groups or kinds (column kind) to take, by commas; empty: all"),
    METHOD_TEXT("from", "", "첫 시간 (ISO, 비우면 처음)", "First hour, ISO; empty: the first"),
    METHOD_TEXT("to", "", "마지막 시간 (ISO, 비우면 끝)", "Last hour, ISO; empty: the last"),
    {"map",
     DOSI_PARAMETER_CHOICE,
     NULL,
     "mean",
     0,
     0,
     "mean|hours|groups|none",
     {"지도: 평균, 시간별, 묶음별 평균, 없음",
      "Map: the mean of the hours, every hour, the mean of each group, or none"}},
    METHOD_TEXT("group",
                "source",
                "기여를 나눌 열 (source: 배출원마다)",
                "Column of sources by which contributions are told; source: each"),
    {"contributions",
     DOSI_PARAMETER_CHOICE,
     NULL,
     "mean",
     0,
     0,
     "mean|hours",
     {"기여: 평균, 시간별 (air.scale이 읽음)",
      "Contributions: the mean of the hours, or every hour, as air.scale reads them"}},
    METHOD_TEXT("without",
                "",
                "뺄 배출원이나 묶음 (쉼표, what-if)",
                "What-if: sources or groups to leave out, by commas"),
    METHOD_TEXT("scale",
                "",
                "배수 (이름=배수, 쉼표, what-if)",
                "What-if: name=factor of sources or groups, by commas"),
    METHOD_REAL("cell_m", "m", "200", 10, 5000, "격자 크기", "Size of a grid cell"),
    METHOD_REAL("margin_m",
                "m",
                "2000",
                0,
                50000,
                "배출원이나 경계 밖 여유",
                "Grid beyond the sources; with a boundary nothing is added"),
    METHOD_REAL("height_m", "m", "1.5", 0, 500, "수용점 높이", "Height above the ground"),
    METHOD_REAL("roughness_m",
                "m",
                "0.8",
                0.001,
                5,
                "거칠기 길이 (air.met와 같게)",
                "Roughness length, as air.met had it"),
    METHOD_REAL("anemometer_m", "m", "10", 2, 500, "풍속계 높이", "Height of the anemometer"),
    METHOD_REAL("population",
                NULL,
                "0",
                0,
                5e7,
                "도시 인구 (밤 열섬, 0: 없음)",
                "Inhabitants, for the city's heat by night; 0: none"),
    METHOD_REAL("lapse_km",
                "K/m",
                "0.005",
                0.0005,
                0.1,
                "혼합층 위 온위 기울기",
                "Potential temperature gradient above the mixed layer"),
    METHOD_REAL("mixing_m",
                "m",
                "800",
                50,
                5000,
                "혼합고 자료가 없을 때 (classes)",
                "Mixing height where the weather has none (classes)"),
};
/// What is computed for each value: in the air, and where sources deposit on the ground.
#define VALUE_COLUMNS                                                                          \
    METHOD_COLUMN("<value>", REAL, "ug/m3", true, "배출원이 더한 농도, 바뀐 뒤는 <값>_change", \
                  "What the sources add; <value>_change: what the change adds to that"),       \
        METHOD_COLUMN(                                                                         \
            "<value>_dry_gm2h", REAL, "g/m2/h", true,                                          \
            "마른 침적, 비와 눈으로는 <값>_wet_gm2h (입자나 침적 속도가 있을 때)",             \
            "Where sources deposit: what falls; <value>_wet_gm2h: with rain and snow")

static const dosi_method_column map_columns[] = {
    METHOD_COLUMN("time", TIME, NULL, true, "그 시간의 끝 (map=hours)", "Hour, with map=hours"),
    METHOD_COLUMN("group", TEXT, NULL, true, "묶음 (map=groups)", "Group, with map=groups"),
    METHOD_COLUMN("cell",
                  INT,
                  NULL,
                  false,
                  "격자 번호: 행 x 열수 + 열, 행 0이 남쪽",
                  "Cell: row x n_columns + column, row 0 south"),
    METHOD_COLUMN("x", REAL, "m", false, "동쪽 (EPSG:5186)", "East (EPSG:5186)"),
    METHOD_COLUMN("y", REAL, "m", false, "북쪽 (EPSG:5186)", "North (EPSG:5186)"),
    VALUE_COLUMNS,
};
static const dosi_method_column receptor_columns[] = {
    METHOD_COLUMN("time", TIME, NULL, false, "그 시간의 끝", "End of the hour"),
    METHOD_COLUMN("station", TEXT, NULL, false, "지점", "Place"),
    VALUE_COLUMNS,
};
static const dosi_method_column contribution_columns[] = {
    METHOD_COLUMN("time", TIME, NULL, true, "그 시간의 끝 (hours일 때)", "Hour, with hours"),
    METHOD_COLUMN("station", TEXT, NULL, false, "지점", "Place"),
    METHOD_COLUMN("group", TEXT, NULL, false, "배출원이나 묶음", "Source, or group of them"),
    METHOD_COLUMN("<value>", REAL, "ug/m3", true, "기여", "What it adds"),
};
static const dosi_method_column hour_columns[] = {
    METHOD_COLUMN("time", TIME, NULL, false, "그 시간의 끝", "End of the hour"),
    METHOD_COLUMN("wind_speed_ms", REAL, "m/s", false, "풍속", "Wind speed"),
    METHOD_COLUMN("wind_direction_deg", REAL, "deg", false, "풍향", "Wind direction"),
    METHOD_COLUMN("mixing_m", REAL, "m", false, "혼합고", "Mixing height"),
    METHOD_COLUMN("state",
                  TEXT,
                  NULL,
                  false,
                  "stable, unstable 또는 등급 A~F",
                  "stable or unstable, or a class A to F"),
};
static const dosi_method_table outputs[] = {
    METHOD_TABLE("map", false, "배출원이 더한 농도 지도", "What sources add", map_columns),
    METHOD_TABLE("grid", false, "격자 설명 (한 행)", "The grid, one row", geo_grid_columns),
    METHOD_TABLE("receptors", false, "지점별 시간 농도", "At places, hourly", receptor_columns),
    METHOD_TABLE(
        "contributions", false, "지점별 기여", "Who adds what where", contribution_columns),
    METHOD_TABLE("hours", false, "쓴 시간", "Hours that were used", hour_columns),
};

/// Points that are computed, and what is known of them.
typedef struct points {
    size_t n;
    double *x, *y, *z; ///< (n)
    double *hour;      ///< (n_results x n_species x n)
    double *mean;      ///< (n_results x n_species x n) sum over hours
    double *group;     ///< (groups x n_species x n) this hour; NULL: not wanted.
    double *by_group;  ///< (groups x n_species x n) sum over hours.
} points;

/// A run on its way.
typedef struct work {
    const dosi_method_call *call;
    method_names values;
    const dosi_column *name, *group_column;
    method_plume_sources sources;
    method_plume_hours hours;
    method_scenario scenario;
    method_keys groups;
    size_t n_species; ///< Values, twice that with a change.
    size_t n_results; ///< RESULTS where anything is deposited, else the concentration alone.
    double *emission; ///< (rows x n_species) g/s
    dosi_grid grid;
    points cells, places;
    const dosi_column *place_name;
    bool is_hourly, has_map, has_group_map, has_group_hours;
    size_t n_used;
} work;

static void clear_points(points *p) {
    free(p->x);
    free(p->hour);
    free(p->mean);
    free(p->group);
    free(p->by_group);
}

static void close_work(work *w) {
    method_plume_sources_clear(&w->sources);
    method_plume_hours_clear(&w->hours);
    method_keys_clear(&w->groups);
    free(w->emission);
    clear_points(&w->cells);
    clear_points(&w->places);
}

// --- reading -------------------------------------------------------------------------------

static const char *text_of(const work *w, const char *name) {
    return dosi_call_value(w->call, name)->text;
}

static double real_of(const work *w, const char *name) {
    return dosi_call_value(w->call, name)->real;
}

/// Emissions of the rows, before and after the change.
static dosi_status read_emissions(work *w, const dosi_table *table, dosi_error *err) {
    size_t n = w->values.n;
    const dosi_column *columns[METHOD_NAMES_MAX] = {NULL};
    for (size_t v = 0; v < n; v++) {
        DOSI_TRY(dosi_table_get_number(table, w->values.names[v], &columns[v], err));
    }
    w->emission = calloc(table->n_rows * w->n_species + 1, sizeof *w->emission);
    if (!w->emission) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for emissions");
    for (size_t row = 0; row < table->n_rows; row++) {
        double factor = method_scenario_factor(&w->scenario, w->name, w->group_column, row);
        double *of = w->emission + row * w->n_species;
        for (size_t v = 0; v < n; v++) {
            double value = dosi_column_real(columns[v], row);
            of[v] = value > 0 ? value : 0;
            if (w->n_species > n) of[n + v] = factor * of[v];
        }
    }
    return DOSI_OK;
}

/// Which rows count: those of `only` that emit anything.
static dosi_status read_sources(work *w, dosi_error *err) {
    const dosi_table *table = w->call->inputs[SOURCES];
    const char *only = text_of(w, "only");
    bool is_all = method_list_count(only) == 0, has_any = false;
    size_t i_kind = dosi_table_find(table, "kind");
    bool has_kind = i_kind != SIZE_MAX && table->columns[i_kind].type == DOSI_TYPE_TEXT;
    const dosi_column *kind = has_kind ? &table->columns[i_kind] : NULL;
    bool *take = calloc(table->n_rows + 1, sizeof *take);
    if (!take) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for sources");
    for (size_t row = 0; row < table->n_rows; row++) {
        bool is_in = is_all || method_list_has(only, w->name, row) ||
                     method_list_has(only, w->group_column, row) ||
                     (kind && method_list_has(only, kind, row));
        const double *of = w->emission + row * w->n_species;
        for (size_t s = 0; s < w->n_species && is_in; s++) take[row] = take[row] || of[s] > 0;
        has_any = has_any || take[row];
    }
    double piece_m = strcmp(text_of(w, "model"), "classes") == 0 ? 50 : INFINITY;
    dosi_status status = DOSI_OK;
    if (has_any) {
        status = method_plume_sources_read(table, take, piece_m, &w->sources, err);
    } else {
        status = dosi_fail(err, DOSI_DOMAIN, "sources: none emits anything%s%.60s",
                           is_all ? "" : " of only=", only);
    }
    free(take);
    if (status == DOSI_OK && w->sources.n == 0) {
        status = dosi_fail(err, DOSI_DOMAIN, "sources: none has a place");
    }
    w->n_results = w->sources.n_depositing > 0 ? RESULTS : 1;
    if (status == DOSI_OK && w->n_results > 1 && isfinite(piece_m)) {
        status = dosi_fail(err, DOSI_UNSUPPORTED,
                           "model: classes know no deposition (diameter_um, deposition_ms)");
    }
    return status;
}

/// Groups, the change, and what is emitted.
static dosi_status read_groups(work *w, dosi_error *err) {
    const dosi_table *table = w->call->inputs[SOURCES];
    DOSI_TRY(dosi_table_get(table, "source", DOSI_TYPE_TEXT, &w->name, err));
    DOSI_TRY(dosi_table_get(table, text_of(w, "group"), DOSI_TYPE_TEXT, &w->group_column, err));
    DOSI_TRY(
        method_scenario_read(text_of(w, "without"), text_of(w, "scale"), &w->scenario, err));
    DOSI_TRY(method_scenario_check(&w->scenario, w->name, w->group_column, table->n_rows, err));
    w->n_species = w->values.n * (w->scenario.n > 0 ? 2 : 1);
    return read_emissions(w, table, err);
}

/// Coordinates of points, all at the receptors' height.
static dosi_status open_points(const work *w, points *p, size_t n, dosi_error *err) {
    p->x = malloc((3 * n + 1) * sizeof *p->x);
    if (!p->x) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu places", n);
    p->n = n;
    p->y = p->x + n;
    p->z = p->y + n;
    for (size_t i = 0; i < n; i++) p->z[i] = real_of(w, "height_m");
    return DOSI_OK;
}

static dosi_status read_grid(work *w, dosi_error *err) {
    double box[4], margin = real_of(w, "margin_m");
    memcpy(box, w->sources.box, sizeof box);
    const dosi_table *boundary = w->call->inputs[BOUNDARY];
    if (boundary) {
        dosi_polygon *polygons = NULL;
        box[0] = box[1] = INFINITY;
        box[2] = box[3] = -INFINITY;
        DOSI_TRY(method_polygons_load(boundary, &polygons, box, err));
        method_polygons_free(polygons, boundary->n_rows);
        margin = 0;
    }
    box[0] -= margin;
    box[1] -= margin;
    box[2] += margin;
    box[3] += margin;
    DOSI_TRY(dosi_grid_cover(box, real_of(w, "cell_m"), DOSI_SRID_KOREA, &w->grid, err));
    size_t n = w->grid.n_rows * w->grid.n_columns;
    if (!w->has_map) return DOSI_OK;
    if (n > MOST_CELLS) {
        return dosi_fail(err, DOSI_LIMIT, "a grid of %zu cells: more than %d", n, MOST_CELLS);
    }
    DOSI_TRY(open_points(w, &w->cells, n, err));
    for (size_t i = 0; i < n; i++) {
        dosi_grid_centre(&w->grid, i, &w->cells.x[i], &w->cells.y[i]);
    }
    return DOSI_OK;
}

static dosi_status read_places(work *w, dosi_error *err) {
    const dosi_table *places = w->call->inputs[PLACES];
    if (!places) return DOSI_OK;
    DOSI_TRY(open_points(w, &w->places, places->n_rows, err));
    DOSI_TRY(dosi_table_get(places, "station", DOSI_TYPE_TEXT, &w->place_name, err));
    return method_places(places, "places", w->places.x, w->places.y, err);
}

static dosi_status read_weather(work *w, dosi_error *err) {
    const method_plume_site site = {
        .is_classes = strcmp(text_of(w, "model"), "classes") == 0,
        .roughness_m = real_of(w, "roughness_m"),
        .anemometer_m = real_of(w, "anemometer_m"),
        .population = real_of(w, "population"),
        .lapse_km = real_of(w, "lapse_km"),
        .mixing_m = real_of(w, "mixing_m"),
        .from = text_of(w, "from"),
        .to = text_of(w, "to"),
    };
    return method_plume_hours_read(w->call->inputs[WEATHER], &site, &w->hours, err);
}

/// Room for what is summed at points.
static dosi_status take_sums(const work *w, points *p, bool has_groups, dosi_error *err) {
    size_t n = p->n * w->n_species, n_groups = has_groups ? w->groups.n : 0;
    p->hour = calloc(w->n_results * n + 1, sizeof *p->hour);
    p->mean = calloc(w->n_results * n + 1, sizeof *p->mean);
    bool is_whole = p->hour && p->mean;
    if (n_groups > 0 && n > 0) {
        p->group = calloc(n_groups * n, sizeof *p->group);
        p->by_group = calloc(n_groups * n, sizeof *p->by_group);
        is_whole = is_whole && p->group && p->by_group;
    }
    return is_whole ? DOSI_OK
                    : dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu places", p->n);
}

/// Drops groups whose sources are all left out: a city's roofs are no groups of its stacks.
static dosi_status keep_groups_in_use(work *w, dosi_error *err) {
    bool *is_used = calloc(w->sources.table->n_rows + 1, sizeof *is_used);
    if (!is_used) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for groups");
    for (size_t i = 0; i < w->sources.n; i++) is_used[w->sources.pieces[i].row] = true;
    dosi_status status = method_keys_keep(&w->groups, is_used, w->sources.table->n_rows, err);
    free(is_used);
    return status;
}

/// Reads all inputs.
static dosi_status read_all(work *w, dosi_error *err) {
    const char *map = text_of(w, "map");
    w->is_hourly = strcmp(map, "hours") == 0;
    w->has_group_map = strcmp(map, "groups") == 0;
    w->has_map = strcmp(map, "none") != 0;
    w->has_group_hours = strcmp(text_of(w, "contributions"), "hours") == 0;
    DOSI_TRY(method_names_split(text_of(w, "value"), &w->values, err));
    if (w->values.n == 0) return dosi_fail(err, DOSI_INVALID, "value: names no column");
    DOSI_TRY(read_groups(w, err));
    DOSI_TRY(read_sources(w, err));
    DOSI_TRY(method_keys_find(&w->group_column, 1, w->sources.table->n_rows, &w->groups, err));
    DOSI_TRY(keep_groups_in_use(w, err));
    DOSI_TRY(read_weather(w, err));
    DOSI_TRY(read_places(w, err));
    DOSI_TRY(read_grid(w, err));
    bool has_groups = w->has_group_map || w->places.n > 0;
    if (has_groups && w->groups.n > MOST_GROUPS) {
        return dosi_fail(err, DOSI_LIMIT, "group: %zu groups in \"%.60s\": more than %d",
                         w->groups.n, text_of(w, "group"), MOST_GROUPS);
    }
    DOSI_TRY(take_sums(w, &w->cells, w->has_group_map, err));
    return take_sums(w, &w->places, true, err);
}

// --- an hour -------------------------------------------------------------------------------

/// Adds a source's results of 1 g/s to a chunk of `n` points, for each value.
static void spread_values(
    const work *w, uint32_t row, double (*unit)[CHUNK], points *p, size_t first, size_t n) {
    uint32_t g = w->groups.of_row[row];
    for (size_t i = 0; i < w->n_results * w->n_species; i++) {
        size_t s = i % w->n_species, result = i / w->n_species;
        double emission = w->emission[row * w->n_species + s];
        double *to = p->hour + i * p->n + first;
        if (emission == 0) continue;
        for (size_t k = 0; k < n; k++) to[k] += emission * unit[result][k];
        if (!p->group || g == UINT32_MAX || result > CONCENTRATION) continue;
        to = p->group + (g * w->n_species + s) * p->n + first;
        for (size_t k = 0; k < n; k++) to[k] += emission * unit[result][k];
    }
}

/// What all sources bring to a chunk of points in an hour.
static dosi_status do_chunk(
    const work *w, const method_plume_hour *hour, points *p, size_t first, dosi_error *err) {
    double unit[RESULTS][CHUNK];
    size_t n = p->n - first < CHUNK ? p->n - first : CHUNK;
    const dosi_plume_receptors receptors = {
        .n = n, .x_m = p->x + first, .y_m = p->y + first, .flag_m = p->z + first};
    const dosi_plume_fluxes fluxes = {unit[CONCENTRATION], unit[DRY], unit[WET], NULL};
    for (size_t i = 0; i < w->sources.n; i++) {
        memset(unit, 0, w->n_results * sizeof unit[0]);
        if (w->n_results > 1) {
            DOSI_TRY(method_plume_add_fluxes(hour, &w->sources, i, &receptors, &fluxes, err));
        } else {
            DOSI_TRY(method_plume_add(hour, &w->sources, i, &receptors, unit[0], err));
        }
        spread_values(w, w->sources.pieces[i].row, unit, p, first, n);
    }
    return DOSI_OK;
}

/// What all sources bring to points in an hour: chunk by chunk, the same at any thread count.
static dosi_status do_points(const work *w,
                             const method_plume_hour *hour,
                             points *p,
                             dosi_error *err) {
    size_t n = p->n * w->n_species, n_chunks = (p->n + CHUNK - 1) / CHUNK;
    dosi_status status = DOSI_OK;
    dosi_error first_error = {""};
    if (p->n == 0) return DOSI_OK;
    memset(p->hour, 0, w->n_results * n * sizeof *p->hour);
    if (p->group) memset(p->group, 0, w->groups.n * n * sizeof *p->group);
#pragma omp parallel for schedule(dynamic, 1) num_threads(dosi_run_threads(w->call->run))
    for (size_t c = 0; c < n_chunks; c++) {
        dosi_error problem = {""};
        dosi_status one = do_chunk(w, hour, p, c * CHUNK, &problem);
        if (one == DOSI_OK) continue;
#pragma omp critical(air_plume_status)
        {
            status = one;
            first_error = problem;
        }
    }
    if (status != DOSI_OK && err) *err = first_error;
    for (size_t i = 0; i < w->n_results * n; i++) p->mean[i] += p->hour[i];
    for (size_t i = 0; p->group && i < w->groups.n * n; i++) p->by_group[i] += p->group[i];
    return status;
}

/// Values of points in the last rows and columns: the base, and what the change adds.
/// @param n_results  In `of`: all, or the concentration of a group.
static void put_values(const work *w,
                       const points *p,
                       const double *of,
                       size_t n_results,
                       double share,
                       dosi_table *out) {
    size_t n = n_results * w->n_species;
    size_t first = out->n_columns - n, first_row = out->n_rows - p->n;
    for (size_t i = 0; i < n; i++) {
        const double *value = of + i * p->n;
        const double *base =
            i % w->n_species < w->values.n ? NULL : of + (i - w->values.n) * p->n;
        double *to = out->columns[first + i].data.real + first_row;
        for (size_t k = 0; k < p->n; k++) {
            to[k] = share * (base ? value[k] - base[k] : value[k]);
        }
    }
}

/// Rows of the map: of an hour, of a group, or the mean.
static dosi_status put_map(const work *w,
                           const double *of,
                           double share,
                           const dosi_time *time,
                           size_t group,
                           dosi_error *err) {
    dosi_table *out = &w->call->outputs[MAP];
    const points *p = &w->cells;
    size_t first_row = out->n_rows, at = w->is_hourly || w->has_group_map ? 1 : 0;
    if (first_row + p->n > MOST_ROWS) {
        return dosi_fail(err, DOSI_LIMIT, "maps: more than %d rows; ask for fewer hours",
                         MOST_ROWS);
    }
    DOSI_TRY(dosi_table_add_rows(out, p->n, err));
    for (size_t c = 0; c < p->n; c++) {
        size_t row = first_row + c;
        if (time) out->columns[0].data.integer[row] = *time;
        if (w->has_group_map) {
            DOSI_TRY(
                method_copy_cell(w->group_column, w->groups.first_row[group], out, 0, row));
        }
        out->columns[at].data.integer[row] = (int64_t)c;
        out->columns[at + 1].data.real[row] = p->x[c];
        out->columns[at + 2].data.real[row] = p->y[c];
    }
    put_values(w, p, of, w->has_group_map ? 1 : w->n_results, share, out);
    return DOSI_OK;
}

/// Rows of the places of an hour.
static dosi_status put_places(const work *w, dosi_time time, dosi_error *err) {
    dosi_table *out = &w->call->outputs[RECEPTORS];
    size_t first_row = out->n_rows;
    DOSI_TRY(dosi_table_add_rows(out, w->places.n, err));
    for (size_t i = 0; i < w->places.n; i++) {
        out->columns[0].data.integer[first_row + i] = time;
        DOSI_TRY(method_copy_cell(w->place_name, i, out, 1, first_row + i));
    }
    put_values(w, &w->places, w->places.hour, w->n_results, 1, out);
    return DOSI_OK;
}

/// Rows of contributions: one for each place and group that adds anything there.
static dosi_status put_contributions(
    const work *w, const double *of, double share, const dosi_time *time, dosi_error *err) {
    dosi_table *out = &w->call->outputs[CONTRIBUTIONS];
    size_t at = time ? 1 : 0, n = w->places.n;
    for (size_t i = 0; i < w->groups.n * n; i++) {
        size_t g = i / n, place = i % n;
        const double *mine = of + g * w->n_species * n + place;
        double sum = 0;
        for (size_t v = 0; v < w->values.n; v++) sum += mine[v * n];
        if (!(sum > 0)) continue;
        size_t row = out->n_rows;
        if (row >= MOST_ROWS) {
            return dosi_fail(err, DOSI_LIMIT, "contributions: more than %d rows", MOST_ROWS);
        }
        DOSI_TRY(dosi_table_add_rows(out, 1, err));
        if (time) out->columns[0].data.integer[row] = *time;
        DOSI_TRY(method_copy_cell(w->place_name, place, out, at, row));
        DOSI_TRY(method_copy_cell(w->group_column, w->groups.first_row[g], out, at + 1, row));
        for (size_t v = 0; v < w->values.n; v++) {
            out->columns[at + 2 + v].data.real[row] = share * mine[v * n];
        }
    }
    return DOSI_OK;
}

/// The row of an hour that was used.
static dosi_status put_hour(const work *w,
                            const method_plume_hour *hour,
                            dosi_time time,
                            dosi_error *err) {
    dosi_table *out = &w->call->outputs[HOURS];
    size_t row = out->n_rows;
    const char class_name[2] = {(char)('A' + (int)hour->stability), 0};
    const char *state = hour->plume.state == DOSI_PLUME_STABLE ? "stable" : "unstable";
    DOSI_TRY(dosi_table_add_rows(out, 1, err));
    out->columns[0].data.integer[row] = time;
    out->columns[1].data.real[row] = hour->wind_ms;
    out->columns[2].data.real[row] = hour->direction_deg;
    out->columns[3].data.real[row] = hour->mixing_m;
    return dosi_table_set_text(out, 4, row, hour->is_classes ? class_name : state);
}

static dosi_status do_hour(work *w, size_t h, dosi_error *err) {
    method_plume_hour hour;
    dosi_time time = w->hours.time->data.integer[w->hours.row[h]];
    if (!method_plume_hour_make(&w->hours, h, &hour)) return DOSI_OK;
    w->n_used++;
    DOSI_TRY(do_points(w, &hour, &w->cells, err));
    DOSI_TRY(do_points(w, &hour, &w->places, err));
    if (w->is_hourly) DOSI_TRY(put_map(w, w->cells.hour, 1, &time, 0, err));
    if (w->places.n > 0) DOSI_TRY(put_places(w, time, err));
    if (w->places.n > 0 && w->has_group_hours) {
        DOSI_TRY(put_contributions(w, w->places.group, 1, &time, err));
    }
    return put_hour(w, &hour, time, err);
}

// --- tables --------------------------------------------------------------------------------

/// Adds a column for each value, and for each change; of what is deposited too.
/// @param like  Description of the concentration, and of what is deposited.
static dosi_status add_values(const work *w,
                              dosi_table *table,
                              const dosi_method_column *like,
                              size_t n_results,
                              bool has_change,
                              dosi_error *err) {
    static const char *const units[RESULTS] = {"_ugm3", "_dry_gm2h", "_wet_gm2h"};
    size_t n_values = has_change ? w->n_species : w->values.n;
    for (size_t i = 0; i < n_results * n_values; i++) {
        char name[NAME_BYTES];
        size_t s = i % n_values, result = i / n_values;
        const char *value = w->values.names[s % w->values.n];
        size_t n = strlen(value);
        bool is_rate = n > 3 && strcmp(value + n - 3, "_gs") == 0;
        (void)snprintf(name, sizeof name, "%.*s%s%s", (int)(is_rate ? n - 3 : n), value,
                       units[result], s < w->values.n ? "" : "_change");
        DOSI_TRY(method_add_column(table, name, DOSI_TYPE_REAL, &like[result > 0], err));
    }
    return DOSI_OK;
}

static dosi_status open_tables(const work *w, dosi_error *err) {
    const dosi_method_call *call = w->call;
    dosi_table *map = &call->outputs[MAP], *contributions = &call->outputs[CONTRIBUTIONS];
    if (w->is_hourly) {
        DOSI_TRY(method_add_column(map, "time", DOSI_TYPE_TIME, &map_columns[0], err));
    }
    if (w->has_group_map) {
        DOSI_TRY(method_add_column(map, "group", DOSI_TYPE_TEXT, &map_columns[1], err));
    }
    if (w->has_group_hours) {
        DOSI_TRY(method_add_column(contributions, "time", DOSI_TYPE_TIME,
                                   &contribution_columns[0], err));
    }
    for (size_t i = MAP; i <= HOURS; i++) {
        DOSI_TRY(method_open_output(call, i, i == GRID ? 1 : 0, err));
    }
    size_t n_mapped = w->has_group_map ? 1 : w->n_results;
    dosi_table *receptors = &call->outputs[RECEPTORS];
    DOSI_TRY(add_values(w, map, &map_columns[5], n_mapped, true, err));
    DOSI_TRY(add_values(w, receptors, &receptor_columns[2], w->n_results, true, err));
    DOSI_TRY(add_values(w, contributions, &contribution_columns[3], 1, false, err));
    dosi_column *grid = call->outputs[GRID].columns;
    grid[0].data.real[0] = w->grid.x0;
    grid[1].data.real[0] = w->grid.y0;
    grid[2].data.real[0] = w->grid.cell_m;
    grid[3].data.integer[0] = (int64_t)w->grid.n_columns;
    grid[4].data.integer[0] = (int64_t)w->grid.n_rows;
    grid[5].data.integer[0] = w->grid.srid;
    return DOSI_OK;
}

/// Everything that is a mean of the hours.
static dosi_status put_means(const work *w, dosi_error *err) {
    double share = 1 / (double)w->n_used;
    if (w->has_group_map) {
        size_t n = w->n_species * w->cells.n;
        for (size_t g = 0; g < w->groups.n; g++) {
            const double *of = w->cells.by_group + g * n;
            bool is_there = false; // no map of a group that adds nothing
            for (size_t i = 0; i < n && !is_there; i++) is_there = of[i] > 0;
            if (is_there) DOSI_TRY(put_map(w, of, share, NULL, g, err));
        }
    } else if (w->has_map && !w->is_hourly) {
        DOSI_TRY(put_map(w, w->cells.mean, share, NULL, 0, err));
    }
    if (w->has_group_hours || w->places.n == 0) return DOSI_OK;
    return put_contributions(w, w->places.by_group, share, NULL, err);
}

static dosi_status compute(work *w, dosi_error *err) {
    DOSI_TRY(open_tables(w, err));
    for (size_t h = 0; h < w->hours.n; h++) {
        DOSI_TRY(do_hour(w, h, err));
        dosi_run_report(w->call->run, (double)(h + 1) / (double)w->hours.n, "plumes");
        DOSI_TRY(dosi_run_check(w->call->run, err));
    }
    if (w->n_used == 0) {
        return dosi_fail(err, DOSI_DOMAIN, "weather: every hour is calm, or lacks something");
    }
    DOSI_TRY(put_means(w, err));
    const method_plume_sources *s = &w->sources;
    dosi_text_printf(w->call->report,
                     "sources: %zu stacks, %zu volumes, %zu lines, %zu areas; %zu without a "
                     "place\nhours: %zu, %zu left out (calm, or something missing)\n",
                     s->n_stacks, s->n_volumes, s->n_lines, s->n_areas, s->n_without, w->n_used,
                     w->hours.n - w->n_used);
    return DOSI_OK;
}

static dosi_status run(const dosi_method_call *call, dosi_error *err) {
    work *w = calloc(1, sizeof *w);
    if (!w) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for plumes");
    w->call = call;
    dosi_status status = read_all(w, err);
    if (status == DOSI_OK) status = compute(w, err);
    close_work(w);
    free(w);
    return status;
}

const dosi_method dosi_method_air_plume = {
    .id = "air.plume",
    .version = 1,
    .title = {"굴뚝·면 배출원 확산", "Dispersion from stacks and areas"},
    .about =
        {"굴뚝, 체적, 선, 면 배출원이 시간마다 더하는 농도를 격자와 지점에 계산합니다. "
         "AERMOD의 상사이론 플룸(기상은 air.met에서)이나 안정도 등급의 가우스 플룸을 씁니다. "
         "배출원을 빼거나 배수를 주면 차이 지도가 나옵니다. 입자 크기나 침적 속도가 있으면 "
         "땅에 "
         "쌓이는 양도 계산합니다. 평평한 땅으로 보고, 배경 농도와 화학 반응은 없습니다.",
         "Computes what stacks, volumes, lines and areas add in each hour, on a grid and at "
         "places: AERMOD's plume by similarity (weather from air.met), or the Gaussian plume "
         "with stability classes. Leave sources out or multiply them, and the map has the "
         "difference. With sizes of particles or a deposition velocity it tells what falls to "
         "the ground, dry and with rain. Flat ground; no background, no chemistry."},
    .citation = "AERMOD Model Formulation, EPA-454/R-24-010 (2024); G. A. Briggs (1973), ATDL "
                "contribution 79",
    .inputs = inputs,
    .n_inputs = METHOD_N(inputs),
    .parameters = parameters,
    .n_parameters = METHOD_N(parameters),
    .outputs = outputs,
    .n_outputs = METHOD_N(outputs),
    .run = run,
};
