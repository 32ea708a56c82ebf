// A network learns: offsets and semivariances from its past, and how far to trust them.

#include "spatial/network.h"

#include "dosi/num.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { MIN_SITES = 4, MAX_SITES = 500, N_BLOCKS = 4, MAX_OTHERS = MAX_SITES };

/// Learning on its way: matrices (n x n).
typedef struct learning {
    const dosi_st_field *field;
    const dosi_run *run;
    double *f;                ///< (n_times) level^power
    double *weight;           ///< (n_times) how much a time counts.
    double *count;            ///< Weight of the times that a pair has in common.
    double *offset;           ///< Mean difference of a pair / f; antisymmetric.
    double *gamma;            ///< Semivariance of a pair, offset removed.
    double *laplacian;        ///< Scratch.
    dosi_variogram_bin *bins; ///< (n (n - 1) / 2) a class a pair.
} learning;

void dosi_network_destroy(dosi_network *network) {
    if (!network) return;
    free(network->offset);
    free(network->covariance);
    free(network);
}

dosi_network_summary dosi_network_describe(const dosi_network *network) {
    assert(network);
    return network->summary;
}

double dosi_network_offset(const dosi_network *network, size_t i, double level) {
    assert(network && i < network->n);
    return network->offset[i] * pow(fmax(level, network->level_floor), network->level_power);
}

// --- what pairs show -----------------------------------------------------------------------

/// Mean and semivariance of the scaled differences of two sites over the first n_times.
static void learn_pair(const learning *l, size_t i, size_t j, size_t n_times) {
    const dosi_st_field *field = l->field;
    size_t n = field->sites->n;
    double count = 0, sum = 0, square = 0;
    for (size_t t = 0; t < n_times; t++) {
        double difference = (field->values[t * n + i] - field->values[t * n + j]) / l->f[t];
        if (!isfinite(difference)) continue;
        count += l->weight[t];
        sum += l->weight[t] * difference;
    }
    double mean = count > 0 ? sum / count : 0;
    for (size_t t = 0; t < n_times; t++) {
        double difference = (field->values[t * n + i] - field->values[t * n + j]) / l->f[t];
        if (!isfinite(difference)) continue;
        square += l->weight[t] * (difference - mean) * (difference - mean);
    }
    double gamma = count > 0 ? square / (2 * count) : 0;
    assert(l->count && l->offset && l->gamma);
    l->count[i * n + j] = l->count[j * n + i] = count;
    l->offset[i * n + j] = mean;
    l->offset[j * n + i] = -mean;
    l->gamma[i * n + j] = l->gamma[j * n + i] = gamma;
}

/// Levels, weights and all pairs of the first n_times.
static void learn_pairs(const learning *l, const dosi_network *network, size_t n_times) {
    const dosi_st_field *field = l->field;
    size_t n = field->sites->n;
    for (size_t t = 0; t < n_times; t++) {
        double sum = 0, present = 0;
        for (size_t i = 0; i < n; i++) {
            if (!isfinite(field->values[t * n + i])) continue;
            sum += field->values[t * n + i];
            present += 1;
        }
        double level = present > 0 ? sum / present : 0;
        l->f[t] = pow(fmax(level, network->level_floor), network->level_power);
        l->weight[t] = exp2(-(double)(n_times - 1 - t) / network->half_life);
    }
#pragma omp parallel for schedule(dynamic) num_threads(dosi_run_threads(l->run))
    for (size_t i = 1; i < n; i++) {
        for (size_t j = 0; j < i; j++) learn_pair(l, i, j, n_times);
    }
}

/// Offsets that explain the pairs' differences best, with sum 0. Sites that share no time with
/// others get 0.
static dosi_status learn_offsets(const learning *l, dosi_network *network, dosi_error *err) {
    size_t n = network->n;
    double *a = l->laplacian;
    assert(a && l->count);
    for (size_t i = 0; i < n; i++) {
        double degree = 0, right = 0;
        for (size_t j = 0; j < n; j++) {
            bool is_pair = i != j && l->count[i * n + j] > 0;
            a[i * n + j] = (is_pair ? -1 : 0) + 1 / (double)n;
            degree += is_pair;
            if (is_pair) right += l->offset[i * n + j];
        }
        a[i * n + i] += degree > 0 ? degree : 1;
        network->offset[i] = right;
    }
    if (dosi_cholesky(a, n) != n) {
        return dosi_fail(
            err, DOSI_DOMAIN,
            "network: the stations fall into groups that were never present at the "
            "same time");
    }
    dosi_cholesky_forward(a, n, network->offset);
    dosi_cholesky_backward(a, n, network->offset);
    return DOSI_OK;
}

/// The variogram of distance through all pairs.
static dosi_status learn_distance(const learning *l, dosi_network *network, dosi_error *err) {
    const dosi_sites *sites = l->field->sites;
    size_t n = network->n, n_bins = 0;
    for (size_t i = 1; i < n; i++) {
        for (size_t j = 0; j < i; j++) {
            if (!(l->count[i * n + j] > 0)) continue;
            double h = hypot(sites->x[i] - sites->x[j], sites->y[i] - sites->y[j]);
            l->bins[n_bins++] = (dosi_variogram_bin){1, h, l->gamma[i * n + j]};
        }
    }
    network->summary.distance = (dosi_variogram){.kind = DOSI_VARIOGRAM_EXPONENTIAL};
    return dosi_variogram_fit(l->bins, n_bins, DOSI_VARIOGRAM_PAIRS, &network->summary.distance,
                              NULL, err);
}

/// Covariances with the given share of the distance model. False: not positive definite.
static bool mix_covariances(const learning *l, dosi_network *network, double shrink) {
    const dosi_sites *sites = l->field->sites;
    size_t n = network->n;
    double most = 0;
    for (size_t i = 0; i < n; i++) {
        network->covariance[i * n + i] = 0;
        for (size_t j = 0; j < i; j++) {
            double h = hypot(sites->x[i] - sites->x[j], sites->y[i] - sites->y[j]);
            double model = dosi_variogram_value(&network->summary.distance, h);
            double gamma = l->count[i * n + j] > 0 ? l->gamma[i * n + j] : model;
            double mixed = (1 - shrink) * gamma + shrink * model;
            network->covariance[i * n + j] = network->covariance[j * n + i] = mixed;
            most = fmax(most, mixed);
        }
    }
    for (size_t k = 0; k < n * n; k++) {
        network->covariance[k] = 2 * most - network->covariance[k];
    }
    memcpy(l->laplacian, network->covariance, n * n * sizeof *network->covariance);
    return most > 0 && dosi_cholesky(l->laplacian, n) == n;
}

/// Everything but the scale of errors, from the first n_times.
static dosi_status learn_structure(const learning *l,
                                   dosi_network *network,
                                   size_t n_times,
                                   dosi_error *err) {
    learn_pairs(l, network, n_times);
    DOSI_TRY(dosi_run_check(l->run, err));
    DOSI_TRY(learn_offsets(l, network, err));
    DOSI_TRY(learn_distance(l, network, err));
    double shrink = network->summary.shrink;
    while (!mix_covariances(l, network, shrink)) {
        if (shrink >= 1) {
            return dosi_fail(err, DOSI_DOMAIN, "network: the stations do not differ");
        }
        shrink = fmin(shrink + 0.1, 1);
    }
    network->summary.shrink = shrink;
    return DOSI_OK;
}

// --- the scale of errors -------------------------------------------------------------------

/// Predictions of the past, for the likelihood of a prior.
typedef struct past {
    const network_residual *residuals;
    const double *weight; ///< Of each.
    size_t n;
    double freedom;
} past;

/// Minus the log likelihood of scaled t distributions, at prior centre exp(log_scale).
static double misfit(void *context, double log_scale) {
    const past *p = context;
    static const double log_pi = 1.1447298858494002;
    double sum = 0, total = 0, scale = exp(log_scale);
    double known = -1, gammas = 0; // the gamma functions of the last degrees of freedom
    for (size_t i = 0; i < p->n; i++) {
        const network_residual *r = &p->residuals[i];
        double all = p->freedom + r->n_others;
        if (all != known) {
            gammas = lgamma((all + 1) / 2) - lgamma(all / 2) - 0.5 * (log(all) + log_pi);
            known = all;
        }
        double variance = r->variance * (p->freedom * scale + r->square) / all;
        double log_density = gammas - 0.5 * log(variance) -
                             (all + 1) / 2 * log1p(r->error * r->error / (all * variance));
        sum += p->weight[i] * log_density;
        total += p->weight[i];
    }
    return -sum / total;
}

/// The prior under which the past is most likely.
static void fit_scale(past *p, dosi_network_summary *summary) {
    static const double freedoms[] = {2.5, 3, 4, 5, 6, 8, 10, 12, 16, 24, 48};
    const double interval[2] = {log(0.05), log(20)};
    double best = INFINITY;
    for (size_t k = 0; k < sizeof freedoms / sizeof freedoms[0]; k++) {
        double least = 0;
        p->freedom = freedoms[k];
        double at = dosi_minimise(misfit, p, interval, 1e-6, &least);
        if (!(least < best)) continue;
        best = least;
        summary->freedom = freedoms[k];
        summary->scale = exp(at);
    }
    summary->n_calibration = p->n;
}

/// Predictions of the past as they are gathered.
typedef struct gathering {
    network_residual *residuals;
    double *weight;
    size_t n;
} gathering;

/// Predicts the block that starts at `first` from what came before it, and keeps what had a
/// value to compare with.
static dosi_status gather_block(
    const learning *l, dosi_network *network, size_t first, gathering *g, dosi_error *err) {
    size_t n = network->n, n_block = (size_t)network->half_life;
    network_residual *found = g->residuals + g->n; // kept in place
    DOSI_TRY(learn_structure(l, network, first, err));
    DOSI_TRY(dosi_network_residuals(network, l->field->values + first * n, n_block, l->run,
                                    found, err));
    size_t kept = 0;
    for (size_t k = 0; k < n_block * n; k++) {
        if (!(found[k].variance > 0) || !isfinite(found[k].error)) continue;
        size_t time = first + k / n;
        g->weight[g->n + kept] =
            exp2(-(double)(l->field->n_times - 1 - time) / network->half_life);
        found[kept++] = found[k];
    }
    g->n += kept;
    return DOSI_OK;
}

/// Predicts the last blocks, each from what came before it, and learns the scale from that.
static dosi_status learn_scale(const learning *l, dosi_network *network, dosi_error *err) {
    size_t n = network->n, n_times = l->field->n_times, n_block = (size_t)network->half_life;
    size_t room = N_BLOCKS * n_block * n;
    double shrink = network->summary.shrink;
    gathering g = {.residuals = malloc((room + 1) * sizeof *g.residuals),
                   .weight = malloc((room + 1) * sizeof *g.weight)};
    if (!g.residuals || !g.weight) {
        free(g.residuals);
        free(g.weight);
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu values", room);
    }
    dosi_status status = DOSI_OK;
    for (size_t b = N_BLOCKS; b > 0 && status == DOSI_OK; b--) {
        if (n_times < (b + 1) * n_block) continue; // less than a half-life to learn from
        network->summary.shrink = shrink;
        status = gather_block(l, network, n_times - b * n_block, &g, err);
    }
    network->summary.shrink = shrink;
    past p = {.residuals = g.residuals, .weight = g.weight, .n = g.n};
    if (status == DOSI_OK && g.n >= 10 * n) fit_scale(&p, &network->summary);
    free(g.residuals);
    free(g.weight);
    return status;
}

// --- front ---------------------------------------------------------------------------------

/// Options with their defaults, and a floor of the level: a twentieth of its mean.
static dosi_status open_network(const dosi_st_field *field,
                                const dosi_network_options *options,
                                dosi_network *network,
                                dosi_error *err) {
    const dosi_network_options asked = options ? *options : (dosi_network_options){0};
    size_t n = field->sites->n;
    network->n = n;
    network->half_life = asked.half_life == 0 ? 180 : asked.half_life;
    network->level_power = asked.level_power == 0 ? 0.5 : asked.level_power;
    network->summary.shrink = asked.shrink == 0 ? 0.5 : asked.shrink;
    network->summary.freedom = 8;
    network->summary.scale = 1;
    if (n < MIN_SITES || n > MAX_SITES) {
        return dosi_fail(err, DOSI_DOMAIN, "network: %zu stations, not %d to %d", n, MIN_SITES,
                         MAX_SITES);
    }
    bool is_fine = network->half_life >= 2 && network->half_life <= 1e5 &&
                   network->level_power > 0 && network->level_power <= 2 &&
                   network->summary.shrink > 0 && network->summary.shrink <= 1;
    if (!is_fine) {
        return dosi_fail(err, DOSI_DOMAIN, "network: half-life %g, shrink %g, level power %g",
                         network->half_life, network->summary.shrink, network->level_power);
    }
    double sum = 0, count = 0;
    for (size_t k = 0; k < n * field->n_times; k++) {
        if (!isfinite(field->values[k])) continue;
        sum += field->values[k];
        count += 1;
    }
    for (size_t i = 0; i < n; i++) {
        if (isfinite(field->sites->x[i]) && isfinite(field->sites->y[i])) continue;
        return dosi_fail(err, DOSI_DOMAIN, "network: station %zu is at (%g, %g)", i,
                         field->sites->x[i], field->sites->y[i]);
    }
    network->level_floor = count > 0 ? sum / count / 20 : 0;
    if (network->level_floor > 0) return DOSI_OK;
    return dosi_fail(err, DOSI_DOMAIN, "network: the mean of the past is not > 0");
}

/// Memory of a network and of its learning.
static bool reserve(learning *l, dosi_network *network) {
    size_t n = network->n, n_times = l->field->n_times;
    network->offset = calloc(n + 1, sizeof *network->offset);
    network->covariance = calloc(n * n + 1, sizeof *network->covariance);
    l->bins = calloc(n * n + 1, sizeof *l->bins);
    l->f = calloc(2 * n_times + 4 * n * n + 1, sizeof *l->f);
    if (!network->offset || !network->covariance || !l->bins || !l->f) return false;
    l->weight = l->f + n_times;
    l->count = l->weight + n_times;
    l->offset = l->count + n * n;
    l->gamma = l->offset + n * n;
    l->laplacian = l->gamma + n * n;
    return true;
}

dosi_status dosi_network_learn(const dosi_st_field *history,
                               const dosi_network_options *options,
                               const dosi_run *run,
                               dosi_network **out,
                               dosi_error *err) {
    assert(history && history->sites && (history->values || history->n_times == 0) && out);
    dosi_network *network = calloc(1, sizeof *network);
    if (!network) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for a network");
    learning l = {.field = history, .run = run};
    dosi_status status = open_network(history, options, network, err);
    if (status == DOSI_OK && !reserve(&l, network)) {
        status = dosi_fail(err, DOSI_NO_MEMORY, "no memory for a network of %zu stations",
                           network->n);
    }
    if (status == DOSI_OK) status = learn_scale(&l, network, err);
    if (status == DOSI_OK) status = learn_structure(&l, network, history->n_times, err);
    free(l.bins);
    free(l.f);
    if (status == DOSI_OK) {
        *out = network;
    } else {
        dosi_network_destroy(network);
    }
    return status;
}
