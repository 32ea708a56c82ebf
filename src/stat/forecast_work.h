/// @file forecast_work.h
/// What the parts of the forecast share: the network made ready, rows of features, and the
/// state of one horizon.
#ifndef DOSI_STAT_FORECAST_WORK_H
#define DOSI_STAT_FORECAST_WORK_H

#include "dosi/forecast.h"

#include <stdbool.h>

enum {
    FORECAST_CHUNK = 24,      ///< Hours that are worked on at once; models change between.
    FORECAST_FIRST_FIT = 72,  ///< Hours before the first model.
    FORECAST_RIDGES = 3,      ///< Models of a horizon: the usual shrinkage, a tenth, tenfold.
    FORECAST_CANDIDATES = 6,  ///< These, mixed with persistence, persistence, climatology.
    FORECAST_SCALE = 5,       ///< Features of the size of an error.
    FORECAST_LEVELS = 21,     ///< Quantiles 0.05...0.95, and the ends of the interval.
    FORECAST_BINS = 400,      ///< Classes of scaled errors, over [-10, 10].
    FORECAST_WAVES = 6,       ///< Features that are the day's cycle alone...
    FORECAST_WAVES_BACK = 33, ///< ... the first of them so many before the end.
    FORECAST_PRODUCTS_BACK = 21,  ///< The products and the level.
    FORECAST_BLOCK = 120,         ///< Hours of one sample of how candidates differ.
    FORECAST_NEIGHBOUR = 2,       ///< Features of what the others tell.
    FORECAST_NEIGHBOURS_MIN = 8,  ///< Stations: of fewer the mean is largely each one itself.
    FORECAST_NEIGHBOURS_MAX = 64, ///< Stations: more take too long.
};

/// A network made ready; all arrays (n_hours x n_stations), hour by hour.
typedef struct forecast_net {
    const dosi_forecast_panel *panel;
    size_t n_hours, n_stations;
    bool is_root;      ///< Modelled as square roots.
    double step;       ///< Readings are multiples of it; 0: of nothing.
    double *reading;   ///< NaN: missing.
    double *z;         ///< Transformed, holes filled.
    double *last;      ///< The last reading known; NaN before the first.
    double *usual;     ///< Mean reading of that hour of the day until then; NaN: none.
    double *sum;       ///< (n_hours + 1 x n_stations) of z.
    double *own;       ///< (n_own x n_hours x n_stations) drivers, filled and transformed.
    double *common;    ///< (n_common x (n_hours + n_ahead))
    size_t n_ahead;    ///< Means of the hours ahead that features are made of.
    double *mean;      ///< (n_hours) of z over active stations.
    double *spread;    ///< (n_hours) their standard deviation.
    bool *is_active;   ///< A reading in the last 24 hours, and 24 readings at least.
    double *neighbour; ///< (NEIGHBOUR x n_hours x n_stations) what the others tell.
} forecast_net;

/// The state of one horizon as time goes on.
typedef struct forecast_lead {
    size_t h, n_stations, n_features;
    size_t n_ring;   ///< h + 1 hours of forecasts that wait for their reading.
    double *missing; ///< (features^2, lower) rows whose reading never came.
    double *xy;      ///< (features)
    double *beta;    ///< (ridges x features)
    double *shift;   ///< (ridges x chunk x stations) forecast less z, of this chunk.
    bool has_model;
    double *ring;  ///< (n_ring x stations x RING) see forecast_lead.c
    double *level; ///< (n_ring x LEVELS) quantiles of scaled errors.
    double difference[FORECAST_CANDIDATES], block_sum[FORECAST_CANDIDATES];
    double block_squares[FORECAST_CANDIDATES];
    size_t n_block_hours, n_blocks, chosen;
    double gram[FORECAST_SCALE * FORECAST_SCALE], right[FORECAST_SCALE];
    double slope[FORECAST_SCALE];
    double day_n[24], day_sum[24], day_squares[24]; ///< Mean changes, by hour of the day.
    double kept, n_kept;              ///< Sum of persistence's errors, transformed.
    double *station_size, *station_n; ///< (stations)
    double count[FORECAST_BINS];
    double miss[2];              ///< Share below and above that intervals aim at.
    dosi_forecast_score *scores; ///< (stations) sums.
    size_t score_stride;
} forecast_lead;

/// Reads the panel into a network; the transform is chosen by hours before `n_before`.
DOSI_CHECKED dosi_status forecast_net_make(const dosi_forecast_panel *panel,
                                           size_t n_before,
                                           forecast_net *out,
                                           dosi_error *err);

/// Whether the others are asked.
static inline bool forecast_has_neighbours(const forecast_net *net) {
    return net->n_stations >= FORECAST_NEIGHBOURS_MIN &&
           net->n_stations <= FORECAST_NEIGHBOURS_MAX;
}

/// What the others tell, at every hour from what was known then. False: no memory.
bool forecast_take_neighbours(forecast_net *net);

/// Frees what forecast_net_make() made; accepts a zeroed one.
void forecast_net_clear(forecast_net *net);

/// Into the unit of the model, and back.
double forecast_transform(const forecast_net *net, double value);
double forecast_restore(const forecast_net *net, double z);

/// Restored, and rounded as the readings are: their median is one of their values.
double forecast_value(const forecast_net *net, double z);

/// Features of a row; the last is 1.
size_t forecast_n_features(const forecast_net *net);

/// The rows of the hours [from, from + n): feature j of hour i and station s is at
/// x[(j * FORECAST_CHUNK + i) * n_stations + s]. Rows of stations not active are 0.
void forecast_rows(const forecast_net *net, size_t from, size_t n, double *x);

/// Solves the models of a horizon. `gram` (lower) holds all rows whose hour is known.
/// @param work  (features^2)
/// @return false: too few rows.
bool forecast_fit(forecast_lead *lead, const double *gram, double *work);

/// Allocates a horizon's state.
DOSI_CHECKED dosi_status forecast_lead_make(
    const forecast_net *net, size_t h, double coverage, forecast_lead *out, dosi_error *err);
void forecast_lead_clear(forecast_lead *lead);

/// Learns from the readings of hour `now`, which were forecast h hours before; scores them
/// when they were issued at `score_from` or later.
void forecast_verify(forecast_lead *lead,
                     const forecast_net *net,
                     size_t now,
                     size_t score_from,
                     double coverage);

/// Issues the forecasts of hour `now`, the hour `i` of its chunk.
void forecast_issue(forecast_lead *lead, const forecast_net *net, size_t now, size_t i);

/// The forecast that was issued for a station at hour `at`, not more than h hours ago.
dosi_forecast_hour forecast_issued(const forecast_lead *lead,
                                   const forecast_net *net,
                                   size_t at,
                                   size_t station);

#endif // DOSI_STAT_FORECAST_WORK_H
