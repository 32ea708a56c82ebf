// Lines of the RE pathway of an AERMOD run: receptors, single and in networks.

#include "source/aermod_private.h"

#include <math.h>
#include <string.h>

#define DEGREE (3.14159265358979323846 / 180)

static dosi_status add_receptor(aermod_reading *r,
                                const dosi_aermod_receptor *receptor,
                                dosi_error *err) {
    dosi_aermod_deck *deck = r->deck;
    DOSI_TRY(aermod_grow(r, AERMOD_RECEPTORS, (void **)&deck->receptors, deck->n_receptors,
                         AERMOD_MOST_RECEPTORS, err));
    deck->receptors[deck->n_receptors++] = *receptor;
    return DOSI_OK;
}

/// Takes [elevation [hill]] [flag] after the coordinates, as the options have it.
static dosi_status take_heights(const aermod_reading *r,
                                const aermod_card *card,
                                size_t at,
                                dosi_aermod_receptor *out,
                                dosi_error *err) {
    double v[3] = {0, 0, 0};
    size_t n = 0;
    out->flag = r->deck->flagpole_m;
    for (; at < card->n_fields && n < 3; at++, n++) {
        DOSI_TRY(aermod_card_real(card, at, &v[n], err));
    }
    if (n == 1) { // of one number, flat ground takes a flagpole
        if (!r->deck->is_elevated) out->flag = v[0];
        if (r->deck->is_elevated) out->z = out->hill = v[0] * r->receptor_metres;
    } else if (n >= 2) {
        out->z = v[0] * r->receptor_metres;
        out->hill = v[1] * r->receptor_metres;
        if (n == 3) out->flag = v[2];
    }
    return DOSI_OK;
}

static dosi_status read_discrete(aermod_reading *r,
                                 const aermod_card *card,
                                 size_t at,
                                 dosi_error *err) {
    dosi_aermod_receptor receptor = {0};
    if (strcmp(r->keyword, "DISCPOLR") == 0) {
        double distance = 0, direction = 0;
        dosi_aermod_source *source = aermod_find_source(r, card, at, err);
        if (!source) return DOSI_PARSE;
        DOSI_TRY(aermod_card_real(card, at + 1, &distance, err));
        DOSI_TRY(aermod_card_real(card, at + 2, &direction, err));
        receptor.x = source->x + distance * sin(direction * DEGREE);
        receptor.y = source->y + distance * cos(direction * DEGREE);
        DOSI_TRY(take_heights(r, card, at + 3, &receptor, err));
        return add_receptor(r, &receptor, err);
    }
    DOSI_TRY(aermod_card_real(card, at, &receptor.x, err));
    DOSI_TRY(aermod_card_real(card, at + 1, &receptor.y, err));
    aermod_card rest = *card;
    bool is_arc = strcmp(r->keyword, "EVALCART") == 0; // its last field names an arc
    if (is_arc && rest.n_fields > at + 2) {
        rest.n_fields--;
        double number = 0;
        while (rest.n_fields > at + 2 &&
               aermod_card_real(&rest, rest.n_fields - 1, &number, NULL) != DOSI_OK) {
            rest.n_fields--;
        }
    }
    DOSI_TRY(take_heights(r, &rest, at + 2, &receptor, err));
    return add_receptor(r, &receptor, err);
}

/// Appends numbers to an axis of the network.
static dosi_status add_to_axis(
    const aermod_card *card, size_t at, double *axis, size_t *n, dosi_error *err) {
    for (; at < card->n_fields; at++) {
        double value = 0;
        size_t times = 0;
        DOSI_TRY(aermod_card_repeated(card, at, &value, &times, err));
        if (*n + times > AERMOD_NET_AXIS) {
            return aermod_card_fail(card, DOSI_LIMIT, err, "more than %d in a network's axis",
                                    AERMOD_NET_AXIS);
        }
        for (size_t t = 0; t < times; t++) axis[(*n)++] = value;
    }
    return DOSI_OK;
}

/// Appends n numbers from a start by a step.
static dosi_status add_steps(
    const aermod_card *card, const size_t *fields, double *axis, size_t *n, dosi_error *err) {
    double start = 0, step = 0;
    int64_t count = 0;
    DOSI_TRY(aermod_card_int(card, fields[0], &count, err));
    DOSI_TRY(aermod_card_real(card, fields[1], &start, err));
    DOSI_TRY(aermod_card_real(card, fields[2], &step, err));
    if (count < 1 || count > (int64_t)(AERMOD_NET_AXIS - *n)) {
        return aermod_card_fail(card, DOSI_LIMIT, err, "%d in a network's axis", (int)count);
    }
    for (int64_t i = 0; i < count; i++) axis[(*n)++] = start + (double)i * step;
    return DOSI_OK;
}

/// Makes the network's receptors: row by row, or direction by direction.
static dosi_status make_net(aermod_reading *r, const aermod_card *card, dosi_error *err) {
    aermod_net *net = &r->net;
    if (net->is_made) return DOSI_OK;
    if (net->n_x == 0 || net->n_y == 0) {
        return aermod_card_fail(card, DOSI_PARSE, err, "network %s has no points", net->id);
    }
    net->is_made = true;
    net->first = r->deck->n_receptors;
    for (size_t j = 0; j < net->n_y; j++) {
        for (size_t i = 0; i < net->n_x; i++) {
            dosi_aermod_receptor receptor = {
                .x = net->x[i], .y = net->y[j], .flag = r->deck->flagpole_m};
            if (net->is_polar) {
                double angle = net->y[j] * DEGREE;
                receptor.x = net->origin[0] + net->x[i] * sin(angle);
                receptor.y = net->origin[1] + net->x[i] * cos(angle);
            }
            DOSI_TRY(add_receptor(r, &receptor, err));
        }
    }
    return DOSI_OK;
}

/// Index of a row called by its number (or direction); n_y: none.
static size_t find_row(const aermod_net *net, double row) {
    for (size_t d = 0; net->is_polar && d < net->n_y; d++) {
        if (fabs(net->y[d] - row) < 1e-6) return d;
    }
    return row >= 1 && row <= (double)net->n_y ? (size_t)row - 1 : net->n_y;
}

/// ELEV, HILL or FLAG row values: heights of one row (or direction) of the network.
static dosi_status read_row(aermod_reading *r,
                            const aermod_card *card,
                            size_t at,
                            dosi_error *err) {
    aermod_net *net = &r->net;
    char what[AERMOD_ID_BYTES];
    double row = 0;
    DOSI_TRY(make_net(r, card, err));
    DOSI_TRY(aermod_card_name(card, at, what, sizeof what, err));
    DOSI_TRY(aermod_card_real(card, at + 1, &row, err));
    size_t j = find_row(net, row);
    if (j == net->n_y) {
        return aermod_card_fail(card, DOSI_PARSE, err, "network %s has no row %g", net->id,
                                row);
    }
    dosi_aermod_receptor *line = &r->deck->receptors[net->first + j * net->n_x];
    size_t kind = what[0] == 'E' ? 0 : what[0] == 'H' ? 1 : 2;
    if (net->row[kind] != j + 1) net->filled[kind] = 0; // a row may go on in the next line
    net->row[kind] = j + 1;
    size_t i = net->filled[kind];
    for (size_t f = at + 2; f < card->n_fields; f++) {
        double value = 0;
        size_t times = 0;
        DOSI_TRY(aermod_card_repeated(card, f, &value, &times, err));
        for (size_t t = 0; t < times; t++, i++) {
            if (i == net->n_x) {
                return aermod_card_fail(card, DOSI_PARSE, err, "more than %zu in a row",
                                        net->n_x);
            }
            double *const out[] = {&line[i].z, &line[i].hill, &line[i].flag};
            *out[kind] = value * (kind < 2 ? r->receptor_metres : 1);
        }
    }
    net->filled[kind] = i;
    return DOSI_OK;
}

/// ORIG x y, or the name of a source.
static dosi_status read_origin(aermod_reading *r,
                               const aermod_card *card,
                               size_t at,
                               dosi_error *err) {
    aermod_net *net = &r->net;
    net->has_origin = true;
    if (at + 2 == card->n_fields) {
        DOSI_TRY(aermod_card_real(card, at, &net->origin[0], err));
        return aermod_card_real(card, at + 1, &net->origin[1], err);
    }
    dosi_aermod_source *source = aermod_find_source(r, card, at, err);
    if (!source) return DOSI_PARSE;
    net->origin[0] = source->x;
    net->origin[1] = source->y;
    return DOSI_OK;
}

/// One line of a network: STA, axes, heights, END.
static dosi_status read_net_part(aermod_reading *r,
                                 const aermod_card *card,
                                 size_t at,
                                 dosi_error *err) {
    static const size_t polar_steps[] = {0, 1, 2}, x_steps[] = {1, 0, 2}, y_steps[] = {4, 3, 5};
    aermod_net *net = &r->net;
    char word[AERMOD_ID_BYTES];
    size_t fields[3];
    DOSI_TRY(aermod_card_name(card, at, word, sizeof word, err));
    if (strcmp(word, "STA") == 0) return DOSI_OK;
    if (strcmp(word, "END") == 0) {
        net->is_open = false;
        return make_net(r, card, err);
    }
    if (strcmp(word, "ORIG") == 0) return read_origin(r, card, at + 1, err);
    if (strcmp(word, "DIST") == 0 || strcmp(word, "XPNTS") == 0) {
        return add_to_axis(card, at + 1, net->x, &net->n_x, err);
    }
    if (strcmp(word, "DDIR") == 0 || strcmp(word, "YPNTS") == 0) {
        return add_to_axis(card, at + 1, net->y, &net->n_y, err);
    }
    if (strcmp(word, "GDIR") == 0) {
        for (size_t i = 0; i < 3; i++) fields[i] = at + 1 + polar_steps[i];
        return add_steps(card, fields, net->y, &net->n_y, err);
    }
    if (strcmp(word, "XYINC") == 0) {
        for (size_t i = 0; i < 3; i++) fields[i] = at + 1 + x_steps[i];
        DOSI_TRY(add_steps(card, fields, net->x, &net->n_x, err));
        for (size_t i = 0; i < 3; i++) fields[i] = at + 1 + y_steps[i];
        return add_steps(card, fields, net->y, &net->n_y, err);
    }
    if (strcmp(word, "ELEV") == 0 || strcmp(word, "HILL") == 0 || strcmp(word, "FLAG") == 0) {
        return read_row(r, card, at, err);
    }
    return aermod_card_fail(card, DOSI_PARSE, err, "\"%s\" in a network", word);
}

/// GRIDCART or GRIDPOLR: the name stands in the first line only, or in every line.
static dosi_status read_net(aermod_reading *r,
                            const aermod_card *card,
                            size_t at,
                            dosi_error *err) {
    aermod_net *net = &r->net;
    static const char *const words[] = {"STA",   "END",  "ORIG",  "DIST", "XPNTS", "DDIR",
                                        "YPNTS", "GDIR", "XYINC", "ELEV", "HILL",  "FLAG"};
    bool is_word = false;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        is_word |= aermod_field_is(&card->fields[at], words[i]);
    }
    if (!is_word) {
        char id[AERMOD_ID_BYTES];
        DOSI_TRY(aermod_card_name(card, at, id, sizeof id, err));
        if (!net->is_open) {
            double *x = net->x, *y = net->y;
            *net = (aermod_net){.x = x, .y = y, .is_open = true};
            net->is_polar = strcmp(r->keyword, "GRIDPOLR") == 0;
            memcpy(net->id, id, sizeof id);
        }
        at++;
    }
    if (!net->is_open) {
        return aermod_card_fail(card, DOSI_PARSE, err, "a network's line before its name");
    }
    return at < card->n_fields ? read_net_part(r, card, at, err) : DOSI_OK;
}

dosi_status aermod_read_receptor(aermod_reading *r,
                                 const aermod_card *card,
                                 size_t first,
                                 dosi_error *err) {
    if (first >= card->n_fields) return DOSI_OK;
    if (strcmp(r->keyword, "ELEVUNIT") == 0) {
        r->receptor_metres = aermod_field_is(&card->fields[first], "FEET") ? 0.3048 : 1;
        return DOSI_OK;
    }
    if (strcmp(r->keyword, "GRIDCART") == 0 || strcmp(r->keyword, "GRIDPOLR") == 0) {
        return read_net(r, card, first, err);
    }
    if (strcmp(r->keyword, "DISCCART") == 0 || strcmp(r->keyword, "DISCPOLR") == 0 ||
        strcmp(r->keyword, "EVALCART") == 0) {
        return read_discrete(r, card, first, err);
    }
    return aermod_card_fail(card, DOSI_PARSE, err, "\"%s\" among receptors", r->keyword);
}
