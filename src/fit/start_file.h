/* SPDX-License-Identifier: BSD-3-Clause */
/* What a fit starts from when that is in a file (fit_options.init_file): a model, JSON parameters, or labels; or the
 * model that is adapted (fit_options.from_file). */
#ifndef FIT_START_FILE_H
#define FIT_START_FILE_H

#include "em/options.h"
#include "points/shard.h"

typedef struct start_file {
  gmmpi_model *model; /* NULL when it holds labels */
  bool is_labels;
  int64_t *labels;      /* of this rank's rows, see start_file_labels */
  uint64_t fingerprint; /* of what was started from, 0 for a method */
} start_file;

/* The file's path; NULL: there is none. */
const char *start_file_path(const fit_options *options);

/* Collective. Reads a model (HDF5 or JSON) or recognises labels; without a file it leaves *start all zero. Errors,
 * agreed: 66, 65 (also another number of components or covariance than the options'), 71. */
gmmpi_status start_file_open(MPI_Comm comm, const fit_options *options, start_file *start, gmmpi_error *error);

/* Collective. A model to start from: brings its features into the order of the data's, by name, and takes the
 * fingerprint. Without names, or where those of one side only number the columns, they are taken in their order;
 * whether there are as many is for the caller to see. Errors, agreed: 65 features that have other names, or a name that
 * stands for two; 71. */
gmmpi_status start_file_match(MPI_Comm comm, const fit_options *options, const point_source *source, start_file *start,
                              gmmpi_error *error);

/* Collective. Reads the labels of the rows of points; the file has one for each row of the data, dropped or not.
 * Errors, agreed: 66, 65, 74, 71, and those of shard_agree. */
gmmpi_status start_file_labels(const fit_options *options, const shard *points, start_file *start, gmmpi_error *error);
int64_t start_file_labels_bytes(int64_t n_samples, int n_ranks); /* the memory that they take */
void start_file_clear(start_file *start);

#endif
