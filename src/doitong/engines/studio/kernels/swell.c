/* Where looks meet the swell of the open sea (land/swell.py). */

#include "common.h"

#define STRIP 16    /* columns at a time: a strip of the walk stays in the nearest cache */
#define FARTHEST 1024
#define FEW 8       /* rows at a time: what is written one by one cannot be read by eights at once */

/* For `rows` × `width` pixels, at least STRIP wide, and a walk of 2 to FARTHEST `points`: how much nearer than the plane each look
   meets the sea (1 where it meets none that is raised), and the row of the highest point before. By point and column:
   metres of `rise`; by point: how far `away` it is, and the rows of the picture for a metre there (`scale`). By row:
   `plane`, what is met at `eye` metres above the water is divided by. `level` is the row of the horizon. */
LOOP void meet_swell(const float *restrict rise, const float *restrict away, const float *restrict scale, int points,
                     int width, int rows, float level, float eye, const float *restrict plane, float *restrict nearer,
                     float *restrict crest) {
    float line[FARTHEST * STRIP], highest[(FARTHEST + 1) * STRIP];
    for (int strip = 0; strip < width; strip += STRIP) {
        const int first = strip < width - STRIP ? strip : width - STRIP; /* the last may begin in the one before */
        float top[STRIP];
        int32_t next[STRIP];
        for (int i = 0; i < STRIP; i++) {
            top[i] = 1e30f;
            next[i] = 0;
            highest[points * STRIP + i] = -1e30f;
        }
        for (int point = 0; point < points; point++) {
            const float *restrict high = rise + (long)point * width + first;
            float *restrict at = line + point * STRIP, *restrict over = highest + point * STRIP;
            for (int i = 0; i < STRIP; i++) {
                at[i] = level + (eye - high[i]) * scale[point];
                top[i] = at[i] < top[i] ? at[i] : top[i];
                over[i] = top[i];
            }
        }
        for (int end = rows; end > 0; end -= FEW) {
            const int begin = end > FEW ? end - FEW : 0;
            int32_t found[FEW][STRIP]; /* the first point that stands as high as a row's middle */
            for (int row = end - 1; row >= begin; row--)
                for (int i = 0; i < STRIP; i++) {
                    while (highest[next[i] * STRIP + i] > (float)row) next[i]++;
                    found[row - begin][i] = next[i];
                }
            for (int row = begin; row < end; row++) {
                const float here = (float)row, lower = plane[row];
                float *restrict near = nearer + (long)row * width + first;
                float *restrict over = crest + (long)row * width + first;
                for (int i = 0; i < STRIP; i++) {
                    int32_t point = found[row - begin][i], after = point < 1 ? 1 : point;
                    after = after < points ? after : points - 1;
                    const int32_t place = after * STRIP + i;
                    float before = line[place - STRIP], gap = before - line[place];
                    float share = clamp((before - here) / (gap > 1e-4f ? gap : 1e-4f), 0.0f, 1.0f);
                    float one = away[after - 1], reached = one + (away[after] - one) * share;
                    near[i] = point < points ? reached * lower : 1.0f;
                    over[i] = highest[place - STRIP];
                }
            }
        }
    }
}
