// What instruments make of the truth: error, drift, gaps, and faults that are written down.

#include "sample/city.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const sample_pollutant_names[SAMPLE_POLLUTANTS] = {
    "so2_ppm", "co_ppm", "o3_ppm", "no2_ppm", "pm10_ugm3", "pm25_ugm3"};

static const char *const meanings[SAMPLE_POLLUTANTS][2] = {{"아황산가스", "sulphur dioxide"},
                                                           {"일산화탄소", "carbon monoxide"},
                                                           {"오존", "ozone"},
                                                           {"이산화질소", "nitrogen dioxide"},
                                                           {"미세먼지 PM10", "PM10"},
                                                           {"초미세먼지 PM2.5", "PM2.5"}};

/// Resolution, noise (absolute and relative), size of a typical spike.
static const struct {
    double step, noise, relative_noise, spike;
} instruments[SAMPLE_POLLUTANTS] = {{0.001, 0.0004, 0.03, 0.060}, {0.1, 0.03, 0.03, 4.0},
                                    {0.001, 0.0015, 0.02, 0.120}, {0.001, 0.0012, 0.03, 0.150},
                                    {1.0, 2.0, 0.04, 300.0},      {1.0, 1.2, 0.04, 200.0}};

dosi_status sample_add_pollutants(dosi_table *table, size_t *i_first, dosi_error *err) {
    for (int p = 0; p < SAMPLE_POLLUTANTS; p++) {
        size_t i = 0;
        DOSI_TRY(
            dosi_table_add_column(table, sample_pollutant_names[p], DOSI_TYPE_REAL, &i, err));
        DOSI_TRY(dosi_table_describe(table, i, p < 4 ? "ppm" : "ug/m3", meanings[p][0],
                                     meanings[p][1]));
        if (p == 0) *i_first = i;
    }
    return DOSI_OK;
}

/// Kinds of fault, as the faults table names them.
typedef enum fault_kind { FLAT_LINE, SPIKE, DRIFT, OFFSET, UNIT, N_FAULT_KINDS } fault_kind;

static const char *const fault_names[N_FAULT_KINDS] = {"flat_line", "spike", "drift", "offset",
                                                       "unit"};

/// One fault: hours [first, last] of one series.
typedef struct fault {
    size_t station, first, last;
    int pollutant;
    fault_kind kind;
    double size; ///< Spike and offset: added; drift: added per day; unit: factor.
} fault;

typedef struct fault_list {
    size_t n, capacity;
    fault *items;
} fault_list;

static dosi_status add_fault(fault_list *list, const fault *item) {
    if (list->n == list->capacity) {
        size_t capacity = list->capacity ? 2 * list->capacity : 64;
        fault *items = realloc(list->items, capacity * sizeof *items);
        if (!items) return DOSI_NO_MEMORY;
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->n++] = *item;
    return DOSI_OK;
}

/// Draws the faults of one series: spikes now and then, one longer fault in a fifth of them.
static dosi_status draw_faults(
    dosi_random *random, size_t station, int pollutant, size_t n_hours, fault_list *list) {
    double spike = instruments[pollutant].spike;
    for (size_t h = 0; h < n_hours; h++) {
        if (dosi_random_uniform(random) >= 0.0006) continue;
        fault item = {station,   h,     h,
                      pollutant, SPIKE, spike * (0.8 + dosi_random_uniform(random))};
        DOSI_TRY(add_fault(list, &item));
    }
    if (dosi_random_uniform(random) >= 0.2 || n_hours < 72) return DOSI_OK;
    static const fault_kind longer[] = {FLAT_LINE, DRIFT, OFFSET, UNIT};
    fault item = {.station = station,
                  .pollutant = pollutant,
                  .kind = longer[dosi_random_below(random, 4)]};
    size_t length = item.kind == FLAT_LINE ? 8 + dosi_random_below(random, 40)
                    : item.kind == UNIT    ? 6 + dosi_random_below(random, 18)
                                           : 48 + dosi_random_below(random, 96);
    if (length > n_hours / 2) length = n_hours / 2;
    item.first = dosi_random_below(random, (uint32_t)(n_hours - length));
    item.last = item.first + length - 1;
    double sign = dosi_random_uniform(random) < 0.8 ? 1.0 : -1.0;
    if (item.kind == DRIFT) item.size = sign * 0.12 * spike;
    if (item.kind == OFFSET) item.size = sign * 0.25 * spike;
    if (item.kind == UNIT) item.size = pollutant < 4 ? 1000.0 : 0.001;
    return add_fault(list, &item);
}

/// Puts one fault into a series of readings.
static void apply_fault(const fault *f, double *reading) {
    double held = reading[f->first];
    for (size_t h = f->first; h <= f->last; h++) {
        double days = (double)(h - f->first) / 24.0;
        switch (f->kind) {
        case FLAT_LINE:
            reading[h] = held;
            break;
        case SPIKE:
        case OFFSET:
            reading[h] += f->size;
            break;
        case DRIFT:
            reading[h] += f->size * days;
            break;
        case UNIT:
            reading[h] *= f->size;
            break;
        case N_FAULT_KINDS:
            assert(false);
            break;
        }
    }
}

/// Gaps: single missing hours, and now and then a longer outage.
static void cut_gaps(dosi_random *random, double *reading, size_t n_hours) {
    for (size_t h = 0; h < n_hours; h++) {
        double u = dosi_random_uniform(random);
        if (u < 0.0005) {
            size_t length = 3 + dosi_random_below(random, 30);
            for (size_t k = h; k < h + length && k < n_hours; k++) reading[k] = NAN;
        } else if (u < 0.008) {
            reading[h] = NAN;
        }
    }
}

/// One series: a station's readings of a pollutant, and the faults they have.
typedef struct series {
    size_t station;
    int pollutant;
    const fault *faults;
    size_t n_faults;
} series;

/// The readings of one series.
static void measure(dosi_random *random,
                    const sample_field *field,
                    const series *s,
                    double *reading) {
    double gain = 1.0 + 0.02 * dosi_random_normal(random);
    size_t n_hours = field->n_hours;
    for (size_t h = 0; h < n_hours; h++) {
        double truth = sample_field_at(field, s->pollutant, h, field->n_cells + s->station);
        double relative = instruments[s->pollutant].relative_noise * dosi_random_normal(random);
        double noise = instruments[s->pollutant].noise * dosi_random_normal(random);
        reading[h] = truth * (gain + relative) + noise;
    }
    for (size_t i = 0; i < s->n_faults; i++) apply_fault(&s->faults[i], reading);
    double step = instruments[s->pollutant].step;
    for (size_t h = 0; h < n_hours; h++) {
        double value = reading[h] > 0.0 ? reading[h] : 0.0;
        // Divided by the number of steps in one, so that 0.012 is the double nearest to 0.012.
        reading[h] = floor(value / step + 0.5) / floor(1.0 / step + 0.5);
    }
    cut_gaps(random, reading, n_hours);
}

static dosi_status fill_readings(const sample_city *city,
                                 const sample_field *field,
                                 dosi_table *table,
                                 size_t i_first,
                                 fault_list *faults) {
    double *reading = calloc(field->n_hours, sizeof *reading);
    if (!reading) return DOSI_NO_MEMORY;
    dosi_status status = DOSI_OK;
    for (size_t s = 0; s < field->n_stations && status == DOSI_OK; s++) {
        dosi_random random = dosi_random_init(city->seed, STREAM_SENSORS + s);
        for (int p = 0; p < SAMPLE_POLLUTANTS && status == DOSI_OK; p++) {
            size_t first_fault = faults->n;
            status = draw_faults(&random, s, p, field->n_hours, faults);
            series one = {s, p, faults->items + first_fault, faults->n - first_fault};
            measure(&random, field, &one, reading);
            memcpy(table->columns[i_first + (size_t)p].data.real + s * field->n_hours, reading,
                   field->n_hours * sizeof *reading);
        }
    }
    free(reading);
    return status;
}

static const sample_column key_columns[] = {
    {"station", DOSI_TYPE_TEXT, NULL, "측정소 코드", "station code"},
    {"time", DOSI_TYPE_TIME, NULL, "그 시간의 끝", "end of the hour"},
};

/// Fills station and time of a table with n_stations x n_hours rows.
static dosi_status fill_keys(const sample_field *field, dosi_table *table) {
    for (size_t s = 0; s < field->n_stations; s++) {
        char code[32];
        sample_station_code(s, code);
        for (size_t h = 0; h < field->n_hours; h++) {
            size_t row = s * field->n_hours + h;
            DOSI_TRY(dosi_table_set_text(table, 0, row, code));
            table->columns[1].data.integer[row] =
                field->start + (int64_t)(h + 1) * DOSI_HOUR_US;
        }
    }
    return DOSI_OK;
}

static dosi_status faults_table(const sample_field *field,
                                const fault_list *list,
                                dosi_table *table,
                                dosi_error *err) {
    static const sample_column columns[] = {
        {"station", DOSI_TYPE_TEXT, NULL, "측정소 코드", "station code"},
        {"pollutant", DOSI_TYPE_TEXT, NULL, "항목(열 이름)",
         "pollutant, as its column is named"},
        {"kind", DOSI_TYPE_TEXT, NULL, "고장 종류", "flat_line, spike, drift, offset, unit"},
        {"first", DOSI_TYPE_TIME, NULL, "첫 시간의 끝", "end of the first faulty hour"},
        {"last", DOSI_TYPE_TIME, NULL, "마지막 시간의 끝", "end of the last faulty hour"},
        {"size", DOSI_TYPE_REAL, NULL, "크기(더한 값, 하루에 더한 값, 배수)",
         "added value; per day for drift; factor for unit"},
    };
    DOSI_TRY(
        sample_shape_table(table, columns, sizeof columns / sizeof columns[0], list->n, err));
    for (size_t i = 0; i < list->n; i++) {
        const fault *f = &list->items[i];
        char code[32];
        sample_station_code(f->station, code);
        DOSI_TRY(dosi_table_set_text(table, 0, i, code));
        DOSI_TRY(dosi_table_set_text(table, 1, i, sample_pollutant_names[f->pollutant]));
        DOSI_TRY(dosi_table_set_text(table, 2, i, fault_names[f->kind]));
        table->columns[3].data.integer[i] =
            field->start + (int64_t)(f->first + 1) * DOSI_HOUR_US;
        table->columns[4].data.integer[i] =
            field->start + (int64_t)(f->last + 1) * DOSI_HOUR_US;
        table->columns[5].data.real[i] = f->size;
    }
    return DOSI_OK;
}

dosi_status sample_sensor_tables(const sample_city *city,
                                 const sample_field *field,
                                 dosi_table *tables,
                                 dosi_error *err) {
    dosi_table *air = &tables[DOSI_SAMPLE_AIR];
    size_t i_first = 0;
    DOSI_TRY(sample_shape_table(air, key_columns, 2, 0, err));
    DOSI_TRY(sample_add_pollutants(air, &i_first, err));
    DOSI_TRY(dosi_table_add_rows(air, field->n_stations * field->n_hours, err));
    DOSI_TRY(fill_keys(field, air));
    fault_list faults = {0};
    dosi_status status = fill_readings(city, field, air, i_first, &faults);
    if (status == DOSI_OK)
        status = faults_table(field, &faults, &tables[DOSI_SAMPLE_FAULTS], err);
    free(faults.items);
    return status;
}

double sample_six_digits(double value) {
    if (value == 0.0) return 0.0;
    double scale = pow(10.0, 5.0 - floor(log10(fabs(value))));
    return floor(value * scale + 0.5) / scale;
}

static dosi_status truth_stations(const sample_field *field,
                                  dosi_table *table,
                                  dosi_error *err) {
    size_t i_first = 0;
    DOSI_TRY(sample_shape_table(table, key_columns, 2, 0, err));
    DOSI_TRY(sample_add_pollutants(table, &i_first, err));
    DOSI_TRY(dosi_table_add_rows(table, field->n_stations * field->n_hours, err));
    DOSI_TRY(fill_keys(field, table));
    for (int p = 0; p < SAMPLE_POLLUTANTS; p++) {
        double *out = table->columns[i_first + (size_t)p].data.real;
        for (size_t s = 0; s < field->n_stations; s++) {
            for (size_t h = 0; h < field->n_hours; h++) {
                out[s * field->n_hours + h] =
                    sample_six_digits(sample_field_at(field, p, h, field->n_cells + s));
            }
        }
    }
    return DOSI_OK;
}

static dosi_status truth_grid(const sample_field *field, dosi_table *table, dosi_error *err) {
    static const sample_column columns[] = {
        {"time", DOSI_TYPE_TIME, NULL, "그 시간의 끝", "end of the hour"},
        {"cell", DOSI_TYPE_INT, NULL, "격자 번호", "cell of the grid, row 0 south"},
        {"x", DOSI_TYPE_REAL, "m", "칸 중심 동쪽(EPSG:5186)",
         "east of the cell's centre (EPSG:5186)"},
        {"y", DOSI_TYPE_REAL, "m", "칸 중심 북쪽(EPSG:5186)",
         "north of the cell's centre (EPSG:5186)"},
    };
    size_t i_first = 0;
    DOSI_TRY(sample_shape_table(table, columns, sizeof columns / sizeof columns[0], 0, err));
    DOSI_TRY(sample_add_pollutants(table, &i_first, err));
    DOSI_TRY(dosi_table_add_rows(table, field->n_hours * field->n_cells, err));
    dosi_column *c = table->columns;
    for (size_t h = 0; h < field->n_hours; h++) {
        for (size_t i = 0; i < field->n_cells; i++) {
            size_t row = h * field->n_cells + i;
            c[0].data.integer[row] = field->start + (int64_t)(h + 1) * DOSI_HOUR_US;
            c[1].data.integer[row] = field->cell[i];
            c[2].data.real[row] = field->x[i];
            c[3].data.real[row] = field->y[i];
            for (int p = 0; p < SAMPLE_POLLUTANTS; p++) {
                c[i_first + (size_t)p].data.real[row] =
                    sample_six_digits(sample_field_at(field, p, h, i));
            }
        }
    }
    return DOSI_OK;
}

dosi_status sample_truth_tables(const sample_city *city,
                                const sample_field *field,
                                dosi_table *tables,
                                dosi_error *err) {
    (void)city;
    DOSI_TRY(truth_grid(field, &tables[DOSI_SAMPLE_TRUTH], err));
    return truth_stations(field, &tables[DOSI_SAMPLE_TRUTH_STATIONS], err);
}
