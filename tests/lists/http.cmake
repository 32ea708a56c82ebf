# Tests of this module.
dosi_test(unit http_uri)
dosi_test(http http_server)
dosi_script_test(http ogc_gdal 300)
add_executable(random_requests http/random_requests.c)
target_include_directories(random_requests PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(random_requests PRIVATE dosi dosi_flags)
dosi_script_test(http random 180)
dosi_fuzz(http_uri)
