// Points at several receptors at once. Included behind kernel.h with the same macros.

/// Loads numbers.
INLINE REAL NAME(load)(const double *from) {
    REAL out;
    memcpy(&out, from, sizeof out);
    return out;
}

INLINE NAME(place) NAME(place_of)(const plume_places *p, const double *x, size_t i) {
    REAL above = NAME(load)(p->above + i), flag = NAME(load)(p->flag + i);
    return (NAME(place)){.x = NAME(load)(x + i),
                         .above = above,
                         .flag = flag,
                         .level = above,
                         .level_flag = flag,
                         .z = p->is_hilly ? p->z + i : NULL,
                         .hill = p->hill + i,
                         .is_narrow = x == p->along,
                         .across = NAME(load)(p->across + i)};
}

/// Gaussian across the wind.
INLINE REAL NAME(across)(REAL y, REAL sigma) {
    return NAME(exp_or_0)(-0.5 * y * y / (sigma * sigma)) / (PLUME_SQRT_2PI * sigma);
}

TARGET static void NAME(coherent)(const plume_release *r, const plume_places *p, double *out) {
    for (size_t i = 0; i < p->n; i += LANES) {
        NAME(place) at = NAME(place_of)(p, p->along, i);
        NAME(spread) s;
        NAME(spread_at)(r, &at, &s);
        REAL y = NAME(load)(p->across + i);
        REAL value =
            s.vertical * NAME(across)(y, s.sigma_y) * NAME(left_over)(r, at.x, s.air.u);
        if (r->penetrated > 0) {
            value = value + s.vertical3 * NAME(across)(y, s.sigma_y3) *
                                NAME(left_over)(r, at.x, s.air3.u);
        }
        memcpy(out + i, &value, sizeof value);
    }
}

/// Part of the plume that meanders over all directions.
INLINE REAL NAME(meandering)(const plume_release *r, REAL distance, NAME(air) air) {
    const dosi_plume_limits *limits = &r->hour->limits;
    REAL mean2 = air.u * air.u - 2.0 * air.v * air.v;
    mean2 = NAME(pick)(LESS(mean2, NAME(all)(0.01)), NAME(all)(0.01), mean2);
    REAL aged = 1.0 - NAME(exp)(-distance / air.u / (limits->meander_h * 3600));
    REAL part = (2.0 * air.v * air.v + mean2 * aged) / (air.u * air.u);
    part = NAME(least)(part, NAME(all)(limits->meander_max));
    return NAME(floor_at)(part, limits->meander_min);
}

TARGET static void NAME(meander)(const plume_release *r,
                                 const plume_places *p,
                                 plume_evenly *out) {
    for (size_t i = 0; i < p->n; i += LANES) {
        NAME(place) at = NAME(place_of)(p, p->distance, i);
        REAL distance = at.x;
        at.x = NAME(floor_at)(at.x, 1);
        NAME(spread) s;
        NAME(spread_at)(r, &at, &s);
        REAL part = NAME(meandering)(r, distance, s.air);
        REAL value = s.vertical * NAME(left_over)(r, distance, s.air.u);
        if (r->penetrated > 0) {
            REAL part3 = NAME(meandering)(r, distance, s.air3);
            part = r->penetrated * part3 + (1 - r->penetrated) * part;
            value = value + s.vertical3 * NAME(left_over)(r, distance, s.air3.u);
        }
        value = value / (6.28318530717958647692 * distance);
        value = NAME(pick)(LESS(distance, NAME(all)(1)), NAME(all)(0), value);
        memcpy(out->value + i, &value, sizeof value);
        memcpy(out->fraction + i, &part, sizeof part);
        memcpy(out->speed + i, &s.air.u, sizeof s.air.u);
    }
}
