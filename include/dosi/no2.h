/// @file no2.h
/// NO2 of plumes of NOx where ozone is limited: what EPA's AERMOD (version 24142) has beside
/// the ambient ratio and ozone limiting of dosi/chemistry.h.
///
/// Plumes are those of dosi/plume.h. First the plume of each source is followed to each place
/// (dosi_no2_follow()), then a method says what part of the NOx there is NO2. NOx is in ug/m3
/// as NO2; ozone in ug/m3 at 25 C and 1013 hPa. Nothing here knows a file or a clock.
///
/// Sources: P. L. Hanrahan (1999), J. Air Waste Manage. Assoc. 49, 1324-1338 (PVMRM); R. Podrez
/// (2015), Atmos. Environ. 113, 166-173 (ambient ratio); D. J. Carruthers et al. (2017), J. Air
/// Waste Manage. Assoc. 67, 892-906 (ADMSM, in AERMOD GRSM); AERMOD Model Formulation and
/// Evaluation, EPA-454/R-24-010 (2024), which has the travel time method (TTRM) too.
#ifndef DOSI_NO2_H
#define DOSI_NO2_H

#include "dosi/plume.h"

#ifdef __cplusplus
extern "C" {
#endif

/// How the plume of a source comes by a place.
typedef struct dosi_no2_plume {
    double along_m, across_m, distance_m; ///< From the source (areas: its middle), by its wind.
    double height_m, speed_ms;            ///< Of its centre over the base; of its air.
    double penetrated, penetrated_m;      ///< Part above the inversion, and its height.
    double penetrated_ms, release_ms;     ///< Wind of that part; wind at the release.
    double level_part; ///< Part that goes around the hill; 1/2 on flat ground.
    double meander;    ///< Part that goes all ways.
    double age_s;      ///< Of what is there, on the mean.
    bool is_direct;    ///< Most comes straight, not by way of the lid.
} dosi_no2_plume;

/// Follows a plume to places. A calm or missing hour gives zeros; so do places at the source.
/// Beside a building the plume is followed as if there were none.
/// @param out  (receptors->n)
/// @return As dosi_plume_add().
/// Cost: 1.5 to 3 us a place (one thread, to 8 km).
DOSI_API DOSI_CHECKED dosi_status dosi_no2_follow(const dosi_plume_hour *hour,
                                                  const dosi_plume_source *source,
                                                  const dosi_plume_receptors *receptors,
                                                  dosi_no2_plume *out,
                                                  dosi_error *err);

/// Sources in an hour, and what they bring to places.
typedef struct dosi_no2_sources {
    size_t n, n_places;
    const dosi_plume_hour *const *hour; ///< (n) Each has its own: town or country.
    const dosi_plume_source *source;    ///< (n) With the emission of the hour.
    const double *no2_share;            ///< (n) NO2 in the NOx emitted, 0..1.
    const double *nox_ugm3;             ///< (n x n_places)
    const dosi_no2_plume *plume;        ///< (n x n_places)
    const bool *is_left_out;            ///< (n) NULL: none is.
} dosi_no2_sources;

/// What a plume may find in the air of an hour. Fields that a method does not use may be
/// anything.
typedef struct dosi_no2_air {
    double ozone_ugm3;    ///< NaN: not known, so that all is converted.
    double most;          ///< Most NO2 in NOx: 0.9 in AERMOD. (Not of the equilibrium method.)
    double temperature_k; ///< Where NO and ozone meet.
    double radiation_wm2; ///< Global radiation; 0 by night.
    double no2_ugm3;      ///< Background ...
    double nox_ugm3;      ///< ... and all NOx of it, as NO2; NaN: as NO2 and ozone have it.
} dosi_no2_air;

/// Plume volume molar ratio method (PVMRM): NO meets as much ozone as is in the volume of the
/// plume of the source that brings most, or of that and all that are within the box of the
/// major ones (half of it and more), whichever gives less. In stable air the volume is that of
/// the whole dispersion, in convective air that of the relative one.
/// @param share  (n_places) out: NO2 in the NOx of all sources; 0 where there is none.
/// Cost: 30 to 45 us a place with one source, 55 to 90 with five (one thread, to 8 km).
DOSI_API void dosi_no2_by_volume(const dosi_no2_sources *sources,
                                 const dosi_plume_receptors *receptors,
                                 const dosi_no2_air *air,
                                 double *share);

/// Plume volume from the source to a distance, m3, as the method above takes it.
/// @param place     Which receptor the plume's air is taken for.
/// @param box_m     Height and width of the box that the centres of several plumes fill; then
///                  of their parts above the inversion. NULL: the source alone, with its width.
/// @param followed  What dosi_no2_follow() gave for the place.
DOSI_API double dosi_no2_volume(const dosi_plume_hour *hour,
                                const dosi_plume_source *source,
                                const dosi_plume_receptors *receptors,
                                size_t place,
                                const double box_m[4],
                                const dosi_no2_plume *followed);

/// Travel time reaction method (TTRM): NO meets the ozone of the air for as long as it takes to
/// the place, 1 - exp(-k O3 t) of it. Open pits are at the most.
/// @param share  (n x n_places) out: NO2 in the NOx of each source.
DOSI_API void dosi_no2_by_travel(const dosi_no2_sources *sources,
                                 const dosi_no2_air *air,
                                 double *share);

/// Generic reaction set method (GRSM): in the plume as it is at one moment, narrower than on
/// the mean, NO, NO2 and ozone react for the time of travel, with the air that the plume has
/// taken in. dosi_nox_aged() is the reaction.
/// @param has_background  The background's NO and NO2 take part (by day), and are added.
/// @param share  (n_places) out: NO2 in the NOx of all sources that are not left out.
/// @param background_ugm3  (n_places) out: the NO2 of the background there.
/// Cost: 2.4 us a source and place (one thread, to 8 km).
DOSI_API void dosi_no2_by_reaction(const dosi_no2_sources *sources,
                                   const dosi_plume_receptors *receptors,
                                   const dosi_no2_air *air,
                                   bool has_background,
                                   double *share,
                                   double *background_ugm3);

#ifdef __cplusplus
}
#endif

#endif // DOSI_NO2_H
