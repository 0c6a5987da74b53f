/* SPDX-License-Identifier: BSD-3-Clause */
#include "mixture/families/volumes.h"

#include "mixture/families/scatters.h"
#include "support/linear_algebra.h"
#include "support/memory.h"

#include <math.h>
#include <string.h>

/* Newton's steps: 4 to 8 are usual. */
enum { MOST_STEPS = 200, MOST_HALVINGS = 40, MOST_SHARES = 10 };

/* A step that changes no volume by more than this share ends the search. */
static const double smallest_step = 1e-13;

/* No step changes a volume by more than a factor of exp(this). */
static const double largest_step = 3.0;

typedef struct search {
  const volume_problem *problem;
  int64_t length;   /* numbers of a scatter */
  double total;     /* sum of the divisors */
  double *logs;     /* n: u */
  double *trial;    /* n */
  double *step;     /* n */
  double *shares;   /* n: of the trace of the identity, d in all, that each component's scatter makes */
  double *hessian;  /* n x n */
  double *pool;     /* length: sum of exp(-u_k) scatter_k */
  double *factor;   /* length: whitening factor of the pool, or reciprocals */
  double *whitened; /* n x length: exp(-u_k) scatter_k in units of the pool */
  double *work;     /* length */
} search;

int64_t volume_numbers(bool dense, int64_t n_components, int64_t n_features)
{
  const int64_t K = n_components;
  const int64_t rows = dense ? n_features : 1;
  const int64_t length = numbers_of(1, rows, n_features);
  return sum_of_bytes(4, (int64_t[]){numbers_of(4, 1, K), numbers_of(1, K, K), numbers_of(K, rows, n_features),
                                     length < INT64_MAX / 3 ? 3 * length : INT64_MAX});
}

static search search_begin(const volume_problem *problem, double *scratch)
{
  const int64_t n = problem->n;
  search work = {.problem = problem, .length = problem->dense ? problem->d * problem->d : problem->d};
  work.whitened = scratch;
  work.pool = work.whitened + n * work.length;
  work.factor = work.pool + work.length;
  work.work = work.factor + work.length;
  work.hessian = work.work + work.length;
  work.logs = work.hessian + n * n;
  work.trial = work.logs + n;
  work.step = work.trial + n;
  work.shares = work.step + n;
  for (int64_t k = 0; k < n; k++) work.total += problem->divisors[k];
  return work;
}

/* The pool at volumes exp(logs), its factor, and the objective; infinite where the pool is not definite. */
static double objective_at(const search *work, const double *logs)
{
  const volume_problem *problem = work->problem;
  const int64_t d = problem->d;
  double value = 0;
  double log_determinant = 0;
  memset(work->pool, 0, (size_t)work->length * sizeof(double));
  for (int64_t k = 0; k < problem->n; k++) {
    const double scale = exp(-logs[k]);
    const double *scatter = problem->scatters + k * work->length;
    for (int64_t i = 0; i < work->length; i++) work->pool[i] += scale * scatter[i];
    value += problem->divisors[k] * (double)d * logs[k];
  }
  if (problem->dense) {
    if (!scatter_log_determinant(d, work->pool, work->factor, &log_determinant)) return INFINITY;
  } else {
    for (int64_t j = 0; j < d; j++) {
      if (!variance_is_safe(work->pool[j])) return INFINITY;
      work->factor[j] = 1 / work->pool[j];
      log_determinant += log(work->pool[j]);
    }
  }
  return value + work->total * log_determinant;
}

/* Sets whitened and shares from the pool's factor. */
static void whiten(const search *work)
{
  const volume_problem *problem = work->problem;
  const int64_t d = problem->d;
  for (int64_t k = 0; k < problem->n; k++) {
    const double scale = exp(-work->logs[k]);
    const double *scatter = problem->scatters + k * work->length;
    double *whitened = work->whitened + k * work->length;
    work->shares[k] = 0;
    if (problem->dense) {
      turn_symmetric_back(d, work->factor, scatter, whitened, work->work);
      for (int64_t i = 0; i < work->length; i++) whitened[i] *= scale;
    } else {
      for (int64_t j = 0; j < d; j++) whitened[j] = scale * scatter[j] * work->factor[j];
    }
    for (int64_t j = 0; j < d; j++) work->shares[k] += whitened[problem->dense ? j * d + j : j];
  }
}

/* Newton's step in work->step, with the diagonal of the Hessian larger by a share, not longer than largest_step; false
 * where there is none. The objective is the same along (1, ..., 1), which is taken out. */
static bool solve_for_step(const search *work, double share)
{
  const volume_problem *problem = work->problem;
  const int64_t n = problem->n;
  const double flat = (double)problem->d / ((double)n * (double)n);
  gram_matrix(n, work->length, work->whitened, work->hessian);
  for (int64_t i = 0; i < n * n; i++) work->hessian[i] = flat - work->hessian[i];
  for (int64_t k = 0; k < n; k++) {
    work->hessian[k * n + k] += work->shares[k] * (1 + share);
    work->step[k] = work->shares[k] - (double)problem->d * problem->divisors[k] / work->total;
  }
  if (!solve_definite(n, work->hessian, work->step)) return false;
  double longest = 0;
  for (int64_t k = 0; k < n; k++) longest = fmax(longest, fabs(work->step[k]));
  if (!isfinite(longest)) return false;
  for (int64_t k = 0; k < n && longest > largest_step; k++) work->step[k] *= largest_step / longest;
  return true;
}

/* The step with the smallest share for which the Hessian is definite: 0, or 1e-14 to 100. */
static bool find_step(const search *work)
{
  double share = 0;
  for (int i = 0; i < MOST_SHARES; i++) {
    if (solve_for_step(work, share)) return true;
    share = share > 0 ? share * 100 : 1e-14;
  }
  return false;
}

/* Moves work->logs; false where the search is at its end. *value is the objective there. */
static bool make_step(const search *work, double *value)
{
  const int64_t n = work->problem->n;
  double longest = 0;
  whiten(work);
  if (!find_step(work)) return false;
  for (int64_t k = 0; k < n; k++) longest = fmax(longest, fabs(work->step[k]));
  const double noise = longest < 1e-6 ? 1e-14 * (fabs(*value) + work->total) : 0;
  double length = 1;
  for (int halvings = 0; halvings < MOST_HALVINGS; halvings++, length /= 2) {
    for (int64_t k = 0; k < n; k++) work->trial[k] = work->logs[k] + length * work->step[k];
    const double there = objective_at(work, work->trial);
    if (!(there <= *value + noise)) continue;
    memcpy(work->logs, work->trial, (size_t)n * sizeof(double));
    *value = there;
    return longest > smallest_step;
  }
  objective_at(work, work->logs);
  return false;
}

/* The volumes that each scatter has in units of the pool of all: the same in all units of features. */
static bool begin_with_pool(const search *work)
{
  memset(work->logs, 0, (size_t)work->problem->n * sizeof(double));
  if (!isfinite(objective_at(work, work->logs))) return false;
  whiten(work);
  for (int64_t k = 0; k < work->problem->n; k++) work->logs[k] = log(work->shares[k] / work->problem->divisors[k]);
  return true;
}

bool find_volumes(const volume_problem *problem, double *volumes, double *common, double *scratch)
{
  const search work = search_begin(problem, scratch);
  if (problem->n == 0 || !begin_with_pool(&work)) return false;
  double value = objective_at(&work, work.logs);
  if (!isfinite(value)) return false;
  for (int i = 0; i < MOST_STEPS && make_step(&work, &value); i++) continue;
  for (int64_t k = 0; k < problem->n; k++) volumes[k] = exp(work.logs[k]);
  for (int64_t i = 0; i < work.length; i++) common[i] = work.pool[i] / work.total;
  return true;
}
