// dosi derive: a dataset made from others by SQL, with its lineage.

#include "cli/lab.h"
#include "study/derive.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void take_metadata(int *argc, char **argv, dosi_metadata *out) {
    out->title_ko = dosi_cli_option(argc, argv, "title-ko");
    out->title_en = dosi_cli_option(argc, argv, "title-en");
    out->description_ko = dosi_cli_option(argc, argv, "description-ko");
    out->description_en = dosi_cli_option(argc, argv, "description-en");
    out->licence = dosi_cli_option(argc, argv, "licence");
    out->publisher = dosi_cli_option(argc, argv, "publisher");
    out->contact = dosi_cli_option(argc, argv, "contact");
    out->frequency = dosi_cli_option(argc, argv, "frequency");
    out->visibility = dosi_cli_option(argc, argv, "visibility");
}

dosi_status dosi_cmd_derive(int argc, char **argv, dosi_error *err) {
    dosi_metadata metadata = {0};
    dosi_cli_lab lab = {0};
    take_metadata(&argc, argv, &metadata);
    dosi_derivation derivation = {.reference = dosi_cli_option(&argc, argv, "as"),
                                  .metadata = &metadata,
                                  .limits = {.memory_bytes = (size_t)4 << 30,
                                             .max_rows = 200000000,
                                             .timeout_us = 600 * DOSI_SECOND_US}};
    if (!derivation.reference)
        return dosi_fail(err, DOSI_INVALID, "derive needs --as org/name");
    DOSI_TRY(dosi_cli_lab_open(&argc, argv, "cli", &lab, err));
    dosi_version version = {0};
    bool is_new = false;
    dosi_status status = dosi_cli_no_more_options(argc, argv, err);
    if (status == DOSI_OK && argc != 2) {
        status = dosi_fail(err, DOSI_INVALID, "derive takes one SELECT");
    }
    if (status == DOSI_OK) {
        derivation.sql = argv[1];
        status = dosi_derive(lab.gate, &lab.caller, &derivation, NULL, &version, &is_new, err);
    }
    if (status == DOSI_OK) {
        (void)printf("%s/%s@%" PRId64 ": %" PRId64 " rows%s\n", version.organisation,
                     version.name, version.number, version.n_rows,
                     is_new ? "" : " (as before)");
    }
    dosi_version_clear(&version);
    dosi_cli_lab_close(&lab);
    return status;
}
