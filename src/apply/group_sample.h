/* SPDX-License-Identifier: BSD-3-Clause */
/* Points drawn from the models of groups (mixture/files/group_models.h). */
#ifndef APPLY_GROUP_SAMPLE_H
#define APPLY_GROUP_SAMPLE_H

#include "mixture/files/group_models.h"

/* Collective over comm. Draws n_points points from each group that was fitted, group by group: /points and /labels as
 * sample_to_file has them, and the group of each: /keys (numbers), or, where keys are texts, /groups (int32, its index
 * from 0) with the texts as the attribute names, in CSV a column behind it. Those of a group depend on the seed and its
 * index alone; with more points the first ones stay the same. Errors, agreed: 65 no group was fitted, 73, 71. */
gmmpi_status group_sample_to_file(MPI_Comm comm, const group_models *models, const char *path_of_models,
                                  int64_t n_points, uint64_t seed, int compress, const char *path, gmmpi_error *error);

#endif
