// The United States' AQI and the European AQI: tables with their dates.

#include "dosi/index.h"

#include <math.h>

// Breakpoints are data: the compiler may not know NAN as a constant of double.
#define NONE ((double)NAN)

// ppm -> ppb; ppm -> ug/m3 at 20 C and 101.3 kPa (24.055 l/mol), as the European directive has
// it: molar mass / 24.055 x 1000.
#define PPB     1000.0
#define UGM3(m) ((m) / 24.055 * 1000.0)

// Rows of the US AQI that did not change in May 2024 but in how 301 to 500 is cut.
#define US_OZONE \
    [DOSI_MEASURE_O3_8H] = {1, 0.001, {0.054, 0.070, 0.085, 0.105, 0.200, NONE, NONE}, 0}

static const dosi_index_version versions[] = {
    {
        .index = "us",
        .id = "us-2016-01",
        .source =
            "40 CFR 58 Appendix G as amended by 80 FR 65292 (ozone, October 2015) and 78 FR "
            "3086 (PM2.5, January 2013); EPA-454/B-18-007",
        .from = INT64_C(1451606400) * DOSI_SECOND_US, // 2016-01-01
        .n_levels = 7,
        .index_high = {50, 100, 150, 200, 300, 400, 500},
        .rows =
            {
                US_OZONE,
                [DOSI_MEASURE_O3_1H] =
                    {1, 0.001, {NONE, NONE, 0.164, 0.204, 0.404, 0.504, 0.604}, 0.125},
                [DOSI_MEASURE_PM25_24H] =
                    {1, 0.1, {12.0, 35.4, 55.4, 150.4, 250.4, 350.4, 500.4}, 0},
                [DOSI_MEASURE_PM10_24H] = {1, 1, {54, 154, 254, 354, 424, 504, 604}, 0},
                [DOSI_MEASURE_CO_8H] = {1, 0.1, {4.4, 9.4, 12.4, 15.4, 30.4, 40.4, 50.4}, 0},
                [DOSI_MEASURE_SO2_1H] = {PPB, 1, {35, 75, 185, 304, NONE, NONE, NONE}, 0},
                [DOSI_MEASURE_SO2_24H] =
                    {PPB, 1, {NONE, NONE, NONE, NONE, 604, 804, 1004}, 305},
                [DOSI_MEASURE_NO2_1H] = {PPB, 1, {53, 100, 360, 649, 1249, 1649, 2049}, 0},
            },
    },
    {
        .index = "us",
        .id = "us-2024-05",
        .source =
            "40 CFR 58 Appendix G as amended by 89 FR 16202 (6 March 2024, in force on 6 May "
            "2024); EPA-454/B-24-002",
        .from = INT64_C(1714953600) * DOSI_SECOND_US, // 2024-05-06
        .n_levels = 6,
        .index_high = {50, 100, 150, 200, 300, 500},
        .rows =
            {
                US_OZONE,
                [DOSI_MEASURE_O3_1H] =
                    {1, 0.001, {NONE, NONE, 0.164, 0.204, 0.404, 0.604}, 0.125},
                [DOSI_MEASURE_PM25_24H] = {1, 0.1, {9.0, 35.4, 55.4, 125.4, 225.4, 325.4}, 0},
                [DOSI_MEASURE_PM10_24H] = {1, 1, {54, 154, 254, 354, 424, 604}, 0},
                [DOSI_MEASURE_CO_8H] = {1, 0.1, {4.4, 9.4, 12.4, 15.4, 30.4, 50.4}, 0},
                [DOSI_MEASURE_SO2_1H] = {PPB, 1, {35, 75, 185, 304, NONE, NONE}, 0},
                [DOSI_MEASURE_SO2_24H] = {PPB, 1, {NONE, NONE, NONE, NONE, 604, 1004}, 305},
                [DOSI_MEASURE_NO2_1H] = {PPB, 1, {53, 100, 360, 649, 1249, 2049}, 0},
            },
    },
    {
        .index = "eu",
        .id = "eu-2017-11",
        .source = "European Environment Agency, European Air Quality Index as launched on 16 "
                  "November 2017 (five levels; particles as 24 h running means)",
        .from = INT64_C(1510790400) * DOSI_SECOND_US, // 2017-11-16
        .n_levels = 5,
        .rows =
            {
                [DOSI_MEASURE_PM25_24H] = {1, 0, {10, 20, 25, 50, 800}, 0},
                [DOSI_MEASURE_PM10_24H] = {1, 0, {20, 35, 50, 100, 1200}, 0},
                [DOSI_MEASURE_NO2_1H] = {UGM3(46.0055), 0, {40, 100, 200, 400, 1000}, 0},
                [DOSI_MEASURE_O3_1H] = {UGM3(47.9982), 0, {80, 120, 180, 240, 600}, 0},
                [DOSI_MEASURE_SO2_1H] = {UGM3(64.066), 0, {100, 200, 350, 500, 1250}, 0},
            },
    },
    {
        // The agency names no day for these bands; they were in use in 2021.
        .index = "eu",
        .id = "eu-2021",
        .source =
            "European Environment Agency, European Air Quality Index with a sixth level, in "
            "use before the revision of 2024 (particles as 24 h running means)",
        .from = INT64_C(1609459200) * DOSI_SECOND_US, // 2021-01-01
        .n_levels = 6,
        .rows =
            {
                [DOSI_MEASURE_PM25_24H] = {1, 0, {10, 20, 25, 50, 75, 800}, 0},
                [DOSI_MEASURE_PM10_24H] = {1, 0, {20, 40, 50, 100, 150, 1200}, 0},
                [DOSI_MEASURE_NO2_1H] = {UGM3(46.0055), 0, {40, 90, 120, 230, 340, 1000}, 0},
                [DOSI_MEASURE_O3_1H] = {UGM3(47.9982), 0, {50, 100, 130, 240, 380, 800}, 0},
                [DOSI_MEASURE_SO2_1H] = {UGM3(64.066), 0, {100, 200, 350, 500, 750, 1250}, 0},
            },
    },
    {
        // The report of the revision is of 2024; the day of the switch is not published.
        .index = "eu",
        .id = "eu-2024",
        .source =
            "ETC HE Report 2024/17, EEA's revision of the European air quality index bands; "
            "airindex.eea.europa.eu (hourly values of all five)",
        .from = INT64_C(1735689600) * DOSI_SECOND_US, // 2025-01-01
        .n_levels = 6,
        .rows =
            {
                [DOSI_MEASURE_PM25_1H] = {1, 0, {5, 15, 50, 90, 140, 800}, 0},
                [DOSI_MEASURE_PM10_1H] = {1, 0, {15, 45, 120, 195, 270, 1200}, 0},
                [DOSI_MEASURE_NO2_1H] = {UGM3(46.0055), 0, {10, 25, 60, 100, 150, 1000}, 0},
                [DOSI_MEASURE_O3_1H] = {UGM3(47.9982), 0, {60, 100, 120, 160, 180, 800}, 0},
                [DOSI_MEASURE_SO2_1H] = {UGM3(64.066), 0, {20, 40, 125, 190, 275, 1250}, 0},
            },
    },
};

const dosi_index_version *dosi_index_versions(size_t *n) {
    *n = sizeof versions / sizeof versions[0];
    return versions;
}
