/* Padded tiles of four fields a texel, read all at once. */

#ifndef DOITONG_FOURS_H
#define DOITONG_FOURS_H

#include "common.h"

typedef float four __attribute__((vector_size(16)));

/* Four fields at once: without gathers this is the quickest way to read a texel. */
INLINE four four_at(const float *fields) {
    four value;
    memcpy(&value, fields, sizeof value);
    return value;
}

/* Where places of a tile of `size` texels begin in it, and how far they lie towards the next texels; wrapped around. */
INLINE void find_fours(int size, const float *restrict x, const float *restrict y, float scale, int32_t *restrict at,
                       float *restrict right, float *restrict down, int count) {
    for (int i = 0; i < count; i++) {
        float u = tile_place(x[i] * scale, size), v = tile_place(y[i] * scale, size);
        int32_t column = (int32_t)u, row = (int32_t)v;
        right[i] = u - (float)column;
        down[i] = v - (float)row;
        at[i] = (row * (size + 4) + column) * 4;
    }
}

/* Fields 0 and 1 there, `share` of them added to `first` and `second`. */
INLINE void add_fours(const float *restrict tile, int size, float share, const int32_t *restrict at,
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

#endif
