/* Layers of cloud laid over a sky, and what falls laid over a picture (air/clouds.py, air/weather.py). */

#include "common.h"

#define WIDEST 8192

/* What a deck is and how it takes the light; `Clouds` packs it in this order. Pairs are x and z, or low and high. */
typedef struct {
    float distance, lift;   /* texels of height, and what keeps the layer finite at the horizon */
    float shift[2];         /* where the tile lies */
    float begin, softness, opacity;
    float sun[3];           /* the direction of the disc */
    float storm, dark;      /* shares */
    float shade[3], lit[3], glow[3];
} Deck;

/* Fields 0 and 1 of a padded tile of `size` texels of four fields, read between texels and wrapped around. */
INLINE void two_fields(const float *tile, int size, float x, float y, float *first, float *second) {
    float inverse = 1.0f / (float)size;
    x += 2.0f - floorf(x * inverse) * (float)size;
    y += 2.0f - floorf(y * inverse) * (float)size;
    int32_t column = (int32_t)clamp(x, 0.0f, (float)(size + 2)), row = (int32_t)clamp(y, 0.0f, (float)(size + 2));
    float right = x - (float)column, down = y - (float)row;
    int32_t a = (row * (size + 4) + column) * 4, b = a + (size + 4) * 4;
    float above = tile[a] + (tile[a + 4] - tile[a]) * right, below = tile[b] + (tile[b + 4] - tile[b]) * right;
    *first = above + (below - above) * down;
    above = tile[a + 1] + (tile[a + 5] - tile[a + 1]) * right;
    below = tile[b + 1] + (tile[b + 5] - tile[b + 1]) * right;
    *second = above + (below - above) * down;
}

/* Lay one deck over three planes of the sky, and over `veil` what it hides. `tiles`: one below the other, each half as
   large as the one before, the first of `size`; `levels`: which of them suits each row. */
LOOP void deck_lay(const float *restrict shared, const float *restrict tiles, int size, int level_count,
                   const float *restrict levels, const float *restrict dx, const float *restrict dy,
                   const float *restrict dz, float *restrict red, float *restrict green, float *restrict blue,
                   float *restrict veil, int width, int rows) {
    float covers[WIDEST], lights[WIDEST], dense[WIDEST];
    Deck deck;
    memcpy(&deck, shared, sizeof deck);
    float *planes[3] = {red, green, blue};
    if (width > WIDEST) return;
    for (int row = 0; row < rows; row++) {
        long at = (long)row * width;
        const float *restrict x = dx + at, *restrict y = dy + at, *restrict z = dz + at;
        float level = clamp(levels[row], 0.0f, (float)(level_count - 1));
        int coarse = (int)level, last = coarse + 1 < level_count && level > (float)coarse ? coarse + 1 : coarse;
        memset(dense, 0, (size_t)width * sizeof(float));
        memset(lights, 0, (size_t)width * sizeof(float));
        const float *restrict tile = tiles;
        for (int number = 0; number <= last; number++) {
            int texels = size >> number;
            if (number >= coarse) {
                float share = number == coarse ? 1.0f - (level - (float)coarse) : level - (float)coarse;
                float scale = 1.0f / (float)(1 << number);
                for (int i = 0; i < width; i++) {
                    float away = deck.distance / (y[i] + deck.lift), density, left;
                    float u = (x[i] * away + deck.shift[0]) * scale, v = (z[i] * away + deck.shift[1]) * scale;
                    two_fields(tile, texels, u, v, &density, &left);
                    dense[i] += density * share;
                    lights[i] += left * share;
                }
            }
            tile += (long)(texels + 4) * (texels + 4) * 4;
        }
        for (int i = 0; i < width; i++)
            covers[i] = eased(deck.begin, deck.begin + deck.softness, dense[i]) * deck.opacity *
                        eased(0.004f, 0.075f, y[i]) *
                        (1.0f - 0.85f * deck.storm * (1.0f - eased(0.03f, 0.10f, y[i])));
        for (int i = 0; i < width; i++) {
            float cosine = clamp(x[i] * deck.sun[0] + y[i] * deck.sun[1] + z[i] * deck.sun[2], 0.0f, 1.0f);
            float close = cosine * cosine;
            close *= close * cosine;
            float thick = clamp(dense[i] * 0.6f, 0.0f, 1.0f);
            float bright = lights[i] * (1.15f - deck.dark) + close * (1.0f - thick) * 0.5f - 0.10f * deck.dark;
            bright = clamp(bright, 0.0f, 1.3f);
            float hidden = veil[at + i], own = covers[i] * (eased(0.01f, 0.17f, y[i]) * 0.45f + 0.55f);
            veil[at + i] = hidden + (1.0f - hidden) * covers[i] * (0.3f + 0.7f * thick);
            for (int k = 0; k < 3; k++) {
                float behind = planes[k][at + i];
                float colour = (close * deck.glow[k] + deck.lit[k]) * bright + deck.shade[k];
                planes[k][at + i] = behind + (colour - behind) * own;
            }
        }
    }
}

#define COARSE 8 /* at least so many pixels to one of a coarse image */
#define BLOCK 256

/* A coarse image spread over a frame: between which of its columns each of the frame's lies, and where. */
typedef struct {
    int width, rows;
    int32_t first[WIDEST];
    float share[WIDEST];
} Spread;

INLINE void spread_columns(Spread *restrict spread, int width, int rows, int whole) {
    spread->width = width;
    spread->rows = rows;
    for (int i = 0; i < whole; i++)
        spread->first[i] = between(i, whole, width, &spread->share[i]);
}

/* `line` is the coarse image at row `row` of `whole`, with its last column once more. */
INLINE void spread_row(const Spread *spread, const float *restrict image, int row, int whole, float *restrict line) {
    float down;
    int width = spread->width, above = between(row, whole, spread->rows, &down);
    int below = above + 1 < spread->rows ? above + 1 : above;
    const float *restrict one = image + (long)above * width, *restrict other = image + (long)below * width;
    for (int i = 0; i < width; i++)
        line[i] = one[i] + (other[i] - one[i]) * down;
    line[width] = line[width - 1];
}

/* Lay what falls over three planes: they move towards `tones` (three coarse images, one below the other) by the sum of
   some `veils` (two coarse images at most, of `veil_sizes`: width and rows) and of `masks` (bytes), each of its power.
   The frame is at most WIDEST wide, a coarse image WIDEST / COARSE. */
LOOP void fall_lay(float *red, float *green, float *blue, const float *restrict tones, int tone_width, int tone_rows,
                   const float *const *veils, const int32_t *restrict veil_sizes, int veil_count,
                   const uint8_t *const *masks, const float *restrict powers, int mask_count, int width, int rows) {
    float *planes[3] = {red, green, blue};
    Spread spread, sheets[2];
    float cover[WIDEST], line[WIDEST / COARSE + 1];
    if (width > WIDEST || tone_width > WIDEST / COARSE || veil_count > 2) return;
    for (int number = 0; number < veil_count; number++) {
        if (veil_sizes[2 * number] > WIDEST / COARSE) return;
        spread_columns(&sheets[number], veil_sizes[2 * number], veil_sizes[2 * number + 1], width);
    }
    spread_columns(&spread, tone_width, tone_rows, width);
    for (int row = 0; row < rows; row++) {
        long at = (long)row * width;
        memset(cover, 0, (size_t)width * sizeof(float));
        for (int number = 0; number < veil_count; number++) {
            spread_row(&sheets[number], veils[number], row, rows, line);
            const int32_t *restrict first = sheets[number].first;
            const float *restrict share = sheets[number].share;
            for (int i = 0; i < width; i++)
                cover[i] += line[first[i]] + (line[first[i] + 1] - line[first[i]]) * share[i];
        }
        for (int number = 0; number < mask_count; number++) {
            const uint8_t *restrict mask = masks[number] + at;
            float power = powers[number];
            for (int i = 0; i < width; i++)
                cover[i] += (float)mask[i] * power;
        }
        for (int k = 0; k < 3; k++) {
            float *restrict plane = planes[k] + at;
            spread_row(&spread, tones + (long)k * tone_width * tone_rows, row, rows, line);
            const int32_t *restrict first = spread.first;
            const float *restrict share = spread.share;
            for (int i = 0; i < width; i++) {
                float tone = line[first[i]] + (line[first[i] + 1] - line[first[i]]) * share[i];
                plane[i] += (tone - plane[i]) * (cover[i] < 0.92f ? cover[i] : 0.92f);
            }
        }
    }
}

/* What a swarm and its lens are; `Swarm` packs it in this order. */
typedef struct {
    float near, far, low, high, x, y, z, cosine, sine, width, rows, focal, horizon;
} Swarm;

INLINE float wrap(float x, float size) { return x - floorf(x / size) * size; }

INLINE float lesser(float a, float b) { return a < b ? a : b; }

/* The particles in view when each has moved by `right`, `up` and `ahead`: their number, pixel, distance and presence;
   `total` gets how many. */
LOOP void swarm_see(const float *restrict shared, const float *restrict places, const float *restrict right,
                    const float *restrict up, const float *restrict ahead, int count, int32_t *restrict numbers,
                    float *restrict xs, float *restrict ys, float *restrict depths, float *restrict shares,
                    int32_t *restrict total) {
    Swarm s;
    float columns[BLOCK], rows[BLOCK], away[BLOCK], above[BLOCK];
    memcpy(&s, shared, sizeof s);
    const float box = 2.0f * s.far, tall = s.high - s.low, rim = s.focal * 0.25f;
    int found = 0;
    for (int begin = 0; begin < count; begin += BLOCK) {
        int many = count - begin < BLOCK ? count - begin : BLOCK;
        for (int i = 0; i < many; i++) {
            const float *restrict place = places + 3 * (long)(begin + i);
            float x = wrap(place[0] * box + right[begin + i] - s.x, box) - s.far;
            float z = wrap(place[2] * box + ahead[begin + i] - s.z, box) - s.far;
            float y = wrap(place[1] * tall + up[begin + i] - s.y, tall);
            float depth = x * s.sine + z * s.cosine, least = depth > 0.05f ? depth : 0.05f;
            away[i] = depth;
            above[i] = y / tall;
            columns[i] = s.width * 0.5f - 0.5f + (x * s.cosine - z * s.sine) / least * s.focal;
            rows[i] = s.horizon - 0.5f - (y + s.low) / least * s.focal;
        }
        for (int i = 0; i < many; i++) {
            float depth = away[i];
            if (!(depth > s.near && depth < s.far && fabsf(columns[i] - s.width * 0.5f) < s.width * 0.5f + rim &&
                  rows[i] > -rim && rows[i] < s.rows + rim))
                continue;
            float share = clamp((depth - s.near) / (0.25f * s.near), 0.0f, 1.0f);
            share *= clamp((s.far - depth) / (0.2f * s.far), 0.0f, 1.0f);
            numbers[found] = begin + i;
            xs[found] = columns[i];
            ys[found] = rows[i];
            depths[found] = depth;
            shares[found++] = share * clamp(lesser(above[i], 1.0f - above[i]) * 12.0f, 0.0f, 1.0f);
        }
    }
    *total = found;
}
