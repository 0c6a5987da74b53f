/* SPDX-License-Identifier: BSD-3-Clause */
/* Filters that packed a data set, and whether they can be undone. The library has some; others are plugins that it
 * finds in the folder that HDF5_PLUGIN_PATH names. */
#ifndef SOURCES_HDF5_FILTERS_H
#define SOURCES_HDF5_FILTERS_H

#include "gmmpi/error.h"

#include <hdf5.h>

/* Can all chunks of the data set be unpacked? A filter that is missing does no harm where none of them went through it,
 * as one that gained nothing. label names the data set in the message. Errors: 65 a filter is missing. */
gmmpi_status hdf5_check_filters_of(hid_t data_set, const char *label, gmmpi_error *error);

#endif
