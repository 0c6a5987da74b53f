/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading the rows of a shard from a source, whether they are held or streamed; for the files of points only. */
#ifndef POINTS_MAKING_FROM_SOURCE_H
#define POINTS_MAKING_FROM_SOURCE_H

#include "points/reading/read.h"

/* held_lay_out, or, where the options want rows to be streamed, shard_lay_out. */
gmmpi_status lay_out_for_reading(MPI_Comm comm, const char *label, int64_t n_samples, int64_t n_features,
                                 const shard_options *options, shard **points, gmmpi_error *error);

/* Rows that are to be dropped for a value. */
typedef struct dropped_rows {
  int64_t n_here;     /* of this rank */
  dropped_count all;  /* of all ranks */
  int64_t *of_blocks; /* see reading_take_dropped */
} dropped_rows;

/* Collective: reads the rows of a shard that is laid out for it, as shard_create says, and has it go on streaming them
 * when that is what the options want and none is to be dropped. Takes the choice. Errors, agreed: those of
 * shard_create. */
gmmpi_status shard_read(shard *points, point_source *source, row_choice *choice, shard_options options,
                        dropped_rows *dropped, gmmpi_error *error);

#endif
