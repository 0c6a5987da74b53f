/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/label_classes.h"

#include "support/activity.h"
#include "support/error.h"
#include "support/hash.h"
#include "support/memory.h"
#include "support/option.h"
#include "support/signals.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE_NUMBERS = 1 << 15 };

/* Different numbers; ascending, once they are sorted. */
typedef struct number_set {
  double *values;
  int64_t n, room;
  int64_t most;
  int64_t *slots; /* n_slots, a power of two: indices and one more by the hashes of their numbers, 0: none */
  int64_t n_slots;
} number_set;

static void set_clear(number_set *set)
{
  free(set->values);
  free(set->slots);
}

static int64_t find_slot(const number_set *set, double value)
{
  const uint64_t mask = (uint64_t)set->n_slots - 1;
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  uint64_t slot = hash_word(0, bits) & mask;
  while (set->slots[slot] != 0 && set->values[set->slots[slot] - 1] != value) slot = (slot + 1) & mask;
  return (int64_t)slot;
}

static bool make_room(number_set *set)
{
  if (set->n < set->room) return true;
  if (set->n >= set->most) return false;
  const int64_t room = set->room > 0 ? 2 * set->room : 16;
  double *values = realloc(set->values, (size_t)room * sizeof *values);
  if (values != NULL) set->values = values;
  int64_t *slots = calloc((size_t)room, 2 * sizeof *slots);
  if (values == NULL || slots == NULL) {
    free(slots);
    return false;
  }
  free(set->slots);
  set->slots = slots;
  set->room = room;
  set->n_slots = 2 * room;
  for (int64_t i = 0; i < set->n; i++) slots[find_slot(set, values[i])] = i + 1;
  return true;
}

/* False: no memory, or too many. */
static bool add_number(number_set *set, double number)
{
  const double value = number + 0.0;
  if (set->n > 0 && set->slots[find_slot(set, value)] != 0) return true;
  if (!make_room(set)) return false;
  set->slots[find_slot(set, value)] = set->n + 1;
  set->values[set->n++] = value;
  return true;
}

static int compare_numbers(const void *a, const void *b)
{
  const double x = *(const double *)a;
  const double y = *(const double *)b;
  return (x > y) - (x < y);
}

static void sort_numbers(number_set *set)
{
  if (set->n > 0) qsort(set->values, (size_t)set->n, sizeof *set->values, compare_numbers);
}

/* Of sorted values the first one that is not smaller. */
static int64_t place_of(const double *values, int64_t n, double value)
{
  int64_t low = 0;
  while (low < n) {
    const int64_t middle = low + (n - low) / 2;
    if (values[middle] < value)
      low = middle + 1;
    else
      n = middle;
  }
  return low;
}

static gmmpi_status too_many(const point_source *source, bool are_keys, gmmpi_error *error)
{
  if (are_keys)
    return fail(error, GMMPI_BAD_DATA, "%s: has more than %d different keys; name another column (--by)", source->label,
                MOST_KEYS);
  return fail(error, GMMPI_BAD_DATA,
              "%s: has more than %d different labels, which are no classes; name another column (--known-labels)",
              source->label, MOST_LABELS);
}

/* Doubles tell whole numbers below this from each other; this is also what 2^53 + 1 is read as. */
static const double first_inexact = 0x1p53;

/* --- this rank's rows --- */

typedef struct label_survey {
  point_source *source;
  int64_t label; /* its place in a row */
  bool are_keys;
  number_set *seen; /* of rows that count */
} label_survey;

static gmmpi_status look_at_rows(const label_survey *survey, int64_t first, int64_t n, const double *rows,
                                 gmmpi_error *error)
{
  const point_source *source = survey->source;
  const int64_t width = source_row_width(source);
  for (int64_t i = 0; i < n; i++) {
    const double *row = rows + i * width;
    if (isnan(row[survey->label]) || (source_has_weights(source) && !(row[width - 1] > 0.0))) continue;
    const bool is_inexact = survey->are_keys && fabs(row[survey->label]) >= first_inexact;
    if (isinf(row[survey->label]) || is_inexact) {
      char where[800];
      source_describe_number(source, first + i, survey->label, where, sizeof where);
      return fail_at(error, source_place(source, first + i), GMMPI_BAD_DATA,
                     !survey->are_keys ? "%s: the label is infinite; leave it empty where it is unknown"
                                       : "%s: the key is too large to be told from others; give smaller numbers",
                     where);
    }
    if (!add_number(survey->seen, row[survey->label])) return too_many(source, survey->are_keys, error);
  }
  return GMMPI_OK;
}

static gmmpi_status look_at_share(MPI_Comm comm, const label_survey *survey, gmmpi_error *error)
{
  point_source *source = survey->source;
  const int64_t width = source_row_width(source);
  const int64_t piece = width < PIECE_NUMBERS ? PIECE_NUMBERS / width : 1;
  int rank;
  int n_ranks;
  int64_t numbers;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &n_ranks);
  const int64_t share = source->n_rows / n_ranks;
  const int64_t rest = source->n_rows % n_ranks;
  const int64_t begin = rank * share + (rank < rest ? rank : rest);
  const int64_t end = begin + share + (rank < rest ? 1 : 0);
  double *rows = multiply_fits(piece, width, &numbers) ? allocate(numbers, sizeof *rows) : NULL;
  if (rows == NULL) return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read its labels", source->label);
  for (int64_t row = begin; row < end && error->status == GMMPI_OK; row += piece) {
    const int64_t n = end - row < piece ? end - row : piece;
    if (signals_stop_requested())
      fail(error, GMMPI_STOPPED, "%s: stopped by %s while it was read; start again", source->label,
           signals_name(signals_received()));
    else if (source_read(source, row, n, rows, error) == GMMPI_OK)
      look_at_rows(survey, row, n, rows, error);
    activity_tell(&(activity){.doing = "finding the labels of",
                              .object = source->label,
                              .share = (double)(row + n - begin) / (double)(end - begin),
                              .n = source->n_rows,
                              .unit = "rows"});
  }
  free(rows);
  return error->status;
}

/* --- all ranks' --- */

/* Collective: what all ranks have, one behind the other; *n_all bytes. NULL: no memory. */
static char *gather_bytes(MPI_Comm comm, const char *bytes, int n, int *n_all)
{
  int n_ranks;
  MPI_Comm_size(comm, &n_ranks);
  int *counts = calloc((size_t)n_ranks, sizeof *counts);
  int *places = calloc((size_t)n_ranks + 1, sizeof *places);
  char *all = NULL;
  bool fits = counts != NULL && places != NULL;
  if (fits) MPI_Allgather(&n, 1, MPI_INT, counts, 1, MPI_INT, comm);
  for (int r = 0; fits && r < n_ranks; r++) fits = !__builtin_add_overflow(places[r], counts[r], &places[r + 1]);
  if (fits) all = malloc((size_t)places[n_ranks] + 1);
  if (all != NULL) {
    MPI_Allgatherv(bytes, n, MPI_BYTE, all, counts, places, MPI_BYTE, comm);
    *n_all = places[n_ranks];
  }
  free(counts);
  free(places);
  return all;
}

static gmmpi_status out_of_memory(const point_source *source, gmmpi_error *error)
{
  return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left for its labels", source->label);
}

/* A number in as many digits as name it. */
static char *name_of_number(double value)
{
  char text[40];
  for (int n_digits = 15; n_digits <= 17; n_digits++) {
    snprintf(text, sizeof text, "%.*g", n_digits, value);
    if (strtod(text, NULL) == value) break;
  }
  return strdup(text);
}

/* Collective: the numbers that any rank has seen. */
static gmmpi_status share_numbers(MPI_Comm comm, const label_survey *survey, label_classes *classes, gmmpi_error *error)
{
  const point_source *source = survey->source;
  const number_set *seen = survey->seen;
  int n_bytes = 0;
  number_set all = {.most = seen->most};
  char *bytes = gather_bytes(comm, (const char *)seen->values, (int)(seen->n * (int64_t)sizeof(double)), &n_bytes);
  if (bytes == NULL) return out_of_memory(source, error);
  for (int i = 0; i < n_bytes && error->status == GMMPI_OK; i += (int)sizeof(double)) {
    double value;
    memcpy(&value, bytes + i, sizeof value);
    if (!add_number(&all, value)) too_many(source, survey->are_keys, error);
  }
  free(bytes);
  sort_numbers(&all);
  free(all.slots);
  classes->numbers = all.values;
  classes->n = all.n;
  classes->names = allocate(all.n, sizeof *classes->names);
  bool good = classes->names != NULL;
  for (int64_t i = 0; i < all.n && good; i++) good = (classes->names[i] = name_of_number(all.values[i])) != NULL;
  return good || error->status != GMMPI_OK ? error->status : out_of_memory(source, error);
}

/* Are all texts numbers, and, if they are keys, exact ones? numbers: n. */
static bool are_numbers(const label_texts *texts, bool are_keys, double *numbers)
{
  const double too_large = are_keys ? first_inexact : HUGE_VAL;
  bool good = true;
  for (int64_t i = 0; i < texts->n && good; i++)
    good = parse_real(texts->texts[i], &numbers[i]) && fabs(numbers[i]) < too_large;
  return good;
}

/* The classes of texts: those of the same number are one. */
static gmmpi_status set_classes_of_texts(const label_survey *survey, label_classes *classes, gmmpi_error *error)
{
  label_texts *texts = &classes->texts;
  double *numbers = allocate(texts->n, sizeof *numbers);
  classes->class_of = allocate(texts->n, sizeof *classes->class_of);
  classes->names = allocate(texts->n, sizeof *classes->names);
  bool good = numbers != NULL && classes->class_of != NULL && classes->names != NULL && label_texts_complete(texts);
  number_set different = {.most = texts->most};
  const bool has_numbers = good && are_numbers(texts, survey->are_keys, numbers);
  for (int64_t i = 0; has_numbers && good && i < texts->n; i++) good = add_number(&different, numbers[i]);
  sort_numbers(&different);
  classes->n = has_numbers ? different.n : texts->n;
  for (int64_t i = 0; good && i < texts->n; i++) {
    const int64_t number = texts->order[i];
    classes->class_of[number] = has_numbers ? place_of(different.values, different.n, numbers[number]) : i;
  }
  for (int64_t i = 0; good && i < classes->n; i++) {
    classes->names[i] = has_numbers ? name_of_number(different.values[i]) : strdup(texts->texts[texts->order[i]]);
    good = classes->names[i] != NULL;
  }
  if (has_numbers) {
    classes->numbers = different.values;
    different.values = NULL;
  }
  free(numbers);
  set_clear(&different);
  return good ? GMMPI_OK : out_of_memory(survey->source, error);
}

/* Collective: the texts, of which this rank has seen some, that any rank has seen. */
static gmmpi_status share_texts(MPI_Comm comm, const label_survey *survey, label_classes *classes, gmmpi_error *error)
{
  const point_source *source = survey->source;
  const number_set *seen = survey->seen;
  label_texts own = classes->texts;
  classes->texts = (label_texts){.most = own.most};
  size_t length = 0;
  for (int64_t i = 0; i < seen->n; i++) length += strlen(own.texts[label_text_of(seen->values[i])]) + 1;
  char *bytes = length < INT32_MAX ? malloc(length + 1) : NULL;
  char *next = bytes;
  for (int64_t i = 0; bytes != NULL && i < seen->n; i++)
    next = stpcpy(next, own.texts[label_text_of(seen->values[i])]) + 1;
  if (bytes == NULL) out_of_memory(source, error);
  label_texts_clear(&own);
  int n_all = 0;
  char *all = agree(comm, error) == GMMPI_OK ? gather_bytes(comm, bytes, (int)length, &n_all) : NULL;
  if (all == NULL && error->status == GMMPI_OK) out_of_memory(source, error);
  for (const char *text = all; error->status == GMMPI_OK && text < all + n_all; text += strlen(text) + 1) {
    if (label_texts_number(&classes->texts, text, strlen(text)) < 0) too_many(source, survey->are_keys, error);
  }
  free(all);
  free(bytes);
  return error->status == GMMPI_OK ? set_classes_of_texts(survey, classes, error) : error->status;
}

gmmpi_status label_classes_find(MPI_Comm comm, point_source *source, int64_t label, point_source *owner,
                                int64_t feature, bool are_keys, label_classes *classes, gmmpi_error *error)
{
  number_set seen = {.most = are_keys ? MOST_KEYS : MOST_LABELS};
  const label_survey survey = {.source = source, .label = label, .are_keys = are_keys, .seen = &seen};
  classes->texts.most = seen.most;
  classes->has_texts = owner->has_texts;
  if (owner->has_texts) {
    owner->texts = &classes->texts;
    owner->text_feature = feature;
  }
  look_at_share(comm, &survey, error);
  if (agree(comm, error) == GMMPI_OK) {
    if (owner->has_texts)
      share_texts(comm, &survey, classes, error);
    else
      share_numbers(comm, &survey, classes, error);
    agree(comm, error);
  }
  set_clear(&seen);
  return error->status;
}

double label_class(const label_classes *classes, double label)
{
  if (isnan(label)) return -1.0;
  const int64_t number = classes->has_texts ? label_text_of(label) : -1;
  if (classes->has_texts) return number >= 0 && number < classes->texts.n ? (double)classes->class_of[number] : -2.0;
  const int64_t place = place_of(classes->numbers, classes->n, label);
  return place < classes->n && classes->numbers[place] == label ? (double)place : -2.0;
}

void label_classes_clear(label_classes *classes)
{
  for (int64_t i = 0; classes->names != NULL && i < classes->n; i++) free(classes->names[i]);
  free(classes->names);
  free(classes->numbers);
  free(classes->class_of);
  label_texts_clear(&classes->texts);
  *classes = (label_classes){0};
}
