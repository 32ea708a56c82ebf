// Goal: vector tiles keep the specification's rules at every zoom: outer rings one way round,
// holes the other, nothing degenerate, nothing outside the buffer; and tiles of one zoom
// together hold every feature, with its attributes.

#include "dosi/random.h"
#include "feature/feature.h"
#include "test.h"

#include <unistd.h>

enum { N_FEATURES = 600, MAX_POINTS = 20000 };

static char path[] = "/tmp/dosi-tile-XXXXXX";
static dosi_features *features;

/// A ring with a hole, a two-part line, or two points.
static void put_shape(dosi_text *wkb, size_t row, dosi_random *random) {
    double x = 126.8 + 0.4 * dosi_random_uniform(random);
    double y = 37.4 + 0.3 * dosi_random_uniform(random);
    double d = (row % 50 == 0 ? 0.2 : 0.004) * (0.2 + dosi_random_uniform(random));
    double e = d / 3;
    double xs[10] = {x, x + d, x + d, x, x, x + e, x + e, x + 2 * e, x + 2 * e, x + e};
    double ys[10] = {y, y, y + d, y + d, y, y + e, y + 2 * e, y + 2 * e, y + e, y + e};
    if (row % 3 == 0) {
        dosi_wkb_put_polygon(wkb, xs, ys, (const size_t[]){5, 10}, 2);
    } else if (row % 3 == 1) {
        dosi_wkb_put_multi(wkb, DOSI_SHAPE_MULTILINE, 2);
        dosi_wkb_put_line(wkb, xs, ys, 5);
        dosi_wkb_put_line(wkb, xs + 5, ys + 5, 3);
    } else {
        dosi_wkb_put_multi(wkb, DOSI_SHAPE_MULTIPOINT, 2);
        dosi_wkb_put_point(wkb, x, y);
        dosi_wkb_put_point(wkb, x + d, y + d);
    }
}

static int build_features(void **state) {
    (void)state;
    dosi_error err = {""};
    dosi_table table = {0};
    dosi_random random = dosi_random_init(test_seed(), 11);
    CHECK_OK(dosi_table_add_column(&table, "shape", DOSI_TYPE_GEOMETRY, NULL, &err), err);
    CHECK_OK(dosi_table_add_column(&table, "name", DOSI_TYPE_TEXT, NULL, &err), err);
    CHECK_OK(dosi_table_add_column(&table, "number", DOSI_TYPE_INT, NULL, &err), err);
    CHECK_OK(dosi_table_add_rows(&table, N_FEATURES, &err), err);
    for (size_t row = 0; row < N_FEATURES; row++) {
        dosi_text wkb = {0};
        put_shape(&wkb, row, &random);
        CHECK_OK(dosi_table_set_bytes(&table, 0, row, wkb.data, wkb.length), err);
        CHECK_OK(dosi_table_set_text(&table, 1, row, row % 2 ? "홀" : "짝"), err);
        table.columns[2].data.integer[row] = row % 7 == 0 ? DOSI_MISSING_INT : -(int64_t)row;
        dosi_text_destroy(&wkb);
    }
    (void)close(mkstemp(path));
    CHECK_OK(dosi_features_build(&table, 0, path, &err), err);
    CHECK_OK(dosi_features_open(path, &features, &err), err);
    dosi_table_destroy(&table);
    return 0;
}

static int close_features(void **state) {
    (void)state;
    dosi_features_close(features);
    return unlink(path);
}

// --- a reader of its own -----------------------------------------------------------------

/// Bytes being read.
typedef struct bytes_reader {
    const unsigned char *at, *end;
} bytes_reader;

static uint64_t read_varint(bytes_reader *in) {
    uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
        assert_true(in->at < in->end && shift < 64);
        value |= (uint64_t)(*in->at & 0x7F) << shift;
        if (!(*in->at++ & 0x80)) return value;
    }
}

static int64_t read_signed(bytes_reader *in) {
    uint64_t value = read_varint(in);
    return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

/// The next field: its number; a varint in `*number`, or bytes in `*inner`.
static uint64_t read_field(bytes_reader *in, uint64_t *number, bytes_reader *inner) {
    uint64_t tag = read_varint(in);
    *number = 0;
    *inner = (bytes_reader){NULL, NULL};
    if ((tag & 7) == 0) {
        *number = read_varint(in);
    } else {
        assert_int_equal(tag & 7, 2);
        uint64_t n_bytes = read_varint(in);
        assert_true(n_bytes <= (uint64_t)(in->end - in->at));
        *inner = (bytes_reader){in->at, in->at + n_bytes};
        in->at += n_bytes;
    }
    return tag >> 3;
}

/// Checks the rings or lines of a geometry.
static void check_geometry(bytes_reader in, uint64_t type) {
    int64_t x = 0;
    int64_t y = 0;
    int64_t start[2] = {0, 0};
    int64_t area = 0;
    bool has_outer = false;
    while (in.at < in.end) {
        uint64_t command = read_varint(&in);
        uint64_t count = command >> 3;
        if ((command & 7) == 7) {
            assert_int_equal(type, 3);
            area += x * start[1] - start[0] * y;
            assert_int_not_equal(area, 0);
            if (area > 0) has_outer = true;
            assert_true(has_outer); // no hole before its ring
            continue;
        }
        assert_true((command & 7) == 1 || ((command & 7) == 2 && type != 1));
        assert_true(count >= 1 && ((command & 7) == 2 || type == 1 || count == 1));
        if (type == 3 && (command & 7) == 2) assert_true(count >= 2);
        for (; count > 0; count--) {
            int64_t last[2] = {x, y};
            x += read_signed(&in);
            y += read_signed(&in);
            assert_in_range(x + DOSI_TILE_BUFFER, 0, DOSI_TILE_EXTENT + 2 * DOSI_TILE_BUFFER);
            assert_in_range(y + DOSI_TILE_BUFFER, 0, DOSI_TILE_EXTENT + 2 * DOSI_TILE_BUFFER);
            if ((command & 7) == 1) {
                start[0] = x;
                start[1] = y;
                area = 0;
            } else {
                assert_true(x != last[0] || y != last[1]);
                area += last[0] * y - x * last[1];
            }
        }
    }
}

/// Checks one feature's message; returns its id.
static uint64_t check_feature(bytes_reader in, uint64_t n_values, const bool *is_text) {
    uint64_t id = 0;
    uint64_t type = 0;
    bytes_reader geometry = {NULL, NULL};
    size_t n_tags = 0;
    while (in.at < in.end) {
        uint64_t number = 0;
        bytes_reader inner;
        uint64_t field = read_field(&in, &number, &inner);
        if (field == 1) id = number;
        if (field == 3) type = number;
        if (field == 4) geometry = inner;
        for (; field == 2 && inner.at < inner.end; n_tags++) {
            uint64_t key = read_varint(&inner);
            uint64_t value = read_varint(&inner);
            assert_true(key < 2 && value < n_values && is_text[value] == (key == 0));
        }
    }
    assert_in_range(id, 1, N_FEATURES);
    assert_int_equal(n_tags, (id - 1) % 7 == 0 ? 1 : 2);
    assert_int_equal(type, 3 - (id - 1) % 3);
    check_geometry(geometry, type);
    return id;
}

/// Checks a tile; marks the ids that it holds.
static void check_tile(const dosi_text *tile, unsigned char *seen) {
    static bool is_text[2 * N_FEATURES];
    if (tile->length == 0) return;
    bytes_reader in = {(const unsigned char *)tile->data,
                       (const unsigned char *)tile->data + tile->length};
    uint64_t number = 0;
    bytes_reader layer;
    assert_int_equal(read_field(&in, &number, &layer), 3);
    assert_true(in.at == in.end);
    uint64_t n_values = 0;
    uint64_t n_keys = 0;
    uint64_t version = 0;
    bytes_reader inner;
    for (bytes_reader fields = layer; fields.at < fields.end;) {
        uint64_t field = read_field(&fields, &number, &inner);
        if (field == 4) is_text[n_values++] = *inner.at >> 3 == 1;
        n_keys += field == 3;
        if (field == 15) version = number;
        if (field == 5) assert_int_equal(number, DOSI_TILE_EXTENT);
        if (field == 1) assert_memory_equal(inner.at, "layer", 5);
    }
    assert_int_equal(version, 2);
    assert_int_equal(n_keys, 2);
    for (bytes_reader fields = layer; fields.at < fields.end;) {
        if (read_field(&fields, &number, &inner) != 2) continue;
        seen[check_feature(inner, n_values, is_text) - 1] = 1;
    }
}

/// Column or row of a place at a zoom.
static uint32_t tile_of(double share, unsigned zoom) {
    return (uint32_t)(share * (double)(1U << zoom));
}

/// The share of the world from the north edge of a latitude.
static double south_of(double latitude) {
    return 0.5 - asinh(tan(latitude * M_PI / 180)) / (2 * M_PI);
}

static void tiles_of_a_zoom_hold_every_feature(void **state) {
    (void)state;
    static unsigned char seen[N_FEATURES];
    for (unsigned zoom = 0; zoom <= 14; zoom++) {
        memset(seen, 0, sizeof seen);
        double box[4];
        dosi_features_extent(features, box);
        uint32_t x1 = tile_of(box[2] / 360 + 0.5, zoom);
        uint32_t y1 = tile_of(south_of(box[1]), zoom);
        for (uint32_t x = tile_of(box[0] / 360 + 0.5, zoom); x <= x1; x++) {
            for (uint32_t y = tile_of(south_of(box[3]), zoom); y <= y1; y++) {
                dosi_text tile = {0};
                uint64_t n_left_out = 1;
                assert_int_equal(dosi_features_put_tile(&tile, features,
                                                        (dosi_tile){zoom, x, y}, "layer",
                                                        &n_left_out, NULL),
                                 DOSI_OK);
                assert_int_equal(n_left_out, 0);
                check_tile(&tile, seen);
                dosi_text_destroy(&tile);
            }
        }
        for (size_t row = 0; row < N_FEATURES && zoom >= 11; row++) assert_true(seen[row]);
        for (size_t row = 2; row < N_FEATURES; row += 3)
            assert_true(seen[row]); // points always
    }
}

static void tiles_far_away_and_deep_down_are_fine(void **state) {
    (void)state;
    static unsigned char seen[N_FEATURES];
    dosi_random random = dosi_random_init(test_seed(), 12);
    for (int round = 0; round < 2000; round++) {
        unsigned zoom = dosi_random_below(&random, DOSI_TILE_ZOOM_MAX + 1);
        double x = (126.8 + 0.4 * dosi_random_uniform(&random)) / 360 + 0.5;
        double y = south_of(37.4 + 0.3 * dosi_random_uniform(&random));
        if (round % 10 == 0) x = dosi_random_uniform(&random);
        dosi_tile place = {zoom, tile_of(x, zoom), tile_of(y, zoom)};
        dosi_text tile = {0};
        assert_int_equal(dosi_features_put_tile(&tile, features, place, "layer", NULL, NULL),
                         DOSI_OK);
        check_tile(&tile, seen);
        dosi_text_destroy(&tile);
    }
}

static void a_tile_that_a_polygon_covers_is_filled(void **state) {
    (void)state;
    char own_path[] = "/tmp/dosi-tile-XXXXXX";
    dosi_error err = {""};
    dosi_table table = {0};
    dosi_features *world = NULL;
    const double x[] = {100, 150, 150, 100, 100};
    const double y[] = {10, 10, 60, 60, 10};
    dosi_text wkb = {0};
    dosi_text tile = {0};
    dosi_wkb_put_polygon(&wkb, x, y, (const size_t[]){5}, 1);
    CHECK_OK(dosi_table_add_column(&table, "shape", DOSI_TYPE_GEOMETRY, NULL, &err), err);
    CHECK_OK(dosi_table_add_rows(&table, 1, &err), err);
    CHECK_OK(dosi_table_set_bytes(&table, 0, 0, wkb.data, wkb.length), err);
    (void)close(mkstemp(own_path));
    CHECK_OK(dosi_features_build(&table, 0, own_path, &err), err);
    CHECK_OK(dosi_features_open(own_path, &world, &err), err);
    CHECK_OK(
        dosi_features_put_tile(&tile, world, (dosi_tile){10, 873, 396}, "layer", NULL, &err),
        err);
    // Square of the tile and its buffer, all of it: three lines of 4224 units.
    bool is_found = false;
    for (size_t i = 0; i + 12 < tile.length; i++) {
        bytes_reader in = {(const unsigned char *)tile.data + i,
                           (const unsigned char *)tile.data + tile.length};
        if (*in.at != 0x09) continue; // one move
        (void)read_varint(&in);
        int64_t corner[2] = {read_signed(&in), read_signed(&in)};
        if (in.at == in.end || read_varint(&in) != 0x1A) continue; // three lines
        int64_t side = llabs(read_signed(&in)) + llabs(read_signed(&in));
        is_found = is_found || (side == DOSI_TILE_EXTENT + 2 * DOSI_TILE_BUFFER &&
                                (corner[0] == -64 || corner[0] == 4160) &&
                                (corner[1] == -64 || corner[1] == 4160));
    }
    assert_true(is_found);
    dosi_features_close(world);
    dosi_table_destroy(&table);
    dosi_text_destroy(&wkb);
    dosi_text_destroy(&tile);
    (void)unlink(own_path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tiles_of_a_zoom_hold_every_feature),
        cmocka_unit_test(tiles_far_away_and_deep_down_are_fine),
        cmocka_unit_test(a_tile_that_a_polygon_covers_is_filled),
    };
    return cmocka_run_group_tests(tests, build_features, close_features);
}
