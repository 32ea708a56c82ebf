// Pages of features: which candidates to look at, which of them match, and in what order.

#include "feature/store.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { HULL_POINTS = 21 };

/// A question being answered.
typedef struct feature_search {
    const dosi_features *features;
    const dosi_feature_query *query;
    double hull[2][4]; ///< The boxes in longitude and latitude.
    size_t n_boxes;
    uint32_t *positions; ///< The page.
    uint32_t n;
    uint64_t n_matched;
    unsigned char *marks; ///< One bit a position, instead of a page; NULL: page.
} feature_search;

/// Notes positions [from, to) as matches.
static void take_run(feature_search *search, uint32_t from, uint32_t to) {
    const dosi_feature_query *query = search->query;
    if (search->marks) {
        for (uint32_t i = from; i < to; i++) {
            search->marks[i / 8] |= (unsigned char)(1U << (i % 8));
        }
        search->n_matched += to - from;
        return;
    }
    uint64_t end = search->n_matched + (to - from);
    if (end > query->offset && search->n < query->limit) {
        uint64_t skip =
            query->offset > search->n_matched ? query->offset - search->n_matched : 0;
        for (uint32_t i = from + (uint32_t)skip; i < to && search->n < query->limit; i++) {
            search->positions[search->n++] = i;
        }
    }
    search->n_matched = end;
}

/// Whether a feature's property is as `filter` wants.
static bool passes(const dosi_features *features,
                   const dosi_feature_filter *filter,
                   uint32_t position) {
    const uint32_t *codes = dosi_store_codes(features, filter->column);
    if (codes) {
        size_t n_bytes = 0;
        uint32_t code = codes[position];
        const char *word = dosi_store_word(features, filter->column, code, &n_bytes);
        return code != DOSI_STORE_NO_WORD && n_bytes == filter->n_text &&
               memcmp(word, filter->text, n_bytes) == 0;
    }
    const double *reals = dosi_store_reals(features, filter->column);
    if (reals) {
        return reals[position] >= filter->real_low && reals[position] <= filter->real_high;
    }
    int64_t value = dosi_store_integers(features, filter->column)[position];
    return value != DOSI_MISSING_INT && value >= filter->low && value <= filter->high;
}

/// Whether all filters but number `skip` hold.
static bool passes_all(const feature_search *search, uint32_t position, size_t skip) {
    for (size_t i = 0; i < search->query->n_filters; i++) {
        if (i == skip) continue;
        if (!passes(search->features, &search->query->filters[i], position)) return false;
    }
    return true;
}

/// Whether the feature's geometry meets one of the boxes.
static bool meets_boxes(const feature_search *search, uint32_t position) {
    size_t n_bytes = 0;
    const unsigned char *wkb = dosi_store_geometry(search->features, position, &n_bytes);
    if (!wkb || position >= search->features->head.n_located) return false;
    for (size_t i = 0; i < search->query->n_boxes; i++) {
        if (dosi_shape_meets_box(wkb, n_bytes, search->query->boxes[i],
                                 search->query->projection)) {
            return true;
        }
    }
    return false;
}

/// Whether the feature's own box lies in one of the boxes.
static bool is_box_inside(const feature_search *search, uint32_t position) {
    if (position >= search->features->head.n_located) return false;
    const double *box = search->features->levels[0] + 4 * (size_t)position;
    for (size_t i = 0; i < search->n_boxes && !search->query->projection; i++) {
        const double *outer = search->hull[i];
        if (box[0] >= outer[0] && box[1] >= outer[1] && box[2] <= outer[2] &&
            box[3] <= outer[3]) {
            return true;
        }
    }
    return false;
}

/// What the tree found.
static void take_from_tree(void *context, uint32_t from, uint32_t to, bool is_inside) {
    feature_search *search = context;
    bool is_certain = is_inside && !search->query->projection;
    if (is_certain && search->query->n_filters == 0) {
        take_run(search, from, to);
        return;
    }
    for (uint32_t i = from; i < to; i++) {
        if (!passes_all(search, i, SIZE_MAX)) continue;
        if (is_certain || meets_boxes(search, i)) take_run(search, i, i + 1);
    }
}

// --- ranges of ordered values ------------------------------------------------------------

/// -1, 0 or 1: the word is before, equal to or after what `filter` wants. Missing is after.
static int side_of_word(const dosi_features *features,
                        const dosi_feature_filter *filter,
                        uint32_t code) {
    size_t n_bytes = 0;
    if (code == DOSI_STORE_NO_WORD) return 1;
    const char *word = dosi_store_word(features, filter->column, code, &n_bytes);
    size_t shorter = n_bytes < filter->n_text ? n_bytes : filter->n_text;
    int order = shorter ? memcmp(word, filter->text, shorter) : 0;
    if (order == 0) return n_bytes < filter->n_text ? -1 : n_bytes > filter->n_text;
    return order < 0 ? -1 : 1;
}

/// -1, 0 or 1: the value at `position` is below, within or above what `filter` wants.
/// Missing is above.
static int side(const dosi_features *features,
                const dosi_feature_filter *filter,
                uint32_t position) {
    const uint32_t *codes = dosi_store_codes(features, filter->column);
    if (codes) return side_of_word(features, filter, codes[position]);
    const double *reals = dosi_store_reals(features, filter->column);
    if (reals) {
        if (reals[position] < filter->real_low) return -1;
        return reals[position] <= filter->real_high ? 0 : 1;
    }
    int64_t value = dosi_store_integers(features, filter->column)[position];
    if (value == DOSI_MISSING_INT || value > filter->high) return 1;
    return value < filter->low ? -1 : 0;
}

/// Positions order[*from, *to) have what `filter` wants.
static void find_range(const dosi_features *features,
                       const dosi_feature_filter *filter,
                       uint64_t *from,
                       uint64_t *to) {
    const uint32_t *order = dosi_store_order(features, filter->column);
    uint64_t n = features->head.n_features;
    uint64_t ends[2] = {0, 0};
    for (int k = 0; k < 2; k++) {
        uint64_t low = ends[0];
        uint64_t high = n;
        while (low < high) {
            uint64_t middle = low + (high - low) / 2;
            bool is_before =
                order[middle] < n && side(features, filter, order[middle]) < (k == 0 ? 0 : 1);
            if (is_before) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        ends[k] = low;
    }
    *from = ends[0];
    *to = ends[1];
}

/// Looks at the rows of the filter with the fewest.
static void search_by_filter(feature_search *search) {
    const dosi_features *features = search->features;
    const dosi_feature_query *query = search->query;
    uint64_t best_from = 0;
    uint64_t best_to = UINT64_MAX;
    size_t best = 0;
    for (size_t i = 0; i < query->n_filters; i++) {
        uint64_t from = 0;
        uint64_t to = 0;
        find_range(features, &query->filters[i], &from, &to);
        if (to - from < best_to - best_from) {
            best_from = from;
            best_to = to;
            best = i;
        }
    }
    const uint32_t *order = dosi_store_order(features, query->filters[best].column);
    for (uint64_t i = best_from; i < best_to; i++) {
        uint32_t position = order[i];
        if (position >= features->head.n_features) continue;
        if (!passes_all(search, position, best)) continue;
        if (query->n_boxes == 0 || is_box_inside(search, position) ||
            meets_boxes(search, position)) {
            take_run(search, position, position + 1);
        }
    }
}

// --- everything, in an order -------------------------------------------------------------

/// All features by id.
static void search_all(feature_search *search) {
    const dosi_features *features = search->features;
    const dosi_feature_query *query = search->query;
    uint64_t n = features->head.n_features;
    for (uint64_t row = query->offset; row < n && search->n < query->limit; row++) {
        uint32_t position = features->positions[row];
        if (position < n) search->positions[search->n++] = position;
    }
    search->n_matched = n;
}

/// Compares two positions by one column; missing last either way.
static int compare_by(const dosi_features *features,
                      dosi_feature_sort sort,
                      uint32_t a,
                      uint32_t b) {
    const uint32_t *codes = dosi_store_codes(features, sort.column);
    const double *reals = dosi_store_reals(features, sort.column);
    const int64_t *integers = dosi_store_integers(features, sort.column);
    bool lacks_a = codes   ? codes[a] == DOSI_STORE_NO_WORD
                   : reals ? isnan(reals[a])
                           : integers[a] == DOSI_MISSING_INT;
    bool lacks_b = codes   ? codes[b] == DOSI_STORE_NO_WORD
                   : reals ? isnan(reals[b])
                           : integers[b] == DOSI_MISSING_INT;
    if (lacks_a || lacks_b) return (int)lacks_a - (int)lacks_b;
    int order = 0;
    if (codes) order = codes[a] < codes[b] ? -1 : codes[a] > codes[b];
    if (reals) order = reals[a] < reals[b] ? -1 : reals[a] > reals[b];
    if (integers) order = integers[a] < integers[b] ? -1 : integers[a] > integers[b];
    return sort.is_descending ? -order : order;
}

static int compare_matches(const void *left, const void *right, void *context) {
    const feature_search *own = context;
    uint32_t a = *(const uint32_t *)left;
    uint32_t b = *(const uint32_t *)right;
    for (size_t i = 0; i < own->query->n_sorts; i++) {
        int order = compare_by(own->features, own->query->sorts[i], a, b);
        if (order) return order;
    }
    return a < b ? -1 : a > b;
}

/// Whether a position is marked (all are, when nothing was asked for).
static bool is_marked(const unsigned char *marks, uint32_t position) {
    return marks[position / 8] >> (position % 8) & 1;
}

/// Cuts the page out of the marked positions, along a column's order: the order of one value
/// after another, from the far end when descending, but missing ones last and equal ones by
/// position.
static dosi_status page_by_order(feature_search *search, dosi_error *err) {
    const dosi_feature_query *query = search->query;
    uint64_t n = search->features->head.n_features;
    uint32_t *matches = malloc((search->n_matched + 1) * sizeof *matches);
    if (!matches) return dosi_fail(err, DOSI_NO_MEMORY, "no memory to sort features");
    uint64_t n_matches = 0;
    const uint32_t *order = dosi_store_order(search->features, query->sorts[0].column);
    bool is_in_order = query->n_sorts == 1 && !query->sorts[0].is_descending;
    for (uint64_t i = 0; i < n && n_matches < search->n_matched; i++) {
        uint32_t position = is_in_order ? order[i] : (uint32_t)i;
        if (position < n && is_marked(search->marks, position)) matches[n_matches++] = position;
    }
    if (!is_in_order) qsort_r(matches, n_matches, sizeof *matches, compare_matches, search);
    for (uint64_t i = query->offset; i < n_matches && search->n < query->limit; i++) {
        search->positions[search->n++] = matches[i];
    }
    free(matches);
    return DOSI_OK;
}

/// Finds the matches, as a page or as marks.
static void find_matches(feature_search *search) {
    const dosi_feature_query *query = search->query;
    if (query->n_filters > 0) {
        search_by_filter(search);
    } else if (query->n_boxes > 0) {
        dosi_store_walk(search->features, (const double(*)[4])search->hull, search->n_boxes,
                        take_from_tree, search);
    } else if (search->marks) {
        take_run(search, 0, (uint32_t)search->features->head.n_features);
    } else {
        search_all(search);
    }
}

/// The boxes in longitude and latitude: as given, or what holds a projected box.
static void set_hull(feature_search *search) {
    const dosi_feature_query *query = search->query;
    memcpy(search->hull, query->boxes, sizeof search->hull);
    search->n_boxes = query->n_boxes;
    if (!query->projection || query->n_boxes == 0) return;
    double x[4 * HULL_POINTS];
    double y[4 * HULL_POINTS];
    const double *box = query->boxes[0];
    for (size_t i = 0; i < HULL_POINTS; i++) {
        double t = (double)i / (HULL_POINTS - 1);
        double across = box[0] + t * (box[2] - box[0]);
        double along = box[1] + t * (box[3] - box[1]);
        x[4 * i] = across, y[4 * i] = box[1];
        x[4 * i + 1] = across, y[4 * i + 1] = box[3];
        x[4 * i + 2] = box[0], y[4 * i + 2] = along;
        x[4 * i + 3] = box[2], y[4 * i + 3] = along;
    }
    size_t n = sizeof x / sizeof x[0];
    double hull[4] = {-180, -90, 180, 90};
    if (dosi_projection_apply(query->projection, x, y, n, true) == 0) {
        hull[0] = hull[2] = x[0];
        hull[1] = hull[3] = y[0];
        for (size_t i = 1; i < n; i++) {
            if (x[i] < hull[0]) hull[0] = x[i];
            if (x[i] > hull[2]) hull[2] = x[i];
            if (y[i] < hull[1]) hull[1] = y[i];
            if (y[i] > hull[3]) hull[3] = y[i];
        }
        double margin = 0.01 * (hull[2] - hull[0] + hull[3] - hull[1]) + 1e-6;
        hull[0] -= margin, hull[1] -= margin;
        hull[2] += margin, hull[3] += margin;
    }
    memcpy(search->hull[0], hull, sizeof hull);
    search->n_boxes = 1;
}

dosi_status dosi_features_query(const dosi_features *features,
                                const dosi_feature_query *query,
                                uint32_t *positions,
                                uint32_t *n,
                                uint64_t *n_matched,
                                dosi_error *err) {
    assert(features && query && (positions || query->limit == 0) && n && n_matched);
    assert(query->n_boxes <= 2 && query->n_filters <= DOSI_FEATURE_FILTERS);
    feature_search search = {.features = features, .query = query, .positions = positions};
    set_hull(&search);
    dosi_status status = DOSI_OK;
    if (query->n_sorts > 0) {
        search.marks = calloc(features->head.n_features / 8 + 1, 1);
        if (!search.marks) return dosi_fail(err, DOSI_NO_MEMORY, "no memory to sort features");
    }
    find_matches(&search);
    if (query->n_sorts > 0) status = page_by_order(&search, err);
    free(search.marks);
    if (status != DOSI_OK) return status;
    *n = search.n;
    *n_matched = search.n_matched;
    return DOSI_OK;
}
