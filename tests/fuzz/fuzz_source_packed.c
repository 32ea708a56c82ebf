// Fuzz target: the reader of one packed file (gzip, bzip2, xz).

#include "fuzz_source.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes) {
    fuzz_read("fuzz.csv.gz", bytes, n_bytes);
    return 0;
}
