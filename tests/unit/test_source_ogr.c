// Goal: vector files give shapes in longitude and latitude, Korean coordinate systems are named
// right, and shapes that cannot be right are rejected or mended, and said.

#include "dosi/geo.h"
#include "source/crs.h"
#include "source/reader.h"
#include "test.h"

static dosi_status read_json(const char *json,
                             const dosi_source_options *options,
                             dosi_source_result *out,
                             dosi_error *err) {
    dosi_source_file file = {
        .name = "t.geojson", .bytes = json, .n_bytes = (int64_t)strlen(json)};
    return dosi_source_read_file(&file, options, NULL, out, err);
}

static void korean_systems_are_named_by_their_parameters(void **state) {
    (void)state;
    static const struct {
        int srid;
        double lon_0, k, x_0, y_0;
        const char *datum;
    } cases[] = {
        {5174, 127.0028902777778, 1, 200000, 500000, "B"},
        {2097, 127, 1, 200000, 500000, "B"},
        {5181, 127, 1, 200000, 500000, "G"},
        {5186, 127, 1, 200000, 600000, "G"},
        {5179, 127.5, 0.9996, 1000000, 2000000, "G"},
        {5187, 129, 1, 200000, 600000, "G"},
        {5178, 127.5, 0.9996, 1000000, 2000000, "B"},
        {5182, 127, 1, 200000, 550000, "G"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool is_bessel = cases[i].datum[0] == 'B';
        char wkt[1024];
        (void)snprintf(
            wkt, sizeof wkt,
            "PROJCS[\"some_name\",GEOGCS[\"GCS_X\",DATUM[\"%s\",SPHEROID[\"%s\",%s]],PRIMEM["
            "\"Greenwich\",0.0],UNIT[\"Degree\",0.0174532925199433]],PROJECTION[\"Transverse_"
            "Mercator\"],PARAMETER[\"False_Easting\",%.1f],PARAMETER[\"False_Northing\",%.1f],"
            "PARAMETER[\"Central_Meridian\",%.13g],PARAMETER[\"Scale_Factor\",%.4f],PARAMETER["
            "\"Latitude_Of_Origin\",38.0],UNIT[\"Meter\",1.0]]",
            is_bessel ? "D_Korean_Datum_1985" : "D_Korea_2000",
            is_bessel ? "Bessel_1841" : "GRS_1980",
            is_bessel ? "6377397.155,299.1528128" : "6378137.0,298.257222101", cases[i].x_0,
            cases[i].y_0, cases[i].lon_0, cases[i].k);
        dosi_error err = {""};
        dosi_source_crs crs;
        CHECK_OK(dosi_source_crs_find(wkt, &crs, &err), err);
        assert_int_equal(crs.srid, cases[i].srid);
        assert_false(crs.is_lonlat);
    }
}

/// Where PROJ puts (x, y) of a system.
static void locate(const char *crs, double *x, double *y) {
    dosi_error err = {""};
    dosi_projection *projection = NULL;
    CHECK_OK(dosi_projection_create_text(crs, "OGC:CRS84", &projection, &err), err);
    assert_int_equal(dosi_projection_apply(projection, x, y, 1, false), 0);
    dosi_projection_destroy(projection);
}

static void the_datum_of_1985_is_shifted_as_published(void **state) {
    (void)state;
    // The seven parameters of the National Geographic Information Institute, by towgs84.
    double x = 200000, y = 450000, expected_x = 200000, expected_y = 450000;
    locate("EPSG:5174", &x, &y);
    locate("+proj=tmerc +lat_0=38 +lon_0=127.0028902777778 +k=1 +x_0=200000 +y_0=500000 "
           "+ellps=bessel +units=m +towgs84=-115.80,474.99,674.11,1.16,-2.31,-1.63,6.43 "
           "+no_defs +type=crs",
           &expected_x, &expected_y);
    CHECK_NEAR(dosi_lonlat_distance_m(x, y, expected_x, expected_y), 0, 0.1);
    // Without the shift the place would be 300 m away.
    double bare_x = 200000, bare_y = 450000;
    locate("+proj=tmerc +lat_0=38 +lon_0=127.0028902777778 +k=1 +x_0=200000 +y_0=500000 "
           "+ellps=bessel +units=m +towgs84=0,0,0 +no_defs +type=crs",
           &bare_x, &bare_y);
    assert_true(dosi_lonlat_distance_m(x, y, bare_x, bare_y) > 200);
}

static void geojson_becomes_a_table(void **state) {
    (void)state;
    static const char json[] =
        "{\"type\":\"FeatureCollection\",\"features\":["
        "{\"type\":\"Feature\",\"properties\":{\"name\":\"서울\",\"n\":3,\"x\":1.5,\"ok\":true}"
        ","
        "\"geometry\":{\"type\":\"Point\",\"coordinates\":[127,37.5,8]}},"
        "{\"type\":\"Feature\",\"properties\":{\"name\":null,\"n\":4},\"geometry\":null}]}";
    dosi_error err = {""};
    dosi_source_result result = {0};
    CHECK_OK(read_json(json, NULL, &result, &err), err);
    const dosi_table *table = &result.table;
    assert_int_equal(table->n_rows, 2);
    const dosi_column *column = NULL;
    CHECK_OK(dosi_table_get(table, "n", DOSI_TYPE_INT, &column, &err), err);
    assert_int_equal(column->data.integer[1], 4);
    CHECK_OK(dosi_table_get(table, "ok", DOSI_TYPE_BOOL, &column, &err), err);
    assert_int_equal(column->data.boolean[1], DOSI_MISSING_BOOL);
    CHECK_OK(dosi_table_get(table, "geometry", DOSI_TYPE_GEOMETRY, &column, &err), err);
    size_t n_bytes = 0;
    const char *wkb = dosi_column_bytes(column, 0, &n_bytes);
    assert_int_equal(n_bytes, 21);
    double box[4];
    CHECK_OK(dosi_wkb_box(wkb, n_bytes, box, &err), err);
    CHECK_NEAR(box[0], 127, 0);
    CHECK_NEAR(box[1], 37.5, 0);
    assert_true(dosi_column_is_missing(column, 1));
    dosi_source_result_clear(&result);
}

static void projected_coordinates_are_moved_when_told(void **state) {
    (void)state;
    static const char json[] = "{\"type\":\"FeatureCollection\",\"features\":[{\"type\":"
                               "\"Feature\",\"properties\":{},\"geometry\":{\"type\":\"Point\","
                               "\"coordinates\":[200000,550000]}}]}";
    dosi_error err = {""};
    dosi_source_result result = {0};
    CHECK_STATUS(read_json(json, NULL, &result, &err), DOSI_PARSE);
    assert_non_null(strstr(err.message, "--crs"));
    dosi_source_result_clear(&result);
    dosi_source_options options = {.crs = "EPSG:5186"};
    CHECK_OK(read_json(json, &options, &result, &err), err);
    size_t n_bytes = 0;
    size_t i_geometry = dosi_table_find(&result.table, "geometry");
    const char *wkb = dosi_column_bytes(&result.table.columns[i_geometry], 0, &n_bytes);
    double box[4];
    CHECK_OK(dosi_wkb_box(wkb, n_bytes, box, &err), err);
    CHECK_NEAR(box[0], 127, 1e-9);
    CHECK_NEAR(box[1], 37.549, 0.01);
    dosi_source_result_clear(&result);
}

static void a_swapped_row_is_rejected_and_a_bow_tie_mended(void **state) {
    (void)state;
    static const char json[] =
        "{\"type\":\"FeatureCollection\",\"features\":["
        "{\"type\":\"Feature\",\"properties\":{\"i\":1},\"geometry\":{\"type\":\"Point\","
        "\"coordinates\":[37.5,127]}},"
        "{\"type\":\"Feature\",\"properties\":{\"i\":2},\"geometry\":{\"type\":\"Polygon\","
        "\"coordinates\":[[[127,37],[128,38],[127,38],[128,37],[127,37]]]}}]}";
    dosi_error err = {""};
    dosi_source_result result = {0};
    CHECK_OK(read_json(json, NULL, &result, &err), err);
    assert_int_equal(result.table.n_rows, 1);
    assert_int_equal(result.n_rows_seen, 2);
    assert_int_equal(result.rejects.n_rows, 1);
    assert_int_equal(result.rejects.columns[1].data.integer[0], 1);
    assert_non_null(
        strstr(dosi_text_string(&result.decisions),
               "shapes mended: 1; the first: row 2: Self-intersection at 127.5 37.5"));
    dosi_source_result_clear(&result);
}

static void the_files_of_seouls_boundaries_are_read(void **state) {
    (void)state;
    static const struct {
        const char *path, *said;
        size_t n_rows;
    } cases[] = {
        {"data/boundaries/hangjeongdong_서울특별시.geojson", "EPSG:4326", 425},
        {"data/boundaries/juso2015/seoul_neighborhoods_geo_simple.json", "EPSG:4326", 467},
        {"data/boundaries/kostat2013/seoul_municipalities_geo.json", "EPSG:4326", 25},
        {"data/boundaries/kostat2013/seoul_municipalities_geo_simple.json", "EPSG:4326", 25},
        {"data/boundaries/kostat2013/seoul_submunicipalities_geo_simple.json", "EPSG:4326",
         423},
        {"data/boundaries/kostat2013/seoul_submunicipalities.shp", "EPSG:4326", 423},
        {"data/boundaries/sangkwon-dong/서울시 상권분석서비스(영역-행정동).shp", "EPSG:5181",
         425},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *path = test_shared(cases[i].path);
        if (!path) skip();
        dosi_error err = {""};
        dosi_source_result result = {0};
        CHECK_OK(dosi_source_read(path, NULL, NULL, &result, &err), err);
        assert_int_equal(result.table.n_rows + result.rejects.n_rows, cases[i].n_rows);
        assert_int_equal(result.rejects.n_rows, 0);
        assert_non_null(strstr(dosi_text_string(&result.decisions), cases[i].said));
        dosi_source_result_clear(&result);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(korean_systems_are_named_by_their_parameters),
        cmocka_unit_test(the_datum_of_1985_is_shifted_as_published),
        cmocka_unit_test(geojson_becomes_a_table),
        cmocka_unit_test(projected_coordinates_are_moved_when_told),
        cmocka_unit_test(a_swapped_row_is_rejected_and_a_bow_tie_mended),
        cmocka_unit_test(the_files_of_seouls_boundaries_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
