/* Layers of cloud laid over a sky, and what falls laid over a picture (air/clouds.py, air/weather.py). */

#include "fours.h"

#define WIDEST 8192
#define COARSE 8  /* at least so many pixels of a frame to one of a coarse image */
#define LANES 8

/* What a deck is and how it takes the light; `Clouds` packs it in this order. Pairs are x and z, or low and high. */
typedef struct {
    float distance, lift;   /* texels of height, and what keeps the layer finite at the horizon */
    float shift[2];         /* where the tile lies */
    float begin, softness, opacity;
    float sun[3];           /* the direction of the disc */
    float storm, dark;      /* shares */
    float shade[3], lit[3], glow[3];
} Deck;

/* Lay one deck over three planes of the sky, and over `veil` what it hides. `tiles`: one below the other, each half as
   large as the one before, the first of `size`; `levels`: which of them suits each row. */
LOOP void deck_lay(const float *restrict shared, const float *restrict tiles, int size, int level_count,
                   const float *restrict levels, const float *restrict dx, const float *restrict dy,
                   const float *restrict dz, float *restrict red, float *restrict green, float *restrict blue,
                   float *restrict veil, int width, int rows) {
    float u[BLOCK], v[BLOCK], right[BLOCK], down[BLOCK], dense[BLOCK], lights[BLOCK], covers[BLOCK];
    int32_t places[BLOCK];
    Deck deck;
    memcpy(&deck, shared, sizeof deck);
    float *planes[3] = {red, green, blue};
    for (long pixel = 0; pixel < (long)rows * width;) {
        int row = (int)(pixel / width), rest = width - (int)(pixel % width), count = rest < BLOCK ? rest : BLOCK;
        const float *restrict x = dx + pixel, *restrict y = dy + pixel, *restrict z = dz + pixel;
        float level = clamp(levels[row], 0.0f, (float)(level_count - 1));
        for (int i = 0; i < count; i++) {
            float away = deck.distance / (y[i] + deck.lift);
            u[i] = x[i] * away + deck.shift[0];
            v[i] = z[i] * away + deck.shift[1];
            dense[i] = lights[i] = 0.0f;
        }
        const float *restrict tile = tiles;
        for (int number = 0; number < level_count && (float)number < level + 1.0f; number++) {
            float share = 1.0f - fabsf(level - (float)number);
            int texels = size >> number;
            if (share > 0.0f) {
                find_fours(texels, u, v, 1.0f / (float)(1 << number), places, right, down, count);
                add_fours(tile, texels, share, places, right, down, dense, lights, count);
            }
            tile += (long)(texels + 4) * (texels + 4) * 4;
        }
        for (int i = 0; i < count; i++) {
            float gap = 1.0f - 0.85f * deck.storm * (1.0f - eased(0.03f, 0.10f, y[i]));
            covers[i] = eased(deck.begin, deck.begin + deck.softness, dense[i]) * deck.opacity * gap *
                        eased(0.004f, 0.075f, y[i]);
        }
        for (int i = 0; i < count; i++) {
            float cosine = clamp(x[i] * deck.sun[0] + y[i] * deck.sun[1] + z[i] * deck.sun[2], 0.0f, 1.0f);
            float close = cosine * cosine;
            close *= close * cosine;
            float thick = clamp(dense[i] * 0.6f, 0.0f, 1.0f);
            float bright = lights[i] * (1.15f - deck.dark) + close * (1.0f - thick) * 0.5f - 0.10f * deck.dark;
            bright = clamp(bright, 0.0f, 1.3f);
            float hidden = veil[pixel + i], own = covers[i] * (eased(0.01f, 0.17f, y[i]) * 0.45f + 0.55f);
            veil[pixel + i] = hidden + (1.0f - hidden) * covers[i] * (0.3f + 0.7f * thick);
            for (int k = 0; k < 3; k++) {
                float behind = planes[k][pixel + i];
                float colour = (close * deck.glow[k] + deck.lit[k]) * bright + deck.shade[k];
                planes[k][pixel + i] = behind + (colour - behind) * own;
            }
        }
        pixel += count;
    }
}

/* A coarse image spread over a frame: from which pixel on each of its columns is the one to the left, and how far
   between it and the next a pixel lies. */
typedef struct {
    int width, rows;
    int32_t starts[WIDEST / COARSE + 1];
    float shares[WIDEST + LANES];
} Spread;

INLINE void spread_columns(Spread *restrict spread, int width, int rows, int whole) {
    int column = 0;
    spread->width = width;
    spread->rows = rows;
    memset(spread->shares, 0, sizeof spread->shares);
    for (int i = 0; i < whole; i++) {
        int first, next;
        spread->shares[i] = spread_at(i, whole, width, &first, &next);
        while (column <= first)
            spread->starts[column++] = i;
    }
    while (column <= width)
        spread->starts[column++] = whole;
}

/* `line` is the coarse image at row `row` of `whole`, with its last column once more. */
INLINE void spread_row(const Spread *spread, const float *restrict image, int row, int whole, float *restrict line) {
    int width = spread->width, above, below;
    const float down = spread_at(row, whole, spread->rows, &above, &below);
    const float *restrict one = image + (long)above * width, *restrict other = image + (long)below * width;
    for (int i = 0; i < width; i++)
        line[i] = one[i] + (other[i] - one[i]) * down;
    line[width] = line[width - 1];
}

/* A row of the frame from a row of the coarse image, added to `out`; LANES more are written. */
INLINE void add_spread(const Spread *restrict spread, const float *restrict line, float *restrict out) {
    float kept[LANES];
    for (int column = 0; column < spread->width; column++) {
        float left = line[column], step = line[column + 1] - left;
        int until = spread->starts[column + 1];
        for (int i = spread->starts[column]; i < until; i += LANES) {
            for (int lane = 0; lane < LANES; lane++)
                kept[lane] = out[i + lane] + (i + lane < until ? left + step * spread->shares[i + lane] : 0.0f);
            memcpy(out + i, kept, sizeof kept);
        }
    }
}

/* A coarse image, at least COARSE pixels of the plane to one of it, spread over the plane and added; the plane is at most
   WIDEST wide. */
LOOP void add_enlarged(const float *restrict image, int image_width, int image_rows, float *restrict plane, int width,
                       int rows) {
    Spread spread;
    float line[WIDEST / COARSE + 1], sum[WIDEST + LANES];
    if (width > WIDEST || image_width > WIDEST / COARSE) return;
    spread_columns(&spread, image_width, image_rows, width);
    for (int row = 0; row < rows; row++) {
        float *restrict out = plane + (long)row * width;
        memcpy(sum, out, sizeof(float) * (size_t)width);
        spread_row(&spread, image, row, rows, line);
        add_spread(&spread, line, sum);
        memcpy(out, sum, sizeof(float) * (size_t)width);
    }
}

/* Lay what falls over three planes: they move towards `tones` (three coarse images, one below the other) by the sum of
   some `veils` (two coarse images at most, of `veil_sizes`: width and rows) and of `masks` (bytes), each of its power.
   The frame is at most WIDEST wide, a coarse image WIDEST / COARSE. */
LOOP void fall_lay(float *red, float *green, float *blue, const float *restrict tones, int tone_width, int tone_rows,
                   const float *const *veils, const int32_t *restrict veil_sizes, int veil_count,
                   const uint8_t *const *masks, const float *restrict powers, int mask_count, int width, int rows) {
    float *planes[3] = {red, green, blue};
    Spread spread, sheets[2];
    float cover[WIDEST + LANES], tone[WIDEST + LANES], line[WIDEST / COARSE + 1];
    if (width > WIDEST || tone_width > WIDEST / COARSE || veil_count > 2) return;
    for (int number = 0; number < veil_count; number++) {
        if (veil_sizes[2 * number] > WIDEST / COARSE) return;
        spread_columns(&sheets[number], veil_sizes[2 * number], veil_sizes[2 * number + 1], width);
    }
    spread_columns(&spread, tone_width, tone_rows, width);
    for (int row = 0; row < rows; row++) {
        long at = (long)row * width;
        memset(cover, 0, ((size_t)width + LANES) * sizeof(float));
        for (int number = 0; number < veil_count; number++) {
            spread_row(&sheets[number], veils[number], row, rows, line);
            add_spread(&sheets[number], line, cover);
        }
        for (int number = 0; number < mask_count; number++) {
            const uint8_t *restrict mask = masks[number] + at;
            float power = powers[number];
            for (int i = 0; i < width; i++)
                cover[i] += (float)mask[i] * power;
        }
        for (int i = 0; i < width; i++)
            cover[i] = cover[i] < 0.92f ? cover[i] : 0.92f;
        for (int k = 0; k < 3; k++) {
            float *restrict plane = planes[k] + at;
            memset(tone, 0, ((size_t)width + LANES) * sizeof(float));
            spread_row(&spread, tones + (long)k * tone_width * tone_rows, row, rows, line);
            add_spread(&spread, line, tone);
            for (int i = 0; i < width; i++)
                plane[i] += (tone[i] - plane[i]) * cover[i];
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

/* Add a sheet of bytes (a square of `side` that fits to itself, twice as wide and high as that) to a frame of bytes: its
   pixel (left, top) lies `across` and `down` of a pixel before the frame's first. */
LOOP void sheet_add(const uint8_t *restrict sheet, int side, int left, int top, float across, float down,
                    uint8_t *restrict frame, int width, int rows) {
    const float first = (1.0f - across) * (1.0f - down), second = across * (1.0f - down), third = (1.0f - across) * down,
                last = across * down;
    for (int row = 0; row < rows; row++) {
        const uint8_t *restrict above = sheet + (long)((top + row) % side) * (2 * side);
        uint8_t *restrict line = frame + (long)row * width;
        for (int column = 0; column < width;) {
            int from = (left + column) % side, most = 2 * side - 1 - from;
            int count = width - column < most ? width - column : most;
            const uint8_t *restrict a = above + from, *restrict b = a + 2 * side;
            for (int i = 0; i < count; i++) {
                float value = (float)a[i] * first + (float)a[i + 1] * second + (float)b[i] * third + (float)b[i + 1] * last;
                int32_t sum = line[column + i] + (int32_t)(value + 0.5f);
                line[column + i] = (uint8_t)(sum < 255 ? sum : 255);
            }
            column += count;
        }
    }
}
