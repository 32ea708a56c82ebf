// air.pmf: what the numbers mean, in plain words.

#include "method/pmf.h"

#include <math.h>

/// Distinct optima within `relative` of the best, and how far their profiles are from it.
static size_t near_optima(const dosi_pmf_solution *s, double relative, double *distance) {
    size_t n = 0;
    *distance = 0;
    for (size_t o = 0; o < s->n_optima; o++) {
        if (s->optima[o].q > s->optima[0].q * (1 + relative)) break;
        *distance = fmax(*distance, s->optima[o].distance);
        n++;
    }
    return n;
}

/// Whether the starts agree.
static void put_starts(const pmf_job *job) {
    dosi_text *out = job->call->report;
    const dosi_pmf_solution *s = &job->base;
    double distance = 0;
    size_t n_near = dosi_pmf_count_near(s, 1e-3), n_optima = near_optima(s, 1e-3, &distance);
    dosi_text_printf(out, "Q %.6g (robust %.6g); good uncertainties would give about %.6g\n",
                     s->q, s->q_robust, s->q_expected);
    dosi_text_printf(out,
                     "%zu of %zu starts came within 0.1 %% of the best Q; %zu distinct "
                     "minima were met in all\n",
                     n_near, s->n_starts, s->n_optima);
    if (s->n_starts < 10) {
        dosi_text_puts(out, "NOT JUDGED: fewer than 10 starts say nothing about uniqueness\n");
    } else if (n_optima > 1 && distance > 0.1) {
        double valley = 0;
        size_t n_valley = near_optima(s, 1e-9, &valley);
        dosi_text_printf(out,
                         "NOT UNIQUE: %zu different solutions fit equally well (within 0.1 %% "
                         "of Q); matched profiles differ by up to %.0f degrees. Do not present "
                         "one of them as the answer: constrain it with what is known, or "
                         "change the number of factors\n",
                         n_optima, asin(fmin(1, distance)) * 180 / M_PI);
        if (valley > 0.1) {
            dosi_text_printf(out,
                             "%zu of them have the very same Q: profiles can be mixed into "
                             "each other at no cost (rotational freedom)\n",
                             n_valley);
        }
    } else if (10 * n_near < s->n_starts) {
        dosi_text_puts(out, "DOUBTFUL: fewer than one start in ten found the best solution; a "
                            "better one may exist. Use more starts or fewer factors\n");
    } else {
        dosi_text_puts(out, "ONE SOLUTION: no other solution of different profiles was found "
                            "that fits as well\n");
    }
}

/// What resampling and displacement say.
static void put_errors(const pmf_job *job) {
    dosi_text *out = job->call->report;
    const size_t k = job->base.n_factors, m = job->samples.m;
    size_t n_weak = 0, n_swapped = 0;
    for (size_t p = 0; p < k && job->bootstrap.mapped; p++) {
        size_t same = job->bootstrap.mapped[p * (k + 1) + p];
        if (10 * same >= 8 * job->bootstrap.n_resamples) continue;
        n_weak++;
        dosi_text_printf(out,
                         "factor %zu came back in only %zu of %zu resamples: it depends "
                         "on few samples\n",
                         p + 1, same, job->bootstrap.n_resamples);
    }
    if (job->bootstrap.mapped && n_weak == 0) {
        dosi_text_puts(out, "every factor came back in at least 80 % of the resamples\n");
    }
    if (!job->ranges.low) return;
    size_t n_wide = 0, n = 0;
    for (size_t p = 0; p < k; p++) n_swapped += job->ranges.swaps[p];
    for (size_t at = 0; at < k * m; at++) {
        if (!(job->base.f[at] > 0) || isnan(job->ranges.low[at])) continue;
        n++;
        n_wide += !(job->ranges.low[at] > 0);
    }
    if (n_swapped) {
        dosi_text_printf(out,
                         "ROTATIONALLY FREE: %zu displacements at dQ %g turned a factor "
                         "into another one\n",
                         n_swapped, job->ranges.levels[0]);
    } else {
        dosi_text_printf(out, "displacement at dQ %g swapped no factors\n",
                         job->ranges.levels[0]);
    }
    dosi_text_printf(out, "%zu of %zu profile entries above 0 could as well be 0 (dQ %g)\n",
                     n_wide, n, job->ranges.levels[0]);
    if (job->ranges.deepest > 1e-4 * job->base.q_robust) {
        dosi_text_printf(out, "displacement met a Q lower by %.4g: use more starts\n",
                         job->ranges.deepest);
    }
}

void pmf_put_words(const pmf_job *job) {
    dosi_text *out = job->call->report;
    if (!out) return;
    put_starts(job);
    if (job->base.q > 2 * job->base.q_expected) {
        dosi_text_puts(out, "Q is more than twice what good uncertainties would give: too few "
                            "factors, or uncertainties too small (see q_ratio by species)\n");
    }
    if (job->is_changed) {
        dosi_text_printf(out,
                         "constraints or rotation cost %.4g of Q (%.3g %%); intervals are "
                         "of the solution before\n",
                         job->shown.q_robust - job->base.q_robust,
                         100 * (job->shown.q_robust / job->base.q_robust - 1));
    }
    put_errors(job);
}
