# Tests of this module.
dosi_test(unit http_uri)
dosi_test(http http_server)
dosi_script_test(http ogc_gdal 300)
