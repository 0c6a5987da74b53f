#include "points/hdf5_virtual.h"

#include "points/hdf5_filters.h"
#include "points/hdf5_find.h"
#include "points/hdf5_numbers.h"
#include "support/error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One piece: where it is, and what of it is used. */
typedef struct piece {
  char *file;  /* as it is written in the virtual data set; "." is the same file */
  char *found; /* the file where it is; NULL: nowhere */
  char *inside;
  hid_t used;       /* the space of its data set, with what is used of it selected */
  int64_t n_values; /* as many as that is, where it is all */
} piece;

static void piece_close(piece *part)
{
  free(part->file);
  free(part->found);
  free(part->inside);
  if (part->used >= 0) H5Sclose(part->used);
}

/* A text that the library writes to room of the length it tells first. */
static char *name_of_piece(hid_t properties, size_t index,
                           ssize_t (*get)(hid_t properties, size_t index, char *name, size_t size))
{
  const ssize_t length = get(properties, index, NULL, 0);
  char *name = length > 0 ? malloc((size_t)length + 1) : NULL;
  if (name != NULL && get(properties, index, name, (size_t)length + 1) < 0) {
    free(name);
    name = NULL;
  }
  return name;
}

/* The file of this name in a folder when it is there, else NULL. "${ORIGIN}" is the folder of path. */
static char *file_in(const char *folder, const char *path, const char *name)
{
  static const char origin[] = "${ORIGIN}";
  const char *slash = strrchr(path, '/');
  const int length = slash != NULL ? (int)(slash - path) + 1 : 0;
  const bool is_beside = strncmp(folder, origin, sizeof origin - 1) == 0;
  char *joined = NULL;
  if (is_beside) folder += sizeof origin - 1;
  if (asprintf(&joined, "%.*s%s%s%s", is_beside ? length : 0, path, folder, folder[0] != '\0' ? "/" : "", name) < 0)
    return NULL;
  if (access(joined, F_OK) == 0) return joined;
  free(joined);
  return NULL;
}

/* Where the library looks for a file: in the folders that HDF5_VDS_PREFIX names, beside the virtual data set's file,
 * in the working folder; for an absolute name there first, and then for its last part in the others. */
static char *find_file(const char *path, const char *name)
{
  if (strcmp(name, ".") == 0) return strdup(path);
  if (name[0] == '/' && access(name, F_OK) == 0) return strdup(name);
  const char *last = name[0] == '/' ? strrchr(name, '/') + 1 : name;
  const char *prefixes = getenv("HDF5_VDS_PREFIX");
  char *list = prefixes != NULL ? strdup(prefixes) : NULL;
  char *rest = list;
  char *found = NULL;
  for (char *folder; found == NULL && (folder = strsep(&rest, ":")) != NULL;) {
    if (folder[0] != '\0') found = file_in(folder, path, last);
  }
  free(list);
  if (found == NULL) found = file_in("${ORIGIN}", path, last);
  return found != NULL ? found : file_in("", path, last);
}

static bool piece_open(hid_t properties, size_t index, const char *path, piece *part)
{
  *part = (piece){.file = name_of_piece(properties, index, H5Pget_virtual_filename),
                  .inside = name_of_piece(properties, index, H5Pget_virtual_dsetname),
                  .used = H5Pget_virtual_srcspace(properties, index)};
  const hid_t place = H5Pget_virtual_vspace(properties, index);
  part->n_values = place >= 0 ? (int64_t)H5Sget_select_npoints(place) : -1;
  if (place >= 0) H5Sclose(place);
  if (part->file != NULL) part->found = find_file(path, part->file);
  return part->file != NULL && part->inside != NULL && part->used >= 0;
}

/* Does the data set have all that is used of it? What is used without an end is whatever there is. */
static bool has_what_is_used(hid_t data_set, const piece *part)
{
  hsize_t first[H5S_MAX_RANK];
  hsize_t last[H5S_MAX_RANK];
  hsize_t extents[H5S_MAX_RANK];
  const hid_t space = H5Dget_space(data_set);
  const int n_dimensions = space >= 0 ? H5Sget_simple_extent_dims(space, extents, NULL) : -1;
  const int64_t n_values = space >= 0 ? (int64_t)H5Sget_simple_extent_npoints(space) : -1;
  if (space >= 0) H5Sclose(space);
  if (H5Sget_select_type(part->used) == H5S_SEL_ALL) return n_values == part->n_values;
  if (n_dimensions < 0 || n_dimensions != H5Sget_simple_extent_ndims(part->used)) return false;
  if (H5Sget_select_bounds(part->used, first, last) < 0) return true;
  for (int i = 0; i < n_dimensions; i++) {
    if (last[i] >= extents[i]) return false;
  }
  return true;
}

static gmmpi_status check_data_set(const piece *part, const char *label, hid_t data_set, int64_t place,
                                   gmmpi_error *error)
{
  char text[600];
  snprintf(text, sizeof text, "%.250s: its piece %.250s:%.80s", label, part->found, part->inside);
  if (!hdf5_is_numeric(data_set))
    return fail_at(error, place, GMMPI_BAD_DATA, "%s does not hold numbers; build the virtual data set anew", text);
  if (!has_what_is_used(data_set, part))
    return fail_at(error, place, GMMPI_BAD_DATA,
                   "%s has not the size that is used of it; build the virtual data set anew", text);
  gmmpi_error failure = {0};
  const hid_t properties = H5Dget_create_plist(data_set);
  if (properties >= 0 && H5Pget_layout(properties) == H5D_CHUNKED) hdf5_check_filters(properties, text, &failure);
  if (properties >= 0) H5Pclose(properties);
  return failure.status == GMMPI_OK ? GMMPI_OK : fail_at(error, place, failure.status, "%s", failure.message);
}

static gmmpi_status check_piece(const piece *part, const char *label, int64_t place, gmmpi_error *error)
{
  errno = 0;
  const hid_t file = hdf5_open_file(part->found);
  if (file < 0 && (errno == EACCES || errno == EPERM))
    return fail_at(error, place, GMMPI_NO_INPUT, "%s: its piece %s cannot be read (%s); check its permissions", label,
                   part->found, strerror(errno));
  if (file < 0) {
    gmmpi_error failure = {0};
    hdf5_broken(part->found, &failure);
    return fail_at(error, place, failure.status, "%s", failure.message);
  }
  gmmpi_status status;
  const hid_t data_set = H5Dopen2(file, part->inside, H5P_DEFAULT);
  if (data_set < 0) {
    status = fail_at(error, place, GMMPI_BAD_DATA,
                     "%s: its piece %s has no data set \"%s\"; build the virtual data set anew", label, part->found,
                     part->inside);
  } else {
    status = check_data_set(part, label, data_set, place, error);
    H5Dclose(data_set);
  }
  H5Fclose(file);
  return status;
}

gmmpi_status hdf5_check_pieces(MPI_Comm comm, hid_t properties, const char *path, const char *label, gmmpi_error *error)
{
  int rank;
  int n_ranks;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &n_ranks);
  size_t n_pieces = 0;
  if (H5Pget_virtual_count(properties, &n_pieces) < 0) return hdf5_broken(path, error);
  gmmpi_status status = GMMPI_OK;
  for (size_t i = 0; i < n_pieces && status == GMMPI_OK; i++) {
    const int64_t place = (int64_t)i + 1;
    piece part;
    if (!piece_open(properties, i, path, &part)) {
      status = fail_at(error, place, GMMPI_BAD_DATA, "%s: its piece %zu cannot be understood; is the file damaged?",
                       label, i + 1);
    } else if (strchr(part.file, '%') == NULL && strchr(part.inside, '%') == NULL) {
      if (part.found == NULL)
        status = fail_at(error, place, GMMPI_NO_INPUT,
                         "%s: its piece %s is not there; put it where it was, or name its folder in HDF5_VDS_PREFIX",
                         label, part.file);
      else if (i % (size_t)n_ranks == (size_t)rank)
        status = check_piece(&part, label, place, error);
    }
    piece_close(&part);
  }
  return status;
}
