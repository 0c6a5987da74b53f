/* SPDX-License-Identifier: BSD-3-Clause */
/* The region of a uniform background, and its volume: as mclust's hypvol (6.0.0) the smaller one of two boxes about all
 * points, one along the features and one along the principal components (Fraley, Raftery 1998, "How many clusters?
 * Which clustering method?"). */
#ifndef PASSES_NOISE_VOLUME_H
#define PASSES_NOISE_VOLUME_H

#include "kernels/kernel.h"
#include "mixture/background.h"

/* Collective: two passes over the points, none where there is one feature. given: the volume that the region gets, the
 * box being scaled about its middle, unless it is flat; 0: that of the box. of_rank_0: processors differ, rank 0's axes
 * are everybody's. *scale is the given volume over that of the box, 1 where none is given, infinite where the box is
 * flat. Errors, agreed: 65 no volume is given and that of the box is 0 or no number; 71; those of shard_agree. */
gmmpi_status noise_region_create(const shard *points, const kernel *instructions, double given, bool of_rank_0,
                                 noise_region **region, double *scale, gmmpi_error *error);
void noise_region_destroy(noise_region *region); /* NULL is fine */

/* The bytes it takes, with those of its creation; INT64_MAX when they can't be counted. */
int64_t noise_region_bytes(int64_t n_features, int n_threads);

#endif
