// The roads of a city on the cells of a grid: near links exactly, the rest by the mesh.

#include "plume/road_set.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_SAMPLES = 4096 };

/// A city's sum on its way.
typedef struct work {
    const dosi_road_links *links;
    const dosi_road_city *city;
    double near_m;
    road_set set;
    road_mesh mesh;
    size_t *row_start; ///< (n_rows + 1) links near each row of cells
    uint32_t *row_links;
    double *out;
    size_t n_cells;
} work;

/// Rows of cells whose centres are within reach of a link; false: none.
static bool rows_near(const work *w, const dosi_road_line *line, size_t *first, size_t *last) {
    const dosi_grid *grid = &w->city->grid;
    double south = fmin(line->y0_m, line->y1_m) - w->near_m - grid->y0;
    double north = fmax(line->y0_m, line->y1_m) + w->near_m - grid->y0;
    double low = ceil(south / grid->cell_m - 0.5), high = floor(north / grid->cell_m - 0.5);
    if (high < 0 || low > (double)grid->n_rows - 1) return false;
    *first = (size_t)fmax(low, 0);
    *last = (size_t)fmin(high, (double)grid->n_rows - 1);
    return *first <= *last;
}

/// Lists the links of every row, in their order.
static dosi_status list_rows(work *w, dosi_error *err) {
    size_t n_rows = w->city->grid.n_rows, first = 0, last = 0;
    w->row_start = calloc(n_rows + 2, sizeof *w->row_start);
    if (!w->row_start) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu rows", n_rows);
    for (size_t i = 0; i < w->links->n; i++) {
        if (!rows_near(w, &w->links->lines[i], &first, &last)) continue;
        for (size_t r = first; r <= last; r++) w->row_start[r + 2]++;
    }
    for (size_t r = 2; r < n_rows + 2; r++) w->row_start[r] += w->row_start[r - 1];
    w->row_links = malloc((w->row_start[n_rows + 1] + 1) * sizeof *w->row_links);
    if (!w->row_links) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for near roads");
    for (size_t i = 0; i < w->links->n; i++) {
        if (!rows_near(w, &w->links->lines[i], &first, &last)) continue;
        for (size_t r = first; r <= last; r++)
            w->row_links[w->row_start[r + 1]++] = (uint32_t)i;
    }
    return DOSI_OK;
}

/// Puts the exact value of one link in the place of the mesh's, in one row of cells.
/// @return Cells that were near.
static size_t correct_row(const work *w,
                          size_t row,
                          size_t link,
                          const dosi_road_kernel *kernel) {
    const dosi_grid *grid = &w->city->grid;
    const dosi_road_line *line = &w->links->lines[link];
    double west = fmin(line->x0_m, line->x1_m) - w->near_m - grid->x0;
    double east = fmax(line->x0_m, line->x1_m) + w->near_m - grid->x0;
    double first = fmax(0, ceil(west / grid->cell_m - 0.5));
    double last = fmin((double)grid->n_columns - 1, floor(east / grid->cell_m - 0.5));
    double y = grid->y0 + ((double)row + 0.5) * grid->cell_m;
    double c = w->set.wind_x, s = w->set.wind_y;
    size_t n_near = 0, n_species = w->links->n_species;
    for (long column = (long)first; column <= (long)last; column++) {
        double x = grid->x0 + ((double)column + 0.5) * grid->cell_m;
        if (road_distance2(line, x, y) > w->near_m * w->near_m) continue;
        double exact =
            1e6 * road_line_at(kernel, &w->set.paths[link], x * c + y * s, -x * s + y * c);
        double unit = exact * road_age(&w->set, &w->set.paths[link], x * c + y * s) -
                      road_mesh_at(&w->mesh, link, row, (size_t)column);
        for (size_t i = 0; i < n_species; i++) {
            w->out[i * w->n_cells + row * grid->n_columns + (size_t)column] +=
                unit * w->links->emission_gms[link * n_species + i];
        }
        n_near++;
    }
    return n_near;
}

/// Corrects all cells for the links near them; rows are independent.
static dosi_status correct_near(work *w, size_t *n_near, const dosi_run *run, dosi_error *err) {
    size_t n = 0;
#pragma omp parallel for schedule(dynamic) num_threads(dosi_run_threads(run)) reduction(+ : n)
    for (long r = 0; r < (long)w->city->grid.n_rows; r++) {
        for (size_t k = w->row_start[r]; k < w->row_start[r + 1]; k++) {
            size_t link = w->row_links[k];
            if (w->set.kind[link] == ROAD_ALONE) continue;
            n += correct_row(w, (size_t)r, link, w->set.kinds[w->set.kind[link]]);
        }
    }
    for (size_t i = 0; i < w->links->n; i++) {
        size_t first = 0, last = 0;
        if (w->set.kind[i] != ROAD_ALONE || !rows_near(w, &w->links->lines[i], &first, &last)) {
            continue;
        }
        DOSI_TRY(dosi_run_check(run, err));
        DOSI_TRY(dosi_road_kernel_set(w->set.alone, w->links->weather, &w->links->lines[i],
                                      w->set.receptor_m, err));
        for (size_t r = first; r <= last; r++) n += correct_row(w, r, i, w->set.alone);
    }
    *n_near = n;
    return DOSI_OK;
}

/// The cell with the greatest value of the first species.
static size_t greatest_cell(const work *w) {
    size_t greatest = 0;
    for (size_t i = 1; i < w->n_cells; i++) {
        if (w->out[i] > w->out[greatest]) greatest = i;
    }
    return greatest;
}

/// Compares cells with the exact sum: some evenly through the grid, and the greatest.
static dosi_status sample(const work *w,
                          dosi_road_city_report *report,
                          const dosi_run *run,
                          dosi_error *err) {
    size_t n = w->city->n_samples < MOST_SAMPLES ? w->city->n_samples : MOST_SAMPLES;
    if (n > w->n_cells) n = w->n_cells;
    if (n == 0) return DOSI_OK;
    size_t n_species = w->links->n_species, greatest = greatest_cell(w);
    double *buffer = malloc((2 + n_species) * n * sizeof *buffer);
    if (!buffer) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu samples", n);
    double *x = buffer, *y = buffer + n, *exact = buffer + 2 * n;
    size_t stride = w->n_cells / n; // made odd: not the same column again and again
    if (stride > 1 && stride % 2 == 0) stride--;
    for (size_t i = 0; i < n; i++) {
        dosi_grid_centre(&w->city->grid, i == 0 ? greatest : i * stride, &x[i], &y[i]);
    }
    dosi_status status = dosi_road_sum(
        w->links, &(dosi_road_places){n, x, y, w->set.receptor_m}, exact, run, err);
    for (size_t s = 0; s < n_species && status == DOSI_OK; s++) {
        double most = 0, mean = 0, scale = exact[s * n];
        for (size_t i = 0; i < n; i++) {
            size_t cell = i == 0 ? greatest : i * stride;
            double error = fabs(w->out[s * w->n_cells + cell] - exact[s * n + i]);
            most = fmax(most, error);
            mean += error / (double)n;
            scale = fmax(scale, exact[s * n + i]);
        }
        if (scale <= 0) continue;
        report->error = fmax(report->error, most / scale);
        report->mean_error = fmax(report->mean_error, mean / scale);
    }
    free(buffer);
    return status;
}

/// All of it, once memory is there.
static dosi_status sum(work *w,
                       dosi_road_city_report *report,
                       const dosi_run *run,
                       dosi_error *err) {
    DOSI_TRY(road_mesh_make(w->links, w->city, &w->mesh, err));
    DOSI_TRY(list_rows(w, err));
    DOSI_TRY(road_mesh_far(&w->mesh, &w->set, w->near_m, w->out, run, err));
    DOSI_TRY(dosi_run_check(run, err));
    DOSI_TRY(correct_near(w, &report->n_near, run, err));
    for (size_t i = 0; i < w->links->n_species * w->n_cells; i++) {
        w->out[i] = fmax(w->out[i], 0); // rounding of the far field
    }
    report->mesh_rows = w->mesh.rows;
    report->mesh_columns = w->mesh.columns;
    return sample(w, report, run, err);
}

dosi_status dosi_road_city_sum(const dosi_road_links *links,
                               const dosi_road_city *city,
                               double *out,
                               dosi_road_city_report *report,
                               const dosi_run *run,
                               dosi_error *err) {
    dosi_road_city_report own = {0};
    work w = {.links = links,
              .city = city,
              .near_m = city->near_m > 0 ? city->near_m : 400,
              .out = out,
              .n_cells = city->grid.n_rows * city->grid.n_columns};
    memset(out, 0, links->n_species * w.n_cells * sizeof *out);
    if (links->n == 0) {
        if (report) *report = own;
        return DOSI_OK;
    }
    dosi_status status = road_set_make(links, city->receptor_m, &w.set, err);
    if (status == DOSI_OK) status = sum(&w, &own, run, err);
    if (status == DOSI_OK && report) *report = own;
    road_set_clear(&w.set);
    road_mesh_clear(&w.mesh);
    free(w.row_start);
    free(w.row_links);
    return status;
}
