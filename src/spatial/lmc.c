// Linear models of coregionalisation, fitted.

#include "dosi/cokrige.h"
#include "dosi/num.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { MAX = DOSI_LMC_MAX_VARIABLES, N_RANGES = 60 };

// --- matrices without negative eigenvalues ---------------------------------------------------

/// Turns rows and columns p, q of `a` (and the columns of `v`) by Jacobi's angle.
static void rotate(double (*a)[MAX], double (*v)[MAX], size_t n, size_t p, size_t q) {
    double theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
    double t = (theta >= 0 ? 1 : -1) / (fabs(theta) + sqrt(theta * theta + 1));
    double c = 1 / sqrt(t * t + 1), s = t * c;
    for (size_t k = 0; k < n; k++) {
        double kp = a[k][p], kq = a[k][q];
        a[k][p] = c * kp - s * kq;
        a[k][q] = s * kp + c * kq;
    }
    for (size_t k = 0; k < n; k++) {
        double pk = a[p][k], qk = a[q][k];
        a[p][k] = c * pk - s * qk;
        a[q][k] = s * pk + c * qk;
        double vp = v[k][p], vq = v[k][q];
        v[k][p] = c * vp - s * vq;
        v[k][q] = s * vp + c * vq;
    }
}

/// Turns `a` until it is diagonal; its eigenvectors into `v`.
static void diagonalise(double (*a)[MAX], double (*v)[MAX], size_t n) {
    for (size_t i = 0; i < n; i++) v[i][i] = 1;
    for (int sweep = 0; sweep < 30; sweep++) {
        for (size_t p = 0; p + 1 < n; p++) {
            for (size_t q = p + 1; q < n; q++) {
                if (fabs(a[p][q]) > 1e-300) rotate(a, v, n, p, q);
            }
        }
    }
}

/// Makes it the nearest matrix without negative eigenvalues. False: it was one.
static bool clip_eigenvalues(double (*m)[MAX], size_t n) {
    double a[MAX][MAX], v[MAX][MAX] = {{0}}, trace = 0;
    bool is_negative = false;
    memcpy(a, m, sizeof a);
    diagonalise(a, v, n);
    for (size_t k = 0; k < n; k++) trace += fabs(a[k][k]);
    for (size_t k = 0; k < n; k++) is_negative = is_negative || a[k][k] < -1e-15 * trace;
    for (size_t i = 0; i < n && is_negative; i++) {
        for (size_t j = 0; j <= i; j++) {
            double sum = 0;
            for (size_t k = 0; k < n; k++) sum += v[i][k] * fmax(a[k][k], 0) * v[j][k];
            m[i][j] = m[j][i] = sum;
        }
    }
    return is_negative;
}

// --- fits ----------------------------------------------------------------------------------

/// What the search over ranges carries along.
typedef struct lmc_fit {
    const dosi_lmc_sample *sample;
    dosi_variogram_weights weights;
    dosi_lmc *model;
    double scale[MAX][MAX]; ///< Of a pair's errors: product of the sample variances.
} lmc_fit;

/// Weight of a class; 0 when it is empty.
static double weight_of(const lmc_fit *f, const dosi_variogram_bin *bin) {
    if (!(bin->n_pairs > 0 && bin->distance_m > 0)) return 0;
    if (f->weights == DOSI_VARIOGRAM_PAIRS) return bin->n_pairs;
    return bin->n_pairs / (bin->distance_m * bin->distance_m);
}

/// What nugget and partial sill are multiplied by in a class.
static void shapes_of(const lmc_fit *f, double h, double *shapes) {
    const dosi_variogram unit = {.kind = f->model->kind,
                                 .psill = 1,
                                 .range_m = f->model->range_m,
                                 .kappa = f->model->kappa};
    shapes[0] = 1;
    shapes[1] = dosi_variogram_value(&unit, h);
}

/// Sums over a pair's classes: shapes with shapes, shapes with the sample.
typedef struct pair_sums {
    double ss[2][2], sy[2], yy;
} pair_sums;

static pair_sums sum_pair(const lmc_fit *f, size_t pair) {
    pair_sums sums = {0};
    for (size_t k = 0; k < f->sample->n_bins; k++) {
        const dosi_variogram_bin *bin = &f->sample->bins[pair][k];
        double w = weight_of(f, bin), shapes[2];
        if (w == 0) continue;
        shapes_of(f, bin->distance_m, shapes);
        for (size_t i = 0; i < 2; i++) {
            for (size_t j = 0; j < 2; j++) sums.ss[i][j] += w * shapes[i] * shapes[j];
            sums.sy[i] += w * shapes[i] * bin->gamma;
        }
        sums.yy += w * bin->gamma * bin->gamma;
    }
    return sums;
}

/// Unconstrained sills of a pair.
static void solve_pair(const pair_sums *s, double *nugget, double *psill) {
    double det = s->ss[0][0] * s->ss[1][1] - s->ss[0][1] * s->ss[0][1];
    if (det > 1e-13 * s->ss[0][0] * s->ss[1][1]) {
        *nugget = (s->sy[0] * s->ss[1][1] - s->sy[1] * s->ss[0][1]) / det;
        *psill = (s->sy[1] * s->ss[0][0] - s->sy[0] * s->ss[0][1]) / det;
    } else {
        *nugget = 0;
        *psill = s->ss[1][1] > 0 ? s->sy[1] / s->ss[1][1] : 0;
    }
}

/// Scaled squared errors of the model over all pairs.
static double error_of(const lmc_fit *f, pair_sums (*sums)[MAX]) {
    double error = 0;
    for (size_t a = 0; a < f->model->n_variables; a++) {
        for (size_t b = 0; b <= a; b++) {
            const pair_sums *s = &sums[a][b];
            double n = f->model->nugget[a][b], p = f->model->psill[a][b];
            double e = s->yy - 2 * (n * s->sy[0] + p * s->sy[1]) + n * n * s->ss[0][0] +
                       2 * n * p * s->ss[0][1] + p * p * s->ss[1][1];
            error += (a == b ? 1 : 2) * e / f->scale[a][b];
        }
    }
    return error;
}

/// One of the two matrices for the other given, pair by pair, then without negative
/// eigenvalues.
static void improve(lmc_fit *f, pair_sums (*sums)[MAX], size_t which) {
    dosi_lmc *m = f->model;
    double(*matrix)[MAX] = which == 0 ? m->nugget : m->psill;
    double(*other)[MAX] = which == 0 ? m->psill : m->nugget;
    double next[MAX][MAX];
    memcpy(next, matrix, sizeof next);
    for (size_t a = 0; a < m->n_variables; a++) {
        for (size_t b = 0; b <= a; b++) {
            const pair_sums *s = &sums[a][b];
            if (!(s->ss[which][which] > 0)) continue;
            double value = (s->sy[which] - other[a][b] * s->ss[0][1]) / s->ss[which][which];
            next[a][b] = next[b][a] = value;
        }
    }
    (void)clip_eigenvalues(next, m->n_variables);
    memcpy(matrix, next, sizeof next);
}

/// The best sills for a range; the error.
static double fit_sills(void *context, double log_range) {
    lmc_fit *f = context;
    dosi_lmc *m = f->model;
    pair_sums sums[MAX][MAX];
    m->range_m = exp(log_range);
    for (size_t a = 0; a < m->n_variables; a++) {
        for (size_t b = 0; b <= a; b++) {
            sums[a][b] = sum_pair(f, a * (a + 1) / 2 + b);
            solve_pair(&sums[a][b], &m->nugget[a][b], &m->psill[a][b]);
            m->nugget[b][a] = m->nugget[a][b];
            m->psill[b][a] = m->psill[a][b];
        }
    }
    bool is_clipped = clip_eigenvalues(m->nugget, m->n_variables);
    is_clipped = clip_eigenvalues(m->psill, m->n_variables) || is_clipped;
    double error = error_of(f, sums);
    if (!is_clipped) return error;
    for (int round = 0; round < 500; round++) {
        dosi_lmc kept = *m;
        improve(f, sums, 0);
        improve(f, sums, 1);
        double next = error_of(f, sums);
        if (next < error * (1 - 1e-10)) {
            error = next;
            continue;
        }
        if (next > error) *m = kept;
        break;
    }
    return error;
}

/// Mean semivariance of the farther half of a variable's classes: about its variance.
static double variance_about(const lmc_fit *f, size_t variable) {
    size_t pair = variable * (variable + 1) / 2 + variable, n_bins = f->sample->n_bins;
    double sum = 0, count = 0;
    for (size_t k = n_bins / 2; k < n_bins; k++) {
        const dosi_variogram_bin *bin = &f->sample->bins[pair][k];
        sum += bin->n_pairs * bin->gamma;
        count += bin->n_pairs;
    }
    return sum > 0 ? sum / count : 1;
}

/// Counts and limits of the classes.
static dosi_status check(const lmc_fit *f, double *limits, dosi_error *err) {
    size_t n = f->model->n_variables;
    double shortest = INFINITY, longest = 0;
    if (n < 1 || n > MAX || f->model->kind == DOSI_VARIOGRAM_LINEAR ||
        f->model->kind == DOSI_VARIOGRAM_NUGGET) {
        return dosi_fail(err, DOSI_DOMAIN, "coregionalisation: %zu variables, %s model", n,
                         dosi_variogram_kind_name(f->model->kind));
    }
    for (size_t pair = 0; pair < n * (n + 1) / 2; pair++) {
        size_t n_filled = 0;
        for (size_t k = 0; k < f->sample->n_bins; k++) {
            const dosi_variogram_bin *bin = &f->sample->bins[pair][k];
            if (weight_of(f, bin) == 0) continue;
            n_filled++;
            shortest = fmin(shortest, bin->distance_m);
            longest = fmax(longest, bin->distance_m);
        }
        if (n_filled >= 3) continue;
        return dosi_fail(err, DOSI_DOMAIN,
                         "coregionalisation: %zu filled classes of pair %zu, a fit needs 3",
                         n_filled, pair);
    }
    limits[0] = log(shortest / 2);
    limits[1] = log(longest * 10);
    return DOSI_OK;
}

dosi_status dosi_lmc_fit(const dosi_lmc_sample *sample,
                         dosi_variogram_weights weights,
                         dosi_lmc *model,
                         dosi_error *err) {
    assert(sample && model && weights < DOSI_VARIOGRAM_WEIGHTS_COUNT);
    lmc_fit f = {.sample = sample, .weights = weights, .model = model};
    double limits[2] = {0, 0};
    DOSI_TRY(check(&f, limits, err));
    memset(model->nugget, 0, sizeof model->nugget);
    memset(model->psill, 0, sizeof model->psill);
    for (size_t a = 0; a < model->n_variables; a++) {
        for (size_t b = 0; b < model->n_variables; b++) {
            f.scale[a][b] = variance_about(&f, a) * variance_about(&f, b);
        }
    }
    if (sample->range_m > 0) {
        (void)fit_sills(&f, log(sample->range_m));
        model->range_m = sample->range_m;
        return DOSI_OK;
    }
    double step = (limits[1] - limits[0]) / (N_RANGES - 1), least = INFINITY, best = limits[0];
    for (size_t k = 0; k < N_RANGES; k++) {
        double at = limits[0] + step * (double)k, error = fit_sills(&f, at);
        if (!(error < least)) continue;
        least = error;
        best = at;
    }
    const double interval[2] = {fmax(best - step, limits[0]), fmin(best + step, limits[1])};
    double error = INFINITY, found = dosi_minimise(fit_sills, &f, interval, 1e-9, &error);
    (void)fit_sills(&f, error < least ? found : best);
    return DOSI_OK;
}
