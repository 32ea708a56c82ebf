// Fuzz target: the reader of R data, packed or not.

#include "fuzz_source.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes) {
    fuzz_read("fuzz.rds", bytes, n_bytes);
    return 0;
}
