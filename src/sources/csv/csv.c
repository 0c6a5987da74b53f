/* SPDX-License-Identifier: BSD-3-Clause */
/* Text tables: CSV, TSV, semicolons, blanks. Reading ascending rows goes on where the last read ended and never looks
 * for a landmark again. */
#include "sources/csv/explain.h"
#include "sources/csv/find_format.h"
#include "sources/csv/landmarks.h"
#include "sources/csv/last_line.h"
#include "sources/csv/row.h"
#include "sources/csv/settings.h"
#include "sources/csv/text_lines.h"
#include "sources/source.h"
#include "support/error.h"
#include "support/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct csv_state {
  int descriptor;
  int64_t n_bytes;
  line_reader reader;
  csv_format format;
  csv_row_layout layout;
  line_rules rules;
  csv_landmarks landmarks;
  csv_landmark next;    /* where the last read ended */
  int64_t *lines;       /* of the rows of the last read */
  int64_t first_read;   /* the first of these rows */
  int64_t n_lines_held; /* room in lines */
} csv_state;

static bool recognises(const char *path, const unsigned char *head, size_t n_bytes)
{
  (void)path;
  return memchr(head, '\0', n_bytes) == NULL;
}

static gmmpi_status out_of_memory(const point_source *source, gmmpi_error *error)
{
  return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read it", source->label);
}

/* --- opening --- */

/* Takes the first column back where all were picked. */
static void leave_out_first(point_source *source)
{
  free(source->feature_names[0]);
  source->n_features--;
  memmove(source->feature_names, source->feature_names + 1, (size_t)source->n_features * sizeof *source->feature_names);
  memmove(source->columns, source->columns + 1, (size_t)source->n_features * sizeof *source->columns);
  for (int b = 0; b < N_BESIDE; b++) source->beside_columns[b] -= source->beside_columns[b] > 0 ? 1 : 0;
} /* NOLINT(clang-analyzer-unix.Malloc): the other names have moved */

/* Opens the file, looks at its first lines and picks columns. */
static gmmpi_status find_columns(point_source *source, const source_options *options, gmmpi_error *error)
{
  csv_state *state = source->state;
  struct stat status;
  state->descriptor = open(source->file, O_RDONLY | O_CLOEXEC);
  if (state->descriptor < 0 || fstat(state->descriptor, &status) != 0)
    return fail(error, GMMPI_NO_INPUT, "%s: cannot be read (%s); check that every node can read it", source->label,
                strerror(errno));
  state->n_bytes = status.st_size;

  gmmpi_status result =
      line_reader_open(&state->reader, state->descriptor, source->path, state->n_bytes, TEXT_PIECE_BYTES, error);
  if (result != GMMPI_OK) return result;
  if ((result = line_reader_find_line_end(&state->reader, error)) != GMMPI_OK) return result;
  const char *begin;
  const char *end;
  if ((result = line_reader_next(&state->reader, &begin, &end, error)) != GMMPI_OK) return result;
  const bool has_byte_order_mark = begin != NULL && end - begin >= 3 && memcmp(begin, "\xef\xbb\xbf", 3) == 0;
  line_reader_seek(&state->reader, has_byte_order_mark ? 3 : 0);
  const bool picks_columns = options->columns != NULL || options->wanted.names != NULL;
  result = csv_format_find(&state->reader, source, picks_columns, &state->format, error);
  source->no_rows = state->format.no_rows;
  if (result != GMMPI_OK || state->format.n_columns == 0) return result;
  result = source_pick_columns(source, state->format.n_columns, state->format.names, options, error);
  if (result != GMMPI_OK) return result;
  for (int i = 0; i < state->format.n_index; i++) {
    if (source->n_features > source->n_beside && source->columns[0] == i) leave_out_first(source);
  }
  csv_look_at_last_line(source, state->descriptor, state->n_bytes, &state->format);

  const csv_format *format = &state->format;
  const csv_settings *settings = source->settings;
  const char other_mark = format->decimal == '.' ? ',' : '.';
  const char group = format->group == '\0' && settings->decimal != '\0' ? other_mark : format->group;
  int64_t *feature_of = allocate(source->n_columns, sizeof *feature_of);
  state->rules = (line_rules){format->delimiter, format->comment, state->reader.line_end};
  state->layout =
      (csv_row_layout){.delimiter = format->delimiter,
                       .cells = {.decimal = format->decimal, .group = group, .missing = &source->choices.missing},
                       .n_leading = format->n_leading,
                       .n_trailing = format->n_trailing,
                       .feature_of = feature_of};
  if (feature_of == NULL) return out_of_memory(source, error);
  for (int64_t i = 0; i < source->n_columns; i++) feature_of[i] = -1;
  for (int64_t i = 0; i < source->n_features; i++) feature_of[source->columns[i]] = i;
  return GMMPI_OK;
}

/* Collective. */
static gmmpi_status find_rows(MPI_Comm comm, point_source *source, gmmpi_error *error)
{
  csv_state *state = source->state;
  const gmmpi_status status = csv_landmarks_find(comm, state->descriptor, source->path, source->label, state->n_bytes,
                                                 &state->format, &state->rules, &state->landmarks, error);
  if (status != GMMPI_OK) return status;
  source->n_rows = state->landmarks.n_rows;
  if (source->n_rows == 0) source->no_rows = "has no rows";
  state->next = state->landmarks.marks[0];
  return GMMPI_OK;
}

static gmmpi_status open_csv(MPI_Comm comm, point_source *source, const source_options *options, gmmpi_error *error)
{
  csv_state *state = calloc(1, sizeof *state);
  gmmpi_error local = {0};
  source->state = state;
  source->place_word = "line";
  source->has_texts = true;
  if (state == NULL) {
    out_of_memory(source, &local);
  } else {
    state->descriptor = -1;
    find_columns(source, options, &local);
  }
  if (agree(comm, &local) == GMMPI_OK && source->no_rows == NULL) find_rows(comm, source, &local);
  if (local.status != GMMPI_OK) *error = local;
  return local.status;
}

static void close_csv(point_source *source)
{
  csv_state *state = source->state;
  line_reader_close(&state->reader);
  csv_format_close(&state->format);
  if (state->descriptor >= 0) close(state->descriptor);
  csv_landmarks_clear(&state->landmarks);
  free(state->layout.feature_of);
  free(state->lines);
  free(state);
}

/* --- reading --- */

/* The next line that is a row; *line is its number. */
static gmmpi_status next_row(const point_source *source, const char **begin, const char **end, int64_t *line,
                             gmmpi_error *error)
{
  csv_state *state = source->state;
  do {
    const gmmpi_status status = line_reader_next(&state->reader, begin, end, error);
    if (status != GMMPI_OK) return status;
    if (*begin == NULL)
      return fail(error, GMMPI_BAD_DATA, "%s: changes while it is read; start again when it is complete",
                  source->label);
    *line = state->next.line++;
  } while (!is_row(*begin, *end, &state->rules));
  state->next.row++;
  return GMMPI_OK;
}

/* The numbers of a line. */
static gmmpi_status parse_row(const point_source *source, const char *begin, const char *end, int64_t line, double *row,
                              gmmpi_error *error)
{
  const csv_state *state = source->state;
  csv_fault fault;
  if (csv_row_parse(source->n_columns, &state->layout, begin, end, row, &fault)) return GMMPI_OK;
  if (fault.kind == FAULT_TEXT)
    return fail_at(
        error, line, GMMPI_BAD_DATA,
        "%s: line %" PRId64 ": \"%.*s\" is one different label too many; name another column (--known-labels, --by)",
        source->label, line, (int)(fault.cell.end - fault.cell.begin < 60 ? fault.cell.end - fault.cell.begin : 60),
        fault.cell.begin);
  const faulty_line wrong = {.source = source,
                             .layout = &state->layout,
                             .format = &state->format,
                             .rules = &state->rules,
                             .descriptor = state->descriptor,
                             .n_bytes = state->n_bytes,
                             .begin = begin,
                             .end = end,
                             .line = line,
                             .is_last = line_reader_place(&state->reader) == state->n_bytes};
  return csv_explain(&wrong, &fault, error);
}

/* Goes to a row: from where the last read ended, or from the last landmark before it. */
static gmmpi_status go_to(const point_source *source, int64_t row, gmmpi_error *error)
{
  csv_state *state = source->state;
  if (state->next.row == row) {
    line_reader_seek(&state->reader, state->next.offset);
    return GMMPI_OK;
  }
  csv_landmark start = csv_landmark_before(&state->landmarks, row);
  if (state->next.row <= row && state->next.row >= start.row) start = state->next;
  state->next = start;
  line_reader_seek(&state->reader, start.offset);
  gmmpi_status status = GMMPI_OK;
  const char *begin;
  const char *end;
  int64_t line;
  while (status == GMMPI_OK && state->next.row < row) status = next_row(source, &begin, &end, &line, error);
  return status;
}

static gmmpi_status hold_lines(const point_source *source, int64_t n_rows, gmmpi_error *error)
{
  csv_state *state = source->state;
  if (n_rows <= state->n_lines_held) return GMMPI_OK;
  free(state->lines);
  state->lines = allocate(n_rows, sizeof *state->lines);
  state->n_lines_held = state->lines == NULL ? 0 : n_rows;
  return state->lines == NULL ? out_of_memory(source, error) : GMMPI_OK;
}

static gmmpi_status read_csv(point_source *source, int64_t first_row, int64_t n_rows, double *rows, gmmpi_error *error)
{
  csv_state *state = source->state;
  gmmpi_status status = hold_lines(source, n_rows, error);
  if (status != GMMPI_OK) return status;
  status = go_to(source, first_row, error);
  state->first_read = first_row;
  state->layout.keeps_text = source->keeps_text;
  state->layout.texts = source->texts;
  state->layout.text_feature = source->text_feature;
  for (int64_t i = 0; status == GMMPI_OK && i < n_rows; i++) {
    const char *begin;
    const char *end;
    status = next_row(source, &begin, &end, &state->lines[i], error);
    if (status == GMMPI_OK)
      status = parse_row(source, begin, end, state->lines[i], rows + i * source->n_features, error);
  }
  state->next.offset = line_reader_place(&state->reader);
  return status;
}

static int64_t place_in_csv(const point_source *source, int64_t row)
{
  const csv_state *state = source->state;
  return state->lines[row - state->first_read];
}

const source_kind source_csv = {.name = "CSV",
                                .variants = "TSV",
                                .suffixes = (const char *const[]){".csv", ".tsv", ".txt", NULL},
                                .settings = csv_settings_table,
                                .n_settings = N_CSV_SETTINGS,
                                .settings_bytes = sizeof(csv_settings),
                                .recognises = recognises,
                                .open = open_csv,
                                .read = read_csv,
                                .place = place_in_csv,
                                .close = close_csv};
