// Deposition velocities and washout of particles. Sources: Wesely, Doskey and Shannon (2001),
// equations 2 and 21; Slinn (1984) and Seinfeld and Pandis (1998) for the collision efficiency
// of drops; constants as AERMOD (24142) has them, so that results are.

#include "plume/deposit.h"

#include <math.h>
#include <string.h>

#define FREE_PATH_CM   6.5e-6  ///< Mean free path of air.
#define VISCOSITY_CGS  1.81e-4 ///< Of air, g/(cm s).
#define AIR_GCM3       1.2e-3
#define FREEZING_K     273.16
#define STANDARD_KPA   101.3
#define PHORETIC_MS    1e-4  ///< Drift of particles towards cool and moist surfaces.
#define COARSE_MS      0.002 ///< Method 2: settling of what is coarse.
#define DIFFUSIVITY    8.09e-14
#define COLUMN_AT_M    20000.0 ///< Where the plume's top is taken.
#define LEAST_COLUMN_M 500.0
#define MOST_COLUMN_M  10000.0
#define FULL_SOIL_MM   200.0
#define START_SOIL_MM  190.0

/// Cunningham's correction for slip.
static double slip(double diameter_um) {
    double d = 1e-4 * diameter_um;
    return 1 + 2 * FREE_PATH_CM * (1.257 + 0.4 * exp(-0.55 * d / FREE_PATH_CM)) / d;
}

double dosi_settling_ms(double diameter_um, double density_gcm3) {
    double d = 1e-4 * diameter_um;
    double speed = (density_gcm3 - AIR_GCM3) * PLUME_GRAVITY * d * d * slip(diameter_um);
    return fmax(0, speed / (18 * VISCOSITY_CGS));
}

dosi_soil dosi_soil_start(void) {
    return (dosi_soil){.water_mm = START_SOIL_MM, .wetness = START_SOIL_MM / FULL_SOIL_MM};
}

/// Pressure of saturated vapour, kPa.
static double saturation_kpa(double temperature_k) {
    return 0.6112 * exp(19.83 - 5417.4 / temperature_k);
}

dosi_moisture dosi_moisture_usual(void) {
    return (dosi_moisture){.humidity_percent = 50,
                           .pressure_hpa = 1013,
                           .hour_of_day = 12,
                           .soil = dosi_soil_start()};
}

void dosi_soil_step(dosi_soil *soil, double rain_mm, double temperature_k) {
    bool is_known = rain_mm >= 0 && temperature_k > 0;
    if (is_known) {
        const double at_25 = 3.167; // kPa
        soil->water_mm +=
            soil->rain_mm[0] - 0.5 * soil->wetness * saturation_kpa(temperature_k) / at_25;
        soil->wetness = fmin(fmax(soil->water_mm / FULL_SOIL_MM, 0.01), 1);
    }
    soil->rain_mm[1] = soil->rain_mm[0];
    soil->rain_mm[0] = is_known ? rain_mm : 0;
}

plume_drops plume_drops_of(double precipitation_mm) {
    return (plume_drops){.fall_ms = 3.75 * pow(precipitation_mm, 0.111),
                         .radius_cm = pow(precipitation_mm, 0.232) / 18.11};
}

/// Resistance of the air over the ground, integrated from the flux-profile relations.
static double aerodynamic(const dosi_plume_hour *hour, double level_m) {
    double z0 = hour->roughness_m, length = hour->obukhov_m;
    double scale = 1 / (PLUME_KARMAN * hour->friction_ms);
    if (length >= 0) return scale * (log(level_m / z0) + 5 * level_m / length);
    double high = sqrt(1 - 16 * level_m / length), low = sqrt(1 - 16 * z0 / length);
    return scale * log((high - 1) * (low + 1) / ((high + 1) * (low - 1)));
}

/// Top of the plume far away, or of the mixed layer.
static double column(const plume_release *r) {
    double top = r->top_m, sigma = 0, x = COLUMN_AT_M;
    plume_column(r, x, &top, &sigma);
    double depth = fmax(fmax(LEAST_COLUMN_M, r->mixing_m), top + PLUME_SIGMA_TOP * sigma);
    return fmin(depth, MOST_COLUMN_M);
}

static plume_near_ground near_ground(const plume_release *r, double level_m) {
    const dosi_plume_hour *h = r->hour;
    double kpa = h->moisture.pressure_hpa / 10, full = saturation_kpa(h->temperature_k);
    double vapour = h->moisture.humidity_percent / 100 * full;
    double at_full = 622 * full / (kpa - 0.378 * full);
    double here = 622 * vapour / (kpa - 0.378 * vapour);
    plume_near_ground g = {.resistance_sm = aerodynamic(h, level_m),
                           .vapour_kpa = full,
                           .deficit_kpa = fmax(0, full - vapour),
                           .dry_g_kg = at_full - here,
                           .flow_to_deg = fmod(r->direction_deg + 180, 360),
                           .column_m = column(r)};
    if (!(g.dry_g_kg > 0)) g.dry_g_kg = 0.001;
    g.viscosity_m2s = 0.1505e-4 * pow(h->temperature_k / FREEZING_K, 1.772) *
                      (kpa / STANDARD_KPA) * (1 + 0.0132 * (kpa - STANDARD_KPA));
    return g;
}

/// Part of the particles in a drop's way that it collects.
static double collected(const plume_near_ground *g,
                        const plume_drops *drops,
                        double diameter_um,
                        double density_gcm3,
                        double schmidt) {
    double radius = drops->radius_cm * 0.01;
    double settling = dosi_settling_ms(diameter_um, density_gcm3);
    double reynolds = radius * drops->fall_ms / g->viscosity_m2s, root = sqrt(reynolds);
    double diffusion = 4 / (reynolds * schmidt) *
                       (1 + 0.4 * root * cbrt(schmidt) + 0.16 * sqrt(reynolds * schmidt));
    double ratio = diameter_um * 1e-6 / (2 * radius);
    double interception = 4 * ratio * (1.81e-2 + ratio * (1 + 2 * root));
    double stokes = settling / PLUME_GRAVITY * (drops->fall_ms - settling) / radius;
    double logarithm = log(1 + reynolds);
    double critical = fmin((1.2 + logarithm / 12) / (1 + logarithm), stokes);
    double over = stokes - critical;
    double impaction = pow(over / (over + 2 * PLUME_THIRD), 1.5) * sqrt(1 / density_gcm3);
    return fmin(1, diffusion + interception + impaction);
}

/// Washout of a class: what drops collect on their way.
static void set_washout(const plume_release *r,
                        const plume_near_ground *g,
                        size_t i,
                        double schmidt,
                        plume_class *out) {
    const dosi_particles *p = r->source->particles;
    double rain = r->hour->moisture.precipitation_mm;
    if (!(rain > 0)) return;
    plume_drops drops = plume_drops_of(rain);
    double per_collected = 1.5 * rain / (2 * drops.radius_cm * 3.6e4);
    double washed = 0;
    if (p->is_method_2) { // washout ratios of fine and coarse particles
        double ratio = 1e5 * (p->diameter_um[0] * p->fine_share + 6 * (1 - p->fine_share));
        washed = 2 * drops.radius_cm * 0.01 * ratio / (1.5 * g->column_m);
    } else {
        washed = collected(g, &drops, p->diameter_um[i], p->density_gcm3[i], schmidt);
    }
    out->washed_s = per_collected * washed;
    out->scavenged_s = per_collected * fmin(1, washed);
}

/// Velocity of a class by settling and the resistances of the air and of the layer next to
/// the surface.
static double class_velocity(const plume_release *r,
                             const plume_near_ground *g,
                             double settling,
                             double schmidt) {
    double ustar = r->hour->friction_ms, w = r->hour->convective_ms;
    double stokes = settling / PLUME_GRAVITY * ustar * ustar / g->viscosity_m2s;
    double impaction = pow(10, -3 / stokes);
    double gusts = w > 0 ? 1 + 0.24 * w * w / (ustar * ustar) : 1;
    double layer = 1 / (gusts * ustar * (pow(schmidt, -2 * PLUME_THIRD) + impaction));
    double air = g->resistance_sm;
    return 1 / (air + layer + air * layer * settling) + settling + PHORETIC_MS;
}

/// Method 2: fine and coarse together.
static double mixed_velocity(const plume_release *r, const plume_near_ground *g) {
    double ustar = r->hour->friction_ms, length = r->hour->obukhov_m;
    double layer = length >= 0 ? 500 / ustar : 500 / (ustar * (1 - 300 / length));
    double air = g->resistance_sm, fine_share = r->source->particles->fine_share;
    double fine = 1 / (air + layer);
    double coarse = COARSE_MS + 1 / (air + layer + COARSE_MS * air * layer);
    return fine_share * fine + (1 - fine_share) * coarse;
}

static void set_particles(const plume_release *r,
                          const plume_near_ground *g,
                          plume_deposit *out) {
    const dosi_particles *p = r->source->particles;
    out->n = p->n;
    for (size_t i = 0; i < p->n; i++) {
        plume_class *c = &out->classes[i];
        double density = p->is_method_2 ? 1 : p->density_gcm3[i], d = p->diameter_um[i];
        double brownian = DIFFUSIVITY * (r->hour->temperature_k * slip(d) / d);
        double schmidt = g->viscosity_m2s / brownian;
        c->share = p->is_method_2 ? 1 : p->fraction[i];
        c->settling_ms = dosi_settling_ms(d, density);
        c->velocity_ms = p->is_method_2 ? mixed_velocity(r, g)
                                        : class_velocity(r, g, c->settling_ms, schmidt);
        set_washout(r, g, i, schmidt, c);
    }
}

void plume_deposit_init(const plume_release *release, plume_deposit *out) {
    memset(out, 0, sizeof *out);
    const dosi_plume_source *s = release->source;
    out->release = release;
    out->level_m = release->hour->roughness_m + 1;
    out->loses_dry = !s->is_kept_dry;
    out->loses_wet = !s->is_kept_wet;
    plume_near_ground g = near_ground(release, out->level_m);
    if (s->particles) {
        set_particles(release, &g, out);
    } else if (s->gas) {
        out->n = 1;
        out->classes[0].share = 1;
        if (s->gas->velocity_ms > 0) {
            out->classes[0].velocity_ms = s->gas->velocity_ms;
            out->level_m = 0; // a velocity that is told is one at the ground
        } else {
            plume_deposit_gas(release, &g, &out->classes[0]);
        }
    }
}
