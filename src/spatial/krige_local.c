// Kriging from the nearest present sites. Targets are taken in tiles; the sites that any target
// of a tile can need are found once; targets with the same sites share one factored system; and
// eight systems are done side by side (krige_lanes.h).

#include "dosi/geo.h"
#include "spatial/krige.h"
#include "spatial/krige_lanes.h"

#include <assert.h>
#include <math.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(size_t) <= sizeof(double), "indexes lie among the numbers");

enum { TILE = 256, SLOTS = 1024, SPARE = 64 };

/// One pattern with its present sites side by side, last site first: of equally near sites the
/// lower index wins here, and gstat takes the last of its data.
typedef struct local {
    const krige_work *work;
    const krige_pattern *pattern;
    double *x, *y; ///< (n_present)
    double *error; ///< (n_present) variances of the data's own errors; NULL: none.
    double *drift; ///< (n_columns x n_present)
    dosi_nearest *nearest;
    size_t k;        ///< Sites used for each target.
    bool leaves_out; ///< Targets are the present sites, each without itself.
    size_t n_targets;
    const double *tx, *ty; ///< (n_targets)
    uint32_t *order;       ///< (n_targets) along a space-filling curve.
    size_t most;           ///< Candidates that a tile may have.
} local;

/// Targets of a tile that use the same sites.
typedef struct site_set {
    uint64_t hash;
    size_t n_targets;
    uint32_t first, last; ///< Places in the tile of its first and last target so far.
} site_set;

/// Scratch of one thread.
typedef struct tile {
    size_t n;            ///< Candidates.
    uint32_t *site;      ///< (most) candidates, ascending.
    size_t *index;       ///< (most) their places among all sites.
    double *x, *y;       ///< (most)
    double *error;       ///< (most)
    double *drift;       ///< (n_columns x most)
    double *covariance;  ///< (n x n) of the candidates.
    double *distance2;   ///< (most) of a target.
    double *sorted;      ///< (most + 1) scratch of the selection.
    uint32_t *picked;    ///< (most + 1) likewise.
    double reach2;       ///< Squared k-th distance of the last target.
    uint32_t *near;      ///< (k + 1) scratch of the index.
    double *near2;       ///< (k + 1)
    uint32_t *chosen;    ///< (TILE x k) candidates of each target, ascending.
    uint32_t next[TILE]; ///< Next target of the same set; UINT32_MAX: none.
    uint32_t target[TILE];
    size_t n_targets;
    site_set sets[TILE];
    size_t n_sets;
    uint32_t slot[SLOTS]; ///< Open-addressed: set index + 1, 0 empty.
    krige_lanes lanes;
    unsigned undecided; ///< Lanes whose sites do not tell the drift.
    double *dx, *dy;    ///< (k x lanes) from the sites to the targets.
    void *memory;
} tile;

/// Index among all sites of place `i` of a pattern.
static size_t site_at(const local *l, size_t i) {
    return l->pattern->present[l->pattern->n_present - 1 - i];
}

// --- the order of targets ------------------------------------------------------------------

/// Spreads the low 16 bits to the even places.
static uint32_t spread_bits(uint32_t v) {
    v &= 0xffff;
    v = (v | (v << 8)) & 0x00ff00ff;
    v = (v | (v << 4)) & 0x0f0f0f0f;
    v = (v | (v << 2)) & 0x33333333;
    return (v | (v << 1)) & 0x55555555;
}

/// Sorts targets along a Morton curve, by two passes of 16 bits.
static dosi_status order_targets(local *l, dosi_error *err) {
    size_t n = l->n_targets;
    double box[4] = {INFINITY, INFINITY, -INFINITY, -INFINITY};
    for (size_t i = 0; i < n; i++) {
        box[0] = fmin(box[0], l->tx[i]);
        box[1] = fmin(box[1], l->ty[i]);
        box[2] = fmax(box[2], l->tx[i]);
        box[3] = fmax(box[3], l->ty[i]);
    }
    double span = fmax(fmax(box[2] - box[0], box[3] - box[1]), 1e-9);
    uint32_t *memory = malloc((2 * n + 65537) * sizeof *memory);
    l->order = malloc((n + 1) * sizeof *l->order);
    if (!memory || !l->order) {
        free(memory);
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu targets", n);
    }
    uint32_t *code = memory, *half = memory + n, *count = memory + 2 * n;
    for (size_t i = 0; i < n; i++) {
        uint32_t column = (uint32_t)(65535 * ((l->tx[i] - box[0]) / span));
        uint32_t row = (uint32_t)(65535 * ((l->ty[i] - box[1]) / span));
        code[i] = spread_bits(column) | (spread_bits(row) << 1);
    }
    for (int pass = 0; pass < 2; pass++) {
        memset(count, 0, 65537 * sizeof *count);
        for (size_t i = 0; i < n; i++) count[((code[i] >> (16 * pass)) & 0xffff) + 1]++;
        for (size_t b = 0; b < 65536; b++) count[b + 1] += count[b];
        for (size_t i = 0; i < n; i++) {
            uint32_t target = pass ? half[i] : (uint32_t)i;
            uint32_t place = count[(code[target] >> (16 * pass)) & 0xffff]++;
            *(pass ? &l->order[place] : &half[place]) = target;
        }
    }
    free(memory);
    return DOSI_OK;
}

// --- the candidates of a tile --------------------------------------------------------------

/// Where dosi_nearest_within() puts what it finds.
typedef struct finding {
    tile *t;
    size_t most;
    bool is_full;
} finding;

static void keep_site(void *context, uint32_t index, double distance2) {
    (void)distance2;
    finding *f = context;
    if (f->t->n == f->most) {
        f->is_full = true;
    } else {
        f->t->site[f->t->n++] = index;
    }
}

static int compare_ids(const void *a, const void *b) {
    uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
    return i < j ? -1 : i > j;
}

/// Finds every site that can be among the k nearest of a target of the tile: those within the
/// k-th distance of the middle plus twice the tile's radius. False: more than fit.
static bool find_candidates(const local *l, tile *t) {
    double box[4] = {INFINITY, INFINITY, -INFINITY, -INFINITY};
    for (size_t i = 0; i < t->n_targets; i++) {
        double x = l->tx[t->target[i]], y = l->ty[t->target[i]];
        box[0] = fmin(box[0], x);
        box[1] = fmin(box[1], y);
        box[2] = fmax(box[2], x);
        box[3] = fmax(box[3], y);
    }
    double x = 0.5 * (box[0] + box[2]), y = 0.5 * (box[1] + box[3]);
    double radius = 0.5 * hypot(box[2] - box[0], box[3] - box[1]);
    size_t want = l->k + (l->leaves_out ? 1 : 0);
    size_t n = dosi_nearest_find(l->nearest, x, y, want, t->near, t->near2);
    assert(n == want);
    double reach = (sqrt(t->near2[n - 1]) + 2 * radius) * (1 + 1e-9) + 1e-9;
    finding f = {t, l->most, false};
    t->n = 0;
    dosi_nearest_within(l->nearest, x, y, reach, keep_site, &f);
    qsort(t->site, t->n, sizeof *t->site, compare_ids);
    for (size_t c = 0; c < t->n; c++) {
        t->x[c] = l->x[t->site[c]];
        t->y[c] = l->y[t->site[c]];
    }
    return !f.is_full;
}

/// What the sites' data say of the candidates, and the covariances between them.
static void load_candidates(const local *l, tile *t) {
    size_t n_present = l->pattern->n_present;
    for (size_t c = 0; c < t->n; c++) t->index[c] = site_at(l, t->site[c]);
    for (size_t c = 0; l->error && c < t->n; c++) t->error[c] = l->error[t->site[c]];
    for (size_t q = 0; q < l->work->n_columns; q++) {
        for (size_t c = 0; c < t->n; c++) {
            t->drift[q * l->most + c] = l->drift[q * n_present + t->site[c]];
        }
    }
    const krige_data data = {.sites = {t->n, t->x, t->y},
                             .error_variance = l->error ? t->error : NULL};
    dosi_krige_data_covariances(l->work, &data, t->covariance);
}

/// The value that would be at place `k` of v[0..n) if it were sorted (v is rearranged).
static double select_value(double *v, size_t n, size_t k) {
    size_t low = 0, high = n - 1;
    while (low < high) {
        double pivot = v[low + (high - low) / 2];
        size_t i = low, j = high;
        for (;;) {
            while (v[i] < pivot) i++;
            while (pivot < v[j]) j--;
            if (i >= j) break;
            double swap = v[i];
            v[i++] = v[j];
            v[j--] = swap;
        }
        if (k <= j) {
            high = j;
        } else {
            low = j + 1;
        }
    }
    return v[k];
}

/// Squared distance of the k-th nearest candidate. The k-th distance changes by no more than
/// the way between two targets, so that after the first of a tile only a band is looked at.
static double find_reach2(const local *l, tile *t, size_t i) {
    if (i == 0 || l->leaves_out) {
        memcpy(t->sorted, t->distance2, t->n * sizeof *t->sorted);
        return select_value(t->sorted, t->n, l->k - 1);
    }
    uint32_t here = t->target[i], before = t->target[i - 1];
    double step = hypot(l->tx[here] - l->tx[before], l->ty[here] - l->ty[before]);
    double reach = sqrt(t->reach2), slack = 1e-9 * (reach + step) + 1e-12;
    double low = fmax(reach - step - slack, 0), high = reach + step + slack;
    double low2 = low * low, high2 = high * high;
    size_t n_low = 0, n_band = 0;
    for (size_t c = 0; c < t->n; c++) {
        double d2 = t->distance2[c];
        n_low += d2 < low2;
        t->sorted[n_band] = d2;
        n_band += (size_t)(d2 >= low2) & (size_t)(d2 <= high2);
    }
    assert(n_low < l->k && l->k <= n_low + n_band);
    return select_value(t->sorted, n_band, l->k - 1 - n_low);
}

/// Chooses the k nearest candidates of target `i` of the tile, ascending.
static void choose_sites(const local *l, tile *t, size_t i) {
    uint32_t target = t->target[i];
    double x = l->tx[target], y = l->ty[target];
    for (size_t c = 0; c < t->n; c++) {
        double dx = t->x[c] - x, dy = t->y[c] - y;
        t->distance2[c] = dx * dx + dy * dy;
    }
    for (size_t c = 0; l->leaves_out && c < t->n; c++) {
        if (t->site[c] == target) t->distance2[c] = INFINITY;
    }
    double reach2 = find_reach2(l, t, i);
    t->reach2 = reach2;
    uint32_t *chosen = t->chosen + i * l->k;
    size_t n_near = 0, n_nearer = 0;
    for (size_t c = 0; c < t->n; c++) {
        t->picked[n_near] = (uint32_t)c;
        n_near += t->distance2[c] <= reach2;
        n_nearer += t->distance2[c] < reach2;
    }
    size_t n_tied = l->k - n_nearer, n = 0; // of those just at the reach, the first
    for (size_t p = 0; p < n_near && n < l->k; p++) {
        bool is_tied = t->distance2[t->picked[p]] == reach2;
        if (is_tied && n_tied == 0) continue;
        n_tied -= is_tied ? 1 : 0;
        chosen[n++] = t->picked[p];
    }
    assert(n == l->k);
}

/// Puts target `i` with the others that chose the same sites.
static void join_set(const local *l, tile *t, size_t i) {
    const uint32_t *chosen = t->chosen + i * l->k;
    uint64_t hash = 1469598103934665603U;
    for (size_t c = 0; c < l->k; c++) hash = (hash ^ chosen[c]) * 1099511628211U;
    t->next[i] = UINT32_MAX;
    for (size_t at = hash % SLOTS;; at = (at + 1) % SLOTS) {
        if (t->slot[at] == 0) {
            t->slot[at] = (uint32_t)(t->n_sets + 1);
            t->sets[t->n_sets++] = (site_set){hash, 1, (uint32_t)i, (uint32_t)i};
            return;
        }
        site_set *set = &t->sets[t->slot[at] - 1];
        if (set->hash != hash) continue;
        if (memcmp(chosen, t->chosen + set->first * l->k, l->k * sizeof *chosen) != 0) continue;
        t->next[set->last] = (uint32_t)i;
        set->last = (uint32_t)i;
        set->n_targets++;
        return;
    }
}

// --- eight sets at a time ------------------------------------------------------------------

/// Copies the covariances and drift of a set into a lane.
static void fill_lane(const local *l, tile *t, const site_set *set, size_t lane) {
    const uint32_t *chosen = t->chosen + set->first * l->k;
    double *out = t->lanes.l + lane;
    for (size_t i = 0; i < l->k; i++) {
        const double *row = t->covariance + chosen[i] * t->n;
        for (size_t j = 0; j <= i; j++, out += KRIGE_LANES) *out = row[chosen[j]];
    }
    double *u = t->lanes.u + lane;
    for (size_t q = 0; q < t->lanes.p; q++) {
        const double *drift = t->drift + q * l->most;
        for (size_t i = 0; i < l->k; i++, u += KRIGE_LANES) *u = drift[chosen[i]];
    }
}

/// Index among all targets (or, leaving out, all sites) of target `i` of the tile.
static size_t target_at(const local *l, const tile *t, size_t i) {
    return l->leaves_out ? site_at(l, t->target[i]) : t->target[i];
}

/// Puts where a target is from its chosen sites, and its drift, into a lane.
static void fill_target(const local *l, tile *t, size_t i, size_t lane) {
    const uint32_t *chosen = t->chosen + i * l->k;
    double x = l->tx[t->target[i]], y = l->ty[t->target[i]];
    double *dx = t->dx + lane, *dy = t->dy + lane;
    for (size_t c = 0; c < l->k; c++) {
        dx[c * KRIGE_LANES] = x - t->x[chosen[c]];
        dy[c * KRIGE_LANES] = y - t->y[chosen[c]];
    }
    size_t n_all = l->leaves_out ? l->work->problem->sites->n : l->n_targets;
    size_t at = target_at(l, t, i);
    for (size_t q = 0; q < t->lanes.p; q++) {
        t->lanes.rest[q * KRIGE_LANES + lane] = l->work->target_drift[q * n_all + at];
    }
}

/// Writes the predictions of every map for a target whose weights are in a lane.
static void put_target(const local *l, const tile *t, size_t i, size_t lane, double variance) {
    const krige_work *work = l->work;
    size_t n_sites = work->problem->sites->n;
    size_t n_out = l->leaves_out ? n_sites : l->n_targets;
    size_t column = target_at(l, t, i);
    const uint32_t *chosen = t->chosen + i * l->k;
    double known = work->n_columns == 0 ? work->problem->mean : 0;
    if (t->undecided >> lane & 1) variance = NAN;
    for (size_t j = 0; j < l->pattern->n_maps; j++) {
        size_t map = l->pattern->maps[j];
        const double *values = work->problem->values + map * n_sites;
        double sum = known;
        for (size_t c = 0; c < l->k; c++) {
            double weight = t->lanes.w[c * KRIGE_LANES + lane];
            sum += weight * (values[t->index[chosen[c]]] - known);
        }
        work->prediction[map * n_out + column] = isnan(variance) ? variance : sum;
        if (work->variance) work->variance[map * n_out + column] = variance < 0 ? 0 : variance;
    }
}

/// Puts the next target of each set into its lane; how many lanes have one.
static size_t fill_targets(const local *l, tile *t, const uint32_t *at, uint32_t spare) {
    size_t n_busy = 0;
    for (size_t lane = 0; lane < KRIGE_LANES; lane++) {
        bool is_busy = at[lane] != UINT32_MAX;
        n_busy += is_busy ? 1 : 0;
        fill_target(l, t, is_busy ? at[lane] : spare, lane);
    }
    return n_busy;
}

/// Variance of target `i` of the tile before anything is known of it.
static double variance_before(const local *l, const tile *t, size_t i) {
    double variance = l->work->variance_there;
    return l->leaves_out && l->error ? variance + l->error[t->target[i]] : variance;
}

/// Does up to eight sets with all their targets. False: not positive definite.
static bool do_sets(const local *l, tile *t, const site_set *const *sets, size_t n_sets) {
    uint32_t at[KRIGE_LANES];
    for (size_t lane = 0; lane < KRIGE_LANES; lane++) {
        fill_lane(l, t, sets[lane < n_sets ? lane : 0], lane);
        at[lane] = lane < n_sets ? sets[lane]->first : UINT32_MAX;
    }
    krige_lanes_faults faults = krige_lanes_factor(&t->lanes);
    if (faults.indefinite) return false;
    t->undecided = faults.undecided;
    _Alignas(64) double variance[KRIGE_LANES];
    while (fill_targets(l, t, at, sets[0]->first)) {
        dosi_krige_covariances(l->work, t->dx, t->dy, t->lanes.w, l->k * KRIGE_LANES);
        krige_lanes_solve(&t->lanes, variance);
        for (size_t lane = 0; lane < KRIGE_LANES; lane++) {
            if (at[lane] == UINT32_MAX) continue;
            put_target(l, t, at[lane], lane, variance_before(l, t, at[lane]) + variance[lane]);
            at[lane] = t->next[at[lane]];
        }
    }
    return true;
}

static int compare_sets(const void *a, const void *b) {
    const site_set *p = *(const site_set *const *)a, *q = *(const site_set *const *)b;
    if (p->n_targets != q->n_targets) return p->n_targets > q->n_targets ? -1 : 1;
    return p->first < q->first ? -1 : p->first > q->first;
}

/// Targets order[first, first + n), as one tile or, where too many sites come near, as two.
static bool do_tile(const local *l, tile *t, size_t first, size_t n) {
    t->n_targets = n;
    memcpy(t->target, l->order + first, n * sizeof *t->target);
    if (!find_candidates(l, t) && n > 1) {
        return do_tile(l, t, first, n / 2) && do_tile(l, t, first + n / 2, n - n / 2);
    }
    load_candidates(l, t);
    memset(t->slot, 0, sizeof t->slot);
    t->n_sets = 0;
    for (size_t i = 0; i < n; i++) {
        choose_sites(l, t, i);
        join_set(l, t, i);
    }
    // Sets with as many targets go together, so that few lanes idle.
    const site_set *sets[TILE];
    for (size_t s = 0; s < t->n_sets; s++) sets[s] = &t->sets[s];
    qsort(sets, t->n_sets, sizeof *sets, compare_sets);
    for (size_t s = 0; s < t->n_sets; s += KRIGE_LANES) {
        size_t left = t->n_sets - s;
        if (!do_sets(l, t, sets + s, left < KRIGE_LANES ? left : KRIGE_LANES)) return false;
    }
    return true;
}

// --- threads -------------------------------------------------------------------------------

/// Takes `n` numbers from the scratch.
static double *take(double **at, size_t n) {
    double *taken = *at;
    *at += n;
    return taken;
}

/// Lays out a thread's scratch. False: no memory.
static bool tile_init(tile *t, const local *l) {
    size_t k = l->k, most = l->most, p = l->work->n_columns;
    size_t triangle = k * (k + 1) / 2, small = p * (p + 1) / 2;
    size_t n_lanes = (triangle + 4 * k + p * k + small + p) * KRIGE_LANES;
    size_t n_doubles = n_lanes + (6 + p) * most + 1 + most * most + k + 1;
    size_t n_ids = 2 * most + 1 + k + 1 + TILE * k;
    size_t n_bytes = n_doubles * sizeof(double) + n_ids * sizeof(uint32_t);
    t->memory = aligned_alloc(64, (n_bytes + 63) / 64 * 64);
    if (!t->memory) return false;
    double *at = t->memory;
    t->lanes = (krige_lanes){.k = k, .p = p};
    t->lanes.l = take(&at, triangle * KRIGE_LANES);
    t->lanes.inverse = take(&at, k * KRIGE_LANES);
    t->lanes.w = take(&at, k * KRIGE_LANES);
    t->dx = take(&at, k * KRIGE_LANES);
    t->dy = take(&at, k * KRIGE_LANES);
    t->lanes.u = take(&at, p * k * KRIGE_LANES);
    t->lanes.s = take(&at, small * KRIGE_LANES);
    t->lanes.rest = take(&at, p * KRIGE_LANES);
    t->x = take(&at, most);
    t->y = take(&at, most);
    t->error = take(&at, most);
    t->drift = take(&at, p * most);
    t->distance2 = take(&at, most);
    t->sorted = take(&at, most + 1);
    t->covariance = take(&at, most * most);
    t->near2 = take(&at, k + 1);
    t->index = (size_t *)(void *)take(&at, most);
    t->site = (uint32_t *)(void *)at;
    t->near = t->site + most;
    t->picked = t->near + k + 1;
    t->chosen = t->picked + most + 1;
    return true;
}

/// All targets, in tiles over threads.
static dosi_status do_targets(const local *l, dosi_error *err) {
    const krige_work *work = l->work;
    int n_threads = dosi_run_threads(work->run); // NOLINT(*DeadStores): used by the pragma
    size_t n_tiles = (l->n_targets + TILE - 1) / TILE;
    atomic_int failure = DOSI_OK;
#pragma omp parallel num_threads(n_threads)
    {
        tile *t = calloc(1, sizeof *t);
        if (!t || !tile_init(t, l)) atomic_store(&failure, DOSI_NO_MEMORY);
#pragma omp for schedule(dynamic, 1)
        for (size_t c = 0; c < n_tiles; c++) {
            if (!t || atomic_load(&failure) != DOSI_OK) continue;
            size_t first = c * TILE, left = l->n_targets - first;
            if (dosi_run_check(work->run, NULL) != DOSI_OK) {
                atomic_store(&failure, DOSI_CANCELLED);
            } else if (!do_tile(l, t, first, left < TILE ? left : TILE)) {
                atomic_store(&failure, DOSI_DOMAIN);
            }
        }
        if (t) free(t->memory);
        free(t);
    }
    switch (atomic_load(&failure)) {
    case DOSI_OK:
        return DOSI_OK;
    case DOSI_DOMAIN:
        return dosi_krige_fail_factor(work, err);
    case DOSI_CANCELLED:
        return dosi_run_check(work->run, err);
    default:
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory to krige from %zu sites", l->k);
    }
}

/// Lays out what is known of the present sites in `memory`, (3 + n_columns) x n_present.
static void load_sites(local *l, double *memory) {
    const dosi_krige *problem = l->work->problem;
    size_t n = l->pattern->n_present;
    l->x = memory;
    l->y = memory + n;
    l->error = problem->error_variance ? memory + 2 * n : NULL;
    l->drift = memory + 3 * n;
    for (size_t i = 0; i < n; i++) {
        size_t site = site_at(l, i);
        l->x[i] = problem->sites->x[site];
        l->y[i] = problem->sites->y[site];
        if (l->error) l->error[i] = problem->error_variance[site];
        for (size_t q = 0; q < l->work->n_columns; q++) {
            l->drift[q * n + i] = l->work->drift[q * problem->sites->n + site];
        }
    }
}

dosi_status dosi_krige_local(const krige_work *work,
                             const krige_pattern *pattern,
                             dosi_error *err) {
    size_t n = pattern->n_present;
    local l = {.work = work,
               .pattern = pattern,
               .k = work->problem->n_nearest,
               .leaves_out = work->targets == NULL};
    assert(l.k >= 1 && l.k + l.leaves_out <= n);
    l.most = 2 * l.k + SPARE;
    double *xy = malloc((3 + work->n_columns) * n * sizeof *xy);
    if (!xy) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu sites", n);
    load_sites(&l, xy);
    l.n_targets = l.leaves_out ? n : work->targets->n;
    l.tx = l.leaves_out ? l.x : work->targets->x;
    l.ty = l.leaves_out ? l.y : work->targets->y;
    dosi_status status = dosi_nearest_create(l.x, l.y, n, &l.nearest, err);
    if (status == DOSI_OK) status = order_targets(&l, err);
    if (status == DOSI_OK) status = do_targets(&l, err);
    free(l.order);
    dosi_nearest_destroy(l.nearest);
    free(xy);
    return status;
}
