// Goal: what is written to a lake is found again, numbered, described and never changed; what
// is broken is said to be broken.

#include "base/hash.h"
#include "base/os_file.h"
#include "lake/lake.h"
#include "sql/sql.h"
#include "test.h"

#include <jansson.h>
#include <pthread.h>
#include <unistd.h>

static char folder[256];

/// A new lake in an empty folder.
static int make_lake(void **state) {
    (void)state;
    const char *temp = getenv("TMPDIR");
    (void)snprintf(folder, sizeof folder, "%s/dosi_lake_XXXXXX", temp ? temp : "/tmp");
    if (!mkdtemp(folder)) return -1;
    return dosi_lake_create(folder, NULL) == DOSI_OK ? 0 : -1;
}

static int remove_lake(void **state) {
    (void)state;
    return dosi_folder_remove(folder, NULL) == DOSI_OK ? 0 : -1;
}

static dosi_lake *open_lake(void) {
    dosi_error err;
    dosi_lake *lake = NULL;
    CHECK_OK(dosi_lake_open(folder, &lake, &err), err);
    return lake;
}

/// Stations with a time, a value that depends on `seed`, and a place.
static void fill(dosi_table *table, size_t n_rows, int seed) {
    dosi_error err;
    CHECK_OK(dosi_table_add_column(table, "station", DOSI_TYPE_TEXT, NULL, &err), err);
    CHECK_OK(dosi_table_add_column(table, "time", DOSI_TYPE_TIME, NULL, &err), err);
    CHECK_OK(dosi_table_add_column(table, "pm25_ugm3", DOSI_TYPE_REAL, NULL, &err), err);
    CHECK_OK(dosi_table_add_column(table, "geometry", DOSI_TYPE_GEOMETRY, NULL, &err), err);
    CHECK_OK(dosi_table_describe(table, 2, "ug/m3", "초미세먼지", "fine particles"), err);
    CHECK_OK(dosi_table_add_rows(table, n_rows, &err), err);
    for (size_t i = 0; i < n_rows; i++) {
        char wkb[21] = {1, 1, 0, 0, 0};
        double x = 126.5 + (double)i / 100;
        double y = 37.5 - (double)i / 100;
        memcpy(wkb + 5, &x, 8);
        memcpy(wkb + 13, &y, 8);
        CHECK_OK(dosi_table_set_text(table, 0, i, i % 2 ? "종로구" : "중구"), err);
        table->columns[1].data.integer[i] = (int64_t)i * DOSI_HOUR_US;
        if (i % 5) table->columns[2].data.real[i] = (double)i + seed;
        CHECK_OK(dosi_table_set_bytes(table, 3, i, wkb, sizeof wkb), err);
    }
}

/// Writes rows that depend on `seed` and gives the version's number.
static int64_t write_seed(dosi_lake *lake, const char *reference, int seed, bool *is_new) {
    dosi_error err;
    dosi_table table = {0};
    dosi_version version = {0};
    fill(&table, 10, seed);
    const dosi_new_version source = {.reference = reference, .table = &table, .owner_id = 7};
    CHECK_OK(dosi_lake_write(lake, &source, &version, is_new, &err), err);
    int64_t number = version.number;
    dosi_version_clear(&version);
    dosi_table_destroy(&table);
    return number;
}

static void a_version_is_found_as_it_was_written(void **state) {
    (void)state;
    dosi_error err;
    dosi_lake *lake = open_lake();
    dosi_table table = {0};
    dosi_table back = {0};
    dosi_version version = {0};
    bool is_new = false;
    char hash[DOSI_HASH_TEXT_BYTES];
    fill(&table, 10, 0);
    const dosi_metadata metadata = {.title_ko = "시간별 대기", .visibility = "public"};
    const dosi_new_version source = {.reference = "sample/air-hourly",
                                     .table = &table,
                                     .metadata = &metadata,
                                     .lineage_json = "{\"kind\":\"file\"}",
                                     .owner_id = 7};
    CHECK_OK(dosi_lake_write(lake, &source, &version, &is_new, &err), err);
    assert_true(is_new);
    dosi_version_clear(&version);
    dosi_lake_close(lake);

    lake = open_lake();
    CHECK_OK(dosi_lake_find(lake, "sample/air-hourly", &version, &err), err);
    assert_string_equal(version.organisation, "sample");
    assert_string_equal(version.name, "air-hourly");
    assert_int_equal(version.number, 1);
    assert_int_equal(version.latest, 1);
    assert_int_equal(version.n_rows, 10);
    assert_int_equal(version.n_bytes, dosi_file_size(version.path));
    assert_int_equal(version.owner_id, 7);
    assert_string_equal(version.visibility, "public");
    assert_string_equal(version.lineage_json, "{\"kind\":\"file\"}");
    CHECK_OK(dosi_hash_file(version.path, hash, &err), err);
    assert_string_equal(hash, version.hash);
    CHECK_NEAR(version.extent[0], 126.5, 0);
    CHECK_NEAR(version.extent[1], 37.41, 1e-12);
    CHECK_NEAR(version.extent[2], 126.59, 1e-12);
    CHECK_NEAR(version.extent[3], 37.5, 0);
    assert_int_equal(version.time_first, 0);
    assert_int_equal(version.time_last, 9 * DOSI_HOUR_US);
    CHECK_OK(dosi_parquet_read(version.path, NULL, 0, NULL, &back, &err), err);
    assert_int_equal(back.n_rows, 10);
    json_t *columns = json_loads(version.columns_json, 0, NULL);
    const json_t *pm25 = json_array_get(columns, 2);
    assert_string_equal(json_string_value(json_object_get(pm25, "unit")), "ug/m3");
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(pm25, "meaning"), "ko")),
        "초미세먼지");
    json_decref(columns);
    dosi_version_clear(&version);
    dosi_table_destroy(&table);
    dosi_table_destroy(&back);
    dosi_lake_close(lake);
}

static void same_content_makes_no_new_version(void **state) {
    (void)state;
    dosi_lake *lake = open_lake();
    bool is_new = false;
    assert_int_equal(write_seed(lake, "a/b", 1, &is_new), 1);
    assert_true(is_new);
    assert_int_equal(write_seed(lake, "a/b", 1, &is_new), 1);
    assert_false(is_new);
    assert_int_equal(write_seed(lake, "a/b", 2, &is_new), 2);
    assert_true(is_new);
    assert_int_equal(write_seed(lake, "a/b", 1, &is_new), 3); // back again is a change
    assert_true(is_new);
    assert_int_equal(write_seed(lake, "a/c", 1, &is_new), 1); // shares the file
    dosi_lake_close(lake);
}

static dosi_status count_visit(void *context, const dosi_version *version, dosi_error *err) {
    dosi_text *seen = context;
    (void)err;
    dosi_text_printf(seen, "%s/%s@%lld ", version->organisation, version->name,
                     (long long)version->number);
    return DOSI_OK;
}

static void older_versions_stay_and_are_listed(void **state) {
    (void)state;
    dosi_error err;
    dosi_lake *lake = open_lake();
    dosi_version first = {0};
    dosi_text seen = {0};
    bool is_new = false;
    for (int seed = 0; seed < 3; seed++) (void)write_seed(lake, "b/b", seed, &is_new);
    (void)write_seed(lake, "a/z", 0, &is_new);
    CHECK_OK(dosi_lake_find(lake, "b/b@1", &first, &err), err);
    assert_int_equal(first.number, 1);
    assert_int_equal(first.latest, 3);
    assert_true(dosi_path_exists(first.path));
    CHECK_OK(dosi_lake_each(lake, count_visit, &seen, &err), err);
    assert_string_equal(dosi_text_string(&seen), "a/z@1 b/b@3 ");
    dosi_text_clear(&seen);
    CHECK_OK(dosi_lake_each_version(lake, "b/b", count_visit, &seen, &err), err);
    assert_string_equal(dosi_text_string(&seen), "b/b@3 b/b@2 b/b@1 ");
    dosi_version missing = {0};
    CHECK_STATUS(dosi_lake_find(lake, "b/b@9", &missing, &err), DOSI_NOT_FOUND);
    assert_non_null(strstr(err.message, "latest is 3"));
    CHECK_STATUS(dosi_lake_find(lake, "b/x", &missing, &err), DOSI_NOT_FOUND);
    dosi_version_clear(&first);
    dosi_text_destroy(&seen);
    dosi_lake_close(lake);
}

static void metadata_is_kept_where_an_update_is_silent(void **state) {
    (void)state;
    dosi_error err;
    dosi_lake *lake = open_lake();
    dosi_version version = {0};
    bool is_new = false;
    (void)write_seed(lake, "a/b", 1, &is_new);
    const dosi_metadata first = {.title_ko = "제목", .licence = "KOGL-1", .is_simulated = true};
    const dosi_metadata second = {.title_en = "Title", .frequency = "HOURLY"};
    CHECK_OK(dosi_lake_describe(lake, "a/b", &first, &err), err);
    CHECK_OK(dosi_lake_describe(lake, "a/b", &second, &err), err);
    CHECK_OK(dosi_lake_find(lake, "a/b", &version, &err), err);
    assert_string_equal(version.metadata_json,
                        "{\"title\":{\"ko\":\"제목\",\"en\":\"Title\"},\"description\":{"
                        "\"ko\":null,\"en\":null},\"licence\":\"KOGL-1\",\"publisher\":null,"
                        "\"contact\":null,\"frequency\":\"HOURLY\",\"visibility\":\"private\","
                        "\"simulated\":true}");
    assert_true(version.is_simulated);
    assert_string_equal(version.visibility, "private");
    dosi_version_clear(&version);
    const dosi_metadata bad = {.visibility = "secret"};
    CHECK_STATUS(dosi_lake_describe(lake, "a/b", &bad, &err), DOSI_INVALID);
    assert_non_null(strstr(err.message, "secret"));
    const dosi_metadata rare = {.frequency = "SOMETIMES"};
    CHECK_STATUS(dosi_lake_describe(lake, "a/b", &rare, &err), DOSI_INVALID);
    CHECK_STATUS(dosi_lake_describe(lake, "a/x", &first, &err), DOSI_NOT_FOUND);
    dosi_lake_close(lake);
}

static void a_finished_file_is_moved_in(void **state) {
    (void)state;
    dosi_error err;
    dosi_lake *lake = open_lake();
    dosi_table table = {0};
    dosi_version version = {0};
    bool is_new = false;
    char path[512];
    (void)snprintf(path, sizeof path, "%s/made.parquet", folder);
    fill(&table, 30, 4);
    CHECK_OK(dosi_parquet_write(&table, path, &err), err);
    const dosi_new_version source = {.reference = "a/moved", .parquet_path = path};
    CHECK_OK(dosi_lake_write(lake, &source, &version, &is_new, &err), err);
    assert_int_equal(version.n_rows, 30);
    assert_non_null(strstr(version.columns_json, "초미세먼지"));
    assert_false(dosi_path_exists(path));
    assert_true(dosi_path_exists(version.path));
    dosi_version_clear(&version);
    CHECK_OK(dosi_file_write_atomic(path, "PAR1 no", 7, 0600, &err), err);
    CHECK_STATUS(dosi_lake_write(lake, &source, &version, &is_new, &err), DOSI_PARSE);
    assert_non_null(strstr(err.message, "made.parquet"));
    assert_true(dosi_path_exists(path)); // stays the caller's
    dosi_table_destroy(&table);
    dosi_lake_close(lake);
}

static void the_clock_moves_with_every_change_and_no_other_time(void **state) {
    (void)state;
    dosi_error err;
    dosi_lake *lake = open_lake();
    dosi_lake *other = open_lake();
    int64_t before = 0;
    int64_t after = 0;
    bool is_new = false;
    CHECK_OK(dosi_lake_clock(lake, &before, &err), err);
    CHECK_OK(dosi_lake_clock(lake, &after, &err), err);
    assert_int_equal(before, after);
    (void)write_seed(other, "a/b", 1, &is_new); // as another process would
    CHECK_OK(dosi_lake_clock(lake, &after, &err), err);
    assert_true(after > before);
    before = after;
    (void)write_seed(lake, "a/b", 2, &is_new);
    CHECK_OK(dosi_lake_clock(lake, &after, &err), err);
    assert_true(after > before);
    before = after;
    dosi_version version = {0};
    CHECK_OK(dosi_lake_find(lake, "a/b", &version, &err), err);
    dosi_version_clear(&version);
    CHECK_OK(dosi_lake_clock(lake, &after, &err), err);
    assert_int_equal(before, after);
    dosi_lake_close(other);
    dosi_lake_close(lake);
}

static void *find_often(void *context) {
    dosi_lake *lake = context;
    for (int i = 0; i < 50; i++) {
        dosi_version version = {0};
        if (dosi_lake_find(lake, "a/b", &version, NULL) != DOSI_OK) return lake;
        dosi_version_clear(&version);
    }
    return NULL;
}

static void threads_read_while_another_writes(void **state) {
    (void)state;
    dosi_lake *lake = open_lake();
    pthread_t threads[4];
    bool is_new = false;
    (void)write_seed(lake, "a/b", 0, &is_new);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, find_often, lake), 0);
    }
    for (int seed = 1; seed < 4; seed++) (void)write_seed(lake, "a/b", seed, &is_new);
    for (int i = 0; i < 4; i++) {
        void *failed = NULL;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    dosi_lake_close(lake);
}

static void opening_sweeps_what_no_version_names(void **state) {
    (void)state;
    dosi_error err;
    char half[512];
    char lost[512];
    bool is_new = false;
    dosi_version version = {0};
    dosi_lake *lake = open_lake();
    (void)write_seed(lake, "a/b", 0, &is_new);
    (void)snprintf(half, sizeof half, "%s/lake/new-1-0.parquet", folder);
    (void)snprintf(lost, sizeof lost, "%s/lake/%064d.parquet", folder, 0);
    CHECK_OK(dosi_file_write_atomic(half, "PAR1", 4, 0600, &err), err);
    CHECK_OK(dosi_file_write_atomic(lost, "PAR1", 4, 0600, &err), err);
    dosi_lake *again = open_lake();
    assert_false(dosi_path_exists(half));
    assert_false(dosi_path_exists(lost));
    CHECK_OK(dosi_lake_find(again, "a/b", &version, &err), err);
    assert_true(dosi_path_exists(version.path));
    dosi_version_clear(&version);
    dosi_lake_close(again);
    dosi_lake_close(lake);
}

static void a_damaged_or_foreign_catalogue_is_said_to_be_one(void **state) {
    (void)state;
    dosi_error err;
    dosi_lake *lake = open_lake();
    char path[512];
    dosi_text bytes = {0};
    bool is_new = false;
    for (int seed = 0; seed < 5; seed++) (void)write_seed(lake, "a/b", seed, &is_new);
    dosi_lake_close(lake);
    (void)snprintf(path, sizeof path, "%s/catalogue.sqlite", folder);
    CHECK_OK(dosi_file_read(path, 1 << 24, &bytes, &err), err);
    CHECK_OK(dosi_file_write_atomic(path,
                                    "this is no database, but long enough to be one "
                                    "if one did not look at its first bytes at all",
                                    92, 0600, &err),
             err);
    CHECK_STATUS(dosi_lake_open(folder, &lake, &err), DOSI_PARSE);
    assert_non_null(strstr(err.message, "catalogue.sqlite"));
    for (size_t i = 100; i < bytes.length; i++) bytes.data[i] = (char)0xa5;
    CHECK_OK(dosi_file_write_atomic(path, bytes.data, bytes.length, 0600, &err), err);
    CHECK_STATUS(dosi_lake_open(folder, &lake, &err), DOSI_PARSE);
    assert_non_null(strstr(err.message, "damaged"));
    (void)unlink(path);
    CHECK_STATUS(dosi_lake_open(folder, &lake, &err), DOSI_NOT_FOUND);
    sqlite3 *database = NULL;
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    (void)sqlite3_exec(database, "CREATE TABLE x (y); PRAGMA user_version = 1", NULL, NULL,
                       NULL);
    (void)sqlite3_close(database);
    CHECK_STATUS(dosi_lake_open(folder, &lake, &err), DOSI_PARSE);
    assert_non_null(strstr(err.message, "another program"));
    dosi_text_destroy(&bytes);
}

static void a_newer_catalogue_is_left_alone(void **state) {
    (void)state;
    dosi_error err;
    dosi_lake *lake = open_lake();
    sqlite3 *database = NULL;
    CHECK_OK(dosi_lake_database(lake, &database, &err), err);
    assert_int_equal(sqlite3_exec(database, "PRAGMA user_version = 9999", NULL, NULL, NULL), 0);
    dosi_lake_close(lake);
    CHECK_STATUS(dosi_lake_open(folder, &lake, &err), DOSI_UNSUPPORTED);
    assert_non_null(strstr(err.message, "newer"));
    CHECK_STATUS(dosi_lake_create(folder, &err), DOSI_CONFLICT);
}

static void names_are_checked(void **state) {
    (void)state;
    static const char *const bad[] = {
        "",
        "a",
        "/",
        "a/",
        "/b",
        "A/b",
        "a/B",
        "a b/c",
        "-a/b",
        "a/_b",
        "a/b/c",
        "a/b@",
        "a/b@0",
        "a/b@-1",
        "a/b@1x",
        "a/b@+1",
        "a/b@1@2",
        "../x",
        "a/..",
        "가/나",
        "a/b@99999999999999999999",
        "a/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
    };
    dosi_error err;
    char organisation[DOSI_NAME_BYTES];
    char name[DOSI_NAME_BYTES];
    int64_t number = -1;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (dosi_reference_parse(bad[i], organisation, name, &number, &err) != DOSI_INVALID) {
            fail_msg("\"%s\" was taken", bad[i]);
        }
    }
    CHECK_OK(dosi_reference_parse("seoul/air_hourly-2@12", organisation, name, &number, &err),
             err);
    assert_string_equal(organisation, "seoul");
    assert_string_equal(name, "air_hourly-2");
    assert_int_equal(number, 12);
    CHECK_OK(dosi_reference_parse("0/1", organisation, name, &number, &err), err);
    assert_int_equal(number, 0);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_lake, remove_lake)
    const struct CMUnitTest tests[] = {
        TEST(a_version_is_found_as_it_was_written),
        TEST(same_content_makes_no_new_version),
        TEST(older_versions_stay_and_are_listed),
        TEST(metadata_is_kept_where_an_update_is_silent),
        TEST(a_finished_file_is_moved_in),
        TEST(the_clock_moves_with_every_change_and_no_other_time),
        TEST(threads_read_while_another_writes),
        TEST(opening_sweeps_what_no_version_names),
        TEST(a_damaged_or_foreign_catalogue_is_said_to_be_one),
        TEST(a_newer_catalogue_is_left_alone),
        TEST(names_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
