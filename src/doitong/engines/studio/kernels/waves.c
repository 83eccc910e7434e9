/* Waves by the deep-water dispersion relation (land/water.py). */

#include "common.h"

/* The spectrum of waves at a moment, as pairs of real and imaginary parts: what goes with the cosine of each wave's
   angle, and with its sine. */
LOOP void turn_waves(const float *restrict rate, const float *restrict even_real, const float *restrict even_imaginary,
                     const float *restrict odd_real, const float *restrict odd_imaginary, float seconds,
                     float *restrict spectrum, int count) {
    for (int i = 0; i < count; i++) {
        float sine, cosine;
        turn(rate[i] * seconds, &sine, &cosine);
        spectrum[2 * i] = even_real[i] * cosine + odd_real[i] * sine;
        spectrum[2 * i + 1] = even_imaginary[i] * cosine + odd_imaginary[i] * sine;
    }
}

/* Pairs of slopes, a square of `size`, times `level`, and a rim of two texels around them as the square goes on. */
LOOP void pad_waves(const float *restrict slopes, int size, float level, float *restrict tile) {
    int width = size + 4;
    for (int row = 0; row < width; row++) {
        const float *from = slopes + 2 * (long)((row + size - 2) % size) * size;
        float *to = tile + 2 * (long)row * width;
        for (int i = 0; i < 2 * size; i++)
            to[4 + i] = from[i] * level;
        for (int i = 0; i < 4; i++) {
            to[i] = from[2 * size - 4 + i] * level;
            to[2 * size + 4 + i] = from[i] * level;
        }
    }
}
