/* What all loops share: each is compiled for processors with AVX2 and for any other, and the right one is taken when
   the library is loaded. Arrays are whole (C order) and never overlap. */

#ifndef DOITONG_COMMON_H
#define DOITONG_COMMON_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__) && defined(__linux__) && __GNUC__ >= 12
#define LOOP __attribute__((target_clones("arch=x86-64-v3", "default"), visibility("default")))
#elif defined(__x86_64__) && defined(__linux__) && defined(__GNUC__)
#define LOOP __attribute__((target_clones("avx2", "default"), visibility("default")))
#else
#define LOOP __attribute__((visibility("default")))
#endif

#define INLINE static inline __attribute__((always_inline))

/* `low` for what is no number; written so that it becomes two instructions. */
INLINE float clamp(float x, float low, float high) {
    x = x > low ? x : low;
    return x < high ? x : high;
}

typedef float four __attribute__((vector_size(16)));

/* Four fields at once: without gathers this is the quickest way to read a texel. */
INLINE four four_at(const float *fields) {
    four value;
    memcpy(&value, fields, sizeof value);
    return value;
}

/* Where places of a padded tile of `size` texels, of four fields each, begin in it, and how far they lie towards the
   next texels; wrapped around. */
INLINE void find_texels(int size, const float *restrict x, const float *restrict y, float scale, int32_t *restrict at,
                        float *restrict right, float *restrict down, int count) {
    const float inverse = 1.0f / (float)size, whole = (float)size, most = (float)(size + 2);
    const int32_t width = size + 4;
    for (int i = 0; i < count; i++) {
        float u = x[i] * scale, v = y[i] * scale;
        u = clamp(u + 2.0f - floorf(u * inverse) * whole, 0.0f, most);
        v = clamp(v + 2.0f - floorf(v * inverse) * whole, 0.0f, most);
        int32_t column = (int32_t)u, row = (int32_t)v;
        right[i] = u - (float)column;
        down[i] = v - (float)row;
        at[i] = (row * width + column) * 4;
    }
}

/* Fields 0 and 1 there, `share` of them added to `first` and `second`. */
INLINE void add_texels(const float *restrict tile, int size, float share, const int32_t *restrict at,
                       const float *restrict right, const float *restrict down, float *restrict first,
                       float *restrict second, int count) {
    const long step = ((long)size + 4) * 4;
    for (int i = 0; i < count; i++) {
        const float *restrict above = tile + at[i], *restrict below = above + step;
        four upper = four_at(above), lower = four_at(below);
        upper += (four_at(above + 4) - upper) * right[i];
        lower += (four_at(below + 4) - lower) * right[i];
        upper += (lower - upper) * down[i];
        first[i] += upper[0] * share;
        second[i] += upper[1] * share;
    }
}

/* Where a pixel of a frame of `whole` lies in an image of `part`, and how far towards the next. */
INLINE int32_t between(int32_t at, int whole, int part, float *share) {
    float place = clamp(((float)at + 0.5f) * ((float)part / (float)whole) - 0.5f, 0.0f, (float)(part - 1));
    int32_t first = (int32_t)place;
    *share = place - (float)first;
    return first;
}

/* The upper half of a float: sign, exponent and seven bits; see `upper_halves` in arrays.py. */
INLINE uint32_t upper_half(float x) {
    uint32_t bits;
    memcpy(&bits, &x, 4);
    return bits >> 16;
}

/* e^x to about 2e-7 for x from -87 to 88; what lies lower becomes about 1e-38 (the remainder by a Taylor polynomial). */
INLINE float exponential(float x) {
    x = clamp(x, -87.0f, 88.0f) * 1.44269504f;
    float whole = floorf(x + 0.5f), part = (x - whole) * 0.693147181f;
    float power = 1.0f + part * (1.0f + part * (0.5f + part * (0.166666667f + part * (0.0416666667f + part *
                  (0.00833333333f + part * 0.00138888889f)))));
    int32_t bits = ((int32_t)whole + 127) << 23;
    float scale;
    memcpy(&scale, &bits, 4);
    return power * scale;
}

/* Smoothstep of x between two edges (Perlin 1985). */
INLINE float eased(float low, float high, float x) {
    float t = clamp((x - low) / (high - low), 0.0f, 1.0f);
    return t * t * (3.0f - 2.0f * t);
}

/* A padded tile of `size` texels (noise.py) read between texels at (x, y), wrapping around; `step` floats apart are
   its texels, of which field 0 is read. */
INLINE float tile_at(const float *tile, int size, int step, float x, float y) {
    float inverse = 1.0f / (float)size;
    x += 2.0f - floorf(x * inverse) * (float)size;
    y += 2.0f - floorf(y * inverse) * (float)size;
    int32_t column = (int32_t)x, row = (int32_t)y, width = size + 4;
    float right = x - (float)column, down = y - (float)row;
    const float *a = tile + (row * width + column) * step;
    const float *b = a + width * step;
    float above = a[0] + (a[step] - a[0]) * right;
    float below = b[0] + (b[step] - b[0]) * right;
    return above + (below - above) * down;
}

#endif
