/* SPDX-License-Identifier: BSD-3-Clause */
/* What a component of its own would gain at a place: the points that are found there against those that the model
 * expects (starts/places.h). */
#ifndef STARTS_PLACE_GAIN_H
#define STARTS_PLACE_GAIN_H

#include "starts/place_finder.h"

/* Sets gain, radius and share of the finder's row i, by the radius with the largest gain; 0 where none gains. The row
 * itself, about which there is always a point, does not count. em->form is the model's. */
void set_gain_of_place(const place_finder *finder, const em_iteration *em, const gmmpi_model *model, int64_t i);

#endif
