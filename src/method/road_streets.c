// Links that are streets between buildings, and who stands in them.

#include "method/road_streets.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double roof_share = 0.82;   // wind at the roofs / wind of the mast
static const double beyond_kerb_m = 2.0; // a place so far behind the line of the buildings
static const double usual_width_m = 20.0;

/// A number of a row, or `instead` where it is missing or not positive.
static double number_of(const dosi_column *column, size_t row, double instead) {
    double value = column ? dosi_column_real(column, row) : (double)NAN;
    return value > 0 ? value : instead;
}

static bool is_street(const method_streets *s, size_t row) {
    return number_of(s->left, row, 0) > 0 || number_of(s->right, row, 0) > 0;
}

dosi_status method_streets_read(const method_road *road, method_streets *out, dosi_error *err) {
    const dosi_table *links = road->links;
    *out = (method_streets){.flow = dosi_table_find_number(links, "flow_vph"),
                            .speed = dosi_table_find_number(links, "speed_kmh"),
                            .heavy = dosi_table_find_number(links, "heavy_share"),
                            .left = dosi_table_find_number(links, "left_height_m"),
                            .right = dosi_table_find_number(links, "right_height_m"),
                            .width = dosi_table_find_number(links, "width_m")};
    if (!out->left && !out->right) {
        out->left = out->right = dosi_table_find_number(links, "canyon_height_m");
    }
    size_t i_class = dosi_table_find(links, "road_class");
    if (i_class != SIZE_MAX && links->columns[i_class].type == DOSI_TYPE_TEXT) {
        out->road_class = &links->columns[i_class];
    }
    size_t most = road->n_lines + 1;
    out->row = malloc(most * sizeof *out->row);
    out->first_line = malloc(most * sizeof *out->first_line);
    out->n_lines = malloc(most * sizeof *out->n_lines);
    out->traffic = calloc(most, sizeof *out->traffic);
    if (!out->row || !out->first_line || !out->n_lines || !out->traffic) {
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu links", links->n_rows);
    }
    for (size_t i = 0; i < road->n_lines; i++) {
        bool is_new = i == 0 || road->row[i] != road->row[i - 1];
        if (!is_street(out, road->row[i])) continue;
        if (is_new) {
            out->row[out->n] = road->row[i];
            out->first_line[out->n] = i;
            out->n_lines[out->n++] = 0;
        }
        out->n_lines[out->n - 1]++;
    }
    return DOSI_OK;
}

void method_streets_clear(method_streets *streets) {
    free(streets->row);
    free(streets->first_line);
    free(streets->n_lines);
    free(streets->traffic);
    *streets = (method_streets){0};
}

static double length_of(const dosi_road_line *line) {
    return hypot(line->x1_m - line->x0_m, line->y1_m - line->y0_m);
}

/// The street seen from a point of one of its pieces.
/// @param line    Among the road's lines. @param along_m  From its beginning.
static dosi_canyon canyon_at(const method_streets *s,
                             const method_road *road,
                             size_t street,
                             size_t line,
                             double along_m,
                             double end_m) {
    const dosi_road_line *piece = &road->lines[line];
    double behind = along_m, ahead = -along_m;
    for (size_t i = 0; i < s->n_lines[street]; i++) {
        size_t at = s->first_line[street] + i;
        if (at < line) behind += length_of(&road->lines[at]);
        if (at >= line) ahead += length_of(&road->lines[at]);
    }
    size_t row = s->row[street];
    double axis = atan2(piece->x1_m - piece->x0_m, piece->y1_m - piece->y0_m) * 180 / M_PI;
    return (dosi_canyon){.axis_deg = axis,
                         .width_m = number_of(s->width, row, usual_width_m),
                         .left_m = number_of(s->left, row, 0),
                         .right_m = number_of(s->right, row, 0),
                         .ahead_m = fmin(fmax(ahead, 1), end_m),
                         .behind_m = fmin(fmax(behind, 1), end_m),
                         .roof_share = roof_share};
}

void method_street_kerbs(const method_streets *s,
                         const method_road *road,
                         size_t street,
                         double end_m,
                         method_kerb *kerbs) {
    size_t line = s->first_line[street];
    double length = 0, along = 0;
    for (size_t i = 0; i < s->n_lines[street]; i++) length += length_of(&road->lines[line + i]);
    along = 0.5 * length;
    while (along > length_of(&road->lines[line])) along -= length_of(&road->lines[line++]);
    const dosi_road_line *piece = &road->lines[line];
    double t = along / length_of(piece);
    double dx = (piece->x1_m - piece->x0_m) / length_of(piece);
    double dy = (piece->y1_m - piece->y0_m) / length_of(piece);
    dosi_canyon canyon = canyon_at(s, road, street, line, along, end_m);
    for (int side = 0; side < 2; side++) {
        double offset = (side == 0 ? 1 : -1) * fmax(0.5 * canyon.width_m - 1, 0);
        kerbs[side] =
            (method_kerb){.x_m = piece->x0_m + t * (piece->x1_m - piece->x0_m) - offset * dy,
                          .y_m = piece->y0_m + t * (piece->y1_m - piece->y0_m) + offset * dx,
                          .street = street,
                          .is_left = side == 0,
                          .canyon = canyon};
    }
}

/// Distance of a place from a piece, and how far along it its foot is.
static double distance_from(const dosi_road_line *line, double x, double y, double *along_m) {
    double length = length_of(line);
    double dx = (line->x1_m - line->x0_m) / length, dy = (line->y1_m - line->y0_m) / length;
    double along = (x - line->x0_m) * dx + (y - line->y0_m) * dy;
    along = fmin(fmax(along, 0), length);
    *along_m = along;
    return hypot(x - line->x0_m - along * dx, y - line->y0_m - along * dy);
}

method_kerb method_street_find(
    const method_streets *s, const method_road *road, double x, double y, double end_m) {
    method_kerb kerb = {.x_m = x, .y_m = y, .street = SIZE_MAX};
    double least = INFINITY, foot = 0;
    size_t nearest = 0;
    for (size_t i = 0; i < road->n_lines; i++) {
        double along = 0, distance = distance_from(&road->lines[i], x, y, &along);
        if (distance >= least) continue;
        least = distance;
        nearest = i;
        foot = along;
    }
    for (size_t street = 0; street < s->n; street++) {
        if (s->row[street] != road->row[nearest]) continue;
        dosi_canyon canyon = canyon_at(s, road, street, nearest, foot, end_m);
        if (least > 0.5 * canyon.width_m + beyond_kerb_m) continue;
        const dosi_road_line *piece = &road->lines[nearest];
        double cross = (piece->x1_m - piece->x0_m) * (y - piece->y0_m) -
                       (piece->y1_m - piece->y0_m) * (x - piece->x0_m);
        kerb.street = street;
        kerb.is_left = cross > 0;
        kerb.canyon = canyon;
    }
    return kerb;
}

/// Whether two text cells are the same word.
static bool is_same(const dosi_column *a, size_t row_a, const dosi_column *b, size_t row_b) {
    size_t n = 0, m = 0;
    const char *x = dosi_column_bytes(a, row_a, &n), *y = dosi_column_bytes(b, row_b, &m);
    return x && y && n == m && memcmp(x, y, n) == 0;
}

/// Traffic of a street at `factor` of its mean flow.
static dosi_canyon_traffic traffic_of(const method_streets *s, size_t street, double factor) {
    size_t row = s->row[street];
    double flow = factor * number_of(s->flow, row, 0);
    double heavy = fmin(number_of(s->heavy, row, 0), 1), speed = number_of(s->speed, row, 0);
    return (dosi_canyon_traffic){flow * (1 - heavy), flow * heavy, speed, speed};
}

dosi_status method_streets_set_hour(method_streets *s,
                                    const dosi_table *traffic,
                                    dosi_time time,
                                    dosi_error *err) {
    const dosi_column *when = NULL, *class = NULL, *factor = NULL;
    for (size_t i = 0; i < s->n; i++) s->traffic[i] = traffic_of(s, i, 1);
    if (!traffic || !s->road_class) return DOSI_OK;
    DOSI_TRY(dosi_table_get(traffic, "road_class", DOSI_TYPE_TEXT, &class, err));
    DOSI_TRY(dosi_table_get(traffic, "time", DOSI_TYPE_TIME, &when, err));
    DOSI_TRY(dosi_table_get_number(traffic, "flow_factor", &factor, err));
    for (size_t r = 0; r < traffic->n_rows; r++) {
        double times = dosi_column_real(factor, r);
        if (when->data.integer[r] != time || !(times >= 0)) continue;
        for (size_t i = 0; i < s->n; i++) {
            if (!is_same(s->road_class, s->row[i], class, r)) continue;
            s->traffic[i] = traffic_of(s, i, times);
        }
    }
    return DOSI_OK;
}
