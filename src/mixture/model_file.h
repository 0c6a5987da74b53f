/* Models as files: HDF5, and JSON of the parameters.
 *
 * HDF5: /weights, /means, /covariances, /precisions_cholesky and attributes of the root group. The bytes depend on the content
 * alone: no times are stored. JSON: {"weights": [K], "means": [[d] x K], "covariances": ...} in scikit-learn's shapes. */
#ifndef MIXTURE_MODEL_FILE_H
#define MIXTURE_MODEL_FILE_H

#include "mixture/model.h"

#include <jansson.h>
#include <mpi.h>
#include <stddef.h>

/* The HDF5 file of a model as bytes that the caller frees. facts: an object whose members (strings, numbers, booleans, arrays of
 * strings) become attributes in their order; NULL for none. Errors: 71, 70. */
gmmpi_status model_file_image(const gmmpi_model *model, const json_t *facts, void **bytes, size_t *n_bytes,
                              gmmpi_error *error);

/* Not collective. Reads a model; facts, when not NULL, receives the attributes as a new reference. Errors: 66, 65, 71. */
gmmpi_status model_file_read(const char *path, gmmpi_model **model, json_t **facts, gmmpi_error *error);

/* The parameters of a model as a new JSON object; NULL when there is no memory. */
json_t *model_to_json(const gmmpi_model *model);

/* A model of the given family from a JSON object; text is the file's content, path is for messages. Errors: 65, 71. */
gmmpi_status model_from_json(const char *path, const char *text, const covariance_family *family, gmmpi_model **model,
                             gmmpi_error *error);

/* Collective over comm: rank 0's model on every rank (*model is NULL on the others before). Errors: 71. */
gmmpi_status model_broadcast(MPI_Comm comm, gmmpi_model **model, gmmpi_error *error);

#endif
