// air.exposure: areas on a grid, groups of areas, periods.

#include "method/exposure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/// Numbers the cells that any area covers a part of and points the areas to them.
static dosi_status point_areas(method_exposure *w,
                               const dosi_grid *grid,
                               const dosi_overlap *overlap,
                               dosi_error *err) {
    size_t n_grid = grid->n_columns * grid->n_rows, n = overlap->start[w->n_areas];
    uint32_t *number = malloc((n_grid + 1) * sizeof *number);
    w->start = calloc(w->n_areas + 1, sizeof *w->start);
    w->target = calloc(n + 1, sizeof *w->target);
    w->weight = calloc(n + 1, sizeof *w->weight);
    w->x = calloc(2 * n + 1, sizeof *w->x);
    if (!number || !w->start || !w->target || !w->weight || !w->x) {
        free(number);
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu cells of areas", n);
    }
    w->y = w->x + n;
    memset(number, 0xff, n_grid * sizeof *number);
    for (size_t k = 0; k < n; k++) {
        size_t cell = overlap->cell[k];
        if (number[cell] == UINT32_MAX) {
            number[cell] = (uint32_t)w->n_cells;
            dosi_grid_centre(grid, cell, &w->x[w->n_cells], &w->y[w->n_cells]);
            w->n_cells++;
        }
        w->target[k] = number[cell];
        w->weight[k] = overlap->area_m2[k];
    }
    memcpy(w->start, overlap->start, (w->n_areas + 1) * sizeof *w->start);
    free(number);
    return DOSI_OK;
}

/// Share of each area that has cells.
static dosi_status find_coverage(method_exposure *w,
                                 const dosi_polygon *polygons,
                                 dosi_error *err) {
    w->coverage = calloc(w->n_areas + 1, sizeof *w->coverage);
    if (!w->coverage) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for areas");
    for (size_t a = 0; a < w->n_areas; a++) {
        double covered = 0;
        for (size_t k = w->start[a]; k < w->start[a + 1]; k++) covered += w->weight[k];
        w->coverage[a] = fmin(covered / dosi_polygon_area(&polygons[a]), 1);
    }
    return DOSI_OK;
}

dosi_status exposure_read_areas(method_exposure *w, dosi_error *err) {
    const dosi_table *areas = w->call->inputs[EXPOSURE_AREAS];
    double box[4] = {INFINITY, INFINITY, -INFINITY, -INFINITY};
    dosi_polygon *polygons = NULL;
    dosi_overlap overlap = {0};
    dosi_grid grid = {0};
    w->n_areas = areas->n_rows;
    DOSI_TRY(method_polygons_load(areas, &polygons, box, err));
    dosi_status status =
        box[0] < box[2] ? DOSI_OK : dosi_fail(err, DOSI_DOMAIN, "areas: have no polygons");
    if (status == DOSI_OK) {
        status = dosi_grid_cover(box, dosi_call_value(w->call, "cell_m")->real, DOSI_SRID_KOREA,
                                 &grid, err);
    }
    if (status == DOSI_OK) {
        status = dosi_grid_overlap(&grid, polygons, w->n_areas, w->call->run, &overlap, err);
    }
    if (status == DOSI_OK) status = point_areas(w, &grid, &overlap, err);
    if (status == DOSI_OK) status = find_coverage(w, polygons, err);
    dosi_overlap_clear(&overlap);
    method_polygons_free(polygons, w->n_areas);
    if (status == DOSI_OK && w->call->report) {
        dosi_text_printf(w->call->report, "%zu areas on %zu cells of %g m\n", w->n_areas,
                         w->n_cells, grid.cell_m);
    }
    return status;
}

// --- groups --------------------------------------------------------------------------------

dosi_status exposure_find_groups(method_exposure *w, dosi_error *err) {
    size_t n = w->n_areas, n_named = 0;
    if (w->group) {
        DOSI_TRY(method_keys_find(&w->group, 1, n, &w->group_keys, err));
        n_named = w->group_keys.n;
    }
    w->n_groups = n + n_named + 1;
    w->group_start = calloc(w->n_groups + 1, sizeof *w->group_start);
    w->group_area = calloc(3 * n + 1, sizeof *w->group_area);
    if (!w->group_start || !w->group_area) {
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu groups", w->n_groups);
    }
    size_t at = 0;
    for (size_t g = 0; g < w->n_groups; g++) {
        for (size_t a = 0; a < n; a++) {
            bool is_one = g < n && a == g, is_all = g + 1 == w->n_groups;
            bool is_named = g >= n && !is_all && w->group_keys.of_row[a] == g - n;
            if (is_one || is_named || is_all) w->group_area[at++] = (uint32_t)a;
        }
        w->group_start[g + 1] = at;
    }
    return DOSI_OK;
}

// --- periods -------------------------------------------------------------------------------

dosi_time exposure_time(const method_exposure *w, size_t map) {
    return w->maps.by[0]->data.integer[w->maps.map_row[map]];
}

/// Day, or month, that an hour is of: that of its start.
static int64_t period_number(dosi_time time, bool is_month) {
    dosi_civil civil = dosi_time_to_civil(time - 1);
    if (is_month) return (int64_t)civil.year * 12 + civil.month;
    return dosi_days_from_civil(civil.year, civil.month, civil.day);
}

dosi_status exposure_find_periods(method_exposure *w, dosi_error *err) {
    const char *period = dosi_call_value(w->call, "period")->text;
    size_t n = w->maps.n_maps;
    w->period_of = calloc(n + 1, sizeof *w->period_of);
    w->period_from = calloc(n + 2, sizeof *w->period_from);
    w->period_to = calloc(n + 2, sizeof *w->period_to);
    if (!w->period_of || !w->period_from || !w->period_to) {
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu times", n);
    }
    if (n == 0) return DOSI_OK;
    w->period_from[0] = exposure_time(w, 0);
    w->period_to[0] = exposure_time(w, n - 1);
    if (strcmp(period, "all") == 0) return DOSI_OK;
    int64_t last = INT64_MIN;
    for (size_t m = 0; m < n; m++) { // maps are in ascending order
        int64_t number = period_number(exposure_time(w, m), strcmp(period, "month") == 0);
        if (number != last) w->period_from[++w->n_periods] = exposure_time(w, m);
        last = number;
        w->period_of[m] = (uint32_t)w->n_periods;
        w->period_to[w->n_periods] = exposure_time(w, m);
    }
    return DOSI_OK;
}
