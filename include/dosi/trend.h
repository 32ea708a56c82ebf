/// @file trend.h
/// How a series behaves in time: averages with data capture, trends with intervals, seasons,
/// filters, change points, and how well one series follows another.
///
/// Missing values are NaN. Every function says how many values it needs: nothing is filled in
/// silently.
#ifndef DOSI_TREND_H
#define DOSI_TREND_H

#include "dosi/polar.h"
#include "dosi/run.h"
#include "dosi/status.h"
#include "dosi/time.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// --- periods ------------------------------------------------------------------------------

/// Periods that averages are taken over: enum name, name in settings. Weeks begin on Monday;
/// seasons in March, June, September and December.
#define DOSI_PERIOD_TABLE(X) \
    X(HOUR, "hour")          \
    X(DAY, "day")            \
    X(WEEK, "week")          \
    X(MONTH, "month")        \
    X(SEASON, "season")      \
    X(YEAR, "year")

// clang-format off
typedef enum dosi_period {
#define X(name, text) DOSI_PERIOD_##name,
    DOSI_PERIOD_TABLE(X)
#undef X
    DOSI_PERIOD_COUNT ///< Not a period: how many there are.
} dosi_period;
// clang-format on

/// The period of a name; DOSI_PERIOD_COUNT when there is none.
DOSI_API dosi_period dosi_period_from_name(const char *name);

/// Start of the period that holds `time`.
DOSI_API dosi_time dosi_period_start(dosi_period period, dosi_time time);

/// Start of the period after the one that holds `time`.
DOSI_API dosi_time dosi_period_next(dosi_period period, dosi_time time);

/// What a time stamp means.
typedef struct dosi_stamps {
    int64_t step_us;   ///< Length of what one value stands for: an hour.
    bool is_beginning; ///< The stamp is the beginning of the step; else its end.
} dosi_stamps;

/// All periods from the first to the last time, the empty ones too.
typedef struct dosi_periods {
    size_t n;
    dosi_time *start; ///< (n)
    double *expected; ///< (n) steps that a full period holds.
    uint32_t *of_row; ///< (rows) period of each time; UINT32_MAX: missing time.
} dosi_periods;

/// Finds the periods of n times (in any order). A value stamped with the end of its step
/// belongs to the period that the step is in: 24:00 to the day that ends.
/// @return DOSI_OK; DOSI_NO_MEMORY; DOSI_LIMIT: more than 10,000,000 periods.
DOSI_API DOSI_CHECKED dosi_status dosi_periods_find(const dosi_time *time,
                                                    size_t n,
                                                    dosi_period period,
                                                    const dosi_stamps *stamps,
                                                    dosi_periods *out,
                                                    dosi_error *err);

/// Frees; the struct is then empty.
DOSI_API void dosi_periods_clear(dosi_periods *periods);

/// Turns values of periods that have too few into NaN: count < capture x expected.
DOSI_API void dosi_periods_require(const dosi_periods *periods,
                                   const size_t *count,
                                   double capture,
                                   double *value);

/// The mean wind of each group: directions as vectors weighted by speed (so 350 and 10 give 0),
/// speed as the length of the mean vector.
/// @param count   (n_groups) out: rows with speed and direction.
/// @param vector  (2) speed and direction, (n_groups) each, out; NaN where there are none.
DOSI_API void dosi_vector_mean(const dosi_groups *groups,
                               const dosi_winds *winds,
                               size_t *count,
                               double *const *vector);

// --- regular series -----------------------------------------------------------------------

/// Means of `width` values ending at (right), centred on, or starting at each value.
typedef enum dosi_align { DOSI_ALIGN_RIGHT, DOSI_ALIGN_CENTRE, DOSI_ALIGN_LEFT } dosi_align;

/// Rolling means of a regular series. Where fewer than capture x width values are there (the
/// ends of the series count as missing) the mean is NaN.
/// @param out  (n) out; not `value`.
DOSI_API void dosi_rolling_mean(
    const double *value, size_t n, size_t width, double capture, dosi_align align, double *out);

/// What describes a year (or any span) of hourly values, as air-quality reports ask.
typedef struct dosi_span_statistics {
    size_t n;       ///< Values.
    double capture; ///< Their share of all hours.
    double mean, min, max, median;
    double p95, p99;        ///< Percentiles, type 7.
    double max_daily;       ///< Highest mean of a day.
    double max_8h, max_24h; ///< Highest rolling means.
    size_t n_hours_above;   ///< Hours above limit_1h,
    size_t n_days_8h_above; ///< days with an 8 h mean above limit_8h,
    size_t n_days_above;    ///< days with a mean above limit_24h.
} dosi_span_statistics;

/// Limits and data capture of dosi_span_describe(); a limit of NaN counts nothing.
typedef struct dosi_span_rules {
    double capture; ///< Share of values that a daily or rolling mean needs: 0.75.
    double limit_1h, limit_8h, limit_24h;
} dosi_span_rules;

/// Describes n hourly values, of which the first is the first hour of a day. Rolling means end
/// at their hour and count to its day.
/// @return DOSI_OK; DOSI_NO_MEMORY. Without any value all is NaN but the counts.
DOSI_API DOSI_CHECKED dosi_status dosi_span_describe(const double *value,
                                                     size_t n,
                                                     const dosi_span_rules *rules,
                                                     dosi_span_statistics *out,
                                                     dosi_error *err);

/// Kolmogorov-Zurbenko filter: `n_rounds` moving means of `width` (odd) values, each over what
/// is there. NaN where nothing is.
/// Source: I. G. Zurbenko (1986), The spectral analysis of time series.
/// @param out  (n) out; may be `value`.
DOSI_API DOSI_CHECKED dosi_status dosi_kz_filter(
    const double *value, size_t n, size_t width, size_t n_rounds, double *out, dosi_error *err);

/// Adaptive Kolmogorov-Zurbenko filter: as dosi_kz_filter(), but the window shrinks towards
/// `min_width` on the side of a fast change, so that breaks stay sharp.
/// Source: I. Zurbenko and others (1996), J. Climate 9, 3548-3560.
typedef struct dosi_kza {
    size_t width, n_rounds, min_width; ///< Odd, >= 1, odd.
} dosi_kza;

/// Runs the adaptive filter.
/// @param out  (n) out; may be `value`.
DOSI_API DOSI_CHECKED dosi_status dosi_kza_filter(
    const double *value, size_t n, const dosi_kza *options, double *out, dosi_error *err);

/// How a season is taken out by STL.
typedef struct dosi_stl {
    size_t period;        ///< Values a cycle: 12 for months. >= 2
    size_t season_window; ///< Odd, >= 7: years that the season may change over.
    bool is_flat;         ///< The season's smoother is of degree 0, not 1.
    bool is_robust;       ///< Wild values count less (15 rounds).
} dosi_stl;

/// Seasonal-trend decomposition by loess, with R's defaults for the other windows. No NaN.
/// Source: R. B. Cleveland and others (1990), J. Official Stat. 6, 3-73.
/// @param season, trend  (n) out; the rest is value - season - trend.
/// @return DOSI_OK; DOSI_DOMAIN: fewer than two cycles; DOSI_NO_MEMORY.
DOSI_API DOSI_CHECKED dosi_status dosi_stl_decompose(const double *value,
                                                     size_t n,
                                                     const dosi_stl *options,
                                                     double *season,
                                                     double *trend,
                                                     dosi_error *err);

/// Fills NaN between values by straight lines; ends stay NaN.
DOSI_API void dosi_fill_gaps(double *value, size_t n);

/// Change points of a mean.
typedef struct dosi_changes {
    double penalty;    ///< Of a change, times log n noise variances: 2 is SIC; 3 is careful.
    size_t min_length; ///< Values between changes, >= 1.
    bool is_slow;      ///< Values follow one another (AR(1)): the noise is widened for it.
} dosi_changes;

/// Finds the partition into pieces of constant mean of least cost, exactly (PELT: R. Killick
/// and others, 2012, J. Am. Stat. Assoc. 107, 1590). Noise from the median of differences. NaN
/// are skipped.
/// @param at    (n) out: index of the first value after each change, rising.
/// @param n_at  Out: how many.
DOSI_API DOSI_CHECKED dosi_status dosi_changes_find(const double *value,
                                                    size_t n,
                                                    const dosi_changes *options,
                                                    size_t *at,
                                                    size_t *n_at,
                                                    dosi_error *err);

// --- trends -------------------------------------------------------------------------------

/// A trend with its interval.
typedef struct dosi_trend {
    size_t n;                ///< Points used.
    double slope, intercept; ///< Median of pairwise slopes; median of y - slope x.
    double low, high;        ///< Interval of the slope by moving-block bootstrap.
    double p;                ///< Two-sided chance of such a slope without a trend.
} dosi_trend;

/// Theil-Sen slope of y on x; NaN in either are left out. x must rise.
/// Source: P. K. Sen (1968), J. Am. Stat. Assoc. 63, 1379-1389.
/// @param bootstrap  n_draws 0: no interval.
/// @return DOSI_OK; DOSI_DOMAIN: fewer than 3 points or all at one x; DOSI_LIMIT: more than
///         20,000 points; DOSI_NO_MEMORY.
/// Cost: n^2/2 slopes a draw, over the threads of bootstrap->run.
DOSI_API DOSI_CHECKED dosi_status dosi_trend_fit(const double *x,
                                                 const double *y,
                                                 size_t n,
                                                 const dosi_bootstrap *bootstrap,
                                                 dosi_trend *out,
                                                 dosi_error *err);

/// Mann and Kendall's test for a monotonic trend.
typedef struct dosi_mann_kendall {
    size_t n;
    double s;    ///< Rising pairs minus falling ones.
    double tau;  ///< S over the pairs that are not tied in value (tau-b).
    double z, p; ///< With correction for ties and continuity; two-sided.
} dosi_mann_kendall;

/// Tests values in order of time; NaN are left out. O(n^2).
DOSI_API DOSI_CHECKED dosi_status dosi_mann_kendall_test(const double *value,
                                                         size_t n,
                                                         dosi_mann_kendall *out,
                                                         dosi_error *err);

// --- comparison ---------------------------------------------------------------------------

/// How a modelled series follows an observed one.
typedef struct dosi_model_score {
    size_t n;
    double fac2;      ///< Share of modelled values within a factor of two.
    double mb, mge;   ///< Mean bias, mean gross error.
    double nmb, nmge; ///< The same over the mean observed.
    double rmse, r;   ///< Root mean squared error, Pearson's correlation.
    double coe, ioa;  ///< Coefficient of efficiency; index of agreement (Willmott 2011).
} dosi_model_score;

/// Scores pairs where both are there; all NaN when there are none.
DOSI_API dosi_model_score dosi_model_compare(const double *modelled,
                                             const double *observed,
                                             size_t n);

#ifdef __cplusplus
}
#endif

#endif // DOSI_TREND_H
