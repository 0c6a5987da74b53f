/* SPDX-License-Identifier: BSD-3-Clause */
#include "apply/output_job.h"

#include "support/activity.h"
#include "support/error.h"
#include "support/file.h"
#include "support/joint_work.h"
#include "support/memory.h"
#include "support/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A chunk has about so many numbers: enough for efficient writing, few enough not to matter. */
static const int64_t chunk_numbers = 1 << 18;

/* --- what is said --- */

gmmpi_status output_no_memory(const char *path, gmmpi_error *error)
{
  return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to write it; use machines with more memory", path);
}

gmmpi_status output_cannot_write(const char *path, int reason, gmmpi_error *error)
{
  return fail(error, GMMPI_NO_OUTPUT, "%s: cannot be written (%s); %s", path, strerror(reason),
              file_write_remedy(reason));
}

gmmpi_status output_stopped(const char *path, int signal, gmmpi_error *error)
{
  return fail(error, GMMPI_STOPPED, "%s: stopped by %s before it was written; start again", path, signals_name(signal));
}

void output_say_progress(const char *doing, const char *path, int64_t n_done, int64_t n_in_all, int64_t n_rows)
{
  activity_tell(&(activity){
      .doing = doing, .object = path, .share = (double)n_done / (double)n_in_all, .n = n_rows, .unit = "rows"});
  signals_set_answer("status: %s %s, %.0f %% done", doing, path, 100.0 * (double)n_done / (double)n_in_all);
}

/* --- chunks of rows --- */

int64_t output_chunk_rows(int64_t granule, int64_t numbers_per_row)
{
  const int64_t rows = chunk_numbers / (numbers_per_row > 0 ? numbers_per_row : 1);
  return rows > granule ? rows / granule * granule : granule;
}

int64_t output_numbers_per_row(const output_table *table)
{
  int64_t sum = 0;
  for (int c = 0; c < table->n_columns; c++) sum += table->columns[c].width;
  return sum;
}

static bool is_device(const char *path)
{
  struct stat status;
  return stat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

gmmpi_status output_job_open(MPI_Comm comm, const char *path, const output_table *table, output_job *work,
                             gmmpi_error *error)
{
  *work = (output_job){.comm = comm, .table = table, .path = path, .is_direct = is_device(path), .descriptor = -1};
  MPI_Comm_rank(comm, &work->rank);
  MPI_Comm_size(comm, &work->n_ranks);
  work->chunk_rows = output_chunk_rows(table->granule, output_numbers_per_row(table));
  const int64_t most_rows = table->n_own < work->chunk_rows ? table->n_own : work->chunk_rows;
  work->draft = work->is_direct ? strdup(path) : file_draft_path(path);
  bool good = work->draft != NULL;
  for (int c = 0; c < table->n_columns; c++) {
    int64_t count;
    if (multiply_fits(most_rows, table->columns[c].width, &count)) work->numbers[c] = allocate(count, sizeof(double));
    good = good && work->numbers[c] != NULL;
  }
  return good ? GMMPI_OK : output_no_memory(path, error);
}

void output_job_close(output_job *work)
{
  if (work->descriptor >= 0) close(work->descriptor);
  for (int c = 0; c < work->table->n_columns; c++) free(work->numbers[c]);
  free(work->draft);
}

void output_job_rows(output_job *work, const char *doing, output_chunk_handler *handle, void *context,
                     gmmpi_error *error)
{
  const output_table *table = work->table;
  joint_work together;
  joint_work_begin(work->comm, joint_signal, NULL, &together);
  for (int64_t row = 0, n; error->status == GMMPI_OK && row < table->n_own && joint_work_goes_on(&together); row += n) {
    n = table->n_own - row < work->chunk_rows ? table->n_own - row : work->chunk_rows;
    if (work->rank == 0) output_say_progress(doing, work->path, row, table->n_own, table->n_rows);
    if (table->produce(table->context, row, n, work->numbers, error) == GMMPI_OK) handle(work, context, row, n, error);
  }
  /* Of several bad rows the first one is named, so those who look for theirs go on. */
  const int reason = joint_work_end(&together, error->status != GMMPI_OK && error->place == 0);
  if (reason != 0 && reason != JOINT_FAILURE) output_stopped(work->path, reason, error);
}

/* --- rows in their place --- */

gmmpi_status output_job_begin_draft(const output_job *work, int *descriptor, gmmpi_error *error)
{
  const int flags = work->is_direct ? O_WRONLY | O_CLOEXEC : O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
  *descriptor = open(work->draft, flags, 0666);
  return *descriptor >= 0 ? GMMPI_OK : output_cannot_write(work->path, errno, error);
}

/* Sets the file's space aside. File systems that cannot do that find out about a full disk when rows are written or
 * flushed. */
static bool reserve(int descriptor, int64_t n_bytes)
{
  while (fallocate(descriptor, 0, 0, (off_t)n_bytes) != 0) {
    if (errno == EOPNOTSUPP || errno == ENOSYS) return true;
    if (errno != EINTR) return false;
  }
  return true;
}

gmmpi_status output_job_end_draft(const output_job *work, int descriptor, int64_t n_bytes, gmmpi_status status,
                                  gmmpi_error *error)
{
  if (status == GMMPI_OK && !work->is_direct && !reserve(descriptor, n_bytes))
    status = output_cannot_write(work->path, errno, error);
  if (close(descriptor) != 0 && status == GMMPI_OK) status = output_cannot_write(work->path, errno, error);
  return status;
}

gmmpi_status output_job_write_in_place(output_job *work, output_chunk_handler *handle, void *context,
                                       gmmpi_error *error)
{
  work->descriptor = open(work->draft, O_WRONLY | O_CLOEXEC);
  if (work->descriptor < 0) output_cannot_write(work->path, errno, error);
  output_job_rows(work, "writing", handle, context, error);
  if (work->descriptor < 0) return error->status;
  if (error->status == GMMPI_OK && !work->is_direct && fsync(work->descriptor) != 0)
    output_cannot_write(work->path, errno, error);
  const int closed = close(work->descriptor);
  work->descriptor = -1;
  if (closed != 0 && error->status == GMMPI_OK) output_cannot_write(work->path, errno, error);
  return error->status;
}
