// Goal: a study file is read as it is meant, and every slip in it is an error that names file,
// line and column; nothing that people or attackers write makes the reader fail otherwise.

#include "study_methods.h"

static const char good[] = "id: demo\n"
                           "title: {ko: 시험, en: Demo}\n"
                           "about: {ko: 시험입니다, en: A demo}\n"
                           "organisation: lab\n"
                           "parameters:\n"
                           "  by: {default: \"3\", title: {ko: 배수, en: Factor}}\n"
                           "inputs:\n"
                           "  raw: ${org}/raw\n"
                           "steps:\n"
                           "  - id: second\n"
                           "    method: test.scale\n"
                           "    inputs: {numbers: first.scaled}\n"
                           "  - id: first\n"
                           "    method: test.scale\n"
                           "    inputs: {numbers: raw}\n"
                           "    parameters: {factor: \"${by}\"}\n"
                           "outputs:\n"
                           "  done: {from: second.scaled, title: {ko: 끝, en: Done}}\n";

/// The good study with one piece replaced.
static char *with(const char *from, const char *to) {
    static char text[8192];
    const char *at = strstr(good, from);
    assert_non_null(at);
    (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - good), good, to,
                   at + strlen(from));
    return text;
}

/// Fails unless reading `text` fails with a message that starts at `place` and holds `what`.
static void check_fault(const char *text, const char *place, const char *what) {
    dosi_study *study = NULL;
    dosi_error err = {""};
    dosi_status status = dosi_study_parse("demo.yaml", text, strlen(text), &study, &err);
    if (status == DOSI_OK) {
        dosi_study_destroy(study);
        fail_msg("taken without a word; expected \"%s\"", what);
    }
    char start[64];
    (void)snprintf(start, sizeof start, "demo.yaml:%s", place);
    if (strncmp(err.message, start, strlen(start)) != 0 || !strstr(err.message, what)) {
        fail_msg("\"%s\" is not \"%s ... %s\"", err.message, start, what);
    }
}

static void a_good_study_is_read(void **state) {
    (void)state;
    dosi_study *study = NULL;
    dosi_error err = {""};
    CHECK_OK(dosi_study_parse("demo.yaml", good, strlen(good), &study, &err), err);
    assert_string_equal(dosi_study_id(study), "demo");
    assert_string_equal(dosi_study_organisation(study), "lab");
    dosi_text json = {0};
    dosi_study_put_json(&json, study);
    const char *text = dosi_text_string(&json);
    assert_non_null(strstr(text, "\"title\":{\"ko\":\"시험\",\"en\":\"Demo\"}"));
    assert_non_null(strstr(text, "\"inputs\":{\"numbers\":\"first.scaled\"}"));
    assert_non_null(strstr(text, "\"parameters\":{\"factor\":\"${by}\"}"));
    dosi_text_destroy(&json);
    dosi_study_destroy(study);
}

static void what_is_not_known_is_an_error_with_its_place(void **state) {
    (void)state;
    check_fault(with("id: demo\n", "id: demo\nowner: me\n"), "2:1:", "unknown key \"owner\"");
    check_fault(
        with("test.scale\n    inputs: {numbers: f", "test.none\n    inputs: {numbers: f"),
        "11:13:", "no method \"test.none\"");
    check_fault(with("{numbers: first", "{number: first"), "12:14:", "no input \"number\"");
    check_fault(with("first.scaled}", "first.sum}"), "12:23:", "it has scaled, total");
    check_fault(with("first.scaled}", "third.scaled}"), "12:23:", "no step \"third\"");
    check_fault(with("{numbers: raw}", "{numbers: row}"), "15:23:", "no input \"row\"");
    check_fault(with("{factor:", "{facto:"), "16:18:", "no parameter \"facto\"");
    check_fault(with("${by}", "${bye}"), "16:26:", "no parameter \"bye\"");
    check_fault(with("${by}", "${by"), "16:26:", "without");
    check_fault(with("from: second.scaled", "from: raw"), "18:16:", "comes from a step");
}

static void what_is_missing_twice_or_of_the_wrong_kind_is_an_error(void **state) {
    (void)state;
    check_fault(with("organisation: lab\n", ""), "1:1:", "lacks \"organisation\"");
    check_fault(with("organisation: lab", "organisation: [lab]"), "4:15:", "must be a text");
    check_fault(with("organisation: lab", "organisation: Lab!"), "4:15:", "is no name");
    check_fault(with("organisation: lab", "id: demo"), "4:1:", "twice");
    check_fault(with("ko: 시험, en: Demo", "ko: 시험"), "2:8:", "lacks \"en\"");
    check_fault(with("title: {ko: 시험, en: Demo}", "title: Demo"), "2:8:", "must be a map");
    check_fault(with("  - id: first", "  - id: second"), "13:9:", "two steps");
    check_fault(with("    inputs: {numbers: raw}\n", ""), "13:5:", "lacks input \"numbers\"");
    check_fault(with("\"${by}\"", "[1]"), "16:26:", "must be one value");
    check_fault(with("raw: ${org}/raw", "raw: ${org}"), "8:8:", "input \"raw\"");
    check_fault(with("done: {", "Done: {"), "18:3:", "is no name");
}

static void values_that_the_method_refuses_are_errors(void **state) {
    (void)state;
    check_fault(with("default: \"3\"", "default: \"300\""), "16:26:", "factor");
    check_fault(with("\"${by}\"", "\"${by}\", mode: idle"), "16:41:", "mode");
}

static void circles_and_what_is_never_used_are_errors(void **state) {
    (void)state;
    check_fault(with("{numbers: raw}", "{numbers: second.scaled}"), "", "circle");
    check_fault(with("\"${by}\"", "\"3\""), "6:3:", "\"by\" is not used");
    check_fault(with("  raw: ${org}/raw\n", "  raw: ${org}/raw\n  more: ${org}/more\n"),
                "9:3:", "\"more\" is not used");
    check_fault(with("from: second.scaled", "from: first.scaled"), "10:5:", "step \"second\"");
}

static void yaml_that_grows_or_hides_is_refused(void **state) {
    (void)state;
    check_fault("a: &x [1]\nb: *x\n", "1:4:", "anchors");
    check_fault("a: !!str 1\n", "1:4:", "tags");
    check_fault("<<: {a: 1}\n", "1:1:", "merge");
    check_fault("a: 1\n--- \nb: 2\n", "2:1:", "second document");
    check_fault("a: [1, 2\n", "2:1:", "");
    check_fault("a: {b: {c: {d: {e: {f: {g: {h: {i: {j: {k: {l: {m: 1}}}}}}}}}}}}}\n",
                "1:", "deeper");
    check_fault("? [a]\n: 1\n", "1:3:", "plain word");
    check_fault("- 1\n", "1:1:", "must be a map");
}

static void limits_hold(void **state) {
    (void)state;
    size_t n = 307200;
    char *big = malloc(n);
    assert_non_null(big);
    memset(big, 'a', n);
    dosi_study *study = NULL;
    dosi_error err = {""};
    CHECK_STATUS(dosi_study_parse("big.yaml", big, n, &study, &err), DOSI_LIMIT);
    for (size_t i = 1; i < 200001; i++) big[i] = i % 2 ? 'a' : ',';
    big[0] = '[';
    big[200001] = ']';
    CHECK_STATUS(dosi_study_parse("big.yaml", big, 200002, &study, &err), DOSI_LIMIT);
    CHECK_STATUS(dosi_study_parse("e.yaml", "", 0, &study, &err), DOSI_PARSE);
    CHECK_STATUS(dosi_study_parse("z.yaml", "a\0b", 3, &study, &err), DOSI_PARSE);
    CHECK_STATUS(dosi_study_parse("u.yaml", "a: \xff\xfe", 5, &study, &err), DOSI_PARSE);
    free(big);
}

static void layers_are_checked(void **state) {
    (void)state;
    char text[4096];
    static const char layer[] =
        "layers:\n"
        "  - id: x\n"
        "    kind: grid\n"
        "    title: {ko: 층, en: Layer}\n"
        "    output: done\n"
        "    value: x\n"
        "    grid: first.total\n"
        "    legend: [{max: 1, colour: \"#102030\", label: {ko: a, en: b}},"
        " {colour: \"#405060\", label: {ko: c, en: d}}]\n";
    static const struct {
        const char *from, *to, *place, *what;
    } slips[] = {
        {"kind: grid", "kind: globe", "21:11:", "one of"},
        {"output: done", "output: gone", "23:13:", "no output"},
        {"grid: first.total", "key: x", "20:5:", "lacks \"grid\""},
        {"#102030", "red", "26:31:", "no colour"},
        {"{max: 1, ", "{", "26:14:", "\"max\""},
        {"id: x", "id: x\n    uncertainty: y", "21:18:", "no layer"},
        {"first.total", "raw", "25:11:", "comes from a step"},
    };
    (void)snprintf(text, sizeof text, "%s%s", good, layer);
    dosi_study *study = NULL;
    dosi_error err = {""};
    CHECK_OK(dosi_study_parse("demo.yaml", text, strlen(text), &study, &err), err);
    dosi_study_destroy(study);
    for (size_t i = 0; i < sizeof slips / sizeof slips[0]; i++) {
        const char *at = strstr(layer, slips[i].from);
        assert_non_null(at);
        (void)snprintf(text, sizeof text, "%s%.*s%s%s", good, (int)(at - layer), layer,
                       slips[i].to, at + strlen(slips[i].from));
        check_fault(text, slips[i].place, slips[i].what);
    }
}

static void the_ready_studies_are_good(void **state) {
    (void)state;
    dosi_study *study = NULL;
    dosi_error err = {""};
    CHECK_OK(dosi_study_load("studies/air-now.yaml", &study, &err), err);
    assert_string_equal(dosi_study_id(study), "air-now");
    dosi_study_destroy(study);
}

static void only_ids_are_looked_up(void **state) {
    (void)state;
    char path[4096];
    dosi_error err = {""};
    CHECK_STATUS(dosi_study_find(NULL, "../studies/air-now", path, &err), DOSI_NOT_FOUND);
    CHECK_STATUS(dosi_study_find(NULL, "studies/air-now.yaml", path, &err), DOSI_NOT_FOUND);
    CHECK_STATUS(dosi_study_find(NULL, "no-such-study", path, &err), DOSI_NOT_FOUND);
    (void)setenv("DOSI_STUDIES", "studies", 1);
    CHECK_OK(dosi_study_find(NULL, "air-now", path, &err), err);
    assert_non_null(strstr(path, "/studies/air-now.yaml"));
}

int main(void) {
    dosi_study_use_methods(find_test_method);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_study_is_read),
        cmocka_unit_test(what_is_not_known_is_an_error_with_its_place),
        cmocka_unit_test(what_is_missing_twice_or_of_the_wrong_kind_is_an_error),
        cmocka_unit_test(values_that_the_method_refuses_are_errors),
        cmocka_unit_test(circles_and_what_is_never_used_are_errors),
        cmocka_unit_test(yaml_that_grows_or_hides_is_refused),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(layers_are_checked),
        cmocka_unit_test(the_ready_studies_are_good),
        cmocka_unit_test(only_ids_are_looked_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
