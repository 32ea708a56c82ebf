/// @file sample.h
/// The sample city: a simulated city whose truth is known, the same for a seed on every
/// machine.
///
/// It stands on its own ground in the Yellow Sea (EPSG:5186 around x 60 km, y 400 km), so that
/// nobody takes it for a real place. Its sensors see a true field that known sources make, plus
/// noise, drift, gaps and faults of known kinds; truth and faults are tables too, so that every
/// method can be judged against them.
///
/// Each part is one row of parts.def and one function: roads, buildings, traffic, shops and
/// rents come in the same way.
#ifndef DOSI_SAMPLE_SAMPLE_H
#define DOSI_SAMPLE_SAMPLE_H

#include "dosi/run.h"
#include "dosi/table.h"

/// How much city to make. Zero fields take the scale's value.
typedef struct dosi_sample_options {
    const char *scale; ///< "small", "city" (NULL means this) or "megacity".
    uint64_t seed;     ///< Any; the same seed makes the same bytes.
    dosi_time start;   ///< Start of the first measured hour; 0: 2025-03-01 00:00.
    int n_hours;       ///< Hours of air measurements; 0: 744, or 168 when small.
} dosi_sample_options;

/// Sizes that a scale stands for.
typedef struct dosi_sample_size {
    int n_districts, n_dong, n_stations, n_stacks;
    double radius_m; ///< Mean radius of the city's outline.
    double cell_m;   ///< Cell of the true field's grid.
    int n_hours;
} dosi_sample_size;

/// The size of a scale. DOSI_INVALID names the scales there are.
DOSI_CHECKED dosi_status dosi_sample_size_of(const char *scale,
                                             dosi_sample_size *out,
                                             dosi_error *err);

/// The tables of a city, in the order of parts.def.
typedef enum dosi_sample_part {
#define PART(name, ...) DOSI_SAMPLE_##name,
#include "sample/parts.def"
#undef PART
    DOSI_SAMPLE_PART_COUNT ///< Not a part: how many there are.
} dosi_sample_part;

/// What is said of a part in the catalogue.
typedef struct dosi_sample_words {
    const char *name; ///< Dataset name, without organisation.
    const char *title_ko, *title_en;
    const char *about_ko, *about_en;
    const char *frequency; ///< EU frequency code.
} dosi_sample_words;

/// The words of a part.
const dosi_sample_words *dosi_sample_describe(dosi_sample_part part);

/// Makes all parts of a city.
/// @param tables  (DOSI_SAMPLE_PART_COUNT) out, initialised; destroy each after use.
/// Cost: about 5 s and 400 MB for "city" on two cores.
DOSI_CHECKED dosi_status dosi_sample_make(const dosi_sample_options *options,
                                          const dosi_run *run,
                                          dosi_table *tables,
                                          dosi_error *err);

#endif // DOSI_SAMPLE_SAMPLE_H
