// The sample city, made part by part.

#include "sample/sample.h"

#include "sample/city.h"

#include <assert.h>

static const dosi_sample_words words[] = {
#define PART(id, name, title_ko, title_en, about_ko, about_en, frequency) \
    {name, title_ko, title_en, about_ko, about_en, frequency},
#include "sample/parts.def"
#undef PART
};

const dosi_sample_words *dosi_sample_describe(dosi_sample_part part) {
    assert(part < DOSI_SAMPLE_PART_COUNT);
    return &words[part];
}

static dosi_status make_air(const sample_city *city,
                            dosi_time start,
                            const dosi_run *run,
                            dosi_table *tables,
                            dosi_error *err) {
    sample_weather weather = {0};
    sample_traffic traffic = {0};
    sample_field field = {.start = start};
    dosi_status status = sample_weather_create(city, start, &weather, err);
    if (status == DOSI_OK) {
        status = sample_weather_table(&weather, &tables[DOSI_SAMPLE_WEATHER], err);
    }
    if (status == DOSI_OK) status = sample_traffic_create(city, start, &traffic, err);
    if (status == DOSI_OK) {
        status = sample_traffic_table(&traffic, start, &tables[DOSI_SAMPLE_TRAFFIC], err);
    }
    dosi_run_report(run, 0.1, "air");
    if (status == DOSI_OK) {
        const sample_hours hours = {&weather, &traffic};
        status =
            sample_field_create(city, &hours, run, &field, &tables[DOSI_SAMPLE_SOURCES], err);
    }
    dosi_run_report(run, 0.7, "sensors");
    if (status == DOSI_OK) status = dosi_run_check(run, err);
    if (status == DOSI_OK) status = sample_truth_tables(city, &field, tables, err);
    if (status == DOSI_OK) status = sample_sensor_tables(city, &field, tables, err);
    if (status == DOSI_OK) status = sample_sdot_tables(city, &weather, &field, tables, err);
    sample_field_destroy(&field);
    sample_traffic_destroy(&traffic);
    sample_weather_destroy(&weather);
    return status;
}

dosi_status dosi_sample_make(const dosi_sample_options *options,
                             const dosi_run *run,
                             dosi_table *tables,
                             dosi_error *err) {
    assert(options && tables);
    dosi_time start = options->start;
    if (start == 0) start = dosi_days_from_civil(2025, 3, 1) * DOSI_DAY_US;
    dosi_run_report(run, 0.0, "plan");
    sample_city city = {0};
    dosi_status status = sample_city_create(options, &city, err);
    if (status == DOSI_OK) status = sample_plan_tables(&city, tables, err);
    if (status == DOSI_OK) status = sample_road_tables(&city, tables, err);
    if (status == DOSI_OK) status = make_air(&city, start, run, tables, err);
    sample_city_destroy(&city);
    for (int i = 0; i < DOSI_SAMPLE_PART_COUNT && status != DOSI_OK; i++) {
        dosi_table_destroy(&tables[i]);
    }
    if (status == DOSI_OK) dosi_run_report(run, 1.0, "done");
    return status;
}
