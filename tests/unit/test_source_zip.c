// Goal: the one data file of an archive is read, Korean names and shapefiles included; archives
// in archives, encrypted, damaged and dishonest ones are refused and leave nothing behind.

#include "source/reader.h"
#include "test.h"

#include <zip.h>

static const char point[] =
    "{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\","
    "\"properties\":{\"a\":1},\"geometry\":{\"type\":\"Point\","
    "\"coordinates\":[127,37.5]}}]}";

typedef struct member {
    const char *name;
    const char *bytes;
    size_t n_bytes;
    bool is_encrypted;
} member;

/// Writes an archive of the members to a temporary file, whose path is left in `path`.
static void make_zip(const member *members, size_t n, char *path, size_t n_path) {
    (void)snprintf(path, n_path, "/tmp/dosi-test-XXXXXX");
    int handle = mkstemp(path);
    assert_true(handle >= 0);
    int code = 0;
    zip_t *zip = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, &code);
    assert_non_null(zip);
    for (size_t i = 0; i < n; i++) {
        zip_source_t *source = zip_source_buffer(zip, members[i].bytes, members[i].n_bytes, 0);
        zip_int64_t at = zip_file_add(zip, members[i].name, source, ZIP_FL_ENC_RAW);
        assert_true(at >= 0);
        if (!members[i].is_encrypted) continue;
        assert_int_equal(
            zip_file_set_encryption(zip, (zip_uint64_t)at, ZIP_EM_AES_256, "secret"), 0);
    }
    assert_int_equal(zip_close(zip), 0);
}

/// Reads an archive of these members, and removes it.
static dosi_status read_members(const member *members,
                                size_t n,
                                const char *wanted,
                                dosi_source_result *out,
                                dosi_error *err) {
    char path[64];
    make_zip(members, n, path, sizeof path);
    dosi_source_options options = {.member = wanted};
    dosi_source_file file = {.path = path, .name = "all.zip", .n_bytes = 1};
    dosi_status status = dosi_source_read_file(&file, &options, NULL, out, err);
    (void)remove(path);
    return status;
}

static void the_only_data_file_is_read(void **state) {
    (void)state;
    // "서울.geojson" in CP949, a folder, a note.
    const member members[] = {
        {"note.pdf", "x", 1, false},
        {"__MACOSX/._a", "x", 1, false},
        {"\xbc\xad\xbf\xef.geojson", point, sizeof point - 1, false},
    };
    dosi_error err = {""};
    dosi_source_result result = {0};
    CHECK_OK(read_members(members, 3, NULL, &result, &err), err);
    assert_int_equal(result.table.n_rows, 1);
    assert_non_null(strstr(dosi_text_string(&result.decisions), "member: 서울.geojson (of 3)"));
    dosi_source_result_clear(&result);
}

static void of_several_one_must_be_chosen(void **state) {
    (void)state;
    const member members[] = {{"d/a.geojson", point, sizeof point - 1, false},
                              {"d/b.geojson", point, sizeof point - 1, false}};
    dosi_error err = {""};
    dosi_source_result result = {0};
    CHECK_STATUS(read_members(members, 2, NULL, &result, &err), DOSI_INVALID);
    assert_non_null(strstr(err.message, "d/a.geojson, d/b.geojson"));
    CHECK_OK(read_members(members, 2, "b.geojson", &result, &err), err);
    dosi_source_result_clear(&result);
    CHECK_STATUS(read_members(members, 2, "c.geojson", &result, &err), DOSI_NOT_FOUND);
    dosi_source_result_clear(&result);
}

static void archives_in_archives_and_encrypted_ones_are_refused(void **state) {
    (void)state;
    const member inner[] = {{"a.zip", "PK\3\4", 4, false}};
    const member secret[] = {{"a.geojson", point, sizeof point - 1, true}};
    dosi_error err = {""};
    dosi_source_result result = {0};
    CHECK_STATUS(read_members(inner, 1, NULL, &result, &err), DOSI_UNSUPPORTED);
    assert_non_null(strstr(err.message, "archive in an archive"));
    dosi_source_result_clear(&result);
    CHECK_STATUS(read_members(secret, 1, NULL, &result, &err), DOSI_UNSUPPORTED);
    assert_non_null(strstr(err.message, "encrypted"));
    dosi_source_result_clear(&result);
}

static void a_bomb_is_refused(void **state) {
    (void)state;
    enum { BYTES = 64 << 20 };
    char *zeros = calloc(BYTES, 1);
    assert_non_null(zeros);
    const member members[] = {{"a.csv", zeros, BYTES, false}};
    dosi_error err = {""};
    dosi_source_result result = {0};
    CHECK_STATUS(read_members(members, 1, NULL, &result, &err), DOSI_LIMIT);
    assert_non_null(strstr(err.message, "bomb"));
    dosi_source_result_clear(&result);
    free(zeros);
}

static void every_cut_of_an_archive_is_refused(void **state) {
    (void)state;
    const member members[] = {{"a.geojson", point, sizeof point - 1, false}};
    char path[64];
    make_zip(members, 1, path, sizeof path);
    static char bytes[4096];
    FILE *stream = fopen(path, "rb");
    assert_non_null(stream);
    size_t n_bytes = fread(bytes, 1, sizeof bytes, stream);
    (void)fclose(stream);
    (void)remove(path);
    dosi_error err = {""};
    for (size_t n = 1; n < n_bytes; n++) {
        dosi_source_result result = {0};
        dosi_source_file file = {.name = "all.zip", .bytes = bytes, .n_bytes = (int64_t)n};
        assert_int_not_equal(dosi_source_read_file(&file, NULL, NULL, &result, &err), DOSI_OK);
        dosi_source_result_clear(&result);
    }
    // A byte changed inside the member is seen by its checksum.
    bytes[60] = (char)(bytes[60] ^ 1);
    dosi_source_result result = {0};
    dosi_source_file file = {.name = "all.zip", .bytes = bytes, .n_bytes = (int64_t)n_bytes};
    CHECK_STATUS(dosi_source_read_file(&file, NULL, NULL, &result, &err), DOSI_PARSE);
    dosi_source_result_clear(&result);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_only_data_file_is_read),
        cmocka_unit_test(of_several_one_must_be_chosen),
        cmocka_unit_test(archives_in_archives_and_encrypted_ones_are_refused),
        cmocka_unit_test(a_bomb_is_refused),
        cmocka_unit_test(every_cut_of_an_archive_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
