// The volume of a plume as the molar ratio method takes it, and how plumes come by places.

#include "plume/no2_state.h"

#include <math.h>
#include <string.h>

#define PI            3.14159265358979323846
#define STABLE_SIGMAS 1.282 ///< Half the plume in sigmas: 80 % of it ...
#define MIXED_SIGMAS  2.58  ///< ... and 99 %.
#define MOST_SIGMAS   2.15
#define STABLE_LEAST  15.0 ///< Least sigma, m.
#define MIXED_LEAST   9.0
#define RELATIVE_1    0.57
#define RELATIVE_2    (0.62 * RELATIVE_1)
#define TIME_SCALE    0.46 ///< Of the relative dispersion, in zi / sigma_w.

/// Ends of the steps along the plume.
static const double ends[] = {
    10,    20,    30,    40,    50,    60,    70,    80,    90,    100,   120,   140,
    160,   180,   200,   250,   300,   350,   400,   450,   500,   600,   700,   800,
    900,   1000,  1200,  1400,  1600,  1800,  2000,  2500,  3000,  3500,  4000,  4500,
    5000,  6000,  7000,  8000,  9000,  10000, 12000, 14000, 16000, 18000, 20000, 25000,
    30000, 35000, 40000, 45000, 50000, 60000, 70000, 80000, 90000, 1e5,   5e5};

/// Relative dispersion: eps^1/2 t^3/2 while eddies grow, and the start's own size.
static double relative_sigma(const plume_release *r,
                             double x,
                             const double *air, // speed, sigma_w, dissipation
                             double buoyant) {
    double t = x / air[0], scale = TIME_SCALE * r->mixing_m / air[1];
    double spread = RELATIVE_1 * sqrt(air[2]) * t * sqrt(t) / (1 + RELATIVE_2 * t / scale);
    double start = r->sigma_z_m;
    if (start < 1e-8) start = r->sigma_y_m;
    if (r->sigma_z_m >= 1e-8 && r->sigma_y_m >= 1e-8) start = sqrt(r->sigma_y_m * r->sigma_z_m);
    return cbrt(spread * spread * spread + buoyant * buoyant * buoyant + start * start * start);
}

/// Size of a cross-section, and what goes with it.
typedef struct section {
    double sigma, sigma3;   ///< Of the plume, and of its penetrated part.
    double sigmas, sigmas3; ///< How many of them are its half width.
    double least, least3;   ///< Least sigma.
    double sigma_w_ms;      ///< Of the air that the plume is in.
} section;

static section section_at(const plume_release *r,
                          const no2_spot *spot,
                          double x,
                          double distance) {
    no2_state s;
    no2_state_at(r, spot, x, &s);
    section out = {.sigmas = MIXED_SIGMAS, .least = MIXED_LEAST, .sigma_w_ms = s.sigma_w_ms};
    if (r->is_like_stable) {
        double meander = no2_meander(r, distance, &s);
        double wide = 1 / (meander / (PLUME_SQRT_2PI * x) + (1 - meander) / s.sigma_y);
        out.sigma = sqrt(s.sigma_y * s.sigma_z);
        out.sigmas = fmin(MOST_SIGMAS, STABLE_SIGMAS * wide / s.sigma_y);
        out.least = STABLE_LEAST * (STABLE_SIGMAS / out.sigmas);
        return out;
    }
    if (r->penetrated < 1) {
        const double air[3] = {s.speed_ms, s.sigma_w_ms, s.dissipation};
        out.sigma = relative_sigma(r, x, air, s.buoyant);
    }
    if (r->penetrated > 0) {
        double p = r->penetrated;
        const double air[3] = {s.speed3_ms, s.sigma_w3_ms, s.dissipation3};
        out.sigma3 = relative_sigma(r, x, air, s.buoyant3);
        out.least3 = p * STABLE_LEAST + (1 - p) * MIXED_LEAST;
        out.sigmas3 = p * STABLE_SIGMAS + (1 - p) * MIXED_SIGMAS;
    }
    return out;
}

/// Area of a rectangle with round ends about centres that are `high` and `wide` apart.
/// @param lid  Most height; 0: none.
static double rounded(double half, double high, double wide, double lid) {
    double height = high + 2 * half, half_z = half;
    if (lid > 0 && height > lid) {
        height = lid;
        high = fmax(0, lid - 2 * half);
        half_z = fmin(half, 0.5 * lid);
    }
    return PI * half * half_z + height * wide + 2 * half * high;
}

/// Volume up to a distance, with boxes: height, width; the same of the penetrated part.
static double volume_of(
    const plume_release *r, no2_spot spot, double to_m, double distance, const double *box) {
    enum { STEPS = sizeof ends / sizeof *ends };
    section before = {0};
    double sum = 0, sum3 = 0, from = 0;
    double lid = r->is_stable ? 0 : r->mixing_m;
    for (size_t i = 0; i < STEPS && from < to_m; i++) {
        double x = fmin(to_m, ends[i]), step = x - from;
        section s = section_at(r, &spot, x, distance);
        double sigma = fmax(s.least, 0.5 * (s.sigma + before.sigma));
        // (AERMOD takes the count of the penetrated part for both from the second step on.)
        double sigmas = r->penetrated > 0 && i > 0 ? s.sigmas3 : s.sigmas;
        sum += step * rounded(sigmas * sigma, box[0], box[1], lid);
        if (r->penetrated > 0) {
            double sigma3 = fmax(s.least3, 0.5 * (s.sigma3 + before.sigma3));
            sum3 += step * rounded(s.sigmas3 * sigma3, box[2], box[3], 0);
        }
        before = s;
        spot.first_w = s.sigma_w_ms; // (AERMOD goes on with the section before, here alone.)
        from = x;
    }
    return sum * (1 - r->penetrated) + sum3 * r->penetrated;
}

double dosi_no2_volume(const dosi_plume_hour *hour,
                       const dosi_plume_source *source,
                       const dosi_plume_receptors *receptors,
                       size_t place,
                       const double box_m[4],
                       const dosi_no2_plume *followed) {
    plume_release release;
    plume_release_init(hour, source, &release);
    no2_spot spot = no2_spot_of(&release, receptors, place);
    double distance = followed->distance_m, to = fmax(followed->along_m, 1);
    if (box_m) return volume_of(&release, spot, to, distance, box_m);
    double box[4] = {0, no2_shape_of(source, release.sine, release.cosine).width_m, 0, 0};
    if (source->kind > DOSI_PLUME_VOLUME) {
        no2_state s;
        no2_state_at(&release, &spot, to, &s);
        box[1] = fmin(box[1], 4.3 * s.sigma_y);
    }
    return volume_of(&release, spot, to, distance, box);
}

// ---- following ----

/// Concentration of a part of the plume at a place, and how long it was on the way.
static void age_plume(const plume_release *r, const no2_spot *spot, dosi_no2_plume *out) {
    no2_state all, ahead;
    double ways = 0, straight = 0, ways_s = 0, straight_s = 0;
    no2_state_at(r, spot, fmax(out->distance_m, 1), &all);
    if (out->meander > 0) {
        ways = out->meander * (all.vertical + all.vertical3) / (2 * PI * out->distance_m);
        ways_s = out->distance_m / all.speed_ms;
    }
    if (out->along_m >= 1) {
        no2_state_at(r, spot, out->along_m, &ahead);
        double y = out->across_m, value = 0;
        const double sigma[2] = {ahead.sigma_y, ahead.sigma_y3};
        const double vertical[2] = {ahead.vertical, ahead.vertical3};
        for (int k = 0; k < 2; k++) {
            if (!(vertical[k] > 0)) continue;
            double exponent = -0.5 * y * y / (sigma[k] * sigma[k]);
            if (exponent < PLUME_EXP_LEAST) continue;
            value += vertical[k] * exp(exponent) / (PLUME_SQRT_2PI * sigma[k]);
        }
        straight = (1 - out->meander) * value;
        straight_s = out->along_m / ahead.speed_ms;
    }
    double sum = ways + straight;
    if (sum > 0) out->age_s = (ways * ways_s + straight * straight_s) / sum;
}

static void follow_to(const plume_release *r,
                      const dosi_plume_receptors *receptors,
                      size_t i,
                      const no2_shape *shape,
                      dosi_no2_plume *out) {
    double dx = receptors->x_m[i] - shape->x, dy = receptors->y_m[i] - shape->y;
    bool is_wide = r->source->kind > DOSI_PLUME_VOLUME;
    memset(out, 0, sizeof *out);
    out->along_m = -(dx * r->sine + dy * r->cosine);
    out->across_m = dx * r->cosine - dy * r->sine;
    out->distance_m = hypot(out->along_m, out->across_m);
    if (out->distance_m < 0.99 && !is_wide) return;
    no2_spot spot = no2_spot_of(r, receptors, i);
    no2_state s;
    no2_state_at(r, &spot, fmax(is_wide ? out->along_m : out->distance_m, 1), &s);
    out->height_m = s.height_m;
    out->speed_ms = s.speed_ms;
    out->release_ms = r->speed_ms;
    out->penetrated = r->penetrated;
    out->penetrated_m = r->penetrated_height_m;
    out->penetrated_ms = s.speed3_ms;
    out->level_part = s.level_part;
    if (!is_wide) out->meander = no2_meander(r, out->distance_m, &s);
    out->is_direct = s.direct >= s.indirect;
    age_plume(r, &spot, out);
    if (is_wide) out->age_s = fmax(out->along_m, 0) / s.speed_ms;
}

dosi_status dosi_no2_follow(const dosi_plume_hour *hour,
                            const dosi_plume_source *source,
                            const dosi_plume_receptors *receptors,
                            dosi_no2_plume *out,
                            dosi_error *err) {
    const dosi_plume_receptors none = {0};
    DOSI_TRY(dosi_plume_add(hour, source, &none, NULL, err)); // checks the source
    bool is_windy = hour->state == DOSI_PLUME_STABLE || hour->state == DOSI_PLUME_UNSTABLE;
    if (!is_windy) {
        memset(out, 0, receptors->n * sizeof *out);
        return DOSI_OK;
    }
    plume_release release;
    plume_release_init(hour, source, &release);
    no2_shape shape = no2_shape_of(source, release.sine, release.cosine);
    for (size_t i = 0; i < receptors->n; i++) {
        follow_to(&release, receptors, i, &shape, &out[i]);
    }
    return DOSI_OK;
}
