// Recipe seoul-population: registered population of Seoul by neighbourhood, one year; subtotals
// of districts are left out.

#include "source/recipe.h"

#include <stdlib.h>
#include <string.h>

static const dosi_recipe_column columns[] = {
    {"자치구", "district_name", NULL, false, "자치구", "district"},
    {"동|행정동", "name", NULL, false, "행정동", "neighbourhood"},
    {"세대|세대수", "households", "{household}", true, "세대", "households"},
    {"전체|계|합계", "population", "{person}", false, "인구", "population"},
    {"남자", "men", "{person}", true, "남자", "men"},
    {"여자", "women", "{person}", true, "여자", "women"},
    {"한국인전체", "koreans", "{person}", true, "한국인", "Korean nationals"},
    {"한국인남자", "korean_men", "{person}", true, "한국인 남자", "Korean men"},
    {"한국인여자", "korean_women", "{person}", true, "한국인 여자", "Korean women"},
    {"외국인전체", "foreigners", "{person}", true, "외국인", "foreign nationals"},
    {"외국인남자", "foreign_men", "{person}", true, "외국인 남자", "foreign men"},
    {"외국인여자", "foreign_women", "{person}", true, "외국인 여자", "foreign women"},
    {"세대당인구", "household_size", "{person}", true, "세대당 인구", "people a household"},
    {"65세이상", "aged_65", "{person}", true, "65세 이상", "aged 65 and over"},
};

static bool is_word(const dosi_column *column, size_t row, const char *word) {
    size_t n = 0;
    const char *bytes = dosi_column_bytes(column, row, &n);
    return bytes && n == strlen(word) && memcmp(bytes, word, n) == 0;
}

static dosi_status apply(const dosi_source_file *file,
                         const dosi_source_options *options,
                         dosi_source_result *result,
                         dosi_error *err) {
    dosi_recipe_job job = {file, options, result};
    dosi_table *table = &result->table;
    const dosi_column *name = NULL;
    DOSI_TRY(dosi_recipe_columns(columns, sizeof columns / sizeof columns[0], result, err));
    DOSI_TRY(dosi_table_get(table, "name", DOSI_TYPE_TEXT, &name, err));
    DOSI_TRY(dosi_recipe_as(&job, "population", DOSI_TYPE_INT, err));
    bool *is_kept = calloc(table->n_rows ? table->n_rows : 1, sizeof *is_kept);
    if (!is_kept)
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu rows", table->n_rows);
    for (size_t i = 0; i < table->n_rows; i++) {
        is_kept[i] =
            !is_word(name, i, "소계") && !is_word(name, i, "합계") && !is_word(name, i, "계");
    }
    dosi_status status =
        dosi_recipe_keep(&job, is_kept, "subtotals 소계 and 합계 left out", err);
    free(is_kept);
    return status;
}

const dosi_recipe dosi_recipe_seoul_population = {
    .name = "seoul-population",
    .title_ko = "서울 행정동별 주민등록인구",
    .title_en = "Registered population of Seoul by neighbourhood",
    .about = "자치구, 동, 세대, 전체, 남자, 여자, 한국인, 외국인, 65세이상: one row a "
             "neighbourhood; the rows of subtotals are left out.",
    .publisher = "Seoul Metropolitan Government",
    .frequency = "ANNUAL",
    .apply = apply,
};
