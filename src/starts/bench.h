/* SPDX-License-Identifier: BSD-3-Clause */
/* A bench: where models of one number of components are improved one after the other. */
#ifndef STARTS_BENCH_H
#define STARTS_BENCH_H

#include "em/iteration.h"

typedef struct bench {
  em_iteration *em;
  climber climb; /* climb.current.model is on the bench */
} bench;

/* Improves the model on the bench by so many iterations of EM, or fewer if it stands still before. The observer is only
 * asked whether to stop. Collective over the points' communicator. Errors, agreed: 71, 70, 75 when a rank wants to
 * stop.
 */
gmmpi_status bench_improve(bench *at, const fit_observer *observer, int64_t n_iterations, gmmpi_error *error);

/* The bytes of a bench with its iteration, and one model more. */
int64_t bench_bytes(const fit_options *options, int64_t n_features);

#endif
