// Recipe seoul-dong: Seoul's administrative neighbourhoods (행정동) with the codes that all
// statistics use, and, with a population file, who lives there.

#include "source/recipe.h"

#include <stdlib.h>
#include <string.h>

enum { DONG_DIGITS = 8, DISTRICT_DIGITS = 5, KEY_BYTES = 200 };

static const dosi_recipe_column columns[] = {
    {"adm_cd2", "dong", NULL, false, "행정동 코드", "neighbourhood code"},
    {"adm_nm", "name", NULL, false, "행정동", "neighbourhood"},
    {"sgg", "district", NULL, false, "자치구 코드", "district code"},
    {"sggnm", "district_name", NULL, false, "자치구", "district"},
    {"geometry", "geometry", NULL, false, "경계", "boundary"},
};

/// Cuts the text of a cell to its first `n_kept` bytes, or to its last word when 0.
static dosi_status cut_cell(dosi_table *table, size_t c, size_t row, size_t n_kept) {
    size_t n = 0;
    char copy[KEY_BYTES];
    const char *bytes = dosi_column_bytes(&table->columns[c], row, &n);
    if (!bytes || n >= sizeof copy) return DOSI_OK;
    memcpy(copy, bytes, n);
    copy[n] = '\0';
    const char *start = copy;
    if (n_kept) {
        copy[n < n_kept ? n : n_kept] = '\0';
    } else if (strrchr(copy, ' ')) {
        start = strrchr(copy, ' ') + 1;
    }
    return dosi_table_set_text(table, c, row, start);
}

/// District and neighbourhood as one key; the ways to write "1.2.3가" are made one.
static void make_key(const dosi_table *table, size_t row, char *out) {
    size_t used = 0;
    static const char *const names[] = {"district_name", "name"};
    for (size_t i = 0; i < 2; i++) {
        size_t n = 0;
        const char *bytes =
            dosi_column_bytes(&table->columns[dosi_table_find(table, names[i])], row, &n);
        for (size_t k = 0; bytes && k < n && used + 2 < KEY_BYTES; k++) {
            bool is_middle_dot = k + 1 < n && memcmp(bytes + k, "\xC2\xB7", 2) == 0;
            if (is_middle_dot) {
                k++;
            } else if (!strchr(".,", bytes[k])) {
                out[used++] = bytes[k];
            }
        }
        out[used++] = '/';
    }
    out[used] = '\0';
}

/// Fills the population of every neighbourhood from a table with one row for each.
static dosi_status join_population(const dosi_recipe_job *job,
                                   const dosi_table *people,
                                   size_t population,
                                   dosi_error *err) {
    dosi_table *table = &job->result->table;
    const dosi_column *count = NULL;
    const dosi_column *unused = NULL;
    DOSI_TRY(dosi_table_get(people, "population", DOSI_TYPE_INT, &count, err));
    DOSI_TRY(dosi_table_get(people, "district_name", DOSI_TYPE_TEXT, &unused, err));
    DOSI_TRY(dosi_table_get(people, "name", DOSI_TYPE_TEXT, &unused, err));
    size_t n_joined = 0;
    for (size_t i = 0; i < table->n_rows; i++) {
        char wanted[KEY_BYTES + 4];
        char key[KEY_BYTES + 4];
        make_key(table, i, wanted);
        for (size_t k = 0; k < people->n_rows; k++) {
            make_key(people, k, key);
            if (strcmp(key, wanted) != 0) continue;
            table->columns[population].data.integer[i] = count->data.integer[k];
            n_joined++;
            break;
        }
    }
    dosi_text_printf(&job->result->decisions,
                     "population: %zu of %zu neighbourhoods have one, by district and name\n",
                     n_joined, table->n_rows);
    return DOSI_OK;
}

static dosi_status read_population(const dosi_recipe_job *job, size_t column, dosi_error *err) {
    dosi_source_options options = {.recipe = "seoul-population"};
    dosi_source_result people = {0};
    DOSI_TRY(dosi_source_read(job->options->with, &options, NULL, &people, err));
    dosi_text_printf(&job->result->decisions, "with: %s (hash %s)\n",
                     strrchr(job->options->with, '/') ? strrchr(job->options->with, '/') + 1
                                                      : job->options->with,
                     people.source_hash);
    dosi_status status = join_population(job, &people.table, column, err);
    dosi_source_result_clear(&people);
    return status;
}

static dosi_status apply(const dosi_source_file *file,
                         const dosi_source_options *options,
                         dosi_source_result *result,
                         dosi_error *err) {
    dosi_recipe_job job = {file, options, result};
    dosi_table *table = &result->table;
    DOSI_TRY(dosi_recipe_columns(columns, sizeof columns / sizeof columns[0], result, err));
    dosi_recipe_drop_rest(&job, sizeof columns / sizeof columns[0]);
    for (size_t c = 0; c < 4; c++) {
        DOSI_TRY(dosi_recipe_as(&job, columns[c].to, DOSI_TYPE_TEXT, err));
    }
    for (size_t i = 0; i < table->n_rows; i++) {
        DOSI_TRY(cut_cell(table, 0, i, DONG_DIGITS));
        DOSI_TRY(cut_cell(table, 1, i, 0));
        DOSI_TRY(cut_cell(table, 2, i, DISTRICT_DIGITS));
    }
    dosi_text_puts(&result->decisions, "dong: the first 8 digits of adm_cd2\n");
    if (!options->with) return DOSI_OK;
    size_t population = 0;
    DOSI_TRY(dosi_table_add_column(table, "population", DOSI_TYPE_INT, &population, err));
    DOSI_TRY(dosi_table_describe(table, population, "{person}", "인구", "population"));
    return read_population(&job, population, err);
}

const dosi_recipe dosi_recipe_seoul_dong = {
    .name = "seoul-dong",
    .title_ko = "서울 행정동",
    .title_en = "Neighbourhoods of Seoul",
    .about = "Boundaries of the administrative neighbourhoods (GeoJSON with adm_nm, adm_cd2, "
             "sgg, sggnm). Codes are the first 8 digits of adm_cd2. With a population file "
             "(--with, as in seoul-population) each has its population.",
    .publisher = "Statistics Korea (SGIS), vuski/admdongkor",
    .frequency = "IRREG",
    .apply = apply,
};
