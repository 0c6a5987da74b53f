/* SPDX-License-Identifier: BSD-3-Clause */
#include "apply/output.h"

#include "apply/output_kinds.h"
#include "support/error.h"
#include "support/file.h"
#include "support/memory.h"

int64_t output_bytes(int64_t granule, int64_t numbers_per_row)
{
  int64_t count;
  int64_t bytes;
  return multiply_fits(output_chunk_rows(granule, numbers_per_row), numbers_per_row, &count) &&
                 multiply_fits(count, (int64_t)sizeof(double) + OUTPUT_TEXT_BYTES, &bytes)
             ? bytes
             : INT64_MAX;
}

int64_t output_first_row(int64_t n_rows, int64_t granule, int rank, int n_ranks)
{
  const int64_t n_granules = n_rows / granule + (n_rows % granule != 0 ? 1 : 0);
  const int64_t row = (n_granules / n_ranks * rank + n_granules % n_ranks * rank / n_ranks) * granule;
  return row < n_rows ? row : n_rows;
}

bool output_is_text(const char *path)
{
  return output_kind_of(path)->delimiter != 0;
}

gmmpi_status output_write(MPI_Comm comm, const char *path, const output_table *table, gmmpi_error *error)
{
  gmmpi_error own = {0};
  output_job work;
  const output_kind *kind = output_kind_of(path);
  bool has_draft = false;

  output_job_open(comm, path, table, &work, &own);
  work.delimiter = kind->delimiter;
  if (agree(comm, &own) != GMMPI_OK) goto done;
  has_draft = work.rank == 0 && !work.is_direct;
  kind->write(&work, &own);
  if (agree(comm, &own) != GMMPI_OK ||
      (table->approve != NULL && table->approve(comm, table->context, &own) != GMMPI_OK))
    goto done;
  if (has_draft) file_publish(path, &own);
  agree(comm, &own);

done:
  if (has_draft && own.status != GMMPI_OK) file_discard_draft(path);
  output_job_close(&work);
  if (own.status != GMMPI_OK && error != NULL) *error = own;
  return own.status;
}
