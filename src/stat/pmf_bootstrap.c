// Positive matrix factorisation: what resampling blocks of rows does to the profiles.

#include "dosi/random.h"
#include "stat/pmf_error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_K = DOSI_PMF_MAX_FACTORS, MAX_STEPS = 200, DEFAULT_RESAMPLES = 100 };

static const double quantile_at[DOSI_PMF_QUANTILES] = {0.05, 0.25, 0.5, 0.75, 0.95};

dosi_pmf_error_options pmf_error_options(const dosi_pmf_error_options *options, size_t n) {
    dosi_pmf_error_options o = options ? *options : (dosi_pmf_error_options){0};
    if (o.n_resamples == 0) o.n_resamples = DEFAULT_RESAMPLES;
    if (o.block == 0) o.block = (size_t)ceil(cbrt((double)n));
    if (o.block > n) o.block = n;
    if (!(o.least_correlation > 0)) o.least_correlation = 0.6;
    return o;
}

void pmf_draw_rows(const dosi_pmf_error_options *options, size_t n, size_t r, double *counts) {
    dosi_random random = dosi_random_init(options->seed, 0x10000 + r);
    memset(counts, 0, n * sizeof *counts);
    for (size_t drawn = 0; drawn < n;) {
        size_t first = dosi_random_below(&random, (uint32_t)(n - options->block + 1));
        for (size_t b = 0; b < options->block && drawn < n; b++, drawn++) counts[first + b]++;
    }
}

void pmf_refit(pmf_work *work,
               const dosi_pmf_problem *problem,
               const dosi_pmf_solution *base,
               const double *counts) {
    pmf_work_load(work, base);
    pmf_work_weigh(work, counts, problem->alpha);
    pmf_normalise(work);
    work->lambda = 1e-4;
    (void)pmf_descend(work, problem->alpha, MAX_STEPS, 1e-8);
}

/// Correlation of contributions p of the worker with q of base, rows counted.
static double correlate(const pmf_work *work,
                        const dosi_pmf_solution *base,
                        size_t p,
                        size_t q) {
    const pmf_data *d = work->data;
    double n = 0, x = 0, y = 0, xx = 0, yy = 0, xy = 0;
    for (size_t i = 0; i < d->n; i++) {
        double c = pmf_row_factor(work, i);
        double a = work->g.values[i * d->kp + p], b = base->g[i * d->k + q];
        n += c;
        x += c * a;
        y += c * b;
        xx += c * a * a;
        yy += c * b * b;
        xy += c * a * b;
    }
    double vx = xx - x * x / n, vy = yy - y * y / n;
    return vx > 0 && vy > 0 ? (xy - x * y / n) / sqrt(vx * vy) : 0;
}

void pmf_nearest_factors(const pmf_work *work,
                         const dosi_pmf_solution *base,
                         double least,
                         size_t *nearest,
                         double *correlation) {
    const size_t k = work->data->k;
    for (size_t p = 0; p < k; p++) {
        nearest[p] = SIZE_MAX;
        correlation[p] = -1;
        for (size_t q = 0; q < k; q++) {
            double r = correlate(work, base, p, q);
            if (r <= correlation[p]) continue;
            correlation[p] = r;
            if (r >= least) nearest[p] = q;
        }
    }
}

static int compare_reals(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double pmf_quantile(double *values, size_t n, double q) {
    if (n == 0) return NAN;
    qsort(values, n, sizeof *values, compare_reals);
    double at = q * (double)(n - 1);
    size_t below = (size_t)at;
    if (below + 1 >= n) return values[n - 1];
    return values[below] + (at - (double)below) * (values[below + 1] - values[below]);
}

/// What one resample gave.
typedef struct resample {
    size_t nearest[MAX_K]; ///< Base factor of each factor.
    double *f;             ///< (k x m) by base factor, NaN where none was mapped.
} resample;

/// Profiles by the base factor they were mapped to (the best where there are several).
static void keep_resample(const pmf_work *work,
                          const dosi_pmf_solution *base,
                          double least,
                          resample *out) {
    const pmf_data *d = work->data;
    double correlation[MAX_K], best[MAX_K];
    pmf_nearest_factors(work, base, least, out->nearest, correlation);
    for (size_t at = 0; at < d->k * d->m; at++) out->f[at] = NAN;
    for (size_t q = 0; q < d->k; q++) best[q] = -2;
    for (size_t p = 0; p < d->k; p++) {
        size_t q = out->nearest[p];
        if (q == SIZE_MAX || correlation[p] <= best[q]) continue;
        best[q] = correlation[p];
        double mean = pmf_mean(work, p);
        for (size_t j = 0; j < d->m; j++) {
            out->f[q * d->m + j] = work->f.values[j * d->kp + p] * d->scale[j] * mean;
        }
    }
}

/// All resamples, in parallel.
static dosi_status run_resamples(const dosi_pmf_problem *problem,
                                 const dosi_pmf_solution *base,
                                 const dosi_pmf_error_options *o,
                                 const pmf_data *data,
                                 const dosi_run *run,
                                 resample *resamples) {
    dosi_status status = DOSI_OK;
    size_t n_done = 0;
#pragma omp parallel num_threads(dosi_run_threads(run))
    {
        pmf_work work = {0};
        double *counts = malloc(data->n * sizeof *counts);
        dosi_status own = counts ? pmf_work_create(data, true, &work, NULL) : DOSI_NO_MEMORY;
#pragma omp for schedule(dynamic, 1)
        for (size_t r = 0; r < o->n_resamples; r++) {
            if (own == DOSI_OK) own = dosi_run_check(run, NULL);
            if (own != DOSI_OK) continue;
            pmf_draw_rows(o, data->n, r, counts);
            pmf_refit(&work, problem, base, counts);
            keep_resample(&work, base, o->least_correlation, &resamples[r]);
#pragma omp critical(pmf_resamples)
            dosi_run_report(run, (double)++n_done / (double)o->n_resamples, "resamples");
        }
        if (own != DOSI_OK) {
#pragma omp critical(pmf_resamples)
            status = own;
        }
        pmf_work_destroy(&work);
        free(counts);
    }
    return status;
}

/// Counts and quantiles over resamples.
static void sum_up(const resample *resamples,
                   const pmf_data *d,
                   double *values,
                   dosi_pmf_bootstrap *out) {
    for (size_t r = 0; r < out->n_resamples; r++) {
        for (size_t p = 0; p < d->k; p++) {
            size_t to = resamples[r].nearest[p] == SIZE_MAX ? d->k : resamples[r].nearest[p];
            out->mapped[p * (d->k + 1) + to]++;
        }
    }
    for (size_t at = 0; at < d->k * d->m; at++) {
        size_t n = 0;
        for (size_t r = 0; r < out->n_resamples; r++) {
            if (!isnan(resamples[r].f[at])) values[n++] = resamples[r].f[at];
        }
        for (size_t q = 0; q < DOSI_PMF_QUANTILES; q++) {
            out->quantiles[q * d->k * d->m + at] = pmf_quantile(values, n, quantile_at[q]);
        }
    }
}

void dosi_pmf_bootstrap_destroy(dosi_pmf_bootstrap *bootstrap) {
    free(bootstrap->mapped);
    free(bootstrap->quantiles);
    memset(bootstrap, 0, sizeof *bootstrap);
}

dosi_status dosi_pmf_bootstrap_run(const dosi_pmf_problem *problem,
                                   const dosi_pmf_solution *base,
                                   const dosi_pmf_error_options *options,
                                   const dosi_run *run,
                                   dosi_pmf_bootstrap *out,
                                   dosi_error *err) {
    pmf_data data;
    const dosi_pmf_error_options o = pmf_error_options(options, problem->n_rows);
    DOSI_TRY(pmf_data_create(problem, &data, err));
    const size_t size = data.k * data.m;
    dosi_pmf_bootstrap b = {.n_resamples = o.n_resamples};
    resample *resamples = calloc(o.n_resamples, sizeof *resamples);
    double *f = malloc((o.n_resamples * size + o.n_resamples) * sizeof *f);
    b.mapped = calloc(data.k * (data.k + 1), sizeof *b.mapped);
    b.quantiles = malloc(DOSI_PMF_QUANTILES * size * sizeof *b.quantiles);
    dosi_status status = DOSI_NO_MEMORY;
    if (resamples && f && b.mapped && b.quantiles) {
        for (size_t r = 0; r < o.n_resamples; r++) resamples[r].f = f + r * size;
        status = run_resamples(problem, base, &o, &data, run, resamples);
    }
    if (status == DOSI_OK) sum_up(resamples, &data, f + o.n_resamples * size, &b);
    free(resamples);
    free(f);
    pmf_data_destroy(&data);
    if (status == DOSI_OK) {
        *out = b;
        return DOSI_OK;
    }
    dosi_pmf_bootstrap_destroy(&b);
    return dosi_fail(err, status, "resamples: %s", dosi_status_text(status));
}
