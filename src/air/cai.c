// Korea's comprehensive air-quality index: versioned tables above, rules below.

#include "dosi/air.h"
#include "dosi/capture.h"

#include <assert.h>
#include <math.h>

#define GAS_ROWS                                                                         \
    [DOSI_AIR_SO2] = {0, 0.021, 0.051, 0.151}, [DOSI_AIR_CO] = {0, 2.01, 9.01, 15.01},   \
    [DOSI_AIR_O3] = {0, 0.031, 0.091, 0.151}, [DOSI_AIR_NO2] = {0, 0.031, 0.061, 0.201}, \
    [DOSI_AIR_PM10] = {0, 31, 81, 151}
#define GAS_ROWS_HIGH                                                                      \
    [DOSI_AIR_SO2] = {0.020, 0.050, 0.150, 1}, [DOSI_AIR_CO] = {2, 9, 15, 50},             \
    [DOSI_AIR_O3] = {0.030, 0.090, 0.150, 0.6}, [DOSI_AIR_NO2] = {0.030, 0.060, 0.200, 2}, \
    [DOSI_AIR_PM10] = {30, 80, 150, 600}

// The grades of PM2.5 were tightened with the environmental standard on 27 March 2018
// (daily 50 -> 35, yearly 25 -> 15 ug/m3); everything else stayed.
// Official for the forecast's grades, which have the same edges: easylaw.go.kr (Ministry of
// Government Legislation, question 5499 as of 15 August 2023): PM2.5 0-15, 16-35, 36-75, 76
// on, PM10 0-30, 31-80, 81-150, 151 on, in force on 27 March 2018. Of the edges before no
// official page was found: that "bad" began above 50 and "very bad" above 100 is as private
// pages repeat it.
static const dosi_cai_table tables[] = {
    {
        .id = "2015-01",
        .source = "Ministry of Environment of Korea, AirKorea: CAI with PM2.5 from 2015 on",
        .from = INT64_C(1420070400) * DOSI_SECOND_US, // 2015-01-01
        .low = {GAS_ROWS, [DOSI_AIR_PM25] = {0, 16, 51, 101}},
        .high = {GAS_ROWS_HIGH, [DOSI_AIR_PM25] = {15, 50, 100, 500}},
        .index_low = {0, 51, 101, 251},
        .index_high = {50, 100, 250, 500},
        .add_two = 50,
        .add_three = 75,
    },
    {
        .id = "2018-03",
        .source = "Ministry of Environment of Korea, AirKorea: CAI after the PM2.5 standard of "
                  "27 March 2018 (airkorea.or.kr; air.jeju.go.kr/contents/atmospheric/cai)",
        .from = INT64_C(1522108800) * DOSI_SECOND_US, // 2018-03-27
        .low = {GAS_ROWS, [DOSI_AIR_PM25] = {0, 16, 36, 76}},
        .high = {GAS_ROWS_HIGH, [DOSI_AIR_PM25] = {15, 35, 75, 500}},
        .index_low = {0, 51, 101, 251},
        .index_high = {50, 100, 250, 500},
        .add_two = 50,
        .add_three = 75,
    },
};

enum { N_TABLES = sizeof tables / sizeof tables[0] };

const dosi_cai_table *dosi_cai_tables(size_t *n) {
    *n = N_TABLES;
    return tables;
}

const dosi_cai_table *dosi_cai_table_at(dosi_time time) {
    const dosi_cai_table *found = &tables[0];
    for (size_t i = 1; i < N_TABLES; i++) {
        if (time >= tables[i].from) found = &tables[i];
    }
    return found;
}

/// The straight line through (x0, y0) and (x1, y1) at x.
static double on_line(double x, double x0, double x1, double y0, double y1) {
    return (y1 - y0) / (x1 - x0) * (x - x0) + y0;
}

double dosi_cai_sub_index(const dosi_cai_table *table,
                          dosi_pollutant pollutant,
                          double concentration) {
    assert(table && pollutant < DOSI_AIR_COUNT);
    const double *low = table->low[pollutant], *high = table->high[pollutant];
    if (!(concentration >= 0)) return NAN;
    for (size_t g = 0; g < DOSI_CAI_GRADES; g++) {
        if (g > 0 && concentration < low[g]) { // between two grades
            return on_line(concentration, high[g - 1], low[g], table->index_high[g - 1],
                           table->index_low[g]);
        }
        if (concentration <= high[g]) {
            return on_line(concentration, low[g], high[g], table->index_low[g],
                           table->index_high[g]);
        }
    }
    return table->index_high[DOSI_CAI_GRADES - 1];
}

/// Rounded half up. A sub-index that arithmetic leaves a hair below a half counts as a half.
static int round_index(double index) {
    return (int)floor(index + 0.5 + 1e-9);
}

/// 1..4 of a rounded index.
static int grade_of(const dosi_cai_table *table, int index) {
    int grade = 1;
    while (grade < DOSI_CAI_GRADES && index > (int)table->index_high[grade - 1]) grade++;
    return grade;
}

dosi_cai dosi_cai_of(const dosi_cai_table *table, const double *concentration, bool needs_all) {
    assert(table && concentration);
    dosi_cai cai = {.index = -1, .responsible = DOSI_AIR_COUNT, .missing = DOSI_CAI_COMPLETE};
    double highest = -1;
    for (int p = 0; p < DOSI_AIR_COUNT; p++) {
        double sub = dosi_cai_sub_index(table, (dosi_pollutant)p, concentration[p]);
        cai.sub_index[p] = sub;
        if (isnan(sub)) {
            bool is_required = p != DOSI_AIR_SO2 && p != DOSI_AIR_CO;
            if (is_required && needs_all) cai.missing = DOSI_CAI_NO_REQUIRED;
            continue;
        }
        cai.n_bad += round_index(sub) > (int)table->index_high[1];
        if (sub > highest) {
            highest = sub;
            cai.responsible = (dosi_pollutant)p;
        }
    }
    if (cai.missing != DOSI_CAI_COMPLETE || highest < 0) {
        cai.missing = DOSI_CAI_NO_REQUIRED;
        cai.responsible = DOSI_AIR_COUNT;
        return cai;
    }
    if (cai.n_bad >= 3) {
        highest += table->add_three;
    } else if (cai.n_bad == 2) {
        highest += table->add_two;
    }
    cai.index = round_index(fmin(highest, table->index_high[DOSI_CAI_GRADES - 1]));
    cai.grade = grade_of(table, cai.index);
    return cai;
}

double dosi_cai_predict_24h(dosi_pollutant pollutant, const double *hours, double min_share) {
    assert(hours && (pollutant == DOSI_AIR_PM10 || pollutant == DOSI_AIR_PM25));
    const double limit = pollutant == DOSI_AIR_PM10 ? 70 : 30;
    double sum = 0;
    int n = 0;
    for (int i = 0; i < 12; i++) {
        if (!(hours[i] >= 0)) continue;
        sum += hours[i];
        n++;
    }
    if ((size_t)n < dosi_capture_least(12, min_share)) return NAN;
    double mean_12 = sum / n;
    double sum_4 = 0;
    int n_4 = 0;
    for (int i = 8; i < 12; i++) {
        if (!(hours[i] >= 0)) continue;
        bool is_kept = hours[i] < limit || hours[i] / mean_12 < 0.9 || hours[i] / mean_12 > 1.7;
        sum_4 += is_kept ? hours[i] : 0.75 * hours[i];
        n_4++;
    }
    if ((size_t)n_4 < dosi_capture_least(4, min_share)) return NAN;
    return (12 * mean_12 + 12 * (sum_4 / n_4)) / 24;
}
