/* SPDX-License-Identifier: BSD-3-Clause */
/* M-steps of all families on scatters at random: what comes out has the family's structure, nothing else with that
 * structure is better, and it depends on nothing that it should not depend on. Objectives and eigenvectors are computed
 * here in long double. */
#include "unit/covariances.h"
#include "unit/matrices.h"

#include "mixture/model.h"

#include <string.h>

enum { MOST_K = 6, MOST_D = 6, MOST_SQUARE = MOST_D * MOST_D };

/* An M-step of K components in d features; everything has K x d x d numbers at most. */
typedef struct scene {
  const covariance_family *family;
  int64_t K, d;
  double counts[MOST_K];
  double ridge[MOST_D];
  double dense[MOST_K][MOST_SQUARE];
  double packed[MOST_K * MOST_SQUARE];
  component_scatter scatter;
  gmmpi_model *previous, *next;
  double *scratch;
} scene;

/* Covariances of a model in long double, and in parts: volume, shape (its product is 1) and axes (one a row). */
typedef struct parts {
  long double volume[MOST_K];
  long double shape[MOST_K][MOST_D];
  long double axes[MOST_K][MOST_SQUARE];
} parts;

static gmmpi_model *new_model(const covariance_family *family, int64_t K, int64_t d)
{
  gmmpi_model *model = NULL;
  gmmpi_error error = {0};
  assert_int_equal(model_allocate(gaussian_kind(family), K, d, &model, &error), GMMPI_OK);
  return model;
}

/* As the M-step takes them: of families that pool one triangle, the sum. */
static void pack(scene *s)
{
  const density_shape shape = s->family->storage->shape;
  const int64_t length = triangle_length(shape, s->d);
  memset(s->packed, 0, sizeof s->packed);
  for (int64_t k = 0; k < s->K; k++) {
    double *next = s->packed + (s->family->pools ? 0 : k * length);
    for (int64_t i = 0; i < s->d; i++) {
      for (int64_t j = triangle_first(shape, i); j <= i; j++) *next++ += s->dense[k][i * s->d + j];
    }
  }
}

static void scene_open(scene *s, const covariance_family *family, int64_t K, int64_t d, uint64_t seed)
{
  *s = (scene){.family = family, .K = K, .d = d};
  double total = 0;
  for (int64_t k = 0; k < K; k++) {
    s->counts[k] = 20.0 + 15.0 * (double)k;
    total += s->counts[k];
    random_covariance(d, &seed, s->dense[k]);
    for (int64_t j = 0; j < d * d; j++) s->dense[k][j] *= s->counts[k] * (double)(k + 1);
  }
  pack(s);
  s->scatter = (component_scatter){.n_components = K,
                                   .n_features = d,
                                   .counts = s->counts,
                                   .divisors = s->counts,
                                   .divisor = total,
                                   .scatter = s->packed,
                                   .ridge = s->ridge};
  s->previous = new_model(family, K, d);
  s->next = new_model(family, K, d);
  s->scratch = malloc((size_t)family_scratch_numbers(family, K, d) * sizeof(double) + 64);
  for (int64_t k = 0; k < K; k++) {
    double start[MOST_SQUARE];
    random_covariance(d, &seed, start);
    contract_dense(s->previous, k, start);
  }
}

static void scene_close(scene *s)
{
  gmmpi_model_destroy(s->previous);
  gmmpi_model_destroy(s->next);
  free(s->scratch);
}

static void step(scene *s)
{
  s->family->estimate(&s->scatter, s->previous, s->next, s->scratch);
}

/* --- in long double --- */

/* Jacobi's method; rows of vectors are eigenvectors, in no order. */
static void eigen(int64_t d, const long double *matrix, long double *vectors, long double *values)
{
  long double a[MOST_SQUARE];
  memcpy(a, matrix, (size_t)(d * d) * sizeof *a);
  for (int64_t i = 0; i < d * d; i++) vectors[i] = i % (d + 1) == 0 ? 1.0L : 0.0L;
  for (int sweep = 0; sweep < 60; sweep++) {
    for (int64_t p = 0; p < d; p++) {
      for (int64_t q = p + 1; q < d; q++) {
        const long double angle = atan2l(2 * a[p * d + q], a[p * d + p] - a[q * d + q]) / 2;
        const long double c = cosl(angle);
        const long double s = sinl(angle);
        for (int64_t j = 0; j < d; j++) {
          const long double x = a[p * d + j], y = a[q * d + j];
          a[p * d + j] = c * x + s * y;
          a[q * d + j] = c * y - s * x;
          const long double v = vectors[p * d + j], w = vectors[q * d + j];
          vectors[p * d + j] = c * v + s * w;
          vectors[q * d + j] = c * w - s * v;
        }
        for (int64_t j = 0; j < d; j++) {
          const long double x = a[j * d + p], y = a[j * d + q];
          a[j * d + p] = c * x + s * y;
          a[j * d + q] = c * y - s * x;
        }
      }
    }
  }
  for (int64_t j = 0; j < d; j++) values[j] = a[j * d + j];
}

static long double along(int64_t d, const double *matrix, const long double *axis)
{
  long double sum = 0;
  for (int64_t i = 0; i < d; i++) {
    for (int64_t j = 0; j < d; j++) sum += axis[i] * axis[j] * matrix[i * d + j];
  }
  return sum;
}

/* sum of count log det + trace(inverse scatter), of covariances in parts. */
static long double objective(const scene *s, const parts *of)
{
  const int64_t d = s->d;
  long double sum = 0;
  for (int64_t k = 0; k < s->K; k++) {
    sum += (long double)s->counts[k] * (long double)d * logl(of->volume[k]);
    for (int64_t j = 0; j < d; j++)
      sum += along(d, s->dense[k], of->axes[k] + j * d) / (of->volume[k] * of->shape[k][j]);
  }
  return sum;
}

/* Takes the model's covariances apart, and asserts that what the family says is equal is. */
static void take_apart(const scene *s, const gmmpi_model *model, parts *into)
{
  const int64_t d = s->d;
  const char *code = s->family->code;
  for (int64_t k = 0; k < s->K; k++) {
    double dense[MOST_SQUARE];
    long double matrix[MOST_SQUARE];
    long double values[MOST_D];
    long double log_volume = 0;
    expand_dense(model, k, dense);
    for (int64_t i = 0; i < d * d; i++) matrix[i] = dense[i];
    if (code[2] == 'E' && k > 0)
      memcpy(into->axes[k], into->axes[0], sizeof into->axes[k]);
    else
      eigen(d, matrix, into->axes[k], values);
    long double trace = 0;
    for (int64_t i = 0; i < d; i++) trace += matrix[i * d + i];
    for (int64_t i = 0; i < d; i++) {
      into->shape[k][i] = along(d, dense, into->axes[k] + i * d);
      log_volume += logl(into->shape[k][i]) / (long double)d;
      for (int64_t j = 0; j < d; j++) { /* the axes are all the covariance's axes */
        long double between = 0;
        for (int64_t a = 0; a < d; a++) {
          for (int64_t b = 0; b < d; b++)
            between += into->axes[k][i * d + a] * into->axes[k][j * d + b] * matrix[a * d + b];
        }
        if (i != j) assert_near((double)between, 0, 1e-12L * trace);
        if (code[2] == 'I' && i != j) assert_true(dense[i * d + j] == 0);
      }
    }
    into->volume[k] = expl(log_volume);
    for (int64_t i = 0; i < d; i++) into->shape[k][i] /= into->volume[k];
    if (code[0] == 'E') assert_near((double)into->volume[k], into->volume[0], 1e-12L * into->volume[0]);
    for (int64_t i = 0; i < d && code[1] == 'I'; i++) assert_near((double)into->shape[k][i], 1, 1e-14L);
    /* Shapes that are equal may be in another order of axes. */
    for (int64_t i = 0; i < d && code[1] == 'E'; i++) {
      long double nearest = INFINITY;
      for (int64_t j = 0; j < d; j++) nearest = fminl(nearest, fabsl(into->shape[k][i] / into->shape[0][j] - 1));
      assert_near((double)nearest, 0, 1e-12L);
    }
  }
}

/* Brings the axes of every component into the order of falling shape. */
static void sort_axes(const scene *s, parts *of)
{
  for (int64_t k = 0; k < s->K; k++) {
    for (int64_t i = 0; i < s->d; i++) {
      for (int64_t j = i + 1; j < s->d; j++) {
        if (!(of->shape[k][j] > of->shape[k][i])) continue;
        const long double shape = of->shape[k][i];
        of->shape[k][i] = of->shape[k][j];
        of->shape[k][j] = shape;
        for (int64_t l = 0; l < s->d; l++) {
          const long double x = of->axes[k][i * s->d + l];
          of->axes[k][i * s->d + l] = of->axes[k][j * s->d + l];
          of->axes[k][j * s->d + l] = x;
        }
      }
    }
  }
}

/* Other parameters of the family, `distance` away in the direction that the seed says. */
static void displace(const scene *s, const parts *from, uint64_t seed, long double distance, parts *to)
{
  const int64_t d = s->d;
  const char *code = s->family->code;
  long double volume = 0;
  long double shape[MOST_D] = {0};
  long double angles[MOST_SQUARE] = {0};
  *to = *from;
  for (int64_t k = 0; k < s->K; k++) {
    if (k == 0 || code[0] == 'V') volume = random_number(&seed);
    to->volume[k] *= expl(distance * volume);
    if (code[1] != 'I' && (k == 0 || code[1] == 'V')) {
      long double mean = 0;
      for (int64_t j = 0; j < d; j++) mean += (shape[j] = random_number(&seed)) / (long double)d;
      for (int64_t j = 0; j < d; j++) shape[j] -= mean;
    }
    for (int64_t j = 0; j < d; j++) to->shape[k][j] *= expl(distance * shape[j]);
    if (code[2] == 'I') continue;
    for (int64_t j = 0; (k == 0 || code[2] == 'V') && j < d * d; j++) angles[j] = random_number(&seed);
    for (int64_t p = 0; p < d; p++) {
      for (int64_t q = p + 1; q < d; q++) {
        const long double c = cosl(distance * angles[p * d + q]);
        const long double t = sinl(distance * angles[p * d + q]);
        for (int64_t l = 0; l < d; l++) {
          const long double x = to->axes[k][p * d + l], y = to->axes[k][q * d + l];
          to->axes[k][p * d + l] = c * x + t * y;
          to->axes[k][q * d + l] = c * y - t * x;
        }
      }
    }
  }
}

/* --- the tests --- */

static const struct {
  int64_t K, d;
} sizes[] = {{1, 3}, {2, 2}, {3, 4}, {5, 3}, {6, 6}};
enum { N_SIZES = sizeof sizes / sizeof *sizes };

/* The objective has a minimum there: its slope is 0 in all directions of the family, and it rises. */
static void nothing_in_the_family_is_better(void **state)
{
  (void)state;
  const long double step_length = 1e-4L;
  for (int f = 0; f < N_FAMILIES; f++) {
    for (int i = 0; i < N_SIZES; i++) {
      scene s;
      parts found;
      parts moved;
      scene_open(&s, all_families[f], sizes[i].K, sizes[i].d, (uint64_t)(100 * f + i));
      step(&s);
      take_apart(&s, s.next, &found);
      if (s.family->code[2] == 'V') sort_axes(&s, &found);
      const long double best = objective(&s, &found);
      for (uint64_t direction = 0; direction < 40; direction++) {
        displace(&s, &found, direction, step_length, &moved);
        const long double ahead = objective(&s, &moved);
        displace(&s, &found, direction, -step_length, &moved);
        const long double behind = objective(&s, &moved);
        const long double slope = (ahead - behind) / (2 * step_length);
        if (!(fabsl(slope) <= 1e-6L * s.scatter.divisor) || !(ahead + behind - 2 * best > 0))
          fail_msg("%s, K = %d, d = %d: slope %Lg, rise %Lg", s.family->name, (int)s.K, (int)s.d, slope,
                   ahead + behind - 2 * best);
      }
      scene_close(&s);
    }
  }
}

/* Far away it is not better either, wherever the search began; from the last model of the family a step never falls. */
static void no_step_falls(void **state)
{
  (void)state;
  for (int f = 0; f < N_FAMILIES; f++) {
    for (uint64_t seed = 0; seed < 20; seed++) {
      scene first;
      scene second;
      parts old;
      parts new;
      scene_open(&first, all_families[f], 4, 4, 7 * seed + 1);
      scene_open(&second, all_families[f], 4, 4, 7 * seed + 2);
      step(&first);
      model_copy_parameters(second.previous, first.next);
      step(&second);
      take_apart(&second, first.next, &old);
      take_apart(&second, second.next, &new);
      assert_true(objective(&second, &new) <= objective(&second, &old));
      scene_close(&first);
      scene_close(&second);
    }
  }
}

/* Neither what next held before nor the scratch counts, and where there is but one optimum previous does not either. */
static void from_previous_alone(void **state)
{
  (void)state;
  for (int f = 0; f < N_FAMILIES; f++) {
    scene s;
    scene again;
    const covariance_family *family = all_families[f];
    scene_open(&s, family, 5, 4, 3);
    scene_open(&again, family, 5, 4, 3);
    const int64_t length = family_length(family, 5, 4);
    step(&s);
    for (int64_t i = 0; i < length; i++) again.next->covariances[i] = i % 2 == 0 ? (double)NAN : -1e300;
    memset(again.scratch, 0xFF, (size_t)family_scratch_numbers(family, 5, 4) * sizeof(double));
    step(&again);
    assert_memory_equal(again.next->covariances, s.next->covariances, (size_t)length * sizeof(double));
    if (family->common != COMMON_ORIENTATION) {
      for (int64_t k = 0; k < 5; k++) contract_dense(again.previous, k, s.dense[4 - k]);
      step(&again);
      assert_memory_equal(again.next->covariances, s.next->covariances, (size_t)length * sizeof(double));
    }
    scene_close(&s);
    scene_close(&again);
  }
}

/* Where all scatters have the same axes they are found, from whatever start: from equal balls too, which have none. */
static void common_axes_are_found(void **state)
{
  (void)state;
  static const double values[4][3] = {{1, 2, 7}, {5, 1, 3}, {2, 2, 9}, {1, 8, 8}};
  const char *const names[] = {"VVE", "EVE"};
  for (int f = 0; f < 2; f++) {
    for (int start = 0; start < 3; start++) {
      scene s;
      long double axes[9];
      long double ignored[3];
      long double any[9];
      scene_open(&s, family_find(names[f]), 4, 3, (uint64_t)start);
      for (int i = 0; i < 9; i++) any[i] = s.dense[0][i];
      eigen(3, any, axes, ignored);
      long double volumes[4];
      long double mean = 0;
      for (int64_t k = 0; k < 4; k++) {
        volumes[k] = s.counts[k] * cbrtl(values[k][0] * values[k][1] * values[k][2]);
        mean += volumes[k] / s.scatter.divisor;
        for (int i = 0; i < 9; i++) {
          s.dense[k][i] = 0;
          for (int j = 0; j < 3; j++)
            s.dense[k][i] += s.counts[k] * values[k][j] * (double)(axes[j * 3 + i / 3] * axes[j * 3 + i % 3]);
        }
        if (start == 2) contract_dense(s.previous, k, (const double[]){2, 0, 0, 0, 2, 0, 0, 0, 2});
      }
      pack(&s);
      step(&s);
      for (int64_t k = 0; k < 4; k++) {
        double found[9];
        expand_dense(s.next, k, found);
        const long double factor = f == 0 ? 1 / (long double)s.counts[k] : mean / volumes[k];
        for (int i = 0; i < 9; i++) assert_near(found[i], s.dense[k][i] * factor, 1e-12L);
      }
      scene_close(&s);
    }
  }
}

/* One feature: mclust's E or V. */
static void one_feature(void **state)
{
  (void)state;
  for (int f = 0; f < N_FAMILIES; f++) {
    scene s;
    scene_open(&s, all_families[f], 4, 1, 5);
    s.ridge[0] = 0.25;
    step(&s);
    long double pooled = 0;
    for (int64_t k = 0; k < 4; k++) pooled += s.dense[k][0] / (long double)s.scatter.divisor;
    for (int64_t k = 0; k < 4; k++) {
      double found;
      expand_dense(s.next, k, &found);
      const bool equal = s.family->code[0] == 'E';
      assert_near(found, (equal ? pooled : s.dense[k][0] / (long double)s.counts[k]) + 0.25L, 1e-14L * found);
    }
    assert_int_equal(s.family->n_parameters(4, 1), s.family->code[0] == 'E' ? 1 : 4);
    scene_close(&s);
  }
}

/* What a prior may divide by: multiples c of the counts and c of their sum make covariances c times smaller, in all
 * families; a pooled divisor alone counts where volumes are equal, components' divisors alone where they vary. */
static void other_divisors(void **state)
{
  (void)state;
  for (int f = 0; f < N_FAMILIES; f++) {
    scene s;
    double before[MOST_SQUARE];
    double after[MOST_SQUARE];
    double doubled[MOST_K];
    scene_open(&s, all_families[f], 3, 4, 9);
    const bool equal = s.family->code[0] == 'E';
    step(&s);
    expand_dense(s.next, 1, before);
    for (int64_t k = 0; k < 3; k++) doubled[k] = 2 * s.counts[k];
    if (equal)
      s.scatter.divisor *= 2;
    else
      s.scatter.divisors = doubled;
    step(&s);
    expand_dense(s.next, 1, after);
    for (int i = 0; i < 16; i++) assert_near(after[i], before[i] / 2, 1e-13L * before[0]);
    scene_close(&s);
  }
}

/* Scatter that is a thousandth wider with a ridge of a thousandth of the covariances, in families whose structure has
 * both. */
static void the_ridge_keeps_the_structure(void **state)
{
  (void)state;
  for (int f = 0; f < N_FAMILIES; f++) {
    scene s;
    parts found;
    scene_open(&s, all_families[f], 3, 4, 11);
    for (int64_t j = 0; j < 4; j++) s.ridge[j] = 0.1;
    step(&s);
    take_apart(&s, s.next, &found); /* asserts it */
    for (int64_t k = 0; k < 3; k++) {
      for (int64_t j = 0; j < 4; j++) s.dense[k][j * 5] += 0.1 * s.counts[k];
      s.ridge[k] = 0;
    }
    s.ridge[3] = 0;
    pack(&s);
    gmmpi_model *with_ridge = s.next;
    s.next = new_model(s.family, 3, 4);
    step(&s);
    for (int64_t k = 0; k < 3; k++) {
      double one[16];
      double other[16];
      expand_dense(with_ridge, k, one);
      expand_dense(s.next, k, other);
      for (int i = 0; i < 16; i++) assert_near(one[i], other[i], 1e-11L * other[0]);
    }
    gmmpi_model_destroy(with_ridge);
    scene_close(&s);
  }
}

/* A component on a plane has no covariance of a volume or an orientation that it shares with others; theirs are what
 * they would be without it. */
static void a_flat_component_takes_no_part(void **state)
{
  (void)state;
  for (int f = 0; f < N_FAMILIES; f++) {
    scene s;
    scene without;
    if (all_families[f]->coupling != IN_PART) continue;
    scene_open(&s, all_families[f], 4, 3, 21);
    scene_open(&without, all_families[f], 3, 3, 21);
    const double flat[9] = {2, 2, 0, 2, 2, 0, 0, 0, s.family->storage->shape == DENSE};
    memcpy(s.dense[3], flat, sizeof flat);
    pack(&s);
    step(&s);
    step(&without);
    for (int i = 0; i < 9; i++) {
      double dense[9];
      expand_dense(s.next, 3, dense);
      assert_true(dense[i] == 0);
    }
    for (int64_t k = 0; k < 3; k++) {
      double one[9];
      double other[9];
      expand_dense(s.next, k, one);
      expand_dense(without.next, k, other);
      for (int i = 0; i < 9; i++) assert_near(one[i], other[i], 1e-9L * other[0]);
    }
    scene_close(&s);
    scene_close(&without);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nothing_in_the_family_is_better),
      cmocka_unit_test(no_step_falls),
      cmocka_unit_test(from_previous_alone),
      cmocka_unit_test(common_axes_are_found),
      cmocka_unit_test(one_feature),
      cmocka_unit_test(other_divisors),
      cmocka_unit_test(the_ridge_keeps_the_structure),
      cmocka_unit_test(a_flat_component_takes_no_part),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
