/* SPDX-License-Identifier: BSD-3-Clause */
/* What the features of a sparse matrix are called: in AnnData the index of /var, or of /raw/var for /raw/X; in 10x
 * Genomics the names of the genes, which may stand twice, and their identifiers, which do not. */
#ifndef SOURCES_HDF5_SPARSE_NAMES_H
#define SOURCES_HDF5_SPARSE_NAMES_H

#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct sparse_names {
  char **names;  /* n_features, or NULL: there are none */
  char **others; /* n_features: what else they are called, or NULL */
  int64_t n;
} sparse_names;

/* inside: the path of the group. Nothing is found where there is no memory, or the file is damaged. */
void sparse_names_find(hid_t file, hid_t group, const char *inside, bool is_10x, int64_t n_features,
                       sparse_names *found);
void sparse_names_close(sparse_names *found);

#endif
