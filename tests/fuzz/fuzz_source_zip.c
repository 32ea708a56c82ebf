// Fuzz target: the reader of zip archives.

#include "fuzz_source.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes) {
    fuzz_read("fuzz.zip", bytes, n_bytes);
    return 0;
}
