/* SPDX-License-Identifier: BSD-3-Clause */
/* The public options: the tables of a fit, of how DATA is read and of memory, by name. */
#include "fit/api.h"

#include "support/error.h"
#include "support/memory.h"
#include "support/near_word.h"

#include <stdlib.h>
#include <string.h>

/* A table, and the struct of the options that it describes. */
typedef struct option_section {
  const option_record *table; /* n_options */
  int n_options;
  size_t offset; /* in gmmpi_options */
} option_section;

enum { N_SECTIONS = 5 };

static option_section section(int index)
{
  option_section reading = {.offset = offsetof(gmmpi_options, reading)};
  reading.table = reading_option_table(&reading.n_options);
  const option_section all[N_SECTIONS] = {
      {fit_option_table, n_fit_options, offsetof(gmmpi_options, fit)},
      reading,
      {weights_option_table, n_weights_options, offsetof(gmmpi_options, reading)},
      {memory_option_table, n_memory_options, offsetof(gmmpi_options, memory)},
      {&known_labels_option, 1, offsetof(gmmpi_options, reading)},
  };
  return all[index];
}

/* An option and its values' place. */
typedef struct found_option {
  const option_record *record; /* NULL: there is none */
  size_t offset;               /* of its struct in gmmpi_options */
  int64_t index;               /* among all options */
} found_option;

static found_option find_by_index(int64_t index)
{
  int64_t before = 0;
  for (int s = 0; s < N_SECTIONS; s++) {
    const option_section one = section(s);
    if (index >= before && index < before + one.n_options)
      return (found_option){.record = &one.table[index - before], .offset = one.offset, .index = index};
    before += one.n_options;
  }
  return (found_option){.record = NULL};
}

static found_option find_by_name(const char *name, gmmpi_error *error)
{
  for (int64_t i = 0; i < gmmpi_options_count(); i++) {
    const found_option found = find_by_index(i);
    if (strcmp(found.record->name, name) == 0) return found;
  }
  near_word meant = {.word = name};
  for (int64_t i = 0; i < gmmpi_options_count(); i++) near_word_try(&meant, find_by_index(i).record->name);
  if (meant.nearest != NULL)
    fail(error, GMMPI_WRONG_USAGE, "unknown option \"%s\"; did you mean %s?", name, meant.nearest);
  else
    fail(error, GMMPI_WRONG_USAGE, "unknown option \"%s\"; gmmpi_options_name lists the options", name);
  return (found_option){.record = NULL};
}

int64_t gmmpi_options_count(void)
{
  int64_t n = 0;
  for (int s = 0; s < N_SECTIONS; s++) n += section(s).n_options;
  return n;
}

const char *gmmpi_options_name(int64_t index)
{
  const option_record *option = find_by_index(index).record;
  return option != NULL ? option->name : NULL;
}

const char *gmmpi_options_help(int64_t index)
{
  const option_record *option = find_by_index(index).record;
  return option != NULL ? option->help : NULL;
}

gmmpi_status gmmpi_options_create(gmmpi_options **options, gmmpi_error *error)
{
  gmmpi_options *created = calloc(1, sizeof *created);
  if (created != NULL) created->texts = calloc((size_t)gmmpi_options_count(), sizeof *created->texts);
  *options = NULL;
  if (created == NULL || created->texts == NULL) {
    free(created);
    return fail(error, GMMPI_NO_MEMORY, "there is no memory for options");
  }
  for (int s = 0; s < N_SECTIONS; s++) {
    const option_section one = section(s);
    options_set_fallbacks(one.table, one.n_options, (char *)created + one.offset);
  }
  *options = created;
  return GMMPI_OK;
}

static void forget_start(gmmpi_options *options)
{
  gmmpi_model_destroy(options->start);
  free(options->labels);
  options->start = NULL;
  options->labels = NULL;
  options->n_labels = 0;
}

void gmmpi_options_destroy(gmmpi_options *options)
{
  if (options == NULL) return;
  for (int64_t i = 0; i < gmmpi_options_count(); i++) free(options->texts[i]);
  free(options->texts);
  forget_start(options);
  free(options);
}

/* On the command line a switch that is there is set; here it takes yes or no. */
static gmmpi_status set_flag(const option_record *option, void *values, const char *text, gmmpi_error *error)
{
  const bool yes = strcmp(text, "yes") == 0;
  if (!yes && strcmp(text, "no") != 0)
    return fail(error, GMMPI_WRONG_USAGE, "--%s: \"%.100s\" is neither yes nor no; give one", option->name, text);
  *(bool *)((char *)values + option->offset) = yes;
  return GMMPI_OK;
}

static gmmpi_status set(const found_option *found, gmmpi_options *options, const char *text, gmmpi_error *error)
{
  void *values = (char *)options + found->offset;
  return found->record->kind == OPTION_FLAG ? set_flag(found->record, values, text, error)
                                            : option_set(found->record, values, text, error);
}

gmmpi_status gmmpi_options_set(gmmpi_options *options, const char *name, const char *value, gmmpi_error *error)
{
  gmmpi_error local = {0};
  const found_option found = find_by_name(name, &local);
  char *copy = found.record != NULL ? strdup(value) : NULL;
  if (found.record != NULL && copy == NULL) fail(&local, GMMPI_NO_MEMORY, "there is no memory for options");
  if (local.status == GMMPI_OK && set(&found, options, copy, &local) == GMMPI_OK) {
    free(options->texts[found.index]);
    options->texts[found.index] = copy;
    if (found.offset == offsetof(gmmpi_options, fit)) options->given |= UINT64_C(1) << found.index;
    if (strcmp(name, "init") == 0) forget_start(options);
  } else {
    free(copy);
  }
  return error_pass(error, &local);
}

gmmpi_status gmmpi_options_get(const gmmpi_options *options, const char *name, char *value, size_t size,
                               gmmpi_error *error)
{
  enum { MOST = 1 << 16 };
  gmmpi_error local = {0};
  const found_option found = find_by_name(name, &local);
  char *text = found.record != NULL ? allocate(MOST, 1) : NULL;
  if (found.record != NULL && text == NULL) fail(&local, GMMPI_NO_MEMORY, "there is no memory for options");
  if (local.status == GMMPI_OK) {
    option_text(found.record, (const char *)options + found.offset, text, MOST);
    if (strlen(text) < size)
      memcpy(value, text, strlen(text) + 1);
    else
      fail(&local, GMMPI_WRONG_USAGE, "--%s: its value does not fit into %zu bytes; give more", name, size);
  }
  free(text);
  return error_pass(error, &local);
}

/* What is in memory takes the place of "init". */
static void start_from_memory(gmmpi_options *options, start_method method)
{
  options->fit.init = method;
  options->fit.init_file = NULL;
}

gmmpi_status gmmpi_options_set_start(gmmpi_options *options, const gmmpi_model *model, gmmpi_error *error)
{
  gmmpi_model *copy = NULL;
  gmmpi_error local = {0};
  if (model_duplicate(model, &copy, &local) == GMMPI_OK) {
    forget_start(options);
    start_from_memory(options, INIT_MODEL);
    options->start = copy;
  }
  return error_pass(error, &local);
}

gmmpi_status gmmpi_options_set_labels(gmmpi_options *options, const int64_t *labels, int64_t n_local,
                                      gmmpi_error *error)
{
  if (n_local < 0) return fail(error, GMMPI_WRONG_USAGE, "%lld labels: give 0 or more", (long long)n_local);
  int64_t *copy = allocate(n_local, sizeof *copy);
  if (copy == NULL) return fail(error, GMMPI_NO_MEMORY, "there is no memory for the labels");
  if (n_local > 0) memcpy(copy, labels, (size_t)n_local * sizeof *copy);
  forget_start(options);
  start_from_memory(options, INIT_LABELS);
  options->labels = copy;
  options->n_labels = n_local;
  return GMMPI_OK;
}

void gmmpi_options_on_warning(gmmpi_options *options, void (*report)(void *context, const char *text), void *context)
{
  options->report = report;
  options->report_context = context;
}

void api_report_warnings(const gmmpi_options *options, warning_list *warnings)
{
  char **lines;
  const int64_t n = warning_list_take(warnings, &lines);
  for (int64_t i = 0; i < n; i++) {
    if (options != NULL && options->report != NULL) options->report(options->report_context, lines[i]);
    free(lines[i]);
  }
  free(lines);
}

gmmpi_status api_options_duplicate(const gmmpi_options *options, gmmpi_options **copy, gmmpi_error *error)
{
  gmmpi_error local = {0};
  gmmpi_options_create(copy, &local);
  for (int64_t i = 0; options != NULL && local.status == GMMPI_OK && i < gmmpi_options_count(); i++) {
    if (options->texts[i] != NULL) gmmpi_options_set(*copy, gmmpi_options_name(i), options->texts[i], &local);
  }
  return error_pass(error, &local);
}
