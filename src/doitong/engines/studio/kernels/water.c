/* Water under a sky, a band of rows at a time (land/water.py), with the swell of the open sea (land/swell.py) and the
   swash of a beach (land/surf.py), and the small waves on all of it. */

#include "common.h"

enum { CALM, LAPPING, SWELL, SWASH };

/* What holds for a row; `number` that of the tile with waves of the row's size. */
struct row {
    float down, away, sharp;     /* the look's tangent downwards, metres, rows of the picture for a metre of water */
    float thick, twinkle;        /* way of light for a metre of depth; how strong glitter is */
    struct {
        float number, scale, shift, strength;
    } waves[2];
};

/* One wave of the swell: its turn for a metre, its phase, its slopes at the steepest, how high it counts, and how many
   rows of the picture it needs for a metre. */
struct wave {
    float kx, kz, phase, aside, ahead, high, seen;
};

/* `struct water` of land/water_loop.py. Colours are red, green, blue. */
struct water {
    /* by row; by column: its slope, the way to the side and ahead, and from there to the sun; padded tiles of pairs */
    const struct row *rows;
    const float *columns, *tiles[3];
    const float *mirror; /* the view from under the water, four fields */
    /* whole rows of `width`: how strong waves are, the ground's height, how much nearer than
       the plane the water is met (or NULL), where land hides it (1; or NULL), and what is drawn */
    const float *calm, *bed, *nearer, *dry;
    float *planes[3];
    const float *soft, *lace;             /* padded tiles of one field: foam */
    const float *surf_soft, *surf_lace;   /* the same on a beach */
    const float *wobbles, *runs, *sizes;  /* tables: how far ahead waves are along the beach, their run, 64 sizes */
    const float *inside, *out;            /* five and two tables by the upper half of a number */
    int32_t width, top, end, left, right, tile_size, mirror_width, mirror_height, lace_size, surf_size, wobble_count,
        run_count, is_deep, kind;
    float eye_x, eye_z, focal, horizon, middle, mirrors; /* metres; of the mirrored view, pixels, rows to its horizon */
    float rise, strict_x, strict_z;       /* the sun's height; one over how far slopes stray from its glitter, or 0 */
    float deep[3], bottom[3], swallow[3], foam[3], sparkle[3];
    float seconds, rain, laps, foams_from; /* of rain the strength of its drops, and the height where crests break */
    float drops[2][2];                    /* of two sets: where in the tile, and what is left of them */
    float wobble_scale, out_scale, beat, run;
    struct wave swell[4];
};

/* What is known of the pixels at hand. */
struct spots {
    float x[BLOCK + 1], z[BLOCK + 1]; /* of one more, if the row goes on */
    float sx[BLOCK], sz[BLOCK], calm[BLOCK], foam[BLOCK], bare[BLOCK], lift[BLOCK];
    int is_foamy;
};

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
    return clamp(last - fabsf(last - at), 0.0f, last);
}

/* What each wave mirrors: its slope tilts the look up and to the side (small angles). `seen` is given
   all four fields. */
INLINE void reflect(const struct water *w, float down, const float *restrict slope, const float *restrict sx,
                    const float *restrict sz, float *restrict seen, int count) {
    const int width = w->mirror_width, height = w->mirror_height;
    const float *restrict mirror = w->mirror;
    int32_t texel[BLOCK];
    float right[BLOCK], below[BLOCK];
    for (int i = 0; i < count; i++) {
        float x = (sx[i] * (down * 2.0f + 0.24f) + slope[i]) * w->focal + w->middle;
        float y = w->horizon - fabsf(sz[i] * 2.0f + down) * w->focal;
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
INLINE void fill_body(const struct water *w, float thick, const float *restrict bed, float *restrict body, int channel,
                      int count) {
    float deep = w->deep[channel], more = w->bottom[channel] - deep;
    float swallow = w->swallow[channel] * thick;
    int shown = 0;
    for (int i = 0; i < count && !w->is_deep; i++)
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
INLINE int add_glitter(const struct water *w, const struct row *row, const float *restrict to_sun_x,
                       const float *restrict to_sun_z, const float *restrict sx, const float *restrict sz,
                       float *restrict glitter, int count) {
    float steep = 1.0f / (w->rise + row->down);
    int near = 0;
    for (int i = 0; i < count; i++) {
        float aside = (to_sun_x[i] * steep - sx[i] * 2.4f) * w->strict_x;
        glitter[i] = -aside * aside;
        near += glitter[i] > -16.0f; /* of what is farther less than a millionth is left */
    }
    if (!near) return 0;
    for (int i = 0; i < count; i++) {
        float along = (to_sun_z[i] * steep - sz[i] * 2.2f) * w->strict_z;
        float gap = glitter[i] - along * along;
        glitter[i] = exponential(gap > -30.0f ? gap : -30.0f) * row->twinkle;
    }
    return 1;
}

/* How what is mirrored (Schlick 1994), what comes from within and the glitter add up, for one colour; then the foam. */
INLINE void blend(const struct water *w, int channel, const float *restrict seen, const float *restrict share,
                  const float *restrict body, const float *restrict glitter, const float *restrict foam,
                  float *restrict plane, int count) {
    float sparkle = w->sparkle[channel], white = w->foam[channel];
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

/* The thin white line where small waves meet a shore. */
INLINE void lap(const struct water *w, const float *restrict bed, struct spots *restrict s, int count) {
    float u[BLOCK], v[BLOCK], web[BLOCK];
    int near = 0;
    for (int i = 0; i < count; i++)
        near += fabsf(bed[i] + 0.32f) < 0.62f;
    if (!near) return;
    for (int i = 0; i < count; i++) {
        u[i] = s->x[i] * 1.6f;
        v[i] = s->z[i] * 1.6f + w->seconds * 1.5f;
    }
    read_tile(w->soft, w->lace_size, u, v, web, count);
    for (int i = 0; i < count; i++) {
        float sine, cosine;
        turn(s->x[i] * 0.07f + s->z[i] * 0.05f - w->seconds * 1.1f, &sine, &cosine);
        float line = 1.0f - eased(0.0f, 0.5f, fabsf(bed[i] + 0.32f + 0.12f * sine));
        s->foam[i] = line * clamp(0.55f + web[i] * 0.5f, 0.0f, 1.0f) * w->laps;
    }
    s->is_foamy = 1;
}

/* Where drops of rain strike: specks that appear and fade, by turns in two sets. */
INLINE void strike(const struct water *w, const struct row *row, struct spots *restrict s, int count) {
    float u[BLOCK], v[BLOCK], noise[BLOCK], total[BLOCK];
    const float strength = clamp(row->sharp * 1.6f, 0.0f, 1.0f) * w->rain;
    for (int set = 0; set < 2; set++) {
        const float shift = w->drops[set][0], left = w->drops[set][1];
        for (int i = 0; i < count; i++) {
            u[i] = s->x[i] * 9.0f + shift;
            v[i] = s->z[i] * 6.0f + shift * 0.7f;
        }
        read_tile(w->lace, w->lace_size, u, v, noise, count);
        for (int i = 0; i < count; i++) {
            float fresh = eased(1.7f, 2.6f, noise[i]) * left;
            total[i] = set ? total[i] + fresh : fresh;
        }
    }
    for (int i = 0; i < count; i++) {
        float drops = total[i] * strength;
        s->foam[i] = s->foam[i] > drops ? s->foam[i] : drops;
    }
    s->is_foamy = 1;
}

/* Slopes of the swell and how high each point lies; waves this long need every second pixel, the `more` of the row
   among them. */
INLINE void heave(const struct water *w, const struct row *row, struct spots *restrict s, int count, int more) {
    float aside[BLOCK / 2 + 2], ahead[BLOCK / 2 + 2], high[BLOCK / 2 + 2];
    const int few = (count + more + 1) / 2;
    for (int i = 0; i < few; i++)
        aside[i] = ahead[i] = high[i] = 0.0f;
    for (int k = 0; k < 4; k++) {
        const struct wave wave = w->swell[k];
        const float seen = clamp(row->sharp * wave.seen - 0.6f, 0.0f, 1.0f);
        const float to_side = wave.aside * seen, to_front = wave.ahead * seen;
        for (int i = 0; i < few; i++) {
            float sine, cosine;
            turn(s->x[2 * i] * wave.kx + s->z[2 * i] * wave.kz + wave.phase, &sine, &cosine);
            aside[i] += cosine * to_side;
            ahead[i] += cosine * to_front;
            high[i] += sine * wave.high;
        }
    }
    aside[few] = aside[few - 1], ahead[few] = ahead[few - 1], high[few] = high[few - 1];
    for (int i = 0; i < (count + 1) / 2; i++) { /* one more than there are, where the count is odd */
        s->sx[2 * i] = aside[i], s->sx[2 * i + 1] = (aside[i] + aside[i + 1]) * 0.5f;
        s->sz[2 * i] = ahead[i], s->sz[2 * i + 1] = (ahead[i] + ahead[i + 1]) * 0.5f;
        s->lift[2 * i] = high[i], s->lift[2 * i + 1] = (high[i] + high[i + 1]) * 0.5f;
    }
}

/* A tile of foam, drawn out by `across` and `along` and moved on. */
INLINE void read_foam(const struct water *w, const float *restrict tile, float across, float along, float moved,
                      const struct spots *restrict s, float *restrict web, int count) {
    float u[BLOCK], v[BLOCK];
    for (int i = 0; i < count; i++) {
        u[i] = s->x[i] * across;
        v[i] = s->z[i] * along - moved;
    }
    read_tile(tile, w->lace_size, u, v, web, count);
}

/* The swell's slopes, the foam on its crests, and how high each point lies; see swell.py. */
INLINE void swell(const struct water *w, const struct row *row, struct spots *restrict s, int count, int more) {
    float web[BLOCK], far[BLOCK], fine[BLOCK], grit[BLOCK];
    const float sharp = row->sharp, close = clamp(sharp * 2.2f - 0.25f, 0.0f, 1.0f);
    const float distant = clamp(sharp * 9.0f - 0.25f, 0.0f, 1.0f) * (0.7f - 0.5f * close);
    const float finest = clamp(sharp * 0.22f - 0.3f, 0.0f, 1.0f) * 0.45f, gritty = close * 0.42f;
    const float shown = clamp(sharp * 12.0f - 0.2f, 0.0f, 1.0f) * 0.85f;
    heave(w, row, s, count, more);
    memset(web, 0, sizeof web), memset(far, 0, sizeof far), memset(fine, 0, sizeof fine), memset(grit, 0, sizeof grit);
    if (close > 0.0f) {
        read_foam(w, w->soft, 4.0f, 5.0f, w->seconds * 4.0f, s, web, count);
        read_foam(w, w->lace, 6.0f, 1.5f, w->seconds * 1.6f, s, grit, count);
    }
    if (distant > 0.0f) read_foam(w, w->soft, 0.7f, 1.3f, w->seconds * 1.5f, s, far, count);
    if (finest > 0.0f) read_foam(w, w->lace, 13.0f, 13.0f, w->seconds * 8.0f, s, fine, count);
    for (int i = 0; i < count; i++) {
        float wide = web[i] * close, other = far[i] * distant, small = fine[i] * finest;
        float crest = s->lift[i] * 0.55f + (wide > other ? wide : other) * 0.58f + (s->calm[i] - 1.0f) * 0.9f;
        crest += (small > 0.0f ? small : 0.0f) + grit[i] * gritty;
        s->foam[i] = eased(0.0f, 0.9f, crest - w->foams_from) * shown;
        s->lift[i] *= 0.4f;
    }
    s->is_foamy = 1;
}

/* Foam, bare wet sand and how ruffled the water is; see surf.py. */
INLINE void swash(const struct water *w, const struct row *row, const float *restrict bed, struct spots *restrict s,
                  int count) {
    float u[BLOCK], v[BLOCK], web[BLOCK], fine[BLOCK], edge[BLOCK], trail[BLOCK];
    const float fading = clamp(row->sharp * 0.55f - 0.20f, 0.0f, 1.0f);
    const float lacy = clamp(row->sharp * 0.14f - 0.30f, 0.0f, 0.75f);
    const float *restrict wobbles = w->wobbles, *restrict runs = w->runs, *restrict sizes = w->sizes;
    const float *restrict inside = w->inside, *restrict beyond = w->out;
    const float last = (float)(w->wobble_count - 1), middle = 0.5f * (float)w->wobble_count;
    const float longest = (float)(w->run_count - 1);
    int foamy = 0;
    for (int i = 0; i < count; i++) {
        float beat = wobbles[(int32_t)clamp(s->x[i] * w->wobble_scale + middle, 0.0f, last)] + w->beat;
        float number = floorf(beat), part = beat - number, out = bed[i] * w->out_scale;
        float run = sizes[(int32_t)number & 63] * runs[(int32_t)clamp(part * longest, 0.0f, longest)];
        int32_t near = (int32_t)upper_half(run * w->run + out), way = (int32_t)upper_half(out);
        float behind = beyond[way] + beat;
        behind = 1.0f - (behind - floorf(behind));
        behind *= behind * beyond[way + (1 << 16)];
        float fall = inside[near + (2 << 16)] * (1.0f - part * 0.55f);
        edge[i] = inside[near] * (1.1f - 0.75f * part);
        trail[i] = fall > behind ? fall : behind;
        s->foam[i] = inside[near + (1 << 16)];
        s->bare[i] = inside[near + (3 << 16)];
        s->calm[i] *= inside[near + (4 << 16)];
        foamy += s->foam[i] * (edge[i] + trail[i]) > 1e-5f; /* else there is at most twice as much foam */
    }
    if (!foamy) {
        memset(s->foam, 0, sizeof s->foam);
        return;
    }
    s->is_foamy = 1;
    for (int i = 0; i < count; i++) {
        u[i] = s->x[i] * 15.0f + s->z[i] * 3.0f;
        v[i] = s->z[i] * 15.0f + w->seconds * 7.5f;
    }
    read_tile(w->surf_soft, w->surf_size, u, v, web, count);
    if (lacy > 0.0f) {
        for (int i = 0; i < count; i++) {
            u[i] = s->x[i] * 43.0f;
            v[i] = s->z[i] * 43.0f + w->seconds * 16.0f;
        }
        read_tile(w->surf_lace, w->surf_size, u, v, fine, count);
    } else
        memset(fine, 0, sizeof fine);
    for (int i = 0; i < count; i++) {
        float white = 0.30f + (web[i] - 0.30f) * fading + (fine[i] - 0.30f) * lacy + trail[i] * 1.10f;
        float doubled = trail[i] * 2.0f;
        white = eased(0.86f, 1.41f, white) * (doubled < 1.0f ? doubled : 1.0f);
        s->foam[i] *= white > edge[i] ? white : edge[i];
    }
}

/* Where the pixels lie and what the water is like there. */
INLINE void fill_spots(const struct water *w, const struct row *row, const float *restrict column, long place,
                       struct spots *restrict s, int count, int more) {
    const float *restrict aside = column + w->width, *restrict ahead = column + 2 * (long)w->width;
    memset(s->sx, 0, sizeof s->sx), memset(s->sz, 0, sizeof s->sz), memset(s->foam, 0, sizeof s->foam);
    memcpy(s->calm, w->calm + place, sizeof(float) * (size_t)count);
    s->is_foamy = 0;
    for (int i = 0; i < count + more; i++) {
        s->x[i] = aside[i] * row->away;
        s->z[i] = ahead[i] * row->away;
    }
    if (w->nearer) /* the waves are drawn where they stand, not where the plane is */
        for (int i = 0; i < count + more; i++) {
            s->x[i] *= w->nearer[place + i];
            s->z[i] *= w->nearer[place + i];
        }
    for (int i = 0; i < count + more; i++) {
        s->x[i] += w->eye_x;
        s->z[i] += w->eye_z;
    }
    if (w->kind == LAPPING) lap(w, w->bed + place, s, count);
    if (w->kind == SWELL) swell(w, row, s, count, more);
    if (w->kind == SWASH) swash(w, row, w->bed + place, s, count);
    if (w->rain > 0.0f) strike(w, row, s, count);
    for (int k = 0; k < 2; k++)
        if (row->waves[k].strength > 0.0f)
            add_waves(w->tiles[(int)clamp(row->waves[k].number, 0.0f, 2.0f)], w->tile_size, row->waves[k].scale,
                      row->waves[k].shift, row->waves[k].strength, s->x, s->z, s->sx, s->sz, count);
    for (int i = 0; i < count; i++) {
        s->sx[i] *= s->calm[i];
        s->sz[i] *= s->calm[i];
    }
}

/* The pixels of a row from `place` on. */
INLINE void draw(const struct water *w, const struct row *row, const float *restrict column, long place,
                 struct spots *restrict s, int count, int more) {
    float seen[4 * BLOCK], share[BLOCK], glitter[BLOCK], body[BLOCK];
    const long width = w->width;
    fill_spots(w, row, column, place, s, count, more);
    reflect(w, row->down, column, s->sx, s->sz, seen, count);
    for (int i = 0; i < count; i++) {
        float gap = 1.0f - clamp(row->down * 1.04f + s->sz[i] * 0.9f, 0.0f, 1.0f), square = gap * gap;
        share[i] = (square * square * gap * 0.98f + 0.02f) * w->mirrors;
    }
    if (w->kind == SWASH)
        for (int i = 0; i < count; i++)
            share[i] *= 1.0f - 0.5f * s->bare[i];
    const int glitters = w->strict_x > 0.0f &&
                         add_glitter(w, row, column + 3 * width, column + 4 * width, s->sx, s->sz, glitter, count);
    for (int k = 0; k < 3; k++) {
        fill_body(w, row->thick, w->bed + place, body, k, count);
        if (w->kind == SWELL) /* light shines through the crests */
            for (int i = 0; i < count; i++) {
                float glow = 1.0f + s->lift[i] * 0.9f;
                body[i] *= glow > 0.35f ? glow : 0.35f;
            }
        blend(w, k, seen, share, body, glitters ? glitter : NULL, s->is_foamy ? s->foam : NULL, w->planes[k] + place,
              count);
    }
}

/* The rows from `top` up to `end`, of their columns those from `left` up to `right`; what land hides is drawn black. */
LOOP void lay_water(const struct water *w) {
    struct spots s;
    for (int row = w->top; row < w->end; row++)
        for (int column = w->left; column < w->right; column += BLOCK) {
            const int count = w->right - column < BLOCK ? w->right - column : BLOCK;
            const long place = (long)row * w->width + column;
            if (w->dry && is_dry(w->dry + place, count))
                for (int k = 0; k < 3; k++)
                    memset(w->planes[k] + place, 0, sizeof(float) * (size_t)count);
            else
                draw(w, w->rows + row, w->columns + column, place, &s, count, column + count < w->right);
        }
}
