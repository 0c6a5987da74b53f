/* SPDX-License-Identifier: BSD-3-Clause */
/* A data set among others in a group, and a list of them: how it is found and put in order is in member_search.h and
 * member_list.h. */
#ifndef SOURCES_HDF5_MEMBER_H
#define SOURCES_HDF5_MEMBER_H

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

/* A group may have columns up to a limit, which is lower for fuzzers: that a million names take their time and their
 * memory is nothing to be found by them. */
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
enum { HDF5_MOST_COLUMNS = 1 << 14 };
#else
enum { HDF5_MOST_COLUMNS = 1 << 20 };
#endif
enum { HDF5_LEFT_OUT_BYTES = 260 };

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

#endif
