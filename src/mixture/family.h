/* SPDX-License-Identifier: BSD-3-Clause */
/* Covariance families: what is shared among the components' covariances, and how they follow from the scatter.
 *
 * A covariance is lambda D A D^T: its volume lambda = det^(1/d), its shape A, diagonal with determinant 1, and its
 * orientation D, orthogonal. A family says which of the three are equal (E) in all components, variable (V), or those
 * of the identity (I): that is mclust's code. A family is a storage and an M-step, which maximises, over the
 * covariances that the family has,
 *
 *   - sum over k of (divisor_k log det Sigma_k + trace(Sigma_k^-1 scatter_k)) / 2
 *
 * (Celeux, Govaert 1995, "Gaussian parsimonious clustering models", Pattern Recognition 28; for EVE and VVE Browne,
 * McNicholas 2014, Advances in Data Analysis and Classification 8). Where volumes are equal a pooled `divisor` is the
 * sum of the components' for maximum likelihood; a prior may set others.
 *
 * Whatever a family's storage can hold is a model of the family: its M-steps make covariances of the family's
 * structure, but a start, or a component that a repair has put elsewhere, may have others until the next M-step.
 *
 * To add one: a file families/NAME.c with `const covariance_family family_NAME`, and a line of the table below. Command
 * line, help, messages, models in HDF5 and JSON, checkpoints, starts, repairs, prediction, sampling, pictures and the
 * tests that go over the table then know it (tests/unit/test_family_steps.c asserts that nothing else with the
 * structure of its code is better); users read of it in gmmpi/model.h and docs/covariances.md. A family whose
 * covariances need numbers stored that no storage has needs one of these first (mixture/storage.h). */
#ifndef MIXTURE_FAMILY_H
#define MIXTURE_FAMILY_H

#include "mixture/storage.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The table: each family's name, and what its covariances are in few words, in the order of messages and help. First
 * those with names of scikit-learn's, then those whose name is their code. */
#define NAMED_COVARIANCE_FAMILIES(FAMILY)                                                                              \
  FAMILY(full, "each component its own")                                                                               \
  FAMILY(tied, "all share one")                                                                                        \
  FAMILY(diag, "diagonal")                                                                                             \
  FAMILY(spherical, "one variance per component")
#define CODED_COVARIANCE_FAMILIES(FAMILY)                                                                              \
  FAMILY(EII, "one variance")                                                                                          \
  FAMILY(EEI, "one diagonal")                                                                                          \
  FAMILY(VEI, "diagonal, of equal shape")                                                                              \
  FAMILY(EVI, "diagonal, of equal volume")                                                                             \
  FAMILY(VEE, "of equal shape and orientation")                                                                        \
  FAMILY(EVE, "of equal volume and orientation")                                                                       \
  FAMILY(VVE, "of equal orientation")                                                                                  \
  FAMILY(EEV, "of equal volume and shape")                                                                             \
  FAMILY(VEV, "of equal shape")                                                                                        \
  FAMILY(EVV, "of equal volume")
#define COVARIANCE_FAMILIES(FAMILY) NAMED_COVARIANCE_FAMILIES(FAMILY) CODED_COVARIANCE_FAMILIES(FAMILY)

typedef struct gmmpi_model gmmpi_model;

/* What a family's M-step is given: for each component the weighted scatter of the points about the component's new
 * mean, or the sum of these where that is all the family wants to know (covariance_family.pools). */
typedef struct component_scatter {
  int64_t n_components; /* K */
  int64_t n_features;   /* d */
  const double *counts; /* K: above 0 for the components that are to be estimated */
  /* What scatter is divided by. For maximum likelihood: the counts, and the number of all points. */
  const double *divisors; /* K: of one component */
  double divisor;         /* of all components together */
  /* K x triangle_length of the storage's shape: sum of responsibility (x - mean)(x - mean)^T; where the family pools,
   * one triangle, the sum over the components. */
  const double *scatter;
  const double *ridge; /* d: added to the diagonal of every covariance */
} component_scatter;

/* How the components' covariances depend on each other, and so when they fail to be positive definite. */
typedef enum family_coupling {
  EACH_ALONE, /* they do not */
  IN_PART,    /* a part is common to all, but each component's own scatter must be definite */
  POOLED /* scatter is pooled, and where the pool is definite all covariances are (but for those of components whose
            points are all the same, where volumes vary) */
} family_coupling;

/* What the covariances that an M-step makes have in common beyond their storage: what an E-step may use. */
typedef enum family_common {
  COMMON_NOTHING,
  COMMON_UP_TO_VOLUME, /* Sigma_k = lambda_k C */
  COMMON_ORIENTATION   /* Sigma_k = D diag(v_k) D^T */
} family_common;

/* Members without another word are required. */
typedef struct covariance_family {
  const char *name; /* "full": as scikit-learn says, or the code; as in the table */
  const char *code; /* "VVV": as mclust says */
  const covariance_storage *storage;
  family_coupling coupling;
  family_common common;
  bool has_matrices_in_files; /* files hold a whole matrix of each component (K x d x d), whatever the storage */

  /* Does the M-step take the sum of all scatters alone? Then each point is squared once, and not once for each
   * component (kernels/pooled.h). Optional: it takes them one by one. */
  bool pools;

  int64_t (*n_parameters)(int64_t n_components, int64_t n_features); /* of the covariances alone */

  /* How many doubles of scratch the M-step wants; INT64_MAX when they can't be counted. NULL: none. */
  int64_t (*scratch_numbers)(int64_t n_components, int64_t n_features);

  /* M-step: sets next->covariances of every component with counts > 0, exactly symmetric; those of the others, which
   * hold previous's already, stay. An iterative one begins from previous->covariances, which a checkpoint holds, and
   * from nothing else. A component whose scatter does not determine its covariance gets one that is all 0. The ridge is
   * added to the covariance where that leaves the family's structure; otherwise divisor_k times the ridge is added to
   * scatter_k beforehand, and the structure holds exactly. scratch is scratch_numbers long and holds nothing; NULL
   * where none is wanted. Positive definite or not is decided afterwards, by the storage. */
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
#define FAMILY_HELP_CODE(name, summary) " " #name
#define FAMILY_HELP(rest)                                                                                              \
  (&(NAMED_COVARIANCE_FAMILIES(FAMILY_HELP_ITEM) "; or mclust's codes for equal (E) or variable (V) volume, shape "    \
                                                 "and orientation, as VVV for full, EEE, VVI and VII for the "         \
                                                 "others:" CODED_COVARIANCE_FAMILIES(                                  \
                                                     FAMILY_HELP_CODE) "; with one feature "                           \
                                                                       "also E and V" rest)[2])

/* "full, tied, ... or EVV", for messages; text is cut at size. */
const char *family_list(char *text, size_t size);

/* The family of this name or mclust code, or NULL. E and V, mclust's names where there is one feature, are EII and VII;
 * family_is_of_one_feature tells them from these. */
const covariance_family *family_find(const char *name);
bool family_is_of_one_feature(const char *name);

/* Which of all_families it is. */
int64_t family_index(const covariance_family *family);

/* How many numbers the covariances of all components have; -1 when that does not fit. */
int64_t family_length(const covariance_family *family, int64_t n_components, int64_t n_features);

/* Of which order the sums for its M-step are. Where a covariance is one number, the trace of a scatter is all that it
 * depends on. */
statistics_order family_order(const covariance_family *family);

/* The doubles of scratch that its M-step wants, 0 or more; INT64_MAX when they can't be counted. */
int64_t family_scratch_numbers(const covariance_family *family, int64_t n_components, int64_t n_features);

#endif
