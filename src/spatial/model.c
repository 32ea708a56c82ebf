// Variogram models: names, domains, semivariances, covariances.

#include "dosi/num.h"
#include "dosi/variogram.h"
#include "spatial/covariance.h"

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

/// The domain of one structure.
static dosi_status check_structure(const dosi_variogram *model, dosi_error *err) {
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
    if (!(model->ratio >= 0 && model->ratio <= 1 && isfinite(model->azimuth_deg))) {
        return dosi_fail(err, DOSI_DOMAIN, "variogram: ratio %g (0..1) at azimuth %g",
                         model->ratio, model->azimuth_deg);
    }
    return DOSI_OK;
}

dosi_status dosi_variogram_check(const dosi_variogram *model, dosi_error *err) {
    assert(model);
    size_t n = 0;
    for (const dosi_variogram *s = model; s; s = s->nested) {
        assert(s->kind < DOSI_VARIOGRAM_COUNT);
        if (++n > DOSI_VARIOGRAM_MAX_NESTED) {
            return dosi_fail(err, DOSI_DOMAIN, "variogram: more than %d structures",
                             DOSI_VARIOGRAM_MAX_NESTED);
        }
        DOSI_TRY(check_structure(s, err));
    }
    return DOSI_OK;
}

double covariance_matern(double kappa, double r) {
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
        return 1 - covariance_matern(model->kappa, r);
    case DOSI_VARIOGRAM_LINEAR:
        return r;
    default:
        return 0;
    }
}

double dosi_variogram_value(const dosi_variogram *model, double h_m) {
    assert(model && h_m >= 0);
    if (h_m == 0) return 0;
    double value = 0;
    for (const dosi_variogram *s = model; s; s = s->nested) {
        value += s->nugget;
        if (s->kind == DOSI_VARIOGRAM_NUGGET) continue;
        value += s->psill * shape(s, h_m / s->range_m);
    }
    return value;
}

double dosi_variogram_between(const dosi_variogram *model, double dx_m, double dy_m) {
    assert(model);
    if (dx_m == 0 && dy_m == 0) return 0;
    double value = 0;
    for (const dosi_variogram *s = model; s; s = s->nested) {
        value += s->nugget;
        if (s->kind == DOSI_VARIOGRAM_NUGGET) continue;
        double h = hypot(dx_m, dy_m);
        if (s->ratio > 0 && s->ratio < 1) {
            double sine = sin(s->azimuth_deg * M_PI / 180);
            double cosine = cos(s->azimuth_deg * M_PI / 180);
            h = hypot(dx_m * sine + dy_m * cosine, (dx_m * cosine - dy_m * sine) / s->ratio);
        }
        value += s->psill * shape(s, h / s->range_m);
    }
    return value;
}

double dosi_variogram_sill(const dosi_variogram *model, double span_m) {
    assert(model && span_m >= 0);
    double sill = 0;
    for (const dosi_variogram *s = model; s; s = s->nested) {
        sill += s->nugget;
        if (s->kind == DOSI_VARIOGRAM_NUGGET) continue;
        double most = s->psill;
        if (s->kind == DOSI_VARIOGRAM_LINEAR) {
            most *= 2 * span_m / s->range_m / (s->ratio > 0 ? s->ratio : 1);
        }
        sill += most;
    }
    return sill;
}
