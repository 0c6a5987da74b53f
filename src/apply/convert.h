/* SPDX-License-Identifier: BSD-3-Clause */
/* Points from any source to one HDF5 file: /points, n x d, float64 or float32, with the names of the features.
 *
 * Each rank reads a contiguous part of the rows, piece by piece, and writes it, so that the data may be larger than all
 * memory. Rows are checked as they are before a fit. When rows are dropped all rows are read once before, to know where
 * those go that are left. */
#ifndef APPLY_CONVERT_H
#define APPLY_CONVERT_H

#include "points/shard.h"

typedef struct convert_options {
  missing_choice missing;
  infinite_choice infinite;
  bool single_precision;
  int compress; /* 1 to 9, or 0 for not at all */
} convert_options;

typedef struct convert_result {
  int64_t n_samples;
  dropped_count dropped;
} convert_result;

/* Collective over comm. Errors, agreed: those of shard_create, 73 (an older file of that name stays as it was). */
gmmpi_status convert_to_file(MPI_Comm comm, point_source *source, const convert_options *options, const char *path,
                             convert_result *result, gmmpi_error *error);

/* The bytes that convert_to_file needs on a rank; INT64_MAX when they can't be counted. */
int64_t convert_bytes(int64_t n_samples, int64_t n_features);

#endif
