/* SPDX-License-Identifier: BSD-3-Clause */
/* EM as in the books, in long double, for a small table and every kind of mixture: normal or Student's t, with or
 * without a uniform background, weights of rows and known labels, by maximum likelihood, under a conjugate prior, by
 * adaptation, and variational Bayes. It is written from the papers and knows nothing of the program.
 *
 *   EM: Dempster, Laird, Rubin 1977; Bishop 2006, sec. 9.2. t: Peel, McLachlan 2000. Background: Banfield, Raftery
 * 1993. Priors: Fraley, Raftery 2007. Adaptation: Reynolds, Quatieri, Dunn 2000. Variational: Bishop 2006, sec. 10.2,
 * and Blei, Jordan 2006 for sticks, with scikit-learn's definitions for covariance types. */
#ifndef TESTS_TEXTBOOK_H
#define TESTS_TEXTBOOK_H

#include "unit/textbook_families.h"

#include <stdbool.h>
#include <stdint.h>

enum { BOOK_N = 90 };

typedef enum book_method { BOOK_ML, BOOK_MAP, BOOK_ADAPT, BOOK_VB, BOOK_DP } book_method;
typedef enum book_tails { BOOK_NORMAL, BOOK_T_FIXED, BOOK_T_COMMON, BOOK_T_EACH } book_tails;

typedef struct book_problem {
  const char *code;
  book_method method;
  book_tails tails;
  bool noise;
  long double volume;
  const double *rows;    /* BOOK_N x BOOK_D */
  const double *weights; /* BOOK_N; NULL: all 1 */
  const int *labels;     /* BOOK_N, -1: unknown; NULL: all unknown */
  /* of priors */
  long double shrinkage, prior_dof, prior_mean[BOOK_D], prior_concentration, relevance;
  book_matrix prior_scale;
  const struct book_mixture *from;
} book_problem;

typedef struct book_mixture {
  long double weights[BOOK_K], noise_weight;
  long double means[BOOK_K][BOOK_D];
  book_matrix covariances[BOOK_K];
  long double dof[BOOK_K];                                                       /* of t */
  long double concentration[2][BOOK_K], mean_precision[BOOK_K], wishart[BOOK_K]; /* of a variational posterior */
} book_mixture;

/* What the points say about a mixture. */
typedef struct book_sums {
  long double n, log_likelihood;
  long double counts[BOOK_K], pulls[BOOK_K], tails[BOOK_K];
  long double means[BOOK_K][BOOK_D];
  book_matrix scatters[BOOK_K];
} book_sums;

static inline long double book_digamma(long double x)
{
  long double result = 0.0L;
  for (; x < 30.0L; x += 1.0L) result -= 1.0L / x;
  const long double y = 1.0L / (x * x);
  return result + logl(x) - 0.5L / x -
         y * (1.0L / 12.0L - y * (1.0L / 120.0L - y * (1.0L / 252.0L - y * (1.0L / 240.0L - y / 132.0L))));
}

static inline bool book_is_bayes(const book_problem *one)
{
  return one->method == BOOK_VB || one->method == BOOK_DP;
}

/* Squared Mahalanobis distance and log determinant. */
static inline long double book_distance(book_matrix covariance, long double mean[BOOK_D], const double *x,
                                        long double *log_determinant)
{
  long double values[BOOK_D];
  book_matrix vectors;
  long double sum = 0.0L;
  book_eigen(covariance, values, vectors);
  *log_determinant = 0.0L;
  for (int m = 0; m < BOOK_D; m++) {
    long double along = 0.0L;
    for (int i = 0; i < BOOK_D; i++) along += vectors[i][m] * (x[i] - mean[i]);
    sum += along * along / values[m];
    *log_determinant += logl(values[m]);
  }
  return sum;
}

static inline long double book_log_weight(const book_problem *one, const book_mixture *model, int k)
{
  long double total = 0.0L;
  switch (one->method) {
  case BOOK_VB:
    for (int i = 0; i < BOOK_K; i++) total += model->concentration[0][i];
    return book_digamma(model->concentration[0][k]) - book_digamma(total);
  case BOOK_DP:
    for (int i = 0; i <= k; i++) {
      const long double both = book_digamma(model->concentration[0][i] + model->concentration[1][i]);
      total += book_digamma(model->concentration[i == k ? 0 : 1][i]) - both;
    }
    return total;
  default:
    return logl(model->weights[k]);
  }
}

/* log of weight times density of component k at x, or its expectation; pull: what a point counts for in means and
 * covariances, log_pull: the expectation of the log of that. */
static inline long double book_log_share(const book_problem *one, book_mixture *model, int k, const double *x,
                                         long double *pull, long double *log_pull)
{
  const long double pi = acosl(-1.0L);
  long double log_determinant;
  const long double distance = book_distance(model->covariances[k], model->means[k], x, &log_determinant);
  long double log_share = book_log_weight(one, model, k) - 0.5L * log_determinant;
  *pull = 1.0L;
  *log_pull = 0.0L;
  if (one->tails != BOOK_NORMAL) {
    const long double nu = model->dof[k];
    *pull = (nu + BOOK_D) / (nu + distance);
    *log_pull = logl(*pull) + book_digamma((nu + BOOK_D) / 2.0L) - logl((nu + BOOK_D) / 2.0L);
    return log_share + lgammal((nu + BOOK_D) / 2.0L) - lgammal(nu / 2.0L) - BOOK_D / 2.0L * logl(nu * pi) -
           (nu + BOOK_D) / 2.0L * log1pl(distance / nu);
  }
  log_share -= BOOK_D / 2.0L * logl(2.0L * pi) + 0.5L * distance;
  if (book_is_bayes(one)) {
    long double log_lambda = BOOK_D * logl(2.0L);
    for (int i = 0; i < BOOK_D; i++) log_lambda += book_digamma((model->wishart[k] - i) / 2.0L);
    log_share += 0.5L * (log_lambda - BOOK_D / model->mean_precision[k]) - BOOK_D / 2.0L * logl(model->wishart[k]);
  }
  return log_share;
}

/* The E-step and the sums of it. first: from the labels of the start (BOOK_N), each point all in its component. */
static inline void book_expect(const book_problem *one, book_mixture *model, const int64_t *first, book_sums *sums)
{
  static long double shares[BOOK_N][BOOK_K];
  static long double pulls[BOOK_N][BOOK_K];
  *sums = (book_sums){.n = 0.0L};
  for (int i = 0; i < BOOK_N; i++) {
    const double *x = one->rows + (long)i * BOOK_D;
    const long double weight = one->weights != NULL ? one->weights[i] : 1.0L;
    long double log_pulls[BOOK_K] = {0.0L};
    long double log_density = 0.0L;
    sums->n += weight;
    if (first != NULL) {
      for (int k = 0; k < BOOK_K; k++) {
        shares[i][k] = (one->labels != NULL && one->labels[i] >= 0 ? one->labels[i] : first[i]) == k;
        pulls[i][k] = 1.0L;
      }
    } else {
      const int label = one->labels != NULL ? one->labels[i] : -1;
      long double total = one->noise && label < 0 ? model->noise_weight / one->volume : 0.0L;
      for (int k = 0; k < BOOK_K; k++) {
        shares[i][k] = expl(book_log_share(one, model, k, x, &pulls[i][k], &log_pulls[k]));
        if (label >= 0 && label != k) shares[i][k] = 0.0L;
        total += shares[i][k];
      }
      for (int k = 0; k < BOOK_K; k++) shares[i][k] /= total;
      log_density = logl(total);
    }
    sums->log_likelihood += weight * log_density;
    for (int k = 0; k < BOOK_K; k++) {
      shares[i][k] *= weight;
      sums->counts[k] += shares[i][k];
      sums->pulls[k] += shares[i][k] * pulls[i][k];
      sums->tails[k] += shares[i][k] * (log_pulls[k] - pulls[i][k]);
      for (int j = 0; j < BOOK_D; j++) sums->means[k][j] += shares[i][k] * pulls[i][k] * x[j];
    }
  }
  for (int k = 0; k < BOOK_K; k++) {
    for (int j = 0; j < BOOK_D; j++) sums->means[k][j] /= sums->pulls[k];
    for (int i = 0; i < BOOK_N; i++) {
      const double *x = one->rows + (long)i * BOOK_D;
      for (int a = 0; a < BOOK_D; a++) {
        for (int b = 0; b < BOOK_D; b++)
          sums->scatters[k][a][b] +=
              shares[i][k] * pulls[i][k] * (x[a] - sums->means[k][a]) * (x[b] - sums->means[k][b]);
      }
    }
  }
}

/* --- M-steps --- */

/* 1 + log(nu/2) - digamma(nu/2) + mean = 0 by bisection; the left side falls with nu. */
static inline long double book_solve_dof(long double mean)
{
  long double low = 1e-3L;
  long double high = 1e7L;
  for (int i = 0; i < 400; i++) {
    const long double middle = sqrtl(low * high);
    if (1.0L + logl(middle / 2.0L) - book_digamma(middle / 2.0L) + mean > 0.0L)
      low = middle;
    else
      high = middle;
  }
  return low;
}

static inline void book_update_dof(const book_problem *one, const book_sums *sums, book_mixture *next)
{
  long double tails = 0.0L;
  long double counts = 0.0L;
  for (int k = 0; k < BOOK_K; k++) {
    tails += sums->tails[k];
    counts += sums->counts[k];
  }
  for (int k = 0; k < BOOK_K; k++) {
    if (one->tails == BOOK_T_EACH) next->dof[k] = book_solve_dof(sums->tails[k] / sums->counts[k]);
    if (one->tails == BOOK_T_COMMON) next->dof[k] = book_solve_dof(tails / counts);
  }
}

/* Adds the prior to scatter and mean: the posterior's mean, and shrinkage N / (shrinkage + N) (mean - m)(mean - m)^T.
 */
static inline void book_shrink(const book_problem *one, const book_sums *sums, int k, book_mixture *next,
                               book_matrix scatter)
{
  const long double n = sums->counts[k];
  const long double kappa = one->shrinkage;
  for (int a = 0; a < BOOK_D; a++) {
    for (int b = 0; b < BOOK_D; b++)
      scatter[a][b] +=
          kappa * n / (kappa + n) * (sums->means[k][a] - one->prior_mean[a]) * (sums->means[k][b] - one->prior_mean[b]);
  }
  for (int j = 0; j < BOOK_D; j++)
    next->means[k][j] = (n * sums->means[k][j] + kappa * one->prior_mean[j]) / (kappa + n);
}

/* Fraley, Raftery 2007, tables 1 to 3, for the six families without parts of both kinds. False: not in the book. */
static inline bool book_prior_divisors(const book_problem *one, const book_sums *sums, long double n[BOOK_K],
                                       long double *total, long double scale_of_each[BOOK_D])
{
  const long double d = BOOK_D;
  const bool own = one->code[0] == 'V';
  const bool is_ball = strcmp(one->code + 1, "II") == 0;
  const bool is_diagonal = one->code[2] == 'I' && one->code[1] == one->code[0];
  const bool is_dense = strcmp(one->code, "EEE") == 0 || strcmp(one->code, "VVV") == 0;
  if (!is_ball && !is_diagonal && !is_dense) return false;
  long double sum = 0.0L;
  for (int k = 0; k < BOOK_K; k++) {
    n[k] = is_ball ? (one->prior_dof + (sums->counts[k] + 1.0L) * d + 2.0L) / d
                   : one->prior_dof + sums->counts[k] + (is_diagonal ? 3.0L : d + 2.0L);
    sum += sums->counts[k];
  }
  *total = is_ball       ? (one->prior_dof + (sum + BOOK_K) * d + 2.0L) / d
           : is_diagonal ? one->prior_dof + sum + BOOK_K + 2.0L
                         : one->prior_dof + sum + d + BOOK_K + 1.0L;
  for (int j = 0; j < BOOK_D; j++) scale_of_each[j] = own ? 1.0L : 1.0L / BOOK_K;
  return true;
}

/* The next mixture; ridge: added to each diagonal. False where the book has no formula. */
static inline bool book_maximise(const book_problem *one, const book_sums *sums, const book_mixture *previous,
                                 long double ridge, book_mixture *next)
{
  book_matrix scatters[BOOK_K];
  long double n[BOOK_K];
  long double total = 0.0L;
  long double all = 0.0L;
  memcpy(scatters, sums->scatters, sizeof scatters);
  *next = *previous;
  for (int k = 0; k < BOOK_K; k++) {
    n[k] = sums->counts[k];
    all += n[k];
    memcpy(next->means[k], sums->means[k], sizeof next->means[k]);
  }
  total = all;
  next->noise_weight = one->noise ? (sums->n - all) / sums->n : 0.0L;
  for (int k = 0; k < BOOK_K; k++) next->weights[k] = n[k] / sums->n;
  if (one->method == BOOK_MAP) {
    long double part[BOOK_D];
    if (!book_prior_divisors(one, sums, n, &total, part)) return false;
    for (int k = 0; k < BOOK_K; k++) {
      book_shrink(one, sums, k, next, scatters[k]);
      for (int a = 0; a < BOOK_D; a++) {
        for (int b = 0; b < BOOK_D; b++) scatters[k][a][b] += part[a] * one->prior_scale[a][b];
      }
    }
  }
  if (book_is_bayes(one)) {
    const bool tied = strcmp(one->code, "EEE") == 0;
    for (int k = 0; k < BOOK_K; k++) {
      next->mean_precision[k] = one->shrinkage + n[k];
      next->wishart[k] = one->prior_dof + (tied ? all / BOOK_K : n[k]);
      book_shrink(one, sums, k, next, scatters[k]);
      for (int a = 0; a < BOOK_D; a++) {
        scatters[k][a][a] += n[k] * ridge;
        for (int b = 0; b < BOOK_D; b++) scatters[k][a][b] += one->prior_scale[a][b];
      }
    }
    long double left = all;
    long double sum = 0.0L;
    long double rest = 1.0L;
    for (int k = 0; k < BOOK_K; k++) {
      left -= n[k];
      next->concentration[0][k] = n[k] + (one->method == BOOK_VB ? one->prior_concentration : 1.0L);
      next->concentration[1][k] = one->prior_concentration + left;
      sum += next->concentration[0][k];
    }
    for (int k = 0; k < BOOK_K; k++) {
      const long double share = next->concentration[0][k] / (next->concentration[0][k] + next->concentration[1][k]);
      next->weights[k] = one->method == BOOK_VB ? next->concentration[0][k] / sum : share * rest;
      rest *= 1.0L - share;
      n[k] = next->wishart[k];
    }
    sum = 0.0L;
    for (int k = 0; k < BOOK_K; k++) sum += next->weights[k];
    for (int k = 0; k < BOOK_K; k++) next->weights[k] /= sum;
    total = BOOK_K * next->wishart[0];
    ridge = 0.0L;
  }
  if (one->method == BOOK_ADAPT) {
    long double sum = 0.0L;
    for (int k = 0; k < BOOK_K; k++) {
      const book_mixture *from = one->from;
      const long double alpha = n[k] / (n[k] + one->relevance);
      next->weights[k] = alpha * n[k] / sums->n + (1.0L - alpha) * from->weights[k];
      sum += next->weights[k];
      for (int j = 0; j < BOOK_D; j++)
        next->means[k][j] = alpha * sums->means[k][j] + (1.0L - alpha) * from->means[k][j];
      /* Of second moments; times N + r, so that a family's M-step can divide. */
      n[k] += one->relevance;
      for (int a = 0; a < BOOK_D; a++) {
        for (int b = 0; b < BOOK_D; b++) {
          const long double own = sums->scatters[k][a][b] / sums->counts[k] + sums->means[k][a] * sums->means[k][b];
          const long double given = from->covariances[k][a][b] + from->means[k][a] * from->means[k][b];
          scatters[k][a][b] = n[k] * (alpha * own + (1.0L - alpha) * given - next->means[k][a] * next->means[k][b]);
        }
      }
    }
    for (int k = 0; k < BOOK_K; k++) next->weights[k] /= sum;
    total = n[0] + n[1] + n[2];
  }
  book_estimate(one->code, scatters, n, total, next->covariances);
  for (int k = 0; k < BOOK_K; k++) {
    for (int j = 0; j < BOOK_D; j++) next->covariances[k][j][j] += ridge;
  }
  if (one->tails != BOOK_NORMAL) book_update_dof(one, sums, next);
  return true;
}

#endif
