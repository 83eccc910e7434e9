/* Water under a sky, a band of rows at a time (land/water.py), and the waves on it. */

#include "common.h"

/* What holds for a whole frame; colours are red, green, blue. */
typedef struct {
    float eye_x, eye_z;                      /* metres */
    float focal, horizon, middle;            /* of the mirrored view, pixels: rows count up to its horizon */
    float mirrors;                           /* how much of what waves mirror reaches the eye */
    float rise, strict_x, strict_z;          /* the sun's height, and one over how far slopes stray from its glitter */
    float deep[3], bottom[3], swallow[3];    /* light of the depth, of the bottom, and what a metre takes */
    float foam[3], sparkle[3];
} Nature;

/* What holds for a row; `size` the number of the tile that has waves of the row's size. */
typedef struct {
    float down, away, thick, twinkle;        /* the look's tangent downwards, metres, way through a metre of depth */
    struct {
        float size, scale, shift, strength;
    } waves[2];
} Row;


/* Slopes of one size of waves, added to those of `count` places; `tile` holds pairs, padded. */
INLINE void add_waves(const float *restrict tile, int size, float scale, float shift, float strength,
                      const float *restrict x, const float *restrict z, float *restrict sx, float *restrict sz,
                      int count) {
    int32_t texel[BLOCK];
    float u[BLOCK], v[BLOCK], right[BLOCK], down[BLOCK], between[4 * BLOCK];
    for (int i = 0; i < count; i++) {
        u[i] = x[i] * (scale * 0.72f) + shift;
        v[i] = z[i] * scale + shift;
    }
    find_texels(size, u, v, texel, right, down, count);
    for (int i = 0; i < count; i++) {
        const float *a = tile + 2 * (long)texel[i], *b = a + 2 * (long)(size + 4);
        for (int k = 0; k < 4; k++)
            between[4 * i + k] = a[k] + (b[k] - a[k]) * down[i];
    }
    for (int i = 0; i < count; i++) {
        sx[i] += (between[4 * i] + (between[4 * i + 2] - between[4 * i]) * right[i]) * strength;
        sz[i] += (between[4 * i + 1] + (between[4 * i + 3] - between[4 * i + 1]) * right[i]) * strength;
    }
}

/* A place between 0 and `last`, as a mirror at both ends shows it. */
INLINE float mirrored(float at, float last) {
    float period = 2.0f * last;
    at -= floorf(at * (1.0f / period)) * period;
    return within(last - fabsf(last - at), last);
}

/* What each wave mirrors: its slope tilts the look up and to the side (small angles). `mirror` has four fields, and
   `seen` is given them. */
INLINE void reflect(const Nature *nature, const float *restrict mirror, int width, int height, float down,
                    const float *restrict slope, const float *restrict sx, const float *restrict sz,
                    float *restrict seen, int count) {
    int32_t texel[BLOCK];
    float right[BLOCK], below[BLOCK];
    for (int i = 0; i < count; i++) {
        float x = (sx[i] * (down * 2.0f + 0.24f) + slope[i]) * nature->focal + nature->middle;
        float y = nature->horizon - fabsf(sz[i] * 2.0f + down) * nature->focal;
        x = mirrored(x, (float)(width - 1));
        y = mirrored(y, (float)(height - 1));
        int32_t column = (int32_t)x, row = (int32_t)y;
        column = column < width - 2 ? column : width - 2;
        row = row < height - 2 ? row : height - 2;
        right[i] = x - (float)column;
        below[i] = y - (float)row;
        texel[i] = row * width + column;
    }
    for (int i = 0; i < count; i++) {
        const float *a = mirror + 4 * (long)texel[i], *b = a + 4 * (long)width;
        for (int k = 0; k < 4; k++) {
            float over = a[k] + (a[4 + k] - a[k]) * right[i];
            float under = b[k] + (b[4 + k] - b[k]) * right[i];
            seen[4 * i + k] = over + (under - over) * below[i];
        }
    }
}

/* Light from within the water: its deep colour, or the bottom through what it lets pass (Beer-Lambert). */
INLINE void fill_body(const Nature *nature, float thick, const float *restrict bed, float *restrict body, int channel,
                      int count) {
    float deep = nature->deep[channel], more = nature->bottom[channel] - deep;
    float swallow = nature->swallow[channel] * thick;
    int shown = 0;
    for (int i = 0; i < count; i++)
        shown += bed[i] * swallow > -17.0f; /* what is deeper shows less than 1e-7 of the bottom's light */
    if (!shown) {
        for (int i = 0; i < count; i++)
            body[i] = deep;
        return;
    }
    for (int i = 0; i < count; i++)
        body[i] = deep + more * exponential((bed[i] < 0.0f ? bed[i] : 0.0f) * swallow);
}

/* Sparkle where a wave's slope is the one that mirrors the sun (Cox and Munk 1954); 0 if there is none. */
INLINE int add_glitter(const Nature *nature, const Row *row, const float *restrict to_sun_x,
                       const float *restrict to_sun_z, const float *restrict sx, const float *restrict sz,
                       float *restrict glitter, int count) {
    float steep = 1.0f / (nature->rise + row->down);
    int near = 0;
    for (int i = 0; i < count; i++) {
        float aside = (to_sun_x[i] * steep - sx[i] * 2.4f) * nature->strict_x;
        glitter[i] = -aside * aside;
        near += glitter[i] > -16.0f; /* of what is farther less than a millionth is left */
    }
    if (!near) return 0;
    for (int i = 0; i < count; i++) {
        float along = (to_sun_z[i] * steep - sz[i] * 2.2f) * nature->strict_z;
        float gap = glitter[i] - along * along;
        glitter[i] = exponential(gap > -30.0f ? gap : -30.0f) * row->twinkle;
    }
    return 1;
}

/* Where a row's places lie, metres; `nearer` (or none) is how much nearer than the plane each is met. */
INLINE void find_places(const Nature *nature, float away, const float *restrict aside, const float *restrict ahead,
                        const float *restrict nearer, float *restrict x, float *restrict z, int count) {
    for (int i = 0; i < count; i++) {
        float way = nearer ? nearer[i] * away : away;
        x[i] = nature->eye_x + aside[i] * way;
        z[i] = nature->eye_z + ahead[i] * way;
    }
}

/* How what is mirrored (Schlick 1994), what comes from within and the glitter add up, for one colour; then the foam. */
INLINE void blend(const Nature *nature, int channel, const float *restrict seen, const float *restrict share,
                  const float *restrict body, const float *restrict glitter, const float *restrict foam,
                  float *restrict plane, int count) {
    float sparkle = nature->sparkle[channel], white = nature->foam[channel];
    for (int i = 0; i < count; i++)
        plane[i] = body[i] + (seen[4 * i + channel] - body[i]) * share[i];
    if (glitter)
        for (int i = 0; i < count; i++)
            plane[i] += glitter[i] * sparkle;
    if (foam)
        for (int i = 0; i < count; i++)
            plane[i] += (white - plane[i]) * foam[i];
}

INLINE int is_dry(const float *restrict dry, int count) {
    int wet = 0;
    for (int i = 0; i < count; i++)
        wet += dry[i] < 1.0f;
    return wet == 0;
}

/* A band of `height` rows, `count` columns from the `first` on. Whole rows of `width`, from the band's first on: `calm`
   (how strong the waves are), `bed` (the ground's height), `nearer`, `dry` (1 where land hides the water; there is
   drawn black) and the planes. Of the band's columns alone: slopes to add, `foam`, `bare` sand, `ruffle` (more of calm)
   and `lift` (how high the swell stands). `nearer`, `dry` and each of these may be missing. The tiles of waves hold
   pairs, padded; `mirror` has four fields. */
LOOP void lay_water(const Nature *nature, const Row *rows, const float *restrict columns, int width, int first,
                    int count, int height, const float *restrict small, const float *restrict middling,
                    const float *restrict large, int size, const float *restrict mirror, int mirror_width,
                    int mirror_height, const float *restrict calm, const float *restrict bed, int is_deep,
                    const float *restrict nearer, const float *restrict dry, const float *restrict aside,
                    const float *restrict ahead, const float *restrict foam, const float *restrict bare,
                    const float *restrict ruffle, const float *restrict lift, float *restrict red,
                    float *restrict green, float *restrict blue) {
    float x[BLOCK], z[BLOCK], sx[BLOCK], sz[BLOCK], seen[4 * BLOCK], share[BLOCK], glitter[BLOCK], body[BLOCK];
    const float *tiles[3] = {small, middling, large};
    float *planes[3] = {red, green, blue};
    for (int at = 0; at < height * ((count + BLOCK - 1) / BLOCK); at++) {
        int line = at % height, left = at / height * BLOCK, n = count - left < BLOCK ? count - left : BLOCK;
        const Row *row = rows + line;
        const float *column = columns + first + left;
        long place = (long)line * width + first + left, own = (long)line * count + left;
        if (dry && is_dry(dry + place, n)) {
            for (int k = 0; k < 3; k++)
                memset(planes[k] + place, 0, (size_t)n * 4);
            continue;
        }
        find_places(nature, row->away, column + width, column + 2 * width, nearer ? nearer + place : nearer, x, z, n);
        for (int i = 0; i < n; i++) {
            sx[i] = aside ? aside[own + i] : 0.0f;
            sz[i] = ahead ? ahead[own + i] : 0.0f;
        }
        for (int k = 0; k < 2; k++)
            if (row->waves[k].strength > 0.0f)
                add_waves(tiles[(int)within(row->waves[k].size, 2.0f)], size, row->waves[k].scale, row->waves[k].shift,
                          row->waves[k].strength, x, z, sx, sz, n);
        for (int i = 0; i < n; i++) {
            float strength = ruffle ? calm[place + i] * ruffle[own + i] : calm[place + i];
            sx[i] *= strength;
            sz[i] *= strength;
        }
        reflect(nature, mirror, mirror_width, mirror_height, row->down, column, sx, sz, seen, n);
        for (int i = 0; i < n; i++) {
            float gap = 1.0f - clamp(row->down * 1.04f + sz[i] * 0.9f, 0.0f, 1.0f), square = gap * gap;
            float mirrors = bare ? nature->mirrors * (1.0f - 0.5f * bare[own + i]) : nature->mirrors;
            share[i] = (square * square * gap * 0.98f + 0.02f) * mirrors;
        }
        int glitters = nature->strict_x > 0.0f &&
                       add_glitter(nature, row, column + 3 * width, column + 4 * width, sx, sz, glitter, n);
        for (int k = 0; k < 3; k++) {
            if (is_deep)
                for (int i = 0; i < n; i++)
                    body[i] = nature->deep[k];
            else
                fill_body(nature, row->thick, bed + place, body, k, n);
            if (lift) /* light shines through the crests */
                for (int i = 0; i < n; i++) {
                    float glow = 1.0f + lift[own + i] * 0.9f;
                    body[i] *= glow > 0.35f ? glow : 0.35f;
                }
            blend(nature, k, seen, share, body, glitters ? glitter : NULL, foam ? foam + own : foam, planes[k] + place,
                  n);
        }
    }
}

/* sin and cos of an angle, to about 3e-7 of it (the remainder of a quarter turn by Taylor polynomials). */
INLINE void turn(float angle, float *sine, float *cosine) {
    float quarters = floorf(angle * 0.636619772f + 0.5f);
    float part = (angle - quarters * 1.57079637f) + quarters * 4.37113883e-8f, square = part * part;
    float odd = part * (1.0f + square * (-0.166666667f + square * (0.00833333333f + square * -1.98412698e-4f)));
    float even = 1.0f + square * (-0.5f + square * (0.0416666667f + square * (-0.00138888889f + square * 2.48015873e-5f)));
    int32_t quarter = (int32_t)quarters;
    float first = quarter & 1 ? even : odd, second = quarter & 1 ? odd : even;
    *sine = quarter & 2 ? -first : first;
    *cosine = (quarter + 1) & 2 ? -second : second;
}

/* The spectrum of waves at a moment, as pairs of real and imaginary parts: what goes with the cosine of each wave's
   angle, and with its sine. */
LOOP void turn_waves(const float *restrict rate, const float *restrict even_real, const float *restrict even_imaginary,
                     const float *restrict odd_real, const float *restrict odd_imaginary, float seconds,
                     float *restrict spectrum, int count) {
    for (int i = 0; i < count; i++) {
        float sine, cosine;
        turn(rate[i] * seconds, &sine, &cosine);
        spectrum[2 * i] = even_real[i] * cosine + odd_real[i] * sine;
        spectrum[2 * i + 1] = even_imaginary[i] * cosine + odd_imaginary[i] * sine;
    }
}

/* Pairs of slopes, a square of `size`, times `level`, and a rim of two texels around them as the square goes on. */
LOOP void pad_waves(const float *restrict slopes, int size, float level, float *restrict tile) {
    int width = size + 4;
    for (int row = 0; row < width; row++) {
        const float *from = slopes + 2 * (long)((row + size - 2) % size) * size;
        float *to = tile + 2 * (long)row * width;
        for (int i = 0; i < 2 * size; i++)
            to[4 + i] = from[i] * level;
        for (int i = 0; i < 4; i++) {
            to[i] = from[2 * size - 4 + i] * level;
            to[2 * size + 4 + i] = from[i] * level;
        }
    }
}
