// The dense cheap network: what its sensors make of the truth, and how each of them behaves.

#include "sample/city.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { N_MEASURED = 3, CODE_BYTES = 32 };

/// What cheap sensors measure: index of the pollutant, resolution, noise (absolute, relative).
static const struct {
    int pollutant;
    double steps_in_one, noise, relative_noise;
} measured[N_MEASURED] = {
    {4, 10.0, 2.5, 0.06}, {5, 10.0, 1.5, 0.05}, {3, 10000.0, 0.0015, 0.04}};

/// How one sensor sees one pollutant:
/// gain (1 + drift days) truth (1 + kappa h / (1 - h)) + offset + ozone O3 + temperature (T -
/// 20).
typedef struct behaviour {
    double gain, offset, drift_per_day, kappa, ozone, temperature;
} behaviour;

static void sensor_code(size_t s, char *out) {
    (void)snprintf(out, CODE_BYTES, "D%05zu", s + 1);
}

/// Draws how a sensor sees a pollutant.
static behaviour draw_behaviour(dosi_random *random, int m) {
    bool is_gas = m == 2;
    double spread = is_gas ? 0.15 : 0.20;
    behaviour b = {.gain = exp(spread * dosi_random_normal(random)),
                   .offset = (is_gas ? 0.003 : 2.0) * dosi_random_normal(random)};
    double drifts = dosi_random_uniform(random);
    double drift = 0.006 * dosi_random_normal(random);
    if (drifts < 0.4) b.drift_per_day = drift;
    double water = 0.6 + 0.8 * dosi_random_uniform(random);
    b.kappa = is_gas ? 0.0 : (m == 0 ? 0.12 : 0.24) * water;
    if (is_gas) {
        b.ozone = 0.15 + 0.2 * dosi_random_uniform(random);
        b.temperature = 0.0002 * dosi_random_normal(random);
    }
    return b;
}

static double rounded(double value, double steps_in_one) {
    return floor(value * steps_in_one + 0.5) / steps_in_one;
}

/// Single missing hours, and now and then an outage.
static void cut_gaps(dosi_random *random,
                     double *const *columns,
                     size_t start,
                     size_t n_hours) {
    for (size_t h = 0; h < n_hours; h++) {
        double u = dosi_random_uniform(random);
        size_t length = u < 0.0008 ? 4 + dosi_random_below(random, 60) : u < 0.02 ? 1 : 0;
        for (size_t k = h; k < h + length && k < n_hours; k++) {
            for (int c = 0; c < N_MEASURED + 2; c++) columns[c][start + k] = NAN;
        }
    }
}

/// The readings of one sensor.
static void read_sensor(const sample_city *city,
                        const sample_weather *weather,
                        const sample_field *field,
                        size_t s,
                        const behaviour *b,
                        double *const *columns) {
    dosi_random random = dosi_random_init(city->seed, STREAM_SDOT_UNITS + s);
    size_t n_hours = field->n_hours;
    size_t start = s * n_hours;
    size_t first = (size_t)((field->start - weather->start) / DOSI_HOUR_US);
    size_t receptor = field->n_cells + field->n_stations + s;
    double warm = 0.8 + 0.6 * dosi_random_normal(&random);
    for (size_t h = 0; h < n_hours; h++) {
        double t = weather->temperature_c[first + h] + warm;
        double rh = weather->humidity_pct[first + h] - 2.0 * warm;
        double wet = fmin(fmax(rh, 0.0), 92.0) / 100.0;
        double ozone = sample_field_at(field, 2, h, receptor);
        for (int m = 0; m < N_MEASURED; m++) {
            double truth = sample_field_at(field, measured[m].pollutant, h, receptor);
            double gain = b[m].gain * (1.0 + b[m].drift_per_day * (double)h / 24.0);
            double seen = gain * truth * (1.0 + b[m].kappa * wet / (1.0 - wet)) + b[m].offset +
                          b[m].ozone * ozone + b[m].temperature * (t - 20.0);
            double relative = measured[m].relative_noise * dosi_random_normal(&random);
            double noise = measured[m].noise * dosi_random_normal(&random);
            double value = seen * (1.0 + relative) + noise;
            columns[m][start + h] =
                rounded(value > 0.0 ? value : 0.0, measured[m].steps_in_one);
        }
        columns[N_MEASURED][start + h] = rounded(t + 0.3 * dosi_random_normal(&random), 10.0);
        double damp = rh + 2.0 * dosi_random_normal(&random);
        columns[N_MEASURED + 1][start + h] = rounded(fmin(fmax(damp, 0.0), 100.0), 1.0);
    }
    cut_gaps(&random, columns, start, n_hours);
}

static dosi_status fill_keys(const sample_field *field, dosi_table *table) {
    for (size_t s = 0; s < field->n_sdot; s++) {
        char code[CODE_BYTES];
        sensor_code(s, code);
        for (size_t h = 0; h < field->n_hours; h++) {
            size_t row = s * field->n_hours + h;
            DOSI_TRY(dosi_table_set_text(table, 0, row, code));
            table->columns[1].data.integer[row] =
                field->start + (int64_t)(h + 1) * DOSI_HOUR_US;
        }
    }
    return DOSI_OK;
}

static const sample_column reading_columns[] = {
    {"station", DOSI_TYPE_TEXT, NULL, "센서 코드", "sensor"},
    {"time", DOSI_TYPE_TIME, NULL, "그 시간의 끝", "end of the hour"},
    {"pm10_ugm3", DOSI_TYPE_REAL, "ug/m3", "미세먼지 PM10", "PM10"},
    {"pm25_ugm3", DOSI_TYPE_REAL, "ug/m3", "초미세먼지 PM2.5", "PM2.5"},
    {"no2_ppm", DOSI_TYPE_REAL, "ppm", "이산화질소", "nitrogen dioxide"},
    {"temperature_c", DOSI_TYPE_REAL, "Cel", "센서 기온", "temperature at the sensor"},
    {"humidity_pct", DOSI_TYPE_REAL, "%", "센서 상대습도", "relative humidity at the sensor"},
};

static dosi_status truth_table(const sample_field *field, dosi_table *table, dosi_error *err) {
    DOSI_TRY(sample_shape_table(table, reading_columns, 2 + N_MEASURED,
                                field->n_sdot * field->n_hours, err));
    DOSI_TRY(fill_keys(field, table));
    for (size_t m = 0; m < N_MEASURED; m++) {
        double *out = table->columns[2 + m].data.real;
        for (size_t s = 0; s < field->n_sdot; s++) {
            size_t receptor = field->n_cells + field->n_stations + s;
            for (size_t h = 0; h < field->n_hours; h++) {
                out[s * field->n_hours + h] = sample_six_digits(
                    sample_field_at(field, measured[m].pollutant, h, receptor));
            }
        }
    }
    return DOSI_OK;
}

static dosi_status place_table(const sample_city *city, dosi_table *table, dosi_error *err) {
    static const sample_column columns[] = {
        {"station", DOSI_TYPE_TEXT, NULL, "센서 코드", "sensor"},
        {"beside", DOSI_TYPE_TEXT, NULL, "같은 자리의 측정소", "the station it hangs at"},
        {"geometry", DOSI_TYPE_GEOMETRY, NULL, "위치", "place"},
    };
    DOSI_TRY(sample_shape_table(table, columns, 3, city->sdot.n, err));
    dosi_projection *projection = NULL;
    DOSI_TRY(dosi_projection_create(SAMPLE_SRID, DOSI_SRID_LONLAT, &projection, err));
    dosi_status status = DOSI_OK;
    for (size_t s = 0; s < city->sdot.n && status == DOSI_OK; s++) {
        char code[CODE_BYTES];
        sensor_code(s, code);
        status = dosi_table_set_text(table, 0, s, code);
        if (status == DOSI_OK && city->sdot_station[s] >= 0) {
            sample_station_code((size_t)city->sdot_station[s], code);
            status = dosi_table_set_text(table, 1, s, code);
        }
        if (status == DOSI_OK) {
            status =
                sample_set_point(projection, table, 2, s, city->sdot.x[s], city->sdot.y[s]);
        }
    }
    dosi_projection_destroy(projection);
    return status;
}

static dosi_status behaviour_row(dosi_table *table, size_t s, size_t m, const behaviour *b) {
    char code[CODE_BYTES];
    size_t row = s * N_MEASURED + m;
    sensor_code(s, code);
    DOSI_TRY(dosi_table_set_text(table, 0, row, code));
    DOSI_TRY(dosi_table_set_text(table, 1, row, reading_columns[2 + m].name));
    const double values[] = {b->gain,  b->offset, b->drift_per_day,
                             b->kappa, b->ozone,  b->temperature};
    for (size_t i = 0; i < 6; i++) {
        table->columns[2 + i].data.real[row] = sample_six_digits(values[i]);
    }
    return DOSI_OK;
}

static dosi_status read_all(const sample_city *city,
                            const sample_weather *weather,
                            const sample_field *field,
                            dosi_table *tables) {
    dosi_table *readings = &tables[DOSI_SAMPLE_SDOT];
    double *columns[N_MEASURED + 2];
    for (size_t c = 0; c < N_MEASURED + 2; c++) columns[c] = readings->columns[2 + c].data.real;
    for (size_t s = 0; s < field->n_sdot; s++) {
        dosi_random random = dosi_random_init(city->seed, STREAM_SDOT_UNITS + 10000U + s);
        behaviour b[N_MEASURED];
        for (int m = 0; m < N_MEASURED; m++) {
            b[m] = draw_behaviour(&random, m);
            DOSI_TRY(behaviour_row(&tables[DOSI_SAMPLE_SDOT_CALIBRATION], s, (size_t)m, &b[m]));
        }
        read_sensor(city, weather, field, s, b, columns);
    }
    return DOSI_OK;
}

dosi_status sample_sdot_tables(const sample_city *city,
                               const sample_weather *weather,
                               const sample_field *field,
                               dosi_table *tables,
                               dosi_error *err) {
    static const sample_column columns[] = {
        {"station", DOSI_TYPE_TEXT, NULL, "센서 코드", "sensor"},
        {"pollutant", DOSI_TYPE_TEXT, NULL, "항목(열 이름)",
         "pollutant, as its column is named"},
        {"gain", DOSI_TYPE_REAL, "1", "감도", "gain at the start"},
        {"offset", DOSI_TYPE_REAL, NULL, "영점(항목 단위)", "zero, in the pollutant's unit"},
        {"drift_per_day", DOSI_TYPE_REAL, "1/d", "하루 감도 변화(비율)",
         "change of the gain a day, as a share"},
        {"humidity", DOSI_TYPE_REAL, "1", "습도 영향: 1 + k h/(1-h)",
         "effect k of humidity h: times 1 + k h/(1-h), h at most 0.92"},
        {"ozone", DOSI_TYPE_REAL, "1", "오존 간섭", "share of ozone that is read as it"},
        {"temperature", DOSI_TYPE_REAL, "ppm/K", "기온 영향(20도 기준)",
         "added for each kelvin above 20 degrees"},
    };
    DOSI_TRY(place_table(city, &tables[DOSI_SAMPLE_SDOT_STATIONS], err));
    DOSI_TRY(truth_table(field, &tables[DOSI_SAMPLE_SDOT_TRUTH], err));
    dosi_table *readings = &tables[DOSI_SAMPLE_SDOT];
    DOSI_TRY(sample_shape_table(readings, reading_columns,
                                sizeof reading_columns / sizeof reading_columns[0],
                                field->n_sdot * field->n_hours, err));
    DOSI_TRY(fill_keys(field, readings));
    DOSI_TRY(sample_shape_table(&tables[DOSI_SAMPLE_SDOT_CALIBRATION], columns,
                                sizeof columns / sizeof columns[0], field->n_sdot * N_MEASURED,
                                err));
    return read_all(city, weather, field, tables);
}
