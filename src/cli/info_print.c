/* SPDX-License-Identifier: BSD-3-Clause */
/* What a file holds, in words. */
#include "cli/info_data.h"
#include "cli/info_describe.h"
#include "cli/options.h"
#include "cli/prepare.h"
#include "sources/pipe.h"
#include "support/printable.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INDENT = 24, WIDTH = 100 };

/* Strings of files, such as names, as a terminal may have them. */
static void make_printable(json_t *value)
{
  const char *name;
  size_t i;
  json_t *item;
  if (json_is_string(value)) {
    char *text = strdup(json_string_value(value));
    if (text != NULL) printable_make(text);
    json_string_set(value, text != NULL ? text : "");
    free(text);
  }
  json_object_foreach(value, name, item) make_printable(item);
  json_array_foreach(value, i, item) make_printable(item);
}

/* The value of a fact as text that the caller frees: strings without quotes, arrays with commas. */
static char *fact_text(const json_t *value)
{
  if (json_is_string(value)) return strdup(json_string_value(value));
  if (!json_is_array(value)) return json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(12));
  char *joined = strdup("");
  size_t i;
  const json_t *item;
  json_array_foreach(value, i, item)
  {
    char *text = fact_text(item);
    char *longer = NULL;
    if (text == NULL || joined == NULL || asprintf(&longer, "%s%s%s", joined, i == 0 ? "" : ", ", text) < 0)
      longer = NULL;
    free(text);
    free(joined);
    joined = longer;
  }
  return joined;
}

static void print_facts(json_t *facts, int indent)
{
  const char *name;
  json_t *value;
  json_object_foreach(facts, name, value)
  {
    if (json_is_object(value)) {
      printf("%*s%s:\n", indent, "", name);
      print_facts(value, indent + 2);
      continue;
    }
    char *text = fact_text(value);
    const int column = indent + printf("%*s%s:", indent, "", name) - indent;
    const int gap = column < INDENT ? INDENT - column : 1;
    printf("%*s", gap, "");
    options_print_wrapped(text == NULL ? "?" : text, INDENT, column + gap, WIDTH);
    free(text);
  }
}

/* One line per component: number from 0 as in labels, weight, mean. */
static void print_components(const gmmpi_model *model)
{
  const int64_t d = model->n_features;
  printf("  component      weight  %smean", model->dof != NULL ? "       dof  " : "");
  for (int64_t j = 0; model->feature_names != NULL && j < d; j++) {
    char *name = strdup(model->feature_names[j]);
    if (name != NULL) printable_make(name);
    printf("%s%s", j == 0 ? " (" : ", ", name != NULL ? name : "?");
    free(name);
  }
  puts(model->feature_names != NULL ? ")" : "");
  if (model->transforms != NULL)
    puts("  (means in the units of the data; JSON and file have those of transformed features)");
  for (int64_t k = 0; k < model->n_components; k++) {
    printf("  %9lld  %10.4g ", (long long)k, model->weights[k]);
    if (model->dof != NULL) printf(" %9.4g ", model->dof[k]);
    for (int64_t j = 0; j < d; j++) printf(" %.6g", model_undo_transform(model, j, model->means[k * d + j]));
    print_component_name("  called ", model, k);
    putchar('\n');
  }
  if (model_has(model, PART_NOISE))
    printf("      noise  %10.4g  uniform in a volume of %.6g\n", *model->noise_weight, *model->noise_volume);
}

/* So many names of features are printed one behind the other, beside the table of columns. */
enum { MOST_NAMES = 20 };

/* Facts that are printed as tables, or are in one. */
static const char *const tables[] = {"columns", "first_rows", "suggestions",    "n_rows_looked_at",
                                     "notes",   "tables",     "component_names"};

void info_print(const file_description *description)
{
  const gmmpi_model *model = description->model;
  printf("%s: %s", strcmp(description->path, "-") == 0 ? pipe_standard_input : description->path, description->kind);
  if (model != NULL)
    printf(", %lld component%s in %lld feature%s, %s covariances%s", (long long)model->n_components,
           model->n_components == 1 ? "" : "s", (long long)model->n_features, model->n_features == 1 ? "" : "s",
           model->family->name, model->dof != NULL ? ", t distributions" : "");
  const int64_t n_dead = model != NULL ? model->n_components - model_n_living(model) : 0;
  if (n_dead > 0) printf(", %lld of weight 0", (long long)n_dead);
  putchar('\n');
  make_printable(description->facts);
  json_t *plain = json_copy(description->facts);
  for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) json_object_del(plain, tables[i]);
  if (json_array_size(json_object_get(description->facts, "columns")) > MOST_NAMES)
    json_object_del(plain, "feature_names"); /* the table of columns has them */
  print_facts(plain, 2);
  json_decref(plain);
  info_data_print_columns(description->facts);
  if (model == NULL) return;
  print_components(model);
  print_hierarchy(model->hierarchy, INT64_MAX);
}
