/* SPDX-License-Identifier: BSD-3-Clause */
/* Marks that programs leave in HDF5 files, and what they say: in which order a matrix lies in the file, and what is no
 * matrix of numbers though it looks like one. */
#ifndef SOURCES_HDF5_MARKS_H
#define SOURCES_HDF5_MARKS_H

#include "gmmpi/error.h"

#include <hdf5.h>
#include <stdbool.h>

/* The program that wrote a data set, where it is known to hold matrices column by column, so that their columns are the
 * rows of the data set; NULL: there is no such mark. inside: its path in the file. */
const char *hdf5_column_major(hid_t file, hid_t data_set, const char *inside);

/* Is inside a variable of Octave, a group in which the data set "value" is what is meant? *value: its path, which the
 * caller frees; NULL when there is no memory. */
bool hdf5_octave_value(hid_t file, const char *inside, char **value);

/* Is the data set at inside, which may be one of numbers, none that anybody means: a text or an empty matrix, a part of
 * another variable? */
bool hdf5_is_no_matrix(hid_t file, const char *inside);

/* The same of the object at inside, which was asked for, in words; groups in which a sparse matrix is spread out, too.
 * Errors: 65. */
gmmpi_status hdf5_check_marks(hid_t file, hid_t object, const char *inside, const char *label, gmmpi_error *error);

#endif
