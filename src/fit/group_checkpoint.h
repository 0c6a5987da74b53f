/* SPDX-License-Identifier: BSD-3-Clause */
/* Checkpoints between groups: one file that all ranks write, each the groups that it has done.
 *
 * Behind a header, which says of which data and options they are, each group has a place of its own for its record
 * (mixture/files/group_models.h) and a hash of it. A record that is not there, or not whole, since the job was killed
 * while it was written, is one of a group that is to be fitted again; so are groups of which there is more to say than
 * a record holds: those that failed, and those in which something happened. */
#ifndef FIT_GROUP_CHECKPOINT_H
#define FIT_GROUP_CHECKPOINT_H

#include "gmmpi/error.h"

#include <jansson.h>
#include <mpi.h>
#include <stdbool.h>
#include <stdint.h>

/* What records are of. */
typedef struct groups_identity {
  uint64_t fingerprint;  /* of rows, groups and keys */
  const json_t *options; /* those that affect numbers, by the names a user types; borrowed */
  int64_t n_groups;
  int64_t record_length;
} groups_identity;

typedef struct group_checkpoint {
  char *path;
  int descriptor;
  int64_t first;        /* byte of the first record */
  int64_t record_words; /* with the hash */
  uint64_t seed;        /* of hashes: that of the header */
  uint64_t *room;       /* for a record */
  bool failing;         /* a warning has said so */
} group_checkpoint;

/* Collective. Opens the checkpoint at path to read records from it, and to go on with it. Errors, agreed: 66, 65 it is
 * damaged, or of another job: with other options, which are named, or other data; 74, 71. */
gmmpi_status group_checkpoint_open(MPI_Comm comm, const char *path, const groups_identity *identity,
                                   group_checkpoint *checkpoint, gmmpi_error *error);

/* Collective. A new one without records in place of what is there. Errors, agreed: 73, 71. */
gmmpi_status group_checkpoint_create(MPI_Comm comm, const char *path, const groups_identity *identity,
                                     group_checkpoint *checkpoint, gmmpi_error *error);

void group_checkpoint_close(group_checkpoint *checkpoint); /* one that is all zero is fine */

/* Not collective. Is there a whole record of the group? */
bool group_checkpoint_get(group_checkpoint *checkpoint, int64_t group, double *record);

/* Not collective. Failures are a warning, once, and false. flush: when all records of a time have been put. */
bool group_checkpoint_put(group_checkpoint *checkpoint, int64_t group, const double *record);
bool group_checkpoint_flush(group_checkpoint *checkpoint);

/* Is the file a checkpoint between groups? */
bool group_checkpoint_recognised(const char *path);

/* Not collective. Of which options it is, and how many of all groups it has; a new reference. Errors: 66, 65, 74, 71.
 */
gmmpi_status group_checkpoint_describe(const char *path, json_t **facts, gmmpi_error *error);

#endif
