// Goal: no bytes in the files that a run of AERMOD names (hours of ozone, NOx, background and
// emissions, in free or fixed form) make their readers crash, hang or leak. The first line is
// the Fortran format, the second a line of the deck's SO part.

#include "source/aermod_deck.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/// What the named files have in them.
static dosi_status give_rest(void *context, const char *name, dosi_text *out, dosi_error *err) {
    const dosi_aermod_text *text = context;
    (void)name;
    dosi_text_append(out, text->bytes, text->n_bytes);
    return dosi_text_status(out, err);
}

/// Takes a line off the front; without what would end the deck's line.
static void take_line(const char **at, size_t *left, char *out, size_t n_out) {
    size_t n = 0;
    while (n < *left && (*at)[n] != '\n') n++;
    size_t kept = n < n_out - 1 ? n : n_out - 1;
    memcpy(out, *at, kept);
    out[kept] = '\0';
    n += n < *left;
    *at += n;
    *left -= n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char format[128], line[256];
    const char *at = (const char *)data;
    take_line(&at, &size, format, sizeof format);
    take_line(&at, &size, line, sizeof line);
    dosi_text deck_text = {0};
    dosi_text_printf(&deck_text,
                     "CO STARTING\n   MODELOPT CONC OLM\n   POLLUTID NO2\n"
                     "   OZONEFIL ozone.dat PPB %s\n   NOX_FILE nox.dat PPB %s\n"
                     "SO STARTING\n   LOCATION S1 POINT 1. 2.\n   LOCATION S2 POINT 3. 4.\n"
                     "   SRCPARAM S1 1 2 3 4 5\n   SRCPARAM S2 1 2 3 4 5\n   %s\n"
                     "   BACKGRND HOURLY back.dat %s\n   HOUREMIS hourly.dat S1-S2\n"
                     "   SRCGROUP ALL\nRE STARTING\n   DISCCART 1. 2.\nME STARTING\n"
                     "   SURFFILE a.sfc\n",
                     format, format, line, format);
    const dosi_aermod_text rest = {"rest", at, size};
    const dosi_aermod_text whole = {"fuzz.inp", dosi_text_string(&deck_text), deck_text.length};
    const dosi_aermod_files files = {give_rest, (void *)&rest};
    dosi_aermod_deck deck = {0};
    dosi_error err = {""};
    if (dosi_aermod_deck_read(&whole, &files, &deck, &err) == DOSI_OK) {
        for (size_t e = 0; e < deck.n_emissions && e < 100; e++) {
            dosi_aermod_hour hour = {.stamp = deck.emissions[e].stamp};
            hour.weather.direction_deg = (double)e * 13;
            for (int k = 0; k < AERMOD_AMBIENTS; k++) {
                (void)dosi_aermod_ambient_at(&deck, (dosi_aermod_ambient_kind)k, &hour);
            }
        }
        dosi_aermod_deck_clear(&deck);
    } else {
        assert(err.message[0]);
    }
    dosi_text_destroy(&deck_text);
    return 0;
}
