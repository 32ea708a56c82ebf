// air.exposure: why stations are not where people are, as random effects: stations by roads
// have an offset that people do not breathe, and where more people live there is more in the
// air.

#include "method/exposure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/// Sites that an effect needs: fewer cannot tell it from chance.
enum { MIN_SITES = 6, MIN_OTHERS = 3 };

/// Whether the station in a row of the stations' table has one of the kinds.
static bool is_of_kind(const dosi_column *kind, size_t row, const method_names *kinds) {
    size_t n = 0;
    const char *text = dosi_column_bytes(kind, row, &n);
    for (size_t k = 0; text && k < kinds->n; k++) {
        if (strlen(kinds->names[k]) == n && memcmp(kinds->names[k], text, n) == 0) return true;
    }
    return false;
}

/// Whether two cells of text are the same; false where one is missing.
static bool is_same(const dosi_column *a, size_t i, const dosi_column *b, size_t k) {
    size_t n = 0, m = 0;
    const char *left = dosi_column_bytes(a, i, &n), *right = dosi_column_bytes(b, k, &m);
    return left && right && n == m && memcmp(left, right, n) == 0;
}

/// 1 at the sites of the kinds that have an offset; how many they are.
static dosi_status find_kinds(method_exposure *w, size_t *n_found, dosi_error *err) {
    const dosi_table *stations = w->call->inputs[EXPOSURE_STATIONS];
    const dosi_column *name = NULL, *kind = NULL;
    method_names kinds;
    *n_found = 0;
    DOSI_TRY(method_names_split(dosi_call_value(w->call, "offset")->text, &kinds, err));
    if (!stations || !w->maps.station || kinds.n == 0) return DOSI_OK;
    size_t i_kind = dosi_table_find(stations, "kind");
    size_t i_name = dosi_table_find(stations, dosi_call_value(w->call, "station")->text);
    if (i_kind == SIZE_MAX || i_name == SIZE_MAX) return DOSI_OK;
    kind = &stations->columns[i_kind];
    name = &stations->columns[i_name];
    if (kind->type != DOSI_TYPE_TEXT || name->type != DOSI_TYPE_TEXT) return DOSI_OK;
    for (size_t i = 0; i < w->maps.n_sites; i++) {
        for (size_t row = 0; row < stations->n_rows; row++) {
            if (!is_same(w->maps.station, w->maps.site_row[i], name, row)) continue;
            w->is_offset[i] = is_of_kind(kind, row, &kinds) ? 1 : 0;
            *n_found += w->is_offset[i] > 0 ? 1 : 0;
            break;
        }
    }
    return DOSI_OK;
}

/// People of every cell, spread evenly over their area.
static void count_cells(const method_exposure *w, double *people) {
    for (size_t a = 0; a < w->n_areas; a++) {
        double total = 0, here = dosi_column_real(w->population, a);
        for (size_t k = w->start[a]; k < w->start[a + 1]; k++) total += w->weight[k];
        if (!(here > 0) || !(total > 0)) continue;
        for (size_t k = w->start[a]; k < w->start[a + 1]; k++) {
            people[w->target[k]] += here * w->weight[k] / total;
        }
    }
}

/// What the people of all cells add at a place, were everybody a small source on the ground:
/// averaged over the wind's directions its plume falls with about the square of the distance.
static double crowd_at(const method_exposure *w, const double *people, double x, double y) {
    double near = dosi_call_value(w->call, "crowd_m")->real, sum = 0;
    for (size_t c = 0; c < w->n_cells; c++) {
        double dx = w->x[c] - x, dy = w->y[c] - y;
        sum += people[c] / (near * near + dx * dx + dy * dy);
    }
    return sum;
}

/// The crowd at sites and cells, centred and scaled by what it is at the cells.
static dosi_status find_crowd(const method_exposure *w,
                              double *site,
                              double *target,
                              dosi_error *err) {
    double *people = calloc(w->n_cells + 1, sizeof *people), mean = 0, square = 0;
    if (!people) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu cells", w->n_cells);
    count_cells(w, people);
    for (size_t i = 0; i < w->maps.n_sites; i++) {
        site[i] = crowd_at(w, people, w->maps.x[i], w->maps.y[i]);
    }
#pragma omp parallel for schedule(static, 256) num_threads(dosi_run_threads(w->call->run))
    for (size_t c = 0; c < w->n_cells; c++) {
        target[c] = crowd_at(w, people, w->x[c], w->y[c]);
    }
    free(people);
    for (size_t c = 0; c < w->n_cells; c++) mean += target[c] / (double)w->n_cells;
    for (size_t c = 0; c < w->n_cells; c++) {
        square += (target[c] - mean) * (target[c] - mean) / (double)w->n_cells;
    }
    double scale = square > 0 ? 1 / sqrt(square) : 0;
    for (size_t i = 0; i < w->maps.n_sites; i++) site[i] = (site[i] - mean) * scale;
    for (size_t c = 0; c < w->n_cells; c++) target[c] = (target[c] - mean) * scale;
    return DOSI_OK;
}

dosi_status exposure_open_effects(method_exposure *w, dosi_error *err) {
    size_t n = w->maps.n_sites, n_offset = 0;
    w->covariate = calloc(2 * (n + w->n_cells) + n + 1, sizeof *w->covariate);
    if (!w->covariate) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu sites", n);
    w->target_covariate = w->covariate + 2 * n;
    w->is_offset = w->target_covariate + 2 * w->n_cells;
    if (n < MIN_SITES) return DOSI_OK;
    if (w->population && dosi_call_value(w->call, "crowd_m")->real > 0) {
        DOSI_TRY(find_crowd(w, w->covariate, w->target_covariate, err));
        w->n_effects = 1;
        w->has_crowd = true;
    }
    DOSI_TRY(find_kinds(w, &n_offset, err));
    w->has_offset = n_offset > 0 && n_offset + MIN_OTHERS <= n;
    if (w->has_offset) {
        memcpy(w->covariate + w->n_effects * n, w->is_offset, n * sizeof *w->is_offset);
        w->n_effects++;
    }
    if (w->has_offset && w->call->report) {
        dosi_text_printf(w->call->report,
                         "%zu of %zu sites have an offset of their kind, which is not "
                         "breathed\n",
                         n_offset, n);
    }
    return DOSI_OK;
}

dosi_status exposure_fit_effects(const method_exposure *w,
                                 bool is_model_given,
                                 exposure_variable *v,
                                 dosi_error *err) {
    size_t n = w->maps.n_sites;
    double variance[3] = {0};
    if (w->n_effects == 0) return DOSI_OK;
    const dosi_sites sites = method_maps_sites(&w->maps);
    const dosi_year_fit fit = {.sites = &sites,
                               .values = method_maps_values(&w->maps, v->v),
                               .n_times = w->maps.n_maps,
                               .n_effects = w->n_effects,
                               .covariate = w->covariate,
                               .kind = w->has_offset ? w->is_offset : NULL,
                               .is_model_given = is_model_given};
    DOSI_TRY(dosi_year_fit_effects(&fit, w->call->run, &v->model, variance, err));
    if (!v->own) v->own = calloc(n + 1, sizeof *v->own);
    if (!v->own) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu sites", n);
    for (size_t k = 0; k < w->n_effects; k++) v->variances[k] = variance[k];
    for (size_t i = 0; i < n; i++) v->own[i] = variance[w->n_effects] * w->is_offset[i];
    v->crowd_sd = w->has_crowd ? sqrt(variance[0]) : (double)NAN;
    v->offset_sd = w->has_offset ? sqrt(variance[w->n_effects - 1]) : (double)NAN;
    v->offset_own_sd = w->has_offset ? sqrt(variance[w->n_effects]) : (double)NAN;
    v->effects = (dosi_year_effects){.n = w->n_effects,
                                     .variance = v->variances,
                                     .site = w->covariate,
                                     .target = w->target_covariate,
                                     .own = v->own};
    return DOSI_OK;
}
