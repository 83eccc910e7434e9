/* The sky: where its pixels lie (air/sky.py), cumulus heaped up and its curtains laid over one another (air/cumulus.py),
   and the light of the aurora drawn upward (air/aurora.py). */

#include "common.h"

/* Two texels beside each other, in memory's order; nothing is above or below the strip. */
INLINE uint64_t pair_at(const uint32_t *strip, int width, int rows, int32_t row, int32_t column) {
    uint64_t pair = 0;
    if ((uint32_t)row < (uint32_t)rows) memcpy(&pair, strip + (long)row * width + column, 8);
    return pair;
}

/* Byte `shift` bits up of what lies between four texels, `right` and `down` the way from a. */
INLINE float between(uint32_t a, uint32_t b, uint32_t c, uint32_t d, int shift, float right, float down) {
    float e = (float)(int32_t)(a >> shift & 255), f = (float)(int32_t)(b >> shift & 255);
    float g = (float)(int32_t)(c >> shift & 255), h = (float)(int32_t)(d >> shift & 255);
    float above = e + (f - e) * right, below = g + (h - g) * right;
    return above + (below - above) * down;
}

/* Part of a row, at most BLOCK pixels: the texel under each is laid over `fields`, which are `plane` floats apart.
   `shares`: what cover, light of the sun and of the sky, and rim count. */
INLINE void lay_part(float *restrict fields, long plane, int count, const uint32_t *restrict strip, int width, int rows,
                     const float *restrict x, const float *restrict y, const float *restrict shares) {
    uint32_t above[2 * BLOCK], below[2 * BLOCK];
    float right[BLOCK], down[BLOCK];
    int32_t column[BLOCK], row[BLOCK];
    uint64_t any = 0;
    for (int i = 0; i < count; i++) {
        float across = clamp(x[i], 0.0f, (float)width - 1.001f), along = clamp(y[i], -2.0f, (float)rows + 1.0f);
        float line = floorf(along);
        column[i] = (int32_t)across;
        row[i] = (int32_t)line;
        right[i] = across - (float)column[i];
        down[i] = along - line;
    }
    for (int i = 0; i < count; i++) {
        uint64_t upper = pair_at(strip, width, rows, row[i], column[i]);
        uint64_t lower = pair_at(strip, width, rows, row[i] + 1, column[i]);
        memcpy(above + 2 * i, &upper, 8);
        memcpy(below + 2 * i, &lower, 8);
        any |= upper | lower;
    }
    if (!any) return;
    float *restrict cover = fields, *restrict lit = fields + plane, *restrict shade = lit + plane;
    float *restrict rim = shade + plane, *restrict solid = rim + plane;
    for (int i = 0; i < count; i++) {
        uint32_t a = above[2 * i], b = above[2 * i + 1], c = below[2 * i], d = below[2 * i + 1];
        float own = between(a, b, c, d, 0, right[i], down[i]), left = 1.0f - own * (1.0f / 255.0f);
        cover[i] = cover[i] * left + own * shares[0];
        lit[i] = lit[i] * left + between(a, b, c, d, 8, right[i], down[i]) * shares[1];
        shade[i] = shade[i] * left + between(a, b, c, d, 16, right[i], down[i]) * shares[2];
        rim[i] = rim[i] * left + between(a, b, c, d, 24, right[i], down[i]) * shares[3];
        solid[i] = solid[i] * left + own * (1.0f / 255.0f);
    }
}

/* How far billows have been pulled about, across and up, along row `line` of those that are told apart: every fourth of
   the picture's, for `count` of every fourth column, from `first` of these on; those at the ends go on beyond them.
   `far`: see `lay_curtain`. */
INLINE void pull(float *restrict across, float *restrict up, int line, int first, int count, int columns,
                 const float *restrict warp, int size, const float *restrict along, const float *restrict slope,
                 const float *restrict far) {
    const float rise = far[0] - 4.0f * (float)line;
    float x[BLOCK], y[BLOCK], right[BLOCK], down[BLOCK];
    int32_t texel[BLOCK];
    for (int i = 0; i < count; i++) {
        int column = first + i < 0 ? 0 : first + i < columns ? first + i : columns - 1;
        x[i] = along[column];
        y[i] = (rise * slope[4 * column] + far[1]) * far[4] + far[5];
    }
    find_texels(size, x, y, texel, right, down, count);
    for (int i = 0; i < count; i++)
        for (int k = 0; k < 2; k++) {
            const float *a = warp + 4 * texel[i] + k, *b = a + 4 * (size + 4);
            float above = a[0] + (a[4] - a[0]) * right[i], below = b[0] + (b[4] - b[0]) * right[i];
            float much = clamp((above + (below - above) * down[i]) * far[6], -far[7], far[7]) * far[2];
            (k ? up : across)[i] = much;
        }
}

/* Add to four columns each what lies between every fourth of two rows, `share` of the way from one to the other; the
   first is that of the column before. */
INLINE void add_pulled(float *restrict places, const float *restrict above, const float *restrict below, float share,
                       int count) {
    float pulled[BLOCK / 4 + 2];
    for (int i = 0; i < count + 2; i++)
        pulled[i] = above[i] + (below[i] - above[i]) * share;
    for (int i = 0; i < count; i++) {
        places[4 * i] += 0.375f * pulled[i] + 0.625f * pulled[i + 1];
        places[4 * i + 1] += 0.125f * pulled[i] + 0.875f * pulled[i + 1];
        places[4 * i + 2] += 0.875f * pulled[i + 1] + 0.125f * pulled[i + 2];
        places[4 * i + 3] += 0.625f * pulled[i + 1] + 0.375f * pulled[i + 2];
    }
}

/* Lay one curtain before those that stand behind it, over rows `top` to `bottom` of five fields of `height` rows. `u`:
   each column's place on the strip, in its own texels; `slope`: full texels up for a row up. `far`: the first row over
   the horizon, texels of the base, the strip's texels for a full one, and the row of texel 0; then how many of the
   warp's texels a texel is, how far it has drifted, its strength and the farthest that it pulls. `along`: the warp's
   column for every fourth column; without a warp `size` is 0, and it and `warp` are not read. */
LOOP void lay_curtain(float *restrict fields, int height, int width, int top, int bottom,
                      const uint32_t *restrict strip, int strip_width, int strip_rows, const float *restrict u,
                      const float *restrict slope, const float *restrict far, const float *restrict shares,
                      const float *restrict warp, int size, const float *restrict along) {
    float x[BLOCK], y[BLOCK], across[2][BLOCK / 4 + 2], up[2][BLOCK / 4 + 2];
    const int rows = bottom - top, columns = (width + 3) / 4, lines = (rows + 3) / 4;
    for (int start = 0; start < width; start += BLOCK) {
        const int count = width - start < BLOCK ? width - start : BLOCK, cells = (count + 3) / 4;
        int held[2] = {-1, -1};
        for (int row = 0; row < rows; row++) {
            const float rise = far[0] - (float)row;
            for (int i = 0; i < count; i++) {
                x[i] = u[start + i];
                y[i] = (rise * slope[start + i] + far[1]) * far[2] + far[3];
            }
            if (size) {
                float at = clamp(((float)row + 0.5f) * (float)lines / (float)rows - 0.5f, 0.0f, (float)(lines - 1));
                int line = (int)at, next = line + 1 < lines ? line + 1 : line;
                for (int k = line; k <= next; k++)
                    if (held[k & 1] != k) {
                        pull(across[k & 1], up[k & 1], k, start / 4 - 1, cells + 2, columns, warp, size, along, slope, far);
                        held[k & 1] = k;
                    }
                add_pulled(x, across[line & 1], across[next & 1], at - (float)line, cells);
                add_pulled(y, up[line & 1], up[next & 1], at - (float)line, cells);
            }
            lay_part(fields + (long)(top + row) * width + start, (long)height * width, count, strip, strip_width,
                     strip_rows, x, y, shares);
        }
    }
}

/* Directions of length 1 of every pixel: `across` and `up` are its column's and its row's tangents; `turned`: cosine and
   sine of the camera's turn. */
LOOP void find_directions(const float *restrict across, const float *restrict up, int width, int rows,
                          const float *restrict turned, float *restrict x, float *restrict y, float *restrict z) {
    const float c = turned[0], s = turned[1];
    for (int row = 0; row < rows; row++) {
        const long at = (long)row * width;
        for (int i = 0; i < width; i++) {
            float scale = 1.0f / sqrtf(1.0f + across[i] * across[i] + up[row] * up[row]);
            x[at + i] = (s + across[i] * c) * scale;
            y[at + i] = up[row] * scale;
            z[at + i] = (c - across[i] * s) * scale;
        }
    }
}

/* Add each row's light, `later` rows under where it begins, to those above it. `numbers`: what two lights that fade keep
   from row to row, then what they begin with. */
LOOP void smear_up(const float *restrict light, int width, int rows, int later, const float *restrict numbers,
                   float *restrict spread) {
    float one[BLOCK], other[BLOCK];
    for (int start = 0; start < width; start += BLOCK) {
        const int count = width - start < BLOCK ? width - start : BLOCK;
        memset(one, 0, sizeof one);
        memset(other, 0, sizeof other);
        for (int row = rows - 1 - later; row >= 0; row--) {
            const float *restrict from = light + (long)(row + later) * width + start;
            float *restrict to = spread + (long)row * width + start;
            for (int i = 0; i < count; i++) {
                one[i] = one[i] * numbers[0] + from[i] * numbers[2];
                other[i] = other[i] * numbers[1] + from[i] * numbers[3];
                to[i] += one[i] + other[i];
            }
        }
    }
}

/* Depth towards the viewer of a cloud of `count` spheres, where they are nearer than what it holds; of each its column,
   row and radius in whole texels (`spheres`), and the depth of its middle. */
LOOP void heap_up(float *restrict cloud, int width, int rows, const int32_t *restrict spheres,
                  const float *restrict middles, int count) {
    for (int number = 0; number < count; number++) {
        const int x = spheres[3 * number], y = spheres[3 * number + 1], radius = spheres[3 * number + 2];
        const int left = x - radius > 0 ? x - radius : 0, right = x + radius < width ? x + radius + 1 : width;
        const float middle = middles[number];
        for (int row = y - radius > 0 ? y - radius : 0; row <= y + radius && row < rows; row++) {
            float *restrict to = cloud + (long)row * width;
            const int rest = radius * radius - (row - y) * (row - y);
            for (int i = left; i < right; i++) {
                int inside = rest - (i - x) * (i - x);
                float near = inside > 0 ? sqrtf((float)inside) : -1e3f;
                near += middle;
                to[i] = to[i] > near ? to[i] : near;
            }
        }
    }
}

/* A plane twice as wide and of `rows` rows, from one of `width` columns and `count` rows. */
LOOP void enlarge(const float *restrict small, int width, int count, float *restrict plane, int rows) {
    float line[BLOCK + 2];
    for (int row = 0; row < rows; row++) {
        int above, below;
        const float down = spread_at(row, rows, count, &above, &below);
        const float *restrict a = small + (long)above * width, *restrict b = small + (long)below * width;
        for (int start = 0; start < width; start += BLOCK) {
            const int size = width - start < BLOCK ? width - start : BLOCK;
            const int before = start ? start - 1 : 0, after = start + size < width ? start + size : width - 1;
            for (int i = 0; i < size; i++)
                line[i + 1] = a[start + i] + (b[start + i] - a[start + i]) * down;
            line[0] = a[before] + (b[before] - a[before]) * down;
            line[size + 1] = a[after] + (b[after] - a[after]) * down;
            float *restrict to = plane + ((long)row * width + start) * 2;
            for (int i = 0; i < size; i++) {
                to[2 * i] = 0.25f * line[i] + 0.75f * line[i + 1];
                to[2 * i + 1] = 0.75f * line[i + 1] + 0.25f * line[i + 2];
            }
        }
    }
}
