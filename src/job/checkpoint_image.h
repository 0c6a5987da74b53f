/* SPDX-License-Identifier: BSD-3-Clause */
/* A fit_state as the bytes of a checkpoint file, and back, exact to the bit.
 *
 * A checkpoint is an HDF5 file in memory with a data set for each field of the state (em/state_fields.h; the attributes
 * of /job say how many there are, and whose it is) and a trailer of 32 bytes behind it: magic, format number, length of
 * the HDF5 file, hash of it. HDF5 does not mind bytes behind its end, so that h5dump reads checkpoints too.
 *
 * HDF5 decides the layout when an image is created; from then on every number has its place in it, and a newer state of
 * the same shape is filled in by copying alone. So a helper thread may save an image while the main thread is inside
 * HDF5, which is not thread-safe. */
#ifndef JOB_CHECKPOINT_IMAGE_H
#define JOB_CHECKPOINT_IMAGE_H

#include "em/state_fields.h"

#include <mpi.h>

#include <jansson.h>

/* What a fit's numbers depend on beside the state. Checkpoints of another identity are refused. */
typedef struct checkpoint_identity {
  uint64_t fingerprint; /* of the points */
  int64_t n_samples;
  int64_t n_features;
  json_t *options;  /* an object: the options that affect numbers, by the names a user types: {"--seed": 0, ...} */
  char version[32]; /* of the program */
} checkpoint_identity;

typedef struct checkpoint_image {
  unsigned char *bytes; /* the HDF5 file and room for the trailer */
  int64_t n_bytes;      /* with the trailer */
  state_extent extent;  /* of the state that it was made for */
  int64_t *offsets;     /* where each field of the state is in bytes */
} checkpoint_image;

/* Makes an image of state. Uses HDF5. Errors: 71. */
gmmpi_status checkpoint_image_create(const checkpoint_identity *identity, const fit_state *state,
                                     checkpoint_image *image, gmmpi_error *error);
void checkpoint_image_clear(checkpoint_image *image); /* one that is all zero is fine */

/* Can image take this state, of the same shape, without being made anew? (It has the same extent.) */
bool checkpoint_image_fits(const checkpoint_image *image, const fit_state *state);

/* Puts a newer state that fits into the image. No allocation, no HDF5. */
void checkpoint_image_fill(checkpoint_image *image, const fit_state *state);

/* The state and identity in the n_bytes bytes of a file; the caller destroys *state and releases identity->options.
 * `path` is for messages. Everything is checked before it is believed; nothing larger than the file is allocated. Uses
 * HDF5. Errors: 65 damaged or no checkpoint, or (then *is_foreign) whole but of a format that this program does not
 * know, 71. */
gmmpi_status checkpoint_image_read(const char *path, const void *bytes, int64_t n_bytes, fit_state **state,
                                   checkpoint_identity *identity, bool *is_foreign, gmmpi_error *error);

/* Collective over comm: rank 0's state on every rank (*state is NULL on the others before, and the plan is known to
 * all). Errors, agreed: 71; *state is to be destroyed also then. */
gmmpi_status checkpoint_broadcast(MPI_Comm comm, const state_plan *plan, fit_state **state, gmmpi_error *error);

/* The bytes of an image of a state of this plan, without events; INT64_MAX when they can't be counted. */
int64_t checkpoint_image_bytes(const state_plan *plan);

#endif
