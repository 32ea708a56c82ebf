// Positive matrix factorisation: one profile entry moved until Q has risen by given levels.
//
// The entry in the units of x, h = f[j][p] x mean contribution, does not change when a profile
// is scaled. Minimising phi - strength h for a growing strength walks along the best
// solutions for each h, and d phi / d h = strength there, so that ends between two solutions
// are known to second order.

#include "stat/pmf_error.h"

#include <math.h>
#include <string.h>

enum { MAX_K = DOSI_PMF_MAX_FACTORS, MAX_TRIES = 16, MAX_STEPS = 40 };

/// A path on its way, in scaled units.
typedef struct walk {
    pmf_work *work;
    double q0;       ///< Q at the minimum.
    double sign;     ///< +1 up, -1 down.
    double give;     ///< h gained per strength beyond the threshold.
    double strength; ///< Present.
    double h, rise;  ///< Present entry and rise of Q.
} walk;

/// The entry in scaled units of x.
static double entry_of(const pmf_work *work) {
    return work->f.values[work->tilt.j * work->data->kp + work->tilt.p] *
           pmf_mean(work, work->tilt.p);
}

/// Solves for a strength.
static void solve_walk(walk *w, double strength, double level) {
    w->work->tilt.strength = w->sign * strength;
    w->work->enough = 0.004 * level;
    if (!(w->work->lambda < 1e-6)) w->work->lambda = 1e-6;
    (void)pmf_newton(w->work, MAX_STEPS, 1e-3 * level / fmax(w->q0, level));
    w->strength = strength;
    w->h = entry_of(w->work);
    w->rise = 2 * (w->work->phi + w->work->tilt.strength * w->h) - w->q0;
}

/// First guess of how much h gives, from the entry's own curvature (too little: other entries
/// adapt), and the strength below which an entry at its bound does not move.
static double open_walk(walk *w) {
    pmf_work *work = w->work;
    const pmf_data *d = work->data;
    size_t j = work->tilt.j, p = work->tilt.p;
    pmf_find_gradient(work);
    double mean = pmf_mean(work, p);
    double slope = work->gradient[j * d->kp + p] / mean;
    double own = work->f.normal[j * d->pp + p * d->k - p * (p + 1) / 2 + p] / (mean * mean);
    w->give = 3 / own;
    return work->f.values[j * d->kp + p] > 0 ? 0 : fmax(0, slope);
}

/// Whether the walk has come down to nothing without Q rising by the level.
static bool is_at_zero(const walk *w, double level) {
    return w->sign < 0 && !(w->h > 0) && w->rise <= level;
}

/// Strengths between which the level lies, and what was found there.
typedef struct bracket {
    double low, low_h, low_rise;
    double high, high_h, high_rise; ///< high: infinity while not met.
} bracket;

/// Enters the present solution; a next strength to try.
static double narrow(walk *w, double threshold, double level, bool is_plain, bracket *b) {
    double gained = w->strength * w->strength - threshold * threshold;
    bool is_moving = gained > 0 && w->rise > 1e-3 * level && (w->sign > 0 || w->h > 0);
    if (is_moving) w->give = w->rise / gained;
    if (w->rise < level) {
        b->low = w->strength;
        b->low_h = w->h;
        b->low_rise = fmax(w->rise, 0);
        if (w->rise > 0) pmf_work_keep(w->work);
    } else {
        b->high = w->strength;
        b->high_h = w->h;
        b->high_rise = w->rise;
        if (w->rise > 1.5 * level) pmf_work_return(w->work); // too far to go on from
    }
    double next = sqrt(threshold * threshold + level / w->give);
    if (is_moving && !is_plain && next > b->low && next < b->high) return next;
    return isinf(b->high) ? 2 * b->low + 1e-12 : 0.5 * (b->low + b->high);
}

/// Walks to one level; the entry there. Where the solutions jump over the level, between the
/// ends of the jump.
static double reach(walk *w, double threshold, double level) {
    double target = sqrt(threshold * threshold + level / w->give);
    bracket b = {threshold, w->h, fmax(w->rise, 0), INFINITY, 0, 0};
    for (size_t t = 0; t < MAX_TRIES; t++) {
        solve_walk(w, target, level);
        if (is_at_zero(w, level)) return 0;
        double next = narrow(w, threshold, level, t >= 5, &b);
        if (w->rise < 1.2 * level && w->rise > 0.8 * level) {
            double best = sqrt(threshold * threshold + level / w->give);
            return fmax(w->h + w->sign * w->give * (best - w->strength), 0);
        }
        if (b.high - b.low < 1e-4 * b.high) break;
        target = next;
    }
    if (isinf(b.high)) return w->h;
    double part = (level - b.low_rise) / (b.high_rise - b.low_rise);
    return b.low_h + part * (b.high_h - b.low_h);
}

double pmf_follow(pmf_work *work,
                  const dosi_pmf_solution *base,
                  const pmf_path *path,
                  const double *levels,
                  double *ends,
                  bool *is_swapped) {
    const pmf_data *d = work->data;
    walk w = {.work = work, .sign = path->is_up ? 1 : -1};
    double deepest = 0;
    size_t nearest[MAX_K];
    double correlation[MAX_K];
    work->tilt = (pmf_tilt){path->j, path->p, 0};
    work->lambda = 1e-8;
    work->phi = pmf_solve_g(work);
    w.q0 = 2 * work->phi;
    w.h = entry_of(work);
    pmf_work_keep(work);
    double threshold = open_walk(&w);
    bool is_over = !path->is_up && !(w.h > 0);
    for (size_t l = 0; l < DOSI_PMF_LEVELS; l++) {
        is_swapped[l] = l > 0 && is_swapped[l - 1];
        ends[l] = w.h * d->scale[path->j];
        if (is_over) continue;
        double end = reach(&w, threshold, levels[l]);
        ends[l] = end * d->scale[path->j];
        is_over = is_at_zero(&w, levels[l]);
        deepest = fmax(deepest, -w.rise);
        if (w.rise > 2 * levels[l]) continue; // a jump: the solution is not of this level
        pmf_work_keep(work);
        pmf_nearest_factors(work, base, 0, nearest, correlation);
        if (nearest[path->p] != path->p) is_swapped[l] = true;
    }
    work->tilt.strength = 0;
    work->enough = 0;
    return deepest;
}
