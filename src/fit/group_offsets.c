/* SPDX-License-Identifier: BSD-3-Clause */
#include "fit/group_offsets.h"

#include "support/error.h"
#include "support/memory.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

enum { MOST_GROUPS = INT32_MAX - 1 };

/* numbers: n, as read; they become *offsets. */
static gmmpi_status take(const point_source *file, const double *numbers, int64_t n, int64_t n_rows, int64_t *offsets,
                         int64_t *n_groups, gmmpi_error *error)
{
  for (int64_t i = 0; i < n; i++) {
    const double before = i > 0 ? numbers[i - 1] : 0.0;
    if (!(numbers[i] >= before && numbers[i] <= (double)n_rows) || numbers[i] != floor(numbers[i]))
      return fail_at(error, i + 1, GMMPI_BAD_DATA,
                     "%s: row %" PRId64 ": %g is no beginning of a group; give whole numbers from 0 to %" PRId64
                     " that do not descend",
                     file->label, i + 1, numbers[i], n_rows);
    offsets[i] = (int64_t)numbers[i];
  }
  if (offsets[0] != 0)
    return fail(error, GMMPI_BAD_DATA, "%s: the first group begins with row %" PRId64 "; rows count from 0",
                file->label, offsets[0]);
  *n_groups = n > 1 && offsets[n - 1] == n_rows ? n - 1 : n;
  offsets[*n_groups] = n_rows;
  return GMMPI_OK;
}

gmmpi_status group_offsets_read(MPI_Comm comm, point_source *file, int64_t n_rows, int64_t **offsets, int64_t *n_groups,
                                gmmpi_error *error)
{
  gmmpi_error local = {0};
  double *numbers = NULL;
  *offsets = NULL;
  const int64_t n = file->n_rows;
  if (file->n_features != 1) {
    fail(&local, GMMPI_BAD_DATA, "%s: has %" PRId64 " columns; give one with the rows with which groups begin",
         file->label, file->n_features);
  } else if (n > MOST_GROUPS) {
    fail(&local, GMMPI_BAD_DATA, "%s: has too many groups; there may be %d", file->label, MOST_GROUPS);
  } else {
    numbers = allocate(n, sizeof *numbers);
    *offsets = allocate(n + 1, sizeof **offsets);
    if (numbers == NULL || *offsets == NULL)
      fail(&local, GMMPI_NO_MEMORY, "%s: no memory is left to read it", file->label);
    else if (source_read(file, 0, n, numbers, &local) == GMMPI_OK)
      take(file, numbers, n, n_rows, *offsets, n_groups, &local);
  }
  agree(comm, &local);
  free(numbers);
  if (local.status != GMMPI_OK) {
    free(*offsets);
    *offsets = NULL;
  }
  return error_pass(error, &local);
}
