/* SPDX-License-Identifier: BSD-3-Clause */
/* Covariance families: what is shared among the components' covariances, and how they follow from the scatter.
 *
 * A family is a storage and an M-step. Formulas of the M-steps: Celeux, Govaert 1995, "Gaussian parsimonious clustering
 * models" (Pattern Recognition 28); the codes are mclust's, which say whether volume, shape and orientation are equal
 * (E), variable (V) or those of the identity (I).
 *
 * To add one: a file families/NAME.c with `const covariance_family family_NAME`, and a line of the table below. Command
 * line, help, messages, models in HDF5 and JSON, checkpoints, starts, repairs, prediction, sampling, pictures and the
 * tests that go over the table then know it. Its M-step gets a test with numbers of its own (tests/unit/test_family.c);
 * users read of its shape in gmmpi/model.h and docs/fit.md. A family whose covariances need numbers stored that no
 * storage has needs one of these first (mixture/storage.h). */
#ifndef MIXTURE_FAMILY_H
#define MIXTURE_FAMILY_H

#include "mixture/storage.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The table: each family's name, and what its covariances are in few words, in the order of messages and help. */
#define COVARIANCE_FAMILIES(FAMILY)                                                                                    \
  FAMILY(full, "each component its own")                                                                               \
  FAMILY(tied, "all share one")                                                                                        \
  FAMILY(diag, "diagonal")                                                                                             \
  FAMILY(spherical, "one variance per component")

typedef struct gmmpi_model gmmpi_model;

/* What a family's M-step is given: for each component the weighted scatter of the points about the component's new
 * mean, or the sum of these where that is all the family wants to know (covariance_family.pools). */
typedef struct component_scatter {
  int64_t n_components; /* K */
  int64_t n_features;   /* d */
  const double *counts; /* K: sum of responsibilities, Nk; 0 for components that are not estimated */
  /* What scatters are divided by. By maximum likelihood these are the counts and their sum; a prior has its own. */
  const double *divisors; /* K: a component's own scatter */
  double divisor;         /* the sum of all */
  /* K x triangle_length of the storage's shape: sum of responsibility (x - mean)(x - mean)^T; where the family pools
   * one triangle, the sum over the components. */
  const double *scatter;
  const double *ridge; /* d: added to the diagonal of every covariance */
} component_scatter;

/* Members without another word are required. */
typedef struct covariance_family {
  const char *name; /* "full": as scikit-learn says, and as in the table */
  const char *code; /* "VVV": as mclust says */
  const covariance_storage *storage;

  /* Does the M-step take the sum of all scatters alone? Then each point is squared once, and not once for each
   * component (kernels/pooled.h). Optional: it takes them one by one. */
  bool pools;

  int64_t (*n_parameters)(int64_t n_components, int64_t n_features); /* of the covariances alone */

  /* How many doubles of scratch the M-step wants; INT64_MAX when they can't be counted. NULL: none. */
  int64_t (*scratch_numbers)(int64_t n_components, int64_t n_features);

  /* M-step: sets next->covariances of every component with counts > 0, exactly symmetric; those of the others, which
   * hold previous's already, stay. An iterative one begins from previous->covariances, which a checkpoint holds, and
   * from nothing else. scratch is scratch_numbers long and holds nothing; NULL where none is wanted. Positive
   * definite or not is decided afterwards, by the storage. */
  void (*estimate)(const component_scatter *scatter, const gmmpi_model *previous, gmmpi_model *next, double *scratch);
} covariance_family;

#define DECLARE_FAMILY(name, summary) extern const covariance_family family_##name;
COVARIANCE_FAMILIES(DECLARE_FAMILY)
#undef DECLARE_FAMILY

#define ONE_FAMILY(name, summary) +1
enum { N_FAMILIES = 0 COVARIANCE_FAMILIES(ONE_FAMILY) };
#undef ONE_FAMILY

/* All families, and their names, in the order of the table; behind the last one stands NULL. */
extern const covariance_family *const all_families[];
extern const char *const family_names[];

/* "full: each component its own; tied: ..." with `rest` (a literal) behind it, for help. */
#define FAMILY_HELP_ITEM(name, summary) "; " #name ": " summary
#define FAMILY_HELP(rest)               (&(COVARIANCE_FAMILIES(FAMILY_HELP_ITEM) rest)[2])

/* "full, tied, diag or spherical", for messages; text is cut at size. */
const char *family_list(char *text, size_t size);

/* The family of this name or mclust code, or NULL. */
const covariance_family *family_find(const char *name);

/* Which of all_families it is. */
int64_t family_index(const covariance_family *family);

/* How many numbers the covariances of all components have; -1 when that does not fit. */
int64_t family_length(const covariance_family *family, int64_t n_components, int64_t n_features);

/* Of which order the sums for its M-step are. */
statistics_order family_order(const covariance_family *family);

/* The doubles of scratch that its M-step wants, 0 or more; INT64_MAX when they can't be counted. */
int64_t family_scratch_numbers(const covariance_family *family, int64_t n_components, int64_t n_features);

#endif
