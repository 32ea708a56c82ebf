/// @file road.h
/// Dispersion from roads: R-LINE, a line of Gaussian points with near-ground Monin-Obukhov
/// meteorology, as EPA's AERMOD (version 24142) defines it, with roadside barriers, depressed
/// roads and meander in weak winds; and the sum over a whole city's links.
///
/// An hour's weather and a kind of road (height, first spread, receptor height) make a
/// `dosi_road_kernel`: tables of everything that depends on one distance alone. The integral
/// along a link is then a few table look-ups at Gauss points chosen from the geometry.
/// Nothing here knows a pollutant, a file or a clock.
///
/// Coordinates are metres in any plane with x to the east and y to the north. Emissions in
/// g/m/s give concentrations in ug/m3. Wind directions are where the wind blows from, degrees
/// clockwise from north.
///
/// Source: Snyder, Venkatram, Heist, Perry, Petersen and Isakov (2013), RLINE: a line source
/// dispersion model for near-surface releases, Atmos. Environ. 77, 748-756; Venkatram and Horst
/// (2006), Atmos. Environ. 40, 2401-2408; Heist et al. (2014), Transp. Res. D 26, 93-105;
/// AERMOD Model Formulation, EPA-454/R-24-010 (2024), chapter on RLINE; barriers: Venkatram et
/// al. (2021), Atmos. Environ. 246. Numbers are checked against the hourly results EPA
/// publishes with its test cases (tests/unit/test_plume_road.c, `dosi verify air`).
#ifndef DOSI_ROAD_H
#define DOSI_ROAD_H

#include "dosi/geo.h"
#include "dosi/run.h"
#include "dosi/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// One hour's weather near the ground, as roads need it.
typedef struct dosi_road_weather {
    double speed_ms, speed_height_m; ///< Reference wind, > 0, at a height > 0.
    double direction_deg;            ///< Where it blows from.
    double friction_ms;              ///< u*, > 0
    double obukhov_m;                ///< Monin-Obukhov length; its sign is not used.
    double mixing_m;                 ///< Mixing height, > 0.
    double roughness_m;              ///< z0, > 0
    double sigma_v_ms;               ///< Lateral turbulence at the reference height.
    double least_speed_ms;           ///< Least wind used; EPA: 0.2828.
    bool is_stable;
} dosi_road_weather;

struct dosi_plume_hour;

/// The hour of dosi/plume.h as a road sees it. A city's night is had from
/// dosi_plume_hour_urban().
/// @return false: the hour is calm or lacks something; `*out` is untouched.
DOSI_API bool dosi_road_weather_of(const struct dosi_plume_hour *hour, dosi_road_weather *out);

/// A wall beside a road; height 0: none.
typedef struct dosi_road_wall {
    double height_m;
    /// From the centre line, positive to the east (north when the road runs east-west).
    double offset_m;
} dosi_road_wall;

/// A straight piece of road.
typedef struct dosi_road_line {
    double x0_m, y0_m, x1_m, y1_m;
    double height_m;         ///< Of the emissions above the ground, >= 0.
    double width_m;          ///< >= 0
    double sigma_z0_m;       ///< First vertical spread, >= 0.
    double offset_m;         ///< Of this lane from the centre line, as a wall's.
    dosi_road_wall walls[2]; ///< At most one a side counts: the nearer.
    double depth_m;          ///< Of a depressed road below its surroundings, >= 0.
    double top_m, bottom_m;  ///< Widths of the depression; > 0 where depth_m > 0.
} dosi_road_line;

/// What one metre of a kind of road brings to a place in one hour, tabulated.
typedef struct dosi_road_kernel dosi_road_kernel;

/// An empty kernel; dosi_road_kernel_destroy() it.
/// @return DOSI_OK or DOSI_NO_MEMORY.
DOSI_API DOSI_CHECKED dosi_status dosi_road_kernel_create(dosi_road_kernel **out,
                                                          dosi_error *err);

/// NULL is legal.
DOSI_API void dosi_road_kernel_destroy(dosi_road_kernel *kernel);

/// Fills the tables for an hour, for lines of the kind of `line` (dosi_road_kernel_fits()) and
/// receptors `receptor_m` above the ground. Cost: about 2 ms, with walls 5.
/// @return DOSI_OK; DOSI_DOMAIN: the weather or the line is outside its domain.
DOSI_API DOSI_CHECKED dosi_status dosi_road_kernel_set(dosi_road_kernel *kernel,
                                                       const dosi_road_weather *weather,
                                                       const dosi_road_line *line,
                                                       double receptor_m,
                                                       dosi_error *err);

/// Whether the tables serve `line` too: the same height and first spread and no walls; a line
/// with walls has a kernel of its own.
DOSI_API bool dosi_road_kernel_fits(const dosi_road_kernel *kernel, const dosi_road_line *line);

/// Receptors as columns, all at one height above the ground.
typedef struct dosi_road_places {
    size_t n;
    const double *x_m, *y_m; ///< (n)
    double height_m;         ///< A kernel has its own: dosi_road_add() does not use this one.
} dosi_road_places;

/// Adds what `line` brings to every place when it emits `emission_gms`. Places nearer than a
/// metre count as one metre away. Allocates nothing.
/// Error of the integral against a fine sum: measured in tests/unit/test_plume_road.c.
/// @param out  (places->n) ug/m3, added to.
DOSI_API void dosi_road_add(const dosi_road_kernel *kernel,
                            const dosi_road_line *line,
                            double emission_gms,
                            const dosi_road_places *places,
                            double *out);

/// The same as AERMOD integrates: by the formulas and not the tables, with Romberg's rule and
/// its criterion of stopping, errors included. For comparisons; some hundred times slower.
DOSI_API void dosi_road_add_romberg(const dosi_road_kernel *kernel,
                                    const dosi_road_line *line,
                                    double emission_gms,
                                    const dosi_road_places *places,
                                    double *out);

/// What a point of the road at the origin brings to (x, y) for 1 g/s: the integrand of
/// dosi_road_add() by the formulas and not the tables. For tests and for kernels of grids.
/// @param along_deg  Direction of the road, clockwise from north: its width spreads the plume.
DOSI_API double dosi_road_point(
    const dosi_road_kernel *kernel, double width_m, double along_deg, double x_m, double y_m);

// --- many roads ------------------------------------------------------------------------------

/// Links, what they emit in an hour, and its weather.
typedef struct dosi_road_links {
    const dosi_road_weather *weather;
    size_t n;
    const dosi_road_line *lines; ///< (n)
    size_t n_species;
    const double *emission_gms; ///< (n x n_species), >= 0
    /// 0: concentrations. Above: each contribution times the seconds that this wind, m/s, takes
    /// from the link to the place, so that the sum over the concentration is the mean age of
    /// what roads brought. A stretch upwind counts from its middle; what meanders upwind has 0.
    double age_ms;
} dosi_road_links;

/// The exact sum of all links at every place, by the quick integral. Same bits at any number of
/// threads. Cost: about 0.2 us a link and place.
/// @param out  (n_species x places->n) ug/m3, set.
/// @return DOSI_OK; DOSI_DOMAIN; DOSI_LIMIT: more than 64 kinds of link; DOSI_NO_MEMORY;
///         DOSI_CANCELLED.
DOSI_API DOSI_CHECKED dosi_status dosi_road_sum(const dosi_road_links *links,
                                                const dosi_road_places *places,
                                                double *out,
                                                const dosi_run *run,
                                                dosi_error *err);

/// Links that are left out at each place: those from `first` up to, not with, `last`.
typedef struct dosi_road_skip {
    const uint32_t *first, *last; ///< (places->n) equal: none.
} dosi_road_skip;

/// dosi_road_sum() without some links at some places, such as a street whose own model has what
/// it brings to its kerbs. @param skip  NULL: none.
DOSI_API DOSI_CHECKED dosi_status dosi_road_sum_without(const dosi_road_links *links,
                                                        const dosi_road_places *places,
                                                        const dosi_road_skip *skip,
                                                        double *out,
                                                        const dosi_run *run,
                                                        dosi_error *err);

/// How scattered places get what far links bring. Zero: the default.
typedef struct dosi_road_far {
    const dosi_road_skip *skip; ///< Links left out at each place; NULL: none.
    double near_m;              ///< Links nearer to a place than this are summed exactly; 800.
    double mesh_m;              ///< Spacing of the mesh that carries the rest; 50.
} dosi_road_far;

/// Whether dosi_road_places_sum() is worth its mesh: links times places are at least five times
/// its nodes, and these at most 2^24. A matter of counts and positions alone.
DOSI_API bool dosi_road_far_pays(const dosi_road_links *links,
                                 const dosi_road_places *places,
                                 const dosi_road_far *far);

/// dosi_road_sum_without() with links farther than `near_m` from a mesh: their gridded
/// emissions convolved with what the mean link brings, read linearly between nodes at the
/// places' own height. Links left out are left out wherever they are. Same bits at any number
/// of threads.
/// Error: see docs/methods/air-road.md (Speed); held below 1 % of the greatest value of the
/// places (ages: 2 %) by tests/unit/test_plume_road_places.c.
/// @return As dosi_road_city_sum().
DOSI_API DOSI_CHECKED dosi_status dosi_road_places_sum(const dosi_road_links *links,
                                                       const dosi_road_places *places,
                                                       const dosi_road_far *far,
                                                       double *out,
                                                       const dosi_run *run,
                                                       dosi_error *err);

/// How a city is summed. Zero: the default.
typedef struct dosi_road_city {
    dosi_grid grid;
    double receptor_m;
    double near_m;    ///< Exact within this distance of a link; 400.
    double mesh_m;    ///< Spacing of the mesh that carries the rest; a quarter of a cell.
    size_t n_samples; ///< Cells compared with the exact sum; 0: none.
} dosi_road_city;

/// How well it went.
typedef struct dosi_road_city_report {
    size_t n_near; ///< Pairs of link and cell that were integrated.
    size_t mesh_rows, mesh_columns;
    double error;      ///< Greatest error of the samples, as part of the hour's greatest value.
    double mean_error; ///< Mean of their absolute errors, the same.
} dosi_road_city_report;

/// The sum of all links on the cells of a grid (at their centres): links within `near_m`
/// exactly, the rest by convolving gridded emissions with the kernel of a point (weather is the
/// same all over the grid, so that it depends on the offset alone). The mean kind of link
/// stands for all in the far part. Same bits at any number of threads.
/// @param out     (n_species x cells) ug/m3.
/// @param report  May be NULL.
/// @return As dosi_road_sum(); DOSI_LIMIT: a mesh of more than 2^26 nodes.
DOSI_API DOSI_CHECKED dosi_status dosi_road_city_sum(const dosi_road_links *links,
                                                     const dosi_road_city *city,
                                                     double *out,
                                                     dosi_road_city_report *report,
                                                     const dosi_run *run,
                                                     dosi_error *err);

#ifdef __cplusplus
}
#endif

#endif // DOSI_ROAD_H
