// Co-kriging: the kriging of krige.c with covariances by pairs of variables.

#include "spatial/cokrige.h"

#include <assert.h>
#include <math.h>

enum { MAX = DOSI_LMC_MAX_VARIABLES };

/// A problem made ready for krige.c.
typedef struct cokrige {
    dosi_variogram first; ///< Of variable 0.
    covariance_field fields[MAX * MAX];
    krige_cross cross;
    dosi_krige problem;
} cokrige;

/// Whether a symmetric matrix has a negative diagonal or is not finite.
static bool is_bad(const double (*m)[MAX], size_t n) {
    for (size_t a = 0; a < n; a++) {
        if (!(m[a][a] >= 0)) return true;
        for (size_t b = 0; b < n; b++) {
            if (!isfinite(m[a][b]) || m[a][b] != m[b][a]) return true;
        }
    }
    return false;
}

/// Checks a model and the variables of the sites.
static dosi_status check(const dosi_cokrige *given, dosi_error *err) {
    const dosi_lmc *model = given->model;
    if (model->n_variables < 1 || model->n_variables > MAX) {
        return dosi_fail(err, DOSI_DOMAIN, "co-kriging: %zu variables, 1 to %d",
                         model->n_variables, MAX);
    }
    if (model->kind == DOSI_VARIOGRAM_LINEAR || model->kind == DOSI_VARIOGRAM_NUGGET) {
        return dosi_fail(err, DOSI_DOMAIN, "co-kriging: no %s model",
                         dosi_variogram_kind_name(model->kind));
    }
    if (is_bad(model->nugget, model->n_variables) || is_bad(model->psill, model->n_variables)) {
        return dosi_fail(err, DOSI_DOMAIN, "co-kriging: sills are no symmetric matrices");
    }
    for (size_t i = 0; i < given->sites->n; i++) {
        if (given->variable[i] < model->n_variables) continue;
        return dosi_fail(err, DOSI_DOMAIN, "co-kriging: site %zu is of variable %d of %zu", i,
                         given->variable[i], model->n_variables);
    }
    return DOSI_OK;
}

/// Places must be numbers.
static dosi_status check_places(const dosi_sites *places, const char *what, dosi_error *err) {
    for (size_t i = 0; i < places->n; i++) {
        if (isfinite(places->x[i]) && isfinite(places->y[i])) continue;
        return dosi_fail(err, DOSI_DOMAIN, "co-kriging: %s %zu is at (%g, %g)", what, i,
                         places->x[i], places->y[i]);
    }
    return DOSI_OK;
}

/// Makes a problem ready.
static dosi_status open_cokrige(const dosi_cokrige *given, cokrige *c, dosi_error *err) {
    assert(given && given->model && given->sites && given->variable && given->values);
    DOSI_TRY(check(given, err));
    const dosi_lmc *model = given->model;
    size_t n = model->n_variables;
    for (size_t a = 0; a < n; a++) {
        for (size_t b = 0; b < n; b++) {
            const dosi_variogram pair = {.kind = model->kind,
                                         .nugget = model->nugget[a][b],
                                         .psill = model->psill[a][b],
                                         .range_m = model->range_m,
                                         .kappa = model->kappa};
            covariance_field_set(&c->fields[a * n + b], &pair, pair.nugget + pair.psill);
            if (a == 0 && b == 0) c->first = pair;
        }
    }
    c->cross = (krige_cross){n, given->variable, c->fields};
    c->problem = (dosi_krige){.model = &c->first,
                              .sites = given->sites,
                              .values = given->values,
                              .n_maps = given->n_maps,
                              .error_variance = given->error_variance};
    return DOSI_OK;
}

dosi_status dosi_cokrige_predict(const dosi_cokrige *problem,
                                 const dosi_sites *targets,
                                 const dosi_run *run,
                                 double *prediction,
                                 double *variance,
                                 dosi_error *err) {
    assert(targets && prediction);
    cokrige c;
    DOSI_TRY(open_cokrige(problem, &c, err));
    DOSI_TRY(check_places(problem->sites, "site", err));
    DOSI_TRY(check_places(targets, "target", err));
    if (problem->n_nearest) {
        const cokrige_local local = {problem, &c.cross, targets, prediction, variance};
        return cokrige_do_local(&local, run, err);
    }
    krige_work work = {.problem = &c.problem,
                       .targets = targets,
                       .cross = &c.cross,
                       .run = run,
                       .prediction = prediction,
                       .variance = variance};
    return dosi_krige_do_predict(&work, err);
}

dosi_status dosi_cokrige_leave_one_out(const dosi_cokrige *problem,
                                       const dosi_run *run,
                                       double *prediction,
                                       double *variance,
                                       dosi_error *err) {
    assert(prediction && variance);
    cokrige c;
    DOSI_TRY(open_cokrige(problem, &c, err));
    DOSI_TRY(check_places(problem->sites, "site", err));
    if (problem->n_nearest) {
        const cokrige_local local = {problem, &c.cross, NULL, prediction, variance};
        return cokrige_do_local(&local, run, err);
    }
    krige_work work = {.problem = &c.problem,
                       .cross = &c.cross,
                       .run = run,
                       .prediction = prediction,
                       .variance = variance};
    return dosi_krige_do_leave(&work, err);
}
