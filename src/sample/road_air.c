// What the roads give: plumes of their pieces, worked out once for each of 36 winds and four
// states of mixing, and the street canyon where a receptor stands in one.
//
// A piece of road is a ground-level Gaussian plume (Briggs' urban curves) from 2 m of initial
// mixing, as wide as the piece looks across the wind. Pieces are shorter the nearer they are.

#include "dosi/canyon.h"
#include "dosi/chemistry.h"
#include "dosi/gauss.h"
#include "sample/city.h"

#include <math.h>
#include <stdlib.h>

static const double two_pi = 6.283185307179586476925286766559;
static const double initial_sigma_z_m = 2.0;
static const double canyon_end_m = 100.0;

enum { N_MIXINGS = 4, N_PATTERNS = N_ROAD_CLASSES * SAMPLE_SPECIES };

/// Briggs' urban curves differ for A and B, C, D, and E and F.
static const dosi_stability mixings[N_MIXINGS] = {DOSI_STABILITY_B, DOSI_STABILITY_C,
                                                  DOSI_STABILITY_D, DOSI_STABILITY_E};

static size_t mixing_of(int stability) {
    return stability <= DOSI_STABILITY_B   ? 0
           : stability == DOSI_STABILITY_C ? 1
           : stability == DOSI_STABILITY_D ? 2
                                           : 3;
}

/// Where the pattern of a sector and mixing starts, for one receptor.
static size_t pattern_at(size_t sector, size_t mixing, size_t r) {
    return ((r * SAMPLE_SECTORS + sector) * N_MIXINGS + mixing) * N_PATTERNS;
}

/// A straight piece of road as seen from a receptor.
typedef struct road_piece {
    double dx, dy; ///< From its middle to the receptor.
    double ax, ay; ///< Half of it, as a vector.
    const sample_link *link;
} road_piece;

/// The ways the wind blows to, one a sector.
typedef struct winds {
    double x[SAMPLE_SECTORS], y[SAMPLE_SECTORS];
} winds;

/// Adds a piece for all winds: concentration at 1 m/s, g/m3.
static void add_piece(const winds *to, const road_piece *p, float *patterns) {
    double length = 2.0 * hypot(p->ax, p->ay);
    double distance = hypot(p->dx, p->dy);
    size_t first = (size_t)p->link->road_class * SAMPLE_SPECIES;
    for (size_t sector = 0; sector < SAMPLE_SECTORS; sector++) {
        double to_x = to->x[sector];
        double to_y = to->y[sector];
        double along = p->dx * to_x + p->dy * to_y;
        double across = p->dy * to_x - p->dx * to_y;
        if (along < 0.05 * distance || along < 0.5) continue;
        double half_across = fabs(p->ay * to_x - p->ax * to_y);
        for (size_t m = 0; m < N_MIXINGS; m++) {
            double sigma_y = dosi_sigma_y(DOSI_SIGMA_BRIGGS_URBAN, mixings[m], along);
            double squared = sigma_y * sigma_y + half_across * half_across / 3.0 + 1.0;
            double t = across * across / squared;
            if (t > 30.0) continue;
            double sigma_z = dosi_sigma_z(DOSI_SIGMA_BRIGGS_URBAN, mixings[m], along);
            double depth = sqrt(sigma_z * sigma_z + initial_sigma_z_m * initial_sigma_z_m);
            double unit = length * 2.0 * exp(-0.5 * t) / (two_pi * sqrt(squared) * depth);
            float *out = patterns + (sector * N_MIXINGS + m) * N_PATTERNS + first;
            for (size_t k = 0; k < SAMPLE_SPECIES; k++) {
                out[k] += (float)(unit * p->link->g_m_s.of[k]);
            }
        }
    }
}

/// Adds the road from a to b in pieces that are short against their distance.
static void add_stretch(const winds *to_winds,
                        const sample_link *link,
                        const double *a,
                        const double *b,
                        const double *at,
                        float *patterns) {
    double from = 0.0;
    double length = hypot(b[0] - a[0], b[1] - a[1]);
    while (from < length) {
        double x = a[0] + (b[0] - a[0]) * from / length;
        double y = a[1] + (b[1] - a[1]) * from / length;
        double foot = ((at[0] - x) * (b[0] - a[0]) + (at[1] - y) * (b[1] - a[1])) / length;
        double clear = hypot(at[0] - x, at[1] - y);
        if (foot > 0.0) clear = sqrt(fmax(clear * clear - foot * foot, 0.0)) + 0.5 * foot;
        double step = fmax(0.4 * clear, 4.0);
        double to = from + step > length - 0.3 * step ? length : from + step;
        double middle = 0.5 * (from + to) / length;
        double half = 0.5 * (to - from) / length;
        const road_piece piece = {at[0] - (a[0] + middle * (b[0] - a[0])),
                                  at[1] - (a[1] + middle * (b[1] - a[1])), half * (b[0] - a[0]),
                                  half * (b[1] - a[1]), link};
        add_piece(to_winds, &piece, patterns);
        from = to;
    }
}

/// Adds a link: from far away as one piece, else along its bends.
static void add_link(const winds *to,
                     const sample_link *link,
                     const double *at,
                     float *patterns) {
    double dx = link->x[2] - link->x[0];
    double dy = link->y[2] - link->y[0];
    double away = hypot(at[0] - link->x[1], at[1] - link->y[1]);
    if (away > 3.0 * hypot(dx, dy)) {
        const road_piece piece = {at[0] - link->x[1], at[1] - link->y[1], 0.5 * dx, 0.5 * dy,
                                  link};
        add_piece(to, &piece, patterns);
        return;
    }
    for (int p = 0; p + 1 < SAMPLE_LINK_POINTS; p++) {
        const double a[2] = {link->x[p], link->y[p]};
        const double b[2] = {link->x[p + 1], link->y[p + 1]};
        add_stretch(to, link, a, b, at, patterns);
    }
}

sample_in_canyon sample_canyon_of(const sample_city *city,
                                  const sample_field *field,
                                  size_t receptor) {
    size_t n = field->n_cells;
    if (receptor < n) return (sample_in_canyon){.link = -1};
    if (receptor < n + field->n_stations) return city->station_canyon[receptor - n];
    return city->sdot_canyon[receptor - n - field->n_stations];
}

dosi_status sample_road_air_create(const sample_city *city,
                                   const sample_field *field,
                                   int n_threads,
                                   sample_road_air *air) {
    winds to;
    for (int sector = 0; sector < SAMPLE_SECTORS; sector++) {
        to.x[sector] = cos(two_pi * sector / SAMPLE_SECTORS);
        to.y[sector] = sin(two_pi * sector / SAMPLE_SECTORS);
    }
    size_t each = (size_t)SAMPLE_SECTORS * N_MIXINGS * N_PATTERNS;
    air->n_receptors = field->n_receptors;
    air->pattern = calloc(each * field->n_receptors, sizeof *air->pattern);
    if (!air->pattern) return DOSI_NO_MEMORY;
#pragma omp parallel for schedule(dynamic, 8) num_threads(n_threads)
    for (size_t r = 0; r < field->n_receptors; r++) {
        const double at[2] = {field->x[r], field->y[r]};
        int own = sample_canyon_of(city, field, r).link;
        for (size_t l = 0; l < city->n_links; l++) {
            if ((int)l == own) continue; // the canyon's model has it
            add_link(&to, &city->links[l], at, air->pattern + r * each);
        }
    }
    return DOSI_OK;
}

void sample_road_air_destroy(sample_road_air *air) {
    free(air->pattern);
    *air = (sample_road_air){0};
}

/// The canyon's own traffic at one of its sides.
static sample_street of_canyon(const sample_link *link,
                               bool is_left,
                               const sample_road_hour *hour) {
    sample_street street_air = {.residence_s = 1.0};
    double factor = hour->factor[link->road_class];
    double axis = atan2(link->x[2] - link->x[0], link->y[2] - link->y[0]) * 360.0 / two_pi;
    const dosi_canyon street = {.axis_deg = axis,
                                .width_m = link->width_m,
                                .left_m = link->canyon_m,
                                .right_m = link->canyon_m,
                                .ahead_m = canyon_end_m,
                                .behind_m = canyon_end_m,
                                .roof_share = 0.82};
    double flow = link->flow_vph * factor;
    const dosi_canyon_traffic traffic = {flow * (1.0 - link->heavy_share),
                                         flow * link->heavy_share, link->speed_kmh,
                                         link->speed_kmh};
    double sides[2];
    dosi_canyon_sides(&street, &traffic, hour->wind_ms, hour->from_deg, sides);
    double unit = sides[is_left ? 0 : 1] * factor;
    for (size_t k = 0; k < SAMPLE_SPECIES; k++) {
        street_air.added.of[k] = unit * link->g_m_s.of[k];
    }
    street_air.residence_s = dosi_street_residence(
        link->canyon_m, dosi_canyon_exchange(&street, &traffic, hour->wind_ms));
    return street_air;
}

sample_street sample_street_of(const sample_city *city,
                               const sample_field *field,
                               const sample_road_hour *hour,
                               size_t receptor) {
    sample_in_canyon canyon = sample_canyon_of(city, field, receptor);
    if (canyon.link < 0) return (sample_street){.residence_s = 1.0};
    return of_canyon(&city->links[canyon.link], canyon.is_left, hour);
}

void sample_road_air_add(const sample_road_air *air,
                         const sample_road_hour *hour,
                         size_t receptor,
                         sample_emission *sum) {
    size_t m = mixing_of(hour->stability);
    const float *here = air->pattern + pattern_at(hour->sector, m, receptor);
    const float *next = air->pattern + pattern_at(hour->next_sector, m, receptor);
    for (size_t c = 0; c < N_ROAD_CLASSES; c++) {
        double factor = hour->factor[c] / hour->wind_ms;
        for (size_t k = 0; k < SAMPLE_SPECIES; k++) {
            size_t i = c * SAMPLE_SPECIES + k;
            double unit = (double)here[i] + hour->towards_next * (double)(next[i] - here[i]);
            sum->of[k] += factor * unit;
        }
    }
}
