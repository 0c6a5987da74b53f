/* SPDX-License-Identifier: BSD-3-Clause */
/* Replicates of a bootstrap that are done, in a file, so that a job that was stopped goes on behind them. Each is a
 * function of its number and of what the identity says; how many are wanted in all, and the level of intervals, may be
 * others when the job goes on.
 *
 * The file, in the machine's byte order: the length of the identity as a 64-bit integer and its text (JSON); the number
 * of replicates and the length of their lists; their states, a byte each; the lists of those that are done; a seal
 * (support/seal.h). It is written as a whole or not at all. */
#ifndef FIT_REPLICATE_CHECKPOINT_H
#define FIT_REPLICATE_CHECKPOINT_H

#include "fit/bootstrap.h"

#include <jansson.h>

/* What replicates depend on besides their numbers: data, model, options and program, an object that the caller
 * releases; NULL when there is no memory. */
json_t *replicate_identity(const shard *points, const gmmpi_model *model, const fit_options *options,
                           const bootstrap_options *how);

/* For one rank. result: of n_replicates, done or not. Errors: 71, 73. */
gmmpi_status replicate_checkpoint_write(const char *path, const json_t *identity, const bootstrap_result *result,
                                        int64_t n_replicates, gmmpi_error *error);

/* For one rank: reads what is there for at most n_replicates, each of a list of `length` numbers. The caller frees
 * done->states and done->replicates. Errors: 66, 74, 71; 65 it is damaged, no such file, or of another identity. */
gmmpi_status replicate_checkpoint_read(const char *path, const json_t *identity, int64_t n_replicates, int64_t length,
                                       bootstrap_done *done, gmmpi_error *error);

/* For one rank: does the file end as such a checkpoint? */
bool replicate_checkpoint_recognised(const char *path);

/* For one rank: how many replicates it has, what became of them, and of which job they are, as an object that the
 * caller releases. Errors: 66, 74, 71, 65. */
gmmpi_status replicate_checkpoint_describe(const char *path, json_t **facts, gmmpi_error *error);

/* The bytes that writing or reading takes; INT64_MAX when they can't be counted. */
int64_t replicate_checkpoint_bytes(int64_t n_replicates, int64_t length);

#endif
