// A network's stations predicted from each other: one inverse for each set of present stations,
// everything else by rows of it.

#include "spatial/network.h"

#include "dosi/num.h"

#include <assert.h>
#include <math.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { MIN_OTHERS = 3 };

/// What all times share.
typedef struct work {
    const dosi_network *network;
    const double *values;
    network_residual *residuals;
} work;

/// One set of present sites with the inverse of its kriging system, scratch for its times.
typedef struct set {
    size_t n_present;
    size_t *present; ///< (n)
    double *factor;  ///< (n x n)
    double *inverse; ///< (n x n) C^-1, then the block of the kriging system's inverse.
    double *ones;    ///< (n) C^-1 1
    double *z, *b;   ///< (n) inverse times values, times offsets.
    double *weight;  ///< (n)
    double ones2;    ///< 1' C^-1 1
} set;

static void set_clear(set *s) {
    free(s->present);
    free(s->factor);
}

static bool set_reserve(set *s, size_t n) {
    memset(s, 0, sizeof *s);
    s->present = calloc(n + 1, sizeof *s->present);
    s->factor = calloc(2 * n * n + 4 * n + 1, sizeof *s->factor);
    if (!s->present || !s->factor) return false;
    s->inverse = s->factor + n * n;
    s->ones = s->inverse + n * n;
    s->z = s->ones + n;
    s->b = s->z + n;
    s->weight = s->b + n;
    return true;
}

/// Inverts the kriging system of the sites that have a value in `row`: B = C^-1 - u u' / 1'u.
static void set_open(const dosi_network *network, const double *row, set *s) {
    size_t n = network->n, k = 0;
    for (size_t i = 0; i < n; i++) {
        if (isfinite(row[i])) s->present[k++] = i;
    }
    s->n_present = k;
    if (k <= MIN_OTHERS) return;
    for (size_t i = 0; i < k; i++) {
        for (size_t j = 0; j < k; j++) {
            s->factor[i * k + j] = network->covariance[s->present[i] * n + s->present[j]];
        }
    }
    size_t done = dosi_cholesky(s->factor, k);
    assert(done == k); // learning saw to it
    (void)done;
    dosi_cholesky_inverse(s->factor, k, s->inverse);
    s->ones2 = 0;
    for (size_t i = 0; i < k; i++) {
        s->ones[i] = 0;
        for (size_t j = 0; j < k; j++) s->ones[i] += s->inverse[i * k + j];
        s->ones2 += s->ones[i];
    }
    for (size_t i = 0; i < k; i++) {
        for (size_t j = 0; j < k; j++) {
            s->inverse[i * k + j] -= s->ones[i] * s->ones[j] / s->ones2;
        }
    }
}

/// level^power of a sum over `n` sites.
static double scale_of(const dosi_network *network, double sum, size_t n) {
    return pow(fmax(sum / (double)n, network->level_floor), network->level_power);
}

/// Predicts present site `at` (in the set's order) from the rest of the set.
static void predict_present(const work *w, const set *s, size_t t, size_t at, double total) {
    size_t n = w->network->n, k = s->n_present, site = s->present[at];
    const double *inverse = s->inverse + at * k;
    double value = w->values[t * n + site], d = inverse[at];
    double f = scale_of(w->network, total - value, k - 1);
    double own = (s->z[at] - f * s->b[at]) / d; // error of leaving it out
    network_residual *r = &w->residuals[t * n + site];
    double square = 0;
    for (size_t j = 0; j < k; j++) { // the others, with this one's row and column taken out
        if (j == at) continue;
        double left = s->inverse[j * k + j] - inverse[j] * inverse[j] / d;
        double rest = s->z[j] - f * s->b[j] - inverse[j] * own;
        square += rest * rest / left;
    }
    *r = (network_residual){value - own, f * f / d, square / (f * f), (double)(k - 2), own};
}

/// Predicts site `site`, which has no value, from the whole set.
static void predict_missing(const work *w, set *s, size_t t, size_t site, double total) {
    const dosi_network *network = w->network;
    size_t n = network->n, k = s->n_present;
    double f = scale_of(network, total, k), sill = network->covariance[site * n + site];
    double ones = 0, square = 0, value = network->offset[site] * f, variance = sill;
    for (size_t i = 0; i < k; i++) {
        ones += s->ones[i] * network->covariance[site * n + s->present[i]];
    }
    double rest = 1 - ones;
    for (size_t i = 0; i < k; i++) {
        double weight = s->ones[i] * rest / s->ones2;
        for (size_t j = 0; j < k; j++) {
            double c = network->covariance[site * n + s->present[j]];
            weight += (s->inverse[i * k + j] + s->ones[i] * s->ones[j] / s->ones2) * c;
        }
        size_t other = s->present[i];
        value += weight * (w->values[t * n + other] - f * network->offset[other]);
        variance -= weight * network->covariance[site * n + other];
        double error = s->z[i] - f * s->b[i];
        square += error * error / s->inverse[i * k + i];
    }
    variance += rest / s->ones2;
    w->residuals[t * n + site] = (network_residual){value, f * f * fmax(variance, 0),
                                                    square / (f * f), (double)(k - 1), NAN};
}

/// All sites at time `t`, whose present sites are the set's.
static void predict_time(const work *w, set *s, size_t t) {
    size_t n = w->network->n, k = s->n_present;
    for (size_t i = 0; i < n; i++) {
        w->residuals[t * n + i] = (network_residual){NAN, NAN, NAN, NAN, NAN};
    }
    if (k <= MIN_OTHERS) return;
    double total = 0;
    for (size_t i = 0; i < k; i++) {
        total += w->values[t * n + s->present[i]];
        s->z[i] = s->b[i] = 0;
        for (size_t j = 0; j < k; j++) {
            s->z[i] += s->inverse[i * k + j] * w->values[t * n + s->present[j]];
            s->b[i] += s->inverse[i * k + j] * w->network->offset[s->present[j]];
        }
    }
    for (size_t i = 0, at = 0; i < n; i++) {
        if (at < k && s->present[at] == i) {
            predict_present(w, s, t, at++, total);
        } else {
            predict_missing(w, s, t, i, total);
        }
    }
}

/// Whether the same sites are present in two rows.
static bool is_same_set(const double *a, const double *b, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (isfinite(a[i]) != isfinite(b[i])) return false;
    }
    return true;
}

/// Times [first, last); times that follow each other often have the same set.
static void predict_chunk(const work *w, set *s, size_t first, size_t last) {
    const double *open = NULL; // row whose set is open
    for (size_t t = first; t < last; t++) {
        const double *row = w->values + t * w->network->n;
        if (!open || !is_same_set(open, row, w->network->n)) set_open(w->network, row, s);
        open = row;
        predict_time(w, s, t);
    }
}

dosi_status dosi_network_residuals(const dosi_network *network,
                                   const double *values,
                                   size_t n_times,
                                   const dosi_run *run,
                                   network_residual *residuals,
                                   dosi_error *err) {
    enum { CHUNK = 64 };
    const work w = {network, values, residuals};
    size_t n = network->n, n_chunks = (n_times + CHUNK - 1) / CHUNK;
    atomic_bool has_no_memory = false;
#pragma omp parallel num_threads(dosi_run_threads(run))
    {
        set s;
        bool is_ready = set_reserve(&s, n);
        if (!is_ready) atomic_store(&has_no_memory, true);
#pragma omp for schedule(dynamic)
        for (size_t c = 0; c < n_chunks; c++) {
            if (!is_ready || dosi_run_check(run, NULL) != DOSI_OK) continue;
            size_t last = (c + 1) * CHUNK < n_times ? (c + 1) * CHUNK : n_times;
            predict_chunk(&w, &s, c * CHUNK, last);
        }
        set_clear(&s);
    }
    if (has_no_memory) {
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for a network of %zu sites", n);
    }
    return dosi_run_check(run, err);
}

dosi_status dosi_network_predict(const dosi_network *network,
                                 const double *values,
                                 size_t n_times,
                                 const dosi_run *run,
                                 const dosi_network_prediction *out,
                                 dosi_error *err) {
    assert(network && (values || n_times == 0) && out && out->value && out->variance);
    size_t n = network->n * n_times;
    network_residual *residuals = malloc((n + 1) * sizeof *residuals);
    if (!residuals) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu values", n);
    dosi_status status = dosi_network_residuals(network, values, n_times, run, residuals, err);
    const dosi_network_summary *summary = &network->summary;
    for (size_t i = 0; i < n && status == DOSI_OK; i++) {
        double all = summary->freedom + residuals[i].n_others;
        double scale = (summary->freedom * summary->scale + residuals[i].square) / all;
        out->value[i] = residuals[i].prediction;
        out->variance[i] = residuals[i].variance * scale * all / (all - 2);
        if (out->freedom) out->freedom[i] = all;
    }
    free(residuals);
    return status;
}
