// Recipe seoul-gu-hourly: PM10 and PM2.5 of the 25 districts, one column each in the file
// ("강남구_10PM", "강남구_2.5PM"), one row for each hour and district here.

#include "source/recipe.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_DISTRICTS = 100, NAME_BYTES = 64 };

/// A district's two columns in the wide table.
typedef struct pair {
    char name[NAME_BYTES];
    size_t pm10, pm25; ///< SIZE_MAX: absent.
} pair;

/// Whether `name` is "<district><suffix>"; copies the district.
static bool split(const char *name, const char *suffix, char *district) {
    size_t length = strlen(name);
    size_t n_suffix = strlen(suffix);
    if (length <= n_suffix || strcmp(name + length - n_suffix, suffix) != 0) return false;
    if (length - n_suffix >= NAME_BYTES) return false;
    memcpy(district, name, length - n_suffix);
    district[length - n_suffix] = '\0';
    return true;
}

static size_t find_pairs(const dosi_table *wide, pair *pairs) {
    size_t n = 0;
    for (size_t c = 0; c < wide->n_columns; c++) {
        char district[NAME_BYTES];
        bool is_pm10 = split(wide->columns[c].name, "_10PM", district);
        if (!is_pm10 && !split(wide->columns[c].name, "_2.5PM", district)) continue;
        size_t i = 0;
        while (i < n && strcmp(pairs[i].name, district) != 0) i++;
        if (i == MOST_DISTRICTS) break;
        if (i == n) {
            pairs[n].pm10 = pairs[n].pm25 = SIZE_MAX;
            (void)snprintf(pairs[n++].name, NAME_BYTES, "%s", district);
        }
        *(is_pm10 ? &pairs[i].pm10 : &pairs[i].pm25) = c;
    }
    return n;
}

static dosi_status start_long(dosi_table *table, size_t n_rows, dosi_error *err) {
    static const struct {
        const char *name, *unit, *ko, *en;
        dosi_type type;
    } parts[] = {
        {"district_name", NULL, "자치구", "district", DOSI_TYPE_TEXT},
        {"time", NULL, "시각", "time", DOSI_TYPE_TIME},
        {"pm10_ugm3", "ug/m3", "미세먼지", "PM10", DOSI_TYPE_REAL},
        {"pm25_ugm3", "ug/m3", "초미세먼지", "PM2.5", DOSI_TYPE_REAL},
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        DOSI_TRY(dosi_table_add_column(table, parts[i].name, parts[i].type, NULL, err));
        DOSI_TRY(dosi_table_describe(table, i, parts[i].unit, parts[i].ko, parts[i].en));
    }
    return dosi_table_add_rows(table, n_rows, err);
}

static double value_at(const dosi_table *wide, size_t c, size_t row) {
    return c == SIZE_MAX ? (double)NAN : dosi_column_real(&wide->columns[c], row);
}

static dosi_status fill(const dosi_table *wide,
                        const dosi_column *time,
                        const pair *pairs,
                        size_t n_pairs,
                        dosi_table *table) {
    for (size_t p = 0; p < n_pairs; p++) {
        for (size_t i = 0; i < wide->n_rows; i++) {
            size_t row = p * wide->n_rows + i;
            DOSI_TRY(dosi_table_set_text(table, 0, row, pairs[p].name));
            table->columns[1].data.integer[row] = time->data.integer[i];
            table->columns[2].data.real[row] = value_at(wide, pairs[p].pm10, i);
            table->columns[3].data.real[row] = value_at(wide, pairs[p].pm25, i);
        }
    }
    return DOSI_OK;
}

static dosi_status apply(const dosi_source_file *file,
                         const dosi_source_options *options,
                         dosi_source_result *result,
                         dosi_error *err) {
    dosi_recipe_job job = {file, options, result};
    pair pairs[MOST_DISTRICTS];
    const dosi_column *time = NULL;
    dosi_table table = {0};
    DOSI_TRY(dosi_recipe_as(&job, "date", DOSI_TYPE_TIME, err));
    DOSI_TRY(dosi_table_get(&result->table, "date", DOSI_TYPE_TIME, &time, err));
    size_t n_pairs = find_pairs(&result->table, pairs);
    if (n_pairs == 0) {
        return dosi_fail(err, DOSI_PARSE, "no columns such as 강남구_10PM and 강남구_2.5PM");
    }
    size_t n_wide = result->table.n_rows;
    dosi_status status = start_long(&table, n_pairs * n_wide, err);
    if (status == DOSI_OK) status = fill(&result->table, time, pairs, n_pairs, &table);
    if (status != DOSI_OK) {
        dosi_table_destroy(&table);
        return status;
    }
    dosi_text_printf(&result->decisions,
                     "shape: %zu hours x %zu districts, a row for each (%zu rows)\n", n_wide,
                     n_pairs, table.n_rows);
    dosi_table_destroy(&result->table);
    result->table = table;
    dosi_recipe_drop_negative(&job, "pm10_ugm3");
    dosi_recipe_drop_negative(&job, "pm25_ugm3");
    return DOSI_OK;
}

const dosi_recipe dosi_recipe_seoul_gu_hourly = {
    .name = "seoul-gu-hourly",
    .title_ko = "서울 자치구별 시간 미세먼지",
    .title_en = "Hourly PM of Seoul's districts",
    .about =
        "date and two columns a district (강남구_10PM, 강남구_2.5PM): made into a row for each "
        "hour and district. The year 2022 has gaps filled by its publisher.",
    .publisher = "Seoul Metropolitan Government",
    .frequency = "HOURLY",
    .types = "date:time",
    .apply = apply,
};
