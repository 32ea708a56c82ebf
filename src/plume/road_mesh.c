// The far field of a city's roads: emissions on a mesh, convolved with what a point brings.

#include "dosi/fft.h"

#include "plume/road_set.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#define SQRT_2PI 2.50662827463100050242

enum { MOST_NODES = 1 << 26, NODES_A_POINT = 4 };

/// Box of links and cell centres.
typedef struct box {
    double west, south, east, north;
} box;

static box box_of(const dosi_road_links *links, const dosi_grid *grid) {
    box b = {INFINITY, INFINITY, -INFINITY, -INFINITY};
    for (size_t i = 0; i < links->n; i++) {
        const dosi_road_line *line = &links->lines[i];
        b.west = fmin(b.west, fmin(line->x0_m, line->x1_m));
        b.east = fmax(b.east, fmax(line->x0_m, line->x1_m));
        b.south = fmin(b.south, fmin(line->y0_m, line->y1_m));
        b.north = fmax(b.north, fmax(line->y0_m, line->y1_m));
    }
    double half = 0.5 * grid->cell_m;
    b.west = fmin(b.west, grid->x0 + half);
    b.south = fmin(b.south, grid->y0 + half);
    return b;
}

/// Points that stand for a link: twice a mesh width.
static size_t points_of(const dosi_road_line *line, double mesh_m) {
    double length = hypot(line->x1_m - line->x0_m, line->y1_m - line->y0_m);
    return 1 + (size_t)(2 * length / mesh_m);
}

/// Adds a share to the nodes of one link, joining what falls on the same.
static size_t add_node(struct road_node *nodes, size_t n, struct road_node node) {
    for (size_t i = n; i-- > 0;) {
        if (nodes[i].column == node.column && nodes[i].row == node.row) {
            nodes[i].share += node.share;
            return n;
        }
    }
    nodes[n] = node;
    return n + 1;
}

/// Puts one link on the mesh: each of its points on the four nodes around, by their nearness.
static size_t put_link(const road_mesh *mesh,
                       const dosi_road_line *line,
                       struct road_node *nodes) {
    size_t n_points = points_of(line, mesh->mesh_m), n = 0;
    double dx = line->x1_m - line->x0_m, dy = line->y1_m - line->y0_m;
    double share = hypot(dx, dy) / (double)n_points;
    for (size_t i = 0; i < n_points; i++) {
        double t = ((double)i + 0.5) / (double)n_points;
        double u = (line->x0_m + t * dx - mesh->x0_m) / mesh->mesh_m;
        double v = (line->y0_m + t * dy - mesh->y0_m) / mesh->mesh_m;
        double c = floor(u), r = floor(v);
        for (uint32_t k = 0; k < NODES_A_POINT; k++) {
            double a = k & 1 ? u - c : 1 - (u - c), b = k & 2 ? v - r : 1 - (v - r);
            struct road_node node = {(uint32_t)c + (k & 1), (uint32_t)r + (k >> 1),
                                     (float)(share * a * b)};
            n = add_node(nodes, n, node);
        }
    }
    return n;
}

/// Puts all links on the mesh.
static dosi_status put_links(road_mesh *mesh, const dosi_road_links *links, dosi_error *err) {
    size_t most = 0;
    for (size_t i = 0; i < links->n; i++) {
        most += NODES_A_POINT * points_of(&links->lines[i], mesh->mesh_m);
    }
    mesh->node_start = malloc((links->n + 1) * sizeof *mesh->node_start);
    mesh->nodes = malloc((most + 1) * sizeof *mesh->nodes);
    if (!mesh->node_start || !mesh->nodes) {
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu links on a mesh", links->n);
    }
    size_t n = 0;
    for (size_t i = 0; i < links->n; i++) {
        mesh->node_start[i] = n;
        n += put_link(mesh, &links->lines[i], mesh->nodes + n);
    }
    mesh->node_start[links->n] = n;
    return DOSI_OK;
}

dosi_status road_mesh_make(const dosi_road_links *links,
                           const dosi_road_city *city,
                           road_mesh *out,
                           dosi_error *err) {
    const dosi_grid *grid = &city->grid;
    double mesh_m = city->mesh_m > 0 ? city->mesh_m : grid->cell_m / 4;
    size_t step = (size_t)fmax(1, round(grid->cell_m / mesh_m));
    mesh_m = grid->cell_m / (double)step;
    box b = box_of(links, grid);
    double centre_x = grid->x0 + 0.5 * grid->cell_m, centre_y = grid->y0 + 0.5 * grid->cell_m;
    double cells_west = ceil((centre_x - b.west) / grid->cell_m);
    double cells_south = ceil((centre_y - b.south) / grid->cell_m);
    double wide = (fmax(b.east - centre_x, 0) / mesh_m + 2) + (double)(grid->n_columns * step);
    double high = (fmax(b.north - centre_y, 0) / mesh_m + 2) + (double)(grid->n_rows * step);
    wide += cells_west * (double)step;
    high += cells_south * (double)step;
    if (wide * high > MOST_NODES) {
        return dosi_fail(err, DOSI_LIMIT, "a mesh of %.0f x %.0f nodes: more than 2^26", wide,
                         high);
    }
    *out = (road_mesh){
        .mesh_m = mesh_m,
        .step = step,
        .x0_m = centre_x - cells_west * grid->cell_m,
        .y0_m = centre_y - cells_south * grid->cell_m,
        .to_cell_x = (size_t)cells_west * step,
        .to_cell_y = (size_t)cells_south * step,
        .most_x = (size_t)cells_west * step + grid->n_columns * step - 1,
        .most_y = (size_t)cells_south * step + grid->n_rows * step - 1,
        .n_columns = grid->n_columns,
        .n_rows = grid->n_rows,
        .columns = step * dosi_fft_size((size_t)ceil(wide / (double)step)),
        .rows = step * dosi_fft_size((size_t)ceil(high / (double)step)),
    };
    size_t n = out->rows * out->columns;
    out->brought = malloc(n * sizeof *out->brought);
    out->spectrum = malloc(2 * n * sizeof *out->spectrum);
    if (!out->brought || !out->spectrum) {
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for a mesh of %zu nodes", n);
    }
    return put_links(out, links, err);
}

/// Offset that index `i` of a period stands for: negative above `most`.
static double offset_of(size_t i, size_t period, size_t most) {
    return i <= most ? (double)i : (double)i - (double)period;
}

/// What a metre of the mean link brings at an offset in the wind's frame.
static double brought_at(const dosi_road_kernel *kernel, double width2_m2, double x, double y) {
    double r = sqrt(x * x + y * y), part = 0;
    const road_cell *cell = road_find(&kernel->meander[ROAD_ZONE_NEAR], r, &part);
    double meander = cell->second + part * cell->second_step;
    if (x < ROAD_UPWIND_M) return meander;
    double direct = 1 - (cell->first + part * cell->first_step);
    cell = road_find(&kernel->plume[0], fmax(x, ROAD_NEAREST_M), &part);
    double sigma2 = cell->second + part * cell->second_step + width2_m2;
    double vertical = cell->first + part * cell->first_step;
    double power = -0.5 * y * y / sigma2;
    if (power < -20) return meander;
    return meander + direct * vertical / (SQRT_2PI * sqrt(sigma2)) * exp(power);
}

dosi_status road_mesh_fill(road_mesh *mesh,
                           const road_mesh_point *point,
                           const dosi_run *run,
                           dosi_error *err) {
    double c = point->kernel->wind_x, s = point->kernel->wind_y;
    double hole2 = point->hole_m * point->hole_m;
#pragma omp parallel for schedule(static) num_threads(dosi_run_threads(run))
    for (long row = 0; row < (long)mesh->rows; row++) {
        double dy = mesh->mesh_m * offset_of((size_t)row, mesh->rows, mesh->most_y);
        float *line = mesh->brought + (size_t)row * mesh->columns;
        float *plane = mesh->spectrum + 2 * (size_t)row * mesh->columns;
        for (size_t column = 0; column < mesh->columns; column++) {
            double dx = mesh->mesh_m * offset_of(column, mesh->columns, mesh->most_x);
            bool is_near = dx * dx + dy * dy < hole2;
            double along = dx * c + dy * s;
            double value =
                is_near ? 0
                        : brought_at(point->kernel, point->width2_m2, along, -dx * s + dy * c);
            if (point->age_ms > 0) value *= fmax(along, 0) / point->age_ms;
            line[column] = (float)(1e6 * value);
            plane[2 * column] = line[column];
            plane[2 * column + 1] = 0;
        }
    }
    return dosi_fft_plane(mesh->spectrum, mesh->rows, mesh->columns, false, run, err);
}

/// Multiplies by the kernel's spectrum and folds, so that the inverse gives only every
/// `step`-th node.
static void fold(const road_mesh *mesh, const float *plane, float *folded, int n_threads) {
    size_t columns = mesh->columns / mesh->step, rows = mesh->rows / mesh->step;
#pragma omp parallel for schedule(static) num_threads(n_threads)
    for (long r = 0; r < (long)rows; r++) {
        for (size_t c = 0; c < columns; c++) {
            double re = 0, im = 0;
            for (size_t k = 0; k < mesh->step * mesh->step; k++) {
                size_t at = ((size_t)r + k / mesh->step * rows) * mesh->columns + c +
                            k % mesh->step * columns;
                double a = (double)plane[2 * at], b = (double)plane[2 * at + 1];
                double x = (double)mesh->spectrum[2 * at],
                       y = (double)mesh->spectrum[2 * at + 1];
                re += a * x - b * y;
                im += a * y + b * x;
            }
            folded[2 * ((size_t)r * columns + c)] = (float)re;
            folded[2 * ((size_t)r * columns + c) + 1] = (float)im;
        }
    }
}

dosi_status road_mesh_convolve(const road_mesh *mesh,
                               const dosi_road_links *links,
                               size_t species,
                               double *const out[2],
                               const dosi_run *run,
                               dosi_error *err) {
    size_t n = mesh->rows * mesh->columns, step = mesh->step;
    size_t columns = mesh->columns / step, rows = mesh->rows / step;
    float *plane = calloc(2 * n, sizeof *plane);
    float *folded = malloc(2 * rows * columns * sizeof *folded);
    dosi_status status = DOSI_OK;
    if (!plane || !folded) {
        status = dosi_fail(err, DOSI_NO_MEMORY, "no memory for a mesh of %zu nodes", n);
        goto cleanup;
    }
    for (size_t i = 0; i < links->n; i++) {
        for (size_t part = 0; part < 2 && out[part]; part++) {
            double emission = links->emission_gms[i * links->n_species + species + part];
            for (size_t k = mesh->node_start[i]; k < mesh->node_start[i + 1]; k++) {
                size_t at = mesh->nodes[k].row * mesh->columns + mesh->nodes[k].column;
                plane[2 * at + part] += (float)emission * mesh->nodes[k].share;
            }
        }
    }
    status = dosi_fft_plane(plane, mesh->rows, mesh->columns, false, run, err);
    if (status != DOSI_OK) goto cleanup;
    fold(mesh, plane, folded, dosi_run_threads(run));
    status = dosi_fft_plane(folded, rows, columns, true, run, err);
    if (status != DOSI_OK) goto cleanup;
    size_t first_x = mesh->to_cell_x / step, first_y = mesh->to_cell_y / step;
    for (size_t part = 0; part < 2 && out[part]; part++) {
        for (size_t cell = 0; cell < mesh->n_rows * mesh->n_columns; cell++) {
            size_t r = first_y + cell / mesh->n_columns, c = first_x + cell % mesh->n_columns;
            out[part][cell] = (double)folded[2 * (r * columns + c) + part] / (double)n;
        }
    }
cleanup:
    free(plane);
    free(folded);
    return status;
}

double road_mesh_at(const road_mesh *mesh, size_t link, size_t row, size_t column) {
    size_t r = mesh->to_cell_y + row * mesh->step, c = mesh->to_cell_x + column * mesh->step;
    double sum = 0;
    for (size_t k = mesh->node_start[link]; k < mesh->node_start[link + 1]; k++) {
        const struct road_node *node = &mesh->nodes[k];
        size_t dy = r >= node->row ? r - node->row : r + mesh->rows - node->row;
        size_t dx = c >= node->column ? c - node->column : c + mesh->columns - node->column;
        sum += (double)(node->share * mesh->brought[dy * mesh->columns + dx]);
    }
    return sum;
}

double road_mesh_between(const road_mesh *mesh, size_t link, const road_between *at) {
    size_t r = mesh->to_cell_y + at->row * mesh->step;
    size_t c = mesh->to_cell_x + at->column * mesh->step;
    double sum = 0;
    for (size_t k = mesh->node_start[link]; k < mesh->node_start[link + 1]; k++) {
        const struct road_node *node = &mesh->nodes[k];
        size_t low = (r + mesh->rows - node->row) % mesh->rows;
        size_t left = (c + mesh->columns - node->column) % mesh->columns;
        size_t high = (low + mesh->step) % mesh->rows;
        size_t right = (left + mesh->step) % mesh->columns;
        const float *south = mesh->brought + low * mesh->columns;
        const float *north = mesh->brought + high * mesh->columns;
        double below = (1 - at->right) * (double)south[left] + at->right * (double)south[right];
        double above = (1 - at->right) * (double)north[left] + at->right * (double)north[right];
        sum += (double)node->share * ((1 - at->up) * below + at->up * above);
    }
    return sum;
}

/// The link that stands for all in the far field: means by emission.
static dosi_road_line mean_link(const road_set *set, double *width2_m2) {
    const dosi_road_links *links = set->links;
    dosi_road_line mean = {.x1_m = 1};
    double total = 0;
    *width2_m2 = 0;
    for (size_t i = 0; i < links->n; i++) {
        const dosi_road_line *line = &links->lines[i];
        double weight =
            set->paths[i].length_m * links->emission_gms[i * links->n_species] + 1e-30;
        mean.height_m += weight * line->height_m;
        mean.sigma_z0_m += weight * line->sigma_z0_m;
        *width2_m2 += weight * set->paths[i].width2_m2;
        total += weight;
    }
    mean.height_m /= total;
    mean.sigma_z0_m /= total;
    *width2_m2 /= total;
    return mean;
}

dosi_status road_mesh_far(road_mesh *mesh,
                          const road_set *set,
                          double near_m,
                          double *out,
                          const dosi_run *run,
                          dosi_error *err) {
    const dosi_road_links *links = set->links;
    size_t n_cells = mesh->n_rows * mesh->n_columns;
    double width2 = 0;
    dosi_road_line mean = mean_link(set, &width2);
    dosi_road_kernel *kernel = NULL;
    DOSI_TRY(dosi_road_kernel_create(&kernel, err));
    dosi_status status =
        dosi_road_kernel_set(kernel, links->weather, &mean, set->receptor_m, err);
    if (status == DOSI_OK) {
        const road_mesh_point point = {kernel, width2, 0.5 * near_m, links->age_ms};
        status = road_mesh_fill(mesh, &point, run, err);
    }
    for (size_t s = 0; s < links->n_species && status == DOSI_OK; s += 2) {
        bool has_second = s + 1 < links->n_species;
        double *two[2] = {out + s * n_cells, has_second ? out + (s + 1) * n_cells : NULL};
        status = road_mesh_convolve(mesh, links, s, two, run, err);
    }
    dosi_road_kernel_destroy(kernel);
    return status;
}

void road_mesh_clear(road_mesh *mesh) {
    free(mesh->brought);
    free(mesh->spectrum);
    free(mesh->node_start);
    free(mesh->nodes);
    *mesh = (road_mesh){0};
}
