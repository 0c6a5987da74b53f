/* SPDX-License-Identifier: BSD-3-Clause */
/* Eigenvectors without LAPACK, whose bits depend on the processor. */
#ifndef SUPPORT_JACOBI_H
#define SUPPORT_JACOBI_H

#include <stdbool.h>
#include <stdint.h>

/* Jacobi's method, plane by plane (Golub, Van Loan 2013, "Matrix Computations", section 8.5), on a symmetric positive
 * definite matrix (n x n, row-major), which becomes diagonal but for rounding: its eigenvalues, in no order. Row i of
 * vectors (n x n) becomes the unit eigenvector of the one at i. The same bits on every processor. Takes about 50 n^3
 * operations. False when it does not converge, as with numbers that are not finite. */
bool jacobi_eigenvectors(int64_t n, double *restrict matrix, double *restrict vectors);

#endif
