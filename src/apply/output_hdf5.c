/* SPDX-License-Identifier: BSD-3-Clause */
/* Tables as HDF5: a data set for each column. Contiguous ones are laid out by rank 0, and every rank writes its rows at
 * their place; compressed ones are for output_chunks.c. */
#include "apply/output_kinds.h"

#include "apply/output_chunks.h"
#include "apply/output_hdf5_file.h"
#include "support/error.h"
#include "support/file.h"

/* An output_chunk_handler. */
static gmmpi_status write_chunk(output_job *work, void *context, int64_t first, int64_t n, gmmpi_error *error)
{
  const output_layout *layout = context;
  gmmpi_status status = GMMPI_OK;
  for (int c = 0; status == GMMPI_OK && c < work->table->n_columns; c++) {
    const output_column *column = &work->table->columns[c];
    const int64_t row_bytes = column->width * output_number_bytes(column->type);
    status = file_write_at(work->descriptor, work->path, work->numbers[c], (size_t)(n * row_bytes),
                           layout->columns[c] + (work->table->first_row + first) * row_bytes, error);
  }
  return status;
}

/* Rank 0: the draft with all that is not rows; a device gets the rows alone. */
static gmmpi_status create_draft(const output_job *work, output_layout *layout, gmmpi_error *error)
{
  int descriptor;
  gmmpi_status status = output_job_begin_draft(work, &descriptor, error);
  if (status != GMMPI_OK) return status;
  if (!work->is_direct) status = output_hdf5_lay_out(work->table, work->path, work->draft, layout, error);
  return output_job_end_draft(work, descriptor, layout->file_bytes, status, error);
}

gmmpi_status output_write_hdf5(output_job *work, gmmpi_error *error)
{
  output_layout layout = {0};
  if (work->table->compress > 0 && !work->is_direct) return output_chunks_write(work, error);
  if (work->rank == 0) create_draft(work, &layout, error);
  if (agree(work->comm, error) != GMMPI_OK) return error->status;
  MPI_Bcast(&layout, (int)sizeof layout, MPI_BYTE, 0, work->comm);
  return output_job_write_in_place(work, write_chunk, &layout, error);
}
