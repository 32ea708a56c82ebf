// Recipe seoul-districts: boundaries of Seoul's 25 districts (자치구), with the five-digit
// codes that the neighbourhoods' codes begin with.

#include "source/recipe.h"

#include <string.h>

static const dosi_recipe_column columns[] = {
    {"code|SIG_CD", "district", NULL, false, "자치구 코드", "district code"},
    {"name|SIG_KOR_NM", "name", NULL, false, "자치구", "district"},
    {"name_eng|SIG_ENG_NM", "name_en", NULL, true, "자치구 (영문)", "district, in English"},
    {"geometry", "geometry", NULL, false, "경계", "boundary"},
};

/// Codes of the Ministry of the Interior; Statistics Korea's own (11010...) differ.
static const char *const codes[][2] = {
    {"종로구", "11110"},   {"중구", "11140"},     {"용산구", "11170"},   {"성동구", "11200"},
    {"광진구", "11215"},   {"동대문구", "11230"}, {"중랑구", "11260"},   {"성북구", "11290"},
    {"강북구", "11305"},   {"도봉구", "11320"},   {"노원구", "11350"},   {"은평구", "11380"},
    {"서대문구", "11410"}, {"마포구", "11440"},   {"양천구", "11470"},   {"강서구", "11500"},
    {"구로구", "11530"},   {"금천구", "11545"},   {"영등포구", "11560"}, {"동작구", "11590"},
    {"관악구", "11620"},   {"서초구", "11650"},   {"강남구", "11680"},   {"송파구", "11710"},
    {"강동구", "11740"},
};

static const char *code_of(const char *name, size_t n) {
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (strlen(codes[i][0]) == n && memcmp(codes[i][0], name, n) == 0) return codes[i][1];
    }
    return NULL;
}

static dosi_status apply(const dosi_source_file *file,
                         const dosi_source_options *options,
                         dosi_source_result *result,
                         dosi_error *err) {
    dosi_recipe_job job = {file, options, result};
    dosi_table *table = &result->table;
    DOSI_TRY(dosi_recipe_columns(columns, sizeof columns / sizeof columns[0], result, err));
    DOSI_TRY(dosi_recipe_as(&job, "district", DOSI_TYPE_TEXT, err));
    DOSI_TRY(dosi_recipe_as(&job, "name", DOSI_TYPE_TEXT, err));
    size_t n_columns = dosi_table_find(table, "name_en") != SIZE_MAX ? 4 : 3;
    dosi_recipe_drop_rest(&job, n_columns);
    size_t n_changed = 0;
    for (size_t i = 0; i < table->n_rows; i++) {
        size_t n = 0;
        const char *name = dosi_column_bytes(&table->columns[1], i, &n);
        const char *code = name ? code_of(name, n) : NULL;
        if (!code) continue;
        DOSI_TRY(dosi_table_set_text(table, 0, i, code));
        n_changed++;
    }
    dosi_text_printf(&result->decisions,
                     "district: codes of the Ministry of the Interior, by "
                     "name (%zu of %zu)\n",
                     n_changed, table->n_rows);
    return DOSI_OK;
}

const dosi_recipe dosi_recipe_seoul_districts = {
    .name = "seoul-districts",
    .title_ko = "서울 자치구",
    .title_en = "Districts of Seoul",
    .about = "Boundaries with code, name, name_eng (KOSTAT GeoJSON); codes become those of the "
             "Ministry of the Interior, which neighbourhood codes begin with.",
    .publisher = "Statistics Korea",
    .frequency = "IRREG",
    .apply = apply,
};
