// The two weather files of AERMOD: hourly surface values (.SFC) and profiles (.PFL).

#include "source/aermod_met.h"

#include "dosi/text.h"

#include "source/aermod_card.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_HOURS = 1000000,
    SURFACE_FIELDS = 20, ///< Up to the thermometer's height; more when there is more.
    RAIN_FIELD = 20,     ///< Code, amount, humidity, pressure.
    CLOUD_FIELD = 24,
    PROFILE_FIELDS = 11,
    PIVOT_YEAR = 50, ///< Two-digit years from here on are of the 20th century.
};

/// A reading on its way.
typedef struct reading {
    dosi_aermod_met *out;
    size_t hour_capacity, level_capacity;
    bool is_adjusted, is_bulk; ///< From the latest header.
} reading;

/// `value` where it is within, else NaN.
static double within(double value, double low, double high) {
    return value >= low && value <= high ? value : (double)NAN;
}

/// Room for one more item; NULL when there is no memory.
static void *room(void *items, size_t n, size_t *capacity, size_t item_bytes) {
    if (n < *capacity) return items;
    size_t more = *capacity ? *capacity * 2 : 256;
    void *grown = realloc(items, more * item_bytes);
    if (grown) *capacity = more;
    return grown;
}

/// Reads year, month, day and hour (1..24) from fields.
static dosi_status read_stamp(const aermod_card *card,
                              const size_t *fields,
                              dosi_aermod_hour *out,
                              dosi_error *err) {
    int64_t part[4];
    for (size_t i = 0; i < 4; i++) {
        DOSI_TRY(aermod_card_int(card, fields[i], &part[i], err));
    }
    int64_t year = part[0];
    if (year >= 0 && year < 100) year += year < PIVOT_YEAR ? 2000 : 1900;
    bool is_real = year >= 1 && year <= 9999 && part[1] >= 1 && part[1] <= 12 && part[3] >= 1 &&
                   part[3] <= 24 && part[2] >= 1 &&
                   part[2] <= dosi_days_in_month((int)year, (int)part[1]);
    if (!is_real) {
        return aermod_card_fail(card, DOSI_PARSE, err, "no hour %d of %d-%d-%d", (int)part[3],
                                (int)year, (int)part[1], (int)part[2]);
    }
    int64_t days = dosi_days_from_civil((int)year, (int)part[1], (int)part[2]);
    out->time = days * DOSI_DAY_US + part[3] * DOSI_HOUR_US;
    out->stamp = ((year % 100 * 100 + part[1]) * 100 + part[2]) * 100 + part[3];
    return DOSI_OK;
}

/// A coordinate such as "41.300N" or "74.000W" among the header's fields; NaN: none.
static double find_coordinate(const aermod_card *card, const char *letters) {
    for (size_t i = 0; i < card->n_fields && i < 2; i++) {
        const aermod_field *f = &card->fields[i];
        double value = 0;
        if (f->n < 2 || !strchr(letters, toupper((unsigned char)f->at[f->n - 1]))) continue;
        if (dosi_parse_real(f->at, f->n - 1, &value) != DOSI_OK) continue;
        return toupper((unsigned char)f->at[f->n - 1]) == letters[1] ? -value : value;
    }
    return NAN;
}

/// Takes what a header line says.
static void read_header(reading *r, const aermod_card *card) {
    r->is_adjusted = r->is_bulk = false;
    for (size_t i = 0; i < card->n_fields; i++) {
        r->is_adjusted |= aermod_field_is(&card->fields[i], "ADJ_U*");
        r->is_bulk |= aermod_field_is(&card->fields[i], "BULKRN");
    }
    if (r->out->n_hours) return;
    r->out->latitude_deg = find_coordinate(card, "NS");
    r->out->longitude_deg = find_coordinate(card, "EW");
}

/// Whether a line is a header: the only lines with colons ("UA_ID:").
static bool is_header(const aermod_card *card) {
    for (size_t i = 0; i < card->n_fields; i++) {
        if (memchr(card->fields[i].at, ':', card->fields[i].n)) return true;
    }
    return false;
}

/// What a surface line says of water in the air, where it does.
static dosi_moisture moisture_of(const double *v, int hour_of_day) {
    dosi_moisture out = dosi_moisture_usual();
    out.hour_of_day = hour_of_day;
    out.precipitation_code = v[RAIN_FIELD] >= 0 && v[RAIN_FIELD] < 99 ? (int)v[RAIN_FIELD] : 0;
    out.precipitation_mm = within(v[RAIN_FIELD + 1], 0, 998);
    if (v[RAIN_FIELD + 2] >= 0) out.humidity_percent = v[RAIN_FIELD + 2];
    if (v[RAIN_FIELD + 3] >= 0) out.pressure_hpa = within(v[RAIN_FIELD + 3], 100, 90000);
    return out;
}

/// Turns a surface line into an hour.
static dosi_status read_hour(reading *r, const aermod_card *card, dosi_error *err) {
    static const size_t stamp_fields[] = {0, 1, 2, 4};
    dosi_aermod_met *met = r->out;
    double v[CLOUD_FIELD + 1];
    for (size_t i = 0; i <= CLOUD_FIELD; i++) v[i] = NAN;
    if (card->n_fields < SURFACE_FIELDS) {
        return aermod_card_fail(card, DOSI_PARSE, err, "%zu fields, not at least %d",
                                card->n_fields, SURFACE_FIELDS);
    }
    for (size_t i = 5; i <= CLOUD_FIELD && i < card->n_fields; i++) {
        dosi_status status = aermod_card_real(card, i, &v[i], i < SURFACE_FIELDS ? err : NULL);
        if (status != DOSI_OK && i < SURFACE_FIELDS) return status;
    }
    if (met->n_hours == MOST_HOURS) {
        return aermod_card_fail(card, DOSI_LIMIT, err, "more than %d hours", MOST_HOURS);
    }
    dosi_aermod_hour *hours =
        room(met->hours, met->n_hours, &r->hour_capacity, sizeof *met->hours);
    if (!hours) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for the weather");
    met->hours = hours;
    dosi_aermod_hour *hour = &hours[met->n_hours];
    *hour = (dosi_aermod_hour){.weather = {.heat_flux_wm2 = within(v[5], -998, 90000),
                                           .friction_ms = within(v[6], 0, 9),
                                           .convective_ms = within(v[7], 0, 100),
                                           .lapse_above_km = within(v[8], -8.9, 10),
                                           .convective_height_m = within(v[9], 0, 90000),
                                           .mechanical_height_m = within(v[10], 0, 90000),
                                           .obukhov_m = within(v[11], -99990, 1e9),
                                           .roughness_m = v[12],
                                           .bowen = v[13],
                                           .albedo = v[14],
                                           .speed_ms = within(v[15], 0, 89.99),
                                           .direction_deg = within(v[16], -8.999, 900),
                                           .speed_height_m = v[17],
                                           .temperature_k = within(v[18], 1e-9, 900),
                                           .temperature_height_m = v[19],
                                           .cloud_tenths = within(v[CLOUD_FIELD], 0, 10),
                                           .is_friction_adjusted = r->is_adjusted,
                                           .is_bulk_richardson = r->is_bulk}};
    DOSI_TRY(read_stamp(card, stamp_fields, hour, err));
    hour->moisture = moisture_of(v, (int)(hour->stamp % 100));
    met->n_hours++;
    return DOSI_OK;
}

static dosi_status read_surface(reading *r, const dosi_aermod_text *text, dosi_error *err) {
    aermod_card card = {.name = text->name};
    size_t at = 0;
    while (aermod_card_next(&card, text->bytes, text->n_bytes, &at, true)) {
        if (card.n_fields == 0) continue;
        if (card.number == 1 || is_header(&card)) {
            read_header(r, &card);
        } else {
            DOSI_TRY(read_hour(r, &card, err));
        }
    }
    if (r->out->n_hours) return DOSI_OK;
    return dosi_fail(err, DOSI_PARSE, "%.120s has no hours", text->name);
}

/// Reads one level of a profile; `*is_top` when it is the hour's last.
static dosi_status read_level(const aermod_card *card,
                              dosi_plume_level *out,
                              bool *is_top,
                              dosi_error *err) {
    double v[PROFILE_FIELDS];
    for (size_t i = 4; i < PROFILE_FIELDS; i++) {
        DOSI_TRY(aermod_card_real(card, i, &v[i], err));
    }
    if (!(v[4] > 0)) return aermod_card_fail(card, DOSI_PARSE, err, "height %g m", v[4]);
    double celsius = v[8] > -90 && v[8] < 90 ? v[8] : (double)NAN;
    *out = (dosi_plume_level){.height_m = v[4],
                              .direction_deg = within(v[6], 0, 900),
                              .speed_ms = within(v[7], 0, 90),
                              .temperature_k = celsius + 273.16,
                              .sigma_theta_deg = within(v[9], 0, 98.999999),
                              .sigma_w_ms = within(v[10], 0, 90)};
    *is_top = v[5] != 0;
    return DOSI_OK;
}

/// Reads the profiles: the hours must be those of the surface file, in the same order.
static dosi_status read_profile(reading *r, const dosi_aermod_text *text, dosi_error *err) {
    static const size_t stamp_fields[] = {0, 1, 2, 3};
    dosi_aermod_met *met = r->out;
    aermod_card card = {.name = text->name};
    size_t at = 0, hour = 0;
    while (hour < met->n_hours &&
           aermod_card_next(&card, text->bytes, text->n_bytes, &at, true)) {
        if (card.n_fields == 0) continue;
        dosi_aermod_hour stamp;
        DOSI_TRY(read_stamp(&card, stamp_fields, &stamp, err));
        if (stamp.time != met->hours[hour].time) {
            return aermod_card_fail(&card, DOSI_PARSE, err,
                                    "hour %08d where the surface file has %08d",
                                    (int)stamp.stamp, (int)met->hours[hour].stamp);
        }
        dosi_plume_level *levels =
            room(met->levels, met->n_levels, &r->level_capacity, sizeof *met->levels);
        if (!levels) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for the profiles");
        met->levels = levels;
        bool is_top = false;
        DOSI_TRY(read_level(&card, &levels[met->n_levels], &is_top, err));
        met->n_levels++;
        if (++met->hours[hour].weather.n_levels > DOSI_PLUME_OBSERVED) {
            return aermod_card_fail(&card, DOSI_LIMIT, err, "more than %d levels",
                                    DOSI_PLUME_OBSERVED);
        }
        hour += is_top;
    }
    if (hour < met->n_hours) {
        return dosi_fail(err, DOSI_PARSE, "%.120s ends before hour %08d", text->name,
                         (int)met->hours[hour].stamp);
    }
    size_t first = 0; // the levels stay where they are from here on
    for (size_t i = 0; i < met->n_hours; i++) {
        met->hours[i].weather.levels = met->levels + first;
        first += met->hours[i].weather.n_levels;
    }
    return DOSI_OK;
}

dosi_status dosi_aermod_met_read(const dosi_aermod_text *surface,
                                 const dosi_aermod_text *profile,
                                 dosi_aermod_met *out,
                                 dosi_error *err) {
    dosi_aermod_met met = {.latitude_deg = NAN, .longitude_deg = NAN};
    reading r = {.out = &met};
    dosi_status status = read_surface(&r, surface, err);
    if (status == DOSI_OK && profile) status = read_profile(&r, profile, err);
    if (status == DOSI_OK) {
        *out = met;
    } else {
        dosi_aermod_met_clear(&met);
    }
    return status;
}

void dosi_aermod_met_clear(dosi_aermod_met *met) {
    free(met->hours);
    free(met->levels);
    memset(met, 0, sizeof *met);
}
