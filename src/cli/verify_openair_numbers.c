// Checker: what openair prints for its own example data, London's Marylebone Road 1998-2005.
// References: openair 2.13 with mgcv 1.8-41, run on the data as published.

#include "cli/verify_openair.h"
#include "dosi/trend.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N_ROWS = 65533, N_SPEEDS = 30, SIDE = 201 };

static bool recognises(const dosi_verify_file *file) {
    return dosi_verify_has_columns(file, "date,ws,wd,nox,no2,o3,pm10,so2,co,pm25") > 0;
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

/// Yearly statistics that openair prints of 2003.
typedef struct year_row {
    const char *column;
    double n, mean, median, max_daily, max_8h, max_24h, p95, p99;
} year_row;

static const year_row years[] = {
    {"no2", 8211, 55.96468152, 52, 115.25, 160.875, 115.8333333, 107, 133},
    {"o3", 8438, 7.673974876, 4, 39, 55.5, 43.79166667, 24, 35},
    {"pm10", 8650, 37.00913295, 34, 76.54166667, 108.75, 78, 70, 87},
    {"so2", 8422, 4.398658275, 3.75, 13.85763892, 22.40625, 13.98958321, 10, 15.4475},
    {"co", 8617, 1.118068934, 0.975, 2.467708333, 3.19375, 2.55, 2.375, 3.046},
};

/// aqStats.
static dosi_status check_year(dosi_verify *verify,
                              const dosi_verify_file *file,
                              verify_openair_data *data,
                              const year_row *row,
                              dosi_error *err) {
    const dosi_span_rules rules = {0.75, 200, NAN, 50};
    dosi_span_statistics s;
    char what[96];
    DOSI_TRY(verify_openair_take(data, row->column, 2003, err));
    DOSI_TRY(dosi_span_describe(data->value, data->n, &rules, &s, err));
    const struct {
        const char *name;
        double expected, got;
    } cases[] = {{"capture", row->n / 8760, s.capture},
                 {"mean", row->mean, s.mean},
                 {"median", row->median, s.median},
                 {"max daily", row->max_daily, s.max_daily},
                 {"max 8 h", row->max_8h, s.max_8h},
                 {"max 24 h", row->max_24h, s.max_24h},
                 {"P95", row->p95, s.p95},
                 {"P99", row->p99, s.p99}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        (void)snprintf(what, sizeof what, "%s of 2003: %s", row->column, cases[i].name);
        add(verify, file, what, cases[i].expected, cases[i].got, 1e-9);
    }
    if (strcmp(row->column, "no2") == 0) {
        add(verify, file, "no2 of 2003: hours above 200", 1, (double)s.n_hours_above, 0);
    }
    if (strcmp(row->column, "pm10") == 0) {
        add(verify, file, "pm10 of 2003: days above 50", 59, (double)s.n_days_above, 0);
    }
    return DOSI_OK;
}

/// modStats of no2 against nox.
static dosi_status check_scores(dosi_verify *verify,
                                const dosi_verify_file *file,
                                verify_openair_data *data,
                                dosi_error *err) {
    DOSI_TRY(verify_openair_take(data, "no2", 2003, err));
    size_t n = data->n;
    double *modelled = calloc(n + 1, sizeof *modelled);
    if (!modelled) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for scores");
    memcpy(modelled, data->value, n * sizeof *modelled);
    dosi_status status = verify_openair_take(data, "nox", 2003, err);
    if (status == DOSI_OK) {
        dosi_model_score s = dosi_model_compare(modelled, data->value, n);
        add(verify, file, "no2 against nox: n", 8211, (double)s.n, 0);
        add(verify, file, "no2 against nox: FAC2", 0.2340762392, s.fac2, 1e-9);
        add(verify, file, "no2 against nox: MB", -107.9763732, s.mb, 1e-9);
        add(verify, file, "no2 against nox: MGE", 107.9763732, s.mge, 1e-9);
        add(verify, file, "no2 against nox: NMB", -0.6586292455, s.nmb, 1e-9);
        add(verify, file, "no2 against nox: RMSE", 139.3499436, s.rmse, 1e-9);
        add(verify, file, "no2 against nox: r", 0.9170800912, s.r, 1e-9);
        add(verify, file, "no2 against nox: COE", -0.2129102054, s.coe, 1e-9);
        add(verify, file, "no2 against nox: IOA", 0.3935448973, s.ioa, 1e-9);
    }
    free(modelled);
    return status;
}

/// Times of the rows taken, us.
static dosi_time *times_of(const verify_openair_data *data) {
    dosi_time *time = calloc(data->n + 1, sizeof *time);
    for (size_t i = 0; i < data->n && time; i++) {
        time[i] = llround(data->day[i] * 24) * DOSI_HOUR_US;
    }
    return time;
}

/// Means over periods with their counts.
typedef struct means {
    dosi_periods periods;
    size_t *count;
    double *mean, *speed, *from;
} means;

static void free_means(means *m) {
    dosi_periods_clear(&m->periods);
    free(m->count);
    free(m->mean);
}

static dosi_status make_means(const verify_openair_data *data,
                              dosi_period period,
                              means *m,
                              dosi_error *err) {
    const dosi_stamps stamps = {DOSI_HOUR_US, true};
    dosi_time *time = times_of(data);
    if (!time) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for times");
    dosi_status status = dosi_periods_find(time, data->n, period, &stamps, &m->periods, err);
    free(time);
    if (status != DOSI_OK) return status;
    size_t n = m->periods.n;
    m->count = calloc(n + 1, sizeof *m->count);
    m->mean = calloc(3 * n + 1, sizeof *m->mean);
    if (!m->count || !m->mean) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for means");
    m->speed = m->mean + n;
    m->from = m->speed + n;
    const dosi_groups groups = {data->n, n, m->periods.of_row};
    const dosi_winds winds = {data->n, data->speed, data->from_deg};
    const dosi_statistic statistic = {.kind = DOSI_STATISTIC_MEAN};
    double *const vector[] = {m->speed, m->from};
    dosi_vector_mean(&groups, &winds, m->count, vector);
    return dosi_group_statistic(&statistic, &groups, data->value, m->count, m->mean, err);
}

/// One column's days.
static void put_days(dosi_verify *verify,
                     const dosi_verify_file *file,
                     means *m,
                     const char *column,
                     double n_missing) {
    char what[96];
    double n_missing_here = 0;
    size_t n = m->periods.n;
    if (!m->mean || !m->periods.expected || n == 0) return;
    if (strcmp(column, "ws") == 0) {
        add(verify, file, "1998-01-01: mean ws", 6.835, m->mean[0], 1e-9);
        add(verify, file, "1998-01-01: vector mean of wd", 187.9224168, m->from[0], 1e-9);
    }
    if (strcmp(column, "nox") == 0) {
        add(verify, file, "1998-01-01: mean nox", 153.9545455, m->mean[0], 1e-9);
    }
    // openair counts the last day, which ends at 12:00, only to its last hour.
    m->periods.expected[n - 1] = 13;
    dosi_periods_require(&m->periods, m->count, 0.75, m->mean);
    for (size_t d = 0; d < n; d++) n_missing_here += isnan(m->mean[d]) ? 1 : 0;
    (void)snprintf(what, sizeof what, "days of %s below 75 %%", column);
    add(verify, file, what, n_missing, n_missing_here, 0);
}

/// timeAverage by day: the first day, and how many days lack 75 %.
static dosi_status check_days(dosi_verify *verify,
                              const dosi_verify_file *file,
                              verify_openair_data *data,
                              dosi_error *err) {
    static const struct {
        const char *column;
        double n_missing;
    } rows[] = {{"ws", 33},   {"nox", 106}, {"no2", 107}, {"o3", 101},
                {"pm10", 84}, {"so2", 444}, {"co", 88},   {"pm25", 389}};
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        means m = {.count = NULL};
        DOSI_TRY(verify_openair_take(data, rows[r].column, 0, err));
        dosi_status status = make_means(data, DOSI_PERIOD_DAY, &m, err);
        if (status == DOSI_OK) put_days(verify, file, &m, rows[r].column, rows[r].n_missing);
        free_means(&m);
        if (status != DOSI_OK) return status;
    }
    return DOSI_OK;
}

/// rollingMean of ozone over 8 hours.
static dosi_status check_rolling(dosi_verify *verify,
                                 const dosi_verify_file *file,
                                 verify_openair_data *data,
                                 dosi_error *err) {
    DOSI_TRY(verify_openair_take(data, "o3", 0, err));
    double *rolled = calloc(data->n + 1, sizeof *rolled), sum = 0, n = 0, most = 0;
    if (!rolled) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for rolling means");
    dosi_rolling_mean(data->value, data->n, 8, 0.75, DOSI_ALIGN_RIGHT, rolled);
    for (size_t i = 0; i < data->n; i++) {
        if (isnan(rolled[i])) continue;
        sum += rolled[i];
        most = fmax(most, rolled[i]);
        n += 1;
    }
    free(rolled);
    add(verify, file, "8 h means of o3: n", 63254, n, 0);
    add(verify, file, "8 h means of o3: mean", 7.119562267, sum / n, 1e-9);
    add(verify, file, "8 h means of o3: maximum", 55.5, most, 1e-9);
    return DOSI_OK;
}

/// Slopes of monthly means; work (3 x months) is room.
static dosi_status put_trends(dosi_verify *verify,
                              const dosi_verify_file *file,
                              means *m,
                              double *work,
                              dosi_error *err) {
    size_t n = m->periods.n;
    const dosi_bootstrap bootstrap = {1000, 1, 0.95, 1, verify->run};
    const dosi_stl stl = {12, 35, true, true};
    dosi_trend trend = {0};
    for (size_t i = 0; i < n; i++) {
        int64_t day = m->periods.start[i] / DOSI_DAY_US;
        work[i] = (double)day;
    }
    DOSI_TRY(dosi_trend_fit(work, m->mean, n, &bootstrap, &trend, err));
    add(verify, file, "Theil-Sen of nox, a year", -8.441590392, 365 * trend.slope, 1e-9);
    add(verify, file, "Theil-Sen of nox: low", -11.67128161, 365 * trend.low, 0.1);
    add(verify, file, "Theil-Sen of nox: high", -5.43993697, 365 * trend.high, 0.1);
    DOSI_TRY(dosi_stl_decompose(m->mean, n, &stl, work + n, work + 2 * n, err));
    for (size_t i = 0; i < n; i++) m->mean[i] -= work[n + i];
    DOSI_TRY(dosi_trend_fit(work, m->mean, n, &bootstrap, &trend, err));
    // R's stl(), which openair calls, weighs by a limit that is not always six times the
    // median of the residuals (16 % off in its fifth round here); ours is.
    add(verify, file, "Theil-Sen of deseasonalised nox, a year", -8.676870379,
        365 * trend.slope, 1e-3);
    return DOSI_OK;
}

/// TheilSen of monthly nox, in days: as it is, and with the season taken out.
static dosi_status check_trend(dosi_verify *verify,
                               const dosi_verify_file *file,
                               verify_openair_data *data,
                               dosi_error *err) {
    means m = {.count = NULL};
    DOSI_TRY(verify_openair_take(data, "nox", 0, err));
    dosi_status status = make_means(data, DOSI_PERIOD_MONTH, &m, err);
    double *work = calloc(3 * m.periods.n + 1, sizeof *work);
    if (status == DOSI_OK && !work) {
        status = dosi_fail(err, DOSI_NO_MEMORY, "no memory for a trend");
    }
    if (status == DOSI_OK && work) status = put_trends(verify, file, &m, work, err);
    free(work);
    free_means(&m);
    return status;
}

/// percentileRose of nox 2003: the lowest value of the first sectors and of the north.
static dosi_status check_rose(dosi_verify *verify,
                              const dosi_verify_file *file,
                              verify_openair_data *data,
                              dosi_error *err) {
    static const double lowest[][2] = {{10, 6}, {20, 10}, {30, 9}, {40, 9}, {50, 9}, {360, 17}};
    const dosi_statistic statistic = {.kind = DOSI_STATISTIC_PERCENTILE, .percentile = 0};
    char what[96];
    size_t count[36];
    double value[36];
    DOSI_TRY(verify_openair_take(data, "nox", 2003, err));
    uint32_t *sector = calloc(data->n + 1, sizeof *sector);
    if (!sector) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for a rose");
    for (size_t i = 0; i < data->n; i++) {
        bool is_calm = !(data->speed[i] > 0);
        sector[i] = is_calm ? UINT32_MAX : dosi_polar_sector(data->from_deg[i], 10);
    }
    const dosi_groups groups = {data->n, 36, sector};
    dosi_status status =
        dosi_group_statistic(&statistic, &groups, data->value, count, value, err);
    for (size_t k = 0; k < sizeof lowest / sizeof lowest[0] && status == DOSI_OK; k++) {
        size_t s = (size_t)lowest[k][0] / 10 - 1;
        (void)snprintf(what, sizeof what, "lowest nox from %g degrees", lowest[k][0]);
        add(verify, file, what, lowest[k][1], value[s], 0);
    }
    free(sector);
    return status;
}

/// Every printed number in turn.
static dosi_status check_all(dosi_verify *verify,
                             const dosi_verify_file *file,
                             verify_openair_data *data,
                             dosi_error *err) {
    for (size_t i = 0; i < sizeof plots / sizeof plots[0]; i++) {
        DOSI_TRY(check_plot(verify, file, data, &plots[i], err));
    }
    for (size_t i = 0; i < sizeof years / sizeof years[0]; i++) {
        DOSI_TRY(check_year(verify, file, data, &years[i], err));
    }
    DOSI_TRY(check_scores(verify, file, data, err));
    DOSI_TRY(check_days(verify, file, data, err));
    DOSI_TRY(check_rolling(verify, file, data, err));
    DOSI_TRY(check_rose(verify, file, data, err));
    return check_trend(verify, file, data, err);
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
        status = check_all(verify, file, &data, err);
    }
    verify_openair_clear(&data);
    return status;
}

const dosi_checker dosi_checker_openair_numbers = {.subject = "air",
                                                   .kind = "openair's example data",
                                                   .recognises = recognises,
                                                   .check = check};
