/// @file buoyant.h
/// Buoyant line sources: long roof vents, as of aluminium smelters, whose plumes rise together.
/// The Buoyant Line and Point model (BLP) as EPA's AERMOD (version 24142) has it: plume rise of
/// a row of lines, spread by Pasquill's classes.
///
/// Coordinates, winds and receptors are those of dosi/plume.h. Emissions in g/s give ug/m3.
///
/// Source: Schulman and Scire (1980), Buoyant Line and Point Source (BLP) Dispersion Model,
/// ERT P-7304B; AERMOD Model Formulation, EPA-454/R-24-010 (2024), section on BUOYLINE. The
/// rule of integration and its criterion of stopping are AERMOD's, errors included, so that
/// results are.
#ifndef DOSI_BUOYANT_H
#define DOSI_BUOYANT_H

#include "dosi/plume.h"

#ifdef __cplusplus
extern "C" {
#endif

/// One line.
typedef struct dosi_buoyant_line {
    double x0_m, y0_m, x1_m, y1_m;
    double base_m;   ///< Height of the ground, as of the receptors' `z_m`.
    double height_m; ///< Of release above `base_m`, > 0.
    double emission; ///< g/s of the whole line.
    bool is_flat;    ///< The plume follows the terrain.
} dosi_buoyant_line;

/// Lines whose plumes rise together. They are about parallel, and listed from the first
/// to its left (as one looks from its beginning to its end).
typedef struct dosi_buoyant_group {
    size_t n;                       ///< At least 1.
    const dosi_buoyant_line *lines; ///< (n)
    // Means of the buildings and lines:
    double length_m, height_m, width_m; ///< Of the buildings, > 0.
    double line_width_m;                ///< > 0
    double gap_m;                       ///< Between buildings, >= 0.
    double buoyancy;                    ///< Of one line, m4/s3, > 0.
    double decay_per_s;
} dosi_buoyant_group;

/// Adds what each line brings to every receptor in an hour. A calm or missing hour brings
/// nothing; neither does a line to receptors inside the rectangle around the group.
/// @param concentration  (n lines x n receptors) ug/m3, added to.
/// @return DOSI_OK; DOSI_DOMAIN when a mean or a height is not what it says.
/// Cost: about 1 us a receptor and line. Allocates nothing.
DOSI_API DOSI_CHECKED dosi_status dosi_buoyant_add(const dosi_plume_hour *hour,
                                                   const dosi_buoyant_group *group,
                                                   const dosi_plume_receptors *receptors,
                                                   double *concentration,
                                                   dosi_error *err);

/// Pasquill's class of an hour, 1 (A) to 6 (F), from roughness and Obukhov length; 4 in a
/// city's night. Source: Golder (1972), Boundary-Layer Meteorol. 3, 47-58, his figure as
/// EPA's CTDMPLUS and AERMOD have it (roughness from 0.01 to 0.5 m).
DOSI_API int dosi_buoyant_class(const dosi_plume_hour *hour);

#ifdef __cplusplus
}
#endif

#endif // DOSI_BUOYANT_H
