// Fourier transforms of planes: rows, then columns a few at a time.

#include "dosi/fft.h"

#include <assert.h>
#include <kiss_fft.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS_AT_ONCE = 8 };

size_t dosi_fft_size(size_t n) {
    for (;; n++) {
        size_t rest = n;
        while (rest % 2 == 0) rest /= 2;
        while (rest % 3 == 0) rest /= 3;
        while (rest % 5 == 0) rest /= 5;
        if (rest == 1) return n;
    }
}

/// A plane on its way through the transform.
typedef struct plane {
    kiss_fft_cpx *data;
    size_t rows, columns;
    kiss_fft_cfg along_rows, along_columns;
} plane;

/// Transforms one row.
static void transform_row(const plane *p, size_t row, kiss_fft_cpx *scratch) {
    kiss_fft_cpx *data = p->data + row * p->columns;
    kiss_fft(p->along_rows, data, scratch);
    memcpy(data, scratch, p->columns * sizeof *data);
}

/// Transforms the columns of one strip.
static void transform_strip(const plane *p, size_t strip, kiss_fft_cpx *scratch) {
    size_t first = strip * COLUMNS_AT_ONCE;
    size_t n = p->columns - first < COLUMNS_AT_ONCE ? p->columns - first : COLUMNS_AT_ONCE;
    kiss_fft_cpx *in = scratch, *out = scratch + COLUMNS_AT_ONCE * p->rows;
    for (size_t r = 0; r < p->rows; r++) {
        for (size_t c = 0; c < n; c++)
            in[c * p->rows + r] = p->data[r * p->columns + first + c];
    }
    for (size_t c = 0; c < n; c++) {
        kiss_fft(p->along_columns, in + c * p->rows, out + c * p->rows);
    }
    for (size_t r = 0; r < p->rows; r++) {
        for (size_t c = 0; c < n; c++)
            p->data[r * p->columns + first + c] = out[c * p->rows + r];
    }
}

/// Rows, then strips of columns; `scratch` has `n_scratch` numbers a thread.
static void transform(const plane *p, kiss_fft_cpx *scratch, size_t n_scratch, int n_threads) {
    long n_strips = (long)((p->columns + COLUMNS_AT_ONCE - 1) / COLUMNS_AT_ONCE);
#pragma omp parallel num_threads(n_threads)
    {
        kiss_fft_cpx *own = scratch + (size_t)omp_get_thread_num() * n_scratch;
#pragma omp for schedule(static)
        for (long r = 0; r < (long)p->rows; r++) transform_row(p, (size_t)r, own);
#pragma omp for schedule(static)
        for (long s = 0; s < n_strips; s++) transform_strip(p, (size_t)s, own);
    }
}

dosi_status dosi_fft_plane(float *data,
                           size_t rows,
                           size_t columns,
                           bool inverse,
                           const dosi_run *run,
                           dosi_error *err) {
    assert(rows > 0 && columns > 0 && rows <= 1u << 24 && columns <= 1u << 24);
    DOSI_TRY(dosi_run_check(run, err));
    int n_threads = dosi_run_threads(run);
    size_t n_scratch = (size_t)2 * COLUMNS_AT_ONCE * rows;
    if (n_scratch < columns) n_scratch = columns;
    plane p = {.data = (kiss_fft_cpx *)(void *)data, .rows = rows, .columns = columns};
    p.along_rows = kiss_fft_alloc((int)columns, inverse, NULL, NULL);
    p.along_columns = kiss_fft_alloc((int)rows, inverse, NULL, NULL);
    kiss_fft_cpx *scratch = malloc((size_t)n_threads * n_scratch * sizeof *scratch);
    dosi_status status = DOSI_OK;
    if (p.along_rows && p.along_columns && scratch) {
        transform(&p, scratch, n_scratch, n_threads);
    } else {
        status = dosi_fail(err, DOSI_NO_MEMORY, "no memory to transform %zu x %zu numbers",
                           rows, columns);
    }
    free(scratch);
    kiss_fft_free(p.along_rows);
    kiss_fft_free(p.along_columns);
    return status;
}
