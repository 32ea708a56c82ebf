// Goal: a dataset's DCAT-AP names what the profile requires, in both languages, and only what
// is known.

#include "lake/lake.h"
#include "test.h"

#include <jansson.h>

static dosi_version version_of(char *metadata) {
    dosi_version version = {.organisation = "sample",
                            .name = "air-hourly",
                            .number = 3,
                            .n_bytes = 1234,
                            .extent = {126.5, 37.25, 127.5, 37.75},
                            .time_first = 0,
                            .time_last = DOSI_DAY_US,
                            .is_simulated = true};
    (void)snprintf(version.visibility, sizeof version.visibility, "public");
    version.metadata_json = metadata;
    return version;
}

static json_t *dcat_of(const dosi_version *version) {
    dosi_error err;
    dosi_text text = {0};
    CHECK_OK(dosi_dcat_put_dataset(&text, version, "http://lab.example", &err), err);
    json_t *dataset = json_loads(dosi_text_string(&text), JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(dataset);
    dosi_text_destroy(&text);
    return dataset;
}

/// The string at a path of keys and indexes: "dcat:distribution/0/@id".
static const char *at(const json_t *node, const char *path) {
    char key[80];
    while (*path && node) {
        size_t n = strcspn(path, "/");
        (void)snprintf(key, sizeof key, "%.*s", (int)n, path);
        node = json_is_array(node) ? json_array_get(node, (size_t)strtoul(key, NULL, 10))
                                   : json_object_get(node, key);
        path += n + (path[n] == '/');
    }
    const char *text = json_string_value(node);
    return text ? text : "(absent)";
}

static void required_and_known_properties_are_there(void **state) {
    (void)state;
    char metadata[] =
        "{\"title\":{\"ko\":\"시간별 \\\"대기\\\"\",\"en\":\"Hourly "
        "air\"},\"description\":{\"ko\":"
        "\"설명\",\"en\":null},\"licence\":\"KOGL-1\",\"publisher\":\"서울시\",\"contact\":"
        "\"air@seoul.go.kr\",\"frequency\":\"HOURLY\"}";
    const dosi_version version = version_of(metadata);
    json_t *dataset = dcat_of(&version);
    assert_string_equal(at(dataset, "@type"), "dcat:Dataset");
    assert_string_equal(at(dataset, "@id"),
                        "http://lab.example/api/v1/datasets/sample/air-hourly");
    assert_string_equal(at(dataset, "dct:title/0/@language"), "ko");
    assert_string_equal(at(dataset, "dct:title/0/@value"), "시간별 \"대기\"");
    assert_string_equal(at(dataset, "dct:title/1/@value"), "Hourly air");
    assert_string_equal(at(dataset, "dct:description/0/@value"), "설명");
    assert_string_equal(at(dataset, "dct:description/1/@value"), "(absent)");
    assert_string_equal(at(dataset, "dct:publisher/foaf:name"), "서울시");
    assert_string_equal(at(dataset, "dcat:contactPoint/vcard:hasEmail/@id"),
                        "mailto:air@seoul.go.kr");
    assert_string_equal(at(dataset, "dct:accrualPeriodicity/@id"),
                        "http://publications.europa.eu/resource/authority/frequency/HOURLY");
    assert_string_equal(at(dataset, "dct:spatial/dcat:bbox/@value"),
                        "POLYGON((126.5 37.25, 127.5 37.25, 127.5 37.75, 126.5 37.75, "
                        "126.5 37.25))");
    assert_string_equal(at(dataset, "dct:temporal/dcat:endDate/@value"), "1970-01-02T00:00:00");
    assert_string_equal(at(dataset, "dct:accessRights/@id"),
                        "http://publications.europa.eu/resource/authority/access-right/PUBLIC");
    assert_string_equal(at(dataset, "dcat:keyword/1/@value"), "simulated");
    const json_t *forms = json_object_get(dataset, "dcat:distribution");
    assert_int_equal(json_array_size(forms), 4);
    for (size_t i = 0; i < json_array_size(forms); i++) {
        const json_t *form = json_array_get(forms, i);
        assert_non_null(strstr(at(form, "dcat:accessURL/@id"), "version=3"));
        assert_string_equal(at(form, "dcat:accessURL/@id"), at(form, "dcat:downloadURL/@id"));
        assert_non_null(strstr(at(form, "dcat:mediaType/@id"), "iana.org"));
        assert_non_null(strstr(at(form, "dct:license/@id"), "kogl.or.kr"));
    }
    json_decref(dataset);
}

static void what_is_unknown_is_left_out_and_titles_fall_back(void **state) {
    (void)state;
    char metadata[] = "{\"title\":{\"ko\":null,\"en\":null}}";
    dosi_version version = version_of(metadata);
    (void)snprintf(version.visibility, sizeof version.visibility, "private");
    version.extent[0] = (double)NAN;
    version.time_first = DOSI_TIME_MISSING;
    version.is_simulated = false;
    json_t *dataset = dcat_of(&version);
    assert_string_equal(at(dataset, "dct:title/0"), "sample/air-hourly");
    assert_string_equal(at(dataset, "dct:description/0"), "sample/air-hourly");
    assert_string_equal(at(dataset, "dct:publisher/foaf:name"), "sample");
    assert_null(json_object_get(dataset, "dct:spatial"));
    assert_null(json_object_get(dataset, "dct:temporal"));
    assert_null(json_object_get(dataset, "dct:provenance"));
    assert_null(json_object_get(dataset, "dcat:contactPoint"));
    assert_non_null(strstr(at(dataset, "dct:accessRights/@id"), "RESTRICTED"));
    assert_int_equal(json_array_size(json_object_get(dataset, "dcat:distribution")), 3);
    json_decref(dataset);
}

static void a_catalogue_holds_its_datasets(void **state) {
    (void)state;
    dosi_error err;
    dosi_text text = {0};
    char metadata[] = "{}";
    const dosi_version version = version_of(metadata);
    dosi_dcat_begin_catalogue(&text, "서울 \"연구실\"", "http://lab.example");
    CHECK_OK(dosi_dcat_put_dataset(&text, &version, "http://lab.example", &err), err);
    dosi_text_putc(&text, ',');
    CHECK_OK(dosi_dcat_put_dataset(&text, &version, "http://lab.example", &err), err);
    dosi_dcat_end_catalogue(&text);
    json_t *catalogue = json_loads(dosi_text_string(&text), JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(catalogue);
    assert_string_equal(at(catalogue, "@type"), "dcat:Catalog");
    assert_string_equal(at(catalogue, "dct:title"), "서울 \"연구실\"");
    assert_int_equal(json_array_size(json_object_get(catalogue, "dcat:dataset")), 2);
    json_decref(catalogue);
    dosi_text_destroy(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(required_and_known_properties_are_there),
        cmocka_unit_test(what_is_unknown_is_left_out_and_titles_fall_back),
        cmocka_unit_test(a_catalogue_holds_its_datasets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
