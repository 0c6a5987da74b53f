/* SPDX-License-Identifier: BSD-3-Clause */
/* The arrays of a model as files and JSON have them: covariances of some families, and their factors, are matrices
 * there, one for each component, where memory holds a diagonal or a number (covariance_family.has_matrices_in_files).
 */
#ifndef MIXTURE_FILES_FILE_ARRAYS_H
#define MIXTURE_FILES_FILE_ARRAYS_H

#include "mixture/model.h"

/* Do some arrays of the family's models have another shape in files than in memory? */
bool has_other_arrays_in_files(const covariance_family *family);

/* As model_arrays, with the shapes of files. Where those are not memory's `numbers` is NULL: they are made by
 * file_array_expand and taken by file_array_contract. */
int file_arrays(const gmmpi_model *model, model_array arrays[MODEL_MOST_ARRAYS]);

/* Writes the array's numbers, array->length of them, from the model's. */
void file_array_expand(const gmmpi_model *model, const model_array *array, double *numbers);

/* Sets the model's numbers from the array's, as read from the file that label names; of one that is derived nothing.
 * Numbers that are exactly what the family can hold keep their bits. Errors: 65 to 1e-8 of the variances they are not.
 */
gmmpi_status file_array_contract(gmmpi_model *model, const model_array *array, const double *numbers, const char *label,
                                 gmmpi_error *error);

/* The same of what is read some components at a time, all of them in their order. */
typedef struct array_contraction {
  gmmpi_model *model;
  const model_array *array;
  const char *label;
  double *first;   /* d: the diagonal of component 0's matrix */
  double *sums;    /* d: of covariances that are shared, of what components' have more than that */
  int64_t n_taken; /* components */
} array_contraction;

/* Errors: 71. */
gmmpi_status array_contraction_begin(gmmpi_model *model, const model_array *array, const char *label,
                                     array_contraction *contraction, gmmpi_error *error);

/* numbers: the matrices of the next n components. */
gmmpi_status array_contraction_take(array_contraction *contraction, int64_t n, const double *numbers,
                                    gmmpi_error *error);

/* After the last component, and after an error. */
void array_contraction_end(array_contraction *contraction);

#endif
