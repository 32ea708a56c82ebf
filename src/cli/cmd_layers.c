// dosi layers: what the map shows, its frames and series, as the web gets them.

#include "cli/lab.h"
#include "study/layer.h"

#include <math.h>
#include <string.h>

/// Reads a coordinate option; NaN when absent.
static dosi_status take_number(
    int *argc, char **argv, const char *name, double *out, dosi_error *err) {
    const char *text = dosi_cli_option(argc, argv, name);
    *out = NAN;
    if (!text || dosi_parse_real(text, strlen(text), out) == DOSI_OK) return DOSI_OK;
    return dosi_fail(err, DOSI_INVALID, "--%s %.60s: not a number", name, text);
}

dosi_status dosi_cmd_layers(int argc, char **argv, dosi_error *err) {
    dosi_layer_query query = {.time = dosi_cli_option(&argc, argv, "time"),
                              .key = dosi_cli_option(&argc, argv, "key")};
    DOSI_TRY(take_number(&argc, argv, "lon", &query.lon, err));
    DOSI_TRY(take_number(&argc, argv, "lat", &query.lat, err));
    dosi_cli_lab lab = {0};
    dosi_layers *layers = NULL;
    dosi_text text = {0};
    char etag[DOSI_ETAG_BYTES];
    DOSI_TRY(dosi_cli_lab_open(&argc, argv, "cli", &lab, err));
    dosi_status status = dosi_cli_no_more_options(argc, argv, err);
    const char *verb = argc > 1 ? argv[1] : "list";
    query.id = argc > 2 ? argv[2] : NULL;
    if (status == DOSI_OK) status = dosi_layers_open(lab.gate, 0, &layers, err);
    if (status != DOSI_OK) {
        dosi_cli_lab_close(&lab);
        return status;
    }
    if (strcmp(verb, "list") == 0 && argc <= 2) {
        status = dosi_layers_put_json(layers, &lab.caller, &text, err);
    } else if (strcmp(verb, "frame") == 0 && argc == 3) {
        status = dosi_layer_put_frame(layers, &lab.caller, &query, &text, etag, err);
    } else if (strcmp(verb, "series") == 0 && argc == 3) {
        status = dosi_layer_put_series(layers, &lab.caller, &query, &text, etag, err);
    } else {
        status = dosi_fail(err, DOSI_INVALID, "layers list, layers frame ID, layers series ID");
    }
    dosi_text_putc(&text, '\n');
    if (status == DOSI_OK) status = dosi_cli_put(&text, NULL, err);
    dosi_text_destroy(&text);
    dosi_layers_close(layers);
    dosi_cli_lab_close(&lab);
    return status;
}
