/* A city's fronts, roofs and streets, laid strip by strip over a sky, and their outlines softened (city/view.py). */

#include "fours.h"

#define LANES 8    /* pixels of a strip at once */
#define COLUMNS 16 /* of the frame that are gathered before they are written: two cache lines */
#define FIELDS 5   /* of a pixel: its light, its depth and its face */
#define MOST 64    /* and at most */
#define GROUND 3.6f
#define NO_DEPTH 1e6f

/* What all strips share; `CityView` packs it in this order. Flags are 0 or 1. */
typedef struct {
    float eye, horizon, focal, middle; /* the lens; `middle` is where its columns' tangent is 0 */
    float x, z, cosine, sine, thinning; /* the pose and the air at the ground */
    float is_mirrored;
    float is_moon, has_shadows, has_crown, lit_range, cell_columns, glint, shops, lamp_pace;
    float street[3], sun[3], sky_horizon[3], sky_middle[3], sky_zenith[3], sky_glow[3], sun_x, sun_z;
    float roof[3], map_left, map_near, map_scale;
} View;

/* What a face is clad in; `Fronts` packs it in this order. Of the two scales the second is the mirror's. */
typedef struct {
    float cells, shift, wide, tall, storeys, storey, gloss, glow, crown[3], crown_from, shaded[3], sunny[3], tint[3],
        neon[3], nx, nz, scale_x[2], left[2], scale_y[2], top[2], shade, base, far, window, shadows[12];
} Side;

/* What the pixels of one strip share. */
typedef struct {
    float map_x, map_y, map_pace, storeys, span, tall, across, gloss, shaded[3], sunny[3], shadow, low_sky[3],
        high_sky[3], horizon, glow, crown[3], crown_from, glint, shop, street, air[3], thin, depth, base, level,
        on_ground, pace, narrow, right;
    int32_t left, next;
} Strip;

INLINE float pulses_to(float at, float share, float gap) {
    float whole = floorf(at);
    return whole * share + clamp(at - whole - gap, 0.0f, share);
}

/* Mean over `span` around `at` of a pulse that fills the middle `share` of every unit. */
INLINE float pulse(float at, float span, float share) {
    float half = span * 0.5f, gap = (1.0f - share) * 0.5f;
    return (pulses_to(at + half, share, gap) - pulses_to(at - half, share, gap)) / span;
}

/* Where to read the sheet for the mean over `span` of cells with hard edges. */
INLINE float snapped(float at, float narrow) {
    float line = rintf(at);
    return line + clamp((at - line) * narrow, -0.5f, 0.5f);
}

INLINE int32_t within(int32_t at, int32_t size) {
    at = at < size ? at : size - 1;
    return at > 0 ? at : 0;
}

INLINE float texel(uint32_t a, uint32_t b, uint32_t c, uint32_t d, int shift, float right, float down) {
    float upper = (float)(int32_t)(a >> shift & 255), lower = (float)(int32_t)(c >> shift & 255);
    upper += ((float)(int32_t)(b >> shift & 255) - upper) * right;
    lower += ((float)(int32_t)(d >> shift & 255) - lower) * right;
    return floorf(upper + (lower - upper) * down + 0.5f); /* a byte again, as OpenCV reads it */
}

/* What the glass mirrors low and high in the sky, and how much of the sun a pane may flash that hangs a little askew. */
INLINE void mirror_sky(const View *view, const Side *side, float px, int is_far, Strip *strip) {
    float scale = 1.0f / sqrtf(1.0f + px * px);
    float dx = (view->sine + px * view->cosine) * scale, dz = (view->cosine - px * view->sine) * scale;
    float head_on = dx * side->nx + dz * side->nz;
    float rx = dx - 2.0f * head_on * side->nx, rz = dz - 2.0f * head_on * side->nz;
    float away = 2.0f - 2.0f * (rx * view->sun_x + rz * view->sun_z);
    float glow = exponential(sqrtf(away > 0.0f ? away : 0.0f) * (-1.0f / 0.55f));
    float slant = 1.0f + clamp(head_on, -1.0f, 0.0f);
    strip->gloss = is_far ? 0.5f : side->gloss * (0.50f + 0.45f * slant * slant * slant);
    strip->glint = is_far ? 0.0f : glow * glow * strip->gloss * view->glint;
    for (int k = 0; k < 3; k++) {
        float low = view->sky_horizon[k] * 0.85f + view->sky_glow[k] * glow * 0.9f;
        float high = view->sky_middle[k] * 0.55f + view->sky_zenith[k] * 0.45f + view->sky_glow[k] * glow * 0.35f;
        int is_moon = view->is_moon > 0.0f; /* by the moon what the glass mirrors is too dark to have a shape */
        strip->low_sky[k] = (is_moon ? low * 0.4f + high * 0.3f : low) * side->tint[k];
        strip->high_sky[k] = is_moon ? 0.0f : (high - low) * side->tint[k];
    }
}

INLINE float shadow_at(const Side *side, float share) {
    float at = clamp(share * 12.0f - 0.5f, 0.0f, 10.999f);
    int first = (int)at;
    return side->shadows[first] + (side->shadows[first + 1] - side->shadows[first]) * (at - (float)first);
}

/* What the pixels of a strip share: `Fronts.coat` for one of them. `share` is where along its face it stands. */
INLINE void coat(const View *view, const Side *side, int face, float depth, float share, float pace, float px,
                 Strip *strip) {
    const int is_far = side->far > 0.0f, mirrored = view->is_mirrored > 0.0f;
    float along = share * side->cells, footprint = pace * side->cells;
    footprint = footprint > 0.02f ? footprint : 0.02f;
    strip->across = pulse(along, footprint, side->wide);
    if (is_far) { /* plain skylines have windows of their own, side by side over their whole length */
        float wide = side->window > 1.0f ? side->window : 1.0f, most = view->cell_columns - 2.0f;
        along = share / wide;
        along -= floorf(along / most) * most;
        footprint = pace / wide > 0.02f ? pace / wide : 0.02f;
        strip->across = side->window > 0.0f ? 0.45f : 0.0f;
    }
    along += side->shift;
    strip->map_x = snapped(along, 1.0f / footprint) * side->scale_x[mirrored] + side->left[mirrored] - 0.5f;
    strip->map_pace = side->scale_y[mirrored];
    strip->map_y = side->storey * strip->map_pace + side->top[mirrored] - 0.5f;
    strip->storeys = side->storeys;
    strip->span = depth * side->storeys / view->focal;
    strip->span = strip->span > 0.02f ? strip->span : 0.02f;
    strip->tall = side->tall;
    float rim = (share < 1.0f - share ? share : 1.0f - share) / (pace > 1e-4f ? pace : 1e-4f);
    float tube = clamp(1.3f - rim, 0.0f, 0.8f) * view->has_crown;
    for (int k = 0; k < 3; k++) {
        strip->shaded[k] = side->shaded[k] + side->neon[k] * tube;
        strip->sunny[k] = view->has_shadows > 0.0f ? side->sunny[k] : side->sunny[k] + strip->shaded[k];
        strip->crown[k] = side->crown[k] * view->has_crown;
    }
    strip->shadow = is_far || view->has_shadows <= 0.0f ? -1e3f : shadow_at(side, share);
    mirror_sky(view, side, px, is_far, strip);
    float at = share * 2.6f + (float)face * 1.7f;
    strip->horizon = 26.0f + 7.5f * rintf((sinf(at) + sinf(at * 2.3f + 1.0f) * 0.6f) * 2.0f);
    strip->glow = side->glow;
    strip->crown_from = side->crown_from;
    strip->shop = is_far ? 0.0f : (sinf(share * 9.0f + side->shade) * 0.35f + 0.65f) * view->shops;
    float pool = 0.5f + 0.5f * cosf(share * view->lamp_pace); /* of lamp-light, along the quay */
    strip->street = !is_far ? 1.0f : side->far == 1.0f ? 0.10f + 0.5f * pool * pool * pool : 0.0f;
    strip->thin = depth * -view->thinning;
    strip->depth = depth;
}

/* Where in the sheet of windows the strip is read, in thirty-seconds of a texel, as OpenCV does. */
INLINE void place_strip(const View *view, int width, Strip *strip) {
    float at = rintf(clamp(strip->map_x, -1.0f, (float)width) * 32.0f) * 0.03125f;
    strip->right = at - floorf(at);
    strip->left = within((int32_t)floorf(at), width);
    strip->next = within((int32_t)floorf(at) + 1, width);
    strip->narrow = 1.0f / strip->span;
    strip->pace = strip->depth / view->focal;
}

/* Where the strip's face ends below, and how high what lies level before it is. */
INLINE void stand(const View *view, const Side *side, int is_roof, float top, Strip *strip) {
    strip->base = view->is_mirrored > 0.0f ? -1e9f : is_roof ? 1e5f : side->base;
    strip->on_ground = strip->base <= GROUND + 0.1f ? 1.0f : 0.0f;
    float edge = view->eye - (top - view->horizon) * strip->depth / view->focal;
    strip->level = strip->on_ground > 0.0f ? GROUND : is_roof ? edge : strip->base;
}

/* How much of each pixel is glass, and where in the sheet its window is. */
INLINE void find_windows(const View *view, const Strip *s, int width, int height, float below, float *restrict glass,
                         int32_t *restrict rows, int32_t *restrict unders, float *restrict parts, int count) {
    const float pace = s->pace, half = s->span * 0.5f, gap = (1.0f - s->tall) * 0.5f, narrow = s->narrow;
    const float share = s->tall, across = s->narrow * s->across, storeys = s->storeys, eye = view->eye - GROUND;
    const float map_pace = s->map_pace, map_y = s->map_y, lowest = (float)height;
    for (int i = 0; i < count; i++) {
        float v = (eye - (below + (float)i) * pace) * storeys;
        glass[i] = (pulses_to(v + half, share, gap) - pulses_to(v - half, share, gap)) * across;
        float at = rintf(clamp(snapped(v, narrow) * map_pace + map_y, -2.0f, lowest) * 32.0f) * 0.03125f;
        float whole = floorf(at);
        parts[i] = at - whole;
        rows[i] = within((int32_t)whole, height) * width;
        unders[i] = within((int32_t)whole + 1, height) * width;
    }
}

INLINE void read_windows(const Strip *s, const uint32_t *restrict cells, const int32_t *restrict rows,
                         const int32_t *restrict unders, const float *restrict parts, float (*restrict lit)[MOST],
                         int count) {
    const uint32_t *restrict left = cells + s->left, *restrict next = cells + s->next;
    const float right = s->right;
    for (int i = 0; i < count; i++) {
        uint32_t a = left[rows[i]], b = next[rows[i]], c = left[unders[i]], d = next[unders[i]];
        for (int k = 0; k < 4; k++)
            lit[k][i] = texel(a, b, c, d, 8 * k, right, parts[i]);
    }
}

/* Pixels of a front from `below` (rows under the horizon) on; `count` is a multiple of LANES, at most MOST. */
INLINE void shade_front(const View *view, const Strip *s, const uint32_t *restrict cells, int width, int height,
                        float below, float *const *out, int count) {
    float glass[MOST], parts[MOST], clear[MOST], flash[MOST], sunny[MOST], foot[MOST], shop[MOST], crown[MOST];
    float seen[MOST], up[MOST], lit[4][MOST];
    int32_t rows[MOST], unders[MOST];
    find_windows(view, s, width, height, below, glass, rows, unders, parts, count);
    read_windows(s, cells, rows, unders, parts, lit, count);
    const float eye = view->eye, pace = s->pace, gloss = s->gloss, horizon = s->horizon, tangent = -4.2f / view->focal;
    const float open = view->is_moon > 0.0f ? 0.0f : 1.0f, closed = 1.0f - open, glint = s->glint, shadow = s->shadow;
    for (int i = 0; i < count; i++) {
        float down = below + (float)i, metres = eye - down * pace, tone = lit[3][i] * lit[3][i] * (1.0f / 65025.0f);
        float sky = clamp((metres - horizon) * 0.0558f, 0.0f, 0.62f) + 0.30f;
        sunny[i] = clamp((metres - shadow) * 0.14f + 0.5f, 0.0f, 1.0f);
        up[i] = clamp(down * tangent + (tone - 0.3f) * 0.5f, 0.0f, 1.0f);
        clear[i] = (0.72f + tone * 0.75f) * gloss * glass[i] * (sky * open + closed);
        flash[i] = clamp(tone * 2.0f - 0.5f, 0.0f, 1.0f) * glass[i] * sunny[i] * glint;
    }
    const float crown_from = s->crown_from, shops = s->shop, thin = s->thin;
    for (int i = 0; i < count; i++) { /* down between the houses: less of the sky, lamps, shops; light on the tops */
        float metres = eye - (below + (float)i) * pace, over = metres - GROUND;
        foot[i] = exponential(clamp(over * (-1.0f / 15.0f), -80.0f, 1.0f / 3.0f)) * (1.0f - glass[i]);
        shop[i] = clamp(over * -0.24f + 1.3f, 0.0f, 1.0f) * shops;
        crown[i] = clamp((metres - crown_from) * 0.07f, 0.0f, 1.5f) * (1.0f - 0.65f * glass[i]);
    }
    for (int i = 0; i < count; i++) { /* the air before it, thinner higher up */
        float metres = eye - (below + (float)i) * pace;
        seen[i] = exponential(thin * (exponential(clamp(metres * (-1.0f / 140.0f), -80.0f, 0.0f)) * 0.55f + 0.45f));
    }
    const float lamps = s->glow * view->lit_range / 65025.0f, tint[3] = {1.0f, 0.72f, 0.42f};
    for (int k = 0; k < 3; k++) {
        float *restrict to = out[k];
        const float sun = s->sunny[k], shade = s->shaded[k] * view->has_shadows, high = s->high_sky[k] * open;
        const float low = s->low_sky[k], flashes = view->sun[k], air = s->air[k], top = s->crown[k], warm = tint[k];
        const float street = s->street * view->street[k] - 0.5f * s->shaded[k];
        for (int i = 0; i < count; i++) {
            float light = (sun * sunny[i] + shade) * (1.0f - glass[i]) + (high * up[i] + low) * clear[i];
            light += flash[i] * flashes + lamps * glass[i] * lit[k][i] * lit[k][i];
            light += street * foot[i] + shop[i] * warm + crown[i] * top;
            to[i] = air + (light - air) * seen[i];
        }
    }
}

/* LANES pixels of a flat roof or of the street before the foot of what a strip shows. */
INLINE void shade_level(const View *view, const Strip *s, const float *restrict map, int width, int height, float px,
                        float below, float *restrict red, float *restrict green, float *restrict blue) {
    const float fall = view->eye - s->level > 1.0f ? view->eye - s->level : 1.0f;
    const float aside = view->sine + px * view->cosine, ahead = view->cosine - px * view->sine;
    const int is_street = s->on_ground > 0.0f;
    float *restrict out[3] = {red, green, blue};
    for (int i = 0; i < LANES; i++) {
        float slope = (below + (float)i) / view->focal;
        float away = fall / (slope > 1e-4f ? slope : 1e-4f);
        away = away < s->depth ? away : s->depth;
        float clear = exponential(away * -view->thinning);
        float x = (view->x + aside * away - view->map_left) * view->map_scale;
        float y = (view->z + ahead * away - view->map_near) * view->map_scale;
        x = rintf(clamp(x, -1.0f, (float)width) * 32.0f) * 0.03125f;
        y = rintf(clamp(y, -1.0f, (float)height) * 32.0f) * 0.03125f;
        float column = floorf(x), row = floorf(y), right = x - column, down = y - row;
        int32_t left = within((int32_t)column, width) * 3, next = within((int32_t)column + 1, width) * 3;
        int32_t top = within((int32_t)row, height) * width * 3, under = within((int32_t)row + 1, height) * width * 3;
        for (int k = 0; k < 3; k++) {
            float flat = view->roof[k];
            if (is_street) {
                float upper = map[top + left + k], lower = map[under + left + k];
                upper += (map[top + next + k] - upper) * right;
                lower += (map[under + next + k] - lower) * right;
                flat = upper + (lower - upper) * down;
            }
            out[k][i] = s->air[k] + (flat - s->air[k]) * clear;
        }
    }
}

typedef int32_t four_ints __attribute__((vector_size(16)));

/* Four runs of four numbers, `step` apart, as rows that are `stride` apart; a column keeps what lies before its first, or
   has `nothing` there. */
INLINE void turn_square(const float *restrict from, long step, float *restrict to, long stride, four_ints firsts,
                        int row, const float *nothing) {
    four a = four_at(from), b = four_at(from + step), c = four_at(from + 2 * step), d = four_at(from + 3 * step);
    for (int i = 0; i < 4; i++) {
        four line = {a[i], b[i], c[i], d[i]}, kept = four_at(nothing ? nothing : to + i * stride);
        four_ints is_kept = firsts > row + i;
        line = (four)(((four_ints)line & ~is_kept) | ((four_ints)kept & is_kept));
        memcpy(to + i * stride, &line, sizeof line);
    }
}

/* A field of columns that are done, from `page` (LANES rows more at the top) to a plane; `nothing`: four numbers for the
   rows before what is seen, or null to keep what is there. */
INLINE void turn_field(const float *restrict page, const int32_t *restrict firsts, int wide, int top, int rows,
                       float *restrict to, long width, const float *nothing) {
    const long step = (long)FIELDS * (rows + LANES);
    int squares = wide & ~3, begin = top + (rows - top) % 4; /* what no square holds is moved one by one */
    for (int row = 0; row < top && nothing; row++)
        for (int i = 0; i < wide; i++)
            to[row * width + i] = *nothing;
    for (int row = top; row < rows; row++)
        for (int i = row < begin ? 0 : squares; i < wide; i++) {
            if (row >= firsts[i]) to[row * width + i] = page[i * step + row + LANES];
            else if (nothing) to[row * width + i] = *nothing;
        }
    for (int i = 0; i < squares; i += 4) {
        four_ints own = {firsts[i], firsts[i + 1], firsts[i + 2], firsts[i + 3]};
        for (int row = begin; row < rows; row += 4)
            turn_square(page + i * step + row + LANES, step, to + row * width + i, width, own, row, nothing);
    }
}

INLINE void turn_page(const float *restrict page, int32_t *restrict firsts, int column, int width, int rows,
                      float *const *planes, float *seen) {
    const int32_t no_face = -1;
    float far[4] = {NO_DEPTH, NO_DEPTH, NO_DEPTH, NO_DEPTH}, none[4];
    int wide = width - column < COLUMNS ? width - column : COLUMNS, top = rows;
    for (int i = 0; i < wide; i++)
        top = firsts[i] < top ? firsts[i] : top;
    for (int i = 0; i < 4; i++)
        memcpy(&none[i], &no_face, 4);
    for (int k = 0; k < 4; k++)
        turn_field(page + (long)k * (rows + LANES), firsts, wide, top, rows, planes[k] + column, width,
                   k == 3 ? far : 0);
    if (seen) turn_field(page + 4L * (rows + LANES), firsts, wide, top, rows, seen + column, width, none);
    for (int i = 0; i < COLUMNS; i++)
        firsts[i] = rows;
}

/* Colour `count` strips, sorted by column, into three planes and a depth; `seen` (the faces' numbers, as they are) may be
   null. `page` has room for COLUMNS × FIELDS × (rows + LANES) numbers; `airs` is 3 × width. A strip covers `counts` rows
   from `firsts`. */
LOOP void city_fill(const float *restrict shared, const float *restrict sides, const float *restrict airs,
                    const int32_t *restrict faces, const int32_t *restrict columns, const float *restrict depths,
                    const float *restrict shares, const float *restrict paces, const float *restrict tops,
                    const int32_t *restrict firsts, const int32_t *restrict counts, const uint8_t *restrict roofs,
                    int count, const uint32_t *restrict cells, int cells_width, int cells_height,
                    const float *restrict map, int map_width, int map_height, float *restrict page,
                    float *red, float *green, float *blue, float *depth, float *seen, int width, int rows) {
    View view;
    memcpy(&view, shared, sizeof view);
    float *planes[4] = {red, green, blue, depth};
    int32_t edges[COLUMNS];
    for (int i = 0; i < COLUMNS; i++)
        edges[i] = rows;
    int begun = 0;
    for (int number = 0; number < count; number++) {
        int column = columns[number], first = firsts[number], last = first + counts[number], place = column % COLUMNS;
        if (column < 0 || column >= width || first < 0 || last > rows || last <= first) continue;
        for (; begun < column - place; begun += COLUMNS)
            turn_page(page, edges, begun, width, rows, planes, seen);
        edges[place] = first < edges[place] ? first : edges[place];
        const float px = ((float)column + 0.5f - view.middle) / view.focal;
        Side side;
        Strip strip;
        memcpy(&side, sides + (long)faces[number] * (long)(sizeof side / sizeof(float)), sizeof side);
        coat(&view, &side, faces[number], depths[number], shares[number], paces[number], px, &strip);
        place_strip(&view, cells_width, &strip);
        stand(&view, &side, roofs[number], tops[number], &strip);
        for (int k = 0; k < 3; k++)
            strip.air[k] = airs[(long)k * width + column];
        const float lift = 0.5f - view.horizon, pace = strip.pace;
        int foot = last;
        while (foot > first && view.eye - ((float)(foot - 1) + lift) * pace < strip.base)
            foot--;
        float *restrict own[FIELDS];
        for (int k = 0; k < FIELDS; k++)
            own[k] = page + ((long)place * FIELDS + k) * (rows + LANES) + LANES;
        /* from below, so that what is written too much is written over by what lies farther */
        for (int row = last - LANES; row > foot - LANES; row -= LANES)
            shade_level(&view, &strip, map, map_width, map_height, px, (float)row + lift, own[0] + row, own[1] + row,
                        own[2] + row);
        for (int until = foot; until > first;) {
            int many = (until - first + LANES - 1) / LANES * LANES;
            many = many < MOST ? many : MOST;
            until -= many;
            float *const out[3] = {own[0] + until, own[1] + until, own[2] + until};
            shade_front(&view, &strip, cells, cells_width, cells_height, (float)until + lift, out, many);
        }
        float number_bits;
        memcpy(&number_bits, &faces[number], 4);
        for (int row = first; row < last; row++) {
            own[3][row] = strip.depth;
            own[4][row] = number_bits;
        }
    }
    for (; begun < width; begun += COLUMNS)
        turn_page(page, edges, begun, width, rows, planes, seen);
}

/* Blend the two pixels of a row beside every upright outline by where the nearer face ends between them. */
LOOP void city_soften_sides(float *restrict red, float *restrict green, float *restrict blue,
                            const float *restrict depth, const int32_t *restrict seen, const float *restrict lefts,
                            const float *restrict rights, int width, int rows) {
    float *planes[3] = {red, green, blue};
    for (int row = 0; row < rows; row++) {
        const float *restrict far = depth + (long)row * width;
        const int32_t *restrict faces = seen + (long)row * width;
        float kept[3] = {0.0f, 0.0f, 0.0f}; /* a pixel before the outline on its left changed it */
        int has_changed = 0;
        for (int i = 0; i < width - 1; i++) {
            if (faces[i] == faces[i + 1]) {
                has_changed = 0;
                continue;
            }
            int near_right = far[i + 1] < far[i], face = near_right ? faces[i + 1] : faces[i];
            float part = face < 0 ? 1.0f : (near_right ? lefts[face] : rights[face]) - (float)(i + 1);
            int is_cut = part >= -0.5f && part <= 0.5f;
            for (int k = 0; k < 3 && is_cut; k++) {
                float *restrict line = planes[k] + (long)row * width;
                float one = has_changed ? kept[k] : line[i], other = line[i + 1];
                if (!has_changed && part < 0.0f) line[i] = one - (other - one) * part;
                kept[k] = other;
                if (part > 0.0f) line[i + 1] = other + (one - other) * part;
            }
            has_changed = is_cut;
        }
    }
}

/* Blend each strip's first pixel with the one above by the share that the strip covers. */
LOOP void city_soften_tops(float *restrict red, float *restrict green, float *restrict blue,
                           const int32_t *restrict columns, const int32_t *restrict firsts,
                           const int32_t *restrict counts, const float *restrict tops, int count, int width, int rows) {
    float *planes[3] = {red, green, blue};
    for (int number = 0; number < count; number++) {
        int first = firsts[number], column = columns[number];
        if (counts[number] <= 0 || first <= 0 || first >= rows || column < 0 || column >= width) continue;
        float cover = clamp((float)(first + 1) - tops[number], 0.0f, 1.0f);
        for (int k = 0; k < 3; k++) {
            float *restrict spot = planes[k] + (long)first * width + column;
            float above = spot[-width];
            *spot = above + (*spot - above) * cover;
        }
    }
}
