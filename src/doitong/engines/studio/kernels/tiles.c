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

/* One octave, `strength` of it, added to `total`: a tile of one field read at (x, z) metres, turned by texels for a
   metre (`cosine`, `sine`) and moved by `right` and `down`. */
LOOP void add_octave(const float *restrict tile, int size, const float *restrict x, const float *restrict z,
                     float cosine, float sine, float right, float down, float strength, float *restrict total,
                     int count) {
    float u[BLOCK], v[BLOCK], wave[BLOCK], aside[2][BLOCK], ahead[2][BLOCK];
    for (int first = 0; first < count; first += BLOCK) {
        const int part = count - first < BLOCK ? count - first : BLOCK;
        for (int i = 0; i < part; i++) { /* by itself, so that products are rounded as numpy's: they grow large */
            aside[0][i] = x[first + i] * cosine, ahead[0][i] = z[first + i] * sine;
            aside[1][i] = x[first + i] * sine, ahead[1][i] = z[first + i] * cosine;
        }
        for (int i = 0; i < part; i++) {
            u[i] = aside[0][i] - ahead[0][i] + right;
            v[i] = aside[1][i] + ahead[1][i] + down;
        }
        read_tile(tile, size, u, v, wave, part);
        for (int i = 0; i < part; i++) total[first + i] += wave[i] * strength;
    }
}
