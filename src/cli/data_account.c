/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/data_account.h"

#include "apply/data_summary.h"
#include "cli/prepare.h"
#include "support/error.h"
#include "support/json_text.h"
#include "support/memory.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

enum { MOST_SHOWN = 6 };

struct data_account {
  const point_source *source; /* borrowed */
  double *first_row;          /* n_features, or NULL: it could not be read */
};

data_account *data_account_create(point_source *source)
{
  data_account *account = calloc(1, sizeof *account);
  if (account == NULL) return NULL;
  account->source = source;
  account->first_row = allocate(source_row_width(source), sizeof *account->first_row);
  gmmpi_error ignored = {0};
  if (account->first_row != NULL && source_read(source, 0, 1, account->first_row, &ignored) != GMMPI_OK) {
    free(account->first_row);
    account->first_row = NULL;
  }
  return account;
}

void data_account_destroy(data_account *account)
{
  if (account == NULL) return;
  free(account->first_row);
  free(account);
}

void data_account_print(const data_account *account, FILE *stream, const char *indent, const char *word,
                        bool with_notes)
{
  const point_source *source = account->source;
  const int64_t d = source->n_features;
  fprintf(stream, "%s%s%s: %" PRId64 " row%s of %" PRId64 " column%s", indent, word, source->label, source->n_rows,
          plural(source->n_rows), d, plural(d));
  if (d < source->n_columns) fprintf(stream, " out of %" PRId64, source->n_columns);
  if (account->first_row != NULL) fputs("; first row", stream);
  for (int64_t j = 0; account->first_row != NULL && j < d && j < MOST_SHOWN; j++)
    fprintf(stream, " %.6g", account->first_row[j]);
  fputs(account->first_row != NULL && d > MOST_SHOWN ? " ...\n" : "\n", stream);
  for (int i = 0; with_notes && i < source->notes.n; i++)
    fprintf(stream, "%snote: %s\n", indent, source->notes.remarks[i].text);
}

/* -99 may be a temperature or a longitude; of larger ones the fit itself says that they are far from all others. */
static bool is_doubtful(double value)
{
  return value_is_usual_fill(value) && fabs(value) >= 999.0 && fabs(value) < 1e6;
}

void data_account_warn(const data_account *account, const double *minima, const double *maxima)
{
  const point_source *source = account->source;
  int n_warnings = 0;
  for (int64_t j = 0; j < source->n_features && n_warnings < MOST_SHOWN; j++) {
    const bool is_changed = source->transforms != NULL && !transform_is_none(&source->transforms[j]);
    const double fill = is_doubtful(minima[j]) ? minima[j] : maxima[j];
    if (minima[j] == maxima[j]) {
      warn(
          "%s: feature \"%.100s\" is constant (%.6g), and tells no component from another; leave it out with --columns",
          source->label, source->feature_names[j], minima[j]);
      n_warnings++;
    } else if (!is_changed && is_doubtful(fill)) {
      warn("%s: feature \"%.100s\" goes %s to %.9g, which many programs write for a missing value; if it is one, say "
           "--missing-values %.9g --missing drop",
           source->label, source->feature_names[j], fill == minima[j] ? "down" : "up", fill, fill);
      n_warnings++;
    }
  }
}

json_t *data_account_json(const data_account *account)
{
  const point_source *source = account->source;
  json_t *first_row = json_array();
  json_t *notes = json_array();
  for (int64_t j = 0; account->first_row != NULL && j < source->n_features; j++)
    json_array_append_new(first_row, json_number(account->first_row[j]));
  for (int i = 0; i < source->notes.n; i++) json_array_append_new(notes, json_text(source->notes.remarks[i].text));
  return json_pack("{s:o, s:s, s:I, s:I, s:o, s:o}", "name", json_text(source->label), "kind", source->kind->name,
                   "n_rows", (json_int_t)source->n_rows, "n_columns", (json_int_t)source->n_columns, "first_row",
                   first_row, "notes", notes);
}
