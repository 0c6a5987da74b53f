/* SPDX-License-Identifier: BSD-3-Clause */
/* What the header of a data set may claim without memory being set aside for it. */
#ifndef SOURCES_HDF5_CLAIMS_H
#define SOURCES_HDF5_CLAIMS_H

#include "gmmpi/error.h"

#include <hdf5.h>

/* Could rows and chunks of this size be in the file? n_columns: of the data set. label is for messages. Errors: 65. */
gmmpi_status hdf5_check_claims(hid_t data_set, int64_t n_columns, const char *label, gmmpi_error *error);

#endif
