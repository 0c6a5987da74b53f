/* SPDX-License-Identifier: BSD-3-Clause */
/* Filters that packed a data set, and whether they can be undone. The library has some; others are plugins that it
 * finds in the folder that HDF5_PLUGIN_PATH names. */
#ifndef SOURCES_HDF5_FILTERS_H
#define SOURCES_HDF5_FILTERS_H

#include "gmmpi/error.h"

#include <hdf5.h>

/* properties: those a data set was made with; label names it in the message. Errors: 65 a filter is missing. */
gmmpi_status hdf5_check_filters(hid_t properties, const char *label, gmmpi_error *error);

#endif
