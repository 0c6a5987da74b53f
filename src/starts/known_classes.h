/* SPDX-License-Identifier: BSD-3-Clause */
/* Starts of points of which some have a known label: component c begins where the rows of class c are, so that a class
 * is not pulled from one component into another. */
#ifndef STARTS_KNOWN_CLASSES_H
#define STARTS_KNOWN_CLASSES_H

#include "starts/centres.h"

/* Collective. Centres (n_centres x d), in any order, become those of classes and others: that of class c is the mean of
 * its rows, and takes the place of the nearest centre that no class has taken yet; the others fill the places of the
 * components that no row is known to be of. Does nothing where rows have no labels. Errors, agreed: 71, and those of
 * pass_make. */
gmmpi_status centres_take_known_classes(const shard *points, const seeding_options *options, double *centres,
                                        gmmpi_error *error);

#endif
