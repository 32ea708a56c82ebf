/// @file qc_network.h
/// Inside quality control: what a network makes expected, and the checks that use it.
#ifndef DOSI_AIR_QC_NETWORK_H
#define DOSI_AIR_QC_NETWORK_H

#include "air/qc_median.h"
#include "dosi/quality.h"

/// From so many standard deviations on, what the other pollutants say is a local event: their
/// median where an hour is taken out of a drift, the second highest where a spike is.
#define QC_EVENT        4.0
#define QC_EVENT_SECOND 3.5

/// A network's expectation of its own readings.
typedef struct qc_expectation {
    size_t n_stations, n_hours;
    double *common;    ///< (hours) median of the stations; NaN where fewer than 4 report.
    double *spread;    ///< (hours) their spread around it.
    double *scale;     ///< (hours) 1 / spread.
    double *expected;  ///< (stations x hours) what the others make expected; NaN: nothing.
    double *excess;    ///< (stations x hours) reading less expectation, in standard deviations.
    double *sigma;     ///< (hours) standard deviation of a reading around the expectation...
    double calm;       ///< Its lower quartile over the hours.
    double *factor;    ///< (stations) ...times this.
    float *event;      ///< (stations x hours) what the other pollutants say; NULL: not asked.
    float *second;     ///< (stations x hours) the second highest of them; NULL: not asked.
    double event_sign; ///< 1; ozone's -1: a plume takes it away.
    double *rho;       ///< (stations) correlation of `excess` from one hour to the next.
    double *used;      ///< (stations x hours) readings that count, NaN others.
    double *room;      ///< (stations x hours)
} qc_expectation;

/// Allocates for a matrix. On failure nothing is held.
DOSI_CHECKED dosi_status qc_expectation_create(const dosi_qc_matrix *matrix,
                                               qc_expectation *out,
                                               dosi_error *err);

/// Frees what it holds.
void qc_expectation_destroy(qc_expectation *expectation);

/// What is to be fitted.
typedef struct qc_fit {
    const dosi_qc_limits *limits; ///< Of the pollutant.
    const dosi_qc_matrix *matrix;
    dosi_pollutant pollutant;
    const uint32_t *flags; ///< (stations x hours) readings with a flag do not count.
    const dosi_run *run;
} qc_fit;

/// Works everything out from the readings of a pollutant.
DOSI_CHECKED dosi_status qc_expectation_fit(const qc_fit *what,
                                            qc_expectation *out,
                                            dosi_error *err);

/// Adds to the expectation what the other pollutants of each station say of local events, and
/// keeps the events: median and second highest of the others' excess, ozone's counted
/// downwards.
/// @param flags, excess  (DOSI_AIR_COUNT) each NULL or (stations x hours): what is known of
///                       each pollutant so far.
void qc_expectation_add_events(dosi_pollutant pollutant,
                               uint32_t *const *flags,
                               float *const *excess,
                               int n_threads,
                               qc_expectation *expectation);

/// Flags FLAT runs of one station that the moving air makes improbable.
void qc_flag_flat_runs(const dosi_qc_limits *limits,
                       const double *values,
                       const qc_expectation *expectation,
                       size_t station,
                       uint32_t *flags);

/// Flags DRIFT segments of one station. Hours whose `flags` hold RANGE, SPIKE or UNIT, and
/// those of local events, are skipped. @param held (hours) room.
void qc_flag_drift(const dosi_qc_limits *limits,
                   const double *values,
                   const qc_expectation *expectation,
                   size_t station,
                   double *held,
                   uint32_t *flags);

#endif // DOSI_AIR_QC_NETWORK_H
