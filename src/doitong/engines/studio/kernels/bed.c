/* The ground under water (land/bed.py). */

#include "common.h"

/* The natural logarithm of a positive number, to about 1e-6 (the mantissa by the series of artanh). */
INLINE float logarithm(float x) {
    uint32_t bits;
    float part;
    memcpy(&bits, &x, 4);
    uint32_t halves = (bits - 0x3f3504f3u) & 0xff800000u; /* so that what is left lies from 0.71 to 1.41 */
    bits -= halves;
    memcpy(&part, &bits, 4);
    float t = (part - 1.0f) / (part + 1.0f), square = t * t;
    float series = 1.0f + square * (0.333333333f + square * (0.2f + square * (0.142857143f + square * 0.111111111f)));
    return (float)((int32_t)halves >> 23) * 0.693147181f + 2.0f * t * series;
}

/* Heights of the ground where `rows` × `count` looks meet the plane of the water: by row how far `away` it is, by column
   the way to the side and ahead. `numbers`: the eye's x and z, the grid's apex, columns for its tangent, middle column,
   nearest depth with its logarithm, and steps of the `table` (row numbers of the grid, `steps` of them) for one. */
LOOP void find_bed(const float *restrict away, const float *restrict aside, const float *restrict ahead, int rows,
                   int count, const float *restrict numbers, const float *restrict table, int steps,
                   const float *restrict heights, int height, int width, float *restrict bed) {
    const float eye_x = numbers[0], eye_z = numbers[1], apex = numbers[2], columns = numbers[3], middle = numbers[4];
    const float nearest = numbers[5], low = numbers[6], scale = numbers[7];
    const float last = (float)steps - 1.01f, last_row = (float)(height - 1), last_column = (float)(width - 1);
    for (int row = 0; row < rows; row++)
        for (int left = 0; left < count; left += BLOCK) {
            const int part = count - left < BLOCK ? count - left : BLOCK;
            const float way = away[row];
            float *restrict out = bed + (long)row * count + left;
            float down[BLOCK], across[BLOCK];
            for (int i = 0; i < part; i++) {
                float x = eye_x + aside[left + i] * way, z = eye_z + ahead[left + i] * way;
                float deep = z > nearest ? z : nearest;
                down[i] = clamp((logarithm(deep) - low) * scale, 0.0f, last);
                across[i] = clamp(x / (z + apex) * columns + middle, 0.0f, last_column);
            }
            for (int i = 0; i < part; i++) {
                int32_t step = (int32_t)down[i];
                float line = table[step] + (table[step + 1] - table[step]) * (down[i] - (float)step);
                down[i] = clamp(line, 0.0f, last_row);
            }
            for (int i = 0; i < part; i++) {
                int32_t line = (int32_t)down[i], column = (int32_t)across[i];
                line = line < height - 2 ? line : height - 2;
                column = column < width - 2 ? column : width - 2;
                int32_t from = line * width + column;
                float right = across[i] - (float)column;
                float above = heights[from] + (heights[from + 1] - heights[from]) * right;
                float below = heights[from + width] + (heights[from + width + 1] - heights[from + width]) * right;
                out[i] = above + (below - above) * (down[i] - (float)line);
            }
        }
}
