/* What stands before and on a city's houses: poles on the roofs and the trees along the quay (city/lights.py,
   city/avenue.py). */

#include "fours.h"


/* Poles, each `(x, z, foot, top, width)` in metres, thinner towards the top: they cover each pixel that lies nowhere
   nearer (`depth`) by their share of it, in `colour`, with the air (`airs`: 3 × width) before it. */
LOOP void city_masts(const float *restrict masts, int count, const float *restrict colour, const float *restrict airs,
                     const float *restrict depth, float x, float z, float cosine, float sine, float eye, float focal,
                     float horizon, float thinning, float *red, float *green, float *blue, int width, int rows) {
    float *planes[3] = {red, green, blue};
    for (int number = 0; number < count; number++) {
        const float *restrict mast = masts + 5 * (long)number;
        float dx = mast[0] - x, dz = mast[1] - z, away = dx * sine + dz * cosine;
        if (!(away >= 20.0f)) continue;
        float scale = focal / away, middle = (float)width * 0.5f + (dx * cosine - dz * sine) * scale;
        float foot = horizon - (mast[2] - eye) * scale, top = horizon - (mast[3] - eye) * scale;
        float tall = foot - top > 1.0f ? foot - top : 1.0f;
        int first = (int)floorf(clamp(top, 0.0f, (float)rows)), last = (int)ceilf(clamp(foot, 0.0f, (float)rows));
        int left = (int)floorf(clamp(middle, -8.0f, (float)width + 8.0f) - 2.0f);
        int right = (int)floorf(clamp(middle, -8.0f, (float)width + 8.0f) + 3.0f);
        if (first >= last || left < 0 || right >= width) continue;
        float clear = exponential(-away * thinning), tones[3];
        for (int k = 0; k < 3; k++) {
            float air = airs[(long)k * width + left];
            tones[k] = air + (colour[k] - air) * clear;
        }
        for (int row = first; row < last; row++) {
            float share = clamp(((float)row + 0.5f - top) / tall, 0.0f, 1.0f);
            float half = mast[4] * scale * 0.5f * (0.25f + 0.75f * share);
            for (int column = left; column < right; column++) {
                long at = (long)row * width + column;
                float end = (float)column + 1.0f < middle + half ? (float)column + 1.0f : middle + half;
                float begin = (float)column > middle - half ? (float)column : middle - half;
                float cover = clamp(end - begin, 0.0f, 1.0f);
                if (cover <= 0.0f || !(depth[at] > away - 4.0f)) continue;
                for (int k = 0; k < 3; k++)
                    planes[k][at] += (tones[k] - planes[k][at]) * cover;
            }
        }
    }
}

/* A row of trees from an upright `strip` (four fields: light and cover, premultiplied; nothing lies around it), laid
   over three planes from row `first` to `last`, and over `depth` where it covers more than half. `places`: where each
   column is read across; `aways`: how far it stands. A row of the strip is `scale` pixels for a metre, its top at
   `highest` metres. */
LOOP void city_trees(const float *restrict strip, int strip_width, int strip_rows, const float *restrict places,
                     const float *restrict aways, const float *restrict airs, float highest, float scale, float eye,
                     float focal, float horizon, float thinning, float *red, float *green, float *blue,
                     float *restrict depth, int width, int first, int last) {
    float *planes[3] = {red, green, blue};
    float asides[BLOCK], clears[BLOCK];
    int32_t lefts[BLOCK];
    for (int begin = 0; begin < width; begin += BLOCK) {
        int count = width - begin < BLOCK ? width - begin : BLOCK;
        const float *restrict away = aways + begin;
        for (int i = 0; i < count; i++) {
            float x = rintf(clamp(places[begin + i], 0.0f, (float)(strip_width - 2)) * 32.0f) * 0.03125f;
            lefts[i] = (int32_t)x;
            asides[i] = x - floorf(x);
            clears[i] = exponential(-away[i] * thinning);
        }
        for (int row = first; row < last; row++)
            for (int i = 0; i < count; i++) {
                float height = eye - ((float)row + 0.5f - horizon) * away[i] / focal;
                float y = rintf(clamp((highest - height) * scale - 0.5f, -2.0f, (float)strip_rows) * 32.0f) * 0.03125f;
                int above = (int)floorf(y), below = above + 1;
                if (below < 0 || above >= strip_rows) continue;
                const float *restrict upper = strip + ((long)above * strip_width + lefts[i]) * 4;
                const float *restrict lower = upper + (long)strip_width * 4;
                four one = {0.0f, 0.0f, 0.0f, 0.0f}, other = one;
                if (above >= 0) one = four_at(upper) + (four_at(upper + 4) - four_at(upper)) * asides[i];
                if (below < strip_rows) other = four_at(lower) + (four_at(lower + 4) - four_at(lower)) * asides[i];
                one += (other - one) * (y - floorf(y));
                if (one[3] == 0.0f) continue;
                long at = (long)row * width + begin + i;
                for (int k = 0; k < 3; k++) {
                    float air = airs[(long)k * width + begin + i] * one[3];
                    planes[k][at] = planes[k][at] * (1.0f - one[3]) + air + (one[k] - air) * clears[i];
                }
                if (one[3] > 0.5f) depth[at] = away[i];
            }
    }
}
