/// @file city.h
/// Inside the sample module: the ground plan, and what the parts share.
#ifndef DOSI_SAMPLE_CITY_H
#define DOSI_SAMPLE_CITY_H

#include "dosi/geo.h"
#include "dosi/random.h"
#include "dosi/table.h"
#include "sample/sample.h"

enum {
    SAMPLE_POLLUTANTS = 6,
    SAMPLE_SPECIES = 5, ///< What sources emit.
    SAMPLE_LINK_POINTS = 3,
    SAMPLE_SDOT_PER_STATION = 8,
    SAMPLE_SRID = 5186
};

/// What sources emit: NOx (as NO2), CO, SO2, PM10, PM2.5.
typedef struct sample_emission {
    double of[SAMPLE_SPECIES];
} sample_emission;

/// Streams of random numbers, one for each thing, so that adding one changes no other.
typedef enum sample_stream {
    STREAM_OUTLINE = 1,
    STREAM_SEEDS,
    STREAM_DISTRICTS,
    STREAM_POPULATION,
    STREAM_STATIONS,
    STREAM_WEATHER,
    STREAM_SOURCES,
    STREAM_BACKGROUND,
    STREAM_ROADS,
    STREAM_TRAFFIC,
    STREAM_SDOT,
    STREAM_SENSORS = 1000,     ///< + station
    STREAM_SDOT_UNITS = 20000, ///< + cheap sensor
    STREAM_EDGES = 100000,     ///< + hash of the edge
} sample_stream;

/// Points in metres (EPSG:5186), parallel columns.
typedef struct sample_points {
    size_t n;
    double *x, *y;
} sample_points;

typedef enum sample_road_class {
    ROAD_EXPRESSWAY,
    ROAD_ARTERIAL,
    ROAD_COLLECTOR,
    N_ROAD_CLASSES
} sample_road_class;

/// A road between two junctions.
typedef struct sample_link {
    double x[SAMPLE_LINK_POINTS], y[SAMPLE_LINK_POINTS];
    sample_road_class road_class;
    int line; ///< Which of the city's roads it is part of.
    int lanes;
    double width_m, canyon_m; ///< Height of the buildings along it; 0: open.
    double flow_vph, speed_kmh, heavy_share;
    sample_emission g_m_s; ///< At its mean flow.
} sample_link;

/// A receptor whose nearest road's air must be told apart: it stands in a canyon.
typedef struct sample_in_canyon {
    int link;     ///< -1: in the open.
    bool is_left; ///< Which side of it.
} sample_in_canyon;

/// The ground plan.
typedef struct sample_city {
    dosi_sample_size size;
    uint64_t seed;
    double centre_x, centre_y;
    sample_points outline; ///< Closed ring, first point not repeated.
    sample_points dong;    ///< Where each neighbourhood's centre is.
    sample_points rings;   ///< Rings of all neighbourhoods, one after the other.
    size_t *ring_start;    ///< (n_dong + 1) into rings.
    double *dong_area_m2;  ///< (n_dong)
    double *population;    ///< (n_dong) people.
    int *district;         ///< (n_dong) which district each belongs to.
    int *dong_in_district; ///< (n_dong) 1, 2, 3... within its district.
    sample_points stations;
    int *station_kind; ///< (n_stations) 0 urban, 1 roadside, 2 background.
    int *station_dong; ///< (n_stations)
    size_t n_links;
    sample_link *links;
    sample_points sdot;               ///< The dense cheap network.
    int *sdot_station;                ///< (sdot.n) the station it hangs at, or -1.
    sample_in_canyon *station_canyon; ///< (n_stations)
    sample_in_canyon *sdot_canyon;    ///< (sdot.n)
} sample_city;

/// Lays the roads (roads.c).
DOSI_CHECKED dosi_status sample_lay_roads(sample_city *city, dosi_error *err);

/// A place beside the link nearest to (x, y) among those of class `first` to `last`: at the
/// foot of the buildings of a canyon, else 3 m from the carriageway.
sample_in_canyon sample_move_to_road(const sample_city *city,
                                     sample_road_class first,
                                     sample_road_class last,
                                     double *x,
                                     double *y);

/// Distance from the centre as a share of the mean radius.
double sample_eccentricity(const sample_city *city, double x, double y);

/// Fills roads and their emissions.
DOSI_CHECKED dosi_status sample_road_tables(const sample_city *city,
                                            dosi_table *tables,
                                            dosi_error *err);

/// Flow of an hour over the mean flow, by class of road.
typedef struct sample_traffic {
    size_t n_hours;
    double *factor; ///< (N_ROAD_CLASSES x n_hours)
} sample_traffic;

/// Makes the hours' traffic; sample_traffic_destroy() after, also after a failure.
DOSI_CHECKED dosi_status sample_traffic_create(const sample_city *city,
                                               dosi_time start,
                                               sample_traffic *traffic,
                                               dosi_error *err);

/// Frees what a traffic holds.
void sample_traffic_destroy(sample_traffic *traffic);

/// Fills the traffic part.
DOSI_CHECKED dosi_status sample_traffic_table(const sample_traffic *traffic,
                                              dosi_time start,
                                              dosi_table *table,
                                              dosi_error *err);

/// Draws the neighbourhoods' rings and areas from their centres (rings.c).
DOSI_CHECKED dosi_status sample_draw_rings(sample_city *city, dosi_error *err);

/// Lays out the city; sample_city_destroy() after, also after a failure.
DOSI_CHECKED dosi_status sample_city_create(const dosi_sample_options *options,
                                            sample_city *city,
                                            dosi_error *err);

/// Frees what a city holds.
void sample_city_destroy(sample_city *city);

/// Whether a point is inside the outline.
bool sample_city_contains(const sample_city *city, double x, double y);

/// Fills the parts that come from the ground plan alone: districts, dong, river, stations.
DOSI_CHECKED dosi_status sample_plan_tables(const sample_city *city,
                                            dosi_table *tables,
                                            dosi_error *err);

/// Hourly weather of a year that contains the measured hours.
typedef struct sample_weather {
    size_t n_hours;
    dosi_time start; ///< End of the first hour is start + 1 h.
    double *temperature_c, *humidity_pct, *wind_u_ms, *wind_v_ms, *rain_mm, *cloud,
        *radiation_wm2, *pressure_hpa, *mixing_m;
} sample_weather;

/// Makes the weather; sample_weather_destroy() after, also after a failure.
DOSI_CHECKED dosi_status sample_weather_create(const sample_city *city,
                                               dosi_time first_hour,
                                               sample_weather *weather,
                                               dosi_error *err);

/// Frees what a weather holds.
void sample_weather_destroy(sample_weather *weather);

/// Fills the weather part.
DOSI_CHECKED dosi_status sample_weather_table(const sample_weather *weather,
                                              dosi_table *table,
                                              dosi_error *err);

/// True concentrations at receptors: the grid's cells inside the city, the stations, then the
/// cheap sensors.
typedef struct sample_field {
    size_t n_cells, n_stations, n_sdot, n_receptors, n_hours;
    double *x, *y;   ///< (n_receptors)
    int64_t *cell;   ///< (n_cells) row * n_columns + column, row 0 south.
    dosi_time start; ///< Hour h ends at start + (h + 1) h.
    /// (SAMPLE_POLLUTANTS x n_hours x n_receptors): so2, co, o3, no2 in ppm, pm10, pm25 in
    /// ug/m3.
    float *value;
} sample_field;

/// What changes from hour to hour.
typedef struct sample_hours {
    const sample_weather *weather;
    const sample_traffic *traffic;
} sample_hours;

/// Makes the truth from field->start on and fills the emission sources part;
/// sample_field_destroy() after, also after a failure.
DOSI_CHECKED dosi_status sample_field_create(const sample_city *city,
                                             const sample_hours *hours,
                                             const dosi_run *run,
                                             sample_field *field,
                                             dosi_table *sources,
                                             dosi_error *err);

/// How roads spread: a pattern for each wind sector, mixing state, class and species.
typedef struct sample_road_air {
    size_t n_receptors;
    float *pattern; ///< See road_air.c.
} sample_road_air;

/// What is needed of an hour to see the roads.
typedef struct sample_road_hour {
    double from_deg, wind_ms;      ///< Where the wind comes from; at 10 m.
    int stability;                 ///< dosi_stability
    size_t sector, next_sector;    ///< Of the way it blows to, counterclockwise from east.
    double towards_next;           ///< 0..1
    double factor[N_ROAD_CLASSES]; ///< Of the mean flow.
} sample_road_hour;

enum { SAMPLE_SECTORS = 36 };

/// Works the patterns out; sample_road_air_destroy() after, also after a failure.
DOSI_CHECKED dosi_status sample_road_air_create(const sample_city *city,
                                                const sample_field *field,
                                                int n_threads,
                                                sample_road_air *air);

/// Frees what it holds.
void sample_road_air_destroy(sample_road_air *air);

/// What the traffic of a street gives between its own buildings.
typedef struct sample_street {
    sample_emission added; ///< g/m3; none in the open.
    double residence_s;    ///< How long air stays there.
} sample_street;

/// That of the street a receptor stands in.
sample_street sample_street_of(const sample_city *city,
                               const sample_field *field,
                               const sample_road_hour *hour,
                               size_t receptor);

/// Adds what the roads give at a receptor, g/m3, without the street it stands in.
void sample_road_air_add(const sample_road_air *air,
                         const sample_road_hour *hour,
                         size_t receptor,
                         sample_emission *sum);

/// The canyon that a receptor stands in.
sample_in_canyon sample_canyon_of(const sample_city *city,
                                  const sample_field *field,
                                  size_t receptor);

/// Fills the parts of the cheap network.
DOSI_CHECKED dosi_status sample_sdot_tables(const sample_city *city,
                                            const sample_weather *weather,
                                            const sample_field *field,
                                            dosi_table *tables,
                                            dosi_error *err);

/// A true value without the noise of float, to six digits.
double sample_six_digits(double value);

/// Stores WKB in metres as WKB in degrees.
DOSI_CHECKED dosi_status sample_set_shape(const dosi_projection *to_lonlat,
                                          dosi_table *table,
                                          size_t i_column,
                                          size_t row,
                                          const dosi_text *metres);

/// Frees what a field holds.
void sample_field_destroy(sample_field *field);

/// The value of a pollutant at a receptor and hour.
static inline double sample_field_at(const sample_field *field,
                                     int pollutant,
                                     size_t hour,
                                     size_t receptor) {
    return (double)field
        ->value[((size_t)pollutant * field->n_hours + hour) * field->n_receptors + receptor];
}

/// Fills both truth parts.
DOSI_CHECKED dosi_status sample_truth_tables(const sample_city *city,
                                             const sample_field *field,
                                             dosi_table *tables,
                                             dosi_error *err);

/// Fills the readings and the faults parts.
DOSI_CHECKED dosi_status sample_sensor_tables(const sample_city *city,
                                              const sample_field *field,
                                              dosi_table *tables,
                                              dosi_error *err);

/// Names of the pollutant columns, their units and meanings, in the order of the field.
extern const char *const sample_pollutant_names[SAMPLE_POLLUTANTS];

/// Adds the six pollutant columns; the first gets index `*i_first`.
DOSI_CHECKED dosi_status sample_add_pollutants(dosi_table *table,
                                               size_t *i_first,
                                               dosi_error *err);

/// Writes the code of a district ("90010") or dong ("90010020"), or a station ("901001").
/// @param out  (32)
void sample_district_code(int district, char *out);
/// See sample_district_code().
void sample_dong_code(const sample_city *city, size_t dong, char *out);
/// See sample_district_code().
void sample_station_code(size_t station, char *out);

/// Appends a point in metres (EPSG:5186) as WKB in longitude and latitude to a cell.
DOSI_CHECKED dosi_status sample_set_point(const dosi_projection *to_metres,
                                          dosi_table *table,
                                          size_t i_column,
                                          size_t row,
                                          double x,
                                          double y);

/// A described column.
typedef struct sample_column {
    const char *name;
    dosi_type type;
    const char *unit, *ko, *en;
} sample_column;

/// Adds `n` described columns and `n_rows` rows.
DOSI_CHECKED dosi_status sample_shape_table(
    dosi_table *table, const sample_column *columns, size_t n, size_t n_rows, dosi_error *err);

#endif // DOSI_SAMPLE_CITY_H
