// Checker: AERMOD decks with their weather and results beside, hour by hour.
//
// A deck's results are told by the names it gives them (POSTFILE, PLOTFILE), whatever folder it
// puts them in, gzipped or not.

#include "cli/verify_aermod.h"
#include "cli/verify.h"
#include "cli/verify_aermod_sum.h"

#include "source/aermod_row.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

#define COUNTS_FROM  1e-3    ///< Values below this part of the hour's greatest do not count.
#define ROUNDING     5.01e-6 ///< Results have five decimals.
#define PLUME_WITHIN 1e-3
#define ROAD_WITHIN  1e-2

enum { MOST_RANK = VERIFY_RANKS, TEXT_BYTES = 1 << 30 };

/// A deck; what a run printed ("aermod.out") starts with its deck, but is none.
static bool recognises(const dosi_verify_file *file) {
    size_t n = strlen(file->name);
    if (n > 4 && strcasecmp(file->name + n - 4, ".out") == 0) return false;
    for (const char *at = file->head; *at; at++) {
        bool is_start = at == file->head || strchr(" \n\r\t", at[-1]);
        if (!is_start || strncasecmp(at, "CO", 2) != 0) continue;
        size_t gap = strspn(at + 2, " \t");
        if (gap > 0 && strncasecmp(at + 2 + gap, "STARTING", 8) == 0) return true;
    }
    return false;
}

/// Part of a path behind folders of any system.
static const char *base_of(const char *path) {
    const char *out = path;
    for (const char *at = path; *at; at++) {
        if (*at == '/' || *at == '\\') out = at + 1;
    }
    return out;
}

/// Bytes at the start of two paths that are the same.
static size_t shared_start(const char *a, const char *b) {
    size_t n = 0;
    while (a[n] && a[n] == b[n]) n++;
    return n;
}

/// The file of a name, or of that name with .gz; of several the one closest to `beside`.
static dosi_verify_file *find(dosi_verify *verify,
                              const dosi_verify_file *beside,
                              const char *path) {
    const char *base = base_of(path);
    size_t n = strlen(base), best = 0;
    dosi_verify_file *out = NULL;
    for (size_t f = 0; n && f < verify->n_files; f++) {
        const char *name = verify->files[f].name;
        if (strncasecmp(name, base, n) != 0) continue;
        if (name[n] != '\0' && strcmp(name + n, ".gz") != 0) continue;
        size_t start = shared_start(verify->files[f].path, beside->path);
        if (out && start <= best) continue;
        out = &verify->files[f];
        best = start;
    }
    return out;
}

/// Reads a whole file, unzipped.
static dosi_status read_text(dosi_verify_file *file, dosi_text *out, dosi_error *err) {
    file->is_used = true;
    dosi_text_init(out, TEXT_BYTES);
    gzFile stream = gzopen(file->path, "rb");
    if (!stream) return dosi_fail(err, DOSI_IO, "cannot open %s", file->path);
    char buffer[1 << 14];
    int n = 0;
    while ((n = gzread(stream, buffer, sizeof buffer)) > 0) {
        dosi_text_append(out, buffer, (size_t)n);
    }
    (void)gzclose_r(stream);
    if (n < 0) return dosi_fail(err, DOSI_IO, "cannot read %s", file->path);
    return dosi_text_status(out, err);
}

/// Who includes a file.
typedef struct including {
    dosi_verify *verify;
    const dosi_verify_file *deck;
} including;

static dosi_status read_included(void *context,
                                 const char *name,
                                 dosi_text *out,
                                 dosi_error *err) {
    const including *from = context;
    dosi_verify_file *file = find(from->verify, from->deck, name);
    if (!file) return dosi_fail(err, DOSI_NOT_FOUND, "the included file %s is not there", name);
    return read_text(file, out, err);
}

/// A result file being compared.
typedef struct comparison {
    const dosi_aermod_result *result;
    const verify_highest *highest; ///< Of a summary; else NULL.
    dosi_verify_file *file;
    dosi_text text;
    dosi_aermod_output output;
    size_t at, group, column;
    double *sum;             ///< (n)
    double *greatest;        ///< (MOST_RANK x n)
    double *expected;        ///< (n)
    size_t n_hours, n_valid; ///< Of the average under way.
    double within;
    double unit; ///< Of results.
    bool is_exponential;
    size_t n_values; ///< Compared.
    double worst, worst_expected, worst_got;
    int64_t worst_stamp;
    size_t worst_place;
} comparison;

/// Takes the next row of numbers.
static bool next_row(comparison *c, size_t n_values, dosi_aermod_values *out) {
    const char *text = dosi_text_string(&c->text);
    while (text[c->at]) {
        const char *line = text + c->at;
        size_t n = strcspn(line, "\n");
        c->at += n + (line[n] == '\n');
        if (dosi_aermod_values_read(line, n, n_values, out)) return true;
    }
    return false;
}

/// Notes a value, if it is the furthest off so far.
static void note_value(
    comparison *c, double expected, double got, int64_t stamp, size_t place) {
    double rounding = c->is_exponential ? ROUNDING * expected : ROUNDING;
    double off = fabs(got - expected), deviation = fmax(0, off - rounding) / expected;
    c->n_values++;
    if (deviation > c->worst || c->n_values == 1 || isnan(deviation)) {
        c->worst = isnan(deviation) ? (double)INFINITY : deviation;
        c->worst_expected = expected;
        c->worst_got = off <= rounding ? expected : got + copysign(rounding, expected - got);
        c->worst_stamp = stamp;
        c->worst_place = place;
    }
}

/// Compares one set of values with the next rows.
static dosi_status compare_block(const verify_aermod *run,
                                 comparison *c,
                                 const double *values,
                                 int64_t stamp,
                                 dosi_error *err) {
    size_t n = run->receptors.n, start = c->at;
    size_t n_values = run->deck.n_outputs ? run->deck.n_outputs : 1;
    if (!c->expected || !values) return DOSI_OK;
    double top = 0;
    dosi_aermod_values r;
    for (size_t i = 0; i < n; i++) {
        if (!next_row(c, n_values, &r)) return DOSI_OK;
        if (i == 0 && c->result->kind == AERMOD_POSTFILE && c->result->average_h &&
            r.stamp != stamp) { // not in the file: leave the row for a later hour
            c->at = start;
            return DOSI_OK;
        }
        if (fabs(r.x - run->receptors.x_m[i]) > 0.01 ||
            fabs(r.y - run->receptors.y_m[i]) > 0.01) {
            return dosi_fail(err, DOSI_PARSE, "%s: receptor %zu is at (%g, %g), not (%g, %g)",
                             c->file->name, i + 1, r.x, r.y, run->receptors.x_m[i],
                             run->receptors.y_m[i]);
        }
        c->expected[i] = r.value[c->column];
        c->is_exponential |= r.is_exponential;
        top = fmax(top, c->expected[i]);
    }
    for (size_t i = 0; i < n; i++) {
        if (!(c->expected[i] > COUNTS_FROM * top)) continue;
        note_value(c, c->expected[i], values[i], stamp, i);
    }
    return DOSI_OK;
}

/// Keeps the greatest values of every receptor.
static void rank_values(comparison *c, const double *values, size_t n) {
    for (size_t i = 0; i < n; i++) {
        double v = values[i];
        for (int k = 0; k < c->result->rank; k++) {
            double *place = &c->greatest[(size_t)k * n + i];
            if (v > *place) {
                double was = *place;
                *place = v;
                v = was;
            }
        }
    }
}

/// An hour of a comparison; at the end of an average, compares or ranks it.
static dosi_status add_hour(
    const verify_aermod *run, comparison *c, size_t hour, bool is_valid, dosi_error *err) {
    int64_t stamp = run->met.hours[hour].stamp, next = 0;
    if (hour + 1 < run->met.n_hours) next = run->met.hours[hour + 1].stamp;
    bool is_month_end = next / 10000 != stamp / 10000;
    if (!c->sum || !run->group) return DOSI_OK;
    size_t n = run->receptors.n;
    const double *values = run->group + (c->output * run->deck.n_groups + c->group) * n;
    for (size_t i = 0; i < n; i++) c->sum[i] += c->unit * values[i];
    c->n_hours++;
    c->n_valid += is_valid;
    int hours = c->result->average_h;
    if (hours == 0 || (hours > 0 && stamp % 100 % hours != 0)) return DOSI_OK;
    if (hours < 0 && !is_month_end) return DOSI_OK;
    // An average of few valid hours counts as one of three quarters of its hours (of 3: 3).
    double all = hours > 0 ? (double)hours : (double)c->n_hours;
    double divisor = fmax((double)c->n_valid, floor(0.75 * all + 0.9));
    if (hours != 1 && c->output == AERMOD_CONC) { // what is deposited adds up
        for (size_t i = 0; i < n; i++) c->sum[i] /= divisor;
    }
    dosi_status status = DOSI_OK;
    if (c->result->kind == AERMOD_POSTFILE) {
        status = compare_block(run, c, c->sum, stamp, err);
    } else {
        rank_values(c, c->sum, n);
    }
    memset(c->sum, 0, n * sizeof *c->sum);
    c->n_hours = c->n_valid = 0;
    return status;
}

/// Compares the highest values of all receptors: of a mean the nth of them, else the highest of
/// their nth highest hours.
static void compare_highest(comparison *c, size_t n) {
    for (int k = 0; k < c->result->rank; k++) {
        double expected = c->highest->expected[k];
        double *from = c->result->average_h ? c->greatest + (size_t)k * n : c->sum;
        size_t best = 0;
        for (size_t i = 1; i < n; i++) {
            if (from[i] > from[best]) best = i;
        }
        if (expected > 0) note_value(c, expected, from[best], 0, best);
        if (c->result->average_h == 0) from[best] = -1;
    }
}

/// What is known at the end: means of the period, ranks; and the case.
static dosi_status finish(dosi_verify *verify,
                          const verify_aermod *run,
                          comparison *c,
                          dosi_verify_file *deck,
                          dosi_error *err) {
    size_t n = run->receptors.n;
    const dosi_aermod_result *result = c->result;
    if (!c->sum) return DOSI_OK;
    if (result->average_h == 0 && c->output == AERMOD_CONC) {
        for (size_t i = 0; i < n && c->n_valid; i++) c->sum[i] /= (double)c->n_valid;
    }
    if (c->highest) {
        if (n > 0) compare_highest(c, n);
    } else if (result->average_h == 0) {
        DOSI_TRY(compare_block(run, c, c->sum, 0, err));
    } else if (result->kind == AERMOD_PLOTFILE) {
        DOSI_TRY(compare_block(run, c, c->greatest + (size_t)(result->rank - 1) * n, 0, err));
    }
    if (c->n_values == 0) {
        if (c->highest) return DOSI_OK; // nothing but zeros
        dosi_verify_note(verify, deck, "no hour of %s is one of the weather's", c->file->name);
        return DOSI_OK;
    }
    static const char *const outputs[AERMOD_OUTPUTS] = {"", "DEPOS ", "DDEP ", "WDEP "};
    char what[96], when[32] = "";
    if (c->worst_stamp) {
        (void)snprintf(when, sizeof when, " %08lld", (long long)c->worst_stamp);
    }
    (void)snprintf(what, sizeof what, "%s %dh %s%s of %zu%s (%.0f %.0f)", result->group,
                   result->average_h, outputs[c->output],
                   c->highest ? "highest, worst" : "worst", c->n_values, when,
                   run->receptors.x_m[c->worst_place], run->receptors.y_m[c->worst_place]);
    const dosi_verify_case item = {what, c->worst_expected, c->worst_got, c->within,
                                   DOSI_VERIFY_RELATIVE};
    dosi_verify_add(verify, c->file, &item);
    return DOSI_OK;
}

/// Whether everything of a result's group is modelled; notes what is not.
static bool is_modelled(dosi_verify *verify,
                        const verify_aermod *run,
                        comparison *c,
                        dosi_verify_file *deck) {
    const dosi_aermod_group *group = &run->deck.groups[c->group];
    c->within = PLUME_WITHIN;
    for (size_t s = 0; s < run->deck.n_sources; s++) {
        const dosi_aermod_source *source = &run->deck.sources[s];
        if (!run->nox && !dosi_aermod_in_group(group, s)) continue; // NOx: all count
        if (run->sources[s].is_road) c->within = ROAD_WITHIN;
        if (run->sources[s].missing) {
            if (c->highest || c->column)
                return false; // said already where its hours are compared
            dosi_verify_note(verify, deck, "%s: source %s (%s): %s", c->file->name, source->id,
                             dosi_aermod_kind_name(source->kind), run->sources[s].missing);
            return false;
        }
    }
    return true;
}

/// Finds the group of a result.
/// @return Whether there is something to compare.
static bool open_comparison(dosi_verify *verify,
                            const verify_aermod *run,
                            comparison *c,
                            dosi_verify_file *deck) {
    if (!c->file || c->result->rank > MOST_RANK) return false;
    c->file->is_used = true;
    size_t g = 0;
    while (g < run->deck.n_groups && strcmp(run->deck.groups[g].id, c->result->group) != 0) g++;
    if (g == run->deck.n_groups) return false;
    c->group = g;
    return is_modelled(verify, run, c, deck);
}

/// All comparisons of a deck.
typedef struct comparisons {
    comparison *list;
    size_t n, room;
    verify_highest *tables; ///< (n_tables) of the summary.
    size_t n_tables;
} comparisons;

/// Takes a comparison, if its file and group are there and modelled.
static dosi_status take(dosi_verify *verify,
                        const verify_aermod *run,
                        comparisons *all,
                        const comparison *item,
                        dosi_verify_file *deck,
                        dosi_error *err) {
    size_t n = run->receptors.n;
    comparison *c = &all->list[all->n];
    *c = *item;
    c->unit =
        c->output == AERMOD_CONC ? run->deck.concentration_unit : run->deck.deposition_unit;
    if (all->n == all->room || !open_comparison(verify, run, c, deck)) return DOSI_OK;
    all->n++;
    c->sum = calloc((MOST_RANK + 2) * n + 1, sizeof *c->sum);
    if (!c->sum) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for results");
    c->greatest = c->sum + n;
    c->expected = c->greatest + MOST_RANK * n;
    return c->highest ? DOSI_OK : read_text(c->file, &c->text, err);
}

/// Takes a comparison of each of a file's columns.
static dosi_status take_columns(dosi_verify *verify,
                                const verify_aermod *run,
                                comparisons *all,
                                comparison *item,
                                dosi_verify_file *deck,
                                dosi_error *err) {
    bool has_any = run->deck.n_outputs > 0;
    for (int k = 0; k < AERMOD_OUTPUTS; k++) {
        if (has_any ? !run->deck.has_output[k] : k != AERMOD_CONC) continue;
        item->output = (dosi_aermod_output)k;
        DOSI_TRY(take(verify, run, all, item, deck, err));
        item->column++;
    }
    return DOSI_OK;
}

/// What the run printed, "<deck>.out" or "aermod.out", which ends with the highest values.
static dosi_verify_file *find_printed(dosi_verify *verify, const dosi_verify_file *deck) {
    char name[AERMOD_PATH_BYTES];
    const char *dot = strrchr(deck->name, '.');
    size_t n = dot ? (size_t)(dot - deck->name) : strlen(deck->name);
    if (n + 5 > sizeof name) return NULL;
    memcpy(name, deck->name, n);
    memcpy(name + n, ".out", 5);
    return find(verify, deck, name);
}

/// Reads the tables of the deck's summary, if it is there.
static dosi_status read_summary(dosi_verify *verify,
                                const verify_aermod *run,
                                comparisons *all,
                                const dosi_verify_file *deck,
                                dosi_verify_file **file,
                                dosi_error *err) {
    for (size_t i = 0; i < run->deck.n_results; i++) {
        if (run->deck.results[i].kind != AERMOD_SUMMARY) continue;
        *file = find(verify, deck, run->deck.results[i].path);
    }
    if (!*file) *file = find_printed(verify, deck);
    if (!*file) return DOSI_OK;
    dosi_text text = {0};
    dosi_status status = read_text(*file, &text, err);
    if (status == DOSI_OK) {
        status =
            verify_highest_read(dosi_text_string(&text), &all->tables, &all->n_tables, err);
    }
    dosi_text_destroy(&text);
    return status;
}

/// Everything that the deck has results of.
static dosi_status take_all(dosi_verify *verify,
                            const verify_aermod *run,
                            comparisons *all,
                            dosi_verify_file *deck,
                            dosi_error *err) {
    dosi_verify_file *summary = NULL;
    DOSI_TRY(read_summary(verify, run, all, deck, &summary, err));
    all->room = AERMOD_OUTPUTS * run->deck.n_results + all->n_tables;
    all->list = calloc(all->room + 1, sizeof *all->list);
    if (!all->list) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for results");
    for (size_t i = 0; i < run->deck.n_results; i++) {
        const dosi_aermod_result *result = &run->deck.results[i];
        if (result->kind == AERMOD_SUMMARY) continue;
        comparison item = {.result = result, .file = find(verify, deck, result->path)};
        DOSI_TRY(take_columns(verify, run, all, &item, deck, err));
    }
    for (size_t i = 0; i < all->n_tables; i++) {
        const comparison item = {.result = &all->tables[i].result,
                                 .highest = &all->tables[i],
                                 .file = summary,
                                 .output = all->tables[i].output};
        DOSI_TRY(take(verify, run, all, &item, deck, err));
    }
    return DOSI_OK;
}

static dosi_status compare_all(dosi_verify *verify,
                               verify_aermod *run,
                               dosi_verify_file *deck,
                               dosi_error *err) {
    comparisons all = {0};
    dosi_status status = take_all(verify, run, &all, deck, err);
    for (size_t h = 0; all.n && h < run->met.n_hours && status == DOSI_OK; h++) {
        bool is_valid = false;
        if (!dosi_aermod_uses_hour(&run->deck, &run->met.hours[h])) continue;
        status = verify_aermod_hour(run, h, &is_valid, err);
        for (size_t i = 0; i < all.n && status == DOSI_OK; i++) {
            status = add_hour(run, &all.list[i], h, is_valid, err);
        }
    }
    for (size_t i = 0; i < all.n; i++) {
        if (status == DOSI_OK) status = finish(verify, run, &all.list[i], deck, err);
        free(all.list[i].sum);
        dosi_text_destroy(&all.list[i].text);
    }
    free(all.list);
    free(all.tables);
    return status;
}

/// Reads the weather of a deck.
/// @param is_there  False: its files are not beside it.
static dosi_status read_weather(dosi_verify *verify,
                                verify_aermod *run,
                                const dosi_verify_file *deck,
                                bool *is_there,
                                dosi_error *err) {
    dosi_verify_file *surface = find(verify, deck, run->deck.surface_path);
    dosi_verify_file *profile = find(verify, deck, run->deck.profile_path);
    *is_there = surface && profile;
    if (!*is_there) return DOSI_OK;
    dosi_text texts[2] = {0};
    dosi_status status = read_text(surface, &texts[0], err);
    if (status == DOSI_OK) status = read_text(profile, &texts[1], err);
    if (status == DOSI_OK) {
        const dosi_aermod_text inputs[2] = {
            {surface->name, dosi_text_string(&texts[0]), texts[0].length},
            {profile->name, dosi_text_string(&texts[1]), texts[1].length}};
        status = dosi_aermod_met_read(&inputs[0], &inputs[1], &run->met, err);
    }
    dosi_text_destroy(&texts[0]);
    dosi_text_destroy(&texts[1]);
    return status;
}

static dosi_status check_deck(dosi_verify *verify,
                              verify_aermod *run,
                              dosi_verify_file *file,
                              dosi_error *err) {
    dosi_text text = {0};
    dosi_status status = read_text(file, &text, err);
    if (status == DOSI_OK) {
        const dosi_aermod_text input = {file->name, dosi_text_string(&text), text.length};
        including from = {verify, file};
        const dosi_aermod_files files = {read_included, &from};
        status = dosi_aermod_deck_read(&input, &files, &run->deck, err);
    }
    dosi_text_destroy(&text);
    DOSI_TRY(status);
    if (run->deck.unsupported[0]) {
        dosi_verify_note(verify, file, "options that are not modelled: %s",
                         run->deck.unsupported);
        return DOSI_OK;
    }
    if (run->deck.unknown[0]) {
        dosi_verify_note(verify, file, "keywords that are not known, passed over: %s",
                         run->deck.unknown);
    }
    bool is_there = false;
    DOSI_TRY(read_weather(verify, run, file, &is_there, err));
    if (!is_there) {
        dosi_verify_note(verify, file, "its weather files are not there");
        return DOSI_OK;
    }
    DOSI_TRY(verify_aermod_prepare(run, err));
    return compare_all(verify, run, file, err);
}

static dosi_status check(dosi_verify *verify, dosi_verify_file *file, dosi_error *err) {
    verify_aermod run = {0};
    dosi_status status = check_deck(verify, &run, file, err);
    verify_aermod_clear(&run);
    return status;
}

const dosi_checker dosi_checker_aermod = {
    .subject = "air", .kind = "AERMOD runs", .recognises = recognises, .check = check};
