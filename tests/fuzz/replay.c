// Runs a fuzz target without libFuzzer: every file of the folders given, every beginning of it,
// and some thousand seeded mutations. What crashed once stays in the corpus and is tried again.

#include "dosi/random.h"

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST = 1 << 16, N_MUTATIONS = 2000, LONGEST_CUT = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

/// Runs the target on a copy of exactly `n_bytes`, so that a read past the end is seen.
static void run(const uint8_t *data, size_t n_bytes) {
    uint8_t *copy = malloc(n_bytes ? n_bytes : 1);
    if (!copy) abort();
    if (n_bytes) memcpy(copy, data, n_bytes);
    (void)LLVMFuzzerTestOneInput(copy, n_bytes);
    free(copy);
}

static void mutate(const uint8_t *data, size_t n_bytes) {
    static uint8_t changed[LONGEST];
    dosi_random random = dosi_random_init(1, n_bytes);
    for (int i = 0; i < N_MUTATIONS && n_bytes > 0; i++) {
        memcpy(changed, data, n_bytes);
        uint32_t n_changes = 1 + dosi_random_below(&random, 4);
        for (uint32_t c = 0; c < n_changes; c++) {
            uint32_t at = dosi_random_below(&random, (uint32_t)n_bytes);
            changed[at] = (c & 1) ? changed[dosi_random_below(&random, (uint32_t)n_bytes)]
                                  : (uint8_t)dosi_random_below(&random, 256);
        }
        run(changed, n_bytes);
    }
}

/// Runs one file; false when it cannot be read.
static bool replay(const char *path) {
    static uint8_t data[LONGEST];
    FILE *file = fopen(path, "rb");
    if (!file) return false;
    size_t n_bytes = fread(data, 1, sizeof data, file);
    (void)fclose(file);
    run(data, n_bytes);
    for (size_t n = 0; n < n_bytes && n < LONGEST_CUT; n++) run(data, n);
    mutate(data, n_bytes);
    return true;
}

int main(int argc, char **argv) {
    size_t n_files = 0;
    for (int i = 1; i < argc; i++) {
        DIR *folder = opendir(argv[i]);
        if (!folder) return 2;
        for (const struct dirent *entry; (entry = readdir(folder));) {
            char path[4096];
            if (entry->d_name[0] == '.') continue;
            (void)snprintf(path, sizeof path, "%s/%s", argv[i], entry->d_name);
            n_files += replay(path);
        }
        (void)closedir(folder);
    }
    (void)printf("%zu inputs and what grows from them\n", n_files);
    return n_files ? 0 : 1;
}
