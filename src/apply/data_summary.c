/* SPDX-License-Identifier: BSD-3-Clause */
#include "apply/data_summary.h"

#include "support/error.h"
#include "support/large_messages.h"
#include "support/memory.h"

#include <math.h>
#include <stdlib.h>

enum { PIECE_NUMBERS = 1 << 16, N_COUNTS = 4 };

bool value_is_usual_fill(double value)
{
  static const double known[] = {-99.0,   -999.0,  -9999.0,  -99999.0, -999999.0, -99.99, -999.9, -999.99,
                                 -9999.9, 99999.0, 999999.0, 1e20,     1e30,      -1e20,  -1e30,  -1e31};
  bool found = fabs(value) >= 9e36;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    found = found || value == known[i] || value == (double)(float)known[i];
  return found;
}

static void look_at(column_summary *column, double value)
{
  if (value_is_text(value)) {
    column->n_text++;
  } else if (isnan(value)) {
    column->n_missing++;
  } else if (isinf(value)) {
    column->n_infinite++;
  } else {
    column->n_finite++;
    if (value < column->least) column->least = value;
    if (value > column->most) column->most = value;
  }
}

/* Rows [begin, end), piece by piece. */
static gmmpi_status read_rows(point_source *source, int64_t begin, int64_t end, data_summary *summary,
                              gmmpi_error *error)
{
  const int64_t d = source->n_features;
  const int64_t piece_rows = d < PIECE_NUMBERS ? PIECE_NUMBERS / d : 1;
  int64_t numbers;
  double *rows = multiply_fits(piece_rows, d, &numbers) ? allocate(numbers, sizeof *rows) : NULL;
  if (rows == NULL) return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to look at it", source->label);
  gmmpi_status status = GMMPI_OK;
  for (int64_t row = begin; row < end && status == GMMPI_OK; row += piece_rows) {
    const int64_t n = end - row < piece_rows ? end - row : piece_rows;
    status = source_read(source, row, n, rows, error);
    for (int64_t i = 0; status == GMMPI_OK && i < n; i++) {
      for (int64_t j = 0; j < d; j++) {
        look_at(&summary->columns[j], rows[i * d + j]);
        if (row + i < summary->n_first_rows) summary->first_rows[(row + i) * d + j] = rows[i * d + j];
      }
    }
  }
  free(rows);
  return status;
}

/* Collective: what all ranks have seen. counts: d x N_COUNTS, extremes: 2 d. */
static void reduce(MPI_Comm comm, int64_t d, int64_t *counts, double *extremes, data_summary *summary)
{
  for (int64_t j = 0; j < d; j++) {
    const column_summary *column = &summary->columns[j];
    const int64_t own[N_COUNTS] = {column->n_finite, column->n_missing, column->n_infinite, column->n_text};
    for (int i = 0; i < N_COUNTS; i++) counts[j * N_COUNTS + i] = own[i];
    extremes[2 * j] = column->most;
    extremes[2 * j + 1] = -column->least;
  }
  allreduce_large(comm, counts, d * N_COUNTS, MPI_INT64_T, MPI_SUM);
  allreduce_large(comm, extremes, 2 * d, MPI_DOUBLE, MPI_MAX);
  for (int64_t j = 0; j < d; j++) {
    const int64_t *all = counts + j * N_COUNTS;
    summary->columns[j] = (column_summary){-extremes[2 * j + 1], extremes[2 * j], all[0], all[1], all[2], all[3]};
  }
}

static bool allocate_summary(int64_t d, data_summary *summary)
{
  int64_t numbers;
  if (!multiply_fits(summary->n_first_rows, d, &numbers)) return false;
  summary->columns = allocate(d, sizeof *summary->columns);
  summary->first_rows = allocate(numbers, sizeof *summary->first_rows);
  if (summary->columns == NULL || summary->first_rows == NULL) return false;
  for (int64_t j = 0; j < d; j++) summary->columns[j] = (column_summary){.least = INFINITY, .most = -INFINITY};
  return true;
}

gmmpi_status data_summarise(MPI_Comm comm, point_source *source, int64_t most_numbers, data_summary *summary,
                            gmmpi_error *error)
{
  const int64_t d = source->n_features;
  const int64_t most_rows = most_numbers / d > MOST_FIRST_ROWS ? most_numbers / d : MOST_FIRST_ROWS;
  int rank;
  int n_ranks;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &n_ranks);
  *summary = (data_summary){.n_rows = source->n_rows < most_rows ? source->n_rows : most_rows};
  summary->n_first_rows = summary->n_rows < MOST_FIRST_ROWS ? summary->n_rows : MOST_FIRST_ROWS;
  int64_t *counts = allocate(d, N_COUNTS * sizeof *counts);
  double *extremes = allocate(d, 2 * sizeof *extremes);
  if (!allocate_summary(d, summary) || counts == NULL || extremes == NULL)
    fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to look at it", source->label);
  if (agree(comm, error) == GMMPI_OK) {
    /* Rank 0 has the first rows. */
    const int64_t share = (summary->n_rows + n_ranks - 1) / n_ranks;
    const int64_t piece = share < MOST_FIRST_ROWS ? MOST_FIRST_ROWS : share;
    const int64_t begin = rank * piece < summary->n_rows ? rank * piece : summary->n_rows;
    const int64_t end = begin + piece < summary->n_rows ? begin + piece : summary->n_rows;
    read_rows(source, begin, end, summary, error);
    if (agree(comm, error) == GMMPI_OK) {
      reduce(comm, d, counts, extremes, summary);
      broadcast_large(comm, 0, summary->first_rows, summary->n_first_rows * d, MPI_DOUBLE);
    }
  }
  free(counts);
  free(extremes);
  return error->status;
}

void data_summary_clear(data_summary *summary)
{
  free(summary->columns);
  free(summary->first_rows);
  *summary = (data_summary){0};
}
