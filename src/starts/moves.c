/* SPDX-License-Identifier: BSD-3-Clause */
#include "starts/moves.h"

#include "starts/split_merge.h"
#include "support/error.h"
#include "support/memory.h"

#include <stdlib.h>

struct moves {
  em_iteration *em;
  place_finder *finder;
  fit_options options; /* with twice as many components */
  bench wide;          /* for the halves of all components */
  split_merge *mover;
};

gmmpi_status moves_create(em_iteration *em, place_finder *finder, moves **work, gmmpi_error *error)
{
  const int64_t K = em->options->n_components;
  const int64_t d = em->points->n_features;
  gmmpi_error local = {0};
  moves *created = calloc(1, sizeof *created);
  *work = created;
  if (created == NULL) {
    fail(&local, GMMPI_NO_MEMORY, "there is no memory to move components");
  } else {
    created->em = em;
    created->finder = finder;
    created->options = *em->options;
    created->options.n_components = 2 * K;
    if (climber_open(em->kind, 2 * K, d, em->options->accelerate, NULL, &created->wide.climb, &local) == GMMPI_OK)
      split_merge_create(em->family, K, d, &created->mover, &local);
  }
  if (agree(em->points->comm, &local) == GMMPI_OK &&
      iteration_create_for_starts(em->points, &created->options, 1, em, em->timings, &created->wide.em, &local) ==
          GMMPI_OK)
    return GMMPI_OK;
  moves_destroy(created);
  *work = NULL;
  return error_pass(error, &local);
}

void moves_destroy(moves *work)
{
  if (work == NULL) return;
  iteration_destroy(work->wide.em);
  climber_close(&work->wide.climb);
  split_merge_destroy(work->mover);
  free(work);
}

int64_t moves_bytes(const fit_options *options, int64_t n_features)
{
  fit_options wide = *options;
  int64_t bytes;
  if (!multiply_fits(2, options->n_components, &wide.n_components) ||
      __builtin_add_overflow(bench_bytes(&wide, n_features),
                             split_merge_bytes(family_find(options->covariance), options->n_components, n_features),
                             &bytes))
    return INT64_MAX;
  return bytes;
}

/* A component at one of the places where one is missing, for two that are merged. */
static gmmpi_status put_elsewhere(moves *work, const move_recipe *recipe, const gmmpi_model *from, gmmpi_model *to,
                                  gmmpi_error *error)
{
  place_finder *finder = work->finder;
  bool moved = false;
  if (find_places(finder, work->em, from, recipe->seed, error) != GMMPI_OK) return error->status;
  if (finder->n_found > 0) {
    const component_place *where = &finder->found[recipe->split_rank % finder->n_found];
    moved = replace_component(work->mover, from, where->weight, where->mean, where->covariance, recipe->merge_rank, to);
  }
  if (!share_model(work->em, moved, to)) model_copy_parameters(to, from);
  return GMMPI_OK;
}

gmmpi_status moves_make(moves *work, const move_recipe *recipe, const gmmpi_model *from, const fit_observer *observer,
                        gmmpi_model *to, gmmpi_error *error)
{
  const em_iteration *em = work->wide.em;
  gmmpi_model *wide = work->wide.climb.current.model;
  if (recipe->places) return put_elsewhere(work, recipe, from, to, error);
  const bool split = split_components(work->mover, from, em->spread->variances, recipe->seed, recipe->n_turns, wide);
  bool moved = false;
  if (share_model(em, split, wide)) {
    if (bench_improve(&work->wide, observer, recipe->n_iterations, error) != GMMPI_OK) return error->status;
    wide = work->wide.climb.current.model;
    if (recipe->single && from->n_components > 2)
      moved = move_component(work->mover, from, wide, recipe->split_rank, recipe->merge_rank, to);
    else
      moved = merge_components(work->mover, wide, to);
    moved = share_model(em, moved, to);
  }
  if (!moved) model_copy_parameters(to, from);
  return GMMPI_OK;
}

int64_t moves_row_visits(const moves *work)
{
  return 2 * work->wide.climb.n_row_visits;
}
