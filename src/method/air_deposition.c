// air.deposition: what falls of what sources emit, dry and with rain, on a grid.

#include "method/geo_words.h"
#include "method/plume_sources.h"
#include "method/road_links.h"
#include "method/road_words.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SOURCES, WEATHER, RAIN, BOUNDARY };
enum { MAP, GRID };
enum { MOST_CELLS = 250000, NAME_BYTES = 96, CHUNK = 64 };

static const dosi_method_column source_columns[] = {
    METHOD_COLUMN("source", TEXT, NULL, false, "배출원", "Source"),
    METHOD_COLUMN("diameter_um",
                  REAL,
                  "um",
                  true,
                  "입자 지름 (없으면 매개변수, 0: 기체)",
                  "Diameter of its particles; else the parameter; 0: a gas"),
    METHOD_COLUMN("density_gcm3", REAL, "g/cm3", true, "입자 밀도", "Their density"),
    METHOD_COLUMN("*",
                  REAL,
                  "g/s",
                  true,
                  "`value`의 열과 air.plume의 배출원 열",
                  "Columns that `value` names, and those of air.plume's sources. A source of "
                  "several sizes has a row for each"),
};
static const dosi_method_column weather_columns[] = {
    METHOD_COLUMN("*", REAL, NULL, true, "air.met가 낸 열", "What air.met gives"),
};
static const dosi_method_column rain_columns[] = {
    METHOD_COLUMN("time", TIME, NULL, false, "그 시간의 끝", "End of the hour"),
    METHOD_COLUMN("rain_mm", REAL, "mm", true, "강수량", "Rain, or snow melted, in the hour"),
    METHOD_COLUMN("humidity_pct", REAL, "%", true, "상대습도", "Relative humidity"),
    METHOD_COLUMN("pressure_hpa", REAL, "hPa", true, "기압", "Pressure"),
};
static const dosi_method_column boundary_columns[] = {
    METHOD_COLUMN("geometry", GEOMETRY, NULL, false, "경계", "Boundary"),
};
static const dosi_method_table inputs[] = {
    METHOD_TABLE("sources", false, "배출원", "Sources", source_columns),
    METHOD_TABLE("weather", false, "시간별 기상 (air.met)", "Hourly weather", weather_columns),
    METHOD_TABLE("rain", true, "시간별 강수", "Hourly rain; none: it is dry", rain_columns),
    METHOD_TABLE("boundary",
                 true,
                 "지도의 경계 (없으면 배출원 둘레)",
                 "Area of the map; else around the sources",
                 boundary_columns),
};
static const dosi_method_parameter parameters[] = {
    METHOD_TEXT("value", NULL, "배출량 열 (쉼표)", "Columns of emissions in g/s, by commas"),
    METHOD_REAL("diameter_um",
                "um",
                "2.5",
                0,
                500,
                "입자 지름 (0: 기체)",
                "Diameter of particles where the sources do not tell; 0: a gas"),
    METHOD_REAL("density_gcm3", "g/cm3", "1.5", 0.1, 20, "입자 밀도", "Density of particles"),
    METHOD_REAL("velocity_ms",
                "m/s",
                "0.005",
                0,
                0.5,
                "기체의 건식 침적 속도",
                "Dry deposition velocity of a gas"),
    METHOD_TEXT("from", "", "첫 시간 (ISO, 비우면 처음)", "First hour, ISO; empty: the first"),
    METHOD_TEXT("to", "", "마지막 시간 (ISO, 비우면 끝)", "Last hour, ISO; empty: the last"),
    METHOD_REAL("cell_m", "m", "500", 10, 5000, "격자 크기", "Size of a grid cell"),
    METHOD_REAL("margin_m", "m", "5000", 0, 50000, "배출원 밖 여유", "Grid beyond the sources"),
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
};
static const dosi_method_column map_columns[] = {
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
                  "g/m2",
                  true,
                  "<값>_dry_gm2, <값>_wet_gm2: 쓴 시간의 합",
                  "<value>_dry_gm2 and <value>_wet_gm2: sums of the hours used"),
};
static const dosi_method_table outputs[] = {
    METHOD_TABLE("map", false, "내려앉은 양", "What fell", map_columns),
    METHOD_TABLE("grid", false, "격자 설명 (한 행)", "The grid, one row", geo_grid_columns),
};

/// What a row of sources emits.
typedef struct matter {
    double diameter_um, density_gcm3, share;
    dosi_particles particles;
} matter;

/// A run on its way.
typedef struct work {
    const dosi_method_call *call;
    method_names values;
    method_plume_sources sources;
    method_plume_hours hours;
    const dosi_column *emission[METHOD_NAMES_MAX];
    matter *matters; ///< (rows of the sources)
    dosi_gas gas;
    const dosi_column *rain_time, *rain, *humidity, *pressure; ///< NULL: none.
    dosi_grid grid;
    size_t n;             ///< Cells.
    double *x, *y;        ///< (n)
    double *dry, *wet;    ///< (n) of a piece and hour, for 1 g/s.
    double *sum;          ///< (values x 2 x n) g/m2
    size_t n_used, n_wet; ///< Hours; those with rain.
} work;

static double real_of(const work *w, const char *name) {
    return dosi_call_value(w->call, name)->real;
}

/// The column of a table, or NULL.
static const dosi_column *find(const dosi_table *table, const char *name) {
    size_t i = table ? dosi_table_find(table, name) : SIZE_MAX;
    return i == SIZE_MAX ? NULL : &table->columns[i];
}

/// A number of a row, or what stands for it.
static double number(const dosi_column *column, size_t row, double missing) {
    double value = column ? dosi_column_real(column, row) : (double)NAN;
    return isfinite(value) ? value : missing;
}

static dosi_status read_matter(work *w, dosi_error *err) {
    const dosi_table *table = w->call->inputs[SOURCES];
    const dosi_column *diameter = find(table, "diameter_um");
    const dosi_column *density = find(table, "density_gcm3");
    for (size_t v = 0; v < w->values.n; v++) {
        const dosi_column *column = find(table, w->values.names[v]);
        if (!column || (column->type != DOSI_TYPE_REAL && column->type != DOSI_TYPE_INT)) {
            return dosi_fail(err, DOSI_NOT_FOUND, "sources: no column of numbers \"%s\"",
                             w->values.names[v]);
        }
        w->emission[v] = column;
    }
    w->matters = calloc(table->n_rows + 1, sizeof *w->matters);
    if (!w->matters) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for sources");
    for (size_t row = 0; row < table->n_rows; row++) {
        matter *m = &w->matters[row];
        m->diameter_um = number(diameter, row, real_of(w, "diameter_um"));
        m->density_gcm3 = number(density, row, real_of(w, "density_gcm3"));
        m->share = 1;
        if (m->diameter_um < 0 || m->density_gcm3 <= 0) {
            return dosi_fail(err, DOSI_DOMAIN,
                             "sources: row %zu: particles of %g um and %g g/cm3", row + 1,
                             m->diameter_um, m->density_gcm3);
        }
        m->particles =
            (dosi_particles){1, &m->diameter_um, &m->share, &m->density_gcm3, false, 0};
    }
    w->gas.velocity_ms = real_of(w, "velocity_ms");
    return DOSI_OK;
}

/// Rows that emit anything.
static dosi_status read_sources(work *w, dosi_error *err) {
    const dosi_table *table = w->call->inputs[SOURCES];
    bool *take = calloc(table->n_rows + 1, sizeof *take);
    if (!take) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for sources");
    for (size_t row = 0; row < table->n_rows; row++) {
        for (size_t v = 0; v < w->values.n; v++) {
            take[row] = take[row] || number(w->emission[v], row, 0) > 0;
        }
    }
    dosi_status status = method_plume_sources_read(table, take, INFINITY, &w->sources, err);
    free(take);
    if (status == DOSI_OK && w->sources.n == 0) {
        status = dosi_fail(err, DOSI_DOMAIN, "sources: none emits anything at a place");
    }
    return status;
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
    for (int i = 0; i < 4; i++) box[i] += i < 2 ? -margin : margin;
    DOSI_TRY(dosi_grid_cover(box, real_of(w, "cell_m"), DOSI_SRID_KOREA, &w->grid, err));
    w->n = w->grid.n_rows * w->grid.n_columns;
    if (w->n > MOST_CELLS) {
        return dosi_fail(err, DOSI_LIMIT, "a grid of %zu cells: more than %d", w->n,
                         MOST_CELLS);
    }
    w->x = calloc((4 + 2 * w->values.n) * w->n + 1, sizeof *w->x);
    if (!w->x) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu cells", w->n);
    w->y = w->x + w->n;
    w->dry = w->y + w->n;
    w->wet = w->dry + w->n;
    w->sum = w->wet + w->n;
    for (size_t i = 0; i < w->n; i++) dosi_grid_centre(&w->grid, i, &w->x[i], &w->y[i]);
    return DOSI_OK;
}

static dosi_status read_all(work *w, dosi_error *err) {
    const dosi_table *rain = w->call->inputs[RAIN];
    const method_plume_site site = {
        .roughness_m = real_of(w, "roughness_m"),
        .anemometer_m = real_of(w, "anemometer_m"),
        .population = real_of(w, "population"),
        .lapse_km = 0.005,
        .mixing_m = 800,
        .from = dosi_call_value(w->call, "from")->text,
        .to = dosi_call_value(w->call, "to")->text,
    };
    DOSI_TRY(method_names_split(dosi_call_value(w->call, "value")->text, &w->values, err));
    if (w->values.n == 0) return dosi_fail(err, DOSI_INVALID, "value: names no column");
    DOSI_TRY(read_matter(w, err));
    DOSI_TRY(read_sources(w, err));
    DOSI_TRY(method_plume_hours_read(w->call->inputs[WEATHER], &site, &w->hours, err));
    if (rain) DOSI_TRY(dosi_table_get(rain, "time", DOSI_TYPE_TIME, &w->rain_time, err));
    w->rain = find(rain, "rain_mm");
    w->humidity = find(rain, "humidity_pct");
    w->pressure = find(rain, "pressure_hpa");
    return read_grid(w, err);
}

/// The water of an hour: of the first row with its time.
static void set_moisture(work *w, dosi_time time, dosi_plume_hour *hour) {
    size_t n = w->rain_time ? w->call->inputs[RAIN]->n_rows : 0;
    hour->moisture = dosi_moisture_usual(); // rain is that of its own table alone
    for (size_t row = 0; row < n; row++) {
        if (w->rain_time->data.integer[row] != time) continue;
        dosi_moisture *m = &hour->moisture;
        m->precipitation_mm = fmax(0, number(w->rain, row, 0));
        m->precipitation_code = hour->temperature_k < 273.15 ? 20 : 1;
        m->humidity_percent = fmin(fmax(number(w->humidity, row, m->humidity_percent), 5), 100);
        m->pressure_hpa = fmax(number(w->pressure, row, m->pressure_hpa), 100);
        w->n_wet += m->precipitation_mm > 0;
        return;
    }
}

/// One piece's hour: to `dry` and `wet`, in parts of the grid.
static dosi_status do_piece(work *w, const method_plume_hour *hour, size_t k, dosi_error *err) {
    const matter *m = &w->matters[w->sources.pieces[k].row];
    const method_plume_matter what = {.sources = &w->sources,
                                      .i_piece = k,
                                      .particles = m->diameter_um > 0 ? &m->particles : NULL,
                                      .gas = m->diameter_um > 0 ? NULL : &w->gas};
    size_t n_chunks = (w->n + CHUNK - 1) / CHUNK;
    dosi_status status = DOSI_OK;
    dosi_error first = {""};
    memset(w->dry, 0, 2 * w->n * sizeof *w->dry);
#pragma omp parallel for schedule(dynamic, 4) num_threads(dosi_run_threads(w->call->run))
    for (size_t c = 0; c < n_chunks; c++) {
        size_t at = c * CHUNK, n = at + CHUNK < w->n ? CHUNK : w->n - at;
        const dosi_plume_receptors cells = {.n = n, .x_m = w->x + at, .y_m = w->y + at};
        const dosi_plume_fluxes out = {.dry = w->dry + at, .wet = w->wet + at};
        dosi_error problem = {""};
        dosi_status one = method_plume_add_fluxes(hour, &what, &cells, &out, &problem);
        if (one == DOSI_OK) continue;
#pragma omp critical(air_deposition_status)
        {
            status = one;
            first = problem;
        }
    }
    if (status != DOSI_OK) return dosi_fail(err, status, "%s", first.message);
    return DOSI_OK;
}

/// Adds a piece's hour to the sums.
static void add_piece(work *w, size_t k) {
    size_t row = w->sources.pieces[k].row;
    const double *of[2] = {w->dry, w->wet};
    for (size_t c = 0; c < 2 * w->values.n; c++) {
        double rate = fmax(0, number(w->emission[c / 2], row, 0));
        for (size_t i = 0; i < w->n; i++) w->sum[c * w->n + i] += rate * of[c % 2][i];
    }
}

static dosi_status do_hours(work *w, dosi_error *err) {
    for (size_t h = 0; h < w->hours.n; h++) {
        method_plume_hour hour;
        if (!method_plume_hour_make(&w->hours, h, &hour)) continue;
        set_moisture(w, w->hours.time->data.integer[w->hours.row[h]], &hour.plume);
        w->n_used++;
        for (size_t k = 0; k < w->sources.n; k++) {
            DOSI_TRY(do_piece(w, &hour, k, err));
            add_piece(w, k);
        }
        dosi_run_report(w->call->run, (double)(h + 1) / (double)w->hours.n, "deposition");
        DOSI_TRY(dosi_run_check(w->call->run, err));
    }
    if (w->n_used > 0) return DOSI_OK;
    return dosi_fail(err, DOSI_DOMAIN, "weather: every hour is calm, or lacks something");
}

/// Adds a column for a value, such as so2_gs: so2_dry_gm2.
static dosi_status add_column(const work *w,
                              size_t v,
                              const char *what,
                              dosi_table *table,
                              const dosi_method_column *like,
                              dosi_error *err) {
    char name[NAME_BYTES];
    const char *value = w->values.names[v];
    size_t n = strlen(value);
    if (n > 3 && strcmp(value + n - 3, "_gs") == 0) n -= 3;
    (void)snprintf(name, sizeof name, "%.*s_%s", (int)n, value, what);
    return method_add_column(table, name, DOSI_TYPE_REAL, like, err);
}

static dosi_status put_map(const work *w, dosi_error *err) {
    dosi_table *map = &w->call->outputs[MAP];
    DOSI_TRY(method_open_output(w->call, MAP, w->n, err));
    DOSI_TRY(method_open_output(w->call, GRID, 1, err));
    for (size_t v = 0; v < w->values.n; v++) {
        DOSI_TRY(add_column(w, v, "dry_gm2", map, &map_columns[3], err));
        DOSI_TRY(add_column(w, v, "wet_gm2", map, &map_columns[3], err));
    }
    for (size_t i = 0; i < w->n; i++) {
        map->columns[0].data.integer[i] = (int64_t)i;
        map->columns[1].data.real[i] = w->x[i];
        map->columns[2].data.real[i] = w->y[i];
        for (size_t c = 0; c < 2 * w->values.n; c++) {
            map->columns[3 + c].data.real[i] = w->sum[c * w->n + i];
        }
    }
    dosi_column *grid = w->call->outputs[GRID].columns;
    grid[0].data.real[0] = w->grid.x0;
    grid[1].data.real[0] = w->grid.y0;
    grid[2].data.real[0] = w->grid.cell_m;
    grid[3].data.integer[0] = (int64_t)w->grid.n_columns;
    grid[4].data.integer[0] = (int64_t)w->grid.n_rows;
    grid[5].data.integer[0] = w->grid.srid;
    return DOSI_OK;
}

static dosi_status compute(work *w, dosi_error *err) {
    DOSI_TRY(read_all(w, err));
    DOSI_TRY(do_hours(w, err));
    DOSI_TRY(put_map(w, err));
    dosi_text_printf(w->call->report,
                     "hours: %zu, %zu of them with rain; %zu left out (calm, or something "
                     "missing)\n",
                     w->n_used, w->n_wet, w->hours.n - w->n_used);
    return DOSI_OK;
}

static dosi_status run(const dosi_method_call *call, dosi_error *err) {
    work *w = calloc(1, sizeof *w);
    if (!w) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for deposition");
    w->call = call;
    dosi_status status = compute(w, err);
    method_plume_sources_clear(&w->sources);
    method_plume_hours_clear(&w->hours);
    free(w->matters);
    free(w->x);
    free(w);
    return status;
}

const dosi_method dosi_method_air_deposition = {
    .id = "air.deposition",
    .version = 1,
    .title = {"침적: 내려앉은 오염물질", "Deposition from the air"},
    .about =
        {"배출원이 내보낸 먼지나 기체가 마른 채로, 또 비에 씻겨 땅에 내려앉는 양을 격자에 "
         "합하고, "
         "배출원별로 얼마가 지도 안에 떨어졌는지 셉니다. 입자는 가라앉으며 플룸이 휘고, 떨어진 "
         "만큼 플룸이 옅어집니다. 기체는 주어진 침적 속도로만 내려앉고 비에 씻기지 않습니다.",
         "Sums what falls to the ground of the dust or gas that sources emit, dry and washed "
         "out "
         "by rain, at the centres of a grid's cells. Particles "
         "settle and bend their plume, and a plume has less by what fell. A gas falls by the "
         "velocity given and is not washed out."},
    .citation = "AERMOD deposition algorithms, EPA (2009); Wesely, Doskey and Shannon (2001), "
                "ANL/ER/TR-01/003; Slinn (1984)",
    .inputs = inputs,
    .n_inputs = METHOD_N(inputs),
    .parameters = parameters,
    .n_parameters = METHOD_N(parameters),
    .outputs = outputs,
    .n_outputs = METHOD_N(outputs),
    .run = run,
};
