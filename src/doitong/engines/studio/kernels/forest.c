/* The inside of a wood: pictures of four bytes a pixel (red, green, blue, cover, premultiplied) laid over one another,
   the floor with its dapples, and what the canopy lets through (forest/). A pixel is one number, its cover on top, and
   two of its bytes are reckoned with at once: `EVEN` red and blue, the others shifted down to their places. */

#include "common.h"

#define WIDEST 8192
#define EVEN 0x00FF00FFu

INLINE uint32_t odd(uint32_t pixel) { return (pixel >> 8) & EVEN; }

/* Two bytes mixed by 32nds, in 8ths. */
INLINE uint32_t mixed(uint32_t a, uint32_t b, uint32_t of_a, uint32_t of_b) {
    return ((a * of_a + b * of_b + 0x00020002u) >> 2) & 0x07FF07FFu;
}

/* Two rows' 8ths mixed by 32nds, in whole bytes. */
INLINE uint32_t joined(uint32_t above, uint32_t below, uint32_t of_above, uint32_t of_below) {
    return ((above * of_above + below * of_below + 0x00800080u) >> 8) & EVEN;
}

/* Four pixels mixed by 32nds: two above, two below. */
INLINE uint32_t between(uint32_t a, uint32_t b, uint32_t c, uint32_t d, uint32_t left, uint32_t right,
                        uint32_t of_above, uint32_t of_below) {
    uint32_t even = joined(mixed(a & EVEN, b & EVEN, left, right), mixed(c & EVEN, d & EVEN, left, right), of_above,
                           of_below);
    return even | joined(mixed(odd(a), odd(b), left, right), mixed(odd(c), odd(d), left, right), of_above, of_below)
                      << 8;
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
        int32_t line = (int32_t)floorf(place * 0.03125f), part = (int32_t)place - line * 32;
        const uint32_t *restrict a = sprite + (long)(line < 0 ? 0 : line) * width;
        const uint32_t *restrict b = sprite + (long)(line + 1 < height ? line + 1 : line) * width;
        uint32_t of_above = line < 0 ? 0 : 32 - part, of_below = line + 1 < height ? part : 0;
        long start = (long)((x + down * lean) * 65536.0f) + 1024; /* to the nearest 32nd */
        long first = reached(-65536 - start, across), last = reached((long)width * 65536 - start, across);
        uint32_t *restrict to = canvas + (long)row * stride + left + first;
        const int count = (int)((last < right - left ? last : right - left) - first);
        const uint32_t from = (uint32_t)(start + first * across);
        for (int i = 0; i < count; i++) {
            int32_t at = (int32_t)(from + (uint32_t)i * (uint32_t)across), column = at >> 16;
            int32_t here = column < 0 ? 0 : column, next = column + 1 < width ? column + 1 : column;
            uint32_t of_next = ((uint32_t)at >> 11) & 31, of_here = column < 0 ? 0 : 32 - of_next;
            of_next = column + 1 < width ? of_next : 0;
            to[i] = laid(to[i], between(a[here], a[next], b[here], b[next], of_here, of_next, of_above, of_below));
        }
    }
}

/* Multiply the cover of `count` pixels by a share. */
LOOP void fade_cover(uint32_t *restrict canvas, int count, float share) {
    for (int i = 0; i < count; i++)
        canvas[i] = (canvas[i] & 0x00FFFFFFu) | (uint32_t)(int32_t)((float)(canvas[i] >> 24) * share + 0.5f) << 24;
}
