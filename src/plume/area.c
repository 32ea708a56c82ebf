// Areas: the integral along a polygon's sides of the plume's height times the part of the plume
// that is to the side's right. Source: AERMOD Model Formulation, section 5.4; the rule of
// integration and its errors are AERMOD's, so that results are.

#include "plume/area.h"
#include "plume/point.h"
#include "plume/terrain.h"

#include <math.h>
#include <string.h>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#endif

#define LANES   1
#define NAME(x) x##_one
#define TARGET
#include "plume/lanes.h"

#include "plume/kernel.h"

#define MICROGRAMS   1e6
#define NEAREST_M    1.01 ///< What is nearer to the receptor does not count.
#define SIDES        3.9  ///< Half the width of a plume in sigma_y.
#define LEAST_SIDE_M 0.01
#define FAR_SIGMAS   5.0
#define HOUR_S       3600.0

enum { MOST_SIDES = DOSI_PLUME_VERTICES + 2, ROMBERG = 12, ROMBERG_LEAST = 5, BRENT = 10 };

/// A corner of what is upwind of the receptor: how far, how far across, and that in sigma_y.
typedef struct corner {
    double u, v, sigmas;
} corner;

/// What is integrated.
typedef enum wanted {
    CONCENTRATION,
    DRY,
    WET,
    TOTAL,
    WANTED,
} wanted;

/// A receptor's integral on its way.
typedef struct sweep {
    const plume_release *release;
    const plume_deposit *deposit; ///< NULL: nothing is deposited.
    wanted what;
    place_one place;
    double sigma_w; ///< Effective one of the last distance, where the next begins.
    const corner *from, *to;
    bool is_inside; ///< All of the plume is on one side.
} sweep;

/// Part of a Gaussian plume on one side, from a table with steps of a tenth of a sigma.
static double part_beside(double sigmas) {
    static const double table[] = {
        0.0,    0.0001, 0.0001, 0.0002, 0.0002, 0.0003, 0.0005, 0.0007, 0.0010, 0.0013,
        0.0019, 0.0026, 0.0035, 0.0047, 0.0062, 0.0082, 0.0107, 0.0139, 0.0179, 0.0227,
        0.0287, 0.0359, 0.0446, 0.0548, 0.0668, 0.0808, 0.0968, 0.1151, 0.1357, 0.1587,
        0.1841, 0.2119, 0.2420, 0.2742, 0.3085, 0.3445, 0.3821, 0.4207, 0.4602, 0.5000,
        0.5398, 0.5793, 0.6179, 0.6555, 0.6915, 0.7258, 0.7580, 0.7881, 0.8159, 0.8413,
        0.8643, 0.8849, 0.9032, 0.9192, 0.9332, 0.9452, 0.9554, 0.9641, 0.9713, 0.9773,
        0.9821, 0.9861, 0.9893, 0.9918, 0.9938, 0.9953, 0.9965, 0.9974, 0.9981, 0.9987,
        0.9990, 0.9993, 0.9995, 0.9997, 0.9998, 0.9998, 0.9999, 0.9999, 1.0};
    enum { ENTRIES = sizeof table / sizeof *table };
    double at = 10 * sigmas + 40;
    if (at >= ENTRIES) return 1;
    if (!(at >= 1)) return 0;
    size_t i = (size_t)at;
    return table[i - 1] + (at - (double)i) * (table[i] - table[i - 1]);
}

/// The plume at a distance; `is_again` as spread_convective() has it.
static void spread_of(sweep *s, double u, bool is_again, spread_one *out) {
    s->place.x = u;
    *out = (spread_one){.air = {1, 1, 1, 0}, .sigma_y = 1};
    if (s->release->is_like_stable) {
        spread_stable_one(s->release, &s->place, out);
    } else {
        spread_convective_one(s->release, &s->place, &s->sigma_w, is_again, out);
    }
}

/// Distance across in sigma_y.
static double sigmas_of(sweep *s, double u, double v) {
    spread_one spread;
    spread_of(s, u, false, &spread);
    return v / spread.sigma_y;
}

/// Where the side is at a distance.
static double across_of(const sweep *s, double u) {
    return s->from->v + (u - s->from->u) * (s->to->v - s->from->v) / (s->to->u - s->from->u);
}

/// Flux of a class at a distance, but for what is left of it.
static double class_flux(sweep *s, const plume_class *c, double u, spread_one *out) {
    plume_release r = *s->release;
    const plume_release *own = s->release;
    double start = s->sigma_w, value = 0, above = s->place.above, flag = s->place.flag;
    r.settling_ms = c->settling_ms;
    s->release = &r;
    spread_of(s, u, !s->is_inside, out);
    double kept = left_over_one(&r, u, out->air.u);
    if (s->what == CONCENTRATION) value = out->vertical * kept;
    if (s->what == WET || s->what == TOTAL) value = c->washed_s / out->air.u;
    if (s->what == DRY || s->what == TOTAL) {
        spread_one low;
        s->sigma_w = start;
        s->place.level = above - flag + s->deposit->level_m;
        s->place.level_flag = s->deposit->level_m;
        spread_of(s, u, !s->is_inside, &low);
        s->place.level = above;
        s->place.level_flag = flag;
        value += c->velocity_ms * low.vertical * kept;
    }
    s->release = own;
    return c->share * value;
}

/// The same of all classes; losses on the way are found first.
static double deposited_height(sweep *s, double u) {
    const plume_deposit *d = s->deposit;
    plume_where at = {u, s->place.above, s->place.flag, s->place.z, s->place.hill};
    double left[DOSI_PARTICLE_CLASSES], sum = 0;
    spread_one spread;
    for (size_t i = 0; i < d->n; i++) {
        left[i] = plume_deposit_left(d, &d->classes[i], &at, &s->sigma_w);
    }
    double start = s->sigma_w;
    for (size_t i = 0; i < d->n; i++) {
        s->sigma_w = start;
        sum += left[i] * class_flux(s, &d->classes[i], u, &spread);
    }
    return sum * (s->is_inside ? 1 : part_beside(across_of(s, u) / spread.sigma_y));
}

/// What is integrated.
static double height_of(sweep *s, double u) {
    if (s->deposit) return deposited_height(s, u);
    spread_one spread;
    spread_of(s, u, !s->is_inside, &spread);
    double part = s->is_inside ? 1 : part_beside(across_of(s, u) / spread.sigma_y);
    return part * spread.vertical * left_over_one(s->release, u, spread.air.u);
}

/// Romberg's rule between two distances; stops at a hundredth, or at steps of a metre.
static double integrate(sweep *s, double from, double to) {
    double rows[ROMBERG], width = to - from, step = width, part = 1;
    double first = height_of(s, from);
    rows[0] = 0.5 * (first + height_of(s, to));
    if (width == 0 || rows[0] == 0) return 0;
    size_t n_new = 1;
    for (int i = 1; i < ROMBERG; i++, n_new *= 2) {
        double before = rows[0], sum = 0, stride = step, q = 1;
        step *= 0.5;
        part *= 0.5;
        double at = from + step;
        for (size_t j = 0; j < n_new; j++, at += stride) sum += height_of(s, at);
        rows[i] = 0.5 * rows[i - 1] + part * sum;
        for (int j = i - 1; j >= 0; j--) {
            q *= 4;
            rows[j] = rows[j + 1] + (rows[j + 1] - rows[j]) / (q - 1);
        }
        if (i + 1 < ROMBERG_LEAST) continue;
        double size = fabs(rows[0]);
        if (size < 1e-5 || fabs(before - rows[0]) <= 1e-2 * size || fabs(step) < 1) break;
    }
    return width * rows[0];
}

/// Brent's step from the best point `b` with the point before `a` and the far end `c`.
/// @return false: halve instead.
static bool brent_step(
    const double *x, const double *f, double tolerance, double e, double *d) {
    double half = 0.5 * (x[2] - x[1]), s = f[1] / f[0], p = 0, q = 0;
    if (x[0] == x[2]) {
        p = 2 * half * s;
        q = 1 - s;
    } else {
        double t = f[0] / f[2], r = f[1] / f[2];
        p = s * (2 * half * t * (t - r) - (x[1] - x[0]) * (r - 1));
        q = (t - 1) * (r - 1) * (s - 1);
    }
    if (p > 0) q = -q;
    p = fabs(p);
    // (The last term is e - q and not e q as in Brent's: AERMOD's.)
    if (!(2 * p < fmin(3 * half * q - fabs(tolerance * q), fabs(e - q)))) return false;
    *d = p / q;
    return true;
}

/// Distance at which the side is `limit` sigma_y across: Brent's method, coarsely.
static double crossing(sweep *s, double limit) {
    double x[3] = {s->from->u, s->to->u, 0}; // before, best, far end
    double f[3] = {s->from->sigmas - limit, s->to->sigmas - limit, 0};
    double d = 0, e = 0;
    f[2] = f[1];
    for (int round = 0; round < BRENT; round++) {
        if (f[1] * f[2] > 0) {
            x[2] = x[0];
            f[2] = f[0];
            d = e = x[1] - x[0];
        }
        if (fabs(f[2]) < fabs(f[1])) {
            x[0] = x[1];
            x[1] = x[2];
            x[2] = x[0];
            f[0] = f[1];
            f[1] = f[2];
            f[2] = f[0];
        }
        double tolerance = 2e-3 * fabs(x[1]) + 0.5e-3, half = 0.5 * (x[2] - x[1]);
        if (fabs(half) <= tolerance || f[1] == 0) break;
        double step = 0, was = d;
        if (fabs(e) >= tolerance && fabs(f[0]) > fabs(f[1]) &&
            brent_step(x, f, tolerance, e, &step)) {
            e = was;
            d = step;
        } else {
            d = e = half;
        }
        x[0] = x[1];
        f[0] = f[1];
        x[1] += fabs(d) > tolerance ? d : copysign(tolerance, half);
        f[1] = sigmas_of(s, x[1], across_of(s, x[1])) - limit;
    }
    return x[1];
}

/// A stretch of a side where all of the plume is on one side.
typedef struct stretch {
    double from, to;
} stretch;

/// A side's integral; where it leaves the plume on one side, the stretch is kept for later.
static double integrate_side(sweep *s, stretch *stretches, size_t *n_stretches) {
    double a = s->from->u, b = s->to->u;
    if (fabs(a - b) < LEAST_SIDE_M) return 0;
    bool from_over = s->from->sigmas > SIDES, to_over = s->to->sigmas > SIDES;
    bool from_under = s->from->sigmas < -SIDES, to_under = s->to->sigmas < -SIDES;
    if (from_under && to_under) return 0;
    if (from_over && to_over) {
        stretches[(*n_stretches)++] = (stretch){a, b};
        return 0;
    }
    double over = 0, under = 0;
    if (from_over || to_over) over = crossing(s, SIDES);
    if (from_under || to_under) under = crossing(s, -SIDES);
    double low = from_over ? over : from_under ? under : a;
    double high = to_over ? over : to_under ? under : b;
    if (from_over) stretches[(*n_stretches)++] = (stretch){a, over};
    if (to_over) stretches[(*n_stretches)++] = (stretch){over, b};
    return integrate(s, low, high);
}

/// How often, with its sign, a piece is covered by stretches.
static int times_covered(const stretch *list, size_t n, double low, double high) {
    int times = 0;
    for (size_t i = 0; i < n; i++) {
        if (low >= fmin(list[i].from, list[i].to) && high <= fmax(list[i].from, list[i].to)) {
            times += list[i].to > list[i].from ? 1 : -1;
        }
    }
    return times;
}

static void sort(double *values, size_t n) {
    for (size_t i = 1; i < n; i++) {
        double v = values[i];
        size_t j = i;
        for (; j > 0 && values[j - 1] > v; j--) values[j] = values[j - 1];
        values[j] = v;
    }
}

/// Integral of the kept stretches: what two of them cover in opposite directions cancels.
static double integrate_stretches(sweep *s, const stretch *list, size_t n) {
    double ends[4 * MOST_SIDES], sum = 0, start = 0;
    for (size_t i = 0; i < n; i++) {
        ends[2 * i] = list[i].from;
        ends[2 * i + 1] = list[i].to;
    }
    sort(ends, 2 * n);
    s->is_inside = true;
    int running = 0;
    for (size_t i = 1; i < 2 * n; i++) {
        double low = ends[i - 1], high = ends[i];
        if (low == high) continue;
        int times = times_covered(list, n, low, high);
        // Pieces of one sign that touch are one.
        if (running != 0 && times * running <= 0) {
            sum += running * integrate(s, start, low);
            running = 0;
        }
        if (times != 0 && running == 0) start = low;
        running = times;
    }
    if (running != 0) sum += running * integrate(s, start, ends[2 * n - 1]);
    s->is_inside = false;
    return sum;
}

/// The part of the polygon that is upwind of the receptor.
static size_t clip(const corner *all, size_t n, corner *out) {
    size_t k = 0;
    for (size_t i = 0; i < n && k + 2 < 2 * (size_t)MOST_SIDES; i++) {
        const corner *a = &all[i], *b = &all[(i + 1) % n];
        if (a->u >= NEAREST_M) out[k++] = *a;
        if ((a->u >= NEAREST_M) == (b->u >= NEAREST_M)) continue;
        double v = a->v + (NEAREST_M - a->u) * (b->v - a->v) / (b->u - a->u);
        out[k++] = (corner){NEAREST_M, v, 0};
    }
    return k;
}

/// Whether the receptor is so far beside the area that it gets nothing.
static bool is_far_beside(const plume_release *r, const corner *all, size_t n, double far) {
    double low = all[0].v, high = all[0].v;
    for (size_t i = 1; i < n; i++) {
        low = fmin(low, all[i].v);
        high = fmax(high, all[i].v);
    }
    double beside = fmax(low, -high); // of the nearest edge
    if (beside <= 0) return false;
    air_one air = {r->speed_ms, r->sigma_v_ms, r->sigma_w_ms, r->lapse};
    double sigma = r->is_like_stable ? sigma_y_ambient_one(r, far, air, r->height_m)
                                     : sigma_y_convective_one(r, far, air);
    return beside >= FAR_SIGMAS * sigma;
}

/// The integral over the area as a receptor gets it.
static double integral_at(sweep *s, const corner *all, size_t n) {
    corner upwind[2 * MOST_SIDES + 1] = {{0}};
    stretch stretches[2 * MOST_SIDES];
    size_t k = clip(all, n, upwind), n_stretches = 0;
    if (k < 3) return 0;
    double least = SIDES, most = -SIDES, sum = 0;
    for (size_t i = 0; i < k; i++) {
        upwind[i].sigmas = sigmas_of(s, upwind[i].u, upwind[i].v);
        least = fmin(least, upwind[i].sigmas);
        most = fmax(most, upwind[i].sigmas);
    }
    if (least >= SIDES || most <= -SIDES) return 0;
    upwind[k] = upwind[0]; // closed
    for (size_t i = 0; i < k; i++) {
        s->from = &upwind[i];
        s->to = &upwind[i + 1];
        sum += integrate_side(s, stretches, &n_stretches);
    }
    if (n_stretches > 0) sum += integrate_stretches(s, stretches, n_stretches);
    return fabs(sum);
}

/// Corners as the wind sees them from a receptor; the farthest, upwind.
static double corners_at(const plume_release *r, double x_m, double y_m, corner *out) {
    const dosi_plume_source *source = r->source;
    double far = 0;
    for (size_t c = 0; c < source->n_corners; c++) {
        double dx = x_m - source->corner_x_m[c], dy = y_m - source->corner_y_m[c];
        out[c] = (corner){-(dx * r->sine + dy * r->cosine), dx * r->cosine - dy * r->sine, 0};
        far = fmax(far, out[c].u);
    }
    return far;
}

/// A receptor as an area's plume meets it.
static place_one place_of(const plume_release *r, const dosi_plume_receptors *all, size_t i) {
    const dosi_plume_source *source = r->source;
    const double *z = all->z_m ? &all->z_m[i] : NULL;
    double flag = all->flag_m ? all->flag_m[i] : 0, above = flag;
    if (!source->is_flat) above += (z ? *z : 0) - source->base_m;
    bool is_hilly = z && !source->is_flat && r->is_stable;
    return (place_one){.x = 1,
                       .above = above,
                       .flag = flag,
                       .level = above,
                       .level_flag = flag,
                       .z = is_hilly ? z : NULL,
                       .hill = all->hill_m ? &all->hill_m[i] : z};
}

void plume_add_area(const plume_release *release,
                    const plume_deposit *deposit,
                    const dosi_plume_receptors *receptors,
                    const dosi_plume_fluxes *out) {
    const dosi_plume_source *source = release->source;
    double *const sums[WANTED] = {out->concentration, out->dry, out->wet, out->total};
    const int n_wanted = deposit ? WANTED : DRY;
    for (size_t i = 0; i < receptors->n; i++) {
        corner all[DOSI_PLUME_VERTICES] = {{0}};
        double far = corners_at(release, receptors->x_m[i], receptors->y_m[i], all);
        if (far < 1 || is_far_beside(release, all, source->n_corners, far)) continue;
        for (int what = 0; what < n_wanted; what++) {
            if (!sums[what]) continue;
            sweep s = {.release = release,
                       .deposit = deposit,
                       .what = (wanted)what,
                       .place = place_of(release, receptors, i),
                       .sigma_w = release->sigma_w_ms};
            double scale = what == CONCENTRATION ? MICROGRAMS : HOUR_S;
            sums[what][i] += scale * source->emission * integral_at(&s, all, source->n_corners);
        }
    }
}
