/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/info_data.h"

#include "apply/data_summary.h"
#include "cli/prepare.h"
#include "sources/kinds.h"
#include "support/error.h"
#include "support/json_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* So many numbers are looked at, which takes a second or so of text. */
static const int64_t most_numbers = INT64_C(1) << 24;

/* --- which options suggest themselves --- */

static void suggest(json_t *suggestions, const char *option, const char *reason)
{
  json_array_append_new(suggestions, json_pack("{s:o, s:s}", "option", json_text(option), "reason", reason));
}

/* The columns of the file without text, as --columns takes them; where there is text, and not only that. */
static void suggest_columns(const point_source *source, const data_summary *summary, json_t *suggestions)
{
  char list[300] = "--columns ";
  const size_t empty = strlen(list);
  bool has_text = false;
  for (int64_t j = 0; j < source->n_features; j++) {
    int64_t end = j;
    while (end < source->n_features && summary->columns[end].n_text == 0 &&
           source->columns[end] == source->columns[j] + (end - j))
      end++;
    has_text = has_text || summary->columns[j].n_text > 0;
    if (end == j) continue;
    const size_t used = strlen(list);
    if (used > sizeof list - 60) return;
    snprintf(list + used, sizeof list - used, end - j > 1 ? "%s%" PRId64 "-%" PRId64 : "%s%" PRId64,
             used > empty ? "," : "", source->columns[j] + 1, source->columns[end - 1] + 1);
    j = end - 1;
  }
  if (has_text && strlen(list) > empty) suggest(suggestions, list, "the other columns hold text");
}

static void suggest_options(const point_source *source, const data_summary *summary, json_t *suggestions)
{
  int64_t n_missing = 0;
  int64_t n_infinite = 0;
  double sentinel = NAN;
  for (int64_t j = 0; j < source->n_features; j++) {
    const column_summary *column = &summary->columns[j];
    if (column->n_text == 0) n_missing += column->n_missing;
    n_infinite += column->n_infinite;
    if (column->n_finite > 0 && value_is_usual_fill(column->most)) sentinel = column->most;
    if (column->n_finite > 0 && value_is_usual_fill(column->least)) sentinel = column->least;
  }
  char text[80];
  suggest_columns(source, summary, suggestions);
  snprintf(text, sizeof text, "--missing-values %.9g", sentinel);
  if (!isnan(sentinel)) suggest(suggestions, text, "if that number stands for a missing value");
  if (n_missing > 0) suggest(suggestions, "--missing drop", "values are missing");
  if (n_infinite > 0) suggest(suggestions, "--infinite drop", "values are infinite");
}

/* --- facts --- */

/* A number of the data; null where it is missing, and text and infinities in words. */
static json_t *json_cell(double value)
{
  if (value_is_text(value)) return json_string("text");
  if (isinf(value)) return json_string(value > 0.0 ? "inf" : "-inf");
  return json_number(value);
}

static json_t *json_columns(const point_source *source, const data_summary *summary)
{
  json_t *columns = json_array();
  for (int64_t j = 0; j < source->n_features; j++) {
    const column_summary *column = &summary->columns[j];
    const bool has_range = column->n_finite > 0;
    json_array_append_new(
        columns,
        json_pack("{s:o, s:I, s:o, s:o, s:I, s:I, s:I}", "name", json_text(source->feature_names[j]), "column",
                  (json_int_t)source->columns[j] + 1, "least", has_range ? json_real(column->least) : json_null(),
                  "most", has_range ? json_real(column->most) : json_null(), "n_missing", (json_int_t)column->n_missing,
                  "n_infinite", (json_int_t)column->n_infinite, "n_text", (json_int_t)column->n_text));
  }
  return columns;
}

static json_t *json_first_rows(const point_source *source, const data_summary *summary)
{
  json_t *rows = json_array();
  for (int64_t i = 0; i < summary->n_first_rows; i++) {
    json_t *row = json_array();
    for (int64_t j = 0; j < source->n_features; j++)
      json_array_append_new(row, json_cell(summary->first_rows[i * source->n_features + j]));
    json_array_append_new(rows, row);
  }
  return rows;
}

static json_t *facts_of_source(const point_source *source)
{
  json_t *names = json_array();
  json_t *notes = json_array();
  for (int64_t j = 0; j < source->n_features; j++) json_array_append_new(names, json_text(source->feature_names[j]));
  for (int i = 0; i < source->notes.n; i++) json_array_append_new(notes, json_text(source->notes.remarks[i].text));
  json_t *facts = json_pack("{s:s, s:I, s:I, s:I, s:b, s:o, s:o}", "format", source->kind->name, "n_samples",
                            (json_int_t)source->n_rows, "n_features", (json_int_t)source->n_features, "n_columns",
                            (json_int_t)source->n_columns, "has_names", (int)source->has_names, "feature_names", names,
                            "notes", notes);
  if (facts != NULL && source->inside != NULL) json_object_set_new(facts, "dataset", json_text(source->inside));
  return facts;
}

/* Collective. What the rows hold, added to the facts of rank 0; of content that cannot be read the reason. */
static gmmpi_status add_summary(MPI_Comm comm, point_source *source, json_t *facts, gmmpi_error *error)
{
  data_summary summary = {0};
  gmmpi_error local = {0};
  source->keeps_text = true;
  const gmmpi_status status = data_summarise(comm, source, most_numbers, &summary, &local);
  if (status == GMMPI_OK && facts != NULL) {
    json_t *suggestions = json_array();
    suggest_options(source, &summary, suggestions);
    json_object_set_new(facts, "n_rows_looked_at", json_integer((json_int_t)summary.n_rows));
    json_object_set_new(facts, "columns", json_columns(source, &summary));
    json_object_set_new(facts, "first_rows", json_first_rows(source, &summary));
    json_object_set_new(facts, "suggestions", suggestions);
  } else if (status == GMMPI_BAD_DATA && facts != NULL) {
    json_object_set_new(facts, "problem", json_text(local.message));
  }
  data_summary_clear(&summary);
  return status == GMMPI_BAD_DATA ? GMMPI_OK : error_pass(error, &local);
}

/* A file out of which no one table can be picked is described by what is in it. Collective. */
static gmmpi_status describe_data_sets(MPI_Comm comm, const char *path, const gmmpi_error *failure, json_t **facts,
                                       gmmpi_error *error)
{
  int rank;
  MPI_Comm_rank(comm, &rank);
  if (rank == 0) {
    const source_kind *kind = NULL;
    json_t *sets = failure->status == GMMPI_BAD_DATA ? kinds_insides(path, &kind) : NULL;
    if (sets != NULL && json_object_size(sets) > 1) {
      *facts =
          json_pack("{s:s, s:O, s:o}", "format", kind->name, "datasets", sets, "problem", json_text(failure->message));
      if (json_object_get(sets, "tables") != NULL) json_object_set(*facts, "tables", json_object_get(sets, "tables"));
      json_object_del(sets, "tables");
      json_decref(sets);
    } else {
      json_decref(sets);
      *error = *failure;
    }
  }
  return agree(comm, error);
}

gmmpi_status info_data_describe(MPI_Comm comm, const char *data, const source_options *how, json_t **facts,
                                gmmpi_error *error)
{
  point_source *source = NULL;
  gmmpi_error failure = {0};
  int rank;
  MPI_Comm_rank(comm, &rank);
  *facts = NULL;
  if (source_open(comm, data, how, &source, &failure) != GMMPI_OK)
    return describe_data_sets(comm, data, &failure, facts, error);
  if (rank == 0 && (*facts = facts_of_source(source)) == NULL)
    fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to describe it", data);
  if (agree(comm, error) == GMMPI_OK) add_summary(comm, source, *facts, error);
  source_close(source);
  return error->status;
}

/* --- for people --- */

enum { MOST_COLUMNS = 40, MOST_CELLS = 8, NAME_WIDTH = 24 };

static void print_column(const json_t *column)
{
  const char *name = json_string_value(json_object_get(column, "name"));
  const json_t *least = json_object_get(column, "least");
  const json_int_t n_missing = json_integer_value(json_object_get(column, "n_missing"));
  const json_int_t n_infinite = json_integer_value(json_object_get(column, "n_infinite"));
  const json_int_t n_text = json_integer_value(json_object_get(column, "n_text"));
  printf("  %5lld  %-*s", (long long)json_integer_value(json_object_get(column, "column")), NAME_WIDTH, name);
  if (json_is_real(least))
    printf("  %12.6g  %12.6g", json_real_value(least), json_real_value(json_object_get(column, "most")));
  if (n_text > 0) printf("  %lld text", (long long)n_text);
  if (n_missing > 0) printf("  %lld missing", (long long)n_missing);
  if (n_infinite > 0) printf("  %lld infinite", (long long)n_infinite);
  putchar('\n');
}

static void print_row(const json_t *row)
{
  size_t j;
  const json_t *cell;
  printf("   ");
  json_array_foreach(row, j, cell)
  {
    if (j == MOST_CELLS) {
      printf(" ...");
      break;
    }
    if (json_is_string(cell))
      printf(" %s", json_string_value(cell));
    else if (json_is_null(cell))
      printf(" missing");
    else
      printf(" %.6g", json_real_value(cell));
  }
  putchar('\n');
}

static void print_tables(const json_t *tables)
{
  size_t i;
  const json_t *table;
  json_array_foreach(tables, i, table)
  {
    size_t j;
    const json_t *name;
    printf("  table %s: %lld rows of", json_string_value(json_object_get(table, "data")),
           (long long)json_integer_value(json_object_get(table, "n_rows")));
    json_array_foreach(json_object_get(table, "columns"), j, name)
    {
      if (j <= MOST_COLUMNS) printf("%s%s", j > 0 ? ", " : " ", j < MOST_COLUMNS ? json_string_value(name) : "...");
    }
    putchar('\n');
  }
}

void info_data_print_columns(const json_t *facts)
{
  size_t i;
  json_t *item;
  const json_t *columns = json_object_get(facts, "columns");
  json_array_foreach(json_object_get(facts, "notes"), i, item) printf("  note: %s\n", json_string_value(item));
  print_tables(json_object_get(facts, "tables"));
  if (columns == NULL) return;
  const long long n_seen = json_integer_value(json_object_get(facts, "n_rows_looked_at"));
  printf("  column  %-*s  %12s  %12s  (of %s%lld row%s)\n", NAME_WIDTH - 1, "name", "least", "most",
         n_seen < json_integer_value(json_object_get(facts, "n_samples")) ? "the first " : "", n_seen, plural(n_seen));
  json_array_foreach(columns, i, item)
  {
    if (i < MOST_COLUMNS) print_column(item);
  }
  if (json_array_size(columns) > MOST_COLUMNS)
    printf("  ... and %zu more; --json has them\n", json_array_size(columns) - MOST_COLUMNS);
  printf("  first rows:\n");
  json_array_foreach(json_object_get(facts, "first_rows"), i, item) print_row(item);
  json_array_foreach(json_object_get(facts, "suggestions"), i, item)
      printf("  suggests %s: %s\n", json_string_value(json_object_get(item, "option")),
             json_string_value(json_object_get(item, "reason")));
}
