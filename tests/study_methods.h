/// @file study_methods.h
/// Small methods for tests of studies and jobs: one that computes, and some that misbehave.
#ifndef DOSI_STUDY_METHODS_H
#define DOSI_STUDY_METHODS_H

#include "study/study.h"
#include "test.h"

#include <omp.h>
#include <stdatomic.h>
#include <time.h>

static const dosi_method_column numbers_columns[] = {
    {"x", DOSI_TYPE_REAL, NULL, false, {"수", "A number"}}};
static const dosi_method_table numbers_inputs[] = {
    {"numbers", {"수", "Numbers"}, false, numbers_columns, 1},
    {"extra", {"더", "More numbers"}, true, numbers_columns, 1}};
static const dosi_method_table numbers_outputs[] = {
    {"scaled", {"결과", "Scaled"}, false, numbers_columns, 1},
    {"total", {"합", "Total"}, false, numbers_columns, 1}};
static const dosi_method_parameter scale_parameters[] = {
    {"factor", DOSI_PARAMETER_REAL, NULL, "2", 0.0, 100.0, NULL, {"배수", "Factor"}},
    {"mode", DOSI_PARAMETER_CHOICE, NULL, "fast", 0, 0, "fast|slow", {"방식", "Mode"}}};

static atomic_int n_scale_runs; ///< How often test.scale ran in this process.

/// One REAL column "x" of n rows.
static inline dosi_status make_numbers(dosi_table *table, size_t n, dosi_error *err) {
    DOSI_TRY(dosi_table_add_column(table, "x", DOSI_TYPE_REAL, NULL, err));
    return dosi_table_add_rows(table, n, err);
}

static dosi_status run_scale(const dosi_method_call *call, dosi_error *err) {
    const dosi_column *x = NULL;
    double factor = dosi_call_value(call, "factor")->real;
    int64_t n = (int64_t)call->inputs[0]->n_rows;
    atomic_fetch_add(&n_scale_runs, 1);
    DOSI_TRY(dosi_table_get(call->inputs[0], "x", DOSI_TYPE_REAL, &x, err));
    DOSI_TRY(make_numbers(&call->outputs[0], (size_t)n, err));
    DOSI_TRY(make_numbers(&call->outputs[1], 1, err));
    double *out = call->outputs[0].columns[0].data.real;
#pragma omp parallel for num_threads(dosi_run_threads(call->run))
    for (int64_t i = 0; i < n; i++) out[i] = factor * x->data.real[i];
    double total = 0.0;
    for (int64_t i = 0; i < n; i++) total += out[i];
    call->outputs[1].columns[0].data.real[0] = total;
    dosi_text_printf(call->report, "scaled %lld numbers\n", (long long)n);
    return DOSI_OK;
}

/// Ends the process as a bug would.
static dosi_status run_crash(const dosi_method_call *call, dosi_error *err) {
    (void)call;
    (void)err;
    (void)fprintf(stderr, "about to crash\n");
    abort();
}

/// Takes memory until there is no more.
static dosi_status run_eat(const dosi_method_call *call, dosi_error *err) {
    const size_t block = (size_t)16 << 20;
    for (int i = 0; i < 4096; i++) {
        char *memory = malloc(block);
        if (!memory) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for numbers");
        memset(memory, i + 1, block); // never given back: the process has to end
        *(char *volatile *)memory = memory;
        DOSI_TRY(dosi_run_check(call->run, err));
        const struct timespec pause = {.tv_nsec = 2000000};
        (void)nanosleep(&pause, NULL);
    }
    return make_numbers(&call->outputs[0], 1, err);
}

/// Waits until it is told to stop, for half a minute at most.
static dosi_status run_wait(const dosi_method_call *call, dosi_error *err) {
    for (int i = 0; i < 3000; i++) {
        const struct timespec pause = {.tv_nsec = 10000000};
        dosi_run_report(call->run, i / 3000.0, "waiting");
        DOSI_TRY(dosi_run_check(call->run, err));
        (void)nanosleep(&pause, NULL);
    }
    DOSI_TRY(make_numbers(&call->outputs[0], 1, err));
    return make_numbers(&call->outputs[1], 1, err);
}

/// Does not listen to anybody.
static dosi_status run_deaf(const dosi_method_call *call, dosi_error *err) {
    (void)call;
    for (int i = 0; i < 30; i++) {
        struct timespec left = {.tv_sec = 1};
        while (nanosleep(&left, &left) != 0) continue;
    }
    return dosi_fail(err, DOSI_TIMEOUT, "nobody ended this");
}

#define TEST_METHOD(name_, function_)                                                      \
    {                                                                                      \
        .id = (name_), .version = 1, .title = {"시험", "Test"}, .about = {"시험", "Test"}, \
        .citation = "none", .inputs = numbers_inputs, .n_inputs = 2,                       \
        .parameters = scale_parameters, .n_parameters = 2, .outputs = numbers_outputs,     \
        .n_outputs = 2, .run = (function_),                                                \
    }

static const dosi_method test_methods[] = {
    TEST_METHOD("test.scale", run_scale), TEST_METHOD("test.crash", run_crash),
    TEST_METHOD("test.eat", run_eat),     TEST_METHOD("test.wait", run_wait),
    TEST_METHOD("test.deaf", run_deaf),
};

/// For dosi_study_use_methods(): these, then the registry's.
static const dosi_method *find_test_method(const char *id) {
    for (size_t i = 0; i < sizeof test_methods / sizeof test_methods[0]; i++) {
        if (strcmp(test_methods[i].id, id) == 0) return &test_methods[i];
    }
    return dosi_method_find(id);
}

#endif // DOSI_STUDY_METHODS_H
