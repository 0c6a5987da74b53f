/* SPDX-License-Identifier: BSD-3-Clause */
/* Two models on the same axes: one of them is brought into the order of features, and the shifts and scales, of the
 * other, so that densities and components can be compared. */
#ifndef APPLY_COMMON_FEATURES_H
#define APPLY_COMMON_FEATURES_H

#include "mixture/model.h"

/* Replaces *model by the same mixture in the features of `as`, for densities and drawing: features are found by their
 * names where both models have names that are their own, else by position, and shifted and scaled where they were
 * standardized otherwise (then covariances may become full or diag ones). A model whose features are the same already
 * keeps all its bits. Labels name the models in messages. Errors: 65 other features, or another transform of one (its
 * function, or the cofactor of arcsinh); 71. */
gmmpi_status take_features_of(const gmmpi_model *as, const char *as_label, const char *label, gmmpi_model **model,
                              gmmpi_error *error);

#endif
