/// @file shapefile.h
/// What can be wrong with the several files of a shapefile, seen before it is read.
#ifndef DOSI_SOURCE_SHAPEFILE_H
#define DOSI_SOURCE_SHAPEFILE_H

#include "source/reader.h"

/// Checks that .shp, .shx and .dbf are there, whole, and of one number of records; anything
/// that is no shapefile passes.
/// @return DOSI_OK; DOSI_NOT_FOUND, DOSI_PARSE or DOSI_INVALID naming the file at fault.
DOSI_CHECKED dosi_status dosi_shapefile_check(const dosi_source_file *file, dosi_error *err);

/// The encoding of a .dbf: what .cpg says, else what the code page byte says, else "". Written
/// as iconv knows it. @param out (n_out) NUL-terminated.
void dosi_shapefile_encoding(const dosi_source_file *file, char *out, size_t n_out);

#endif // DOSI_SOURCE_SHAPEFILE_H
