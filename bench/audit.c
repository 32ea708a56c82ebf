// How fast the audit log takes records from several threads, and how fast it is checked.
// Usage: bench_audit [records] [threads]

#include "govern/audit.h"
#include "base/os_file.h"
#include "dosi/time.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { DEFAULT_RECORDS = 1000000, DEFAULT_THREADS = 4, MOST_THREADS = 64 };

/// One thread's share.
typedef struct share {
    dosi_audit *audit;
    size_t n_records;
} share;

static void *append_share(void *context) {
    const share *s = context;
    const dosi_audit_entry entry = {.account = "local",
                                    .account_id = 1,
                                    .channel = "tile",
                                    .action = "read",
                                    .object = "sample/dong@1",
                                    .outcome = "ok"};
    for (size_t i = 0; i < s->n_records; i++) {
        if (dosi_audit_append(s->audit, &entry, NULL) != DOSI_OK) return context;
    }
    return NULL;
}

int main(int argc, char **argv) {
    size_t n_records = argc > 1 ? strtoull(argv[1], NULL, 10) : DEFAULT_RECORDS;
    size_t n_threads = argc > 2 ? strtoull(argv[2], NULL, 10) : DEFAULT_THREADS;
    if (n_threads == 0 || n_threads > MOST_THREADS) return 2;
    char folder[] = "/tmp/dosi-bench-audit-XXXXXX";
    dosi_error err = {""};
    dosi_audit *audit = NULL;
    if (!mkdtemp(folder) || dosi_audit_open(folder, NULL, &audit, &err) != DOSI_OK) return 1;
    share s = {audit, n_records / n_threads};
    pthread_t threads[MOST_THREADS];
    int64_t start_us = dosi_time_monotonic_us();
    for (size_t i = 0; i < n_threads; i++) {
        if (pthread_create(&threads[i], NULL, append_share, &s) != 0) return 1;
    }
    for (size_t i = 0; i < n_threads; i++) (void)pthread_join(threads[i], NULL);
    double append_s = 1e-6 * (double)(dosi_time_monotonic_us() - start_us);
    dosi_audit_report report;
    start_us = dosi_time_monotonic_us();
    dosi_status status = dosi_audit_verify(audit, false, NULL, &report, &err);
    double verify_s = 1e-6 * (double)(dosi_time_monotonic_us() - start_us);
    // As a page of the server sees it: what was checked before and has not changed is known.
    (void)sleep(3);
    double again_s = 0;
    for (int i = 0; i < 2 && status == DOSI_OK; i++) {
        start_us = dosi_time_monotonic_us();
        status = dosi_audit_verify(audit, true, NULL, &report, &err);
        again_s = 1e-6 * (double)(dosi_time_monotonic_us() - start_us);
        if (i == 0) (void)append_share(&(share){audit, 1}); // the last file has changed
    }
    dosi_audit_close(audit);
    (void)!dosi_folder_remove(folder, NULL);
    if (status != DOSI_OK || !report.is_whole) {
        (void)fprintf(stderr, "%s %s\n", err.message, report.finding);
        return 1;
    }
    (void)printf("append: %llu records, %zu threads, %.2f s, %.0f a second\n"
                 "verify: %.2f s, %.0f a second\n"
                 "again: %.4f s after one more record\n",
                 (unsigned long long)report.n_records, n_threads, append_s,
                 (double)report.n_records / append_s, verify_s,
                 (double)report.n_records / verify_s, again_s);
    return 0;
}
