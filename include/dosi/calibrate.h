/// @file calibrate.h
/// Calibration of low-cost sensors: against an instrument beside them, or blind against the
/// field of a reference network in hours in which the air is well mixed.
///
/// Readings and references are parallel columns, one an hour; missing is NaN and is left out.
#ifndef DOSI_CALIBRATE_H
#define DOSI_CALIBRATE_H

#include "dosi/status.h"

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// How a reading becomes a concentration.
typedef enum dosi_calibration_form {
    DOSI_CALIBRATION_LINEAR,   ///< slope raw + intercept
    DOSI_CALIBRATION_HUMIDITY, ///< slope raw + humidity RH + intercept
    DOSI_CALIBRATION_KOHLER,   ///< (slope raw + intercept) / (1 + kappa / (100 / RH - 1))
} dosi_calibration_form;

/// A calibration.
typedef struct dosi_calibration {
    dosi_calibration_form form;
    double slope, intercept;
    double slope_per_day;   ///< Added to `slope` for each day since the first hour: drift.
    double humidity;        ///< HUMIDITY: per percent of relative humidity.
    double kappa;           ///< KOHLER: hygroscopic growth of the particles.
    double rh_low, rh_high; ///< Relative humidity is clipped to this, percent.
    size_t n;               ///< Hours it was fitted to; 0: a published one.
} dosi_calibration;

/// PM2.5 of PurpleAir's cf_1 channel in the United States: 0.524 cf1 - 0.0862 RH + 5.75.
/// Source: K. K. Barkjohn, B. Gantt, A. L. Clements (2021), Atmos. Meas. Tech. 14, 4617-4637.
DOSI_API dosi_calibration dosi_calibration_barkjohn(void);

/// PM2.5 of PurpleAir's cf_1 channel: cf1 / (1 + 0.24 / (100 / RH - 1)), RH clipped to 30..70.
/// Source: B. Nilson, P. L. Jackson, C. L. Schiller, M. T. Parsons (2022), Atmos. Meas. Tech.
/// 15, 3315-3328, model 2.
DOSI_API dosi_calibration dosi_calibration_nilson(void);

/// The concentration of a reading `days` after the first hour; NaN where the reading, or a
/// humidity that the form needs, is missing.
DOSI_API double dosi_calibration_apply(const dosi_calibration *calibration,
                                       double raw,
                                       double humidity,
                                       double days);

/// Hours to fit to, and how.
typedef struct dosi_calibration_data {
    dosi_calibration_form form;
    bool is_robust; ///< Reweighted by Tukey's biweight.
    size_t least;   ///< Fewest hours.
    size_t n;
    const double *raw;       ///< (n) readings.
    const double *humidity;  ///< (n) percent; NULL for LINEAR.
    const double *reference; ///< (n) NaN: not to be fitted to.
    const double *days;      ///< (n) since the first hour; NULL: no drift is fitted.
} dosi_calibration_data;

/// Fits a calibration by least squares; robust: reweighted by Tukey's biweight (c = 4.685) from
/// the least absolute differences' scale on. KOHLER: kappa in 0..2 by a one-dimensional search
/// around exact linear fits, RH clipped to 0..95.
/// @param room  (n) scratch.
/// @return DOSI_OK; DOSI_DOMAIN naming why there is no fit: fewer than `least` hours, or
/// readings
///         that do not vary.
DOSI_API DOSI_CHECKED dosi_status dosi_calibration_fit(const dosi_calibration_data *data,
                                                       double *room,
                                                       dosi_calibration *out,
                                                       dosi_error *err);

/// How concentrations compare with the reference: reference = slope calibrated + intercept.
typedef struct dosi_calibration_score {
    size_t n;
    double slope, intercept, r2;
    double bias, rmse; ///< Calibrated less reference.
    double nrmse;      ///< rmse / mean of the reference.
    bool meets_targets;
} dosi_calibration_score;

/// Scores; NaN where fewer than 2 hours have both. `meets_targets`: the United States EPA's
/// performance targets of PM2.5 sensors: r2 >= 0.70, slope 1 +- 0.35, intercept within 5 ug/m3,
/// and RMSE <= 7 ug/m3 or NRMSE <= 30 %; slope and intercept of the sensor on the reference.
/// Source: R. Duvall et al. (2021), EPA/600/R-20/280.
DOSI_API dosi_calibration_score dosi_calibration_judge(const double *calibrated,
                                                       const double *reference,
                                                       size_t n);

/// The field of a reference network in well-mixed hours: the median of the stations where
/// 1.4826 x their median distance from it is at most `most` of it; NaN in other hours, and
/// where fewer than `least` stations report.
/// @param values  (n_stations x n_hours)  @param field  (n_hours) out.
/// @param room    (n_stations) scratch.
/// @return How many hours are well mixed.
DOSI_API size_t dosi_calibration_mixed_field(const double *values,
                                             size_t n_stations,
                                             size_t n_hours,
                                             double most,
                                             double *field,
                                             double *room);

#ifdef __cplusplus
}
#endif

#endif // DOSI_CALIBRATE_H
