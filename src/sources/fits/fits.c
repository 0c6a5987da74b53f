/* SPDX-License-Identifier: BSD-3-Clause */
/* FITS files: tables and images. cfitsio reads the headers, and images that are packed; other numbers are read from
 * where the headers say that they are, so that a file that ends early or a disk that fails is noticed as such. */
#include "sources/fits/state.h"
#include "sources/source.h"
#include "support/error.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* cfitsio is made for one thread, unless it was built otherwise. */
static pthread_mutex_t in_use = PTHREAD_MUTEX_INITIALIZER;

static bool recognises(const char *path, const unsigned char *head, size_t n_bytes)
{
  enum { CARD_BYTES = 80 };
  (void)path;
  static const char mark[] = "SIMPLE  =";
  size_t at = sizeof mark - 1;
  if (n_bytes < CARD_BYTES || memcmp(head, mark, at) != 0) return false;
  while (at < CARD_BYTES - 1 && head[at] == ' ') at++;
  return head[at] == 'T';
}

/* Nothing but FITS is given to cfitsio, which would unpack what is compressed. */
static struct json_t *insides(const char *path)
{
  unsigned char head[80];
  const int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return NULL;
  const ssize_t n_bytes = pread(descriptor, head, sizeof head, 0);
  close(descriptor);
  if (n_bytes <= 0 || !recognises(path, head, (size_t)n_bytes)) return NULL;
  pthread_mutex_lock(&in_use);
  struct json_t *found = fits_insides(path);
  pthread_mutex_unlock(&in_use);
  return found;
}

static gmmpi_status open_fits(MPI_Comm comm, point_source *source, const source_options *options, gmmpi_error *error)
{
  (void)comm;
  fits_state *state = calloc(1, sizeof *state);
  if (state == NULL) return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to open it", source->label);
  state->descriptor = -1;
  source->state = state;
  pthread_mutex_lock(&in_use);
  const gmmpi_status status = fits_open_points(source, options, error);
  pthread_mutex_unlock(&in_use);
  return status;
}

static gmmpi_status read_fits(point_source *source, int64_t first_row, int64_t n_rows, double *rows, gmmpi_error *error)
{
  const fits_state *state = source->state;
  if (state->packed == NULL) return fits_read_rows(source, first_row, n_rows, rows, error);
  pthread_mutex_lock(&in_use);
  const gmmpi_status status = fits_read_packed(source, first_row, n_rows, rows, error);
  pthread_mutex_unlock(&in_use);
  return status;
}

static void close_fits(point_source *source)
{
  fits_state *state = source->state;
  pthread_mutex_lock(&in_use);
  fits_close_packed(state);
  pthread_mutex_unlock(&in_use);
  if (state->descriptor >= 0) close(state->descriptor);
  free(state->cells);
  free(state->piece);
  free(state);
}

const source_kind source_fits = {.name = "FITS",
                                 .usage = "FILE.fits:/EXTENSION",
                                 .suffixes = (const char *const[]){".fits", ".fit", ".fts", NULL},
                                 .has_insides = true,
                                 .transposes = true,
                                 .recognises = recognises,
                                 .open = open_fits,
                                 .read = read_fits,
                                 .library = fits_library,
                                 .insides = insides,
                                 .close = close_fits};
