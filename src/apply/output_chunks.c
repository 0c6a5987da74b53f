/* SPDX-License-Identifier: BSD-3-Clause */
/* Compressed HDF5: every rank produces and packs chunks, rank 0 writes them.
 *
 * The table is cut into pieces, which are handled in an order that is the same at any number of ranks, and in which
 * neighbours are far apart (the bits of their numbers reversed), so that at any time each rank has about as many to
 * pack; rank 0 takes them in this order while the other ranks pack their next ones. The order decides about the bytes
 * of the file; the pieces are large enough for a disk to read the rows in their own order all the same. */
#include "apply/output_chunks.h"

#include "apply/output_deflate.h"
#include "apply/output_handover.h"
#include "apply/output_hdf5_file.h"
#include "support/error.h"
#include "support/memory.h"
#include "support/ranges.h"
#include "support/signals.h"

#include <stdlib.h>
#include <string.h>

/* A chunk is a part of a granule of at most about so many bytes. */
static const int64_t chunk_bytes = 1 << 20;

/* One rank's part in it. */
typedef struct packing {
  const output_job *job;
  const output_table *table;
  int64_t piece_rows;
  int64_t n_pieces;
  int64_t chunk_rows;
  byte_buffer shuffled;
  byte_buffer packed; /* chunks of a piece: of each its length (int64_t) and its bytes */
  /* rank 0: */
  int64_t n_written; /* bytes of `packed` that are in the file */
  output_chunk_file *file;
  int64_t *first_rows; /* n_ranks + 1: where each rank's rows begin */
  bool *is_done;       /* n_ranks: it will send no more */
} packing;

/* The largest part of a granule that is small enough, one row at least. */
static int64_t find_chunk_rows(const output_table *table)
{
  int64_t widest = 1;
  for (int c = 0; c < table->n_columns; c++) {
    const int64_t row_bytes = table->columns[c].width * (int64_t)output_number_bytes(table->columns[c].type);
    if (row_bytes > widest) widest = row_bytes;
  }
  int64_t n_parts = 1;
  while (n_parts < table->granule && (table->granule % n_parts != 0 || table->granule / n_parts > chunk_bytes / widest))
    n_parts++;
  const int64_t rows = table->granule / n_parts;
  return rows < table->n_rows ? rows : table->n_rows;
}

/* --- the order --- */

/* Pieces by their numbers with all bits reversed; those beyond the last one are passed over. */
typedef struct piece_order {
  int64_t n_pieces;
  int n_bits;
  int64_t next;
} piece_order;

static piece_order order_begin(int64_t n_pieces)
{
  piece_order order = {.n_pieces = n_pieces};
  while (order.n_bits < 62 && (INT64_C(1) << order.n_bits) < n_pieces) order.n_bits++;
  return order;
}

/* The next piece, -1 when there is none. */
static int64_t order_next(piece_order *order)
{
  while (order->next < (INT64_C(1) << order->n_bits)) {
    const int64_t number = order->next++;
    int64_t piece = 0;
    for (int b = 0; b < order->n_bits; b++) piece |= (number >> b & 1) << (order->n_bits - 1 - b);
    if (piece < order->n_pieces) return piece;
  }
  return -1;
}

/* --- rows become packed chunks, and these a part of the file --- */

typedef struct row_range {
  int64_t begin;
  int64_t end;
} row_range;

/* The rows of [begin, end) in the piece; none: end <= begin. */
static row_range rows_in_piece(const packing *work, int64_t piece, int64_t begin, int64_t end)
{
  const int64_t first = piece * work->piece_rows;
  const int64_t behind = first + work->piece_rows;
  return (row_range){begin > first ? begin : first, end < behind ? end : behind};
}

static row_range own_rows(const packing *work, int64_t piece)
{
  return rows_in_piece(work, piece, work->table->first_row, work->table->first_row + work->table->n_own);
}

/* Calls visit for all chunks of these rows in the order in which they are in the file: granule by granule, column by
 * column. */
typedef gmmpi_status chunk_visitor(packing *work, int column, int64_t row, int64_t n_rows, gmmpi_error *error);

static gmmpi_status for_each_chunk(packing *work, row_range rows, chunk_visitor *visit, gmmpi_error *error)
{
  const int64_t granule = work->table->granule;
  for (int64_t begin = rows.begin, end; begin < rows.end; begin = end) {
    end = (begin / granule + 1) * granule < rows.end ? (begin / granule + 1) * granule : rows.end;
    for (int c = 0; c < work->table->n_columns; c++) {
      for (int64_t row = begin; row < end; row += work->chunk_rows) {
        const int64_t n = end - row < work->chunk_rows ? end - row : work->chunk_rows;
        if (visit(work, c, row, n, error) != GMMPI_OK) return error->status;
      }
    }
  }
  return GMMPI_OK;
}

/* Packs a chunk of the rows that were produced. */
static gmmpi_status pack_chunk(packing *work, int column, int64_t row, int64_t n_rows, gmmpi_error *error)
{
  const output_column *shape = &work->table->columns[column];
  const int number_bytes = output_number_bytes(shape->type);
  const row_range own = own_rows(work, row / work->piece_rows);
  const char *numbers = (const char *)work->job->numbers[column] + (row - own.begin) * shape->width * number_bytes;
  return deflate_chunk(numbers, n_rows * shape->width, work->chunk_rows * shape->width, number_bytes,
                       work->table->compress, &work->shuffled, &work->packed, work->job->path, error);
}

/* Writes the next one of the chunks that were packed. */
static gmmpi_status write_chunk(packing *work, int column, int64_t row, int64_t n_rows, gmmpi_error *error)
{
  (void)n_rows;
  int64_t length;
  memcpy(&length, work->packed.bytes + work->n_written, sizeof length);
  const unsigned char *chunk = work->packed.bytes + work->n_written + sizeof length;
  work->n_written += (int64_t)sizeof length + length;
  return output_chunk_write(work->file, column, row, chunk, length, work->job->path, error);
}

static gmmpi_status pack_piece(packing *work, int64_t piece, gmmpi_error *error)
{
  const output_table *table = work->table;
  const row_range own = own_rows(work, piece);
  work->packed.n_bytes = 0;
  if (signals_stop_requested()) return output_stopped(work->job->path, signals_received(), error);
  if (table->produce(table->context, own.begin - table->first_row, own.end - own.begin, work->job->numbers, error) !=
      GMMPI_OK)
    return error->status;
  return for_each_chunk(work, own, pack_chunk, error);
}

/* --- between the ranks --- */

/* A rank but the first: packs its pieces and hands each over, as long as rank 0 wants them. */
static void hand_over(packing *work, gmmpi_error *error)
{
  piece_order order = order_begin(work->n_pieces);
  for (int64_t piece = order_next(&order); piece >= 0; piece = order_next(&order)) {
    const row_range own = own_rows(work, piece);
    if (own.end <= own.begin) continue;
    const bool is_packed = pack_piece(work, piece, error) == GMMPI_OK;
    if (handover_offer(work->job->comm, is_packed ? &work->packed : NULL) != HANDED_OVER) return;
  }
}

/* Rank 0: a rank's chunks of a piece, packed. False when there are none, since something failed or had before. */
static bool get_packed(packing *work, int rank, int64_t piece, bool has_failed, gmmpi_error *error)
{
  if (rank == 0) return !has_failed && pack_piece(work, piece, error) == GMMPI_OK;
  const handover outcome = handover_take(work->job->comm, rank, !has_failed, &work->packed, work->job->path, error);
  work->is_done[rank] = outcome != HANDED_OVER;
  return outcome == HANDED_OVER;
}

/* Rank 0: writes the pieces of all ranks. After a failure every rank that has more is told so once. */
static void collect(packing *work, gmmpi_error *error)
{
  piece_order order = order_begin(work->n_pieces);
  bool has_failed = error->status != GMMPI_OK;
  int64_t n_done = 0;
  for (int64_t piece = order_next(&order); piece >= 0; piece = order_next(&order)) {
    const row_range all = rows_in_piece(work, piece, 0, work->table->n_rows);
    output_say_progress("writing", work->job->path, n_done++, work->n_pieces, work->table->n_rows);
    for (int r = (int)range_with(work->job->n_ranks, work->first_rows, all.begin);
         r < work->job->n_ranks && work->first_rows[r] < all.end; r++) {
      const row_range rows = rows_in_piece(work, piece, work->first_rows[r], work->first_rows[r + 1]);
      if (rows.end <= rows.begin || work->is_done[r]) continue;
      work->n_written = 0;
      if (!get_packed(work, r, piece, has_failed, error) || for_each_chunk(work, rows, write_chunk, error) != GMMPI_OK)
        has_failed = true;
    }
  }
}

/* Rank 0: the file, from its creation to the disk. */
static void write_file(packing *work, gmmpi_error *error)
{
  output_chunk_file file;
  output_chunk_file_create(work->table, work->chunk_rows, work->job->draft, &file, work->job->path, error);
  work->file = &file;
  collect(work, error);
  output_chunk_file_close(&file, work->job->draft, work->job->path, error);
  work->file = NULL;
}

static gmmpi_status open_packing(packing *work, gmmpi_error *error)
{
  if (work->job->rank != 0) return GMMPI_OK;
  work->first_rows = allocate((int64_t)work->job->n_ranks + 1, sizeof *work->first_rows);
  work->is_done = allocate(work->job->n_ranks, sizeof *work->is_done);
  return work->first_rows != NULL && work->is_done != NULL ? GMMPI_OK : output_no_memory(work->job->path, error);
}

gmmpi_status output_chunks_write(output_job *job, gmmpi_error *error)
{
  const output_table *table = job->table;
  packing work = {.job = job,
                  .table = table,
                  .piece_rows = job->chunk_rows,
                  .n_pieces = (table->n_rows - 1) / job->chunk_rows + 1,
                  .chunk_rows = find_chunk_rows(table)};
  open_packing(&work, error);
  if (agree(job->comm, error) == GMMPI_OK) {
    MPI_Gather(&table->first_row, 1, MPI_INT64_T, work.first_rows, 1, MPI_INT64_T, 0, job->comm);
    if (job->rank == 0) {
      work.first_rows[job->n_ranks] = table->n_rows;
      write_file(&work, error);
    } else {
      hand_over(&work, error);
    }
  }
  free(work.first_rows);
  free(work.is_done);
  free(work.shuffled.bytes);
  free(work.packed.bytes);
  return error->status;
}
