// The roads of a city at scattered places: near links exactly, the rest read from the mesh.

#include "plume/road_set.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define USUAL_NEAR_M 800.0
#define USUAL_MESH_M 50.0

enum { MOST_NODES = 1 << 24, PAIRS_A_NODE = 5, PLACES_AT_ONCE = 16 };

/// A sum on its way.
typedef struct work {
    const dosi_road_links *links;
    const dosi_road_places *places;
    const dosi_road_skip *skip;
    double near_m;
    dosi_road_city city; ///< Cells over all places, each a node of the mesh.
    dosi_grid bins;      ///< Squares of `near_m` over the same.
    size_t *bin_start;   ///< (bins + 2)
    uint32_t *bin_links; ///< Links near each bin, rising.
    road_set set;
    road_mesh mesh;
    double *far; ///< (n_species x cells)
    double *out;
} work;

/// A grid of squares over all places with one to spare on each side.
static dosi_grid grid_over(const dosi_road_places *places, double cell_m) {
    double west = INFINITY, east = -INFINITY, south = INFINITY, north = -INFINITY;
    for (size_t p = 0; p < places->n; p++) {
        west = fmin(west, places->x_m[p]);
        east = fmax(east, places->x_m[p]);
        south = fmin(south, places->y_m[p]);
        north = fmax(north, places->y_m[p]);
    }
    dosi_grid grid = {.cell_m = cell_m};
    grid.x0 = cell_m * (floor(west / cell_m) - 1);
    grid.y0 = cell_m * (floor(south / cell_m) - 1);
    double wide = fmin(floor((east - grid.x0) / cell_m) + 2, 1 << 26);
    double high = fmin(floor((north - grid.y0) / cell_m) + 2, 1 << 26);
    grid.n_columns = (size_t)wide;
    grid.n_rows = (size_t)high;
    return grid;
}

static double mesh_of(const dosi_road_far *far) {
    return far && far->mesh_m > 0 ? far->mesh_m : USUAL_MESH_M;
}

bool dosi_road_far_pays(const dosi_road_links *links,
                        const dosi_road_places *places,
                        const dosi_road_far *far) {
    if (links->n == 0 || places->n == 0) return false;
    double mesh_m = mesh_of(far);
    dosi_grid grid = grid_over(places, mesh_m);
    double west = grid.x0, east = west, south = grid.y0, north = south;
    for (size_t i = 0; i < links->n; i++) {
        const dosi_road_line *line = &links->lines[i];
        west = fmin(west, fmin(line->x0_m, line->x1_m));
        east = fmax(east, fmax(line->x0_m, line->x1_m));
        south = fmin(south, fmin(line->y0_m, line->y1_m));
        north = fmax(north, fmax(line->y0_m, line->y1_m));
    }
    double wide = (east - west) / mesh_m + (double)grid.n_columns + 4;
    double high = (north - south) / mesh_m + (double)grid.n_rows + 4;
    if (wide * high > MOST_NODES) return false;
    return (double)links->n * (double)places->n >= PAIRS_A_NODE * wide * high;
}

/// First and last of `n` bins that reach [low, high]; false: none.
static bool bins_of(double low, double high, double bin_m, size_t n, size_t *range) {
    double first = floor(low / bin_m), last = floor(high / bin_m);
    if (last < 0 || first > (double)n - 1) return false;
    range[0] = (size_t)fmax(first, 0);
    range[1] = (size_t)fmin(last, (double)n - 1);
    return true;
}

/// Goes through the bins near a link: counts (no list yet) or lists it.
static void put_in_bins(work *w, size_t link) {
    const dosi_road_line *line = &w->links->lines[link];
    const dosi_grid *bins = &w->bins;
    size_t x[2], y[2];
    if (!bins_of(fmin(line->x0_m, line->x1_m) - w->near_m - bins->x0,
                 fmax(line->x0_m, line->x1_m) + w->near_m - bins->x0, bins->cell_m,
                 bins->n_columns, x) ||
        !bins_of(fmin(line->y0_m, line->y1_m) - w->near_m - bins->y0,
                 fmax(line->y0_m, line->y1_m) + w->near_m - bins->y0, bins->cell_m,
                 bins->n_rows, y)) {
        return;
    }
    for (size_t r = y[0]; r <= y[1]; r++) {
        for (size_t c = x[0]; c <= x[1]; c++) {
            size_t bin = r * bins->n_columns + c;
            if (w->bin_links) {
                w->bin_links[w->bin_start[bin + 1]++] = (uint32_t)link;
            } else {
                w->bin_start[bin + 2]++;
            }
        }
    }
}

/// Lists the links near every bin, in their order.
static dosi_status list_bins(work *w, dosi_error *err) {
    size_t n_bins = w->bins.n_rows * w->bins.n_columns;
    w->bin_start = calloc(n_bins + 2, sizeof *w->bin_start);
    if (!w->bin_start) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu bins", n_bins);
    for (size_t i = 0; i < w->links->n; i++) put_in_bins(w, i);
    for (size_t b = 2; b < n_bins + 2; b++) w->bin_start[b] += w->bin_start[b - 1];
    w->bin_links = malloc((w->bin_start[n_bins + 1] + 1) * sizeof *w->bin_links);
    if (!w->bin_links) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for near roads");
    for (size_t i = 0; i < w->links->n; i++) put_in_bins(w, i);
    return DOSI_OK;
}

/// Where a place is among the nodes.
static road_between between(const work *w, size_t place) {
    const dosi_grid *grid = &w->city.grid;
    double u = (w->places->x_m[place] - grid->x0) / grid->cell_m - 0.5;
    double v = (w->places->y_m[place] - grid->y0) / grid->cell_m - 0.5;
    double c = floor(u), r = floor(v);
    return (road_between){(size_t)r, (size_t)c, v - r, u - c};
}

/// Reads the mesh at a place, all species.
static void read_far(const work *w, size_t place, const road_between *at) {
    size_t columns = w->city.grid.n_columns, n_cells = columns * w->city.grid.n_rows;
    for (size_t s = 0; s < w->links->n_species; s++) {
        const double *south = w->far + s * n_cells + at->row * columns + at->column;
        const double *north = south + columns;
        double below = (1 - at->right) * south[0] + at->right * south[1];
        double above = (1 - at->right) * north[0] + at->right * north[1];
        w->out[s * w->places->n + place] = (1 - at->up) * below + at->up * above;
    }
}

static bool is_left_out(const work *w, size_t place, size_t link) {
    return w->skip && link >= w->skip->first[place] && link < w->skip->last[place];
}

/// Puts the exact value of one link, or nothing where it is left out, in the place of the
/// mesh's.
static void correct(const work *w,
                    size_t place,
                    const road_between *at,
                    size_t link,
                    const dosi_road_kernel *kernel) {
    double px = w->places->x_m[place], py = w->places->y_m[place];
    bool is_out = is_left_out(w, place, link);
    if (!is_out && road_distance2(&w->links->lines[link], px, py) > w->near_m * w->near_m) {
        return;
    }
    double unit = -road_mesh_between(&w->mesh, link, at);
    if (!is_out) {
        double x = px * w->set.wind_x + py * w->set.wind_y;
        double y = -px * w->set.wind_y + py * w->set.wind_x;
        const road_path *path = &w->set.paths[link];
        unit += 1e6 * road_line_at(kernel, path, x, y) * road_age(&w->set, path, x);
    }
    for (size_t s = 0; s < w->links->n_species; s++) {
        w->out[s * w->places->n + place] +=
            unit * w->links->emission_gms[link * w->links->n_species + s];
    }
}

/// All of one place but links with walls: those near it, and those left out that are not.
static void do_place(const work *w, size_t place) {
    const road_between at = between(w, place);
    read_far(w, place, &at);
    size_t c = (size_t)((w->places->x_m[place] - w->bins.x0) / w->bins.cell_m);
    size_t r = (size_t)((w->places->y_m[place] - w->bins.y0) / w->bins.cell_m);
    size_t bin = r * w->bins.n_columns + c;
    for (size_t k = w->bin_start[bin]; k < w->bin_start[bin + 1]; k++) {
        size_t link = w->bin_links[k];
        uint8_t kind = w->set.kind[link];
        if (kind == ROAD_ALONE || is_left_out(w, place, link)) continue;
        correct(w, place, &at, link, w->set.kinds[kind]);
    }
    for (size_t i = w->skip ? w->skip->first[place] : 0;
         w->skip && i < w->skip->last[place] && i < w->links->n; i++) {
        if (w->set.kind[i] != ROAD_ALONE) correct(w, place, &at, i, NULL);
    }
}

/// All places, independently of each other.
static dosi_status do_places(work *w, const dosi_run *run, dosi_error *err) {
    long n_chunks = (long)((w->places->n + PLACES_AT_ONCE - 1) / PLACES_AT_ONCE);
#pragma omp parallel for schedule(dynamic) num_threads(dosi_run_threads(run))
    for (long chunk = 0; chunk < n_chunks; chunk++) {
        size_t first = (size_t)chunk * PLACES_AT_ONCE, last = first + PLACES_AT_ONCE;
        for (size_t p = first; p < last && p < w->places->n; p++) do_place(w, p);
    }
    for (size_t i = 0; i < w->links->n; i++) {
        if (w->set.kind[i] != ROAD_ALONE) continue;
        DOSI_TRY(dosi_run_check(run, err));
        DOSI_TRY(dosi_road_kernel_set(w->set.alone, w->links->weather, &w->links->lines[i],
                                      w->set.receptor_m, err));
        for (size_t p = 0; p < w->places->n; p++) {
            const road_between at = between(w, p);
            correct(w, p, &at, i, w->set.alone);
        }
    }
    return DOSI_OK;
}

/// All of it.
static dosi_status sum(work *w, const dosi_run *run, dosi_error *err) {
    const dosi_grid *grid = &w->city.grid;
    DOSI_TRY(road_set_make(w->links, w->places->height_m, &w->set, err));
    DOSI_TRY(road_mesh_make(w->links, &w->city, &w->mesh, err));
    DOSI_TRY(list_bins(w, err));
    w->far = malloc(w->links->n_species * grid->n_rows * grid->n_columns * sizeof *w->far);
    if (!w->far) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for the far field");
    DOSI_TRY(road_mesh_far(&w->mesh, &w->set, w->near_m, w->far, run, err));
    DOSI_TRY(dosi_run_check(run, err));
    DOSI_TRY(do_places(w, run, err));
    for (size_t i = 0; i < w->links->n_species * w->places->n; i++) {
        w->out[i] = fmax(w->out[i], 0); // rounding of the far field
    }
    return DOSI_OK;
}

dosi_status dosi_road_places_sum(const dosi_road_links *links,
                                 const dosi_road_places *places,
                                 const dosi_road_far *far,
                                 double *out,
                                 const dosi_run *run,
                                 dosi_error *err) {
    if (links->n == 0 || places->n == 0) {
        memset(out, 0, links->n_species * places->n * sizeof *out);
        return DOSI_OK;
    }
    double mesh_m = mesh_of(far);
    work w = {.links = links,
              .places = places,
              .skip = far ? far->skip : NULL,
              .near_m = far && far->near_m > 0 ? far->near_m : USUAL_NEAR_M,
              .city = {.grid = grid_over(places, mesh_m),
                       .receptor_m = places->height_m,
                       .mesh_m = mesh_m},
              .out = out};
    w.bins = grid_over(places, w.near_m);
    dosi_status status = sum(&w, run, err);
    road_set_clear(&w.set);
    road_mesh_clear(&w.mesh);
    free(w.bin_start);
    free(w.bin_links);
    free(w.far);
    return status;
}
