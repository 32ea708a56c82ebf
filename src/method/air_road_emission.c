// air.road_emission: what the traffic of every link emits.

#include "dosi/emission.h"
#include "method/road_links.h"
#include "method/road_words.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { LINKS, TRAFFIC, FLEET, FACTORS };
enum { LONGEST = 20000000 }; // rows of the output

static const dosi_method_column link_columns[] = {
    METHOD_COLUMN("link", TEXT, NULL, false, "구간 코드", "Link"),
    METHOD_COLUMN("flow_vph", REAL, "/h", false, "시간 교통량(양방향)", "Flow, both ways"),
    METHOD_COLUMN("speed_kmh", REAL, "km/h", false, "속도", "Speed"),
    METHOD_COLUMN("heavy_share", REAL, "1", false, "대형차 비율", "Share of heavy vehicles"),
    METHOD_COLUMN(
        "road_class", TEXT, NULL, true, "도로 등급", "Class of road, as in `traffic`"),
};
static const dosi_method_column traffic_columns[] = {
    METHOD_COLUMN("road_class", TEXT, NULL, false, "도로 등급", "Class of road"),
    METHOD_COLUMN("time", TIME, NULL, false, "그 시간의 끝", "End of the hour"),
    METHOD_COLUMN("flow_factor",
                  REAL,
                  "1",
                  false,
                  "평균 교통량에 대한 비",
                  "Flow of the hour over the mean flow"),
};
static const dosi_method_column fleet_columns[] = {
    METHOD_COLUMN("vehicle_class",
                  TEXT,
                  NULL,
                  false,
                  "승용차(car), 화물차(van), 승합차(bus); 나머지는 쓰지 않음",
                  "car or 승용차, van or 화물차, bus or 승합차; others are not used"),
    METHOD_COLUMN("month", DATE, NULL, true, "달: 마지막 달을 씀", "Month: the last is used"),
    METHOD_COLUMN("petrol", INT, NULL, false, "휘발유", "Petrol"),
    METHOD_COLUMN("diesel", INT, NULL, false, "경유", "Diesel"),
    METHOD_COLUMN("lpg", INT, NULL, false, "LPG", "LPG"),
    METHOD_COLUMN("cng", INT, NULL, false, "CNG", "CNG"),
    METHOD_COLUMN("hybrid", INT, NULL, false, "하이브리드", "Hybrid"),
    METHOD_COLUMN("electric", INT, NULL, false, "전기", "Electric"),
};
#define FACTOR(name, en) METHOD_COLUMN(name, REAL, NULL, false, en, en)
static const dosi_method_column factor_columns[] = {
    METHOD_COLUMN("vehicle", TEXT, NULL, false, "car van truck bus", "car, van, truck, bus"),
    METHOD_COLUMN("fuel",
                  TEXT,
                  NULL,
                  false,
                  "petrol diesel lpg cng hybrid electric",
                  "petrol, diesel, lpg, cng, hybrid, electric"),
    METHOD_COLUMN(
        "species", TEXT, NULL, false, "nox co voc pm_exhaust", "nox, co, voc, pm_exhaust"),
    FACTOR("alpha", "EF = (alpha V2 + beta V + gamma + delta/V)"),
    FACTOR("beta", "beta"),
    FACTOR("gamma", "gamma"),
    FACTOR("delta", "delta"),
    FACTOR("epsilon", "/ (epsilon V2 + zeta V + eta)"),
    FACTOR("zeta", "zeta"),
    FACTOR("eta", "eta"),
    FACTOR("reduction", "x (1 - reduction)"),
    FACTOR("min_kmh", "min V"),
    FACTOR("max_kmh", "max V"),
};
static const dosi_method_table inputs[] = {
    METHOD_TABLE("links", false, "도로 구간과 교통", "Links with their traffic", link_columns),
    METHOD_TABLE(
        "traffic", true, "시간별 교통량 비", "Hourly course of the flow", traffic_columns),
    METHOD_TABLE(
        "fleet", true, "연료별 자동차 수", "Vehicles by class and fuel", fleet_columns),
    METHOD_TABLE(
        "factors", true, "배출계수", "Exhaust factors (EMEP/EEA form)", factor_columns),
};
static const dosi_method_parameter parameters[] = {
    METHOD_REAL(
        "van_share", NULL, "0.1", 0, 1, "소형차 중 화물 밴 비율", "Vans among light vehicles"),
    METHOD_REAL(
        "bus_share", NULL, "0.4", 0, 1, "대형차 중 버스 비율", "Buses among heavy vehicles"),
    METHOD_REAL("scale_car", NULL, "1", 0, 10, "승용차를 몇 배로", "What-if: cars, times"),
    METHOD_REAL("scale_van", NULL, "1", 0, 10, "밴을 몇 배로", "What-if: vans, times"),
    METHOD_REAL("scale_truck", NULL, "1", 0, 10, "트럭을 몇 배로", "What-if: trucks, times"),
    METHOD_REAL("scale_bus", NULL, "1", 0, 10, "버스를 몇 배로", "What-if: buses, times"),
    METHOD_REAL(
        "scale_petrol", NULL, "1", 0, 10, "휘발유차를 몇 배로", "What-if: petrol, times"),
    METHOD_REAL("scale_diesel", NULL, "1", 0, 10, "경유차를 몇 배로", "What-if: diesel, times"),
    METHOD_REAL("scale_lpg", NULL, "1", 0, 10, "LPG차를 몇 배로", "What-if: LPG, times"),
    METHOD_REAL("scale_cng", NULL, "1", 0, 10, "CNG차를 몇 배로", "What-if: CNG, times"),
    METHOD_REAL("resuspension",
                NULL,
                "0",
                0,
                10,
                "재비산 (문헌 평균의 배수, 0: 없음)",
                "Dust stirred up again, times the mean of inventories; 0: none"),
    METHOD_TEXT("changed", "", "바꿀 구간 (쉼표)", "What-if: links to change, by commas"),
    METHOD_REAL(
        "change", NULL, "0", 0, 10, "그 구간의 교통량 배수", "... and their flow, times"),
};
#define EMISSION(name, ko, en) METHOD_COLUMN(name, REAL, "g/(m.s)", false, ko, en)
static const dosi_method_column emission_columns[] = {
    METHOD_COLUMN("link", TEXT, NULL, false, "구간 코드", "Link"),
    EMISSION("nox_gms", "NOx(NO2로)", "NOx, as NO2"),
    EMISSION("no2_gms", "직접 배출 NO2", "NO2 emitted as such"),
    EMISSION("co_gms", "CO", "CO"),
    EMISSION("voc_gms", "비메탄 휘발성유기물", "Volatile organics without methane"),
    EMISSION("pm_exhaust_gms", "배기 입자", "Exhaust particles"),
    EMISSION("pm10_gms", "PM10(마모 포함)", "PM10 with wear"),
    EMISSION("pm25_gms", "PM2.5(마모 포함)", "PM2.5 with wear"),
    METHOD_COLUMN("time", TIME, NULL, true, "그 시간의 끝", "End of the hour, with `traffic`"),
};
static const dosi_method_table outputs[] = {
    METHOD_TABLE(
        "emissions", false, "구간별 배출량", "Emissions of the links", emission_columns),
};

/// What is read of the links.
typedef struct link_table {
    const dosi_column *link, *flow, *speed, *heavy, *road_class;
    const char *changed; ///< Links by commas.
    double change;
} link_table;

/// Whether a text cell is a word.
static bool cell_is(const dosi_column *column, size_t row, const char *word) {
    size_t n = 0;
    const char *bytes = dosi_column_bytes(column, row, &n);
    return bytes && n == strlen(word) && memcmp(bytes, word, n) == 0;
}

/// Which vehicle a row of the fleet is; false: none that is used.
static bool vehicle_of(const dosi_column *column, size_t row, dosi_vehicle *out) {
    static const struct {
        const char *word;
        dosi_vehicle vehicle;
    } words[] = {{"승용차", DOSI_VEHICLE_CAR}, {"car", DOSI_VEHICLE_CAR},
                 {"화물차", DOSI_VEHICLE_VAN}, {"van", DOSI_VEHICLE_VAN},
                 {"승합차", DOSI_VEHICLE_BUS}, {"bus", DOSI_VEHICLE_BUS}};
    for (size_t i = 0; i < METHOD_N(words); i++) {
        if (!cell_is(column, row, words[i].word)) continue;
        *out = words[i].vehicle;
        return true;
    }
    return false;
}

/// Adds the vehicles of one row to their class and fuels. Buses are those of lines and coaches:
/// small ones on petrol and gas are left out.
static void count_row(const dosi_table *fleet,
                      size_t row,
                      dosi_vehicle vehicle,
                      double *counts) {
    for (size_t f = 0; f < DOSI_FUELS; f++) {
        bool is_bus_fuel =
            f == DOSI_FUEL_DIESEL || f == DOSI_FUEL_CNG || f == DOSI_FUEL_ELECTRIC;
        size_t i = dosi_table_find(fleet, dosi_fuel_name((dosi_fuel)f));
        if (i == SIZE_MAX || (vehicle == DOSI_VEHICLE_BUS && !is_bus_fuel)) continue;
        double count = dosi_column_real(&fleet->columns[i], row);
        if (count > 0) counts[f] += count;
    }
}

/// The latest month of a fleet; NaN without months.
static double last_month(const dosi_table *fleet) {
    size_t i = dosi_table_find(fleet, "month");
    double last = (double)NAN;
    for (size_t r = 0; r < fleet->n_rows && i != SIZE_MAX; r++) {
        last = fmax(last, dosi_column_real(&fleet->columns[i], r));
    }
    return last;
}

/// Takes shares of fuels from the last month of a fleet.
static dosi_status read_fleet(const dosi_table *fleet,
                              dosi_emission_model *model,
                              dosi_error *err) {
    double counts[DOSI_VEHICLES][DOSI_FUELS] = {{0}}, last = last_month(fleet);
    const dosi_column *class = NULL;
    size_t i_month = dosi_table_find(fleet, "month");
    DOSI_TRY(dosi_table_get(fleet, "vehicle_class", DOSI_TYPE_TEXT, &class, err));
    for (size_t r = 0; r < fleet->n_rows; r++) {
        dosi_vehicle vehicle = DOSI_VEHICLE_CAR;
        if (!isnan(last) && dosi_column_real(&fleet->columns[i_month], r) != last) continue;
        if (vehicle_of(class, r, &vehicle)) count_row(fleet, r, vehicle, counts[vehicle]);
    }
    for (size_t v = 0; v < DOSI_VEHICLES; v++) {
        double sum = 0;
        for (size_t f = 0; f < DOSI_FUELS; f++) sum += counts[v][f];
        for (size_t f = 0; f < DOSI_FUELS && sum > 0; f++) {
            model->fuel_share[v][f] = counts[v][f] / sum;
        }
    }
    return DOSI_OK;
}

/// Index of a word among names, or `n`.
static size_t word_index(const dosi_column *column,
                         size_t row,
                         size_t n,
                         const char *(*name)(size_t)) {
    size_t i = 0;
    while (i < n && !cell_is(column, row, name(i))) i++;
    return i;
}

static const char *vehicle_name(size_t i) {
    return dosi_vehicle_name((dosi_vehicle)i);
}
static const char *fuel_name(size_t i) {
    return dosi_fuel_name((dosi_fuel)i);
}
static const char *species_name(size_t i) {
    return dosi_emission_name((dosi_emission_species)i);
}

/// Puts given curves in the place of the defaults.
static dosi_status read_factors(const dosi_table *factors,
                                dosi_emission_model *model,
                                dosi_error *err) {
    const dosi_column *words[3], *numbers[10];
    for (size_t i = 0; i < 3; i++) {
        DOSI_TRY(
            dosi_table_get(factors, factor_columns[i].name, DOSI_TYPE_TEXT, &words[i], err));
    }
    for (size_t i = 0; i < 10; i++) {
        DOSI_TRY(dosi_table_get_number(factors, factor_columns[3 + i].name, &numbers[i], err));
    }
    for (size_t r = 0; r < factors->n_rows; r++) {
        size_t v = word_index(words[0], r, DOSI_VEHICLES, vehicle_name);
        size_t f = word_index(words[1], r, DOSI_FUELS, fuel_name);
        size_t s = word_index(words[2], r, DOSI_EMISSION_PM_EXHAUST + 1, species_name);
        if (v == DOSI_VEHICLES || f == DOSI_FUELS || s > DOSI_EMISSION_PM_EXHAUST ||
            s == DOSI_EMISSION_NO2) {
            return dosi_fail(err, DOSI_INVALID,
                             "factors, row %zu: not a vehicle, fuel and species that are known",
                             r + 1);
        }
        double c[10];
        for (size_t i = 0; i < 10; i++) c[i] = dosi_column_real(numbers[i], r);
        model->exhaust[v][f][s] =
            (dosi_emission_curve){c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7], c[8], c[9]};
    }
    return DOSI_OK;
}

/// The model that inputs and parameters ask for.
static dosi_status read_model(const dosi_method_call *call,
                              dosi_emission_model *model,
                              dosi_error *err) {
    *model = dosi_emission_default();
    if (call->inputs[FLEET]) DOSI_TRY(read_fleet(call->inputs[FLEET], model, err));
    if (call->inputs[FACTORS]) DOSI_TRY(read_factors(call->inputs[FACTORS], model, err));
    model->van_share = dosi_call_value(call, "van_share")->real;
    model->bus_share = dosi_call_value(call, "bus_share")->real;
    model->resuspension = dosi_call_value(call, "resuspension")->real;
    for (size_t v = 0; v < DOSI_VEHICLES; v++) {
        char name[32];
        (void)snprintf(name, sizeof name, "scale_%s", vehicle_name(v));
        model->scale[v] = dosi_call_value(call, name)->real;
    }
    for (size_t fuel = 0; fuel <= DOSI_FUEL_CNG; fuel++) {
        char name[32];
        (void)snprintf(name, sizeof name, "scale_%s", fuel_name(fuel));
        model->fuel_scale[fuel] = dosi_call_value(call, name)->real;
    }
    return dosi_emission_check(model, err);
}

static dosi_status read_links(const dosi_method_call *call, link_table *out, dosi_error *err) {
    const dosi_table *links = call->inputs[LINKS];
    *out = (link_table){.change = dosi_call_value(call, "change")->real,
                        .changed = dosi_call_value(call, "changed")->text};
    DOSI_TRY(dosi_table_get(links, "link", DOSI_TYPE_TEXT, &out->link, err));
    DOSI_TRY(dosi_table_get_number(links, "flow_vph", &out->flow, err));
    DOSI_TRY(dosi_table_get_number(links, "speed_kmh", &out->speed, err));
    DOSI_TRY(dosi_table_get_number(links, "heavy_share", &out->heavy, err));
    if (!call->inputs[TRAFFIC]) return DOSI_OK;
    return dosi_table_get(links, "road_class", DOSI_TYPE_TEXT, &out->road_class, err);
}

/// The traffic of a link with what is changed on it; false: something is missing.
static bool traffic_of(const link_table *links, size_t row, dosi_traffic *out) {
    *out =
        (dosi_traffic){dosi_column_real(links->flow, row), dosi_column_real(links->speed, row),
                       dosi_column_real(links->heavy, row)};
    if (method_list_has(links->changed, links->link, row)) out->flow_vph *= links->change;
    return out->flow_vph >= 0 && out->speed_kmh > 0 && out->heavy_share >= 0 &&
           out->heavy_share <= 1;
}

/// Writes one row.
static void put_emissions(const double *of, double factor, dosi_table *out, size_t row) {
    static const dosi_emission_species order[] = {
        DOSI_EMISSION_NOX,        DOSI_EMISSION_NO2,  DOSI_EMISSION_CO,  DOSI_EMISSION_VOC,
        DOSI_EMISSION_PM_EXHAUST, DOSI_EMISSION_PM10, DOSI_EMISSION_PM25};
    for (size_t i = 0; i < METHOD_N(order); i++) {
        out->columns[1 + i].data.real[row] = factor * of[order[i]];
    }
}

/// Rows of one link: its mean, or one for each hour of its class.
static dosi_status put_link(const dosi_method_call *call,
                            const link_table *links,
                            const dosi_emission_model *model,
                            size_t row,
                            dosi_error *err) {
    dosi_table *out = &call->outputs[0];
    const dosi_table *traffic = call->inputs[TRAFFIC];
    const dosi_column *class = NULL, *time = NULL, *factor = NULL;
    double emissions[DOSI_EMISSIONS];
    dosi_traffic on = {0};
    if (!traffic_of(links, row, &on)) return DOSI_OK;
    dosi_emission_of(model, &on, emissions);
    if (!traffic) {
        DOSI_TRY(dosi_table_add_rows(out, 1, err));
        put_emissions(emissions, 1, out, out->n_rows - 1);
        return method_copy_cell(links->link, row, out, 0, out->n_rows - 1);
    }
    DOSI_TRY(dosi_table_get(traffic, "road_class", DOSI_TYPE_TEXT, &class, err));
    DOSI_TRY(dosi_table_get(traffic, "time", DOSI_TYPE_TIME, &time, err));
    DOSI_TRY(dosi_table_get_number(traffic, "flow_factor", &factor, err));
    size_t n_word = 0;
    const char *word = dosi_column_bytes(links->road_class, row, &n_word);
    for (size_t t = 0; t < traffic->n_rows && word; t++) {
        size_t n = 0;
        const char *bytes = dosi_column_bytes(class, t, &n);
        double times = dosi_column_real(factor, t);
        if (!bytes || n != n_word || memcmp(bytes, word, n) != 0 || !(times >= 0)) continue;
        if (out->n_rows >= LONGEST) {
            return dosi_fail(err, DOSI_LIMIT, "links x hours: more than %d rows", LONGEST);
        }
        DOSI_TRY(dosi_table_add_rows(out, 1, err));
        put_emissions(emissions, times, out, out->n_rows - 1);
        out->columns[8].data.integer[out->n_rows - 1] = time->data.integer[t];
        DOSI_TRY(method_copy_cell(links->link, row, out, 0, out->n_rows - 1));
    }
    return DOSI_OK;
}

static dosi_status run(const dosi_method_call *call, dosi_error *err) {
    const dosi_table *table = call->inputs[LINKS];
    dosi_emission_model model;
    link_table links;
    DOSI_TRY(read_model(call, &model, err));
    DOSI_TRY(read_links(call, &links, err));
    DOSI_TRY(method_open_output(call, 0, 0, err));
    if (call->inputs[TRAFFIC]) {
        DOSI_TRY(method_add_column(&call->outputs[0], "time", DOSI_TYPE_TIME,
                                   &emission_columns[8], err));
    }
    size_t n_missing = 0, n_changed = 0;
    for (size_t row = 0; row < table->n_rows; row++) {
        dosi_traffic on;
        n_missing += !traffic_of(&links, row, &on);
        n_changed += method_list_has(links.changed, links.link, row);
        DOSI_TRY(put_link(call, &links, &model, row, err));
    }
    if (n_changed < method_list_count(links.changed)) {
        return dosi_fail(err, DOSI_NOT_FOUND, "changed: only %zu of %zu links are there",
                         n_changed, method_list_count(links.changed));
    }
    dosi_text_printf(call->report,
                     "links: %zu, %zu of them without a flow, speed or heavy share in range\n",
                     table->n_rows, n_missing);
    return DOSI_OK;
}

const dosi_method dosi_method_air_road_emission = {
    .id = "air.road_emission",
    .version = 2,
    .title = {"도로 배출량", "Emissions of roads"},
    .about =
        {"구간의 교통량, 속도, 대형차 비율과 차종·연료 구성에서 NOx, 직접 NO2, CO, VOC, "
         "배기·마모 입자의 1 m당 배출량을 냅니다. 배출계수는 EMEP/EEA 식이며, 기본값의 출처와 "
         "확인 여부는 docs/emission.md에 있습니다. 공회전과 저온 시동은 없습니다. "
         "구간을 "
         "막거나 차종을 줄여 볼 수 있으나, 차가 다른 길로 옮겨 가는 것은 따지지 않습니다.",
         "Turns each link's flow, speed and heavy share, and the fleet's classes and fuels, "
         "into emissions per metre: NOx, NO2 emitted as such, CO, VOC, exhaust and wear "
         "particles. Factors have the EMEP/EEA form; docs/emission.md says where each "
         "default is from and which are yet to be checked. No cold starts. Links can be closed "
         "and classes cut; traffic that would take "
         "other roads is not followed."},
    .citation = "EMEP/EEA air pollutant emission inventory guidebook 2019, 1.A.3.b",
    .inputs = inputs,
    .n_inputs = METHOD_N(inputs),
    .parameters = parameters,
    .n_parameters = METHOD_N(parameters),
    .outputs = outputs,
    .n_outputs = METHOD_N(outputs),
    .run = run,
};
