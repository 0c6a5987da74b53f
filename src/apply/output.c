#include "apply/output.h"

#include "apply/output_chunks.h"
#include "apply/output_format.h"
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

/* One rank's part in writing one file. */
typedef struct writer {
  const output_table *table;
  const char *path;
  char delimiter; /* CSV; 0: HDF5 */
  bool direct;    /* path is a device: no draft */
  char *draft;    /* where the file is written */
  int64_t chunk_rows;
  void *numbers[OUTPUT_MOST_COLUMNS];
  char *text;          /* CSV: a chunk as text */
  char *header;        /* CSV */
  int64_t text_bytes;  /* CSV: the length of this rank's text */
  int64_t text_offset; /* CSV: where the next chunk of it goes */
  output_layout layout;
  int descriptor;
} writer;

static int64_t rows_per_chunk(int64_t granule, int64_t numbers_per_row)
{
  const int64_t rows = chunk_numbers / (numbers_per_row > 0 ? numbers_per_row : 1);
  return rows > granule ? rows / granule * granule : granule;
}

static int64_t numbers_per_row(const output_table *table)
{
  int64_t sum = 0;
  for (int c = 0; c < table->n_columns; c++) sum += table->columns[c].width;
  return sum;
}

int64_t output_bytes(int64_t granule, int64_t numbers)
{
  int64_t count;
  int64_t bytes;
  return multiply_fits(rows_per_chunk(granule, numbers), numbers, &count) &&
                 multiply_fits(count, (int64_t)sizeof(double) + CSV_NUMBER_BYTES, &bytes)
             ? bytes
             : INT64_MAX;
}

int64_t output_first_row(int64_t n_rows, int64_t granule, int rank, int n_ranks)
{
  const int64_t n_granules = n_rows / granule + (n_rows % granule != 0 ? 1 : 0);
  const int64_t row = (n_granules / n_ranks * rank + n_granules % n_ranks * rank / n_ranks) * granule;
  return row < n_rows ? row : n_rows;
}

static bool is_device(const char *path)
{
  struct stat status;
  return stat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

static gmmpi_status no_memory(const char *path, gmmpi_error *error)
{
  return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to write it; use machines with more memory", path);
}

static gmmpi_status cannot_write(const char *path, int reason, gmmpi_error *error)
{
  return fail(error, GMMPI_NO_OUTPUT, "%s: cannot be written (%s); %s", path, strerror(reason),
              file_write_remedy(reason));
}

gmmpi_status output_stopped(const char *path, int signal, gmmpi_error *error)
{
  return fail(error, GMMPI_STOPPED, "%s: stopped by %s before it was written; start again", path, signals_name(signal));
}

void output_say_progress(const char *doing, const char *path, int64_t n_done, int64_t n_in_all)
{
  signals_set_answer("status: %s %s, %.0f %% done", doing, path, 100.0 * (double)n_done / (double)n_in_all);
}

static gmmpi_status writer_open(writer *work, gmmpi_error *error)
{
  const output_table *table = work->table;
  int64_t most_rows = rows_per_chunk(table->granule, numbers_per_row(table));
  work->chunk_rows = most_rows;
  if (table->n_own < most_rows) most_rows = table->n_own;
  work->direct = is_device(work->path);
  work->draft = work->direct ? strdup(work->path) : file_draft_path(work->path);
  bool good = work->draft != NULL;
  for (int c = 0; c < table->n_columns; c++) {
    int64_t count;
    if (multiply_fits(most_rows, table->columns[c].width, &count)) work->numbers[c] = allocate(count, sizeof(double));
    good = good && work->numbers[c] != NULL;
  }
  if (work->delimiter != 0) {
    int64_t count;
    if (multiply_fits(most_rows, numbers_per_row(table), &count)) work->text = allocate(count, CSV_NUMBER_BYTES);
    work->header = output_csv_header(table, work->delimiter);
    good = good && work->text != NULL && work->header != NULL;
  }
  return good ? GMMPI_OK : no_memory(work->path, error);
}

static void writer_close(writer *work)
{
  if (work->descriptor >= 0) close(work->descriptor);
  for (int c = 0; c < work->table->n_columns; c++) free(work->numbers[c]);
  free(work->text);
  free(work->header);
  free(work->draft);
}

/* Produces the rows from `first` on that make the next chunk: *n of them. */
static gmmpi_status produce_chunk(const writer *work, int64_t first, int64_t *n, gmmpi_error *error)
{
  const int64_t left = work->table->n_own - first;
  *n = left < work->chunk_rows ? left : work->chunk_rows;
  return work->table->produce(work->table->context, first, *n, work->numbers, error);
}

/* What is done with n rows, from `first` on, that were produced. */
typedef gmmpi_status chunk_handler(writer *work, int64_t first, int64_t n, gmmpi_error *error);

/* Collective: all rows of all ranks, chunk by chunk, until a rank is asked to stop. Other errors are not agreed. */
static void handle_rows(MPI_Comm comm, writer *work, const char *doing, chunk_handler *handle, gmmpi_error *error)
{
  const int64_t n_own = work->table->n_own;
  int rank;
  MPI_Comm_rank(comm, &rank);
  joint_work together;
  joint_work_begin(comm, joint_signal, NULL, &together);
  for (int64_t row = 0, n; error->status == GMMPI_OK && row < n_own && joint_work_goes_on(&together); row += n) {
    if (rank == 0) output_say_progress(doing, work->path, row, n_own);
    if (produce_chunk(work, row, &n, error) == GMMPI_OK) handle(work, row, n, error);
  }
  /* Of several bad rows the first one is named, so those who look for theirs go on. */
  const int reason = joint_work_end(&together, error->status != GMMPI_OK && error->place == 0);
  if (reason != 0 && reason != JOINT_FAILURE) output_stopped(work->path, reason, error);
}

static gmmpi_status measure_chunk(writer *work, int64_t first, int64_t n, gmmpi_error *error)
{
  (void)first;
  (void)error;
  work->text_bytes += output_csv_format(work->table, work->delimiter, n, work->numbers, work->text);
  return GMMPI_OK;
}

/* Collective: where this rank's text goes, and how long the file is. */
static void measure_text(MPI_Comm comm, int rank, writer *work, gmmpi_error *error)
{
  handle_rows(comm, work, "measuring", measure_chunk, error);
  const int64_t own = work->text_bytes;
  int64_t before = 0;
  int64_t total;
  const int64_t header = (int64_t)strlen(work->header);
  MPI_Exscan(&own, &before, 1, MPI_INT64_T, MPI_SUM, comm);
  MPI_Allreduce(&own, &total, 1, MPI_INT64_T, MPI_SUM, comm);
  work->text_offset = header + (rank == 0 ? 0 : before);
  work->layout.n_bytes = header + total;
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

/* Rank 0: the draft with all that is not rows. */
static gmmpi_status create_draft(writer *work, gmmpi_error *error)
{
  const int flags = work->direct ? O_WRONLY | O_CLOEXEC : O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
  const int descriptor = open(work->draft, flags, 0666);
  gmmpi_status status = GMMPI_OK;
  if (descriptor < 0) return cannot_write(work->path, errno, error);
  if (work->delimiter == 0 && !work->direct)
    status = output_hdf5_create(work->table, work->path, work->draft, &work->layout, error);
  if (work->delimiter != 0)
    status = file_write_at(descriptor, work->path, work->header, strlen(work->header), 0, error);
  if (status == GMMPI_OK && !work->direct && !reserve(descriptor, work->layout.n_bytes))
    status = cannot_write(work->path, errno, error);
  if (close(descriptor) != 0 && status == GMMPI_OK) status = cannot_write(work->path, errno, error);
  return status;
}

static gmmpi_status write_chunk(writer *work, int64_t first, int64_t n, gmmpi_error *error)
{
  if (work->delimiter == 0)
    return output_hdf5_write(work->table, &work->layout, work->descriptor, work->path, first, n, work->numbers, error);
  const int64_t length = output_csv_format(work->table, work->delimiter, n, work->numbers, work->text);
  const int64_t offset = work->text_offset;
  work->text_offset += length;
  return file_write_at(work->descriptor, work->path, work->text, (size_t)length, offset, error);
}

/* Collective; errors but a stop are not agreed. */
static gmmpi_status write_rows(MPI_Comm comm, writer *work, gmmpi_error *error)
{
  work->descriptor = open(work->draft, O_WRONLY | O_CLOEXEC);
  if (work->descriptor < 0) cannot_write(work->path, errno, error);
  handle_rows(comm, work, "writing", write_chunk, error);
  if (work->descriptor < 0) return error->status;
  if (error->status == GMMPI_OK && !work->direct && fsync(work->descriptor) != 0)
    cannot_write(work->path, errno, error);
  const int closed = close(work->descriptor);
  work->descriptor = -1;
  if (closed != 0 && error->status == GMMPI_OK) cannot_write(work->path, errno, error);
  return error->status;
}

/* Collective: rank 0 lays the file out, every rank writes its rows at their place. Errors are not agreed. */
static gmmpi_status write_in_place(MPI_Comm comm, writer *work, gmmpi_error *error)
{
  int rank;
  MPI_Comm_rank(comm, &rank);
  if (work->delimiter != 0) measure_text(comm, rank, work, error);
  if (agree(comm, error) != GMMPI_OK) return error->status;
  if (rank == 0) create_draft(work, error);
  if (agree(comm, error) != GMMPI_OK) return error->status;
  MPI_Bcast(&work->layout, (int)sizeof work->layout, MPI_BYTE, 0, comm);
  return write_rows(comm, work, error);
}

gmmpi_status output_write(MPI_Comm comm, const char *path, const output_table *table, gmmpi_error *error)
{
  int rank;
  MPI_Comm_rank(comm, &rank);
  gmmpi_error own = {0};
  writer work = {.table = table, .path = path, .delimiter = output_csv_delimiter(path), .descriptor = -1};
  bool drafted = false;

  writer_open(&work, &own);
  if (agree(comm, &own) != GMMPI_OK) goto done;
  drafted = rank == 0 && !work.direct;
  if (table->compress > 0 && work.delimiter == 0 && !work.direct) {
    output_chunks_write(comm, table, path, work.draft, work.chunk_rows, work.numbers, &own);
  } else {
    write_in_place(comm, &work, &own);
  }
  if (agree(comm, &own) != GMMPI_OK ||
      (table->approve != NULL && table->approve(comm, table->context, &own) != GMMPI_OK))
    goto done;
  if (drafted) file_publish(path, &own);
  agree(comm, &own);

done:
  if (drafted && own.status != GMMPI_OK) file_discard_draft(path);
  writer_close(&work);
  if (own.status != GMMPI_OK && error != NULL) *error = own;
  return own.status;
}
