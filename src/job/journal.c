#include "job/journal.h"

#include "support/error.h"
#include "support/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct journal {
  const char *path;
  int descriptor; /* -1 after a failure */
};

static const char header[] = "iteration,log_likelihood,mean_log_likelihood,change,start,seconds\n";

/* The iteration and start of the row line ... end; false when it is not a whole row. */
static bool parse_row(const char *line, const char *end, int64_t *iteration, int64_t *start)
{
  const char *field[6];
  int n_fields = 0;
  for (const char *c = line; c != NULL && n_fields < 6; n_fields++) {
    field[n_fields] = c;
    c = memchr(c, ',', (size_t)(end - c));
    if (c != NULL) c++;
  }
  if (n_fields < 6) return false;
  char *after_iteration;
  char *after_start;
  errno = 0;
  *iteration = strtoimax(field[0], &after_iteration, 10);
  *start = strtoimax(field[4], &after_start, 10);
  return errno == 0 && after_iteration + 1 == field[1] && after_start + 1 == field[5] && after_iteration > field[0] &&
         after_start > field[4];
}

/* How many of the n_bytes bytes of an old journal are the header and whole rows before position, in their order; the
 * last row that stays is *iteration of *start (-1: none). */
static size_t length_before(const char *text, size_t n_bytes, const fit_position *position, int64_t *iteration,
                            int64_t *start)
{
  const size_t header_length = sizeof header - 1;
  *iteration = -1;
  *start = 0;
  if (n_bytes < header_length || memcmp(text, header, header_length) != 0) return 0;
  size_t kept = header_length;
  const char *end;
  while ((end = memchr(text + kept, '\n', n_bytes - kept)) != NULL) {
    int64_t row_iteration;
    int64_t row_start;
    if (!parse_row(text + kept, end, &row_iteration, &row_start)) break;
    const bool before =
        row_start < position->start || (row_start == position->start && row_iteration < fit_iterations(position));
    const bool next =
        row_start == *start ? row_iteration == *iteration + 1 : row_start == *start + 1 && row_iteration == 0;
    if (!before || !next) break;
    *iteration = row_iteration;
    *start = row_start;
    kept = (size_t)(end - text) + 1;
  }
  return kept;
}

/* The rows of an earlier job that stay: what is there is cut to them, as a whole or not at all. */
static gmmpi_status keep_rows(const char *path, const fit_position *position, gmmpi_error *error)
{
  void *text = NULL;
  size_t n_bytes = 0;
  gmmpi_status status = file_read_whole(path, &text, &n_bytes, error);
  if (status != GMMPI_OK) return status;

  int64_t iteration;
  int64_t start;
  const size_t kept = length_before(text, n_bytes, position, &iteration, &start);
  const bool complete = start == position->start && iteration == fit_iterations(position) - 1;
  const bool next_start = fit_iterations(position) == 0 && start == position->start - 1 && iteration >= 0;
  if (!complete && !next_start)
    warn("%s: lacks rows of iterations before the checkpoint's; it was not written by the job that goes on", path);
  if (kept == 0)
    status = file_write_whole(path, header, sizeof header - 1, error);
  else if (kept < n_bytes)
    status = file_write_whole(path, text, kept, error);
  free(text);
  return status;
}

/* Appends all of text; on failure takes back what was written of it (a pipe can't), and errno says why. */
static bool append(const journal *self, const char *text, size_t length)
{
  size_t done = 0;
  while (done < length) {
    const ssize_t written = write(self->descriptor, text + done, length - done);
    if (written > 0) done += (size_t)written;
    if (written == 0) errno = ENOSPC;
    if (written == 0 || (written < 0 && errno != EINTR)) break;
  }
  if (done == length) return true;

  const int reason = errno;
  struct stat now;
  if (done > 0 && fstat(self->descriptor, &now) == 0 && S_ISREG(now.st_mode) &&
      ftruncate(self->descriptor, now.st_size - (off_t)done) != 0)
    warn("%s: ends in a torn line", self->path);
  errno = reason;
  return false;
}

/* The descriptor of standard output or error if that is what path leads to ("/dev/stderr"), else -1. Opened anew, a
 * file that they were sent to would be cut and written over. */
static int standard_stream(const struct stat *file)
{
  for (int descriptor = STDOUT_FILENO; descriptor <= STDERR_FILENO; descriptor++) {
    struct stat stream;
    if (fstat(descriptor, &stream) == 0 && stream.st_dev == file->st_dev && stream.st_ino == file->st_ino)
      return descriptor;
  }
  return -1;
}

gmmpi_status journal_open(const char *path, const fit_state *resume, journal **result, gmmpi_error *error)
{
  struct stat old;
  const bool exists = stat(path, &old) == 0;
  const int stream = exists ? standard_stream(&old) : -1;
  const bool ordinary = !exists || (S_ISREG(old.st_mode) && stream < 0);
  const bool goes_on = resume != NULL && exists && ordinary && old.st_size > 0;
  if (goes_on) {
    const gmmpi_status status = keep_rows(path, &resume->current, error);
    if (status != GMMPI_OK) return status;
  }

  journal *self = calloc(1, sizeof *self);
  if (self == NULL) return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left for the log", path);
  self->path = path;
  const int mode = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | (ordinary && !goes_on ? O_TRUNC : 0);
  self->descriptor = stream >= 0 ? fcntl(stream, F_DUPFD_CLOEXEC, 0) : open(path, mode, 0666);
  gmmpi_status status = GMMPI_OK;
  if (self->descriptor < 0 || (!goes_on && !append(self, header, sizeof header - 1)))
    status = fail(error, GMMPI_NO_OUTPUT, "%s: the log cannot be written (%s); %s", path, strerror(errno),
                  file_write_remedy(errno));
  if (status != GMMPI_OK) {
    journal_close(self);
    return status;
  }
  *result = self;
  return GMMPI_OK;
}

void journal_add(journal *self, const fit_pass *pass)
{
  if (self->descriptor < 0) return;
  char change[40] = "";
  if (!isnan(pass->change)) snprintf(change, sizeof change, "%.17g", pass->change);
  char line[256];
  const int length = snprintf(line, sizeof line, "%" PRId64 ",%.17g,%.17g,%s,%" PRId64 ",%.17g\n", pass->iteration,
                              pass->log_likelihood, pass->log_likelihood / (double)pass->n_samples, change, pass->start,
                              pass->seconds);
  if (append(self, line, (size_t)length)) return;
  warn("%s: the log cannot be written any more (%s); the job goes on without it", self->path, strerror(errno));
  close(self->descriptor);
  self->descriptor = -1;
}

void journal_close(journal *self)
{
  if (self == NULL) return;
  if (self->descriptor >= 0) close(self->descriptor);
  free(self);
}
