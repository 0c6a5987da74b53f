/* SPDX-License-Identifier: BSD-3-Clause */
/* The classes that known labels name: the different values of a column, of rows that count, in ascending order; of
 * numbers if all of them are, else of the bytes of their texts. An empty or missing cell is an unknown label.
 *
 * The keys of groups (--by) are labels, too. There may be more of them, and numbers among them must be exact. */
#ifndef SOURCES_LABEL_CLASSES_H
#define SOURCES_LABEL_CLASSES_H

#include "sources/source.h"

#include "gmmpi/error.h"

#include <mpi.h>

/* All zero: not known yet. */
typedef struct label_classes {
  char **names; /* n, on all ranks the same; numbers in the fewest digits that name them */
  int64_t n;
  double *numbers;   /* n, where labels are numbers, also those of texts; else NULL */
  bool has_texts;    /* are they read as text? */
  label_texts texts; /* where they are read as text: their numbers in it become classes */
  int64_t *class_of; /* of each of texts */
} label_classes;

/* Collective over comm: reads all rows of source once, each rank its share, for the labels, which are the number of a
 * row at place `label`; where the source with the column, owner, has texts it is asked for them, in its numbering:
 * feature. are_keys: of groups. Errors, agreed: 65 an infinite label, too many, a key that a double cannot hold; those
 * of source_read; 75; 71. */
gmmpi_status label_classes_find(MPI_Comm comm, point_source *source, int64_t label, point_source *owner,
                                int64_t feature, bool are_keys, label_classes *classes, gmmpi_error *error);

/* What was read becomes a class, from 0, or -1, unknown; -2: it is none of the classes. Any thread may ask. */
double label_class(const label_classes *classes, double label);

void label_classes_clear(label_classes *classes);

#endif
