/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/hdf5/members.h"

#include "sources/hdf5/links.h"
#include "sources/hdf5/member_list.h"
#include "sources/hdf5/roles.h"
#include "support/error.h"
#include "support/hdf5_use.h"
#include "support/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Rows are brought together in pieces of so many numbers, which stay in the caches, of so many rows at least, as the
 * library takes its time for each call; and of these in tiles of so many numbers. */
enum { PIECE_NUMBERS = 1 << 15, LEAST_ROWS = 1 << 10, TILE_NUMBERS = 1 << 10 };

/* A data set that is read, as a source of its own. */
typedef struct part {
  point_source *source; /* its state is not that of its kind, but table */
  void *table;          /* of hdf5_matrix */
  const char *name;     /* borrowed from the list */
  int64_t *features;    /* source->n_features: which of the whole source each of its own is */
} part;

typedef struct members_state {
  hid_t file; /* borrowed */
  hdf5_member_list list;
  part *parts; /* n */
  int64_t n;
  int64_t piece_rows; /* brought together at once */
} members_state;

extern const hdf5_layout hdf5_matrix;

static gmmpi_status out_of_memory(const point_source *source, gmmpi_error *error)
{
  return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read it", source->label);
}

static bool recognises(hid_t object)
{
  return H5Iget_type(object) == H5I_GROUP && !hdf5_has_sparse_lists(object);
}

/* --- which columns --- */

/* Everything that has a name can be picked, the usual columns are picked by themselves. */
static gmmpi_status pick(point_source *source, const hdf5_member_list *list, const source_options *options,
                         gmmpi_error *error)
{
  const bool is_picked = options->columns != NULL || options->wanted.names != NULL;
  return source_pick_of_arrays(source, is_picked ? list->n_columns : list->n_usual, list->names, list->arrays, options,
                               error);
}

/* Is one of the words of --columns a number or a range? */
static bool picks_by_number(const char *columns)
{
  for (const char *word = columns; *word != '\0'; word += word[0] == ',' ? 1 : 0) {
    const size_t length = strcspn(word, ",");
    if (length > 0 && strspn(word, "0123456789- \t") >= length) return true;
    word += length;
  }
  return false;
}

bool hdf5_members_have(hid_t file, const char *inside, const source_options *options)
{
  const bool has_words = options->columns != NULL && !picks_by_number(options->columns);
  if (options->wanted.names == NULL && !has_words) return false;
  hdf5_member_list list;
  gmmpi_error ignored = {0};
  point_source trial = {.label = (char *)inside};
  const bool found = hdf5_member_list_make(file, inside, false, inside, &list, &ignored) == GMMPI_OK &&
                     list.n_columns > 0 && pick(&trial, &list, options, &ignored) == GMMPI_OK;
  for (int64_t j = 0; trial.feature_names != NULL && j < trial.n_features; j++) free(trial.feature_names[j]);
  free(trial.feature_names);
  free(trial.columns);
  hdf5_member_list_free(&list);
  return found;
}

/* All columns picked must have as many rows; sets n_rows. */
static gmmpi_status check_rows(point_source *source, const hdf5_member_list *list, gmmpi_error *error)
{
  const hdf5_member *first = &list->members[list->columns[source->columns[0]].member];
  for (int64_t j = 1; j < source->n_features; j++) {
    const hdf5_member *other = &list->members[list->columns[source->columns[j]].member];
    if (other->n_rows != first->n_rows)
      return fail(error, GMMPI_BAD_DATA,
                  "%s: \"%.100s\" has %" PRId64 " rows, \"%.100s\" has %" PRId64
                  "; pick data sets of one length with --columns",
                  source->label, first->name, first->n_rows, other->name, other->n_rows);
  }
  source->n_rows = first->n_rows;
  if (source->n_rows == 0) source->no_rows = "holds 0 rows";
  return GMMPI_OK;
}

static gmmpi_status no_columns(const point_source *source, const hdf5_member_list *list, gmmpi_error *error)
{
  const bool has_others = list->left_out[0] != '\0';
  return fail(error, GMMPI_BAD_DATA, "%s: is a group without columns of numbers%s%s%s; name a data set of numbers",
              source->label, has_others ? " (it has " : "", list->left_out, has_others ? ")" : "");
}

/* Says what the table is made of, where nobody picked its columns. */
static void tell(point_source *source, const hdf5_member_list *list, const source_options *options)
{
  char names[200];
  char command[160];
  if (options->columns != NULL || options->wanted.names != NULL) return;
  hdf5_member_list_text(list, names, sizeof names);
  source_note(source, "its data sets of %" PRId64 " rows are its columns: %s%s%s", source->n_rows, names,
              list->left_out[0] != '\0' ? "; left out: " : "", list->left_out);
  hdf5_member_list_command(list, command, sizeof command);
  if (list->counter != NULL && source->n_features > 1)
    source_doubt(source,
                 "\"%.60s\" seems to number the rows rather than to measure something; name the columns that are "
                 "meant:%s",
                 list->counter, command[0] != '\0' ? command : " --columns NAME,...");
}

/* --- opening the members --- */

/* A source for a member of the group, with places for n features. */
static gmmpi_status create_part(const point_source *source, const hdf5_member *member, int64_t n, part *made,
                                gmmpi_error *error)
{
  point_source *created = calloc(1, sizeof *created);
  made->source = created;
  made->name = member->name;
  made->features = allocate(n, sizeof *made->features);
  if (created == NULL || made->features == NULL) return out_of_memory(source, error);
  *created = (point_source){.kind = source->kind,
                            .path = strdup(source->path),
                            .file = strdup(source->file),
                            .copy = source->copy,
                            .inside = strdup(member->inside),
                            .choices = source->choices,
                            .place_word = source->place_word,
                            .written = source->written};
  if (member->n_dimensions == 1) created->choices.transpose = 0;
  if (asprintf(&created->label, "%s:%s", source->path, member->inside) < 0) created->label = NULL;
  if (created->path == NULL || created->file == NULL || created->inside == NULL || created->label == NULL)
    return out_of_memory(source, error);
  return GMMPI_OK;
}

/* Opens a part with these of its columns. */
static gmmpi_status open_part(MPI_Comm comm, hid_t file, const source_options *options, const hdf5_member *member,
                              const int64_t *columns, int64_t n, part *opened, gmmpi_error *error)
{
  const source_options own = {.words = options->words, .n_words = options->n_words, .numbers = columns, .n_numbers = n};
  point_source *of = opened->source;
  const gmmpi_status status = hdf5_matrix.open(comm, of, file, &own, &opened->table, error);
  if (status != GMMPI_OK) return status;
  if (of->n_rows == member->n_rows && of->n_features == n) return GMMPI_OK;
  return fail(error, GMMPI_BAD_DATA, "%s: is %" PRId64 " x %" PRId64 " among others of %" PRId64 " rows; name it alone",
              of->label, of->n_rows, of->n_columns, member->n_rows);
}

/* Opens the part that has the features of this member. */
static gmmpi_status open_member(MPI_Comm comm, point_source *source, members_state *state, hid_t file,
                                const source_options *options, int64_t m, gmmpi_error *error)
{
  const hdf5_member *member = &state->list.members[m];
  part *made = &state->parts[state->n];
  int64_t n = 0;
  for (int64_t j = 0; j < source->n_features; j++) n += state->list.columns[source->columns[j]].member == m ? 1 : 0;
  if (n == 0) return GMMPI_OK;
  state->n++;
  int64_t *columns = allocate(n, sizeof *columns);
  gmmpi_status status = columns == NULL ? out_of_memory(source, error) : create_part(source, member, n, made, error);
  if (status == GMMPI_OK) {
    n = 0;
    for (int64_t j = 0; j < source->n_features; j++) {
      const hdf5_column *column = &state->list.columns[source->columns[j]];
      if (column->member != m) continue;
      made->features[n] = j;
      columns[n++] = column->column;
    }
    status = open_part(comm, file, options, member, columns, n, made, error);
  }
  free(columns);
  return status;
}

/* Which members have a feature; NULL: no memory. */
static bool *find_used(const point_source *source, const hdf5_member_list *list)
{
  bool *is_used = allocate(list->n, sizeof *is_used);
  for (int64_t j = 0; is_used != NULL && j < source->n_features; j++)
    is_used[list->columns[source->columns[j]].member] = true;
  return is_used;
}

static gmmpi_status open_parts(MPI_Comm comm, point_source *source, members_state *state, hid_t file,
                               const source_options *options, gmmpi_error *error)
{
  bool *is_used = find_used(source, &state->list);
  state->parts = allocate(state->list.n, sizeof *state->parts);
  gmmpi_status status = is_used == NULL || state->parts == NULL ? out_of_memory(source, error) : GMMPI_OK;
  for (int64_t m = 0; m < state->list.n && status == GMMPI_OK; m++) {
    if (is_used[m]) status = open_member(comm, source, state, file, options, m, error);
  }
  free(is_used);
  return status;
}

static gmmpi_status open_members(MPI_Comm comm, point_source *source, hid_t file, const source_options *options,
                                 void **opened, gmmpi_error *error)
{
  members_state *state = calloc(1, sizeof *state);
  *opened = state;
  if (state == NULL) return out_of_memory(source, error);
  state->file = file;
  const bool transpose = source->choices.transpose != 0;
  gmmpi_status status = hdf5_member_list_make(file, source->inside, transpose, source->label, &state->list, error);
  if (status == GMMPI_OK && state->list.n_columns == 0) status = no_columns(source, &state->list, error);
  if (status == GMMPI_OK && state->list.n_usual == 0 && options->columns == NULL && options->wanted.names == NULL)
    status = no_columns(source, &state->list, error);
  if (status == GMMPI_OK) status = pick(source, &state->list, options, error);
  if (status == GMMPI_OK) status = check_rows(source, &state->list, error);
  if (status == GMMPI_OK) tell(source, &state->list, options);
  if (status == GMMPI_OK && source->n_rows > 0) {
    status = open_parts(comm, source, state, file, options, error);
    if (status == GMMPI_OK && transpose && !source->is_transposed)
      status = fail(error, GMMPI_WRONG_USAGE,
                    "%s: --transpose: each of its data sets has one dimension, a number for each point; leave it out",
                    source->label);
  }
  return status;
}

/* A remark of part p, once for all parts that have it. */
static void pass_on(point_source *source, const members_state *state, int64_t p, const source_remark *remark)
{
  char who[100];
  int64_t n_others = 0;
  for (int64_t q = 0; q < p; q++) {
    if (notes_have(&state->parts[q].source->notes, remark->text)) return;
  }
  for (int64_t q = p + 1; q < state->n; q++)
    n_others += notes_have(&state->parts[q].source->notes, remark->text) ? 1 : 0;
  snprintf(who, sizeof who, "%.60s", state->parts[p].name);
  if (n_others > 0) snprintf(who, sizeof who, "%.60s and %" PRId64 " more", state->parts[p].name, n_others);
  if (remark->is_doubt)
    source_doubt(source, "%s: %s", who, remark->text);
  else
    source_note(source, "%s: %s", who, remark->text);
}

/* What the parts say is said of the whole. */
static gmmpi_status gather(point_source *source, members_state *state, gmmpi_error *error)
{
  source->is_concurrent = true;
  source->streams = true;
  source->has_fields = true;
  for (int64_t p = 0; p < state->n; p++) {
    const part *from = &state->parts[p];
    const point_source *of = from->source;
    source->is_concurrent = source->is_concurrent && of->is_concurrent;
    source->streams = source->streams && of->streams;
    source->buffer_bytes += of->buffer_bytes;
    source->is_transposed = source->is_transposed || of->is_transposed;
    if (source->column_major == NULL) source->column_major = of->column_major;
    for (int i = 0; i < of->notes.n; i++) pass_on(source, state, p, &of->notes.remarks[i]);
    if (of->rules == NULL) continue;
    value_rule *rules = source_rules(source);
    if (rules == NULL) return out_of_memory(source, error);
    for (int64_t j = 0; j < of->n_features; j++) rules[from->features[j]] = of->rules[j];
  }
  const int64_t rows = PIECE_NUMBERS / source->n_features;
  state->piece_rows = rows < LEAST_ROWS ? LEAST_ROWS : rows;
  source->buffer_bytes += state->piece_rows * source->n_features * (int64_t)sizeof(double);
  return GMMPI_OK;
}

/* Ranks that found other members in what they take for the same file do not wait for each other for ever. */
static gmmpi_status settle(MPI_Comm comm, point_source *source, void *opened, gmmpi_error *error)
{
  members_state *state = opened;
  int64_t most[2] = {state->n, -state->n};
  const int depth = hdf5_use_pause();
  MPI_Allreduce(MPI_IN_PLACE, most, 2, MPI_INT64_T, MPI_MAX, comm);
  hdf5_use_resume(depth);
  if (most[0] != -most[1])
    return fail(error, GMMPI_BAD_DATA,
                "%s: is not the same file on all nodes; put it where every node finds the same one", source->label);
  gmmpi_status status = GMMPI_OK;
  for (int64_t p = 0; p < state->n; p++) {
    gmmpi_error failure = {0};
    hdf5_matrix.settle(comm, state->parts[p].source, state->parts[p].table, &failure);
    if (failure.status != GMMPI_OK && status == GMMPI_OK) status = error_pass(error, &failure);
  }
  return status == GMMPI_OK && state->n > 0 ? gather(source, state, error) : status;
}

static void close_members(void *opened)
{
  members_state *state = opened;
  for (int64_t p = 0; p < state->n; p++) {
    if (state->parts[p].table != NULL) hdf5_matrix.close(state->parts[p].table);
    if (state->parts[p].source != NULL) state->parts[p].source->copy = NULL; /* it is the whole's */
    source_close(state->parts[p].source);
    free(state->parts[p].features);
  }
  hdf5_member_list_free(&state->list);
  free(state->parts);
  free(state);
}

/* --- reading --- */

/* A few rows of all parts, which lie one behind the other in pieces, to their places in rows: these stay in the
 * innermost cache meanwhile. n_rows: of each piece. */
static void bring_together(const members_state *state, int64_t n_features, const double *pieces, int64_t n_rows,
                           double *rows)
{
  const int64_t tile = TILE_NUMBERS / n_features > 8 ? TILE_NUMBERS / n_features : 8;
  for (int64_t first = 0; first < n_rows; first += tile) {
    const int64_t end = n_rows - first < tile ? n_rows : first + tile;
    const double *piece = pieces;
    for (int64_t p = 0; p < state->n; p++) {
      const int64_t width = state->parts[p].source->n_features;
      for (int64_t c = 0; c < width; c++) {
        double *place = rows + state->parts[p].features[c];
        for (int64_t i = first; i < end; i++) place[i * n_features] = piece[i * width + c];
      }
      piece += n_rows * width;
    }
  }
}

static gmmpi_status read_members(point_source *source, void *opened, int64_t first_row, int64_t n_rows, double *rows,
                                 gmmpi_error *error)
{
  const members_state *state = opened;
  const int64_t n_features = source->n_features;
  const part *only = &state->parts[0];
  if (state->n == 1) /* it has the features in their order */
    return hdf5_matrix.read(only->source, only->table, first_row, n_rows, rows, error);
  const int64_t most = state->piece_rows < n_rows ? state->piece_rows : n_rows;
  double *pieces = allocate_untouched(most * n_features, sizeof *pieces);
  if (pieces == NULL) return out_of_memory(source, error);
  gmmpi_status status = GMMPI_OK;
  for (int64_t done = 0; done < n_rows && status == GMMPI_OK; done += most) {
    const int64_t count = n_rows - done < most ? n_rows - done : most;
    double *piece = pieces;
    for (int64_t p = 0; p < state->n && status == GMMPI_OK; p++) {
      const part *from = &state->parts[p];
      status = hdf5_matrix.read(from->source, from->table, first_row + done, count, piece, error);
      piece += count * from->source->n_features;
    }
    if (status == GMMPI_OK) bring_together(state, n_features, pieces, count, rows + done * n_features);
  }
  free(pieces);
  return status;
}

static bool reads(const point_source *source, const void *opened, const char *path)
{
  const members_state *state = opened;
  bool found = false;
  (void)source;
  for (int64_t p = 0; p < state->n && !found; p++)
    found = hdf5_object_reads(state->file, state->parts[p].source->inside, path);
  return found;
}

const hdf5_layout hdf5_members = {.name = "a group of data sets of one length",
                                  .recognises = recognises,
                                  .open = open_members,
                                  .settle = settle,
                                  .read = read_members,
                                  .reads = reads,
                                  .close = close_members};
