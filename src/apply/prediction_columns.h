/* SPDX-License-Identifier: BSD-3-Clause */
/* The columns of a file of predictions: one record for each output per row, in the order in which they stand in it.
 *
 * To add one: a member of predict_wishes (a bool), a line of the table in prediction_columns.c and the function that
 * fills it from a predictor, which computes it where it is wished (apply/predictor.h); an option of `gmmpi predict`
 * that sets the member, with what a model must have for it in that command's check_wishes, and a fact of the summary
 * (cli/predict_summary.c) where there is a sum to tell. The writing, the memory that is counted, and the rows of
 * weights, known labels and dropped points know nothing of it. */
#ifndef APPLY_PREDICTION_COLUMNS_H
#define APPLY_PREDICTION_COLUMNS_H

#include "apply/output_table.h"
#include "apply/predictor.h"
#include "apply/regression.h"

/* What a file of predictions holds beside the labels. */
typedef struct predict_wishes {
  bool responsibilities;
  bool log_density;
  bool outlier_weights;      /* of models of t distributions only */
  bool expected_log_density; /* of a model with a posterior */
  bool entropy;
  bool outliers;                /* p-values, and whether they are no larger than outlier_share */
  bool targets;                 /* features that are predicted from the others, which are the model's: regression */
  bool target_covariance;       /* of several ones, in HDF5 ... */
  bool target_pairs;            /* ... and in text; predict_to_file sets both */
  int64_t clusters;             /* of so many clusters in place of components; 0: of components */
  bool rows;                    /* where each point was in the source; predict_to_file sets it */
  bool no_totals;               /* the report's are not wanted */
  int compress;                 /* HDF5: 1 to 9, or 0 for not at all */
  const regression *regression; /* of targets */
  double outlier_share;
  int64_t outlier_draws; /* points drawn from the model (apply/outliers.h), with this seed */
  uint64_t outlier_seed;
} predict_wishes;

/* Of what the columns are. */
typedef struct prediction_kind {
  const gmmpi_model *model;
  const predict_wishes *wishes;
} prediction_kind;

/* How many labels there are, the background's left out: of components, or of clusters. */
static inline int64_t prediction_n_labels(const prediction_kind *kind)
{
  return kind->wishes->clusters > 0 ? kind->wishes->clusters : kind->model->n_components;
}

/* What the labels are called: prediction_n_labels texts, those of a cluster's components with + between; *names is NULL
 * where components have no names. For prediction_names_free. Errors: 71. */
gmmpi_status prediction_names(const prediction_kind *kind, char ***names, gmmpi_error *error);
void prediction_names_free(const prediction_kind *kind, char **names); /* NULL is fine */

typedef struct prediction_column {
  const char *name; /* of the data set */
  output_type type;
  size_t wish; /* the offset of its bool in predict_wishes; PREDICTION_ALWAYS */
  /* The numbers of a row, a data set with two dimensions; NULL: one number, and one dimension. */
  int64_t (*width)(const prediction_kind *kind);
  int64_t (*inner)(const prediction_kind *kind); /* of three dimensions the last one; NULL: there are not three */
  const char *heading;                           /* in CSV; of several numbers heading_of's instead: */
  char *(*heading_of)(const prediction_kind *kind, int64_t i); /* the i-th one, to be freed; NULL: no memory */
  const char *headings_attribute; /* HDF5: an attribute of the data set with them; NULL: none */
  /* CSV: the heading of a column behind it with the names of components that the numbers stand for; NULL: none. */
  const char *names_heading;
  /* Sets n_points rows of numbers, of its type, from what the predictor has of the last tile; NULL: predict_to_file
   * itself knows the numbers. */
  void (*fill)(const prediction_kind *kind, const predictor *from, int n_points, void *numbers);
} prediction_column;

#define PREDICTION_ALWAYS SIZE_MAX

/* Those that are wished. */
typedef struct prediction_columns {
  prediction_kind kind;
  int n;
  const prediction_column *records[OUTPUT_MOST_COLUMNS];
  output_column columns[OUTPUT_MOST_COLUMNS];
  char **headings[OUTPUT_MOST_COLUMNS]; /* of columns with several numbers; else NULL */
  char **names;                         /* of labels; NULL: they have none */
} prediction_columns;

/* The labels are the first one. kind is to live as long. Errors: 71; then they are still to be closed. */
gmmpi_status prediction_columns_open(prediction_kind kind, prediction_columns *columns, gmmpi_error *error);
void prediction_columns_close(prediction_columns *columns);

/* The index of the one of this name; -1: it is not wished. */
int prediction_columns_find(const prediction_columns *columns, const char *name);

/* Sets row `row` and those behind it of numbers, one array for each column, from the last tile. */
void prediction_columns_fill(const prediction_columns *columns, const predictor *from, int n_points, int64_t row,
                             void *const *numbers);

/* The numbers in a row of all that are wished, and the bytes of their headings. The text of a name counts as so many
 * numbers. */
int64_t prediction_columns_numbers(prediction_kind kind);
int64_t prediction_columns_heading_bytes(prediction_kind kind);

#endif
