/* Covariance families: what is shared among the components' covariances, and how they follow from the scatter.
 *
 * One file per family, family_*.c, registered in the table in family.c. A family knows the shape of its covariances,
 * its M-step and how a covariance becomes the factor that the density needs. Formulas of the M-step: Celeux, Govaert
 * 1995, "Gaussian parsimonious clustering models"; the four here are VVV, EEE, VVI and VII. */
#ifndef MIXTURE_FAMILY_H
#define MIXTURE_FAMILY_H

#include "mixture/density.h"

#include <stddef.h>
#include <stdint.h>

typedef struct gmmpi_model gmmpi_model;

/* What a family's M-step is given: for each component the weighted scatter of the points about the component's new
 * mean. */
typedef struct component_scatter {
  int64_t n_components; /* K */
  int64_t n_features;   /* d */
  const double *counts; /* K: sum of responsibilities, Nk; 0 for components that are not estimated */
  double n_samples;     /* sum of all counts: what a shared covariance is divided by */
  /* K x triangle_length: sum of responsibility (x - mean)(x - mean)^T. */
  const double *scatter;
  const double *ridge; /* d: added to the diagonal of every covariance */
} component_scatter;

typedef struct covariance_family {
  const char *name;    /* "full": as scikit-learn says */
  const char *code;    /* "VVV": as mclust says */
  density_shape shape; /* of one covariance; so the statistics and the density form that it needs */
  bool shared;         /* one covariance for all components */

  /* The shape of the covariances: how many dimensions (written to shape, at most 3). */
  int (*dimensions)(int64_t n_components, int64_t n_features, int64_t shape[3]);
  int64_t (*n_parameters)(int64_t n_components, int64_t n_features); /* of the covariances alone */

  /* M-step: sets model->covariances of every component with counts > 0, exactly symmetric. Those of the others stay. */
  void (*estimate)(const component_scatter *scatter, gmmpi_model *model);

  /* Factorises the component's covariance into model->precisions_cholesky, whatever its weight. False when it is not
   * positive definite to working precision (see whitening_factor and variance_is_safe) or not finite: then the factor
   * is all 0, so that the component's log density is -infinity and nothing becomes NaN. For a shared covariance, any
   * component means the one there is. */
  bool (*factorise)(gmmpi_model *model, int64_t component);

  /* Writes the component's covariance, covariance_length numbers in the family's shape (mixture/shape.h). */
  void (*expand)(const gmmpi_model *model, int64_t component, double *covariance);

  /* Makes such a covariance the component's, as far as the family can hold it (the mean of the diagonal). */
  void (*contract)(gmmpi_model *model, int64_t component, const double *covariance);
} covariance_family;

/* The family of this name or mclust code, or NULL. */
const covariance_family *family_find(const char *name);

/* How many numbers the covariances have; -1 when that does not fit. */
int64_t family_length(const covariance_family *family, int64_t n_components, int64_t n_features);

extern const covariance_family family_full, family_tied, family_diag, family_spherical;

#endif
