/* SPDX-License-Identifier: BSD-3-Clause */
#include "fuzz/fuzz.h"
#include "sources/source.h"

#include <stdlib.h>

enum { MOST_ROWS = 200, MOST_NUMBERS = 1 << 20 };

static void read_rows(point_source *source, int64_t first_row, int64_t n_rows, double *rows)
{
  gmmpi_error error = {0};
  const gmmpi_status status = source_read(source, first_row, n_rows, rows, &error);
  fuzz_insist((status == GMMPI_OK) == (error.status == GMMPI_OK), "a failure has a message");
  fuzz_insist(status == GMMPI_OK || status == GMMPI_BAD_DATA || status == GMMPI_NO_MEMORY, "the data are to blame");
  if (status == GMMPI_OK) fuzz_insist(source_place(source, first_row + n_rows - 1) > 0, "places count from 1");
}

/* The first rows, the last ones, and one between them. */
static void read_table(const char *path, const source_options *options)
{
  point_source *source = NULL;
  gmmpi_error error = {0};
  const gmmpi_status status = source_open(MPI_COMM_SELF, path, options, &source, &error);
  fuzz_insist((status == GMMPI_OK) == (source != NULL), "a source is there or an error");
  if (source == NULL) return;
  fuzz_insist(source->n_rows > 0 && source->n_features > 0, "points are there");
  const int64_t n_rows = source->n_rows < MOST_ROWS ? source->n_rows : MOST_ROWS;
  double *rows = NULL;
  if (source->n_features <= MOST_NUMBERS / MOST_ROWS)
    rows = malloc((size_t)(n_rows * source->n_features) * sizeof *rows); /* so small that writing behind it is seen */
  if (rows != NULL) {
    read_rows(source, 0, n_rows, rows);
    read_rows(source, source->n_rows - n_rows, n_rows, rows);
    read_rows(source, source->n_rows / 2, 1, rows);
  }
  free(rows);
  source_close(source);
}

void fuzz_read_points(const uint8_t *bytes, size_t n_bytes)
{
  static const source_word with_header[] = {{"header", "yes"}, {"delimiter", ";"}};
  static const source_word without_header[] = {{"header", "no"}};
  static const source_options choices[] = {{.columns = NULL},
                                           {.columns = "2,1", .words = with_header, .n_words = 2},
                                           {.columns = "1-2", .words = without_header, .n_words = 1}};
  const char *path;
  const int descriptor = fuzz_open(bytes, n_bytes, &path);
  if (descriptor < 0) return;
  for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) read_table(path, &choices[i]);
  fuzz_close(descriptor);
}
