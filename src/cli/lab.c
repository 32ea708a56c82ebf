// What commands that work in a lab share.

#include "cli/lab.h"

#include "base/os_file.h"

#include <string.h>

dosi_status dosi_cli_lab_open(
    int *argc, char **argv, const char *channel, dosi_cli_lab *out, dosi_error *err) {
    char folder[DOSI_PATH_BYTES];
    const char *given = dosi_cli_option(argc, argv, "lab");
    dosi_cli_lab lab = {0};
    DOSI_TRY(dosi_lab_find(given ? given : ".", folder, err));
    DOSI_TRY(dosi_gate_open(folder, &lab.gate, err));
    dosi_status status = dosi_caller_local(lab.gate, channel, &lab.caller, err);
    if (status != DOSI_OK) {
        dosi_cli_lab_close(&lab);
        return status;
    }
    *out = lab;
    return DOSI_OK;
}

void dosi_cli_lab_close(dosi_cli_lab *lab) {
    dosi_gate_close(lab->gate);
    *lab = (dosi_cli_lab){0};
}

dosi_status dosi_cli_number(
    int *argc, char **argv, const char *name, int64_t most, int64_t *value, dosi_error *err) {
    const char *text = dosi_cli_option(argc, argv, name);
    if (!text) return DOSI_OK;
    int64_t number = 0;
    if (dosi_parse_int(text, strlen(text), &number) != DOSI_OK || number < 0 || number > most) {
        return dosi_fail(err, DOSI_INVALID, "--%s must be 0 to %lld, not \"%s\"", name,
                         (long long)most, text);
    }
    *value = number;
    return DOSI_OK;
}

dosi_status dosi_cli_put(const dosi_text *text, const char *path, dosi_error *err) {
    DOSI_TRY(dosi_text_status(text, err));
    const char *bytes = dosi_text_string(text);
    if (path) return dosi_file_write_atomic(path, bytes, text->length, 0644, err);
    if (fwrite(bytes, 1, text->length, stdout) != text->length || fflush(stdout) != 0) {
        return dosi_fail(err, DOSI_IO, "standard output cannot be written");
    }
    return DOSI_OK;
}
