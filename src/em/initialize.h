/* The start of an EM: parameters from k-means, from random points or responsibilities, from given labels or a given
 * model. */
#ifndef EM_INITIALIZE_H
#define EM_INITIALIZE_H

#include "em/iteration.h"

/* Collective. Sets *model (with its factors) for the start-th start. spare is another model of the same shape, whose
 * content is lost. Events of an initial M-step go to state. Errors, agreed: 65 (labels that are not n_components
 * distinct values), 71, 75 when a rank wants to stop. */
gmmpi_status initialize(em_iteration *em, int64_t start, gmmpi_model *model, gmmpi_model *spare, fit_state *state,
                        const fit_observer *observer, gmmpi_error *error);

#endif
