// dosi job-run: the body of a job's process. People start jobs by `dosi study run` and the web.

#include "cli/cli.h"
#include "study/job.h"

#include <stdlib.h>

dosi_status dosi_cmd_job_run(int argc, char **argv, dosi_error *err) {
    if (argc != 2) return dosi_fail(err, DOSI_INVALID, "job-run takes the folder of a job");
    exit(dosi_job_child(argv[1])); // NOLINT(concurrency-mt-unsafe): nothing else runs by now
}
