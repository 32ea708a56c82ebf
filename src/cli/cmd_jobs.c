// dosi jobs: what runs and ran, its log, and stopping it.

#include "cli/lab.h"
#include "dosi/time.h"
#include "study/job.h"

#include <string.h>

static dosi_status print_line(void *context, const dosi_job *job, dosi_error *err) {
    const dosi_cli_lab *lab = context;
    char when[DOSI_TIME_TEXT_BYTES];
    (void)err;
    int zone_s = dosi_gate_zone_s(lab->gate);
    int64_t local = job->created_utc_us + zone_s * DOSI_SECOND_US;
    dosi_time_format(local / DOSI_SECOND_US * DOSI_SECOND_US, zone_s, when);
    (void)printf("%-26s %-7s %-16s %-11s %3.0f %%  %s  %s\n", job->id, job->kind, job->subject,
                 dosi_job_state_name(job->state), 100.0 * job->progress, when, job->message);
    return DOSI_OK;
}

static dosi_status print_log(dosi_cli_lab *lab, const char *id, dosi_error *err) {
    dosi_text text = {0};
    dosi_status status = dosi_job_log(lab->gate, &lab->caller, id, (size_t)1 << 20, &text, err);
    if (status == DOSI_OK) status = dosi_cli_put(&text, NULL, err);
    dosi_text_destroy(&text);
    return status;
}

static dosi_status do_verb(dosi_cli_lab *lab, int argc, char **argv, dosi_error *err) {
    const char *verb = argc > 1 ? argv[1] : "list";
    if (strcmp(verb, "list") == 0 && argc <= 2) {
        return dosi_job_each(lab->gate, &lab->caller, print_line, lab, err);
    }
    if (argc != 3) {
        return dosi_fail(err, DOSI_INVALID, "jobs list, or jobs show|log|cancel ID");
    }
    if (strcmp(verb, "show") == 0) {
        dosi_job job;
        DOSI_TRY(dosi_job_find(lab->gate, &lab->caller, argv[2], &job, err));
        return print_line(lab, &job, err);
    }
    if (strcmp(verb, "log") == 0) return print_log(lab, argv[2], err);
    if (strcmp(verb, "cancel") == 0) {
        return dosi_job_dismiss(lab->gate, &lab->caller, argv[2], err);
    }
    return dosi_fail(err, DOSI_INVALID, "jobs list, or jobs show|log|cancel ID");
}

dosi_status dosi_cmd_jobs(int argc, char **argv, dosi_error *err) {
    dosi_cli_lab lab = {0};
    DOSI_TRY(dosi_cli_lab_open(&argc, argv, "cli", &lab, err));
    dosi_status status = dosi_cli_no_more_options(argc, argv, err);
    if (status == DOSI_OK) status = dosi_jobs_tend(lab.gate, err);
    if (status == DOSI_OK) status = do_verb(&lab, argc, argv, err);
    dosi_cli_lab_close(&lab);
    return status;
}
