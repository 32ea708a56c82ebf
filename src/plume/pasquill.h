/// @file pasquill.h
/// Spread of plumes by Pasquill's classes, 1 (A) to 6 (F), as BLP and ISC have them.
#ifndef DOSI_PLUME_PASQUILL_H
#define DOSI_PLUME_PASQUILL_H

enum { PASQUILL_CLASSES = 6 };

/// sigma_y in metres, `x_km` > 0 from a point.
double pasquill_sigma_y(int kind, double x_km);

/// sigma_z in metres, at most 5000; `x_km` >= 0.
double pasquill_sigma_z(int kind, double x_km);

/// Distance in metres of the point from which a plume would have this sigma_y.
double pasquill_virtual_y(int kind, double sigma_m);

/// Distance in metres of the point from which a plume would have this sigma_z.
double pasquill_virtual_z(int kind, double sigma_m);

#endif // DOSI_PLUME_PASQUILL_H
