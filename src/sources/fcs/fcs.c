/* SPDX-License-Identifier: BSD-3-Clause */
/* FCS files: events of a flow cytometer, one behind the other, each with a number for each parameter. */
#include "sources/fcs/keywords.h"
#include "sources/fcs/parameters.h"
#include "sources/source.h"
#include "support/error.h"
#include "support/file.h"
#include "support/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* How much is read at once, unless one event is larger, and how much of it is converted while it is in the cache. */
enum { PIECE_BYTES = 4 << 20, BLOCK_BYTES = 64 << 10 };

/* So many parameters may be picked by their markers; more are none of a cytometer's. */
enum { MOST_MARKERS = 10000 };

typedef struct fcs_state {
  int descriptor;
  fcs_table table;
  unsigned char *piece; /* NULL until something is read */
} fcs_state;

static bool is_digit(unsigned char c)
{
  return c >= '0' && c <= '9';
}

static bool recognises(const char *path, const unsigned char *head, size_t n_bytes)
{
  (void)path;
  return n_bytes >= 10 && memcmp(head, "FCS", 3) == 0 && is_digit(head[3]) && head[4] == '.' && is_digit(head[5]) &&
         memcmp(head + 6, "    ", 4) == 0;
}

/* --- what people should know --- */

static void add(char *text, size_t n_bytes, const char *before, const char *name, const char *label)
{
  const size_t used = strlen(text);
  snprintf(text + used, n_bytes - used, "%s%s %s", used > 0 ? ", " : before, name, label);
}

/* "FL1-A CD3, FL2-A CD4" */
static void note_labels(point_source *source, const fcs_table *table)
{
  enum { ENOUGH = 250 };
  char text[NOTE_BYTES] = "";
  int64_t n_more = 0;
  for (int64_t j = 0; j < source->n_features; j++) {
    const fcs_parameter *parameter = &table->parameters[source->columns[j]];
    if (parameter->label == NULL) continue;
    if (strlen(text) + strlen(parameter->name) + strlen(parameter->label) > ENOUGH) {
      n_more++;
    } else {
      add(text, sizeof text, "", parameter->name, parameter->label);
    }
  }
  if (n_more > 0) snprintf(text + strlen(text), sizeof text - strlen(text), ", and %" PRId64 " more", n_more);
  if (text[0] != '\0') source_note(source, "markers ($PnS), which --columns takes as well: %s", text);
}

static void note_scales(point_source *source, const fcs_table *table)
{
  bool has_log = false;
  bool has_gain = false;
  const fcs_parameter *odd = NULL;
  for (int64_t j = 0; j < source->n_features; j++) {
    const fcs_parameter *parameter = &table->parameters[source->columns[j]];
    has_log = has_log || parameter->decades > 0.0;
    has_gain = has_gain || parameter->gain != 1.0;
    if (parameter->has_log_of_float) odd = parameter;
  }
  if (source->choices.raw_values != 0) {
    if (has_log || has_gain)
      source_note(source, "numbers are channels as in the file, without $PnE and $PnG (--raw-values)");
    return;
  }
  if (has_log)
    source_note(source, "channels of a logarithmic amplifier are made linear by $PnE (--raw-values: they are not)");
  if (has_gain) source_note(source, "numbers are divided by the gain $PnG (--raw-values: they are not)");
  if (odd != NULL)
    source_note(source,
                "$PnE of parameter %s names a logarithmic scale, but numbers that are floats are linear, and are "
                "taken so",
                odd->name);
}

static void note_compensation(point_source *source, const fcs_keywords *keywords)
{
  static const char *const keys[] = {"$SPILLOVER", "SPILL", "SPILLOVER", "$COMP", "COMP", "$DFC1TO2"};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    if (fcs_value(keywords, keys[i]) == NULL) continue;
    source_note(source, "the file has a compensation (%s), which is not applied", keys[i]);
    return;
  }
}

static void note_time(point_source *source)
{
  for (int64_t j = 0; j < source->n_features; j++) {
    if (strcasecmp(source->feature_names[j], "Time") == 0 && source_takes_all_columns(source))
      source_note(source, "the time of an event, %s, is a feature as any other; leave it out with --columns",
                  source->feature_names[j]);
  }
}

/* Some write a number there that leads nowhere. */
static void look_for_more(point_source *source, const fcs_keywords *keywords, int64_t n_bytes)
{
  const fcs_state *state = source->state;
  char mark[3];
  int64_t next = 0;
  const char *value = fcs_value(keywords, "$NEXTDATA");
  if (value == NULL || !fcs_parse_count(value, &next) || next < 1 || next > n_bytes - (int64_t)sizeof mark) return;
  if (pread(state->descriptor, mark, sizeof mark, next) == sizeof mark && memcmp(mark, "FCS", sizeof mark) == 0)
    source_doubt(source,
                 "only the first of its data sets is read, the next one begins at byte %" PRId64
                 " ($NEXTDATA); export that to a file of its own if it is meant",
                 next);
}

/* --- opening --- */

/* The marker of a parameter stands for it in --columns, unless another one has that name. */
static bool is_unique(const fcs_table *table, int64_t parameter)
{
  const char *label = table->parameters[parameter].label;
  int n = 0;
  for (int64_t i = 0; i < table->n; i++) {
    const fcs_parameter *other = &table->parameters[i];
    n += strcmp(other->name, label) == 0 || (other->label != NULL && strcmp(other->label, label) == 0) ? 1 : 0;
  }
  return n == 1;
}

static gmmpi_status pick_columns(point_source *source, const fcs_table *table, const source_options *options,
                                 gmmpi_error *error)
{
  char **names = allocate(table->n, sizeof *names);
  char **labels = allocate(table->n, sizeof *labels);
  if (names == NULL || labels == NULL) {
    fail(error, GMMPI_NO_MEMORY, "%s: no memory is left for the names of its parameters", source->label);
  } else {
    for (int64_t i = 0; i < table->n; i++) {
      names[i] = table->parameters[i].name;
      if (options->columns != NULL && table->n <= MOST_MARKERS && table->parameters[i].label != NULL &&
          is_unique(table, i))
        labels[i] = table->parameters[i].label;
    }
    source_pick_of_arrays(source, table->n, names, labels, options, error);
  }
  free(names);
  free(labels);
  return error->status;
}

static gmmpi_status open_events(point_source *source, int64_t n_bytes, const fcs_keywords *keywords,
                                const source_options *options, gmmpi_error *error)
{
  fcs_state *state = source->state;
  fcs_table *table = &state->table;
  if (fcs_table_read(keywords, source->label, n_bytes, table, error) != GMMPI_OK ||
      pick_columns(source, table, options, error) != GMMPI_OK)
    return error->status;
  source->n_rows = table->n_events;
  source->streams = true;
  source->has_fields = true;
  source->buffer_bytes = PIECE_BYTES;
  source->place_word = "event";
  note_labels(source, table);
  note_scales(source, table);
  note_compensation(source, keywords);
  note_time(source);
  look_for_more(source, keywords, n_bytes);
  if (table->other_begin > 0)
    source_doubt(source,
                 "events are read from byte %" PRId64 " on, but its header or $BEGINDATA says %" PRId64
                 "; look at the numbers, and export the file anew if they are wrong",
                 table->data_begin, table->other_begin);
  if (table->room_events > table->n_events + FCS_CHECKSUM_BYTES / table->event_bytes)
    source_doubt(source,
                 "its DATA segment has room for %" PRId64 " events, but $TOT says %" PRId64 ", and so many are "
                 "read; export the file anew if there should be more",
                 table->room_events, table->n_events);
  return GMMPI_OK;
}

static gmmpi_status open_fcs(MPI_Comm comm, point_source *source, const source_options *options, gmmpi_error *error)
{
  (void)comm;
  fcs_state *state = calloc(1, sizeof *state);
  if (state == NULL) return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to open it", source->label);
  source->state = state;
  struct stat status;
  gmmpi_error local = {0};
  fcs_keywords keywords = {0};
  state->descriptor = open(source->file, O_RDONLY | O_CLOEXEC);
  if (state->descriptor < 0 || fstat(state->descriptor, &status) != 0)
    return fail(error, GMMPI_NO_INPUT, "%s: cannot be read (%s); check that every node can read it", source->label,
                strerror(errno));
  if (fcs_keywords_read(state->descriptor, source->label, status.st_size, &keywords, &local) == GMMPI_OK)
    open_events(source, status.st_size, &keywords, options, &local);
  fcs_keywords_clear(&keywords);
  return error_pass(error, &local);
}

static void close_fcs(point_source *source)
{
  fcs_state *state = source->state;
  if (state->descriptor >= 0) close(state->descriptor);
  fcs_table_clear(&state->table);
  free(state->piece);
  free(state);
}

/* --- reading --- */

static gmmpi_status read_piece(const point_source *source, int64_t first_row, int64_t n_rows, double *rows,
                               gmmpi_error *error)
{
  const fcs_state *state = source->state;
  const fcs_table *table = &state->table;
  const int64_t event_bytes = table->event_bytes;
  const gmmpi_status status =
      file_read_at(state->descriptor, source->label, state->piece, (size_t)(n_rows * event_bytes),
                   table->data_begin + first_row * event_bytes, error);
  const int64_t block_rows = event_bytes < BLOCK_BYTES ? BLOCK_BYTES / event_bytes : 1;
  for (int64_t done = 0; done < n_rows && status == GMMPI_OK; done += block_rows) {
    const int64_t count = n_rows - done < block_rows ? n_rows - done : block_rows;
    for (int64_t j = 0; j < source->n_features; j++) {
      const fcs_parameter *parameter = &table->parameters[source->columns[j]];
      fcs_convert(table, parameter, source->choices.raw_values != 0,
                  state->piece + done * event_bytes + parameter->offset, count, rows + done * source->n_features + j,
                  source->n_features);
    }
  }
  return status;
}

static gmmpi_status read_fcs(point_source *source, int64_t first_row, int64_t n_rows, double *rows, gmmpi_error *error)
{
  fcs_state *state = source->state;
  const int64_t event_bytes = state->table.event_bytes;
  const int64_t piece_rows = event_bytes < PIECE_BYTES ? PIECE_BYTES / event_bytes : 1;
  if (state->piece == NULL) {
    const int64_t most = piece_rows < source->n_rows ? piece_rows : source->n_rows;
    state->piece = malloc((size_t)(most * event_bytes));
    if (state->piece == NULL) return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read it", source->label);
  }
  gmmpi_status status = GMMPI_OK;
  for (int64_t done = 0; done < n_rows && status == GMMPI_OK; done += piece_rows) {
    const int64_t count = n_rows - done < piece_rows ? n_rows - done : piece_rows;
    status = read_piece(source, first_row + done, count, rows + done * source->n_features, error);
  }
  return status;
}

const source_kind source_fcs = {.name = "FCS",
                                .suffixes = (const char *const[]){".fcs", ".lmd", NULL},
                                .recognises = recognises,
                                .open = open_fcs,
                                .read = read_fcs,
                                .close = close_fcs};
