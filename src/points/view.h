/* SPDX-License-Identifier: BSD-3-Clause */
/* Rows of another shard in other coordinates, made when they are asked for; for the files of points only. */
#ifndef POINTS_VIEW_H
#define POINTS_VIEW_H

#include "points/shard.h"

/* The rows of points, which is laid out as base is, are matrix (x - origin) for every x of base, matrix d x d,
 * row-major, origin d; both are copied. base, which is no view itself, must outlive points, and its passes are theirs.
 * False when there is no memory. */
bool view_open(shard *points, const shard *base, const double *matrix, const double *origin);

#endif
