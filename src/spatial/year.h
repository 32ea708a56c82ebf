/// @file year.h
/// What preparing a year of maps and drawing them share.
#ifndef DOSI_SPATIAL_YEAR_H
#define DOSI_SPATIAL_YEAR_H

#include "dosi/year.h"

#include <stdbool.h>

/// Targets of an area that covariances within it, and with others, are taken over, at most.
enum { YEAR_WITHIN = 64 };

struct dosi_year {
    const dosi_variogram *model;
    const dosi_sites *sites;
    const dosi_year_effects *effects; ///< NULL: none.
    size_t n;                         ///< Sites.
    double sill, nugget;
    double *inverse; ///< (n x n) of the kriging system [C 1; 1' 0], its first block.
    double *mean;    ///< (n) its last column: weights of the generalised mean.
    double rest;     ///< Minus its last entry.
    size_t n_times, n_maps;
    size_t *time_of;    ///< (n_maps) ascending.
    double *values;     ///< (n_maps x n) NaN missing.
    double *dual;       ///< (n_maps x n) dual weights, 0 where missing.
    double *mean_value; ///< (n_maps)
};

/// The stations missing from a map.
typedef struct year_gap {
    size_t n;
    size_t *site;   ///< (year->n)
    double *factor; ///< (year->n ^2) Cholesky factor of their block of the inverse.
    double *right;  ///< (year->n) scratch.
} year_gap;

/// Memory for the gaps of a year; NULL fields when there is none.
bool year_gap_reserve(const dosi_year *year, year_gap *gap);

/// Frees it.
void year_gap_clear(year_gap *gap);

/// The gap of a row of values.
void year_gap_open(const dosi_year *year, const double *row, year_gap *gap);

/// w' D^-1 w of the weights that the missing stations would have.
double year_gap_variance(year_gap *gap, const double *weights);

/// Covariances of one place with all sites.
/// @param out  (n)
void year_covariances(const dosi_year *year, double x, double y, double *out);

/// The whole network's kriging of a place.
/// @param covariance  (n) with the sites.
/// @param own         Variance of what is predicted: the sill for a point.
/// @param weight      (n) out.
/// @return The kriging variance.
double year_weights(const dosi_year *year,
                    const double *covariance,
                    double own,
                    double *weight);

/// Every value predicted from the others of its map.
/// @param out  Predictions and variances (n_maps x sites), NaN where missing or alone.
dosi_status year_leave_out(const dosi_year *year,
                           const dosi_run *run,
                           double *const out[2],
                           dosi_error *err);

#endif // DOSI_SPATIAL_YEAR_H
