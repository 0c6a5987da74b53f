/* SPDX-License-Identifier: BSD-3-Clause */
/* Python's pickles of lists of names, which PyTables stores for what HDF5 has no type for. A pickle is a program; of
 * its instructions only those that put together texts, integers, lists and tuples are known here, and nothing is ever
 * executed: a pickle with any other is passed over. */
#ifndef SOURCES_HDF5_PICKLED_LIST_H
#define SOURCES_HDF5_PICKLED_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The texts and integers in the order in which they stand, lists in lists as if they were one: *n names in UTF-8, an
 * integer by its digits. The caller frees them with pickled_list_free. NULL: it is no such list, or no memory. */
char **pickled_list_read(const unsigned char *pickle, size_t n_bytes, int64_t *n);
void pickled_list_free(char **names, int64_t n);

#endif
