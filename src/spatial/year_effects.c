// How large random effects beside a variogram are, by restricted maximum likelihood.
//
// The sill is in closed form for given ratios; ratios, the nugget's share and the range are
// improved one after the other, a few times round.

#include "dosi/num.h"
#include "spatial/year.h"

#include <assert.h>
#include <lapacke.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_TIMES = 48, MOST_EFFECTS = 6, N_ROUNDS = 4, BLAS_SITES = 96 };

/// Where ratios of variances are looked for, as logarithms; the least of them counts as none.
static const double least_ratio = -9, most_ratio = 5;

/// The search.
typedef struct search {
    const dosi_year_fit *fit;
    const dosi_variogram *start;
    size_t n_used, used[MOST_TIMES]; ///< Times looked at.
    double *f;                       ///< (n_effects x sites) covariates, mean square 1.
    double *size;                    ///< (n_effects) what they were divided by.
    double *covariance;              ///< (n x n) of all sites.
    double *factor;                  ///< (n x n) of those present.
    double *z, *one;                 ///< (n) scratch.
    size_t *present;                 ///< (n)
    size_t n_parameters, at;         ///< How many, and the one looked along.
    double parameter[MOST_EFFECTS + 3];
    double sill; ///< Of the last evaluation.
} search;

/// The last two parameters are those of the variogram, when it is not given.
static void find_variogram(const search *s, dosi_variogram *out) {
    size_t n = s->fit->n_effects + 1;
    *out = *s->start;
    if (s->fit->is_model_given) return;
    double share = 1 / (1 + exp(-s->parameter[n]));
    out->nugget = share;
    out->psill = 1 - share;
    out->range_m = exp(s->parameter[n + 1]);
}

/// Variance over the sill for a logarithm.
static double ratio_of(double parameter) {
    return parameter <= least_ratio + 1e-3 ? 0 : exp(parameter);
}

/// Covariances of all sites, in units of the sill unless the variogram is given.
static void fill_covariance(const search *s) {
    const dosi_sites *sites = s->fit->sites;
    size_t n = sites->n, n_effects = s->fit->n_effects;
    dosi_variogram model;
    find_variogram(s, &model);
    double sill = dosi_variogram_sill(&model, 0), ratio[MOST_EFFECTS + 1];
    for (size_t k = 0; k <= n_effects; k++) {
        ratio[k] = ratio_of(s->parameter[k]) * sill;
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j <= i; j++) {
            double dx = sites->x[i] - sites->x[j], dy = sites->y[i] - sites->y[j];
            double sum = sill - (i == j ? 0 : dosi_variogram_between(&model, dx, dy));
            for (size_t k = 0; k < n_effects; k++) {
                sum += ratio[k] * s->f[k * n + i] * s->f[k * n + j];
            }
            if (i == j && s->fit->kind) sum += ratio[n_effects] * s->fit->kind[i];
            s->covariance[i * n + j] = s->covariance[j * n + i] = sum;
        }
    }
}

/// Factors the covariances of the sites present at a time; how many, 0: not positive definite.
static size_t factor_time(const search *s, const double *row) {
    size_t n = s->fit->sites->n, m = 0;
    for (size_t i = 0; i < n; i++) {
        if (isfinite(row[i])) s->present[m++] = i;
    }
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j <= i; j++) {
            s->factor[i * m + j] = s->covariance[s->present[i] * n + s->present[j]];
        }
    }
    if (m < BLAS_SITES) return dosi_cholesky(s->factor, m) == m ? m : 0;
    lapack_int size = (lapack_int)m; // its upper triangle by columns is ours by rows
    return LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'U', size, s->factor, size) == 0 ? m : 0;
}

/// Minus twice the restricted log likelihood, up to a constant.
static double find_loss(search *s) {
    size_t n = s->fit->sites->n;
    double rest = 0, freedom = 0, loss = 0;
    fill_covariance(s);
    for (size_t u = 0; u < s->n_used; u++) {
        const double *row = s->fit->values + s->used[u] * n;
        size_t m = factor_time(s, row);
        if (m == 0) return INFINITY;
        double ones = 0, mixed = 0, squares = 0, log_det = 0;
        for (size_t i = 0; i < m; i++) {
            s->z[i] = row[s->present[i]];
            s->one[i] = 1;
            log_det += 2 * log(s->factor[i * m + i]);
        }
        dosi_cholesky_forward(s->factor, m, s->z);
        dosi_cholesky_forward(s->factor, m, s->one);
        for (size_t i = 0; i < m; i++) {
            ones += s->one[i] * s->one[i];
            mixed += s->one[i] * s->z[i];
        }
        for (size_t i = 0; i < m; i++) {
            double left = s->z[i] - mixed / ones * s->one[i];
            squares += left * left;
        }
        double own = (double)m - 1;
        if (!(squares > 1e-20 * mixed * mixed / ones)) continue; // all alike
        loss += log_det + log(ones) + own * log(squares / own);
        rest += squares;
        freedom += own;
    }
    if (!(rest > 0)) return INFINITY;
    s->sill = s->fit->is_model_given ? 1 : rest / freedom;
    return loss;
}

static double loss_along(void *context, double value) {
    search *s = context;
    s->parameter[s->at] = value;
    return find_loss(s);
}

/// Interval of parameter `k`.
static void find_interval(const search *s, size_t k, double *out) {
    const dosi_sites *sites = s->fit->sites;
    size_t n = s->fit->n_effects + 1;
    out[0] = k < n ? least_ratio : -8;
    out[1] = k < n ? most_ratio : 8;
    if (k <= n) return;
    double shortest = INFINITY, longest = 0;
    for (size_t i = 1; i < sites->n; i++) {
        for (size_t j = 0; j < i; j++) {
            double h = hypot(sites->x[i] - sites->x[j], sites->y[i] - sites->y[j]);
            shortest = fmin(shortest, h);
            longest = fmax(longest, h);
        }
    }
    out[0] = log(fmax(shortest / 2, 1));
    out[1] = log(fmax(longest, 2));
}

/// Improves each parameter, a few times round.
static double improve(search *s) {
    double least = find_loss(s);
    for (size_t round = 0; round < N_ROUNDS; round++) {
        double before = least;
        for (s->at = 0; s->at < s->n_parameters; s->at++) {
            double interval[2], found = INFINITY, was = s->parameter[s->at];
            if (s->at == s->fit->n_effects && !s->fit->kind) continue;
            find_interval(s, s->at, interval);
            double best = dosi_minimise(loss_along, s, interval, 1e-3, &found);
            double none =
                s->at <= s->fit->n_effects ? loss_along(s, least_ratio) : (double)INFINITY;
            if (none <= found) {
                found = none;
                best = least_ratio;
            }
            s->parameter[s->at] = found < least ? best : was;
            least = fmin(found, least);
        }
        if (before - least < 0.01) break;
    }
    return find_loss(s);
}

/// Values of a time.
static size_t count_values(const dosi_year_fit *fit, size_t t) {
    size_t n = fit->sites->n, m = 0;
    for (size_t i = 0; i < n; i++) m += isfinite(fit->values[t * n + i]) ? 1 : 0;
    return m;
}

/// Chooses times evenly among those with values.
static void choose_times(search *s) {
    size_t n_good = 0, good = 0;
    for (size_t t = 0; t < s->fit->n_times; t++) n_good += count_values(s->fit, t) >= 3 ? 1 : 0;
    size_t most = n_good < MOST_TIMES ? n_good : MOST_TIMES;
    for (size_t t = 0; t < s->fit->n_times && s->n_used < most; t++) {
        if (count_values(s->fit, t) < 3) continue;
        if (good == s->n_used * n_good / most) s->used[s->n_used++] = t;
        good++;
    }
}

/// Covariates with mean square 1.
static void scale_covariates(const search *s) {
    const dosi_year_fit *fit = s->fit;
    size_t n = fit->sites->n;
    for (size_t k = 0; k < fit->n_effects; k++) {
        double square = 0;
        for (size_t i = 0; i < n; i++) {
            square += fit->covariate[k * n + i] * fit->covariate[k * n + i] / (double)n;
        }
        s->size[k] = square > 0 ? sqrt(square) : 1;
        for (size_t i = 0; i < n; i++) s->f[k * n + i] = fit->covariate[k * n + i] / s->size[k];
    }
}

/// Where the search starts.
static void open_search(search *s) {
    const dosi_year_fit *fit = s->fit;
    size_t p = fit->n_effects;
    assert(s->f && s->size && s->present);
    scale_covariates(s);
    choose_times(s);
    for (size_t k = 0; k <= p; k++) s->parameter[k] = k < p || fit->kind ? -1 : least_ratio;
    s->n_parameters = fit->is_model_given ? p + 1 : p + 3;
    double share = s->start->nugget / (s->start->nugget + s->start->psill), interval[2];
    s->parameter[p + 1] = fmin(fmax(log(share / (1 - share)), -4), 4);
    find_interval(s, p + 2, interval);
    s->parameter[p + 2] = fmin(fmax(log(s->start->range_m), interval[0]), interval[1]);
}

/// Scratch; free s->f and s->present either way. False: no memory.
static bool reserve(search *s) {
    size_t n = s->fit->sites->n, p = s->fit->n_effects;
    s->f = malloc((p * n + p + 2 * n * n + 2 * n + 1) * sizeof *s->f);
    s->present = malloc((n + 1) * sizeof *s->present);
    if (!s->f || !s->present) return false;
    s->size = s->f + p * n;
    s->covariance = s->size + p;
    s->factor = s->covariance + n * n;
    s->z = s->factor + n * n;
    s->one = s->z + n;
    return true;
}

/// The best variogram and variances.
static void put_sizes(const search *s, dosi_variogram *model, double *variance) {
    size_t n = s->fit->n_effects;
    assert(s->size);
    find_variogram(s, model);
    double sill = dosi_variogram_sill(model, 0) * s->sill;
    for (size_t k = 0; k <= n; k++) {
        double size = k < n ? s->size[k] : 1;
        variance[k] = ratio_of(s->parameter[k]) * sill / (size * size);
    }
    model->nugget *= s->sill;
    model->psill *= s->sill;
}

dosi_status dosi_year_fit_effects(const dosi_year_fit *fit,
                                  const dosi_run *run,
                                  dosi_variogram *model,
                                  double *variance,
                                  dosi_error *err) {
    assert(fit && fit->sites && fit->values && model && variance);
    assert(fit->n_effects == 0 || fit->covariate);
    DOSI_TRY(dosi_variogram_check(model, err));
    if (fit->n_effects > MOST_EFFECTS || fit->sites->n < 3) {
        return dosi_fail(err, DOSI_DOMAIN, "effects: %zu of them, %zu sites", fit->n_effects,
                         fit->sites->n);
    }
    const dosi_variogram start = *model;
    search s = {.fit = fit, .start = &start};
    double least = INFINITY;
    bool is_ready = reserve(&s);
    if (is_ready) {
        open_search(&s);
        if (s.n_used) least = improve(&s);
    }
    dosi_status status =
        is_ready ? dosi_run_check(run, err)
                 : dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu sites", fit->sites->n);
    if (status == DOSI_OK && !isfinite(least)) {
        status = dosi_fail(err, DOSI_DOMAIN, "effects: values are too few, or all alike");
    }
    if (status == DOSI_OK) put_sizes(&s, model, variance);
    free(s.f);
    free(s.present);
    return status;
}
