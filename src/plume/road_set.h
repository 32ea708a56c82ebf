/// @file road_set.h
/// All links of an hour with the kernels they need, and the mesh of the far field.
#ifndef DOSI_PLUME_ROAD_SET_H
#define DOSI_PLUME_ROAD_SET_H

#include "dosi/geo.h"

#include "plume/road_kernel.h"

#include <math.h>

enum { ROAD_KINDS = 64, ROAD_ALONE = ROAD_KINDS };

/// Links, the kinds among them, and each in the wind's frame.
typedef struct road_set {
    const dosi_road_links *links;
    double receptor_m;
    double wind_x, wind_y;
    size_t n_kinds;
    dosi_road_kernel *kinds[ROAD_KINDS];
    dosi_road_kernel *alone; ///< Set anew for every link that has walls.
    uint8_t *kind;           ///< (n) kind of a link; ROAD_ALONE: it has walls.
    road_path *paths;        ///< (n)
} road_set;

/// Prepares an hour. road_set_clear() after, whatever it returned.
DOSI_CHECKED dosi_status road_set_make(const dosi_road_links *links,
                                       double receptor_m,
                                       road_set *out,
                                       dosi_error *err);

/// Frees what `set` holds.
void road_set_clear(road_set *set);

/// What a link's contribution at `x` (downwind, as the path's) is multiplied by: 1, or its age.
static inline double road_age(const road_set *set, const road_path *path, double x) {
    if (!(set->links->age_ms > 0)) return 1;
    double end = path->x_m + path->dx * path->length_m;
    double first = path->x_m < end ? path->x_m : end;
    double last = path->x_m < end ? end : path->x_m;
    last = x < last ? x : last;
    double way = x - 0.5 * (first + last);
    return last > first || way > 0 ? way / set->links->age_ms : 0;
}

/// Square of the distance of a place from a link.
static inline double road_distance2(const dosi_road_line *line, double x, double y) {
    double dx = line->x1_m - line->x0_m, dy = line->y1_m - line->y0_m;
    double length2 = dx * dx + dy * dy;
    double t = length2 > 0 ? ((x - line->x0_m) * dx + (y - line->y0_m) * dy) / length2 : 0;
    t = fmin(fmax(t, 0), 1);
    double ex = x - line->x0_m - t * dx, ey = y - line->y0_m - t * dy;
    return ex * ex + ey * ey;
}

/// A mesh of nodes `mesh_m` apart of which every `step`-th is the centre of a cell.
typedef struct road_mesh {
    double mesh_m;
    size_t step;
    double x0_m, y0_m;           ///< Node (0, 0) of the emissions.
    size_t to_cell_x, to_cell_y; ///< Nodes from there to the centre of cell (0, 0).
    size_t most_x, most_y;       ///< Greatest offsets from an emission to a cell.
    size_t n_columns, n_rows;    ///< Of cells.
    size_t columns, rows;        ///< Of the periodic plane: multiples of `step`.
    float *brought;              ///< (rows x columns) what a node brings at an offset, ug/m3.
    float *spectrum;             ///< (rows x columns x 2) its transform.
    size_t *node_start;          ///< (n_links + 1)
    struct road_node {
        uint32_t column, row;
        float share; ///< Metres of the link.
    } * nodes;
} road_mesh;

/// Lays the mesh over links and grid and puts the links on it.
DOSI_CHECKED dosi_status road_mesh_make(const dosi_road_links *links,
                                        const dosi_road_city *city,
                                        road_mesh *out,
                                        dosi_error *err);

/// What the mesh gives at all cells: the links' emissions convolved with what the mean link
/// brings beyond half of `near_m`.
/// @param out  (n_species x cells)
DOSI_CHECKED dosi_status road_mesh_far(road_mesh *mesh,
                                       const road_set *set,
                                       double near_m,
                                       double *out,
                                       const dosi_run *run,
                                       dosi_error *err);

/// What a node stands for.
typedef struct road_mesh_point {
    const dosi_road_kernel *kernel; ///< Of the mean link.
    double width2_m2;
    double hole_m; ///< Nearer than this it brings nothing.
    double age_ms; ///< As dosi_road_links.
} road_mesh_point;

/// Fills what a node brings.
DOSI_CHECKED dosi_status road_mesh_fill(road_mesh *mesh,
                                        const road_mesh_point *point,
                                        const dosi_run *run,
                                        dosi_error *err);

/// Convolves the emissions of two species (or one: second == first) and gives them at cells.
/// @param out  (2) columns of the grid's cells; out[1] may be NULL.
DOSI_CHECKED dosi_status road_mesh_convolve(const road_mesh *mesh,
                                            const dosi_road_links *links,
                                            size_t species,
                                            double *const out[2],
                                            const dosi_run *run,
                                            dosi_error *err);

/// What the mesh gives for one link, 1 g/m/s, at a cell.
double road_mesh_at(const road_mesh *mesh, size_t link, size_t row, size_t column);

/// A place between the centres of four cells: cell (row, column) and those after it, weighted
/// linearly by `up` and `right`, 0 to 1.
typedef struct road_between {
    size_t row, column;
    double up, right;
} road_between;

/// What the mesh gives for one link, 1 g/m/s, between four cells.
double road_mesh_between(const road_mesh *mesh, size_t link, const road_between *at);

/// Frees what `mesh` holds.
void road_mesh_clear(road_mesh *mesh);

#endif // DOSI_PLUME_ROAD_SET_H
