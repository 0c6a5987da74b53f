/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/source.h"

#include "sources/spool.h"

#include "support/error.h"
#include "support/file.h"
#include "support/memory.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* With no more digits than it takes to read the same number again, which is what --missing-values compares. */
static void write_exactly(double value, char *text, size_t n_bytes)
{
  for (int digits = 6; digits <= 17; digits++) {
    snprintf(text, n_bytes, "%.*g", digits, value);
    if (strtod(text, NULL) == value) return;
  }
}

static gmmpi_status not_defined(const point_source *source, int64_t row, int64_t feature, double value,
                                gmmpi_error *error)
{
  char name[200];
  char where[300];
  char number[32];
  const int64_t place = source_place(source, row);
  source_feature_text(source, feature, name, sizeof name);
  source_place_text(source, place, where, sizeof where);
  write_exactly(value, number, sizeof number);
  return fail_at(error, place, GMMPI_BAD_DATA,
                 "%s: %s, column %s: %s of %s is not defined (--transform); take arcsinh, or leave such rows out with "
                 "--missing-values %s --missing drop",
                 source->label, where, name, transform_function_name(source->transforms[feature].function), number,
                 number);
}

/* Transforms rows that were just read. Where a row of weight 0 has no value it does not matter: it is missing. */
static gmmpi_status transform(const point_source *source, int64_t first_row, int64_t n_rows, double *rows,
                              gmmpi_error *error)
{
  const int64_t d = source->n_features;
  const int64_t width = source_row_width(source);
  const bool has_weights = source_has_weights(source);
  for (int64_t i = 0; i < n_rows; i++) {
    const bool counts = !has_weights || rows[i * width + width - 1] != 0.0;
    for (int64_t j = 0; j < d; j++) {
      double *value = &rows[i * width + j];
      if (isnan(*value)) continue; /* missing, or text */
      const bool is_defined = transform_is_defined(&source->transforms[j], *value);
      if (!is_defined && !counts) {
        *value = NAN;
        continue;
      }
      if (!is_defined) return not_defined(source, first_row + i, j, *value, error);
      *value = transform_apply(&source->transforms[j], *value);
    }
  }
  return GMMPI_OK;
}

gmmpi_status source_read(point_source *source, int64_t first_row, int64_t n_rows, double *rows, gmmpi_error *error)
{
  if (first_row < 0 || n_rows < 0 || first_row > source->n_rows - n_rows)
    return fail(error, GMMPI_INTERNAL, "%s: rows %" PRId64 " to %" PRId64 " were asked for, there are %" PRId64,
                source->label, first_row, first_row + n_rows, source->n_rows);
  if (n_rows == 0) return GMMPI_OK;
  const gmmpi_status status = source->kind->read(source, first_row, n_rows, rows, error);
  if (status != GMMPI_OK) return status;
  if (source->beside == NULL) values_apply(source->rules, &source->choices.missing, n_rows, source->n_features, rows);
  return source->transforms == NULL ? GMMPI_OK : transform(source, first_row, n_rows, rows, error);
}

value_rule *source_rules(point_source *source)
{
  if (source->rules != NULL) return source->rules;
  source->rules = allocate(source->n_features, sizeof *source->rules);
  for (int64_t j = 0; source->rules != NULL && j < source->n_features; j++)
    source->rules[j] = value_rule_of_plain_numbers;
  return source->rules;
}

/* Floats are read to the end of the room and become doubles from the beginning on: each is read before its place is
 * overwritten. */
gmmpi_status source_read_numbers(const point_source *source, int descriptor, int64_t offset, int item_bytes,
                                 int64_t n_numbers, double *numbers, gmmpi_error *error)
{
  const size_t n_bytes = (size_t)n_numbers * (size_t)item_bytes;
  unsigned char *end = (unsigned char *)(numbers + n_numbers);
  const gmmpi_status status = file_read_at(descriptor, source->label, end - n_bytes, n_bytes, offset, error);
  if (status != GMMPI_OK || item_bytes == sizeof(double)) return status;
  for (int64_t i = 0; i < n_numbers; i++) {
    float value;
    memcpy(&value, end - n_bytes + (size_t)i * sizeof value, sizeof value);
    numbers[i] = (double)value;
  }
  return GMMPI_OK;
}

void source_note(point_source *source, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  notes_add(&source->notes, false, format, arguments);
  va_end(arguments);
}

void source_doubt(point_source *source, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  notes_add(&source->notes, true, format, arguments);
  va_end(arguments);
}

gmmpi_status source_options_copy(const source_options *options, const char *label, source_options *copy,
                                 gmmpi_error *error)
{
  source_word *words = allocate(options->n_words, sizeof *words);
  *copy = (source_options){.words = words, .n_words = words != NULL ? options->n_words : 0, .wanted = options->wanted};
  for (int b = 0; b < N_BESIDE; b++) copy->beside[b] = options->beside[b] != NULL ? strdup(options->beside[b]) : NULL;
  bool has_memory = words != NULL;
  for (int i = 0; has_memory && i < options->n_words; i++) {
    const source_word *word = &options->words[i];
    if (word->value == NULL) continue;
    words[i] = (source_word){strdup(word->name), strdup(word->value)};
    has_memory = words[i].name != NULL && words[i].value != NULL;
  }
  for (int b = 0; b < N_BESIDE; b++)
    has_memory = has_memory && (copy->beside[b] == NULL) == (options->beside[b] == NULL);
  if (options->columns != NULL) has_memory = (copy->columns = strdup(options->columns)) != NULL && has_memory;
  return has_memory ? GMMPI_OK : fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to open it", label);
}

void source_options_clear(source_options *copy)
{
  for (int i = 0; i < copy->n_words; i++) {
    free((char *)copy->words[i].name);
    free((char *)copy->words[i].value);
  }
  free((source_word *)copy->words);
  free((char *)copy->columns);
  for (int b = 0; b < N_BESIDE; b++) free((char *)copy->beside[b]);
}

bool source_takes_all_columns(const point_source *source)
{
  bool all = source->n_features == source->n_columns;
  for (int64_t i = 0; all && i < source->n_features; i++) all = source->columns[i] == i;
  return all;
}

int64_t source_place(const point_source *source, int64_t row)
{
  return source->kind->place != NULL ? source->kind->place(source, row) : row + 1;
}

void source_place_text(const point_source *source, int64_t place, char *text, size_t n_bytes)
{
  if (source->kind->place_text != NULL) {
    source->kind->place_text(source, place, text, n_bytes);
  } else {
    snprintf(text, n_bytes, "%s %" PRId64, source->place_word, place);
  }
}

bool source_reads(const point_source *source, const char *path)
{
  return source->kind->reads != NULL ? source->kind->reads(source, path) : file_is_same(source->path, path);
}

void source_feature_text(const point_source *source, int64_t feature, char *text, size_t n_bytes)
{
  if (source->has_names) {
    snprintf(text, n_bytes, "%s", source->feature_names[feature]);
  } else {
    snprintf(text, n_bytes, "%" PRId64, source->columns[feature] + 1);
  }
}

void source_close(point_source *source)
{
  if (source == NULL) return;
  if (source->state != NULL) source->kind->close(source);
  if (source->beside != NULL) source_close_beside(source);
  for (int64_t i = 0; source->feature_names != NULL && i < source->n_features; i++) free(source->feature_names[i]);
  free(source->feature_names);
  free(source->columns);
  free(source->rules);
  free(source->transforms);
  notes_clear(&source->notes);
  free(source->path);
  free(source->file);
  free(source->inside);
  free(source->label);
  free(source->settings);
  spool_release(source->copy);
  free(source);
}
