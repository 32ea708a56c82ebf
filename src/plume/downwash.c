// The concentration of a plume past a building: what goes on, what the cavity gives off, and
// the plain plume outside, weighted.

#include "plume/downwash.h"

#include <math.h>
#include <string.h>

#define LONG_REACH  15.0 ///< Scale lengths behind the building that the wake lasts at most ...
#define TRANSITION  1.3  ///< ... or until its turbulence is so many times the air's.
#define DEFICIT     0.70
#define FAR_Z       0.06
#define FAR_Y       0.08
#define MORE        1.7
#define ROOT_2_PI   2.50662827463100
#define MOST_IMAGES 100

/// Distance from the upwind face, in scale lengths, where the wake's turbulence has faded.
static double fading(const plume_block *b, double base, double air) {
    double far = fmin(base, air), until = fmax(air, TRANSITION * far);
    double times = DEFICIT + (MORE * base - far * (1 - DEFICIT)) / (until - far);
    return b->length_m / b->scale_m - 1 + times * sqrt(times);
}

/// The air that makes the wake: means up to its top.
static void set_air(plume_downwash *d) {
    const dosi_plume_hour *hour = d->release->hour;
    const plume_block *b = &d->block;
    double top = plume_block_wake_height(b, LONG_REACH * b->scale_m);
    if (!d->release->is_stable) top = fmin(top, d->release->mixing_m);
    double u = plume_mean(hour, DOSI_PLUME_SPEED, 0, top);
    d->sigma_w_ms = fmax(plume_mean(hour, DOSI_PLUME_SIGMA_W, 0, top), hour->limits.sigma_w_ms);
    d->sigma_v_ms = fmax(plume_mean(hour, DOSI_PLUME_SIGMA_V, 0, top),
                         fmax(hour->limits.sigma_v_ms, PLUME_SIGMA_U * u));
    d->lapse = plume_mean(hour, DOSI_PLUME_LAPSE, 0, top);
    d->speed_ms = fmax(u, hour->limits.speed_ms);
    d->turbulence[0] = d->sigma_w_ms / d->speed_ms;
    d->turbulence[1] = d->sigma_v_ms / d->speed_ms;
    const double base[2] = {FAR_Z, FAR_Y};
    d->weight_m = LONG_REACH * b->scale_m;
    for (int k = 0; k < 2; k++) {
        double faded = fading(b, base[k], d->turbulence[k]);
        d->weight_m = fmax(d->weight_m, b->scale_m * faded);
        d->fading_m[k] = b->scale_m * fmin(b->length_m / b->scale_m + LONG_REACH, faded);
    }
}

bool plume_downwash_init(const plume_release *release, plume_downwash *out) {
    const dosi_plume_source *s = release->source;
    memset(out, 0, sizeof *out);
    out->release = release;
    if (!s->building) return false;
    if (!release->is_stable && release->height_m > release->mixing_m) return false;
    double direction = dosi_plume_direction_at(release->hour, release->height_m);
    if (!plume_block_init(s->building, direction, &out->block)) return false;
    set_air(out);
    return plume_downwash_rise(out);
}

/// exp() that is 0 where it hardly counts.
static double exp_or_0(double x) {
    return x > PLUME_EXP_LEAST ? exp(x) : 0;
}

/// A plume and its images in the ground and in a lid (0: none) at a height.
static double reflected(double z, double plume, double sigma, double lid) {
    if (lid > 0 && z > lid) return 0;
    double scale = -0.5 / (sigma * sigma), h = fmax(plume, plume - z);
    double value = exp_or_0(scale * (z - h) * (z - h)) + exp_or_0(scale * (z + h) * (z + h));
    double top = fmax(lid, lid - z), sum = 0, limit = z == 0 ? 5e-7 : 1e-6;
    for (int i = 1; lid > 0 && i <= MOST_IMAGES; i++) {
        double far = 2.0 * i * top;
        double a = far - h - z, b = far - h + z, c = far + h - z, e = far + h + z;
        double term = exp_or_0(scale * a * a) + exp_or_0(scale * b * b) +
                      exp_or_0(scale * c * c) + exp_or_0(scale * e * e);
        sum += term;
        if (term <= limit * sum) break;
    }
    return (value + sum) / (PLUME_SQRT_2PI * sigma);
}

enum { PARTS = 3 };

/// One of the up to three plumes that a receptor sees.
typedef struct part {
    double share; ///< Of the emission.
    double across, height, flag, sigma_z, sigma_y;
    bool is_within; ///< The cavity: nothing is lost on the way.
} part;

/// How much of the building's plume counts at a place: all in the wake, none far off.
static double weight(const plume_downwash *d, const plume_spot *at) {
    const plume_block *b = &d->block;
    double x = at->along - b->along_m, out = 1;
    if (!(x > 0)) return 0;
    const double where[3] = {x, fabs(at->across - b->across_m), at->above};
    const double size[3] = {d->weight_m, plume_block_wake_width(b, x),
                            plume_block_wake_height(b, x)};
    for (int k = 0; k < 3; k++) {
        if (where[k] <= size[k]) continue;
        double beyond = (where[k] - size[k]) / size[k];
        out *= exp_or_0(-0.5 * beyond * beyond);
    }
    return out;
}

/// Distance across of what the cavity gives off: from behind the stack, as near as the building
/// allows.
static double across_source(const plume_downwash *d, const plume_spot *at) {
    const plume_block *b = &d->block;
    double room = 0.5 * (b->width_m - d->cavity.value[1][0] * ROOT_2_PI);
    double y = at->across - b->across_m;
    if (room <= 0) return y;
    return y - fmin(fmax(-b->across_m, -room), room);
}

/// Shares of the source that acts beyond the cavity, and of the one within.
static void share_cavity(const plume_block *b, double x, double *beyond, double *within) {
    double length = b->end_m - b->length_m, late = b->length_m + 0.85 * length;
    double after = b->length_m + 1.15 * length;
    *beyond = x >= after ? 1 : fmax(0, (x - late) / (after - late));
    *within = x > b->length_m ? 1 - *beyond : fmax(0, x / b->length_m);
}

/// What the cavity gives off, as seen in the wake.
static void set_cavity(const plume_downwash *d,
                       const plume_spot *at,
                       plume_region region,
                       part *out) {
    const plume_block *b = &d->block;
    double x = at->along - b->along_m, beyond = 0, within = 0, flag = at->flag;
    share_cavity(b, x, &beyond, &within);
    if (region <= PLUME_CAVITY) {
        flag = 0;
    } else if (x < b->end_m) {
        double height = 0, half_width = 0;
        plume_block_cavity(b, x, &height, &half_width);
        flag = fmax(0, flag - height);
    }
    double y = across_source(d, at);
    out[1] = (part){.across = y, .flag = flag, .share = d->caught * within};
    out[0] = out[1];
    out[1].is_within = true;
    out[0].share = d->caught * beyond;
    out[1].sigma_z = out[0].sigma_z = d->cavity.value[0][0];
    out[1].sigma_y = out[0].sigma_y = d->cavity.value[1][0];
    if (beyond > 0 && at->along > 0) {
        out[0].sigma_z = plume_downwash_sigma(d, &d->cavity, 0, at->along, 0);
        out[0].sigma_y = plume_downwash_sigma(d, &d->cavity, 1, at->along, 0);
    }
}

/// The plume that goes on.
static void set_main(const plume_downwash *d, const plume_spot *at, part *out) {
    const plume_release *r = d->release;
    double height = fmax(0, plume_path_at(&d->rise, 0, at->along));
    *out = (part){.share = 1 - d->caught,
                  .across = at->across,
                  .height = height,
                  .flag = at->flag,
                  .sigma_z = plume_downwash_sigma(d, &d->wake, 0, at->along, height),
                  .sigma_y = plume_downwash_sigma(d, &d->wake, 1, at->along, height)};
    if (at->along >= d->wake.x[0]) return;
    double rise = (height - r->height_m) / 3.5; // before the wake: its own spread
    double z = plume_downwash_ambient(d, 0, at->along, height);
    double y = plume_downwash_ambient(d, 1, at->along, height);
    out->sigma_z = sqrt(z * z + rise * rise);
    out->sigma_y = sqrt(y * y + rise * rise);
}

/// Concentration of a plume as high as told: half of it level, half following the ground.
static double part_at(const plume_downwash *d, const part *p, double above, double flag) {
    double lid = d->release->is_stable ? 0 : d->release->mixing_m;
    double level = reflected(above, p->height, p->sigma_z, lid);
    double follow = above != flag ? reflected(flag, p->height, p->sigma_z, lid) : level;
    return 0.5 * (level + follow);
}

/// Gaussian across the wind, 1/m.
static double part_across(const part *p) {
    double y = p->across / p->sigma_y;
    return exp_or_0(-0.5 * y * y) / (PLUME_SQRT_2PI * p->sigma_y);
}

/// Sum of the parts, for 1 g/s in g/m3.
static double sum_parts(const plume_downwash *d, const plume_spot *at, const part *parts) {
    double sum = 0;
    for (int i = 0; i < PARTS; i++) {
        const part *p = &parts[i];
        if (!(p->share > 0)) continue;
        double across = part_across(p);
        if (across == 0) { // AERMOD forgets here what the parts before brought
            sum = 0;
            continue;
        }
        sum += p->share * across * part_at(d, p, at->above, p->flag);
    }
    return sum / d->release->speed_ms;
}

/// The plumes that a receptor sees, and how much of it they are.
/// @return 0: only the plain one.
static double find_parts(const plume_downwash *d, const plume_spot *at, part *parts) {
    const plume_release *r = d->release;
    const plume_block *b = &d->block;
    double x = at->along - b->along_m, y = at->across - b->across_m;
    double share = weight(d, at);
    if (share == 0) return 0;
    plume_region region = plume_block_region(b, x, y, at->flag);
    if (region == PLUME_OUTSIDE && at->along <= 0) return 0;
    double height = fmax(0, plume_path_at(&d->rise, 0, at->along));
    if (!r->is_stable && height >= r->mixing_m) return 0;
    bool is_main = at->along > 0 && !(d->caught > 0 && region <= PLUME_CAVITY);
    if (is_main && d->caught < 1) set_main(d, at, &parts[0]);
    if (d->caught > 0 && region != PLUME_OUTSIDE) set_cavity(d, at, region, &parts[1]);
    return share;
}

/// What is left of a plume after its decay.
static double decayed(const plume_downwash *d, const plume_spot *at) {
    const plume_release *r = d->release;
    if (!(r->decay_per_s > 0)) return 1;
    double speed = r->is_stable ? d->speed_ms : at->speed_ms;
    return exp(fmax(-r->decay_per_s * at->along / speed, PLUME_EXP_LEAST));
}

double plume_downwash_at(const plume_downwash *d, const plume_spot *at, double plain) {
    part parts[PARTS] = {{0}};
    double share = find_parts(d, at, parts);
    if (share == 0) return plain;
    return share * sum_parts(d, at, parts) * decayed(d, at) + (1 - share) * plain;
}

/// How far particles settle on the way.
static double settled(const plume_downwash *d, const plume_class *c, double along) {
    return along / d->release->speed_ms * c->settling_ms;
}

/// Concentration that is deposited, integrated across, at a distance on the way.
static double on_the_way(const plume_downwash *d,
                         const plume_deposit *deposit,
                         const plume_class *c,
                         const plume_spot *end,
                         double along) {
    plume_spot at = *end;
    at.along = along;
    part p;
    set_main(d, &at, &p);
    p.height = fmax(0, p.height - settled(d, c, along));
    if (!d->release->is_stable && p.height > d->release->mixing_m) return 0;
    double level = deposit->level_m;
    return part_at(d, &p, at.above + level, level) / d->speed_ms;
}

/// Share of a class that is left at a place.
static double left_at(const plume_downwash *d,
                      const plume_deposit *deposit,
                      const plume_class *c,
                      const plume_spot *at) {
    double left = 1, middle = 0.5 * (at->along + 1), width = at->along - 1;
    if (!(width > 0)) return 1;
    if (deposit->loses_dry && c->velocity_ms > 0) {
        double away = PLUME_GAUSS * width;
        double sum = on_the_way(d, deposit, c, at, middle + away) +
                     on_the_way(d, deposit, c, at, middle - away);
        left = exp(-fmin(c->velocity_ms * 0.5 * width * sum, PLUME_MOST_LOST));
    }
    if (deposit->loses_wet) left *= exp(-c->scavenged_s * at->along / d->release->speed_ms);
    return left;
}

/// Adds a part's flux of all classes.
static void add_part(const plume_downwash *d,
                     const plume_deposit *deposit,
                     const plume_spot *at,
                     part p,
                     plume_flux *sum) {
    double across = p.share * part_across(&p), kept = decayed(d, at);
    double level = deposit->level_m, above = at->above - p.flag + level;
    for (size_t i = 0; i < deposit->n; i++) {
        const plume_class *c = &deposit->classes[i];
        double here = across * c->share * (p.is_within ? 1 : left_at(d, deposit, c, at));
        p.height = fmax(0, p.height - settled(d, c, at->along)); // in all, as AERMOD has it
        here /= d->release->speed_ms;
        sum->concentration += here * kept * part_at(d, &p, at->above, p.flag);
        sum->dry += here * kept * c->velocity_ms * part_at(d, &p, above, level);
        sum->wet += here * c->washed_s * d->release->speed_ms / d->speed_ms;
    }
}

plume_flux plume_downwash_flux(const plume_downwash *d,
                               const plume_deposit *deposit,
                               const plume_spot *at,
                               plume_flux plain) {
    part parts[PARTS] = {{0}};
    double share = find_parts(d, at, parts);
    if (share == 0) return plain;
    plume_flux sum = {0, 0, 0};
    for (int i = 0; i < PARTS; i++) {
        if (!(parts[i].share > 0)) continue;
        if (part_across(&parts[i]) == 0) {
            sum = (plume_flux){0, 0, 0};
            continue;
        }
        add_part(d, deposit, at, parts[i], &sum);
    }
    double rest = 1 - share;
    return (plume_flux){share * sum.concentration + rest * plain.concentration,
                        share * sum.dry + rest * plain.dry, share * sum.wet + rest * plain.wet};
}
