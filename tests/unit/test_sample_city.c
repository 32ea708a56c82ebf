// Goal: the sample city is the same for a seed at any thread count, its neighbourhoods tile its
// districts, and its readings are the truth plus what is written down.

#include "base/hash.h"
#include "dosi/geo.h"
#include "sample/sample.h"
#include "test.h"

static void make(uint64_t seed, int n_threads, dosi_table *tables) {
    dosi_error err = {""};
    dosi_sample_options options = {.scale = "small", .seed = seed, .n_hours = 96};
    dosi_run run = {.n_threads = n_threads};
    CHECK_OK(dosi_sample_make(&options, &run, tables, &err), err);
}

static void destroy(dosi_table *tables) {
    for (int i = 0; i < DOSI_SAMPLE_PART_COUNT; i++) dosi_table_destroy(&tables[i]);
}

static void hash_tables(const dosi_table *tables, char *out) {
    dosi_hash hash;
    dosi_hash_init(&hash);
    for (int i = 0; i < DOSI_SAMPLE_PART_COUNT; i++) {
        const dosi_table *table = &tables[i];
        for (size_t c = 0; c < table->n_columns; c++) {
            const dosi_column *column = &table->columns[c];
            dosi_hash_add_string(&hash, column->name);
            if (column->type == DOSI_TYPE_TEXT || column->type == DOSI_TYPE_GEOMETRY) {
                dosi_hash_add(&hash, column->pool, column->pool_bytes);
            } else {
                dosi_hash_add(&hash, column->data.any, table->n_rows * sizeof(double));
            }
        }
    }
    dosi_hash_end(&hash, out);
}

static void same_seed_same_bytes_at_any_thread_count(void **state) {
    (void)state;
    char hashes[4][DOSI_HASH_TEXT_BYTES];
    const int threads[4] = {1, 2, 7, 1};
    for (int i = 0; i < 4; i++) {
        dosi_table tables[DOSI_SAMPLE_PART_COUNT] = {0};
        make(i < 3 ? 5 : 6, threads[i], tables);
        hash_tables(tables, hashes[i]);
        destroy(tables);
    }
    assert_string_equal(hashes[0], hashes[1]);
    assert_string_equal(hashes[0], hashes[2]);
    assert_string_not_equal(hashes[0], hashes[3]);
}

static double area_of(const dosi_table *table, dosi_projection *metres, const char *name) {
    size_t i = dosi_table_find(table, "geometry");
    double sum = 0.0;
    for (size_t row = 0; row < table->n_rows; row++) {
        size_t n_bytes = 0;
        const char *bytes = dosi_column_bytes(&table->columns[i], row, &n_bytes);
        dosi_error err = {""};
        dosi_polygon polygon = {0};
        char reason[256] = "";
        bool is_valid = false;
        CHECK_OK(dosi_wkb_is_valid(bytes, n_bytes, &is_valid, reason, sizeof reason, &err),
                 err);
        if (!is_valid) fail_msg("%s %zu: %s", name, row, reason);
        CHECK_OK(dosi_polygon_load(bytes, n_bytes, metres, &polygon, &err), err);
        double area = dosi_polygon_area(&polygon);
        dosi_polygon_clear(&polygon);
        sum += area;
    }
    return sum;
}

static void neighbourhoods_are_valid_and_tile_the_districts(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        dosi_error err = {""};
        dosi_table tables[DOSI_SAMPLE_PART_COUNT] = {0};
        dosi_projection *metres = NULL;
        CHECK_OK(dosi_projection_create(DOSI_SRID_LONLAT, DOSI_SRID_KOREA, &metres, &err), err);
        make(seed, 2, tables);
        double dong = area_of(&tables[DOSI_SAMPLE_DONG], metres, "dong");
        double districts = area_of(&tables[DOSI_SAMPLE_DISTRICTS], metres, "district");
        CHECK_NEAR(dong / districts, 1.0, 1e-6);
        assert_int_equal(tables[DOSI_SAMPLE_DONG].n_rows, 60);
        assert_int_equal(tables[DOSI_SAMPLE_DISTRICTS].n_rows, 6);
        dosi_projection_destroy(metres);
        destroy(tables);
    }
}

static void readings_follow_the_truth_where_nothing_is_wrong(void **state) {
    (void)state;
    dosi_table tables[DOSI_SAMPLE_PART_COUNT] = {0};
    make(3, 2, tables);
    const dosi_table *air = &tables[DOSI_SAMPLE_AIR];
    const dosi_table *truth = &tables[DOSI_SAMPLE_TRUTH_STATIONS];
    size_t pm = dosi_table_find(air, "pm25_ugm3");
    size_t n_near = 0;
    size_t n_missing = 0;
    for (size_t i = 0; i < air->n_rows; i++) {
        double got = air->columns[pm].data.real[i];
        double is = truth->columns[pm].data.real[i];
        assert_true(is > 0.0 && is < 600.0);
        if (isnan(got)) n_missing++;
        if (fabs(got - is) < 6.0 + 0.2 * is) n_near++;
    }
    assert_true(n_missing > 0 && n_missing < air->n_rows / 10);
    assert_true(n_near > air->n_rows * 8 / 10);
    assert_true(tables[DOSI_SAMPLE_FAULTS].n_rows > 10);
    destroy(tables);
}

/// Mean of a pollutant of the true field over the stations of a kind.
static double mean_of_kind(const dosi_table *tables, const char *pollutant, const char *kind) {
    const dosi_table *truth = &tables[DOSI_SAMPLE_TRUTH_STATIONS];
    const dosi_table *stations = &tables[DOSI_SAMPLE_STATIONS];
    size_t column = dosi_table_find(truth, pollutant);
    size_t n_hours = truth->n_rows / stations->n_rows;
    double sum = 0;
    size_t n = 0;
    for (size_t i = 0; i < truth->n_rows; i++) {
        size_t bytes = 0;
        const char *is = dosi_column_bytes(&stations->columns[2], i / n_hours, &bytes);
        if (bytes != strlen(kind) || memcmp(is, kind, bytes) != 0) continue;
        sum += truth->columns[column].data.real[i];
        n++;
    }
    assert_true(n > 0);
    return sum / (double)n;
}

static void roads_have_traffic_and_canyons_and_are_seen_at_the_roadside(void **state) {
    (void)state;
    dosi_table tables[DOSI_SAMPLE_PART_COUNT] = {0};
    make(1, 2, tables);
    const dosi_table *roads = &tables[DOSI_SAMPLE_ROADS];
    const dosi_table *emissions = &tables[DOSI_SAMPLE_ROAD_EMISSIONS];
    const double *flow = roads->columns[dosi_table_find(roads, "flow_vph")].data.real;
    const double *canyon = roads->columns[dosi_table_find(roads, "canyon_height_m")].data.real;
    const double *nox = emissions->columns[dosi_table_find(emissions, "nox_gms")].data.real;
    assert_int_equal(roads->n_rows, emissions->n_rows);
    assert_true(roads->n_rows > 200);
    size_t n_canyons = 0;
    for (size_t l = 0; l < roads->n_rows; l++) {
        assert_true(flow[l] > 20 && flow[l] < 20000);
        // Between a light fleet on a free road and trucks alone in a jam, g a vehicle
        // kilometre.
        double g_km = nox[l] * 3.6e6 / flow[l];
        assert_true(g_km > 0.2 && g_km < 4);
        n_canyons += canyon[l] > 0;
        assert_true(isnan(canyon[l]) || canyon[l] >= 5);
    }
    assert_true(n_canyons > roads->n_rows / 20 && n_canyons < roads->n_rows / 2);
    const dosi_table *traffic = &tables[DOSI_SAMPLE_TRAFFIC];
    // What they emit is seen at the roadside.
    assert_true(mean_of_kind(tables, "no2_ppm", "roadside") >
                1.1 * mean_of_kind(tables, "no2_ppm", "background"));
    assert_true(mean_of_kind(tables, "co_ppm", "roadside") >
                mean_of_kind(tables, "co_ppm", "urban"));
    assert_true(mean_of_kind(tables, "o3_ppm", "roadside") <
                mean_of_kind(tables, "o3_ppm", "background"));
    assert_int_equal(traffic->n_rows, 3 * 96);
    for (size_t i = 0; i < traffic->n_rows; i++) {
        assert_true(traffic->columns[2].data.real[i] > 0.05);
        assert_true(traffic->columns[2].data.real[i] < 4);
    }
    destroy(tables);
}

static void cheap_sensors_read_what_their_behaviour_says(void **state) {
    (void)state;
    dosi_table tables[DOSI_SAMPLE_PART_COUNT] = {0};
    make(4, 2, tables);
    const dosi_table *readings = &tables[DOSI_SAMPLE_SDOT];
    const dosi_table *truth = &tables[DOSI_SAMPLE_SDOT_TRUTH];
    const dosi_table *how = &tables[DOSI_SAMPLE_SDOT_CALIBRATION];
    size_t n_hours = 96, n_sensors = readings->n_rows / n_hours;
    assert_int_equal(n_sensors, tables[DOSI_SAMPLE_SDOT_STATIONS].n_rows);
    assert_int_equal(n_sensors, 8 * tables[DOSI_SAMPLE_STATIONS].n_rows);
    size_t pm = dosi_table_find(readings, "pm25_ugm3"), n = 0;
    size_t humidity = dosi_table_find(readings, "humidity_pct");
    double worst = 0, sum = 0;
    for (size_t s = 0; s < n_sensors; s++) {
        double k[4]; // gain, offset, drift, humidity of PM2.5, the second of each sensor's rows
        for (size_t i = 0; i < 4; i++) k[i] = how->columns[2 + i].data.real[3 * s + 1];
        double bias = 0, seen = 0;
        for (size_t h = 0; h < n_hours; h++) {
            size_t row = s * n_hours + h;
            double got = readings->columns[pm].data.real[row];
            double rh = fmin(readings->columns[humidity].data.real[row], 92) / 100;
            if (isnan(got)) continue;
            double is = truth->columns[dosi_table_find(truth, "pm25_ugm3")].data.real[row];
            double expected =
                k[0] * (1 + k[2] * (double)h / 24) * is * (1 + k[3] * rh / (1 - rh)) + k[1];
            bias += got - fmax(expected, 0);
            seen++;
            n++;
        }
        double off = fabs(bias / seen);
        worst = fmax(worst, off);
        sum += off;
    }
    assert_true(n > n_sensors * n_hours * 9 / 10);
    // The sensor's own hygrometer is a little off, which the steep end of the curve shows.
    if (sum / (double)n_sensors > 3)
        fail_msg("mean %g, worst %g", sum / (double)n_sensors, worst);
    destroy(tables);
}

static void an_unknown_scale_is_named(void **state) {
    (void)state;
    dosi_error err = {""};
    dosi_table tables[DOSI_SAMPLE_PART_COUNT] = {0};
    dosi_sample_options options = {.scale = "huge"};
    CHECK_STATUS(dosi_sample_make(&options, NULL, tables, &err), DOSI_INVALID);
    assert_non_null(strstr(err.message, "huge"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_seed_same_bytes_at_any_thread_count),
        cmocka_unit_test(neighbourhoods_are_valid_and_tile_the_districts),
        cmocka_unit_test(readings_follow_the_truth_where_nothing_is_wrong),
        cmocka_unit_test(roads_have_traffic_and_canyons_and_are_seen_at_the_roadside),
        cmocka_unit_test(cheap_sensors_read_what_their_behaviour_says),
        cmocka_unit_test(an_unknown_scale_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
