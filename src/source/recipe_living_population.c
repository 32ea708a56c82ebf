// Recipe living-population: how many people are in each neighbourhood of Seoul in each hour of
// a week, from the arrays of 168 hours that the city's map application loads.

#include "source/recipe.h"
#include "source/value.h"

#include <ctype.h>
#include <jansson.h>
#include <string.h>

enum { N_SERIES = 9, MOST_HOURS = 24 * 366 };

static const struct {
    const char *from, *to, *ko, *en;
} series[N_SERIES] = {
    {"t", "population", "생활인구", "people present"},
    {"f", "women", "여자", "women"},
    {"m", "men", "남자", "men"},
    {"a1", "age_1", "연령대 1", "age group 1"},
    {"a2", "age_2", "연령대 2", "age group 2"},
    {"a3", "age_3", "연령대 3", "age group 3"},
    {"a4", "age_4", "연령대 4", "age group 4"},
    {"a5", "age_5", "연령대 5", "age group 5"},
    {"a6", "age_6", "연령대 6", "age group 6"},
};

/// The first day, from the folder that the file is in: ".../20190304/whole.json".
static dosi_status find_day(const dosi_source_file *file, int64_t *day, dosi_error *err) {
    const char *path = file->path ? file->path : "";
    for (const char *at = path; *at; at++) {
        size_t n = strspn(at, "0123456789");
        bool is_start = at == path || !isdigit((unsigned char)at[-1]);
        if (n == 8 && is_start && dosi_value_date(at, n, day)) return DOSI_OK;
    }
    return dosi_fail(err, DOSI_INVALID,
                     "%s: which day does it begin? Put it in a folder named so, as in "
                     "20190304/whole.json",
                     file->name);
}

static dosi_status start_long(dosi_table *table, dosi_error *err) {
    DOSI_TRY(dosi_table_add_column(table, "dong", DOSI_TYPE_TEXT, NULL, err));
    DOSI_TRY(dosi_table_add_column(table, "name", DOSI_TYPE_TEXT, NULL, err));
    DOSI_TRY(dosi_table_add_column(table, "time", DOSI_TYPE_TIME, NULL, err));
    DOSI_TRY(dosi_table_describe(table, 0, NULL, "행정동 코드", "neighbourhood code"));
    DOSI_TRY(
        dosi_table_describe(table, 1, NULL, "자치구와 행정동", "district and neighbourhood"));
    DOSI_TRY(dosi_table_describe(table, 2, NULL, "시각 (시간의 끝)", "end of the hour"));
    for (size_t i = 0; i < N_SERIES; i++) {
        size_t c = 0;
        DOSI_TRY(dosi_table_add_column(table, series[i].to, DOSI_TYPE_INT, &c, err));
        DOSI_TRY(dosi_table_describe(table, c, "{person}", series[i].ko, series[i].en));
    }
    return DOSI_OK;
}

/// Stores one series of a neighbourhood in the rows from `first` on, adding them as needed.
static dosi_status add_series(
    const dosi_column *from, size_t row, size_t column, size_t first, dosi_table *table) {
    size_t n = 0;
    const char *bytes = dosi_column_bytes(from, row, &n);
    json_t *array = bytes ? json_loadb(bytes, n, 0, NULL) : NULL;
    size_t n_hours = json_array_size(array);
    dosi_status status = n_hours <= MOST_HOURS ? DOSI_OK : DOSI_LIMIT;
    if (status == DOSI_OK && first + n_hours > table->n_rows) {
        status = dosi_table_add_rows(table, first + n_hours - table->n_rows, NULL);
    }
    for (size_t h = 0; h < n_hours && status == DOSI_OK; h++) {
        const json_t *value = json_array_get(array, h);
        if (!json_is_number(value)) continue;
        table->columns[column].data.integer[first + h] = (int64_t)json_number_value(value);
    }
    json_decref(array);
    return status;
}

static dosi_status label_rows(
    const dosi_table *wide, size_t row, size_t first, int64_t day, dosi_table *table) {
    size_t n[2];
    const char *texts[2] = {
        dosi_column_bytes(&wide->columns[dosi_table_find(wide, "code_8")], row, &n[0]),
        dosi_column_bytes(&wide->columns[dosi_table_find(wide, "full_name")], row, &n[1])};
    for (size_t i = first; i < table->n_rows; i++) {
        for (size_t k = 0; k < 2; k++) {
            if (texts[k]) DOSI_TRY(dosi_table_set_bytes(table, k, i, texts[k], n[k]));
        }
        // The value of hour 0 is counted from 00 to 01: stamped with the hour's end.
        table->columns[2].data.integer[i] =
            day * DOSI_DAY_US + (int64_t)(i - first + 1) * DOSI_HOUR_US;
    }
    return DOSI_OK;
}

static dosi_status fill(const dosi_table *wide,
                        int64_t day,
                        dosi_table *table,
                        dosi_error *err) {
    for (size_t row = 0; row < wide->n_rows; row++) {
        size_t first = table->n_rows;
        for (size_t i = 0; i < N_SERIES; i++) {
            size_t c = dosi_table_find(wide, series[i].from);
            if (c == SIZE_MAX || wide->columns[c].type != DOSI_TYPE_TEXT) continue;
            dosi_status status = add_series(&wide->columns[c], row, 3 + i, first, table);
            if (status == DOSI_OK) continue;
            return dosi_fail(err, status, "record %zu: too many hours in \"%s\"", row + 1,
                             series[i].from);
        }
        DOSI_TRY(label_rows(wide, row, first, day, table));
    }
    return DOSI_OK;
}

static dosi_status apply(const dosi_source_file *file,
                         const dosi_source_options *options,
                         dosi_source_result *result,
                         dosi_error *err) {
    dosi_recipe_job job = {file, options, result};
    const dosi_column *unused = NULL;
    dosi_table table = {0};
    int64_t day = 0;
    DOSI_TRY(find_day(file, &day, err));
    DOSI_TRY(dosi_recipe_as(&job, "code_8", DOSI_TYPE_TEXT, err));
    DOSI_TRY(dosi_table_get(&result->table, "code_8", DOSI_TYPE_TEXT, &unused, err));
    DOSI_TRY(dosi_table_get(&result->table, "full_name", DOSI_TYPE_TEXT, &unused, err));
    DOSI_TRY(dosi_table_get(&result->table, "t", DOSI_TYPE_TEXT, &unused, err));
    dosi_status status = start_long(&table, err);
    if (status == DOSI_OK) status = fill(&result->table, day, &table, err);
    if (status != DOSI_OK) {
        dosi_table_destroy(&table);
        return status;
    }
    dosi_text_printf(
        &result->decisions,
        "shape: %zu neighbourhoods, a row for each and hour (%zu rows), from the day "
        "that the folder names\n",
        result->table.n_rows, table.n_rows);
    dosi_table_destroy(&result->table);
    result->table = table;
    return DOSI_OK;
}

const dosi_recipe dosi_recipe_living_population = {
    .name = "living-population",
    .title_ko = "서울 행정동별 생활인구",
    .title_en = "People present in Seoul's neighbourhoods by hour",
    .about =
        "JSON records with code_8, full_name and arrays of hourly values t, f, m, a1 to a6: "
        "made into a row for each neighbourhood and hour. The folder's name is the first day.",
    .publisher = "Seoul Metropolitan Government, KT",
    .frequency = "HOURLY",
    .types = "code_8:text",
    .apply = apply,
};
