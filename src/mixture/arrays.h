/* SPDX-License-Identifier: BSD-3-Clause */
/* What a model holds, and the one list of its arrays.
 *
 * Whatever goes over all numbers of a model (memory, copies, the hash, sending, files, checkpoints) goes over this list
 * in its order, so that none can be forgotten.
 *
 * To add one: a member of gmmpi_model below and a line of the table in arrays.c. Every model, or every one that has the
 * part which the line names, then has it, in memory, in files and in checkpoints. Changes of its meaning are left to
 * do: who sets it (em/maximization.c, an estimator), who uses it (mixture/density.c), and, for numbers that come from
 * outside, what is accepted (model_accept_parameters). Files without it are refused, so that MODEL_FORMAT_VERSION and
 * CHECKPOINT_FORMAT go up. */
#ifndef MIXTURE_ARRAYS_H
#define MIXTURE_ARRAYS_H

#include "gmmpi/model.h"
#include "mixture/family.h"
#include "mixture/hierarchy.h"

#include <stdbool.h>
#include <stdint.h>

enum { MODEL_MOST_ARRAYS = 22, MODEL_MOST_DIMENSIONS = 3 };

/* What a model may have besides weights, means and covariances: bits. */
typedef enum model_part {
  PART_TAILS = 1,     /* components are Student's t: dof */
  PART_NOISE = 2,     /* a uniform background: noise_weight, noise_volume and its region, which a file may leave out;
                         weights and noise_weight sum to 1 */
  PART_POSTERIOR = 4, /* of a variational posterior: mean_precision, degrees_of_freedom, their priors, lower_bound */
  PART_DIRICHLET = 8, /* the posterior of its weights: weight_concentration, one number per component */
  PART_STICKS = 16,   /* the same by stick-breaking, two numbers per component */
  PART_ALL = 31
} model_part;

/* Of which kind models are: what their covariances have in common, and which parts there are. */
typedef struct model_kind {
  const covariance_family *family;
  unsigned parts; /* of model_part */
} model_kind;

/* A mixture of normal distributions and nothing else. */
static inline model_kind gaussian_kind(const covariance_family *family)
{
  return (model_kind){.family = family};
}

struct gmmpi_model {
  const covariance_family *family;
  unsigned parts;       /* of model_part: arrays of parts that are not there are NULL */
  int64_t n_components; /* K */
  int64_t n_features;   /* d */
  double *weights;      /* K; 0 for a component that was dropped */
  double *means;        /* K x d */
  double *covariances;  /* the family's shape */
  /* The family's shape; as scikit-learn's precisions_cholesky: the inverse of the covariance's Cholesky factor,
   * transposed (upper triangular, so that (x - mean) times it is white), or 1/standard deviation. */
  double *precisions_cholesky;
  double *dof;                  /* PART_TAILS: K, degrees of freedom */
  double *noise_weight;         /* PART_NOISE: one number, the background's share of the points */
  double *noise_volume;         /* one number, what its density is the inverse of */
  double *noise_origin;         /* d: a corner of the region that it fills, ... */
  double *noise_axes;           /* ... d x d: and, row by row, the region's edges; all 0: nobody knows where it is */
  double *weight_concentration; /* PART_DIRICHLET: K; PART_STICKS: 2 x K, as scikit-learn's tuple of two arrays */
  double *mean_precision;       /* PART_POSTERIOR: K */
  double *degrees_of_freedom;   /* K: of the Wishart posteriors */
  /* The priors of that posterior, so that it can be gone on from, and what it reached (mixture/posterior.h). */
  double *weight_concentration_prior; /* one number, like the next one */
  double *mean_precision_prior;
  double *mean_prior;               /* d */
  double *degrees_of_freedom_prior; /* one number */
  double *covariance_prior;         /* of the family, one component's */
  double *lower_bound;              /* one number, total; NaN while it is unknown */
  char **feature_names;             /* d, or NULL */
  char **transforms;                /* d, or NULL: what was done to the features, see support/feature_transform.h */
  char **component_names;           /* K, different ones, or NULL */
  cluster_hierarchy *hierarchy;     /* of its components; NULL: they were not merged */
  struct json_t *facts;             /* what its file notes of its fit; NULL: nothing. Copies of a model have none */
  double given_sum;                 /* of the weights as they came from outside (model_accept_parameters); else 0 */
};

static inline model_kind model_kind_of(const gmmpi_model *model)
{
  return (model_kind){.family = model->family, .parts = model->parts};
}

static inline bool model_has(const gmmpi_model *model, model_part part)
{
  return (model->parts & (unsigned)part) != 0;
}

typedef struct model_array {
  const char *name; /* of the data set in HDF5 files and checkpoints, and of the member in JSON: "weights" */
  bool is_optional; /* may be missing in a file: then its numbers are 0 */
  bool is_derived;  /* computed from the others: not in JSON, and computed anew when a model is read */
  int n_dimensions; /* 0: a single number */
  int64_t shape[MODEL_MOST_DIMENSIONS]; /* row-major */
  int64_t length;                       /* numbers in all; -1 when they can't be counted */
  double *numbers;                      /* the model's own: length of them; NULL where none are allocated */
} model_array;

/* Lists the arrays of the model's parts; returns how many there are. The model needs a family, parts and sizes, and no
 * numbers. */
int model_arrays(const gmmpi_model *model, model_array arrays[MODEL_MOST_ARRAYS]);

/* Gives each array its memory, zeroed; false when there is not enough (what was allocated stays). */
bool model_arrays_allocate(gmmpi_model *model);
void model_arrays_free(gmmpi_model *model);

/* The parts that something which has arrays by their names (a file, a JSON object) brings. rank_of: how many dimensions
 * the array of that name has there, 0 for a single number; -1: there is none. */
unsigned model_parts_by_names(int (*rank_of)(const void *context, const char *name), const void *context);

#endif
