// Thin-plate splines of low rank with the smoothness that cross-validation likes best.

#include "dosi/num.h"
#include "dosi/polar.h"
#include "dosi/random.h"

#include <assert.h>
#include <cblas.h>
#include <lapacke.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_RANK = 100, OVERSAMPLE = 30, POWER_ROUNDS = 4, MIN_POINTS = 8, N_LAMBDAS = 80 };

struct dosi_surface {
    size_t n;      ///< Different places.
    double *x, *y; ///< (n) scaled.
    double *delta; ///< (n) weight of each place's radial function.
    size_t n_near;
    double *near_x, *near_y; ///< (n_near) scaled: points that have a weight.
    double plane[3];
    double x0, y0, scale; ///< scaled = (x - x0) / scale
    double freedom;
    bool is_positive;
};

void dosi_surface_destroy(dosi_surface *surface) {
    if (!surface) return;
    free(surface->x);
    free(surface->y);
    free(surface->near_x);
    free(surface->near_y);
    free(surface->delta);
    free(surface);
}

double dosi_surface_freedom(const dosi_surface *surface) {
    return surface->freedom;
}

/// The radial function r^2 log r of a squared distance, up to a factor.
static double radial(double r2) {
    return r2 > 0 ? r2 * log(r2) : 0;
}

/// A fit on its way. Matrices are column-major.
typedef struct fit {
    dosi_surface *surface;
    size_t n;         ///< Points that count.
    size_t *place;    ///< (n) their place.
    double *z, *root; ///< (n) value as fitted; square root of its weight.
    size_t rank;
    double *e;       ///< (m x m) radial functions between places.
    double *basis;   ///< (m x rank - 3) coefficients of the basis functions.
    double *design;  ///< (n x rank) weighted; then its QR factors.
    double *penalty; ///< (rank x rank)
    double *tau, *rotated, *strength;
} fit;

static void free_fit(fit *f) {
    free(f->place);
    free(f->z);
    free(f->root);
    free(f->e);
    free(f->basis);
    free(f->design);
    free(f->penalty);
    free(f->tau);
    free(f->rotated);
    free(f->strength);
}

static dosi_status no_memory(size_t n, dosi_error *err) {
    return dosi_fail(err, DOSI_NO_MEMORY, "no memory for a surface of %zu points", n);
}

/// The place at (x, y), found or added.
static size_t find_place(dosi_surface *s, double x, double y) {
    for (size_t i = 0; i < s->n; i++) {
        if (fabs(s->x[i] - x) < 1e-12 && fabs(s->y[i] - y) < 1e-12) return i;
    }
    s->x[s->n] = x;
    s->y[s->n] = y;
    return s->n++;
}

/// Whether there is something at point i, be its value known or not.
static bool is_there(const dosi_surface_points *p, size_t i) {
    bool has_weight = p->weight ? p->weight[i] > 0 : !isnan(p->value[i]);
    return has_weight && !isnan(p->x[i]) && !isnan(p->y[i]);
}

/// Whether point i is fitted.
static bool is_whole(const dosi_surface_points *p, size_t i) {
    return is_there(p, i) && !isnan(p->value[i]);
}

/// Centre and extent of the points.
static void set_scale(const dosi_surface_points *p, dosi_surface *s) {
    double box[4] = {INFINITY, INFINITY, -INFINITY, -INFINITY};
    for (size_t i = 0; i < p->n; i++) {
        if (!is_whole(p, i)) continue;
        box[0] = fmin(box[0], p->x[i]);
        box[1] = fmin(box[1], p->y[i]);
        box[2] = fmax(box[2], p->x[i]);
        box[3] = fmax(box[3], p->y[i]);
    }
    s->x0 = (box[0] + box[2]) / 2;
    s->y0 = (box[1] + box[3]) / 2;
    s->scale = fmax(box[2] - box[0], box[3] - box[1]) / 2;
    if (!(s->scale > 0) || isinf(s->scale)) s->scale = 1;
}

/// Takes the points that count, and their different places.
static dosi_status take_points(fit *f, const dosi_surface_points *p, dosi_error *err) {
    dosi_surface *s = f->surface;
    s->x = calloc(p->n + 1, sizeof *s->x);
    s->y = calloc(p->n + 1, sizeof *s->y);
    s->near_x = calloc(p->n + 1, sizeof *s->near_x);
    s->near_y = calloc(p->n + 1, sizeof *s->near_y);
    f->place = calloc(p->n + 1, sizeof *f->place);
    f->z = calloc(p->n + 1, sizeof *f->z);
    f->root = calloc(p->n + 1, sizeof *f->root);
    bool has_all = s->x && s->y && s->near_x && s->near_y && f->place && f->z && f->root;
    if (!has_all) return no_memory(p->n, err);
    set_scale(p, s);
    for (size_t i = 0; i < p->n; i++) {
        if (!is_there(p, i)) continue;
        double x = (p->x[i] - s->x0) / s->scale, y = (p->y[i] - s->y0) / s->scale;
        s->near_x[s->n_near] = x;
        s->near_y[s->n_near++] = y;
        if (isnan(p->value[i])) continue;
        if (s->is_positive && p->value[i] < 0) {
            return dosi_fail(err, DOSI_DOMAIN, "value %g below 0 has no square root",
                             p->value[i]);
        }
        f->place[f->n] = find_place(s, x, y);
        f->z[f->n] = s->is_positive ? sqrt(p->value[i]) : p->value[i];
        f->root[f->n++] = p->weight ? sqrt(p->weight[i]) : 1;
    }
    if (s->n >= MIN_POINTS) return DOSI_OK;
    return dosi_fail(err, DOSI_DOMAIN, "%zu different points are too few for a surface", s->n);
}

/// Makes the columns of q (n x k) orthonormal; tau (k) is room.
static bool make_orthonormal(double *q, size_t n, size_t k, double *tau) {
    int rows = (int)n, columns = (int)k;
    return LAPACKE_dgeqrf(LAPACK_COL_MAJOR, rows, columns, q, rows, tau) == 0 &&
           LAPACKE_dorgqr(LAPACK_COL_MAJOR, rows, columns, columns, q, rows, tau) == 0;
}

/// c (m x k) = a (m x n) b (n x k), column-major; a transposed when it is (n x m).
static void multiply(
    bool is_transposed, const size_t *mnk, const double *a, const double *b, double *c) {
    int m = (int)mnk[0], n = (int)mnk[1], k = (int)mnk[2];
    cblas_dgemm(CblasColMajor, is_transposed ? CblasTrans : CblasNoTrans, CblasNoTrans, m, k, n,
                1, a, is_transposed ? n : m, b, n, 0, c, m);
}

/// Room for the search of strong functions.
typedef struct subspace {
    double *q, *eq;               ///< (m x block)
    double *small, *values, *tau; ///< (block x block), (block), (block)
} subspace;

/// Orders the indexes of `values` by falling size.
static void order_by_size(const double *values, size_t n, size_t *order) {
    for (size_t i = 0; i < n; i++) {
        size_t at = i;
        while (at > 0 && fabs(values[order[at - 1]]) < fabs(values[i])) {
            order[at] = order[at - 1];
            at--;
        }
        order[at] = i;
    }
}

/// The `rank` eigenvectors of e with the largest eigenvalues by size, into s->q, by subspace
/// iteration from seeded numbers.
static dosi_status strong_functions(const fit *f,
                                    size_t block,
                                    const subspace *s,
                                    dosi_error *err) {
    size_t m = f->surface->n;
    dosi_random random = dosi_random_init(UINT64_C(0x5eed), 0);
    for (size_t i = 0; i < m * block; i++) s->q[i] = dosi_random_normal(&random);
    bool is_fine = make_orthonormal(s->q, m, block, s->tau);
    for (int round = 0; round < POWER_ROUNDS && is_fine; round++) {
        multiply(false, (size_t[]){m, m, block}, f->e, s->q, s->eq);
        memcpy(s->q, s->eq, m * block * sizeof *s->q);
        is_fine = make_orthonormal(s->q, m, block, s->tau);
    }
    multiply(false, (size_t[]){m, m, block}, f->e, s->q, s->eq);
    multiply(true, (size_t[]){block, m, block}, s->q, s->eq, s->small);
    is_fine = is_fine && LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'V', 'U', (int)block, s->small,
                                        (int)block, s->values) == 0;
    size_t *order = calloc(block + 1, sizeof *order);
    if (!order) return no_memory(m, err);
    order_by_size(s->values, block, order);
    multiply(false, (size_t[]){m, block, block}, s->q, s->small, s->eq);
    for (size_t c = 0; c < f->rank; c++) {
        memcpy(s->q + c * m, s->eq + order[c] * m, m * sizeof *s->q);
    }
    free(order);
    if (is_fine) return DOSI_OK;
    return dosi_fail(err, DOSI_NO_CONVERGENCE, "no basis for a surface of %zu points", m);
}

/// Turns the functions in s->q so that all but three vanish on planes; those become f->basis.
static dosi_status keep_off_planes(fit *f, const subspace *s, dosi_error *err) {
    const dosi_surface *surface = f->surface;
    size_t m = surface->n, k = f->rank;
    double *planes = s->small; // (k x 3): functions times planes
    memset(planes, 0, 3 * k * sizeof *planes);
    for (size_t c = 0; c < k; c++) {
        for (size_t i = 0; i < m; i++) {
            double u = s->q[c * m + i];
            planes[c] += u;
            planes[k + c] += u * surface->x[i];
            planes[2 * k + c] += u * surface->y[i];
        }
    }
    if (LAPACKE_dgeqrf(LAPACK_COL_MAJOR, (int)k, 3, planes, (int)k, s->tau) != 0 ||
        LAPACKE_dormqr(LAPACK_COL_MAJOR, 'R', 'N', (int)m, (int)k, 3, planes, (int)k, s->tau,
                       s->q, (int)m) != 0) {
        return dosi_fail(err, DOSI_NO_CONVERGENCE, "no basis for a surface of %zu points", m);
    }
    memcpy(f->basis, s->q + 3 * m, (k - 3) * m * sizeof *f->basis);
    return DOSI_OK;
}

/// Radial functions between places, and the basis made of them.
static dosi_status make_basis(fit *f, dosi_error *err) {
    const dosi_surface *surface = f->surface;
    size_t m = surface->n, block = f->rank + OVERSAMPLE < m ? f->rank + OVERSAMPLE : m;
    f->e = calloc(m * m + 1, sizeof *f->e);
    f->basis = calloc(m * f->rank + 1, sizeof *f->basis);
    double *memory = calloc(2 * m * block + block * block + 2 * block + 1, sizeof *memory);
    if (!f->e || !f->basis || !memory) {
        free(memory);
        return no_memory(m, err);
    }
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j <= i; j++) {
            double dx = surface->x[i] - surface->x[j], dy = surface->y[i] - surface->y[j];
            f->e[i * m + j] = f->e[j * m + i] = radial(dx * dx + dy * dy);
        }
    }
    subspace s = {.q = memory, .eq = memory + m * block};
    s.small = s.eq + m * block;
    s.values = s.small + block * block;
    s.tau = s.values + block;
    dosi_status status = strong_functions(f, block, &s, err);
    if (status == DOSI_OK) status = keep_off_planes(f, &s, err);
    free(memory);
    return status;
}

/// Weighted design, penalty, and the QR factors of the design.
static dosi_status make_design(fit *f, dosi_error *err) {
    const dosi_surface *s = f->surface;
    size_t m = s->n, k = f->rank, curved = k - 3;
    double *at_places = calloc(m * k + 1, sizeof *at_places);
    f->design = calloc(f->n * k + 1, sizeof *f->design);
    f->penalty = calloc(k * k + 1, sizeof *f->penalty);
    f->tau = calloc(k + 1, sizeof *f->tau);
    f->rotated = calloc(f->n + 1, sizeof *f->rotated);
    f->strength = calloc(k + 1, sizeof *f->strength);
    if (!at_places || !f->design || !f->penalty || !f->tau || !f->rotated || !f->strength) {
        free(at_places);
        return no_memory(m, err);
    }
    multiply(false, (size_t[]){m, m, curved}, f->e, f->basis, at_places);
    cblas_dgemm(CblasColMajor, CblasTrans, CblasNoTrans, (int)curved, (int)curved, (int)m, 1,
                f->basis, (int)m, at_places, (int)m, 0, f->penalty, (int)k);
    for (size_t i = 0; i < m; i++) {
        at_places[curved * m + i] = 1;
        at_places[(curved + 1) * m + i] = s->x[i];
        at_places[(curved + 2) * m + i] = s->y[i];
    }
    for (size_t c = 0; c < k; c++) {
        for (size_t i = 0; i < f->n; i++) {
            f->design[c * f->n + i] = f->root[i] * at_places[c * m + f->place[i]];
        }
    }
    free(at_places);
    for (size_t i = 0; i < f->n; i++) f->rotated[i] = f->root[i] * f->z[i];
    int n = (int)f->n;
    bool is_fine = LAPACKE_dgeqrf(LAPACK_COL_MAJOR, n, (int)k, f->design, n, f->tau) == 0 &&
                   LAPACKE_dormqr(LAPACK_COL_MAJOR, 'L', 'T', n, 1, (int)k, f->design, n,
                                  f->tau, f->rotated, n) == 0;
    double most = 0;
    for (size_t c = 0; c < k; c++) most = fmax(most, fabs(f->design[c * f->n + c]));
    for (size_t c = 0; c < k; c++) {
        is_fine = is_fine && fabs(f->design[c * f->n + c]) > 1e-13 * most;
    }
    if (is_fine) return DOSI_OK;
    return dosi_fail(err, DOSI_DOMAIN, "the points lie on a line: no surface");
}

/// Turns design and penalty into coordinates where both are diagonal: strength (rank) is the
/// penalty of each, f->penalty their eigenvectors, f->rotated[0..rank) the data.
static dosi_status diagonalise(fit *f, dosi_error *err) {
    int n = (int)f->n, k = (int)f->rank;
    cblas_dtrsm(CblasColMajor, CblasRight, CblasUpper, CblasNoTrans, CblasNonUnit, k, k, 1,
                f->design, n, f->penalty, k);
    cblas_dtrsm(CblasColMajor, CblasLeft, CblasUpper, CblasTrans, CblasNonUnit, k, k, 1,
                f->design, n, f->penalty, k);
    for (int i = 0; i < k; i++) { // symmetric but for rounding
        for (int j = 0; j < i; j++) {
            double both = (f->penalty[i * k + j] + f->penalty[j * k + i]) / 2;
            f->penalty[i * k + j] = f->penalty[j * k + i] = both;
        }
    }
    if (LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'V', 'U', k, f->penalty, k, f->strength) != 0) {
        return dosi_fail(err, DOSI_NO_CONVERGENCE, "no smoothness for a surface");
    }
    double *turned = f->tau; // no longer needed
    cblas_dgemv(CblasColMajor, CblasTrans, k, k, 1, f->penalty, k, f->rotated, 1, 0, turned, 1);
    double most = f->strength[k - 1];
    for (int i = 0; i < k; i++) {
        if (f->strength[i] < 1e-14 * most) f->strength[i] = 0;
        f->rotated[i] = turned[i];
    }
    return DOSI_OK;
}

/// Generalised cross-validation at log(lambda).
static double cross_validation(void *context, double log_lambda) {
    const fit *f = context;
    double lambda = exp(log_lambda), squares = 0, freedom = 0;
    for (size_t i = 0; i < f->n; i++) {
        double kept = i < f->rank ? 1 / (1 + lambda * f->strength[i]) : 0;
        double left = (1 - kept) * f->rotated[i];
        squares += left * left;
        freedom += kept;
    }
    double slack = (double)f->n - freedom;
    return slack > 0 ? (double)f->n * squares / (slack * slack) : (double)INFINITY;
}

/// The lambda of the least cross-validation: a scan, then Brent around its best.
static double best_lambda(fit *f) {
    double most = f->strength[f->rank - 1];
    if (!(most > 0)) return 0;
    double first = -log(most) - 10, step = 45.0 / N_LAMBDAS, best = INFINITY;
    int at = 0;
    for (int i = 0; i <= N_LAMBDAS; i++) {
        double here = cross_validation(f, first + step * (double)i);
        if (here < best) {
            best = here;
            at = i;
        }
    }
    const double interval[2] = {first + step * (double)(at - 1),
                                first + step * (double)(at + 1)};
    return exp(dosi_minimise(cross_validation, f, interval, 1e-8, NULL));
}

/// Coefficients of places and plane.
static dosi_status put_coefficients(fit *f, dosi_error *err) {
    dosi_surface *s = f->surface;
    size_t k = f->rank, m = s->n;
    double lambda = best_lambda(f);
    for (size_t i = 0; i < k; i++) {
        double kept = 1 / (1 + lambda * f->strength[i]);
        s->freedom += kept;
        f->rotated[i] *= kept;
    }
    s->delta = calloc(m, sizeof *s->delta);
    if (!s->delta) return no_memory(m, err);
    double *beta = f->tau;
    cblas_dgemv(CblasColMajor, CblasNoTrans, (int)k, (int)k, 1, f->penalty, (int)k, f->rotated,
                1, 0, beta, 1);
    cblas_dtrsv(CblasColMajor, CblasUpper, CblasNoTrans, CblasNonUnit, (int)k, f->design,
                (int)f->n, beta, 1);
    cblas_dgemv(CblasColMajor, CblasNoTrans, (int)m, (int)(k - 3), 1, f->basis, (int)m, beta, 1,
                0, s->delta, 1);
    memcpy(s->plane, beta + k - 3, sizeof s->plane);
    return DOSI_OK;
}

dosi_status dosi_surface_fit(const dosi_surface_points *points,
                             const dosi_surface_options *options,
                             dosi_surface **out,
                             dosi_error *err) {
    openblas_set_num_threads(1); // the same bits whatever the machine has
    fit f = {.surface = calloc(1, sizeof *f.surface)};
    if (!f.surface) return no_memory(points->n, err);
    f.surface->is_positive = options->is_positive;
    dosi_status status = take_points(&f, points, err);
    if (status == DOSI_OK) {
        size_t most = f.surface->n * 2 / 3; // leaves something to cross-validate with
        f.rank = options->rank ? options->rank : DEFAULT_RANK;
        if (f.rank > most) f.rank = most;
        if (f.rank < 4) f.rank = 4;
        status = make_basis(&f, err);
    }
    if (status == DOSI_OK) status = make_design(&f, err);
    if (status == DOSI_OK) status = diagonalise(&f, err);
    if (status == DOSI_OK) status = put_coefficients(&f, err);
    free_fit(&f);
    if (status == DOSI_OK) {
        *out = f.surface;
    } else {
        dosi_surface_destroy(f.surface);
    }
    return status;
}

/// Whether a point is within the squared reach of a scaled place.
static bool is_near(const dosi_surface *s, double x, double y, double reach2) {
    for (size_t i = 0; i < s->n_near; i++) {
        double dx = x - s->near_x[i], dy = y - s->near_y[i];
        if (dx * dx + dy * dy <= reach2) return true;
    }
    return false;
}

/// The surface at one scaled place; NaN when no point is within the squared reach.
static double predict_one(const dosi_surface *s, double x, double y, double reach2) {
    if (!is_near(s, x, y, reach2)) return NAN;
    double value = s->plane[0] + s->plane[1] * x + s->plane[2] * y;
    for (size_t i = 0; i < s->n; i++) {
        double dx = x - s->x[i], dy = y - s->y[i];
        value += s->delta[i] * radial(dx * dx + dy * dy);
    }
    return s->is_positive ? value * value : value;
}

void dosi_surface_predict(const dosi_surface *surface,
                          const dosi_surface_targets *targets,
                          const dosi_run *run,
                          double *out) {
    double reach = targets->reach / surface->scale;
#pragma omp parallel for schedule(dynamic, 64) num_threads(dosi_run_threads(run))
    for (size_t i = 0; i < targets->n; i++) {
        double x = (targets->x[i] - surface->x0) / surface->scale;
        double y = (targets->y[i] - surface->y0) / surface->scale;
        out[i] = predict_one(surface, x, y, reach * reach);
    }
}
