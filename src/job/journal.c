/* SPDX-License-Identifier: BSD-3-Clause */
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

/* How many rows a start has had when its climber was saved. One that has ended on all points had that of its last
 * model, too. */
static int64_t count_rows(const climber *climb)
{
  const fit_position *current = &climb->current;
  return fit_iterations(current) + (climb->has_ended && current->level == 0 ? 1 : 0);
}

/* Which rows of an old journal stay. */
typedef struct kept_rows {
  const fit_state *state; /* to go on from */
  int64_t *n_rows;        /* of each of its climbers, that stay */
  bool has_earlier;       /* rows of starts before these stay */
  size_t n_bytes;         /* of the text, with the header; 0: not even that */
} kept_rows;

/* Notes a row that was written before the state was saved, and after the rows before it. False for another one. */
static bool keep_row(kept_rows *kept, int64_t start, int64_t iteration)
{
  const int64_t index = start - fit_first_start(kept->state);
  if (index < 0) return kept->has_earlier = true;
  if (index >= kept->state->n_climbers || iteration >= count_rows(&kept->state->climbers[index]) ||
      iteration != kept->n_rows[index])
    return false;
  kept->n_rows[index]++;
  return true;
}

static void find_rows(const char *text, size_t n_bytes, kept_rows *kept)
{
  const size_t header_length = sizeof header - 1;
  if (n_bytes < header_length || memcmp(text, header, header_length) != 0) return;
  kept->n_bytes = header_length;
  const char *end;
  while ((end = memchr(text + kept->n_bytes, '\n', n_bytes - kept->n_bytes)) != NULL) {
    int64_t iteration;
    int64_t start;
    if (!parse_row(text + kept->n_bytes, end, &iteration, &start) || !keep_row(kept, start, iteration)) return;
    kept->n_bytes = (size_t)(end - text) + 1;
  }
}

/* Have all rows been found that were written before the state was saved? */
static bool is_complete(const kept_rows *kept)
{
  bool complete = kept->has_earlier || fit_first_start(kept->state) == 0;
  for (int64_t i = 0; i < kept->state->n_climbers; i++)
    complete = complete && kept->n_rows[i] == count_rows(&kept->state->climbers[i]);
  return complete;
}

/* The rows of an earlier job that stay: what is there is cut to them, as a whole or not at all. */
static gmmpi_status keep_rows(const char *path, const fit_state *state, gmmpi_error *error)
{
  void *text = NULL;
  size_t n_bytes = 0;
  kept_rows kept = {.state = state, .n_rows = calloc((size_t)state->n_climbers, sizeof *kept.n_rows)};
  gmmpi_status status = kept.n_rows != NULL
                            ? file_read_whole(path, &text, &n_bytes, error)
                            : fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to go on with it", path);
  if (status == GMMPI_OK) {
    find_rows(text, n_bytes, &kept);
    if (!is_complete(&kept))
      warn("%s: lacks rows of iterations before the checkpoint's; it was not written by the job that goes on", path);
    if (kept.n_bytes == 0)
      status = file_write_whole(path, header, sizeof header - 1, error);
    else if (kept.n_bytes < n_bytes)
      status = file_write_whole(path, text, kept.n_bytes, error);
  }
  free(text);
  free(kept.n_rows);
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
    const gmmpi_status status = keep_rows(path, resume, error);
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
  const int length =
      snprintf(line, sizeof line, "%" PRId64 ",%.17g,%.17g,%s,%" PRId64 ",%.17g\n", pass->iteration,
               pass->log_likelihood, pass->log_likelihood / pass->total_weight, change, pass->start, pass->seconds);
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
