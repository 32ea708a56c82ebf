/// @file aermod_private.h
/// What the parts of the deck reader share.
#ifndef DOSI_SOURCE_AERMOD_PRIVATE_H
#define DOSI_SOURCE_AERMOD_PRIVATE_H

#include "source/aermod_card.h"
#include "source/aermod_deck.h"

enum {
    AERMOD_MOST_SOURCES = 200000,
    AERMOD_MOST_RECEPTORS = 10000000,
    AERMOD_MOST_OTHERS = 1000000, ///< Groups, vertices, factors, results.
    AERMOD_MOST_EMISSIONS = 50000000,
    AERMOD_NET_AXIS = 10000, ///< Distances, directions, columns or rows of a network.
};

/// A receptor network being read.
typedef struct aermod_net {
    char id[AERMOD_ID_BYTES];
    bool is_open, is_polar;
    double origin[2];
    bool has_origin;
    size_t n_x, n_y; ///< Columns and rows, or distances and directions.
    double *x, *y;   ///< (AERMOD_NET_AXIS) each, kept from network to network.
    size_t first;    ///< Its first receptor, once they are made.
    bool is_made;
    size_t row[3], filled[3]; ///< Elevations, hills, flagpoles: the row in work, from 1.
} aermod_net;

/// A deck on its way.
typedef struct aermod_reading {
    dosi_aermod_deck *deck;
    const dosi_aermod_files *files;
    size_t capacity[11];                   ///< Of the deck's arrays: see aermod_grow().
    double source_metres, receptor_metres; ///< Metres in the unit of elevations.
    aermod_net net;
    char olm_name[2 * AERMOD_ID_BYTES]; ///< Of the last OLMGROUP.
    int depth;                          ///< Of included files.
    char path[3];                       ///< "SO"
    char keyword[AERMOD_ID_BYTES];
    char hourly_names[AERMOD_PATH_BYTES]; ///< Files of HOUREMIS read, one a line.
} aermod_reading;

/// Which array grows.
typedef enum aermod_array {
    AERMOD_SOURCES,
    AERMOD_GROUPS,
    AERMOD_URBANS,
    AERMOD_RECEPTORS,
    AERMOD_RESULTS,
    AERMOD_BUILDINGS,
    AERMOD_VERTICES,
    AERMOD_FACTORS,
    AERMOD_ROWS,
    AERMOD_EMISSIONS,
    AERMOD_SIZES,
} aermod_array;

/// Makes room for one more item of `item_bytes` in `*items` that holds `n`.
/// @return DOSI_OK; DOSI_LIMIT past `most`; DOSI_NO_MEMORY.
DOSI_CHECKED dosi_status aermod_grow(aermod_reading *r,
                                     aermod_array array,
                                     void **items,
                                     size_t n,
                                     size_t most,
                                     dosi_error *err);

/// The source called as field `field` says, or NULL with `err` set: a fault of parsing.
dosi_aermod_source *aermod_find_source(const aermod_reading *r,
                                       const aermod_card *card,
                                       size_t field,
                                       dosi_error *err);

/// Whether a source's name is what `pattern` says: a name, or a range "STACK1-STACK9".
bool aermod_id_matches(const char *id, const char *pattern);

/// Lines of the SO pathway; the data start at field `first`.
DOSI_CHECKED dosi_status aermod_read_source(aermod_reading *r,
                                            const aermod_card *card,
                                            size_t first,
                                            dosi_error *err);

/// BLPINPUT and BLPGROUP: groups of buoyant lines.
DOSI_CHECKED dosi_status aermod_read_row(aermod_reading *r,
                                         const aermod_card *card,
                                         size_t first,
                                         dosi_error *err);

/// HOUREMIS: reads the file of hourly emissions, where it is there.
DOSI_CHECKED dosi_status aermod_read_hourly(aermod_reading *r,
                                            const aermod_card *card,
                                            size_t first,
                                            dosi_error *err);

/// EMISFACT's values into a source that varies so: kind, then factors from field `at` on.
DOSI_CHECKED dosi_status aermod_add_factors(aermod_reading *r,
                                            const aermod_card *card,
                                            size_t at,
                                            dosi_aermod_source *source,
                                            dosi_error *err);

/// Lines of the CO and SO pathways about deposition and units of results; `*is_taken` false:
/// another keyword.
DOSI_CHECKED dosi_status aermod_read_deposition(
    aermod_reading *r, const aermod_card *card, size_t first, bool *is_taken, dosi_error *err);

/// What is known of deposition at the end; fails where particles are not whole.
DOSI_CHECKED dosi_status aermod_finish_deposition(dosi_aermod_deck *deck,
                                                  const char *name,
                                                  dosi_error *err);

/// Does something to every source that field `at` means; fails when there is none.
typedef dosi_status (*aermod_source_line)(
    aermod_reading *, const aermod_card *, size_t, dosi_aermod_source *, dosi_error *);
DOSI_CHECKED dosi_status aermod_for_sources(aermod_reading *r,
                                            const aermod_card *card,
                                            size_t at,
                                            aermod_source_line add,
                                            dosi_error *err);

/// Units where none are told.
void aermod_start_ambient(dosi_aermod_deck *deck);

/// Lines of both pathways about ozone, NOx and background; `*is_taken` false: another keyword.
DOSI_CHECKED dosi_status aermod_read_ambient(
    aermod_reading *r, const aermod_card *card, size_t first, bool *is_taken, dosi_error *err);

/// Lines of the SO pathway about NO2; `*is_taken` false: another keyword.
DOSI_CHECKED dosi_status aermod_read_air(
    aermod_reading *r, const aermod_card *card, size_t first, bool *is_taken, dosi_error *err);

/// Mass of a unit "PPB", "PPM" or "UG/M3"; 0: another word.
double aermod_unit_mass(const aermod_field *unit, double ppb_ugm3);

/// Lines of the CO pathway about NO2.
DOSI_CHECKED dosi_status aermod_read_conversion(
    aermod_reading *r, const aermod_card *card, size_t first, bool *is_taken, dosi_error *err);

/// Shares of NO2 where a source has none, and what of the conversion is not modelled.
void aermod_finish_conversion(dosi_aermod_deck *deck);

/// What is known at the end: buoyant lines without BLPGROUP, emissions in order.
void aermod_finish_sources(dosi_aermod_deck *deck);

/// Lines of the RE pathway.
DOSI_CHECKED dosi_status aermod_read_receptor(aermod_reading *r,
                                              const aermod_card *card,
                                              size_t first,
                                              dosi_error *err);

/// Lines of the CO, ME and OU pathways.
DOSI_CHECKED dosi_status aermod_read_option(aermod_reading *r,
                                            const aermod_card *card,
                                            size_t first,
                                            dosi_error *err);

/// Notes an option that changes results and is not read.
void aermod_note_unsupported(dosi_aermod_deck *deck, const char *what);

/// Notes a keyword that nothing took, unless it is known to change nothing.
void aermod_note_left(dosi_aermod_deck *deck, const char *keyword);

#endif // DOSI_SOURCE_AERMOD_PRIVATE_H
