/* Noise tiles read between texels (noise.py). */

#include "common.h"

/* Four fields of a texel at a time: a processor's loop over pixels would gather each by itself. */
INLINE void read_fields(const float *restrict tile, int size, const float *restrict x, const float *restrict y,
                        float *restrict out, int count) {
    int32_t texel[BLOCK];
    float right[BLOCK], down[BLOCK];
    find_texels(size, x, y, texel, right, down, count);
    for (int i = 0; i < count; i++) {
        const float *a = tile + 4 * (long)texel[i], *b = a + 4 * (long)(size + 4);
        for (int k = 0; k < 4; k++) {
            float above = a[k] + (a[4 + k] - a[k]) * right[i];
            float below = b[k] + (b[4 + k] - b[k]) * right[i];
            out[4 * i + k] = above + (below - above) * down[i];
        }
    }
}

/* A padded tile of `size` texels with one field or four, read at `count` places, wrapping around. */
LOOP void sample_tile(const float *restrict tile, int size, int fields, const float *restrict x,
                      const float *restrict y, float *restrict out, int count) {
    for (int first = 0; first < count; first += BLOCK) {
        int part = count - first < BLOCK ? count - first : BLOCK;
        if (fields == 4)
            read_fields(tile, size, x + first, y + first, out + 4 * (long)first, part);
        else
            read_tile(tile, size, x + first, y + first, out + first, part);
    }
}
