/// @file plume_sources.h
/// Sources as datasets have them, made into plumes; hours of weather made ready for them.
#ifndef DOSI_METHOD_PLUME_SOURCES_H
#define DOSI_METHOD_PLUME_SOURCES_H

#include "dosi/gauss.h"
#include "dosi/plume.h"
#include "method/columns.h"

/// A source, or a straight piece of one.
typedef struct method_plume_piece {
    uint32_t row;             ///< Of the table.
    dosi_plume_source source; ///< For 1 g/s of the row's emission. Corners: first_corner.
    size_t first_corner;
    double box[4]; ///< West, south, east, north.
    double gas_k;  ///< Stacks.
    /// Particles that settle: their size, 0 where there are none; their density; and, where the
    /// size is a mean of many, the share of fine ones (else NaN).
    double particle_um, particle_gcm3, fine_share;
    double deposition_ms; ///< Velocity at which a gas is taken up; 0: none.
    double sigma_y0_m;    ///< First spread across, when stability classes are used.
} method_plume_piece;

/// All of them. Zero-initialise; method_plume_sources_clear() after.
typedef struct method_plume_sources {
    const dosi_table *table;
    size_t n, capacity;
    method_plume_piece *pieces; ///< (n)
    size_t n_corners, corner_capacity;
    double *corner_x, *corner_y; ///< (n_corners)
    size_t n_stacks, n_volumes, n_lines, n_areas, n_without;
    size_t n_depositing; ///< Pieces that leave something on the ground.
    double box[4];       ///< West, south, east, north of all.
} method_plume_sources;

/// Reads the rows of a table. A point with diameter_m and gas_ms is a stack (gas_c: its
/// temperature); another point is a volume, first spread sigma_y_m (or width_m / 4.3) and
/// sigma_z_m (or height_m / 2.15); a line is a strip width_m wide; a polygon is an area. Points
/// also come from columns x and y or lon and lat. Rows with diameter_um (and density_gcm3, or
/// fine_share) are particles that settle, rows with deposition_ms a gas that is taken up.
/// @param take     (rows) which rows; NULL: all.
/// @param piece_m  Lines are cut into pieces no longer.
DOSI_CHECKED dosi_status method_plume_sources_read(const dosi_table *table,
                                                   const bool *take,
                                                   double piece_m,
                                                   method_plume_sources *out,
                                                   dosi_error *err);

/// Frees what it holds.
void method_plume_sources_clear(method_plume_sources *sources);

/// How an hour is made of a row of weather.
typedef struct method_plume_site {
    bool is_classes; ///< Stability classes instead of similarity.
    double roughness_m, anemometer_m, population, lapse_km;
    double mixing_m;       ///< Where the weather has none (classes).
    const char *from, *to; ///< Ends of hours, ISO; "": all.
} method_plume_site;

enum { METHOD_PLUME_QUANTITIES = 16 };

/// The hours of one weather station, rising.
typedef struct method_plume_hours {
    method_plume_site site;
    size_t n;
    size_t *row; ///< (n)
    const dosi_column *time;
    const dosi_column *of[METHOD_PLUME_QUANTITIES]; ///< NULL: no such column.
    const dosi_column *stability;
} method_plume_hours;

/// An hour, ready.
typedef struct method_plume_hour {
    bool is_classes;
    dosi_plume_hour plume; ///< Similarity.
    dosi_stability stability;
    double wind_ms, direction_deg, to_x, to_y, temperature_k, mixing_m;
} method_plume_hour;

/// Reads hours: of the first station in the table, those asked for.
/// @return DOSI_OK; DOSI_NOT_FOUND: a column that the model needs; DOSI_DOMAIN: no hour.
DOSI_CHECKED dosi_status method_plume_hours_read(const dosi_table *weather,
                                                 const method_plume_site *site,
                                                 method_plume_hours *out,
                                                 dosi_error *err);

/// Frees what it holds.
void method_plume_hours_clear(method_plume_hours *hours);

/// Makes hour i; false where it is calm or something is missing.
bool method_plume_hour_make(const method_plume_hours *hours, size_t i, method_plume_hour *out);

/// Adds what a piece brings, ug/m3 for 1 g/s of its row; by similarity less what it deposits.
/// @param out  (receptors->n) in and out.
DOSI_CHECKED dosi_status method_plume_add(const method_plume_hour *hour,
                                          const method_plume_sources *sources,
                                          size_t i_piece,
                                          const dosi_plume_receptors *receptors,
                                          double *out,
                                          dosi_error *err);

/// Adds what a piece brings and leaves, for 1 g/s of its row. The hour is by similarity.
DOSI_CHECKED dosi_status method_plume_add_fluxes(const method_plume_hour *hour,
                                                 const method_plume_sources *sources,
                                                 size_t i_piece,
                                                 const dosi_plume_receptors *receptors,
                                                 const dosi_plume_fluxes *out,
                                                 dosi_error *err);

#endif // DOSI_METHOD_PLUME_SOURCES_H
