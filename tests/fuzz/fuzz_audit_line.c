// Fuzz target: lines of an audit log, which may have been tampered with, are taken apart.

#include "govern/audit_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    dosi_audit_line line;
    (void)dosi_audit_line_read((const char *)data, size, &line);
    return 0;
}
