// The query parameters of /items, understood and checked.

#include "server/items_query.h"

#include "dosi/text.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/// Reads the numbers of a comma-separated list; SIZE_MAX when one is none or there are more
/// than `most`.
static size_t parse_numbers(const char *text, double *numbers, size_t most) {
    size_t n = 0;
    for (;;) {
        size_t n_bytes = strcspn(text, ",");
        size_t n_blank = strspn(text, " ");
        if (n == most || n_blank > n_bytes ||
            dosi_parse_real(text + n_blank, n_bytes - n_blank, &numbers[n]) != DOSI_OK) {
            return SIZE_MAX;
        }
        n++;
        if (text[n_bytes] == '\0') return n;
        text += n_bytes + 1;
    }
}

dosi_status dosi_items_parse_box(
    const char *text, size_t crs, double boxes[2][4], size_t *n_boxes, dosi_error *err) {
    double given[6];
    size_t n = parse_numbers(text, given, 6);
    if (n != 4 && n != 6) {
        return dosi_fail(err, DOSI_INVALID, "bbox must be 4 or 6 numbers, not \"%.100s\"",
                         text);
    }
    size_t upper = n / 2;
    size_t x = dosi_server_crs_at(crs)->is_y_first ? 1 : 0;
    double box[4] = {given[x], given[1 - x], given[upper + x], given[upper + 1 - x]};
    bool is_degrees = dosi_server_crs_at(crs)->srid == DOSI_SRID_LONLAT;
    if (box[1] > box[3] || (box[0] > box[2] && !is_degrees)) {
        return dosi_fail(err, DOSI_INVALID,
                         "bbox \"%.100s\" has its lower corner above its "
                         "upper one",
                         text);
    }
    bool is_on_earth =
        fabs(box[0]) <= 360 && fabs(box[2]) <= 360 && fabs(box[1]) <= 90 && fabs(box[3]) <= 90;
    if (is_degrees && !is_on_earth) {
        return dosi_fail(err, DOSI_INVALID, "bbox \"%.100s\" is not in degrees", text);
    }
    *n_boxes = 1;
    memcpy(boxes[0], box, sizeof box);
    if (box[0] > box[2]) {
        *n_boxes = 2;
        memcpy(boxes[1], box, sizeof box);
        boxes[0][2] = 180;
        boxes[1][0] = -180;
    }
    return DOSI_OK;
}

/// One end of an interval. `*is_day`: it is a date.
static dosi_status parse_instant(
    const char *text, size_t n_bytes, int zone_s, int64_t *out, bool *is_day, dosi_error *err) {
    *is_day = n_bytes == 10;
    if (n_bytes < 10 || dosi_time_parse_iso(text, n_bytes, zone_s, out, NULL) != DOSI_OK) {
        return dosi_fail(err, DOSI_INVALID, "datetime: \"%.*s\" is no RFC 3339 date or time",
                         n_bytes > 60 ? 60 : (int)n_bytes, text);
    }
    return DOSI_OK;
}

dosi_status dosi_items_parse_time(
    const char *text, int zone_s, int64_t *first, int64_t *last, dosi_error *err) {
    const char *slash = strchr(text, '/');
    size_t n_first = slash ? (size_t)(slash - text) : strlen(text);
    const char *second = slash ? slash + 1 : text;
    size_t n_second = slash ? strlen(second) : n_first;
    bool is_open_first =
        slash && (n_first == 0 || (n_first == 2 && memcmp(text, "..", 2) == 0));
    bool is_open_last = slash && (n_second == 0 || strcmp(second, "..") == 0);
    int64_t from = INT64_MIN + 1;
    int64_t to = INT64_MAX;
    bool is_day = false;
    if (!is_open_first) {
        DOSI_TRY(parse_instant(text, n_first, zone_s, &from, &is_day, err));
    }
    if (!is_open_last) {
        DOSI_TRY(parse_instant(second, n_second, zone_s, &to, &is_day, err));
        if (is_day) to += DOSI_DAY_US - 1;
    }
    if (from > to || (is_open_first && is_open_last)) {
        return dosi_fail(err, DOSI_INVALID, "datetime \"%.100s\" is no interval", text);
    }
    *first = from;
    *last = to;
    return DOSI_OK;
}

/// What parameters are understood with.
typedef struct items_parser {
    const dosi_features *features;
    int zone_s;
    dosi_items_query *out;
    const char *box; ///< Kept until bbox-crs is known.
    dosi_error *err;
} items_parser;

static dosi_status parse_count(
    items_parser *parser, const char *name, const char *text, int64_t least, int64_t *out) {
    int64_t value = 0;
    if (dosi_parse_int(text, strlen(text), &value) != DOSI_OK || value < least) {
        return dosi_fail(parser->err, DOSI_INVALID,
                         "%s must be a whole number from %d, not \"%.100s\"", name, (int)least,
                         text);
    }
    *out = value;
    return DOSI_OK;
}

static dosi_status take_limit(items_parser *parser, const char *text) {
    int64_t value = 0;
    DOSI_TRY(parse_count(parser, "limit", text, 1, &value));
    bool is_more = value > DOSI_ITEMS_LIMIT_MAX;
    parser->out->query.limit = is_more ? DOSI_ITEMS_LIMIT_MAX : (uint32_t)value;
    return DOSI_OK;
}

static dosi_status take_offset(items_parser *parser, const char *text) {
    int64_t value = 0;
    DOSI_TRY(parse_count(parser, "offset", text, 0, &value));
    parser->out->query.offset = (uint64_t)value;
    return DOSI_OK;
}

static dosi_status take_box(items_parser *parser, const char *text) {
    parser->box = text;
    return DOSI_OK;
}

/// Finds a coordinate system for `crs` or `bbox-crs`.
static dosi_status find_crs(items_parser *parser, const char *text, size_t *out) {
    size_t found = dosi_server_crs_find(text);
    if (found == DOSI_SERVER_CRS_COUNT) {
        return dosi_fail(parser->err, DOSI_INVALID,
                         "\"%.100s\" is not one of the collection's coordinate systems", text);
    }
    *out = found;
    return DOSI_OK;
}

static dosi_status take_crs(items_parser *parser, const char *text) {
    return find_crs(parser, text, &parser->out->crs);
}

static dosi_status take_box_crs(items_parser *parser, const char *text) {
    return find_crs(parser, text, &parser->out->box_crs);
}

static dosi_status take_format(items_parser *parser, const char *text) {
    if (strcmp(text, "json") == 0 || strcmp(text, "geojson") == 0) return DOSI_OK;
    return dosi_fail(parser->err, DOSI_INVALID, "f can be json or geojson, not \"%.100s\"",
                     text);
}

/// Adds a filter, which the caller fills in; NULL when there are too many.
static dosi_feature_filter *add_filter(items_parser *parser, size_t column) {
    dosi_items_query *query = parser->out;
    if (query->query.n_filters == DOSI_FEATURE_FILTERS) return NULL;
    dosi_feature_filter *filter = &query->filters[query->query.n_filters++];
    *filter = (dosi_feature_filter){.column = column};
    return filter;
}

/// The failure of add_filter().
static dosi_status too_many(items_parser *parser) {
    return dosi_fail(parser->err, DOSI_INVALID, "more than %d conditions",
                     DOSI_FEATURE_FILTERS);
}

/// The day number of a time, rounded down.
static int64_t day_of(int64_t time) {
    int64_t day = time / DOSI_DAY_US;
    return time % DOSI_DAY_US < 0 ? day - 1 : day;
}

/// Makes a filter of an interval of times, for a TIME or DATE column.
static void set_interval(dosi_feature_filter *filter,
                         dosi_type type,
                         int64_t first,
                         int64_t last) {
    bool is_date = type == DOSI_TYPE_DATE;
    filter->low = is_date && first != INT64_MIN + 1 ? day_of(first) : first;
    filter->high = is_date && last != INT64_MAX ? day_of(last) : last;
}

/// The first TIME or DATE property, or SIZE_MAX.
static size_t find_time_column(const dosi_features *features) {
    for (size_t i = 0; i < dosi_features_n_columns(features); i++) {
        dosi_type type = dosi_features_column(features, i).type;
        if (type == DOSI_TYPE_TIME || type == DOSI_TYPE_DATE) return i;
    }
    return SIZE_MAX;
}

static dosi_status take_time(items_parser *parser, const char *text) {
    int64_t first = 0;
    int64_t last = 0;
    DOSI_TRY(dosi_items_parse_time(text, parser->zone_s, &first, &last, parser->err));
    size_t column = find_time_column(parser->features);
    if (column == SIZE_MAX) return DOSI_OK; // features without time are of every time
    dosi_feature_filter *filter = add_filter(parser, column);
    if (!filter) return too_many(parser);
    set_interval(filter, dosi_features_column(parser->features, column).type, first, last);
    return DOSI_OK;
}

/// Understands "name", "+name", "-name", separated by commas.
static dosi_status take_sort(items_parser *parser, const char *text) {
    char name[256];
    for (;;) {
        size_t n_bytes = strcspn(text, ",");
        bool is_descending = text[0] == '-';
        // A plus sign in a query is a blank once decoded.
        size_t n_sign = text[0] == '-' || text[0] == '+' || text[0] == ' ';
        size_t n_name = n_bytes < n_sign ? 0 : n_bytes - n_sign;
        if (n_name >= sizeof name) n_name = sizeof name - 1;
        memcpy(name, text + n_sign, n_name);
        name[n_name] = '\0';
        size_t column = dosi_features_find_column(parser->features, name);
        dosi_feature_query *query = &parser->out->query;
        if (column == SIZE_MAX || query->n_sorts == DOSI_FEATURE_SORTS) {
            return dosi_fail(parser->err, DOSI_INVALID, "cannot sort by \"%.100s\"", name);
        }
        parser->out->sorts[query->n_sorts++] = (dosi_feature_sort){column, is_descending};
        if (text[n_bytes] == '\0') return DOSI_OK;
        text += n_bytes + 1;
    }
}

/// A property that must have a value.
static dosi_status take_property(items_parser *parser, size_t column, const char *text) {
    dosi_feature_column property = dosi_features_column(parser->features, column);
    dosi_feature_filter *filter = add_filter(parser, column);
    if (!filter) return too_many(parser);
    size_t n_bytes = strlen(text);
    bool is_understood = true;
    switch (property.type) {
    case DOSI_TYPE_TEXT:
        filter->text = text;
        filter->n_text = n_bytes;
        return DOSI_OK;
    case DOSI_TYPE_REAL:
        is_understood = dosi_parse_real(text, n_bytes, &filter->real_low) == DOSI_OK;
        filter->real_high = filter->real_low;
        break;
    case DOSI_TYPE_INT:
        is_understood = dosi_parse_int(text, n_bytes, &filter->low) == DOSI_OK;
        filter->high = filter->low;
        break;
    case DOSI_TYPE_BOOL:
        is_understood = strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
        filter->low = filter->high = strcmp(text, "true") == 0;
        break;
    default: {
        int64_t first = 0;
        int64_t last = 0;
        is_understood =
            dosi_items_parse_time(text, parser->zone_s, &first, &last, NULL) == DOSI_OK;
        set_interval(filter, property.type, first, last);
        break;
    }
    }
    if (is_understood) return DOSI_OK;
    return dosi_fail(parser->err, DOSI_INVALID, "%.100s is %s, which \"%.100s\" is not",
                     property.name, dosi_type_name(property.type), text);
}

/// The parameters that are not properties.
static const struct {
    const char *name;
    dosi_status (*take)(items_parser *parser, const char *text);
} known[] = {
    {"limit", take_limit}, {"offset", take_offset},    {"bbox", take_box},
    {"crs", take_crs},     {"bbox-crs", take_box_crs}, {"datetime", take_time},
    {"sortby", take_sort}, {"f", take_format},
};

/// Understands one parameter.
static dosi_status take_parameter(items_parser *parser, const dosi_uri_parameter *parameter) {
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(known[i].name, parameter->name) == 0) {
            return known[i].take(parser, parameter->value);
        }
    }
    size_t column = dosi_features_find_column(parser->features, parameter->name);
    if (column == SIZE_MAX) {
        return dosi_fail(parser->err, DOSI_INVALID,
                         "\"%.100s\" is neither a parameter nor a property", parameter->name);
    }
    return take_property(parser, column, parameter->value);
}

dosi_status dosi_items_parse(const dosi_uri_parameter *parameters,
                             size_t n,
                             const dosi_features *features,
                             int zone_s,
                             dosi_items_query *out,
                             dosi_error *err) {
    assert((parameters || n == 0) && features && out);
    *out = (dosi_items_query){.query = {.limit = DOSI_ITEMS_LIMIT}};
    items_parser parser = {features, zone_s, out, NULL, err};
    for (size_t i = 0; i < n; i++) DOSI_TRY(take_parameter(&parser, &parameters[i]));
    if (parser.box) {
        DOSI_TRY(dosi_items_parse_box(parser.box, out->box_crs, out->query.boxes,
                                      &out->query.n_boxes, err));
    }
    out->query.filters = out->filters;
    out->query.sorts = out->sorts;
    return DOSI_OK;
}
