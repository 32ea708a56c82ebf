// A plume's rise past a building, step by step: conservation of mass, momentum and heat in wind
// that slows in the wake, and streamlines that carry it up before the building and down behind.

#include "plume/downwash.h"

#include <math.h>

#define LEAST_HEIGHT_M 0.001
#define RADIATION      9.1e-11 ///< kg/m2/K3/s
#define ALONG_MIXING   0.11    ///< Entrainment by the plume's own speed ...
#define ACROSS_MIXING  0.6     ///< ... and by the wind across it.
#define STEP_M         1.0
#define MOST_WAY_M     5000.0
#define STRONG_FLUX    55.0
#define LEVEL_SLOPE    0.349065850398866 ///< 20 degrees: flatter counts as in the wake.
#define STREAMS_REACH  15.0              ///< Streamlines bend so many scale lengths behind.
#define COLDEST_K      10.0              ///< Below the air's temperature.
#define SLOW_UP_MS     0.001
#define SLOW_ALONG_MS  0.000002
#define CAP_WIDENING   2.0 ///< Of the radius under a rain cap.
#define PER_RISE       3.5 ///< Rise over the spread that it makes.

enum { STEPS = 5000, LUMPS = 6 };

/// The wind where the plume is.
typedef struct breeze {
    double u, shear, density, temperature, lapse;
} breeze;

/// What is conserved, per second: mass, momentum beyond the wind's, upward momentum, heat
/// beyond the air's; and where: height, distance.
typedef struct lumps {
    double value[LUMPS];
} lumps;

/// The plume on its way.
typedef struct climb {
    plume_downwash *d;
    double x, z, radius, u, w, speed, density, temperature;
    lumps lumps;
    breeze breeze;
    double lift;   ///< By the streamlines, so far.
    double growth; ///< Of the radius in the wake's turbulence.
    double way, step, final_x;
    bool is_in_wake;
    size_t n; ///< Points kept.
    double kept_x[STEPS], kept_z[STEPS];
} climb;

/// Distance from the stack where streamlines are straight again. Summed in AERMOD's order:
/// whole steps up to there are counted.
static double straight_from(const plume_block *b) {
    return b->along_m + (b->length_m + STREAMS_REACH * b->scale_m);
}

/// Whether a place is in the wake, or nearer.
static plume_region region_at(const climb *c, double x, double z) {
    const plume_block *b = &c->d->block;
    return plume_block_region(b, x - b->along_m, -b->across_m, z);
}

/// The wind at a height, and slowed if that is in the wake.
static breeze breeze_at(const climb *c, double x, double z, plume_region region) {
    const dosi_plume_hour *hour = c->d->release->hour;
    const plume_block *b = &c->d->block;
    size_t i = plume_level_below(z);
    const double *value = hour->value[i], *slope = hour->slope[i];
    double over = z - dosi_plume_heights()[i], ratio = 1, gradient = 0;
    double u = value[DOSI_PLUME_SPEED] + over * slope[DOSI_PLUME_SPEED];
    double theta = value[DOSI_PLUME_THETA] + over * slope[DOSI_PLUME_THETA];
    u = fmax(u, hour->limits.speed_ms);
    if (region != PLUME_OUTSIDE) {
        plume_block_slowing(b, x - b->along_m, -b->across_m, z, &ratio, &gradient);
    }
    return (breeze){.u = ratio * u,
                    .shear = ratio * slope[DOSI_PLUME_SPEED] + gradient * u,
                    .density = value[DOSI_PLUME_DENSITY] + over * slope[DOSI_PLUME_DENSITY],
                    .temperature = theta - PLUME_ADIABATIC * (z + hour->limits.base_m),
                    .lapse = value[DOSI_PLUME_LAPSE] + over * slope[DOSI_PLUME_LAPSE]};
}

/// How fast the lumps change along the way.
static lumps rates(const climb *c) {
    const breeze *a = &c->breeze;
    double r = c->radius, size = r * r * c->density * c->w;
    double mixing = ALONG_MIXING * fabs(c->speed - a->u * c->u / c->speed) +
                    ACROSS_MIXING * fabs(a->u * c->w / c->speed);
    double t = c->temperature, t0 = a->temperature;
    mixing = fmax(mixing, a->u * c->growth);
    return (lumps){{2 * r * a->density * mixing, -size * a->shear,
                    PLUME_GRAVITY * r * r * (a->density - c->density),
                    -size * a->lapse - RADIATION * r * (t * t * t * t - t0 * t0 * t0 * t0),
                    c->w / c->speed, c->u / c->speed}};
}

/// The plume of its lumps, in the wind as it was felt last.
static void unlump(climb *c, const lumps *l) {
    const breeze *a = &c->breeze;
    const double *f = l->value;
    c->u = a->u + f[1] / f[0];
    c->w = f[2] / f[0];
    c->speed = sqrt(c->u * c->u + c->w * c->w);
    c->temperature = fmax(a->temperature + f[3] / f[0], a->temperature - COLDEST_K);
    c->density = a->density * a->temperature / c->temperature;
    c->radius = sqrt(f[0] / (c->speed * c->density));
    c->z = f[4];
    c->x = f[5];
}

/// Height of the centre with what the streamlines did.
static double carried(const climb *c) {
    return fmax(c->z + c->lift, LEAST_HEIGHT_M);
}

/// One step: predicted, then corrected with the rates at its end.
static void advance(climb *c) {
    const plume_block *b = &c->d->block;
    double x = c->x, z = carried(c), slope = 0;
    plume_region region = region_at(c, x, z);
    if (region >= PLUME_WAKE && x <= straight_from(b)) {
        slope = plume_block_slope(b, x - b->along_m, -b->across_m, z);
    }
    double lift = slope * (c->u / c->speed) * c->step;
    lumps first = rates(c), next;
    for (int i = 0; i < LUMPS; i++) {
        next.value[i] = c->lumps.value[i] + first.value[i] * c->step;
    }
    unlump(c, &next);
    z = fmax(c->z + c->lift + lift, LEAST_HEIGHT_M);
    c->breeze = breeze_at(c, x, z, region_at(c, x, z));
    lumps second = rates(c);
    for (int i = 0; i < LUMPS; i++) {
        c->lumps.value[i] = next.value[i] + 0.5 * (second.value[i] - first.value[i]) * c->step;
    }
    unlump(c, &c->lumps);
    c->lift += lift;
}

/// Distance where rise in neutral air would end, and how much it would be (Briggs).
static double neutral_end(double flux, double radius, double w, double u, double *rise) {
    u = fmax(u, 1);
    double ratio = fmax(1, w / u), three = 1 + 3 / ratio;
    double jet = 8 * radius * ratio * three * three;
    if (flux <= 0) {
        *rise = 6 * radius * w / u;
        return jet;
    }
    if (flux < STRONG_FLUX) {
        *rise = 21.425 * pow(flux, 0.75) / u;
        return fmax(jet, 49 * pow(flux, 0.625));
    }
    *rise = 38.71 * pow(flux, 0.6) / u;
    return 119 * pow(flux, 0.4);
}

/// The plume at the stack's top.
static void start(plume_downwash *d, climb *c) {
    const plume_release *r = d->release;
    const dosi_plume_source *s = r->source;
    c->d = d;
    c->x = c->way = c->lift = c->growth = 0;
    c->n = 0;
    c->is_in_wake = false;
    c->z = fmax(r->height_m, LEAST_HEIGHT_M);
    c->radius = 0.5 * s->diameter_m;
    c->u = SLOW_ALONG_MS;
    c->w = s->exit_speed_ms;
    c->temperature = r->gas_k;
    c->breeze = breeze_at(c, c->x, c->z, region_at(c, c->x, c->z));
    const breeze *a = &c->breeze;
    double volume = c->w * c->radius * c->radius / c->temperature, rise = 0;
    double flux = PLUME_GRAVITY * volume * fmax(c->temperature - a->temperature, 0);
    if (s->kind == DOSI_PLUME_POINT_CAPPED) {
        c->radius *= CAP_WIDENING;
        c->u = s->exit_speed_ms / (CAP_WIDENING * CAP_WIDENING);
        c->w = SLOW_UP_MS;
    } else if (s->kind == DOSI_PLUME_POINT_HORIZONTAL) {
        c->u = s->exit_speed_ms;
        c->w = SLOW_UP_MS;
    }
    c->final_x = neutral_end(flux, c->radius, c->w, a->u, &rise);
    c->step = fmin(STEP_M, 0.5 * fmax(0.1, rise));
    c->speed = sqrt(c->u * c->u + c->w * c->w);
    c->density = a->density * a->temperature / r->gas_k;
    double mass = c->density * c->speed * c->radius * c->radius;
    c->lumps = (lumps){{mass, mass * (c->u - a->u), mass * c->w,
                        mass * (c->temperature - a->temperature), c->z, c->x}};
}

/// The plume comes into the wake.
/// @return Whether the wake is still turbulent there.
static bool enter(climb *c, double x, double z) {
    plume_downwash *d = c->d;
    double base = fmax(d->release->height_m, LEAST_HEIGHT_M);
    double rise = fmax(0, z - base) / PER_RISE;
    c->is_in_wake = true;
    d->entry_m = x - d->block.along_m;
    for (int k = 0; k < 2; k++) {
        double air = x > 0 ? plume_downwash_ambient(d, k, x, z) : 0;
        d->entry[k] = sqrt(air * air + rise * rise);
    }
    if (d->entry_m >= fmax(d->fading_m[0], d->fading_m[1])) return false;
    plume_downwash_spread(d, NULL, z);
    return true;
}

/// Growth of the plume's radius in the wake.
static double growth_at(const plume_path *path, double x) {
    if (x > path->x[path->n - 1] || x < path->x[0]) return 0;
    size_t i = path->n - 2;
    while (i > 0 && x < path->x[i]) i--;
    double part = (path->x[i + 1] - x) / (path->x[i + 1] - path->x[i]);
    return path->growth[i + 1] - (path->growth[i + 1] - path->growth[i]) * part;
}

/// Lets the wake act on the plume, once it flies level.
/// @return As ascend().
static bool feel_wake(climb *c, plume_region region) {
    if (region == PLUME_OUTSIDE || atan(c->w / c->u) > LEVEL_SLOPE) return true;
    if (!c->is_in_wake && !enter(c, c->x, c->z)) return false;
    c->growth = growth_at(&c->d->wake, c->x);
    return true;
}

/// Up to the highest point, or where rise ends; STEPS at most (AERMOD refuses what rises on).
/// @return False: the plume comes into a wake that has faded.
static bool ascend(climb *c) {
    do {
        advance(c);
        double x = c->x, z = carried(c);
        plume_region region = region_at(c, x, z);
        c->way += c->step;
        if (x < 0) { // the arithmetic's doing
            c->x = 0;
        } else {
            if (!feel_wake(c, region)) return false;
            c->kept_x[c->n] = x;
            c->kept_z[c->n++] = z;
            if (x >= c->final_x || c->n == STEPS) break;
        }
        c->breeze = breeze_at(c, x, z, region);
        if (c->w < 0) break;
        c->step = fmin(STEP_M, 2 * c->step);
    } while (c->way < MOST_WAY_M);
    return true;
}

/// On along the streamlines to where they are straight again.
/// @return As ascend().
static bool drift(climb *c) {
    const plume_block *b = &c->d->block;
    if (c->n == 0) {
        c->kept_x[0] = 0;
        c->kept_z[c->n++] = carried(c);
    }
    double left = straight_from(b) - c->kept_x[c->n - 1];
    if (!(left > 0) || c->n == STEPS) return true;
    size_t room = STEPS - c->n;
    double step = fmax(c->step, left / (double)room);
    size_t more = (size_t)fmin(floor(left / step), (double)room);
    for (; more > 0; more--) {
        double x = c->kept_x[c->n - 1], z = c->kept_z[c->n - 1], slope = 0;
        plume_region region = region_at(c, x, z);
        if (region >= PLUME_WAKE) {
            double y = -b->across_m, from = x - b->along_m;
            slope = 0.5 * (plume_block_slope(b, from, y, z) +
                           plume_block_slope(b, from + step, y, z));
        }
        c->kept_x[c->n] = x + step;
        c->kept_z[c->n] = fmax(LEAST_HEIGHT_M, z + slope * step);
        c->lift += slope * step;
        if (!c->is_in_wake && region != PLUME_OUTSIDE &&
            !enter(c, c->kept_x[c->n], c->kept_z[c->n] - c->lift)) {
            return false;
        }
        c->n++;
    }
    return true;
}

/// Keeps PLUME_TABLE points, denser near the stack.
static void keep(const climb *c, plume_path *out) {
    size_t n = c->n;
    bool is_long = n > PLUME_TABLE, is_very_long = n > 2 * (size_t)PLUME_TABLE;
    double even = (double)n / PLUME_TABLE, at = 0;
    double widening = 2.0 * ((double)n - PLUME_TABLE) / (PLUME_TABLE * (PLUME_TABLE - 1));
    out->n = is_long ? (size_t)PLUME_TABLE : n;
    out->has_return = false;
    for (size_t i = 1; i <= out->n; i++) {
        at = at + 1 + (double)(i - 1) * widening; // in this order: it decides whole numbers
        size_t from = i;
        if (is_long) from = is_very_long ? (size_t)at : (size_t)((double)i * even);
        if (i == out->n) from = n;
        out->x[i - 1] = c->kept_x[from - 1];
        out->value[0][i - 1] = c->kept_z[from - 1];
        if (i > 1 && out->x[i - 1] <= out->x[i - 2]) out->has_return = true;
    }
}

// ---- what the cavity catches ----

/// Hastings' series for the error function's complement.
static double complement(double x) {
    static const double c[] = {0.430638e-4,   0.2765672e-3, 0.1520143e-3,
                               0.92705272e-2, 0.0422820123, 0.0705230784};
    double sum = 0;
    for (size_t i = 0; i < sizeof c / sizeof *c; i++) sum = (sum + c[i]) * x;
    double t = 1 / (1 + sum), t4 = t * t * t * t;
    return t4 * t4 * t4 * t4;
}

/// erf x
static double error_function(double x) {
    double size = fabs(x), rest = size > 3.919206 ? 0 : complement(size);
    return x > 0 ? 1 - rest : rest - 1;
}

/// erfc x of x > 0, by its asymptotic series where that is nearer.
static double far_complement(double x) {
    if (x >= 9.15) return 0;
    if (x <= 2.79) return complement(x);
    double z = 1 / x;
    return z / PLUME_SQRT_PI * exp(-x * x) * (1 - 0.5 * z * z * (1 - 1.5 * z * z));
}

/// Part of a Gaussian between -limit and limit. Source: Hastings (1955), as PRIME has it.
static double part_within(double centre, double sigma, double limit) {
    double scale = PLUME_SQRT_2 * fmax(sigma, 1e-5);
    double a = (limit - centre) / scale, b = (-limit - centre) / scale;
    double nearest = fmin(fabs(a), fabs(b));
    if (a == b) return 0;
    if (a * b <= 0 || nearest < 0.47) {
        return 0.5 * fabs(error_function(a) - error_function(b));
    }
    if (nearest >= 9.15) return 0;
    return 0.5 * fabs(far_complement(fabs(a)) - far_complement(fabs(b)));
}

/// Greatest part of the plume that is in the cavity anywhere along it.
static double caught(const plume_downwash *d) {
    const plume_block *b = &d->block;
    double begin = fmax(d->entry_m, b->length_m), end = b->end_m;
    if (d->entry_m >= end) return 0;
    double range = 0.99 * (end - begin), most = 0;
    int n = (int)fmax(5, floor(1 + range / 10));
    // What has risen over the roof's height at the cavity's end cannot be caught.
    double x = end + b->along_m, z = plume_path_at(&d->rise, 0, x);
    double sigma = plume_downwash_sigma(d, &d->wake, 0, x, b->height_m);
    double cap = part_within(z, sigma, b->height_m);
    for (int i = 0; i <= n; i++) {
        double from = begin + (double)i * (range / n), height = 0, half_width = 0;
        x = from + b->along_m;
        z = plume_path_at(&d->rise, 0, x);
        plume_block_cavity(b, from, &height, &half_width);
        double up = part_within(z, plume_downwash_sigma(d, &d->wake, 0, x, z), height);
        double across = part_within(fabs(b->across_m),
                                    plume_downwash_sigma(d, &d->wake, 1, x, z), half_width);
        most = fmax(most, fmin(up, cap) * across);
    }
    double late = b->length_m + 0.85 * (end - b->length_m); // it comes and goes at its end
    if (begin > late) most = fmin(most, fmax(0, 1 - (begin - late) / (end - late)));
    return most;
}

bool plume_downwash_rise(plume_downwash *d) {
    climb c;
    start(d, &c);
    if (!ascend(&c) || !drift(&c) || !c.is_in_wake) return false;
    keep(&c, &d->rise);
    d->caught = caught(d);
    plume_downwash_spread(d, &d->rise, 0);
    return true;
}
