/* The inside of a wood: pictures of four bytes a pixel (red, green, blue, cover, premultiplied) laid over one another,
   the floor with its dapples, and what the canopy lets through (forest/). A pixel is one number, its cover on top, and
   two of its bytes are reckoned with at once: `EVEN` red and blue, the others shifted down to their places. */

#include "common.h"

#define FEW 64 /* pixels of a sprite at once, few enough that all may be empty */
#define EVEN 0x00FF00FFu

INLINE uint32_t odd(uint32_t pixel) { return (pixel >> 8) & EVEN; }

/* Two bytes, `on` 32nds of the way from a to b, in 8ths; what one byte borrows from the other it gives back. */
INLINE uint32_t mixed(uint32_t a, uint32_t b, uint32_t on) {
    return ((a * 32 + (b - a) * on + 0x00020002u) >> 2) & 0x07FF07FFu;
}

/* Two rows' 8ths, `on` 32nds of the way from one to the other, in whole bytes. */
INLINE uint32_t joined(uint32_t above, uint32_t below, uint32_t on) {
    return ((above * 32 + (below - above) * on + 0x00800080u) >> 8) & EVEN;
}

/* What lies between four pixels, a and b over c and d, `right` and `down` 32nds on from a. */
INLINE uint32_t between(uint32_t a, uint32_t b, uint32_t c, uint32_t d, uint32_t right, uint32_t down) {
    uint32_t even = joined(mixed(a & EVEN, b & EVEN, right), mixed(c & EVEN, d & EVEN, right), down);
    return even | joined(mixed(odd(a), odd(b), right), mixed(odd(c), odd(d), right), down) << 8;
}

/* Two bytes of what is under a picture with those of the picture: 255ths, rounded, and no more than 255. */
INLINE uint32_t covered(uint32_t under, uint32_t gap, uint32_t over) {
    uint32_t left = under * gap + 0x00800080u;
    uint32_t sum = (((left + ((left >> 8) & EVEN)) >> 8) & EVEN) + over;
    return (sum | ((sum >> 8) & 0x00010001u) * 255) & EVEN;
}

INLINE uint32_t laid(uint32_t under, uint32_t over) {
    uint32_t gap = 255 - (over >> 24);
    return covered(under & EVEN, gap, over & EVEN) | covered(odd(under), gap, odd(over)) << 8;
}

/* Blend a picture over part of a canvas that is `stride` pixels wide. */
LOOP void lay_image(uint32_t *restrict canvas, int stride, const uint32_t *restrict image, int width, int rows) {
    for (int row = 0; row < rows; row++) {
        uint32_t *restrict to = canvas + (long)row * stride;
        const uint32_t *restrict from = image + (long)row * width;
        for (int i = 0; i < width; i++)
            to[i] = laid(to[i], from[i]);
    }
}

/* The first whole number whose `step`s reach `over`. */
INLINE long reached(long over, long step) { return over <= 0 ? 0 : (over + step - 1) / step; }

/* A pixel of a row of `width` and its neighbour, in memory's order; nothing is beyond the row. */
INLINE uint64_t pair_at(const uint32_t *row, int32_t column, int width) {
    uint64_t pair;
    if ((uint32_t)column < (uint32_t)(width - 1)) {
        memcpy(&pair, row + column, 8);
        return pair;
    }
    return column < 0 ? (uint64_t)row[0] << 32 : row[column];
}

/* Part of a row of `lay_sprite`, at most FEW pixels, `down` 32nds from the sprite's row a to row b, of which only those
   bits count that are set; `from`: the first place. */
INLINE void lay_few(uint32_t *restrict to, int count, const uint32_t *restrict a, uint64_t of_a,
                    const uint32_t *restrict b, uint64_t of_b, int width, uint32_t from, uint32_t across, uint32_t down) {
    uint32_t above[2 * FEW], below[2 * FEW];
    uint64_t any = 0;
    for (int i = 0; i < count; i++) {
        int32_t column = (int32_t)(from + (uint32_t)i * across) >> 16;
        uint64_t upper = pair_at(a, column, width) & of_a, lower = pair_at(b, column, width) & of_b;
        memcpy(above + 2 * i, &upper, 8);
        memcpy(below + 2 * i, &lower, 8);
        any |= upper | lower;
    }
    if (!any) return;
    for (int i = 0; i < count; i++) {
        uint32_t right = ((from + (uint32_t)i * across) >> 11) & 31;
        to[i] = laid(to[i], between(above[2 * i], above[2 * i + 1], below[2 * i], below[2 * i + 1], right, down));
    }
}

/* Blend a sprite (sides under 32,767 pixels) over a canvas from row `top` and column `left` to `bottom` and `right`: row
   and column 0 of these show its place (x, y), each column `step` further on, each row `step` further down and `lean`
   aside. Nothing is beyond its edges. Places count in 65,536ths, and pixels are mixed by 32nds. */
LOOP void lay_sprite(uint32_t *restrict canvas, int stride, int left, int top, int right, int bottom,
                     const uint32_t *restrict sprite, int width, int height, float x, float y, float step, float lean) {
    const int32_t across = (int32_t)(step * 65536.0f + 0.5f);
    if (across < 1) return;
    for (int row = top; row < bottom; row++) {
        float down = (float)(row - top), place = floorf((y + down * step) * 32.0f + 0.5f);
        if (place < -32.0f || place >= (float)height * 32.0f) continue;
        int32_t line = (int32_t)floorf(place * 0.03125f), next = line + 1 < height ? line + 1 : line;
        const uint32_t *restrict a = sprite + (long)(line < 0 ? 0 : line) * width, *restrict b = sprite + (long)next * width;
        uint64_t of_a = line < 0 ? 0 : ~(uint64_t)0, of_b = next > line ? ~(uint64_t)0 : 0;
        long start = (long)((x + down * lean) * 65536.0f) + 1024; /* to the nearest 32nd */
        long first = reached(-65536 - start, across), last = reached((long)width * 65536 - start, across);
        if (last > right - left) last = right - left;
        for (; first < last; first += FEW)
            lay_few(canvas + (long)row * stride + left + first, last - first < FEW ? (int)(last - first) : FEW, a, of_a,
                    b, of_b, width, (uint32_t)(start + first * across), (uint32_t)across, (uint32_t)place & 31);
    }
}

/* Multiply the cover of `count` pixels by a share. */
LOOP void fade_cover(uint32_t *restrict canvas, int count, float share) {
    for (int i = 0; i < count; i++)
        canvas[i] = (canvas[i] & 0x00FFFFFFu) | (uint32_t)(int32_t)((float)(canvas[i] >> 24) * share + 0.5f) << 24;
}

/* Blend a sheet of `count` rows of four numbers (0 to 255) a pixel over a canvas that it is drawn out to. */
LOOP void lay_sheet(uint32_t *restrict canvas, int width, int rows, const float *restrict sheet, int count) {
    union { uint8_t bytes[4 * BLOCK]; uint32_t pixels[BLOCK]; } part;
    for (int row = 0; row < rows; row++) {
        int above, below;
        const float down = spread_at(row, rows, count, &above, &below);
        for (int start = 0; start < width; start += BLOCK) {
            const int size = width - start < BLOCK ? width - start : BLOCK;
            const float *restrict a = sheet + ((long)above * width + start) * 4;
            const float *restrict b = sheet + ((long)below * width + start) * 4;
            uint32_t *restrict to = canvas + (long)row * width + start;
            for (int i = 0; i < 4 * size; i++)
                part.bytes[i] = (uint8_t)(int32_t)(a[i] + (b[i] - a[i]) * down);
            for (int i = 0; i < size; i++)
                to[i] = laid(to[i], part.pixels[i]);
        }
    }
}

/* Linear light of a canvas, with shafts before what stands behind its cover. `whole` and `near`: light in the air, of
   `count` rows as wide as the canvas; `light`: the brightest a byte stands for, and the colour of the light in the air;
   `shown` takes its amount. */
LOOP void light_canvas(const uint32_t *restrict canvas, int width, int rows, const float *restrict whole,
                       const float *restrict near, int count, const float *restrict light, float *restrict red,
                       float *restrict green, float *restrict blue, float *restrict shown) {
    const float top = light[0] / 65025.0f, r = light[1], g = light[2], b = light[3];
    for (int row = 0; row < rows; row++) {
        int above, below;
        const float down = spread_at(row, rows, count, &above, &below);
        const float *restrict a = whole + (long)above * width, *restrict c = near + (long)above * width;
        const float *restrict d = whole + (long)below * width, *restrict e = near + (long)below * width;
        const long at = (long)row * width;
        for (int i = 0; i < width; i++) {
            uint32_t pixel = canvas[at + i];
            float all = a[i] + (d[i] - a[i]) * down, before = c[i] + (e[i] - c[i]) * down;
            float air = all - (all - before) * (float)(int32_t)(pixel >> 24) * (1.0f / 255.0f);
            float x = (float)(int32_t)(pixel & 255), y = (float)(int32_t)(pixel >> 8 & 255);
            float z = (float)(int32_t)(pixel >> 16 & 255);
            shown[at + i] = air;
            red[at + i] = x * x * top + air * r;
            green[at + i] = y * y * top + air * g;
            blue[at + i] = z * z * top + air * b;
        }
    }
}

/* What comes through the leaves at `count` places of the light's plane, at most BLOCK. `gaps`: texels a metre; how far
   the wind has moved the coarse tile and the fine one sideways, and the fine one along; where gaps begin and are whole. */
INLINE void find_gaps(const float *u, const float *v, int count, const float *coarse, const float *fine, int size,
                      const float *gaps, float *lit) {
    float x[BLOCK], y[BLOCK], broad[BLOCK], narrow[BLOCK];
    for (int i = 0; i < count; i++) {
        x[i] = (u[i] + gaps[1]) * gaps[0];
        y[i] = v[i] * gaps[0];
    }
    read_tile(coarse, size, x, y, broad, count);
    for (int i = 0; i < count; i++) {
        x[i] = (u[i] + gaps[2]) * gaps[0];
        y[i] = (v[i] + gaps[3]) * gaps[0];
    }
    read_tile(fine, size, x, y, narrow, count);
    for (int i = 0; i < count; i++)
        lit[i] = eased(gaps[4], gaps[5], broad[i] + 0.55f * narrow[i]);
}

/* How much sun comes through at `count` places. */
LOOP void open_canopy(const float *restrict u, const float *restrict v, int count, const float *restrict coarse,
                      const float *restrict fine, int size, const float *restrict gaps, float *restrict lit) {
    for (int start = 0; start < count; start += BLOCK)
        find_gaps(u + start, v + start, count - start < BLOCK ? count - start : BLOCK, coarse, fine, size, gaps,
                  lit + start);
}

/* A map with a rim read between its texels; its rim is what lies beyond. */
INLINE float map_at(const float *map, int width, int rows, float x, float y) {
    x = clamp(x, 0.0f, (float)width - 1.001f);
    y = clamp(y, 0.0f, (float)rows - 1.001f);
    int32_t column = (int32_t)x, row = (int32_t)y;
    float right = x - (float)column;
    uint32_t at = (uint32_t)(row * width + column);
    float a = map[(int32_t)at], b = map[(int32_t)(at + 1)];
    float c = map[(int32_t)(at + (uint32_t)width)], d = map[(int32_t)(at + (uint32_t)width + 1)];
    float above = a + (b - a) * right, below = c + (d - c) * right;
    return above + (below - above) * (y - (float)row);
}

/* Pixels of one level of a floor's tile at `count` places, at most BLOCK; its rim is two texels wide. */
INLINE void read_floor(const uint32_t *level, int size, const float *x, const float *y, uint32_t *out, int count) {
    int32_t texel[BLOCK];
    uint32_t right[BLOCK], down[BLOCK], above[2 * BLOCK], below[2 * BLOCK];
    for (int i = 0; i < count; i++) {
        int32_t across = (int32_t)(tile_place(x[i], size) * 32.0f + 0.5f);
        int32_t along = (int32_t)(tile_place(y[i], size) * 32.0f + 0.5f);
        right[i] = across & 31;
        down[i] = along & 31;
        texel[i] = (along >> 5) * (size + 4) + (across >> 5);
    }
    for (int i = 0; i < count; i++) {
        memcpy(above + 2 * i, level + texel[i], 8);
        memcpy(below + 2 * i, level + texel[i] + size + 4, 8);
    }
    for (int i = 0; i < count; i++)
        out[i] = between(above[2 * i], above[2 * i + 1], below[2 * i], below[2 * i + 1], right[i], down[i]);
}

/* Light on a row of the floor, at every second column and one beyond each end: `half` has the sideways and forward way,
   then the way on the light's plane, of each for a metre of depth, in rows `half_width` long; `from`: where the camera
   stands, in the same four. `row`: depth, how much gaps differ, how much is seen of the floor, and its level. */
INLINE void light_floor(float light[3][BLOCK / 2 + 2], const float *restrict half, int half_width, int count,
                        const float *restrict from, const float *restrict row, const float *restrict coarse,
                        const float *restrict fine, int size, const float *restrict gaps, const float *restrict shadows,
                        int shadow_width, int shadow_rows, const float *restrict sun) {
    const float depth = row[0], even = row[1], seen = row[2];
    const float *restrict side = half, *restrict ahead = half + half_width;
    const float *restrict u = ahead + half_width, *restrict v = u + half_width;
    float x[BLOCK], y[BLOCK], open[BLOCK];
    for (int i = 0; i < count; i++) {
        x[i] = depth * u[i] + from[2];
        y[i] = depth * v[i] + from[3];
    }
    find_gaps(x, y, count, coarse, fine, size, gaps, open);
    for (int i = 0; i < count; i++) {
        float column = (depth * side[i] + from[0]) * sun[7] + sun[8], line = (depth * ahead[i] + from[1]) * sun[7] + sun[9];
        float lit = (0.28f + (open[i] - 0.28f) * even) * map_at(shadows, shadow_width, shadow_rows, column, line) * sun[6];
        for (int k = 0; k < 3; k++) {
            float strength = sqrtf(lit * sun[k] + sun[3 + k]) * seen;
            light[k][i] = strength < sun[10] ? strength : sun[10];
        }
    }
}

/* A pixel between two, `on` 32nds of the way. */
INLINE uint32_t blended(uint32_t a, uint32_t b, uint32_t on) {
    uint32_t even = (((a & EVEN) * 32 + ((b & EVEN) - (a & EVEN)) * on + 0x00100010u) >> 5) & EVEN;
    return even | ((((odd(a) * 32 + (odd(b) - odd(a)) * on + 0x00100010u) >> 5) & EVEN) << 8);
}

INLINE uint32_t byte_of(uint32_t byte, float light) {
    int32_t value = (int32_t)((float)(int32_t)(byte & 255) * light + 0.5f);
    return value < 255 ? value : 255;
}

/* Rows of a forest's floor over the misty air that the canvas holds; `columns`: the sideways and forward way of each
   column for a metre of depth. `levels`: the tile's, one after the other, of `side` texels and a rim, then half as many …
   `sun`: what sun and fill count, what gaps let through at most, the map of shadows' texels a metre and its corner, the
   brightest, the tile's texels a metre, and what cover counts. The rest is `light_floor`'s. */
LOOP void lay_floor(uint32_t *restrict canvas, int width, int rows, const float *restrict columns,
                    const float *restrict half, int half_width, const float *restrict from,
                    const float *restrict by_row, const uint32_t *restrict levels, int side,
                    const float *restrict coarse, const float *restrict fine, int size, const float *restrict gaps,
                    const float *restrict shadows, int shadow_width, int shadow_rows, const float *restrict sun) {
    float light[3][BLOCK / 2 + 2], shown[3][BLOCK], u[BLOCK], v[BLOCK];
    uint32_t near[BLOCK], far[BLOCK];
    for (int row = 0; row < rows; row++) {
        const float *restrict of_row = by_row + (long)row * 4;
        const int number = (int)of_row[3];
        const uint32_t coarser = (uint32_t)(int32_t)((of_row[3] - (float)number) * 32.0f + 0.5f);
        const uint32_t *restrict level = levels;
        int texels = side;
        for (int i = 0; i < number; i++, texels /= 2)
            level += (long)(texels + 4) * (texels + 4);
        const uint32_t *restrict next = level + (long)(texels + 4) * (texels + 4);
        const float scale = sun[11] * (float)texels / (float)side, depth = of_row[0];
        const uint32_t cover = (uint32_t)(int32_t)(of_row[2] * sun[12] + 0.5f) << 24;
        for (int start = 0; start < width; start += BLOCK) {
            const int count = width - start < BLOCK ? width - start : BLOCK, pairs = (count + 1) / 2;
            light_floor(light, half + start / 2, half_width, pairs + 2, from, of_row, coarse, fine, size, gaps, shadows,
                        shadow_width, shadow_rows, sun);
            for (int k = 0; k < 3; k++)
                for (int i = 0; i < pairs; i++) {
                    shown[k][2 * i] = 0.25f * light[k][i] + 0.75f * light[k][i + 1];
                    shown[k][2 * i + 1] = 0.75f * light[k][i + 1] + 0.25f * light[k][i + 2];
                }
            const float *restrict aside = columns + start, *restrict ahead = columns + width + start;
            for (int i = 0; i < count; i++) {
                u[i] = (depth * aside[i] + from[0]) * scale;
                v[i] = (depth * ahead[i] + from[1]) * scale;
            }
            read_floor(level, texels, u, v, near, count);
            for (int i = 0; i < count; i++) {
                u[i] *= 0.5f;
                v[i] *= 0.5f;
            }
            read_floor(next, texels / 2, u, v, far, count);
            uint32_t *restrict to = canvas + (long)row * width + start;
            for (int i = 0; i < count; i++) {
                uint32_t own = blended(near[i], far[i], coarser);
                to[i] = laid(to[i], cover | byte_of(own >> 16, shown[2][i]) << 16 | byte_of(own >> 8, shown[1][i]) << 8 |
                                        byte_of(own, shown[0][i]));
            }
        }
    }
}

/* Rows `first` to `last` of a canvas twice as large as a picture of `width` columns, which has a rim of one pixel around
   it that repeats its edge. */
LOOP void double_rows(const uint32_t *restrict picture, int width, uint32_t *restrict canvas, int first, int last) {
    for (int row = first; row < last; row++) {
        const uint32_t *restrict a = picture + (long)((row + 1) / 2) * (width + 2), *restrict b = a + width + 2;
        const uint32_t down = row & 1 ? 8 : 24;
        uint32_t *restrict to = canvas + (long)row * 2 * width;
        for (int i = 0; i < width; i++) {
            to[2 * i] = between(a[i], a[i + 1], b[i], b[i + 1], 24, down);
            to[2 * i + 1] = between(a[i + 1], a[i + 2], b[i + 1], b[i + 2], 8, down);
        }
    }
}

/* Add soft round spots to three planes: of each its column, row, size (deviation) and power in `spots`, as far as `reach`
   pixels around it; `colour`: what each plane takes. */
LOOP void splat(float *restrict red, float *restrict green, float *restrict blue, int width, int rows,
                const float *restrict spots, int count, int reach, const float *restrict colour) {
    float across[BLOCK];
    for (int number = 0; number < count; number++) {
        const float *restrict spot = spots + 4 * number;
        const float narrow = -0.5f / (spot[2] * spot[2]);
        const int column = (int)clamp(spot[0], 0.0f, (float)width), row = (int)clamp(spot[1], 0.0f, (float)rows);
        const int left = column - reach > 0 ? column - reach : 0, top = row - reach > 0 ? row - reach : 0;
        const int right = column + reach < width ? column + reach + 1 : width;
        const int bottom = row + reach < rows ? row + reach + 1 : rows;
        for (int start = left; start < right; start += BLOCK) {
            const int size = right - start < BLOCK ? right - start : BLOCK;
            for (int i = 0; i < size; i++) {
                float away = (float)(start + i) + 0.5f - spot[0];
                across[i] = exponential(away * away * narrow) * spot[3];
            }
            for (int line = top; line < bottom; line++) {
                const float away = (float)line + 0.5f - spot[1], along = exponential(away * away * narrow);
                const long at = (long)line * width + start;
                for (int i = 0; i < size; i++) {
                    float light = across[i] * along;
                    red[at + i] += light * colour[0];
                    green[at + i] += light * colour[1];
                    blue[at + i] += light * colour[2];
                }
            }
        }
    }
}
