/* SPDX-License-Identifier: BSD-3-Clause */
#include "starts/place_finder.h"

#include "mixture/shape.h"
#include "support/error.h"
#include "support/memory.h"

#include <math.h>
#include <stdlib.h>

/* Pairs of rows and points that a search for places may look at, and multiplications. Among many points there are
 * nevertheless so many rows, fewer where they would take more multiplications than that, but at least about as many as
 * two E-steps take the time of. */
static const double most_pairs = 3e6;
static const double most_multiplications = 1e9;
static const double many_multiplications = 2e9;
enum { USUAL_ROWS = 3 * WORST_ROWS, LEAST_ROWS = 32, ROWS_PER_COMPONENT = 4, MOST_ROWS = 1024 };

int64_t count_place_rows(density_shape shape, int64_t n_components, int64_t n_samples, int64_t n_features)
{
  const double n = (double)n_samples;
  const double d = (double)n_features;
  const double each = shape == DENSE ? d * (d + 1.0) / 2.0 : d;
  const double affordable = fmin(most_pairs, most_multiplications / each) / n;
  const double least =
      fmax(LEAST_ROWS, fmax(ROWS_PER_COMPONENT * (double)n_components, many_multiplications / (n * each)));
  const int64_t n_rows = (int64_t)fmin(fmax(affordable, fmin(least, USUAL_ROWS)), MOST_ROWS);
  return n_rows < n_samples ? n_rows : n_samples;
}

static bool allocate_places(density_shape shape, place_finder *finder)
{
  bool complete = true;
  for (int i = 0; i < MOST_PLACES; i++) {
    component_place *one = &finder->found[i];
    one->mean = allocate(finder->n_features, sizeof(double));
    one->covariance = allocate(covariance_length(shape, finder->n_features), sizeof(double));
    complete = complete && one->mean != NULL && one->covariance != NULL;
  }
  return complete;
}

/* False where there is no memory. */
static bool make_broad(const em_iteration *em, const covariance_family *family, place_finder *finder,
                       gmmpi_error *error)
{
  if (em->region == NULL) return true;
  if (model_allocate(gaussian_kind(family), 1, em->points->n_features, &finder->broad, error) != GMMPI_OK) return false;
  finder->broad->weights[0] = 1.0;
  model_contract(finder->broad, 0, em->spread->covariance);
  model_factorise(finder->broad, 0);
  return true;
}

gmmpi_status place_finder_create(const em_iteration *em, place_finder **finder, gmmpi_error *error)
{
  const int64_t K = em->options->n_components;
  const density_shape shape = em->family->storage->shape;
  const int64_t d = em->points->n_features;
  const int64_t n = count_place_rows(shape, K, em->points->n_samples, d);
  place_finder *created = calloc(1, sizeof *created);
  *finder = created;
  if (created == NULL) goto no_memory;
  created->n_features = d;
  created->most_rows = n;
  const bool has_places = allocate_places(shape, created);
  created->distances = allocate(PROBES, TILE_ROWS * sizeof(double));
  created->scratch = allocate(kernel_scratch_bytes(shape, PROBES, d), 1);
  created->tile = allocate(d, TILE_ROWS * sizeof(double));
  created->rows = allocate(n, sizeof(int64_t));
  created->points = allocate(n, (size_t)d * sizeof(double));
  created->weights = allocate(n, sizeof(double));
  created->owners = allocate(n, sizeof(int64_t));
  created->counts = allocate(n, N_RADII * sizeof(int64_t));
  created->gains = allocate(n, sizeof(double));
  created->square_radii = allocate(n, sizeof(double));
  created->shares = allocate(n, sizeof(double));
  created->covariance = allocate(covariance_length(shape, d), sizeof(double));
  created->log_densities = allocate(K, sizeof(double));
  created->square_slopes = allocate(K, sizeof(double));
  const covariance_family *family = shape == DENSE ? &family_full : &family_diag;
  if (has_places && created->distances != NULL && created->scratch != NULL && created->tile != NULL &&
      created->rows != NULL && created->points != NULL && created->weights != NULL && created->owners != NULL &&
      created->counts != NULL && created->gains != NULL && created->square_radii != NULL && created->shares != NULL &&
      created->covariance != NULL && created->log_densities != NULL && created->square_slopes != NULL &&
      model_allocate(gaussian_kind(family), PROBES, d, &created->probe, error) == GMMPI_OK &&
      make_broad(em, family, created, error) && density_create(family, PROBES, d, &created->form, error) == GMMPI_OK)
    return GMMPI_OK;

no_memory:
  place_finder_destroy(created);
  *finder = NULL;
  return fail(error, GMMPI_NO_MEMORY, "there is no memory to look for places of components");
}

void place_finder_destroy(place_finder *finder)
{
  if (finder == NULL) return;
  for (int i = 0; i < MOST_PLACES; i++) {
    free(finder->found[i].mean);
    free(finder->found[i].covariance);
  }
  gmmpi_model_destroy(finder->probe);
  gmmpi_model_destroy(finder->broad);
  density_destroy(finder->form);
  free(finder->distances);
  free(finder->scratch);
  free(finder->tile);
  free(finder->rows);
  free(finder->points);
  free(finder->weights);
  free(finder->owners);
  free(finder->counts);
  free(finder->gains);
  free(finder->square_radii);
  free(finder->shares);
  free(finder->covariance);
  free(finder->log_densities);
  free(finder->square_slopes);
  free(finder);
}

double place_count_unit(const shard *points)
{
  return points->has_weights ? ldexp(points->largest_weight * points->weight_unit, -24) : 1.0;
}

int64_t place_finder_bytes(density_shape shape, int64_t n_components, int64_t n_samples, int64_t n_features)
{
  const int64_t n = count_place_rows(shape, n_components, n_samples, n_features);
  const covariance_family *family = shape == DENSE ? &family_full : &family_diag;
  const int64_t scratch = kernel_scratch_bytes(shape, PROBES, n_features);
  int64_t of_rows;
  int64_t of_places;
  int64_t of_tiles;
  int64_t of_components;
  if (!multiply_fits(n, 8 * (n_features + N_RADII + 7), &of_rows) ||
      !multiply_fits(covariance_length(shape, n_features), 8 * (MOST_PLACES + 1), &of_places) ||
      !multiply_fits(n_features + PROBES, 8 * TILE_ROWS, &of_tiles) || !multiply_fits(n_components, 16, &of_components))
    return INT64_MAX;
  /* The form of the probe takes no more than the probe itself. */
  const int64_t probe = model_bytes(gaussian_kind(family), PROBES, n_features);
  return sum_of_bytes(7, (int64_t[]){of_rows, of_places, of_tiles, of_components, scratch, probe, probe});
}
