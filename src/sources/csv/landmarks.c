/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/csv/landmarks.h"

#include "support/error.h"
#include "support/large_messages.h"
#include "support/memory.h"

#include <stdlib.h>

/* Ranges have at most so many bytes. */
static const int64_t range_bytes = 1 << 20;

/* The file that is counted. */
typedef struct counted_file {
  int descriptor;
  const char *path;
  const char *label;
  int64_t n_bytes;
  const csv_format *format;
  const line_rules *rules;
} counted_file;

/* Collective: the number of ranges, a multiple of the number of ranks; the same on all of them as is the file's size.
 */
static gmmpi_status choose_ranges(MPI_Comm comm, const counted_file *file, int64_t *n_ranges, gmmpi_error *error)
{
  int n_ranks;
  MPI_Comm_size(comm, &n_ranks);
  const int64_t length = file->n_bytes - file->format->first_row;
  const int64_t mine[4] = {file->n_bytes, -file->n_bytes, length, -length};
  int64_t largest[4];
  MPI_Allreduce(mine, largest, 4, MPI_INT64_T, MPI_MAX, comm);
  if (largest[0] != -largest[1] || largest[2] != -largest[3])
    return fail(error, GMMPI_BAD_DATA, "%s: its size changes while it is read, or is not the same on all nodes",
                file->label);
  *n_ranges = (length / range_bytes / n_ranks + 1) * n_ranks;
  return GMMPI_OK;
}

/* Counts the lines of one range. */
static gmmpi_status count_range(const counted_file *file, int64_t range, int64_t n_ranges, line_count *count,
                                gmmpi_error *error)
{
  const int64_t first = file->format->first_row;
  const int64_t length = file->n_bytes - first;
  const int64_t share = length / n_ranges;
  const int64_t rest = length % n_ranges;
  const int64_t begin = first + range * share + (range < rest ? range : rest);
  const int64_t end = begin + share + (range < rest ? 1 : 0);
  const size_t piece_bytes = (size_t)range_bytes + 4096; /* with the byte before the range, at one go */
  return count_lines(file->descriptor, file->path, file->n_bytes, first, begin, end, file->rules, piece_bytes, count,
                     error);
}

static gmmpi_status set_landmarks(const counted_file *file, const line_count *counts, csv_landmarks *found,
                                  gmmpi_error *error)
{
  csv_landmark mark = {.row = 0, .line = file->format->line};
  for (int64_t r = 0; r < found->n; r++) {
    mark.offset = counts[r].first_offset;
    found->marks[r] = mark;
    mark.line += counts[r].n_lines;
    mark.row += counts[r].n_rows;
  }
  found->n_rows = mark.row;
  if (found->n_rows == 0) return fail(error, GMMPI_BAD_DATA, "%s: has no rows; give a file with points", file->label);
  return GMMPI_OK;
}

gmmpi_status csv_landmarks_find(MPI_Comm comm, int descriptor, const char *path, const char *label, int64_t n_bytes,
                                const csv_format *format, const line_rules *rules, csv_landmarks *found,
                                gmmpi_error *error)
{
  const counted_file file = {descriptor, path, label, n_bytes, format, rules};
  int rank;
  int n_ranks;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &n_ranks);
  int64_t n_ranges = 0;
  *found = (csv_landmarks){0};
  if (choose_ranges(comm, &file, &n_ranges, error) != GMMPI_OK) return error->status;
  line_count *counts = allocate(n_ranges, sizeof *counts);
  found->marks = allocate(n_ranges, sizeof *found->marks);
  found->n = n_ranges;
  if (counts == NULL || found->marks == NULL) fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read it", label);
  const int64_t own = n_ranges / n_ranks;
  for (int64_t r = rank * own; r < (rank + 1) * own && error->status == GMMPI_OK; r++)
    count_range(&file, r, n_ranges, &counts[r], error);
  if (agree(comm, error) == GMMPI_OK) {
    /* All members are int64_t; those of other ranks' ranges are 0 here. */
    allreduce_large(comm, counts, n_ranges * (int64_t)(sizeof *counts / sizeof(int64_t)), MPI_INT64_T, MPI_SUM);
    set_landmarks(&file, counts, found, error);
  }
  free(counts);
  return error->status;
}

void csv_landmarks_clear(csv_landmarks *landmarks)
{
  free(landmarks->marks);
  landmarks->marks = NULL;
}

csv_landmark csv_landmark_before(const csv_landmarks *landmarks, int64_t row)
{
  int64_t low = 0;
  int64_t high = landmarks->n - 1;
  while (low < high) {
    const int64_t middle = low + (high - low + 1) / 2;
    if (landmarks->marks[middle].row <= row) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return landmarks->marks[low];
}
