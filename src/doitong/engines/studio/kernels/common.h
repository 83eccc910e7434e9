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

/* sin and cos of an angle, to about 3e-7 of it (the remainder of a quarter turn by Taylor polynomials). */
INLINE void turn(float angle, float *sine, float *cosine) {
    float quarters = floorf(angle * 0.636619772f + 0.5f);
    float part = (angle - quarters * 1.57079637f) + quarters * 4.37113883e-8f, square = part * part;
    float odd = part * (1.0f + square * (-0.166666667f + square * (0.00833333333f + square * -1.98412698e-4f)));
    float even = square * (0.0416666667f + square * (-0.00138888889f + square * 2.48015873e-5f));
    even = 1.0f + square * (-0.5f + even);
    int32_t quarter = (int32_t)quarters;
    float first = quarter & 1 ? even : odd, second = quarter & 1 ? odd : even;
    *sine = quarter & 2 ? -first : first;
    *cosine = (quarter + 1) & 2 ? -second : second;
}

/* Smoothstep of x between two edges (Perlin 1985). */
INLINE float eased(float low, float high, float x) {
    float t = clamp((x - low) / (high - low), 0.0f, 1.0f);
    return t * t * (3.0f - 2.0f * t);
}

/* Pixels that a loop works on at once, on its stack. */
#define BLOCK 256

/* A place along a padded tile of `size` texels (noise.py), wrapping around. */
INLINE float tile_place(float x, int size) {
    float whole = (float)size;
    return clamp(x - floorf(x * (1.0f / whole)) * whole + 2.0f, 0.0f, whole + 2.0f);
}

/* A padded tile read between texels at (x, y), wrapping around; `step` floats apart are its texels, of which field 0 is
   read. */
INLINE float tile_at(const float *tile, int size, int step, float x, float y) {
    x = tile_place(x, size);
    y = tile_place(y, size);
    int32_t column = (int32_t)x, row = (int32_t)y, width = size + 4;
    float right = x - (float)column, down = y - (float)row;
    const float *a = tile + (row * width + column) * step;
    const float *b = a + width * step;
    float above = a[0] + (a[step] - a[0]) * right;
    float below = b[0] + (b[step] - b[0]) * right;
    return above + (below - above) * down;
}

/* For `count` places, at most BLOCK: the texel before each in a padded tile, and the way on to the next ones. */
INLINE void find_texels(int size, const float *x, const float *y, int32_t *texel, float *right, float *down,
                        int count) {
    for (int i = 0; i < count; i++) {
        float across = tile_place(x[i], size), along = tile_place(y[i], size);
        int32_t column = (int32_t)across, row = (int32_t)along;
        right[i] = across - (float)column;
        down[i] = along - (float)row;
        texel[i] = row * (size + 4) + column;
    }
}

/* A padded tile of one field read at `count` places, at most BLOCK: two texels at once are read in less time than each
   by itself. */
INLINE void read_tile(const float *tile, int size, const float *x, const float *y, float *out, int count) {
    int32_t texel[BLOCK];
    float right[BLOCK], down[BLOCK], above[2 * BLOCK], below[2 * BLOCK];
    find_texels(size, x, y, texel, right, down, count);
    for (int i = 0; i < count; i++) {
        memcpy(above + 2 * i, tile + texel[i], 8);
        memcpy(below + 2 * i, tile + texel[i] + size + 4, 8);
    }
    for (int i = 0; i < count; i++) {
        float upper = above[2 * i] + (above[2 * i + 1] - above[2 * i]) * right[i];
        float lower = below[2 * i] + (below[2 * i + 1] - below[2 * i]) * right[i];
        out[i] = upper + (lower - upper) * down[i];
    }
}

/* Which two of `count` evenly spread rows lie around row `row` of `rows`, and how far it is from the first. */
INLINE float spread_at(int row, int rows, int count, int *above, int *below) {
    float at = clamp(((float)row + 0.5f) * (float)count / (float)rows - 0.5f, 0.0f, (float)(count - 1));
    *above = (int)at;
    *below = *above + 1 < count ? *above + 1 : *above;
    return at - (float)*above;
}

#endif
