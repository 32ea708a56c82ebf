// The Gaussian plume with stability classes.

#include "dosi/gauss.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>

static const double pi = 3.141592653589793238462643383280;
static const double gravity = 9.80616;
static const double air_k = 288.15;

/// Briggs' curves: a x (1 + b x)^c.
typedef struct briggs {
    double a, b, c;
} briggs;

static const briggs rural_y[DOSI_STABILITY_COUNT] = {{0.22, 1e-4, -0.5}, {0.16, 1e-4, -0.5},
                                                     {0.11, 1e-4, -0.5}, {0.08, 1e-4, -0.5},
                                                     {0.06, 1e-4, -0.5}, {0.04, 1e-4, -0.5}};
static const briggs rural_z[DOSI_STABILITY_COUNT] = {{0.20, 0, 0},       {0.12, 0, 0},
                                                     {0.08, 2e-4, -0.5}, {0.06, 1.5e-3, -0.5},
                                                     {0.03, 3e-4, -1.0}, {0.016, 3e-4, -1.0}};
static const briggs urban_y[DOSI_STABILITY_COUNT] = {{0.32, 4e-4, -0.5}, {0.32, 4e-4, -0.5},
                                                     {0.22, 4e-4, -0.5}, {0.16, 4e-4, -0.5},
                                                     {0.11, 4e-4, -0.5}, {0.11, 4e-4, -0.5}};
static const briggs urban_z[DOSI_STABILITY_COUNT] = {
    {0.24, 1e-3, 0.5},  {0.24, 1e-3, 0.5},    {0.20, 0, 0},
    {0.14, 3e-4, -0.5}, {0.08, 1.5e-3, -0.5}, {0.08, 1.5e-3, -0.5}};

/// ISC3's horizontal spread: 465.11628 x tan(0.017453293 (c - d ln x)), x in km.
static const struct {
    double c, d;
} isc3_y[DOSI_STABILITY_COUNT] = {{24.1670, 2.5334}, {18.3330, 1.8096}, {12.5000, 1.0857},
                                  {8.3330, 0.72382}, {6.2500, 0.54287}, {4.1667, 0.36191}};

enum { MAX_PIECES = 10 };

/// ISC3's vertical spread: a x^b up to a distance in km, x in km.
typedef struct piece {
    double up_to_km, a, b;
} piece;

static const piece isc3_z[DOSI_STABILITY_COUNT][MAX_PIECES] = {
    {{0.10, 122.800, 0.94470},
     {0.15, 158.080, 1.05420},
     {0.20, 170.220, 1.09320},
     {0.25, 179.520, 1.12620},
     {0.30, 217.410, 1.26440},
     {0.40, 258.890, 1.40940},
     {0.50, 346.750, 1.72830},
     {3.11, 453.850, 2.11660},
     {INFINITY, 5000.0, 0.0}},
    {{0.20, 90.673, 0.93198}, {0.40, 98.483, 0.98332}, {INFINITY, 109.300, 1.09710}},
    {{INFINITY, 61.141, 0.91465}},
    {{0.30, 34.459, 0.86974},
     {1.00, 32.093, 0.81066},
     {3.00, 32.093, 0.64403},
     {10.0, 33.504, 0.60486},
     {30.0, 36.650, 0.56589},
     {INFINITY, 44.053, 0.51179}},
    {{0.10, 24.260, 0.83660},
     {0.30, 23.331, 0.81956},
     {1.00, 21.628, 0.75660},
     {2.00, 21.628, 0.63077},
     {4.00, 22.534, 0.57154},
     {10.0, 24.703, 0.50527},
     {20.0, 26.970, 0.46713},
     {40.0, 35.420, 0.37615},
     {INFINITY, 47.618, 0.29592}},
    {{0.20, 15.209, 0.81558},
     {0.70, 14.457, 0.78407},
     {1.00, 13.953, 0.68465},
     {2.00, 13.953, 0.63227},
     {3.00, 14.823, 0.54503},
     {7.00, 16.187, 0.46490},
     {15.0, 17.836, 0.41507},
     {30.0, 22.651, 0.32681},
     {60.0, 27.074, 0.27436},
     {INFINITY, 34.219, 0.21716}}};

static const double isc3_most_m = 5000.0;

static double briggs_at(const briggs *k, double x_m) {
    if (k->c == 0.0) return k->a * x_m;
    double bend = 1.0 + k->b * x_m;
    if (k->c == -1.0) return k->a * x_m / bend;
    double root = sqrt(bend);
    return k->c < 0.0 ? k->a * x_m / root : k->a * x_m * root;
}

double dosi_sigma_y(dosi_sigma_curves curves, dosi_stability stability, double x_m) {
    assert(stability < DOSI_STABILITY_COUNT);
    if (x_m <= 0.0) return 0.0;
    switch (curves) {
    case DOSI_SIGMA_BRIGGS_RURAL:
        return briggs_at(&rural_y[stability], x_m);
    case DOSI_SIGMA_BRIGGS_URBAN:
        return briggs_at(&urban_y[stability], x_m);
    case DOSI_SIGMA_ISC3_RURAL:
        break;
    }
    double x_km = 1e-3 * x_m;
    double angle = isc3_y[stability].c - isc3_y[stability].d * log(x_km);
    return 465.11628 * x_km * tan(0.017453293 * angle);
}

double dosi_sigma_z(dosi_sigma_curves curves, dosi_stability stability, double x_m) {
    assert(stability < DOSI_STABILITY_COUNT);
    if (x_m <= 0.0) return 0.0;
    switch (curves) {
    case DOSI_SIGMA_BRIGGS_RURAL:
        return briggs_at(&rural_z[stability], x_m);
    case DOSI_SIGMA_BRIGGS_URBAN:
        return briggs_at(&urban_z[stability], x_m);
    case DOSI_SIGMA_ISC3_RURAL:
        break;
    }
    double x_km = 1e-3 * x_m;
    const piece *p = isc3_z[stability];
    while (x_km > p->up_to_km) p++;
    return fmin(p->a * pow(x_km, p->b), isc3_most_m);
}

/// The first of `n` ascending limits above `value`, or n.
static size_t row_of(const double *limits, size_t n, double value) {
    size_t i = 0;
    while (i < n && value >= limits[i]) i++;
    return i;
}

dosi_stability dosi_stability_of_hour(double wind_ms, double radiation_wm2, double cloud) {
    enum { A, B, C, D, E, F };
    // Rows: wind below 2, 3, 5, 6 m/s and above; columns: radiation below 175, 675, 925, above.
    static const double day_winds[] = {2, 3, 5, 6};
    static const double radiations[] = {175, 675, 925};
    static const int day[5][4] = {
        {D, B, A, A}, {D, C, B, A}, {D, C, B, B}, {D, D, C, C}, {D, D, D, C}};
    static const double night_winds[] = {3, 5};
    static const int night[3][2] = {{F, E}, {E, D}, {D, D}}; // columns: clear, cloudy
    if (radiation_wm2 > 10.0) {
        return (dosi_stability)
            day[row_of(day_winds, 4, wind_ms)][row_of(radiations, 3, radiation_wm2)];
    }
    return (dosi_stability)night[row_of(night_winds, 2, wind_ms)][cloud >= 0.5];
}

double dosi_wind_exponent_urban(dosi_stability stability) {
    assert(stability < DOSI_STABILITY_COUNT);
    static const double exponents[DOSI_STABILITY_COUNT] = {0.15, 0.15, 0.20, 0.25, 0.30, 0.30};
    return exponents[stability];
}

double dosi_mo_length_of_class(dosi_stability stability, double z0_m) {
    assert(stability < DOSI_STABILITY_COUNT);
    static const double a[DOSI_STABILITY_COUNT] = {-11.4, -26.0, -123.0, INFINITY, 123.0, 26.0};
    static const double b[DOSI_STABILITY_COUNT] = {0.10, 0.17, 0.30, 0.0, 0.30, 0.17};
    return a[stability] * pow(z0_m, b[stability]);
}

double dosi_buoyancy_flux(double gas_ms, double diameter_m, double gas_k, double ambient_k) {
    if (gas_k <= ambient_k) return 0.0;
    return gravity * gas_ms * diameter_m * diameter_m * (gas_k - ambient_k) / (4.0 * gas_k);
}

double dosi_plume_rise(dosi_stability stability,
                       double buoyancy_m4s3,
                       double wind_ms,
                       double *distance_m) {
    assert(stability < DOSI_STABILITY_COUNT && buoyancy_m4s3 >= 0.0);
    double end_m;
    double rise_m;
    if (stability >= DOSI_STABILITY_E) {
        double gradient = stability == DOSI_STABILITY_E ? 0.020 : 0.035; // K/m
        double s = gravity * gradient / air_k;
        end_m = 2.0715 * wind_ms / sqrt(s);
        rise_m = 2.6 * cbrt(buoyancy_m4s3 / (wind_ms * s));
    } else if (buoyancy_m4s3 < 55.0) {
        end_m = distance_m ? 49.0 * pow(buoyancy_m4s3, 5.0 / 8.0) : 0.0;
        rise_m = 21.425 * pow(buoyancy_m4s3, 3.0 / 4.0) / wind_ms;
    } else {
        end_m = distance_m ? 119.0 * pow(buoyancy_m4s3, 2.0 / 5.0) : 0.0;
        rise_m = 38.71 * pow(buoyancy_m4s3, 3.0 / 5.0) / wind_ms;
    }
    if (distance_m) *distance_m = end_m;
    return rise_m;
}

/// exp(-z^2 / (2 sigma^2))
static double bell(double z, double sigma) {
    double t = z / sigma;
    return exp(-0.5 * t * t);
}

/// The bell at z - h and z + h; one value where they are the same.
static void two_bells(double z, double h, double sigma, double *near, double *far) {
    *near = bell(z - h, sigma);
    *far = z == 0.0 ? *near : bell(z + h, sigma);
}

/// How much of a plume at height `h` is at height `z`, over ground, and under a lid (0: none).
static double vertical(double z, double h, double sigma, double lid) {
    double near = 0.0, far = 0.0;
    two_bells(z, h, sigma, &near, &far);
    double up = near + far;
    // What comes down from the lid is left out where it is below the last bit.
    double down_m = 2.0 * lid - h - fabs(z);
    bool is_nothing = lid == 0.0 || (down_m > 0.0 && down_m * down_m - (z - h) * (z - h) >
                                                         80.0 * sigma * sigma);
    if (is_nothing) return up;
    two_bells(z, 2.0 * lid - h, sigma, &near, &far);
    double images = near + far;
    two_bells(z, 2.0 * lid + h, sigma, &near, &far);
    images = images + near + far;
    return up + images;
}

/// The spread with what it had from the start: hypot() where it had any.
static double spread(double sigma, double sigma_0) {
    return sigma_0 == 0.0 ? sigma : hypot(sigma, sigma_0);
}

double dosi_gauss_point(const dosi_gauss_air *air,
                        const dosi_gauss_release *release,
                        double along_m,
                        double across_m,
                        double z_m) {
    if (along_m <= 0.0) return 0.0;
    double sigma_y =
        spread(dosi_sigma_y(air->curves, air->stability, along_m), release->sigma_y0_m);
    double t = across_m / sigma_y;
    if (t * t > 60.0) return 0.0;
    double sigma_z =
        spread(dosi_sigma_z(air->curves, air->stability, along_m), release->sigma_z0_m);
    double h = release->height_m;
    double lid = air->mixing_m;
    bool has_lid = lid > 0.0 && lid > h;
    double side = exp(-0.5 * t * t) / (sqrt(2.0 * pi) * sigma_y * air->wind_ms);
    if (has_lid && sigma_z > 1.6 * lid) return side / lid; // filled evenly
    double up = vertical(z_m, h, sigma_z, has_lid ? lid : 0.0);
    return side * up / (sqrt(2.0 * pi) * sigma_z);
}
