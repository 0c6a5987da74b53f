/* SPDX-License-Identifier: BSD-3-Clause */
#include "job/checkpoint_fields.h"

#include "support/hdf5_attributes.h"

#include <string.h>

/* --- types --- */

static hid_t event_type(void)
{
  const hid_t type = H5Tcreate(H5T_COMPOUND, sizeof(fit_event));
  if (type < 0) return type;
  if (H5Tinsert(type, "start", offsetof(fit_event, start), H5T_NATIVE_INT64) < 0 ||
      H5Tinsert(type, "iteration", offsetof(fit_event, iteration), H5T_NATIVE_INT64) < 0 ||
      H5Tinsert(type, "component", offsetof(fit_event, component), H5T_NATIVE_INT64) < 0 ||
      H5Tinsert(type, "kind", offsetof(fit_event, kind), H5T_NATIVE_INT32) < 0 ||
      H5Tinsert(type, "action", offsetof(fit_event, action), H5T_NATIVE_INT32) < 0 ||
      H5Tinsert(type, "n_points", offsetof(fit_event, n_points), H5T_NATIVE_INT64) < 0 ||
      H5Tinsert(type, "value", offsetof(fit_event, value), H5T_NATIVE_DOUBLE) < 0) {
    H5Tclose(type);
    return -1;
  }
  return type;
}

/* The HDF5 type of a number, to be closed; negative on failure. */
static hid_t data_type(state_type type)
{
  switch (type) {
  case STATE_INTEGER:
    return H5Tcopy(H5T_NATIVE_INT64);
  case STATE_REAL:
    return H5Tcopy(H5T_NATIVE_DOUBLE);
  case STATE_FLAG:
    return H5Tcopy(H5T_NATIVE_UINT8);
  case STATE_EVENT:
    return event_type();
  }
  return -1;
}

/* --- making --- */

/* A contiguous data set whose place in the file is decided now. */
static hid_t add_set(hid_t file, const char *name, hid_t type, int rank, const hsize_t *shape)
{
  const hid_t space = rank == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(rank, shape, NULL);
  const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
  hid_t set = -1;
  if (space >= 0 && creation >= 0 && H5Pset_obj_track_times(creation, 0) >= 0 &&
      H5Pset_layout(creation, H5D_CONTIGUOUS) >= 0 && H5Pset_alloc_time(creation, H5D_ALLOC_TIME_EARLY) >= 0 &&
      H5Pset_fill_time(creation, H5D_FILL_TIME_ALLOC) >= 0)
    set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
  if (creation >= 0) H5Pclose(creation);
  if (space >= 0) H5Sclose(space);
  return set;
}

bool checkpoint_group_add(hid_t file, const char *name, const json_t *facts)
{
  const hid_t creation = H5Pcreate(H5P_GROUP_CREATE);
  hid_t group = -1;
  if (creation >= 0 && H5Pset_obj_track_times(creation, 0) >= 0 &&
      H5Pset_attr_creation_order(creation, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED) >= 0)
    group = H5Gcreate2(file, name, H5P_DEFAULT, creation, H5P_DEFAULT);
  if (creation >= 0) H5Pclose(creation);
  const bool written = group >= 0 && (facts == NULL || hdf5_attributes_write(group, facts));
  return group >= 0 && H5Gclose(group) >= 0 && written;
}

/* The groups that a data set of this path is in, as far as they are not there. */
static bool add_groups_of(hid_t file, const char *path)
{
  char group[STATE_PATH_BYTES];
  for (const char *end = strchr(path + 1, '/'); end != NULL; end = strchr(end + 1, '/')) {
    memcpy(group, path, (size_t)(end - path));
    group[end - path] = '\0';
    if (H5Lexists(file, group, H5P_DEFAULT) <= 0 && !checkpoint_group_add(file, group, NULL)) return false;
  }
  return true;
}

bool checkpoint_field_add(hid_t file, const state_field *field)
{
  char path[STATE_PATH_BYTES];
  hsize_t shape[MODEL_MOST_DIMENSIONS];
  state_field_path(field, path);
  for (int i = 0; i < field->n_dimensions; i++) shape[i] = (hsize_t)field->shape[i];
  const hid_t type = add_groups_of(file, path) ? data_type(field->type) : -1;
  const hid_t set = type >= 0 ? add_set(file, path, type, field->n_dimensions, shape) : -1;
  if (type >= 0) H5Tclose(type);
  return set >= 0 && H5Dclose(set) >= 0;
}

/* --- finding --- */

static bool has_shape(hid_t set, const state_field *wanted)
{
  const hid_t space = H5Dget_space(set);
  if (space < 0) return false;
  hsize_t shape[MODEL_MOST_DIMENSIONS] = {0};
  bool same = H5Sget_simple_extent_ndims(space) == wanted->n_dimensions &&
              H5Sget_simple_extent_dims(space, shape, NULL) == wanted->n_dimensions &&
              H5Sget_simple_extent_type(space) != H5S_NULL;
  for (int i = 0; i < wanted->n_dimensions; i++) same = same && shape[i] == (hsize_t)wanted->shape[i];
  H5Sclose(space);
  return same;
}

static bool has_type(hid_t set, state_type type)
{
  const hid_t found = H5Dget_type(set);
  const hid_t wanted = data_type(type);
  const bool same = found >= 0 && wanted >= 0 && H5Tequal(found, wanted) > 0;
  if (found >= 0) H5Tclose(found);
  if (wanted >= 0) H5Tclose(wanted);
  return same;
}

int64_t checkpoint_field_offset(hid_t file, const state_field *field, int64_t n_bytes)
{
  char path[STATE_PATH_BYTES];
  const hid_t set = H5Dopen2(file, state_field_path(field, path), H5P_DEFAULT);
  if (set < 0) return -1;
  int64_t place = -1;
  if (has_type(set, field->type) && has_shape(set, field)) {
    const haddr_t offset = H5Dget_offset(set); /* HADDR_UNDEF unless contiguous and in this file */
    if (offset != HADDR_UNDEF && offset <= (haddr_t)n_bytes && field->n_bytes <= (haddr_t)n_bytes - offset)
      place = (int64_t)offset;
  }
  H5Dclose(set);
  return place;
}

hid_t checkpoint_open_image(const void *bytes, size_t n_bytes)
{
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  if (access < 0) return -1;
  hid_t file = -1;
  /* The image is copied by HDF5 and not changed: its parameter merely lacks the const. */
  if (H5Pset_fapl_core(access, (size_t)1 << 20, 0) >= 0 && H5Pset_file_image(access, (void *)bytes, n_bytes) >= 0)
    file = H5Fopen("gmmpi checkpoint", H5F_ACC_RDONLY, access);
  H5Pclose(access);
  return file;
}
