/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/linear_algebra.h"

#include "support/error.h"

#include <cblas.h>
#include <float.h>
#include <lapacke.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

void linear_algebra_single_thread(void)
{
  if (openblas_get_num_threads() != 1) openblas_set_num_threads(1);
}

static bool memory_is_limited(void)
{
  struct rlimit addresses;
  struct rlimit data;
  return (getrlimit(RLIMIT_AS, &addresses) == 0 && addresses.rlim_cur != RLIM_INFINITY) ||
         (getrlimit(RLIMIT_DATA, &data) == 0 && data.rlim_cur != RLIM_INFINITY);
}

gmmpi_status linear_algebra_take_space(gmmpi_error *error)
{
  enum { MOST_SPACE = 160 << 20 }; /* OpenBLAS 0.3.21 takes 128 MB for a thread */
  if (!memory_is_limited()) return GMMPI_OK;
  void *space = malloc(MOST_SPACE);
  if (space == NULL)
    return fail(error, GMMPI_NO_MEMORY,
                "the limit of memory for a process leaves no room for OpenBLAS, which takes 128 MB of addresses; "
                "raise it (ulimit -v, ulimit -d)");
  free(space);
  double one = 1.0;
  LAPACKE_dpotrf(LAPACK_COL_MAJOR, 'L', 1, &one, 1);
  return GMMPI_OK;
}

static pthread_mutex_t users_lock = PTHREAD_MUTEX_INITIALIZER;
static int n_users;
static int threads_before;

void linear_algebra_begin(void)
{
  pthread_mutex_lock(&users_lock);
  if (n_users++ == 0) {
    threads_before = openblas_get_num_threads();
    if (threads_before != 1) openblas_set_num_threads(1);
  }
  pthread_mutex_unlock(&users_lock);
}

void linear_algebra_end(void)
{
  pthread_mutex_lock(&users_lock);
  if (--n_users == 0 && threads_before != 1) openblas_set_num_threads(threads_before);
  pthread_mutex_unlock(&users_lock);
}

const char *linear_algebra_core(void)
{
  return openblas_get_corename();
}

/* A normal number's inverse does not overflow. Comparisons with NaN are false. */
bool variance_is_safe(double variance)
{
  return variance >= DBL_MIN && variance <= DBL_MAX;
}

static bool pivots_are_safe(int64_t n, const double *covariance, const double *cholesky)
{
  for (int64_t j = 0; j < n; j++) {
    const double pivot = cholesky[j * n + j] * cholesky[j * n + j];
    if (!(variance_is_safe(pivot) && pivot > (double)n * DBL_EPSILON * covariance[j * n + j])) return false;
  }
  return true;
}

static bool upper_triangle_is_finite(int64_t n, const double *matrix)
{
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = i; j < n; j++) {
      if (!isfinite(matrix[i * n + j])) return false;
    }
  }
  return true;
}

static void clear_below_diagonal(int64_t n, double *matrix)
{
  for (int64_t i = 1; i < n; i++) memset(matrix + i * n, 0, (size_t)i * sizeof *matrix);
}

/* LAPACK takes ten times as long as the arithmetic of so few features does. */
enum { FEW_FEATURES = 8 };

/* What dpotrf does: L^T from the upper triangle, row by row. */
static bool factorise_few(int64_t n, double *factor)
{
  for (int64_t j = 0; j < n; j++) {
    double pivot = factor[j * n + j];
    for (int64_t k = 0; k < j; k++) pivot -= factor[k * n + j] * factor[k * n + j];
    if (!(pivot > 0.0)) return false;
    const double root = sqrt(pivot);
    factor[j * n + j] = root;
    for (int64_t i = j + 1; i < n; i++) {
      double sum = factor[j * n + i];
      for (int64_t k = 0; k < j; k++) sum -= factor[k * n + i] * factor[k * n + j];
      factor[j * n + i] = sum / root;
    }
  }
  return true;
}

/* What dtrtri does: the inverse of L, transposed, in the place of L^T; no pivot is 0. Column j of the inverse needs
 * only later columns of L. */
static void invert_few(int64_t n, double *factor)
{
  for (int64_t j = 0; j < n; j++) {
    double *column = factor + j * n;
    column[j] = 1.0 / column[j];
    for (int64_t i = j + 1; i < n; i++) {
      double sum = column[i] * column[j];
      for (int64_t k = j + 1; k < i; k++) sum += factor[k * n + i] * column[k];
      column[i] = -sum / factor[i * n + i];
    }
  }
}

static bool factorise_by_size(int64_t n, double *factor)
{
  const lapack_int order = (lapack_int)n;
  if (n <= FEW_FEATURES) return factorise_few(n, factor);
  return LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'L', order, factor, order) == 0;
}

static bool invert_by_size(int64_t n, double *factor)
{
  const lapack_int order = (lapack_int)n;
  if (n > FEW_FEATURES) return LAPACKE_dtrtri_work(LAPACK_COL_MAJOR, 'L', 'N', order, factor, order) == 0;
  invert_few(n, factor);
  return true;
}

/* 'L' of column-major storage: read row by row this is L^T, and what is below the diagonal stays what it was. */
static bool factorise_in_place(int64_t n, const double *covariance, double *factor)
{
  memcpy(factor, covariance, (size_t)n * (size_t)n * sizeof *factor);
  return upper_triangle_is_finite(n, factor) && factorise_by_size(n, factor) && pivots_are_safe(n, covariance, factor);
}

bool cholesky_factor(int64_t n, const double *covariance, double *factor)
{
  if (factorise_in_place(n, covariance, factor)) {
    clear_below_diagonal(n, factor);
    return true;
  }
  memset(factor, 0, (size_t)n * (size_t)n * sizeof *factor);
  return false;
}

bool whitening_factor(int64_t n, const double *covariance, double *factor)
{
  if (factorise_in_place(n, covariance, factor) && invert_by_size(n, factor) && upper_triangle_is_finite(n, factor)) {
    clear_below_diagonal(n, factor);
    return true;
  }
  memset(factor, 0, (size_t)n * (size_t)n * sizeof *factor);
  return false;
}

void solve_transposed_triangle(int64_t n, int64_t stride, const double *u, double *b)
{
  cblas_dtrsv(CblasRowMajor, CblasUpper, CblasTrans, CblasNonUnit, (blasint)n, u, (blasint)stride, b, 1);
}

void solve_triangle(int64_t n, int64_t m, int64_t stride, const double *u, double *b)
{
  cblas_dtrsm(CblasRowMajor, CblasLeft, CblasUpper, CblasNoTrans, CblasNonUnit, (blasint)n, (blasint)m, 1, u,
              (blasint)stride, b, (blasint)stride);
}

void mirror_lower_triangle(int64_t n, double *matrix)
{
  for (int64_t i = 1; i < n; i++) {
    for (int64_t j = 0; j < i; j++) matrix[j * n + i] = matrix[i * n + j];
  }
}

/* LAPACK's workspaces for eigenvectors by divide and conquer (dsyevd): reals, then integers in the room of reals. */
static int64_t eigen_reals(int64_t n)
{
  return 1 + 6 * n + 2 * n * n;
}

int64_t symmetric_eigen_numbers(int64_t n)
{
  return eigen_reals(n) + 3 + 5 * n;
}

bool symmetric_eigen(int64_t n, const double *matrix, double *vectors, double *values, double *work)
{
  const lapack_int order = (lapack_int)n;
  memcpy(vectors, matrix, (size_t)(n * n) * sizeof *vectors);
  /* Column-major eigenvectors are the rows of a row-major matrix. */
  if (upper_triangle_is_finite(n, vectors) &&
      LAPACKE_dsyevd_work(LAPACK_COL_MAJOR, 'V', 'L', order, vectors, order, values, work, (lapack_int)eigen_reals(n),
                          (lapack_int *)(void *)(work + eigen_reals(n)), 3 + 5 * order) == 0)
    return true;
  memset(vectors, 0, (size_t)(n * n) * sizeof *vectors);
  for (int64_t i = 0; i < n; i++) {
    vectors[i * n + i] = 1;
    values[i] = matrix[i * n + i];
  }
  return false;
}

void rotation_of(int64_t n, const double *skew, double *rotation, double *work)
{
  const lapack_int order = (lapack_int)n;
  for (int64_t i = 0; i < n * n; i++) {
    work[i] = -skew[i] / 2;
    rotation[i] = skew[i] / 2;
  }
  for (int64_t i = 0; i < n; i++) work[i * n + i] = rotation[i * n + i] = 1;
  /* Read column by column both are transposed, and so is the solution: X^T = -X, and the factors commute. */
  LAPACKE_dgesv_work(LAPACK_COL_MAJOR, order, order, work, order, (lapack_int *)(void *)(work + n * n), rotation,
                     order);
}

void multiply_square(int64_t n, const double *a, const double *b, double *to)
{
  const blasint order = (blasint)n;
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, order, order, order, 1, a, order, b, order, 0, to, order);
}

void multiply_transposed(int64_t n, const double *a, const double *b, double *to)
{
  const blasint order = (blasint)n;
  cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, order, order, order, 1, a, order, b, order, 0, to, order);
}

void turn_symmetric(int64_t n, const double *a, const double *b, double *to, double *work)
{
  const blasint order = (blasint)n;
  multiply_square(n, a, b, work);
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, order, order, order, 1, work, order, a, order, 0, to, order);
  mirror_lower_triangle(n, to);
}

void turn_symmetric_back(int64_t n, const double *a, const double *b, double *to, double *work)
{
  multiply_transposed(n, a, b, work);
  multiply_square(n, work, a, to);
  mirror_lower_triangle(n, to);
}

void gram_matrix(int64_t n, int64_t m, const double *a, double *to)
{
  cblas_dsyrk(CblasRowMajor, CblasLower, CblasNoTrans, (blasint)n, (blasint)m, 1, a, (blasint)m, 0, to, (blasint)n);
  mirror_lower_triangle(n, to);
}

bool solve_definite(int64_t n, double *a, double *b)
{
  const lapack_int order = (lapack_int)n;
  return LAPACKE_dposv_work(LAPACK_COL_MAJOR, 'L', order, 1, a, order, b, order) == 0;
}
