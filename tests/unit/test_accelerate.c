/* SPDX-License-Identifier: BSD-3-Clause */
/* Acceleration: on maps whose fixed points are known in closed form the combinations lead there; moments come back from
 * the vectors that they are combined in; what a history remembers moves over to other points. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "em/accelerate/accelerate.h"
#include "em/accelerate/methods.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void assert_near(double value, double expected, double tolerance)
{
  if (!(fabs(value - expected) <= tolerance * (1.0 + fabs(expected))))
    fail_msg("%.17g instead of %.17g", value, expected);
}

/* A linear map of a line with slope rho: squarem's step from two residuals in a row is the fixed point itself. */
static void squarem_on_a_line(void **unused)
{
  (void)unused;
  const double fixed_point = 3.25;
  for (double rho = 0.1; rho < 1.0; rho += 0.2) {
    const double x = -1.5;
    const double next = fixed_point + rho * (x - fixed_point);
    const double older = next - x;
    const double newer = rho * older;
    const double *residuals[] = {&newer, &older};
    double outputs[MOST_REMEMBERED];
    double inner[MOST_REMEMBERED];
    assert_true(acceleration_squarem.combine(2, 1, residuals, outputs, inner));
    const double proposed = outputs[0] * (next + newer) + outputs[1] * next + inner[0] * newer + inner[1] * older;
    assert_near(proposed, fixed_point, 1e-12);
  }
  const double only = 1.0;
  const double *one[] = {&only};
  double outputs[MOST_REMEMBERED];
  double inner[MOST_REMEMBERED];
  assert_false(acceleration_squarem.combine(1, 1, one, outputs, inner));
}

/* A linear map of the plane: from three pairs of input and output Anderson's combination is the fixed point. */
static void anderson_in_the_plane(void **unused)
{
  (void)unused;
  const double map[2][2] = {{0.9, 0.3}, {-0.2, 0.6}};
  const double fixed_point[2] = {2.0, -7.0};
  const double inputs[3][2] = {{1.0, 1.0}, {0.0, 4.0}, {-3.0, 0.5}};
  double output[3][2];
  double residual[3][2];
  const double *residuals[3];
  for (int i = 0; i < 3; i++) {
    for (int a = 0; a < 2; a++) {
      output[i][a] = fixed_point[a];
      for (int b = 0; b < 2; b++) output[i][a] += map[a][b] * (inputs[i][b] - fixed_point[b]);
      residual[i][a] = output[i][a] - inputs[i][a];
    }
    residuals[i] = residual[i];
  }
  double outputs[MOST_REMEMBERED];
  double inner[MOST_REMEMBERED];
  assert_true(acceleration_anderson.combine(3, 2, residuals, outputs, inner));
  assert_near(outputs[0] + outputs[1] + outputs[2], 1.0, 1e-12);
  for (int a = 0; a < 2; a++)
    assert_near(outputs[0] * output[0][a] + outputs[1] * output[1][a] + outputs[2] * output[2][a], fixed_point[a],
                1e-6);
}

enum { K = 3, D = 2 };

/* Moments of three components; step moves their sums about a fixed place along a line, so that affine combinations of
 * such moments are such moments again. */
static void set_moments(moments *some, double step)
{
  const double n = some->n_samples;
  for (int k = 0; k < K; k++) {
    const double place[D] = {1e3 * (k + 1), -0.5 * k};
    const double count = n * ((k + 1) / 6.0 + 0.01 * step * (k - 1));
    const double first[D] = {n * 0.05 * step, n * 0.03 * step * k};
    some->counts[k] = count;
    for (int j = 0; j < D; j++) some->means[k * D + j] = place[j] + first[j] / count;
    const bool pooled = some->n_second == 1;
    for (int i = 0, at = 0; i < D; i++) {
      for (int j = some->shape == DENSE ? 0 : i; j <= i; j++, at++) {
        const double second = n * (i == j ? 9.0 + k + 0.2 * step : 0.7 - 0.1 * step);
        double *scatter = &some->scatter[(pooled ? 0 : k) * some->second_length + at];
        if (!pooled || k == 0) *scatter = 0.0;
        *scatter += second - first[i] * first[j] / count;
      }
    }
  }
}

static moments *make_moments(const covariance_family *family, double n_samples, double step)
{
  moments *made = NULL;
  gmmpi_error error = {0};
  assert_int_equal(moments_create(family->storage->shape, family_order(family), K, D, &made, &error), GMMPI_OK);
  made->n_samples = n_samples;
  set_moments(made, step);
  return made;
}

static void assert_same_moments(const moments *a, const moments *b, double factor)
{
  for (int k = 0; k < K; k++) assert_near(a->counts[k], factor * b->counts[k], 1e-12);
  for (int i = 0; i < K * D; i++) assert_near(a->means[i], b->means[i], 1e-11);
  for (int64_t i = 0; i < a->n_second * a->second_length; i++) assert_near(a->scatter[i], factor * b->scatter[i], 1e-8);
}

static accelerator *make_accelerator(const char *method, const covariance_family *family)
{
  accelerator *memory = NULL;
  gmmpi_error error = {0};
  assert_int_equal(accelerator_create(method, gaussian_kind(family), K, D, &memory, &error), GMMPI_OK);
  return memory;
}

/* What was recorded last comes back, also in numbers of other points. */
static void moments_come_back(void **unused)
{
  (void)unused;
  const covariance_family *const families[] = {&family_full, &family_diag, &family_tied};
  for (int s = 0; s < 3; s++) {
    accelerator *memory = make_accelerator("anderson", families[s]);
    moments *first = make_moments(families[s], 1000.0, 0.0);
    moments *second = make_moments(families[s], 1000.0, 1.0);
    moments *back = make_moments(families[s], 4000.0, -1.0);
    accelerator_record(memory, first, false);
    assert_false(accelerator_propose(memory, back)); /* there is nothing to combine yet */
    assert_false(accelerator_has_point(memory));
    accelerator_record(memory, second, false);
    assert_true(accelerator_has_point(memory));
    assert_false(accelerator_propose(memory, back)); /* one residual is none to combine either */
    accelerator_last_output(memory, back);
    assert_same_moments(back, second, 4.0);
    moments_destroy(first);
    moments_destroy(second);
    moments_destroy(back);
    accelerator_destroy(memory);
  }
}

/* The distance of moments on the line of set_moments from the one at `step`, told by the first count. */
static double step_of(const moments *some)
{
  return (some->counts[0] / some->n_samples - 1.0 / 6.0) / -0.01;
}

/* On a line in the space of sums along which the map contracts by rho, Anderson jumps to the fixed point. With step 0
 * as the fixed point, recorded outputs are rho, rho^2 ... */
static void find_the_fixed_point_of_sums(const covariance_family *family)
{
  const double rho = 0.8;
  accelerator *memory = make_accelerator("auto", family);
  assert_string_equal(accelerator_name(memory), "anderson");
  moments *some = make_moments(family, 1.0, 1.0);
  moments *proposed = make_moments(family, 1.0, 5.0);
  moments *expected = make_moments(family, 1.0, 0.0);
  accelerator_record(memory, some, false);
  set_moments(some, rho);
  accelerator_record(memory, some, false);
  assert_false(accelerator_propose(memory, proposed));
  set_moments(some, rho * rho);
  accelerator_record(memory, some, false);
  assert_false(accelerator_is_fast(memory));
  assert_true(accelerator_propose(memory, proposed));
  assert_true(fabs(step_of(proposed)) < 1e-5);
  assert_near(proposed->means[0], expected->means[0], 1e-6);
  for (int64_t i = 0; i < proposed->second_length; i++) assert_near(proposed->scatter[i], expected->scatter[i], 1e-3);

  /* It was no good: textbook steps come first, as many as are due. */
  accelerator_step_back(memory, proposed);
  assert_near(step_of(proposed), rho * rho, 1e-9);
  set_moments(some, rho * rho * rho);
  accelerator_record(memory, some, false);
  assert_true(accelerator_pauses(memory));
  assert_true(accelerator_pauses(memory)); /* a question changes nothing */
  accelerator_take_pause(memory);
  assert_false(accelerator_pauses(memory));
  moments_destroy(some);
  moments_destroy(proposed);
  moments_destroy(expected);
  accelerator_destroy(memory);
}

static void finds_the_fixed_point_of_sums(void **unused)
{
  (void)unused;
  find_the_fixed_point_of_sums(&family_full);
  find_the_fixed_point_of_sums(&family_tied);
}

/* On a line along which the map expands the fixed point, step 0, is no maximum: proposals lead away from it, by 2, 4, 8
 * residuals, with a textbook step after each. */
static void leaps_away_from_a_saddle(void **unused)
{
  (void)unused;
  const double rho = 1.1;
  accelerator *memory = make_accelerator("anderson", &family_full);
  moments *some = make_moments(&family_full, 1.0, 0.01);
  moments *proposed = make_moments(&family_full, 1.0, 0.0);
  accelerator_record(memory, some, false);
  double step = rho * 0.01;
  set_moments(some, step);
  accelerator_record(memory, some, false);
  assert_false(accelerator_propose(memory, proposed));
  for (double length = 2.0; length <= 8.0; length *= 2.0) {
    set_moments(some, rho * step);
    accelerator_record(memory, some, false);
    assert_true(accelerator_propose(memory, proposed));
    step += length * (rho - 1.0) * step;
    assert_near(step_of(proposed), step, 1e-9);
    set_moments(some, rho * step);
    accelerator_record(memory, some, false);
    assert_false(accelerator_propose(memory, proposed));
    step *= rho;
  }
  moments_destroy(some);
  moments_destroy(proposed);
  accelerator_destroy(memory);
}

/* Other points shift the map: its fixed point is at step `shift` now; what was learnt about its slope still holds. */
static void moves_to_other_points(void **unused)
{
  (void)unused;
  const double rho = 0.8;
  const double shift = 0.5;
  accelerator *memory = make_accelerator("anderson", &family_full);
  moments *some = make_moments(&family_full, 1.0, 1.0);
  moments *proposed = make_moments(&family_full, 10.0, 5.0);
  accelerator_record(memory, some, false);
  set_moments(some, rho);
  accelerator_record(memory, some, false);
  accelerator_take_plain_step(memory);
  set_moments(some, rho * rho);
  accelerator_record(memory, some, false);
  /* The model in hand is that of input rho; on the other points it gives shift + rho (rho - shift). */
  some->n_samples = 10.0;
  set_moments(some, shift + rho * (rho - shift));
  accelerator_record(memory, some, true);
  assert_true(accelerator_propose(memory, proposed));
  assert_near(step_of(proposed), shift, 1e-5);
  moments_destroy(some);
  moments_destroy(proposed);
  accelerator_destroy(memory);
}

/* A refinement that leaves more than a quarter of the residual's square is not trusted any more, until a tenth of what
 * it left is reached by other means; only the judgement says so, the question changes nothing. */
static void a_refinement_of_no_use(void **unused)
{
  (void)unused;
  const double rho = 0.8;
  accelerator *memory = make_accelerator("anderson", &family_full);
  accelerator *inner = make_accelerator("anderson", &family_full);
  moments *some = make_moments(&family_full, 1.0, 1.0);
  accelerator_record(memory, some, false);
  assert_false(accelerator_trusts_refinement(memory)); /* it is not known of what the model was made */
  set_moments(some, rho);
  accelerator_record(memory, some, false);
  accelerator_judge_refinement(memory);
  assert_true(accelerator_trusts_refinement(memory));
  accelerator_copy(inner, memory);
  accelerator_last_output(inner, some);
  accelerator_take_point(memory, inner);
  set_moments(some, rho * rho);
  accelerator_record(memory, some, false); /* rho^2 = 0.64 of the square is left */
  assert_true(accelerator_trusts_refinement(memory));
  assert_true(accelerator_trusts_refinement(memory));
  accelerator_judge_refinement(memory);
  assert_false(accelerator_trusts_refinement(memory));

  accelerator_take_plain_step(memory);
  set_moments(some, rho * rho - 0.5 * rho * (1.0 - rho));
  accelerator_record(memory, some, false); /* 0.25 of it is not enough */
  assert_false(accelerator_trusts_refinement(memory));
  accelerator_take_plain_step(memory);
  set_moments(some, rho * rho - 0.7 * rho * (1.0 - rho));
  accelerator_record(memory, some, false); /* 0.04 is */
  assert_true(accelerator_trusts_refinement(memory));
  moments_destroy(some);
  accelerator_destroy(inner);
  accelerator_destroy(memory);
}

static void names_and_sizes(void **unused)
{
  (void)unused;
  accelerator *memory = NULL;
  gmmpi_error error = {0};
  assert_int_equal(accelerator_create("newton", gaussian_kind(&family_full), K, D, &memory, &error), GMMPI_WRONG_USAGE);
  assert_false(accelerator_method_exists("newton"));
  assert_true(accelerator_method_exists("squarem"));
  assert_true(accelerator_bytes("none", gaussian_kind(&family_full), 1000, 1000) == 0);
  assert_true(accelerator_bytes("anderson", gaussian_kind(&family_full), INT64_MAX / 2, 1000) == INT64_MAX);
  memory = make_accelerator("none", &family_full);
  accelerator_take_pause(memory);
  assert_true(accelerator_pauses(memory)); /* for good */
  assert_false(accelerator_has_point(memory));
  accelerator_destroy(memory);
  /* Out of proportion for auto, but not for who asks for it. */
  assert_true(accelerator_bytes("auto", gaussian_kind(&family_full), 1000, 1000) == 0);
  assert_true(accelerator_bytes("auto", gaussian_kind(&family_tied), 1000, 1000) > 0); /* one scatter instead of 1000 */
  assert_true(accelerator_bytes("squarem", gaussian_kind(&family_full), 1000, 1000) > INT64_C(1000) * 500 * 1000 * 8);
}

/* The scalar product of two steps in the metric of a covariance. */
static long double product_of(const double covariance[D][D], const double *left, const double *right)
{
  const long double a = covariance[0][0];
  const long double b = covariance[0][1];
  const long double c = covariance[1][1];
  return (c * left[0] * right[0] - b * ((long double)left[0] * right[1] + (long double)left[1] * right[0]) +
          a * left[1] * right[1]) /
         (a * c - b * b);
}

/* scatter = count map covariance map^T */
static void set_scatter(double *scatter, double count, const double map[D][D], const double covariance[D][D])
{
  for (int i = 0, at = 0; i < D; i++) {
    for (int j = 0; j <= i; j++, at++) {
      double sum = 0.0;
      for (int r = 0; r < D; r++) {
        for (int s = 0; s < D; s++) sum += map[i][r] * covariance[r][s] * map[j][s];
      }
      scatter[at] = count * sum;
    }
  }
}

/* Moments that differ in means alone, component k's by m_k in units in which its covariance is the identity. About the
 * newest output, which is the origin, the residual's square is the sum of w_k |m_k|^2 for first moments, and for second
 * ones that of w_k |m_k|^4 / 2, or where they are pooled of w_k w_l (m_k m_l)^2 / 2, by whatever linear map the
 * features are mixed. */
static void residuals_in_the_metric_of_covariances(void **unused)
{
  (void)unused;
  const double maps[3][D][D] = {{{1.0, 0.0}, {0.0, 1.0}}, {{1e-3, 0.0}, {0.0, 2e4}}, {{3.0, -2.0}, {5.0, 0.5}}};
  const double own[K][D][D] = {{{4.0, 1.9}, {1.9, 1.0}}, {{2.0, -0.3}, {-0.3, 0.5}}, {{1.0, 0.0}, {0.0, 9.0}}};
  const double step[K][D] = {{0.3, -0.1}, {-1.0, 0.2}, {0.05, 0.5}};
  const double n = 6000.0;
  for (int m = 0; m < 6; m++) {
    const bool pooled = m >= 3;
    const double(*map)[D] = maps[m % 3];
    const covariance_family *family = pooled ? &family_tied : &family_full;
    accelerator *memory = make_accelerator("anderson", family);
    moments *some = make_moments(family, n, 0.0);
    moments *back = make_moments(family, n, 1.0);
    long double expected = 0.0L;
    for (int k = 0; k < K; k++) {
      some->counts[k] = 1000.0 * (k + 1);
      for (int j = 0; j < D; j++) some->means[k * D + j] = 10.0 * k;
      if (!pooled || k == 0)
        set_scatter(some->scatter + k * some->second_length, pooled ? n : some->counts[k], map, own[k]);
      for (int l = 0; l < K; l++) {
        const long double share = (k + 1) / 6.0L;
        const long double product = product_of(own[pooled ? 0 : k], step[k], step[l]);
        if (k == l) expected += share * product;
        if (k == l && !pooled) expected += share * product * product / 2.0L;
        if (pooled) expected += share * (l + 1) / 6.0L * product * product / 2.0L;
      }
    }
    accelerator_record(memory, some, false);
    for (int k = 0; k < K; k++) {
      for (int i = 0; i < D; i++) some->means[k * D + i] += map[i][0] * step[k][0] + map[i][1] * step[k][1];
    }
    accelerator_record(memory, some, false);
    assert_near(accelerator_residual(memory), (double)expected, 1e-8);
    accelerator_last_output(memory, back);
    assert_same_moments(back, some, 1.0);
    moments_destroy(some);
    moments_destroy(back);
    accelerator_destroy(memory);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(squarem_on_a_line),
      cmocka_unit_test(anderson_in_the_plane),
      cmocka_unit_test(moments_come_back),
      cmocka_unit_test(finds_the_fixed_point_of_sums),
      cmocka_unit_test(moves_to_other_points),
      cmocka_unit_test(leaps_away_from_a_saddle),
      cmocka_unit_test(a_refinement_of_no_use),
      cmocka_unit_test(names_and_sizes),
      cmocka_unit_test(residuals_in_the_metric_of_covariances),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
