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
