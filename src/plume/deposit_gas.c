// Gases: resistances of the air, of leaves and of the ground in a row and side by side, and
// drops that take them up. Source: Wesely, Doskey and Shannon (2001); the table of surface
// resistances is theirs (after Wesely, 1989, Atmos. Environ. 23, 1293-1304). Washout after
// C. Walcek, as AERMOD (24142) has it.

#include "plume/deposit.h"

#include <math.h>

#define GAS_CONSTANT  8.314
#define WATER_GM3     1e6
#define FREEZING_K    273.16
#define VAPOUR_M2S    0.219e-4 ///< Diffusivity of water vapour.
#define MOST_SM       1e7
#define FROZEN_CODE   18
#define HOUR_S        3600.0
#define ACCOMMODATION 0.01
#define MOLECULES_CMS 50000.0

enum { FOREST = 4, SUBURBAN_FOREST = 6, SNOW = 4 };

typedef enum surface_part {
    STOMATA,       ///< Ri
    CUTICLE_SO2,   ///< Rcs
    CUTICLE_OZONE, ///< Rco
    CANOPY_AIR,    ///< Raci
    GROUND_SO2,    ///< Rgs
    GROUND_OZONE,  ///< Rgo
    SURFACE_PARTS,
} surface_part;

/// Resistances in s/m by season, part and land use.
static const double table[DOSI_LAND_SEASONS][SURFACE_PARTS][DOSI_LAND_USES] = {
    {{1e7, 60, 120, 100, 200, 150, 1e7, 1e7, 80},
     {1e7, 2000, 2000, 2000, 2000, 2000, 1e7, 1e7, 2500},
     {1e7, 1000, 1000, 1000, 2000, 2000, 1e7, 1e7, 1000},
     {100, 200, 100, 2000, 100, 1500, 0, 0, 300},
     {400, 150, 350, 300, 500, 450, 0, 1000, 0},
     {300, 150, 200, 200, 300, 300, 2000, 400, 1000}},
    {{1e7, 1e7, 1e7, 350, 1e7, 700, 1e7, 1e7, 1e7},
     {1e7, 6500, 6500, 3000, 2000, 2000, 1e7, 1e7, 6500},
     {1e7, 400, 300, 500, 600, 1000, 1e7, 1e7, 300},
     {100, 150, 100, 1700, 100, 1200, 0, 0, 200},
     {400, 200, 350, 300, 500, 450, 0, 1000, 0},
     {300, 150, 200, 200, 300, 300, 2000, 400, 800}},
    {{1e7, 1e7, 1e7, 500, 1e7, 1000, 1e7, 1e7, 1e7},
     {1e7, 1e7, 9000, 6000, 2000, 2000, 1e7, 1e7, 9000},
     {1e7, 1e7, 400, 600, 800, 1600, 1e7, 1e7, 800},
     {100, 0, 100, 1500, 100, 1000, 0, 0, 100},
     {400, 150, 350, 300, 500, 450, 0, 0, 1000},
     {300, 150, 200, 200, 300, 300, 2000, 400, 1000}},
    {{1e7, 1e7, 1e7, 800, 1e7, 1600, 1e7, 1e7, 1e7},
     {1e7, 1e7, 1e7, 400, 1e7, 800, 1e7, 1e7, 9000},
     {1e7, 2000, 1000, 600, 2000, 1200, 1e7, 1e7, 800},
     {100, 0, 10, 1500, 100, 1000, 0, 0, 50},
     {100, 100, 100, 100, 200, 200, 0, 1000, 100},
     {600, 3500, 3500, 3500, 500, 500, 2000, 400, 3500}},
    {{1e7, 100, 120, 100, 200, 150, 1e7, 1e7, 80},
     {1e7, 2000, 2000, 1500, 2000, 2000, 1e7, 1e7, 2000},
     {1e7, 1000, 250, 350, 500, 700, 1e7, 1e7, 300},
     {100, 50, 80, 1500, 100, 1000, 0, 0, 200},
     {500, 150, 350, 300, 500, 450, 0, 1000, 0},
     {300, 150, 200, 200, 300, 300, 2000, 400, 1000}},
};

/// Scale of the cuticle's resistance by land use.
static const double leaf_scale[DOSI_LAND_USES] = {1e-5, 6, 5, 7, 3, 4, 1e-5, 1e-5, 3};

/// The surface under the plume.
typedef struct surface {
    size_t use;    ///< From 0.
    size_t season; ///< From 0.
    double part[SURFACE_PARTS];
    double leaves;      ///< Relative area.
    double light_wm2;   ///< At which stomata are half open.
    double cuticle_wet; ///< For ozone, wetted.
    double air_sm;
} surface;

static surface surface_under(const plume_near_ground *g, const dosi_gas *gas) {
    size_t sector = (size_t)(g->flow_to_deg * 0.1 + 0.4999);
    sector = sector == 0 ? DOSI_LAND_SECTORS : sector;
    surface s = {.use = gas->land_use[sector - 1] - 1U, .season = gas->season - 1U};
    for (size_t p = 0; p < SURFACE_PARTS; p++) s.part[p] = table[s.season][p][s.use];
    double f = 1;
    if (gas->season == 2) f = gas->leaves[0] > 0 ? gas->leaves[0] : 0.5;
    if (gas->season == 5) f = gas->leaves[1] > 0 ? gas->leaves[1] : 0.25;
    bool is_forest = s.use + 1 == FOREST || s.use + 1 == SUBURBAN_FOREST;
    s.leaves = is_forest ? f : sqrt(f);
    s.light_wm2 = is_forest ? 30 : 100;
    s.cuticle_wet = s.part[CUTICLE_OZONE];
    s.air_sm = g->resistance_sm;
    return s;
}

/// Sunlight from the heat it makes, W/m2.
static double sunlight(const dosi_plume_hour *h) {
    if (h->obukhov_m > 0 || h->albedo == 1 || h->bowen == 0) return 0;
    double t2 = h->temperature_k * h->temperature_k, t4 = t2 * t2;
    double net = (1 + 1 / h->bowen) * h->heat_flux_wm2 / 0.9;
    double clear = net * 2.12 - 5.31e-13 * t4 * t2 + 5.67e-8 * t4;
    return (clear - 60 * 0.1 * h->cloud_tenths) / (1 - h->albedo);
}

/// Rain and dew make surfaces take up more; frost makes them take up less.
static void wet_surface(const dosi_plume_hour *h, const plume_near_ground *g, surface *s) {
    double a = h->cloud_tenths <= 2 ? 0.45 : h->cloud_tenths >= 8 ? 0.15 : 0.3;
    bool is_night = h->moisture.hour_of_day < 8 || h->moisture.hour_of_day > 19;
    bool has_dew = h->friction_ms < a / g->dry_g_kg && is_night;
    double rain = h->moisture.precipitation_mm + h->moisture.soil.rain_mm[0] +
                  h->moisture.soil.rain_mm[1];
    bool is_snow = s->season + 1 == SNOW && h->moisture.precipitation_code > FROZEN_CODE &&
                   h->temperature_k < FREEZING_K;
    if (!is_snow && (has_dew || rain > 0)) {
        s->part[CUTICLE_SO2] = s->part[GROUND_SO2] = 50;
        s->cuticle_wet = 0.75 * s->part[CUTICLE_OZONE];
        if (has_dew) s->air_sm = fmax(s->air_sm, 1000);
    }
    double frost = 1e3 * exp(-(h->temperature_k - 269.2));
    s->part[CUTICLE_SO2] += frost;
    s->part[GROUND_SO2] += frost;
    s->part[GROUND_OZONE] += frost;
    s->cuticle_wet += frost;
}

/// Through the leaves' stomata, which open in light, warmth, and where there is water.
static double stomata(const dosi_plume_hour *h,
                      const plume_near_ground *g,
                      const dosi_gas *gas,
                      const surface *s) {
    double light = sunlight(h) / s->light_wm2;
    double f1 = fmin(fmax((light + 0.01) / (light + 1), 0.01), 1);
    if (s->part[STOMATA] == MOST_SM) f1 = 0.01;
    double f3 = fmax(1 / (1 + 0.1 * g->deficit_kpa), 0.01);
    double cold = 298.2 - h->temperature_k;
    double f4 = fmax(1 - 0.0016 * cold * cold, 0.01);
    double open = f1 * h->moisture.soil.wetness * f3 * f4;
    double bulk = s->part[STOMATA] * (VAPOUR_M2S / gas->diffusivity_air_m2s) / open;
    double inside = 1 / (0.034 / gas->henry_pam3mol + 100 * gas->reactivity);
    return fmin(bulk, MOST_SM) + fmin(inside, MOST_SM);
}

static double surface_resistance(const dosi_plume_hour *h,
                                 const plume_near_ground *g,
                                 const dosi_gas *gas,
                                 const surface *s) {
    double frost = 1e3 * exp(-(h->temperature_k - 269.2));
    double lipids = gas->cuticle_sm / (s->leaves * leaf_scale[s->use]) + frost;
    lipids = fmax(lipids, 100);
    double f0 = gas->reactivity, henry = gas->henry_pam3mol;
    double cuticle = 1 / (1e-3 / (henry * s->part[CUTICLE_SO2]) +
                          (f0 + f0 * f0 / henry) / s->cuticle_wet + 1 / lipids);
    double ground = 1 / (1e-3 / (henry * s->part[GROUND_SO2]) +
                         (f0 + 0.1 * f0 * f0) / s->part[GROUND_OZONE]);
    double below = 0.3 * s->part[CANOPY_AIR] / h->friction_ms + fmin(ground, MOST_SM);
    return 1 / (s->leaves / stomata(h, g, gas, s) + s->leaves / cuticle + 1 / below);
}

/// Drops take the gas up until they are saturated, or have fallen through the plume.
static void set_washout(const plume_release *r, double column_m, plume_class *out) {
    const dosi_gas *gas = r->source->gas;
    double rain = r->hour->moisture.precipitation_mm;
    if (!(rain > 0)) return;
    double rt = GAS_CONSTANT * r->hour->temperature_k, henry = gas->henry_pam3mol;
    plume_drops drops = plume_drops_of(rain);
    double radius = drops.radius_cm, water_gm3 = pow(rain, 0.889) / 13.28;
    double outside = 80 * radius + 1; // how much faster moving air and water exchange
    double inside = radius < 0.01 ? 1 : radius <= 0.05 ? 2.6 : 20;
    double share = 1 + water_gm3 * rt / (henry * WATER_GM3);
    double air = radius * radius * rt / (henry * 3 * gas->diffusivity_air_m2s * 1e4 * outside);
    double skin = 4 * radius * rt / (henry * 3 * MOLECULES_CMS * ACCOMMODATION);
    double water = radius * radius * 0.17 / (3 * gas->diffusivity_water_m2s * 1e4 * inside);
    double saturated = fmin(1, column_m / drops.fall_ms / ((air + skin + water) / share));
    out->scavenged_s = out->washed_s =
        saturated * rt * rain / (HOUR_S * column_m * henry * 1e3 * share);
}

void plume_deposit_gas(const plume_release *release,
                       const plume_near_ground *ground,
                       plume_class *out) {
    const dosi_gas *gas = release->source->gas;
    const dosi_plume_hour *h = release->hour;
    set_washout(release, ground->column_m, out);
    if (!gas->land_use) return;
    surface s = surface_under(ground, gas);
    wet_surface(h, ground, &s);
    double thin = 2.2 * pow(ground->viscosity_m2s / gas->diffusivity_air_m2s, 2 * PLUME_THIRD) /
                  (PLUME_KARMAN * h->friction_ms);
    out->velocity_ms = 1 / (s.air_sm + thin + surface_resistance(h, ground, gas, &s));
}
