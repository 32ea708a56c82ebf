// dosi init: makes a lab.

#include "base/os_file.h"
#include "cli/cli.h"
#include "govern/account.h"

dosi_status dosi_cmd_init(int argc, char **argv, dosi_error *err) {
    const char *title = dosi_cli_option(&argc, argv, "title");
    DOSI_TRY(dosi_cli_no_more_options(argc, argv, err));
    if (argc != 2) return dosi_fail(err, DOSI_INVALID, "usage: dosi init DIR [--title TEXT]");
    char password[DOSI_PASSWORD_BYTES];
    DOSI_TRY(dosi_lab_create(argv[1], title ? title : "Dosi", password, err));
    (void)printf("Lab made in %s\n"
                 "Administrator: admin\n"
                 "One-time password, to be changed at the first sign-in: %s\n",
                 argv[1], password);
    return DOSI_OK;
}
