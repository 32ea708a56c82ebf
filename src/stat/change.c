// Change points of a mean, by dynamic programming with pruning.

#include "dosi/trend.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/// Standard deviation of the noise: from the median size of differences, widened for values
/// that follow one another.
static double noise_of(const double *v, size_t n, bool is_slow, double *work) {
    for (size_t i = 0; i + 1 < n; i++) work[i] = fabs(v[i + 1] - v[i]);
    size_t kept = dosi_sort_present(work, n - 1);
    double sd = 1.482602218505602 * dosi_quantile_sorted(work, kept, 0.5) / sqrt(2);
    if (!is_slow) return sd;
    // Differences at lag 1 and 2 of an AR(1): medians m1 and m2 with m2/m1 = sqrt(1 + rho).
    for (size_t i = 0; i + 2 < n; i++) work[i] = fabs(v[i + 2] - v[i]);
    kept = n > 2 ? dosi_sort_present(work, n - 2) : 0;
    double ratio = 1.482602218505602 * dosi_quantile_sorted(work, kept, 0.5) / sqrt(2) / sd;
    double rho = fmin(fmax(ratio * ratio - 1, 0), 0.95);
    // sd is sqrt(1 - rho) of the series' own; a mean of an AR(1) scatters as of white noise of
    // (1 + rho) / (1 - rho) times the variance.
    return sd * sqrt((1 + rho) / (1 - rho)) / sqrt(1 - rho);
}

/// Sums of the first i values, and of their squares, about the first value.
typedef struct sums {
    double *v, *square;
} sums;

/// Squared distance of v[from..to) from its mean.
static double cost_of(const sums *s, size_t from, size_t to) {
    double n = (double)(to - from), sum = s->v[to] - s->v[from];
    double cost = s->square[to] - s->square[from] - sum * sum / n;
    return cost > 0 ? cost : 0;
}

/// Room of the search.
typedef struct search {
    sums sums;
    double *best;  ///< (n + 1) cost of the best partition of the first i values.
    size_t *last;  ///< (n + 1) its last change.
    size_t *alive; ///< (n + 1) changes that can still be best.
    size_t *until; ///< (n + 1) for ends below this only; 0: no end is known.
    double penalty;
    size_t min_length;
} search;

/// Fills best and last for all prefixes.
static void search_all(search *s, size_t n) {
    size_t n_alive = 0;
    s->best[0] = -s->penalty;
    for (size_t to = s->min_length; to <= n; to++) {
        size_t candidate = to - s->min_length;
        if (candidate == 0 || !isinf(s->best[candidate])) s->alive[n_alive++] = candidate;
        s->best[to] = INFINITY;
        for (size_t a = 0; a < n_alive; a++) {
            size_t from = s->alive[a];
            double cost = s->best[from] + cost_of(&s->sums, from, to) + s->penalty;
            if (cost < s->best[to]) {
                s->best[to] = cost;
                s->last[to] = from;
            }
        }
        // One that is worse than a change at `to` even without a penalty can be best only for
        // ends that are too near for a change at `to`.
        size_t kept = 0;
        for (size_t a = 0; a < n_alive; a++) {
            size_t from = s->alive[a];
            bool is_worse = s->best[from] + cost_of(&s->sums, from, to) > s->best[to];
            if (is_worse && s->until[from] == 0) s->until[from] = to + s->min_length;
            if (s->until[from] == 0 || to + 1 < s->until[from]) s->alive[kept++] = from;
        }
        n_alive = kept;
    }
}

/// Changes among m values without gaps; positions into at.
static size_t find_changes(search *s, const double *v, size_t m, size_t *at) {
    for (size_t i = 0; i < m; i++) {
        double d = v[i] - v[0];
        s->sums.v[i + 1] = s->sums.v[i] + d;
        s->sums.square[i + 1] = s->sums.square[i] + d * d;
        s->best[i + 1] = INFINITY;
    }
    search_all(s, m);
    size_t n_at = 0;
    for (size_t to = m; s->last[to] > 0; to = s->last[to]) at[n_at++] = s->last[to];
    for (size_t i = 0; i < n_at / 2; i++) {
        size_t swapped = at[i];
        at[i] = at[n_at - 1 - i];
        at[n_at - 1 - i] = swapped;
    }
    return n_at;
}

dosi_status dosi_changes_find(const double *value,
                              size_t n,
                              const dosi_changes *options,
                              size_t *at,
                              size_t *n_at,
                              dosi_error *err) {
    assert(options->min_length > 0);
    double *memory = calloc(5 * n + 5, sizeof *memory);
    size_t *indexes = calloc(4 * n + 4, sizeof *indexes);
    if (!memory || !indexes) {
        free(memory);
        free(indexes);
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for changes in %zu values", n);
    }
    double *v = memory, *work = v + n + 1;
    size_t *row = indexes, m = 0;
    search s = {.sums = {work, work + n + 1}, .min_length = options->min_length};
    s.best = s.sums.square + n + 1;
    s.last = row + n + 1;
    s.alive = s.last + n + 1;
    s.until = s.alive + n + 1;
    for (size_t i = 0; i < n; i++) {
        if (isnan(value[i])) continue;
        row[m] = i;
        v[m++] = value[i];
    }
    *n_at = 0;
    if (m >= 2 * options->min_length && m >= 4) {
        double sd = noise_of(v, m, options->is_slow, s.best);
        s.penalty = options->penalty * log((double)m) * sd * sd;
        memset(s.best, 0, (n + 1) * sizeof *s.best);
        // Without noise every difference is a change; a penalty of zero would split rounding.
        if (!(s.penalty > 0)) s.penalty = 1e-12 * (v[0] * v[0] + 1);
        *n_at = find_changes(&s, v, m, at);
        for (size_t i = 0; i < *n_at; i++) at[i] = row[at[i]];
    }
    free(memory);
    free(indexes);
    return DOSI_OK;
}
