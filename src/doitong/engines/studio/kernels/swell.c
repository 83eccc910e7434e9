/* Where looks meet the swell of the open sea (land/swell.py). */

#include "common.h"

#define STRIP 16    /* columns at a time: a strip of the walk stays in the nearest cache */
#define FARTHEST 1024

/* For `rows` × `width` pixels, columns of a walk of at most FARTHEST `points`: how much nearer than the plane each look
   meets the sea (1 where it meets none that is raised), and the row of the highest point before. By point and column:
   metres of `rise`; by point: how far `away` it is, and the rows of the picture for a metre there (`scale`). By row:
   `plane`, what is met at `eye` metres above the water is divided by. `level` is the row of the horizon. */
LOOP void meet_swell(const float *restrict rise, const float *restrict away, const float *restrict scale, int points,
                     int width, int rows, float level, float eye, const float *restrict plane, float *restrict nearer,
                     float *restrict crest) {
    static const float nowhere = -1e30f;
    float line[FARTHEST * STRIP], highest[(FARTHEST + 1) * STRIP];
    for (int first = 0; first < width; first += STRIP) {
        const int count = width - first < STRIP ? width - first : STRIP;
        float top[STRIP];
        int32_t next[STRIP];
        for (int i = 0; i < STRIP; i++) {
            top[i] = 1e30f;
            next[i] = 0;
            highest[points * STRIP + i] = nowhere;
        }
        for (int point = 0; point < points; point++)
            for (int i = 0; i < STRIP; i++) {
                float high = i < count ? rise[(long)point * width + first + i] : 0.0f;
                float at = level + (eye - high) * scale[point];
                top[i] = at < top[i] ? at : top[i];
                line[point * STRIP + i] = at;
                highest[point * STRIP + i] = top[i];
            }
        for (int row = rows - 1; row >= 0; row--) {
            const float here = (float)row, lower = plane[row];
            float *restrict near = nearer + (long)row * width + first, *restrict over = crest + (long)row * width + first;
            for (int i = 0; i < count; i++)
                while (highest[next[i] * STRIP + i] > here) next[i]++;
            for (int i = 0; i < count; i++) {
                int32_t after = next[i] < 1 ? 1 : next[i];
                after = after < points ? after : points - 1;
                float before = line[(after - 1) * STRIP + i], gap = before - line[after * STRIP + i];
                float share = clamp((before - here) / (gap > 1e-4f ? gap : 1e-4f), 0.0f, 1.0f);
                float reached = away[after - 1] + (away[after] - away[after - 1]) * share;
                near[i] = next[i] < points ? reached * lower : 1.0f;
                over[i] = highest[(after - 1) * STRIP + i];
            }
        }
    }
}
