// Goal: the names of datasets are found wherever SQL may put them, and not where a quote is
// hidden by a string or a comment.

#include "govern/names.h"

#include "dosi/text.h"
#include "test.h"

static dosi_status collect(void *context, const char *name, dosi_error *err) {
    (void)err;
    dosi_text_printf(context, "[%s]", name);
    return DOSI_OK;
}

static void check(const char *sql, const char *expected) {
    dosi_error err;
    dosi_text found = {0};
    CHECK_OK(dosi_sql_each_name(sql, strlen(sql), collect, &found, &err), err);
    if (strcmp(dosi_text_string(&found), expected) != 0) {
        fail_msg("%s: found %s, expected %s", sql, dosi_text_string(&found), expected);
    }
    dosi_text_destroy(&found);
}

static void names_are_found_in_code(void **state) {
    (void)state;
    check("select * from \"a/b\" join\"c/d@3\"on 1=1", "[a/b][c/d@3]");
    check("select \"x\"\"y\"", "[x\"y]");
    check("\"a/b\"", "[a/b]");
    check("with t as (select 1) select 'it''s', \"한글\" from t", "[한글]");
    check("select 1 - -1 / 2 * 3, \"n\"", "[n]");
    check("select $1, \"n\"", "[n]");
    check("select a$b$ , \"n\" , $b$", "[n]");
    check("", "");
}

static void strings_and_comments_hide_quotes(void **state) {
    (void)state;
    check("select 'x \"a/b\" y' from \"c/d\"", "[c/d]");
    check("select 'it''s \"a/b\"', \"n\"", "[n]");
    check("select E'it\\'s \"a/b\"', \"n\"", "[n]");
    check("select e'\\\\', \"n\"", "[n]");
    check("select 'ends with \\', \"n\"", "[n]");
    check("select fee'\\' \"n\"", "[n]");
    check("-- \"a/b\"\nselect \"n\"", "[n]");
    check("/* \"a/b\" /* \"c\" */ \"d\" */ \"n\"", "[n]");
    check("select $$ \"a/b\" $$, \"n\"", "[n]");
    check("select $t$ $$ \"a/b\" $t$, \"n\"", "[n]");
    check("select \"--\", \"n\"", "[--][n]");
    check("select \"/*\", \"n\"", "[/*][n]");
    check("select \"it's\", \"n\"", "[it's][n]");
}

static void what_is_not_closed_ends_the_search(void **state) {
    (void)state;
    check("select \"a/b", "");
    check("select 'a \"n\"", "");
    check("select E'a\\", "");
    check("/* \"n\"", "");
    check("/*/ \"n\"", "");
    check("-- \"n\"", "");
    check("$x$ \"n\"", "");
    check("$", "");
    check("\"", "");
}

static void long_names_are_passed_over(void **state) {
    (void)state;
    char sql[700];
    memset(sql, 'x', sizeof sql);
    sql[0] = '"';
    sql[600] = '"';
    memcpy(sql + 601, " \"n\"", 5);
    check(sql, "[n]");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_found_in_code),
        cmocka_unit_test(strings_and_comments_hide_quotes),
        cmocka_unit_test(what_is_not_closed_ends_the_search),
        cmocka_unit_test(long_names_are_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
