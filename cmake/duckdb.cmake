# The library duckdb: the system's when it has one, else what npm carries (package.json): the
# library from @duckdb/node-bindings-linux-*, its C header from duckdb.
find_library(DUCKDB_LIBRARY duckdb)
find_path(DUCKDB_INCLUDE duckdb.h)
if(NOT DUCKDB_LIBRARY OR NOT DUCKDB_INCLUDE)
  file(GLOB DUCKDB_NPM ${PROJECT_SOURCE_DIR}/node_modules/@duckdb/node-bindings-linux-*/libduckdb.so)
  if(NOT DUCKDB_NPM)
    message(FATAL_ERROR "no DuckDB: run `npm ci --ignore-scripts` first (make does)")
  endif()
  list(GET DUCKDB_NPM 0 DUCKDB_NPM)
  set(DUCKDB_INCLUDE ${CMAKE_BINARY_DIR}/duckdb-include CACHE PATH "" FORCE)
  set(DUCKDB_LIBRARY ${CMAKE_BINARY_DIR}/libduckdb.so CACHE FILEPATH "" FORCE)
  file(COPY ${PROJECT_SOURCE_DIR}/node_modules/duckdb/src/duckdb/src/include/duckdb.h
       DESTINATION ${DUCKDB_INCLUDE})
  file(CREATE_LINK ${DUCKDB_NPM} ${DUCKDB_LIBRARY} SYMBOLIC)
endif()
add_library(duckdb SHARED IMPORTED)
set_target_properties(duckdb PROPERTIES IMPORTED_LOCATION ${DUCKDB_LIBRARY} IMPORTED_NO_SONAME ON)
target_include_directories(duckdb SYSTEM INTERFACE ${DUCKDB_INCLUDE})
