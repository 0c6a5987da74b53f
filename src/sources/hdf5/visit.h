/* SPDX-License-Identifier: BSD-3-Clause */
/* What there is in an HDF5 file, and behind its links to other files. */
#ifndef SOURCES_HDF5_VISIT_H
#define SOURCES_HDF5_VISIT_H

#include <hdf5.h>

/* name: without the leading '/'. What it returns but 0 ends the visit. */
typedef herr_t hdf5_object_visitor(hid_t file, const char *name, const H5O_info_t *info, void *context);

/* Visits all objects of the file by name. Those that links to other files lead to come last, by the names that they
 * have through these, each once; links that lead nowhere are passed over, and so are those beyond the first 64, as in
 * the master file of a detector. Returns what the visitor did; negative when the file is damaged. */
herr_t hdf5_visit_objects(hid_t file, hdf5_object_visitor *visit, void *context);

#endif
