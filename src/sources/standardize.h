/* SPDX-License-Identifier: BSD-3-Clause */
/* Means and standard deviations of a source's features, for --transform standardize. */
#ifndef SOURCES_STANDARDIZE_H
#define SOURCES_STANDARDIZE_H

#include "sources/source.h"

#include "gmmpi/error.h"

#include <mpi.h>
#include <stdbool.h>

/* Collective over comm: reads all rows once, each rank its share, and sets shift and scale of source->transforms for
 * the features (n_features flags) that are to have mean 0 and variance 1, over all finite values of a feature, dividing
 * by their number as scikit-learn's StandardScaler. The same bits at any number of ranks. One that is constant keeps
 * its scale, with a doubt. Errors, agreed: those of source_read, 75, 71. */
gmmpi_status standardize_source(MPI_Comm comm, point_source *source, const bool *is_standardized, gmmpi_error *error);

#endif
