// Korea's air-pollution alerts: rules by date, and the state machine.

#include "dosi/alert.h"
#include "dosi/capture.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define RULE "Enforcement Rule of the Clean Air Conservation Act, annex 7"

// Alerts of particles are in the rule from 1 January 2015 on; those of PM2.5 were tightened on
// 1 July 2018. Ozone's are of 1997 (the act came into force on 1 August 1990; the alerts on
// 1 July 1997).
static const dosi_alert_rule rules[] = {
    {"kr-pm10-2015-01",
     RULE ", in force on 1 January 2015",
     INT64_C(1420070400) * DOSI_SECOND_US,
     DOSI_AIR_PM10,
     2,
     2,
     {0, 150, 300},
     {0, 100, 150},
     false},
    {"kr-pm25-2015-01",
     RULE ", in force on 1 January 2015",
     INT64_C(1420070400) * DOSI_SECOND_US,
     DOSI_AIR_PM25,
     2,
     2,
     {0, 90, 180},
     {0, 50, 90},
     false},
    {"kr-pm25-2018-07",
     RULE ", as amended, in force on 1 July 2018",
     INT64_C(1530403200) * DOSI_SECOND_US,
     DOSI_AIR_PM25,
     2,
     2,
     {0, 75, 150},
     {0, 35, 75},
     false},
    {"kr-o3-1997-07",
     RULE ", ozone",
     INT64_C(867715200) * DOSI_SECOND_US,
     DOSI_AIR_O3,
     3,
     1,
     {0, 0.12, 0.3, 0.5},
     {0, 0.12, 0.3, 0.5},
     true},
};

enum { N_RULES = sizeof rules / sizeof rules[0] };

const char *dosi_alert_level_name(dosi_alert_level level) {
    static const char *const names[] = {"none", "advisory", "warning", "grave-warning"};
    assert(level < DOSI_ALERT_LEVELS);
    return names[level];
}

const dosi_alert_rule *dosi_alert_rule_at(dosi_pollutant pollutant, dosi_time time) {
    const dosi_alert_rule *found = NULL;
    for (size_t i = 0; i < N_RULES; i++) {
        if (rules[i].pollutant == pollutant && time >= rules[i].from) found = &rules[i];
    }
    return found;
}

dosi_alert_level dosi_alert_step(const dosi_alert_rule *rule,
                                 dosi_alert_state *state,
                                 double value) {
    assert(rule && state);
    if (isnan(value)) {
        memset(state->run, 0, sizeof state->run);
        return state->level;
    }
    // Published thresholds have three decimals: what arithmetic leaves a hair below counts.
    const double hair = 1e-9;
    while (state->level > DOSI_ALERT_NONE && value < rule->release[state->level] - hair) {
        state->level--;
    }
    for (int k = DOSI_ALERT_ADVISORY; k <= rule->n_levels; k++) {
        state->run[k] = value >= rule->issue[k] - hair ? state->run[k] + 1 : 0;
        bool is_raised = state->run[k] >= rule->hours && (int)state->level < k;
        if (is_raised) state->level = (dosi_alert_level)k;
    }
    return state->level;
}

double dosi_alert_zone_value(const dosi_alert_rule *rule,
                             const double *values,
                             size_t n,
                             double share) {
    assert(rule && (values || n == 0));
    if (!rule->takes_highest) return n ? dosi_capture_mean(values, n, share) : (double)NAN;
    double highest = NAN;
    for (size_t i = 0; i < n; i++) highest = fmax(highest, values[i]);
    return highest;
}
