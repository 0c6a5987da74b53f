/* SPDX-License-Identifier: BSD-3-Clause */
#include "em/levels.h"

#include "support/error.h"
#include "support/hash.h"
#include "support/random.h"

#include <math.h>

/* A level's points are at least so many per component and feature, and so many per parameter; and so many in all. */
static const double points_per_component_and_feature = 24.0;
static const double points_per_parameter = 1.5;
enum { LEAST_POINTS = 2048, FEW_POINTS = 128 };

/* Where a start is looked for, the best one of the sample must be among the best ones of all points. */
enum { LEAST_POINTS_OF_SEARCH = 8192 };

/* A level has at most 2^MOST_HALVINGS times as many points as the next coarser one. */
enum { MOST_HALVINGS = 3 };

/* With so many points left the levels are rather coarser ones than finer ones: passes over them cost less, and are as
 * good for refinements. */
enum { ENOUGH_POINTS = 20000 };

static double count_parameters(const fit_options *options, int64_t d)
{
  const covariance_family *family = family_find(options->covariance);
  return (double)options->n_components * (double)(d + 1) + (double)family->n_parameters(options->n_components, d);
}

static double least_points(const fit_options *options, int64_t d)
{
  if (options->coarse_to_fine == COARSE_ON) return FEW_POINTS;
  const double by_features = points_per_component_and_feature * (double)options->n_components * (double)(d + 1);
  const double least = options->init == INIT_KMEANS ? LEAST_POINTS_OF_SEARCH : LEAST_POINTS;
  return fmax(least, fmax(by_features, points_per_parameter * count_parameters(options, d)));
}

/* s_l of a level, when the coarsest one has so many halvings. */
static int halvings_of_level(int64_t n_samples, int halvings, int64_t level, int64_t n_levels)
{
  const int fewer_points = (int)((halvings * level + n_levels - 1) / n_levels);
  return n_samples >> fewer_points >= ENOUGH_POINTS ? fewer_points : (int)(halvings * level / n_levels);
}

level_plan levels_plan(const fit_options *options, int64_t n_samples, int64_t n_features)
{
  level_plan plan = {.n_levels = 0};
  /* A prior weighs more beside few points: a subsample's posterior would be another one. */
  if (options->coarse_to_fine == COARSE_OFF || fit_is_variational(options)) return plan;
  const double least = least_points(options, n_features);
  int halvings = 0;
  while ((double)(n_samples >> (halvings + 1)) >= least) halvings++;
  if (halvings < 2) return plan;
  plan.n_levels = (halvings + MOST_HALVINGS - 1) / MOST_HALVINGS;
  if (plan.n_levels > MOST_LEVELS) plan.n_levels = MOST_LEVELS;
  for (int64_t level = 1; level <= plan.n_levels; level++)
    plan.rows[level].halvings = halvings_of_level(n_samples, halvings, level, plan.n_levels);
  return plan;
}

static bool is_in_level(const void *context, int64_t row)
{
  const level_rows *rows = context;
  return hash_word(hash_word(rows->key, (uint64_t)row), rows->key) >> (64 - rows->halvings) == 0;
}

gmmpi_status level_draw(const shard *all, level_plan *plan, int64_t level, uint64_t seed, shard **points,
                        gmmpi_error *error)
{
  plan->rows[level].key = hash_word(seed, RANDOM_LEVEL);
  return shard_subsample(all, is_in_level, &plan->rows[level], points, error);
}

/* A fit to n points is expected to be worse by p / 2n per point on other points (Akaike 1974). */
static double expected_loss(const fit_options *options, int64_t n_samples, int64_t n_features)
{
  return count_parameters(options, n_features) / (2.0 * (double)n_samples);
}

double level_tolerance(const fit_options *options, int64_t n_samples, int64_t n_features)
{
  return fmax(options->tolerance, 0.01 * expected_loss(options, n_samples, n_features));
}

double level_last_tolerance(const fit_options *options, int64_t n_samples, int64_t n_features)
{
  return fmax(options->tolerance, 0.001 * expected_loss(options, n_samples, n_features));
}
