// The parts of a workbook beside its cells: sheets, shared strings, styles.

#include "source/xlsx.h"

#include "dosi/time.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    CHUNK_BYTES = 65536,
    STRINGS_BYTES = 512 << 20,
    HONEST_BYTES = 16 << 20,
    SECONDS_A_DAY = 86400,
    EPOCH_1900 = 25569, ///< 1970-01-01 in days of Excel.
    DAYS_1904 = 1462,
    FORMATS = 512,
};

const char *dosi_xml_local(const char *name) {
    const char *colon = strrchr(name, ':');
    return colon ? colon + 1 : name;
}

const char *dosi_xml_attribute(const char **attributes, const char *name) {
    for (size_t i = 0; attributes[i]; i += 2) {
        if (strcmp(attributes[i], name) == 0) return attributes[i + 1];
    }
    return NULL;
}

/// A document type in a workbook is an attack: entities that grow.
static void refuse_doctype(
    void *context, const char *name, const char *a, const char *b, int c) {
    (void)name;
    (void)a;
    (void)b;
    (void)c;
    (void)XML_StopParser(*(XML_Parser *)context, XML_FALSE);
}

/// Feeds an open member to the parser.
static dosi_status feed(const dosi_xlsx *book,
                        const char *path,
                        XML_Parser parser,
                        zip_file_t *member,
                        uint64_t n_packed,
                        dosi_error *err) {
    uint64_t n_read = 0;
    for (;;) {
        void *buffer = XML_GetBuffer(parser, CHUNK_BYTES);
        if (!buffer) return dosi_fail(err, DOSI_NO_MEMORY, "%s: no memory", book->file->name);
        zip_int64_t n = zip_fread(member, buffer, CHUNK_BYTES);
        if (n < 0)
            return dosi_fail(err, DOSI_PARSE, "%s: %s is damaged", book->file->name, path);
        n_read += (uint64_t)n;
        if (n_read > HONEST_BYTES && n_read / (n_packed + 1) > DOSI_SOURCE_ZIP_RATIO) {
            return dosi_fail(err, DOSI_LIMIT, "%s: %s unpacks to more than %d times its size",
                             book->file->name, path, DOSI_SOURCE_ZIP_RATIO);
        }
        if (n_read > (uint64_t)DOSI_SOURCE_BYTES) {
            return dosi_fail(err, DOSI_LIMIT, "%s: %s has more than 4 GiB", book->file->name,
                             path);
        }
        enum XML_Status status = XML_ParseBuffer(parser, (int)n, n == 0);
        if (status == XML_STATUS_OK) {
            if (n == 0) return DOSI_OK;
            continue;
        }
        // The handlers stop the parser when they have what they want.
        if (XML_GetErrorCode(parser) == XML_ERROR_ABORTED) return DOSI_OK;
        return dosi_fail(err, DOSI_PARSE, "%s: %s, line %lu: %s", book->file->name, path,
                         XML_GetCurrentLineNumber(parser),
                         XML_ErrorString(XML_GetErrorCode(parser)));
    }
}

dosi_status dosi_xlsx_parse(const dosi_xlsx *book,
                            const char *path,
                            XML_Parser parser,
                            bool is_optional,
                            dosi_error *err) {
    zip_stat_t stat;
    zip_file_t *member = NULL;
    if (zip_stat(book->zip, path, 0, &stat) == 0) member = zip_fopen(book->zip, path, 0);
    if (!member && is_optional) return DOSI_OK;
    if (!member) {
        return dosi_fail(err, DOSI_PARSE, "%s: no workbook: %s is absent or damaged",
                         book->file->name, path);
    }
    uint64_t n_packed = stat.valid & ZIP_STAT_COMP_SIZE ? stat.comp_size : 0;
    XML_SetStartDoctypeDeclHandler(parser, refuse_doctype);
    dosi_status status = feed(book, path, parser, member, n_packed, err);
    (void)zip_fclose(member);
    return status;
}

/// What the handlers of the small parts share. The parser comes first: see refuse_doctype().
typedef struct part {
    XML_Parser parser;
    dosi_xlsx *book;
    bool is_in_text, is_phonetic, is_in_formats;
    size_t n_formats;
    struct {
        long id;
        dosi_xlsx_style style;
    } formats[FORMATS];
    dosi_status status;
} part;

static void fail_part(part *p, dosi_status status) {
    p->status = status;
    (void)XML_StopParser(p->parser, XML_FALSE);
}

static dosi_status run_part(dosi_xlsx *book,
                            const char *path,
                            XML_StartElementHandler start,
                            XML_EndElementHandler end,
                            XML_CharacterDataHandler text,
                            dosi_error *err) {
    part *p = calloc(1, sizeof *p);
    XML_Parser parser = XML_ParserCreate(NULL);
    dosi_status status = p && parser ? DOSI_OK : DOSI_NO_MEMORY;
    if (status == DOSI_OK) {
        p->parser = parser;
        p->book = book;
        XML_SetUserData(parser, p);
        XML_SetElementHandler(parser, start, end);
        XML_SetCharacterDataHandler(parser, text);
        bool is_optional = strcmp(path, "xl/workbook.xml") != 0;
        status = dosi_xlsx_parse(book, path, parser, is_optional, err);
        if (status == DOSI_OK && p->status != DOSI_OK) {
            status = dosi_fail(err, p->status, "%s: %s is too large", book->file->name, path);
        }
    }
    if (parser) XML_ParserFree(parser);
    free(p);
    return status;
}

// --- sheets ---------------------------------------------------------------------------------

static void start_workbook(void *context, const char *name, const char **attributes) {
    part *p = context;
    const char *local = dosi_xml_local(name);
    if (strcmp(local, "workbookPr") == 0) {
        const char *value = dosi_xml_attribute(attributes, "date1904");
        p->book->is_1904 = value && (strcmp(value, "1") == 0 || strcmp(value, "true") == 0);
    }
    if (strcmp(local, "sheet") != 0 || p->book->n_sheets == DOSI_XLSX_SHEETS) return;
    const char *title = dosi_xml_attribute(attributes, "name");
    const char *id = dosi_xml_attribute(attributes, "r:id");
    if (!title || !id) return;
    dosi_xlsx_sheet *sheet = &p->book->sheets[p->book->n_sheets++];
    (void)snprintf(sheet->name, sizeof sheet->name, "%s", title);
    (void)snprintf(sheet->id, sizeof sheet->id, "%s", id);
}

static void start_relation(void *context, const char *name, const char **attributes) {
    part *p = context;
    if (strcmp(dosi_xml_local(name), "Relationship") != 0) return;
    const char *id = dosi_xml_attribute(attributes, "Id");
    const char *target = dosi_xml_attribute(attributes, "Target");
    if (!id || !target) return;
    for (size_t i = 0; i < p->book->n_sheets; i++) {
        dosi_xlsx_sheet *sheet = &p->book->sheets[i];
        if (strcmp(sheet->id, id) != 0) continue;
        // Targets are relative to xl/, or absolute in the archive.
        (void)snprintf(sheet->path, sizeof sheet->path, "%s%s", *target == '/' ? "" : "xl/",
                       *target == '/' ? target + 1 : target);
    }
}

// --- strings --------------------------------------------------------------------------------

static void start_string(void *context, const char *name, const char **attributes) {
    part *p = context;
    (void)attributes;
    const char *local = dosi_xml_local(name);
    if (strcmp(local, "rPh") == 0) p->is_phonetic = true;
    p->is_in_text = strcmp(local, "t") == 0 && !p->is_phonetic;
}

static void end_string(void *context, const char *name) {
    part *p = context;
    dosi_xlsx *book = p->book;
    const char *local = dosi_xml_local(name);
    p->is_in_text = false;
    if (strcmp(local, "rPh") == 0) p->is_phonetic = false;
    if (strcmp(local, "si") != 0) return;
    if (book->n_strings == book->string_capacity) {
        size_t capacity = book->string_capacity ? book->string_capacity * 2 : 1024;
        size_t *ends = realloc(book->ends, capacity * sizeof *ends);
        if (!ends) {
            fail_part(p, DOSI_NO_MEMORY);
            return;
        }
        book->ends = ends;
        book->string_capacity = capacity;
    }
    book->ends[book->n_strings++] = book->strings.length;
    if (book->strings.status != DOSI_OK) fail_part(p, book->strings.status);
}

static void text_string(void *context, const char *bytes, int n_bytes) {
    part *p = context;
    if (p->is_in_text) dosi_text_append(&p->book->strings, bytes, (size_t)n_bytes);
}

// --- styles ---------------------------------------------------------------------------------

/// What a format code shows: letters of dates and clocks outside quotes, escapes and brackets.
static dosi_xlsx_style style_of_code(const char *code) {
    bool has_date = false;
    bool has_clock = false;
    for (const char *c = code; *c && *c != ';'; c++) {
        if (*c == '"') {
            c = strchr(c + 1, '"');
            if (!c) break;
        } else if (*c == '[') {
            has_clock |= c[1] == 'h' || c[1] == 'H';
            c = strchr(c + 1, ']');
            if (!c) break;
        } else if ((*c == '\\' || *c == '_' || *c == '*') && c[1]) {
            c++;
        } else {
            has_date |= strchr("yYdD", *c) != NULL;
            has_clock |= strchr("hHsS", *c) != NULL;
            has_date |= strncmp(c, "mmm", 3) == 0;
        }
    }
    if (strcmp(code, "General") == 0) return DOSI_XLSX_PLAIN;
    if (has_clock) return DOSI_XLSX_TIME;
    return has_date ? DOSI_XLSX_DATE : DOSI_XLSX_PLAIN;
}

/// The formats that every workbook has without naming them.
static dosi_xlsx_style style_of_builtin(long id) {
    bool is_clock = (id >= 18 && id <= 22) || (id >= 45 && id <= 47) || (id >= 32 && id <= 35);
    bool is_date =
        (id >= 14 && id <= 17) || (id >= 27 && id <= 31) || id == 36 || (id >= 50 && id <= 58);
    if (is_clock) return DOSI_XLSX_TIME;
    return is_date ? DOSI_XLSX_DATE : DOSI_XLSX_PLAIN;
}

static dosi_xlsx_style style_of(const part *p, long id) {
    for (size_t i = 0; i < p->n_formats; i++) {
        if (p->formats[i].id == id) return p->formats[i].style;
    }
    return style_of_builtin(id);
}

static void add_style(part *p, dosi_xlsx_style style) {
    dosi_xlsx *book = p->book;
    if (book->n_styles == book->style_capacity) {
        size_t capacity = book->style_capacity ? book->style_capacity * 2 : 64;
        dosi_xlsx_style *styles = realloc(book->styles, capacity * sizeof *styles);
        if (!styles || capacity > 1 << 20) {
            if (styles) book->styles = styles;
            fail_part(p, DOSI_LIMIT);
            return;
        }
        book->styles = styles;
        book->style_capacity = capacity;
    }
    book->styles[book->n_styles++] = style;
}

static void start_style(void *context, const char *name, const char **attributes) {
    part *p = context;
    const char *local = dosi_xml_local(name);
    const char *id = dosi_xml_attribute(attributes, "numFmtId");
    if (strcmp(local, "numFmt") == 0 && id && p->n_formats < FORMATS) {
        const char *code = dosi_xml_attribute(attributes, "formatCode");
        p->formats[p->n_formats].id = strtol(id, NULL, 10);
        p->formats[p->n_formats++].style = style_of_code(code ? code : "");
    } else if (strcmp(local, "cellXfs") == 0) {
        p->is_in_formats = true;
    } else if (strcmp(local, "xf") == 0 && p->is_in_formats) {
        add_style(p, style_of(p, id ? strtol(id, NULL, 10) : 0));
    }
}

static void end_style(void *context, const char *name) {
    part *p = context;
    if (strcmp(dosi_xml_local(name), "cellXfs") == 0) p->is_in_formats = false;
}

// --- numbers --------------------------------------------------------------------------------

void dosi_xlsx_put_number(dosi_text *out, double value, dosi_xlsx_style style, bool is_1904) {
    // Excel's days end with the year 9999.
    if (style == DOSI_XLSX_PLAIN || !(value >= 0.0 && value < 2958466.0)) {
        dosi_text_put_real(out, value);
        return;
    }
    int64_t seconds = (int64_t)floor(value * SECONDS_A_DAY + 0.5);
    int64_t days = seconds / SECONDS_A_DAY;
    seconds %= SECONDS_A_DAY;
    int clock[] = {(int)(seconds / 3600), (int)(seconds / 60 % 60), (int)(seconds % 60)};
    if (days == 0 && !is_1904) {
        // A time of day without a day.
        dosi_text_printf(out, "%02d:%02d:%02d", clock[0], clock[1], clock[2]);
        return;
    }
    if (is_1904) days += DAYS_1904;
    // Excel counts a 29 February 1900 that never was.
    if (!is_1904 && days < 60) days++;
    dosi_civil civil = dosi_time_to_civil((days - EPOCH_1900) * DOSI_DAY_US);
    dosi_text_printf(out, "%04d-%02d-%02d", civil.year, civil.month, civil.day);
    if (style == DOSI_XLSX_DATE && seconds == 0) return;
    dosi_text_printf(out, " %02d:%02d:%02d", clock[0], clock[1], clock[2]);
}

// --- opening --------------------------------------------------------------------------------

static dosi_status open_zip(dosi_xlsx *book, dosi_error *err) {
    const dosi_source_file *file = book->file;
    zip_error_t why;
    zip_error_init(&why);
    zip_source_t *source =
        file->path
            ? zip_source_file_create(file->path, 0, -1, &why)
            : zip_source_buffer_create(file->bytes, (zip_uint64_t)file->n_bytes, 0, &why);
    if (source) book->zip = zip_open_from_source(source, ZIP_RDONLY, &why);
    dosi_status status = DOSI_OK;
    if (!book->zip) {
        status = dosi_fail(err, DOSI_PARSE, "%s: no workbook: %s", file->name,
                           zip_error_strerror(&why));
        if (source) zip_source_free(source);
    }
    zip_error_fini(&why);
    return status;
}

static dosi_status read_parts(dosi_xlsx *book, dosi_error *err) {
    DOSI_TRY(open_zip(book, err));
    DOSI_TRY(run_part(book, "xl/workbook.xml", start_workbook, NULL, NULL, err));
    DOSI_TRY(run_part(book, "xl/_rels/workbook.xml.rels", start_relation, NULL, NULL, err));
    DOSI_TRY(run_part(book, "xl/styles.xml", start_style, end_style, NULL, err));
    return run_part(book, "xl/sharedStrings.xml", start_string, end_string, text_string, err);
}

dosi_status dosi_xlsx_open(const dosi_source_file *file, dosi_xlsx *out, dosi_error *err) {
    assert(file && out);
    dosi_xlsx book = {.file = file};
    dosi_text_init(&book.strings, STRINGS_BYTES);
    book.sheets = calloc(DOSI_XLSX_SHEETS, sizeof *book.sheets);
    dosi_status status = book.sheets
                             ? read_parts(&book, err)
                             : dosi_fail(err, DOSI_NO_MEMORY, "%s: no memory", file->name);
    if (status != DOSI_OK) {
        dosi_xlsx_close(&book);
        return status;
    }
    *out = book;
    return DOSI_OK;
}

void dosi_xlsx_close(dosi_xlsx *book) {
    assert(book);
    if (book->zip) zip_discard(book->zip);
    free(book->sheets);
    dosi_text_destroy(&book->strings);
    free(book->ends);
    free(book->styles);
    *book = (dosi_xlsx){0};
}
