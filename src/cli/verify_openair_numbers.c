// Checker: what openair prints for its own example data, London's Marylebone Road 1998-2005.
// References: openair 2.13 with mgcv 1.8-41, run on the data as published.

#include "cli/verify_openair.h"
#include "dosi/polar.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N_ROWS = 65533, N_SPEEDS = 30, SIDE = 201 };

static bool recognises(const dosi_verify_file *file) {
    return dosi_verify_has_columns(file, "date,ws,wd,nox,no2,o3,pm10,so2,co,pm25");
}

static void add(dosi_verify *verify,
                const dosi_verify_file *file,
                const char *what,
                double expected,
                double got,
                double tolerance) {
    const dosi_verify_case item = {what, expected, got, tolerance, DOSI_VERIFY_RELATIVE};
    dosi_verify_add(verify, file, &item);
}

/// A polar plot that openair prints mean and maximum of.
typedef struct plot {
    const char *column;
    int year;
    dosi_statistic statistic;
    double percentile; ///< CPF: the threshold's.
    double mean, max;
} plot;

static const plot plots[] = {
    {"nox", 2003, {.kind = DOSI_STATISTIC_MEAN}, 0, 132.8759075, 284.9569499},
    {"nox", 2003, {.kind = DOSI_STATISTIC_MAX}, 0, 203.3601735, 556.83522},
    {"nox", 2003, {.kind = DOSI_STATISTIC_MEDIAN}, 0, 130.0361536, 287.5612826},
    {"nox", 2003, {.kind = DOSI_STATISTIC_STDEV}, 0, 48.64120488, 135.4252676},
    {"nox", 2003, {.kind = DOSI_STATISTIC_FREQUENCY}, 0, 8.400355931, 42.43393043},
    {"nox", 2003, {.kind = DOSI_STATISTIC_WEIGHTED_MEAN}, 0, 0.1601950643, 1.178905872},
    {"so2", 2003, {.kind = DOSI_STATISTIC_CPF}, 90, 0.02734516607, 0.3775861071},
    {"nox", 0, {.kind = DOSI_STATISTIC_MEAN}, 0, 124.7755712, 264.045402},
};

/// Cells of a plot, and their places as openair has them: the bin's place is its share of the
/// speed range, counted from the first bin.
typedef struct cells {
    dosi_polar_bins bins;
    size_t n;
    double *x, *y, *value, *weight;
    size_t *count;
    uint32_t *cell;
} cells;

static void free_cells(cells *c) {
    free(c->x);
    free(c->count);
    free(c->cell);
}

static dosi_status make_cells(const verify_openair_data *data, cells *c, dosi_error *err) {
    const dosi_winds winds = {data->n, data->speed, data->from_deg};
    c->bins = dosi_polar_bins_of(&winds, data->value, N_SPEEDS, 10);
    c->n = dosi_polar_n_cells(&c->bins);
    c->x = calloc(4 * c->n + 1, sizeof *c->x);
    c->count = calloc(c->n + 1, sizeof *c->count);
    c->cell = calloc(data->n + 1, sizeof *c->cell);
    if (!c->x || !c->count || !c->cell) {
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu cells", c->n);
    }
    c->y = c->x + c->n;
    c->value = c->y + c->n;
    c->weight = c->value + c->n;
    dosi_polar_assign(&c->bins, &winds, c->cell);
    for (size_t i = 0; i < c->n; i++) {
        size_t sector = i / N_SPEEDS + 1;
        double angle = (double)sector * 10 * (M_PI / 180);
        double speed = c->bins.speed_max * (double)(i % N_SPEEDS) / (N_SPEEDS - 1);
        c->x[i] = speed * sin(angle);
        c->y[i] = speed * cos(angle);
    }
    return DOSI_OK;
}

/// Threshold of a CPF plot.
static dosi_status threshold(const verify_openair_data *data,
                             double percentile,
                             double *low,
                             dosi_error *err) {
    double *values = calloc(data->n + 1, sizeof *values);
    if (!values) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for a percentile");
    for (size_t i = 0; i < data->n; i++) {
        bool has_wind = !isnan(data->speed[i]) && !isnan(data->from_deg[i]);
        values[i] = has_wind ? data->value[i] : (double)NAN;
    }
    *low = dosi_quantile_sorted(values, dosi_sort_present(values, data->n), percentile / 100);
    free(values);
    return DOSI_OK;
}

/// Mean and maximum of the surface over openair's 201 x 201 targets.
static dosi_status surface_of(
    const cells *c, const dosi_run *run, double *mean, double *max, dosi_error *err) {
    const dosi_surface_points points = {c->n, c->x, c->y, c->value, c->weight};
    const dosi_surface_options options = {.is_positive = true};
    dosi_surface *surface = NULL;
    double *targets = calloc((size_t)3 * SIDE * SIDE, sizeof *targets);
    if (!targets) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for a surface");
    double *x = targets, *y = x + (size_t)SIDE * SIDE, *out = y + (size_t)SIDE * SIDE;
    dosi_status status = dosi_surface_fit(&points, &options, &surface, err);
    if (status == DOSI_OK) {
        double reach = 0.05 * 2 * c->bins.speed_max, sum = 0, n = 0;
        for (size_t i = 0; i < (size_t)SIDE * SIDE; i++) {
            size_t row = i / SIDE;
            x[i] = c->bins.speed_max * (2 * (double)(i % SIDE) / (SIDE - 1) - 1);
            y[i] = c->bins.speed_max * (2 * (double)row / (SIDE - 1) - 1);
        }
        const dosi_surface_targets where = {(size_t)SIDE * SIDE, x, y, reach};
        dosi_surface_predict(surface, &where, run, out);
        *max = 0;
        for (size_t i = 0; i < where.n; i++) {
            if (isnan(out[i])) continue;
            sum += out[i];
            n += 1;
            *max = fmax(*max, out[i]);
        }
        *mean = sum / n;
        dosi_surface_destroy(surface);
    }
    free(targets);
    return status;
}

/// One plot: smoothed surfaces are splines of other software; 2 % is what both mean.
static dosi_status check_plot(dosi_verify *verify,
                              const dosi_verify_file *file,
                              verify_openair_data *data,
                              const plot *p,
                              dosi_error *err) {
    char what[96];
    cells c = {0};
    dosi_statistic statistic = p->statistic;
    double mean = NAN, max = NAN;
    DOSI_TRY(verify_openair_take(data, p->column, p->year, err));
    DOSI_TRY(threshold(data, p->percentile, &statistic.low, err));
    dosi_status status = make_cells(data, &c, err);
    if (status == DOSI_OK) {
        const dosi_groups groups = {data->n, c.n, c.cell};
        status = dosi_group_statistic(&statistic, &groups, data->value, c.count, c.value, err);
        for (size_t i = 0; i < c.n && c.weight; i++) {
            c.weight[i] = c.count[i] < 4 ? 0.25 * (double)c.count[i] : 1;
        }
    }
    if (status == DOSI_OK) status = surface_of(&c, verify->run, &mean, &max, err);
    free_cells(&c);
    const char *name = dosi_statistic_name(statistic.kind);
    (void)snprintf(what, sizeof what, "surface of %s %s: mean", p->column, name);
    if (status == DOSI_OK) add(verify, file, what, p->mean, mean, 0.02);
    (void)snprintf(what, sizeof what, "surface of %s %s: maximum", p->column, name);
    if (status == DOSI_OK) add(verify, file, what, p->max, max, 0.02);
    return status;
}

static dosi_status check(dosi_verify *verify, dosi_verify_file *file, dosi_error *err) {
    verify_openair_data data = {0};
    file->is_used = true;
    data.file = file;
    DOSI_TRY(dosi_verify_read(file, verify->run, &data.table, err));
    dosi_status status = DOSI_OK;
    if (data.table.n_rows != N_ROWS) {
        dosi_verify_note(verify, file, "not openair's example data: %zu rows",
                         data.table.n_rows);
    } else {
        for (size_t i = 0; i < sizeof plots / sizeof plots[0] && status == DOSI_OK; i++) {
            status = check_plot(verify, file, &data, &plots[i], err);
        }
    }
    verify_openair_clear(&data);
    return status;
}

const dosi_checker dosi_checker_openair_numbers = {.subject = "air",
                                                   .kind = "openair's example data",
                                                   .recognises = recognises,
                                                   .check = check};
