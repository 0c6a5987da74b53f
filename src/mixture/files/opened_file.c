/* SPDX-License-Identifier: BSD-3-Clause */
#include "mixture/files/opened_file.h"

#include "mixture/files/model_file.h"
#include "support/error.h"
#include "support/file.h"
#include "support/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Bytes that are read together: a multiple of 8 that stays in the second cache. */
enum { PIECE = 1 << 18 };

static gmmpi_status look_at(const char *path, int64_t *n_bytes, gmmpi_error *error)
{
  struct stat facts;
  const int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  gmmpi_status status = GMMPI_OK;
  if (descriptor < 0 || fstat(descriptor, &facts) != 0) {
    status = fail(error, GMMPI_NO_INPUT, "%s: cannot be read (%s); check the name and its permissions", path,
                  strerror(errno));
  } else if (!S_ISREG(facts.st_mode)) {
    status = fail(error, GMMPI_NO_INPUT, "%s: is not an ordinary file; give the name of one", path);
  } else {
    *n_bytes = (int64_t)facts.st_size;
  }
  if (descriptor >= 0) close(descriptor);
  return status;
}

gmmpi_status opened_file_broken(const opened_file *file, gmmpi_error *error)
{
  gmmpi_status status = GMMPI_OK;
  const int descriptor = open(file->path, O_RDONLY | O_CLOEXEC);
  char *piece = malloc(PIECE);
  for (int64_t done = 0; descriptor >= 0 && piece != NULL && done < file->n_bytes && status == GMMPI_OK;
       done += PIECE) {
    const int64_t left = file->n_bytes - done;
    status = file_read_at(descriptor, file->path, piece, left < PIECE ? (size_t)left : PIECE, done, error);
  }
  free(piece);
  if (descriptor >= 0) close(descriptor);
  if (status != GMMPI_OK) return status;
  return fail(error, GMMPI_BAD_DATA, "%s: is damaged or cut short; copy it anew or fit again", file->path);
}

/* Reads all that is before the seal, a piece at a time: models may be large. */
static gmmpi_status check_pieces(const opened_file *file, int descriptor, unsigned char *piece, const char **fault,
                                 gmmpi_error *error)
{
  seal_check check;
  int64_t format;
  if (file_read_at(descriptor, file->path, piece, SEAL_BYTES, file->n_bytes - SEAL_BYTES, error) != GMMPI_OK)
    return error->status;
  *fault = seal_check_begin(&check, piece, file->n_bytes, MODEL_SEAL, &format);
  if (*fault != NULL) return GMMPI_OK;
  for (int64_t done = 0; done < check.length; done += PIECE) {
    const int64_t left = check.length - done;
    const int64_t n = left < PIECE ? left : PIECE;
    if (file_read_at(descriptor, file->path, piece, (size_t)n, done, error) != GMMPI_OK) return error->status;
    seal_check_add(&check, piece, n, n == left);
  }
  *fault = seal_check_end(&check);
  return GMMPI_OK;
}

/* A file with a seal must be as it was sealed. */
static gmmpi_status check_seal(const opened_file *file, gmmpi_error *error)
{
  gmmpi_status status = GMMPI_OK;
  const char *fault = NULL;
  if (!model_file_has_seal(file->path)) return GMMPI_OK;
  const int descriptor = open(file->path, O_RDONLY | O_CLOEXEC);
  unsigned char *piece = malloc(PIECE);
  if (descriptor < 0)
    status = fail(error, GMMPI_NO_INPUT, "%s: cannot be read (%s); check the name and its permissions", file->path,
                  strerror(errno));
  else if (piece == NULL)
    status = fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read it", file->path);
  else
    status = check_pieces(file, descriptor, piece, &fault, error);
  free(piece);
  if (descriptor >= 0) close(descriptor);
  if (fault != NULL)
    return fail(error, GMMPI_BAD_DATA, "%s: is damaged (%s); copy it anew or fit again", file->path, fault);
  return status;
}

/* File systems without locks make HDF5 fail; a model is only ever replaced as a whole, so that no lock is needed. */
static hid_t open_without_lock(const char *path)
{
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  hid_t file = H5I_INVALID_HID;
  if (access >= 0) {
#if H5_VERSION_GE(1, 10, 7)
    H5Pset_file_locking(access, false, true);
#endif
    file = H5Fopen(path, H5F_ACC_RDONLY, access);
    H5Pclose(access);
  }
  return file;
}

bool opened_file_has(const opened_file *file, hid_t data_set)
{
  const hid_t creation = H5Dget_create_plist(data_set);
  const hid_t space = H5Dget_space(data_set);
  const hid_t type = H5Dget_type(data_set);
  bool there = false;
  if (creation >= 0 && space >= 0 && type >= 0) {
    const H5D_layout_t layout = H5Pget_layout(creation);
    const double claimed = (double)H5Sget_simple_extent_npoints(space) * (double)H5Tget_size(type);
    const double stored = fmin((double)H5Dget_storage_size(data_set), (double)file->n_bytes);
    there = layout != H5D_VIRTUAL && H5Pget_external_count(creation) == 0 &&
            claimed <= stored * (layout == H5D_CHUNKED ? 1032.0 : 1.0);
  }
  if (type >= 0) H5Tclose(type);
  if (space >= 0) H5Sclose(space);
  if (creation >= 0) H5Pclose(creation);
  return there;
}

gmmpi_status opened_file_open(const char *path, opened_file *file, gmmpi_error *error)
{
  *file = (opened_file){.path = path, .id = H5I_INVALID_HID};
  gmmpi_status status = look_at(path, &file->n_bytes, error);
  if (status == GMMPI_OK) status = check_seal(file, error);
  if (status != GMMPI_OK) return status;
  const htri_t is_hdf5 = H5Fis_hdf5(path);
  if (is_hdf5 < 0) return opened_file_broken(file, error);
  if (is_hdf5 == 0)
    return fail(error, GMMPI_BAD_DATA, "%s: is not an HDF5 file; give a model that gmmpi fit wrote", path);
  file->id = open_without_lock(path);
  return file->id >= 0 ? GMMPI_OK : opened_file_broken(file, error);
}
