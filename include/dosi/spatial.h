/// @file spatial.h
/// Geostatistics: variograms and kriging.
#ifndef DOSI_SPATIAL_H
#define DOSI_SPATIAL_H

#include "dosi/krige.h"
#include "dosi/variogram.h"

#endif // DOSI_SPATIAL_H
