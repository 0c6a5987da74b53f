/* SPDX-License-Identifier: BSD-3-Clause */
/* Components in another order. */
#ifndef MIXTURE_COMPONENT_ORDER_H
#define MIXTURE_COMPONENT_ORDER_H

#include "mixture/model.h"

/* Component k becomes what component order[k] was, its name included; order holds each of 0 ... K - 1 once. The weights
 * of a posterior by sticks, which depend on the order, are those of its counts in the new one. A hierarchy of clusters,
 * which names components, is taken away. An order that changes nothing leaves every bit. Errors: 71. */
gmmpi_status model_permute_components(gmmpi_model *model, const int64_t *order, gmmpi_error *error);

#endif
