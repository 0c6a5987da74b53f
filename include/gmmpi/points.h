/* SPDX-License-Identifier: BSD-3-Clause */
/* A data set of n_samples points of n_features numbers, which the ranks of a communicator hold together.
 *
 * Each rank owns a run of rows; which ones depends on the number of rows and ranks alone, not on who gave them. A fit
 * to the same points is the same to the last bit at any number of ranks and threads, held or streamed. */
#ifndef GMMPI_POINTS_H
#define GMMPI_POINTS_H

#include "gmmpi/error.h"
#include "gmmpi/options.h"

#include <mpi.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gmmpi_points gmmpi_points;

/* Collective over comm, which must outlive the points. Points from memory. rows: this rank's n_local x n_features
 * numbers, row-major, copied; n_local may be 0; the data set is the ranks' rows one after the other. options: those
 * that count are missing, infinite, precision and threads; what says how a file is read has no effect, but transform
 * and missing-values, which would change numbers, are refused: rows are taken as they are, NaN is a missing value.
 * NULL: the defaults. Errors, the same on every rank: GMMPI_WRONG_USAGE a size that is negative, another n_features on
 * another rank, one of those two options; GMMPI_BAD_DATA no rows, a number that is not finite or too large to be
 * squared, with its row of the data set, from 1, as error->place; GMMPI_NO_MEMORY. */
GMMPI_API gmmpi_status gmmpi_points_create(MPI_Comm comm, const double *rows, int64_t n_local, int64_t n_features,
                                           const gmmpi_options *options, gmmpi_points **points, gmmpi_error *error);

/* The same of rows that have weights: weights, this rank's n_local, 0 or more. They count as repetitions: a row of
 * weight 3 is three rows, one of weight 0 is none, whatever is in it. Of the options weights-sum counts, too. Errors,
 * beside those above: GMMPI_WRONG_USAGE no weights on a rank that has rows; GMMPI_BAD_DATA a weight that is negative,
 * no number or larger than 1e15, with its row as error->place; all are 0. */
GMMPI_API gmmpi_status gmmpi_points_create_weighted(MPI_Comm comm, const double *rows, const double *weights,
                                                    int64_t n_local, int64_t n_features, const gmmpi_options *options,
                                                    gmmpi_points **points, gmmpi_error *error);

/* The same of rows in single precision, whose numbers are taken as they are; weights: NULL on every rank: none. What is
 * in memory as such numbers loses nothing with "precision" "single". */
GMMPI_API gmmpi_status gmmpi_points_create_single(MPI_Comm comm, const float *rows, const double *weights,
                                                  int64_t n_local, int64_t n_features, const gmmpi_options *options,
                                                  gmmpi_points **points, gmmpi_error *error);

/* The same of rows whose component is known where labels says so (`gmmpi fit --known-labels`): labels, this rank's
 * n_local, the class of a row, from 0, or -1 where it is unknown. The n_classes classes are the first components of any
 * fit to the points. class_names: n_classes different names, the same on every rank, for the components of models;
 * NULL: none. weights: NULL on every rank: none. Errors, beside those above: GMMPI_WRONG_USAGE n_classes below 1, no
 * labels on a rank that has rows, two classes of one name; GMMPI_BAD_DATA a label that is none of the classes. */
GMMPI_API gmmpi_status gmmpi_points_create_labelled(MPI_Comm comm, const double *rows, const double *weights,
                                                    const int64_t *labels, int64_t n_local, int64_t n_features,
                                                    int64_t n_classes, const char *const *class_names,
                                                    const gmmpi_options *options, gmmpi_points **points,
                                                    gmmpi_error *error);

/* Collective over comm, which must outlive the points. Points from DATA as `gmmpi fit` takes it: "FILE", or
 * "FILE.h5:/path/of/dataset"; text, NPY, HDF5, FCS, and FITS where the library was built with cfitsio; several files.
 * Each rank reads its own rows. Options say how: columns, transpose, raw-values, missing-values, transform; of text
 * header, delimiter, skip-lines, comment, decimal and keep-index; missing and infinite; weights, weights-sum and
 * known-labels; precision, threads, memory-limit and scratch. Whether the points fit into memory, or are streamed from
 * the file in each iteration, depends on the fit to come, too, so that components, covariance and the others are best
 * set before. NULL: the defaults. A reading that is in doubt is a warning
 * (gmmpi_options_on_warning). Errors, the same on every rank: GMMPI_NO_INPUT no such file; GMMPI_BAD_DATA its content,
 * with the line of a text file or the row, from 1, as error->place; GMMPI_INPUT_FAILED; GMMPI_NO_MEMORY, also when the
 * points are found not to fit before they are read. */
GMMPI_API gmmpi_status gmmpi_points_open(MPI_Comm comm, const char *data, const gmmpi_options *options,
                                         gmmpi_points **points, gmmpi_error *error);

GMMPI_API void gmmpi_points_destroy(gmmpi_points *points); /* NULL is fine; not collective */

/* Rows of the data set, over all ranks; those that were left out, for a missing value or for a weight of 0, are not
 * counted among them. */
GMMPI_API int64_t gmmpi_points_n_samples(const gmmpi_points *points);
GMMPI_API int64_t gmmpi_points_n_dropped(const gmmpi_points *points);
GMMPI_API int64_t gmmpi_points_n_weightless(const gmmpi_points *points);

/* How many points the rows count for: the sum of their weights, n_samples without weights. It is the n of means and of
 * criteria. */
GMMPI_API double gmmpi_points_sum_of_weights(const gmmpi_points *points);
GMMPI_API int64_t gmmpi_points_n_features(const gmmpi_points *points);

/* Names for the features of points from memory, n_features of them, copied: models know them. NULL takes them away. All
 * ranks must set the same. Errors: GMMPI_WRONG_USAGE points from files have theirs from there; GMMPI_NO_MEMORY. */
GMMPI_API gmmpi_status gmmpi_points_set_feature_names(gmmpi_points *points, const char *const *names,
                                                      gmmpi_error *error);

/* The name of a feature, from 0: that of the file, or x1, x2, ... by column where the file has none. NULL for points
 * from memory without names, and where there is no such feature. Valid until the points are destroyed. */
GMMPI_API const char *gmmpi_points_feature_name(const gmmpi_points *points, int64_t feature);

/* How many classes the known labels name; 0 without such. The name of one, from 0, as of features. */
GMMPI_API int64_t gmmpi_points_n_classes(const gmmpi_points *points);
GMMPI_API const char *gmmpi_points_class_name(const gmmpi_points *points, int64_t index);

#ifdef __cplusplus
}
#endif

#endif
