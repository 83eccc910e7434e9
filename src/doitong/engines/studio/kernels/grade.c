/* From light to bytes: exposure with its vignette, the film's curves, grain, and BT.709 planes (grade.py). */

#include "common.h"

#define WIDEST 8192

/* Shares of Y that red, green and blue add: `curves` has three tables by the upper half of the light. */
INLINE void share_row(const float *restrict light, const float *restrict vignette, const float *restrict curve,
                      float *restrict share, int width) {
    for (int i = 0; i < width; i++)
        share[i] = curve[upper_half(light[i] * vignette[i])];
}

INLINE uint8_t byte_of(float x, float low, float high) { return (uint8_t)(int32_t)clamp(x, low, high); }

/* A frame of even size, at most WIDEST wide. `grain` (with black in it) repeats every `grain_rows` rows and is read from
   row `down` and column `right` on; `chroma`: what the own share, and what Y, count in U, then in V. */
LOOP void grade_frame(const float *restrict red, const float *restrict green, const float *restrict blue,
                      const float *restrict vignette, const float *restrict grain, int grain_step,
                      int grain_rows, int down, int right, const float *restrict curves, const float *restrict chroma, uint8_t *restrict luma,
                      uint8_t *restrict u, uint8_t *restrict v, int width, int height) {
    float shares[2][3][WIDEST];
    const float *lights[3] = {red, green, blue};
    const float u_own = chroma[0], u_all = chroma[1], v_own = chroma[2], v_all = chroma[3];
    for (int row = 0; row < height; row++) {
        long at = (long)row * width;
        float(*restrict own)[WIDEST] = shares[row & 1];
        for (int i = 0; i < 3; i++)
            share_row(lights[i] + at, vignette + at, curves + ((long)i << 16), own[i], width);
        const float *restrict dust = grain + (long)((down + row) % grain_rows) * grain_step + right;
        for (int i = 0; i < width; i++)
            luma[at + i] = byte_of(own[0][i] + own[1][i] + own[2][i] + dust[i], 16.0f, 235.0f);
        if (!(row & 1)) continue;
        long half = (long)(row / 2) * (width / 2);
        for (int i = 0; i < width / 2; i++) {
            float mean[3];
            for (int k = 0; k < 3; k++)
                mean[k] = 0.25f * (shares[0][k][2 * i] + shares[0][k][2 * i + 1] + shares[1][k][2 * i] +
                                   shares[1][k][2 * i + 1]);
            float bright = mean[0] + mean[1] + mean[2];
            u[half + i] = byte_of(mean[2] * u_own - bright * u_all + 128.5f, 16.0f, 240.0f);
            v[half + i] = byte_of(mean[0] * v_own - bright * v_all + 128.5f, 16.0f, 240.0f);
        }
    }
}
