// What recipes do to columns and rows beyond renaming.

#include "source/recipe.h"
#include "source/typing.h"
#include "table/write.h"

#include <assert.h>
#include <stdlib.h>

/// A column being made of another type.
typedef struct remaking {
    const dosi_recipe_job *job;
    const dosi_column *from;
    dosi_table fresh; ///< One column: the new one.
    bool *is_kept;
    size_t n_bad;
} remaking;

/// Stores row `i` in the new column, or rejects it.
static dosi_status remake_cell(remaking *r, size_t i, dosi_text *text, dosi_error *err) {
    r->is_kept[i] = true;
    if (dosi_column_is_missing(r->from, i)) return DOSI_OK;
    dosi_text_clear(text);
    dosi_cell_put_text(text, r->from, i, NULL);
    DOSI_TRY(dosi_text_status(text, err));
    const char *bytes = dosi_text_string(text);
    size_t n = text->length;
    dosi_value_trim(&bytes, &n);
    dosi_typing_place place = {&r->fresh, 0, i, r->job->options->zone_s};
    if (dosi_value_is_missing(bytes, n) || dosi_typing_store(&place, bytes, n)) return DOSI_OK;
    r->is_kept[i] = false;
    r->n_bad++;
    dosi_reject reject = {.file = r->job->file->name,
                          .line = i + 1,
                          .column = r->from->name,
                          .value = bytes,
                          .n_value = n,
                          .reason = dosi_typing_reason(r->fresh.columns[0].type)};
    return dosi_reject_add(r->job->result, r->job->options, &reject, err);
}

/// Puts the new column in the place of the old one.
static void replace_column(dosi_table *table, size_t c, dosi_table *fresh) {
    dosi_column old = table->columns[c];
    dosi_column *made = &fresh->columns[0];
    table->columns[c] = *made;
    table->columns[c].unit = old.unit;
    table->columns[c].meaning_ko = old.meaning_ko;
    table->columns[c].meaning_en = old.meaning_en;
    old.unit = NULL;
    old.meaning_ko = NULL;
    old.meaning_en = NULL;
    *made = old;
}

dosi_status dosi_recipe_as(const dosi_recipe_job *job,
                           const char *name,
                           dosi_type type,
                           dosi_error *err) {
    assert(job && name);
    dosi_table *table = &job->result->table;
    size_t c = dosi_table_find(table, name);
    if (c == SIZE_MAX || table->columns[c].type == type) return DOSI_OK;
    remaking r = {.job = job, .from = &table->columns[c]};
    dosi_text text = {0};
    r.is_kept = calloc(table->n_rows ? table->n_rows : 1, sizeof *r.is_kept);
    dosi_status status = r.is_kept ? DOSI_OK : DOSI_NO_MEMORY;
    if (status == DOSI_OK) status = dosi_table_add_rows(&r.fresh, table->n_rows, err);
    if (status == DOSI_OK) status = dosi_table_reserve(&r.fresh, table->row_capacity, err);
    if (status == DOSI_OK) status = dosi_table_add_column(&r.fresh, name, type, NULL, err);
    for (size_t i = 0; i < table->n_rows && status == DOSI_OK; i++) {
        status = remake_cell(&r, i, &text, err);
    }
    if (status == DOSI_OK) {
        dosi_text_printf(&job->result->decisions, "type: %s is %s (was %s)\n", name,
                         dosi_type_name(type), dosi_type_name(r.from->type));
        replace_column(table, c, &r.fresh);
        if (r.n_bad) status = dosi_recipe_keep(job, r.is_kept, "values of another type", err);
    }
    dosi_text_destroy(&text);
    dosi_table_destroy(&r.fresh);
    free(r.is_kept);
    return status;
}

void dosi_recipe_drop_negative(const dosi_recipe_job *job, const char *name) {
    dosi_table *table = &job->result->table;
    size_t c = dosi_table_find(table, name);
    if (c == SIZE_MAX || table->columns[c].type != DOSI_TYPE_REAL) return;
    size_t n = 0;
    double *values = table->columns[c].data.real;
    for (size_t i = 0; i < table->n_rows; i++) {
        if (!(values[i] < 0.0)) continue;
        values[i] = NAN;
        n++;
    }
    if (n == 0) return;
    dosi_text_printf(&job->result->decisions,
                     "missing: %zu negative values of %s stand for no value\n", n, name);
}

dosi_status dosi_recipe_keep(const dosi_recipe_job *job,
                             const bool *is_kept,
                             const char *why,
                             dosi_error *err) {
    assert(job && is_kept && why);
    dosi_table *table = &job->result->table;
    size_t *rows = calloc(table->n_rows ? table->n_rows : 1, sizeof *rows);
    if (!rows) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu rows", table->n_rows);
    size_t n = 0;
    for (size_t i = 0; i < table->n_rows; i++) {
        if (is_kept[i]) rows[n++] = i;
    }
    dosi_table kept = {0};
    size_t n_before = table->n_rows;
    dosi_status status = n == n_before ? DOSI_OK : dosi_table_take(table, rows, n, &kept, err);
    free(rows);
    if (status != DOSI_OK) {
        dosi_table_destroy(&kept);
        return status;
    }
    if (n == n_before) return DOSI_OK;
    dosi_text_printf(&job->result->decisions, "rows: %zu of %zu kept (%s)\n", n, n_before, why);
    dosi_table_destroy(table);
    *table = kept;
    return DOSI_OK;
}

void dosi_recipe_drop_rest(const dosi_recipe_job *job, size_t n) {
    dosi_table *table = &job->result->table;
    if (table->n_columns <= n) return;
    dosi_text_puts(&job->result->decisions, "columns left out:");
    while (table->n_columns > n) {
        dosi_text_printf(&job->result->decisions, " %s", table->columns[n].name);
        dosi_table_drop_column(table, n);
    }
    dosi_text_putc(&job->result->decisions, '\n');
}
