// Space-time covariance models: names, domains, values.

#include "dosi/spacetime.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

static const char *const kind_names[] = {
#define X(name, text) text,
    DOSI_ST_TABLE(X)
#undef X
};

const char *dosi_st_kind_name(dosi_st_kind kind) {
    assert(kind < DOSI_ST_COUNT);
    return kind_names[kind];
}

dosi_st_kind dosi_st_kind_from_name(const char *name) {
    for (int i = 0; i < DOSI_ST_COUNT; i++) {
        if (strcmp(name, kind_names[i]) == 0) return (dosi_st_kind)i;
    }
    return DOSI_ST_COUNT;
}

/// One correlation of a model: a variogram of sill 1.
static dosi_status check_part(const dosi_variogram *part, const char *what, dosi_error *err) {
    DOSI_TRY(dosi_variogram_check(part, err));
    double psill = part->kind == DOSI_VARIOGRAM_NUGGET ? 0 : part->psill;
    if (part->kind == DOSI_VARIOGRAM_LINEAR || !(fabs(part->nugget + psill - 1) <= 1e-9)) {
        return dosi_fail(err, DOSI_DOMAIN,
                         "space-time model: the %s variogram is %s with sill %g, not 1", what,
                         dosi_variogram_kind_name(part->kind), part->nugget + psill);
    }
    return DOSI_OK;
}

dosi_status dosi_st_model_check(const dosi_st_model *model, dosi_error *err) {
    assert(model && model->kind < DOSI_ST_COUNT);
    static const bool may[DOSI_ST_COUNT][4] = {
        [DOSI_ST_SEPARABLE] = {false, false, true, false},
        [DOSI_ST_PRODUCT_SUM] = {true, true, true, false},
        [DOSI_ST_METRIC] = {false, false, false, true},
        [DOSI_ST_SUM_METRIC] = {true, true, false, true},
    };
    static const char *const names[4] = {"space", "time", "product", "joint"};
    const double sills[4] = {model->sill_space, model->sill_time, model->sill_product,
                             model->sill_joint};
    for (size_t i = 0; i < 4; i++) {
        bool is_fine =
            isfinite(sills[i]) && sills[i] >= 0 && (sills[i] == 0 || may[model->kind][i]);
        if (is_fine) continue;
        return dosi_fail(err, DOSI_DOMAIN, "space-time model: sill %s is %g in a %s model",
                         names[i], sills[i], kind_names[model->kind]);
    }
    if (model->kind != DOSI_ST_METRIC) {
        DOSI_TRY(check_part(&model->space, "space", err));
        DOSI_TRY(check_part(&model->time, "time", err));
    }
    if (may[model->kind][3]) {
        DOSI_TRY(check_part(&model->joint, "joint", err));
        if (!(model->metres_per_step > 0 && isfinite(model->metres_per_step))) {
            return dosi_fail(err, DOSI_DOMAIN, "space-time model: %g m a step",
                             model->metres_per_step);
        }
    }
    return DOSI_OK;
}

double dosi_st_model_covariance(const dosi_st_model *model, double h_m, double u) {
    assert(model && h_m >= 0 && u >= 0);
    double c = 0;
    if (model->kind != DOSI_ST_METRIC) {
        double space = 1 - dosi_variogram_value(&model->space, h_m);
        double time = 1 - dosi_variogram_value(&model->time, u);
        c = model->sill_space * space + model->sill_time * time +
            model->sill_product * (space * time);
    }
    if (model->sill_joint > 0) {
        double stretched = model->metres_per_step * u;
        double distance = sqrt(h_m * h_m + stretched * stretched);
        c += model->sill_joint * (1 - dosi_variogram_value(&model->joint, distance));
    }
    return c;
}

double dosi_st_model_value(const dosi_st_model *model, double h_m, double u) {
    double sill =
        model->sill_space + model->sill_time + model->sill_product + model->sill_joint;
    return sill - dosi_st_model_covariance(model, h_m, u);
}
