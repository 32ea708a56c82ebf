/// @file polar.h
/// Whose pollution: statistics of a value by wind speed and direction.
///
/// Polar bins, kernels, smooth surfaces, clusters and roses, after D. C. Carslaw and K. Ropkins
/// (2012), openair, Environ. Modell. Softw. 27-28, 52-61, whose bins and kernels are met to
/// rounding. Directions are degrees from which the wind blows, 0 and 360 both north; sector s
/// (from 0) of width d is centred on (s + 1) d, so that the last one is north. NaN in any
/// column of a row leaves the row out. Nothing here knows what the value is.
#ifndef DOSI_POLAR_H
#define DOSI_POLAR_H

#include "dosi/run.h"
#include "dosi/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Statistics of a group of values: enum name, name in settings.
#define DOSI_STATISTIC_TABLE(X)                                                 \
    X(MEAN, "mean")                                                             \
    X(MEDIAN, "median")                                                         \
    X(MAX, "max")                                                               \
    X(STDEV, "stdev")                                                           \
    X(FREQUENCY, "frequency")         /* how many values */                     \
    X(WEIGHTED_MEAN, "weighted_mean") /* mean x share of all values */          \
    X(CPF, "cpf")                     /* share above `low` */                   \
    X(CPF_INTERVAL, "cpf_interval")   /* share above `low`, not above `high` */ \
    X(PERCENTILE, "percentile")       /* quantile, R's type 7 */

// clang-format off
typedef enum dosi_statistic_kind {
#define X(name, text) DOSI_STATISTIC_##name,
    DOSI_STATISTIC_TABLE(X)
#undef X
    DOSI_STATISTIC_COUNT ///< Not a statistic: how many there are.
} dosi_statistic_kind;
// clang-format on

/// Name of a statistic, never NULL.
DOSI_API const char *dosi_statistic_name(dosi_statistic_kind kind);

/// The statistic of a name; DOSI_STATISTIC_COUNT when there is none.
DOSI_API dosi_statistic_kind dosi_statistic_from_name(const char *name);

/// A statistic with what it needs.
typedef struct dosi_statistic {
    dosi_statistic_kind kind;
    double low, high;  ///< CPF, CPF_INTERVAL: in the value's unit.
    double percentile; ///< PERCENTILE: 0..100.
    size_t min_count;  ///< Groups with fewer values get NaN; 0 and 1 are the same.
} dosi_statistic;

/// The quantile of n sorted values, 0 <= p <= 1: linear between order statistics (R's type 7).
/// NaN when n is 0.
DOSI_API double dosi_quantile_sorted(const double *sorted, size_t n, double p);

/// Sorts the values that are not NaN to the front; how many.
DOSI_API size_t dosi_sort_present(double *values, size_t n);

/// To which group each of n rows belongs.
typedef struct dosi_groups {
    size_t n;
    size_t n_groups;
    const uint32_t *group; ///< (n) UINT32_MAX: to none.
} dosi_groups;

/// The statistic of the values of each group.
/// @param value  (n) NaN: left out.
/// @param count  (n_groups) out: values in the group.
/// @param out    (n_groups) out: NaN where there are too few (STDEV needs two).
/// @return DOSI_OK; DOSI_NO_MEMORY.
/// Cost: O(n), and a sort of each group for MEDIAN and PERCENTILE. Sums are in row order.
DOSI_API DOSI_CHECKED dosi_status dosi_group_statistic(const dosi_statistic *statistic,
                                                       const dosi_groups *groups,
                                                       const double *value,
                                                       size_t *count,
                                                       double *out,
                                                       dosi_error *err);

/// Observations with wind.
typedef struct dosi_winds {
    size_t n;
    const double *speed;    ///< (n) >= 0: m/s, or any other radial quantity.
    const double *from_deg; ///< (n) 0..360
} dosi_winds;

/// A grid of speed bins by sectors. Bin b holds (b, b + 1] speed_max / n_speeds, and the
/// first one 0 too. A cell's index is sector * n_speeds + bin.
typedef struct dosi_polar_bins {
    size_t n_speeds;
    double speed_max;
    double sector_deg; ///< Divides 360.
} dosi_polar_bins;

/// Sectors of the bins.
DOSI_API size_t dosi_polar_n_sectors(const dosi_polar_bins *bins);

/// Cells of the bins.
DOSI_API size_t dosi_polar_n_cells(const dosi_polar_bins *bins);

/// 10 when all directions are whole tens of degrees (as synoptic stations report), else 5.
DOSI_API double dosi_polar_natural_sector(const double *from_deg, size_t n);

/// Sector of a direction: ceil(from / width - 1/2), so that a border belongs to the sector
/// before it; UINT32_MAX when it is NaN or outside 0..360.
DOSI_API uint32_t dosi_polar_sector(double from_deg, double sector_deg);

/// Bins that reach to the highest speed among rows where all of speed, direction and value are
/// there. speed_max is 0 when there is no such row or no wind: then there are no cells to fill.
DOSI_API dosi_polar_bins dosi_polar_bins_of(const dosi_winds *winds,
                                            const double *value,
                                            size_t n_speeds,
                                            double sector_deg);

/// Cell of each row.
/// @param cell  (n) out; UINT32_MAX: missing, or above speed_max.
DOSI_API void dosi_polar_assign(const dosi_polar_bins *bins,
                                const dosi_winds *winds,
                                uint32_t *cell);

/// A Gaussian kernel in speed and direction around each point of a grid. Speeds run evenly from
/// speed_min to speed_max, directions are the sectors' centres. A point's index is
/// sector * n_speeds + speed.
typedef struct dosi_polar_kernel {
    size_t n_speeds; ///< >= 2
    double speed_min, speed_max;
    double sector_deg;  ///< Divides 360.
    double speed_sd;    ///< > 0; openair's ws_spread, 0.5 m/s.
    double from_sd_deg; ///< > 0; openair's wd_spread, 4 degrees.
} dosi_polar_kernel;

enum { DOSI_POLAR_COLUMNS_MAX = 8 };

/// Kernel-weighted sums around every grid point of the constant 1 and of some columns:
/// the moments of which weighted means, correlations and slopes are made. The kernel is a
/// product of one factor in speed and one in direction, so sums over rows are taken once per
/// direction that occurs and then spread: exact, nothing is cut off.
/// @param columns    (n_columns) of n each; at most DOSI_POLAR_COLUMNS_MAX - 1.
/// @param sums       ((n_columns + 1) x points) out, the constant first.
/// @return DOSI_OK; DOSI_NO_MEMORY.
/// Cost: about 2 n n_speeds (n_columns + 1) operations on one thread when directions repeat
/// (up to 1024 different ones); n points (n_columns + 1) when all differ.
DOSI_API DOSI_CHECKED dosi_status dosi_polar_kernel_sums(const dosi_polar_kernel *kernel,
                                                         const dosi_winds *winds,
                                                         const double *const *columns,
                                                         size_t n_columns,
                                                         double *sums,
                                                         dosi_error *err);

/// Points of the kernel's grid.
DOSI_API size_t dosi_polar_kernel_points(const dosi_polar_kernel *kernel);

/// Non-parametric wind regression (R. C. Henry and others, 2009, Atmos. Environ. 43, 2202):
/// the kernel-weighted mean of `value`.
/// @param out  (points) out; NaN where all weights vanish.
DOSI_API DOSI_CHECKED dosi_status dosi_polar_nwr(const dosi_polar_kernel *kernel,
                                                 const dosi_winds *winds,
                                                 const double *value,
                                                 double *out,
                                                 dosi_error *err);

/// Kernel-weighted statistics of a pair of values: enum name, name in settings.
#define DOSI_PAIR_TABLE(X)                                                         \
    X(CORRELATION, "correlation")   /* Pearson's r */                              \
    X(SLOPE, "slope")               /* least squares of y on x */                  \
    X(ROBUST_SLOPE, "robust_slope") /* Huber's M-estimate, k = 1.345, MAD scale */ \
    X(YORK_SLOPE, "york_slope")     /* both in error (York and others, 2004) */

// clang-format off
typedef enum dosi_pair_kind {
#define X(name, text) DOSI_PAIR_##name,
    DOSI_PAIR_TABLE(X)
#undef X
    DOSI_PAIR_COUNT ///< Not a statistic: how many there are.
} dosi_pair_kind;
// clang-format on

/// Name of a pair statistic, never NULL.
DOSI_API const char *dosi_pair_name(dosi_pair_kind kind);

/// The pair statistic of a name; DOSI_PAIR_COUNT when there is none.
DOSI_API dosi_pair_kind dosi_pair_from_name(const char *name);

/// A pair of values.
typedef struct dosi_pair {
    dosi_pair_kind kind;
    const double *x, *y;     ///< (n) as the winds' rows.
    double x_error, y_error; ///< YORK_SLOPE: standard errors, > 0, of all rows.
    double min_weight;       ///< Sum of kernel weights (1 at the centre) below which NaN.
} dosi_pair;

/// The pair's statistic around every grid point.
/// @param out  (points) out; NaN where there is too little.
/// Cost: as dosi_polar_kernel_sums() with five columns; ROBUST_SLOPE visits, point by point,
/// rows of a kernel weight above 1e-3.
DOSI_API DOSI_CHECKED dosi_status dosi_polar_pair(const dosi_polar_kernel *kernel,
                                                  const dosi_winds *winds,
                                                  const dosi_pair *pair,
                                                  const dosi_run *run,
                                                  double *out,
                                                  dosi_error *err);

/// What a bootstrap draws.
typedef struct dosi_bootstrap {
    size_t n_draws;      ///< 200 give an interval of 95 % to about 2 points.
    size_t block_length; ///< Rows that stay together, such as 24 hours; 1: single rows.
    double coverage;     ///< 0.95
    uint64_t seed;
    const dosi_run *run; ///< May be NULL.
} dosi_bootstrap;

/// Interval of a group statistic by the moving-block bootstrap: draws blocks of neighbouring
/// rows (the last row is followed by the first) until there are as many rows as before, and
/// takes quantiles of the statistic over the draws. Rows must be in order of time.
/// @param bounds  (2) low and high, (n_groups) each, out; NaN where fewer than half of the
///                draws have a value.
/// @return DOSI_OK; DOSI_NO_MEMORY.
/// Cost: n_draws times dosi_group_statistic(), over the threads of bootstrap->run.
DOSI_API DOSI_CHECKED dosi_status dosi_group_bootstrap(const dosi_statistic *statistic,
                                                       const dosi_groups *groups,
                                                       const double *value,
                                                       const dosi_bootstrap *bootstrap,
                                                       double *const *bounds,
                                                       dosi_error *err);

/// How often each sector is favoured when directions are reported in steps: the number of
/// steps that fall into it over the mean number. Counts are divided by it.
/// @param factor  (360 / sector_deg) out; 1 where the step divides the sector.
DOSI_API void dosi_polar_step_bias(double step_deg, double sector_deg, double *factor);

/// Points that a surface is fitted to. A point with a weight but without a value (NaN) is not
/// fitted, but the surface is still predicted around it.
typedef struct dosi_surface_points {
    size_t n;
    const double *x, *y;  ///< (n) in one unit, such as m/s east and north.
    const double *value;  ///< (n)
    const double *weight; ///< (n) 0: no point; NULL: all with a value 1.
} dosi_surface_points;

/// How a surface is fitted.
typedef struct dosi_surface_options {
    size_t rank;      ///< Most degrees of freedom, >= 4; 0: 100.
    bool is_positive; ///< Fits the square root and squares what it predicts.
} dosi_surface_options;

/// A smooth surface: a thin-plate spline of low rank. Made by dosi_surface_fit().
typedef struct dosi_surface dosi_surface;

/// Fits a penalised thin-plate spline in the subspace of its `rank` strongest basis functions
/// (S. N. Wood, 2003, J. R. Stat. Soc. B 65, 95-114); the penalty minimises generalised
/// cross-validation.
/// @param out  Give back with dosi_surface_destroy().
/// @return DOSI_OK; DOSI_DOMAIN: fewer than 8 points, points on a line, a value below 0 where
///         is_positive; DOSI_NO_MEMORY.
/// Cost: about 5 n^2 rank for n different places. Same bits at any thread count.
DOSI_API DOSI_CHECKED dosi_status dosi_surface_fit(const dosi_surface_points *points,
                                                   const dosi_surface_options *options,
                                                   dosi_surface **out,
                                                   dosi_error *err);

/// Frees; accepts NULL.
DOSI_API void dosi_surface_destroy(dosi_surface *surface);

/// Effective degrees of freedom that cross-validation chose.
DOSI_API double dosi_surface_freedom(const dosi_surface *surface);

/// Where a surface is asked for.
typedef struct dosi_surface_targets {
    size_t n;
    const double *x, *y; ///< (n)
    double reach;        ///< Farther than this from every point with a weight: NaN.
} dosi_surface_targets;

/// The surface at n places.
/// @param out  (n) out.
DOSI_API void dosi_surface_predict(const dosi_surface *surface,
                                   const dosi_surface_targets *targets,
                                   const dosi_run *run,
                                   double *out);

/// k-means of rows.
typedef struct dosi_kmeans {
    size_t k;        ///< 1..n
    size_t n_starts; ///< The best of so many seeded starts (k-means++).
    uint64_t seed;
} dosi_kmeans;

/// Groups n rows into k clusters by Lloyd's algorithm on columns that are scaled to unit
/// standard deviation. Clusters are numbered by falling mean of the last column.
/// @param columns  (n_columns) of n numbers each, no NaN.
/// @param cluster  (n) out: 0..k-1.
/// @return DOSI_OK; DOSI_DOMAIN: fewer different rows than clusters; DOSI_NO_MEMORY.
/// Cost: n k n_columns a round, some tens of rounds a start.
DOSI_API DOSI_CHECKED dosi_status dosi_cluster_rows(const dosi_kmeans *options,
                                                    const double *const *columns,
                                                    size_t n_columns,
                                                    size_t n,
                                                    uint32_t *cluster,
                                                    dosi_error *err);

#ifdef __cplusplus
}
#endif

#endif // DOSI_POLAR_H
