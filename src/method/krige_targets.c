// Where geo.krige predicts: cells of areas, cells around the sites, or given places.

#include "method/krige.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/// Memory for n targets.
static dosi_status make_room(method_krige *krige, size_t n, dosi_error *err) {
    krige->target_cell = malloc((n + 1) * sizeof *krige->target_cell);
    krige->target_x = malloc((n + 1) * sizeof *krige->target_x);
    krige->target_y = malloc((n + 1) * sizeof *krige->target_y);
    if (krige->target_cell && krige->target_x && krige->target_y) return DOSI_OK;
    return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu places to predict", n);
}

/// The rows of the targets input that have a place.
static dosi_status use_places(method_krige *krige, const dosi_table *targets, dosi_error *err) {
    size_t n = targets->n_rows, kept = 0;
    DOSI_TRY(make_room(krige, n, err));
    double *x = krige->target_x, *y = krige->target_y;
    DOSI_TRY(method_places(targets, "targets", x, y, err));
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(x[i]) || !isfinite(y[i])) continue;
        krige->target_cell[kept] = (int64_t)i;
        x[kept] = x[i];
        y[kept++] = y[i];
    }
    krige->n_targets = kept;
    return DOSI_OK;
}

/// Takes every cell of the grid that `is_wanted` (NULL: all) marks.
static dosi_status use_cells(method_krige *krige, const bool *is_wanted, dosi_error *err) {
    size_t n_cells = krige->grid.n_columns * krige->grid.n_rows, n = 0;
    for (size_t c = 0; c < n_cells; c++) n += !is_wanted || is_wanted[c];
    DOSI_TRY(make_room(krige, n, err));
    for (size_t c = 0; c < n_cells; c++) {
        if (is_wanted && !is_wanted[c]) continue;
        size_t i = krige->n_targets++;
        krige->target_cell[i] = (int64_t)c;
        dosi_grid_centre(&krige->grid, c, &krige->target_x[i], &krige->target_y[i]);
    }
    return DOSI_OK;
}

/// The cells that any polygon covers a part of.
static dosi_status use_covered_cells(method_krige *krige,
                                     const dosi_polygon *polygons,
                                     size_t n,
                                     dosi_error *err) {
    dosi_overlap overlap = {0};
    DOSI_TRY(dosi_grid_overlap(&krige->grid, polygons, n, krige->call->run, &overlap, err));
    bool *is_wanted = calloc(krige->grid.n_columns * krige->grid.n_rows, sizeof *is_wanted);
    dosi_status status = DOSI_OK;
    if (is_wanted) {
        for (size_t k = 0; k < overlap.start[n]; k++) is_wanted[overlap.cell[k]] = true;
        status = use_cells(krige, is_wanted, err);
    } else {
        status = dosi_fail(err, DOSI_NO_MEMORY, "no memory for the grid");
    }
    free(is_wanted);
    dosi_overlap_clear(&overlap);
    return status;
}

/// Widens `box` by another one; NaN boxes (no points) change nothing.
static void widen(double *box, const double *by) {
    box[0] = fmin(box[0], by[0]);
    box[1] = fmin(box[1], by[1]);
    box[2] = fmax(box[2], by[2]);
    box[3] = fmax(box[3], by[3]);
}

/// The grid over the areas.
static dosi_status use_areas(method_krige *krige,
                             const dosi_table *area,
                             double cell_m,
                             dosi_error *err) {
    double box[4] = {INFINITY, INFINITY, -INFINITY, -INFINITY};
    dosi_polygon *polygons = NULL;
    DOSI_TRY(method_polygons_load(area, &polygons, box, err));
    dosi_status status =
        box[0] < box[2] ? DOSI_OK : dosi_fail(err, DOSI_DOMAIN, "area: has no polygons");
    if (status == DOSI_OK) {
        status = dosi_grid_cover(box, cell_m, DOSI_SRID_KOREA, &krige->grid, err);
    }
    if (status == DOSI_OK) status = use_covered_cells(krige, polygons, area->n_rows, err);
    method_polygons_free(polygons, area->n_rows);
    return status;
}

dosi_status method_krige_find_targets(method_krige *krige, dosi_error *err) {
    const dosi_method_call *call = krige->call;
    if (call->inputs[KRIGE_TARGETS]) {
        return use_places(krige, call->inputs[KRIGE_TARGETS], err);
    }
    double cell_m = dosi_call_value(call, "cell_m")->real;
    krige->has_grid = true;
    if (call->inputs[KRIGE_AREA])
        return use_areas(krige, call->inputs[KRIGE_AREA], cell_m, err);
    double box[4] = {INFINITY, INFINITY, -INFINITY, -INFINITY};
    for (size_t i = 0; i < krige->maps.n_sites; i++) {
        double x = krige->maps.x[i], y = krige->maps.y[i];
        const double around[4] = {x - cell_m, y - cell_m, x + cell_m, y + cell_m};
        widen(box, around);
    }
    if (!(box[0] < box[2])) return dosi_fail(err, DOSI_DOMAIN, "observations: have no place");
    DOSI_TRY(dosi_grid_cover(box, cell_m, DOSI_SRID_KOREA, &krige->grid, err));
    return use_cells(krige, NULL, err);
}
