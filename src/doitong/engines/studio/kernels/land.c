/* Land from a pose: projecting the mesh, which of its rows each pixel sees, and what a pixel's point looks like
   (view.py and shade.py, which say what all of it means). */

#include "common.h"

#define STRIP 32      /* columns that are looked at together: most rows rise above what is before them in few */
#define GAP 16        /* pixels that show no land but cost less than beginning anew */
#define WIDEST 8192
#define EDGE 1e-3f     /* of a cell: as near as one comes to the last, so that there is always one beyond */
#define NOTHING -1e4f

/* The mesh's rows as rows of the picture. By mesh row: `row`, `part`: where it lies between two rows of the grid; `ramp`,
   `offset`: from a column's sideways slope to the grid's column; `factor`: from metres to pixels. `curtain`: the
   outline of a mesh row that is none of the grid's, in `outlines`, else -1. Heights at most `dry` are wet. */
LOOP void land_project(const float *restrict heights, int grid_rows, int grid_columns, const int32_t *restrict row,
                       const float *restrict part, const float *restrict ramp, const float *restrict offset,
                       const float *restrict factor, const int32_t *restrict curtain, const float *restrict outlines,
                       const float *restrict aside, const float *restrict dz, float eye, float dry, float horizon,
                       int mirrored, int first, int rows, int width, float nowhere, float *restrict screen,
                       uint8_t *restrict wet) {
    const float last = (float)(grid_columns - 1) - EDGE;
    for (int m = 0; m < rows; m++) {
        float *restrict out = screen + (long)m * width;
        uint8_t *restrict under = wet + (long)m * width;
        if (m < first) {
            for (int i = 0; i < width; i++) out[i] = nowhere;
            memset(under, 0, (size_t)width);
            continue;
        }
        if (curtain[m] >= 0) {
            memcpy(out, outlines + (long)curtain[m] * width, sizeof(float) * (size_t)width);
        } else {
            const float *restrict above = heights + (long)row[m] * grid_columns;
            const float *restrict below = row[m] + 1 < grid_rows ? above + grid_columns : above;
            const float share = part[m], slope = ramp[m], shift = offset[m];
            for (int i = 0; i < width; i++) {
                float x = clamp(slope * aside[i] + shift, 0.0f, last);
                int32_t left = (int32_t)x;
                x -= (float)left;
                float one = above[left] + (above[left + 1] - above[left]) * x;
                float other = below[left] + (below[left + 1] - below[left]) * x;
                out[i] = one + (other - one) * share;
            }
        }
        const float scale = -factor[m];
        for (int i = 0; i < width; i++) {
            float height = out[i];
            under[i] = height <= dry;
            float seen = mirrored ? (height <= 0.0f ? NOTHING : height + eye) : height - eye;
            out[i] = seen * scale * dz[i] + horizon;
        }
    }
}

/* An upright outline's heights along a row that looks from `x` sideways by `ahead` × `aside`; wind moves it by `sway` of its
   own steps. */
LOOP void land_outline(const float *restrict tops, int size, float start, float pace, float sway, float turned, float x,
                       float ahead, const float *restrict aside, int width, float *restrict out) {
    for (int i = 0; i < width; i++) {
        float across = x + ahead * aside[i], at = (across - start) * pace;
        if (sway > 0.0f) {
            float turn = across * 0.9f - turned;
            at += (sinf(turn) + 0.5f * sinf(turn * 2.7f)) * sway;
        }
        at = clamp(at, 0.0f, (float)(size - 1));
        int32_t first = (int32_t)at, next = first + (first < size - 1);
        out[i] = tops[first] + (tops[next] - tops[first]) * (at - (float)first);
    }
}

/* Which of the mesh rows `start` … `stop` each pixel sees (`nothing` for none), and whether that is above water: near rows
   first, each marks where it rises above those before it, and the nearest mark from above on is what is seen. */
LOOP void land_scan(const float *restrict screen, const uint8_t *restrict wet, int start, int stop, int rows, int width,
                    int nothing, uint16_t *restrict seen, uint8_t *restrict shows) {
    int32_t lows[WIDEST], tops[STRIP];
    for (int i = 0; i < width; i++) lows[i] = rows;
    for (long i = 0; i < (long)rows * width; i++) seen[i] = (uint16_t)(2 * nothing);
    for (int m = start; m < stop; m++) {
        const float *restrict place = screen + (long)m * width;
        const uint8_t *restrict under = wet + (long)m * width;
        for (int first = 0; first < width; first += STRIP) {
            int count = first + STRIP < width ? STRIP : width - first, rises = 0;
            for (int i = 0; i < count; i++) {
                tops[i] = (int32_t)clamp(place[first + i], 0.0f, (float)rows);
                rises |= tops[i] < lows[first + i];
            }
            for (int i = 0; rises && i < count; i++) {
                if (tops[i] >= lows[first + i]) continue;
                seen[(long)tops[i] * width + first + i] = (uint16_t)(2 * m + under[first + i]); /* odd: water */
                lows[first + i] = tops[i];
            }
        }
    }
    for (int row = 1; row < rows; row++) {
        uint16_t *restrict here = seen + (long)row * width, *restrict above = here - width;
        for (int i = 0; i < width; i++) here[i] = here[i] < above[i] ? here[i] : above[i];
    }
    for (long i = 0; i < (long)rows * width; i++) {
        shows[i] = (uint8_t)(!(seen[i] & 1) & (seen[i] < 2 * nothing));
        seen[i] >>= 1;
    }
}

/* One look at one world; the same fields stand in shade.py. Tables go by the number of the mesh row. */
struct land {
    const uint16_t *seen; /* `rows` × `width`, from the picture's row `top` on */
    const uint8_t *shows;
    const float *screen, *aside, *dz, *air; /* `air`: (3, width) the colour that distance turns to */
    const int32_t *lower, *upper;           /* where in `screen` the mesh row before, and the row itself, begin */
    const float *row_from, *row_span, *depth_from, *depth_span;
    const uint8_t *lit; /* (grid_rows, grid_columns, 4) */
    const float *texture, *grain, *blend, *strength;
    const uint8_t *is_curtain;
    const float *curtain_start, *curtain_pace, *curtain_colours; /* colours: six tables, root and top by red, green, blue */
    const int32_t *curtain_first, *curtain_last;
    const float *samples;   /* shade, foot, 1 / height and nothing, for each sample of all curtains */
    const float *thickness; /* by the upper half of a height */
    float *red, *green, *blue, *land, *x, *depth, *away, *height; /* what comes out, from the column `left` on */
    int32_t rows, width, left, right, top, nothing, grid_rows, grid_columns, texture_size, table;
    int32_t is_mirrored, is_rough, is_finished; /* unfinished: every pixel, with where it lies, and no haze yet */
    float eye_x, eye_y, eye_z, horizon, focal, apex, scale, middle, lit_range, bank;
};

struct points {
    float x[BLOCK], depth[BLOCK], away[BLOCK], height[BLOCK], column[BLOCK], row[BLOCK];
    float colour[3][BLOCK], land[BLOCK];
};

/* Where each pixel of a block lies: between the mesh row it sees and the one before. */
INLINE void locate(const struct land *restrict l, struct points *restrict p, int row, int first, int count) {
    const uint16_t *restrict seen = l->seen + (long)row * l->width + first;
    const float at = (float)(l->top + row) + 0.5f, rise = (l->horizon - at) / l->focal;
    const float *restrict screen = l->screen;
    const float *restrict aside = l->aside + first, *restrict dz = l->dz + first;
    const int32_t *restrict lower = l->lower, *restrict upper = l->upper;
    const float *restrict depth_from = l->depth_from, *restrict depth_span = l->depth_span;
    const float *restrict row_from = l->row_from, *restrict row_span = l->row_span;
    const float eye_x = l->eye_x, eye_z = l->eye_z, apex = l->apex, scale = l->scale, middle = l->middle;
    const float foot = l->is_mirrored ? -l->eye_y : l->eye_y, bank = l->is_mirrored ? l->bank : 0.0f;
    const int32_t last = l->nothing - 1;
    for (int i = 0; i < count; i++) {
        int32_t m = seen[i] < last ? seen[i] : last;
        float low = screen[lower[m] + first + i], high = screen[upper[m] + first + i];
        float gap = low - high > 1e-3f ? low - high : 1e-3f;
        float share = clamp((low - at) / gap, 0.0f, 1.0f);
        float depth = depth_from[m] + depth_span[m] * share, ahead = depth - eye_z;
        float x = ahead * aside[i] + eye_x, away = ahead / dz[i], height = away * rise + foot;
        p->x[i] = x, p->depth[i] = depth, p->away[i] = away, p->height[i] = height;
        p->column[i] = x / (depth + apex) * scale + middle;
        p->row[i] = row_from[m] + row_span[m] * share + (height < 1.0f ? bank : 0.0f);
    }
}

INLINE float byte_at(uint32_t texel, int number) { return (float)(int32_t)(texel >> (8 * number) & 255); }

/* The colour of the grid there, which holds square roots of light, and the share of land. */
INLINE void colour(const struct land *restrict l, struct points *restrict p, int row, int first, int count) {
    const uint16_t *restrict seen = l->seen + (long)row * l->width + first;
    const int32_t columns = l->grid_columns, nothing = l->nothing;
    const float last_column = (float)(columns - 1) - EDGE, last_row = (float)(l->grid_rows - 1) - EDGE;
    const uint32_t *restrict texels = (const uint32_t *)(const void *)l->lit;
    const float unit = sqrtf(l->lit_range) / 255.0f, whole = l->is_mirrored ? 255.0f : 0.0f;
    int32_t places[BLOCK];
    float right[BLOCK], down[BLOCK];
    uint32_t above[2 * BLOCK], below[2 * BLOCK];
    for (int i = 0; i < count; i++) {
        float x = clamp(p->column[i], 0.0f, last_column), y = clamp(p->row[i], 0.0f, last_row);
        int32_t column = (int32_t)x, line = (int32_t)y;
        right[i] = x - (float)column, down[i] = y - (float)line;
        places[i] = line * columns + column;
    }
    for (int i = 0; i < count; i++) {
        memcpy(above + 2 * i, texels + places[i], 8);
        memcpy(below + 2 * i, texels + places[i] + columns, 8);
    }
    for (int i = 0; i < count; i++) {
        uint32_t a = above[2 * i], b = above[2 * i + 1], c = below[2 * i], d = below[2 * i + 1];
        float value[4];
        for (int k = 0; k < 4; k++) {
            float one = byte_at(a, k) + (byte_at(b, k) - byte_at(a, k)) * right[i];
            float two = byte_at(c, k) + (byte_at(d, k) - byte_at(c, k)) * right[i];
            value[k] = one + (two - one) * down[i];
        }
        for (int k = 0; k < 3; k++) p->colour[k][i] = (value[k] * unit) * (value[k] * unit);
        float land = value[3] > whole ? value[3] : whole;
        p->land[i] = seen[i] < nothing ? land * (1.0f / 255.0f) : 0.0f;
    }
}

/* Curtains: their own colours, from the foot to the top. */
INLINE void hang(const struct land *restrict l, struct points *restrict p, int row, int first, int count) {
    const uint16_t *restrict seen = l->seen + (long)row * l->width + first;
    for (int i = 0; i < count; i++) {
        int32_t m = seen[i];
        if (m >= l->nothing || !l->is_curtain[m]) continue;
        float at = (p->x[i] - l->curtain_start[m]) * l->curtain_pace[m];
        int32_t place = (int32_t)(at > 0.0f ? at : 0.0f) + l->curtain_first[m];
        const float *sample = l->samples + 4 * (place < l->curtain_last[m] ? place : l->curtain_last[m]);
        float rise = clamp((p->height[i] - sample[1]) * sample[2], 0.0f, 1.0f);
        for (int k = 0; k < 3; k++) {
            float root = l->curtain_colours[k * l->table + m], top = l->curtain_colours[(k + 3) * l->table + m];
            p->colour[k][i] = (root + (top - root) * rise) * sample[0];
        }
        p->land[i] = l->is_mirrored ? p->land[i] : 1.0f;
    }
}

/* Texture finer than the grid, of two sizes; the tile comes twice each way, so that half of a place in it is one too. */
INLINE void roughen(const struct land *restrict l, struct points *restrict p, int row, int first, int count) {
    const uint16_t *restrict seen = l->seen + (long)row * l->width + first;
    const float *restrict grains = l->grain, *restrict blend = l->blend, *restrict strength = l->strength;
    float u[BLOCK], v[BLOCK], fine[BLOCK], coarse[BLOCK];
    for (int i = 0; i < count; i++) {
        float grain = grains[seen[i]];
        u[i] = p->x[i] * grain;
        v[i] = (p->depth[i] * 0.55f + p->height[i]) * grain;
    }
    read_tile(l->texture, l->texture_size, u, v, fine, count);
    for (int i = 0; i < count; i++) u[i] = u[i] * 0.5f - 1.0f, v[i] = v[i] * 0.5f - 1.0f; /* of a place with its rim */
    read_tile(l->texture, l->texture_size, u, v, coarse, count);
    for (int i = 0; i < count; i++) {
        int32_t m = seen[i];
        float tone = 1.0f + (fine[i] + (coarse[i] - fine[i]) * blend[m]) * strength[m];
        for (int k = 0; k < 3; k++) p->colour[k][i] *= tone;
    }
}

/* Haze by distance, thicker in the valleys. */
INLINE float cleared(const float *restrict thickness, float height, float away) {
    float left = thickness[upper_half(height)] * away;
    return exponential(left > -20.0f ? left : -20.0f);
}

INLINE void put(const struct land *restrict l, const struct points *restrict p, int row, int first, int count) {
    const long at = (long)row * (l->right - l->left) + first - l->left;
    const size_t bytes = sizeof(float) * (size_t)count;
    float *planes[3] = {l->red + at, l->green + at, l->blue + at}, clear[BLOCK];
    memcpy(l->land + at, p->land, bytes);
    if (l->height) memcpy(l->height + at, p->height, bytes);
    if (!l->is_finished) {
        memcpy(l->x + at, p->x, bytes), memcpy(l->depth + at, p->depth, bytes), memcpy(l->away + at, p->away, bytes);
        for (int k = 0; k < 3; k++) memcpy(planes[k], p->colour[k], bytes);
        return;
    }
    for (int i = 0; i < count; i++) clear[i] = cleared(l->thickness, p->height[i], p->away[i]);
    for (int k = 0; k < 3; k++) {
        const float *restrict air = l->air + (long)k * l->width + first;
        float *restrict out = planes[k];
        for (int i = 0; i < count; i++) out[i] = (p->colour[k][i] - air[i]) * clear[i] + air[i];
    }
}

INLINE void put_nothing(const struct land *restrict l, int row, int first, int count) {
    const long at = (long)row * (l->right - l->left) + first - l->left;
    float *planes[5] = {l->red, l->green, l->blue, l->land, l->height};
    for (int k = 0; k < 5; k++)
        if (planes[k]) memset(planes[k] + at, 0, sizeof(float) * (size_t)count);
}

/* Colours the pixels that show land, and those between them where the gap is short; the others become nothing. What is
   to be finished may look at its neighbours: there every pixel is coloured. */
LOOP void land_shade(const struct land *l) {
    struct points p;
    for (int row = 0; row < l->rows; row++) {
        const uint8_t *restrict shows = l->shows + (long)row * l->width;
        int first = l->left, end;
        while (first < l->right) {
            if (l->is_finished && !shows[first]) {
                for (end = first + 1; end < l->right && !shows[end];) end++;
                put_nothing(l, row, first, end - first);
                first = end;
                continue;
            }
            int stop = first + BLOCK < l->right ? first + BLOCK : l->right;
            end = first + 1;
            for (int i = end; i < stop && (!l->is_finished || i < end + GAP); i++)
                if (shows[i] || !l->is_finished) end = i + 1;
            locate(l, &p, row, first, end - first);
            colour(l, &p, row, first, end - first);
            hang(l, &p, row, first, end - first);
            if (l->is_rough) roughen(l, &p, row, first, end - first);
            put(l, &p, row, first, end - first);
            first = end;
        }
    }
}

/* Haze over `rows` × `width` pixels that were finished after `land_shade`, in place. */
LOOP void land_fade(const float *restrict thickness, const float *restrict air, const float *restrict away,
                    const float *restrict height, float *restrict red, float *restrict green, float *restrict blue,
                    int rows, int width) {
    float *planes[3] = {red, green, blue}, clear[WIDEST];
    for (int row = 0; row < rows; row++) {
        long at = (long)row * width;
        for (int i = 0; i < width; i++) clear[i] = cleared(thickness, height[at + i], away[at + i]);
        for (int k = 0; k < 3; k++) {
            const float *restrict haze = air + (long)k * width;
            float *restrict plane = planes[k] + at;
            for (int i = 0; i < width; i++) plane[i] = (plane[i] - haze[i]) * clear[i] + haze[i];
        }
    }
}

/* `over` laid on `count` pixels of a plane by its share. */
LOOP void lay_over(float *restrict under, const float *restrict over, const float *restrict share, int count) {
    for (int i = 0; i < count; i++) under[i] += (over[i] - under[i]) * share[i];
}

/* A plant's drawing (height × width × 4, premultiplied, with an empty rim) laid on the area from (left, top) where what is
   seen stands at mesh row `behind` or further. `way`: from pixels of the area to the drawing, 2 × 3; `tone`: what red,
   green and blue are multiplied by, what of the cover is added to each, and what the cover is multiplied by. */
LOOP void plant_lay(float *restrict red, float *restrict green, float *restrict blue, const uint16_t *restrict seen,
                    int stride, int left, int top, int right, int bottom, int behind, const float *restrict drawing,
                    int height, int width, const float *restrict way, const float *restrict tone) {
    float *planes[3] = {red, green, blue};
    for (int row = top; row < bottom; row++) {
        float x0 = way[1] * (float)(row - top) + way[2], y0 = way[4] * (float)(row - top) + way[5];
        for (int column = left; column < right; column++) {
            long at = (long)row * stride + column;
            float x = way[0] * (float)(column - left) + x0, y = way[3] * (float)(column - left) + y0;
            if (seen[at] < behind || !(x >= 0.0f && y >= 0.0f && x < (float)(width - 1) && y < (float)(height - 1))) continue;
            int32_t across = (int32_t)x, down = (int32_t)y;
            const float *above = drawing + 4 * ((long)down * width + across), *below = above + 4 * width;
            x -= (float)across, y -= (float)down;
            float value[4];
            for (int k = 0; k < 4; k++) {
                float one = above[k] + (above[k + 4] - above[k]) * x, other = below[k] + (below[k + 4] - below[k]) * x;
                value[k] = one + (other - one) * y;
            }
            if (value[3] <= 0.0f) continue;
            for (int k = 0; k < 3; k++)
                planes[k][at] += value[k] * tone[k] + value[3] * (tone[k + 3] - tone[6] * planes[k][at]);
        }
    }
}
