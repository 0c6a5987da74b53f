/* SPDX-License-Identifier: BSD-3-Clause */
/* What known classes (--known-labels) have to do with the components of models: by their names.
 *
 * The classes of data are the first components, in their order. The others are called "component 3", by their number
 * from 0 as in labels, with as many apostrophes behind it as it takes to be no class's name. */
#ifndef FIT_CLASS_NAMES_H
#define FIT_CLASS_NAMES_H

#include "em/options.h"
#include "mixture/model.h"

/* The classes of points. */
typedef struct class_list {
  char *const *names; /* n; NULL: they have none but their numbers */
  int64_t n;
} class_list;

/* Does what else is wanted make sense with classes, and are there no more of them than components? Every pass sees all
 * points: moves of the search, and subsamples without a class, would lose what components the labels are of. The number
 * of components of a model that is adapted is not looked at. Errors: 64. */
gmmpi_status classes_settle(class_list classes, fit_options *options, gmmpi_error *error);

/* Brings the components of a model to start from, which label names, into the order of the classes, where both have
 * names: the classes first, then the others. Errors: 64 more classes than components, or no component of a model that
 * is adapted has a name; 65 a class is none of its components, or one of weight 0; 71. */
gmmpi_status classes_match(class_list classes, const fit_options *options, const char *label, gmmpi_model *start,
                           gmmpi_error *error);

/* Names the components of a fitted model, unless they have names from its start. Errors: 71. */
gmmpi_status model_take_classes(gmmpi_model *model, class_list classes, gmmpi_error *error);

#endif
