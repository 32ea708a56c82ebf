// Regular grids, and the exact area of polygons in each of their cells.

#include "dosi/geo.h"

#include <assert.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

void dosi_grid_centre(const dosi_grid *grid, size_t cell, double *x, double *y) {
    assert(grid && cell < grid->n_columns * grid->n_rows);
    size_t row = cell / grid->n_columns, column = cell % grid->n_columns;
    *x = grid->x0 + ((double)column + 0.5) * grid->cell_m;
    *y = grid->y0 + ((double)row + 0.5) * grid->cell_m;
}

bool dosi_grid_find(const dosi_grid *grid, double x, double y, size_t *cell) {
    assert(grid && cell);
    double u = floor((x - grid->x0) / grid->cell_m), v = floor((y - grid->y0) / grid->cell_m);
    bool is_inside =
        u >= 0 && v >= 0 && u < (double)grid->n_columns && v < (double)grid->n_rows;
    if (is_inside) *cell = (size_t)v * grid->n_columns + (size_t)u;
    return is_inside;
}

dosi_status dosi_grid_cover(
    const double *box, double cell_m, int srid, dosi_grid *out, dosi_error *err) {
    assert(box && out);
    if (!(cell_m > 0) || !isfinite(cell_m)) {
        return dosi_fail(err, DOSI_DOMAIN, "a grid needs cells larger than 0, not %g m",
                         cell_m);
    }
    if (!(box[2] >= box[0] && box[3] >= box[1])) {
        return dosi_fail(err, DOSI_DOMAIN, "there is nothing for a grid to cover");
    }
    double west = floor(box[0] / cell_m), south = floor(box[1] / cell_m);
    double columns = fmax(ceil(box[2] / cell_m) - west, 1);
    double rows = fmax(ceil(box[3] / cell_m) - south, 1);
    if (!(columns * rows <= 2147483648.0)) {
        return dosi_fail(err, DOSI_LIMIT, "a grid of %.0f x %.0f cells is too large", columns,
                         rows);
    }
    *out = (dosi_grid){.x0 = west * cell_m,
                       .y0 = south * cell_m,
                       .cell_m = cell_m,
                       .n_columns = (size_t)columns,
                       .n_rows = (size_t)rows,
                       .srid = srid};
    return DOSI_OK;
}

// --- exact overlap -------------------------------------------------------------------------
//
// Each edge of a polygon adds, to the cells of its rows, the signed area to its right: upward
// edges take away, downward edges give. In a row of cells an edge piece of height dv with mean
// position um inside cell c changes that cell by dv (1 - um) and all cells further right by dv;
// written as differences, a running sum over the row gives each cell's covered fraction, exact
// up to rounding. Rows are done in bands, so that memory stays bounded for any grid.

enum { BAND_CELLS = 1 << 20 };

/// The cells of one band of a polygon's box; `u`, `v` count cells from its south-west corner.
typedef struct grid_band {
    double *change; ///< (n_rows x (n_columns + 2))
    size_t n_columns, n_rows;
    size_t column, row; ///< Of the band's south-west cell in the grid.
} grid_band;

/// Cells found for one polygon.
typedef struct cells {
    size_t *cell;
    double *area_m2;
    size_t n, capacity;
} cells;

static dosi_status add_cell(cells *list, size_t cell, double area_m2) {
    if (list->n == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : 64;
        size_t *cell_grown = realloc(list->cell, capacity * sizeof *cell_grown);
        if (!cell_grown) return DOSI_NO_MEMORY;
        list->cell = cell_grown;
        double *area_grown = realloc(list->area_m2, capacity * sizeof *area_grown);
        if (!area_grown) return DOSI_NO_MEMORY;
        list->area_m2 = area_grown;
        list->capacity = capacity;
    }
    list->cell[list->n] = cell;
    list->area_m2[list->n++] = area_m2;
    return DOSI_OK;
}

/// Adds an edge piece inside one row, from ua to ub > ua or equal, whose signed height is dv.
static void add_row_piece(double *change, size_t n_columns, double ua, double ub, double dv) {
    double width = ub - ua, right = (double)n_columns, at = ua;
    do {
        double next = at < 0 ? 0 : at >= right ? ub : floor(at) + 1;
        next = fmin(next, ub);
        double height = width > 0 ? dv * ((next - at) / width) : dv;
        double middle = fmin(fmax((at + next) / 2, 0), right);
        size_t column = (size_t)fmin(fmax(floor(at), 0), right);
        double inside = fmin(middle - (double)column, 1);
        change[column] -= height * (1 - inside);
        change[column + 1] -= height * inside;
        at = next;
    } while (at < ub);
}

/// Adds one edge to every row of the band that it crosses.
static void add_edge(const grid_band *band, double u0, double v0, double u1, double v1) {
    if (v0 == v1) return;
    double sign = v1 > v0 ? 1 : -1;
    double low_u = sign > 0 ? u0 : u1, low_v = sign > 0 ? v0 : v1;
    double high_u = sign > 0 ? u1 : u0, high_v = sign > 0 ? v1 : v0;
    double slope = (high_u - low_u) / (high_v - low_v);
    double from = fmax(low_v, 0), to = fmin(high_v, (double)band->n_rows);
    while (from < to) {
        double row = floor(from);
        double next = fmin(row + 1, to);
        double ua = low_u + (from - low_v) * slope;
        double ub = next == high_v ? high_u : low_u + (next - low_v) * slope;
        add_row_piece(band->change + (size_t)row * (band->n_columns + 2), band->n_columns,
                      fmin(ua, ub), fmax(ua, ub), sign * (next - from));
        from = next;
    }
}

/// Adds all edges of a polygon to the band.
static void add_polygon(const grid_band *band,
                        const dosi_grid *grid,
                        const dosi_polygon *polygon) {
    double x0 = grid->x0 + (double)band->column * grid->cell_m;
    double y0 = grid->y0 + (double)band->row * grid->cell_m;
    size_t start = 0;
    for (size_t i = 0; i < polygon->n_rings; i++) {
        for (size_t j = start; j + 1 < polygon->ring_end[i]; j++) {
            add_edge(band, (polygon->x[j] - x0) / grid->cell_m,
                     (polygon->y[j] - y0) / grid->cell_m,
                     (polygon->x[j + 1] - x0) / grid->cell_m,
                     (polygon->y[j + 1] - y0) / grid->cell_m);
        }
        start = polygon->ring_end[i];
    }
}

/// Sums the changes of a band up and lists its covered cells.
static dosi_status list_cells(const grid_band *band, const dosi_grid *grid, cells *out) {
    static const double least = 1e-12; // of a cell: below it is rounding
    for (size_t row = 0; row < band->n_rows; row++) {
        const double *change = band->change + row * (band->n_columns + 2);
        size_t first = (band->row + row) * grid->n_columns + band->column;
        double covered = 0;
        for (size_t column = 0; column < band->n_columns; column++) {
            covered += change[column];
            if (covered <= least) continue;
            double area_m2 = fmin(covered, 1) * grid->cell_m * grid->cell_m;
            DOSI_TRY(add_cell(out, first + column, area_m2));
        }
    }
    return DOSI_OK;
}

/// First and one past the last cell of [low, high] along an axis of n cells.
static void cell_range(double low, double high, size_t n, size_t *first, size_t *end) {
    *first = (size_t)fmin(fmax(floor(low), 0), (double)n);
    *end = (size_t)fmin(fmax(floor(high) + 1, 0), (double)n);
}

/// Overlaps one polygon.
static dosi_status overlap_one(const dosi_grid *grid, const dosi_polygon *polygon, cells *out) {
    if (polygon->n_points == 0) return DOSI_OK;
    const double *box = polygon->box;
    size_t column = 0, column_end = 0, row = 0, row_end = 0;
    cell_range((box[0] - grid->x0) / grid->cell_m, (box[2] - grid->x0) / grid->cell_m,
               grid->n_columns, &column, &column_end);
    cell_range((box[1] - grid->y0) / grid->cell_m, (box[3] - grid->y0) / grid->cell_m,
               grid->n_rows, &row, &row_end);
    if (column >= column_end || row >= row_end) return DOSI_OK;
    grid_band band = {.n_columns = column_end - column, .column = column};
    size_t stride = band.n_columns + 2, band_rows = BAND_CELLS / stride + 1;
    if (band_rows > row_end - row) band_rows = row_end - row;
    band.change = malloc(band_rows * stride * sizeof *band.change);
    if (!band.change) return DOSI_NO_MEMORY;
    dosi_status status = DOSI_OK;
    for (; row < row_end && status == DOSI_OK; row += band.n_rows) {
        band.row = row;
        band.n_rows = band_rows < row_end - row ? band_rows : row_end - row;
        memset(band.change, 0, band.n_rows * stride * sizeof *band.change);
        add_polygon(&band, grid, polygon);
        status = list_cells(&band, grid, out);
    }
    free(band.change);
    return status;
}

void dosi_overlap_clear(dosi_overlap *overlap) {
    assert(overlap);
    free(overlap->start);
    free(overlap->cell);
    free(overlap->area_m2);
    *overlap = (dosi_overlap){0};
}

/// Lays the lists of all polygons end to end.
static dosi_status join(const cells *lists, size_t n_polygons, dosi_overlap *out) {
    size_t total = 0;
    for (size_t i = 0; i < n_polygons; i++) total += lists[i].n;
    dosi_overlap made = {.n_polygons = n_polygons};
    made.start = malloc((n_polygons + 1) * sizeof *made.start);
    made.cell = malloc((total + 1) * sizeof *made.cell);
    made.area_m2 = malloc((total + 1) * sizeof *made.area_m2);
    if (!made.start || !made.cell || !made.area_m2) {
        dosi_overlap_clear(&made);
        return DOSI_NO_MEMORY;
    }
    size_t at = 0;
    for (size_t i = 0; i < n_polygons; i++) {
        made.start[i] = at;
        if (lists[i].n > 0) {
            memcpy(made.cell + at, lists[i].cell, lists[i].n * sizeof *made.cell);
            memcpy(made.area_m2 + at, lists[i].area_m2, lists[i].n * sizeof *made.area_m2);
        }
        at += lists[i].n;
    }
    made.start[n_polygons] = at;
    *out = made;
    return DOSI_OK;
}

dosi_status dosi_grid_overlap(const dosi_grid *grid,
                              const dosi_polygon *polygons,
                              size_t n_polygons,
                              const dosi_run *run,
                              dosi_overlap *out,
                              dosi_error *err) {
    assert(grid && grid->cell_m > 0 && (polygons || n_polygons == 0) && out);
    cells *lists = calloc(n_polygons + 1, sizeof *lists);
    if (!lists) return DOSI_NO_MEMORY;
    int failed = DOSI_OK;
#pragma omp parallel for schedule(dynamic, 4) num_threads(dosi_run_threads(run)) \
    reduction(max                                                                \
              : failed)
    for (size_t i = 0; i < n_polygons; i++) {
        dosi_status status = dosi_run_check(run, NULL);
        if (status == DOSI_OK) status = overlap_one(grid, &polygons[i], &lists[i]);
        if ((int)status > failed) failed = (int)status;
    }
    dosi_status status = (dosi_status)failed;
    if (status == DOSI_OK) status = join(lists, n_polygons, out);
    for (size_t i = 0; i < n_polygons; i++) {
        free(lists[i].cell);
        free(lists[i].area_m2);
    }
    free(lists);
    if (status == DOSI_OK) return DOSI_OK;
    return dosi_fail(err, status, "overlap of %zu polygons with a grid: %s", n_polygons,
                     dosi_status_text(status));
}
