/* Breakers on a beach (land/surf.py). */

#include "common.h"

/* How many of the `rows` of each column lie beyond its own limit. */
LOOP void count_beyond(const float *restrict out, const float *restrict limit, int rows, int width,
                       int32_t *restrict beyond) {
    memset(beyond, 0, sizeof(int32_t) * (size_t)width);
    for (int row = 0; row < rows; row++)
        for (int i = 0; i < width; i++) beyond[i] += out[(long)row * width + i] > limit[i];
}

/* `struct breaker` of land/surf.py: a standing front. Columns from `left` on, `count` of them: the rows of its foot, how
   many it rises, how much of it has broken, and metres along the beach. Rows from `first` up to `last` of planes that
   are `width` wide, the picture's row of their first being `top`. */
struct breaker {
    const float *foot, *lift, *broken, *along, *soft, *lace;
    float *planes[3];
    int32_t width, left, count, first, last, top, size, number;
    float foam[3], face[3];
};

/* Foam of a front, from which `shift` on. */
INLINE void read_front(const float *restrict tile, int size, const float *restrict along, const float *restrict down,
                       float across, float up, float shift, float *restrict web, int count) {
    float u[BLOCK], v[BLOCK];
    for (int i = 0; i < count; i++) {
        u[i] = along[i] * across;
        v[i] = down[i] * up + shift;
    }
    read_tile(tile, size, u, v, web, count);
}

LOOP void paint_breaker(const struct breaker *b) {
    float down[BLOCK], cover[BLOCK], soft[BLOCK], lace[BLOCK];
    for (int at = b->first; at < b->last; at++) {
        const float row = (float)(b->top + at) + 0.5f;
        for (int left = 0; left < b->count; left += BLOCK) {
            const int count = b->count - left < BLOCK ? b->count - left : BLOCK;
            const float *restrict foot = b->foot + left, *restrict lift = b->lift + left;
            const float *restrict broken = b->broken + left, *restrict along = b->along + left;
            int covered = 0;
            for (int i = 0; i < count; i++) {
                float under = row - foot[i] + lift[i];
                cover[i] = clamp(under + 0.5f, 0.0f, 1.0f) * clamp(foot[i] - row + 0.5f, 0.0f, 1.0f);
                cover[i] *= eased(0.3f, 1.5f, lift[i]);
                down[i] = under / (lift[i] > 0.3f ? lift[i] : 0.3f);
                covered += cover[i] > 0.0f;
            }
            if (!covered) continue;
            read_front(b->soft, b->size, along, down, 19.0f, 14.0f, (float)(b->number * 91), soft, count);
            read_front(b->lace, b->size, along, down, 15.0f, 9.0f, (float)(b->number * 53), lace, count);
            for (int k = 0; k < 3; k++) {
                float *restrict plane = b->planes[k] + (long)at * b->width + b->left + left;
                const float foam = b->foam[k], own = b->face[k];
                for (int i = 0; i < count; i++) {
                    float grain = soft[i] * 0.55f + lace[i] * 0.45f;
                    float white = clamp(broken[i] * 1.25f + eased(0.20f, 0.0f, down[i]) * 0.8f, 0.0f, 1.0f);
                    white = clamp(white + (grain - 0.42f) * 0.75f * broken[i], 0.0f, 1.0f);
                    float shape = 0.97f - 0.40f * eased(0.1f, 1.0f, down[i]) + (grain - 0.4f) * 0.36f;
                    float face = plane[i] * 0.55f + own * (0.35f + 0.65f * eased(0.75f, 0.05f, down[i]));
                    plane[i] += (face + (foam * shape - face) * white - plane[i]) * cover[i];
                }
            }
        }
    }
}
