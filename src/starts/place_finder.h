/* SPDX-License-Identifier: BSD-3-Clause */
/* What a look for places (starts/places.h) works with and finds. */
#ifndef STARTS_PLACE_FINDER_H
#define STARTS_PLACE_FINDER_H

#include "em/iteration.h"

typedef struct component_place {
  double gain;        /* of log-likelihood that the counts promise; infinite for far places */
  double weight;      /* share of all points */
  double *mean;       /* d */
  double *covariance; /* covariance_length numbers (mixture/shape.h) */
} component_place;

enum { MOST_PLACES = 5 };

/* Squared radii 2^LEAST_EXPONENT ... 2^MOST_EXPONENT, in units of the component that the row belongs to: it may hold
 * groups that are very much smaller than itself, beyond twice its standard deviation its density changes too much. */
enum { LEAST_EXPONENT = -240, MOST_EXPONENT = 2, N_RADII = MOST_EXPONENT - LEAST_EXPONENT + 1 };

typedef struct place_finder {
  int64_t n_features;
  int64_t most_rows; /* around which points are counted */

  int64_t n_rows;                        /* of the model in hand */
  int64_t n_worst;                       /* the first of these */
  gmmpi_model *probe;                    /* PROBES components, each about a row */
  density_form *form;                    /* of the probe */
  double *distances;                     /* PROBES x TILE_ROWS */
  double *scratch;                       /* of the kernel, for the probe */
  double *tile;                          /* d x TILE_ROWS: room */
  int64_t *rows;                         /* most_rows */
  double *points;                        /* most_rows x d: their coordinates */
  double *weights;                       /* most_rows */
  int64_t *owners;                       /* most_rows: the component that each belongs to; K: the background */
  gmmpi_model *broad;                    /* one component, with the covariance of all points; NULL: no background */
  int64_t *counts;                       /* most_rows x N_RADII: in units, see place_count_unit */
  double *gains, *square_radii, *shares; /* most_rows: of the best radius */
  double *covariance;                    /* of the component in hand */
  double *log_densities, *square_slopes; /* most components: of each at the row in hand */
  component_place found[MOST_PLACES];    /* dense ones, the most promising first, then far ones */
  int64_t n_found;
} place_finder;

/* The component, of a model, in whose units radii about a row are: the one that the row belongs to, and all points'
 * covariance for rows of the background, which may be those of a component that is missing. */
typedef struct row_ellipsoid {
  const gmmpi_model *model;
  int64_t k;
} row_ellipsoid;

static inline row_ellipsoid ellipsoid_of_row(const place_finder *finder, const gmmpi_model *model, int64_t i)
{
  const int64_t owner = finder->owners[i];
  return owner < model->n_components ? (row_ellipsoid){model, owner} : (row_ellipsoid){finder->broad, 0};
}

/* Rows are looked at so many at a time; the worst-fitting ones are so many at most. */
enum { PROBES = 64, WORST_ROWS = 64 };

/* For the points of em, and models of the same family with any number of components. Errors: 71. */
gmmpi_status place_finder_create(const em_iteration *em, place_finder **finder, gmmpi_error *error);
void place_finder_destroy(place_finder *finder); /* NULL is fine */
int64_t place_finder_bytes(density_shape shape, int64_t n_components, int64_t n_samples,
                           int64_t n_features); /* INT64_MAX: can't be counted */

/* Rows are counted in units of so much weight: whole numbers, so that their sums do not depend on their order. */
double place_count_unit(const shard *points);

/* Rows around which points are counted. */
int64_t count_place_rows(density_shape shape, int64_t n_components, int64_t n_samples, int64_t n_features);

#endif
