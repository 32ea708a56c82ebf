/// @file typing.h
/// From what the cells of a column look like to the column's type.
#ifndef DOSI_SOURCE_TYPING_H
#define DOSI_SOURCE_TYPING_H

#include "dosi/table.h"
#include "dosi/text.h"
#include "source/value.h"

/// How many cells of a column look like what.
typedef struct dosi_typing {
    uint64_t n[DOSI_VALUE_KINDS];
    bool is_forced;     ///< `type` was given by a person or a recipe.
    bool hints_at_time; ///< The column's name speaks of dates or times.
    dosi_type type;     ///< The decision.
} dosi_typing;

/// Decides `typing->type` from the counts (keeps a forced one). A type fits when all cells do,
/// or at least 99 % of more than 20; cells written as dates that do not exist count as dates
/// gone wrong, so that they are found and not taken for text.
void dosi_typing_decide(dosi_typing *typing);

/// Whether counts of a sample leave a text column in doubt: more rows may make it another type.
bool dosi_typing_is_doubtful(const dosi_typing *typing);

/// Cells that are not missing.
uint64_t dosi_typing_n_values(const dosi_typing *typing);

/// Whether the name of a column speaks of dates or times.
bool dosi_name_hints_at_time(const char *name);

/// Where a value goes.
typedef struct dosi_typing_place {
    dosi_table *table;
    size_t i_column;
    size_t row;
    int zone_s; ///< The lab's offset, for times with a zone.
} dosi_typing_place;

/// Stores trimmed text (not missing) in the cell; false when it does not fit the column.
/// Text always fits; false is then for want of memory.
bool dosi_typing_store(const dosi_typing_place *place, const char *bytes, size_t n_bytes);

/// "not a number": why a cell does not fit the type.
const char *dosi_typing_reason(dosi_type type);

/// Appends "real (14,637 values, 12 missing)", with what speaks for the type.
void dosi_typing_put(dosi_text *out, const dosi_typing *typing);

/// Appends a count with thousands separators.
void dosi_text_put_count(dosi_text *out, uint64_t count);

/// Parses "name:type,name:type" and looks `name` up.
/// @param out  The type when there is one, else DOSI_TYPE_COUNT.
/// @return DOSI_OK; DOSI_INVALID when the list has an unknown type.
DOSI_CHECKED dosi_status dosi_types_find(const char *types,
                                         const char *name,
                                         dosi_type *out,
                                         dosi_error *err);

#endif // DOSI_SOURCE_TYPING_H
