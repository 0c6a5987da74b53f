/* SPDX-License-Identifier: BSD-3-Clause */
/* Data frames as pandas stores them by to_hdf(format="table"): in a group, a table of PyTables whose fields are the
 * columns of one type together, values_block_0, values_block_1 .... What they are called stands in attributes. */
#ifndef SOURCES_HDF5_PANDAS_TABLE_H
#define SOURCES_HDF5_PANDAS_TABLE_H

#include "sources/record_columns.h"

#include <hdf5.h>
#include <stdbool.h>

/* Is the object a group that holds such a table? It is called `table` in it. */
bool hdf5_is_pandas_group(hid_t object);

/* Calls columns by the names of the data frame, in its order, and puts aside those that are its index, times or codes
 * of categories, where the data set is such a table; else nothing is changed. inside: its path in the file. False when
 * there is no memory. */
bool hdf5_name_pandas_columns(hid_t file, hid_t data_set, const char *inside, record_columns *columns);

#endif
