// Moving a source to where the error is least: a simplex over place, height and rise, strengths
// fitted at every try.

#include "stat/inverse_look.h"

#include <math.h>
#include <string.h>

enum { SIMPLEX_STEPS = 120, NARROW_M = 2, MOVES = INVERSE_MOVES, CORNERS = MOVES + 1 };

/// Places outside the search are pushed back to its edge.
static dosi_place inside(const dosi_inverse_search *s, const double *v) {
    return (dosi_place){fmin(fmax(v[0], s->x_min_m), s->x_max_m),
                        fmin(fmax(v[1], s->y_min_m), s->y_max_m),
                        fmin(fmax(v[2], s->height_min_m), s->height_max_m),
                        fmin(fmax(v[3], s->rise_min), s->rise_max)};
}

/// What is thought of a source's height and rise before the readings, as a sum of squares: 1
/// for each standard error away.
static double unlikely(const dosi_inverse_search *s, const dosi_place *place) {
    double middle = 0.5 * (s->height_min_m + s->height_max_m), sum = 0.0;
    if (s->height_sd_m > 0) sum += pow((place->height_m - middle) / s->height_sd_m, 2);
    if (s->rise_log_sd > 0) sum += pow(log(place->rise) / s->rise_log_sd, 2);
    return sum;
}

/// What moving one source needs of the others.
typedef struct moving {
    inverse_look *l;
    size_t j;
    double a[DOSI_INVERSE_SOURCES_MAX * DOSI_INVERSE_SOURCES_MAX];
    double b[DOSI_INVERSE_SOURCES_MAX];
    double q[DOSI_INVERSE_SOURCES_MAX]; ///< Of the last try, where the next begins.
    double noise; ///< What a standard error away from the expected counts.
} moving;

static double error_at(moving *m, const double *v) {
    inverse_look *l = m->l;
    size_t k = l->s.k, j = m->j;
    dosi_place place = inside(l->search, v);
    double products[DOSI_INVERSE_SOURCES_MAX + 2];
    dosi_inverse_products(l, &place, products);
    for (size_t i = 0; i < k; i++) m->a[j * k + i] = m->a[i * k + j] = products[i];
    m->a[j * k + j] = products[k + 1];
    m->b[j] = products[k];
    dosi_inverse_nnls(m->a, m->b, k, m->q);
    return l->yy + dosi_inverse_error(m->a, m->b, m->q, k) +
           m->noise * unlikely(l->search, &place);
}

static void start_moving(inverse_look *l, size_t j, moving *m) {
    size_t k = l->s.k;
    m->l = l;
    m->j = j;
    double left = l->yy + dosi_inverse_fit(&l->s);
    double n = dosi_inverse_independent(l);
    m->noise = n > 0 ? left / n : 0.0;
    memcpy(m->b, l->s.b, sizeof m->b);
    memcpy(m->q, l->s.q, sizeof m->q);
    for (size_t i = 0; i < k; i++) memcpy(m->a + i * k, l->s.gram[i], k * sizeof *m->a);
}

/// Corners in the order of their errors, the worst last.
typedef struct simplex {
    double v[CORNERS][MOVES];
    double f[CORNERS];
} simplex;

static void sort_simplex(simplex *s) {
    for (size_t i = 1; i < CORNERS; i++) {
        for (size_t j = i; j > 0 && s->f[j] < s->f[j - 1]; j--) {
            double keep = s->f[j];
            double corner[MOVES];
            s->f[j] = s->f[j - 1];
            s->f[j - 1] = keep;
            memcpy(corner, s->v[j], sizeof corner);
            memcpy(s->v[j], s->v[j - 1], sizeof corner);
            memcpy(s->v[j - 1], corner, sizeof corner);
        }
    }
}

/// The point at `t` from the centre of the best corners, away from the worst one.
static void point_from_worst(const simplex *s, double t, double *out) {
    for (size_t d = 0; d < MOVES; d++) {
        double centre = 0.0;
        for (size_t i = 0; i < MOVES; i++) centre += s->v[i][d] / MOVES;
        out[d] = centre + t * (centre - s->v[MOVES][d]);
    }
}

static void replace_worst(simplex *s, const double *point, double value) {
    memcpy(s->v[MOVES], point, sizeof s->v[MOVES]);
    s->f[MOVES] = value;
}

/// One step of J. Nelder and R. Mead (1965).
static void step_simplex(moving *m, simplex *s) {
    double point[MOVES];
    double further[MOVES];
    point_from_worst(s, 1.0, point);
    double value = error_at(m, point);
    if (value < s->f[0]) {
        point_from_worst(s, 2.0, further);
        double better = error_at(m, further);
        bool is_better = better < value;
        replace_worst(s, is_better ? further : point, is_better ? better : value);
        return;
    }
    if (value < s->f[MOVES - 1]) {
        replace_worst(s, point, value);
        return;
    }
    point_from_worst(s, value < s->f[MOVES] ? 0.5 : -0.5, further);
    double inner = error_at(m, further);
    if (inner < fmin(value, s->f[MOVES])) {
        replace_worst(s, further, inner);
        return;
    }
    for (size_t i = 1; i < CORNERS; i++) {
        for (size_t d = 0; d < MOVES; d++) s->v[i][d] = 0.5 * (s->v[i][d] + s->v[0][d]);
        s->f[i] = error_at(m, s->v[i]);
    }
}

void dosi_inverse_move(inverse_look *l, size_t j, double step_m, double fine) {
    moving m;
    simplex s;
    const dosi_inverse_search *search = l->search;
    const dosi_place at = l->s.place[j];
    start_moving(l, j, &m);
    double lift = 0.15 * (search->height_max_m - search->height_min_m);
    const double from[MOVES] = {at.x_m, at.y_m, at.height_m, at.rise};
    const double step[MOVES] = {step_m, step_m, lift, at.rise > 1.2 ? -0.3 : 0.3};
    for (size_t i = 0; i < CORNERS; i++) {
        for (size_t d = 0; d < MOVES; d++) s.v[i][d] = from[d] + (i == d + 1 ? step[d] : 0.0);
        s.f[i] = error_at(&m, s.v[i]);
    }
    for (int k = 0; k < SIMPLEX_STEPS; k++) {
        sort_simplex(&s);
        double width = fabs(s.v[MOVES][0] - s.v[0][0]) + fabs(s.v[MOVES][1] - s.v[0][1]);
        double least = fmax(fine * m.noise, 1e-9 * s.f[0]);
        if (width < NARROW_M && s.f[MOVES] - s.f[0] <= least) break;
        step_simplex(&m, &s);
    }
    sort_simplex(&s);
    dosi_place best = inside(search, s.v[0]);
    dosi_inverse_put(l, j, &best);
    (void)dosi_inverse_fit(&l->s);
}
