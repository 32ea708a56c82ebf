// Quality control with a network: the checks, in two passes.
//
// The second pass leaves out of the expectation what the first has found, and asks each
// station's other pollutants whether something happened there.

#include "air/qc_network.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MIN_STATIONS = 5, MAX_NEIGHBOURS = 32, PASSES = 2 };

/// Flags UNIT: hundreds of times what is expected, or a few thousandths of it.
static void flag_units(const dosi_qc_limits *limits,
                       const double *values,
                       const double *expected,
                       size_t n,
                       uint32_t *flags) {
    for (size_t h = 0; h < n; h++) {
        if (!(expected[h] > 0.5 * limits->resolution) || isnan(values[h])) continue;
        double ratio = values[h] / expected[h];
        bool is_far_below =
            ratio < 1.0 / 200 && expected[h] > 4 * limits->resolution && values[h] > 0;
        if (ratio > 200 || is_far_below) flags[h] |= DOSI_QC_UNIT;
    }
}

/// Flags SPIKE: one hour far from the expectation between two that are near it.
static void flag_spikes(const dosi_qc_limits *limits,
                        const double *values,
                        const qc_expectation *e,
                        size_t station,
                        uint32_t *flags) {
    size_t n = e->n_hours;
    const double *expected = e->expected + station * n, *excess = e->excess + station * n;
    double before = 0;
    for (size_t h = 0; h < n; h++) {
        if (isnan(excess[h])) continue;
        double after = 0;
        for (size_t k = h + 1; k < n && k <= h + 4; k++) {
            if (isnan(excess[k])) continue;
            after = excess[k];
            break;
        }
        double here = fabs(excess[h]);
        bool stands_out = here > 12 && fabs(values[h] - expected[h]) > limits->spike_step;
        if (stands_out && fabs(before) < here / 4 && fabs(after) < here / 4) {
            flags[h] |= DOSI_QC_SPIKE;
        }
        before = excess[h];
    }
}

/// Takes RATE, SPIKE and NEIGHBOUR back where the expectation or a local event explains them.
static void take_back(const qc_expectation *e, size_t station, uint32_t *flags) {
    const double *excess = e->excess + station * e->n_hours;
    const uint32_t explained = DOSI_QC_RATE | DOSI_QC_NEIGHBOUR | DOSI_QC_SPIKE;
    for (size_t h = 0; h < e->n_hours; h++) {
        bool is_event =
            e->second && (double)e->second[station * e->n_hours + h] > QC_EVENT_SECOND;
        if (fabs(excess[h]) < 6 || is_event) flags[h] &= ~explained;
    }
}

/// All pollutants of a network on their way through the passes.
typedef struct check_job {
    const dosi_qc_limits *limits;
    const dosi_qc_matrix *matrix;
    const dosi_run *run;
    uint32_t *const *flags;
    double *const *expected;
    size_t n_cells;
    uint32_t *known[DOSI_AIR_COUNT]; ///< (cells) flags that the pass begins with...
    uint32_t *found[DOSI_AIR_COUNT]; ///< ...and finds.
    float *excess[DOSI_AIR_COUNT];   ///< (cells) of the first pass.
    float *event, *second;           ///< (cells) of the pollutant at hand.
    double *held;                    ///< (cells) room.
} check_job;

/// The checks of one pollutant by its expectation. @param flags  in and out.
static void check_stations(const check_job *job, int p, const qc_expectation *e) {
    const dosi_qc_limits *limits = &job->limits[p];
    int n_threads = dosi_run_threads(job->run); // NOLINT(*DeadStores): used by the pragma
    size_t n_hours = e->n_hours;
#pragma omp parallel for schedule(dynamic, 4) num_threads(n_threads)
    for (size_t s = 0; s < e->n_stations; s++) {
        const double *values = job->matrix->values[p] + s * n_hours;
        uint32_t *own = job->found[p] + s * n_hours;
        flag_units(limits, values, e->expected + s * n_hours, n_hours, own);
        flag_spikes(limits, values, e, s, own);
        take_back(e, s, own);
        qc_flag_flat_runs(limits, values, e, s, own);
        qc_flag_drift(limits, values, e, s, job->held + s * n_hours, own);
    }
}

/// Keeps the excess of the first pass, without what cannot be an event.
static void keep_excess(const check_job *job, int p, const qc_expectation *e) {
    const uint32_t off = DOSI_QC_RANGE | DOSI_QC_UNIT | DOSI_QC_FLAT;
    for (size_t i = 0; i < job->n_cells; i++) {
        job->excess[p][i] = job->found[p][i] & off ? NAN : (float)e->excess[i];
    }
}

/// One pollutant in one pass.
static dosi_status run_pass(
    check_job *job, int pass, int p, qc_expectation *e, dosi_error *err) {
    const uint32_t *known = job->known[p];
    dosi_pollutant pollutant = (dosi_pollutant)p;
    DOSI_TRY(dosi_run_check(job->run, err));
    const qc_fit fit = {&job->limits[p], job->matrix, pollutant, known, job->run};
    DOSI_TRY(qc_expectation_fit(&fit, e, err));
    e->event = pass > 0 ? job->event : NULL;
    e->second = pass > 0 ? job->second : NULL;
    e->event_sign = pollutant == DOSI_AIR_O3 ? -1 : 1;
    if (pass > 0) {
        qc_expectation_add_events(pollutant, job->known, job->excess,
                                  dosi_run_threads(job->run), e);
    }
    memcpy(job->found[p], job->flags[p], job->n_cells * sizeof **job->found);
    check_stations(job, p, e);
    if (pass == 0) keep_excess(job, p, e);
    if (pass == PASSES - 1 && job->expected && job->expected[p]) {
        memcpy(job->expected[p], e->expected, job->n_cells * sizeof **job->expected);
    }
    return DOSI_OK;
}

/// Room for flags and excess of the pollutants that are measured.
static dosi_status open_job(check_job *job, dosi_error *err) {
    bool is_whole = true;
    job->event = malloc(job->n_cells * sizeof *job->event);
    job->second = malloc(job->n_cells * sizeof *job->second);
    job->held = malloc(job->n_cells * sizeof *job->held);
    for (int p = 0; p < DOSI_AIR_COUNT; p++) {
        if (!job->matrix->values[p]) continue;
        job->found[p] = malloc(job->n_cells * sizeof *job->found[p]);
        job->known[p] = malloc(job->n_cells * sizeof *job->known[p]);
        job->excess[p] = malloc(job->n_cells * sizeof *job->excess[p]);
        is_whole = is_whole && job->found[p] && job->known[p] && job->excess[p];
        if (is_whole) {
            memcpy(job->found[p], job->flags[p], job->n_cells * sizeof *job->found[p]);
        }
    }
    if (is_whole && job->event && job->second && job->held) return DOSI_OK;
    return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu flags", job->n_cells);
}

static void close_job(check_job *job) {
    for (int p = 0; p < DOSI_AIR_COUNT; p++) {
        free(job->found[p]);
        free(job->known[p]);
        free(job->excess[p]);
    }
    free(job->event);
    free(job->second);
    free(job->held);
}

/// One pass over all pollutants.
static dosi_status run_all(check_job *job, int pass, qc_expectation *e, dosi_error *err) {
    for (int p = 0; p < DOSI_AIR_COUNT; p++) {
        if (!job->matrix->values[p]) continue;
        memcpy(job->known[p], job->found[p], job->n_cells * sizeof *job->known[p]);
    }
    for (int p = 0; p < DOSI_AIR_COUNT; p++) {
        if (job->matrix->values[p]) DOSI_TRY(run_pass(job, pass, p, e, err));
    }
    return DOSI_OK;
}

static dosi_status run_passes(check_job *job, dosi_error *err) {
    qc_expectation e;
    DOSI_TRY(qc_expectation_create(job->matrix, &e, err));
    dosi_status status = open_job(job, err);
    for (int pass = 0; pass < PASSES && status == DOSI_OK; pass++) {
        status = run_all(job, pass, &e, err);
    }
    for (int p = 0; p < DOSI_AIR_COUNT && status == DOSI_OK; p++) {
        if (!job->matrix->values[p]) continue;
        memcpy(job->flags[p], job->found[p], job->n_cells * sizeof *job->flags[p]);
    }
    close_job(job);
    qc_expectation_destroy(&e);
    return status;
}

dosi_status dosi_qc_network(const dosi_qc_limits *limits,
                            const dosi_qc_matrix *matrix,
                            const dosi_run *run,
                            uint32_t *const *flags,
                            double *const *expected,
                            dosi_error *err) {
    assert(limits && matrix && matrix->values && flags && matrix->k <= MAX_NEIGHBOURS);
    check_job job = {.limits = limits,
                     .matrix = matrix,
                     .run = run,
                     .flags = flags,
                     .expected = expected,
                     .n_cells = matrix->n_stations * matrix->n_hours};
    for (int p = 0; p < DOSI_AIR_COUNT && expected; p++) {
        for (size_t i = 0; i < job.n_cells && expected[p]; i++) expected[p][i] = NAN;
    }
    if (matrix->n_stations < MIN_STATIONS || matrix->n_hours == 0) return DOSI_OK;
    return run_passes(&job, err);
}
