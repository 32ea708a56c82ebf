// A small reader of SQL: it knows only what hides a double quote.

#include "govern/names.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

enum { LONGEST_NAME = 255 };

/// Text being read.
typedef struct reader {
    const char *at;
    const char *end;
} reader;

static bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '_' || (unsigned char)c >= 0x80;
}

static bool starts_with(const reader *r, const char *text) {
    size_t n = strlen(text);
    return (size_t)(r->end - r->at) >= n && memcmp(r->at, text, n) == 0;
}

/// Past the next `text`, or to the end.
static void skip_past(reader *r, const char *text) {
    while (r->at < r->end && !starts_with(r, text)) r->at++;
    r->at = r->at < r->end ? r->at + strlen(text) : r->end;
}

/// Past a comment that may hold others.
static void skip_comment(reader *r) {
    size_t depth = 0;
    do {
        if (starts_with(r, "/*")) {
            depth++;
            r->at += 2;
        } else if (starts_with(r, "*/")) {
            depth--;
            r->at += 2;
        } else {
            r->at++;
        }
    } while (depth > 0 && r->at < r->end);
}

/// Past a string in single quotes; in an E'' string a backslash hides the next character.
static void skip_string(reader *r, bool has_escapes) {
    for (r->at++; r->at < r->end; r->at++) {
        if (has_escapes && *r->at == '\\' && r->end - r->at > 1) {
            r->at++;
        } else if (*r->at == '\'') {
            r->at++;
            if (r->at == r->end || *r->at != '\'') return;
        }
    }
}

/// Past $$...$$ or $tag$...$tag$; past the one character when it is no such quote.
static void skip_dollar(reader *r) {
    const char *tag_end = r->at + 1;
    while (tag_end < r->end && is_word(*tag_end)) tag_end++;
    bool is_quote =
        tag_end < r->end && *tag_end == '$' && !(r->at[1] >= '0' && r->at[1] <= '9');
    if (!is_quote) {
        r->at++;
        return;
    }
    size_t n = (size_t)(tag_end - r->at) + 1;
    const char *tag = r->at;
    for (r->at += n; (size_t)(r->end - r->at) >= n; r->at++) {
        if (memcmp(r->at, tag, n) == 0) {
            r->at += n;
            return;
        }
    }
    r->at = r->end;
}

/// Past a word; says whether it was a lone E, which changes the string after it.
static bool skip_word(reader *r) {
    const char *start = r->at;
    while (r->at < r->end && (is_word(*r->at) || (*r->at == '$' && r->at > start))) r->at++;
    return r->at - start == 1 && (*start == 'e' || *start == 'E');
}

/// Reads a quoted identifier into `name`; false when it is not closed or too long.
static bool read_name(reader *r, char *name) {
    size_t n = 0;
    for (r->at++; r->at < r->end; r->at++) {
        if (*r->at == '"') {
            if (r->at + 1 == r->end || r->at[1] != '"') {
                r->at++;
                name[n < LONGEST_NAME ? n : LONGEST_NAME] = '\0';
                return n < LONGEST_NAME;
            }
            r->at++;
        }
        if (n < LONGEST_NAME) name[n] = *r->at;
        n++;
    }
    return false;
}

dosi_status dosi_sql_each_name(const char *sql,
                               size_t n_bytes,
                               dosi_status (*visit)(void *context,
                                                    const char *name,
                                                    dosi_error *err),
                               void *context,
                               dosi_error *err) {
    assert((sql || n_bytes == 0) && visit);
    if (n_bytes == 0) return DOSI_OK;
    reader r = {sql, sql + n_bytes};
    bool after_e = false;
    while (r.at < r.end) {
        bool has_escapes = after_e;
        after_e = false;
        if (is_word(*r.at)) {
            after_e = skip_word(&r);
        } else if (*r.at == '\'') {
            skip_string(&r, has_escapes);
        } else if (*r.at == '$') {
            skip_dollar(&r);
        } else if (starts_with(&r, "--")) {
            skip_past(&r, "\n");
        } else if (starts_with(&r, "/*")) {
            skip_comment(&r);
        } else if (*r.at == '"') {
            char name[LONGEST_NAME + 1];
            if (read_name(&r, name)) DOSI_TRY(visit(context, name, err));
        } else {
            r.at++;
        }
    }
    return DOSI_OK;
}
