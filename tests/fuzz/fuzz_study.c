// Goal: no bytes, whatever they are, make the reader of study files crash, hang or leak.

#include "study/study.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    dosi_study *study = NULL;
    dosi_error err = {""};
    if (dosi_study_parse("fuzz.yaml", (const char *)data, size, &study, &err) != DOSI_OK) {
        return 0;
    }
    dosi_text json = {0};
    dosi_study_put_json(&json, study);
    dosi_text_destroy(&json);
    dosi_study_destroy(study);
    return 0;
}
