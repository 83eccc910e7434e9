/* A city's fronts, roofs and streets, laid strip by strip over a sky, and their outlines softened (city/view.py). */

#include "common.h"

#define LANES 8    /* pixels of a strip at once */
#define COLUMNS 16 /* of the frame that are gathered before they are written: a cache line */
#define FIELDS 5   /* of a pixel: its light, its depth and its face */
#define GROUND 3.6f

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

/* LANES pixels of a front from `below` (rows under the horizon) on. */
INLINE void shade_front(const View *view, const Strip *s, const uint32_t *restrict cells, int width, int height,
                        float below, float *restrict red, float *restrict green, float *restrict blue) {
    const float pace = s->pace, half = s->span * 0.5f, gap = (1.0f - s->tall) * 0.5f, narrow = s->narrow;
    const float right = s->right, tangent = -4.2f / view->focal;
    const int32_t left = s->left, next = s->next;
    const int is_moon = view->is_moon > 0.0f;
    const float shade = view->has_shadows, open = is_moon ? 0.0f : 1.0f;
    const float glint = s->glint, code = view->lit_range / 65025.0f;
    float *restrict out[3] = {red, green, blue};
    for (int i = 0; i < LANES; i++) {
        float down = below + (float)i, metres = view->eye - down * pace, over = metres - GROUND;
        float v = over * s->storeys;
        float glass = (pulses_to(v + half, s->tall, gap) - pulses_to(v - half, s->tall, gap)) * narrow * s->across;
        float at_y = rintf(clamp(snapped(v, narrow) * s->map_pace + s->map_y, -2.0f, (float)height) * 32.0f) * 0.03125f;
        float whole = floorf(at_y), part = at_y - whole;
        int32_t row = within((int32_t)whole, height) * width, under = within((int32_t)whole + 1, height) * width;
        uint32_t a = cells[row + left], b = cells[row + next], c = cells[under + left], d = cells[under + next];
        float tone = texel(a, b, c, d, 24, right, part);
        tone *= tone * (1.0f / 65025.0f);
        float sunny = clamp((metres - s->shadow) * 0.14f + 0.5f, 0.0f, 1.0f);
        float clear = (0.72f + tone * 0.75f) * s->gloss * glass;
        float up = clamp(down * tangent + (tone - 0.3f) * 0.5f, 0.0f, 1.0f) * open;
        float sky = clamp((metres - s->horizon) * 0.0558f, 0.0f, 0.62f) + 0.30f;
        clear *= is_moon ? 1.0f : sky;
        float lamps = glass * s->glow * code, wall = 1.0f - glass;
        float flash = glint * clamp(tone * 2.0f - 0.5f, 0.0f, 1.0f) * glass * sunny;
        float deep = over * (-1.0f / 15.0f);
        float foot = exponential(deep < 1.0f / 3.0f ? deep : 1.0f / 3.0f) * wall;
        float shop = clamp(over * -0.24f + 1.3f, 0.0f, 1.0f) * s->shop;
        float crown = clamp((metres - s->crown_from) * 0.07f, 0.0f, 1.5f) * (1.0f - 0.65f * glass);
        float thin = exponential((metres > 0.0f ? metres : 0.0f) * (-1.0f / 140.0f)) * 0.55f + 0.45f;
        float seen = exponential(s->thin * thin);
        const float tint[3] = {1.0f, 0.72f, 0.42f};
        for (int k = 0; k < 3; k++) {
            float lit = texel(a, b, c, d, 8 * k, right, part);
            float light = (s->sunny[k] * sunny + s->shaded[k] * shade) * wall;
            light += (s->high_sky[k] * up + s->low_sky[k]) * clear + flash * view->sun[k] + lamps * lit * lit;
            light += (s->street * view->street[k] - 0.5f * s->shaded[k]) * foot + shop * tint[k] + crown * s->crown[k];
            out[k][i] = s->air[k] + (light - s->air[k]) * seen;
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

/* Columns that are done, from `page` (FIELDS columns each, LANES rows more at the top) to the frame. */
INLINE void turn_page(const float *restrict page, const int32_t *restrict firsts, int column, int width, int rows,
                      float *const *planes, int32_t *restrict seen) {
    const long step = (long)FIELDS * (rows + LANES);
    int wide = width - column < COLUMNS ? width - column : COLUMNS, top = rows, full = 0;
    for (int i = 0; i < wide; i++) {
        top = firsts[i] < top ? firsts[i] : top;
        full = firsts[i] > full ? firsts[i] : full;
    }
    for (int number = 0; number < (seen ? FIELDS : FIELDS - 1); number++) {
        float *restrict to = number < 4 ? planes[number] : (float *)seen; /* numbers are moved as they are */
        const float *restrict from = page + (long)number * (rows + LANES) + LANES;
        for (int row = top; row < rows; row++) {
            float *restrict line = to + (long)row * width + column;
            if (row >= full && wide == COLUMNS)
                for (int i = 0; i < COLUMNS; i++)
                    line[i] = from[i * step + row];
            else
                for (int i = 0; i < wide; i++)
                    if (row >= firsts[i]) line[i] = from[i * step + row];
        }
    }
}

/* Colour `count` strips, sorted by column, into three planes and a depth; `seen` may be null. `page` has room for
   COLUMNS × FIELDS × (rows + LANES) numbers; `airs` is 3 × width. A strip covers `counts` rows from `firsts`. */
LOOP void city_fill(const float *restrict shared, const float *restrict sides, const float *restrict airs,
                    const int32_t *restrict faces, const int32_t *restrict columns, const float *restrict depths,
                    const float *restrict shares, const float *restrict paces, const float *restrict tops,
                    const int32_t *restrict firsts, const int32_t *restrict counts, const uint8_t *restrict roofs,
                    int count, const uint32_t *restrict cells, int cells_width, int cells_height,
                    const float *restrict map, int map_width, int map_height, float *restrict page,
                    float *red, float *green, float *blue, float *depth, int32_t *seen, int width, int rows) {
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
        if (column - place != begun) {
            turn_page(page, edges, begun, width, rows, planes, seen);
            begun = column - place;
            for (int i = 0; i < COLUMNS; i++)
                edges[i] = rows;
        }
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
        for (int row = foot - LANES; row > first - LANES; row -= LANES)
            shade_front(&view, &strip, cells, cells_width, cells_height, (float)row + lift, own[0] + row, own[1] + row,
                        own[2] + row);
        float number_bits;
        memcpy(&number_bits, &faces[number], 4);
        for (int row = first; row < last; row++) {
            own[3][row] = strip.depth;
            own[4][row] = number_bits;
        }
    }
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
            float part = (near_right ? lefts[face] : rights[face]) - (float)(i + 1);
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

/* Turn all faces into the view: `turned` gets their ends (across, ahead; across, ahead), `lefts` and `rights` the pixels
   where they end, `spans` the columns from and up to which they are seen, and `counts` how many cross each column. */
LOOP void city_turn(const float *restrict x0, const float *restrict z0, const float *restrict x1,
                    const float *restrict z1, const float *restrict tops, const int32_t *restrict roofs, int count,
                    float x, float z, float cosine, float sine, float eye, float focal, float nearest,
                    float *restrict turned, float *restrict lefts, float *restrict rights, int32_t *restrict spans,
                    int32_t *restrict counts, int width) {
    const float middle = (float)width * 0.5f, most = (float)width;
    for (int i = 0; i < count; i++) {
        float ax = (x0[i] - x) * cosine - (z0[i] - z) * sine, az = (x0[i] - x) * sine + (z0[i] - z) * cosine;
        float bx = (x1[i] - x) * cosine - (z1[i] - z) * sine, bz = (x1[i] - x) * sine + (z1[i] - z) * cosine;
        float xa = middle + focal * ax / (az > nearest ? az : nearest);
        float xb = middle + focal * bx / (bz > nearest ? bz : nearest);
        lefts[i] = xa < xb ? xa : xb;
        rights[i] = xa < xb ? xb : xa;
        turned[4 * i] = ax;
        turned[4 * i + 1] = az;
        turned[4 * i + 2] = bx;
        turned[4 * i + 3] = bz;
        int is_away = ax * bz - bx * az > 0.0f;
        int shows = az > nearest && bz > nearest && (!is_away || roofs[i] == 2 || (roofs[i] == 1 && tops[i] < eye));
        spans[2 * i] = shows ? (int32_t)clamp(ceilf(lefts[i] - 0.5f), 0.0f, most) : 0;
        spans[2 * i + 1] = shows ? (int32_t)clamp(ceilf(rights[i] - 0.5f), 0.0f, most) : 0;
    }
    for (int i = 0; i < count; i++)
        for (int column = spans[2 * i]; column < spans[2 * i + 1]; column++)
            counts[column]++;
}

/* Where the look of a column (`px` its tangent) crosses a face: its share along it; the depth there comes back. */
INLINE float cross(const float *restrict ends, float px, float *share) {
    float dx = ends[2] - ends[0], dz = ends[3] - ends[1];
    *share = (px * ends[1] - ends[0]) / (dx - px * dz);
    return ends[1] + *share * dz;
}

/* Sorted by what is compared; few, and nearly in order. */
INLINE void sort_near_first(uint64_t *restrict keys, int count) {
    for (int i = 1; i < count; i++) {
        uint64_t key = keys[i];
        int at = i;
        for (; at > 0 && keys[at - 1] > key; at--)
            keys[at] = keys[at - 1];
        keys[at] = key;
    }
}

/* The strips that are seen of faces (as `city_turn` left them) and of `curtains` (four planes of width each: depth,
   share, pace, top), by column, near ones first; `total` gets their number. `starts`: where each column's crossings
   begin in `keys`, width + 1 of them. Each of the arrays that are written has room for all crossings. */
LOOP void city_look(const float *restrict turned, const int32_t *restrict spans, const float *restrict tops0,
                    const float *restrict tops1, int count, const float *restrict hung, int curtains,
                    int32_t *restrict starts, uint64_t *restrict keys, float eye, float focal, float horizon, int width,
                    int rows, int32_t *restrict faces, int32_t *restrict columns, float *restrict depths,
                    float *restrict shares, float *restrict paces, float *restrict tops, int32_t *restrict firsts,
                    int32_t *restrict counts, uint8_t *restrict roofs, int32_t *restrict total) {
    const float most = 524287.0f, step = 10.0f; /* of the order: depths in tenths of a metre */
    for (int number = 0; number < count + curtains; number++) {
        int is_face = number < count, from = is_face ? spans[2 * number] : 0;
        int until = is_face ? spans[2 * number + 1] : width;
        const float *restrict depth_of = hung + (long)(number - count) * 4 * width;
        for (int column = from; column < until; column++) {
            float px = ((float)column + (0.5f - (float)width * 0.5f)) / focal, share;
            float depth = is_face ? cross(turned + 4 * (long)number, px, &share) : depth_of[column];
            keys[starts[column]++] = (uint64_t)(uint32_t)clamp(depth * step, 0.0f, most) << 32 | (uint32_t)number;
        }
    }
    int found = 0; /* now each column ends where it began, or where the one before ends */
    for (int column = 0; column < width; column++) {
        uint64_t *restrict own = keys + (column ? starts[column - 1] : 0);
        int many = starts[column] - (column ? starts[column - 1] : 0), lowest = (rows + 2) * 64, below = rows;
        float px = ((float)column + (0.5f - (float)width * 0.5f)) / focal;
        sort_near_first(own, many);
        for (int i = 0; i < many; i++) {
            int number = (int)(uint32_t)own[i], is_face = number < count;
            const float *restrict ends = turned + 4 * (long)number;
            const float *restrict curtain = hung + (long)(number - count) * 4 * width + column;
            float share = 0.0f, depth, top;
            if (is_face) {
                depth = cross(ends, px, &share);
                float high = tops0[number] + share * (tops1[number] - tops0[number]);
                top = horizon - (high - eye) * focal / depth;
            } else {
                depth = curtain[0];
                top = curtain[3L * width];
            }
            float edge = clamp(top, -1.0f, (float)rows);
            int level = (int)(edge * 64.0f);
            if (level >= lowest) continue;
            lowest = level;
            if (edge >= (float)rows) continue;
            faces[found] = number;
            columns[found] = column;
            depths[found] = depth;
            tops[found] = edge;
            firsts[found] = edge > 0.0f ? (int)edge : 0;
            counts[found] = below - firsts[found];
            below = firsts[found];
            if (is_face) {
                float dx = ends[2] - ends[0], dz = ends[3] - ends[1], across = dx - px * dz;
                shares[found] = share;
                paces[found] = fabsf((ends[1] * dx - ends[0] * dz) / focal / (across * across));
                roofs[found] = ends[0] * ends[3] - ends[2] * ends[1] > 0.0f;
            } else {
                shares[found] = curtain[width];
                paces[found] = curtain[2L * width];
                roofs[found] = 0;
            }
            found++;
        }
    }
    *total = found;
}
