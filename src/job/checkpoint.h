/* SPDX-License-Identifier: BSD-3-Clause */
/* Checkpoints as files: FILE and the one before it, FILE.prev, each whole and checksummed.
 *
 * A new one is written beside FILE, flushed to the disk, and renamed over it after FILE was kept as FILE.prev; there is
 * no instant at which FILE is missing or half-written. A damaged FILE is recognised and FILE.prev is taken instead. */
#ifndef JOB_CHECKPOINT_H
#define JOB_CHECKPOINT_H

#include "job/checkpoint_image.h"

/* What becomes of the checkpoints that are there when a new one is written. */
typedef enum checkpoint_rotation {
  ROTATE,        /* FILE is good: it becomes FILE.prev */
  KEEP_PREVIOUS, /* FILE is damaged: it is replaced, FILE.prev stays */
  KEEP_NONE      /* they are another job's: FILE is replaced, then FILE.prev removed */
} checkpoint_rotation;

/* Makes n_bytes bytes (a sealed image) the newest checkpoint. To be kept, FILE gets a second name by a hard link; on
 * file systems without them it is renamed to FILE.prev instead, so that there FILE is missing for an instant while
 * FILE.prev is whole. Does not use HDF5. Errors: 73, 71; FILE and FILE.prev stay good. */
gmmpi_status checkpoint_write(const char *path, const void *bytes, int64_t n_bytes, checkpoint_rotation rotation,
                              gmmpi_error *error);

/* The name of FILE.prev, links in path followed. Caller frees; NULL when there is no memory. */
char *checkpoint_previous_path(const char *path);

/* Removes FILE, FILE.prev and what an interrupted write left. */
void checkpoint_remove(const char *path);

/* Not collective. The good checkpoint of this identity that got farthest, of FILE and FILE.prev; damaged ones are named
 * in a warning. Nothing there or (with `automatic`) nothing good: *state is NULL and GMMPI_OK when automatic, else 66
 * or 65. Errors: 65 also when a good one is of another identity, with what differs; 71. *rotation: how to write the
 * next checkpoint to the same path. */
gmmpi_status checkpoint_load(const char *path, bool automatic, const checkpoint_identity *identity,
                             const state_plan *plan, fit_state **state, checkpoint_rotation *rotation,
                             gmmpi_error *error);

/* Is this file a checkpoint, whole or damaged? False when it cannot be read. */
bool checkpoint_recognised(const char *path);

/* For `gmmpi info`: what the file holds. facts: n_samples, n_features, n_components, covariance,
 * start, level, iteration, log_likelihood (null: none yet), n_passes, n_events, written (UTC), seconds_since_written,
 * age (the same for people), options (an object); a new reference. model: the one whose pass is next, to be destroyed.
 * Errors: 66, 74, 65, 71. */
gmmpi_status checkpoint_describe(const char *path, json_t **facts, gmmpi_model **model, gmmpi_error *error);

#endif
