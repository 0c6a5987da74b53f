/* SPDX-License-Identifier: BSD-3-Clause */
/* Where an accelerator's numbers are: for the files of em/accelerate only. */
#ifndef EM_ACCELERATE_MEMORY_H
#define EM_ACCELERATE_MEMORY_H

#include "em/accelerate/accelerator.h"

/* About what statistics are measured, K x d; the units of counts, K; and factors of covariances, in whose units. */
double *history_origins(const accelerator *memory);
double *history_count_units(const accelerator *memory);
double *history_tail_units(const accelerator *memory); /* K, where there are tails */
double *history_factors(const accelerator *memory);    /* K triangles, or one where second moments are pooled */

/* What the newest residual was, in squares, when the last refinement began ... */
double *history_residual_before(const accelerator *memory);

/* ... and down from which a refinement is tried again. */
double *history_residual_for_refinement(const accelerator *memory);

/* Vectors of memory->length numbers: the statistics of which the model in hand was made ... */
double *history_point(const accelerator *memory);

/* ... and the remembered outputs and residuals, the newest of age 0. */
double *history_output(const accelerator *memory, int64_t age);
double *history_residual(const accelerator *memory, int64_t age);

/* Makes room for one more entry, the newest, and returns its output. */
double *history_next_output(accelerator *memory);

/* Of the newest output and the point in hand. */
void history_set_newest_residual(accelerator *memory);

/* The scalar product of a vector of memory->length numbers with itself. */
double squared_length(const accelerator *memory, const double *vector);

#endif
