/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/jacobi.h"

#include <math.h>
#include <string.h>

enum { MOST_SWEEPS = 40 };

/* What is left between two axes relative to their eigenvalues' geometric mean. */
static const double smallest_ratio = 0x1p-53;

/* Rows p and q become c p - s q and s p + c q. */
static void rotate(int64_t n, double c, double s, double *restrict p, double *restrict q)
{
  for (int64_t i = 0; i < n; i++) {
    const double old = p[i];
    p[i] = c * old - s * q[i];
    q[i] = s * old + c * q[i];
  }
}

static void turn_plane(int64_t n, int64_t p, int64_t q, double *restrict matrix, double *restrict vectors)
{
  double *row_p = matrix + p * n;
  double *row_q = matrix + q * n;
  const double between = row_p[q];
  const double variance_p = row_p[p];
  const double variance_q = row_q[q];
  const double theta = (variance_q - variance_p) / (2 * between);
  const double tangent = copysign(1.0, theta) / (fabs(theta) + sqrt(1 + theta * theta));
  const double c = 1 / sqrt(1 + tangent * tangent);
  rotate(n, c, tangent * c, row_p, row_q);
  rotate(n, c, tangent * c, vectors + p * n, vectors + q * n);
  for (int64_t i = 0; i < n; i++) {
    matrix[i * n + p] = row_p[i];
    matrix[i * n + q] = row_q[i];
  }
  row_p[p] = variance_p - tangent * between;
  row_q[q] = variance_q + tangent * between;
  row_p[q] = row_q[p] = 0;
}

bool jacobi_eigenvectors(int64_t n, double *restrict matrix, double *restrict vectors)
{
  memset(vectors, 0, (size_t)(n * n) * sizeof *vectors);
  for (int64_t i = 0; i < n; i++) vectors[i * n + i] = 1;
  for (int sweep = 0; sweep < MOST_SWEEPS; sweep++) {
    bool turned = false;
    for (int64_t p = 0; p < n; p++) {
      for (int64_t q = p + 1; q < n; q++) {
        const double size = sqrt(matrix[p * n + p]) * sqrt(matrix[q * n + q]);
        if (!isfinite(size)) return false;
        if (fabs(matrix[p * n + q]) <= smallest_ratio * size) continue;
        turn_plane(n, p, q, matrix, vectors);
        turned = true;
      }
    }
    if (!turned) return true;
  }
  return false;
}
