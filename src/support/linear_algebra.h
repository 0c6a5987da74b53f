/* SPDX-License-Identifier: BSD-3-Clause */
/* Small dense linear algebra over OpenBLAS and LAPACK, the same bits on every rank.
 *
 * LAPACK is called on column-major storage in place: a row-major upper triangle is a column-major lower one, so nothing
 * is transposed into memory of unknown alignment. OpenBLAS's bits depend on its number of threads, which is therefore
 * one here, and on the processor kernels it picks, which linear_algebra_core names. */
#ifndef SUPPORT_LINEAR_ALGEBRA_H
#define SUPPORT_LINEAR_ALGEBRA_H

#include "gmmpi/error.h"

#include <stdbool.h>
#include <stdint.h>

/* Makes OpenBLAS compute with one thread from now on. */
void linear_algebra_single_thread(void);

/* Where the process's memory is limited by the system (ulimit -v, -d) has OpenBLAS take its work space now. It asks for
 * it in its first call, and where there is none it asks for ever. Errors: 71 there is none. */
gmmpi_status linear_algebra_take_space(gmmpi_error *error);

/* One thread until the end of it, when OpenBLAS has as many threads again as the program gave it: for a library, whose
 * caller may want them. They nest, in all threads together. */
void linear_algebra_begin(void);
void linear_algebra_end(void);

/* The name of the processor kernels that OpenBLAS chose, e.g. "Haswell". */
const char *linear_algebra_core(void);

/* The whitening factor of a covariance (n x n, row-major, symmetric; its upper triangle is read): factor (n x n,
 * row-major, upper triangular, exactly 0 below the diagonal) = inverse of L, transposed, where L L^T = covariance, so
 * that factor factor^T is the inverse of the covariance. The two arrays may not overlap.
 *
 * False when the covariance is not positive definite to working precision: the factorisation breaks down, or a pivot
 * L[j][j]^2 is not larger than n epsilon covariance[j][j], where rounding alone may have made it (Higham 2002,
 * "Accuracy and Stability of Numerical Algorithms", theorem 10.3), or is so small that its inverse overflows, or a
 * number is not finite. Then factor is all 0. */
bool whitening_factor(int64_t n, const double *covariance, double *factor);

/* The Cholesky factor of a covariance (n x n, row-major, symmetric; its upper triangle is read): factor (n x n,
 * row-major, upper triangular, exactly 0 below the diagonal), factor^T factor = covariance. False, and factor all 0,
 * when the covariance is not positive definite to working precision, as whitening_factor has it. */
bool cholesky_factor(int64_t n, const double *covariance, double *factor);

/* Replaces b (n) by the solution of U^T x = b, and B (n x m, in rows of `stride` numbers) by that of U X = B, for a
 * regular upper triangular U, the first n rows and columns of a matrix in rows of `stride` numbers. */
void solve_transposed_triangle(int64_t n, int64_t stride, const double *u, double *b);
void solve_triangle(int64_t n, int64_t m, int64_t stride, const double *u, double *b);

/* Eigenvectors and eigenvalues of a symmetric matrix (n x n, row-major): row i of vectors (n x n) becomes the unit
 * eigenvector of values[i], ascending. work: symmetric_eigen_numbers(n) doubles. Where several eigenvalues are the same
 * the vectors are some orthonormal basis of theirs, the same one for the same matrix. False when a number is not finite
 * or the iteration does not converge: then vectors is the identity and values holds the diagonal. */
bool symmetric_eigen(int64_t n, const double *matrix, double *vectors, double *values, double *work);
int64_t symmetric_eigen_numbers(int64_t n);

/* The rotation (n x n, row-major) that the skew-symmetric X (n x n) stands for: Cayley's (I - X/2)^-1 (I + X/2), which
 * is I + X but for terms of second order. work: n x n + n doubles. */
void rotation_of(int64_t n, const double *skew, double *rotation, double *work);

/* to = A B A^T, and A^T B A, of a symmetric B; all n x n, row-major, and to exactly symmetric. work: n x n; no two may
 * overlap, except that `to` may be B. */
void turn_symmetric(int64_t n, const double *a, const double *b, double *to, double *work);
void turn_symmetric_back(int64_t n, const double *a, const double *b, double *to, double *work);

/* to = A B, and A^T B; all n x n, row-major, that do not overlap. */
void multiply_square(int64_t n, const double *a, const double *b, double *to);
void multiply_transposed(int64_t n, const double *a, const double *b, double *to);

/* to (n x n) = A A^T of A (n x m), row-major, exactly symmetric. */
void gram_matrix(int64_t n, int64_t m, const double *a, double *to);

/* Solves A x = b for a symmetric positive definite A (n x n, lost); x replaces b. False when A is not definite. */
bool solve_definite(int64_t n, double *a, double *b);

/* Is a variance a finite number whose inverse is finite too? False for 0, negative, infinite and NaN. */
bool variance_is_safe(double variance);

/* Makes a matrix (n x n, row-major) symmetric: the lower triangle is copied to the upper one. */
void mirror_lower_triangle(int64_t n, double *matrix);

/* The bytes that OpenBLAS allocates for itself at its first real work; when they are not to be had it tries for ever,
 * so they must be counted beforehand. */
enum { LINEAR_ALGEBRA_BUFFER = 1 << 28 };

#endif
