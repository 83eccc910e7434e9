/* From light to bytes: exposure with its vignette, the film's curves, grain, and BT.709 planes (grade.py). */

#include "common.h"

#define WIDEST 8192
#define SIDE 8 /* of the squares that bloom is made from */

/* Shares of Y that red, green and blue add: `curves` has three tables by the upper half of the light. */
INLINE void share_row(const float *restrict light, const float *restrict vignette, const float *restrict curve,
                      float *restrict share, int width) {
    for (int i = 0; i < width; i++)
        share[i] = curve[upper_half(light[i] * vignette[i])];
}

INLINE uint8_t byte_of(float x, float low, float high) { return (uint8_t)(int32_t)clamp(x, low, high); }

/* U and V of the means of two by two pixels; `chroma`: what the own share, and what Y, count in U, then in V. */
INLINE void chroma_row(float (*restrict shares)[3][WIDEST], const float *restrict chroma, uint8_t *restrict u,
                       uint8_t *restrict v, int width) {
    const float u_own = chroma[0], u_all = chroma[1], v_own = chroma[2], v_all = chroma[3];
    for (int i = 0; i < width; i++) {
        float mean[3];
        for (int k = 0; k < 3; k++)
            mean[k] = 0.25f * (shares[0][k][2 * i] + shares[0][k][2 * i + 1] + shares[1][k][2 * i] +
                               shares[1][k][2 * i + 1]);
        float bright = mean[0] + mean[1] + mean[2];
        u[i] = byte_of(mean[2] * u_own - bright * u_all + 128.5f, 16.0f, 240.0f);
        v[i] = byte_of(mean[0] * v_own - bright * v_all + 128.5f, 16.0f, 240.0f);
    }
}

/* A frame of even size, at most WIDEST wide. `grain` (with black in it) repeats every `grain_rows` rows and is read from
   row `down` and column `right` on. */
LOOP void grade_frame(const float *restrict red, const float *restrict green, const float *restrict blue,
                      const float *restrict vignette, const float *restrict grain, int grain_step,
                      int grain_rows, int down, int right, const float *restrict curves, const float *restrict chroma, uint8_t *restrict luma,
                      uint8_t *restrict u, uint8_t *restrict v, int width, int height) {
    float shares[2][3][WIDEST];
    const float *lights[3] = {red, green, blue};
    for (int row = 0; row < height; row++) {
        long at = (long)row * width;
        float(*restrict own)[WIDEST] = shares[row & 1];
        for (int i = 0; i < 3; i++)
            share_row(lights[i] + at, vignette + at, curves + ((long)i << 16), own[i], width);
        const float *restrict dust = grain + (long)((down + row) % grain_rows) * grain_step + right;
        for (int i = 0; i < width; i++)
            luma[at + i] = byte_of(own[0][i] + own[1][i] + own[2][i] + dust[i], 16.0f, 235.0f);
        if (row & 1)
            chroma_row(shares, chroma, u + (long)(row / 2) * (width / 2), v + (long)(row / 2) * (width / 2), width / 2);
    }
}

/* The same before it is enlarged: shares of red, green and blue as three planes, and their sum in 256ths of a step. */
LOOP void grade_draft(const float *restrict red, const float *restrict green, const float *restrict blue,
                      const float *restrict vignette, const float *restrict curves, float *restrict shares,
                      uint16_t *restrict bright, int width, int height) {
    const float *lights[3] = {red, green, blue};
    const long size = (long)width * height;
    for (int row = 0; row < height; row++) {
        long at = (long)row * width;
        for (int i = 0; i < 3; i++)
            share_row(lights[i] + at, vignette + at, curves + ((long)i << 16), shares + i * size + at, width);
        for (int i = 0; i < width; i++)
            bright[at + i] = (uint16_t)(int32_t)((shares[at + i] + shares[size + at + i] + shares[2 * size + at + i]) * 256.0f);
    }
}

/* U and V of `count` pixels from their shares, three planes one behind the other. */
LOOP void grade_chroma(const float *restrict shares, const float *restrict chroma, uint8_t *restrict u,
                       uint8_t *restrict v, int count) {
    const float u_own = chroma[0], u_all = chroma[1], v_own = chroma[2], v_all = chroma[3];
    const float *restrict green = shares + count, *restrict blue = shares + 2L * count;
    for (int i = 0; i < count; i++) {
        float whole = shares[i] + green[i] + blue[i];
        u[i] = byte_of(blue[i] * u_own - whole * u_all + 128.5f, 16.0f, 240.0f);
        v[i] = byte_of(shares[i] * v_own - whole * v_all + 128.5f, 16.0f, 240.0f);
    }
}

/* Grain laid on what was enlarged, both in 256ths of a step; it stays in range where the enlarging overshot. */
LOOP void grade_dust(const uint16_t *restrict bright, const uint16_t *restrict grain, int grain_step, int grain_rows,
                     int down, int right, uint8_t *restrict luma, int width, int height) {
    for (int row = 0; row < height; row++) {
        const uint16_t *restrict light = bright + (long)row * width;
        const uint16_t *restrict dust = grain + (long)((down + row) % grain_rows) * grain_step + right;
        uint8_t *restrict out = luma + (long)row * width;
        for (int i = 0; i < width; i++) {
            int32_t sum = (light[i] + dust[i]) >> 8;
            sum = sum > 16 ? sum : 16;
            out[i] = (uint8_t)(sum < 235 ? sum : 235);
        }
    }
}

/* Means of squares of SIDE pixels; `width` and `height` are those of the small image. */
LOOP void grade_shrink(const float *restrict plane, float *restrict small, int width, int height) {
    float sums[WIDEST];
    const int wide = width * SIDE;
    if (wide > WIDEST) return;
    for (int row = 0; row < height; row++) {
        memset(sums, 0, sizeof(float) * (size_t)wide);
        for (int k = 0; k < SIDE; k++) {
            const float *restrict from = plane + ((long)row * SIDE + k) * wide;
            for (int i = 0; i < wide; i++) sums[i] += from[i];
        }
        for (int i = 0; i < width; i++) {
            float sum = 0.0f;
            for (int k = 0; k < SIDE; k++) sum += sums[SIDE * i + k];
            small[(long)row * width + i] = sum * (1.0f / (SIDE * SIDE));
        }
    }
}
