/* SPDX-License-Identifier: BSD-3-Clause */
/* Moments as vectors of an accelerator, and back. */
#ifndef EM_ACCELERATE_VECTORS_H
#define EM_ACCELERATE_VECTORS_H

#include "em/accelerate/accelerator.h"
#include "passes/moments.h"

/* Begins a history: from now on everything is measured from these moments' means in their standard deviations. */
void accelerator_set_origins(accelerator *memory, const moments *at);

/* vector: memory->length numbers; per component its share of the points, then first and second moments about its
 * origin, as shares too. */
void accelerator_vector(const accelerator *memory, const moments *from, double *vector);

/* to->n_samples is given. */
void accelerator_moments(const accelerator *memory, const double *vector, moments *to);

/* Components that have moved away from their origins and units get those of the newest output, of n_samples points,
 * unless these are so few that passes cost less. */
void accelerator_renew_units(accelerator *memory, double n_samples);

#endif
