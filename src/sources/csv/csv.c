/* Text tables: CSV, TSV, semicolons, blanks.
 *
 * To find row r in a file of which nobody knows the lines, the ranks count the lines when the file is opened, each
 * those of its share of many ranges of bytes; where these begin are landmarks, from the nearest of which a rank goes on
 * line by line. Reading ascending rows never looks for a landmark again. */
#include "sources/csv/fields.h"
#include "sources/csv/format.h"
#include "sources/csv/parse_number.h"
#include "sources/csv/text_lines.h"
#include "sources/source.h"
#include "support/error.h"
#include "support/large_messages.h"
#include "support/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A line: the rows and lines before it are counted. */
typedef struct landmark {
  int64_t row;    /* 0-based, of the first row that does not begin before it */
  int64_t offset; /* in the file */
  int64_t line;   /* 1-based */
} landmark;

typedef struct csv_state {
  int descriptor;
  int64_t n_bytes;
  line_reader reader;
  csv_format format;
  int64_t *feature_of; /* n_columns: the feature that a column is, -1 when it was not picked */
  landmark *landmarks; /* one for every range of bytes */
  int64_t n_landmarks;
  landmark next;        /* where the last read ended */
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

/* Opens the file, looks at its first lines and picks columns. */
static gmmpi_status find_columns(point_source *source, const source_options *options, gmmpi_error *error)
{
  csv_state *state = source->state;
  struct stat status;
  state->descriptor = open(source->path, O_RDONLY | O_CLOEXEC);
  if (state->descriptor < 0 || fstat(state->descriptor, &status) != 0)
    return fail(error, GMMPI_NO_INPUT, "%s: cannot be read (%s); check that every node can read it", source->label,
                strerror(errno));
  state->n_bytes = status.st_size;

  gmmpi_status result =
      line_reader_open(&state->reader, state->descriptor, source->path, state->n_bytes, TEXT_PIECE_BYTES, error);
  if (result != GMMPI_OK) return result;
  const char *begin;
  const char *end;
  if ((result = line_reader_next(&state->reader, &begin, &end, error)) != GMMPI_OK) return result;
  const bool has_byte_order_mark = begin != NULL && end - begin >= 3 && memcmp(begin, "\xef\xbb\xbf", 3) == 0;
  line_reader_seek(&state->reader, has_byte_order_mark ? 3 : 0);
  result = csv_format_find(&state->reader, source->label, options, &state->format, error);
  if (result != GMMPI_OK) return result;
  result = source_pick_columns(source, state->format.n_columns, state->format.names, options, error);
  if (result != GMMPI_OK) return result;

  state->feature_of = allocate(source->n_columns, sizeof *state->feature_of);
  if (state->feature_of == NULL) return out_of_memory(source, error);
  for (int64_t i = 0; i < source->n_columns; i++) state->feature_of[i] = -1;
  for (int64_t i = 0; i < source->n_features; i++) state->feature_of[source->columns[i]] = i;
  return GMMPI_OK;
}

/* Ranges have at most so many bytes. */
static const int64_t range_bytes = 1 << 20;

/* Collective: the number of ranges, a multiple of the number of ranks; the same on all of them as is the file's size.
 */
static gmmpi_status choose_ranges(MPI_Comm comm, const point_source *source, int64_t *n_ranges, gmmpi_error *error)
{
  const csv_state *state = source->state;
  int n_ranks;
  MPI_Comm_size(comm, &n_ranks);
  const int64_t length = state->n_bytes - state->format.first_row;
  const int64_t mine[4] = {state->n_bytes, -state->n_bytes, length, -length};
  int64_t largest[4];
  MPI_Allreduce(mine, largest, 4, MPI_INT64_T, MPI_MAX, comm);
  if (largest[0] != -largest[1] || largest[2] != -largest[3])
    return fail(error, GMMPI_BAD_DATA, "%s: its size changes while it is read, or is not the same on all nodes",
                source->label);
  *n_ranges = (length / range_bytes / n_ranks + 1) * n_ranks;
  return GMMPI_OK;
}

/* Counts the lines of one range. */
static gmmpi_status count_range(const point_source *source, int64_t range, int64_t n_ranges, line_count *count,
                                gmmpi_error *error)
{
  const csv_state *state = source->state;
  const int64_t first = state->format.first_row;
  const int64_t length = state->n_bytes - first;
  const int64_t share = length / n_ranges;
  const int64_t rest = length % n_ranges;
  const int64_t begin = first + range * share + (range < rest ? range : rest);
  const int64_t end = begin + share + (range < rest ? 1 : 0);
  const size_t piece_bytes = (size_t)range_bytes + 4096; /* with the byte before the range, at one go */
  return count_lines(state->descriptor, source->path, state->n_bytes, first, begin, end, state->format.delimiter,
                     piece_bytes, count, error);
}

static gmmpi_status set_landmarks(point_source *source, const line_count *counts, gmmpi_error *error)
{
  csv_state *state = source->state;
  landmark mark = {.row = 0, .line = state->format.line};
  for (int64_t r = 0; r < state->n_landmarks; r++) {
    mark.offset = counts[r].first_offset;
    state->landmarks[r] = mark;
    mark.line += counts[r].n_lines;
    mark.row += counts[r].n_rows;
  }
  source->n_rows = mark.row;
  state->next = state->landmarks[0];
  if (source->n_rows == 0)
    return fail(error, GMMPI_BAD_DATA, "%s: has no rows; give a file with points", source->label);
  return GMMPI_OK;
}

/* Collective: counts all ranges, each rank its share of them. */
static gmmpi_status find_rows(MPI_Comm comm, point_source *source, gmmpi_error *error)
{
  csv_state *state = source->state;
  int rank;
  int n_ranks;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &n_ranks);
  int64_t n_ranges = 0;
  if (choose_ranges(comm, source, &n_ranges, error) != GMMPI_OK) return error->status;
  line_count *counts = allocate(n_ranges, sizeof *counts);
  state->landmarks = allocate(n_ranges, sizeof *state->landmarks);
  state->n_landmarks = n_ranges;
  if (counts == NULL || state->landmarks == NULL) out_of_memory(source, error);
  const int64_t own = n_ranges / n_ranks;
  for (int64_t r = rank * own; r < (rank + 1) * own && error->status == GMMPI_OK; r++)
    count_range(source, r, n_ranges, &counts[r], error);
  if (agree(comm, error) == GMMPI_OK) {
    /* All members are int64_t; those of other ranks' ranges are 0 here. */
    allreduce_large(comm, counts, n_ranges * (int64_t)(sizeof *counts / sizeof(int64_t)), MPI_INT64_T, MPI_SUM);
    set_landmarks(source, counts, error);
  }
  free(counts);
  return error->status;
}

static gmmpi_status open_csv(MPI_Comm comm, point_source *source, const source_options *options, gmmpi_error *error)
{
  csv_state *state = calloc(1, sizeof *state);
  gmmpi_error local = {0};
  source->state = state;
  source->place_word = "line";
  if (state == NULL) {
    out_of_memory(source, &local);
  } else {
    state->descriptor = -1;
    find_columns(source, options, &local);
  }
  if (agree(comm, &local) == GMMPI_OK) find_rows(comm, source, &local);
  if (local.status != GMMPI_OK) *error = local;
  return local.status;
}

static void close_csv(point_source *source)
{
  csv_state *state = source->state;
  line_reader_close(&state->reader);
  csv_format_close(&state->format);
  if (state->descriptor >= 0) close(state->descriptor);
  free(state->feature_of);
  free(state->landmarks);
  free(state->lines);
  free(state);
}

/* --- reading --- */

/* The next line that is not blank; *line is its number. */
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
  } while (is_blank_line(*begin, *end, state->format.delimiter));
  state->next.row++;
  return GMMPI_OK;
}

/* The last landmark that is not behind this row. */
static int64_t last_landmark(const csv_state *state, int64_t row)
{
  int64_t low = 0;
  int64_t high = state->n_landmarks - 1;
  while (low < high) {
    const int64_t middle = low + (high - low + 1) / 2;
    if (state->landmarks[middle].row <= row) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

/* Goes to a row: from where the last read ended, or from the last landmark before it. */
static gmmpi_status go_to(const point_source *source, int64_t row, gmmpi_error *error)
{
  csv_state *state = source->state;
  if (state->next.row == row) {
    line_reader_seek(&state->reader, state->next.offset);
    return GMMPI_OK;
  }
  landmark start = state->landmarks[last_landmark(state, row)];
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

static gmmpi_status wrong_number_of_fields(const point_source *source, const char *begin, const char *end, int64_t line,
                                           gmmpi_error *error)
{
  const csv_state *state = source->state;
  bool is_unclosed;
  const int64_t n_fields = csv_count_fields(begin, end, state->format.delimiter, &is_unclosed);
  if (is_unclosed)
    return fail_at(error, line, GMMPI_BAD_DATA,
                   "%s: line %" PRId64 ": a quote is not closed; a quoted field may not contain a line break",
                   source->label, line);
  return fail_at(error, line, GMMPI_BAD_DATA,
                 "%s: line %" PRId64 " has %" PRId64 " field%s where %" PRId64 " %s expected; correct the line, or say "
                 "--delimiter",
                 source->label, line, n_fields, n_fields == 1 ? "" : "s", source->n_columns,
                 source->n_columns == 1 ? "is" : "are");
}

/* "3,5" where commas don't separate fields. */
static bool has_decimal_comma(const csv_field *field)
{
  char text[32];
  double value;
  const size_t length = (size_t)(field->end - field->begin);
  if (length >= sizeof text) return false;
  memcpy(text, field->begin, length);
  text[length] = '\0';
  char *comma = strchr(text, ',');
  if (comma == NULL) return false;
  *comma = '.';
  return parse_cell(text, text + length, &value) == CELL_NUMBER;
}

static gmmpi_status not_a_number(const point_source *source, const csv_field *field, int64_t feature, int64_t line,
                                 gmmpi_error *error)
{
  char name[100];
  source_feature_text(source, feature, name, sizeof name);
  const size_t length = (size_t)(field->end - field->begin);
  return fail_at(error, line, GMMPI_BAD_DATA, "%s: line %" PRId64 ", column %s: \"%.*s%s\" is not a number; %s",
                 source->label, line, name, length < 40 ? (int)length : 40, field->begin, length > 40 ? "..." : "",
                 has_decimal_comma(field) ? "write decimals with a point instead of a comma"
                                          : "leave a column of text out with --columns");
}

/* The numbers of one line into row: n_features. */
static gmmpi_status parse_row(const point_source *source, const char *begin, const char *end, int64_t line, double *row,
                              gmmpi_error *error)
{
  const csv_state *state = source->state;
  const char delimiter = state->format.delimiter;
  const char *const line_begin = begin;
  end = csv_trim(begin, end, delimiter);
  const char *next = csv_skip_blanks(begin, end, delimiter);
  csv_field wrong = {0};
  int64_t wrong_feature = -1;
  int64_t column = 0;
  for (; next != NULL && column < source->n_columns; column++) {
    const int64_t feature = state->feature_of[column];
    if (feature >= 0) {
      const char *start = csv_skip_blanks(next, end, delimiter);
      const char *behind = start < end ? parse_number(start, &row[feature]) : NULL;
      if (behind != NULL && (behind == end || csv_is_delimiter(*behind, delimiter))) {
        next = csv_behind(behind, end, delimiter);
        continue;
      }
    }
    csv_field field;
    next = csv_next_field(next, end, delimiter, &field);
    if (field.is_unclosed) return wrong_number_of_fields(source, line_begin, end, line, error);
    if (feature >= 0 && parse_cell(field.begin, field.end, &row[feature]) == CELL_TEXT && wrong_feature < 0) {
      wrong = field;
      wrong_feature = feature;
    }
  }
  if (next != NULL || column < source->n_columns) return wrong_number_of_fields(source, line_begin, end, line, error);
  return wrong_feature < 0 ? GMMPI_OK : not_a_number(source, &wrong, wrong_feature, line, error);
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
                                .recognises = recognises,
                                .open = open_csv,
                                .read = read_csv,
                                .place = place_in_csv,
                                .close = close_csv};
