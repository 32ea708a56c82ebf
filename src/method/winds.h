/// @file winds.h
/// Observations as series by station and time, with the wind of the same hours: what the polar
/// family, trends and averages start from.
#ifndef DOSI_METHOD_WINDS_H
#define DOSI_METHOD_WINDS_H

#include "dosi/polar.h"
#include "dosi/trend.h"
#include "method/columns.h"
#include "method/words.h"

/// Parameters of every method that reads series with method_series_read().
#define METHOD_SERIES_PARAMETERS                                                               \
    METHOD_TEXT("station", "", "측정소 (비우면 모두 따로)", "Station; empty: each of them"),   \
        METHOD_TEXT("from", "", "시작 (YYYY-MM-DD, 비우면 처음)",                              \
                    "First time, YYYY-MM-DD; empty: the first there is"),                      \
        METHOD_TEXT("to", "", "끝 (포함하지 않음)", "End, not included; empty: the last"),     \
        METHOD_CHOICE("stamp", "end", "end|start", "시각이 뜻하는 것: 그 시간의 끝 또는 시작", \
                      "What a time stamps: the end of its hour, or its start"),                \
        METHOD_INT("reject", "239", 0, 65535, "결측으로 볼 품질 플래그 비트",                  \
                   "Quality flag bits that count as missing")

/// Parameters of every method that reads winds.
#define METHOD_WIND_PARAMETERS                                                 \
    METHOD_TEXT("speed", "wind_speed_ms", "풍속 열 (없으면 ws)",               \
                "Column of wind speeds; ws where there is no such"),           \
        METHOD_TEXT("direction", "wind_direction_deg", "풍향 열 (없으면 wd)",  \
                    "Column of wind directions; wd where there is no such"),   \
        METHOD_TEXT("weather_station", "", "기상 관측소 (비우면 이름순 첫째)", \
                    "Weather station; empty: the first by name")

/// Says that there is no memory for `what`.
static inline dosi_status method_no_memory(dosi_error *err, const char *what) {
    (void)dosi_fail(err, DOSI_NO_MEMORY, "no memory for %s", what);
    return DOSI_NO_MEMORY; // a constant, so that analysers see that work stops here
}

/// Inputs of such methods: observations, and (where the second is used) weather.
extern const dosi_method_table method_winds_inputs[2];

/// Observations as series; owns its arrays, borrows columns.
typedef struct method_series {
    size_t n; ///< Rows kept, by station and time, one a time.
    size_t *row;
    dosi_time *time;
    double *value;
    double *speed, *from_deg; ///< NaN throughout where there is no wind.
    bool has_wind;
    size_t n_stations;
    size_t *first; ///< (n_stations + 1) index of each station's first row.
    const dosi_column *station;
    const char *name; ///< Of the values.
    const char *unit; ///< May be NULL.
    dosi_stamps stamps;
    double *memory;
    size_t n_table, n_no_key, n_repeats, n_missing; ///< Rows of the table, and left out.
    char wind_station[METHOD_NAME_BYTES];           ///< Whose wind; "": the observations' own.
    const dosi_method_call *call;
} method_series;

/// One station's part of a series.
typedef struct method_part {
    size_t n;
    const dosi_time *time;
    const double *value;
    dosi_winds winds;
    size_t i_station;
} method_part;

/// Reads the column `value_name` of the first input and the wind from it or from the second
/// input (when the method has one). Rows without station or time are left out, of rows with
/// one station and time the first counts.
/// @return DOSI_NOT_FOUND: no such column, no such station; DOSI_INVALID: a bad date.
DOSI_CHECKED dosi_status method_series_read(const dosi_method_call *call,
                                            const char *value_name,
                                            bool needs_wind,
                                            method_series *out,
                                            dosi_error *err);

/// Frees what a series holds.
void method_series_clear(method_series *series);

/// A station's part.
method_part method_series_part(const method_series *series, size_t i_station);

/// Lines on what was read, for people.
void method_series_put_report(const method_series *series);

/// Reads a column with method_series_read(), says what was read, and gives it to `do_series`.
DOSI_CHECKED dosi_status method_series_run(const dosi_method_call *call,
                                           const char *value_name,
                                           bool needs_wind,
                                           dosi_status (*do_series)(const method_series *series,
                                                                    dosi_error *err),
                                           dosi_error *err);

/// Adds a row to an output, with the station in column 0; `*row` is its index.
DOSI_CHECKED dosi_status method_series_add_row(const method_series *series,
                                               size_t i_station,
                                               dosi_table *out,
                                               size_t *row,
                                               dosi_error *err);

/// Gives columns of an output the values' unit; names end with NULL.
DOSI_CHECKED dosi_status method_series_set_unit(const method_series *series,
                                                dosi_table *out,
                                                const char *const *names);

/// The civil moment inside the step that a time stands for.
dosi_time method_series_inside(const method_series *series, dosi_time time);

/// A smooth surface as rows of an output with columns station, two coordinates, value.
typedef struct method_surface {
    const dosi_surface_points *points;
    double extent; ///< Cells reach from -extent to extent.
    double reach;
    double hole; ///< Cells nearer to the centre than this are left out.
    size_t side; ///< Cells a side; 0: no surface.
} method_surface;

/// Fits and appends; too few points are said in the report, not failed on.
DOSI_CHECKED dosi_status method_series_put_surface(const method_series *series,
                                                   size_t i_station,
                                                   const method_surface *surface,
                                                   dosi_table *out,
                                                   dosi_error *err);

#endif // DOSI_METHOD_WINDS_H
