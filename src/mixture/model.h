/* SPDX-License-Identifier: BSD-3-Clause */
/* Models: made, copied, checked, counted. What one holds: mixture/arrays.h. */
#ifndef MIXTURE_MODEL_H
#define MIXTURE_MODEL_H

#include "mixture/arrays.h"

#include <stdbool.h>

/* A model whose numbers are all zero. Errors: 71. */
gmmpi_status model_allocate(model_kind kind, int64_t n_components, int64_t n_features, gmmpi_model **model,
                            gmmpi_error *error);

/* The bytes of a model without names; INT64_MAX when they can't be counted. */
int64_t model_bytes(model_kind kind, int64_t n_components, int64_t n_features);

/* Copies all parameters and factors between two models of one shape; `to` may have parts that `from` lacks, whose
 * numbers stay. Names stay. */
void model_copy_parameters(gmmpi_model *to, const gmmpi_model *from);

/* --- the covariance of component k, of a shared one that of all --- */

/* Its numbers, and those of its factor, in the model's arrays: model_stored_length of them (1, d or d x d). */
double *model_covariance(const gmmpi_model *model, int64_t k);
double *model_factor(const gmmpi_model *model, int64_t k);
int64_t model_stored_length(const gmmpi_model *model);

/* Takes it out, and puts one in as far as the family can hold it: covariance_length numbers in the shape of the
 * family's storage (mixture/shape.h). Putting one in leaves the factor as it was. */
void model_expand(const gmmpi_model *model, int64_t k, double *covariance);
void model_contract(gmmpi_model *model, int64_t k, const double *covariance);

/* Sets its factor, whatever the component's weight. False when it is not positive definite: then the factor is all 0
 * (covariance_storage.factorise). */
bool model_factorise(gmmpi_model *model, int64_t k);

/* --- degrees of freedom, where there are any (PART_TAILS); without they do nothing --- */

/* 0: not known yet. */
void model_set_dof(gmmpi_model *model, int64_t k, double dof);
void model_copy_dof(gmmpi_model *to, int64_t k, const gmmpi_model *from, int64_t i);

/* Component a takes in component b, which then has this share of both: dof between theirs. */
void model_merge_dof(gmmpi_model *model, int64_t a, int64_t b, double share);

/* --- whole models --- */

/* A model of its own with the same content. Errors: 71. */
gmmpi_status model_duplicate(const gmmpi_model *model, gmmpi_model **copy, gmmpi_error *error);

/* names: n_features, copied; NULL takes them away. Errors: 71. */
gmmpi_status model_set_feature_names(gmmpi_model *model, char *const *names, gmmpi_error *error);

/* names: n_components, all different, copied; NULL takes them away. Errors: 71. */
gmmpi_status model_set_component_names(gmmpi_model *model, char *const *names, gmmpi_error *error);

/* The same of names that came from outside, as label names it. Errors: 65 two are the same; 71. */
gmmpi_status model_accept_component_names(gmmpi_model *model, char *const *names, const char *label,
                                          gmmpi_error *error);

/* transforms: n_features texts of support/feature_transform.h, copied; NULL: nothing was done to any feature. Errors:
 * 71. */
gmmpi_status model_set_transforms(gmmpi_model *model, char *const *transforms, gmmpi_error *error);

/* The same of texts that came from outside, as label names it. Errors: 65 one that is none; 71. */
gmmpi_status model_accept_transforms(gmmpi_model *model, char *const *transforms, const char *label,
                                     gmmpi_error *error);

/* The model gets a copy of the hierarchy of its clusters; NULL takes its own away. Errors: 71. */
gmmpi_status model_set_hierarchy(gmmpi_model *model, const cluster_hierarchy *hierarchy, gmmpi_error *error);

/* A value of the feature, as in a mean, in the units of the data. */
double model_undo_transform(const gmmpi_model *model, int64_t feature, double value);

/* Brings the features into another order: feature j becomes what feature order[j] was, its name included; order holds
 * each of 0 ... n_features - 1 once. An order that changes nothing leaves every bit. `label` names the model's origin
 * in messages. Errors: 65 a covariance is so nearly singular that it cannot be factorised in this order; 71. */
gmmpi_status model_permute_features(gmmpi_model *model, const int64_t *order, const char *label, gmmpi_error *error);

/* Checks parameters that came from outside (finite, weights >= 0 and not all 0, covariances symmetric to 1e-8 of the
 * geometric mean of the two variances and positive definite, also where the weight is 0), normalises the weights, makes
 * covariances exactly symmetric, and factorises. Parameters that are right already keep their bits. `label` names the
 * origin in messages. Errors: 65. */
gmmpi_status model_accept_parameters(gmmpi_model *model, const char *label, gmmpi_error *error);

/* Components whose weight is not 0. */
int64_t model_n_living(const gmmpi_model *model);

/* Numbers that can move freely: weights, means and covariances (Bishop 2006, sec. 9.2; scikit-learn counts the same) of
 * the living components alone, and a background's weight and volume (as mclust counts); degrees of freedom of t
 * distributions may be fixed, and are counted by who knows (em/options.h). A component of weight 0 explains no point,
 * so that its numbers are no parameters. */
int64_t model_n_parameters(const gmmpi_model *model);

/* The same with all components living. */
int64_t model_n_parameters_nominal(const gmmpi_model *model);

/* A hash of all bits of parameters and factors; not of the names. */
uint64_t model_hash(const gmmpi_model *model);

#endif
