/* SPDX-License-Identifier: BSD-3-Clause */
/* A group of data sets side by side as a table: which of them are its columns, and how these are called.
 *
 * A data set of one dimension is a column of its name, one of n x m is m columns NAME.0, NAME.1, ...; those in groups
 * within the group are called by their path from there, position/x. Groups of pandas (format "fixed") and data frames
 * of AnnData name their columns themselves. */
#ifndef SOURCES_HDF5_MEMBER_LIST_H
#define SOURCES_HDF5_MEMBER_LIST_H

#include "gmmpi/error.h"

#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct hdf5_member {
  char *name;        /* from the group on: "Density", "position/x" */
  char *inside;      /* its path in the file */
  int n_dimensions;  /* 1 or 2 */
  int64_t n_rows;    /* points, also where the columns of the file are the points */
  int64_t n_columns; /* features that it can be */
  char **names;      /* n_columns, of its own; NULL: by its name */
  const char *role;  /* why it is no feature unless somebody picks it; NULL: it is one */
  bool is_integer;
  bool is_deep; /* in a group within the group */
} hdf5_member;

typedef struct hdf5_column {
  int64_t member;
  int64_t column; /* of the member */
} hdf5_column;

/* A group may have columns up to a limit. */
enum { HDF5_LEFT_OUT_BYTES = 260, HDF5_MOST_COLUMNS = 1 << 20 };

/* The first n_usual columns, of n_rows rows each, are the table unless somebody picks others. */
typedef struct hdf5_member_list {
  hdf5_member *members; /* n */
  int64_t n;
  int64_t capacity;
  hdf5_column *columns; /* n_columns */
  char **names;         /* n_columns */
  char **arrays;        /* n_columns: the name that picks it with others, or NULL */
  int64_t n_columns;
  int64_t n_usual;
  int64_t n_rows;                     /* 0: there are none, or no columns */
  int64_t n_left_out;                 /* data sets of numbers that are no usual columns */
  char left_out[HDF5_LEFT_OUT_BYTES]; /* data sets that are not among the usual columns and why, "" if none */
  const char *counter;                /* a usual column that seems to number the rows; NULL: there is none */
} hdf5_member_list;

/* What the group at `inside` of the file has. transpose: the points are the columns of data sets with two dimensions.
 * label is for messages. Release with hdf5_member_list_free, also after an error. Errors: 65 damaged, 74, 71. */
gmmpi_status hdf5_member_list_make(hid_t file, const char *inside, bool transpose, const char *label,
                                   hdf5_member_list *list, gmmpi_error *error);
void hdf5_member_list_free(hdf5_member_list *list);

/* "x, y, z, ... (12 in all)": names of the usual columns, cut to fit n_bytes. */
void hdf5_member_list_text(const hdf5_member_list *list, char *text, size_t n_bytes);

/* " --columns x,y,z": those of the usual columns that measure something, or "" where that is too long or all of them.
 */
void hdf5_member_list_command(const hdf5_member_list *list, char *text, size_t n_bytes);

#endif
