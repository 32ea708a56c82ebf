/// @file canyon.h
/// Traffic pollution in a street between buildings: the Operational Street Pollution Model.
///
/// On the side that the roof wind comes from (leeward) a plume of the street's own traffic,
/// blown there by the street's vortex, is added to what the vortex carries round; on the other
/// side (windward) there is what the vortex carries round, and a plume of what is emitted
/// outside of it. Moving vehicles make turbulence of their own, which rules when the wind is
/// weak. The result is a mean over wind directions around the hour's direction.
///
/// What is added to the air that comes over the roofs is meant; add the urban background
/// oneself. Chemistry: dosi/chemistry.h.
///
/// Sources: O. Hertel and R. Berkowicz (1989), Modelling pollution from traffic in a street
/// canyon, DMU Luft A-129; R. Berkowicz, O. Hertel, S. E. Larsen, N. N. Sorensen and M. Nielsen
/// (1997), Modelling traffic pollution in streets, NERI; R. Berkowicz (2000), Environ. Monit.
/// Assess. 65, 323-331.
#ifndef DOSI_CANYON_H
#define DOSI_CANYON_H

#include "dosi/run.h"
#include "dosi/status.h"

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A street at a place along it. Left and right are those of somebody who looks along the axis.
typedef struct dosi_canyon {
    double axis_deg;   ///< Direction of the axis, clockwise from north; either end will do.
    double width_m;    ///< Between the buildings, > 0.
    double left_m;     ///< Height of the buildings on the left, >= 0 (0: open).
    double right_m;    ///< And on the right.
    double ahead_m;    ///< From the place to the street's end along the axis, > 0.
    double behind_m;   ///< And against it.
    double roof_share; ///< Wind at roof level / wind of the mast, such as 0.82; > 0.
    double place_m;    ///< Height of the place, >= 0; up to 2 m the air is the same.
} dosi_canyon;

/// What moves in the street.
typedef struct dosi_canyon_traffic {
    double light_vph, heavy_vph; ///< Vehicles an hour, >= 0.
    double light_kmh, heavy_kmh; ///< Their speeds, >= 0.
} dosi_canyon_traffic;

/// Concentrations that the street's own traffic adds, at the foot of the buildings.
/// Precondition: the domains above hold; wind_ms >= 0 and finite, as is the direction.
/// @param wind_ms   Wind of the mast; at the roofs at least DOSI_CANYON_CALM_MS is taken.
/// @param from_deg  Where the wind comes from, clockwise from north.
/// @param sides  (2) out: left, right, as s/m2: times the emission in g/(m s) gives g/m3.
/// A wind mirrored at the axis of a street with equal sides gives the same bits, sides swapped.
/// Cost: about 4 us. Valid for a street of some tens of metres, buildings above 2 m.
DOSI_API void dosi_canyon_sides(const dosi_canyon *street,
                                const dosi_canyon_traffic *traffic,
                                double wind_ms,
                                double from_deg,
                                double *sides);

/// A wind: speed at the mast, and where it comes from, clockwise from north.
typedef struct dosi_canyon_wind {
    double speed_ms, from_deg;
} dosi_canyon_wind;

/// dosi_canyon_sides() with the mean over directions that the published model takes: trapezoids
/// over the sector, halved until neither side changes by more than a share of itself. The
/// model's own share is 0.01, and its result up to 2 % from the settled mean: for comparisons
/// with its numbers. @param precision  > 0.
/// Cost: 0.3 to 3 us at 0.01.
DOSI_API void dosi_canyon_sides_to(const dosi_canyon *street,
                                   const dosi_canyon_traffic *traffic,
                                   const dosi_canyon_wind *wind,
                                   double precision,
                                   double *sides);

/// Speed at which air is exchanged through the roof level of a street, m/s: the turbulence of
/// the wind and of the vehicles there. For dosi_street_residence().
DOSI_API double dosi_canyon_exchange(const dosi_canyon *street,
                                     const dosi_canyon_traffic *traffic,
                                     double wind_ms);

/// Least wind at the roofs, m/s.
#define DOSI_CANYON_CALM_MS 0.1

/// Hours of one street, as parallel columns.
typedef struct dosi_canyon_hours {
    size_t n;
    const double *wind_ms, *from_deg;    ///< (n) NaN: missing, gives NaN.
    const double *light_vph, *heavy_vph; ///< (n)
    const double *light_kmh, *heavy_kmh; ///< (n)
} dosi_canyon_hours;

/// dosi_canyon_sides() for many hours, in parallel. Same bits at any thread count.
/// @param left, right  (n) out, s/m2.
/// @return DOSI_OK; DOSI_DOMAIN naming what is wrong with the street; DOSI_CANCELLED.
DOSI_API DOSI_CHECKED dosi_status dosi_canyon_series(const dosi_canyon *street,
                                                     const dosi_canyon_hours *hours,
                                                     const dosi_run *run,
                                                     double *left,
                                                     double *right,
                                                     dosi_error *err);

/// Fewer hours than this are not worth a chart.
#define DOSI_CANYON_FEW_HOURS 2000

/// dosi_canyon_series() for a year of a street whose sides and ends are equal, read off a chart
/// of the means over directions made first; other streets, and few hours, go through
/// dosi_canyon_series(). On one thread: give each street to one. A wind mirrored at the axis
/// gives the same bits, sides swapped.
/// Error against dosi_canyon_series(): at most 3 % of the greater side in winds below 1 m/s and
/// 1 % above, 0.1 % in the mean. Cost: about 2 ms, and 0.2 us an hour.
/// @return As dosi_canyon_series(); DOSI_NO_MEMORY.
DOSI_API DOSI_CHECKED dosi_status dosi_canyon_year(const dosi_canyon *street,
                                                   const dosi_canyon_hours *hours,
                                                   const dosi_run *run,
                                                   double *left,
                                                   double *right,
                                                   dosi_error *err);

#ifdef __cplusplus
}
#endif

#endif // DOSI_CANYON_H
