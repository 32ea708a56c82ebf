// Positive matrix factorisation: many random starts, the best of them, and how many optima.

#include "dosi/random.h"
#include "stat/pmf_core.h"
#include "stat/pmf_result.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_STARTS = 20, DEFAULT_SWEEPS = 100, DEFAULT_STEPS = 500, MIXED_ROWS = 5 };

/// Profiles to start from: means of a few random samples each.
static void draw_profiles(pmf_work *work, uint64_t seed, uint64_t stream) {
    const pmf_data *d = work->data;
    dosi_random random = dosi_random_init(seed, stream);
    for (size_t p = 0; p < d->k; p++) {
        for (size_t j = 0; j < d->m; j++) {
            work->f.values[j * d->kp + p] = 0.01 * dosi_random_uniform(&random);
        }
        for (size_t t = 0; t < MIXED_ROWS; t++) {
            size_t i = dosi_random_below(&random, (uint32_t)d->n);
            for (size_t j = 0; j < d->m; j++) {
                work->f.values[j * d->kp + p] +=
                    fmax(d->x[i * d->mp + j], 0) / (double)MIXED_ROWS;
            }
        }
    }
    for (size_t i = 0; i < d->n; i++) {
        for (size_t p = 0; p < d->k; p++) work->g.values[i * d->kp + p] = 1;
    }
    pmf_normalise(work);
}

/// One start from its random profiles to its minimum.
static dosi_pmf_start run_start(pmf_work *work,
                                const dosi_pmf_problem *problem,
                                const dosi_pmf_options *options,
                                size_t s) {
    if (work->w) pmf_work_weigh(work, NULL, 0);
    draw_profiles(work, options->seed, s);
    pmf_alternate(work, options->n_sweeps, 1e-9);
    pmf_descent descent =
        pmf_descend(work, problem->alpha, options->max_steps, options->tolerance);
    dosi_pmf_start out = {.kkt = descent.kkt,
                          .n_steps = (uint32_t)descent.n_steps,
                          .is_converged = descent.is_converged};
    pmf_work_qs(work, problem->alpha, &out.q, &out.q_robust);
    return out;
}

/// The options with their defaults.
static dosi_pmf_options fill_options(const dosi_pmf_options *options) {
    dosi_pmf_options o = options ? *options : (dosi_pmf_options){0};
    if (o.n_starts == 0) o.n_starts = DEFAULT_STARTS;
    if (o.n_sweeps == 0) o.n_sweeps = DEFAULT_SWEEPS;
    if (o.max_steps == 0) o.max_steps = DEFAULT_STEPS;
    if (!(o.tolerance > 0)) o.tolerance = 1e-10;
    return o;
}

/// All starts; profiles of start s (species scaled, (m x kp)) at profiles + s m kp.
static dosi_status run_starts(const dosi_pmf_problem *problem,
                              const dosi_pmf_options *options,
                              const pmf_data *data,
                              const dosi_run *run,
                              dosi_pmf_start *starts,
                              double *profiles) {
    const size_t stride = data->m * data->kp;
    dosi_status status = DOSI_OK;
    size_t n_done = 0;
#pragma omp parallel num_threads(dosi_run_threads(run))
    {
        pmf_work work;
        dosi_status own = pmf_work_create(data, problem->alpha > 0, &work, NULL);
#pragma omp for schedule(dynamic, 1)
        for (size_t s = 0; s < options->n_starts; s++) {
            if (own == DOSI_OK) own = dosi_run_check(run, NULL);
            if (own != DOSI_OK) continue;
            starts[s] = run_start(&work, problem, options, s);
            memcpy(profiles + s * stride, work.f.values, stride * sizeof *profiles);
#pragma omp critical(pmf_starts)
            dosi_run_report(run, (double)++n_done / (double)options->n_starts, "starts");
        }
        if (own != DOSI_OK) {
#pragma omp critical(pmf_starts)
            status = own;
        }
        if (own != DOSI_NO_MEMORY) pmf_work_destroy(&work);
    }
    return status;
}

/// The best start's contributions and profiles, from its profiles.
static dosi_status fill_best(const dosi_pmf_problem *problem,
                             const pmf_data *data,
                             const double *profiles,
                             dosi_pmf_solution *out,
                             dosi_error *err) {
    const size_t best = out->optima[0].start;
    pmf_work work;
    DOSI_TRY(pmf_work_create(data, problem->alpha > 0, &work, err));
    memcpy(work.f.values, profiles + best * data->m * data->kp,
           data->m * data->kp * sizeof *profiles);
    (void)pmf_solve_g(&work);
    // Robust weights and contributions settle together for given profiles.
    for (size_t t = 0; t < 100 && problem->alpha > 0; t++) {
        pmf_work_weigh(&work, NULL, problem->alpha);
        (void)pmf_solve_g(&work);
    }
    out->kkt = out->starts[best].kkt;
    pmf_result_fill(out, &work, problem->alpha, true);
    pmf_work_destroy(&work);
    return DOSI_OK;
}

dosi_status dosi_pmf_solve(const dosi_pmf_problem *problem,
                           const dosi_pmf_options *options,
                           const dosi_run *run,
                           dosi_pmf_solution *out,
                           dosi_error *err) {
    const dosi_pmf_options o = fill_options(options);
    dosi_pmf_solution s = {0};
    pmf_data data;
    DOSI_TRY(pmf_data_create(problem, &data, err));
    double *profiles = malloc(o.n_starts * data.m * data.kp * sizeof *profiles);
    dosi_status status = pmf_result_create(&data, o.n_starts, &s);
    if (!profiles) status = DOSI_NO_MEMORY;
    if (status == DOSI_OK) status = run_starts(problem, &o, &data, run, s.starts, profiles);
    if (status == DOSI_OK) status = pmf_result_group(&s, &data, profiles);
    if (status == DOSI_OK) status = fill_best(problem, &data, profiles, &s, err);
    free(profiles);
    pmf_data_destroy(&data);
    if (status == DOSI_OK) {
        *out = s;
        return DOSI_OK;
    }
    dosi_pmf_solution_destroy(&s);
    return status == DOSI_NO_MEMORY
               ? dosi_fail(err, status, "no memory for %zu starts", o.n_starts)
               : dosi_fail(err, status, "%s", dosi_status_text(status));
}
