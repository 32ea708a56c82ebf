// Fuzz target: the reader of .json files.

#include "fuzz_source.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes) {
    fuzz_read("fuzz.json", bytes, n_bytes);
    return 0;
}
