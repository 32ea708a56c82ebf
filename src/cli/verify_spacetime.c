// Checker: a field measured at stations over days, beside its sample space-time variogram.
// References: the variogram file, made by gstat's variogramST(); for the PM10 of rural
// background stations in Germany 2005 also what gstat 2.1-0 (Debian r-cran-gstat) prints:
// estiStAni(), fit.StVariogram(fit.method = 7), krigeST().

#include "cli/verify.h"
#include "dosi/num.h"
#include "dosi/spacetime.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_LAGS = 100, MAX_CLASSES = 200, SIDE = 10, N_TARGETS = 2 * SIDE * SIDE };

static bool recognises(const dosi_verify_file *file) {
    return dosi_verify_has_columns(file, "coords.x1,coords.x2,sp.ID,time,") > 0;
}

/// A field read from a table: owns its arrays.
typedef struct field {
    double *x, *y, *values;
    int64_t *times; ///< (n_times) ascending, steps of `step`.
    size_t n_sites, n_times;
    size_t n_values;
} field;

static void field_clear(field *f) {
    free(f->x);
    free(f->values);
    free(f->times);
}

static int compare_times(const void *a, const void *b) {
    int64_t p = *(const int64_t *)a, q = *(const int64_t *)b;
    return p < q ? -1 : p > q;
}

/// First and smallest step of a column of times; false when they are not equally spaced.
static bool find_steps(const dosi_column *time, size_t n_rows, field *f, int64_t *step) {
    f->times = malloc((n_rows + 1) * sizeof *f->times);
    if (!f->times) return false;
    size_t n = 0;
    for (size_t i = 0; i < n_rows; i++) {
        if (time->data.integer[i] != DOSI_MISSING_INT) f->times[n++] = time->data.integer[i];
    }
    qsort(f->times, n, sizeof *f->times, compare_times);
    *step = INT64_MAX;
    for (size_t i = 1; i < n; i++) {
        int64_t gap = f->times[i] - f->times[i - 1];
        if (gap > 0 && gap < *step) *step = gap;
    }
    if (n < 2 || *step == INT64_MAX) return false;
    for (size_t i = 1; i < n; i++) {
        if ((f->times[i] - f->times[0]) % *step != 0) return false;
    }
    int64_t n_times = (f->times[n - 1] - f->times[0]) / *step + 1;
    if (n_times > 1000000) return false;
    f->n_times = (size_t)n_times;
    return true;
}

/// Site of each row: same place, same site.
static void find_sites(const dosi_table *table,
                       const double *const xy[2],
                       field *f,
                       size_t *at) {
    for (size_t i = 0; i < table->n_rows; i++) {
        size_t s = 0;
        while (s < f->n_sites && !(f->x[s] == xy[0][i] && f->y[s] == xy[1][i])) s++;
        if (s == f->n_sites) {
            f->x[s] = xy[0][i];
            f->y[s] = xy[1][i];
            f->n_sites++;
        }
        at[i] = s;
    }
}

/// Makes a field of the last column of a table.
static dosi_status take_field(const dosi_table *table, field *f, dosi_error *err) {
    const dosi_column *x = NULL, *y = NULL;
    DOSI_TRY(dosi_table_get(table, "coords.x1", DOSI_TYPE_REAL, &x, err));
    DOSI_TRY(dosi_table_get(table, "coords.x2", DOSI_TYPE_REAL, &y, err));
    const dosi_column *time = &table->columns[dosi_table_find(table, "time")];
    const dosi_column *value = &table->columns[table->n_columns - 1];
    int64_t step = 0;
    if ((time->type != DOSI_TYPE_DATE && time->type != DOSI_TYPE_TIME) ||
        !find_steps(time, table->n_rows, f, &step)) {
        return dosi_fail(err, DOSI_PARSE, "column time: not equally spaced times");
    }
    size_t n = table->n_rows;
    f->x = calloc(2 * n + 1, sizeof *f->x);
    size_t *at = calloc(n + 1, sizeof *at);
    if (!f->x || !at) {
        free(at);
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu rows", n);
    }
    f->y = f->x + n;
    const double *const xy[2] = {x->data.real, y->data.real};
    find_sites(table, xy, f, at);
    f->values = malloc((f->n_sites * f->n_times + 1) * sizeof *f->values);
    if (f->values) {
        for (size_t k = 0; k < f->n_sites * f->n_times; k++) f->values[k] = NAN;
        for (size_t i = 0; i < n; i++) {
            double v = dosi_column_real(value, i);
            if (time->data.integer[i] == DOSI_MISSING_INT || isnan(v)) continue;
            size_t t = (size_t)((time->data.integer[i] - f->times[0]) / step);
            f->values[t * f->n_sites + at[i]] = v;
            f->n_values++;
        }
    }
    free(at);
    return f->values ? DOSI_OK : dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu rows", n);
}

/// The variogram's classes as its file tells them; false when it is not of equal classes.
static bool find_classes(const dosi_table *table,
                         const dosi_column *const *c,
                         dosi_st_classes *out) {
    double last_lag = 0, widest = 0;
    size_t n_classes = 0;
    for (size_t i = 0; i < table->n_rows; i++) {
        double lag = dosi_column_real(c[0], i), middle = dosi_column_real(c[1], i);
        last_lag = fmax(last_lag, lag);
        widest = fmax(widest, middle);
        n_classes += lag == 0;
    }
    if (n_classes < 2 || n_classes > MAX_CLASSES || last_lag >= MAX_LAGS) return false;
    out->n_bins = n_classes - 1;
    out->n_lags = (size_t)last_lag + 1;
    out->cutoff_m = widest / ((double)out->n_bins - 0.5) * (double)out->n_bins;
    return table->n_rows == n_classes * out->n_lags;
}

/// Compares the sample variogram with one file.
static dosi_status check_sample(dosi_verify *verify,
                                dosi_verify_file *reference,
                                const dosi_st_field *data,
                                dosi_error *err) {
    static const char *const names[] = {"timelag", "spacelag", "np",
                                        "dist",    "gamma",    "avgDist"};
    const dosi_column *c[6];
    dosi_st_bin *bins = calloc((size_t)MAX_CLASSES * MAX_LAGS, sizeof *bins);
    if (!bins) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for classes");
    dosi_table table = {0};
    dosi_st_classes classes = {0};
    dosi_status status = dosi_verify_read(reference, verify->run, &table, err);
    for (size_t k = 0; k < 6 && status == DOSI_OK; k++) {
        size_t found = dosi_table_find(&table, names[k]);
        if (found == SIZE_MAX)
            status = dosi_fail(err, DOSI_PARSE, "no column %s", names[k]);
        else
            c[k] = &table.columns[found];
    }
    if (status == DOSI_OK && !find_classes(&table, c, &classes)) {
        dosi_verify_note(verify, reference, "classes that are not equally wide");
    } else if (status == DOSI_OK) {
        status = dosi_st_variogram_sample(data, &classes, verify->run, bins, err);
    }
    for (size_t i = 0; i < table.n_rows && status == DOSI_OK && classes.n_bins > 0; i++) {
        const dosi_st_bin *b = &bins[i];
        if (!(dosi_column_real(c[2], i) > 0)) continue;
        const double got[] = {b->n_pairs, b->distance_m, b->gamma, b->mean_m};
        for (size_t k = 0; k < 4; k++) {
            char what[80];
            (void)snprintf(what, sizeof what, "variogram lag %g class %g m: %s", b->lag,
                           b->class_m, names[k + 2]);
            const dosi_verify_case item = {what, dosi_column_real(c[k + 2], i), got[k],
                                           k == 0 ? 0 : 1e-6, DOSI_VERIFY_RELATIVE};
            dosi_verify_add(verify, reference, &item);
        }
    }
    dosi_table_destroy(&table);
    free(bins);
    return status;
}

// --- what gstat prints for DE_RB_2005 ------------------------------------------------------

#define EXP(nug, range)                                                          \
    {                                                                            \
        .kind = DOSI_VARIOGRAM_EXPONENTIAL, .nugget = (nug), .psill = 1 - (nug), \
        .range_m = (range)                                                       \
    }
#define SPH(nug, range)                                                        \
    {                                                                          \
        .kind = DOSI_VARIOGRAM_SPHERICAL, .nugget = (nug), .psill = 1 - (nug), \
        .range_m = (range)                                                     \
    }

/// Sills of gstat's product-sum and sum-metric models: nugget + partial sill.
#define PS_SPACE  (0.918818813038631 + 5.31250549066)
#define PS_TIME   (0.0001 + 8.57179328898661)
#define METRIC    (17.36862267 + 123.362333)
#define SUM_JOINT (7.25949149515177 + 91.54237592621085)

/// Families with the least wMSE that gstat (its optimiser, its vignette) reaches, and the sums
/// that krigeST() gives with a model near there: 10 x 10 cell centres of the stations' box on
/// the third and fourth of the five days 10-14 April 2005, from all 326 values of these days.
static const struct {
    dosi_st_model model;
    double error, prediction, variance;
} gstat[] = {
    {{.kind = DOSI_ST_SEPARABLE,
      .space = EXP(0.141764089377794, 558131.84573666),
      .time = SPH(0, 5.58133113128391),
      .sill_product = 123.94049131741},
     6.8172,
     5069.9098254269,
     6525.60067964849},
    {{.kind = DOSI_ST_PRODUCT_SUM,
      .space = EXP(0.918818813038631 / PS_SPACE, 525924.549838364),
      .time = SPH(0.0001 / PS_TIME, 5.48339420831419),
      .sill_space = PS_SPACE,
      .sill_time = PS_TIME,
      .sill_product = 2.10011920615903 * PS_SPACE * PS_TIME},
     6.8535,
     5070.83556599406,
     6510.50319956929},
    {{.kind = DOSI_ST_METRIC,
      .joint = EXP(17.36862267 / METRIC, 452545.969),
      .sill_joint = METRIC,
      .metres_per_step = 188875.544971206},
     10.0460,
     5076.43091665971,
     7318.37958578323},
    {{.kind = DOSI_ST_SUM_METRIC,
      .space = SPH(0, 67360.480487286),
      .time = EXP(0, 0.909190524567207),
      .joint = SPH(7.25949149515177 / SUM_JOINT, 999090.533022784),
      .sill_space = 16.4294167604178,
      .sill_time = 9.29349072390999,
      .sill_joint = SUM_JOINT,
      .metres_per_step = 184648.001161833},
     3.31,
     5058.50576761125,
     6501.62593212773},
};
enum { N_FAMILIES = sizeof gstat / sizeof gstat[0] };

/// Fits of all families.
static dosi_status check_fits(dosi_verify *verify,
                              const dosi_verify_file *file,
                              const dosi_st_field *data,
                              dosi_error *err) {
    enum { N_BINS = 16 * 7 };
    dosi_st_bin bins[N_BINS];
    const dosi_st_classes classes = {0, 15, 7};
    DOSI_TRY(dosi_st_variogram_sample(data, &classes, verify->run, bins, err));
    double stretch = dosi_st_anisotropy(bins, N_BINS);
    const dosi_verify_case item = {"anisotropy, m a day", 117322.19, stretch, 1e-7,
                                   DOSI_VERIFY_RELATIVE};
    dosi_verify_add(verify, file, &item);
    for (size_t k = 0; k < N_FAMILIES; k++) {
        dosi_st_model model = gstat[k].model;
        if (model.kind == DOSI_ST_METRIC) {
            model.joint.kind = DOSI_VARIOGRAM_MATERN;
            model.joint.kappa = 0.6;
        }
        double error = NAN;
        DOSI_TRY(dosi_st_variogram_fit(bins, N_BINS, stretch, &model, &error, err));
        char what[80];
        (void)snprintf(what, sizeof what, "fit %s: wMSE", dosi_st_kind_name(model.kind));
        const dosi_verify_case fit = {what, gstat[k].error, error, 1e-6, DOSI_VERIFY_AT_MOST};
        dosi_verify_add(verify, file, &fit);
    }
    return DOSI_OK;
}

/// Kriging with all families.
static dosi_status check_kriging(dosi_verify *verify,
                                 const dosi_verify_file *file,
                                 const dosi_st_field *data,
                                 dosi_error *err) {
    double x[N_TARGETS], y[N_TARGETS], time[N_TARGETS], prediction[N_TARGETS],
        variance[N_TARGETS];
    const dosi_sites *sites = data->sites;
    double box[4] = {INFINITY, INFINITY, -INFINITY, -INFINITY};
    for (size_t i = 0; i < sites->n; i++) {
        box[0] = fmin(box[0], sites->x[i]);
        box[1] = fmin(box[1], sites->y[i]);
        box[2] = fmax(box[2], sites->x[i]);
        box[3] = fmax(box[3], sites->y[i]);
    }
    for (size_t k = 0; k < N_TARGETS; k++) {
        size_t cell = k % ((size_t)SIDE * SIDE), row = cell / SIDE;
        x[k] = box[0] + ((double)(cell % SIDE) + 0.5) / SIDE * (box[2] - box[0]);
        y[k] = box[1] + ((double)row + 0.5) / SIDE * (box[3] - box[1]);
        time[k] = k < (size_t)SIDE * SIDE ? 2 : 3;
    }
    const dosi_st_field days = {sites, data->values + 99 * sites->n, 5};
    const dosi_st_targets targets = {{N_TARGETS, x, y}, time, NULL};
    for (size_t k = 0; k < N_FAMILIES; k++) {
        const dosi_st_krige problem = {&gstat[k].model, &days, 0, 1};
        DOSI_TRY(
            dosi_st_krige_predict(&problem, &targets, verify->run, prediction, variance, err));
        dosi_sum sums[2] = {0};
        for (size_t i = 0; i < N_TARGETS; i++) {
            dosi_sum_add(&sums[0], prediction[i]);
            dosi_sum_add(&sums[1], variance[i]);
        }
        for (size_t s = 0; s < 2; s++) {
            char what[80];
            (void)snprintf(what, sizeof what, "kriging %s: sum of %s",
                           dosi_st_kind_name(gstat[k].model.kind),
                           s ? "variances" : "predictions");
            // gstat's sum-metric run had nuggets of 1e-9.
            const dosi_verify_case item = {what, s ? gstat[k].variance : gstat[k].prediction,
                                           dosi_sum_value(&sums[s]), 1e-9,
                                           DOSI_VERIFY_RELATIVE};
            dosi_verify_add(verify, file, &item);
        }
    }
    return DOSI_OK;
}

/// Whether two files are in one folder and their names begin alike.
static bool is_beside(const dosi_verify_file *a, const dosi_verify_file *b) {
    size_t folder = (size_t)(a->name - a->path);
    return folder == (size_t)(b->name - b->path) && strncmp(a->path, b->path, folder) == 0 &&
           strncmp(a->name, b->name, 5) == 0;
}

static dosi_status check(dosi_verify *verify, dosi_verify_file *file, dosi_error *err) {
    dosi_table table = {0};
    field f = {0};
    dosi_status status = dosi_verify_read(file, verify->run, &table, err);
    if (status == DOSI_OK) status = take_field(&table, &f, err);
    dosi_table_destroy(&table);
    const dosi_sites sites = {f.n_sites, f.x, f.y};
    const dosi_st_field data = {&sites, f.values, f.n_times};
    size_t n_references = 0;
    for (size_t k = 0; k < verify->n_files && status == DOSI_OK; k++) {
        dosi_verify_file *other = &verify->files[k];
        if (!dosi_verify_has_columns(other, "np,dist,gamma,id,timelag,spacelag,avgDist"))
            continue;
        if (!is_beside(file, other)) continue;
        other->is_used = true;
        n_references++;
        status = check_sample(verify, other, &data, err);
    }
    bool is_known = f.n_sites == 69 && f.n_times == 365 && f.n_values == 23230;
    if (status == DOSI_OK && is_known) status = check_fits(verify, file, &data, err);
    if (status == DOSI_OK && is_known) status = check_kriging(verify, file, &data, err);
    if (status == DOSI_OK && !is_known && n_references == 0) {
        dosi_verify_note(verify, file, "%zu sites, %zu steps: no variogram beside it",
                         f.n_sites, f.n_times);
    }
    field_clear(&f);
    return status;
}

const dosi_checker dosi_checker_spacetime = {.subject = "air",
                                             .kind = "space-time variograms",
                                             .recognises = recognises,
                                             .check = check};
