/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/hdf5/links.h"

#include "sources/hdf5/pieces.h"
#include "sources/hdf5/places.h"
#include "support/error.h"
#include "support/file.h"
#include "support/hdf5_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- the file that an object is in --- */

char *hdf5_own_path(hid_t object)
{
  const ssize_t length = H5Fget_name(object, NULL, 0);
  char *name = length > 0 ? malloc((size_t)length + 1) : NULL;
  if (name != NULL && H5Fget_name(object, name, (size_t)length + 1) >= 0) return name;
  free(name);
  return NULL;
}

int64_t hdf5_own_file_bytes(hid_t object)
{
  hsize_t n_bytes = 0;
  const hid_t file = H5Iget_file_id(object);
  if (file >= 0 && H5Fget_filesize(file, &n_bytes) < 0) n_bytes = 0;
  if (file >= 0) H5Fclose(file); /* the object keeps it open */
  return n_bytes < INT64_MAX ? (int64_t)n_bytes : INT64_MAX;
}

/* --- following links --- */

enum { LINK_BYTES = 1000 };

/* What the library tells of the links to other files that it follows. */
typedef struct trail {
  const char *wanted; /* a path; NULL: none */
  bool is_met;        /* it is one of the files that the links are in */
  int n;
  char from[LINK_BYTES]; /* the last link: the file that it is in, */
  char file[LINK_BYTES]; /* the one that it names, */
  char name[LINK_BYTES]; /* and the object in this */
} trail;

/* An H5L_elink_traverse_t. */
static herr_t follow(const char *from, const char *group, const char *file, const char *name, unsigned *access,
                     hid_t properties, void *context)
{
  trail *so_far = context;
  (void)group, (void)access, (void)properties;
  so_far->n++;
  if (so_far->wanted != NULL && file_is_same(from, so_far->wanted)) so_far->is_met = true;
  snprintf(so_far->from, sizeof so_far->from, "%s", from);
  snprintf(so_far->file, sizeof so_far->file, "%s", file);
  snprintf(so_far->name, sizeof so_far->name, "%s", name);
  return 0;
}

/* Negative when it cannot be opened. */
static hid_t open_along(hid_t file, const char *inside, trail *so_far)
{
  const hid_t access = H5Pcreate(H5P_LINK_ACCESS);
  hid_t object = H5I_INVALID_HID;
  if (access >= 0 && H5Pset_elink_cb(access, follow, so_far) >= 0) object = H5Oopen(file, inside, access);
  if (access >= 0) H5Pclose(access);
  return object;
}

/* --- raw files --- */

typedef struct raw_file {
  char name[LINK_BYTES];
  int64_t offset, n_bytes; /* of its part of the numbers; -1: all that are left */
} raw_file;

static bool get_raw_file(hid_t properties, int index, raw_file *raw)
{
  off_t offset = 0;
  hsize_t n_bytes = 0;
  if (H5Pget_external(properties, (unsigned)index, sizeof raw->name, raw->name, &offset, &n_bytes) < 0) return false;
  if (memchr(raw->name, '\0', sizeof raw->name) == NULL) return false;
  raw->offset = (int64_t)offset;
  raw->n_bytes = n_bytes == H5F_UNLIMITED || n_bytes > INT64_MAX ? -1 : (int64_t)n_bytes;
  return true;
}

static bool raw_files_are(hid_t properties, const char *own_path, const char *path)
{
  bool found = false;
  const int n = H5Pget_external_count(properties);
  for (int i = 0; i < n && !found; i++) {
    raw_file raw;
    char *place = get_raw_file(properties, i, &raw) ? hdf5_place_of_raw_file(own_path, raw.name) : NULL;
    found = place != NULL && file_is_same(place, path);
    free(place);
  }
  return found;
}

/* The bytes of a data set's numbers, as the file stores them. */
static int64_t bytes_of_numbers(hid_t data_set)
{
  const hid_t type = H5Dget_type(data_set);
  const hid_t space = H5Dget_space(data_set);
  int64_t n_bytes = 0;
  if (type >= 0 && space >= 0 &&
      __builtin_mul_overflow((int64_t)H5Tget_size(type), (int64_t)H5Sget_simple_extent_npoints(space), &n_bytes))
    n_bytes = INT64_MAX;
  if (space >= 0) H5Sclose(space);
  if (type >= 0) H5Tclose(type);
  return n_bytes;
}

/* The raw file at place has *n_left bytes of numbers, or as many as are its part; takes them off. */
static gmmpi_status check_raw_file(const raw_file *raw, const char *place, int64_t *n_left, const char *label,
                                   gmmpi_error *error)
{
  const int64_t part = raw->n_bytes >= 0 && raw->n_bytes < *n_left ? raw->n_bytes : *n_left;
  struct stat status;
  *n_left -= part;
  if (part == 0) return GMMPI_OK;
  if (stat(place, &status) != 0 || access(place, R_OK) != 0)
    return fail(error, GMMPI_NO_INPUT,
                "%s: its numbers are in %s, which cannot be read (%s); put it there, or name its folder in "
                "HDF5_EXTFILE_PREFIX",
                label, place, strerror(errno));
  if (raw->offset < 0 || (int64_t)status.st_size < raw->offset || (int64_t)status.st_size - raw->offset < part)
    return fail(error, GMMPI_BAD_DATA,
                "%s: its numbers are in %s, which ends at byte %" PRId64 " and has not all of them; copy it anew",
                label, place, (int64_t)status.st_size);
  return GMMPI_OK;
}

static gmmpi_status check_raw_files(hid_t data_set, hid_t properties, const char *own_path, written_files *written,
                                    const char *label, gmmpi_error *error)
{
  int64_t n_left = bytes_of_numbers(data_set);
  const int n = H5Pget_external_count(properties);
  for (int i = 0; i < n && n_left > 0; i++) {
    raw_file raw;
    if (!get_raw_file(properties, i, &raw)) return hdf5_broken(label, error);
    char *place = hdf5_place_of_raw_file(own_path, raw.name);
    if (place == NULL) return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read it", label);
    written_files_ask(written, 0, place);
    check_raw_file(&raw, place, &n_left, label, error);
    free(place);
    if (error->status != GMMPI_OK) return error->status;
  }
  return GMMPI_OK;
}

gmmpi_status hdf5_is_in_other_files(const point_source *source, gmmpi_error *error)
{
  return fail(error, GMMPI_BAD_DATA,
              "%s: is made of other files, which are not found from a pipe or a compressed file; unpack it beside them",
              source->label);
}

gmmpi_status hdf5_check_links(hid_t data_set, const point_source *source, gmmpi_error *error)
{
  const hid_t properties = H5Dget_create_plist(data_set);
  char *own_path = hdf5_own_path(data_set);
  gmmpi_status status = GMMPI_OK;
  if (properties < 0 || own_path == NULL) {
    status = hdf5_broken(source->label, error);
  } else {
    const bool is_elsewhere = !file_is_same(own_path, source->file);
    if (source->copy != NULL &&
        (is_elsewhere || H5Pget_layout(properties) == H5D_VIRTUAL || H5Pget_external_count(properties) > 0))
      status = hdf5_is_in_other_files(source, error);
    if (is_elsewhere) written_files_ask(source->written, 0, own_path);
    if (status == GMMPI_OK && H5Pget_layout(properties) == H5D_CONTIGUOUS)
      status = check_raw_files(data_set, properties, own_path, source->written, source->label, error);
  }
  free(own_path);
  if (properties >= 0) H5Pclose(properties);
  return status;
}

/* --- is a file one of those that are read? --- */

/* Deeper there are only virtual data sets that are made of themselves. */
enum { MOST_DEPTH = 8 };

static bool reads_at_depth(hid_t file, const char *inside, const char *path, int depth);

typedef struct wanted_file {
  const char *path;
  int depth;
  bool is_found;
} wanted_file;

/* An hdf5_piece_visitor. */
static hdf5_next compare_piece(void *context, const hdf5_piece *piece)
{
  wanted_file *wanted = context;
  if (piece->found == NULL) return ROW_IS_OVER;
  wanted->is_found = file_is_same(piece->found, wanted->path);
  if (!wanted->is_found) {
    const hid_t file = hdf5_open_file(piece->found);
    const bool is_there = file >= 0 && (piece->block < 0 || H5Lexists(file, piece->inside, H5P_DEFAULT) > 0);
    if (is_there) wanted->is_found = reads_at_depth(file, piece->inside, wanted->path, wanted->depth + 1);
    if (file >= 0) H5Fclose(file);
    if (!is_there && piece->same_file) return ROW_IS_OVER;
  }
  return wanted->is_found ? NO_MORE : NEXT_PIECE;
}

static bool has_numbers_in(hid_t data_set, const char *path, int depth)
{
  const hid_t properties = H5Dget_create_plist(data_set);
  char *own_path = hdf5_own_path(data_set);
  wanted_file wanted = {.path = path, .depth = depth};
  if (properties >= 0 && own_path != NULL) {
    wanted.is_found = raw_files_are(properties, own_path, path);
    if (!wanted.is_found && depth < MOST_DEPTH && H5Pget_layout(properties) == H5D_VIRTUAL)
      hdf5_visit_pieces(properties, own_path, compare_piece, &wanted);
  }
  free(own_path);
  if (properties >= 0) H5Pclose(properties);
  return wanted.is_found;
}

static bool reads_at_depth(hid_t file, const char *inside, const char *path, int depth)
{
  trail so_far = {.wanted = path};
  const hid_t object = open_along(file, inside, &so_far);
  bool found = so_far.is_met;
  if (object >= 0 && !found) {
    char *own_path = hdf5_own_path(object);
    found = own_path != NULL && file_is_same(own_path, path);
    free(own_path);
    if (!found && H5Iget_type(object) == H5I_DATASET) found = has_numbers_in(object, path, depth);
  }
  if (object >= 0) H5Oclose(object);
  return found;
}

bool hdf5_object_reads(hid_t file, const char *inside, const char *path)
{
  return reads_at_depth(file, inside, path, 0);
}

/* --- links that lead nowhere --- */

/* The library follows no more than 16 links. */
enum { MOST_LINKS = 16 };

static gmmpi_status explain(const trail *so_far, const char *path, const char *inside, gmmpi_error *error)
{
  char link[700];
  snprintf(link, sizeof link, "%.200s: its link %.150s leads to %.200s:%.100s", path, inside, so_far->file,
           so_far->name);
  if (so_far->n >= MOST_LINKS)
    return fail(error, GMMPI_BAD_DATA,
                "%.200s: its link %.150s leads through more than %d files; does it go round in a "
                "circle?",
                path, inside, MOST_LINKS - 1);
  char *found = hdf5_find_file(so_far->from, so_far->file, "HDF5_EXT_PREFIX");
  if (found == NULL)
    return fail(error, GMMPI_NO_INPUT,
                "%s, and there is no such file; put it there, or name its folder in HDF5_EXT_PREFIX", link);
  errno = 0;
  const hid_t file = hdf5_open_file(found);
  if (file >= 0)
    fail(error, GMMPI_BAD_DATA, "%s, and the file has no such object; is it the right one?", link);
  else if (errno == EACCES || errno == EPERM)
    fail(error, GMMPI_NO_INPUT, "%s, which cannot be read (%s); check its permissions", link, strerror(errno));
  else if (H5Fis_hdf5(found) <= 0 && !hdf5_disk_failed())
    fail(error, GMMPI_BAD_DATA, "%s, which is no HDF5 file; is it the right one?", link);
  else
    hdf5_broken(found, error);
  if (file >= 0) H5Fclose(file);
  free(found);
  return error->status;
}

/* A link to a name in the same file. */
static bool explain_soft_link(hid_t file, const char *path, const char *inside, gmmpi_error *error)
{
  H5L_info_t info;
  char target[LINK_BYTES] = "";
  if (H5Lexists(file, inside, H5P_DEFAULT) <= 0 || H5Lget_info(file, inside, &info, H5P_DEFAULT) < 0 ||
      info.type != H5L_TYPE_SOFT || info.u.val_size > sizeof target ||
      H5Lget_val(file, inside, target, sizeof target - 1, H5P_DEFAULT) < 0)
    return false;
  fail(error, GMMPI_BAD_DATA, "%s: its link %s leads to %s, which is not in the file; name another data set", path,
       inside, target);
  return true;
}

bool hdf5_explain_link(hid_t file, const char *path, const char *inside, gmmpi_error *error)
{
  trail so_far = {.wanted = NULL};
  const hid_t object = open_along(file, inside, &so_far);
  if (object >= 0) H5Oclose(object);
  if (object >= 0) return false;
  if (so_far.n == 0) return explain_soft_link(file, path, inside, error);
  explain(&so_far, path, inside, error);
  return true;
}

typedef struct first_bad_link {
  hid_t file;
  const char *path;
  gmmpi_error *error;
} first_bad_link;

/* An H5L_iterate_t. */
static herr_t look_at_link(hid_t group, const char *name, const H5L_info_t *info, void *context)
{
  const first_bad_link *work = context;
  char inside[LINK_BYTES];
  (void)group;
  snprintf(inside, sizeof inside, "/%s", name);
  return info->type == H5L_TYPE_EXTERNAL && hdf5_explain_link(work->file, work->path, inside, work->error) ? 1 : 0;
}

bool hdf5_explain_any_link(hid_t file, const char *path, gmmpi_error *error)
{
  first_bad_link work = {.file = file, .path = path, .error = error};
  return H5Lvisit(file, H5_INDEX_NAME, H5_ITER_INC, look_at_link, &work) > 0;
}
