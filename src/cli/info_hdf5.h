/* What an HDF5 file holds that is neither a model nor one table of points. */
#ifndef CLI_INFO_HDF5_H
#define CLI_INFO_HDF5_H

#include <jansson.h>

/* {"/path": {"shape": [...], "type": "float64"}, ...} of all data sets in the file, by name; a new reference. NULL when
 * it cannot be read as HDF5. */
json_t *info_hdf5_data_sets(const char *path);

#endif
