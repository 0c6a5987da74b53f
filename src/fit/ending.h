/* SPDX-License-Identifier: BSD-3-Clause */
/* What becomes of starts that have ended: what is doubtful about their models is said, and the best one of each shape
 * is kept. */
#ifndef FIT_ENDING_H
#define FIT_ENDING_H

#include "fit/batch.h"

/* Of the starts of a shape, the one that ended is the best from now on, if it is better; ties to the first. */
void keep_the_better(fit_state *state, const fit_position *ended);

/* Collective. The starts that advanced together have ended: the best ones are kept, with SPURIOUS_STRICT those that are
 * not spurious where there are any. Errors, agreed: 71, those of
 * shard_agree. */
gmmpi_status keep_the_best(fit_batch *batch, gmmpi_error *error);

#endif
