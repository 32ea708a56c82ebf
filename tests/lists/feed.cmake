# Tests of this module.
dosi_test(unit feed_merge)
add_executable(feed_server tools/feed_server.c)
target_include_directories(feed_server PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(feed_server PRIVATE dosi_flags PkgConfig::DEPS)
dosi_script_test(cli source)
