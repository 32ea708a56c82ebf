// How a plume spreads behind a building: step by step in the wake's turbulence, then as the air
// itself spreads it. Source: Weil (1996), as PRIME has it.

#include "plume/downwash.h"

#include <math.h>
#include <string.h>

#define ROOT_HALF_PI 1.25331413731550
#define ROOT_2_PI    2.50662827463100
#define ROOT_2_BY_PI 0.797884560802866
#define DEFICIT      0.70 ///< Of speed at the lee face.
#define MORE_IN_WAKE 1.7  ///< Turbulence behind the building over that far away.
#define STEP_M       2.0

enum { STEPS = 5000, VERTICAL = 0, ACROSS = 1 };

/// Turbulence of the wake far away, over speed: never more than the air's own.
static const double wake_turbulence[2] = {0.06, 0.08};

// ---- the air's own spread ----

static double ambient_across(const plume_downwash *d, double x, double height) {
    const dosi_plume_hour *hour = d->release->hour;
    double ratio = fmax(PLUME_SIGMA_U, d->sigma_v_ms / d->speed_ms), z = fmax(height, 0.46);
    if (d->release->is_stable) {
        double scale = hour->mechanical_height_m / (156 * d->sigma_v_ms) * (z / 0.46);
        return ratio * x / pow(1 + x / (2 * d->speed_ms * scale), 0.3);
    }
    double slow = fmax(78 * (0.46 / z), 0.7);
    return ratio * x / pow(1 + slow * (ratio * x / d->release->mixing_m), 0.3);
}

/// sigma_z of the surface layer.
static double surface_part(const plume_downwash *d, double x, double height) {
    const dosi_plume_hour *hour = d->release->hour;
    double travel = hour->friction_ms * (x / d->speed_ms);
    if (d->release->is_stable) {
        return PLUME_SQRT_2 / PLUME_SQRT_PI * travel / cbrt(1 + 0.7 * x / hour->obukhov_m);
    }
    double zi = d->release->mixing_m;
    if (!(height < 0.1 * zi)) return 0;
    double ratio = hour->friction_ms / d->speed_ms;
    return 0.5 * (1 - 10 * (height / zi)) * ratio * ratio * (x * x / fabs(hour->obukhov_m));
}

static double ambient_vertical(const plume_downwash *d, double x, double height) {
    const plume_release *r = d->release;
    double travel = d->sigma_w_ms * x / d->speed_ms, zi = r->mixing_m;
    double surface = surface_part(d, x, height);
    if (!r->is_stable) {
        double near = height >= 0.1 * zi ? 1 : 0.6 + 0.4 * (height / (0.1 * zi));
        double grown = near * travel;
        return sqrt(grown * grown + surface * surface);
    }
    double hold = 1 / (0.72 * fmax(height, 1e-4));
    if (!r->hour->is_urban) {
        double theta = dosi_plume_at(r->hour, DOSI_PLUME_THETA, height);
        double brunt = sqrt(PLUME_GRAVITY * d->lapse / theta);
        hold += fmax(brunt, 1e-10) / (0.54 * d->sigma_w_ms);
    }
    double elevated = travel / sqrt(1 + travel * hold);
    if (!(height < zi)) return elevated;
    double part = fmin(height / zi, 1);
    return (1 - part) * surface + part * elevated;
}

double plume_downwash_ambient(const plume_downwash *d, int direction, double x, double height) {
    return direction == VERTICAL ? ambient_vertical(d, x, height)
                                 : ambient_across(d, x, height);
}

// ---- tables ----

/// Index of the last point at or before x, at most the last but one.
static size_t before(const plume_path *path, double x) {
    size_t low = 0, high = path->n - 1;
    if (path->has_return) { // the air behind the building carried it back: no order
        while (high > 1 && x < path->x[high - 1]) high--;
        return high - 1;
    }
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (x >= path->x[middle]) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

double plume_path_at(const plume_path *path, int which, double x) {
    const double *value = path->value[which];
    if (x >= path->x[path->n - 1]) return value[path->n - 1];
    if (path->n < 2) return value[0];
    size_t i = before(path, x);
    if (x < path->x[i]) return value[0];
    double part = (path->x[i + 1] - x) / (path->x[i + 1] - path->x[i]);
    return value[i + 1] - (value[i + 1] - value[i]) * part;
}

double plume_downwash_sigma(
    const plume_downwash *d, const plume_path *path, int direction, double x, double height) {
    if (path->n < 2 || x <= path->x[path->n - 1]) return plume_path_at(path, direction, x);
    double ambient = plume_downwash_ambient(d, direction, x, height);
    return sqrt(ambient * ambient + path->extra[direction] * path->extra[direction]);
}

/// Keeps PLUME_TABLE of the points from `first` on, denser near the first.
static void thin(plume_path *out, size_t first, size_t n, const double *const *columns) {
    double *const to[] = {out->x, out->value[0], out->value[1], out->growth};
    bool is_long = n >= PLUME_TABLE, is_very_long = n > 2 * (size_t)PLUME_TABLE;
    double even = (double)n / PLUME_TABLE, at = 1;
    double widening = 2.0 * ((double)n - PLUME_TABLE) / (PLUME_TABLE * (PLUME_TABLE - 1));
    out->n = is_long ? (size_t)PLUME_TABLE : n;
    for (size_t i = 2; i <= out->n; i++) {
        at = at + 1 + (double)(i - 1) * widening; // in this order: it decides whole numbers
        size_t from = i;
        if (is_long) from = is_very_long ? (size_t)at : (size_t)((double)i * even);
        if (i == out->n) from = n;
        for (size_t c = 0; c < 4; c++) {
            if (columns[c]) to[c][i - 1] = columns[c][first + from - 1];
        }
    }
}

// ---- steps ----

/// One plume in one direction on its way.
typedef struct spread {
    int direction;
    bool is_cavity;
    double start; ///< At first.
    double sigma; ///< Now.
    double slope; ///< Of the last step.
    double match; ///< Diffusivity behind the first part over turbulence and wake.
    double extra; ///< Beyond the wake: see plume_path.
} spread;

/// All steps of both plumes.
typedef struct steps {
    size_t n, skipped; ///< `skipped`: how many are before the cavity's source.
    double x[STEPS], wake[2][STEPS], slope[STEPS], cavity[2][STEPS];
} steps;

/// Both plumes on their way.
typedef struct march {
    const plume_downwash *d;
    const plume_path *path; ///< Heights of the plume ...
    double height;          ///< ... or its only one.
    bool is_in_cavity;      ///< It comes into the wake beside or over the cavity.
    bool is_over_roof;      ///< It has not come to the lee face.
    double source_m;        ///< Where the cavity's source is, from the upwind face.
    spread wake[2], cavity[2];
} march;

/// Turbulence over speed at a distance.
static double turbulence_at(const plume_downwash *d, int direction, double x) {
    const plume_block *b = &d->block;
    double air = d->turbulence[direction], base = wake_turbulence[direction];
    double far = fmin(base, air), behind = (fmax(0, x - b->length_m) + b->scale_m) / b->scale_m;
    double root = cbrt(behind), part = 1 / (root * root - DEFICIT);
    double value = far * (1 + ((MORE_IN_WAKE * base / far - 1) + DEFICIT) * part);
    return x < b->length_m ? air + x / b->length_m * (value - air) : value;
}

/// Spread at the end of a step in the wake: straight at first, then by diffusion that
/// continues it.
static double in_wake(const march *m, spread *s, double from, double to, double straight_to) {
    double turbulence = turbulence_at(m->d, s->direction, 0.5 * (from + to));
    if (to < straight_to) {
        s->slope = turbulence;
        return s->sigma + (to - from) * turbulence;
    }
    const plume_block *b = &m->d->block;
    double size = s->direction == VERTICAL ? plume_block_wake_height(b, to)
                                           : 2 * plume_block_wake_width(b, to);
    double begin = s->sigma, left = to - from;
    if (from <= straight_to) {
        begin += (straight_to - from) * turbulence;
        left = to - straight_to;
        s->match = 2 * begin / size;
    }
    double sigma = sqrt(begin * begin + left * (s->match * turbulence * size));
    s->slope = (sigma - s->sigma) / (to - from);
    return sigma;
}

/// The air's own spread at a distance from the building.
static double ambient_at(const march *m, const spread *s, double x) {
    double from_stack = x + m->d->block.along_m, height = s->is_cavity ? 0 : m->height;
    if (!s->is_cavity && m->path) height = plume_path_at(m->path, 0, from_stack);
    return plume_downwash_ambient(m->d, s->direction, from_stack, height);
}

/// Takes a step; where the wake has faded the air goes on, as from a source upwind.
static void advance(const march *m, spread *s, double from, double to, double straight_to) {
    double until = m->d->fading_m[s->direction], sigma = 0;
    bool is_floored = s->is_cavity && s->direction == VERTICAL;
    if (to < until) {
        sigma = in_wake(m, s, from, to, straight_to);
        s->sigma = is_floored ? fmax(sigma, s->start) : sigma;
        return;
    }
    if (from < until) {
        double here = in_wake(m, s, from, until, straight_to);
        double ambient = ambient_at(m, s, until);
        s->extra = here > ambient ? sqrt(here * here - ambient * ambient) : 0;
        if (is_floored) s->extra = fmax(s->extra, s->start);
    } else {
        s->extra = fmax(s->extra, s->start);
    }
    sigma = ambient_at(m, s, to);
    sigma = sqrt(sigma * sigma + s->extra * s->extra);
    s->slope = (sigma - s->sigma) / (to - from);
    s->sigma = sigma;
}

/// Sigmas at the floor of the cavity that give the concentration in it.
static void cavity_source(const plume_downwash *d, double sigma_y, double *out) {
    const plume_block *b = &d->block;
    double caught = fmin(ROOT_2_PI * sigma_y, b->width_m);
    double width = fmax(fmin(b->width_m, 3 * b->height_m), b->height_m / 3);
    double height = b->is_reattached ? b->height_m : b->top_m;
    double speed = dosi_plume_at(d->release->hour, DOSI_PLUME_SPEED, b->height_m);
    out[VERTICAL] = ROOT_2_BY_PI * (speed / d->release->speed_ms) * height / 3;
    out[ACROSS] = fmax(width, caught) / ROOT_2_PI;
}

/// Both plumes at the entry of the wake.
static march start(const plume_downwash *d, const plume_path *path, double height) {
    const plume_block *b = &d->block;
    march m = {.d = d, .path = path, .height = height};
    double source[2];
    m.is_in_cavity = d->entry_m < b->end_m;
    m.is_over_roof = m.is_in_cavity && d->entry_m < b->length_m;
    m.source_m = fmin(fmax(d->entry_m, b->length_m), b->end_m);
    cavity_source(d, d->entry[ACROSS], source);
    for (int k = 0; k < 2; k++) {
        m.wake[k] = (spread){.direction = k, .start = d->entry[k], .sigma = d->entry[k]};
        m.cavity[k] =
            (spread){.direction = k, .is_cavity = true, .start = source[k], .sigma = source[k]};
    }
    return m;
}

/// At the lee face the plume is wider than it was at its entry: the cavity's source is too.
static void widen(march *m, steps *all, double from) {
    if (!m->is_over_roof || from < m->d->block.length_m) return;
    m->is_over_roof = false;
    spread *cavity = &m->cavity[ACROSS];
    double source[2];
    cavity_source(m->d, m->wake[ACROSS].sigma, source);
    if (!(source[ACROSS] > cavity->start)) return;
    cavity->start = source[ACROSS];
    cavity->sigma = fmax(cavity->sigma, cavity->start);
    for (size_t i = 0; i < all->n; i++) {
        all->cavity[ACROSS][i] = fmax(all->cavity[ACROSS][i], cavity->start);
    }
}

/// Takes a step with all four spreads.
static void take_step(march *m, double from, double to) {
    const plume_block *b = &m->d->block;
    double straight = b->end_m - b->length_m;
    for (int k = 0; k < 2; k++) {
        advance(m, &m->wake[k], from, to, m->d->entry_m + straight);
        double until = m->d->fading_m[k];
        bool is_after = to < until || from >= until || m->source_m <= until;
        if (m->is_in_cavity && m->source_m <= to && is_after) {
            advance(m, &m->cavity[k], from, to, m->source_m + straight);
        }
    }
}

/// Notes where both plumes are.
static void note(const march *m, steps *all, double x) {
    size_t i = all->n++;
    all->x[i] = x + m->d->block.along_m;
    all->slope[i] = m->wake[VERTICAL].slope;
    if (i > 0 && m->source_m >= x) all->skipped = i + 1;
    for (int k = 0; k < 2; k++) {
        all->wake[k][i] = m->wake[k].sigma;
        all->cavity[k][i] = m->cavity[k].sigma;
    }
}

/// Keeps the steps as tables.
static void keep(const march *m, const steps *all, plume_downwash *d) {
    const double *const of_wake[] = {all->x, all->wake[0], all->wake[1], all->slope};
    const double *const of_cavity[] = {all->x, all->cavity[0], all->cavity[1], NULL};
    thin(&d->wake, 0, all->n, of_wake);
    for (size_t i = 0; i < d->wake.n; i++) d->wake.growth[i] *= ROOT_HALF_PI;
    d->cavity.n = 1;
    if (m->is_in_cavity) thin(&d->cavity, all->skipped, all->n - all->skipped, of_cavity);
    d->wake.x[0] = d->entry_m + d->block.along_m;
    d->wake.growth[0] = 0;
    d->cavity.x[0] = m->source_m + d->block.along_m;
    for (int k = 0; k < 2; k++) {
        d->wake.value[k][0] = m->wake[k].start;
        d->wake.extra[k] = m->wake[k].extra;
        d->cavity.value[k][0] = m->cavity[k].start;
        d->cavity.extra[k] = m->cavity[k].extra;
    }
}

void plume_downwash_spread(plume_downwash *d, const plume_path *path, double height) {
    steps all;
    march m = start(d, path, height);
    double x = d->entry_m, last = fmax(d->fading_m[0], d->fading_m[1]);
    if (m.is_in_cavity) last = fmax(last, d->block.end_m);
    double range = last - x + STEP_M;
    size_t n = (size_t)fmin(round(range / STEP_M) + 1, STEPS - 1);
    double step = range / (double)(n - 1);
    all.n = all.skipped = 0;
    note(&m, &all, x);
    while (all.n < n) {
        double from = x;
        x += step;
        widen(&m, &all, from);
        take_step(&m, from, x);
        note(&m, &all, x);
    }
    keep(&m, &all, d);
}
