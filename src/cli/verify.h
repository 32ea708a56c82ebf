/// @file verify.h
/// `dosi verify`: reference cases found in a folder, each checked by whoever knows its kind.
///
/// A checker is one file verify_<name>.c and one line in verify.def. Files are told apart by
/// what is in them, so that further files of the same kinds are checked too.
#ifndef DOSI_CLI_VERIFY_H
#define DOSI_CLI_VERIFY_H

#include "dosi/run.h"
#include "dosi/table.h"
#include "dosi/text.h"

#include <stdio.h>

enum { DOSI_VERIFY_HEAD_BYTES = 4096 };

/// A file of the folder.
typedef struct dosi_verify_file {
    char *path;
    const char *name;                      ///< Last part of the path.
    char head[DOSI_VERIFY_HEAD_BYTES + 1]; ///< Its first bytes, unzipped, NUL-terminated.
    bool is_used;                          ///< Some checker looked into it.
} dosi_verify_file;

/// A verification on its way.
typedef struct dosi_verify {
    dosi_verify_file *files;
    size_t n_files;
    dosi_text lines; ///< The table.
    dosi_text notes; ///< What was left out, and why.
    size_t n_cases, n_out;
    const dosi_run *run;
} dosi_verify;

/// How a number is compared.
typedef enum dosi_verify_rule {
    DOSI_VERIFY_ABSOLUTE, ///< |got - expected| <= tolerance
    DOSI_VERIFY_RELATIVE, ///< |got - expected| <= tolerance |expected|
    DOSI_VERIFY_AT_MOST,  ///< got <= expected (1 + tolerance)
} dosi_verify_rule;

/// One number with its reference.
typedef struct dosi_verify_case {
    const char *what;
    double expected, got, tolerance;
    dosi_verify_rule rule;
} dosi_verify_case;

/// Adds a case of `file` to the table.
void dosi_verify_add(dosi_verify *verify,
                     const dosi_verify_file *file,
                     const dosi_verify_case *item);

/// Adds a note: something that is not checked, and why.
void dosi_verify_note(dosi_verify *verify,
                      const dosi_verify_file *file,
                      const char *format,
                      ...) DOSI_PRINTF(3, 4);

/// Reads a file as a source would.
DOSI_CHECKED dosi_status dosi_verify_read(const dosi_verify_file *file,
                                          const dosi_run *run,
                                          dosi_table *out,
                                          dosi_error *err);

/// Whether the first line of a head names all of `columns` (separated by commas), in any order.
/// @return How many columns it names; 0: one of `columns` is not there.
size_t dosi_verify_has_columns(const dosi_verify_file *file, const char *columns);

/// Columns of a table by name.
/// @param names  Separated by commas; one that ends in `*`: the first that begins so.
/// @param out    (as many as `names`)
/// @return Whether all are there.
bool dosi_verify_find_columns(const dosi_table *table,
                              const char *names,
                              const dosi_column **out);

/// Someone who knows one kind of file.
typedef struct dosi_checker {
    const char *subject; ///< "air"
    const char *kind;    ///< What it checks, for people.
    bool (*recognises)(const dosi_verify_file *file);
    /// Checks one recognised file (others of the folder may be looked at too). Fails only when
    /// the file cannot be read; numbers that are out are cases.
    dosi_status (*check)(dosi_verify *verify, dosi_verify_file *file, dosi_error *err);
} dosi_checker;

#endif // DOSI_CLI_VERIFY_H
