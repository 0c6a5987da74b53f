/* SPDX-License-Identifier: BSD-3-Clause */
/* Models as files: HDF5, and JSON of the parameters.
 *
 * HDF5: /weights, /means, /covariances, /precisions_cholesky, where components were merged into clusters /merges
 * ((n - 1) x 2, int64) and /merge_entropy (n), n being the living components (mixture/hierarchy.h), and attributes of
 * the root group: format, format_version,
 * program_version, covariance, n_components, n_features, feature_names, transforms and component_names where there are
 * some, and facts of the caller's
 * (types: hdf5_attributes.h), and behind the end of HDF5's content a seal (support/seal.h) that is checked before HDF5
 * sees the file. Files without one are read too: older versions wrote them, and other programs remove it when they
 * change a model. The bytes depend on the content alone: no times are stored. JSON: {"covariance": name,
 * "feature_names": [d], "transforms": [d] and "component_names": [K] where there are some, "weights": [K], "means":
 * [[d] x K], "covariances": ..., and where there are some "merges": [[2] x (n - 1)] and "merge_entropy": [n], which are
 * not read back}.
 *
 * Covariances, and their factors, have scikit-learn's shapes in both: full K x d x d, tied d x d, diag K x d, spherical
 * K; those of the families that scikit-learn does not know K x d x d, whatever they have in common
 * (mixture/files/file_arrays.h). */
#ifndef MIXTURE_FILES_MODEL_FILE_H
#define MIXTURE_FILES_MODEL_FILE_H

#include "mixture/model.h"

#include <jansson.h>
#include <mpi.h>
#include <stdbool.h>
#include <stddef.h>

#define MODEL_FORMAT "gmmpi model"
#define MODEL_SEAL   "gmmpi\x8a\r\n"
enum { MODEL_FORMAT_VERSION = 1 };

/* The HDF5 file of a model as bytes that the caller frees. facts: an object whose members (strings, numbers, booleans,
 * arrays of strings or of numbers) become attributes in their order; NULL for none. Errors: 71; 70 a fact that is no
 * attribute or has the name of one of the model's own. */
gmmpi_status model_file_image(const gmmpi_model *model, const json_t *facts, void **bytes, size_t *n_bytes,
                              gmmpi_error *error);

/* The bytes that writing a model takes beyond its own because its covariances are matrices in files and not in memory;
 * INT64_MAX when they can't be counted. */
int64_t model_file_extra_bytes(const covariance_family *family, int64_t n_components, int64_t n_features);

/* Not collective. Reads a model; facts, when not NULL, receives all attributes, the model's own included, as a new
 * reference. The factors are computed anew. Errors: 66, 65, 74, 71. */
gmmpi_status model_file_read(const char *path, gmmpi_model **model, json_t **facts, gmmpi_error *error);

/* The attributes of a file without those that are the model's own; takes the reference. */
json_t *model_file_without_identity(json_t *attributes);

/* Does the file end with the seal of a model, damaged or not? */
bool model_file_has_seal(const char *path);

/* The parameters of a model as a new JSON object; NULL when there is no memory. */
json_t *model_to_json(const gmmpi_model *model);

/* Adds the members merges and merge_entropy of a hierarchy; nothing for NULL. False when there is no memory. */
bool hierarchy_note(const cluster_hierarchy *hierarchy, json_t *object);

/* A model of the given family from a JSON object; text is the file's content, path is for messages. Members other than
 * those above are ignored; covariance, where it is there, must name the family. Errors: 65, 71. */
gmmpi_status model_from_json(const char *path, const char *text, const covariance_family *family, gmmpi_model **model,
                             gmmpi_error *error);

/* Collective over comm: rank 0's model on every rank (*model is NULL on the others before). Errors: 71. */
gmmpi_status model_broadcast(MPI_Comm comm, gmmpi_model **model, gmmpi_error *error);

/* Collective over comm: root's parameters and factors in the other ranks' models of the same shape. */
void model_broadcast_parameters(MPI_Comm comm, int root, gmmpi_model *model);

#endif
