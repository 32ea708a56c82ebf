// Tables of the ground plan: districts, neighbourhoods, river, stations.

#include "sample/city.h"

#include <assert.h>
#include <geos_c.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *ko, *en;
} district_names[] = {
    {"가온", "Gaon"},      {"나래", "Narae"},      {"다솜", "Dasom"},    {"라온", "Raon"},
    {"마루", "Maru"},      {"바다", "Bada"},       {"사랑", "Sarang"},   {"아라", "Ara"},
    {"자람", "Jaram"},     {"차오름", "Chaoreum"}, {"가람", "Garam"},    {"타래", "Tarae"},
    {"파랑", "Parang"},    {"하늘", "Haneul"},     {"누리", "Nuri"},     {"도담", "Dodam"},
    {"미리내", "Mirinae"}, {"보람", "Boram"},      {"새봄", "Saebom"},   {"예솔", "Yesol"},
    {"초롱", "Chorong"},   {"푸름", "Pureum"},     {"한별", "Hanbyeol"}, {"해솔", "Haesol"},
    {"단비", "Danbi"},
};

enum {
    N_NAMES = sizeof district_names / sizeof district_names[0],
    NAME_BYTES = 96,
    CODE_BYTES = 32
};

void sample_district_code(int district, char *out) {
    (void)snprintf(out, CODE_BYTES, "90%03d",
                   (district + 1) * 10 % 1000 + (district + 1) / 100);
}

void sample_dong_code(const sample_city *city, size_t dong, char *out) {
    char district[CODE_BYTES];
    sample_district_code(city->district[dong], district);
    (void)snprintf(out, CODE_BYTES, "%.5s%03d", district,
                   city->dong_in_district[dong] * 10 % 1000);
}

void sample_station_code(size_t station, char *out) {
    (void)snprintf(out, CODE_BYTES, "90%04zu", station + 1);
}

/// "가온구", and from the 26th on "가온2구".
static void district_name(int district, bool is_korean, char *out) {
    int round = district / N_NAMES;
    const char *stem = is_korean ? district_names[district % N_NAMES].ko
                                 : district_names[district % N_NAMES].en;
    char number[16] = "";
    if (round > 0) (void)snprintf(number, sizeof number, "%d", round + 1);
    (void)snprintf(out, NAME_BYTES, is_korean ? "%s%s구" : "%s%s-gu", stem, number);
}

static void dong_name(const sample_city *city, size_t dong, bool is_korean, char *out) {
    int district = city->district[dong];
    const char *stem = is_korean ? district_names[district % N_NAMES].ko
                                 : district_names[district % N_NAMES].en;
    (void)snprintf(out, NAME_BYTES, is_korean ? "%s%d동" : "%s %d-dong", stem,
                   city->dong_in_district[dong]);
}

dosi_status sample_shape_table(
    dosi_table *table, const sample_column *columns, size_t n, size_t n_rows, dosi_error *err) {
    for (size_t i = 0; i < n; i++) {
        DOSI_TRY(dosi_table_add_column(table, columns[i].name, columns[i].type, NULL, err));
        DOSI_TRY(dosi_table_describe(table, i, columns[i].unit, columns[i].ko, columns[i].en));
    }
    return dosi_table_add_rows(table, n_rows, err);
}

dosi_status sample_set_point(const dosi_projection *to_lonlat,
                             dosi_table *table,
                             size_t i_column,
                             size_t row,
                             double x,
                             double y) {
    (void)dosi_projection_apply(to_lonlat, &x, &y, 1, false);
    dosi_text wkb = {0};
    dosi_wkb_put_point(&wkb, x, y);
    dosi_status status = dosi_text_status(&wkb, NULL);
    if (status == DOSI_OK) {
        status = dosi_table_set_bytes(table, i_column, row, wkb.data, wkb.length);
    }
    dosi_text_destroy(&wkb);
    return status;
}

dosi_status sample_set_shape(const dosi_projection *projection,
                             dosi_table *table,
                             size_t i_column,
                             size_t row,
                             const dosi_text *metres) {
    dosi_text degrees = {0};
    dosi_status status = dosi_text_status(metres, NULL);
    if (status == DOSI_OK) {
        status = dosi_wkb_project(metres->data, metres->length, projection, &degrees, NULL);
    }
    if (status == DOSI_OK) status = dosi_text_status(&degrees, NULL);
    if (status == DOSI_OK) {
        status = dosi_table_set_bytes(table, i_column, row, degrees.data, degrees.length);
    }
    dosi_text_destroy(&degrees);
    return status;
}

/// Appends the polygon of a neighbourhood, in metres.
static dosi_status put_dong(const sample_city *city, size_t dong, dosi_text *out) {
    size_t start = city->ring_start[dong];
    size_t n = city->ring_start[dong + 1] - start;
    double *x = malloc((n + 1) * sizeof *x);
    double *y = malloc((n + 1) * sizeof *y);
    if (x && y) {
        memcpy(x, city->rings.x + start, n * sizeof *x);
        memcpy(y, city->rings.y + start, n * sizeof *y);
        x[n] = x[0];
        y[n] = y[0];
        dosi_wkb_put_polygon(out, x, y, (const size_t[]){n + 1}, 1);
    }
    dosi_status status = x && y ? DOSI_OK : DOSI_NO_MEMORY;
    free(x);
    free(y);
    return status;
}

static dosi_status dong_table(const sample_city *city,
                              const dosi_projection *projection,
                              dosi_table *table,
                              dosi_error *err) {
    static const sample_column columns[] = {
        {"dong", DOSI_TYPE_TEXT, NULL, "행정동 코드", "neighbourhood code"},
        {"name", DOSI_TYPE_TEXT, NULL, "행정동 이름", "neighbourhood name"},
        {"name_en", DOSI_TYPE_TEXT, NULL, "행정동 영문 이름", "neighbourhood name in English"},
        {"district", DOSI_TYPE_TEXT, NULL, "자치구 코드", "district code"},
        {"district_name", DOSI_TYPE_TEXT, NULL, "자치구 이름", "district name"},
        {"population", DOSI_TYPE_INT, "{person}", "인구", "people"},
        {"area_km2", DOSI_TYPE_REAL, "km2", "면적", "area"},
        {"geometry", DOSI_TYPE_GEOMETRY, NULL, "경계", "boundary"},
    };
    DOSI_TRY(sample_shape_table(table, columns, sizeof columns / sizeof columns[0],
                                city->dong.n, err));
    for (size_t i = 0; i < city->dong.n; i++) {
        char text[NAME_BYTES];
        sample_dong_code(city, i, text);
        DOSI_TRY(dosi_table_set_text(table, 0, i, text));
        dong_name(city, i, true, text);
        DOSI_TRY(dosi_table_set_text(table, 1, i, text));
        dong_name(city, i, false, text);
        DOSI_TRY(dosi_table_set_text(table, 2, i, text));
        sample_district_code(city->district[i], text);
        DOSI_TRY(dosi_table_set_text(table, 3, i, text));
        district_name(city->district[i], true, text);
        DOSI_TRY(dosi_table_set_text(table, 4, i, text));
        table->columns[5].data.integer[i] = (int64_t)city->population[i];
        table->columns[6].data.real[i] = floor(city->dong_area_m2[i] / 1e4 + 0.5) / 100.0;
        dosi_text wkb = {0};
        dosi_status status = put_dong(city, i, &wkb);
        if (status == DOSI_OK) status = sample_set_shape(projection, table, 7, i, &wkb);
        dosi_text_destroy(&wkb);
        DOSI_TRY(status);
    }
    return DOSI_OK;
}

/// A GEOS shape as WKB text.
static dosi_status put_shape(GEOSContextHandle_t geos,
                             const GEOSGeometry *shape,
                             dosi_text *out) {
    GEOSWKBWriter *writer = shape ? GEOSWKBWriter_create_r(geos) : NULL;
    if (!writer) return DOSI_NO_MEMORY;
    GEOSWKBWriter_setByteOrder_r(geos, writer, GEOS_WKB_NDR);
    size_t n_bytes = 0;
    unsigned char *bytes = GEOSWKBWriter_write_r(geos, writer, shape, &n_bytes);
    if (bytes) dosi_text_append(out, (const char *)bytes, n_bytes);
    GEOSFree_r(geos, bytes);
    GEOSWKBWriter_destroy_r(geos, writer);
    return bytes ? dosi_text_status(out, NULL) : DOSI_NO_MEMORY;
}

/// Appends the union of a district's neighbourhoods, in metres.
static dosi_status put_district(GEOSContextHandle_t geos,
                                const sample_city *city,
                                int district,
                                dosi_text *out) {
    assert(city->dong.n > 0);
    GEOSGeometry **parts = calloc(city->dong.n, sizeof *parts);
    unsigned n_parts = 0;
    dosi_status status = parts ? DOSI_OK : DOSI_NO_MEMORY;
    for (size_t i = 0; i < city->dong.n && status == DOSI_OK; i++) {
        if (city->district[i] != district) continue;
        dosi_text wkb = {0};
        status = put_dong(city, i, &wkb);
        if (status == DOSI_OK) {
            parts[n_parts] =
                GEOSGeomFromWKB_buf_r(geos, (const unsigned char *)wkb.data, wkb.length);
            if (parts[n_parts]) n_parts++;
        }
        dosi_text_destroy(&wkb);
    }
    GEOSGeometry *all =
        parts ? GEOSGeom_createCollection_r(geos, GEOS_MULTIPOLYGON, parts, n_parts) : NULL;
    GEOSGeometry *merged = all ? GEOSUnaryUnion_r(geos, all) : NULL;
    if (status == DOSI_OK) status = put_shape(geos, merged, out);
    GEOSGeom_destroy_r(geos, merged);
    GEOSGeom_destroy_r(geos, all);
    free(parts);
    return status;
}

static dosi_status fill_district(GEOSContextHandle_t geos,
                                 const sample_city *city,
                                 const dosi_projection *projection,
                                 dosi_table *table,
                                 int district) {
    char text[NAME_BYTES];
    size_t row = (size_t)district;
    sample_district_code(district, text);
    DOSI_TRY(dosi_table_set_text(table, 0, row, text));
    district_name(district, true, text);
    DOSI_TRY(dosi_table_set_text(table, 1, row, text));
    district_name(district, false, text);
    DOSI_TRY(dosi_table_set_text(table, 2, row, text));
    int64_t people = 0;
    for (size_t i = 0; i < city->dong.n; i++) {
        if (city->district[i] == district) people += (int64_t)city->population[i];
    }
    table->columns[3].data.integer[row] = people;
    dosi_text wkb = {0};
    dosi_status status = put_district(geos, city, district, &wkb);
    if (status == DOSI_OK) status = sample_set_shape(projection, table, 4, row, &wkb);
    dosi_text_destroy(&wkb);
    return status;
}

static dosi_status district_table(const sample_city *city,
                                  const dosi_projection *projection,
                                  dosi_table *table,
                                  dosi_error *err) {
    static const sample_column columns[] = {
        {"district", DOSI_TYPE_TEXT, NULL, "자치구 코드", "district code"},
        {"name", DOSI_TYPE_TEXT, NULL, "자치구 이름", "district name"},
        {"name_en", DOSI_TYPE_TEXT, NULL, "자치구 영문 이름", "district name in English"},
        {"population", DOSI_TYPE_INT, "{person}", "인구", "people"},
        {"geometry", DOSI_TYPE_GEOMETRY, NULL, "경계", "boundary"},
    };
    DOSI_TRY(sample_shape_table(table, columns, sizeof columns / sizeof columns[0],
                                (size_t)city->size.n_districts, err));
    GEOSContextHandle_t geos = GEOS_init_r();
    if (!geos) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for the districts");
    dosi_status status = DOSI_OK;
    for (int d = 0; d < city->size.n_districts && status == DOSI_OK; d++) {
        status = fill_district(geos, city, projection, table, d);
    }
    GEOS_finish_r(geos);
    return status;
}

enum { N_BEND = 96 };

/// The river winds from west to east; wider downstream.
static void draw_river(const sample_city *city, double *x, double *y) {
    double reach = 1.75 * city->size.radius_m;
    for (int i = 0; i <= N_BEND; i++) {
        double t = 2.0 * i / N_BEND - 1.0;
        double middle = city->centre_y + city->size.radius_m * (0.16 * sin(4.1 * t + 0.4) +
                                                                0.07 * sin(9.3 * t) - 0.06);
        double half = city->size.radius_m * (0.021 - 0.006 * t + 0.004 * sin(13.0 * t));
        x[i] = city->centre_x + reach * t;
        y[i] = middle + half;
        x[2 * N_BEND + 1 - i] = x[i];
        y[2 * N_BEND + 1 - i] = middle - half;
    }
    x[2 * N_BEND + 2] = x[0];
    y[2 * N_BEND + 2] = y[0];
}

static dosi_status river_table(const sample_city *city,
                               const dosi_projection *projection,
                               dosi_table *table,
                               dosi_error *err) {
    static const sample_column columns[] = {
        {"name", DOSI_TYPE_TEXT, NULL, "이름", "name"},
        {"name_en", DOSI_TYPE_TEXT, NULL, "영문 이름", "name in English"},
        {"geometry", DOSI_TYPE_GEOMETRY, NULL, "수면", "water"},
    };
    DOSI_TRY(sample_shape_table(table, columns, sizeof columns / sizeof columns[0], 1, err));
    DOSI_TRY(dosi_table_set_text(table, 0, 0, "온강"));
    DOSI_TRY(dosi_table_set_text(table, 1, 0, "On River"));
    double x[2 * N_BEND + 3];
    double y[2 * N_BEND + 3];
    draw_river(city, x, y);
    dosi_text wkb = {0};
    dosi_wkb_put_polygon(&wkb, x, y, (const size_t[]){2 * N_BEND + 3}, 1);
    dosi_status status = sample_set_shape(projection, table, 2, 0, &wkb);
    dosi_text_destroy(&wkb);
    return status;
}

static dosi_status station_table(const sample_city *city,
                                 const dosi_projection *projection,
                                 dosi_table *table,
                                 dosi_error *err) {
    static const sample_column columns[] = {
        {"station", DOSI_TYPE_TEXT, NULL, "측정소 코드", "station code"},
        {"name", DOSI_TYPE_TEXT, NULL, "측정소 이름", "station name"},
        {"kind", DOSI_TYPE_TEXT, NULL, "종류: urban 도시, roadside 도로변, background 배경",
         "kind: urban, roadside, background"},
        {"district", DOSI_TYPE_TEXT, NULL, "자치구 코드", "district code"},
        {"geometry", DOSI_TYPE_GEOMETRY, NULL, "위치", "place"},
    };
    static const char *const kinds[] = {"urban", "roadside", "background"};
    static const char *const signs[] = {"", " 도로변", " 배경"};
    DOSI_TRY(sample_shape_table(table, columns, sizeof columns / sizeof columns[0],
                                city->stations.n, err));
    for (size_t s = 0; s < city->stations.n; s++) {
        char text[NAME_BYTES];
        char stem[NAME_BYTES - 32];
        size_t dong = (size_t)city->station_dong[s];
        sample_station_code(s, text);
        DOSI_TRY(dosi_table_set_text(table, 0, s, text));
        (void)snprintf(stem, sizeof stem, "%s%d동",
                       district_names[city->district[dong] % N_NAMES].ko,
                       city->dong_in_district[dong]);
        (void)snprintf(text, sizeof text, "%s%s", stem, signs[city->station_kind[s]]);
        DOSI_TRY(dosi_table_set_text(table, 1, s, text));
        DOSI_TRY(dosi_table_set_text(table, 2, s, kinds[city->station_kind[s]]));
        sample_district_code(city->district[dong], text);
        DOSI_TRY(dosi_table_set_text(table, 3, s, text));
        DOSI_TRY(sample_set_point(projection, table, 4, s, city->stations.x[s],
                                  city->stations.y[s]));
    }
    return DOSI_OK;
}

dosi_status sample_plan_tables(const sample_city *city, dosi_table *tables, dosi_error *err) {
    dosi_projection *projection = NULL;
    DOSI_TRY(dosi_projection_create(SAMPLE_SRID, DOSI_SRID_LONLAT, &projection, err));
    dosi_status status = district_table(city, projection, &tables[DOSI_SAMPLE_DISTRICTS], err);
    if (status == DOSI_OK) {
        status = dong_table(city, projection, &tables[DOSI_SAMPLE_DONG], err);
    }
    if (status == DOSI_OK) {
        status = river_table(city, projection, &tables[DOSI_SAMPLE_RIVER], err);
    }
    if (status == DOSI_OK) {
        status = station_table(city, projection, &tables[DOSI_SAMPLE_STATIONS], err);
    }
    dosi_projection_destroy(projection);
    return status;
}
