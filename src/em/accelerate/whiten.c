/* SPDX-License-Identifier: BSD-3-Clause */
#include "em/accelerate/whiten.h"

#include <math.h>
#include <string.h>

void factor_to_vector(density_shape shape, int64_t d, const double *factor, double *vector)
{
  for (int64_t i = 0; i < d; i++) {
    double sum = vector[i];
    for (int64_t j = triangle_first(shape, i); j < i; j++) sum -= *factor++ * vector[j];
    vector[i] = sum / *factor++;
  }
}

void factor_from_vector(density_shape shape, int64_t d, const double *factor, double *vector)
{
  const double *row = factor + triangle_length(shape, d);
  for (int64_t i = d - 1; i >= 0; i--) {
    const int64_t first = triangle_first(shape, i);
    double sum = 0.0;
    row -= i - first + 1;
    for (int64_t j = first; j <= i; j++) sum += row[j - first] * vector[j];
    vector[i] = sum;
  }
}

static void unpack(int64_t d, const double *triangle, double *square)
{
  for (int64_t i = 0; i < d; i++) {
    for (int64_t j = 0; j <= i; j++) square[i * d + j] = square[j * d + i] = *triangle++;
  }
}

static void transpose(int64_t d, double *square)
{
  for (int64_t i = 0; i < d; i++) {
    for (int64_t j = 0; j < i; j++) {
      const double other = square[i * d + j];
      square[i * d + j] = square[j * d + i];
      square[j * d + i] = other;
    }
  }
}

/* square = factor^-1 square */
static void divide_rows(int64_t d, const double *factor, double *square)
{
  for (int64_t i = 0; i < d; i++) {
    double *row = square + i * d;
    for (int64_t j = 0; j < i; j++) {
      const double f = *factor++;
      for (int64_t c = 0; c < d; c++) row[c] -= f * square[j * d + c];
    }
    const double f = 1.0 / *factor++;
    for (int64_t c = 0; c < d; c++) row[c] *= f;
  }
}

/* square = factor square */
static void multiply_rows(int64_t d, const double *factor, double *square)
{
  for (int64_t i = d - 1; i >= 0; i--) {
    const double *own = factor + i * (i + 1) / 2;
    double *row = square + i * d;
    for (int64_t c = 0; c < d; c++) row[c] *= own[i];
    for (int64_t j = 0; j < i; j++) {
      for (int64_t c = 0; c < d; c++) row[c] += own[j] * square[j * d + c];
    }
  }
}

static void pack(int64_t d, const double *square, double *triangle)
{
  for (int64_t i = 0; i < d; i++) {
    for (int64_t j = 0; j <= i; j++) *triangle++ = square[i * d + j];
  }
}

void factor_to_triangle(density_shape shape, int64_t d, const double *factor, double *triangle, double *work)
{
  if (shape == DIAGONAL) {
    for (int64_t j = 0; j < d; j++) triangle[j] /= factor[j] * factor[j];
    return;
  }
  unpack(d, triangle, work);
  divide_rows(d, factor, work);
  transpose(d, work);
  divide_rows(d, factor, work);
  pack(d, work, triangle);
}

void factor_from_triangle(density_shape shape, int64_t d, const double *factor, double *triangle, double *work)
{
  if (shape == DIAGONAL) {
    for (int64_t j = 0; j < d; j++) triangle[j] *= factor[j] * factor[j];
    return;
  }
  unpack(d, triangle, work);
  multiply_rows(d, factor, work);
  transpose(d, work);
  multiply_rows(d, factor, work);
  pack(d, work, triangle);
}

void factor_multiply(density_shape shape, int64_t d, double *factor, const double *other)
{
  if (shape == DIAGONAL) {
    for (int64_t j = 0; j < d; j++) factor[j] *= other[j];
    return;
  }
  for (int64_t i = 0; i < d; i++) {
    double *row = factor + i * (i + 1) / 2;
    for (int64_t j = 0; j <= i; j++) {
      double sum = 0.0;
      for (int64_t l = j; l <= i; l++) sum += row[l] * other[l * (l + 1) / 2 + j];
      row[j] = sum;
    }
  }
}

bool factor_of(density_shape shape, int64_t d, double *triangle, double least)
{
  if (shape == DIAGONAL) {
    for (int64_t j = 0; j < d; j++) {
      if (!(triangle[j] > least)) return false;
      triangle[j] = sqrt(triangle[j]);
    }
    return true;
  }
  for (int64_t i = 0; i < d; i++) {
    double *row = triangle + i * (i + 1) / 2;
    for (int64_t j = 0; j <= i; j++) {
      const double *other = triangle + j * (j + 1) / 2;
      double sum = row[j];
      for (int64_t l = 0; l < j; l++) sum -= row[l] * other[l];
      if (i == j && !(sum > least)) return false;
      row[j] = i == j ? sqrt(sum) : sum / other[j];
    }
  }
  return true;
}
