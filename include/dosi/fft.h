/// @file fft.h
/// Fourier transforms of planes, for convolutions on grids. Single precision (KissFFT).
#ifndef DOSI_FFT_H
#define DOSI_FFT_H

#include "dosi/run.h"
#include "dosi/status.h"

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The least size >= n that has no prime factor above 5; n >= 1.
DOSI_API size_t dosi_fft_size(size_t n);

/// Transforms a plane of complex numbers in place, not scaled: forward with exp(-i...), then
/// inverse gives rows * columns times the plane. Same bits at any number of threads.
/// @param data  (rows x columns x 2) real and imaginary parts.
/// @return DOSI_OK; DOSI_NO_MEMORY; DOSI_CANCELLED.
/// Cost: 5 N log2 N operations for N numbers; a column's worth of scratch a thread.
DOSI_API DOSI_CHECKED dosi_status dosi_fft_plane(float *data,
                                                 size_t rows,
                                                 size_t columns,
                                                 bool inverse,
                                                 const dosi_run *run,
                                                 dosi_error *err);

#ifdef __cplusplus
}
#endif

#endif // DOSI_FFT_H
