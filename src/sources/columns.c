/* SPDX-License-Identifier: BSD-3-Clause */
/* Which columns of a file are features: --columns. */
#include "sources/beside.h"
#include "sources/source.h"

#include "support/error.h"
#include "support/memory.h"
#include "support/near_word.h"
#include "support/word_list.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What has been picked so far. */
typedef struct picks {
  const point_source *source;
  char *const *names;  /* n_columns, or NULL */
  char *const *arrays; /* n_columns, or NULL: see source_pick_of_arrays */
  int64_t n_columns;
  int64_t *columns; /* n_columns: those picked so far, in order */
  int64_t n_picked;
  bool *is_picked; /* n_columns */
} picks;

static gmmpi_status out_of_memory(const point_source *source, gmmpi_error *error)
{
  return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left for the names of its columns", source->label);
}

/* What there is to choose from, shortened to n_bytes. */
static void list_columns(const picks *picked, char *text, size_t n_bytes)
{
  if (picked->names == NULL) {
    snprintf(text, n_bytes, "its columns have no names, pick by number from 1 to %" PRId64, picked->n_columns);
    return;
  }
  int used = snprintf(text, n_bytes, "its columns are ");
  for (int64_t i = 0; i < picked->n_columns; i++) {
    const size_t left = n_bytes - (size_t)used;
    const char *separator = i == 0 ? "" : ", ";
    if (strlen(picked->names[i]) + 40 > left) {
      snprintf(text + used, left, "%s... (%" PRId64 " in all)", separator, picked->n_columns);
      return;
    }
    used += snprintf(text + used, left, "%s%s", separator, picked->names[i]);
  }
}

/* For the message that a word is neither a column nor a file. found: the columns beside the features, -1 for none. */
static void describe_columns(picks *picked, const source_options *options, const int64_t *found)
{
  char *text = ((point_source *)picked->source)->all_columns;
  const size_t size = sizeof picked->source->all_columns;
  size_t used = 0;
  for (int b = 0; picked->names != NULL && used == 0 && b < N_BESIDE; b++) {
    if (options->beside[b] == NULL || found[b] >= 0) continue;
    near_word meant = {.word = options->beside[b]};
    for (int64_t i = 0; i < picked->n_columns; i++) near_word_try(&meant, picked->names[i]);
    if (meant.nearest != NULL) used = (size_t)snprintf(text, size, "did you mean \"%.100s\"? ", meant.nearest);
  }
  list_columns(picked, text + used, size - used);
}

static gmmpi_status no_such_column(const picks *picked, const char *token, gmmpi_error *error)
{
  char list[400];
  near_word meant = {.word = token};
  list_columns(picked, list, sizeof list);
  for (int64_t i = 0; picked->names != NULL && i < picked->n_columns; i++) near_word_try(&meant, picked->names[i]);
  if (meant.nearest != NULL)
    return fail(error, GMMPI_BAD_DATA, "%s: has no column \"%.100s\" (--columns); did you mean \"%.100s\"? %s",
                picked->source->label, token, meant.nearest, list);
  return fail(error, GMMPI_BAD_DATA, "%s: has no column \"%.100s\" (--columns); %s", picked->source->label, token,
              list);
}

static gmmpi_status pick(picks *picked, int64_t column, const char *token, gmmpi_error *error)
{
  if (picked->is_picked[column])
    return fail(error, GMMPI_BAD_DATA,
                "%s: column %" PRId64 " is picked twice (--columns, the second time by \"%.100s\")",
                picked->source->label, column + 1, token);
  picked->is_picked[column] = true;
  picked->columns[picked->n_picked++] = column;
  return GMMPI_OK;
}

/* The column of this exact name: *column, -1 when there is none. */
static gmmpi_status find_name(const picks *picked, const char *token, int64_t *column, gmmpi_error *error)
{
  *column = -1;
  for (int64_t i = 0; picked->names != NULL && i < picked->n_columns; i++) {
    if (strcmp(picked->names[i], token) != 0) continue;
    if (*column >= 0)
      return fail(error, GMMPI_BAD_DATA,
                  "%s: columns %" PRId64 " and %" PRId64 " are both named \"%.100s\"; pick by number (--columns)",
                  picked->source->label, *column + 1, i + 1, token);
    *column = i;
  }
  return GMMPI_OK;
}

/* Picks the columns of the array of this name: *found, if there is one. */
static gmmpi_status pick_array(picks *picked, const char *token, bool *found, gmmpi_error *error)
{
  gmmpi_status status = GMMPI_OK;
  *found = false;
  for (int64_t i = 0; picked->arrays != NULL && i < picked->n_columns && status == GMMPI_OK; i++) {
    if (picked->arrays[i] == NULL || strcmp(picked->arrays[i], token) != 0) continue;
    *found = true;
    status = pick(picked, i, token, error);
  }
  return status;
}

static gmmpi_status pick_token(picks *picked, const char *token, bool is_quoted, gmmpi_error *error)
{
  int64_t column;
  int64_t first;
  int64_t last;
  gmmpi_status status = find_name(picked, token, &column, error);
  if (status != GMMPI_OK) return status;
  if (column >= 0) return pick(picked, column, token, error);
  bool is_array;
  status = pick_array(picked, token, &is_array, error);
  if (status != GMMPI_OK || is_array) return status;
  if (is_quoted || !word_range(token, &first, &last) || first < 1 || last < first || last > picked->n_columns)
    return no_such_column(picked, token, error);
  for (column = first - 1; column < last && status == GMMPI_OK; column++) status = pick(picked, column, token, error);
  return status;
}

static gmmpi_status pick_listed(picks *picked, const char *list, gmmpi_error *error)
{
  char *token = malloc(strlen(list) + 1);
  if (token == NULL) return out_of_memory(picked->source, error);
  gmmpi_status status = GMMPI_OK;
  bool is_quoted;
  for (const char *next = list; status == GMMPI_OK && next != NULL;) {
    next = word_next(next, ",", token, &is_quoted);
    if (next == NULL) {
      status = fail(error, GMMPI_BAD_DATA, "%s: --columns %.200s: a quote is not closed; write \"a name\",\"another\"",
                    picked->source->label, list);
    } else {
      status = pick_token(picked, token, is_quoted, error);
      next = *next == ',' ? next + 1 : NULL;
    }
  }
  free(token);
  return status;
}

static void pick_all(picks *picked)
{
  for (int64_t i = 0; i < picked->n_columns; i++) picked->columns[i] = i;
  picked->n_picked = picked->n_columns;
}

static gmmpi_status pick_numbers(picks *picked, const int64_t *numbers, int64_t n, gmmpi_error *error)
{
  for (int64_t i = 0; i < n; i++) {
    if (numbers[i] < 0 || numbers[i] >= picked->n_columns || picked->is_picked[numbers[i]])
      return fail(error, GMMPI_INTERNAL, "%s: column %" PRId64 " of %" PRId64 " was asked for", picked->source->label,
                  numbers[i] + 1, picked->n_columns);
    picked->is_picked[numbers[i]] = true;
    picked->columns[picked->n_picked++] = numbers[i];
  }
  return GMMPI_OK;
}

/* The columns of these names; all of them where columns have no names. */
static gmmpi_status pick_wanted(picks *picked, name_list wanted, gmmpi_error *error)
{
  const name_list there = {.owner = picked->source->label, .names = picked->names, .n = picked->n_columns};
  if (picked->names == NULL) {
    pick_all(picked);
    return GMMPI_OK;
  }
  if (wanted.n > picked->n_columns) {
    free(picked->columns);
    picked->columns = allocate(wanted.n + N_BESIDE, sizeof *picked->columns);
    if (picked->columns == NULL) return out_of_memory(picked->source, error);
  }
  picked->n_picked = wanted.n;
  return names_find(there, wanted, picked->columns, error);
}

/* --- what is beside the features --- */

/* The column that text names, as --columns would: *column, -1 when there is none. */
static gmmpi_status find_column(const picks *picked, const char *text, int64_t *column, gmmpi_error *error)
{
  int64_t number;
  if (find_name(picked, text, column, error) != GMMPI_OK || *column >= 0) return error->status;
  if (word_count(text, text + strlen(text), &number) && number >= 1 && number <= picked->n_columns)
    *column = number - 1;
  return GMMPI_OK;
}

/* The column is no feature. */
static void leave_out(picks *picked, int64_t column)
{
  int64_t n = 0;
  for (int64_t i = 0; i < picked->n_picked; i++) {
    if (picked->columns[i] != column) picked->columns[n++] = picked->columns[i];
  }
  picked->n_picked = n;
}

/* Puts the columns that are beside the features behind them. */
static gmmpi_status pick_beside(point_source *source, picks *picked, const source_options *options, gmmpi_error *error)
{
  int64_t found[N_BESIDE];
  const bool has_model = options->wanted.names != NULL && picked->names != NULL;
  for (int b = 0; b < N_BESIDE; b++) {
    found[b] = -1;
    source->beside_columns[b] = 0;
    if (options->beside[b] == NULL) continue;
    if (find_column(picked, options->beside[b], &found[b], error) != GMMPI_OK) return error->status;
    const int64_t n_before = picked->n_picked;
    if (found[b] >= 0) leave_out(picked, found[b]);
    if (has_model && picked->n_picked < n_before)
      return fail(error, GMMPI_BAD_DATA, "%s: column \"%.100s\" is a feature of %s, and so neither weight nor %s",
                  source->label, options->beside[b], options->wanted.owner, options->labels_are_keys ? "key" : "label");
  }
  if (found[BESIDE_LABEL] >= 0 && found[BESIDE_LABEL] == found[BESIDE_WEIGHT])
    return fail(error, GMMPI_WRONG_USAGE, "--weights and --%s both name column \"%.100s\"; name two",
                options->labels_are_keys ? "by" : "known-labels", options->beside[BESIDE_WEIGHT]);
  if (picked->n_picked == 0)
    return fail(error, GMMPI_BAD_DATA, "%s: no column is left for the features; pick others with --columns",
                source->label);
  for (int b = 0; b < N_BESIDE; b++) {
    if (found[b] < 0) continue;
    picked->columns[picked->n_picked++] = found[b];
    source->beside_columns[b] = picked->n_picked;
    source->n_beside++;
  }
  describe_columns(picked, options, found);
  return GMMPI_OK;
}

/* The name of a column: the file's, or x1, x2, ... where it has none. */
static char *name_of(char *const *names, int64_t column)
{
  char *name = NULL;
  if (names != NULL && names[column][0] != '\0') return strdup(names[column]);
  return asprintf(&name, "x%" PRId64, column + 1) < 0 ? NULL : name;
}

static gmmpi_status keep_picked(point_source *source, picks *picked, gmmpi_error *error)
{
  source->feature_names = allocate(picked->n_picked, sizeof *source->feature_names);
  if (source->feature_names == NULL) return out_of_memory(source, error);
  source->columns = picked->columns;
  picked->columns = NULL;
  source->n_features = picked->n_picked;
  source->n_columns = picked->n_columns;
  source->has_names = picked->names != NULL;
  for (int64_t i = 0; i < source->n_features; i++) {
    source->feature_names[i] = name_of(picked->names, source->columns[i]);
    if (source->feature_names[i] == NULL) return out_of_memory(source, error);
  }
  return GMMPI_OK;
}

gmmpi_status source_pick_of_arrays(point_source *source, int64_t n_columns, char *const *names, char *const *arrays,
                                   const source_options *options, gmmpi_error *error)
{
  picks picked = {.source = source, .names = names, .arrays = arrays, .n_columns = n_columns};
  picked.columns = allocate(n_columns + N_BESIDE, sizeof *picked.columns);
  picked.is_picked = allocate(n_columns, sizeof *picked.is_picked);
  gmmpi_status status = GMMPI_OK;
  if (picked.columns == NULL || picked.is_picked == NULL) {
    status = out_of_memory(source, error);
  } else if (options->numbers != NULL) {
    status = pick_numbers(&picked, options->numbers, options->n_numbers, error);
  } else if (options->wanted.names != NULL) {
    status = pick_wanted(&picked, options->wanted, error);
  } else if (options->columns != NULL) {
    status = pick_listed(&picked, options->columns, error);
  } else {
    pick_all(&picked);
  }
  source->n_beside = 0;
  if (status == GMMPI_OK && beside_is_wanted(options)) status = pick_beside(source, &picked, options, error);
  if (status == GMMPI_OK) status = keep_picked(source, &picked, error);
  free(picked.columns);
  free(picked.is_picked);
  return status;
}

gmmpi_status source_pick_columns(point_source *source, int64_t n_columns, char *const *names,
                                 const source_options *options, gmmpi_error *error)
{
  return source_pick_of_arrays(source, n_columns, names, NULL, options, error);
}
