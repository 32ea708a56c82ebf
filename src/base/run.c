// Cancel flag and progress of long work.

#include "dosi/run.h"

#include <omp.h>
#include <stddef.h>

int dosi_run_threads(const dosi_run *run) {
    int n_threads = run && run->n_threads > 0 ? run->n_threads : omp_get_max_threads();
    return n_threads > 0 ? n_threads : 1;
}

dosi_status dosi_run_check(const dosi_run *run, dosi_error *err) {
    if (run && run->cancel && atomic_load_explicit(run->cancel, memory_order_relaxed)) {
        return dosi_fail(err, DOSI_CANCELLED, "stopped on request");
    }
    return DOSI_OK;
}

void dosi_run_report(const dosi_run *run, double fraction, const char *what) {
    if (run && run->progress) run->progress(run->context, fraction, what);
}
