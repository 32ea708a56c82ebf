// Positive matrix factorisation: Newton's method on the profiles, contributions solved exactly.
//
// With g(f) the exact best contributions, phi(f) = phi(g(f), f) has the curvature
//   S = H_ff - sum_i C_i' A_i^-1 C_i,  A_i = H_gg of row i on its positive contributions,
// all second derivatives of phi included. A damped step minimises the quadratic model within
// the bounds of f. Golub & Pereyra (1973) call this variable projection.

#include "stat/pmf_core.h"
#include "stat/pmf_lanes.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { MAX_K = DOSI_PMF_MAX_FACTORS, MAX_TRIES = 30, MAX_ROUNDS = 16 };

static double low_of(const pmf_work *work, size_t at) {
    return work->hold && work->hold->low ? work->hold->low[at] : 0;
}

static double high_of(const pmf_work *work, size_t at) {
    return work->hold && work->hold->high ? work->hold->high[at] : (double)INFINITY;
}

/// Element (p, q) of packed pairs.
static double pair_of(const double *pairs, size_t p, size_t q, size_t k) {
    size_t a = p < q ? p : q, b = p < q ? q : p;
    return pairs[a * k - a * (a + 1) / 2 + b];
}

/// Adds the slopes of springs.
static void add_spring_slopes(pmf_work *work) {
    const pmf_data *d = work->data;
    for (size_t t = 0; t < work->hold->n_springs; t++) {
        const pmf_spring *spring = &work->hold->springs[t];
        double pull = spring->weight * pmf_spring_length(work, spring);
        for (size_t j = 0; j < d->m; j++) {
            work->gradient[j * d->kp + spring->p] += pull * spring->coefficients[j];
        }
    }
}

void pmf_find_gradient(pmf_work *work) {
    const pmf_data *d = work->data;
    pmf_side_pairs(work, &work->g);
    pmf_side_sums(work, &work->f, &work->g);
    for (size_t j = 0; j < d->m; j++) {
        const double *f = work->f.values + j * d->kp, *normal = work->f.normal + j * d->pp;
        for (size_t p = 0; p < d->k; p++) {
            double sum = -work->f.right[j * d->kp + p];
            for (size_t q = 0; q < d->k; q++) sum += pair_of(normal, p, q, d->k) * f[q];
            work->gradient[j * d->kp + p] = sum;
        }
    }
    if (work->hold) add_spring_slopes(work);
    if (work->tilt.strength != 0) {
        work->gradient[work->tilt.j * d->kp + work->tilt.p] -=
            work->tilt.strength * pmf_mean(work, work->tilt.p);
    }
}

/// Fall of phi that moving entry `at` alone promises.
static double fall_of(double slope, double curvature, double room) {
    if (!(curvature > 0)) return 0;
    double step = fabs(slope) / curvature;
    if (step > room) step = room;
    return step * fabs(slope) - 0.5 * step * step * curvature;
}

/// What springs add to the curvature of entry (j, p).
static double spring_curvature(const pmf_work *work, size_t j, size_t p) {
    double sum = 0;
    for (size_t t = 0; work->hold && t < work->hold->n_springs; t++) {
        const pmf_spring *spring = &work->hold->springs[t];
        if (spring->p != p) continue;
        sum += spring->weight * spring->coefficients[j] * spring->coefficients[j];
    }
    return sum;
}

/// Chooses the entries that may move; the largest promised fall of phi.
static double choose_free(pmf_work *work) {
    const pmf_data *d = work->data;
    double largest = 0;
    work->n_free = 0;
    for (size_t j = 0; j < d->m; j++) {
        for (size_t p = 0; p < d->k; p++) {
            size_t at = j * d->kp + p, t = work->n_free;
            double value = work->f.values[at], slope = work->gradient[at];
            double low = low_of(work, at), high = high_of(work, at);
            double curvature = pair_of(work->f.normal + j * d->pp, p, p, d->k);
            curvature += spring_curvature(work, j, p);
            if (!(curvature > 0)) continue;
            double room = slope > 0 ? value - low : high - value;
            largest = fmax(largest, fall_of(slope, curvature, room));
            if (!(room > 0) && slope != 0) continue;
            work->free_j[t] = (uint32_t)j;
            work->free_p[t] = (uint32_t)p;
            work->slope[t] = slope;
            work->low[t] = low - value;
            work->high[t] = high - value;
            work->damping[t] = curvature;
            work->n_free++;
        }
    }
    work->width = pmf_pad(work->n_free);
    return largest;
}

/// Adds the curvature of one spring.
static void add_spring(pmf_work *work, const pmf_spring *spring) {
    for (size_t t = 0; t < work->n_free; t++) {
        if (work->free_p[t] != spring->p) continue;
        double pull = spring->weight * spring->coefficients[work->free_j[t]];
        if (pull == 0) continue;
        for (size_t s = t; s < work->n_free; s++) {
            if (work->free_p[s] != spring->p) continue;
            work->system[t * work->width + s] += pull * spring->coefficients[work->free_j[s]];
        }
    }
}

/// H_ff on the free entries, and what rows of C need.
static void open_system(pmf_work *work) {
    const pmf_data *d = work->data;
    const size_t n = work->n_free, width = work->width;
    memset(work->system, 0, width * width * sizeof *work->system);
    memset(work->spread, 0, d->k * width * sizeof *work->spread);
    for (size_t t = 0; t < n; t++) {
        size_t j = work->free_j[t], p = work->free_p[t];
        const double *normal = work->f.normal + j * d->pp;
        for (size_t s = t; s < n && work->free_j[s] == j; s++) {
            work->system[t * width + s] = pair_of(normal, p, work->free_p[s], d->k);
        }
        for (size_t q = 0; q < d->k; q++) {
            work->spread[q * width + t] = work->f.values[j * d->kp + q];
        }
    }
    for (size_t t = 0; work->hold && t < work->hold->n_springs; t++) {
        add_spring(work, &work->hold->springs[t]);
    }
}

/// Lower factor, with inverse diagonal, of A on the positive contributions `set` of a row;
/// those whose pivot vanishes are left out. How many stay.
static size_t factor_row(
    const double *normal, size_t k, unsigned char *set, size_t n, double *l) {
    double full[MAX_K][MAX_K];
    size_t kept = 0;
    for (size_t r = 0; r < n; r++) {
        double diagonal = pair_of(normal, set[r], set[r], k), pivot = diagonal;
        for (size_t c = 0; c < kept; c++) {
            double sum = pair_of(normal, set[c], set[r], k);
            for (size_t t = 0; t < c; t++) sum -= full[kept][t] * full[c][t];
            full[kept][c] = sum * full[c][c];
            pivot -= full[kept][c] * full[kept][c];
        }
        if (!(pivot > 1e-13 * diagonal)) continue;
        full[kept][kept] = 1 / sqrt(pivot);
        set[kept++] = set[r];
    }
    for (size_t r = 0; r < kept; r++) {
        for (size_t c = 0; c <= r; c++) l[r * kept + c] = full[r][c];
    }
    return kept;
}

/// Rows of C for sample i into `rows`; the factor's sizes in `set`, `n`.
static void fill_rows(
    const pmf_work *work, size_t i, const unsigned char *set, size_t n, double *rows) {
    const pmf_data *d = work->data;
    const double *w = work->g.w + i * d->mp, *residual = work->residual + i * d->mp;
    const double *g = work->g.values + i * d->kp;
    double *base = work->right; // free until the step is solved
    double *row_of[MAX_K] = {NULL};
    for (size_t t = 0; t < work->n_free; t++) base[t] = w[work->free_j[t]] * g[work->free_p[t]];
    for (size_t t = work->n_free; t < work->width; t++) base[t] = 0;
    for (size_t a = 0; a < n; a++) {
        double *row = rows + a * work->width;
        const double *spread = work->spread + set[a] * work->width;
        for (size_t t = 0; t < work->width; t++) row[t] = base[t] * spread[t];
        row_of[set[a]] = row;
    }
    double tilted = work->tilt.strength * pmf_row_factor(work, i) / (double)d->n;
    for (size_t t = 0; t < work->n_free; t++) {
        double *row = row_of[work->free_p[t]];
        if (!row) continue;
        row[t] -= residual[work->free_j[t]];
        if (work->free_j[t] == work->tilt.j && work->free_p[t] == work->tilt.p) {
            row[t] -= tilted;
        }
    }
}

/// Curvature of the reduced problem on the free entries (upper triangle).
static void build_system(pmf_work *work) {
    const pmf_data *d = work->data;
    size_t held = 0;
    open_system(work);
    for (size_t i = 0; i < d->n; i++) {
        unsigned char set[MAX_K];
        double l[MAX_K * MAX_K];
        size_t n = 0;
        for (size_t p = 0; p < d->k; p++) {
            if (work->g.values[i * d->kp + p] > 0) set[n++] = (unsigned char)p;
        }
        n = factor_row(work->g.normal + i * d->pp, d->k, set, n, l);
        double *rows = work->rows + held * work->width;
        fill_rows(work, i, set, n, rows);
        pmf_forward_rows(l, n, rows, work->width);
        held += n;
        if (held >= PMF_CHUNK || i + 1 == d->n) {
            pmf_take_gram(work->system, work->rows, held, work->width);
            held = 0;
        }
    }
}

/// work->factor = system + lambda damping, with held entries cut out; work->right to match.
static void fill_factor(pmf_work *work, double lambda) {
    const size_t n = work->n_free, width = work->width;
    for (size_t t = 0; t < n; t++) work->right[t] = -work->slope[t];
    for (size_t t = 0; t < n; t++) {
        double *row = work->factor + t * width;
        memcpy(row, work->system + t * width, width * sizeof *row);
        row[t] = work->side_of[t] ? 1 : row[t] + lambda * work->damping[t];
        for (size_t s = t + 1; s < n; s++) {
            if (!work->side_of[t] && !work->side_of[s]) continue;
            if (!work->side_of[s]) work->right[s] -= row[s] * work->step[t];
            if (!work->side_of[t]) work->right[t] -= row[s] * work->step[s];
            row[s] = 0;
        }
    }
    for (size_t t = 0; t < n; t++) {
        if (work->side_of[t]) work->right[t] = work->step[t];
    }
}

/// Solves U'U step = right with the factor.
static void solve_factor(pmf_work *work) {
    const size_t n = work->n_free, width = work->width;
    double *y = work->right;
    for (size_t t = 0; t < n; t++) {
        const double *row = work->factor + t * width;
        y[t] /= row[t];
        for (size_t s = t + 1; s < n; s++) y[s] -= row[s] * y[t];
    }
    for (size_t t = n; t-- > 0;) {
        const double *row = work->factor + t * width;
        for (size_t s = t + 1; s < n; s++) y[t] -= row[s] * y[s];
        y[t] /= row[t];
    }
}

/// Holds entries that the step takes out of bounds; how many.
static size_t hold_outside(pmf_work *work) {
    size_t n = 0;
    for (size_t t = 0; t < work->n_free; t++) {
        if (work->side_of[t]) continue;
        work->step[t] = work->right[t];
        if (work->step[t] < work->low[t]) {
            work->side_of[t] = 1;
        } else if (work->step[t] > work->high[t]) {
            work->side_of[t] = 2;
        } else {
            continue;
        }
        work->step[t] = work->side_of[t] == 1 ? work->low[t] : work->high[t];
        n++;
    }
    return n;
}

/// product = (system + lambda damping) step, in work->right.
static void multiply_system(pmf_work *work, double lambda) {
    const size_t n = work->n_free, width = work->width;
    memset(work->right, 0, width * sizeof *work->right);
    for (size_t t = 0; t < n; t++) {
        const double *row = work->system + t * width;
        double sum = (row[t] + lambda * work->damping[t]) * work->step[t];
        for (size_t s = t + 1; s < n; s++) {
            sum += row[s] * work->step[s];
            work->right[s] += row[s] * work->step[t];
        }
        work->right[t] += sum;
    }
}

/// Frees held entries that the model would move inwards; how many. work->right: the product.
static size_t free_inward(pmf_work *work) {
    size_t n = 0;
    for (size_t t = 0; t < work->n_free; t++) {
        double slope = work->right[t] + work->slope[t];
        bool is_wrong =
            (work->side_of[t] == 1 && slope < 0) || (work->side_of[t] == 2 && slope > 0);
        if (!is_wrong) continue;
        work->side_of[t] = 0;
        n++;
    }
    return n;
}

/// The damped step within bounds; false when the curvature is not positive enough.
static bool find_step(pmf_work *work, double lambda) {
    memset(work->side_of, 0, work->n_free * sizeof *work->side_of);
    for (size_t round = 0, n_freed = 0; round < MAX_ROUNDS; round++) {
        fill_factor(work, lambda);
        if (pmf_factor(work->factor, work->n_free, work->width) != work->n_free) return false;
        solve_factor(work);
        if (hold_outside(work) > 0) continue;
        multiply_system(work, lambda);
        if (n_freed++ == 3 || free_inward(work) == 0) return true;
    }
    return true; // within bounds, if not the very best
}

/// Fall of phi that the undamped model promises for the step.
static double promise_of(pmf_work *work) {
    double sum = 0;
    multiply_system(work, 0);
    for (size_t t = 0; t < work->n_free; t++) {
        sum -= work->step[t] * (work->slope[t] + 0.5 * work->right[t]);
    }
    return sum;
}

/// Moves f by the step and solves g there; the new phi.
static double try_step(pmf_work *work) {
    const pmf_data *d = work->data;
    memcpy(work->g_old, work->g.values, d->n * d->kp * sizeof *work->g_old);
    memcpy(work->f_old, work->f.values, d->m * d->kp * sizeof *work->f_old);
    for (size_t t = 0; t < work->n_free; t++) {
        size_t at = work->free_j[t] * d->kp + work->free_p[t];
        double value = work->f.values[at] + work->step[t];
        if (work->side_of[t] == 1) value = low_of(work, at);
        if (work->side_of[t] == 2) value = high_of(work, at);
        work->f.values[at] = value;
    }
    return pmf_solve_g(work);
}

/// Takes the step back, sums included.
static void undo_step(pmf_work *work) {
    const pmf_data *d = work->data;
    memcpy(work->g.values, work->g_old, d->n * d->kp * sizeof *work->g_old);
    memcpy(work->f.values, work->f_old, d->m * d->kp * sizeof *work->f_old);
    (void)pmf_solve_g(work);
}

/// One accepted step; the fall of phi, negative when none was found.
static double descend(pmf_work *work, double *lambda, double *promise) {
    for (size_t t = 0; t < MAX_TRIES; t++) {
        if (!find_step(work, *lambda)) {
            *lambda = fmax(*lambda * 8, 1e-8);
            continue;
        }
        *promise = promise_of(work);
        double phi = try_step(work), fall = work->phi - phi;
        if (fall > 1e-3 * *promise && fall > 0) {
            double ratio = fall / *promise;
            if (ratio > 0.7) *lambda = fmax(*lambda / 6, 1e-12);
            if (ratio < 0.2) *lambda *= 3;
            work->phi = phi;
            return fall;
        }
        undo_step(work);
        if (fabs(*promise) < 1e-13 * work->phi) return -1;
        *lambda = fmax(*lambda * 6, 1e-8);
    }
    return -1;
}

pmf_descent pmf_newton(pmf_work *work, size_t n, double tolerance) {
    pmf_descent out = {0};
    work->phi = pmf_solve_g(work);
    for (;;) {
        pmf_find_gradient(work);
        out.kkt = choose_free(work) / fmax(work->phi, 1e-300);
        if (out.n_steps == n || work->n_free == 0) break;
        build_system(work);
        double promise = 0, fall = descend(work, &work->lambda, &promise);
        out.n_steps++;
        if (fall < 0) {
            out.is_converged = out.kkt <= tolerance;
            break;
        }
        if (!work->hold) pmf_normalise(work);
        if (!work->hold) work->phi = pmf_solve_g(work);
        // Damped steps are small and well foretold however far the minimum is.
        bool is_near = fabs(promise - fall) < work->enough && work->lambda <= 1e-6;
        if (is_near || (promise < tolerance * work->phi && work->lambda < 1e-4)) {
            out.is_converged = true;
            break;
        }
    }
    return out;
}

/// Half of Huber's loss of the present residuals, which robust weights minimise.
static double huber_of(const pmf_work *work, double alpha) {
    const pmf_data *d = work->data;
    double sum = 0;
    for (size_t i = 0; i < d->n; i++) {
        const double *g = work->g.values + i * d->kp;
        double row = 0;
        for (size_t j = 0; j < d->m; j++) {
            const double *f = work->f.values + j * d->kp;
            double away = d->x[i * d->mp + j];
            for (size_t p = 0; p < d->k; p++) away -= g[p] * f[p];
            double z = fabs(away) * sqrt(d->w[i * d->mp + j]);
            row += z > alpha ? 2 * alpha * z - alpha * alpha : z * z;
        }
        sum += 0.5 * row * pmf_row_factor(work, i);
    }
    return sum;
}

pmf_descent pmf_descend(pmf_work *work, double alpha, size_t n, double tolerance) {
    if (!(alpha > 0)) return pmf_newton(work, n, tolerance);
    pmf_descent out = {0};
    double last = INFINITY;
    while (out.n_steps < n) {
        pmf_work_weigh(work, work->row_factor, alpha);
        pmf_descent part = pmf_newton(work, 3, tolerance);
        out.n_steps += part.n_steps > 0 ? part.n_steps : 1;
        out.kkt = part.kkt;
        double now = huber_of(work, alpha);
        out.is_converged = part.is_converged && last - now < 10 * tolerance * now;
        if (out.is_converged) break;
        last = now;
    }
    return out;
}
