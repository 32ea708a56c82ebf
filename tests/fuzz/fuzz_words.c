// Goal: no words of a person (times, numbers, lists, changes of emissions) make what reads them
// crash or read beyond their end.

#include "dosi/text.h"
#include "dosi/time.h"
#include "method/road_links.h"
#include "method/scenario.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = malloc(size + 1);
    if (!text) return 0;
    if (size) memcpy(text, data, size);
    text[size] = '\0';
    int64_t whole = 0;
    double real = 0;
    dosi_time time = 0;
    dosi_error err = {""};
    (void)!dosi_parse_int((const char *)data, size, &whole);
    (void)!dosi_parse_real((const char *)data, size, &real);
    if (dosi_time_parse_iso((const char *)data, size, 32400, &time, &err) == DOSI_OK) {
        char written[DOSI_TIME_TEXT_BYTES];
        dosi_time again = 0;
        dosi_time_format(time, 32400, written);
        assert(dosi_time_parse_iso(written, strlen(written), 32400, &again, &err) == DOSI_OK);
        assert(again == time || time % DOSI_SECOND_US != 0);
    } else {
        assert(err.message[0]);
    }
    method_names names;
    if (method_names_split(text, &names, &err) == DOSI_OK) {
        assert(names.n <= METHOD_NAMES_MAX && names.n <= method_list_count(text));
    }
    method_scenario scenario;
    if (method_scenario_read(text, text, &scenario, &err) == DOSI_OK) {
        (void)!method_scenario_check(&scenario, NULL, NULL, 1, &err);
    }
    free(text);
    return 0;
}
