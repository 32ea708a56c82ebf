// Static files: the web's build. Only plain files under the folder, never dotfiles; unknown
// paths are the app's own and get index.html.

#include "base/os_file.h"
#include "dosi/time.h"
#include "http/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { N_CACHED = 64, CACHE_MAX_BYTES = 8 * 1024 * 1024, HASH_MIN = 8 };

/// A compressed file, kept.
typedef struct cached_file {
    char *path;
    int64_t changed_us, n_bytes;
    dosi_text packed;
} cached_file;

struct dosi_static_cache {
    pthread_mutex_t lock;
    size_t next;
    cached_file files[N_CACHED];
};

struct dosi_static_cache *dosi_static_cache_create(void) {
    struct dosi_static_cache *cache = calloc(1, sizeof *cache);
    if (cache) (void)pthread_mutex_init(&cache->lock, NULL);
    return cache;
}

/// Frees one entry.
static void forget(cached_file *file) {
    free(file->path);
    dosi_text_destroy(&file->packed);
    *file = (cached_file){0};
}

void dosi_static_cache_destroy(struct dosi_static_cache *cache) {
    if (!cache) return;
    for (size_t i = 0; i < N_CACHED; i++) forget(&cache->files[i]);
    (void)pthread_mutex_destroy(&cache->lock);
    free(cache);
}

/// Type by file name.
static const char *type_of(const char *path) {
    static const struct {
        const char *suffix, *type;
    } types[] = {
        {".html", "text/html; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".mjs", "text/javascript; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".json", "application/json"},
        {".map", "application/json"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".jpg", "image/jpeg"},
        {".webp", "image/webp"},
        {".ico", "image/x-icon"},
        {".woff2", "font/woff2"},
        {".woff", "font/woff"},
        {".wasm", "application/wasm"},
        {".txt", "text/plain; charset=utf-8"},
        {".webmanifest", "application/manifest+json"},
    };
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot && i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(dot, types[i].suffix) == 0) return types[i].type;
    }
    return "application/octet-stream";
}

/// Whether the name carries a content hash ("index-Bx3kQ9z1.js"): such a file never changes.
static bool is_hashed(const char *path) {
    const char *dot = strrchr(path, '.');
    const char *dash = dot;
    if (!dot || !strstr(path, "/assets/")) return false;
    while (dash > path && *dash != '-' && *dash != '/') dash--;
    return *dash == '-' && dot - dash - 1 >= HASH_MIN;
}

/// The file of a target: DOSI_NOT_FOUND when it names none, or a dotfile.
static dosi_status find_file(const dosi_http_request *request, char *out, struct stat *facts) {
    const dosi_uri *uri = &request->uri;
    int length = snprintf(out, DOSI_PATH_BYTES, "%s", request->server->static_folder);
    for (size_t i = 0; i < uri->n_segments; i++) {
        const char *segment = uri->segments[i];
        // dosi_uri_parse() has refused "..", encoded slashes and control characters.
        if (segment[0] == '.' || segment[0] == '\0' || strchr(segment, '\\')) {
            return DOSI_NOT_FOUND;
        }
        length += snprintf(out + length, (size_t)(DOSI_PATH_BYTES - length), "/%s", segment);
        if (length >= DOSI_PATH_BYTES - 1) return DOSI_NOT_FOUND;
        if (lstat(out, facts) != 0 || S_ISLNK(facts->st_mode)) return DOSI_NOT_FOUND;
    }
    if (uri->n_segments > 0 && S_ISREG(facts->st_mode)) return DOSI_OK;
    return DOSI_NOT_FOUND;
}

/// The compressed bytes of a file, from the cache or made now; empty when not worth it.
static void packed_file(dosi_http_request *request,
                        const char *path,
                        const struct stat *facts,
                        dosi_text *out) {
    struct dosi_static_cache *cache = request->server->files;
    int64_t changed_us =
        (int64_t)facts->st_mtim.tv_sec * DOSI_SECOND_US + facts->st_mtim.tv_nsec / 1000;
    (void)pthread_mutex_lock(&cache->lock);
    cached_file *found = NULL;
    for (size_t i = 0; i < N_CACHED && !found; i++) {
        cached_file *file = &cache->files[i];
        if (file->path && file->changed_us == changed_us && file->n_bytes == facts->st_size &&
            strcmp(file->path, path) == 0) {
            found = file;
        }
    }
    if (!found) {
        found = &cache->files[cache->next];
        cache->next = (cache->next + 1) % N_CACHED;
        forget(found);
        dosi_text content = {0};
        found->path = dosi_string_copy(path);
        found->changed_us = changed_us;
        found->n_bytes = facts->st_size;
        if (dosi_file_read(path, CACHE_MAX_BYTES, &content, NULL) == DOSI_OK) {
            (void)dosi_reply_gzip(content.data, content.length, &found->packed);
        }
        dosi_text_destroy(&content);
    }
    if (found->packed.length) {
        dosi_text_append(out, found->packed.data, found->packed.length);
    }
    (void)pthread_mutex_unlock(&cache->lock);
}

/// Whether compressing files of this type helps.
static bool is_text(const char *type) {
    return strncmp(type, "text/", 5) == 0 || strstr(type, "json") || strstr(type, "svg") ||
           strstr(type, "wasm");
}

enum MHD_Result dosi_static_send(dosi_http_request *request) {
    char path[DOSI_PATH_BYTES];
    struct stat facts;
    const char *folder = request->server->static_folder;
    if (!folder) return dosi_reply_problem(request, 404, "there is nothing here", NULL);
    if (find_file(request, path, &facts) != DOSI_OK) {
        const char *last =
            request->uri.n_segments ? request->uri.segments[request->uri.n_segments - 1] : "";
        (void)snprintf(path, sizeof path, "%s/index.html", folder);
        if (strchr(last, '.') || stat(path, &facts) != 0) {
            return dosi_reply_problem(request, 404, "there is no such page or file", NULL);
        }
    }
    dosi_http_reply *reply = &request->reply;
    reply->content_type = type_of(path);
    (void)snprintf(reply->etag, sizeof reply->etag, "%llx-%llx-%llx",
                   (unsigned long long)facts.st_mtim.tv_sec,
                   (unsigned long long)facts.st_mtim.tv_nsec,
                   (unsigned long long)facts.st_size);
    dosi_text_puts(&reply->headers, is_hashed(path)
                                        ? "Cache-Control: public, max-age=31536000, immutable\n"
                                        : "Cache-Control: no-cache\n");
    bool is_worth =
        is_text(reply->content_type) && facts.st_size > 1024 && facts.st_size < CACHE_MAX_BYTES;
    if (is_worth && dosi_reply_takes_gzip(request)) {
        packed_file(request, path, &facts, &reply->body);
        request->is_packed = reply->body.length > 0;
    }
    if (reply->body.length == 0) {
        reply->file_path = dosi_string_copy(path);
        if (!reply->file_path) return dosi_reply_problem(request, 503, "out of memory", NULL);
    }
    request->status = DOSI_OK;
    return dosi_reply_send(request);
}
