// Recipe airkorea-stations: where AirKorea's stations are, from any file that has their codes
// and coordinates (a list of stations, or hourly values that repeat them).

#include "source/points.h"
#include "source/recipe.h"

#include <stdlib.h>
#include <string.h>

static const dosi_recipe_column columns[] = {
    {"station_id|loc|측정소코드|airkorea_code_nearest|station", "station", NULL, false,
     "측정소 코드", "station code"},
    {"name|gu_ko|측정소명|stationName", "name", NULL, true, "이름", "name"},
    {"kind|망", "kind", NULL, true, "측정망", "urban, roadside or background"},
    {"lat|latitude|위도|dmX", "lat", "deg", false, "위도", "latitude"},
    {"lon|long|longitude|경도|dmY", "lon", "deg", false, "경도", "longitude"},
};

/// Seoul's 25 district stations (urban): code and district. The other stations of Seoul
/// (codes 111...) that AirKorea's hourly files carry stand at roads.
/// Source: AirKorea station list; codes matched by coordinates (at most 199 m apart).
static const char *const districts[][2] = {
    {"111123", "종로구"}, {"111121", "중구"},   {"111131", "용산구"},   {"111141", "광진구"},
    {"111142", "성동구"}, {"111151", "중랑구"}, {"111152", "동대문구"}, {"111161", "성북구"},
    {"111171", "도봉구"}, {"111181", "은평구"}, {"111191", "서대문구"}, {"111201", "마포구"},
    {"111212", "강서구"}, {"111221", "구로구"}, {"111231", "영등포구"}, {"111241", "동작구"},
    {"111251", "관악구"}, {"111261", "강남구"}, {"111262", "서초구"},   {"111273", "송파구"},
    {"111274", "강동구"}, {"111281", "금천구"}, {"111291", "강북구"},   {"111301", "양천구"},
    {"111311", "노원구"},
};

/// Seoul's 15 roadside stations: code and road.
/// Source: AirKorea's hourly values by code, February 2020, against Seoul's daily values by
/// name, 2020: of some 165 daily means of six pollutants 94 to 100 % agree within rounding with
/// this name, at most 40 % with any other.
static const char *const roads[][2] = {
    {"111122", "한강대로"}, {"111124", "청계천로"}, {"111125", "종로"},
    {"111143", "강변북로"}, {"111154", "홍릉로"},   {"111162", "정릉로"},
    {"111202", "신촌로"},   {"111213", "공항대로"}, {"111232", "영등포로"},
    {"111242", "동작대로"}, {"111263", "도산대로"}, {"111264", "강남대로"},
    {"111275", "천호대로"}, {"111282", "시흥대로"}, {"111312", "화랑로"},
};

/// The name of a code in a list of `n_list`; NULL: not in it.
static const char *find_name(const char *const (*list)[2],
                             size_t n_list,
                             const char *code,
                             size_t n) {
    for (size_t i = 0; i < n_list; i++) {
        if (strlen(list[i][0]) == n && memcmp(list[i][0], code, n) == 0) return list[i][1];
    }
    return NULL;
}

/// Dosi's word for a kind of station.
static const char *kind_word(const char *bytes, size_t n) {
    static const char *const words[][2] = {
        {"도시대기", "urban"},          {"도로변대기", "roadside"},  {"교외대기", "background"},
        {"국가배경농도", "background"}, {"국가배경", "background"},  {"urban", "urban"},
        {"roadside", "roadside"},       {"background", "background"}};
    for (size_t i = 0; bytes && i < sizeof words / sizeof words[0]; i++) {
        if (strlen(words[i][0]) == n && memcmp(words[i][0], bytes, n) == 0) return words[i][1];
    }
    return NULL;
}

/// Sets which rows are the first of their station. Files list stations in blocks or lists of a
/// few hundred, so looking back over the distinct ones is quick.
static void mark_first(const dosi_column *station, size_t n_rows, bool *is_kept, size_t *seen) {
    size_t n_seen = 0;
    for (size_t i = 0; i < n_rows; i++) {
        size_t n = 0;
        const char *code = dosi_column_bytes(station, i, &n);
        bool is_new = code != NULL;
        for (size_t k = n_seen; k-- > 0 && is_new;) {
            size_t n_other = 0;
            const char *other = dosi_column_bytes(station, seen[k], &n_other);
            is_new = n != n_other || memcmp(code, other, n) != 0;
        }
        is_kept[i] = is_new;
        if (is_new) seen[n_seen++] = i;
    }
}

static dosi_status keep_first(const dosi_recipe_job *job, dosi_error *err) {
    const dosi_table *table = &job->result->table;
    size_t n = table->n_rows ? table->n_rows : 1;
    bool *is_kept = calloc(n, sizeof *is_kept);
    size_t *seen = calloc(n, sizeof *seen);
    const dosi_column *station = NULL;
    dosi_status status = is_kept && seen ? DOSI_OK : DOSI_NO_MEMORY;
    if (status == DOSI_OK) {
        status = dosi_table_get(table, "station", DOSI_TYPE_TEXT, &station, err);
    }
    if (status == DOSI_OK) {
        mark_first(station, table->n_rows, is_kept, seen);
        status = dosi_recipe_keep(job, is_kept, "the first of each station", err);
    }
    free(is_kept);
    free(seen);
    return status;
}

/// Fills name and kind of one station, as far as they are known.
static dosi_status name_station(dosi_table *table, size_t row, size_t name, size_t kind) {
    size_t n = 0;
    size_t n_old = 0;
    const char *code =
        dosi_column_bytes(&table->columns[dosi_table_find(table, "station")], row, &n);
    const char *district = find_name(districts, sizeof districts / sizeof *districts, code, n);
    const char *road = find_name(roads, sizeof roads / sizeof *roads, code, n);
    const char *old = dosi_column_bytes(&table->columns[kind], row, &n_old);
    const char *word = kind_word(old, n_old);
    bool is_seoul = n == 6 && memcmp(code, "111", 3) == 0;
    if (!word && is_seoul) word = district ? "urban" : "roadside";
    if (word) DOSI_TRY(dosi_table_set_text(table, kind, row, word));
    if (!dosi_column_is_missing(&table->columns[name], row)) return DOSI_OK;
    if (district) return dosi_table_set_text(table, name, row, district);
    if (road) return dosi_table_set_text(table, name, row, road);
    char copy[64];
    (void)snprintf(copy, sizeof copy, "%.*s", (int)(n < 60 ? n : 60), code);
    return dosi_table_set_text(table, name, row, copy);
}

static dosi_status add_text(dosi_table *table, const char *name, size_t *out, dosi_error *err) {
    *out = dosi_table_find(table, name);
    if (*out != SIZE_MAX) return DOSI_OK;
    return dosi_table_add_column(table, name, DOSI_TYPE_TEXT, out, err);
}

static dosi_status apply(const dosi_source_file *file,
                         const dosi_source_options *options,
                         dosi_source_result *result,
                         dosi_error *err) {
    dosi_recipe_job job = {file, options, result};
    size_t name = 0;
    size_t kind = 0;
    DOSI_TRY(dosi_recipe_columns(columns, sizeof columns / sizeof columns[0], result, err));
    dosi_table *table = &result->table;
    size_t n_kept = 3;
    n_kept += dosi_table_find(table, "name") != SIZE_MAX;
    n_kept += dosi_table_find(table, "kind") != SIZE_MAX;
    dosi_recipe_drop_rest(&job, n_kept);
    DOSI_TRY(dosi_recipe_as(&job, "station", DOSI_TYPE_TEXT, err));
    DOSI_TRY(keep_first(&job, err));
    DOSI_TRY(dosi_points_make(options, result, err));
    DOSI_TRY(add_text(table, "name", &name, err));
    DOSI_TRY(add_text(table, "kind", &kind, err));
    for (size_t i = 0; i < table->n_rows; i++) DOSI_TRY(name_station(table, i, name, kind));
    dosi_table_drop_column(table, dosi_table_find(table, "lat"));
    dosi_table_drop_column(table, dosi_table_find(table, "lon"));
    dosi_text_puts(&result->decisions,
                   "kind: Seoul's 25 district stations are urban, its others roadside\n");
    return DOSI_OK;
}

const dosi_recipe dosi_recipe_airkorea_stations = {
    .name = "airkorea-stations",
    .title_ko = "대기오염 측정소",
    .title_en = "Air quality stations",
    .about = "Where AirKorea's stations are: codes and coordinates from a station list or from "
             "hourly values that repeat them. One row a station, as points.",
    .publisher = "AirKorea (Korea Environment Corporation)",
    .frequency = "IRREG",
    .types = "station_id:text,loc:text,station:text,airkorea_code_nearest:text",
    .apply = apply,
};
