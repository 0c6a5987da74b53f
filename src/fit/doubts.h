/* SPDX-License-Identifier: BSD-3-Clause */
/* What is doubtful about data and options, said before the first start. */
#ifndef FIT_DOUBTS_H
#define FIT_DOUBTS_H

#include "em/iteration.h"
#include "em/observer.h"

/* Tells the observer of features that the ridge or single precision distorts, of covariances of too few points, of
 * values that may be fill values. em: on all points. Collective. Errors, agreed: those of far_values_find. */
gmmpi_status tell_doubts(const em_iteration *em, const fit_observer *observer, gmmpi_error *error);

#endif
