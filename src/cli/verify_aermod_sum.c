// The tables of highest values at the end of an AERMOD run (SUMMFILE).
//
// A table's title says its average ("HIGHEST  3-HR", "MAXIMUM PERIOD"), lines below what is in
// it ("** CONC OF", "DRY DEPO"); then come rows, the group's name only in the first of its
// rows.

#include "cli/verify_aermod_sum.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NO_AVERAGE = -1, MOST_TABLES = 10000 };

/// Where the reading is.
typedef struct reading {
    int average_h;
    dosi_aermod_output output; ///< AERMOD_OUTPUTS: not told yet.
    char group[AERMOD_ID_BYTES];
    verify_highest *tables;
    size_t n, room;
} reading;

/// The average of a title; NO_AVERAGE: one that is not compared.
static int average_of(const char *title) {
    int hours = 0;
    const char *at = strstr(title, "THE SUMMARY OF ");
    if (!at) return NO_AVERAGE;
    at += strlen("THE SUMMARY OF ");
    if (strncmp(at, "MAXIMUM PERIOD (", 16) == 0) return 0;
    char after[8] = "";
    bool is_hours = sscanf(at, "HIGHEST %d-HR %7s", &hours, after) == 2;
    return is_hours && hours > 0 && strcmp(after, "RESULTS") == 0 ? hours : NO_AVERAGE;
}

/// The table of the row's group, made if it is new; NULL: it cannot be.
static verify_highest *find_table(reading *r, dosi_error *err) {
    for (size_t i = 0; i < r->n; i++) {
        verify_highest *table = &r->tables[i];
        if (table->result.average_h == r->average_h && table->output == r->output &&
            strcmp(table->result.group, r->group) == 0) {
            return table;
        }
    }
    if (r->n == MOST_TABLES) {
        (void)dosi_fail(err, DOSI_LIMIT, "more than %d tables", MOST_TABLES);
        return NULL;
    }
    if (r->n == r->room) {
        size_t room = 2 * r->room + 8;
        verify_highest *more = realloc(r->tables, room * sizeof *more);
        if (!more) {
            (void)dosi_fail(err, DOSI_NO_MEMORY, "no memory for tables");
            return NULL;
        }
        r->tables = more;
        r->room = room;
    }
    verify_highest *table = &r->tables[r->n++];
    memset(table, 0, sizeof *table);
    table->result.kind = AERMOD_SUMMARY;
    table->result.average_h = r->average_h;
    table->output = r->output;
    memcpy(table->result.group, r->group, sizeof r->group);
    for (int k = 0; k < VERIFY_RANKS; k++) table->expected[k] = NAN;
    return table;
}

/// Takes a row of a table: [group] [HIGH] 2ND HIGH[EST] VALUE IS number [ON hour:] AT (place)
static dosi_status take_row(reading *r, const char *line, dosi_error *err) {
    const char *value = strstr(line, " VALUE IS ");
    if (!value) return DOSI_OK;
    int rank = 0;
    double number = 0;
    const char *at = line;
    if (line[0] != ' ') {
        if (sscanf(line, "%12s", r->group) != 1) return DOSI_OK;
        at += strlen(r->group);
    }
    while (at < value && (*at < '0' || *at > '9')) at++;
    if (sscanf(at, "%d", &rank) != 1 || rank < 1 || rank > VERIFY_RANKS) return DOSI_OK;
    if (sscanf(value, " VALUE IS %lf", &number) != 1) return DOSI_OK;
    verify_highest *table = find_table(r, err);
    if (!table) return r->n == MOST_TABLES ? DOSI_LIMIT : DOSI_NO_MEMORY;
    table->expected[rank - 1] = number;
    if (rank > table->result.rank) table->result.rank = rank;
    return DOSI_OK;
}

/// What a line says of the values of a table, where it does.
static void take_output(reading *r, const char *line) {
    static const char *const words[AERMOD_OUTPUTS] = {"AVERAGE CONC", "TOTAL DEPO", "DRY DEPO",
                                                      "WET DEPO"};
    if (strstr(line, "** CONC OF ")) r->output = AERMOD_CONC;
    for (int k = 0; strncmp(line, "GROUP ID", 8) == 0 && k < AERMOD_OUTPUTS; k++) {
        if (strstr(line, words[k])) r->output = (dosi_aermod_output)k;
    }
}

dosi_status verify_highest_read(const char *text,
                                verify_highest **out,
                                size_t *n,
                                dosi_error *err) {
    reading r = {.average_h = NO_AVERAGE, .output = AERMOD_OUTPUTS};
    dosi_status status = DOSI_OK;
    char line[512];
    while (*text && status == DOSI_OK) {
        size_t length = strcspn(text, "\n");
        size_t kept = length < sizeof line ? length : sizeof line - 1;
        memcpy(line, text, kept);
        line[kept] = '\0';
        text += length + (text[length] == '\n');
        if (strstr(line, "THE SUMMARY OF ")) {
            r.average_h = average_of(line);
            r.output = AERMOD_OUTPUTS;
            continue;
        }
        take_output(&r, line);
        if (r.average_h != NO_AVERAGE && r.output != AERMOD_OUTPUTS) {
            status = take_row(&r, line, err);
        }
    }
    if (status != DOSI_OK) {
        free(r.tables);
        return status;
    }
    *out = r.tables;
    *n = r.n;
    return DOSI_OK;
}
