// Recipe seoul-households-monthly: registered households and people of the districts by month,
// which the file spreads over two header rows ("2020. 01" above "세대 (세대)" and "합계 (명)").

#include "source/recipe.h"
#include "source/value.h"

#include <string.h>

/// What one column of the wide table holds.
typedef struct month_column {
    int64_t day; ///< First of the month, days since 1970.
    bool is_people;
} month_column;

/// Reads "2020. 01 / 합계"; false for other names.
static bool read_name(const char *name, month_column *out) {
    const char *slash = strstr(name, " / ");
    if (!slash || !dosi_value_date(name, (size_t)(slash - name), &out->day)) return false;
    out->is_people = strncmp(slash + 3, "합계", strlen("합계")) == 0;
    return out->is_people || strncmp(slash + 3, "세대", strlen("세대")) == 0;
}

static bool is_subtotal(const dosi_column *column, size_t row) {
    static const char *const words[] = {"합계", "소계", "계"};
    size_t n = 0;
    const char *bytes = dosi_column_bytes(column, row, &n);
    for (size_t i = 0; bytes && i < sizeof words / sizeof words[0]; i++) {
        if (strlen(words[i]) == n && memcmp(words[i], bytes, n) == 0) return true;
    }
    return false;
}

static dosi_status start_long(dosi_table *table, dosi_error *err) {
    DOSI_TRY(dosi_table_add_column(table, "district_name", DOSI_TYPE_TEXT, NULL, err));
    DOSI_TRY(dosi_table_add_column(table, "month", DOSI_TYPE_DATE, NULL, err));
    DOSI_TRY(dosi_table_add_column(table, "households", DOSI_TYPE_INT, NULL, err));
    DOSI_TRY(dosi_table_add_column(table, "population", DOSI_TYPE_INT, NULL, err));
    DOSI_TRY(dosi_table_describe(table, 0, NULL, "자치구", "district"));
    DOSI_TRY(dosi_table_describe(table, 1, NULL, "달의 첫날", "first day of the month"));
    DOSI_TRY(dosi_table_describe(table, 2, "{household}", "세대", "households"));
    return dosi_table_describe(table, 3, "{person}", "인구", "population");
}

/// Adds the months of one district.
static dosi_status add_district(const dosi_table *wide,
                                const dosi_column *name,
                                size_t row,
                                dosi_table *table,
                                dosi_error *err) {
    size_t n = 0;
    const char *bytes = dosi_column_bytes(name, row, &n);
    int64_t last_day = DOSI_MISSING_INT;
    for (size_t c = 0; c < wide->n_columns; c++) {
        month_column month;
        if (wide->columns[c].type != DOSI_TYPE_INT) continue;
        if (!read_name(wide->columns[c].name, &month)) continue;
        if (month.day != last_day) {
            DOSI_TRY(dosi_table_add_rows(table, 1, err));
            DOSI_TRY(dosi_table_set_bytes(table, 0, table->n_rows - 1, bytes, n));
            table->columns[1].data.integer[table->n_rows - 1] = month.day;
            last_day = month.day;
        }
        table->columns[month.is_people ? 3 : 2].data.integer[table->n_rows - 1] =
            wide->columns[c].data.integer[row];
    }
    return DOSI_OK;
}

static dosi_status apply(const dosi_source_file *file,
                         const dosi_source_options *options,
                         dosi_source_result *result,
                         dosi_error *err) {
    (void)file;
    (void)options;
    const dosi_column *name = NULL;
    const dosi_table *wide = &result->table;
    dosi_table table = {0};
    size_t n_left_out = 0;
    DOSI_TRY(dosi_table_get(wide, "동별(2)", DOSI_TYPE_TEXT, &name, err));
    dosi_status status = start_long(&table, err);
    for (size_t i = 0; i < wide->n_rows && status == DOSI_OK; i++) {
        bool is_left_out = dosi_column_is_missing(name, i) || is_subtotal(name, i);
        n_left_out += is_left_out;
        if (!is_left_out) status = add_district(wide, name, i, &table, err);
    }
    if (status == DOSI_OK && table.n_rows == 0) {
        status = dosi_fail(err, DOSI_PARSE, "no columns such as \"2020. 01 / 합계\"");
    }
    if (status != DOSI_OK) {
        dosi_table_destroy(&table);
        return status;
    }
    dosi_text_printf(&result->decisions,
                     "shape: a row for each district and month (%zu rows); %zu rows of totals "
                     "left out\n",
                     table.n_rows, n_left_out);
    dosi_table_destroy(&result->table);
    result->table = table;
    return DOSI_OK;
}

const dosi_recipe dosi_recipe_seoul_households = {
    .name = "seoul-households-monthly",
    .title_ko = "서울 월별 등록인구와 세대",
    .title_en = "Registered households and population of Seoul's districts by month",
    .about = "동별(1), 동별(2) and two columns a month (2020. 01: 세대, 합계) under two header "
             "rows: made into a row for each district and month; totals are left out.",
    .publisher = "Seoul Metropolitan Government",
    .frequency = "MONTHLY",
    .header_rows = 2,
    .apply = apply,
};
