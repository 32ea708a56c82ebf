// Arithmetic on several numbers at once, written once: included with
//   LANES   1, 4 or 8
//   NAME(x) the name of this version of x
//   TARGET  attribute of its functions
// It gives types `real` and `mask` under NAME, and the elementary functions that a plume needs.
// Lanes never mix; every version gives the same bits. (No include guard: made to be repeated.)

#undef LESS
#undef LANE
#undef ALL_LANES
#undef REAL
#undef MASK
#undef INLINE
#if LANES == 1
typedef double NAME(real);
typedef int64_t NAME(mask);
typedef uint64_t NAME(word);
#define LESS(a, b) (-(int64_t)((a) < (b)))
#define LANE(v, l) (v)
#define ALL_LANES  INT64_C(-1)
#else
typedef double NAME(real) __attribute__((vector_size(8 * LANES), may_alias));
typedef int64_t NAME(mask) __attribute__((vector_size(8 * LANES), may_alias));
typedef uint64_t NAME(word) __attribute__((vector_size(8 * LANES), may_alias));
#define LESS(a, b) ((a) < (b))
#define LANE(v, l) ((v)[l])
#define ALL_LANES  ((NAME(mask)){0} - 1)
#endif
#define REAL   NAME(real)
#define MASK   NAME(mask)
#define INLINE static inline __attribute__((always_inline)) TARGET

/// Bits of a number, and back.
INLINE MASK NAME(to_bits)(REAL x) {
    MASK out;
    memcpy(&out, &x, sizeof out);
    return out;
}
INLINE REAL NAME(of_bits)(MASK x) {
    REAL out;
    memcpy(&out, &x, sizeof out);
    return out;
}

/// Whether any lane is set.
INLINE bool NAME(any)(MASK m) {
#if LANES == 1
    return m != 0;
#elif LANES == 8
    return _mm512_movepi64_mask((__m512i)m) != 0;
#elif defined(__AVX__) || defined(PLUME_AVX)
    return _mm256_movemask_pd((__m256d)m) != 0;
#else
    return (m[0] | m[1] | m[2] | m[3]) != 0;
#endif
}

/// The same number in every lane.
INLINE REAL NAME(all)(double x) {
#if LANES == 1
    return x;
#else
    return x - (REAL){0};
#endif
}

/// a where m, else b.
INLINE REAL NAME(pick)(MASK m, REAL a, REAL b) {
    return NAME(of_bits)((NAME(to_bits)(a) & m) | (NAME(to_bits)(b) & ~m));
}
INLINE REAL NAME(least)(REAL a, REAL b) {
    return NAME(pick)(LESS(b, a), b, a);
}
INLINE REAL NAME(most)(REAL a, REAL b) {
    return NAME(pick)(LESS(a, b), b, a);
}
INLINE REAL NAME(floor_at)(REAL a, double low) {
    return NAME(most)(a, NAME(all)(low));
}

INLINE REAL NAME(root)(REAL x) {
#if LANES == 1
    return sqrt(x);
#elif LANES == 8
    return (REAL)_mm512_sqrt_pd((__m512d)x);
#elif defined(__AVX__) || defined(PLUME_AVX)
    return (REAL)_mm256_sqrt_pd((__m256d)x);
#elif defined(__SSE2__)
    REAL out;
    __m128d low = _mm_set_pd(x[1], x[0]), high = _mm_set_pd(x[3], x[2]);
    low = _mm_sqrt_pd(low);
    high = _mm_sqrt_pd(high);
    _mm_storeu_pd((double *)&out, low);
    _mm_storeu_pd((double *)&out + 2, high);
    return out;
#else
    return (REAL){sqrt(x[0]), sqrt(x[1]), sqrt(x[2]), sqrt(x[3])};
#endif
}

/// e^x for |x| < 700, to one rounding or so: 2^n times a Taylor series on |r| <= ln 2 / 2.
INLINE REAL NAME(exp)(REAL x) {
    const double magic = 6755399441055744.0; // adding it rounds to a whole number
    REAL shifted = x * 1.44269504088896340736 + magic;
    REAL n = shifted - magic;
    REAL r = x - n * 6.93147180369123816490e-01;
    r = r - n * 1.90821492927058770002e-10;
    REAL r2 = r * r, r4 = r2 * r2; // the series by halves: short chains
    REAL p0 = (1.0 + r) + r2 * (0.5 + r * (1.0 / 6.0));
    REAL p1 = (1.0 / 24.0 + r * (1.0 / 120.0)) + r2 * (1.0 / 720.0 + r * (1.0 / 5040.0));
    REAL p2 = (1.0 / 40320.0 + r * (1.0 / 362880.0)) +
              r2 * (1.0 / 3628800.0 + r * (1.0 / 39916800.0));
    REAL p3 = 1.0 / 479001600.0 + r * (1.0 / 6227020800.0);
    REAL p = p0 + r4 * (p1 + r4 * (p2 + r4 * p3));
    MASK n_bits = NAME(to_bits)(shifted) - NAME(to_bits)(NAME(all)(magic));
    MASK power = (MASK)((NAME(word))n_bits << 52);
    return NAME(of_bits)(NAME(to_bits)(p) + power);
}

/// ln x of a positive normal number: exponent, and 2 artanh of what is left.
INLINE REAL NAME(log)(REAL x) {
    const double magic = 6755399441055744.0;
    MASK b = NAME(to_bits)(x);
    MASK exponent = (b >> 52) - 1023;
    REAL m = NAME(of_bits)((b & INT64_C(0xfffffffffffff)) | INT64_C(0x3ff0000000000000));
    MASK is_high = LESS(NAME(all)(1.41421356237309504880), m);
    m = NAME(pick)(is_high, 0.5 * m, m);
    exponent = exponent - is_high; // a mask is -1
    REAL e = NAME(of_bits)(NAME(to_bits)(NAME(all)(magic)) + exponent) - magic;
    REAL s = (m - 1.0) / (m + 1.0), z = s * s;
    REAL z2 = z * z, z4 = z2 * z2; // by halves: short chains
    REAL p0 = (1.0 / 3.0 + z * (1.0 / 5.0)) + z2 * (1.0 / 7.0 + z * (1.0 / 9.0));
    REAL p1 = (1.0 / 11.0 + z * (1.0 / 13.0)) + z2 * (1.0 / 15.0 + z * (1.0 / 17.0));
    REAL p = p0 + z4 * (p1 + z4 * (1.0 / 19.0 + z * (1.0 / 21.0)));
    return e * 6.93147180369123816490e-01 +
           (2.0 * s + (2.0 * s * z * p + e * 1.90821492927058770002e-10));
}

/// x^a of a positive number.
INLINE REAL NAME(power)(REAL x, double a) {
    return NAME(exp)(a * NAME(log)(x));
}

/// e^x, and 0 where it hardly counts.
INLINE REAL NAME(exp_or_0)(REAL x) {
    if (!NAME(any)(LESS(NAME(all)(PLUME_EXP_LEAST), x))) return NAME(all)(0);
    REAL small = NAME(floor_at)(x, PLUME_EXP_LEAST);
    return NAME(pick)(LESS(NAME(all)(PLUME_EXP_LEAST), x), NAME(exp)(small), NAME(all)(0));
}

/// Sine of t in [-pi/2, pi/2] by its series.
INLINE REAL NAME(sine)(REAL t) {
    REAL z = t * t;
    REAL z2 = z * z, z4 = z2 * z2; // by halves: short chains
    REAL p0 = (1.0 - z * (1.0 / 6.0)) + z2 * (1.0 / 120.0 - z * (1.0 / 5040.0));
    REAL p1 = (1.0 / 362880.0 - z * (1.0 / 39916800.0)) +
              z2 * (1.0 / 6227020800.0 - z * (1.0 / 1307674368000.0));
    REAL p2 = (1.0 / 355687428096000.0 - z * (1.0 / 121645100408832000.0)) +
              z2 * (1.0 / 51090942171709440000.0);
    REAL p = p0 + z4 * (p1 + z4 * p2);
    return t * p;
}

/// Cosine of t in [-pi/2, pi/2].
INLINE REAL NAME(cosine)(REAL t) {
    REAL h = NAME(sine)(0.5 * t);
    return 1.0 - 2.0 * h * h;
}

/// arctan of x >= 0. Source: Cephes (S. L. Moshier), the rational form on |x| <= 0.66.
INLINE REAL NAME(arctan)(REAL x) {
    MASK is_steep = LESS(NAME(all)(2.41421356237309504880), x);
    MASK is_middle = LESS(NAME(all)(0.66), x) & ~is_steep;
    REAL safe = NAME(floor_at)(x, 0.5);
    REAL t = NAME(pick)(is_steep, -1.0 / safe, x);
    t = NAME(pick)(is_middle, (x - 1.0) / (x + 1.0), t);
    REAL base = NAME(pick)(is_steep, NAME(all)(1.57079632679489661923), NAME(all)(0));
    base = NAME(pick)(is_middle, NAME(all)(0.78539816339744830962), base);
    REAL z = t * t;
    REAL p = NAME(all)(-8.750608600031904122785e-1);
    p = p * z - 1.615753718733365076637e1;
    p = p * z - 7.500855792314704667340e1;
    p = p * z - 1.228866684490136173410e2;
    p = p * z - 6.485021904942025371773e1;
    REAL q = z + 2.485846490142306297962e1;
    q = q * z + 1.650270098316988542046e2;
    q = q * z + 4.328810604912902668951e2;
    q = q * z + 4.853903996359136964868e2;
    q = q * z + 1.945506571482613964425e2;
    return base + (t + t * z * p / q);
}
