// Space-time models fitted to a sample variogram: sills by non-negative least squares for given
// ranges, ranges and nugget shares by Nelder-Mead from the best places of a coarse grid.

#include "dosi/num.h"
#include "dosi/spacetime.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_SILLS = 6, MAX_FREE = 4, LEVELS = 6, N_KEPT = 24, MAX_STEPS = 600, MIN_BINS = 8 };

/// What the search carries along: filled bins as columns.
typedef struct fit {
    size_t n;
    double *h, *u, *gamma, *weight;
    double *column[MAX_SILLS]; ///< (n) what each sill is multiplied with.
    size_t n_sills, n_free;
    double low[MAX_FREE], high[MAX_FREE]; ///< Of what is searched.
    dosi_st_model model;                  ///< Kinds given; the rest from the last evaluation.
} fit;

// --- non-negative least squares ------------------------------------------------------------

/// Normal equations G x = b and the set of columns in use.
typedef struct normal {
    size_t n;
    double g[MAX_SILLS][MAX_SILLS], b[MAX_SILLS], x[MAX_SILLS];
    bool is_used[MAX_SILLS];
} normal;

/// Solves for the columns in use; others 0. False when they depend on each other.
static bool solve_used(const normal *e, double *s) {
    size_t which[MAX_SILLS], k = 0;
    double a[MAX_SILLS * MAX_SILLS], right[MAX_SILLS];
    for (size_t i = 0; i < e->n; i++) {
        s[i] = 0;
        if (e->is_used[i]) which[k++] = i;
    }
    for (size_t i = 0; i < k; i++) {
        for (size_t j = 0; j < k; j++) a[i * k + j] = e->g[which[i]][which[j]];
        right[i] = e->b[which[i]];
    }
    if (dosi_cholesky(a, k) != k) return false;
    dosi_cholesky_forward(a, k, right);
    dosi_cholesky_backward(a, k, right);
    for (size_t i = 0; i < k; i++) s[which[i]] = right[i];
    return true;
}

/// Goes from x towards s as far as nothing becomes negative; drops what became 0.
static bool step_inside(normal *e, const double *s) {
    double share = 1;
    for (size_t i = 0; i < e->n; i++) {
        if (!e->is_used[i] || s[i] > 0) continue;
        double at = e->x[i] - s[i] > 0 ? e->x[i] / (e->x[i] - s[i]) : 0;
        share = fmin(share, at);
    }
    bool is_whole = true;
    for (size_t i = 0; i < e->n; i++) {
        if (!e->is_used[i]) continue;
        bool is_bound = s[i] <= 0;
        e->x[i] += share * (s[i] - e->x[i]);
        if (!is_bound || e->x[i] > 1e-14 * fabs(s[i])) continue;
        e->x[i] = 0;
        e->is_used[i] = false;
        is_whole = false;
    }
    return is_whole;
}

/// The column whose sill would lower the error most, or n.
static size_t find_entering(const normal *e, const bool *is_barred) {
    size_t best = e->n;
    double most = 0;
    for (size_t i = 0; i < e->n; i++) {
        if (e->is_used[i] || is_barred[i] || !(e->g[i][i] > 0)) continue;
        double slope = e->b[i];
        for (size_t j = 0; j < e->n; j++) slope -= e->g[i][j] * e->x[j];
        double gain = slope / sqrt(e->g[i][i]);
        if (slope > 1e-12 * fabs(e->b[i]) && gain > most) {
            most = gain;
            best = i;
        }
    }
    return best;
}

/// Lawson and Hanson's active sets.
static void solve_nonnegative(normal *e) {
    bool is_barred[MAX_SILLS] = {false};
    double s[MAX_SILLS];
    for (int round = 0; round < 4 * MAX_SILLS; round++) {
        size_t enters = find_entering(e, is_barred);
        if (enters == e->n) return;
        e->is_used[enters] = true;
        bool is_done = false;
        while (!is_done) {
            if (!solve_used(e, s)) {
                e->is_used[enters] = false;
                e->x[enters] = 0;
                is_barred[enters] = true;
                break;
            }
            is_done = step_inside(e, s);
        }
        if (!e->is_used[enters]) is_barred[enters] = true;
    }
}

/// The best sills for the columns, and the sum of weighted squares that they leave.
static double fit_sills(const fit *f, double *sills) {
    normal e = {.n = f->n_sills};
    for (size_t i = 0; i < e.n; i++) {
        for (size_t j = 0; j <= i; j++) {
            double sum = 0;
            for (size_t r = 0; r < f->n; r++) {
                sum += f->weight[r] * f->column[i][r] * f->column[j][r];
            }
            e.g[i][j] = e.g[j][i] = sum;
        }
        for (size_t r = 0; r < f->n; r++) {
            e.b[i] += f->weight[r] * f->column[i][r] * f->gamma[r];
        }
    }
    solve_nonnegative(&e);
    double error = 0;
    for (size_t r = 0; r < f->n; r++) {
        double rest = f->gamma[r];
        for (size_t i = 0; i < e.n; i++) rest -= e.x[i] * f->column[i][r];
        error += f->weight[r] * rest * rest;
    }
    memcpy(sills, e.x, sizeof e.x);
    return error;
}

// --- families ------------------------------------------------------------------------------

/// A variogram of sill 1 with the shape of `part`.
static dosi_variogram unit_of(const dosi_variogram *part, double range, double nugget) {
    return (dosi_variogram){.kind = part->kind,
                            .nugget = nugget,
                            .psill = 1 - nugget,
                            .range_m = range,
                            .kappa = part->kappa};
}

/// Nugget and psill of one sum as a sill and a variogram of sill 1.
static double take_part(dosi_variogram *part, double range, double nugget, double psill) {
    double sill = nugget + psill;
    *part = unit_of(part, range, sill > 0 ? nugget / sill : 0);
    return sill;
}

/// Error of the products: ranges and nugget shares of space and time.
static double error_of_products(fit *f, const double *p) {
    dosi_st_model *m = &f->model;
    m->space = unit_of(&m->space, exp(p[0]), p[2]);
    m->time = unit_of(&m->time, exp(p[1]), p[3]);
    bool is_sum = m->kind == DOSI_ST_PRODUCT_SUM;
    for (size_t r = 0; r < f->n; r++) {
        double space = dosi_variogram_value(&m->space, f->h[r]);
        double time = dosi_variogram_value(&m->time, f->u[r]);
        f->column[0][r] = space + time - space * time;
        f->column[1][r] = space;
        f->column[2][r] = time;
    }
    double sills[MAX_SILLS] = {0};
    double error = fit_sills(f, sills);
    m->sill_product = sills[0];
    m->sill_space = is_sum ? sills[1] : 0;
    m->sill_time = is_sum ? sills[2] : 0;
    return error;
}

/// Error of the metric families: ranges, and metres a step.
static double error_of_sums(fit *f, const double *p) {
    dosi_st_model *m = &f->model;
    bool is_sum = m->kind == DOSI_ST_SUM_METRIC;
    const dosi_variogram joint = unit_of(&m->joint, exp(p[0]), 0);
    m->metres_per_step = exp(p[1]);
    for (size_t r = 0; r < f->n; r++) {
        double stretched = m->metres_per_step * f->u[r];
        double distance = sqrt(f->h[r] * f->h[r] + stretched * stretched);
        f->column[0][r] = distance > 0 ? 1 : 0;
        f->column[1][r] = dosi_variogram_value(&joint, distance);
    }
    if (is_sum) {
        const dosi_variogram space = unit_of(&m->space, exp(p[2]), 0);
        const dosi_variogram time = unit_of(&m->time, exp(p[3]), 0);
        for (size_t r = 0; r < f->n; r++) {
            f->column[2][r] = f->h[r] > 0 ? 1 : 0;
            f->column[3][r] = dosi_variogram_value(&space, f->h[r]);
            f->column[4][r] = f->u[r] > 0 ? 1 : 0;
            f->column[5][r] = dosi_variogram_value(&time, f->u[r]);
        }
    }
    double sills[MAX_SILLS] = {0};
    double error = fit_sills(f, sills);
    m->sill_joint = take_part(&m->joint, exp(p[0]), sills[0], sills[1]);
    m->sill_space = m->sill_time = 0;
    if (is_sum) {
        m->sill_space = take_part(&m->space, exp(p[2]), sills[2], sills[3]);
        m->sill_time = take_part(&m->time, exp(p[3]), sills[4], sills[5]);
    }
    return error;
}

/// Error at a point of the search, which is first brought inside its bounds.
static double error_at(fit *f, double *p) {
    for (size_t i = 0; i < f->n_free; i++) p[i] = fmin(fmax(p[i], f->low[i]), f->high[i]);
    bool is_product =
        f->model.kind == DOSI_ST_SEPARABLE || f->model.kind == DOSI_ST_PRODUCT_SUM;
    double error = is_product ? error_of_products(f, p) : error_of_sums(f, p);
    return isfinite(error) ? error : (double)INFINITY;
}

// --- search --------------------------------------------------------------------------------

/// A point with its error.
typedef struct corner {
    double p[MAX_FREE], error;
} corner;

/// The point `share` of the way from the worst corner through the middle of the others.
static corner move_through(fit *f, const corner *all, double share) {
    size_t n = f->n_free;
    corner out = {.error = 0};
    for (size_t i = 0; i < n; i++) {
        double middle = 0;
        for (size_t c = 0; c < n; c++) middle += all[c].p[i] / (double)n;
        out.p[i] = middle + share * (middle - all[n].p[i]);
    }
    out.error = error_at(f, out.p);
    return out;
}

static void sort_corners(corner *all, size_t n) {
    for (size_t i = 1; i < n; i++) {
        corner item = all[i];
        size_t j = i;
        for (; j > 0 && all[j - 1].error > item.error; j--) all[j] = all[j - 1];
        all[j] = item;
    }
}

/// One step of Nelder and Mead on sorted corners.
static void step_simplex(fit *f, corner *all) {
    size_t n = f->n_free;
    corner mirror = move_through(f, all, 1);
    if (mirror.error < all[0].error) {
        corner further = move_through(f, all, 2);
        all[n] = further.error < mirror.error ? further : mirror;
        return;
    }
    if (mirror.error < all[n - 1].error) {
        all[n] = mirror;
        return;
    }
    corner inside = move_through(f, all, mirror.error < all[n].error ? 0.5 : -0.5);
    if (inside.error < fmin(mirror.error, all[n].error)) {
        all[n] = inside;
        return;
    }
    for (size_t c = 1; c <= n; c++) {
        for (size_t i = 0; i < n; i++) all[c].p[i] = 0.5 * (all[c].p[i] + all[0].p[i]);
        all[c].error = error_at(f, all[c].p);
    }
}

/// Goes down from `start` with a simplex of edges `edge` times the width of the bounds.
static corner descend(fit *f, const corner *start, double edge) {
    corner all[MAX_FREE + 1];
    size_t n = f->n_free;
    for (size_t c = 0; c <= n; c++) {
        all[c] = *start;
        if (c == 0) continue;
        double width = edge * (f->high[c - 1] - f->low[c - 1]);
        bool is_room = all[c].p[c - 1] + width <= f->high[c - 1];
        all[c].p[c - 1] += is_room ? width : -width;
        all[c].error = error_at(f, all[c].p);
    }
    for (int step = 0; step < MAX_STEPS; step++) {
        sort_corners(all, n + 1);
        double spread = 0;
        for (size_t i = 0; i < n; i++) {
            for (size_t c = 1; c <= n; c++) {
                double width = f->high[i] - f->low[i];
                spread = fmax(spread, fabs(all[c].p[i] - all[0].p[i]) / width);
            }
        }
        if (spread < 1e-10) break;
        step_simplex(f, all);
    }
    sort_corners(all, n + 1);
    return all[0];
}

/// The best of a coarse grid, the best few of it refined, the best of those once more.
static double search(fit *f) {
    corner kept[N_KEPT + 1] = {{.error = 0}};
    size_t n_kept = 0, n_points = 1;
    for (size_t i = 0; i < f->n_free; i++) n_points *= LEVELS;
    for (size_t k = 0; k < n_points; k++) {
        corner at = {.error = 0};
        size_t rest = k;
        for (size_t i = 0; i < f->n_free; i++) {
            double share = ((double)(rest % LEVELS) + 0.5) / LEVELS;
            at.p[i] = f->low[i] + share * (f->high[i] - f->low[i]);
            rest /= LEVELS;
        }
        at.error = error_at(f, at.p);
        kept[n_kept] = at;
        sort_corners(kept, n_kept + 1);
        if (n_kept < N_KEPT) n_kept++;
    }
    corner best = kept[0];
    for (size_t k = 0; k < n_kept; k++) {
        corner found = descend(f, &kept[k], 0.1);
        if (found.error < best.error) best = found;
    }
    for (int round = 0; round < 20; round++) {
        corner found = descend(f, &best, round % 2 ? 0.003 : 0.03);
        bool is_better = found.error < best.error * (1 - 1e-9);
        if (found.error < best.error) best = found;
        if (!is_better && round > 1) break;
    }
    return error_at(f, best.p);
}

/// Bounds of what is searched, from the filled bins.
static void set_bounds(fit *f) {
    double shortest = INFINITY, longest = 0, last = 1;
    for (size_t r = 0; r < f->n; r++) {
        if (f->h[r] > 0) shortest = fmin(shortest, f->h[r]);
        longest = fmax(longest, f->h[r]);
        last = fmax(last, f->u[r]);
    }
    if (!(longest > 0)) shortest = longest = 1;
    const double space[2] = {log(shortest / 5), log(longest * 20)};
    const double time[2] = {log(0.2), log(last * 20)};
    const double stretch[2] = {log(longest / last / 50), log(longest / last * 50)};
    const double share[2] = {0, 0.999};
    bool is_product =
        f->model.kind == DOSI_ST_SEPARABLE || f->model.kind == DOSI_ST_PRODUCT_SUM;
    const double *products[MAX_FREE] = {space, time, share, share};
    const double *sums[MAX_FREE] = {space, stretch, space, time};
    for (size_t i = 0; i < MAX_FREE; i++) {
        f->low[i] = is_product ? products[i][0] : sums[i][0];
        f->high[i] = is_product ? products[i][1] : sums[i][1];
    }
    static const size_t n_free[] = {4, 4, 2, 4}, n_sills[] = {1, 3, 2, 6};
    f->n_free = n_free[f->model.kind];
    f->n_sills = n_sills[f->model.kind];
}

dosi_status dosi_st_variogram_fit(const dosi_st_bin *bins,
                                  size_t n_bins,
                                  double metres_per_step,
                                  dosi_st_model *model,
                                  double *error,
                                  dosi_error *err) {
    assert(bins && model && model->kind < DOSI_ST_COUNT);
    if (!(metres_per_step > 0 && isfinite(metres_per_step))) {
        return dosi_fail(err, DOSI_DOMAIN, "space-time fit: weights with %g m a step",
                         metres_per_step);
    }
    double *memory = calloc(n_bins * (4 + MAX_SILLS) + 1, sizeof *memory);
    if (!memory) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu bins", n_bins);
    fit f = {.h = memory,
             .u = memory + n_bins,
             .gamma = memory + 2 * n_bins,
             .weight = memory + 3 * n_bins,
             .model = *model};
    for (size_t i = 0; i < MAX_SILLS; i++) f.column[i] = memory + (4 + i) * n_bins;
    for (size_t b = 0; b < n_bins; b++) {
        double h_km = bins[b].distance_m / 1000;
        double u_km = metres_per_step / 1000 * bins[b].lag;
        if (!(bins[b].n_pairs > 0) || !(h_km * h_km + u_km * u_km > 0)) continue;
        f.h[f.n] = bins[b].distance_m;
        f.u[f.n] = bins[b].lag;
        f.gamma[f.n] = bins[b].gamma;
        f.weight[f.n++] = bins[b].n_pairs / (h_km * h_km + u_km * u_km);
    }
    if (f.n < MIN_BINS) {
        free(memory);
        return dosi_fail(err, DOSI_DOMAIN, "space-time fit: %zu filled bins, it needs %d", f.n,
                         MIN_BINS);
    }
    set_bounds(&f);
    double least = search(&f) / (double)f.n;
    free(memory);
    *model = f.model;
    if (error) *error = least;
    return DOSI_OK;
}
