// dosi describe: changes what people are told of a dataset, and who may see it.

#include "cli/lab.h"

#include <stdio.h>

dosi_status dosi_cmd_describe(int argc, char **argv, dosi_error *err) {
    dosi_cli_lab lab = {0};
    DOSI_TRY(dosi_cli_lab_open(&argc, argv, "cli", &lab, err));
    const dosi_metadata metadata = {
        .title_ko = dosi_cli_option(&argc, argv, "title-ko"),
        .title_en = dosi_cli_option(&argc, argv, "title-en"),
        .description_ko = dosi_cli_option(&argc, argv, "description-ko"),
        .description_en = dosi_cli_option(&argc, argv, "description-en"),
        .licence = dosi_cli_option(&argc, argv, "licence"),
        .publisher = dosi_cli_option(&argc, argv, "publisher"),
        .contact = dosi_cli_option(&argc, argv, "contact"),
        .frequency = dosi_cli_option(&argc, argv, "frequency"),
        .visibility = dosi_cli_option(&argc, argv, "visibility"),
        .is_simulated = dosi_cli_flag(&argc, argv, "simulated"),
    };
    dosi_status status = dosi_cli_no_more_options(argc, argv, err);
    if (status == DOSI_OK && argc != 2) {
        status =
            dosi_fail(err, DOSI_INVALID, "usage: dosi describe org/name --title-ko TEXT...");
    }
    if (status == DOSI_OK) {
        status = dosi_gate_describe(lab.gate, &lab.caller, argv[1], &metadata, err);
    }
    if (status == DOSI_OK) (void)printf("%s is described\n", argv[1]);
    dosi_cli_lab_close(&lab);
    return status;
}
