// A plume at a distance, with what a plume's chemistry needs beside its concentration.

#include "plume/no2_state.h"
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

/// The layer that decides a plume's effective air: see effective() of the kernel.
static void find_layer(const plume_release *r,
                       double centre,
                       double sigma_z,
                       double receptor,
                       bool is_capped,
                       double *layer) {
    double zi = r->mixing_m, reach = PLUME_SIGMA_TOP * sigma_z;
    bool is_over = receptor < centre;
    layer[0] = is_over ? fmax(centre - reach, receptor) : centre;
    layer[1] = is_over ? centre : fmin(centre + reach, receptor);
    if (is_capped) layer[1] = fmin(layer[1], zi);
    if (centre <= 5 && receptor <= 5) {
        layer[0] = 0;
        layer[1] = fmin(5, zi);
    }
    if (is_capped && !(layer[0] < layer[1])) layer[0] = layer[1] = fmin(centre, zi);
}

static double dissipation_in(const plume_release *r, const double *layer) {
    return plume_mean(r->hour, DOSI_PLUME_DISSIPATION, layer[0], layer[1]);
}

static place_one place_at(const no2_spot *spot, double x) {
    return (place_one){.x = x,
                       .above = spot->above,
                       .flag = spot->flag,
                       .level = spot->above,
                       .level_flag = spot->flag,
                       .z = spot->z,
                       .hill = spot->hill};
}

static void state_stable(const plume_release *r,
                         const no2_spot *spot,
                         double x,
                         no2_state *out) {
    double rise = 0, layer[2];
    if (r->has_rise) {
        rise = r->final_rise_m;
        if (x < r->final_x_m) {
            double early = rise_stable_one(r, x, ALL_LANES);
            rise = fmin(fmin(early, rise_convective_one(r, x)), rise);
        }
    }
    double plume = fmax(r->top_m + rise, 0);
    out->buoyant = 0.4 / PLUME_SQRT_2 * rise;
    double square_z = out->buoyant * out->buoyant + r->sigma_z_m * r->sigma_z_m;
    double square_y = out->buoyant * out->buoyant + r->sigma_y_m * r->sigma_y_m;
    height_one height = height_of_one(r, x, plume);
    double sigma_z = sigma_z_stable_one(r, x, height.air, &height, square_z);
    air_one air = effective_one(r, plume, sigma_z, spot->above, false);
    find_layer(r, plume, sigma_z, spot->above, false, layer);
    double sigma_y = sigma_y_ambient_one(r, x, air, plume);
    out->sigma_z = sigma_z_stable_one(r, x, air, &height, square_z);
    out->sigma_y = sqrt(square_y + sigma_y * sigma_y);
    out->start_y = sqrt(square_y);
    out->start_z = sqrt(square_z);
    out->height_m = plume;
    out->speed_ms = air.u;
    out->sigma_v_ms = air.v;
    out->sigma_w_ms = air.w;
    out->dissipation = dissipation_in(r, layer);
    place_one place = place_at(spot, x);
    if (is_hilly_one(&place)) {
        double lid = lid_one(r, x, &height, square_z);
        out->level_part = level_part_one(r, &place, plume, out->sigma_z, lid);
    }
}

/// What comes straight from the source and by way of the lid, as the ground sees it.
static void split_draughts(const plume_release *r,
                           const no2_spot *spot,
                           const draughts_one *d,
                           const double *known, // x, rise, step of the draughts
                           const double *sigma,
                           no2_state *out) {
    double zi = r->mixing_m, w = r->hour->convective_ms, u = r->speed_ms, x = known[0];
    double fall = 0, base = r->top_m + known[1];
    if (r->has_rise) {
        double gap = 0.4 * (zi - r->top_m);
        double grow = 0.25 * 0.1 * 2.3 * 1.51657508881031 * w * w / (u * u);
        double area = gap * gap + grow * x * x;
        fall = sqrt(2 * r->buoyancy * zi / (1.4 * u * area)) * (x / u);
    }
    const double part[2] = {d->part1, d->part2};
    const double direct[2] = {base + d->a1 * known[2], base + d->a2 * known[2]};
    const double lower[2] = {direct[0] - fall, direct[1] - fall};
    out->direct = images_one(spot->flag, direct, sigma, part, zi, 1);
    out->indirect = images_one(spot->flag, lower, sigma, part, zi, -1);
}

static void state_convective(const plume_release *r,
                             const no2_spot *spot,
                             double x,
                             no2_state *out) {
    double zi = r->mixing_m, layer[2], sigma[2];
    double rise = r->has_rise ? rise_convective_one(r, x) : 0;
    double centre = centre_one(r, x, rise);
    int64_t is_surface = LESS(centre, 0.1 * zi);
    out->buoyant = 0.4 / PLUME_SQRT_2 * rise;
    double square_z = out->buoyant * out->buoyant + r->sigma_z_m * r->sigma_z_m;
    double square_y = out->buoyant * out->buoyant + r->sigma_y_m * r->sigma_y_m;
    air_one first = bounded_one(r, air_at_one(r, centre, NULL));
    double first_w = spot->first_w > 0 ? spot->first_w : r->sigma_w_ms;
    draughts_one d = draughts_of_one(r, centre, is_surface, first_w);
    const double early[4] = {x, centre, first.u, square_z};
    sigma_z_draughts_one(r, &d, early, is_surface, sigma);
    double mean = 0.5 * (sigma[0] + sigma[1]);
    air_one air = effective_one(r, centre, mean, spot->above, true);
    find_layer(r, centre, mean, spot->above, true, layer);
    d = draughts_of_one(r, centre, is_surface, air.w);
    const double late[4] = {x, centre, air.u, square_z};
    sigma_z_draughts_one(r, &d, late, is_surface, sigma);
    double sigma_y = sigma_y_convective_one(r, x, air);
    out->sigma_z = 0.5 * (sigma[0] + sigma[1]);
    out->sigma_y = sqrt(square_y + sigma_y * sigma_y);
    out->start_y = sqrt(square_y);
    out->start_z = sqrt(square_z);
    out->height_m = centre;
    out->speed_ms = air.u;
    out->sigma_v_ms = air.v;
    out->sigma_w_ms = air.w;
    out->dissipation = dissipation_in(r, layer);
    const double known[3] = {x, rise, r->hour->convective_ms * x / air.u};
    split_draughts(r, spot, &d, known, sigma, out);
}

/// The air of the part above the inversion: as spread_penetrated() of the kernel has it.
static void state_penetrated(const plume_release *r,
                             const no2_spot *spot,
                             double x,
                             no2_state *out) {
    double plume = r->penetrated_height_m, receptor = spot->above;
    out->buoyant3 = 0.4 / PLUME_SQRT_2 * r->penetrated * r->penetrated_rise_m;
    air_one air = bounded_one(r, air_at_one(r, plume, NULL));
    double travel = air.w * x / air.u;
    double sigma_z = travel / sqrt(1 + travel / (0.72 * plume));
    double reach = PLUME_SIGMA_TOP * sqrt(out->buoyant3 * out->buoyant3 + sigma_z * sigma_z);
    bool is_over = receptor < plume;
    const double layer[2] = {is_over ? fmax(plume - reach, receptor) : plume,
                             is_over ? plume : fmin(plume + reach, receptor)};
    air = bounded_one(r, air_between_one(r, layer[0], layer[1]));
    out->speed3_ms = air.u;
    out->sigma_v3_ms = air.v;
    out->sigma_w3_ms = air.w;
    out->dissipation3 = dissipation_in(r, layer);
}

void no2_state_at(const plume_release *r, const no2_spot *spot, double x, no2_state *out) {
    memset(out, 0, sizeof *out);
    out->level_part = 0.5;
    out->speed_ms = out->speed3_ms = r->speed_ms;
    out->sigma_v_ms = out->sigma_v3_ms = r->sigma_v_ms;
    out->sigma_w_ms = out->sigma_w3_ms = r->sigma_w_ms;
    place_one place = place_at(spot, x);
    spread_one spread;
    spread_at_one(r, &place, &spread);
    if (r->is_like_stable) {
        state_stable(r, spot, x, out);
    } else {
        state_convective(r, spot, x, out);
        if (r->penetrated > 0) state_penetrated(r, spot, x, out);
        if (r->penetrated == 1) { // nothing is left below whose air would count
            out->speed_ms = r->speed_ms;
            out->sigma_v_ms = r->sigma_v_ms;
            out->sigma_w_ms = r->sigma_w_ms;
        }
    }
    out->vertical = spread.vertical * left_over_one(r, x, spread.air.u);
    out->vertical3 = spread.vertical3 * left_over_one(r, x, spread.air3.u);
    out->sigma_y3 = spread.sigma_y3;
}

/// Meandering part with one air.
static double meander_of(const plume_release *r, double distance, double u, double v) {
    const dosi_plume_limits *limits = &r->hour->limits;
    double mean2 = fmax(u * u - 2 * v * v, 0.01);
    double aged = 1 - exp(-distance / u / (limits->meander_h * 3600));
    double part = (2 * v * v + mean2 * aged) / (u * u);
    return fmax(fmin(part, limits->meander_max), limits->meander_min);
}

double no2_meander(const plume_release *r, double distance, const no2_state *s) {
    double part = meander_of(r, distance, s->speed_ms, s->sigma_v_ms);
    if (!(r->penetrated > 0)) return part;
    double part3 = meander_of(r, distance, s->speed3_ms, s->sigma_v3_ms);
    return r->penetrated * part3 + (1 - r->penetrated) * part;
}

no2_spot no2_spot_of(const plume_release *r, const dosi_plume_receptors *all, size_t i) {
    const dosi_plume_source *s = r->source;
    bool is_hilly = all->z_m && !s->is_flat && r->is_stable;
    no2_spot out = {.flag = all->flag_m ? all->flag_m[i] : 0};
    double z = all->z_m ? all->z_m[i] : 0;
    out.above = s->is_flat ? out.flag : z - s->base_m + out.flag;
    if (is_hilly) {
        out.z = &all->z_m[i];
        out.hill = all->hill_m ? &all->hill_m[i] : out.z;
    }
    return out;
}

/// Takes corners in order into the middle, the size and the reach across.
static no2_shape shape_of_corners(
    const double *x, const double *y, size_t n, double sine, double cosine) {
    no2_shape out = {0};
    double low = HUGE_VAL, high = -HUGE_VAL, twice = 0;
    for (size_t i = 0; i < n; i++) { // about the first corner: towns are far from the origin
        size_t k = (i + 1) % n;
        double xi = x[i] - x[0], yi = y[i] - y[0], xk = x[k] - x[0], yk = y[k] - y[0];
        double cross = xi * yk - xk * yi, across = xi * cosine - yi * sine;
        twice += cross;
        out.x += cross * (xi + xk);
        out.y += cross * (yi + yk);
        low = fmin(low, across);
        high = fmax(high, across);
    }
    if (twice != 0) {
        out.x /= 3 * twice;
        out.y /= 3 * twice;
    }
    out.x += x[0];
    out.y += y[0];
    out.area_m2 = 0.5 * fabs(twice);
    out.width_m = high - low;
    return out;
}

no2_shape no2_shape_of(const dosi_plume_source *s, double sine, double cosine) {
    if (s->kind == DOSI_PLUME_AREA) {
        return shape_of_corners(s->corner_x_m, s->corner_y_m, s->n_corners, sine, cosine);
    }
    if (s->kind == DOSI_PLUME_PIT) {
        double a = s->pit_angle_deg * 3.14159265358979323846 / 180;
        double lx = s->pit_length_m * sin(a), ly = s->pit_length_m * cos(a);
        double wx = s->pit_width_m * cos(a), wy = -s->pit_width_m * sin(a);
        const double x[4] = {s->x_m, s->x_m + lx, s->x_m + lx + wx, s->x_m + wx};
        const double y[4] = {s->y_m, s->y_m + ly, s->y_m + ly + wy, s->y_m + wy};
        return shape_of_corners(x, y, 4, sine, cosine);
    }
    double width = s->kind == DOSI_PLUME_VOLUME ? 4.3 * s->sigma_y_m : 0;
    return (no2_shape){s->x_m, s->y_m, 1, width};
}
