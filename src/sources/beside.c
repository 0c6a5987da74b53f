/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/beside.h"

#include "sources/label_classes.h"
#include "support/error.h"
#include "support/file.h"
#include "support/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct row_beside {
  point_source *data;           /* that the features are read from, and, behind them, the columns of it */
  point_source *file[N_BESIDE]; /* of one column; NULL: a column of data, or nothing */
  bool is_there[N_BESIDE];
  label_classes classes; /* of labels, once they are known: then labels are these */
  bool knows_classes;
  bool has_keys;    /* labels are keys of groups */
  source_kind kind; /* that of data, but for what is done here */
};

static const char *option_name(const source_options *options, beside_kind what)
{
  return what == BESIDE_WEIGHT ? "weights" : options->labels_are_keys ? "by" : "known-labels";
}

static const char *what_it_is(const source_options *options, beside_kind what)
{
  return what == BESIDE_WEIGHT ? "weight" : options->labels_are_keys ? "key" : "label";
}

bool beside_is_wanted(const source_options *options)
{
  bool wanted = false;
  for (int b = 0; b < N_BESIDE; b++) wanted = wanted || options->beside[b] != NULL;
  return wanted;
}

bool source_has_weights(const point_source *source)
{
  return source->beside != NULL && source->beside->is_there[BESIDE_WEIGHT];
}

bool source_has_labels(const point_source *source)
{
  return source->beside != NULL && source->beside->is_there[BESIDE_LABEL];
}

bool source_has_keys(const point_source *source)
{
  return source->beside != NULL && source->beside->has_keys;
}

/* --- the face --- */

/* Takes a row that was read, and what is beside it, apart: rows is n_rows x width; of each row the first n_numbers,
 * which are at its end all together, go to its beginning. */
static void spread(double *rows, int64_t n_rows, int64_t width, int64_t n_numbers)
{
  const double *from = rows + n_rows * (width - n_numbers);
  if (width == n_numbers) return;
  for (int64_t i = 0; i < n_rows; i++)
    memmove(rows + i * width, from + i * n_numbers, (size_t)n_numbers * sizeof *rows);
}

/* The column of a file goes behind the features, and behind what stands there before it. */
static gmmpi_status insert(point_source *file, int64_t first_row, int64_t n_rows, int64_t width, int64_t place,
                           double *rows, gmmpi_error *error)
{
  double *column = allocate(n_rows, sizeof *column);
  if (column == NULL) return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read it", file->label);
  const gmmpi_status status = source_read(file, first_row, n_rows, column, error);
  for (int64_t i = 0; status == GMMPI_OK && i < n_rows; i++) {
    double *number = rows + i * width + place;
    memmove(number + 1, number, (size_t)(width - place - 1) * sizeof *number);
    *number = column[i];
  }
  free(column);
  return status;
}

/* Labels become the numbers of their classes. */
static gmmpi_status classify(const point_source *source, int64_t first_row, int64_t n_rows, double *rows,
                             gmmpi_error *error)
{
  const int64_t width = source_row_width(source);
  for (int64_t i = 0; i < n_rows; i++) {
    double *label = rows + i * width + source->n_features;
    *label = label_class(&source->beside->classes, *label);
    if (*label >= -1.0) continue;
    char where[800];
    source_describe_number(source, first_row + i, source->n_features, where, sizeof where);
    /* Of a row of weight 0 nobody has asked before. */
    if (source_has_weights(source) && rows[i * width + width - 1] == 0.0) {
      *label = -1.0;
      continue;
    }
    return fail_at(error, source_place(source, first_row + i), GMMPI_BAD_DATA,
                   "%s: the %s was not there before; has the file changed?", where,
                   source->beside->has_keys ? "key" : "label");
  }
  return GMMPI_OK;
}

static gmmpi_status read_rows(point_source *source, int64_t first_row, int64_t n_rows, double *rows, gmmpi_error *error)
{
  const struct row_beside *beside = source->beside;
  const int64_t width = source_row_width(source);
  const int64_t of_data = beside->data->n_features;
  int64_t place = source->n_features;
  beside->data->keeps_text = source->keeps_text;
  gmmpi_status status = source_read(beside->data, first_row, n_rows, rows + n_rows * (width - of_data), error);
  if (status == GMMPI_OK) spread(rows, n_rows, width, of_data);
  for (int b = 0; b < N_BESIDE && status == GMMPI_OK; b++) {
    if (beside->file[b] != NULL) status = insert(beside->file[b], first_row, n_rows, width, place, rows, error);
    place += beside->is_there[b] ? 1 : 0;
  }
  if (status == GMMPI_OK && beside->knows_classes) status = classify(source, first_row, n_rows, rows, error);
  return status;
}

static int64_t place_of_row(const point_source *source, int64_t row)
{
  return source_place(source->beside->data, row);
}

static void text_of_place(const point_source *source, int64_t place, char *text, size_t n_bytes)
{
  source_place_text(source->beside->data, place, text, n_bytes);
}

static bool reads(const point_source *source, const char *path)
{
  return source_reads(source->beside->data, path) || beside_reads(source, path);
}

bool beside_reads(const point_source *source, const char *path)
{
  bool found = false;
  for (int b = 0; source->beside != NULL && b < N_BESIDE; b++)
    found = found || (source->beside->file[b] != NULL && source_reads(source->beside->file[b], path));
  return found;
}

void source_close_beside(point_source *source)
{
  source_close(source->beside->data);
  for (int b = 0; b < N_BESIDE; b++) source_close(source->beside->file[b]);
  label_classes_clear(&source->beside->classes);
  free(source->beside);
}

/* --- what is said of it --- */

void beside_text(const point_source *source, beside_kind what, char *text, size_t n_bytes)
{
  const struct row_beside *beside = source->beside;
  if (beside->file[what] != NULL) {
    snprintf(text, n_bytes, "%s", beside->file[what]->label);
  } else {
    char name[200];
    source_feature_text(beside->data, beside->data->beside_columns[what] - 1, name, sizeof name);
    snprintf(text, n_bytes, "%s %s", source->feature_word, name);
  }
}

/* The source of a number of a row, and which one it is there. */
static const point_source *source_of_number(const point_source *source, int64_t *number)
{
  int64_t place = source->n_features;
  if (source->beside == NULL || *number < place) return source;
  for (int b = 0; b < N_BESIDE; b++) {
    if (!source->beside->is_there[b] || place++ != *number) continue;
    const point_source *file = source->beside->file[b];
    *number = file != NULL ? 0 : source->beside->data->beside_columns[b] - 1;
    return file != NULL ? file : source->beside->data;
  }
  return source;
}

void source_describe_number(const point_source *source, int64_t row, int64_t number, char *text, size_t n_bytes)
{
  char name[200];
  char where[300];
  const point_source *owner = source_of_number(source, &number);
  source_place_text(owner, source_place(owner, row), where, sizeof where);
  source_feature_text(owner, number, name, sizeof name);
  snprintf(text, n_bytes, "%s: %s, %s %s", owner->label, where, owner->feature_word, name);
}

/* --- opening --- */

static void open_as_said(MPI_Comm comm, const char *text, source_word missing, const char *header, point_source **file,
                         gmmpi_error *error)
{
  source_word words[2];
  int n_words = 0;
  if (missing.name != NULL) words[n_words++] = missing;
  if (header != NULL) words[n_words++] = (source_word){"header", header};
  const source_options how = {.words = words, .n_words = n_words};
  *file = NULL;
  source_open(comm, text, &how, file, error);
}

/* What is no column is a file of one column and as many rows as the data. */
static gmmpi_status open_file(MPI_Comm comm, const source_options *options, const point_source *data, beside_kind what,
                              point_source **file, gmmpi_error *error)
{
  const char *text = options->beside[what];
  source_word missing = {0};
  for (int i = 0; i < options->n_words; i++) {
    if (strcmp(options->words[i].name, "missing-values") == 0) missing = options->words[i];
  }
  gmmpi_error failure = {0};
  open_as_said(comm, text, missing, NULL, file, &failure);
  /* Whether the first line is a name is hard to say of a column of text, but not when the number of rows is known. */
  const int64_t n_more = *file != NULL && (*file)->has_texts ? (*file)->n_rows - data->n_rows : 0;
  if (n_more == 1 || n_more == -1) {
    source_close(*file);
    open_as_said(comm, text, missing, n_more == 1 ? "yes" : "no", file, &failure);
  }
  if (*file == NULL) {
    if (failure.status != GMMPI_NO_INPUT) return error_pass(error, &failure);
    return fail(error, GMMPI_BAD_DATA, "%s: --%s %.200s is neither a column of it nor a file that can be read; %s",
                data->label, option_name(options, what), text, data->all_columns);
  }
  if ((*file)->n_features != 1)
    return fail(error, GMMPI_BAD_DATA, "%s: has %" PRId64 " columns; give a file with one %s a row (--%s)",
                (*file)->label, (*file)->n_features, what_it_is(options, what), option_name(options, what));
  if ((*file)->n_rows != data->n_rows)
    return fail(error, GMMPI_BAD_DATA,
                "%s: has %" PRId64 " row%s for %" PRId64 " row%s of %s; give one %s for each of them (--%s)",
                (*file)->label, (*file)->n_rows, (*file)->n_rows == 1 ? "" : "s", data->n_rows,
                data->n_rows == 1 ? "" : "s", data->label, what_it_is(options, what), option_name(options, what));
  return GMMPI_OK;
}

static bool copy_names(const point_source *data, point_source *face)
{
  face->path = strdup(data->path);
  face->file = strdup(data->file);
  face->label = strdup(data->label);
  face->inside = data->inside != NULL ? strdup(data->inside) : NULL;
  face->columns = allocate(data->n_features, sizeof *face->columns);
  face->feature_names = allocate(data->n_features, sizeof *face->feature_names);
  if (face->path == NULL || face->file == NULL || face->label == NULL || face->columns == NULL ||
      face->feature_names == NULL || (data->inside != NULL && face->inside == NULL))
    return false;
  bool good = true;
  for (int64_t j = 0; j < face->n_features && good; j++) {
    face->columns[j] = data->columns[j];
    face->feature_names[j] = strdup(data->feature_names[j]);
    good = face->feature_names[j] != NULL;
  }
  return good;
}

/* A face before data, without files yet. NULL: no memory. */
static point_source *create_face(point_source *data)
{
  point_source *face = calloc(1, sizeof *face);
  if (face == NULL) return NULL;
  face->beside = calloc(1, sizeof *face->beside);
  if (face->beside == NULL) {
    free(face);
    return NULL;
  }
  struct row_beside *beside = face->beside;
  beside->kind = *data->kind;
  beside->kind.read = read_rows;
  beside->kind.place = place_of_row;
  beside->kind.place_text = text_of_place;
  beside->kind.reads = reads;
  face->kind = &beside->kind;
  face->choices = data->choices;
  face->place_word = data->place_word;
  face->feature_word = data->feature_word;
  face->n_rows = data->n_rows;
  face->n_columns = data->n_columns;
  face->n_features = data->n_features - data->n_beside;
  face->has_names = data->has_names;
  face->is_concurrent = data->is_concurrent;
  face->streams = data->streams;
  face->buffer_bytes = data->buffer_bytes;
  face->column_major = data->column_major;
  face->is_transposed = data->is_transposed;
  face->has_fields = data->has_fields;
  if (copy_names(data, face)) return face;
  source_close(face);
  return NULL;
}

/* The file of a face is read whenever its rows are. */
static void take_file(point_source *face, beside_kind what, point_source *file)
{
  face->beside->file[what] = file;
  face->is_concurrent = face->is_concurrent && file->is_concurrent;
  face->streams = face->streams && file->streams;
  face->buffer_bytes += file->buffer_bytes;
}

/* Collective: which classes there are. */
static gmmpi_status find_classes(MPI_Comm comm, point_source *face, gmmpi_error *error)
{
  struct row_beside *own = face->beside;
  point_source *file = own->file[BESIDE_LABEL];
  point_source *owner = file != NULL ? file : own->data;
  const int64_t feature = file != NULL ? 0 : own->data->beside_columns[BESIDE_LABEL] - 1;
  own->knows_classes =
      label_classes_find(comm, face, face->n_features, owner, feature, own->has_keys, &own->classes, error) == GMMPI_OK;
  return error->status;
}

char *const *source_class_names(const point_source *source, int64_t *n)
{
  *n = source->beside != NULL ? source->beside->classes.n : 0;
  return *n > 0 ? source->beside->classes.names : NULL;
}

const double *source_class_numbers(const point_source *source)
{
  return source->beside != NULL ? source->beside->classes.numbers : NULL;
}

/* What is known of how the data and the files are read. */
static void take_notes(point_source *face, point_source *data)
{
  face->notes = data->notes;
  data->notes = (source_notes){0};
  for (int b = 0; b < N_BESIDE; b++) {
    char text[300];
    const point_source *file = face->beside->file[b];
    if (!face->beside->is_there[b]) continue;
    beside_text(face, (beside_kind)b, text, sizeof text);
    source_note(face, "%s are read from %s",
                b == BESIDE_WEIGHT       ? "weights"
                : face->beside->has_keys ? "keys of groups"
                                         : "known labels",
                text);
    for (int i = 0; file != NULL && i < file->notes.n; i++)
      source_note(face, "%.100s: %.250s", file->label, file->notes.remarks[i].text);
  }
}

gmmpi_status beside_add(MPI_Comm comm, const source_options *options, point_source **source, gmmpi_error *error)
{
  gmmpi_error local = {0};
  point_source *data = *source;
  point_source *face = create_face(data);
  if (face == NULL) fail(&local, GMMPI_NO_MEMORY, "%s: no memory is left to open it", data->label);
  agree(comm, &local);
  for (int b = 0; b < N_BESIDE && local.status == GMMPI_OK; b++) {
    if (options->beside[b] == NULL) continue;
    face->beside->is_there[b] = true;
    face->n_beside++;
    if (data->beside_columns[b] > 0) continue;
    point_source *file = NULL;
    open_file(comm, options, data, (beside_kind)b, &file, &local);
    if (file != NULL) take_file(face, (beside_kind)b, file);
  }
  if (local.status != GMMPI_OK) {
    source_close(face);
    return error_pass(error, &local);
  }
  face->beside->data = data;
  face->beside->has_keys = options->labels_are_keys;
  if (source_has_labels(face) && find_classes(comm, face, &local) != GMMPI_OK) {
    face->beside->data = NULL;
    data->texts = NULL;
    source_close(face);
    return error_pass(error, &local);
  }
  take_notes(face, data);
  *source = face;
  return GMMPI_OK;
}
