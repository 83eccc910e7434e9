/* The water before a city: waves that break its mirror image, in one pass over the frame (city/bay.py). */

#include "fours.h"

#define WIDEST 8192
#define FARTHEST 65536.0f /* pixels outside an image that are looked for */
#define BAND 32   /* rows that share a coarse image of the gusts */
#define COARSE 4  /* pixels of the frame for one of it */

/* `Bay` packs it in this order; the second lens is the mirror image's. */
typedef struct {
    float focal, horizon, middle, mirror_focal, mirror_horizon, mirror_middle;
    float x, y, z, cosine, sine, drift;
    float strength[2], texels[2]; /* of each set of waves: its slopes, and its texels for a metre */
    float body[3], glitter[3], sun[3], rough;
} Bay;

INLINE int32_t reflected(int32_t at, int32_t size) {
    at = at < 0 ? -at : at;
    at = at >= size ? 2 * size - 2 - at : at;
    return at < 0 ? 0 : at;
}

/* Bands of rougher and calmer water over one band of rows, at every fourth row and column. */
INLINE void read_gusts(const Bay *bay, const float *restrict tile, int size, int from, int rows, int width,
                       float (*restrict gusts)[WIDEST / COARSE]) {
    for (int j = 0; j * COARSE < rows; j++) {
        float down = ((float)(from + j * COARSE) + 0.5f - bay->horizon) / bay->focal;
        down = down > 0.4f / bay->focal ? down : 0.4f / bay->focal;
        float away = bay->y / down;
        for (int i = 0; i < (width + COARSE - 1) / COARSE; i++) {
            float px = ((float)(i * COARSE) + 0.5f - bay->middle) / bay->focal;
            float x = bay->x + (bay->sine + px * bay->cosine) * away, z = bay->z + (bay->cosine - px * bay->sine) * away;
            float wave = tile_at(tile, size, 1, x * 0.22f + bay->drift, z * 0.55f + bay->drift * 0.4f);
            gusts[j][i] = clamp(0.95f + wave * 0.38f, 0.25f, 1.9f);
        }
    }
}

/* The two images, of four fields, between pixels in thirty-seconds, as OpenCV reads them; reflected at their rims. */
INLINE void mirror(const float *restrict sharp, const float *restrict drawn_out, int width, int rows, float fine,
                   const float *restrict map_x, const float *restrict map_y, float (*restrict seen)[BLOCK], int count) {
    int32_t corners[4][BLOCK];
    float rights[BLOCK], downs[BLOCK];
    for (int i = 0; i < count; i++) {
        float x = rintf(clamp(map_x[i], -FARTHEST, FARTHEST) * 32.0f) * 0.03125f;
        float y = rintf(clamp(map_y[i], -FARTHEST, FARTHEST) * 32.0f) * 0.03125f;
        int32_t column = (int32_t)floorf(x), row = (int32_t)floorf(y);
        int32_t left = reflected(column, width), next = reflected(column + 1, width);
        int32_t top = reflected(row, rows) * width, under = reflected(row + 1, rows) * width;
        rights[i] = x - floorf(x);
        downs[i] = y - floorf(y);
        corners[0][i] = 4 * (top + left);
        corners[1][i] = 4 * (top + next);
        corners[2][i] = 4 * (under + left);
        corners[3][i] = 4 * (under + next);
    }
    for (int i = 0; i < count; i++) {
        int32_t a = corners[0][i], b = corners[1][i], c = corners[2][i], d = corners[3][i];
        four near_a = four_at(sharp + a), near_b = four_at(sharp + b), near_c = four_at(sharp + c), near_d = four_at(sharp + d);
        near_a += (four_at(drawn_out + a) - near_a) * fine;
        near_b += (four_at(drawn_out + b) - near_b) * fine;
        near_c += (four_at(drawn_out + c) - near_c) * fine;
        near_d += (four_at(drawn_out + d) - near_d) * fine;
        near_a += (near_b - near_a) * rights[i];
        near_c += (near_d - near_c) * rights[i];
        near_a += (near_c - near_a) * downs[i];
        seen[0][i] = near_a[0];
        seen[1][i] = near_a[1];
        seen[2][i] = near_a[2];
    }
}

/* Where a wave's slope is the one that mirrors the sun (Cox and Munk 1954). */
INLINE void add_sparkle(const Bay *bay, const float *restrict sx, const float *restrict sz, float down, int column,
                        float *restrict sparkle, int count) {
    const float inverse = 1.0f / (bay->sun[1] + down), shown = eased(0.0f, 0.01f, down);
    const float rough_x = 1.0f / (bay->rough * 3.6f), rough_z = 1.0f / (bay->rough * 2.4f);
    const float cosine = bay->cosine, sine = bay->sine, sun_x = bay->sun[0], sun_z = bay->sun[2];
    const float focal = bay->focal, middle = bay->middle;
    for (int i = 0; i < count; i++) {
        float px = ((float)(column + i) + 0.5f - middle) / focal, scale = 1.0f / sqrtf(1.0f + px * px);
        float across = ((sun_x - (sine + px * cosine) * scale) * inverse - sx[i] * 2.4f) * rough_x;
        float along = ((sun_z - (cosine - px * sine) * scale) * inverse - sz[i] * 2.2f) * rough_z;
        sparkle[i] = exponential(-(across * across + along * along)) * shown;
    }
}

/* The water's light over a block, laid on `planes` below the shore (`shores`: the row where each column's begins). */
INLINE void shade(const Bay *bay, float (*restrict seen)[BLOCK], const float *restrict sx, const float *restrict sz,
                  float down, int row, int column, const float *restrict shores, float *const *planes, int count) {
    float fresnel[BLOCK], cover[BLOCK], sparkle[BLOCK];
    const float edge = (float)(row + 1);
    for (int i = 0; i < count; i++) {
        float grazing = 1.0f - clamp(down * 1.04f + sz[i] * 0.9f, 0.0f, 1.0f), even = grazing * grazing;
        fresnel[i] = even * even * grazing * 0.96f + 0.02f;
        cover[i] = clamp(edge - shores[column + i], 0.0f, 1.0f);
        sparkle[i] = 0.0f;
    }
    if (bay->rough > 0.0f) add_sparkle(bay, sx, sz, down, column, sparkle, count);
    for (int k = 0; k < 3; k++) {
        float *restrict plane = planes[k];
        const float body = bay->body[k], glitter = bay->glitter[k];
        for (int i = 0; i < count; i++) {
            float light = body + (seen[k][i] - body) * fresnel[i] + sparkle[i] * glitter;
            plane[i] += (light - plane[i]) * cover[i];
        }
    }
}

/* Lay the water over three planes from the row `top` down. `tiles`: for each set of waves its halvings, one below the
   other, the first of `size` texels, all padded and of four fields; `levels`: which of them suits each row, a set after
   the other; `fines`: how much of each row's light waves too small to be seen draw out. */
LOOP void bay_lay(const float *restrict shared, const float *restrict sharp, const float *restrict drawn_out,
                  int mirror_width, int mirror_rows, const float *restrict tiles, int size, int halvings, int sets,
                  const float *restrict levels, const float *restrict fines, const float *restrict gust_tile,
                  int gust_size, const float *restrict shores, float *red, float *green, float *blue, int width,
                  int top, int rows) {
    Bay bay;
    float gusts[BAND / COARSE][WIDEST / COARSE];
    float x[BLOCK], z[BLOCK], sx[BLOCK], sz[BLOCK], map_x[BLOCK], map_y[BLOCK], seen[3][BLOCK], right[BLOCK], lower[BLOCK];
    int32_t places[BLOCK];
    memcpy(&bay, shared, sizeof bay);
    long set_step = 0;
    for (int number = 0; number < halvings; number++)
        set_step += (long)((size >> number) + 4) * ((size >> number) + 4) * 4;
    if (width > WIDEST) return;
    for (int row = top; row < rows; row++) {
        int into = (row - top) % BAND, band = rows - (row - into) < BAND ? rows - (row - into) : BAND;
        if (into == 0) read_gusts(&bay, gust_tile, gust_size, row, band, width, gusts);
        int parts = (band + COARSE - 1) / COARSE, wide = (width + COARSE - 1) / COARSE;
        int upper, under;
        float between_rows = spread_at(into, band, parts, &upper, &under), down = ((float)row + 0.5f - bay.horizon) / bay.focal;
        down = down > 0.4f / bay.focal ? down : 0.4f / bay.focal;
        float away = bay.y / down;
        for (int column = 0; column < width; column += BLOCK) {
            int count = width - column < BLOCK ? width - column : BLOCK;
            for (int i = 0; i < count; i++) {
                float px = ((float)(column + i) + 0.5f - bay.middle) / bay.focal;
                x[i] = bay.x + (bay.sine + px * bay.cosine) * away;
                z[i] = bay.z + (bay.cosine - px * bay.sine) * away;
                sx[i] = sz[i] = 0.0f;
            }
            for (int set = 0; set < sets; set++) {
                float level = clamp(levels[(long)set * (rows - top) + row - top], 0.0f, (float)(halvings - 1));
                int coarse = (int)level;
                const float *restrict tile = tiles + set * set_step;
                for (int number = 0; number <= coarse + 1 && number < halvings; number++) {
                    float share = 1.0f - fabsf(level - (float)number);
                    int texels = size >> number;
                    if (share > 0.0f) {
                        find_fours(texels, x, z, bay.texels[set] / (float)(1 << number), places, right, lower, count);
                        add_fours(tile, texels, share * bay.strength[set], places, right, lower, sx, sz, count);
                    }
                    tile += (long)(texels + 4) * (texels + 4) * 4;
                }
            }
            for (int i = 0; i < count; i++) {
                int left, right;
                float aside = spread_at(column + i, width, wide, &left, &right);
                float one = gusts[upper][left] + (gusts[upper][right] - gusts[upper][left]) * aside;
                float other = gusts[under][left] + (gusts[under][right] - gusts[under][left]) * aside;
                float gust = one + (other - one) * between_rows, px = ((float)(column + i) + 0.5f - bay.middle) / bay.focal;
                sx[i] *= gust;
                sz[i] *= gust;
                map_x[i] = (sx[i] * (down * 2.0f + 0.20f) + px) * bay.mirror_focal + bay.mirror_middle - 0.5f;
                map_y[i] = bay.mirror_horizon - 0.5f - fabsf(sz[i] * 2.0f + down) * bay.mirror_focal;
            }
            mirror(sharp, drawn_out, mirror_width, mirror_rows, fines[row - top], map_x, map_y, seen, count);
            long at = (long)row * width + column;
            float *planes[3] = {red + at, green + at, blue + at};
            shade(&bay, seen, sx, sz, down, row, column, shores, planes, count);
        }
    }
}
