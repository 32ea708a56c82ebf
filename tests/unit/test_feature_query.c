// Goal: pages of features are exactly what looking at every feature would give, whatever is
// asked for; all pages together are everything, once.

#include "dosi/random.h"
#include "feature/feature.h"
#include "test.h"

#include <jansson.h>
#include <unistd.h>

enum { N_FEATURES = 3000, PAGE = 37 };

static char path[] = "/tmp/dosi-features-XXXXXX";
static dosi_features *features;
static dosi_table table;

/// A small square (or, now and then, a point, a line, or nothing).
static void set_geometry(size_t row, dosi_random *random) {
    dosi_text wkb = {0};
    double x = 126.8 + 0.4 * dosi_random_uniform(random);
    double y = 37.4 + 0.3 * dosi_random_uniform(random);
    double d = 0.002 * dosi_random_uniform(random);
    double xs[5] = {x, x + d, x + d, x, x};
    double ys[5] = {y, y, y + d, y + d, y};
    uint32_t kind = dosi_random_below(random, 10);
    if (kind == 0) dosi_wkb_put_point(&wkb, x, y);
    if (kind == 1) dosi_wkb_put_line(&wkb, xs, ys, 3);
    if (kind >= 3) dosi_wkb_put_polygon(&wkb, xs, ys, (const size_t[]){5}, 1);
    if (wkb.length) {
        assert_int_equal(dosi_table_set_bytes(&table, 0, row, wkb.data, wkb.length), DOSI_OK);
    }
    dosi_text_destroy(&wkb);
}

static int build_features(void **state) {
    (void)state;
    dosi_error err = {""};
    static const struct {
        const char *name;
        dosi_type type;
    } columns[] = {{"geometry", DOSI_TYPE_GEOMETRY}, {"name", DOSI_TYPE_TEXT},
                   {"floors", DOSI_TYPE_INT},        {"height", DOSI_TYPE_REAL},
                   {"built", DOSI_TYPE_TIME},        {"is_old", DOSI_TYPE_BOOL}};
    dosi_random random = dosi_random_init(test_seed(), 7);
    for (size_t i = 0; i < 6; i++) {
        CHECK_OK(dosi_table_add_column(&table, columns[i].name, columns[i].type, NULL, &err),
                 err);
    }
    CHECK_OK(dosi_table_add_rows(&table, N_FEATURES, &err), err);
    for (size_t row = 0; row < N_FEATURES; row++) {
        char name[32];
        set_geometry(row, &random);
        if (dosi_random_below(&random, 20) == 0) continue; // properties stay missing
        (void)snprintf(name, sizeof name, "동%u", dosi_random_below(&random, 40));
        assert_int_equal(dosi_table_set_text(&table, 1, row, name), DOSI_OK);
        table.columns[2].data.integer[row] = (int64_t)dosi_random_below(&random, 12) - 2;
        table.columns[3].data.real[row] = dosi_random_below(&random, 50) * 0.5 - 3;
        table.columns[4].data.integer[row] = dosi_random_below(&random, 900) * DOSI_HOUR_US;
        table.columns[5].data.boolean[row] = (uint8_t)dosi_random_below(&random, 2);
    }
    int fd = mkstemp(path);
    (void)close(fd);
    CHECK_OK(dosi_features_build(&table, 32400, path, &err), err);
    CHECK_OK(dosi_features_open(path, &features, &err), err);
    return 0;
}

static int close_features(void **state) {
    (void)state;
    dosi_features_close(features);
    dosi_table_destroy(&table);
    return unlink(path);
}

/// Whether row `row` has what `filter` wants, looked up in the table itself.
static bool row_passes(const dosi_feature_filter *filter, size_t row) {
    const dosi_column *column = &table.columns[filter->column + 1];
    if (dosi_column_is_missing(column, row)) return false;
    if (column->type == DOSI_TYPE_TEXT) {
        size_t n_bytes = 0;
        const char *bytes = dosi_column_bytes(column, row, &n_bytes);
        return n_bytes == filter->n_text && memcmp(bytes, filter->text, n_bytes) == 0;
    }
    double value = dosi_column_real(column, row);
    bool is_real = column->type == DOSI_TYPE_REAL;
    double low = is_real ? filter->real_low : (double)filter->low;
    double high = is_real ? filter->real_high : (double)filter->high;
    return value >= low && value <= high;
}

/// Whether the geometry of row `row` meets the box: these shapes do when their boxes do, but
/// for the line, which runs along two sides of its box.
static bool row_meets(const double *box, size_t row) {
    size_t n_bytes = 0;
    double own[4];
    const char *wkb = dosi_column_bytes(&table.columns[0], row, &n_bytes);
    if (!wkb) return false;
    assert_int_equal(dosi_wkb_box(wkb, n_bytes, own, NULL), DOSI_OK);
    if (own[0] > box[2] || own[2] < box[0] || own[1] > box[3] || own[3] < box[1]) return false;
    dosi_wkb_reader reader;
    assert_int_equal(dosi_wkb_open(&reader, wkb, n_bytes, NULL), DOSI_OK);
    if (reader.shape != DOSI_SHAPE_LINE) return true;
    bool meets_south = own[1] >= box[1] && own[1] <= box[3];
    bool meets_east = own[2] >= box[0] && own[2] <= box[2];
    return meets_south || meets_east;
}

/// A random question.
static void make_query(dosi_random *random,
                       dosi_feature_query *query,
                       dosi_feature_filter *filters,
                       dosi_feature_sort *sorts) {
    static char text[32];
    *query = (dosi_feature_query){.limit = PAGE, .filters = filters, .sorts = sorts};
    if (dosi_random_below(random, 3)) {
        query->n_boxes = 1;
        query->boxes[0][0] = 126.75 + 0.5 * dosi_random_uniform(random);
        query->boxes[0][1] = 37.35 + 0.4 * dosi_random_uniform(random);
        query->boxes[0][2] = query->boxes[0][0] + 0.3 * dosi_random_uniform(random);
        query->boxes[0][3] = query->boxes[0][1] + 0.3 * dosi_random_uniform(random);
    }
    if (dosi_random_below(random, 2)) {
        (void)snprintf(text, sizeof text, "동%u", dosi_random_below(random, 42));
        filters[query->n_filters++] =
            (dosi_feature_filter){.column = 0, .text = text, .n_text = strlen(text)};
    }
    if (dosi_random_below(random, 2)) {
        int64_t low = (int64_t)dosi_random_below(random, 12) - 2;
        filters[query->n_filters++] = (dosi_feature_filter){
            .column = 1, .low = low, .high = low + dosi_random_below(random, 6)};
    }
    if (dosi_random_below(random, 3) == 0) {
        filters[query->n_filters++] =
            (dosi_feature_filter){.column = 2, .real_low = -1, .real_high = 14.5};
    }
    for (uint32_t i = dosi_random_below(random, 3); i > 0; i--) {
        sorts[query->n_sorts++] =
            (dosi_feature_sort){dosi_random_below(random, 5), dosi_random_below(random, 2)};
    }
}

/// Whether feature at `a` may stand before that at `b`.
static bool is_sorted(const dosi_feature_query *query, uint32_t a, uint32_t b) {
    for (size_t i = 0; i < query->n_sorts; i++) {
        const dosi_column *column = &table.columns[query->sorts[i].column + 1];
        size_t row_a = (size_t)dosi_features_id(features, a) - 1;
        size_t row_b = (size_t)dosi_features_id(features, b) - 1;
        bool lacks_a = dosi_column_is_missing(column, row_a);
        bool lacks_b = dosi_column_is_missing(column, row_b);
        if (lacks_a || lacks_b) {
            if (lacks_a != lacks_b) return lacks_b;
            continue;
        }
        double order = dosi_column_real(column, row_a) - dosi_column_real(column, row_b);
        if (column->type == DOSI_TYPE_TEXT) {
            size_t n_a = 0;
            size_t n_b = 0;
            const char *text_a = dosi_column_bytes(column, row_a, &n_a);
            const char *text_b = dosi_column_bytes(column, row_b, &n_b);
            int bytewise = memcmp(text_a, text_b, n_a < n_b ? n_a : n_b);
            order = bytewise;
            if (order == 0) order = (double)n_a - (double)n_b;
        }
        if (order != 0) return query->sorts[i].is_descending ? order > 0 : order < 0;
    }
    return true;
}

static void all_pages_together_are_what_matches(void **state) {
    (void)state;
    static unsigned char seen[N_FEATURES];
    dosi_random random = dosi_random_init(test_seed(), 8);
    for (int round = 0; round < 400; round++) {
        dosi_feature_query query;
        dosi_feature_filter filters[3] = {0};
        dosi_feature_sort sorts[3] = {0};
        uint32_t page[PAGE];
        uint32_t n = 0;
        uint64_t n_matched = 0;
        uint32_t last = 0;
        make_query(&random, &query, filters, sorts);
        memset(seen, 0, sizeof seen);
        uint64_t n_seen = 0;
        do {
            assert_int_equal(dosi_features_query(features, &query, page, &n, &n_matched, NULL),
                             DOSI_OK);
            for (uint32_t i = 0; i < n; i++) {
                size_t row = (size_t)dosi_features_id(features, page[i]) - 1;
                assert_false(seen[row]);
                seen[row] = 1;
                if (n_seen++ > 0) assert_true(is_sorted(&query, last, page[i]));
                last = page[i];
            }
            query.offset += PAGE;
        } while (n == PAGE);
        assert_int_equal(n_seen, n_matched);
        for (size_t row = 0; row < N_FEATURES; row++) {
            bool matches = query.n_boxes == 0 || row_meets(query.boxes[0], row);
            for (size_t i = 0; i < query.n_filters; i++) {
                matches = matches && row_passes(&filters[i], row);
            }
            if (matches != (seen[row] != 0)) fail_msg("round %d, row %zu", round, row);
        }
    }
}

static void a_projected_box_finds_what_lies_in_it(void **state) {
    (void)state;
    dosi_error err = {""};
    dosi_projection *projection = NULL;
    CHECK_OK(dosi_projection_create(4326, 5186, &projection, &err), err);
    dosi_feature_query query = {.n_boxes = 1,
                                .boxes = {{190000, 540000, 205000, 555000}},
                                .projection = projection,
                                .limit = N_FEATURES};
    static uint32_t page[N_FEATURES];
    uint32_t n = 0;
    uint64_t n_matched = 0;
    CHECK_OK(dosi_features_query(features, &query, page, &n, &n_matched, &err), err);
    uint64_t n_expected = 0;
    for (size_t row = 0; row < N_FEATURES; row++) {
        size_t n_bytes = 0;
        double box[4];
        dosi_text wkb = {0};
        const char *bytes = dosi_column_bytes(&table.columns[0], row, &n_bytes);
        if (!bytes) continue;
        CHECK_OK(dosi_wkb_project(bytes, n_bytes, projection, &wkb, &err), err);
        CHECK_OK(dosi_wkb_box(wkb.data, wkb.length, box, &err), err);
        dosi_text_destroy(&wkb);
        // Sure ones only: those near the border may go either way by their boxes.
        bool is_in = box[0] > 190300 && box[2] < 204700 && box[1] > 540300 && box[3] < 554700;
        n_expected += is_in;
    }
    assert_int_equal(n, n_matched);
    assert_in_range(n_matched, n_expected, n_expected + n_expected / 5);
    dosi_projection_destroy(projection);
}

static void features_are_written_as_geojson(void **state) {
    (void)state;
    dosi_feature_format format = {.decimals = 8};
    for (uint64_t id = 1; id <= N_FEATURES; id++) {
        uint32_t position = 0;
        assert_true(dosi_features_find(features, id, &position));
        assert_int_equal(dosi_features_id(features, position), id);
        dosi_text text = {0};
        dosi_text_putc(&text, '{');
        dosi_features_put_json(&text, features, position, &format);
        dosi_text_putc(&text, '}');
        json_t *json = json_loadb(text.data, text.length, 0, NULL);
        if (!json) fail_msg("not JSON: %s", text.data);
        assert_int_equal(json_integer_value(json_object_get(json, "id")), id);
        json_t *properties = json_object_get(json, "properties");
        json_t *height = json_object_get(properties, "height");
        double expected = table.columns[3].data.real[id - 1];
        assert_true(isnan(expected) ? json_is_null(height)
                                    : json_number_value(height) == expected);
        json_t *geometry = json_object_get(json, "geometry");
        size_t n_bytes = 0;
        const char *wkb = dosi_column_bytes(&table.columns[0], id - 1, &n_bytes);
        assert_int_equal(json_is_null(geometry), wkb == NULL);
        json_decref(json);
        dosi_text_destroy(&text);
    }
    uint32_t position = 0;
    assert_false(dosi_features_find(features, 0, &position));
    assert_false(dosi_features_find(features, N_FEATURES + 1, &position));
}

/// Checks what one geometry looks like as GeoJSON.
static void expect_geometry(const dosi_text *wkb, const char *expected) {
    char own_path[] = "/tmp/dosi-feature-XXXXXX";
    dosi_error err = {""};
    dosi_table one = {0};
    dosi_features *index = NULL;
    (void)close(mkstemp(own_path));
    CHECK_OK(dosi_table_add_column(&one, "shape", DOSI_TYPE_GEOMETRY, NULL, &err), err);
    CHECK_OK(dosi_table_add_rows(&one, 1, &err), err);
    CHECK_OK(dosi_table_set_bytes(&one, 0, 0, wkb->data, wkb->length), err);
    CHECK_OK(dosi_features_build(&one, 0, own_path, &err), err);
    CHECK_OK(dosi_features_open(own_path, &index, &err), err);
    dosi_text text = {0};
    dosi_features_put_json(&text, index, 0, &(dosi_feature_format){.decimals = 3});
    const char *geometry = strstr(text.data, "\"geometry\":") + 11;
    assert_memory_equal(geometry, expected, strlen(expected));
    dosi_text_destroy(&text);
    dosi_features_close(index);
    dosi_table_destroy(&one);
    (void)unlink(own_path);
}

static void every_kind_of_shape_is_written(void **state) {
    (void)state;
    const double x[] = {0, 1.5, 1, 0, -0.25};
    const double y[] = {0, 0, 1.0004, 0, -100};
    dosi_text wkb = {0};
    dosi_wkb_put_point(&wkb, x[4], y[4]);
    expect_geometry(&wkb, "{\"type\":\"Point\",\"coordinates\":[-0.25,-100]},");
    dosi_text_clear(&wkb);
    dosi_wkb_put_multi(&wkb, DOSI_SHAPE_MULTIPOLYGON, 2);
    dosi_wkb_put_polygon(&wkb, x, y, (const size_t[]){4}, 1);
    dosi_wkb_put_polygon(&wkb, x, y, (const size_t[]){4}, 1);
    expect_geometry(&wkb, "{\"type\":\"MultiPolygon\",\"coordinates\":"
                          "[[[[0,0],[1.5,0],[1,1],[0,0]]],[[[0,0],[1.5,0],[1,1],[0,0]]]]},");
    dosi_text_clear(&wkb);
    dosi_wkb_put_multi(&wkb, DOSI_SHAPE_MULTIPOINT, 2);
    dosi_wkb_put_point(&wkb, 0, 1);
    dosi_wkb_put_point(&wkb, 2, 3);
    expect_geometry(&wkb, "{\"type\":\"MultiPoint\",\"coordinates\":[[0,1],[2,3]]},");
    dosi_text_clear(&wkb);
    dosi_wkb_put_multi(&wkb, DOSI_SHAPE_COLLECTION, 2);
    dosi_wkb_put_point(&wkb, 0, 1);
    dosi_wkb_put_line(&wkb, x, y, 2);
    expect_geometry(&wkb, "{\"type\":\"GeometryCollection\",\"geometries\":["
                          "{\"type\":\"Point\",\"coordinates\":[0,1]},"
                          "{\"type\":\"LineString\",\"coordinates\":[[0,0],[1.5,0]]}]},");
    dosi_text_destroy(&wkb);
}

static void damaged_files_are_refused_or_harmless(void **state) {
    (void)state;
    char bad_path[] = "/tmp/dosi-damaged-XXXXXX";
    static unsigned char bytes[1 << 20];
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t n_bytes = fread(bytes, 1, sizeof bytes, file);
    (void)fclose(file);
    assert_true(n_bytes < sizeof bytes);
    (void)close(mkstemp(bad_path));
    dosi_random random = dosi_random_init(test_seed(), 9);
    for (int round = 0; round < 150; round++) {
        size_t n_kept = round < 50 ? dosi_random_below(&random, (uint32_t)n_bytes) : n_bytes;
        size_t at = dosi_random_below(&random, round % 2 ? 400 : (uint32_t)n_bytes);
        unsigned char was = bytes[at];
        bytes[at] ^= (unsigned char)(1 + dosi_random_below(&random, 255));
        file = fopen(bad_path, "wb");
        assert_int_equal(fwrite(bytes, 1, n_kept, file), n_kept);
        (void)fclose(file);
        bytes[at] = was;
        dosi_features *damaged = NULL;
        dosi_status status = dosi_features_open(bad_path, &damaged, NULL);
        if (n_kept < n_bytes) assert_int_not_equal(status, DOSI_OK);
        if (status != DOSI_OK) continue;
        uint32_t page[PAGE];
        uint32_t n = 0;
        uint64_t n_matched = 0;
        dosi_feature_query query = {
            .n_boxes = 1, .boxes = {{126.9, 37.45, 127, 37.6}}, .limit = PAGE};
        if (dosi_features_query(damaged, &query, page, &n, &n_matched, NULL) != DOSI_OK) n = 0;
        dosi_text text = {0};
        for (uint32_t i = 0; i < n; i++) {
            dosi_features_put_json(&text, damaged, page[i],
                                   &(dosi_feature_format){.decimals = 8});
        }
        dosi_text_destroy(&text);
        dosi_features_close(damaged);
    }
    (void)unlink(bad_path);
}

static void a_table_without_rows_or_geometry_has_an_index_too(void **state) {
    (void)state;
    char own_path[] = "/tmp/dosi-feature-XXXXXX";
    dosi_error err = {""};
    dosi_table plain = {0};
    dosi_features *index = NULL;
    uint32_t page[4];
    uint32_t n = 0;
    uint64_t n_matched = 0;
    (void)close(mkstemp(own_path));
    CHECK_OK(dosi_features_build(&plain, 0, own_path, &err), err);
    CHECK_OK(dosi_features_open(own_path, &index, &err), err);
    assert_int_equal(dosi_features_count(index), 0);
    dosi_features_close(index);
    CHECK_OK(dosi_table_add_column(&plain, "x", DOSI_TYPE_REAL, NULL, &err), err);
    CHECK_OK(dosi_table_add_rows(&plain, 3, &err), err);
    CHECK_OK(dosi_features_build(&plain, 0, own_path, &err), err);
    CHECK_OK(dosi_features_open(own_path, &index, &err), err);
    assert_false(dosi_features_have_geometry(index));
    CHECK_OK(dosi_features_query(index, &(dosi_feature_query){.limit = 4}, page, &n, &n_matched,
                                 &err),
             err);
    assert_int_equal(n, 3);
    dosi_feature_query boxed = {.limit = 4, .n_boxes = 1, .boxes = {{-180, -90, 180, 90}}};
    CHECK_OK(dosi_features_query(index, &boxed, page, &n, &n_matched, &err), err);
    assert_int_equal(n_matched, 0);
    dosi_features_close(index);
    dosi_table_destroy(&plain);
    (void)unlink(own_path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_pages_together_are_what_matches),
        cmocka_unit_test(a_projected_box_finds_what_lies_in_it),
        cmocka_unit_test(features_are_written_as_geojson),
        cmocka_unit_test(every_kind_of_shape_is_written),
        cmocka_unit_test(damaged_files_are_refused_or_harmless),
        cmocka_unit_test(a_table_without_rows_or_geometry_has_an_index_too),
    };
    return cmocka_run_group_tests(tests, build_features, close_features);
}
