/* gmmpi: Gaussian mixture models by expectation-maximisation on distributed memory. This header brings all of it.
 *
 *   #include <gmmpi/gmmpi.h>
 *   #include <stdio.h>
 *
 *   int main(int argc, char **argv)
 *   {
 *     const double rows[] = {0.1, -0.2, 0.0, 9.8, 10.1, 10.3};  // this rank's 6 points of 1 feature
 *     int32_t labels[6];
 *     gmmpi_model *model = NULL;
 *     gmmpi_error error = {0};
 *
 *     MPI_Init(&argc, &argv);
 *     gmmpi_fit_options options = gmmpi_fit_defaults(2);
 *     if (gmmpi_fit(MPI_COMM_WORLD, rows, 6, 1, &options, &model, NULL, &error) == GMMPI_OK &&
 *         gmmpi_predict(model, rows, 6, labels, NULL, NULL, &error) == GMMPI_OK)
 *       printf("means %g and %g\n", gmmpi_model_means(model)[0], gmmpi_model_means(model)[1]);
 *     if (error.status != GMMPI_OK) fprintf(stderr, "%s\n", error.message);
 *     gmmpi_model_destroy(model);
 *     MPI_Finalize();
 *     return (int)error.status;
 *   }
 *
 * is compiled with `mpicc example.c $(pkg-config --cflags --libs gmmpi)`. */
#ifndef GMMPI_GMMPI_H
#define GMMPI_GMMPI_H

#include "gmmpi/apply.h"
#include "gmmpi/error.h"
#include "gmmpi/fit.h"
#include "gmmpi/model.h"

#endif
