/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/hdf5/layout.h"

#include <stddef.h>

extern const hdf5_layout hdf5_compound;
extern const hdf5_layout hdf5_matrix;
extern const hdf5_layout hdf5_members;
extern const hdf5_layout hdf5_sparse;

static const hdf5_layout *const layouts[] = {&hdf5_matrix, &hdf5_compound, &hdf5_sparse, &hdf5_members};

const hdf5_layout *hdf5_layout_of(hid_t object)
{
  for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
    if (layouts[i]->recognises(object)) return layouts[i];
  }
  return NULL;
}
