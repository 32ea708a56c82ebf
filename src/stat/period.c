// Periods of civil time, and means of winds over groups.

#include "dosi/trend.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PERIODS = 10000000 };

static const char *const period_names[] = {
#define X(name, text) text,
    DOSI_PERIOD_TABLE(X)
#undef X
};

dosi_period dosi_period_from_name(const char *name) {
    int period = 0;
    while (period < DOSI_PERIOD_COUNT && strcmp(period_names[period], name) != 0) period++;
    return (dosi_period)period;
}

/// Rounds down to a multiple of `step`, below zero too.
static int64_t floor_to(int64_t time, int64_t step) {
    int64_t rest = time % step;
    return time - (rest < 0 ? rest + step : rest);
}

/// Start of month `month` (may be outside 1..12) of a year.
static dosi_time month_start(int year, int month) {
    int months = year * 12 + month - 1;
    return dosi_days_from_civil(months / 12, months % 12 + 1, 1) * DOSI_DAY_US;
}

/// Start of the period `ahead` (0 or 1) periods after the one that holds `time`.
static dosi_time period_at(dosi_period period, dosi_time time, int ahead) {
    dosi_civil civil = dosi_time_to_civil(time);
    int season = civil.month % 12 / 3; // 0: December, January, February
    switch (period) {
    case DOSI_PERIOD_HOUR:
        return floor_to(time, DOSI_HOUR_US) + ahead * DOSI_HOUR_US;
    case DOSI_PERIOD_DAY:
        return floor_to(time, DOSI_DAY_US) + ahead * DOSI_DAY_US;
    case DOSI_PERIOD_WEEK:
        return floor_to(time, DOSI_DAY_US) +
               (7 * (int64_t)ahead - dosi_time_weekday(time)) * DOSI_DAY_US;
    case DOSI_PERIOD_MONTH:
        return month_start(civil.year, civil.month + ahead);
    case DOSI_PERIOD_SEASON:
        return month_start(civil.year - (civil.month < 3), // winter began last year
                           (season == 0 ? 12 : 3 * season) + 3 * ahead);
    default:
        return month_start(civil.year + ahead, 1);
    }
}

dosi_time dosi_period_start(dosi_period period, dosi_time time) {
    return period_at(period, time, 0);
}

dosi_time dosi_period_next(dosi_period period, dosi_time time) {
    return period_at(period, time, 1);
}

void dosi_periods_clear(dosi_periods *periods) {
    free(periods->start);
    free(periods->expected);
    free(periods->of_row);
    *periods = (dosi_periods){0};
}

/// A moment inside the step that a stamp stands for.
static dosi_time inside(const dosi_stamps *stamps, dosi_time time) {
    return stamps->is_beginning ? time : time - 1;
}

/// Lists the periods from the first to the last.
static dosi_status list_periods(const int64_t *ends,
                                dosi_period period,
                                const dosi_stamps *stamps,
                                dosi_periods *out,
                                dosi_error *err) {
    size_t capacity = 0;
    for (dosi_time at = dosi_period_start(period, ends[0]); at <= ends[1];) {
        if (out->n == capacity) {
            capacity = capacity ? 2 * capacity : 64;
            dosi_time *start = realloc(out->start, capacity * sizeof *start);
            if (start) out->start = start;
            double *expected = realloc(out->expected, capacity * sizeof *expected);
            if (expected) out->expected = expected;
            if (!start || !expected)
                return dosi_fail(err, DOSI_NO_MEMORY, "no memory: periods");
        }
        if (out->n == MAX_PERIODS) {
            return dosi_fail(err, DOSI_LIMIT, "more than %d periods", MAX_PERIODS);
        }
        dosi_time next = dosi_period_next(period, at);
        out->start[out->n] = at;
        out->expected[out->n++] = fmax(1, (double)(next - at) / (double)stamps->step_us);
        at = next;
    }
    return DOSI_OK;
}

/// Index of the period that holds `time`.
static uint32_t find_period(const dosi_periods *periods, dosi_time time) {
    size_t low = 0, high = periods->n;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (periods->start[middle] <= time) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return (uint32_t)low;
}

dosi_status dosi_periods_find(const dosi_time *time,
                              size_t n,
                              dosi_period period,
                              const dosi_stamps *stamps,
                              dosi_periods *out,
                              dosi_error *err) {
    assert(stamps->step_us > 0 && period < DOSI_PERIOD_COUNT);
    int64_t ends[2] = {INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < n; i++) {
        if (time[i] == DOSI_TIME_MISSING) continue;
        dosi_time at = inside(stamps, time[i]);
        if (at < ends[0]) ends[0] = at;
        if (at > ends[1]) ends[1] = at;
    }
    dosi_periods found = {0};
    dosi_status status = DOSI_OK;
    if (ends[0] <= ends[1]) status = list_periods(ends, period, stamps, &found, err);
    found.of_row = status == DOSI_OK ? malloc((n + 1) * sizeof *found.of_row) : NULL;
    if (!found.of_row) {
        dosi_periods_clear(&found);
        return status != DOSI_OK
                   ? status
                   : dosi_fail(err, DOSI_NO_MEMORY, "no memory for periods of %zu rows", n);
    }
    for (size_t i = 0; i < n; i++) {
        bool is_missing = time[i] == DOSI_TIME_MISSING;
        found.of_row[i] =
            is_missing ? UINT32_MAX : find_period(&found, inside(stamps, time[i]));
    }
    *out = found;
    return DOSI_OK;
}

void dosi_periods_require(const dosi_periods *periods,
                          const size_t *count,
                          double capture,
                          double *value) {
    for (size_t p = 0; p < periods->n; p++) {
        if ((double)count[p] < capture * periods->expected[p]) value[p] = NAN;
    }
}

void dosi_vector_mean(const dosi_groups *groups,
                      const dosi_winds *winds,
                      size_t *count,
                      double *const *vector) {
    const double to_radians = M_PI / 180;
    for (size_t g = 0; g < groups->n_groups; g++) {
        count[g] = 0;
        vector[0][g] = vector[1][g] = 0;
    }
    for (size_t i = 0; i < groups->n; i++) {
        uint32_t g = groups->group[i];
        if (g == UINT32_MAX || isnan(winds->speed[i]) || isnan(winds->from_deg[i])) continue;
        vector[0][g] += winds->speed[i] * sin(winds->from_deg[i] * to_radians);
        vector[1][g] += winds->speed[i] * cos(winds->from_deg[i] * to_radians);
        count[g]++;
    }
    for (size_t g = 0; g < groups->n_groups; g++) {
        double east = vector[0][g], north = vector[1][g];
        double from = atan2(east, north) / to_radians;
        vector[0][g] = count[g] ? hypot(east, north) / (double)count[g] : (double)NAN;
        vector[1][g] = count[g] ? (from < 0 ? from + 360 : from) : (double)NAN;
    }
}
