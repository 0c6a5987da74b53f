/* SPDX-License-Identifier: BSD-3-Clause */
/* What an HDF5 file has that points can be: data sets, and groups that are tables. */
#ifndef SOURCES_HDF5_SURVEY_H
#define SOURCES_HDF5_SURVEY_H

#include "sources/hdf5/member_list.h"

#include "sources/hdf5/visit.h"

#include "gmmpi/error.h"

#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum hdf5_find_kind {
  FOUND_MATRIX,   /* numbers in two dimensions */
  FOUND_VECTOR,   /* in one */
  FOUND_CUBE,     /* in more */
  FOUND_COMPOUND, /* a table with fields that are numbers */
  FOUND_SPARSE,   /* a group: a sparse matrix */
  FOUND_FRAME,    /* a group: pandas' format "fixed" */
  FOUND_OTHER     /* text, scalars ... */
} hdf5_find_kind;

enum { HDF5_SHAPE_BYTES = 60 };

typedef struct hdf5_entry {
  hdf5_find_kind kind;
  char *path; /* with the leading '/' */
  char shape[HDF5_SHAPE_BYTES];
  double n_numbers;
  const char *role; /* why it is not meant; NULL: it may be */
} hdf5_entry;

/* A group with two data sets of numbers or more that have as many rows. */
typedef struct hdf5_table {
  char *inside;
  hdf5_member_list list;
} hdf5_table;

typedef struct hdf5_survey {
  hdf5_entry *entries; /* n, by name */
  int64_t n;
  int64_t capacity;
  hdf5_table *tables; /* n_tables */
  int64_t n_tables;
  bool is_full; /* there are more */
  bool is_anndata;
  bool is_netcdf;
  bool is_openpmd;
} hdf5_survey;

/* Looks through the file; path names it in messages. Release with hdf5_survey_free, also after an error. Errors: 65 it
 * is damaged, 74, 71. */
gmmpi_status hdf5_survey_file(hid_t file, const char *path, hdf5_survey *survey, gmmpi_error *error);
void hdf5_survey_free(hdf5_survey *survey);

/* The entries, what points can be first: "/X (100 x 3), /cat (4 columns of 600 rows: x, y, z, w), ..." or "none". */
enum { HDF5_SURVEY_BYTES = 720 };
void hdf5_survey_text(const hdf5_survey *survey, char text[HDF5_SURVEY_BYTES]);

#endif
