// The plume at a distance, for several receptors at once. Included with LANES, NAME and TARGET
// as lanes.h says, behind it.

/// Effective wind and turbulence.
typedef struct NAME(air) {
    REAL u, v, w, lapse;
} NAME(air);

/// Shape of the convective plume: updraughts (1) and downdraughts (2).
typedef struct NAME(draughts) {
    REAL a1, a2, part1, part2;
} NAME(draughts);

/// What a distance gives.
typedef struct NAME(spread) {
    NAME(air) air, air3; ///< Of the plume, and of its penetrated part.
    REAL sigma_y, sigma_y3;
    REAL vertical, vertical3; ///< Concentration integrated across, for 1 g/s.
} NAME(spread);

/// Where: distance from the source, and the receptor's height.
typedef struct NAME(place) {
    REAL x;                 ///< m, at least 1.
    REAL above;             ///< Height above the source's base.
    REAL flag;              ///< Height above its own ground.
    REAL level, level_flag; ///< The same for the height at which the plume is wanted.
    const double *z, *hill; ///< (LANES) of the ground; NULL: flat.
    bool is_narrow;         ///< Only what is within 10 sigma_y of the axis counts ...
    REAL across;            ///< ... when the receptor is so far from it.
} NAME(place);

/// Whether no receptor is near enough to the axis.
INLINE bool NAME(is_beside)(const NAME(place) * at, REAL sigma_y) {
    const double reach2 = -2 * PLUME_EXP_LEAST;
    return at->is_narrow &&
           !NAME(any)(LESS(at->across * at->across, reach2 * sigma_y * sigma_y));
}

/// Levels below heights.
INLINE void NAME(levels)(REAL z, size_t *out) {
    const uint8_t *index = plume_level_index();
    for (int l = 0; l < LANES; l++) {
        double step = 2 * LANE(z, l);
        step = step < PLUME_INDEX_STEPS ? step : PLUME_INDEX_STEPS;
        out[l] = index[(size_t)step];
    }
}

/// The first four quantities of a profile as one row.
typedef double NAME(row) __attribute__((vector_size(32), may_alias, aligned(8)));

#if LANES != 1
/// Quantity q and its neighbour but one of four rows, as two halves: see turn.
INLINE void NAME(turn_4)(const NAME(row) * rows, NAME(row) * out) {
    NAME(row) a = __builtin_shufflevector(rows[0], rows[1], 0, 4, 2, 6);
    NAME(row) b = __builtin_shufflevector(rows[0], rows[1], 1, 5, 3, 7);
    NAME(row) c = __builtin_shufflevector(rows[2], rows[3], 0, 4, 2, 6);
    NAME(row) d = __builtin_shufflevector(rows[2], rows[3], 1, 5, 3, 7);
    out[0] = __builtin_shufflevector(a, c, 0, 1, 4, 5);
    out[1] = __builtin_shufflevector(b, d, 0, 1, 4, 5);
    out[2] = __builtin_shufflevector(a, c, 2, 3, 6, 7);
    out[3] = __builtin_shufflevector(b, d, 2, 3, 6, 7);
}
#endif

/// Turns rows (lane by quantity) into quantities (by lane).
INLINE NAME(air) NAME(turn)(const NAME(row) * rows) {
#if LANES == 1
    return (NAME(air)){rows[0][0], rows[0][1], rows[0][2], rows[0][3]};
#elif LANES == 4
    NAME(row) q[4];
    NAME(turn_4)(rows, q);
    return (NAME(air)){q[0], q[1], q[2], q[3]};
#else
    NAME(row) q[4], p[4];
    NAME(turn_4)(rows, q);
    NAME(turn_4)(rows + 4, p);
    return (NAME(air)){__builtin_shufflevector(q[0], p[0], 0, 1, 2, 3, 4, 5, 6, 7),
                       __builtin_shufflevector(q[1], p[1], 0, 1, 2, 3, 4, 5, 6, 7),
                       __builtin_shufflevector(q[2], p[2], 0, 1, 2, 3, 4, 5, 6, 7),
                       __builtin_shufflevector(q[3], p[3], 0, 1, 2, 3, 4, 5, 6, 7)};
#endif
}

/// Not less than the limits of weak winds.
INLINE NAME(air) NAME(bounded)(const plume_release *r, NAME(air) air) {
    const dosi_plume_limits *limits = &r->hour->limits;
    air.w = NAME(floor_at)(air.w, limits->sigma_w_ms);
    air.v = NAME(most)(NAME(floor_at)(air.v, limits->sigma_v_ms), PLUME_SIGMA_U * air.u);
    air.u = NAME(floor_at)(air.u, limits->speed_ms);
    return air;
}

/// The air at a height, unbounded; its potential temperature where `theta` is wanted.
INLINE NAME(air) NAME(air_at)(const plume_release *r, REAL z, REAL *theta) {
    const dosi_plume_hour *hour = r->hour;
    const double *heights = dosi_plume_heights();
    size_t level[LANES];
    NAME(row) rows[LANES];
    NAME(levels)(z, level);
    for (int l = 0; l < LANES; l++) {
        const double *value = hour->value[level[l]], *slope = hour->slope[level[l]];
        double over = LANE(z, l) - heights[level[l]];
        rows[l] = *(const NAME(row) *)value + *(const NAME(row) *)slope * over;
        if (theta) LANE(*theta, l) = value[DOSI_PLUME_THETA] + over * slope[DOSI_PLUME_THETA];
    }
    return NAME(turn)(rows);
}

/// Mean of the air between two heights, unbounded: see plume_mean().
INLINE NAME(air) NAME(air_between)(const plume_release *r, REAL low, REAL high) {
    const dosi_plume_hour *hour = r->hour;
    const double *heights = dosi_plume_heights();
    low = NAME(floor_at)(low, 0.5);
    high = NAME(floor_at)(high, 0.51);
    size_t from[LANES], to[LANES];
    NAME(levels)(low, from);
    NAME(levels)(high, to);
    NAME(row) rows[LANES];
    for (int l = 0; l < LANES; l++) {
        double a = LANE(low, l) - heights[from[l]], b = LANE(high, l) - heights[to[l]];
        double depth = LANE(high, l) - LANE(low, l);
        const NAME(row) *va = (const NAME(row) *)hour->value[from[l]];
        const NAME(row) *sa = (const NAME(row) *)hour->slope[from[l]];
        const NAME(row) *vb = (const NAME(row) *)hour->value[to[l]];
        const NAME(row) *sb = (const NAME(row) *)hour->slope[to[l]];
        if (depth < 1e-3) { // nearly one height: the value there
            rows[l] = *va + *sa * (a + 0.5 * depth);
            continue;
        }
        const NAME(row) *pa = (const NAME(row) *)hour->integral[from[l]];
        const NAME(row) *pb = (const NAME(row) *)hour->integral[to[l]];
        NAME(row) below = *pa + a * (*va + (0.5 * a) * *sa);
        NAME(row) above = *pb + b * (*vb + (0.5 * b) * *sb);
        rows[l] = (above - below) / depth;
    }
    return NAME(turn)(rows);
}

/// The layer between a plume's centre and a receptor that decides its effective air: never
/// more than 2.15 sigma_z deep.
INLINE NAME(air) NAME(effective)(
    const plume_release *r, REAL centre, REAL sigma_z, REAL receptor, bool is_capped) {
    REAL five = NAME(all)(5), zi = NAME(all)(r->mixing_m);
    REAL reach = PLUME_SIGMA_TOP * sigma_z;
    MASK is_over = LESS(receptor, centre);
    REAL low = NAME(pick)(is_over, NAME(most)(centre - reach, receptor), centre);
    REAL high = NAME(pick)(is_over, centre, NAME(least)(centre + reach, receptor));
    if (is_capped) high = NAME(least)(high, zi);
    MASK is_ground = ~(LESS(five, centre) | LESS(five, receptor));
    high = NAME(pick)(is_ground, NAME(least)(five, zi), high);
    low = NAME(pick)(is_ground, NAME(all)(0), low);
    if (is_capped) { // a layer that is all above: the air at the mixing height
        MASK is_none = ~LESS(low, high);
        low = NAME(pick)(is_none, zi, low);
        high = NAME(pick)(is_none, zi, high);
    }
    return NAME(bounded)(r, NAME(air_between)(r, low, high));
}

// ---- one Gaussian plume: stable air, or above the mixed layer ----

/// What a plume's height has, whatever its effective layer: found once for several spreads.
typedef struct NAME(height) {
    REAL z, theta;
    NAME(air) air;  ///< Bounded.
    MASK is_below;  ///< Below the mixing height ...
    REAL part;      ///< ... and how much of it.
    REAL surface_u; ///< Surface layer's sigma_z times the wind; where any is below.
} NAME(height);

INLINE NAME(height) NAME(height_of)(const plume_release *r, REAL x, REAL z) {
    NAME(height)
    h = {.z = z,
         .theta = z,
         .is_below = LESS(z, NAME(all)(r->mixing_m)),
         .part = NAME(all)(1),
         .surface_u = NAME(all)(0)};
    h.air = NAME(bounded)(r, NAME(air_at)(r, z, &h.theta));
    if (!NAME(any)(h.is_below)) return h;
    h.part = NAME(least)(z / r->mixing_m, NAME(all)(1));
    if (!r->is_stable) return h;
    double scale = PLUME_SQRT_2 / PLUME_SQRT_PI * r->hour->friction_ms;
    h.surface_u = scale * x * NAME(power)(1.0 + 0.7 * x / r->hour->obukhov_m, -PLUME_THIRD);
    return h;
}

/// sigma_z of the surrounding turbulence, with the surface layer's below the mixing height.
/// @param has_stability  The lapse rate holds it back (not over cities).
INLINE REAL NAME(sigma_z_ambient)(const plume_release *r,
                                  REAL x,
                                  NAME(air) air,
                                  const NAME(height) * at,
                                  bool has_stability) {
    REAL travel = air.w * x / air.u;
    REAL high = NAME(floor_at)(at->z, r->height_m > 1e-4 ? r->height_m : 1e-4);
    REAL hold = 1.0 / (0.72 * high);
    if (has_stability) {
        REAL brunt = NAME(root)(PLUME_GRAVITY * NAME(floor_at)(air.lapse, 0) / at->theta);
        hold = hold + NAME(floor_at)(brunt, 1e-10) / (0.54 * air.w);
    }
    REAL sigma = travel / NAME(root)(1.0 + travel * hold);
    if (!NAME(any)(at->is_below)) return sigma;
    REAL blend = (1.0 - at->part) * (at->surface_u / air.u) + at->part * sigma;
    return NAME(pick)(at->is_below, blend, sigma);
}

/// sigma_y of the surrounding turbulence, but for convective air.
INLINE REAL NAME(sigma_y_ambient)(const plume_release *r, REAL x, NAME(air) air, REAL z) {
    REAL ratio = NAME(floor_at)(air.v / air.u, PLUME_SIGMA_U);
    REAL scale =
        r->hour->mechanical_height_m / (156.0 * air.v) * (NAME(floor_at)(z, 0.46) / 0.46);
    return ratio * x * NAME(power)(1.0 + x / (2.0 * air.u * scale), -0.3);
}

/// Rise in stable air before its end: wind and stability halfway up depend on the rise.
INLINE REAL NAME(rise_stable)(const plume_release *r, REAL x, MASK is_open) {
    const double pi = 3.14159265358979323846;
    REAL u = NAME(all)(r->speed_ms), brunt = NAME(all)(r->brunt), rise = u, before = u;
    double b = r->buoyancy, m = r->momentum, ustar2 = r->hour->friction_ms;
    ustar2 *= ustar2;
    for (int round = 0; round <= 10; round++) {
        REAL slow = 0.7 * brunt;
        REAL end = pi - NAME(arctan)(m * slow / b);
        REAL angle = NAME(least)(slow * x / u, end) - 0.5 * pi;
        REAL up = slow * m / b * NAME(cosine)(angle); // sin(t) = cos(t - pi/2)
        REAL over = 1.0 + NAME(sine)(angle);          // 1 - cos(t)
        REAL sum = up + over;
        sum = NAME(pick)(LESS(NAME(all)(0), sum), sum, up);
        REAL cube = NAME(floor_at)(b / (brunt * brunt * u) * sum, 1e-280);
        REAL length = b / (u * ustar2);
        REAL neutral =
            1.2 * NAME(exp)(0.6 * NAME(log)(length) + 0.4 * NAME(log)(r->top_m + 1.2 * length));
        REAL next = 2.66 * NAME(power)(cube, PLUME_THIRD);
        next = NAME(least)(NAME(least)(next, NAME(all)(r->final_rise_m)), neutral);
        before = NAME(pick)(is_open, rise, before);
        rise = NAME(pick)(is_open, next, rise);
        REAL change = before - rise;
        change = NAME(most)(change, -change);
        // Six rounds, then converged, or ten rounds; what no longer moves needs none.
        double most = round >= 5 ? 0.001 : 1e-13;
        is_open = is_open & ~LESS(change, most * rise);
        if (!NAME(any)(is_open)) break;
        REAL middle = r->top_m + 0.5 * rise;
        REAL theta = middle;
        NAME(air) air = NAME(air_at)(r, middle, &theta);
        theta = 0.5 * (r->theta + theta);
        u = 0.5 * (r->speed_ms + NAME(floor_at)(air.u, r->hour->limits.speed_ms));
        brunt = NAME(root)(PLUME_GRAVITY * 0.5 * (r->lapse + air.lapse) / theta);
        brunt = NAME(floor_at)(brunt, 1e-10);
    }
    return NAME(pick)(is_open, 0.5 * (rise + before), rise);
}

/// Rise while it goes up: see plume_rise_convective().
INLINE REAL NAME(rise_convective)(const plume_release *r, REAL x) {
    double u = r->speed_ms, beta2 = 0.36 * u * u;
    REAL cube = 3 * r->momentum / beta2 * x + 1.5 * r->buoyancy / (beta2 * u) * x * x;
    return NAME(power)(NAME(floor_at)(cube, 1e-280), PLUME_THIRD);
}

/// Sum of a plume's images in the ground and in a lid, for a receptor at height z.
INLINE REAL NAME(reflected)(REAL z, REAL plume, REAL sigma, REAL lid, bool has_lid) {
    REAL scale = -0.5 / (sigma * sigma);
    MASK is_ground = ~(LESS(z, NAME(all)(0)) | LESS(NAME(all)(0), z));
    REAL h = NAME(most)(plume, plume - z), top = NAME(most)(lid, lid - z);
    REAL d = z - h, s = z + h;
    bool is_all_ground = !NAME(any)(~is_ground); // then images come in equal pairs
    REAL value = NAME(exp_or_0)(scale * d * d);
    value = is_all_ground ? value + value : value + NAME(exp_or_0)(scale * s * s);
    if (has_lid) {
        REAL sum = NAME(all)(0);
        MASK is_open = ~LESS(top, z); // a receptor above the lid sees the plume alone
        REAL limit = NAME(pick)(is_ground, NAME(all)(5e-7), NAME(all)(1e-6));
        for (int i = 1; i <= 100; i++) {
            REAL far = 2.0 * i * top;
            REAL a = far - h - z, b = far - h + z, c = far + h - z, e = far + h + z;
            REAL near = NAME(exp_or_0)(scale * a * a), out = NAME(exp_or_0)(scale * e * e);
            REAL term = near + near + (out + out);
            if (!is_all_ground) {
                term = (near + NAME(exp_or_0)(scale * b * b)) +
                       (NAME(exp_or_0)(scale * c * c) + out);
            }
            sum = sum + NAME(pick)(is_open, term, NAME(all)(0));
            is_open = is_open & LESS(limit * sum, term);
            if (!NAME(any)(is_open)) break;
        }
        value = value + sum;
    }
    return value / (PLUME_SQRT_2PI * sigma);
}

/// Height from which a plume in stable air is reflected.
INLINE REAL NAME(lid)(const plume_release *r, REAL x, const NAME(height) * at, REAL square) {
    REAL sigma = NAME(sigma_z_ambient)(r, x, at->air, at, true);
    sigma = NAME(root)(square + sigma * sigma);
    return NAME(floor_at)(at->z + PLUME_SIGMA_TOP * sigma, r->mixing_m);
}

/// sigma_z of the whole plume in stable air.
INLINE REAL NAME(sigma_z_stable)(
    const plume_release *r, REAL x, NAME(air) air, const NAME(height) * at, REAL square) {
    REAL sigma = NAME(sigma_z_ambient)(r, x, air, at, !r->hour->is_urban);
    return NAME(root)(square + sigma * sigma);
}

/// Share of the plume that flows around a hill rather than over it, and 1/2 of the rest.
INLINE REAL NAME(level_part)(
    const plume_release *r, const NAME(place) * at, REAL plume, REAL sigma, REAL lid) {
    REAL part = NAME(all)(0.5);
    if (!at->z || !r->is_stable || r->source->is_flat) return part;
    for (int l = 0; l < LANES; l++) {
        LANE(part, l) = plume_level_part(r, &(plume_hill){at->z[l], at->hill[l], LANE(plume, l),
                                                          LANE(sigma, l), LANE(lid, l)});
    }
    return part;
}

/// Whether any receptor is at another height above the source's base than above its ground.
INLINE bool NAME(is_hilly)(const NAME(place) * at) {
    return NAME(any)(LESS(at->level, at->level_flag) | LESS(at->level_flag, at->level));
}

/// How far particles have settled on the way.
INLINE REAL NAME(drop)(const plume_release *r, REAL x) {
    return x * (r->settling_ms / r->speed_ms);
}

INLINE void NAME(spread_stable)(const plume_release *r,
                                const NAME(place) * at,
                                NAME(spread) * out) {
    REAL x = at->x, rise = NAME(all)(0);
    if (r->has_rise) {
        rise = NAME(all)(r->final_rise_m);
        MASK is_rising = LESS(x, NAME(all)(r->final_x_m));
        if (NAME(any)(is_rising)) {
            REAL early = NAME(rise_stable)(r, x, is_rising);
            early = NAME(least)(NAME(least)(early, NAME(rise_convective)(r, x)), rise);
            rise = NAME(pick)(is_rising, early, rise);
        }
    }
    REAL plume = NAME(floor_at)(r->top_m + rise, 0);
    REAL buoyant = 0.4 / PLUME_SQRT_2 * rise;
    REAL square_z = buoyant * buoyant + r->sigma_z_m * r->sigma_z_m;
    REAL square_y = buoyant * buoyant + r->sigma_y_m * r->sigma_y_m;
    NAME(height) height = NAME(height_of)(r, x, plume);
    REAL sigma_z = NAME(sigma_z_stable)(r, x, height.air, &height, square_z);
    NAME(air) air = NAME(effective)(r, plume, sigma_z, at->above, false);
    sigma_z = NAME(sigma_z_stable)(r, x, air, &height, square_z);
    REAL sigma_y = NAME(sigma_y_ambient)(r, x, air, plume);
    out->air = air;
    out->sigma_y = NAME(root)(square_y + sigma_y * sigma_y);
    if (NAME(is_beside)(at, out->sigma_y)) return;
    if (r->settling_ms > 0) {
        plume = NAME(floor_at)(plume - NAME(drop)(r, x), 0);
        height = NAME(height_of)(r, x, plume);
    }
    REAL lid = NAME(lid)(r, x, &height, square_z);
    REAL vertical = NAME(reflected)(at->level, plume, sigma_z, lid, true);
    if (NAME(is_hilly)(at)) {
        REAL part = NAME(level_part)(r, at, plume, sigma_z, lid);
        REAL follow = NAME(reflected)(at->level_flag, plume, sigma_z, lid, true);
        vertical = part * vertical + (1.0 - part) * follow;
    }
    out->vertical = vertical / air.u;
}

// ---- convective air: updraughts and downdraughts ----

INLINE NAME(draughts)
    NAME(draughts_of)(const plume_release *r, REAL centre, MASK is_surface, REAL sigma_w) {
    double w = r->hour->convective_ms, zi = r->mixing_m;
    REAL third_moment = NAME(pick)(is_surface, 1.25 * centre / zi, NAME(all)(0.125));
    REAL scaled = w / sigma_w;
    REAL skew = 5.0 / 13.0 * third_moment * scaled * scaled * scaled;
    REAL spread = NAME(root)(skew * skew + 0.8);
    NAME(draughts) d;
    d.a1 = 0.5 / scaled * (skew + spread);
    d.a2 = 0.5 / scaled * (skew - spread);
    d.part1 = d.a2 / (d.a2 - d.a1);
    d.part2 = 1.0 - d.part1;
    return d;
}

/// Height of the plume's centre of mass: its rise, then slowly to half the mixed layer.
INLINE REAL NAME(centre)(const plume_release *r, REAL x, REAL rise) {
    double zi = r->mixing_m, settled = r->top_m + r->settle_rise_m;
    if (settled > zi) settled = zi;
    REAL part = (x - r->settle_x_m) / (r->mixed_x_m - r->settle_x_m);
    REAL centre = settled + part * (0.5 * zi - settled);
    centre = NAME(pick)(LESS(x, NAME(all)(r->mixed_x_m)), centre, NAME(all)(0.5 * zi));
    if (r->has_rise) {
        REAL early = NAME(least)(r->top_m + rise, NAME(all)(zi));
        centre = NAME(pick)(LESS(x, NAME(all)(r->settle_x_m)), early, centre);
    }
    return centre;
}

/// Sum of the images of both draughts for the direct (sign 1) or the indirect source (-1).
INLINE REAL NAME(images)(
    REAL z, const REAL *height, const REAL *sigma, const REAL *part, double zi, double sign) {
    REAL scale1 = -0.5 / (sigma[0] * sigma[0]), scale2 = -0.5 / (sigma[1] * sigma[1]);
    REAL weight1 = part[0] / sigma[0], weight2 = part[1] / sigma[1];
    REAL size = NAME(most)(z, -z);
    MASK is_ground = LESS(size, NAME(all)(1e-10));
    // On the ground the two images of a source are one; what is next to it keeps both.
    bool is_all_ground = !NAME(any)(LESS(z, NAME(all)(0)) | LESS(NAME(all)(0), z));
    REAL top = NAME(most)(NAME(all)(zi), zi - z), sum = NAME(all)(0);
    REAL h1 = NAME(most)(height[0], height[0] - z), h2 = NAME(most)(height[1], height[1] - z);
    h1 = NAME(pick)(is_ground, height[0], h1);
    h2 = NAME(pick)(is_ground, height[1], h2);
    MASK is_open = ~LESS(NAME(all)(zi), z); // nothing above the mixed layer
    REAL limit = NAME(pick)(is_ground, NAME(all)(5e-7), NAME(all)(1e-6));
    for (int i = sign < 0 ? 1 : 0; i <= 1000; i++) {
        REAL far = 2.0 * i * sign * top;
        REAL a = z - far - h1, b = z + far + h1, c = z - far - h2, e = z + far + h2;
        REAL t1 = NAME(exp_or_0)(scale1 * b * b), t2 = NAME(exp_or_0)(scale2 * e * e);
        t1 = t1 + (is_all_ground ? t1 : NAME(exp_or_0)(scale1 * a * a));
        t2 = t2 + (is_all_ground ? t2 : NAME(exp_or_0)(scale2 * c * c));
        REAL term = weight1 * t1 + weight2 * t2;
        sum = sum + NAME(pick)(is_open, term, NAME(all)(0));
        is_open = is_open & LESS(limit * sum, term);
        if (!NAME(any)(is_open)) break;
    }
    return sum / PLUME_SQRT_2PI;
}

/// What is left after a decay on the way.
INLINE REAL NAME(left_over)(const plume_release *r, REAL x, REAL u) {
    if (!(r->decay_per_s > 0)) return NAME(all)(1);
    return NAME(exp)(NAME(floor_at)(-r->decay_per_s * x / u, PLUME_EXP_LEAST));
}

/// sigma_y of the surrounding turbulence in convective air.
INLINE REAL NAME(sigma_y_convective)(const plume_release *r, REAL x, NAME(air) air) {
    REAL ratio = NAME(floor_at)(air.v / air.u, PLUME_SIGMA_U);
    double slow = 78 * 0.46 / (r->height_m > 0.46 ? r->height_m : 0.46);
    if (slow < 0.7) slow = 0.7;
    return ratio * x * NAME(power)(1.0 + slow * (ratio * x / r->mixing_m), -0.3);
}

/// The part of a plume that penetrated the inversion.
INLINE void NAME(spread_penetrated)(const plume_release *r,
                                    const NAME(place) * at,
                                    NAME(spread) * out) {
    REAL plume = NAME(all)(r->penetrated_height_m), x = at->x;
    double buoyant = 0.4 / PLUME_SQRT_2 * r->penetrated * r->penetrated_rise_m;
    REAL square = NAME(all)(buoyant * buoyant);
    NAME(height) height = NAME(height_of)(r, x, plume);
    NAME(air) air = height.air;
    REAL travel = air.w * x / air.u;
    REAL sigma_z = travel / NAME(root)(1.0 + travel / (0.72 * plume));
    sigma_z = NAME(root)(square + sigma_z * sigma_z);
    MASK is_over = LESS(at->above, plume);
    REAL reach = PLUME_SIGMA_TOP * sigma_z;
    REAL low = NAME(pick)(is_over, NAME(most)(plume - reach, at->above), plume);
    REAL high = NAME(pick)(is_over, plume, NAME(least)(plume + reach, at->above));
    air = NAME(bounded)(r, NAME(air_between)(r, low, high));
    travel = air.w * x / air.u;
    sigma_z = travel / NAME(root)(1.0 + travel / (0.72 * plume));
    sigma_z = NAME(root)(square + sigma_z * sigma_z);
    REAL sigma_y = NAME(sigma_y_ambient)(r, x, air, plume);
    out->air3 = air;
    out->sigma_y3 = NAME(root)(square + sigma_y * sigma_y);
    if (NAME(is_beside)(at, out->sigma_y3)) return;
    if (r->settling_ms > 0) {
        plume = NAME(floor_at)(plume - NAME(drop)(r, x), 0);
        height = NAME(height_of)(r, x, plume);
    }
    REAL lid = NAME(lid)(r, x, &height, square);
    REAL vertical = NAME(reflected)(at->level, plume, sigma_z, lid, true);
    if (NAME(is_hilly)(at)) {
        vertical =
            0.5 * (vertical + NAME(reflected)(at->level_flag, plume, sigma_z, lid, true));
    }
    out->vertical3 = r->penetrated * vertical / air.u;
}

/// sigma_z of the two draughts.
INLINE void NAME(sigma_z_draughts)(const plume_release *r,
                                   const NAME(draughts) * d,
                                   const REAL *known, // x, centre, speed, square
                                   MASK is_surface,
                                   REAL *out) {
    double zi = r->mixing_m, ustar = r->hour->friction_ms, length = r->hour->obukhov_m;
    REAL x = known[0], centre = known[1], speed = known[2];
    REAL near = NAME(pick)(is_surface, 0.6 + 0.4 * (centre / (0.1 * zi)), NAME(all)(1));
    REAL grow = 2.0 * near * r->hour->convective_ms * x / speed;
    REAL ratio = ustar * x / speed;
    REAL surface =
        0.5 * (1.0 - 10.0 * (centre / zi)) * ratio * ratio / (length < 0 ? -length : length);
    surface = NAME(pick)(is_surface, surface, NAME(all)(0));
    if (r->is_stable) surface = NAME(all)(0);
    REAL square = known[3] + surface * surface;
    REAL s1 = grow * d->a1, s2 = grow * d->a2;
    out[0] = NAME(root)(square + s1 * s1);
    out[1] = NAME(root)(square + s2 * s2);
}

/// @param sigma_w   From which the draughts are first found; out: the last effective one.
/// @param is_again  The effective layer is found once more, as areas need it.
INLINE void NAME(spread_convective)(const plume_release *r,
                                    const NAME(place) * at,
                                    REAL *sigma_w,
                                    bool is_again,
                                    NAME(spread) * out) {
    double zi = r->mixing_m, w = r->hour->convective_ms;
    REAL x = at->x, rise = NAME(all)(0), fall = NAME(all)(0);
    if (r->has_rise) rise = NAME(rise_convective)(r, x);
    REAL centre = NAME(centre)(r, x, rise);
    MASK is_surface = LESS(centre, NAME(all)(0.1 * zi));
    if (r->has_rise) {
        double gap = 0.4 * (zi - r->top_m), u = r->speed_ms;
        double grow = 0.25 * 0.1 * 2.3 * 1.51657508881031 * w * w / (u * u);
        REAL area = gap * gap + grow * x * x;
        fall = NAME(root)(2 * r->buoyancy * zi / (1.4 * u * area)) * (x / u);
    }
    REAL buoyant = 0.4 / PLUME_SQRT_2 * rise;
    REAL square_z = buoyant * buoyant + r->sigma_z_m * r->sigma_z_m;
    REAL square_y = buoyant * buoyant + r->sigma_y_m * r->sigma_y_m;
    NAME(air) first = NAME(bounded)(r, NAME(air_at)(r, centre, NULL)), air = first;
    NAME(draughts) d = NAME(draughts_of)(r, centre, is_surface, *sigma_w);
    REAL sigma[2], height_speed = first.u;
    for (int round = 0; round < 1 + is_again; round++) {
        const REAL known[4] = {x, centre, first.u, square_z};
        NAME(sigma_z_draughts)(r, &d, known, is_surface, sigma);
        air = NAME(effective)(r, centre, 0.5 * (sigma[0] + sigma[1]), at->above, true);
        if (round == 0) {
            d = NAME(draughts_of)(r, centre, is_surface, air.w);
            height_speed = air.u;
        }
    }
    *sigma_w = air.w;
    REAL step = w * x / height_speed;
    REAL top = r->top_m + rise;
    if (r->settling_ms > 0) top = top - NAME(drop)(r, x);
    REAL height[2] = {top + d.a1 * step, top + d.a2 * step};
    const REAL part[2] = {d.part1, d.part2};
    const REAL known[4] = {x, centre, air.u, square_z};
    NAME(sigma_z_draughts)(r, &d, known, is_surface, sigma);
    REAL sigma_y = NAME(sigma_y_convective)(r, x, air);
    out->air = air;
    out->sigma_y = NAME(root)(square_y + sigma_y * sigma_y);
    if (NAME(is_beside)(at, out->sigma_y)) return;
    REAL lower[2] = {height[0] - fall, height[1] - fall};
    REAL vertical = NAME(images)(at->level, height, sigma, part, zi, 1) +
                    NAME(images)(at->level, lower, sigma, part, zi, -1);
    if (NAME(is_hilly)(at)) {
        REAL z = at->level_flag;
        vertical = 0.5 * (vertical + (NAME(images)(z, height, sigma, part, zi, 1) +
                                      NAME(images)(z, lower, sigma, part, zi, -1)));
    }
    out->vertical = (1 - r->penetrated) * vertical / air.u;
}

/// The plume at places; points and volumes.
INLINE void NAME(spread_at)(const plume_release *r,
                            const NAME(place) * at,
                            NAME(spread) * out) {
    REAL zero = NAME(all)(0), one = NAME(all)(1);
    *out = (NAME(spread)){{one, one, one, zero}, {one, one, one, zero}, one, one, zero, zero};
    if (r->is_like_stable) {
        NAME(spread_stable)(r, at, out);
        return;
    }
    if (r->penetrated < 1) {
        REAL sigma_w = NAME(all)(r->sigma_w_ms);
        NAME(spread_convective)(r, at, &sigma_w, false, out);
    }
    if (r->penetrated > 0) NAME(spread_penetrated)(r, at, out);
}
