// Variogram models: names, domains, semivariances, covariances.

#include "dosi/num.h"
#include "dosi/spatial.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static const char *const kind_names[] = {
#define X(name, text) text,
    DOSI_VARIOGRAM_TABLE(X)
#undef X
};

const char *dosi_variogram_kind_name(dosi_variogram_kind kind) {
    assert(kind < DOSI_VARIOGRAM_COUNT);
    return kind_names[kind];
}

dosi_variogram_kind dosi_variogram_kind_from_name(const char *name) {
    for (int i = 0; i < DOSI_VARIOGRAM_COUNT; i++) {
        if (strcmp(name, kind_names[i]) == 0) return (dosi_variogram_kind)i;
    }
    return DOSI_VARIOGRAM_COUNT;
}

dosi_status dosi_variogram_check(const dosi_variogram *model, dosi_error *err) {
    assert(model && model->kind < DOSI_VARIOGRAM_COUNT);
    if (!(model->nugget >= 0 && isfinite(model->nugget))) {
        return dosi_fail(err, DOSI_DOMAIN, "variogram: nugget %g is not >= 0", model->nugget);
    }
    if (model->kind == DOSI_VARIOGRAM_NUGGET) return DOSI_OK;
    if (!(model->psill >= 0 && isfinite(model->psill))) {
        return dosi_fail(err, DOSI_DOMAIN, "variogram: psill %g is not >= 0", model->psill);
    }
    if (!(model->range_m > 0 && isfinite(model->range_m))) {
        return dosi_fail(err, DOSI_DOMAIN, "variogram: range %g m is not > 0", model->range_m);
    }
    if (model->kind == DOSI_VARIOGRAM_MATERN && !(model->kappa > 0 && model->kappa <= 20)) {
        return dosi_fail(err, DOSI_DOMAIN, "variogram: kappa %g is not in 0..20", model->kappa);
    }
    return DOSI_OK;
}

/// Correlation 2^(1-k)/Gamma(k) r^k K_k(r) of the Matern model, r > 0.
static double matern_correlation(double kappa, double r) {
    if (kappa == 0.5) return exp(-r);
    if (kappa == 1.5) return (1 + r) * exp(-r);
    if (kappa == 2.5) return (1 + r + r * r / 3) * exp(-r);
    if (r > 600) return 0;
    double log_scale = (1 - kappa) * M_LN2 - lgamma(kappa) + kappa * log(r);
    double k = dosi_bessel_k(kappa, r);
    if (isinf(k)) return 1; // r so small that the product is 1 to working precision
    return fmin(exp(log_scale) * k, 1);
}

/// g(r) of dosi_variogram, r > 0.
static double shape(const dosi_variogram *model, double r) {
    switch (model->kind) {
    case DOSI_VARIOGRAM_SPHERICAL:
        return r >= 1 ? 1 : r * (1.5 - 0.5 * r * r);
    case DOSI_VARIOGRAM_EXPONENTIAL:
        return -expm1(-r);
    case DOSI_VARIOGRAM_GAUSSIAN:
        return -expm1(-r * r);
    case DOSI_VARIOGRAM_MATERN:
        return 1 - matern_correlation(model->kappa, r);
    case DOSI_VARIOGRAM_LINEAR:
        return r;
    default:
        return 0;
    }
}

double dosi_variogram_value(const dosi_variogram *model, double h_m) {
    assert(model && h_m >= 0);
    if (h_m == 0) return 0;
    if (model->kind == DOSI_VARIOGRAM_NUGGET) return model->nugget;
    return model->nugget + model->psill * shape(model, h_m / model->range_m);
}

void dosi_variogram_covariances(const dosi_variogram *model,
                                double sill,
                                double *h_to_covariance,
                                size_t n) {
    assert(model && (h_to_covariance || n == 0));
    double *c = h_to_covariance;
    double far = sill - model->nugget - model->psill; // 0 but for the linear model
    if (model->kind == DOSI_VARIOGRAM_EXPONENTIAL) {
        double scale = -1 / model->range_m;
        for (size_t i = 0; i < n; i++) {
            c[i] = c[i] == 0 ? sill : far + model->psill * exp(c[i] * scale);
        }
        return;
    }
    if (model->kind == DOSI_VARIOGRAM_SPHERICAL) {
        double scale = 1 / model->range_m;
        for (size_t i = 0; i < n; i++) {
            double r = fmin(c[i] * scale, 1);
            double value = far + model->psill * (1 - r * (1.5 - 0.5 * r * r));
            c[i] = c[i] == 0 ? sill : value;
        }
        return;
    }
    for (size_t i = 0; i < n; i++) c[i] = sill - dosi_variogram_value(model, c[i]);
}
