// Hours, plumes and directions of the wind, for air.inverse.

#include "method/inverse_air.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { EFFECT_SWEEPS = 6, PARALLEL_ROWS = 4096 };

static const double low_m = 10.0; // height of low sources

/// Directions that are less likely than so many times the likeliest are not looked at.
static const double least_likely = 1e-3;

double inverse_value_or(const dosi_table *table, const char *name, size_t row, double missing) {
    size_t i = dosi_table_find(table, name);
    if (i == SIZE_MAX) return missing;
    double value = dosi_column_real(&table->columns[i], row);
    return isfinite(value) ? value : missing;
}

// --- weather -----------------------------------------------------------------------------

static inverse_hour read_hour(const inverse_air *air,
                              const dosi_table *weather,
                              size_t row,
                              double speed,
                              double from_deg) {
    double radiation = inverse_value_or(weather, "radiation_wm2", row, (double)NAN);
    double cloud = inverse_value_or(weather, "cloud", row, 0.5);
    inverse_hour hour = {.wind_ms = fmax(speed, 1.0)};
    hour.temperature_k = inverse_value_or(weather, "temperature_c", row, 15.0) + 273.15;
    hour.mixing_m = inverse_value_or(weather, "mixing_m", row, air->mixing_m);
    hour.stability = isfinite(radiation)
                         ? dosi_stability_of_hour(hour.wind_ms, radiation, cloud)
                         : DOSI_STABILITY_D;
    for (int k = 0; k < INVERSE_DIRECTIONS; k++) {
        double off = air->direction_deg * ((k + 0.5) / INVERSE_DIRECTIONS - 0.5);
        double angle = (from_deg + off) * 0.017453292519943295;
        hour.to_x[k] = -sin(angle);
        hour.to_y[k] = -cos(angle);
        hour.weight[k] = k % 3 == 1 ? 3.0 / INVERSE_DIRECTIONS : 0.0;
    }
    return hour;
}

static int by_time(const void *a, const void *b, void *context) {
    const int64_t *times = context;
    int64_t left = times[*(const size_t *)a];
    int64_t right = times[*(const size_t *)b];
    return (left > right) - (left < right);
}

dosi_status inverse_air_read(inverse_air *air, const dosi_table *weather, dosi_error *err) {
    const dosi_column *time = NULL;
    const dosi_column *speed = NULL;
    size_t n = weather->n_rows;
    DOSI_TRY(dosi_table_get(weather, "time", DOSI_TYPE_TIME, &time, err));
    DOSI_TRY(dosi_table_get_number(weather, "wind_speed_ms", &speed, err));
    size_t i_from = dosi_table_find(weather, "wind_direction_deg");
    if (i_from == SIZE_MAX) {
        return dosi_fail(err, DOSI_NOT_FOUND, "the weather has no wind_direction_deg");
    }
    const dosi_column *from = &weather->columns[i_from];
    size_t *order = malloc((n + 1) * sizeof *order);
    air->hours = malloc((n + 1) * sizeof *air->hours);
    air->hour_time = malloc((n + 1) * sizeof *air->hour_time);
    air->course = malloc((n + 1) * sizeof *air->course);
    if (!order || !air->hours || !air->hour_time || !air->course) {
        free(order);
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for weather");
    }
    for (size_t i = 0; i < n; i++) order[i] = i;
    qsort_r(order, n, sizeof *order, by_time, time->data.integer);
    for (size_t i = 0; i < n; i++) {
        size_t row = order[i];
        int64_t at = time->data.integer[row];
        double ms = dosi_column_real(speed, row);
        double deg = dosi_column_real(from, row);
        bool is_known = at != DOSI_TIME_MISSING && isfinite(ms) && isfinite(deg);
        bool is_again = air->n_hours > 0 && air->hour_time[air->n_hours - 1] == at;
        if (!is_known || is_again) continue;
        air->hour_time[air->n_hours] = at;
        air->hours[air->n_hours] = read_hour(air, weather, row, ms, deg);
        air->course[air->n_hours] = 1.0 / air->hours[air->n_hours].wind_ms;
        air->n_hours++;
    }
    free(order);
    return DOSI_OK;
}

void inverse_air_clear(inverse_air *air) {
    free(air->hours);
    free(air->hour_time);
    free(air->course);
    air->course = NULL;
    air->hours = NULL;
    air->hour_time = NULL;
}

size_t inverse_air_find_hour(const inverse_air *air, int64_t time) {
    size_t low = 0;
    size_t high = air->n_hours;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (air->hour_time[middle] < time) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < air->n_hours && air->hour_time[low] == time ? low : SIZE_MAX;
}

// --- the forward model -------------------------------------------------------------------

/// The air and the release of a source in an hour.
static void set_hour(const inverse_air *air,
                     const dosi_place *place,
                     const inverse_hour *hour,
                     dosi_gauss_air *plume_air,
                     dosi_gauss_release *release) {
    plume_air->stability = hour->stability;
    plume_air->wind_ms = hour->wind_ms * pow(fmax(place->height_m, 10.0) / 10.0,
                                             dosi_wind_exponent_urban(hour->stability));
    double flux = place->rise * dosi_buoyancy_flux(air->gas_ms, air->diameter_m, air->gas_k,
                                                   hour->temperature_k);
    release->height_m =
        place->height_m + dosi_plume_rise(hour->stability, flux, plume_air->wind_ms, NULL);
    plume_air->mixing_m = fmax(hour->mixing_m, 1.2 * release->height_m);
}

/// What a source gives where an hour's plume, in any of its directions, reaches (dx, dy).
static double plume_at(const inverse_hour *hour,
                       const dosi_gauss_air *air,
                       const dosi_gauss_release *release,
                       double dx,
                       double dy) {
    const int middle = INVERSE_DIRECTIONS / 2;
    double sum = 0.0;
    // Only a receptor well downwind sees the plume.
    if (dx * hour->to_x[middle] + dy * hour->to_y[middle] <= 0) return 0.0;
    for (int k = 0; k < INVERSE_DIRECTIONS; k++) {
        if (hour->weight[k] == 0) continue;
        double along = dx * hour->to_x[k] + dy * hour->to_y[k];
        double across = dy * hour->to_x[k] - dx * hour->to_y[k];
        bool is_far = along <= 0 || fabs(across) > 0.8 * along + 50.0;
        if (is_far) continue;
        sum += hour->weight[k] * dosi_gauss_point(air, release, along, across, 0.0);
    }
    return sum;
}

void inverse_air_forward(const void *context,
                         const dosi_place *place,
                         const uint32_t *row,
                         size_t n_rows,
                         double *out) {
    const inverse_air *air = context;
    const dosi_inverse_problem *readings = air->readings;
    uint32_t last = UINT32_MAX;
    dosi_gauss_air plume_air = {.curves = DOSI_SIGMA_BRIGGS_URBAN};
    dosi_gauss_release release = {.height_m = 0};
#pragma omp parallel for schedule(static) num_threads(air->threads) \
    firstprivate(last, plume_air, release) if (n_rows >= PARALLEL_ROWS)
    for (size_t i = 0; i < n_rows; i++) {
        uint32_t t = readings->time[row[i]];
        uint32_t s = readings->sensor[row[i]];
        if (t != last) set_hour(air, place, &air->hours[t], &plume_air, &release);
        last = t;
        out[i] = 1e6 * plume_at(&air->hours[t], &plume_air, &release, air->x[s] - place->x_m,
                                air->y[s] - place->y_m);
    }
}

// --- low sources -------------------------------------------------------------------------

/// What low sources in a square give at the readings: nine places, each as wide as a third of
/// it.
static void add_square(const inverse_air *air, double x, double y, double side, double *out) {
    const dosi_inverse_problem *readings = air->readings;
    const int middle = INVERSE_DIRECTIONS / 2;
    static const double thirds[] = {-1.0 / 3.0, 0.0, 1.0 / 3.0};
    const dosi_gauss_release release = {low_m, side / 6.0, low_m};
    long n = (long)readings->n;
#pragma omp parallel for schedule(static) num_threads(air->threads)
    for (long i = 0; i < n; i++) {
        const inverse_hour *hour = &air->hours[readings->time[i]];
        uint32_t s = readings->sensor[i];
        dosi_gauss_air plume = {DOSI_SIGMA_BRIGGS_URBAN, hour->stability, hour->wind_ms,
                                hour->mixing_m};
        double sum = 0.0;
        for (size_t k = 0; k < 9; k++) {
            double dx = air->x[s] - x - side * thirds[k % 3];
            double dy = air->y[s] - y - side * thirds[k / 3];
            double along = dx * hour->to_x[middle] + dy * hour->to_y[middle];
            double across = dy * hour->to_x[middle] - dx * hour->to_y[middle];
            sum += dosi_gauss_point(&plume, &release, along, across, 0.0);
        }
        out[i] = 1e6 / 9.0 * sum;
    }
}

void inverse_air_low(const inverse_air *air, const double *box, size_t n_side, double *out) {
    double side = fmax(box[1] - box[0], box[3] - box[2]) / (double)n_side;
    double x0 = 0.5 * (box[0] + box[1] - side * (double)(n_side - 1));
    double y0 = 0.5 * (box[2] + box[3] - side * (double)(n_side - 1));
    for (size_t k = 0; k < n_side * n_side; k++) {
        size_t row = k / n_side, column = k % n_side;
        add_square(air, x0 + side * (double)column, y0 + side * (double)row, side,
                   out + k * air->readings->n);
    }
}

// --- directions --------------------------------------------------------------------------

/// What learning needs besides the air.
typedef struct learning {
    inverse_air *air;
    const inverse_plumes *plumes;
    uint32_t *row;  ///< (n) 0, 1, 2...
    double *one;    ///< (n) scratch
    double *model;  ///< (n) what all sources give.
    double *sensor; ///< (n_sensors x 2) effect, readings.
    double *hour;   ///< (n_hours x 3) sum, sum of squares, readings.
    double *error;  ///< (n_hours x INVERSE_DIRECTIONS)
} learning;

static void learning_clear(learning *l) {
    free(l->row);
    free(l->one);
    free(l->model);
    free(l->sensor);
    free(l->hour);
    free(l->error);
}

static dosi_status learning_open(learning *l, dosi_error *err) {
    size_t n = l->air->readings->n, n_hours = l->air->n_hours;
    l->row = calloc(n + 1, sizeof *l->row);
    l->one = malloc((n + 1) * sizeof *l->one);
    l->model = malloc((n + 1) * sizeof *l->model);
    l->sensor = calloc(2 * l->air->readings->n_sensors + 1, sizeof *l->sensor);
    l->hour = malloc((3 * n_hours + 1) * sizeof *l->hour);
    l->error = calloc(INVERSE_DIRECTIONS * n_hours + 1, sizeof *l->error);
    if (!l->row || !l->one || !l->model || !l->sensor || !l->hour || !l->error) {
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for directions of the wind");
    }
    for (size_t i = 0; i < n; i++) l->row[i] = (uint32_t)i;
    return DOSI_OK;
}

/// What all sources give at every reading.
static void sum_sources(learning *l) {
    size_t n = l->air->readings->n;
    memset(l->model, 0, n * sizeof *l->model);
    for (size_t j = 0; j < l->plumes->n; j++) {
        inverse_air_forward(l->air, &l->plumes->place[j], l->row, n, l->one);
        for (size_t i = 0; i < n; i++) l->model[i] += l->plumes->strength[j] * l->one[i];
    }
}

/// Sums over the hours of what sources and sensors leave.
static void sum_hours(learning *l) {
    const dosi_inverse_problem *p = l->air->readings;
    memset(l->hour, 0, 3 * l->air->n_hours * sizeof *l->hour);
    for (size_t i = 0; i < p->n; i++) {
        double left = p->y[i] - l->model[i] - l->sensor[2 * (size_t)p->sensor[i]];
        double *hour = l->hour + 3 * (size_t)p->time[i];
        hour[0] += left;
        hour[1] += left * left;
        hour[2] += 1.0;
    }
}

/// Effects of the sensors, beside those of the hours.
static void work_sensors(learning *l) {
    const dosi_inverse_problem *p = l->air->readings;
    for (int sweep = 0; sweep < EFFECT_SWEEPS; sweep++) {
        sum_hours(l);
        memset(l->sensor, 0, 2 * p->n_sensors * sizeof *l->sensor);
        for (size_t i = 0; i < p->n; i++) {
            const double *hour = l->hour + 3 * (size_t)p->time[i];
            double *sensor = l->sensor + 2 * (size_t)p->sensor[i];
            sensor[0] += p->y[i] - l->model[i] - hour[0] / hour[2];
            sensor[1] += 1.0;
        }
        for (size_t s = 0; s < p->n_sensors; s++) {
            if (l->sensor[2 * s + 1] > 0) l->sensor[2 * s] /= l->sensor[2 * s + 1];
        }
    }
}

/// Makes direction `k` the only one.
static void take_direction(inverse_air *air, int k) {
    for (size_t t = 0; t < air->n_hours; t++) {
        memset(air->hours[t].weight, 0, sizeof air->hours[t].weight);
        air->hours[t].weight[k] = 1.0;
    }
}

/// Errors of the hours if the wind blew in each of the directions.
static void work_errors(learning *l) {
    for (int k = 0; k < INVERSE_DIRECTIONS; k++) {
        take_direction(l->air, k);
        sum_sources(l);
        sum_hours(l);
        for (size_t t = 0; t < l->air->n_hours; t++) {
            const double *hour = l->hour + 3 * t;
            double of_hour = hour[2] > 0 ? hour[0] * hour[0] / hour[2] : 0.0;
            l->error[t * INVERSE_DIRECTIONS + (size_t)k] = hour[1] - of_hour;
        }
    }
}

dosi_status inverse_air_learn(inverse_air *air, const inverse_plumes *plumes, dosi_error *err) {
    assert(air->readings && plumes);
    if (plumes->n == 0 || !(plumes->noise_sd > 0)) return DOSI_OK;
    learning l = {.air = air, .plumes = plumes};
    dosi_status status = learning_open(&l, err);
    if (status == DOSI_OK) {
        sum_sources(&l);
        work_sensors(&l);
        work_errors(&l);
        double noise = plumes->noise_sd * plumes->noise_sd;
        for (size_t t = 0; t < air->n_hours; t++) {
            const double *error = l.error + t * INVERSE_DIRECTIONS;
            double *weight = air->hours[t].weight;
            double least = INFINITY;
            double sum = 0.0;
            for (int k = 0; k < INVERSE_DIRECTIONS; k++) least = fmin(least, error[k]);
            for (int k = 0; k < INVERSE_DIRECTIONS; k++) {
                double likely = exp(-0.5 * (error[k] - least) / noise);
                weight[k] = likely > least_likely ? likely : 0.0;
                sum += weight[k];
            }
            for (int k = 0; k < INVERSE_DIRECTIONS; k++) weight[k] /= sum;
        }
    }
    learning_clear(&l);
    return status;
}
