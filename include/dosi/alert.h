/// @file alert.h
/// Korea's air-pollution alerts: advisories and warnings of PM10, PM2.5 and ozone, by zone.
///
/// A pure state machine: one step an hour with the zone's value. Rules are tables with the date
/// from which they were in force. Missing is NaN.
/// Source: Enforcement Rule of the Clean Air Conservation Act, article 14 and annex 7.
#ifndef DOSI_ALERT_H
#define DOSI_ALERT_H

#include "dosi/air.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Levels; ozone alone has the third.
typedef enum dosi_alert_level {
    DOSI_ALERT_NONE,
    DOSI_ALERT_ADVISORY, ///< 주의보
    DOSI_ALERT_WARNING,  ///< 경보
    DOSI_ALERT_GRAVE,    ///< 중대경보
    DOSI_ALERT_LEVELS,   ///< Not a level: how many there are.
} dosi_alert_level;

/// "none", "advisory", "warning", "grave-warning".
DOSI_API const char *dosi_alert_level_name(dosi_alert_level level);

/// How one pollutant's alerts are issued and released.
typedef struct dosi_alert_rule {
    const char *id; ///< "kr-pm25-2018-07"
    const char *source;
    dosi_time from; ///< First civil time it applies to.
    dosi_pollutant pollutant;
    int n_levels;
    int hours; ///< Hours in a row at or above `issue` that raise the level.
    /// (1..n_levels) issued at or above...
    double issue[DOSI_ALERT_LEVELS];
    double release[DOSI_ALERT_LEVELS]; ///< ...lowered by one level below.
    bool takes_highest; ///< The zone's value is its highest station; else their mean.
} dosi_alert_rule;

/// The rule of a pollutant in force at `time`; NULL: it has no alerts (yet).
DOSI_API const dosi_alert_rule *dosi_alert_rule_at(dosi_pollutant pollutant, dosi_time time);

/// Where a zone and pollutant stand. Begin with all zero.
typedef struct dosi_alert_state {
    dosi_alert_level level;
    int run[DOSI_ALERT_LEVELS]; ///< Hours in a row at or above each level's `issue`.
} dosi_alert_state;

/// One hour: the level after it. A missing hour changes no level and ends the runs. A value
/// that satisfies several releases lowers by as many levels at once.
DOSI_API dosi_alert_level dosi_alert_step(const dosi_alert_rule *rule,
                                          dosi_alert_state *state,
                                          double value);

/// The value of a zone's hour: mean or highest of its stations that report; NaN when fewer
/// than `share` of them do (the highest needs one).
/// @param values  (n) one a station.
DOSI_API double dosi_alert_zone_value(const dosi_alert_rule *rule,
                                      const double *values,
                                      size_t n,
                                      double share);

#ifdef __cplusplus
}
#endif

#endif // DOSI_ALERT_H
