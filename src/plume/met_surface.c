// Similarity of the surface layer, and diffusion in it.

#include "dosi/met.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { N_LAYERS = 90 };

static const double least_lid_m = 50.0;
static const double stable_lid_m = 150.0; // above it a stable layer exchanges nothing in time

double dosi_mo_phi_h(double z_over_l) {
    return z_over_l >= 0.0 ? 1.0 + 5.0 * z_over_l : 1.0 / sqrt(1.0 - 16.0 * z_over_l);
}

double dosi_mo_psi_m(double z_over_l) {
    if (z_over_l >= 0.0) return -5.0 * z_over_l;
    double x = sqrt(sqrt(1.0 - 16.0 * z_over_l));
    return 2.0 * log(0.5 * (1.0 + x)) + log(0.5 * (1.0 + x * x)) - 2.0 * atan(x) +
           1.5707963267948966;
}

double dosi_mo_wind(const dosi_surface_layer *air, double z_m) {
    double z0 = air->roughness_m;
    return air->friction_ms / DOSI_VON_KARMAN *
           (log(z_m / z0) - dosi_mo_psi_m(z_m / air->mo_length_m) +
            dosi_mo_psi_m(z0 / air->mo_length_m));
}

double dosi_sigma_y_draxler(double sigma_theta_rad, double x_m, double travel_s) {
    return sigma_theta_rad * x_m / (1.0 + 0.9 * sqrt(travel_s / 300.0));
}

/// The air in layers whose heights grow by a ratio.
typedef struct layers {
    double middle_m[N_LAYERS], thick_m[N_LAYERS], wind_ms[N_LAYERS];
    double exchange_ms[N_LAYERS + 1]; ///< K / distance, between layers i - 1 and i.
} layers;

static void make_layers(const dosi_diffusion *problem, layers *air) {
    const dosi_surface_layer *surface = &problem->air;
    double top = surface->mo_length_m > 0.0 && !isinf(surface->mo_length_m)
                     ? stable_lid_m
                     : fmax(problem->mixing_m, least_lid_m);
    double ratio = pow(top / surface->roughness_m, 1.0 / N_LAYERS);
    double edge = surface->roughness_m;
    memset(air, 0, sizeof *air);
    for (size_t i = 0; i < N_LAYERS; i++) {
        air->middle_m[i] = edge * sqrt(ratio);
        air->thick_m[i] = edge * (ratio - 1.0);
        air->wind_ms[i] = fmax(dosi_mo_wind(surface, air->middle_m[i]), 0.02);
        if (i > 0) {
            double k = DOSI_VON_KARMAN * surface->friction_ms * edge /
                       dosi_mo_phi_h(edge / surface->mo_length_m);
            air->exchange_ms[i] = k / (air->middle_m[i] - air->middle_m[i - 1]);
        }
        edge *= ratio;
    }
}

/// One implicit step downwind: a tridiagonal system.
static void step(const layers *air, double dx, double *c) {
    double upper[N_LAYERS];
    double carried = 0.0; // ratio of the elimination in the layer below
    for (size_t i = 0; i < N_LAYERS; i++) {
        double moved = air->wind_ms[i] * air->thick_m[i] / dx;
        double below = air->exchange_ms[i];
        double above = air->exchange_ms[i + 1];
        double pivot = moved + below + above - below * carried;
        c[i] = (moved * c[i] + (i > 0 ? below * c[i - 1] : 0.0)) / pivot;
        upper[i] = carried = above / pivot;
    }
    for (size_t i = N_LAYERS - 1; i-- > 0;) c[i] += upper[i] * c[i + 1];
}

/// Concentration at a height, between the middles of layers on a logarithmic scale.
static double at_height(const layers *air, const double *c, double z_m) {
    size_t i = 0;
    while (i + 2 < N_LAYERS && air->middle_m[i + 1] < z_m) i++;
    double t = log(z_m / air->middle_m[i]) / log(air->middle_m[i + 1] / air->middle_m[i]);
    t = fmin(fmax(t, 0.0), 1.0);
    return c[i] + t * (c[i + 1] - c[i]);
}

static double mean_wind(const layers *air, const double *c) {
    double flux = 0.0;
    double mass = 0.0;
    for (size_t i = 0; i < N_LAYERS; i++) {
        flux += c[i] * air->wind_ms[i] * air->thick_m[i];
        mass += c[i] * air->thick_m[i];
    }
    return flux / mass;
}

static dosi_status check_problem(const dosi_diffusion *p, dosi_error *err) {
    double z0 = p->air.roughness_m;
    if (!(p->air.friction_ms > 0.0) || !(z0 > 0.0) || !(fabs(p->air.mo_length_m) > 0.0)) {
        return dosi_fail(err, DOSI_DOMAIN, "friction velocity %g, roughness %g, length %g",
                         p->air.friction_ms, z0, p->air.mo_length_m);
    }
    if (!(p->source_m > z0) || !(p->receptor_m > z0)) {
        return dosi_fail(err, DOSI_DOMAIN, "source at %g or receptor at %g m is not above %g",
                         p->source_m, p->receptor_m, z0);
    }
    return DOSI_OK;
}

dosi_status dosi_diffusion_solve(const dosi_diffusion *problem,
                                 const double *x_m,
                                 size_t n,
                                 double *integrated,
                                 double *drift_ms,
                                 dosi_error *err) {
    DOSI_TRY(check_problem(problem, err));
    layers air;
    make_layers(problem, &air);
    size_t source = 0;
    for (size_t i = 1; i < N_LAYERS; i++) {
        if (fabs(air.middle_m[i] - problem->source_m) <
            fabs(air.middle_m[source] - problem->source_m)) {
            source = i;
        }
    }
    double c[N_LAYERS] = {0};
    c[source] = 1.0 / (air.wind_ms[source] * air.thick_m[source]);
    double x = 0.0;
    double dx = 0.02;
    for (size_t k = 0; k < n; k++) {
        assert(x_m[k] > x);
        while (x < x_m[k]) {
            double left = x_m[k] - x;
            bool is_last = dx >= left * (1.0 - 1e-9);
            step(&air, is_last ? left : dx, c);
            x = is_last ? x_m[k] : x + dx;
            dx = fmin(1.06 * dx, 0.02 * x + 0.02);
        }
        integrated[k] = at_height(&air, c, problem->receptor_m);
        if (drift_ms) drift_ms[k] = mean_wind(&air, c);
    }
    return DOSI_OK;
}
