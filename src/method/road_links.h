/// @file road_links.h
/// Links of road as datasets have them, made into lines, and the weather over them.
#ifndef DOSI_METHOD_ROAD_LINKS_H
#define DOSI_METHOD_ROAD_LINKS_H

#include "dosi/road.h"
#include "method/columns.h"

/// Links as straight lines in EPSG:5186. Zero-initialise; method_road_clear() after.
typedef struct method_road {
    const dosi_table *links;
    const dosi_column *link;
    size_t n_lines;
    dosi_road_line *lines; ///< (n_lines)
    uint32_t *row;         ///< (n_lines) row of the link it is a piece of.
    size_t n_without;      ///< Links without a line.
    double box[4];         ///< West, south, east, north.
} method_road;

/// Reads link, geometry and, where there are such columns, width_m and heavy_share. Heights of
/// emission and first spread come from the mean height of vehicles (1.53 m light, 4 m heavy):
/// half of 1.7 heights, and 1.7 heights / 2.15, as EPA advises for R-LINE.
DOSI_CHECKED dosi_status method_road_read(const dosi_table *links,
                                          method_road *out,
                                          dosi_error *err);

/// Frees what `road` holds.
void method_road_clear(method_road *road);

/// Weather made ready for roads, hour by hour.
typedef struct method_road_weather {
    size_t n;
    dosi_time *time;            ///< (n) ends of hours, rising.
    dosi_road_weather *weather; ///< (n)
    double *temperature_k;      ///< (n)
    double *radiation_wm2;      ///< (n) global; from sun and cloud where not measured.
    size_t n_calm;              ///< Hours left out: calm, or something missing.
} method_road_weather;

/// What the weather is read with.
typedef struct method_road_site {
    double roughness_m, anemometer_m, population, albedo, moisture;
    double latitude_deg, longitude_deg;
    const char *from, *to; ///< Ends of hours, ISO; "": all.
} method_road_site;

/// What the parameters roughness_m, anemometer_m, population, albedo, moisture, latitude,
/// longitude, from and to of a call say.
method_road_site method_road_site_of(const dosi_method_call *call);

/// Reads hourly weather of one station (the first in the table): wind_speed_ms,
/// wind_direction_deg, temperature_c, cloud, and radiation_wm2, pressure_hpa where there.
DOSI_CHECKED dosi_status method_road_weather_read(const dosi_table *table,
                                                  const method_road_site *site,
                                                  method_road_weather *out,
                                                  dosi_error *err);

/// Frees what `weather` holds.
void method_road_weather_clear(method_road_weather *weather);

#endif // DOSI_METHOD_ROAD_LINKS_H
