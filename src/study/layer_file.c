// The layers of a lab, read from their files.

#include "study/layer_file.h"

#include "base/hash.h"
#include "base/os_file.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FILES_MAX = 1024, FILE_NAME_BYTES = 256 };

dosi_status dosi_layer_folder(const char *lab, char *out, dosi_error *err) {
    return dosi_path_join(lab, "layers", out, err);
}
