/// @file verify_aermod.h
/// An AERMOD deck made ready to run: its sources and receptors as dosi/plume.h and
/// dosi/road.h take them.
#ifndef DOSI_CLI_VERIFY_AERMOD_H
#define DOSI_CLI_VERIFY_AERMOD_H

#include "dosi/buoyant.h"
#include "dosi/road.h"

#include "source/aermod_deck.h"

enum { VERIFY_CORNERS = DOSI_PLUME_VERTICES };

/// A source of the deck.
typedef struct verify_aermod_source {
    const char *missing; ///< Why it cannot be modelled; NULL: it can.
    bool is_road;
    bool is_buoyant; ///< A line of one of the deck's rows.
    dosi_plume_source plume;
    dosi_road_line road;
    double corner_x_m[VERIFY_CORNERS], corner_y_m[VERIFY_CORNERS];
    dosi_plume_building building;
    dosi_particles particles;
    dosi_gas gas;
} verify_aermod_source;

/// What methods that follow plumes need.
typedef struct verify_aermod_no2 verify_aermod_no2;

/// A deck on its way. Zero-initialise; verify_aermod_clear() after.
typedef struct verify_aermod {
    dosi_aermod_deck deck;
    dosi_aermod_met met;
    verify_aermod_source *sources; ///< (deck.n_sources)
    dosi_plume_receptors receptors;
    double *memory;
    size_t n_outputs;         ///< 1: concentrations alone; AERMOD_OUTPUTS: depositions too.
    double *brought;          ///< (n_outputs x n_receptors) of one source.
    double *group;            ///< (n_outputs x n_groups x n_receptors) of one hour.
    dosi_soil soil;           ///< Of the hour.
    double *nox;              ///< (n_sources x n_receptors) where NOx is converted; else NULL.
    double *factor;           ///< (n_sources) of the emission in the hour.
    verify_aermod_no2 *no2;   ///< Of methods that follow plumes; else NULL.
    dosi_buoyant_line *lines; ///< (n_sources) of one row.
    size_t *line_sources;     ///< (n_sources) whose they are.
    double *line_values;      ///< (lines of the longest row x n_receptors)
    dosi_road_kernel *kernel;
    bool is_kernel_set; ///< For the hour, outside cities.
} verify_aermod;

/// Makes particles or gas of a deck's source, or says why not: in `out`.
void verify_aermod_set_deposition(const dosi_aermod_deck *deck,
                                  const dosi_aermod_source *source,
                                  verify_aermod_source *out);

/// The water of an hour, and the season of its gases. Hours go by one after the other.
void verify_aermod_set_moisture(verify_aermod *run, size_t hour);

/// Makes sources and receptors of a deck and weather that are read.
DOSI_CHECKED dosi_status verify_aermod_prepare(verify_aermod *run, dosi_error *err);

/// Computes one hour of all groups into `run->group`.
/// @param is_valid  False: the hour is calm or missing.
DOSI_CHECKED dosi_status verify_aermod_hour(verify_aermod *run,
                                            size_t hour,
                                            bool *is_valid,
                                            dosi_error *err);

/// The hour as a source has it: its city's, or the country's. `*urban` keeps a city's.
const dosi_plume_hour *verify_aermod_air(const verify_aermod *run,
                                         const dosi_aermod_source *source,
                                         const dosi_plume_hour *rural,
                                         dosi_plume_hour *urban);

/// Adds what a source brought to its groups; where NOx is converted, keeps it for later.
void verify_aermod_add(verify_aermod *run, size_t source, const double *values);

/// Adds a source's value at a place to its groups.
void verify_aermod_add_at(verify_aermod *run, size_t source, size_t place, double value);

/// Adds what is left at the end of an hour: NO2 of the NOx kept, and the background.
DOSI_CHECKED dosi_status verify_aermod_finish(verify_aermod *run,
                                              size_t hour,
                                              const dosi_plume_hour *rural,
                                              dosi_error *err);

/// Whether NO2 depends on plumes and not on concentrations alone.
bool verify_aermod_is_by_plume(const dosi_aermod_deck *deck);

/// Memory for it, where it does.
DOSI_CHECKED dosi_status verify_aermod_no2_prepare(verify_aermod *run, dosi_error *err);

void verify_aermod_no2_clear(verify_aermod_no2 *no2);

/// Adds NO2 (and with GRSM the background) of an hour to the groups.
DOSI_CHECKED dosi_status verify_aermod_by_plume(verify_aermod *run,
                                                size_t hour,
                                                const dosi_plume_hour *rural,
                                                dosi_error *err);

/// Adds all rows of buoyant lines in an hour.
DOSI_CHECKED dosi_status verify_aermod_rows(verify_aermod *run,
                                            const dosi_aermod_hour *met,
                                            const dosi_plume_hour *rural,
                                            dosi_error *err);

/// Frees everything.
void verify_aermod_clear(verify_aermod *run);

#endif // DOSI_CLI_VERIFY_AERMOD_H
