/// @file inverse.h
/// From concentrations back to sources: how many, where, how high and how strong.
///
/// Readings are y = sum_j q_j g(place_j) + an effect of each time + an effect of each sensor +
/// noise, with strengths q_j >= 0 and a forward model g (a plume) that is handed in. Effects of
/// time (what the wind brings from far away) and of sensors (offsets, small sources around) are
/// taken out of readings and model alike before anything is compared. Sources are added one at
/// a time where the error falls most, and then moved until it falls no further; how many there
/// are is decided by BIC (G. Schwarz, 1978): each in the result raises it by 10 or more.
#ifndef DOSI_INVERSE_H
#define DOSI_INVERSE_H

#include "dosi/run.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    DOSI_INVERSE_SOURCES_MAX = 64,
    DOSI_INVERSE_KNOWN_MAX = 2000,
    DOSI_INVERSE_SHARED_MAX = 64
};

/// A place that could be a source.
typedef struct dosi_place {
    double x_m, y_m, height_m;
    double rise; ///< How strongly its plume rises, times what is usual: the model's to read.
} dosi_place;

/// The forward model: what a unit source gives at some readings. Called from several threads.
/// @param row  (n_rows) which readings.
/// @param out  (n_rows) >= 0
typedef void dosi_inverse_forward(const void *context,
                                  const dosi_place *place,
                                  const uint32_t *row,
                                  size_t n_rows,
                                  double *out);

/// What is to be explained; borrowed.
typedef struct dosi_inverse_problem {
    size_t n;
    const double *y;        ///< (n) readings, finite.
    const uint32_t *time;   ///< (n) which time, 0..n_times - 1.
    const uint32_t *sensor; ///< (n) which sensor, 0..n_sensors - 1.
    size_t n_times, n_sensors;
    const double *course; ///< (n_times) what sources around each sensor follow, so that it has
                          ///< an effect times this, too; NULL: none.
    dosi_inverse_forward *forward;
    const void *context;
    size_t n_shared;      ///< Up to DOSI_INVERSE_SHARED_MAX.
    const double *shared; ///< (n_shared x n) what further sources give that nobody asks for, of
                          ///< any strength: taken out like the effects.
} dosi_inverse_problem;

/// Where sources are looked for.
typedef struct dosi_inverse_search {
    double x_min_m, x_max_m, y_min_m, y_max_m;
    double step_m; ///< Of the first look; places are then found exactly.
    double height_min_m, height_max_m;
    double rise_min, rise_max; ///< Between them 1; the first look takes 1.
    double height_sd_m; ///< Heights are expected about the middle, with this standard error; 0:
                        ///< nothing is expected.
    double rise_log_sd; ///< Likewise the logarithm of rise, about 0.
    size_t n_heights;   ///< Heights of the first look, 1..16.
    size_t max_sources; ///< 1..DOSI_INVERSE_SOURCES_MAX
    size_t max_coarse_rows; ///< Readings of the first look, whole times; 0: 6,000.
    const struct dosi_inverse_result *start; ///< What was found before, to begin from; NULL:
                                             ///< nothing.
} dosi_inverse_search;

/// A source that was found, with standard errors: from the curvature at the minimum, and from
/// what is left of the readings, which goes together within a time and within a sensor. Errors
/// of the forward model itself are not in them.
typedef struct dosi_inverse_source {
    dosi_place place;
    double strength; ///< In the units of y by those of the forward model.
    double x_sd_m, y_sd_m, height_sd_m, rise_sd, strength_sd;
    double bic_gain; ///< How much BIC rises when this source is left out.
} dosi_inverse_source;

/// What was found.
typedef struct dosi_inverse_result {
    size_t n_sources;
    dosi_inverse_source sources[DOSI_INVERSE_SOURCES_MAX]; ///< The strongest evidence first.
    double noise_sd;                                       ///< Of readings about the model.
    double explained; ///< Share of the variance (after the effects) that sources explain.
} dosi_inverse_result;

/// Looks for sources.
/// @return DOSI_OK (also when none is found); DOSI_DOMAIN: a search or a problem that makes no
///         sense; DOSI_NO_MEMORY; DOSI_CANCELLED.
/// `out` may be what `start` points to.
/// Cost: places of the first look x its readings forward values, then a few hundred times n for
/// each source; about a third of that from a start. Same bits at any thread count.
DOSI_API DOSI_CHECKED dosi_status dosi_inverse_find(const dosi_inverse_problem *problem,
                                                    const dosi_inverse_search *search,
                                                    const dosi_run *run,
                                                    dosi_inverse_result *out,
                                                    dosi_error *err);

/// A source whose place is known, or a group of sources whose contributions have been modelled:
/// what is thought of it before the readings, and after.
typedef struct dosi_inverse_known {
    dosi_place place;       ///< Where `column` is NULL.
    const double *column;   ///< (problem->n) what a unit of it gives at each reading; NULL: the
                            ///< forward model at `place`.
    double prior, prior_sd; ///< In: expected strength and its standard error, > 0.
    double strength, sd;    ///< Out: strength >= 0 and its standard error.
    double averaging; ///< Out: diagonal of the averaging kernel: 1 the readings decide, 0 the
                      ///< prior does.
} dosi_inverse_known;

/// Strengths of known sources: min |y - G q|^2 / noise^2 + sum ((q - prior) / prior_sd)^2, q >=
/// 0, with the noise estimated from what is left. Errors and plumes of an hour are like those
/// of the hour before: with their correlations' product r the noise counts (1 + r) / (1 - r)
/// times, as that many fewer independent readings say (M. S. Bartlett, 1946). Readings of a
/// sensor are to be in the order of time.
/// @param problem   `forward` may be NULL when every source has a column.
/// @param sources   (n_sources, 1..DOSI_INVERSE_KNOWN_MAX) in and out.
/// @param noise_sd  Out, may be NULL: of readings about the model.
/// @return As dosi_inverse_find().
/// Cost: n_sources^2 / 2 times n.
/// Source: C. Rodgers (2000), Inverse Methods for Atmospheric Sounding.
DOSI_API DOSI_CHECKED dosi_status dosi_inverse_strengths(const dosi_inverse_problem *problem,
                                                         dosi_inverse_known *sources,
                                                         size_t n_sources,
                                                         const dosi_run *run,
                                                         double *noise_sd,
                                                         dosi_error *err);

#ifdef __cplusplus
}
#endif

#endif // DOSI_INVERSE_H
