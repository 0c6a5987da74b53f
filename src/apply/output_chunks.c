/* Compressed HDF5: every rank produces and packs chunks, rank 0 writes them.
 *
 * The table is cut into pieces, which are handled in an order that is the same at any number of ranks, and in which
 * neighbours are far apart (the bits of their numbers reversed), so that at any time each rank has about as many to
 * pack; rank 0 takes them in this order while the other ranks pack their next ones. The order decides about the bytes
 * of the file; the pieces are large enough for a disk to read the rows in their own order all the same. */
#include "apply/output_chunks.h"

#include "apply/output_deflate.h"
#include "apply/output_format.h"
#include "support/error.h"
#include "support/memory.h"
#include "support/ranges.h"
#include "support/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A chunk is a part of a granule of at most about so many bytes. */
static const int64_t chunk_bytes = 1 << 20;

enum { TAG_LENGTH = 1, TAG_GO_ON = 2, TAG_BYTES = 3 };
static const int64_t longest_message = 1 << 30;

/* One rank's part in writing one file. */
typedef struct packing {
  MPI_Comm comm;
  int rank, n_ranks;
  const output_table *table;
  const char *path;
  int64_t piece_rows;
  int64_t n_pieces;
  int64_t chunk_rows;
  void *const *numbers;
  byte_buffer shuffled;
  byte_buffer packed;
  /* rank 0: */
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
  const char *numbers = (const char *)work->numbers[column] + (row - own.begin) * shape->width * number_bytes;
  return deflate_chunk(numbers, n_rows * shape->width, work->chunk_rows * shape->width, number_bytes,
                       work->table->compress, &work->shuffled, &work->packed, work->path, error);
}

/* Writes the next chunk of those that were packed. */
static gmmpi_status write_chunk(packing *work, int column, int64_t row, int64_t n_rows, gmmpi_error *error)
{
  (void)n_rows;
  int64_t length;
  const unsigned char *next = work->packed.bytes + work->packed.n_bytes;
  memcpy(&length, next, sizeof length);
  work->packed.n_bytes += (int64_t)sizeof length + length;
  return output_chunk_write(work->file, column, row, next + sizeof length, length, work->path, error);
}

static gmmpi_status pack_piece(packing *work, int64_t piece, gmmpi_error *error)
{
  const output_table *table = work->table;
  const row_range own = own_rows(work, piece);
  work->packed.n_bytes = 0;
  if (signals_stop_requested()) return output_stopped(work->path, signals_received(), error);
  if (table->produce(table->context, own.begin - table->first_row, own.end - own.begin, work->numbers, error) !=
      GMMPI_OK)
    return error->status;
  return for_each_chunk(work, own, pack_chunk, error);
}

/* --- between the ranks --- */

static void send_bytes(const packing *work)
{
  for (int64_t done = 0; done < work->packed.n_bytes; done += longest_message) {
    const int64_t left = work->packed.n_bytes - done;
    MPI_Send(work->packed.bytes + done, (int)(left < longest_message ? left : longest_message), MPI_BYTE, 0, TAG_BYTES,
             work->comm);
  }
}

/* A rank but the first: packs its pieces and hands each over, as long as rank 0 wants them. */
static void hand_over(packing *work, gmmpi_error *error)
{
  piece_order order = order_begin(work->n_pieces);
  int goes_on = 1;
  for (int64_t piece = order_next(&order); piece >= 0 && goes_on; piece = order_next(&order)) {
    const row_range own = own_rows(work, piece);
    if (own.end <= own.begin) continue;
    int64_t length = -1;
    if (pack_piece(work, piece, error) == GMMPI_OK) length = work->packed.n_bytes;
    MPI_Send(&length, 1, MPI_INT64_T, 0, TAG_LENGTH, work->comm);
    if (length < 0) return;
    MPI_Recv(&goes_on, 1, MPI_INT, 0, TAG_GO_ON, work->comm, MPI_STATUS_IGNORE);
    if (goes_on) send_bytes(work);
  }
}

/* Rank 0: the packed chunks of another rank's part of a piece; false when there are none, or none are wanted because
 * something failed. */
static bool receive(packing *work, int rank, bool *has_failed, gmmpi_error *error)
{
  int64_t length;
  MPI_Recv(&length, 1, MPI_INT64_T, rank, TAG_LENGTH, work->comm, MPI_STATUS_IGNORE);
  if (length < 0) *has_failed = true;
  if (length >= 0 && !*has_failed && byte_buffer_reserve(&work->packed, length, work->path, error) != GMMPI_OK)
    *has_failed = true;
  const int goes_on = !*has_failed;
  work->is_done[rank] = *has_failed;
  if (length >= 0) MPI_Send(&goes_on, 1, MPI_INT, rank, TAG_GO_ON, work->comm);
  if (!goes_on) return false;
  for (int64_t done = 0; done < length; done += longest_message) {
    const int64_t left = length - done;
    MPI_Recv(work->packed.bytes + done, (int)(left < longest_message ? left : longest_message), MPI_BYTE, rank,
             TAG_BYTES, work->comm, MPI_STATUS_IGNORE);
  }
  return true;
}

/* Rank 0: writes the pieces of all ranks. After a failure every rank that has more is told so once. */
static void collect(packing *work, gmmpi_error *error)
{
  piece_order order = order_begin(work->n_pieces);
  bool has_failed = error->status != GMMPI_OK;
  int64_t n_done = 0;
  for (int64_t piece = order_next(&order); piece >= 0; piece = order_next(&order)) {
    const row_range all = rows_in_piece(work, piece, 0, work->table->n_rows);
    output_say_progress("writing", work->path, n_done++, work->n_pieces);
    for (int r = (int)range_with(work->n_ranks, work->first_rows, all.begin);
         r < work->n_ranks && work->first_rows[r] < all.end; r++) {
      const row_range rows = rows_in_piece(work, piece, work->first_rows[r], work->first_rows[r + 1]);
      if (rows.end <= rows.begin || work->is_done[r]) continue;
      const bool is_packed =
          r == 0 ? !has_failed && pack_piece(work, piece, error) == GMMPI_OK : receive(work, r, &has_failed, error);
      work->packed.n_bytes = 0;
      if (is_packed) for_each_chunk(work, rows, write_chunk, error);
      if (error->status != GMMPI_OK) has_failed = true;
    }
  }
}

/* Rank 0: the file, from its creation to the disk. */
static void write_file(packing *work, const char *draft, gmmpi_error *error)
{
  output_chunk_file file;
  output_chunk_file_create(work->table, work->chunk_rows, draft, &file, work->path, error);
  work->file = &file;
  collect(work, error);
  output_chunk_file_close(&file, draft, work->path, error);
  work->file = NULL;
}

static gmmpi_status open_packing(packing *work, gmmpi_error *error)
{
  if (work->rank != 0) return GMMPI_OK;
  work->first_rows = allocate((int64_t)work->n_ranks + 1, sizeof *work->first_rows);
  work->is_done = allocate(work->n_ranks, sizeof *work->is_done);
  if (work->first_rows != NULL && work->is_done != NULL) return GMMPI_OK;
  return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to write it; use machines with more memory", work->path);
}

gmmpi_status output_chunks_write(MPI_Comm comm, const output_table *table, const char *path, const char *draft,
                                 int64_t piece_rows, void *const *numbers, gmmpi_error *error)
{
  packing work = {.comm = comm,
                  .table = table,
                  .path = path,
                  .piece_rows = piece_rows,
                  .n_pieces = (table->n_rows - 1) / piece_rows + 1,
                  .chunk_rows = find_chunk_rows(table),
                  .numbers = numbers};
  MPI_Comm_rank(comm, &work.rank);
  MPI_Comm_size(comm, &work.n_ranks);
  open_packing(&work, error);
  if (agree(comm, error) == GMMPI_OK) {
    MPI_Gather(&table->first_row, 1, MPI_INT64_T, work.first_rows, 1, MPI_INT64_T, 0, comm);
    if (work.rank == 0) {
      work.first_rows[work.n_ranks] = table->n_rows;
      write_file(&work, draft, error);
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
