/* SPDX-License-Identifier: BSD-3-Clause */
/* The fourteen M-steps of Celeux, Govaert 1995 in long double, for few features, as simply as they can be written: what
 * the matrix of combinations is compared with. They know nothing of the program. */
#ifndef TESTS_TEXTBOOK_FAMILIES_H
#define TESTS_TEXTBOOK_FAMILIES_H

#include <math.h>
#include <string.h>

enum { BOOK_D = 3, BOOK_K = 3 };

typedef long double book_matrix[BOOK_D][BOOK_D];

/* Eigenvalues (not sorted) and orthogonal eigenvectors (columns) of a symmetric matrix, by Jacobi's rotations. */
static inline void book_eigen(book_matrix from, long double values[BOOK_D], book_matrix vectors)
{
  book_matrix a;
  memcpy(a, from, sizeof a);
  for (int i = 0; i < BOOK_D; i++) {
    for (int j = 0; j < BOOK_D; j++) vectors[i][j] = i == j;
  }
  for (int sweep = 0; sweep < 60; sweep++) {
    for (int p = 0; p < BOOK_D; p++) {
      for (int q = p + 1; q < BOOK_D; q++) {
        if (a[p][q] == 0.0L) continue;
        const long double theta = 0.5L * atan2l(2.0L * a[p][q], a[q][q] - a[p][p]);
        const long double c = cosl(theta);
        const long double s = sinl(theta);
        for (int i = 0; i < BOOK_D; i++) {
          const long double x = a[i][p];
          const long double y = a[i][q];
          a[i][p] = c * x - s * y;
          a[i][q] = s * x + c * y;
        }
        for (int i = 0; i < BOOK_D; i++) {
          const long double x = a[p][i];
          const long double y = a[q][i];
          a[p][i] = c * x - s * y;
          a[q][i] = s * x + c * y;
        }
        for (int i = 0; i < BOOK_D; i++) {
          const long double x = vectors[i][p];
          const long double y = vectors[i][q];
          vectors[i][p] = c * x - s * y;
          vectors[i][q] = s * x + c * y;
        }
      }
    }
  }
  for (int i = 0; i < BOOK_D; i++) values[i] = a[i][i];
}

/* --- pieces: volume lambda, shape A (a diagonal of determinant 1), orientation D --- */

static inline long double book_root(long double values[BOOK_D])
{
  long double product = 1.0L;
  for (int i = 0; i < BOOK_D; i++) product *= values[i];
  return powl(product, 1.0L / BOOK_D);
}

/* D diag(values) D^T */
static inline void book_compose(book_matrix vectors, long double values[BOOK_D], book_matrix to)
{
  for (int i = 0; i < BOOK_D; i++) {
    for (int j = 0; j < BOOK_D; j++) {
      to[i][j] = 0.0L;
      for (int m = 0; m < BOOK_D; m++) to[i][j] += vectors[i][m] * values[m] * vectors[j][m];
    }
  }
}

/* The diagonal of D^T W D. */
static inline void book_project(book_matrix vectors, book_matrix w, long double values[BOOK_D])
{
  for (int m = 0; m < BOOK_D; m++) {
    values[m] = 0.0L;
    for (int i = 0; i < BOOK_D; i++) {
      for (int j = 0; j < BOOK_D; j++) values[m] += vectors[i][m] * w[i][j] * vectors[j][m];
    }
  }
}

static inline void book_identity(book_matrix to)
{
  for (int i = 0; i < BOOK_D; i++) {
    for (int j = 0; j < BOOK_D; j++) to[i][j] = i == j;
  }
}

typedef enum book_orientation { AXES, ONE, EACH } book_orientation;

/* One scatter's shape in the frame D and its volume, when both are its own: covariance = projection / n. When only the
 * volume is shared, A_k = projection / |projection|^(1/d). */

/* Volumes and shapes in given frames (D[k]): values[k] = lambda_k A_k, by what is shared. n: divisors, total: the
 * pooled one. Iterates where volume and shape depend on each other. */
static inline void book_volumes_and_shapes(char volume, char shape, long double projections[BOOK_K][BOOK_D],
                                           const long double n[BOOK_K], long double total,
                                           long double values[BOOK_K][BOOK_D])
{
  long double lambda[BOOK_K];
  long double a[BOOK_D];
  if (shape == 'V') {
    long double shared = 0.0L;
    for (int k = 0; k < BOOK_K; k++) shared += book_root(projections[k]) / total;
    for (int k = 0; k < BOOK_K; k++) {
      const long double own = book_root(projections[k]);
      for (int m = 0; m < BOOK_D; m++)
        values[k][m] = volume == 'V' ? projections[k][m] / n[k] : shared * projections[k][m] / own;
    }
    return;
  }
  for (int k = 0; k < BOOK_K; k++) lambda[k] = 1.0L;
  for (int turn = 0; turn < (shape == 'E' && volume == 'V' ? 20000 : 1); turn++) {
    for (int m = 0; m < BOOK_D; m++) {
      a[m] = shape == 'I' ? 1.0L : 0.0L;
      for (int k = 0; k < BOOK_K && shape == 'E'; k++) a[m] += projections[k][m] / lambda[k];
    }
    const long double root = book_root(a);
    long double change = 0.0L;
    long double sum = 0.0L;
    for (int m = 0; m < BOOK_D; m++) a[m] /= root;
    for (int k = 0; k < BOOK_K; k++) {
      long double trace = 0.0L;
      for (int m = 0; m < BOOK_D; m++) trace += projections[k][m] / a[m];
      sum += trace;
      change = fmaxl(change, fabsl(trace / (BOOK_D * n[k]) / lambda[k] - 1.0L));
      lambda[k] = trace / (BOOK_D * n[k]);
    }
    for (int k = 0; k < BOOK_K && volume == 'E'; k++) lambda[k] = sum / (BOOK_D * total);
    if (change < 1e-18L) break;
  }
  for (int k = 0; k < BOOK_K; k++) {
    for (int m = 0; m < BOOK_D; m++) values[k][m] = lambda[k] * a[m];
  }
}

/* Turns the common frame by the best angle of each pair of axes (Flury, Gautschi 1986), covariances being values[k] in
 * it; returns the largest turn. */
static inline long double book_turn(book_matrix w[BOOK_K], long double values[BOOK_K][BOOK_D], book_matrix frame)
{
  long double largest = 0.0L;
  for (int p = 0; p < BOOK_D; p++) {
    for (int q = p + 1; q < BOOK_D; q++) {
      long double even = 0.0L;
      long double odd = 0.0L;
      for (int k = 0; k < BOOK_K; k++) {
        long double pp = 0.0L;
        long double qq = 0.0L;
        long double pq = 0.0L;
        for (int i = 0; i < BOOK_D; i++) {
          for (int j = 0; j < BOOK_D; j++) {
            pp += frame[i][p] * w[k][i][j] * frame[j][p];
            qq += frame[i][q] * w[k][i][j] * frame[j][q];
            pq += frame[i][p] * w[k][i][j] * frame[j][q];
          }
        }
        const long double difference = 1.0L / values[k][p] - 1.0L / values[k][q];
        even += 0.5L * difference * (pp - qq);
        odd += difference * pq;
      }
      const long double angle = 0.5L * atan2l(-odd, -even);
      const long double c = cosl(angle);
      const long double s = sinl(angle);
      for (int i = 0; i < BOOK_D; i++) {
        const long double x = frame[i][p];
        const long double y = frame[i][q];
        frame[i][p] = c * x + s * y;
        frame[i][q] = c * y - s * x;
      }
      largest = fmaxl(largest, fabsl(s));
    }
  }
  return largest;
}

/* Covariances of all components from their scatters w, for mclust's code. n: divisors, total: the pooled one. */
static inline void book_estimate(const char *code, book_matrix w[BOOK_K], const long double n[BOOK_K],
                                 long double total, book_matrix covariances[BOOK_K])
{
  const char volume = code[0];
  const char shape = code[1];
  book_matrix frames[BOOK_K];
  long double projections[BOOK_K][BOOK_D];
  long double values[BOOK_K][BOOK_D];
  if (strcmp(code, "EEE") == 0 || strcmp(code, "VEE") == 0 || strcmp(code, "EVV") == 0) {
    long double lambda[BOOK_K];
    book_matrix pooled = {{0.0L}};
    long double roots[BOOK_K];
    long double sum = 0.0L;
    for (int k = 0; k < BOOK_K; k++) {
      book_eigen(w[k], values[0], frames[0]);
      roots[k] = book_root(values[0]);
      sum += roots[k];
      lambda[k] = 1.0L;
    }
    for (int turn = 0; turn < (volume == 'V' ? 20000 : 1); turn++) {
      for (int i = 0; i < BOOK_D; i++) {
        for (int j = 0; j < BOOK_D; j++) {
          pooled[i][j] = 0.0L;
          for (int k = 0; k < BOOK_K; k++) pooled[i][j] += w[k][i][j] / lambda[k];
        }
      }
      if (volume != 'V') break;
      book_eigen(pooled, values[0], frames[0]);
      const long double root = book_root(values[0]);
      long double change = 0.0L;
      for (int k = 0; k < BOOK_K; k++) {
        book_project(frames[0], w[k], projections[0]);
        long double trace = 0.0L;
        for (int m = 0; m < BOOK_D; m++) trace += projections[0][m] * root / values[0][m];
        change = fmaxl(change, fabsl(trace / (BOOK_D * n[k]) / lambda[k] - 1.0L));
        lambda[k] = trace / (BOOK_D * n[k]);
      }
      for (int i = 0; i < BOOK_D * BOOK_D; i++) pooled[i / BOOK_D][i % BOOK_D] /= root;
      if (change < 1e-18L) break;
    }
    for (int k = 0; k < BOOK_K; k++) {
      for (int i = 0; i < BOOK_D; i++) {
        for (int j = 0; j < BOOK_D; j++)
          covariances[k][i][j] = code[1] == 'V'  ? sum / total * w[k][i][j] / roots[k]
                                 : volume == 'V' ? lambda[k] * pooled[i][j]
                                                 : pooled[i][j] / total;
      }
    }
    return;
  }
  if (code[2] == 'V') { /* a frame each: EEV, VEV, VVV; the largest eigenvalues go together */
    for (int k = 0; k < BOOK_K; k++) {
      book_eigen(w[k], projections[k], frames[k]);
      for (int p = 0; p < BOOK_D; p++) {
        for (int q = p + 1; q < BOOK_D; q++) {
          if (projections[k][p] >= projections[k][q]) continue;
          const long double value = projections[k][p];
          projections[k][p] = projections[k][q];
          projections[k][q] = value;
          for (int i = 0; i < BOOK_D; i++) {
            const long double x = frames[k][i][p];
            frames[k][i][p] = frames[k][i][q];
            frames[k][i][q] = x;
          }
        }
      }
    }
    book_volumes_and_shapes(volume, shape, projections, n, total, values);
  } else {
    book_matrix frame;
    book_identity(frame);
    if (code[2] == 'E') { /* EVE, VVE: begins with the frame of all scatters together */
      book_matrix sum = {{0.0L}};
      for (int k = 0; k < BOOK_K; k++) {
        for (int i = 0; i < BOOK_D * BOOK_D; i++) sum[i / BOOK_D][i % BOOK_D] += w[k][i / BOOK_D][i % BOOK_D] / n[k];
      }
      book_eigen(sum, values[0], frame);
    }
    for (int turn = 0; turn < 20000; turn++) {
      for (int k = 0; k < BOOK_K; k++) book_project(frame, w[k], projections[k]);
      book_volumes_and_shapes(volume, shape, projections, n, total, values);
      if (code[2] != 'E' || book_turn(w, values, frame) < 1e-17L) break;
    }
    for (int k = 0; k < BOOK_K; k++) memcpy(frames[k], frame, sizeof frame);
  }
  for (int k = 0; k < BOOK_K; k++) book_compose(frames[k], values[k], covariances[k]);
}

#endif
