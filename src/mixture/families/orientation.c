/* SPDX-License-Identifier: BSD-3-Clause */
#include "mixture/families/orientation.h"

#include "mixture/families/scatters.h"
#include "support/linear_algebra.h"
#include "support/memory.h"

#include <math.h>
#include <string.h>

/* Of the quasi-Newton method: 10 to 30 steps are usual. */
enum { MOST_STEPS = 500, MOST_HALVINGS = 30, HISTORY = 8, STEPS_WITHOUT_GAIN = 4 };

/* Of turns plane by plane. */
enum { MOST_SWEEPS = 30 };
static const double large_angle = 0.05;
static const double smallest_gain = 1e-6;

/* Angles, in radians: the search ends where the preconditioned gradient has no larger one, and no step is larger. */
static const double smallest_angle = 1e-12;
static const double largest_angle = 0.5;

/* The combinations of a model's covariances that are tried for its axes. */
enum { MOST_COMBINATIONS = 3 };

/* What is known at the axes in hand, and room. */
typedef struct search {
  const orientation_problem *problem;
  int64_t d;
  int64_t n_planes;    /* d (d - 1) / 2 */
  double total;        /* sum of the divisors */
  double *axes;        /* d x d */
  double *turned;      /* n x d x d: the scatters in these axes */
  double *logs;        /* n: sum over j of log s_kj */
  double *weights;     /* n: of the components in the gradient */
  double *gradient;    /* n_planes: a < b, by rows */
  double *curvature;   /* n_planes, positive */
  double *old;         /* n_planes */
  double *step;        /* n_planes */
  double *steps;       /* HISTORY x n_planes */
  double *differences; /* HISTORY x n_planes: of gradients */
  double *skew;        /* d x d */
  double *rotation;    /* d x d */
  double *work;        /* d x d + d */
  int n_kept;          /* steps in the history */
  int newest;
} search;

int64_t orientation_numbers(int64_t n_components, int64_t n_features)
{
  const int64_t square = numbers_of(1, n_features, n_features);
  if (square > INT64_MAX / 64) return INT64_MAX;
  return sum_of_bytes(5, (int64_t[]){numbers_of(n_components, n_features, n_features), numbers_of(2, 1, n_components),
                                     (4 + HISTORY) * square, 4 * square + 2 * n_features,
                                     symmetric_eigen_numbers(n_features)});
}

static search search_begin(const orientation_problem *problem, double *axes, double *scratch)
{
  const int64_t d = problem->scatter->n_features;
  const int64_t n = problem->n;
  search work = {.problem = problem, .d = d, .n_planes = d * (d - 1) / 2, .axes = axes};
  work.turned = scratch;
  work.skew = work.turned + n * d * d;
  work.rotation = work.skew + d * d;
  work.work = work.rotation + d * d;
  work.gradient = work.work + d * d + d;
  work.curvature = work.gradient + work.n_planes;
  work.old = work.curvature + work.n_planes;
  work.step = work.old + work.n_planes;
  work.steps = work.step + work.n_planes;
  work.differences = work.steps + HISTORY * work.n_planes;
  work.logs = work.differences + HISTORY * work.n_planes;
  work.weights = work.logs + n;
  for (int64_t i = 0; i < n; i++) work.total += problem->scatter->divisors[problem->components[i]];
  return work;
}

/* --- the objective ------------------------------------------------------------------------------------------------ */

/* The scatters in the axes in hand. */
static void turn_scatters(const search *work)
{
  const int64_t d = work->d;
  for (int64_t i = 0; i < work->problem->n; i++) {
    dense_scatter(work->problem->scatter, work->problem->components[i], work->skew);
    turn_symmetric(d, work->axes, work->skew, work->turned + i * d * d, work->work);
  }
}

/* Sets logs; infinite where a variance is not positive. */
static double objective(const search *work)
{
  const orientation_problem *problem = work->problem;
  const int64_t d = work->d;
  double value = 0;
  double largest = -INFINITY;
  for (int64_t i = 0; i < problem->n; i++) {
    const double *turned = work->turned + i * d * d;
    work->logs[i] = 0;
    for (int64_t j = 0; j < d; j++) {
      if (!(turned[j * d + j] > 0)) return INFINITY;
      work->logs[i] += log(turned[j * d + j]);
    }
    largest = fmax(largest, work->logs[i]);
    value += problem->scatter->divisors[problem->components[i]] * work->logs[i];
  }
  if (!problem->equal_volumes) return value;
  double sum = 0;
  for (int64_t i = 0; i < problem->n; i++) sum += exp((work->logs[i] - largest) / (double)d);
  return work->total * (largest + (double)d * log(sum));
}

/* The derivatives of the objective with respect to the logs of the components. */
static void set_weights(const search *work)
{
  const orientation_problem *problem = work->problem;
  double largest = -INFINITY;
  double sum = 0;
  for (int64_t i = 0; i < problem->n; i++) {
    work->weights[i] = problem->scatter->divisors[problem->components[i]];
    largest = fmax(largest, work->logs[i]);
  }
  if (!problem->equal_volumes) return;
  for (int64_t i = 0; i < problem->n; i++) {
    work->weights[i] = exp((work->logs[i] - largest) / (double)work->d);
    sum += work->weights[i];
  }
  for (int64_t i = 0; i < problem->n; i++) work->weights[i] *= work->total / sum;
}

/* --- plane by plane ----------------------------------------------------------------------------------------------- */

/* The angle by which axes a and b are best turned towards each other, judged at the angle 0; 0 where that gains little.
 * Of the variances p + q and p - q along them, and r between them, a turn by angle t makes p +- (q cos 2t + r sin 2t).
 */
static double best_angle(const search *work, int64_t a, int64_t b)
{
  const int64_t d = work->d;
  double m[3] = {0, 0, 0};
  double total = 0;
  for (int64_t i = 0; i < work->problem->n; i++) {
    const double *turned = work->turned + i * d * d;
    const double product = turned[a * d + a] * turned[b * d + b];
    const double q = (turned[a * d + a] - turned[b * d + b]) / 2;
    const double r = turned[b * d + a];
    const double scale = work->weights[i] / product;
    m[0] += scale * q * q;
    m[1] += scale * q * r;
    m[2] += scale * r * r;
    total += work->weights[i];
  }
  const double half = (m[0] - m[2]) / 2;
  const double gain = hypot(half, m[1]) - half; /* of the larger eigenvalue over m[0] */
  return gain > smallest_gain * total ? atan2(m[1], half) / 4 : 0;
}

/* Turns axes a and b in all that is at hand. */
static void turn_plane(const search *work, int64_t a, int64_t b, double angle)
{
  const int64_t d = work->d;
  const double c = cos(angle);
  const double s = sin(angle);
  for (int64_t i = 0; i < work->problem->n; i++) {
    double *turned = work->turned + i * d * d;
    work->logs[i] -= log(turned[a * d + a]) + log(turned[b * d + b]);
    for (int64_t j = 0; j < d; j++) {
      const double x = turned[a * d + j];
      const double y = turned[b * d + j];
      turned[a * d + j] = c * x + s * y;
      turned[b * d + j] = c * y - s * x;
    }
    for (int64_t j = 0; j < d; j++) {
      const double x = turned[j * d + a];
      const double y = turned[j * d + b];
      turned[j * d + a] = c * x + s * y;
      turned[j * d + b] = c * y - s * x;
    }
    work->logs[i] += log(turned[a * d + a]) + log(turned[b * d + b]);
  }
  for (int64_t j = 0; j < d; j++) {
    const double x = work->axes[a * d + j];
    const double y = work->axes[b * d + j];
    work->axes[a * d + j] = c * x + s * y;
    work->axes[b * d + j] = c * y - s * x;
  }
}

static bool sweep(const search *work)
{
  bool turned = false;
  for (int64_t a = 0; a < work->d; a++) {
    for (int64_t b = a + 1; b < work->d; b++) {
      const double angle = best_angle(work, a, b);
      if (!(fabs(angle) > large_angle)) continue;
      turn_plane(work, a, b, angle);
      set_weights(work);
      turned = true;
    }
  }
  return turned;
}

/* --- all planes at once ------------------------------------------------------------------------------------------- */

/* First and second derivatives with respect to the angle of each plane, the second kept away from 0 and below. */
static void differentiate(const search *work)
{
  const int64_t d = work->d;
  const int64_t n = work->problem->n;
  const double least = 1e-6 * work->total;
  set_weights(work);
  for (int64_t a = 0, plane = 0; a < d; a++) {
    for (int64_t b = a + 1; b < d; b++, plane++) {
      double first = 0;
      double second = 0;
      double bound = 0;
      for (int64_t i = 0; i < n; i++) {
        const double *turned = work->turned + i * d * d;
        const double product = turned[a * d + a] * turned[b * d + b];
        const double q = (turned[a * d + a] - turned[b * d + b]) / 2;
        const double r = turned[b * d + a];
        const double weight = work->weights[i] / product;
        first -= 4 * weight * q * r;
        second += 8 * weight * (q * q - r * r) - 16 * weight * q * q * (r * r / product);
        bound += 8 * weight * (q * q + r * r);
      }
      work->gradient[plane] = first;
      work->curvature[plane] = fmax(fmax(second, 0.1 * bound), least);
    }
  }
}

static double inner(int64_t n, const double *x, const double *y)
{
  double sum = 0;
  for (int64_t i = 0; i < n; i++) sum += x[i] * y[i];
  return sum;
}

static double largest_of(int64_t n, const double *x)
{
  double largest = 0;
  for (int64_t i = 0; i < n; i++) largest = fmax(largest, fabs(x[i]));
  return largest;
}

/* The quasi-Newton step (Nocedal, Wright 2006, algorithm 7.4), downhill and not too long. Returns its slope. */
static double find_step(search *work)
{
  const int64_t P = work->n_planes;
  double factors[HISTORY];
  for (int64_t i = 0; i < P; i++) work->step[i] = -work->gradient[i];
  for (int back = 0; back < work->n_kept; back++) {
    const int slot = (work->newest - back + HISTORY) % HISTORY;
    const double *s = work->steps + slot * P;
    const double *y = work->differences + slot * P;
    factors[slot] = inner(P, s, work->step) / inner(P, s, y);
    for (int64_t i = 0; i < P; i++) work->step[i] -= factors[slot] * y[i];
  }
  for (int64_t i = 0; i < P; i++) work->step[i] /= work->curvature[i];
  for (int back = work->n_kept - 1; back >= 0; back--) {
    const int slot = (work->newest - back + HISTORY) % HISTORY;
    const double *s = work->steps + slot * P;
    const double *y = work->differences + slot * P;
    const double factor = factors[slot] - inner(P, y, work->step) / inner(P, s, y);
    for (int64_t i = 0; i < P; i++) work->step[i] += factor * s[i];
  }
  double slope = inner(P, work->gradient, work->step);
  if (!(slope < 0)) {
    work->n_kept = 0;
    for (int64_t i = 0; i < P; i++) work->step[i] = -work->gradient[i] / work->curvature[i];
    slope = inner(P, work->gradient, work->step);
  }
  const double longest = largest_of(P, work->step);
  for (int64_t i = 0; i < P && longest > largest_angle; i++) work->step[i] *= largest_angle / longest;
  return longest > largest_angle ? slope * (largest_angle / longest) : slope;
}

/* Turns axes and scatters by `length` steps. */
static void turn(const search *work, double length)
{
  const int64_t d = work->d;
  for (int64_t a = 0, plane = 0; a < d; a++) {
    work->skew[a * d + a] = 0;
    for (int64_t b = a + 1; b < d; b++, plane++) {
      work->skew[b * d + a] = length * work->step[plane];
      work->skew[a * d + b] = -length * work->step[plane];
    }
  }
  rotation_of(d, work->skew, work->rotation, work->work);
  for (int64_t i = 0; i < work->problem->n; i++) {
    double *turned = work->turned + i * d * d;
    turn_symmetric_back(d, work->rotation, turned, turned, work->work);
  }
  multiply_transposed(d, work->rotation, work->axes, work->work);
  memcpy(work->axes, work->work, (size_t)(d * d) * sizeof(double));
}

static void keep_in_history(search *work, double length)
{
  const int64_t P = work->n_planes;
  const int slot = (work->newest + 1) % HISTORY;
  double *s = work->steps + slot * P;
  double *y = work->differences + slot * P;
  for (int64_t i = 0; i < P; i++) {
    s[i] = length * work->step[i];
    y[i] = work->gradient[i] - work->old[i];
  }
  if (!(inner(P, s, y) > 1e-10 * sqrt(inner(P, s, s)) * sqrt(inner(P, y, y)))) return;
  work->newest = slot;
  if (work->n_kept < HISTORY) work->n_kept++;
}

/* Goes along the step as far as the objective falls; by how much of it, 0 where it does not. */
static double descend(const search *work, double slope, double noise, double *value)
{
  double length = 1;
  turn(work, length);
  for (int halvings = 0;; halvings++) {
    const double there = objective(work);
    if (there <= *value + 1e-4 * length * slope || (there <= *value + noise && -slope < noise)) {
      *value = there;
      return length;
    }
    turn(work, halvings < MOST_HALVINGS ? -length / 2 : -length);
    if (halvings == MOST_HALVINGS) break;
    length /= 2;
  }
  *value = objective(work);
  return 0;
}

static void turn_all_planes(search *work)
{
  const int64_t P = work->n_planes;
  int n_without_gain = 0;
  double value = objective(work);
  differentiate(work);
  for (int i = 0; i < MOST_STEPS && n_without_gain < STEPS_WITHOUT_GAIN; i++) {
    const double noise = 1e-14 * (fabs(value) + work->total * (double)work->d);
    double largest = 0;
    for (int64_t j = 0; j < P; j++) largest = fmax(largest, fabs(work->gradient[j] / work->curvature[j]));
    if (!(largest > smallest_angle)) return;
    const double slope = find_step(work);
    const double before = value;
    const double length = descend(work, slope, noise, &value);
    if (length == 0 && work->n_kept == 0) return;
    if (length == 0) {
      work->n_kept = 0;
      continue;
    }
    memcpy(work->old, work->gradient, (size_t)P * sizeof(double));
    differentiate(work);
    keep_in_history(work, length);
    n_without_gain = before - value > noise ? 0 : n_without_gain + 1;
  }
}

void find_orientation(const orientation_problem *problem, double *axes, double *variances, double *scratch)
{
  search work = search_begin(problem, axes, scratch);
  const int64_t d = work.d;
  turn_scatters(&work);
  if (isfinite(objective(&work))) {
    set_weights(&work);
    for (int i = 0; i < MOST_SWEEPS && sweep(&work); i++) continue;
    turn_all_planes(&work);
    turn_scatters(&work);
  }
  for (int64_t i = 0; i < problem->n; i++) {
    for (int64_t j = 0; j < d; j++) variances[i * d + j] = work.turned[i * d * d + j * d + j];
  }
}

/* --- the axes of a model ------------------------------------------------------------------------------------------ */

/* Of a covariance in the combination, relative to its trace: numbers without any relation to each other. */
static double share_in_combination(int64_t component, int combination)
{
  const double golden = 0.61803398874989485;
  const double position = golden * (double)(component + 1) * (double)(combination + 1);
  return 0.1 + position - floor(position);
}

static double trace(int64_t d, const double *matrix)
{
  double sum = 0;
  for (int64_t j = 0; j < d; j++) sum += matrix[j * d + j];
  return sum;
}

/* What the axes leave between each other, relative to the covariances, squared and summed. */
static double left_between(const gmmpi_model *model, const int64_t *components, int64_t n, const double *axes,
                           double *turned, double *room)
{
  const int64_t d = model->n_features;
  double sum = 0;
  for (int64_t i = 0; i < n; i++) {
    const double *covariance = model->covariances + components[i] * d * d;
    const double scale = trace(d, covariance);
    if (!(scale > 0)) continue;
    turn_symmetric(d, axes, covariance, turned, room);
    for (int64_t a = 0; a < d; a++) {
      for (int64_t b = 0; b < a; b++) sum += turned[a * d + b] * turned[a * d + b] / (scale * scale);
    }
  }
  return sum;
}

void orientation_of_model(const gmmpi_model *model, const int64_t *components, int64_t n, double *axes, double *scratch)
{
  const int64_t d = model->n_features;
  double *mixed = scratch;
  double *found = mixed + d * d;
  double *room = found + d * d;
  double *values = room + d * d;
  double *work = values + d;
  double least = INFINITY;
  for (int combination = 0; combination < MOST_COMBINATIONS && least > 1e-20 * (double)n; combination++) {
    memset(mixed, 0, (size_t)(d * d) * sizeof *mixed);
    for (int64_t i = 0; i < n; i++) {
      const double *covariance = model->covariances + components[i] * d * d;
      const double scale = trace(d, covariance);
      const double share = share_in_combination(components[i], combination);
      for (int64_t j = 0; scale > 0 && j < d * d; j++) mixed[j] += share / scale * covariance[j];
    }
    symmetric_eigen(d, mixed, found, values, work);
    const double left = left_between(model, components, n, found, mixed, room);
    if (left < least || combination == 0) memcpy(axes, found, (size_t)(d * d) * sizeof *axes);
    least = fmin(least, left);
  }
}
