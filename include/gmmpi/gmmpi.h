/* SPDX-License-Identifier: BSD-3-Clause */
/* gmmpi: Gaussian mixture models by expectation-maximisation on distributed memory. This header brings all of it.
 *
 *   #include <gmmpi/gmmpi.h>
 *   #include <stdio.h>
 *
 *   int main(int argc, char **argv)
 *   {
 *     const double rows[] = {0.1, -0.2, 0.0, 9.8, 10.1, 10.3};  // this rank's 6 points of 1 feature
 *     int32_t labels[6];
 *     gmmpi_options *options = NULL;
 *     gmmpi_points *points = NULL;
 *     gmmpi_model *model = NULL;
 *     gmmpi_error error = {GMMPI_OK, 0, ""};
 *
 *     MPI_Init(&argc, &argv);
 *     if (gmmpi_options_create(&options, &error) == GMMPI_OK &&
 *         gmmpi_options_set(options, "components", "2", &error) == GMMPI_OK &&
 *         gmmpi_points_create(MPI_COMM_WORLD, rows, 6, 1, options, &points, &error) == GMMPI_OK &&
 *         gmmpi_fit(points, options, NULL, &model, NULL, &error) == GMMPI_OK &&
 *         gmmpi_predict(model, rows, 6, labels, NULL, NULL, &error) == GMMPI_OK)
 *       printf("means %.3g and %.3g\n", gmmpi_model_means(model)[labels[0]], gmmpi_model_means(model)[labels[5]]);
 *     if (error.status != GMMPI_OK) fprintf(stderr, "%s\n", error.message);
 *     gmmpi_model_destroy(model);
 *     gmmpi_points_destroy(points);
 *     gmmpi_options_destroy(options);
 *     MPI_Finalize();
 *     return (int)error.status;
 *   }
 *
 * is compiled with `mpicc example.c $(pkg-config --cflags --libs gmmpi)`, in C or C++. Every function that can fail
 * returns a gmmpi_status and leaves what went wrong in a gmmpi_error (gmmpi/error.h). Objects are destroyed before
 * MPI_Finalize. A program that lets points be streamed from files begins with MPI_Init_thread and at least
 * MPI_THREAD_SERIALIZED: they are read by another thread, between the calls of the one that computes. */
#ifndef GMMPI_GMMPI_H
#define GMMPI_GMMPI_H

#include "gmmpi/apply.h"
#include "gmmpi/error.h"
#include "gmmpi/fit.h"
#include "gmmpi/model.h"
#include "gmmpi/observer.h"
#include "gmmpi/options.h"
#include "gmmpi/points.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the library that runs: "0.1.0". */
GMMPI_API const char *gmmpi_version(void);

#ifdef __cplusplus
}
#endif

#endif
