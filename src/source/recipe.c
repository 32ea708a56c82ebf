// The list of recipes, and what all of them do to columns.

#include "source/recipe.h"

#include <assert.h>
#include <string.h>

#define RECIPE(name) extern const dosi_recipe dosi_recipe_##name;
#include "source/recipes.def"
#undef RECIPE

static const dosi_recipe *const recipes[] = {
#define RECIPE(name) &dosi_recipe_##name,
#include "source/recipes.def"
#undef RECIPE
    NULL,
};

const dosi_recipe *const *dosi_recipes(size_t *n_recipes) {
    assert(n_recipes);
    *n_recipes = sizeof recipes / sizeof recipes[0] - 1;
    return recipes;
}

const dosi_recipe *dosi_recipe_find(const char *name) {
    for (size_t i = 0; recipes[i]; i++) {
        if (strcmp(recipes[i]->name, name) == 0) return recipes[i];
    }
    return NULL;
}

/// Index of the first column from `first` on whose name is in `names` ("a|b|c"), or SIZE_MAX.
static size_t find_any(const dosi_table *table, size_t first, const char *names) {
    for (const char *at = names; *at;) {
        size_t length = strcspn(at, "|");
        for (size_t i = first; i < table->n_columns; i++) {
            const char *name = table->columns[i].name;
            if (strlen(name) == length && memcmp(name, at, length) == 0) return i;
        }
        at += length + (at[length] == '|');
    }
    return SIZE_MAX;
}

/// Moves column `from` to `to` <= from, keeping the order of the rest.
static void move_column(dosi_table *table, size_t from, size_t to) {
    dosi_column moved = table->columns[from];
    memmove(&table->columns[to + 1], &table->columns[to], (from - to) * sizeof moved);
    table->columns[to] = moved;
}

static dosi_status absent(const dosi_table *table, const char *names, dosi_error *err) {
    dosi_text list = {0};
    for (size_t i = 0; i < table->n_columns; i++) {
        dosi_text_printf(&list, "%s%s", i ? ", " : "", table->columns[i].name);
    }
    dosi_status status = dosi_fail(err, DOSI_PARSE, "no column \"%s\" among: %.300s", names,
                                   dosi_text_string(&list));
    dosi_text_destroy(&list);
    return status;
}

dosi_status dosi_recipe_columns(const dosi_recipe_column *columns,
                                size_t n_columns,
                                dosi_source_result *result,
                                dosi_error *err) {
    assert(columns && result);
    dosi_table *table = &result->table;
    size_t n_placed = 0;
    for (size_t i = 0; i < n_columns; i++) {
        const dosi_recipe_column *column = &columns[i];
        size_t found = find_any(table, n_placed, column->from);
        if (found == SIZE_MAX && column->is_optional) continue;
        if (found == SIZE_MAX) return absent(table, column->from, err);
        if (!column->to) {
            dosi_text_printf(&result->decisions, "column dropped: %s\n",
                             table->columns[found].name);
            dosi_table_drop_column(table, found);
            continue;
        }
        if (found > n_placed) move_column(table, found, n_placed);
        if (strcmp(table->columns[n_placed].name, column->to) != 0) {
            dosi_text_printf(&result->decisions, "column: %s -> %s\n",
                             table->columns[n_placed].name, column->to);
            DOSI_TRY(dosi_table_rename(table, n_placed, column->to, err));
        }
        DOSI_TRY(dosi_table_describe(table, n_placed, column->unit, column->meaning_ko,
                                     column->meaning_en));
        n_placed++;
    }
    return DOSI_OK;
}
