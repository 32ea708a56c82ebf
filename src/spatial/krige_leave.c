// Leaving each of all present sites out, in closed form.

#include "dosi/num.h"
#include "spatial/krige.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

/// What leaving out needs of a pattern: Q = C^-1 - V S^-1 V', V = C^-1 F, S = F'V.
typedef struct leaving {
    const krige_work *work;
    const krige_pattern *pattern;
    double *x, *y, *error; ///< (n) of the present sites.
    uint8_t *variable;     ///< (n) likewise; unused with one.
    double *precision;     ///< (n) diagonal of C^-1.
    double *l;             ///< (n x n)
    double *q;             ///< (n x n)
    double *v;             ///< (n_columns x n)
    double *w;             ///< (n_columns x n) S^-1 V'
    double s[KRIGE_MAX_COLUMNS * KRIGE_MAX_COLUMNS];
} leaving;

/// C^-1 into `q`. False: not positive definite.
static bool invert_covariances(leaving *v) {
    const dosi_krige *problem = v->work->problem;
    size_t n = v->pattern->n_present;
    for (size_t i = 0; i < n; i++) {
        size_t site = v->pattern->present[i];
        v->x[i] = problem->sites->x[site];
        v->y[i] = problem->sites->y[site];
        if (v->work->cross) v->variable[i] = v->work->cross->variable[site];
        v->error[i] = problem->error_variance ? problem->error_variance[site] : 0;
    }
    const krige_data data = {
        .sites = {n, v->x, v->y}, .variable = v->variable, .error_variance = v->error};
    dosi_krige_data_covariances(v->work, &data, v->l);
    if (dosi_cholesky(v->l, n) != n) return false;
    dosi_cholesky_inverse(v->l, n, v->q);
    for (size_t i = 0; i < n; i++) v->precision[i] = v->q[i * n + i];
    return true;
}

/// Drift column `a` at the pattern's sites into `out`.
static void gather_drift(const leaving *v, size_t a, double *out) {
    const double *drift = v->work->drift + a * v->work->problem->sites->n;
    for (size_t i = 0; i < v->pattern->n_present; i++) out[i] = drift[v->pattern->present[i]];
}

/// Sum of a[i] b[i].
static double dot(const double *a, const double *b, size_t n) {
    dosi_sum sum = {0};
    for (size_t i = 0; i < n; i++) dosi_sum_add(&sum, a[i] * b[i]);
    return dosi_sum_value(&sum);
}

/// V = C^-1 F, S = F'V factored, W = S^-1 V'. False: the sites cannot tell the drift.
static bool project_drift(leaving *v) {
    size_t n = v->pattern->n_present, p = v->work->n_columns;
    double *f = v->l; // the factor is not needed any more
    for (size_t a = 0; a < p; a++) {
        gather_drift(v, a, f);
        for (size_t i = 0; i < n; i++) v->v[a * n + i] = dot(v->q + i * n, f, n);
    }
    for (size_t b = 0; b < p; b++) {
        gather_drift(v, b, f);
        for (size_t a = b; a < p; a++) v->s[a * p + b] = dot(v->v + a * n, f, n);
    }
    if (!dosi_krige_factor_drift(v->work, v->s)) return false;
    for (size_t i = 0; i < n; i++) {
        double x[KRIGE_MAX_COLUMNS];
        for (size_t a = 0; a < p; a++) x[a] = v->v[a * n + i];
        dosi_krige_solve_small(v->s, p, x);
        for (size_t a = 0; a < p; a++) v->w[a * n + i] = x[a];
    }
    return true;
}

/// Takes the drift out of `q`. False: the sites cannot tell it.
static bool take_drift(leaving *v) {
    size_t n = v->pattern->n_present;
    if (!project_drift(v)) return false;
    for (size_t a = 0; a < v->work->n_columns; a++) {
        for (size_t i = 0; i < n; i++) {
            double *row = v->q + i * n, scale = v->v[a * n + i];
            for (size_t j = 0; j < n; j++) row[j] -= scale * v->w[a * n + j];
        }
    }
    return true;
}

/// Every value of one map from the others: z_i - (Q z)_i / Q_ii, with variance 1 / Q_ii.
static void leave_map(const leaving *v, size_t map) {
    const dosi_krige *problem = v->work->problem;
    size_t n = v->pattern->n_present, row = map * problem->sites->n;
    double known = v->work->n_columns == 0 ? problem->mean : 0;
    for (size_t i = 0; i < n; i++) {
        double q_ii = v->q[i * n + i];
        // Without this site the drift is not told: nothing is left of its own row.
        if (!(q_ii > 1e-10 * v->precision[i])) continue;
        dosi_sum qz = {0};
        for (size_t j = 0; j < n; j++) {
            double z = problem->values[row + v->pattern->present[j]] - known;
            dosi_sum_add(&qz, v->q[i * n + j] * z);
        }
        size_t at = row + v->pattern->present[i];
        v->work->prediction[at] = problem->values[at] - dosi_sum_value(&qz) / q_ii;
        v->work->variance[at] = 1 / q_ii;
    }
}

dosi_status dosi_krige_leave_global(const krige_work *work,
                                    const krige_pattern *pattern,
                                    dosi_error *err) {
    size_t n = pattern->n_present, p = work->n_columns;
    double *memory = calloc(2 * n * n + (4 + 2 * p) * n, sizeof *memory);
    leaving *v = calloc(1, sizeof *v);
    uint8_t *variable = calloc(n, sizeof *variable);
    dosi_status status = DOSI_OK;
    if (!memory || !v || !variable) {
        status = dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu sites", n);
    } else {
        *v = (leaving){.work = work, .pattern = pattern, .l = memory, .q = memory + n * n};
        v->variable = variable;
        v->x = memory + 2 * n * n;
        v->y = v->x + n;
        v->error = v->y + n;
        v->precision = v->error + n;
        v->v = v->precision + n;
        v->w = v->v + p * n;
        if (!invert_covariances(v)) {
            status = dosi_krige_fail_factor(work, err);
        } else if (take_drift(v)) {
            for (size_t k = 0; k < pattern->n_maps; k++) leave_map(v, pattern->maps[k]);
        }
    }
    free(variable);
    free(v);
    free(memory);
    return status;
}
