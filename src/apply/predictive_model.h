/* SPDX-License-Identifier: BSD-3-Clause */
/* The mixture that a model's log density is of, without anything else. */
#ifndef APPLY_PREDICTIVE_MODEL_H
#define APPLY_PREDICTIVE_MODEL_H

#include "mixture/model.h"

/* A copy of a model; of one with a variational posterior its posterior predictive density as a model, a mixture of t
 * distributions (apply/predictive.h): weights and means stay, covariances become the scale matrices. Errors: 71. */
gmmpi_status predictive_model(const gmmpi_model *model, gmmpi_model **mixture, gmmpi_error *error);

#endif
