/// @file recipe.h
/// Recipes: what is known of one publisher's file beyond its format, and how it becomes a table
/// with Dosi's names and units. One file each, recipe_<name>.c, and one line in recipes.def.
#ifndef DOSI_SOURCE_RECIPE_H
#define DOSI_SOURCE_RECIPE_H

#include "source/reader.h"

/// A recipe.
typedef struct dosi_recipe {
    const char *name; ///< "airkorea-hourly"
    const char *title_ko, *title_en;
    const char *about;     ///< Which files, from whom, and what becomes of them.
    const char *publisher; ///< NULL: not known.
    const char *frequency; ///< EU frequency code, or NULL.
    /// Types that the columns must have, as in dosi_source_options.types; NULL: as detected.
    const char *types;
    int header_rows; ///< As in dosi_source_options; 0: detect.
    /// Turns what was read into the canonical table. `result->table` is the file's own on
    /// entry. Adds decisions and rejects.
    dosi_status (*apply)(const dosi_source_file *file,
                         const dosi_source_options *options,
                         dosi_source_result *result,
                         dosi_error *err);
} dosi_recipe;

/// All recipes, by name; `*n_recipes` of them.
const dosi_recipe *const *dosi_recipes(size_t *n_recipes);

/// The recipe called `name`, or NULL.
const dosi_recipe *dosi_recipe_find(const char *name);

/// A column that a recipe knows.
typedef struct dosi_recipe_column {
    const char *from; ///< Names it may have in the file, separated by '|'.
    const char *to;   ///< Canonical name; NULL: the column is dropped.
    const char *unit;
    bool is_optional;
    const char *meaning_ko, *meaning_en;
} dosi_recipe_column;

/// Renames, orders, describes and drops columns as `columns` say. Columns not named are kept
/// behind the others under their own names. DOSI_PARSE names a column that is not optional and
/// absent, and lists what there is.
DOSI_CHECKED dosi_status dosi_recipe_columns(const dosi_recipe_column *columns,
                                             size_t n_columns,
                                             dosi_source_result *result,
                                             dosi_error *err);

/// A recipe at work: what its helpers need.
typedef struct dosi_recipe_job {
    const dosi_source_file *file;
    const dosi_source_options *options;
    dosi_source_result *result;
} dosi_recipe_job;

/// Makes the column of another type, by reading each value as if it were written in a cell
/// (2020020124 becomes a time). Rows whose value does not fit become rejects. Nothing happens
/// when the type is right already, or there is no such column.
DOSI_CHECKED dosi_status dosi_recipe_as(const dosi_recipe_job *job,
                                        const char *name,
                                        dosi_type type,
                                        dosi_error *err);

/// Makes negative values of a real column missing (-999 stands for "no value"); says how many.
void dosi_recipe_drop_negative(const dosi_recipe_job *job, const char *name);

/// Keeps the rows whose flag is set; `why` is said with the number of those left out.
/// @param is_kept  (table.n_rows)
DOSI_CHECKED dosi_status dosi_recipe_keep(const dosi_recipe_job *job,
                                          const bool *is_kept,
                                          const char *why,
                                          dosi_error *err);

/// Drops all columns behind the first `n`, and says which.
void dosi_recipe_drop_rest(const dosi_recipe_job *job, size_t n);

#endif // DOSI_SOURCE_RECIPE_H
