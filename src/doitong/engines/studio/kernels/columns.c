/* Which part of a city each column of the frame sees (city/columns.py). */

#include "common.h"

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
