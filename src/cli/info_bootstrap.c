/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/info_bootstrap.h"

#include "support/file.h"
#include "support/hdf5_attributes.h"
#include "support/hdf5_file.h"

#include <hdf5.h>
#include <string.h>
#include <sys/stat.h>

/* The attributes of an HDF5 file; NULL where there are none that can be read. */
static json_t *attributes_of(hid_t file, const char *path)
{
  struct stat status;
  return stat(path, &status) == 0 ? hdf5_attributes_read(file, (int64_t)status.st_size) : NULL;
}

static bool is_of_bootstrap(const json_t *facts)
{
  const char *format = json_string_value(json_object_get(facts, "format"));
  return format != NULL && strcmp(format, "gmmpi bootstrap") == 0;
}

bool info_bootstrap_is_in(const char *path)
{
  if (!file_is_readable(path) || H5Fis_hdf5(path) <= 0) return false;
  const hid_t file = hdf5_open_file(path);
  if (file < 0) return false;
  json_t *facts = attributes_of(file, path);
  const bool is_one = is_of_bootstrap(facts);
  json_decref(facts);
  H5Fclose(file);
  return is_one;
}

gmmpi_status info_bootstrap_describe(const char *path, json_t **facts, gmmpi_error *error)
{
  const hid_t file = hdf5_open_file(path);
  if (file < 0) return hdf5_broken(path, error);
  *facts = attributes_of(file, path);
  if (*facts == NULL ||
      json_object_set_new(*facts, "has_replicates", json_boolean(H5Lexists(file, "replicates", H5P_DEFAULT) > 0)) != 0)
    hdf5_broken(path, error);
  H5Fclose(file);
  return error->status;
}
