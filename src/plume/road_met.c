// Near-ground meteorology and spread of R-LINE: functions of one distance.

#include "plume/road_met.h"

#include <math.h>

#define KARMAN              0.4
#define SQRT_2PI            2.50662827463100050242
#define DISPLACEMENT_FACTOR 5.0 // displacement height / z0
#define TABLE_STEPS         99  // of the wind's profile to its top: AERMOD's table
#define EXP_LEAST           (-50.0)

/// Integrated stability function for momentum at a height above the displaced ground.
static double stability(bool is_stable, double height_m, double obukhov_m) {
    if (is_stable) return -17 * -expm1(-0.29 * height_m / obukhov_m);
    double x = sqrt(sqrt(1 + 16 * height_m / obukhov_m));
    return 2 * log((1 + x) / 2) + log((1 + x * x) / 2) - 2 * atan(x) + M_PI / 2;
}

/// Wind by similarity theory.
static double similar_wind(const road_layer *layer, bool is_stable, double height_m) {
    double above = fmax(height_m - layer->displacement_m, layer->roughness_m);
    return layer->friction_ms / KARMAN *
           (log(above / layer->roughness_m) - stability(is_stable, above, layer->obukhov_m) +
            layer->psi_ground);
}

/// The layer over a ground roughened by a wall: Venkatram and Schulte (2018).
static road_layer layer_behind(const dosi_road_weather *weather, double wall_m) {
    double roughness = fmax(wall_m / 9, weather->roughness_m);
    double gain = fmax(1, pow(roughness / weather->roughness_m, 0.14));
    double obukhov = fabs(weather->obukhov_m) * gain * gain * gain;
    road_layer layer = {
        .friction_ms = weather->friction_ms * gain,
        .obukhov_m = obukhov,
        .roughness_m = roughness,
        .displacement_m = DISPLACEMENT_FACTOR * roughness,
        .psi_ground = stability(weather->is_stable, roughness, obukhov),
        .bottom_m = (1 + DISPLACEMENT_FACTOR) * roughness,
    };
    layer.log_bottom = log(layer.bottom_m);
    layer.log_step = (log(fmax(500, weather->mixing_m)) - layer.log_bottom) / (ROAD_LEVELS - 1);
    double step = exp(layer.log_step), height = layer.bottom_m;
    for (int i = 0; i < ROAD_LEVELS; i++, height *= step) {
        layer.height_m[i] = height;
        layer.speed_ms[i] = fmax(0, similar_wind(&layer, weather->is_stable, height));
    }
    return layer;
}

double road_met_wind(const road_met *met, road_flow flow, double height_m) {
    const road_layer *layer = &met->layers[flow];
    double height = fmax(height_m, layer->bottom_m);
    int i = (int)((log(height) - layer->log_bottom) / layer->log_step);
    if (i > ROAD_LEVELS - 2) i = ROAD_LEVELS - 2;
    double slope = (layer->speed_ms[i + 1] - layer->speed_ms[i]) /
                   (layer->height_m[i + 1] - layer->height_m[i]);
    double speed = layer->speed_ms[i] + slope * (height - layer->height_m[i]);
    return fmax(fmax(speed, met->least_ms) * met->adjust, met->least_ms);
}

road_met road_met_make(const dosi_road_weather *weather,
                       double downwind_wall_m,
                       double upwind_wall_m) {
    road_met met = {
        .is_stable = weather->is_stable,
        .adjust = 1,
        .sigma_v_ms = weather->sigma_v_ms,
        .friction_ms = weather->friction_ms,
        .obukhov_m = fabs(weather->obukhov_m),
        .mixing_m = weather->mixing_m,
        .layers = {layer_behind(weather, 0), layer_behind(weather, downwind_wall_m),
                   layer_behind(weather, upwind_wall_m)},
    };
    // Bentham and Britter (2003): the wind within roughness elements of ten z0.
    met.least_ms = fmax(4.47 * weather->friction_ms, M_SQRT2 * weather->sigma_v_ms);
    met.least_ms = fmax(met.least_ms, weather->least_speed_ms);
    met.adjust = weather->speed_ms / road_met_wind(&met, ROAD_OPEN, weather->speed_height_m);
    return met;
}

/// Vertical spread by growth alone, at a distance in a wind.
static double grown(const road_met *met, const road_layer *layer, double x, double speed_ms) {
    double ratio = layer->friction_ms / speed_ms;
    double scaled = x / layer->obukhov_m;
    if (met->is_stable) return 0.7 * ratio * x / (1 + 1.5 * ratio * cbrt(scaled * scaled));
    return 0.7 * ratio * x * (1 + ratio * scaled);
}

road_spread road_met_spread(const road_met *met, const road_source *source, double distance_m) {
    double x = distance_m;
    const road_layer *layer = &met->layers[source->flow];
    double height = source->height_m;
    road_spread spread = {.speed_ms = road_met_wind(met, source->flow, height)};
    spread.grown_m = grown(met, layer, x, spread.speed_ms);
    spread.sigma_z_m = sqrt(spread.grown_m * spread.grown_m + source->first_m2);
    for (int i = 1; i < 20; i++) {
        double sigma = spread.sigma_z_m;
        double scaled = height / sigma;
        double mean = sqrt(2 / M_PI) * sigma * exp(-0.5 * scaled * scaled) +
                      height * erf(scaled * M_SQRT1_2) + source->shift_m;
        spread.speed_ms = road_met_wind(met, source->flow, fmax(mean, height));
        spread.grown_m = grown(met, layer, x, spread.speed_ms);
        spread.sigma_z_m = sqrt(spread.grown_m * spread.grown_m + source->first_m2);
        spread.steps = i;
        if (fabs(spread.sigma_z_m - sigma) <= 0.01 * sigma) break;
    }
    if (spread.speed_ms <= met->least_ms) spread.steps = 0;
    return spread;
}

double road_met_sigma_y2(const road_met *met, double grown_m) {
    double scaled = grown_m / met->obukhov_m;
    double turn = 1.4 * met->sigma_v_ms / met->friction_ms * grown_m;
    if (met->is_stable) {
        turn *= 1 + 1.5 * scaled;
        return turn * turn;
    }
    return turn * turn / (1 + 2.5 * scaled);
}

double road_met_meander(const road_met *met, double speed_ms) {
    double ratio = met->sigma_v_ms / speed_ms;
    return fmin(1, 2 * ratio * ratio);
}

/// exp(-z^2/2), nothing where it is negligible.
static double bell(double z) {
    double power = -0.5 * z * z;
    return power > EXP_LEAST ? exp(power) : 0;
}

double road_met_vertical(const road_met *met,
                         double sigma_z_m,
                         double source_m,
                         double receptor_m) {
    double lid = fmax(met->mixing_m, source_m + 2.15 * sigma_z_m);
    if (receptor_m > lid) return 0;
    double z = receptor_m / sigma_z_m, h = source_m / sigma_z_m, step = 2 * lid / sigma_z_m;
    double sum = bell(z - h) + bell(z + h);
    for (int i = 1; i <= 100; i++) {
        double term = bell(z - i * step + h) + bell(z + i * step - h) + bell(z - i * step - h) +
                      bell(z + i * step + h);
        sum += term;
        if (term <= 1e-6 * sum) break;
    }
    return sum / (SQRT_2PI * sigma_z_m);
}
