/* SPDX-License-Identifier: BSD-3-Clause */
/* Tables as text: a line for each row, numbers with all their digits. Where a rank's text goes is known when those
 * before it have told the length of theirs, so that rows are produced twice: to measure and to write. */
#include "apply/output_kinds.h"

#include "support/csv_field.h"
#include "support/error.h"
#include "support/file.h"
#include "support/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- text --- */

/* The first line, which the caller frees; NULL when there is no memory. */
static char *make_header(const output_table *table, char delimiter)
{
  size_t size = 1;
  for (int c = 0; c < table->n_columns; c++) {
    for (int64_t i = 0; i < table->columns[c].width; i++) size += 2 * strlen(table->columns[c].headings[i]) + 3;
    if (table->columns[c].names != NULL) size += 2 * strlen(table->columns[c].names_heading) + 3;
  }
  char *header = malloc(size);
  if (header == NULL) return NULL;
  char *next = header;
  for (int c = 0; c < table->n_columns; c++) {
    for (int64_t i = 0; i < table->columns[c].width; i++) {
      next = csv_put_field(next, table->columns[c].headings[i], delimiter);
      *next++ = delimiter;
    }
    if (table->columns[c].names != NULL) {
      next = csv_put_field(next, table->columns[c].names_heading, delimiter);
      *next++ = delimiter;
    }
  }
  next[-1] = '\n';
  *next = '\0';
  return header;
}

static char *put_number(char *text, output_type type, const void *numbers, int64_t i)
{
  switch (type) {
  case OUTPUT_INT32:
    return text + sprintf(text, "%d", ((const int32_t *)numbers)[i]);
  case OUTPUT_INT64:
    return text + sprintf(text, "%lld", (long long)((const int64_t *)numbers)[i]);
  case OUTPUT_FLOAT:
    return text + sprintf(text, "%.9g", (double)((const float *)numbers)[i]);
  case OUTPUT_REAL:
    break;
  }
  return text + sprintf(text, "%.17g", ((const double *)numbers)[i]);
}

static char *put_name(char *text, const output_column *column, int32_t number, char delimiter)
{
  return number >= 0 && number < column->n_names ? csv_put_field(text, column->names[number], delimiter) : text;
}

/* The most bytes that the names of a row take, with delimiters. */
static int64_t most_name_bytes(const output_table *table)
{
  int64_t bytes = 0;
  for (int c = 0; c < table->n_columns; c++) {
    const output_column *column = &table->columns[c];
    size_t longest = 0;
    for (int64_t i = 0; column->names != NULL && i < column->n_names; i++) {
      const size_t length = strlen(column->names[i]);
      if (length > longest) longest = length;
    }
    if (column->names != NULL) bytes += 2 * (int64_t)longest + 3;
  }
  return bytes;
}

/* n rows as text, which has OUTPUT_TEXT_BYTES for each number, and room for names. Returns its length. */
static int64_t format_rows(const output_table *table, char delimiter, int64_t n, void *const *numbers, char *text)
{
  char *next = text;
  for (int64_t row = 0; row < n; row++) {
    for (int c = 0; c < table->n_columns; c++) {
      const output_column *column = &table->columns[c];
      for (int64_t i = 0; i < column->width; i++) {
        next = put_number(next, column->type, numbers[c], row * column->width + i);
        *next++ = delimiter;
      }
      if (column->names != NULL) {
        next = put_name(next, column, ((const int32_t *)numbers[c])[row], delimiter);
        *next++ = delimiter;
      }
    }
    next[-1] = '\n';
  }
  return next - text;
}

/* --- the file --- */

/* What a rank knows of its text. */
typedef struct text_part {
  char *header;
  char *text;         /* room for a chunk */
  int64_t length;     /* of all its text */
  int64_t offset;     /* where the next chunk of it goes in the file */
  int64_t file_bytes; /* of the whole file */
} text_part;

/* An output_chunk_handler. */
static gmmpi_status measure_chunk(output_job *work, void *context, int64_t first, int64_t n, gmmpi_error *error)
{
  (void)first;
  (void)error;
  text_part *own = context;
  own->length += format_rows(work->table, work->delimiter, n, work->numbers, own->text);
  return GMMPI_OK;
}

/* An output_chunk_handler. */
static gmmpi_status write_chunk(output_job *work, void *context, int64_t first, int64_t n, gmmpi_error *error)
{
  (void)first;
  text_part *own = context;
  const int64_t length = format_rows(work->table, work->delimiter, n, work->numbers, own->text);
  const int64_t offset = own->offset;
  own->offset += length;
  return file_write_at(work->descriptor, work->path, own->text, (size_t)length, offset, error);
}

static gmmpi_status make_room(const output_job *work, text_part *own, gmmpi_error *error)
{
  const output_table *table = work->table;
  const int64_t most_rows = table->n_own < work->chunk_rows ? table->n_own : work->chunk_rows;
  int64_t count;
  int64_t row_bytes;
  if (multiply_fits(output_numbers_per_row(table), OUTPUT_TEXT_BYTES, &row_bytes) &&
      !__builtin_add_overflow(row_bytes, most_name_bytes(table), &row_bytes) &&
      multiply_fits(most_rows, row_bytes, &count))
    own->text = allocate(count, 1);
  own->header = make_header(table, work->delimiter);
  return own->text != NULL && own->header != NULL ? GMMPI_OK : output_no_memory(work->path, error);
}

/* Collective: where this rank's text goes, and how long the file is. Errors are agreed. */
static gmmpi_status measure(output_job *work, text_part *own, gmmpi_error *error)
{
  output_job_rows(work, "measuring", measure_chunk, own, error);
  int64_t before = 0;
  int64_t total;
  const int64_t header = (int64_t)strlen(own->header);
  MPI_Exscan(&own->length, &before, 1, MPI_INT64_T, MPI_SUM, work->comm);
  MPI_Allreduce(&own->length, &total, 1, MPI_INT64_T, MPI_SUM, work->comm);
  own->offset = header + (work->rank == 0 ? 0 : before);
  own->file_bytes = header + total;
  return agree(work->comm, error);
}

/* Rank 0: the draft with the header. */
static gmmpi_status create_draft(const output_job *work, const text_part *own, gmmpi_error *error)
{
  int descriptor;
  gmmpi_status status = output_job_begin_draft(work, &descriptor, error);
  if (status != GMMPI_OK) return status;
  status = file_write_at(descriptor, work->path, own->header, strlen(own->header), 0, error);
  return output_job_end_draft(work, descriptor, own->file_bytes, status, error);
}

gmmpi_status output_write_text(output_job *work, gmmpi_error *error)
{
  text_part own = {0};
  make_room(work, &own, error);
  if (agree(work->comm, error) == GMMPI_OK && measure(work, &own, error) == GMMPI_OK) {
    if (work->rank == 0) create_draft(work, &own, error);
    if (agree(work->comm, error) == GMMPI_OK) output_job_write_in_place(work, write_chunk, &own, error);
  }
  free(own.header);
  free(own.text);
  return error->status;
}
