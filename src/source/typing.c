// Which type a column has, and storing cells by it.

#include "source/typing.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { FEW = 20, NEARLY_ALL_PERCENT = 99 };

uint64_t dosi_typing_n_values(const dosi_typing *typing) {
    uint64_t n = 0;
    for (int i = 0; i < DOSI_VALUE_KINDS; i++) n += typing->n[i];
    return n - typing->n[DOSI_VALUE_MISSING];
}

bool dosi_name_hints_at_time(const char *name) {
    static const char *const words[] = {"date", "time", "일시",   "일자", "날짜",
                                        "시간", "시각", "년월일", "hour", "측정일"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcasestr(name, words[i])) return true;
    }
    return false;
}

/// Whether `n_fit` of `n` is all, or nearly all of many.
static bool fits(uint64_t n_fit, uint64_t n) {
    if (n_fit == n) return true;
    return n > FEW && n_fit * 100 >= n * NEARLY_ALL_PERCENT;
}

/// Dates: written out, or as digits where that is what nearly all digits are.
static dosi_type time_type(const dosi_typing *t, uint64_t n) {
    uint64_t n_days = t->n[DOSI_VALUE_DATE];
    uint64_t n_times = t->n[DOSI_VALUE_TIME];
    uint64_t n_bad = t->n[DOSI_VALUE_BAD_DATE];
    bool is_written = n_days + n_times > n_bad && fits(n_days + n_times + n_bad, n);
    if (is_written) return n_times ? DOSI_TYPE_TIME : DOSI_TYPE_DATE;
    // Twenty numbers that are all real days do not come about by chance.
    uint64_t n_day8 = t->n[DOSI_VALUE_DAY8];
    uint64_t n_hour10 = t->n[DOSI_VALUE_HOUR10];
    bool is_digits = t->hints_at_time ? (n_day8 + n_hour10) * 10 >= n * 9 && n > 0
                                      : n > FEW && fits(n_day8 + n_hour10, n);
    if (!is_digits) return DOSI_TYPE_COUNT;
    if (n_hour10 == 0) return DOSI_TYPE_DATE;
    return n_day8 == 0 || t->hints_at_time ? DOSI_TYPE_TIME : DOSI_TYPE_COUNT;
}

void dosi_typing_decide(dosi_typing *typing) {
    assert(typing);
    if (typing->is_forced) return;
    uint64_t n = dosi_typing_n_values(typing);
    typing->type = DOSI_TYPE_TEXT;
    if (n == 0 || typing->n[DOSI_VALUE_CODE]) return;
    dosi_type time = time_type(typing, n);
    uint64_t n_int =
        typing->n[DOSI_VALUE_INT] + typing->n[DOSI_VALUE_DAY8] + typing->n[DOSI_VALUE_HOUR10];
    uint64_t n_real = n_int + typing->n[DOSI_VALUE_REAL];
    if (time != DOSI_TYPE_COUNT) {
        typing->type = time;
    } else if (fits(typing->n[DOSI_VALUE_BOOL], n)) {
        typing->type = DOSI_TYPE_BOOL;
    } else if (fits(n_real, n)) {
        typing->type = n_int == n_real ? DOSI_TYPE_INT : DOSI_TYPE_REAL;
    }
}

bool dosi_typing_is_doubtful(const dosi_typing *typing) {
    if (typing->is_forced || typing->type != DOSI_TYPE_TEXT) return false;
    if (typing->n[DOSI_VALUE_CODE]) return false;
    return typing->n[DOSI_VALUE_TEXT] * 2 <= dosi_typing_n_values(typing);
}

bool dosi_typing_store(const dosi_typing_place *place, const char *bytes, size_t n_bytes) {
    dosi_column *column = &place->table->columns[place->i_column];
    size_t row = place->row;
    switch (column->type) {
    case DOSI_TYPE_INT:
        return dosi_value_int(bytes, n_bytes, &column->data.integer[row]);
    case DOSI_TYPE_REAL:
        return dosi_value_real(bytes, n_bytes, &column->data.real[row]);
    case DOSI_TYPE_BOOL:
        return dosi_value_bool(bytes, n_bytes, &column->data.boolean[row]);
    case DOSI_TYPE_DATE:
        return dosi_value_date(bytes, n_bytes, &column->data.integer[row]);
    case DOSI_TYPE_TIME:
        return dosi_value_time(bytes, n_bytes, place->zone_s, &column->data.integer[row]);
    default:
        return dosi_table_set_bytes(place->table, place->i_column, row, bytes, n_bytes) ==
               DOSI_OK;
    }
}

const char *dosi_typing_reason(dosi_type type) {
    switch (type) {
    case DOSI_TYPE_INT:
        return "not an integer";
    case DOSI_TYPE_REAL:
        return "not a number";
    case DOSI_TYPE_BOOL:
        return "neither true nor false";
    case DOSI_TYPE_DATE:
        return "no such date";
    case DOSI_TYPE_TIME:
        return "no such time";
    default:
        return "does not fit the column";
    }
}

void dosi_text_put_count(dosi_text *out, uint64_t count) {
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%" PRIu64, count);
    for (int i = 0; i < n; i++) {
        if (i && (n - i) % 3 == 0) dosi_text_putc(out, ',');
        dosi_text_putc(out, digits[i]);
    }
}

void dosi_typing_put(dosi_text *out, const dosi_typing *typing) {
    dosi_text_puts(out, dosi_type_name(typing->type));
    dosi_text_puts(out, typing->is_forced ? ", as given (" : " (");
    dosi_text_put_count(out, dosi_typing_n_values(typing));
    dosi_text_puts(out, " values, ");
    dosi_text_put_count(out, typing->n[DOSI_VALUE_MISSING]);
    dosi_text_puts(out, " missing");
    bool is_time = typing->type == DOSI_TYPE_DATE || typing->type == DOSI_TYPE_TIME;
    if (is_time && typing->n[DOSI_VALUE_DAY8]) dosi_text_puts(out, ", written YYYYMMDD");
    if (is_time && typing->n[DOSI_VALUE_HOUR10]) dosi_text_puts(out, ", written YYYYMMDDHH");
    if (typing->type == DOSI_TYPE_TEXT && typing->n[DOSI_VALUE_CODE]) {
        dosi_text_puts(out, ", codes with leading zeros or more than 18 digits");
    }
    dosi_text_putc(out, ')');
}

dosi_status dosi_types_find(const char *types,
                            const char *name,
                            dosi_type *out,
                            dosi_error *err) {
    *out = DOSI_TYPE_COUNT;
    size_t n_name = strlen(name);
    for (const char *at = types; at && *at;) {
        size_t length = strcspn(at, ",");
        const char *colon = memrchr(at, ':', length);
        char word[32] = "";
        size_t n_word = colon ? length - (size_t)(colon + 1 - at) : length;
        if (!colon || n_word >= sizeof word) {
            return dosi_fail(err, DOSI_INVALID, "types: \"%.*s\" is not name:type", (int)length,
                             at);
        }
        memcpy(word, colon + 1, n_word);
        dosi_type type = dosi_type_from_name(word);
        if (type == DOSI_TYPE_COUNT || type == DOSI_TYPE_GEOMETRY) {
            return dosi_fail(err, DOSI_INVALID,
                             "types: no type \"%s\"; there are boolean, integer, real, text, "
                             "time, date",
                             word);
        }
        if ((size_t)(colon - at) == n_name && memcmp(at, name, n_name) == 0) *out = type;
        at += length + (at[length] == ',');
    }
    return DOSI_OK;
}
