/* SPDX-License-Identifier: BSD-3-Clause */
#include "mixture/common_axes.h"

#include "mixture/model.h"
#include "support/jacobi.h"
#include "support/linear_algebra.h"

#include <math.h>
#include <string.h>

/* Relative to what changes of the elements of a covariance by their whole size make. */
static const double rounding = 0x1p-48;

/* With more than this between two axes, relative to their variances, the covariances have no axes in common. */
static const double no_rounding = 0x1p-16;

enum { MOST_CORRECTIONS = 3 };

typedef struct axes_search {
  const gmmpi_model *model;
  const double *uses; /* K: -infinity for components that don't count */
  int64_t d;
  double *matrix;     /* d x d: R */
  double *variances;  /* K x d */
  double *transposed; /* d x d: R's transpose */
  double *half;       /* d x d: R Sigma_k */
  double *turned;     /* d x d, lower triangle: R Sigma_k R^T */
  double *pull;       /* d x d, lower triangle: by what the axes i and j are to be turned, times ... */
  double *stiffness;  /* ... d x d, lower triangle */
  double *sizes;      /* d: by what |R_i x| is less, for points x one standard deviation away in each feature */
} axes_search;

int64_t common_axes_numbers(int64_t n_features)
{
  return 5 * n_features * n_features + n_features;
}

static bool counts(const axes_search *s, int64_t k)
{
  return s->uses[k] > -INFINITY;
}

static void add_row(int64_t n, double factor, const double *restrict row, double *restrict to)
{
  for (int64_t j = 0; j < n; j++) to[j] += factor * row[j];
}

/* A component's share in M: Weyl's sequence of the golden ratio, between 0.1 and 1.1. */
static double share_in_combination(int64_t component)
{
  const double position = 0.61803398874989485 * (double)(component + 1);
  return 0.1 + position - floor(position);
}

/* The mean of the variances in units of those of another covariance. */
static double relative_size(int64_t d, const double *covariance, const double *other)
{
  double sum = 0;
  for (int64_t j = 0; j < d; j++) sum += covariance[j * d + j] / other[j * d + j];
  return sum / (double)d;
}

static void combine_covariances(const axes_search *s, double *sum, double *mixed)
{
  const int64_t d = s->d;
  const double *first = NULL;
  memset(sum, 0, (size_t)(d * d) * sizeof *sum);
  memset(mixed, 0, (size_t)(d * d) * sizeof *mixed);
  for (int64_t k = 0; k < s->model->n_components; k++) {
    if (!counts(s, k)) continue;
    const double *covariance = model_covariance(s->model, k);
    if (first == NULL) first = covariance;
    const double scale = 1 / relative_size(d, covariance, first);
    add_row(d * d, scale, covariance, sum);
    add_row(d * d, scale * share_in_combination(k), covariance, mixed);
  }
}

/* Elimination without pivots: inverse (lower triangular, the rest 0) U with U matrix U^T = I; matrix is lost. */
static bool invert_factor(int64_t d, double *restrict matrix, double *restrict inverse)
{
  memset(inverse, 0, (size_t)(d * d) * sizeof *inverse);
  for (int64_t i = 0; i < d; i++) inverse[i * d + i] = 1;
  for (int64_t j = 0; j < d; j++) {
    const double pivot = matrix[j * d + j];
    if (!variance_is_safe(pivot)) return false;
    for (int64_t i = j + 1; i < d; i++) {
      const double factor = -matrix[i * d + j] / pivot;
      add_row(d - j, factor, matrix + j * d + j, matrix + i * d + j);
      add_row(j + 1, factor, inverse + j * d, inverse + i * d);
    }
  }
  for (int64_t i = 0; i < d; i++) {
    const double scale = 1 / sqrt(matrix[i * d + i]);
    for (int64_t j = 0; j <= i; j++) inverse[i * d + j] *= scale;
  }
  return true;
}

/* to = A B. */
static void multiply(int64_t d, const double *a, const double *b, double *to)
{
  memset(to, 0, (size_t)(d * d) * sizeof *to);
  for (int64_t i = 0; i < d; i++) {
    for (int64_t j = 0; j < d; j++) add_row(d, a[i * d + j], b + j * d, to + i * d);
  }
}

static void transpose(int64_t d, const double *matrix, double *transposed)
{
  for (int64_t i = 0; i < d; i++) {
    for (int64_t j = 0; j < d; j++) transposed[j * d + i] = matrix[i * d + j];
  }
}

/* turned = R symmetric R^T, in its lower triangle, of the R in transposed and, row by row, in matrix. */
static void turn(const axes_search *s, const double *matrix, const double *symmetric)
{
  const int64_t d = s->d;
  multiply(d, matrix, symmetric, s->half);
  for (int64_t i = 0; i < d; i++) {
    double *row = s->turned + i * d;
    memset(row, 0, (size_t)(i + 1) * sizeof *row);
    for (int64_t j = 0; j < d; j++) add_row(i + 1, s->half[i * d + j], s->transposed + j * d, row);
  }
}

static bool first_matrix(const axes_search *s)
{
  const int64_t d = s->d;
  double *mixed = s->pull;
  double *inverse = s->stiffness;
  combine_covariances(s, s->turned, mixed);
  if (!invert_factor(d, s->turned, inverse)) return false;
  transpose(d, inverse, s->transposed);
  turn(s, inverse, mixed);
  for (int64_t i = 0; i < d; i++) {
    for (int64_t j = 0; j < i; j++) s->turned[j * d + i] = s->turned[i * d + j];
  }
  if (!jacobi_eigenvectors(d, s->turned, s->half)) return false;
  multiply(d, s->half, inverse, s->matrix);
  return true;
}

typedef enum axes_fit { COMMON_AXES, ROUNDED_AXES, NO_COMMON_AXES } axes_fit;

/* What is left between the axes in turned, of component k. */
static axes_fit look_between(const axes_search *s, int64_t k)
{
  const int64_t d = s->d;
  const double *covariance = model_covariance(s->model, k);
  double *variances = s->variances + k * d;
  axes_fit fit = COMMON_AXES;
  for (int64_t i = 0; i < d; i++) {
    s->sizes[i] = 0;
    for (int64_t j = 0; j < d; j++) s->sizes[i] += fabs(s->matrix[i * d + j]) * sqrt(covariance[j * d + j]);
    variances[i] = s->turned[i * d + i];
    if (!variance_is_safe(variances[i])) return NO_COMMON_AXES;
    for (int64_t j = 0; j < i; j++) {
      const double between = s->turned[i * d + j];
      const double geometric = sqrt(variances[i]) * sqrt(variances[j]);
      const double difference = (variances[j] - variances[i]) / geometric;
      const bool is_rounded = fabs(between) <= rounding * s->sizes[i] * s->sizes[j];
      if (!(is_rounded || fabs(between) <= no_rounding * geometric)) return NO_COMMON_AXES;
      if (!is_rounded) fit = ROUNDED_AXES;
      s->pull[i * d + j] += between / geometric * difference;
      s->stiffness[i * d + j] += difference * difference;
    }
  }
  return fit;
}

/* Turns each pair of axes by the angle that leaves the least squares between them. */
static void correct(const axes_search *s)
{
  const int64_t d = s->d;
  memcpy(s->half, s->matrix, (size_t)(d * d) * sizeof(double));
  for (int64_t i = 0; i < d; i++) {
    for (int64_t j = 0; j < i; j++) {
      if (!(s->stiffness[i * d + j] > 0)) continue;
      const double angle = -s->pull[i * d + j] / s->stiffness[i * d + j];
      add_row(d, angle, s->half + j * d, s->matrix + i * d);
      add_row(d, -angle, s->half + i * d, s->matrix + j * d);
    }
  }
}

static axes_fit look_at_all(const axes_search *s)
{
  const int64_t d = s->d;
  axes_fit fit = COMMON_AXES;
  transpose(d, s->matrix, s->transposed);
  memset(s->pull, 0, (size_t)(d * d) * sizeof(double));
  memset(s->stiffness, 0, (size_t)(d * d) * sizeof(double));
  for (int64_t k = 0; k < s->model->n_components && fit != NO_COMMON_AXES; k++) {
    if (!counts(s, k)) continue;
    turn(s, s->matrix, model_covariance(s->model, k));
    const axes_fit own = look_between(s, k);
    if (own > fit) fit = own;
  }
  return fit;
}

bool common_axes_find(const gmmpi_model *model, const double *uses, double *matrix, double *variances, double *room)
{
  const int64_t d = model->n_features;
  const axes_search s = {.model = model,
                         .uses = uses,
                         .d = d,
                         .matrix = matrix,
                         .variances = variances,
                         .transposed = room,
                         .half = room + d * d,
                         .turned = room + 2 * d * d,
                         .pull = room + 3 * d * d,
                         .stiffness = room + 4 * d * d,
                         .sizes = room + 5 * d * d};
  if (!first_matrix(&s)) return false;
  axes_fit fit = look_at_all(&s);
  for (int i = 0; i < MOST_CORRECTIONS && fit == ROUNDED_AXES; i++) {
    correct(&s);
    fit = look_at_all(&s);
  }
  return fit == COMMON_AXES;
}
