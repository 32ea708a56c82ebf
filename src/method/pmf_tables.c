// air.pmf: results as tables.

#include "method/pmf.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/// Adds a row whose first columns are whole numbers; its place.
static dosi_status add_row(dosi_table *table, size_t *row, dosi_error *err) {
    *row = table->n_rows;
    return dosi_table_add_rows(table, 1, err);
}

static void set_int(dosi_table *table, size_t column, size_t row, size_t value) {
    table->columns[column].data.integer[row] = (int64_t)value;
}

static void set_reals(
    dosi_table *table, size_t first, size_t row, const double *values, size_t n) {
    for (size_t c = 0; c < n; c++) table->columns[first + c].data.real[row] = values[c];
}

/// Profiles with what they explain.
static dosi_status put_profiles(const pmf_job *job, const double *explained, dosi_error *err) {
    const dosi_pmf_solution *s = &job->shown;
    const pmf_samples *samples = &job->samples;
    dosi_table *out = &job->call->outputs[PMF_PROFILES];
    for (size_t p = 0; p < s->n_factors; p++) {
        const double *f = s->f + p * samples->m;
        double total = samples->total == SIZE_MAX ? 0 : f[samples->total];
        for (size_t j = 0; j < samples->m && samples->total == SIZE_MAX; j++) total += f[j];
        for (size_t j = 0; j < samples->m; j++) {
            double all = 0;
            size_t row = 0;
            if (samples->categories[j] == DOSI_PMF_BAD) continue;
            for (size_t q = 0; q < s->n_factors; q++) all += s->f[q * samples->m + j];
            DOSI_TRY(add_row(out, &row, err));
            set_int(out, 0, row, p + 1);
            DOSI_TRY(dosi_table_set_text(out, 1, row, samples->names[j]));
            const double values[] = {f[j], total > 0 ? f[j] / total : (double)NAN,
                                     all > 0 ? f[j] / all : (double)NAN,
                                     explained[p * samples->m + j]};
            set_reals(out, 2, row, values, 4);
        }
    }
    return DOSI_OK;
}

/// Whether a column of the concentrations names the sample.
static bool is_key(const dosi_column *column) {
    return column->type == DOSI_TYPE_TIME || column->type == DOSI_TYPE_DATE ||
           column->type == DOSI_TYPE_TEXT;
}

/// Columns of the contributions: those that name the sample, then factor and numbers.
static dosi_status open_contributions(const pmf_job *job, dosi_error *err) {
    const dosi_table *from = job->call->inputs[0];
    dosi_table *out = &job->call->outputs[PMF_CONTRIBUTIONS];
    for (size_t c = 0; c < from->n_columns; c++) {
        const dosi_column *column = &from->columns[c];
        size_t added = 0;
        if (!is_key(column)) continue;
        DOSI_TRY(dosi_table_add_column(out, column->name, column->type, &added, err));
        DOSI_TRY(dosi_table_describe(out, added, column->unit, column->meaning_ko,
                                     column->meaning_en));
    }
    return method_open_output(job->call, PMF_CONTRIBUTIONS, 0, err);
}

/// Whether a sample has any value that counted.
static bool is_used(const pmf_job *job, size_t i) {
    for (size_t j = 0; j < job->samples.m; j++) {
        size_t at = i * job->samples.m + j;
        if (isfinite(job->samples.x[at]) && job->samples.u[at] > 0) return true;
    }
    return false;
}

static dosi_status put_contributions(const pmf_job *job, dosi_error *err) {
    const dosi_table *from = job->call->inputs[0];
    const dosi_pmf_solution *s = &job->shown;
    const size_t k = s->n_factors, total = job->samples.total;
    dosi_table *out = &job->call->outputs[PMF_CONTRIBUTIONS];
    DOSI_TRY(open_contributions(job, err));
    for (size_t at = 0; at < s->n_rows * k; at++) {
        size_t i = at / k, p = at % k, row = 0, to = 0;
        if (!is_used(job, i)) continue;
        DOSI_TRY(add_row(out, &row, err));
        for (size_t c = 0; c < from->n_columns; c++) {
            if (!is_key(&from->columns[c])) continue;
            DOSI_TRY(method_copy_cell(&from->columns[c], i, out, to++, row));
        }
        set_int(out, to, row, p + 1);
        double mass =
            total == SIZE_MAX ? (double)NAN : s->g[at] * s->f[p * job->samples.m + total];
        const double values[] = {s->g[at], mass};
        set_reals(out, to + 1, row, values, 2);
    }
    return DOSI_OK;
}

static dosi_status put_species(const pmf_job *job, const dosi_pmf_fit *fits, dosi_error *err) {
    static const char *const categories[] = {"strong", "weak", "bad"};
    dosi_table *out = &job->call->outputs[PMF_SPECIES];
    for (size_t j = 0; j < job->samples.m; j++) {
        const dosi_pmf_fit *fit = &fits[j];
        size_t row = 0;
        DOSI_TRY(add_row(out, &row, err));
        DOSI_TRY(dosi_table_set_text(out, 0, row, job->samples.names[j]));
        DOSI_TRY(dosi_table_set_text(out, 1, row, categories[job->samples.categories[j]]));
        set_int(out, 2, row, fit->n);
        const double values[] = {
            fit->signal_to_noise, fit->q,         fit->q_ratio, fit->r2,
            fit->slope,           fit->intercept, fit->bias,    fit->beyond_3};
        if (fit->n) set_reals(out, 3, row, values, 8);
    }
    return DOSI_OK;
}

/// One row of intervals: method, level, low, middle, high.
static dosi_status put_interval(
    const pmf_job *job, size_t at, const char *method, const double *values, dosi_error *err) {
    dosi_table *out = &job->call->outputs[PMF_INTERVALS];
    size_t row = 0, m = job->samples.m;
    if (isnan(values[1]) && isnan(values[3])) return DOSI_OK;
    DOSI_TRY(add_row(out, &row, err));
    set_int(out, 0, row, at / m + 1);
    DOSI_TRY(dosi_table_set_text(out, 1, row, job->samples.names[at % m]));
    DOSI_TRY(dosi_table_set_text(out, 2, row, method));
    set_reals(out, 3, row, values, 4);
    return DOSI_OK;
}

/// Ranges at every level.
static dosi_status put_ranges(const pmf_job *job,
                              const dosi_pmf_ranges *ranges,
                              const char *method,
                              dosi_error *err) {
    const size_t size = job->samples.m * job->base.n_factors;
    for (size_t l = 0; l < DOSI_PMF_LEVELS && ranges->low; l++) {
        for (size_t at = 0; at < size; at++) {
            if (job->samples.categories[at % job->samples.m] == DOSI_PMF_BAD) continue;
            const double values[] = {ranges->levels[l], ranges->low[l * size + at],
                                     job->base.f[at], ranges->high[l * size + at]};
            DOSI_TRY(put_interval(job, at, method, values, err));
        }
    }
    return DOSI_OK;
}

static dosi_status put_intervals(const pmf_job *job, dosi_error *err) {
    const size_t size = job->samples.m * job->base.n_factors;
    const double *q = job->bootstrap.quantiles;
    for (size_t at = 0; at < size && q; at++) {
        if (job->samples.categories[at % job->samples.m] == DOSI_PMF_BAD) continue;
        const double values[] = {NAN, q[at], q[2 * size + at], q[4 * size + at]};
        DOSI_TRY(put_interval(job, at, "bs", values, err));
    }
    DOSI_TRY(put_ranges(job, &job->ranges, "disp", err));
    return put_ranges(job, &job->pooled, "bs_disp", err);
}

/// One row of stability.
static dosi_status put_count(const pmf_job *job,
                             const char *check,
                             size_t p,
                             double level,
                             size_t count,
                             dosi_error *err) {
    dosi_table *out = &job->call->outputs[PMF_STABILITY];
    size_t row = 0;
    DOSI_TRY(add_row(out, &row, err));
    set_int(out, 0, row, p + 1);
    DOSI_TRY(dosi_table_set_text(out, 1, row, check));
    out->columns[2].data.real[row] = level;
    set_int(out, 3, row, count);
    return DOSI_OK;
}

static dosi_status put_stability(const pmf_job *job, dosi_error *err) {
    const size_t k = job->base.n_factors;
    for (size_t p = 0; p < k; p++) {
        const size_t *mapped = job->bootstrap.mapped;
        if (mapped) {
            const size_t *own = mapped + p * (k + 1);
            size_t same = own[p], lost = own[k];
            size_t other = job->bootstrap.n_resamples - same - lost;
            DOSI_TRY(put_count(job, "bs_mapped", p, NAN, same, err));
            DOSI_TRY(put_count(job, "bs_other_factor", p, NAN, other, err));
            DOSI_TRY(put_count(job, "bs_no_factor", p, NAN, lost, err));
        }
        for (size_t l = 0; l < DOSI_PMF_LEVELS && job->ranges.swaps; l++) {
            DOSI_TRY(put_count(job, "disp_swaps", p, job->ranges.levels[l],
                               job->ranges.swaps[l * k + p], err));
        }
        for (size_t l = 0; l < DOSI_PMF_LEVELS && job->pooled.swaps; l++) {
            DOSI_TRY(put_count(job, "bs_disp_swaps", p, job->pooled.levels[l],
                               job->pooled.swaps[l * k + p], err));
        }
    }
    return DOSI_OK;
}

dosi_status pmf_put_outputs(const pmf_job *job, dosi_error *err) {
    const size_t m = job->samples.m;
    dosi_pmf_fit *fits = calloc(m, sizeof *fits);
    double *explained = calloc(m * job->shown.n_factors + 1, sizeof *explained);
    dosi_status status = DOSI_NO_MEMORY;
    if (fits && explained) {
        dosi_pmf_diagnose(&job->problem, &job->shown, fits, explained);
        status = put_profiles(job, explained, err);
        if (status == DOSI_OK) status = put_species(job, fits, err);
        if (status == DOSI_OK) status = put_contributions(job, err);
        if (status == DOSI_OK) status = put_intervals(job, err);
        if (status == DOSI_OK) status = put_stability(job, err);
    } else {
        (void)dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu species", m);
    }
    free(fits);
    free(explained);
    return status;
}

dosi_status pmf_put_starts(const pmf_job *job, const dosi_pmf_solution *s, dosi_error *err) {
    dosi_table *runs = &job->call->outputs[PMF_RUNS];
    dosi_table *optima = &job->call->outputs[PMF_OPTIMA];
    dosi_table *choice = &job->call->outputs[PMF_CHOICE];
    size_t row = 0;
    for (size_t t = 0; t < s->n_starts; t++) {
        const dosi_pmf_start *start = &s->starts[t];
        DOSI_TRY(add_row(runs, &row, err));
        set_int(runs, 0, row, s->n_factors);
        set_int(runs, 1, row, t + 1);
        const double values[] = {start->q, start->q_robust, start->kkt};
        set_reals(runs, 2, row, values, 3);
        set_int(runs, 5, row, start->n_steps);
        runs->columns[6].data.boolean[row] = start->is_converged;
        set_int(runs, 7, row, start->optimum + 1U);
    }
    for (size_t o = 0; o < s->n_optima; o++) {
        DOSI_TRY(add_row(optima, &row, err));
        set_int(optima, 0, row, s->n_factors);
        set_int(optima, 1, row, o + 1);
        optima->columns[2].data.real[row] = s->optima[o].q;
        optima->columns[3].data.real[row] = s->optima[o].q / s->optima[0].q - 1;
        set_int(optima, 4, row, s->optima[o].n_starts);
        optima->columns[5].data.real[row] = s->optima[o].distance;
    }
    DOSI_TRY(add_row(choice, &row, err));
    set_int(choice, 0, row, s->n_factors);
    const double values[] = {s->q, s->q_robust, s->q_expected, s->q / s->q_expected,
                             (double)dosi_pmf_count_near(s, 1e-3) / (double)s->n_starts};
    set_reals(choice, 1, row, values, 5);
    set_int(choice, 6, row, s->n_optima);
    return DOSI_OK;
}
