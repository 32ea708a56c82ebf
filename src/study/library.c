// Where ready studies lie: the lab's own folder, $DOSI_STUDIES, and beside the program.

#include "base/os_file.h"
#include "study/study.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { N_PLACES = 5, MAX_STUDIES = 512 };

/// Folders to look in, first come first served; "" where there is none.
typedef struct places {
    char folder[N_PLACES][DOSI_PATH_BYTES];
} places;

/// The folder `levels` above the program's file, plus `rest`.
static void beside_program(const char *rest, int levels, char *out) {
    char path[DOSI_PATH_BYTES - 64];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    out[0] = '\0';
    if (n <= 0) return;
    path[n] = '\0';
    for (int i = 0; i <= levels; i++) {
        char *slash = strrchr(path, '/');
        if (!slash) return;
        *slash = '\0';
    }
    (void)snprintf(out, DOSI_PATH_BYTES, "%s/%s", path, rest);
}

static void find_places(const char *folder, places *out) {
    out->folder[0][0] = '\0';
    if (folder) {
        (void)snprintf(out->folder[0], DOSI_PATH_BYTES, "%.4000s/studies", folder);
    }
    const char *named = getenv("DOSI_STUDIES");
    (void)snprintf(out->folder[1], DOSI_PATH_BYTES, "%.4000s", named ? named : "");
    beside_program("share/dosi/studies", 1, out->folder[2]);
    beside_program("studies", 1, out->folder[3]); // build/dosi
    beside_program("studies", 2, out->folder[4]); // build/release/dosi
}

dosi_status dosi_study_find(const char *folder, const char *id, char *out, dosi_error *err) {
    for (const char *at = id; *at; at++) {
        bool is_fine = (*at >= 'a' && *at <= 'z') || (*at >= '0' && *at <= '9') || *at == '_' ||
                       *at == '-';
        if (!is_fine) return dosi_fail(err, DOSI_NOT_FOUND, "no study \"%.60s\"", id);
    }
    places look;
    find_places(folder, &look);
    for (size_t i = 0; i < N_PLACES; i++) {
        if (!look.folder[i][0]) continue;
        char path[DOSI_PATH_BYTES];
        int n = snprintf(path, sizeof path, "%s/%s.yaml", look.folder[i], id);
        if (n < 0 || (size_t)n >= sizeof path || !dosi_path_exists(path)) continue;
        if (!realpath(path, out)) return dosi_fail(err, DOSI_IO, "cannot reach %.300s", path);
        return DOSI_OK;
    }
    return dosi_fail(err, DOSI_NOT_FOUND,
                     "there is no study \"%.60s\"; looked in %.100s, $DOSI_STUDIES and %.100s",
                     id, look.folder[0][0] ? look.folder[0] : "(no lab)", look.folder[4]);
}

// --- all of them -------------------------------------------------------------------------

typedef struct shelf {
    char *path[MAX_STUDIES];
    size_t n;
} shelf;

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool has_name(const shelf *s, const char *name) {
    for (size_t i = 0; i < s->n; i++) {
        if (strcmp(base_name(s->path[i]), name) == 0) return true;
    }
    return false;
}

static dosi_status add_folder(shelf *s, const char *folder, dosi_error *err) {
    DIR *dir = opendir(folder);
    if (!dir) return DOSI_OK;
    dosi_status status = DOSI_OK;
    for (struct dirent *entry = readdir(dir); entry && status == DOSI_OK;
         entry = readdir(dir)) {
        size_t n = strlen(entry->d_name);
        bool is_study =
            n > 5 && entry->d_name[0] != '.' && strcmp(entry->d_name + n - 5, ".yaml") == 0;
        if (!is_study || has_name(s, entry->d_name) || s->n == MAX_STUDIES) continue;
        char path[DOSI_PATH_BYTES];
        status = dosi_path_join(folder, entry->d_name, path, err);
        if (status != DOSI_OK) break;
        s->path[s->n] = dosi_string_copy(path);
        if (!s->path[s->n]) {
            status = dosi_fail(err, DOSI_NO_MEMORY, "out of memory");
            break;
        }
        s->n++;
    }
    (void)closedir(dir);
    return status;
}

static int by_name(const void *a, const void *b) {
    const char *const *x = a;
    const char *const *y = b;
    return strcmp(base_name(*x), base_name(*y));
}

dosi_status dosi_study_each(const char *folder,
                            dosi_status (*visit)(void *context,
                                                 const char *path,
                                                 dosi_error *err),
                            void *context,
                            dosi_error *err) {
    places *look = calloc(1, sizeof *look);
    shelf *s = calloc(1, sizeof *s);
    if (!look || !s) {
        free(look);
        free(s);
        return dosi_fail(err, DOSI_NO_MEMORY, "out of memory");
    }
    dosi_status status = DOSI_OK;
    find_places(folder, look);
    for (size_t i = 0; i < N_PLACES && status == DOSI_OK; i++) {
        if (look->folder[i][0]) status = add_folder(s, look->folder[i], err);
    }
    if (status == DOSI_OK) qsort(s->path, s->n, sizeof s->path[0], by_name);
    for (size_t i = 0; i < s->n; i++) {
        if (status == DOSI_OK) status = visit(context, s->path[i], err);
        free(s->path[i]);
    }
    free(look);
    free(s);
    return status;
}
