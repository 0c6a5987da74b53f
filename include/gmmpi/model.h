/* SPDX-License-Identifier: BSD-3-Clause */
/* A Gaussian mixture: weights, means and covariances of its components.
 *
 *   p(x) = sum_k weights[k] N(x | means[k], covariances[k])   (Bishop 2006, eq. 9.7)
 *
 * Shapes (K components, d features; all arrays row-major doubles): weights K, means K x d, covariances by their type as
 * in scikit-learn: full K x d x d, tied d x d, diag K x d, spherical K; and for mclust's other families the numbers
 * that are not the same: EII one number, EEI d, VEI and EVI K x d, VEE, EVE, VVE, EEV, VEV and EVV K x d x d (in files
 * these ten all have K x d x d). Means are in the units of the data, covariances in their squares. */
#ifndef GMMPI_MODEL_H
#define GMMPI_MODEL_H

#include "gmmpi/error.h"

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gmmpi_model gmmpi_model;

/* A model from its parameters, which are copied and have the shapes above. covariance: "full", "tied", "diag" or
 * "spherical" or a code of mclust's ("VVV", "EEE", "VVI", "VII" are these four; with one feature also "E" and "V").
 * Weights are normalised unless they sum to 1 but for rounding.
 * Errors: GMMPI_WRONG_USAGE an unknown covariance or a size below 1; GMMPI_BAD_DATA weights that are negative or all
 * zero, a number that is not finite, a covariance that is not symmetric and positive definite; GMMPI_NO_MEMORY. */
GMMPI_API gmmpi_status gmmpi_model_create(int64_t n_components, int64_t n_features, const char *covariance,
                                          const double *weights, const double *means, const double *covariances,
                                          gmmpi_model **model, gmmpi_error *error);
GMMPI_API void gmmpi_model_destroy(gmmpi_model *model); /* NULL is fine */

/* A model from a file that gmmpi_model_write or `gmmpi fit` wrote, with what that notes of its fit. Errors:
 * GMMPI_NO_INPUT, GMMPI_BAD_DATA, GMMPI_INPUT_FAILED, GMMPI_NO_MEMORY. */
GMMPI_API gmmpi_status gmmpi_model_read(const char *path, gmmpi_model **model, gmmpi_error *error);
/* The file of a model, of one that gmmpi_fit made byte for byte that of `gmmpi fit` to the same points with the same
 * options. Replaces path as a whole or not at all. Errors: GMMPI_NO_OUTPUT, GMMPI_NO_MEMORY. */
GMMPI_API gmmpi_status gmmpi_model_write(const gmmpi_model *model, const char *path, gmmpi_error *error);
/* The same file as n_bytes bytes of memory, for free(). Errors: GMMPI_NO_MEMORY. */
GMMPI_API gmmpi_status gmmpi_model_image(const gmmpi_model *model, void **bytes, size_t *n_bytes, gmmpi_error *error);
/* What the file notes of the fit (docs/predict-sample-info.md), as the text of a JSON object, for free(): "{}" of a
 * model that no fit made. Errors: GMMPI_NO_MEMORY. */
GMMPI_API gmmpi_status gmmpi_model_facts(const gmmpi_model *model, char **text, gmmpi_error *error);

/* A model from the JSON text of its parameters, as `gmmpi info --json` prints them: weights, means, covariances, and of
 * a posterior what else it is made of. covariance: as above. Errors: GMMPI_WRONG_USAGE an unknown covariance;
 * GMMPI_BAD_DATA; GMMPI_NO_MEMORY. */
GMMPI_API gmmpi_status gmmpi_model_from_json(const char *text, const char *covariance, gmmpi_model **model,
                                             gmmpi_error *error);

GMMPI_API int64_t gmmpi_model_n_components(const gmmpi_model *model);
GMMPI_API int64_t gmmpi_model_n_features(const gmmpi_model *model);
GMMPI_API const char *gmmpi_model_covariance(const gmmpi_model *model);
/* The model's own arrays, in the shapes above, valid until it is destroyed. Weights sum to 1 but for rounding; one is 0
 * where a component was dropped. */
GMMPI_API const double *gmmpi_model_weights(const gmmpi_model *model);
GMMPI_API const double *gmmpi_model_means(const gmmpi_model *model);
GMMPI_API const double *gmmpi_model_covariances(const gmmpi_model *model);

/* One of the model's arrays by its name in files, in the shape that it has there: "weights", "means", "covariances",
 * "precisions_cholesky" and, where the model has them, "dof", "noise_weight", "mean_precision" and so on
 * (docs/predict-sample-info.md). Covariances, and precisions_cholesky, are of families that scikit-learn does not know
 * K x d x d. Sets n_dimensions (0: one number) and shape, room for 3, and unless numbers is NULL copies the array
 * there, row-major. Errors: GMMPI_WRONG_USAGE it has no such array. */
GMMPI_API gmmpi_status gmmpi_model_array(const gmmpi_model *model, const char *name, int *n_dimensions, int64_t *shape,
                                         double *numbers, gmmpi_error *error);

/* Numbers that the model is free in, as gmmpi_summary_n_parameters has it, all degrees of freedom counted. */
GMMPI_API int64_t gmmpi_model_n_parameters(const gmmpi_model *model);

/* The name of a feature, from 0. NULL where features have no names, and where there is no such feature. Valid until the
 * model is destroyed. */
GMMPI_API const char *gmmpi_model_feature_name(const gmmpi_model *model, int64_t feature);

/* What is done to a feature, from 0, before the model sees it, as "transform" has it: "log10" for instance; means and
 * covariances are in the units of the result. "" where it is taken as it is, NULL where there is no such feature. Valid
 * until the model is destroyed. */
GMMPI_API const char *gmmpi_model_transform(const gmmpi_model *model, int64_t feature);

/* The name of a component, from 0, in UTF-8 or as the data have it: that of its class where classes were known to the
 * fit, else "component 3". NULL where components have no names, and where there is no such component. Valid until the
 * model is destroyed. */
GMMPI_API const char *gmmpi_model_component_name(const gmmpi_model *model, int64_t component);

#ifdef __cplusplus
}
#endif

#endif
