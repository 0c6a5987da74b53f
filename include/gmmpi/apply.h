/* SPDX-License-Identifier: BSD-3-Clause */
/* Using a model: which component a point belongs to, how dense the mixture is there, new points. No MPI. */
#ifndef GMMPI_APPLY_H
#define GMMPI_APPLY_H

#include "gmmpi/error.h"
#include "gmmpi/model.h"

#ifdef __cplusplus
extern "C" {
#endif

/* For n_rows points (rows: n_rows x d, row-major) sets those of the following that are not NULL: labels: n_rows, the
 * component with the largest responsibility, from 0, ties to the lowest, or -1 where the background's share is larger;
 * responsibilities: n_rows x K, row-major, each row summing to 1, or to what a background leaves of 1; log_density:
 * n_rows, the natural logarithm of the mixture's density, of a model with a variational posterior that of its posterior
 * predictive density. Errors: GMMPI_WRONG_USAGE n_rows below 0; GMMPI_BAD_DATA a number that is not finite, with its
 * row as error->place; GMMPI_NO_MEMORY. */
GMMPI_API gmmpi_status gmmpi_predict(const gmmpi_model *model, const double *rows, int64_t n_rows, int32_t *labels,
                                     double *responsibilities, double *log_density, gmmpi_error *error);

/* What is prepared once for many predictions by one model: of few rows, of which preparing is most of the work. */
typedef struct gmmpi_predictor gmmpi_predictor;

/* The model must outlive it. threads: at most so many share the rows of a call; what comes out is the same. One call at
 * a time. Errors: GMMPI_WRONG_USAGE threads below 1, or above 1 in a build without OpenMP; GMMPI_NO_MEMORY. */
GMMPI_API gmmpi_status gmmpi_predictor_create(const gmmpi_model *model, int threads, gmmpi_predictor **predictor,
                                              gmmpi_error *error);
GMMPI_API void gmmpi_predictor_destroy(gmmpi_predictor *predictor); /* NULL is fine */

/* As gmmpi_predict; expected_log_density: n_rows, or NULL: of a model with a variational posterior the logarithm of the
 * sum of exponentials of expected log weights plus expected log densities (scikit-learn's score_samples), of others
 * log_density. */
GMMPI_API gmmpi_status gmmpi_predictor_predict(gmmpi_predictor *predictor, const double *rows, int64_t n_rows,
                                               int32_t *labels, double *responsibilities, double *log_density,
                                               double *expected_log_density, gmmpi_error *error);

/* The same of rows in single precision, whose numbers are taken as they are. */
GMMPI_API gmmpi_status gmmpi_predictor_predict_single(gmmpi_predictor *predictor, const float *rows, int64_t n_rows,
                                                      int32_t *labels, double *responsibilities, double *log_density,
                                                      double *expected_log_density, gmmpi_error *error);

/* Draws n_points points, which depend on model and seed alone, and of which the first ones stay the same when n_points
 * grows. points: n_points x d, row-major; labels: n_points, the component each was drawn from, -1 for the
 * background; either may be NULL.
 * Errors: GMMPI_WRONG_USAGE n_points below 0; GMMPI_NO_MEMORY. */
GMMPI_API gmmpi_status gmmpi_sample(const gmmpi_model *model, int64_t n_points, uint64_t seed, double *points,
                                    int32_t *labels, gmmpi_error *error);

#ifdef __cplusplus
}
#endif

#endif
