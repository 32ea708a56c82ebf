// Sequential Gaussian simulation. All places stand in the order in which they become known: the
// data, then the targets along a random path. Where a place's neighbours are and what they
// weigh does not depend on values, so that blocks of the path are prepared in parallel; then
// the realisations, in parallel too, walk through the block.

#include "dosi/simulate.h"
#include "dosi/num.h"
#include "dosi/random.h"
#include "spatial/covariance.h"

#include <assert.h>
#include <math.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_NEAREST = DOSI_SIMULATE_MAX_NEAREST, BLOCK = 4096, FIRST_STAGE = 1024 };

/// Squares that hold the places known by the end of a stage, for finding those near.
typedef struct squares {
    double x0, y0, side;
    size_t n_columns, n_rows;
    uint32_t *start; ///< (n_columns n_rows + 1)
    uint32_t *place; ///< By square; ascending within each.
} squares;

/// A simulation on its way.
typedef struct simulation {
    const dosi_simulation *problem;
    const dosi_sites *targets;
    const dosi_run *run;
    covariance_field field;
    double mean;
    size_t n_data, n;    ///< Places that are data; all places.
    double *x, *y;       ///< (n) in the order of becoming known.
    uint32_t *target;    ///< (n) which target a place is; UINT32_MAX: datum.
    double *values;      ///< (n_realisations x n) less the mean.
    dosi_random *random; ///< (n_realisations)
    squares squares;
    uint32_t *near;   ///< (BLOCK x n_nearest)
    double *weight;   ///< (BLOCK x n_nearest)
    double *spread;   ///< (BLOCK) standard deviation of what the neighbours do not tell.
    uint32_t *n_near; ///< (BLOCK)
} simulation;

// --- neighbours ----------------------------------------------------------------------------

/// Square of a coordinate, from 0.
static size_t square_of(double at, double from, double side, size_t n) {
    double k = floor((at - from) / side);
    return k < 0 ? 0 : k >= (double)n ? n - 1 : (size_t)k;
}

/// Sorts the first `n` places into squares of about two each.
static void fill_squares(simulation *s, size_t n) {
    squares *q = &s->squares;
    double box[4] = {INFINITY, INFINITY, -INFINITY, -INFINITY};
    for (size_t i = 0; i < n; i++) {
        box[0] = fmin(box[0], s->x[i]);
        box[1] = fmin(box[1], s->y[i]);
        box[2] = fmax(box[2], s->x[i]);
        box[3] = fmax(box[3], s->y[i]);
    }
    double width = fmax(box[2] - box[0], 1e-6), height = fmax(box[3] - box[1], 1e-6);
    q->x0 = box[0];
    q->y0 = box[1];
    // Not more squares than places, however long and thin the box is.
    q->side = fmax(sqrt(2 * width * height / (double)n), 4 * fmax(width, height) / (double)n);
    q->n_columns = (size_t)(width / q->side) + 1;
    q->n_rows = (size_t)(height / q->side) + 1;
    size_t n_squares = q->n_columns * q->n_rows;
    memset(q->start, 0, (n_squares + 1) * sizeof *q->start);
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = n; i-- > 0;) {
            size_t column = square_of(s->x[i], q->x0, q->side, q->n_columns);
            size_t row = square_of(s->y[i], q->y0, q->side, q->n_rows);
            size_t at = row * q->n_columns + column;
            if (pass == 0) {
                q->start[at]++;
            } else {
                q->place[--q->start[at]] = (uint32_t)i;
            }
        }
        for (size_t k = 1; k <= n_squares && pass == 0; k++) q->start[k] += q->start[k - 1];
    }
}

/// The nearest places found so far, nearest first.
typedef struct nearest {
    size_t n, most;
    double distance2[MAX_NEAREST];
    uint32_t place[MAX_NEAREST];
} nearest;

/// Takes in a place; of equally near ones the one that was known first goes first.
static void offer(nearest *found, double distance2, uint32_t place) {
    size_t at = found->n;
    if (at == found->most) {
        double last = found->distance2[at - 1];
        if (distance2 > last || (distance2 == last && place > found->place[at - 1])) return;
        at--;
    } else {
        found->n++;
    }
    for (; at > 0; at--) {
        double before = found->distance2[at - 1];
        if (before < distance2) break;
        if (before == distance2 && found->place[at - 1] < place) break;
        found->distance2[at] = before;
        found->place[at] = found->place[at - 1];
    }
    found->distance2[at] = distance2;
    found->place[at] = place;
}

/// Offers what is known before place `i` in one square.
static void offer_square(const simulation *s, size_t i, size_t at, nearest *found) {
    const squares *q = &s->squares;
    for (uint32_t k = q->start[at]; k < q->start[at + 1]; k++) {
        uint32_t place = q->place[k];
        if (place >= i) break; // they ascend
        double dx = s->x[place] - s->x[i], dy = s->y[place] - s->y[i];
        offer(found, dx * dx + dy * dy, place);
    }
}

/// Offers the squares of a row that are `ring` away from the middle one.
static void offer_row(const simulation *s,
                      size_t i,
                      const ptrdiff_t *middle,
                      const ptrdiff_t *row_and_ring,
                      nearest *found) {
    const squares *q = &s->squares;
    ptrdiff_t row = row_and_ring[0], ring = row_and_ring[1];
    if (row < 0 || row >= (ptrdiff_t)q->n_rows) return;
    bool is_edge = row == middle[1] - ring || row == middle[1] + ring;
    ptrdiff_t step = is_edge || ring == 0 ? 1 : 2 * ring;
    for (ptrdiff_t column = middle[0] - ring; column <= middle[0] + ring; column += step) {
        if (column < 0 || column >= (ptrdiff_t)q->n_columns) continue;
        offer_square(s, i, (size_t)row * q->n_columns + (size_t)column, found);
    }
}

/// Finds the nearest places known before place `i`.
static void find_nearest(const simulation *s, size_t i, nearest *found) {
    const squares *q = &s->squares;
    const ptrdiff_t middle[2] = {(ptrdiff_t)square_of(s->x[i], q->x0, q->side, q->n_columns),
                                 (ptrdiff_t)square_of(s->y[i], q->y0, q->side, q->n_rows)};
    size_t n_rings = q->n_columns > q->n_rows ? q->n_columns : q->n_rows;
    found->n = 0;
    found->most = s->problem->n_nearest;
    for (ptrdiff_t ring = 0; ring <= (ptrdiff_t)n_rings; ring++) {
        for (ptrdiff_t row = middle[1] - ring; row <= middle[1] + ring; row++) {
            const ptrdiff_t row_and_ring[2] = {row, ring};
            offer_row(s, i, middle, row_and_ring, found);
        }
        double seen = (double)ring * q->side; // nothing nearer than this is left
        if (found->n == found->most && found->distance2[found->n - 1] < seen * seen) break;
    }
}

// --- weights -------------------------------------------------------------------------------

/// Scratch of one thread.
typedef struct scratch {
    nearest found;
    double l[MAX_NEAREST * (MAX_NEAREST + 1) / 2];
    double dx[MAX_NEAREST], dy[MAX_NEAREST], row[MAX_NEAREST], y[MAX_NEAREST];
    uint32_t kept[MAX_NEAREST];
} scratch;

/// Covariances of a place with the kept ones, into t->row.
static void fill_row(const simulation *s, scratch *t, size_t place, size_t n) {
    for (size_t j = 0; j < n; j++) {
        t->dx[j] = s->x[place] - s->x[t->kept[j]];
        t->dy[j] = s->y[place] - s->y[t->kept[j]];
    }
    covariance_fill(&s->field, t->dx, t->dy, t->row, n);
}

/// Solves L y = row, L packed by rows; the sum of squares.
static double solve_row(scratch *t, size_t n, double *y) {
    const double *l = t->l;
    double squares_sum = 0;
    for (size_t j = 0; j < n; j++) {
        double sum = t->row[j];
        for (size_t k = 0; k < j; k++) sum -= l[k] * y[k];
        y[j] = sum / l[j];
        squares_sum += y[j] * y[j];
        l += j + 1;
    }
    return squares_sum;
}

/// Weights and spread of place `i`, the `b`-th of its block. A neighbour that is at the place
/// of another (or as good as) says nothing new and is left out.
static void prepare_place(simulation *s, scratch *t, size_t i, size_t b) {
    size_t k = s->problem->n_nearest, n = 0;
    find_nearest(s, i, &t->found);
    for (size_t c = 0; c < t->found.n; c++) {
        double *row = t->l + n * (n + 1) / 2;
        fill_row(s, t, t->found.place[c], n);
        double left = s->field.sill - solve_row(t, n, row);
        if (!(left > 1e-12 * s->field.sill)) continue;
        row[n] = sqrt(left);
        t->kept[n++] = t->found.place[c];
    }
    fill_row(s, t, i, n);
    double left = s->field.sill - solve_row(t, n, t->y);
    double *w = s->weight + b * k;
    for (size_t j = n; j-- > 0;) {
        const double *row = t->l + j * (j + 1) / 2;
        w[j] = t->y[j] / row[j];
        for (size_t c = 0; c < j; c++) t->y[c] -= row[c] * w[j];
    }
    memcpy(s->near + b * k, t->kept, n * sizeof *t->kept);
    s->n_near[b] = (uint32_t)n;
    s->spread[b] = left > 1e-12 * s->field.sill ? sqrt(left) : 0;
}

/// One realisation walks through places [first, end), whose weights are prepared.
static void walk(simulation *s, size_t realisation, size_t first, size_t end) {
    double *values = s->values + realisation * s->n;
    dosi_random random = s->random[realisation];
    for (size_t i = first; i < end; i++) {
        size_t at = (i - first) * s->problem->n_nearest;
        double sum = s->spread[i - first] * dosi_random_normal(&random);
        for (size_t j = 0; j < s->n_near[i - first]; j++) {
            sum += s->weight[at + j] * values[s->near[at + j]];
        }
        values[i] = sum;
    }
    s->random[realisation] = random;
}

/// Prepares places [first, end), then walks through them. False: no memory.
static bool do_block(simulation *s, size_t first, size_t end) {
    int n_threads = dosi_run_threads(s->run); // NOLINT(*DeadStores): used by the pragma
    atomic_bool is_short = false;
#pragma omp parallel num_threads(n_threads)
    {
        scratch *t = malloc(sizeof *t);
        if (!t) atomic_store(&is_short, true);
#pragma omp for schedule(dynamic, 64)
        for (size_t i = first; i < end; i++) {
            if (t) prepare_place(s, t, i, i - first);
        }
        free(t);
#pragma omp for schedule(static)
        for (size_t r = 0; r < s->problem->n_realisations; r++) walk(s, r, first, end);
    }
    return !atomic_load(&is_short);
}

/// All places, in stages that double what is known and blocks within them.
static dosi_status do_places(simulation *s, dosi_error *err) {
    size_t stage = s->n_data;
    for (size_t first = s->n_data; first < s->n;) {
        DOSI_TRY(dosi_run_check(s->run, err));
        if (first >= stage) {
            stage = 2 * first > FIRST_STAGE ? 2 * first : FIRST_STAGE;
            if (stage > s->n) stage = s->n;
            fill_squares(s, stage);
        }
        size_t end = first + BLOCK < stage ? first + BLOCK : stage;
        if (!do_block(s, first, end)) {
            return dosi_fail(err, DOSI_NO_MEMORY, "no memory to simulate");
        }
        first = end;
        dosi_run_report(s->run, (double)first / (double)s->n, "simulating");
    }
    return DOSI_OK;
}

// --- before and after ------------------------------------------------------------------------

/// DOSI_DOMAIN naming what is outside its domain.
static dosi_status check(const dosi_simulation *problem,
                         const dosi_sites *targets,
                         dosi_error *err) {
    DOSI_TRY(dosi_variogram_check(problem->model, err));
    for (const dosi_variogram *m = problem->model; m; m = m->nested) {
        if (m->kind != DOSI_VARIOGRAM_LINEAR) continue;
        return dosi_fail(err, DOSI_DOMAIN, "simulation: a linear variogram has no sill");
    }
    if (problem->n_nearest < 1 || problem->n_nearest > MAX_NEAREST) {
        return dosi_fail(err, DOSI_DOMAIN, "simulation: %zu neighbours, 1 to %d",
                         problem->n_nearest, MAX_NEAREST);
    }
    if (isinf(problem->mean)) {
        return dosi_fail(err, DOSI_DOMAIN, "simulation: mean %g", problem->mean);
    }
    const dosi_sites *both[2] = {problem->sites, targets};
    for (size_t k = 0; k < 2; k++) {
        for (size_t i = 0; i < both[k]->n; i++) {
            if (isfinite(both[k]->x[i]) && isfinite(both[k]->y[i])) continue;
            return dosi_fail(err, DOSI_DOMAIN, "simulation: %s %zu is at (%g, %g)",
                             k ? "target" : "site", i, both[k]->x[i], both[k]->y[i]);
        }
    }
    return DOSI_OK;
}

/// Places: the data that are present, then the targets in a random order.
static void order_places(simulation *s) {
    const dosi_simulation *problem = s->problem;
    for (size_t i = 0; i < problem->sites->n; i++) {
        if (!isfinite(problem->values[i])) continue;
        s->x[s->n_data] = problem->sites->x[i];
        s->y[s->n_data] = problem->sites->y[i];
        s->values[s->n_data] = problem->values[i];
        s->target[s->n_data++] = UINT32_MAX;
    }
    s->n = s->n_data + s->targets->n;
    dosi_random random = dosi_random_init(problem->seed, 0);
    uint32_t *path = s->target + s->n_data;
    for (size_t i = 0; i < s->targets->n; i++) {
        size_t j = dosi_random_below(&random, (uint32_t)i + 1);
        path[i] = path[j];
        path[j] = (uint32_t)i;
    }
    for (size_t i = 0; i < s->targets->n; i++) {
        s->x[s->n_data + i] = s->targets->x[path[i]];
        s->y[s->n_data + i] = s->targets->y[path[i]];
    }
}

/// The generalised-least-squares mean of the data, or the one that is known; NaN when the
/// covariances are not positive definite.
static double find_mean(const simulation *s) {
    size_t n = s->n_data;
    if (!isnan(s->problem->mean)) return s->problem->mean;
    double *memory = malloc((n * n + 4 * n + 1) * sizeof *memory);
    if (!memory || n == 0) {
        free(memory);
        return NAN;
    }
    double *l = memory, *one = l + n * n, *z = one + n, *dx = z + n, *dy = dx + n;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j <= i; j++) dx[j] = s->x[i] - s->x[j];
        for (size_t j = 0; j <= i; j++) dy[j] = s->y[i] - s->y[j];
        covariance_fill(&s->field, dx, dy, l + i * n, i + 1);
        one[i] = 1;
        z[i] = s->values[i];
    }
    double mean = NAN;
    if (dosi_cholesky(l, n) == n) {
        dosi_sum top = {0}, bottom = {0};
        dosi_cholesky_forward(l, n, one);
        dosi_cholesky_forward(l, n, z);
        for (size_t i = 0; i < n; i++) {
            dosi_sum_add(&top, one[i] * z[i]);
            dosi_sum_add(&bottom, one[i] * one[i]);
        }
        mean = dosi_sum_value(&top) / dosi_sum_value(&bottom);
    }
    free(memory);
    return mean;
}

/// Data into every realisation, less the mean; the generators.
static dosi_status start(simulation *s, dosi_error *err) {
    double sill = dosi_variogram_sill(s->problem->model, 0);
    if (!(sill > 0)) {
        return dosi_fail(err, DOSI_DOMAIN, "simulation: the variogram is 0 everywhere");
    }
    covariance_field_set(&s->field, s->problem->model, sill);
    s->mean = find_mean(s);
    if (isnan(s->mean)) {
        return dosi_fail(err, DOSI_DOMAIN,
                         "simulation: no mean is given, and %zu values do not tell one",
                         s->n_data);
    }
    for (size_t i = 0; i < s->n_data; i++) s->values[i] -= s->mean;
    for (size_t r = 0; r < s->problem->n_realisations; r++) {
        s->random[r] = dosi_random_init(s->problem->seed, r + 1);
        if (r > 0) memcpy(s->values + r * s->n, s->values, s->n_data * sizeof *s->values);
    }
    return DOSI_OK;
}

/// Lays everything out. False: no memory.
static bool allocate(simulation *s) {
    size_t most = s->problem->sites->n + s->targets->n + 1;
    size_t n_realisations = s->problem->n_realisations, k = s->problem->n_nearest;
    s->x = calloc(2 * most, sizeof *s->x);
    s->y = s->x ? s->x + most : NULL;
    s->values = calloc(most * n_realisations + 1, sizeof *s->values);
    s->random = calloc(n_realisations + 1, sizeof *s->random);
    s->weight = calloc(BLOCK * (k + 1), sizeof *s->weight);
    s->spread = s->weight ? s->weight + BLOCK * k : NULL;
    s->target = calloc(3 * most + 16, sizeof *s->target);
    s->near = calloc(BLOCK * (k + 1), sizeof *s->near);
    if (!s->x || !s->values || !s->random || !s->weight || !s->target || !s->near) return false;
    s->n_near = s->near + BLOCK * k;
    s->squares.place = s->target + most;
    s->squares.start = s->target + 2 * most;
    return true;
}

dosi_status dosi_simulate(const dosi_simulation *problem,
                          const dosi_sites *targets,
                          const dosi_run *run,
                          double *out,
                          dosi_error *err) {
    assert(problem && problem->model && problem->sites && targets && out);
    DOSI_TRY(check(problem, targets, err));
    simulation s = {.problem = problem, .targets = targets, .run = run};
    dosi_status status = DOSI_OK;
    if (!allocate(&s)) {
        status = dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu fields of %zu places",
                           problem->n_realisations, targets->n);
    } else {
        order_places(&s);
        status = start(&s, err);
        if (status == DOSI_OK) status = do_places(&s, err);
    }
    for (size_t r = 0; r < problem->n_realisations && status == DOSI_OK; r++) {
        double *to = out + r * targets->n;
        for (size_t i = s.n_data; i < s.n; i++) {
            to[s.target[i]] = s.mean + s.values[r * s.n + i];
        }
    }
    free(s.x);
    free(s.values);
    free(s.random);
    free(s.weight);
    free(s.target);
    free(s.near);
    return status;
}
