// Goal: no reply of an API, whatever it is, makes a feed crash, hang or leak, and the table
// made of its rows is whole. The first byte chooses the publisher.

#include "source/feed.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    size_t n_kinds = 0, n_total = 0;
    const dosi_feed_kind *const *kinds = dosi_feed_kinds(&n_kinds);
    bool may_pass = false, is_empty = false;
    dosi_error err = {""};
    if (size == 0) return 0;
    const dosi_feed feed = {.kind = kinds[data[0] % n_kinds], .key = "secret"};
    json_t *rows = json_array();
    dosi_status status =
        feed.kind->take_page((const char *)data + 1, size - 1, rows, &n_total, &may_pass, &err);
    assert(status == DOSI_OK || err.message[0]);
    if (status == DOSI_OK) {
        dosi_table table = {0};
        dosi_feed_report report = {0};
        status = dosi_feed_make_table(&feed, rows, &table, &report, &err);
        assert(status != DOSI_OK || table.n_rows <= json_array_size(rows));
        dosi_table_destroy(&table);
    }
    json_decref(rows);
    char code[16];
    size_t n = size - 1 < sizeof code - 1 ? size - 1 : sizeof code - 1;
    memcpy(code, data + 1, n);
    code[n] = '\0';
    (void)dosi_feed_judge(code, code, &is_empty, &may_pass, &err);
    return 0;
}
