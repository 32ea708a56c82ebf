// All links of an hour with the kernels they need, and their exact sum at places.

#include "plume/road_set.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/// Whether a line's plume depends on its own direction beyond the rotation.
static bool has_walls(const dosi_road_line *line) {
    return line->walls[0].height_m > 0 || line->walls[1].height_m > 0;
}

/// The kind that serves a line, made when there is none.
static dosi_status find_kind(road_set *set,
                             const dosi_road_line *line,
                             uint8_t *out,
                             dosi_error *err) {
    if (has_walls(line)) {
        if (!set->alone) DOSI_TRY(dosi_road_kernel_create(&set->alone, err));
        *out = ROAD_ALONE;
        return dosi_road_kernel_set(set->alone, set->links->weather, line, set->receptor_m,
                                    err);
    }
    for (size_t k = set->n_kinds; k-- > 0;) {
        if (dosi_road_kernel_fits(set->kinds[k], line)) {
            *out = (uint8_t)k;
            return DOSI_OK;
        }
    }
    if (set->n_kinds == ROAD_KINDS) {
        return dosi_fail(err, DOSI_LIMIT, "more than %d kinds of road (heights, first spreads)",
                         ROAD_KINDS);
    }
    dosi_road_kernel **kernel = &set->kinds[set->n_kinds];
    DOSI_TRY(dosi_road_kernel_create(kernel, err));
    *out = (uint8_t)set->n_kinds++;
    return dosi_road_kernel_set(*kernel, set->links->weather, line, set->receptor_m, err);
}

dosi_status road_set_make(const dosi_road_links *links,
                          double receptor_m,
                          road_set *out,
                          dosi_error *err) {
    double angle = (270 - links->weather->direction_deg) * M_PI / 180;
    *out = (road_set){.links = links,

                      .receptor_m = receptor_m,
                      .wind_x = cos(angle),
                      .wind_y = sin(angle)};
    out->kind = calloc(links->n + 1, 1);
    out->paths = malloc((links->n + 1) * sizeof *out->paths);
    if (!out->kind || !out->paths) {
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu roads", links->n);
    }
    for (size_t i = 0; i < links->n; i++) {
        DOSI_TRY(find_kind(out, &links->lines[i], &out->kind[i], err));
        bool is_alone = out->kind[i] == ROAD_ALONE;
        const dosi_road_kernel *kernel = is_alone ? out->alone : out->kinds[out->kind[i]];
        out->paths[i] = road_path_make(kernel, &links->lines[i]);
    }
    return DOSI_OK;
}

void road_set_clear(road_set *set) {
    for (size_t k = 0; k < set->n_kinds; k++) dosi_road_kernel_destroy(set->kinds[k]);
    dosi_road_kernel_destroy(set->alone);
    free(set->kind);
    free(set->paths);
    *set = (road_set){0};
}

static bool is_left_out(const dosi_road_skip *skip, size_t place, size_t link) {
    return skip && link >= skip->first[place] && link < skip->last[place];
}

/// Adds one link to every place: columns of species one after the other.
static void add_everywhere(const road_set *set,
                           size_t link,
                           const dosi_road_kernel *kernel,
                           const dosi_road_places *places,
                           const dosi_road_skip *skip,
                           double *out) {
    size_t n_species = set->links->n_species;
    const double *emission = set->links->emission_gms + link * n_species;
    for (size_t p = 0; p < places->n; p++) {
        if (is_left_out(skip, p, link)) continue;
        double x = places->x_m[p] * set->wind_x + places->y_m[p] * set->wind_y;
        double y = -places->x_m[p] * set->wind_y + places->y_m[p] * set->wind_x;
        double unit = 1e6 * road_line_at(kernel, &set->paths[link], x, y) *
                      road_age(set, &set->paths[link], x);
        for (size_t s = 0; s < n_species; s++) out[s * places->n + p] += emission[s] * unit;
    }
}

enum { PLACES_AT_ONCE = 16 };

/// Adds all links without walls to some places.
static void add_open(const road_set *set,
                     const dosi_road_places *places,
                     const dosi_road_skip *skip,
                     size_t first,
                     double *out) {
    const dosi_road_links *links = set->links;
    size_t last = first + PLACES_AT_ONCE < places->n ? first + PLACES_AT_ONCE : places->n;
    for (size_t p = first; p < last; p++) {
        double x = places->x_m[p] * set->wind_x + places->y_m[p] * set->wind_y;
        double y = -places->x_m[p] * set->wind_y + places->y_m[p] * set->wind_x;
        for (size_t i = 0; i < links->n; i++) {
            if (set->kind[i] == ROAD_ALONE || is_left_out(skip, p, i)) continue;
            double unit = 1e6 * road_line_at(set->kinds[set->kind[i]], &set->paths[i], x, y) *
                          road_age(set, &set->paths[i], x);
            for (size_t s = 0; s < links->n_species; s++) {
                out[s * places->n + p] += links->emission_gms[i * links->n_species + s] * unit;
            }
        }
    }
}

dosi_status dosi_road_sum(const dosi_road_links *links,
                          const dosi_road_places *places,
                          double *out,
                          const dosi_run *run,
                          dosi_error *err) {
    return dosi_road_sum_without(links, places, NULL, out, run, err);
}

dosi_status dosi_road_sum_without(const dosi_road_links *links,
                                  const dosi_road_places *places,
                                  const dosi_road_skip *skip,
                                  double *out,
                                  const dosi_run *run,
                                  dosi_error *err) {
    road_set set;
    dosi_status status = road_set_make(links, places->height_m, &set, err);
    if (status != DOSI_OK) goto cleanup;
    memset(out, 0, links->n_species * places->n * sizeof *out);
    long n_chunks = (long)((places->n + PLACES_AT_ONCE - 1) / PLACES_AT_ONCE);
#pragma omp parallel for schedule(dynamic) num_threads(dosi_run_threads(run))
    for (long chunk = 0; chunk < n_chunks; chunk++) {
        add_open(&set, places, skip, (size_t)chunk * PLACES_AT_ONCE, out);
    }
    for (size_t i = 0; i < links->n && status == DOSI_OK; i++) {
        if (set.kind[i] != ROAD_ALONE) continue;
        status = dosi_run_check(run, err);
        if (status != DOSI_OK) break;
        status = dosi_road_kernel_set(set.alone, links->weather, &links->lines[i],
                                      places->height_m, err);
        if (status == DOSI_OK) add_everywhere(&set, i, set.alone, places, skip, out);
    }
cleanup:
    road_set_clear(&set);
    return status;
}
