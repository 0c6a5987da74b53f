/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/select_command.h"

#include "passes/weighting.h"
#include "support/error.h"
#include "support/memory.h"
#include "support/near_word.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const selection_criteria[] = {
    [CRITERION_BIC] = "bic", [CRITERION_AIC] = "aic", [CRITERION_ICL] = "icl", [CRITERION_CV] = "cv", NULL};

/* --- lists --- */

static gmmpi_status bad_sizes(const char *text, gmmpi_error *error)
{
  return fail(error, GMMPI_WRONG_USAGE,
              "--components: \"%.100s\" is no list of numbers of components; give one such as 1:9 or 2,4,8", text);
}

/* A number from 1 on at the beginning of *text, which goes on behind it. */
static bool take_number(const char **text, int64_t *number)
{
  char *end;
  if (**text < '0' || **text > '9') return false;
  const long long found = strtoll(*text, &end, 10);
  *text = end;
  *number = found;
  return found >= 1 && found <= INT32_MAX;
}

static gmmpi_status add_sizes(select_command *command, int64_t first, int64_t last, gmmpi_error *error)
{
  if (last - first >= MOST_CANDIDATES || command->n_sizes + last - first >= MOST_CANDIDATES)
    return fail(error, GMMPI_WRONG_USAGE, "--components: there are at most %d candidates; give fewer",
                (int)MOST_CANDIDATES);
  for (int64_t k = first; k <= last; k++) command->sizes[command->n_sizes++] = k;
  return GMMPI_OK;
}

static int compare_sizes(const void *a, const void *b)
{
  const int64_t one = *(const int64_t *)a;
  const int64_t other = *(const int64_t *)b;
  return one < other ? -1 : one > other;
}

/* In ascending order, each once. */
static void sort_sizes(select_command *command)
{
  int64_t n = 0;
  qsort(command->sizes, (size_t)command->n_sizes, sizeof *command->sizes, compare_sizes);
  for (int64_t i = 0; i < command->n_sizes; i++) {
    if (n == 0 || command->sizes[i] != command->sizes[n - 1]) command->sizes[n++] = command->sizes[i];
  }
  command->n_sizes = n;
}

/* A:B, a number, or several of these with commas between them. */
static gmmpi_status parse_sizes(const option_record *option, const char *text, void *value, gmmpi_error *error)
{
  select_command *command = value;
  const char *rest = text;
  (void)option;
  command->n_sizes = 0;
  if (command->sizes == NULL) command->sizes = allocate(MOST_CANDIDATES, sizeof *command->sizes);
  if (command->sizes == NULL) return fail(error, GMMPI_NO_MEMORY, "there is no memory for the list of candidates");
  while (true) {
    int64_t first;
    int64_t last;
    if (!take_number(&rest, &first)) return bad_sizes(text, error);
    last = first;
    if (*rest == ':' && (++rest, !take_number(&rest, &last) || last < first)) return bad_sizes(text, error);
    if (add_sizes(command, first, last, error) != GMMPI_OK) return error->status;
    if (*rest == '\0') break;
    if (*rest++ != ',') return bad_sizes(text, error);
  }
  sort_sizes(command);
  return GMMPI_OK;
}

static bool has_family(const select_command *command, const covariance_family *family)
{
  bool has = false;
  for (int64_t i = 0; i < command->n_families; i++) has = has || command->families[i] == family;
  return has;
}

static void add_family(select_command *command, const covariance_family *family, const char *word)
{
  if (has_family(command, family)) return;
  snprintf(command->family_words[command->n_families], sizeof command->family_words[0], "%s", word);
  command->families[command->n_families++] = family;
}

static gmmpi_status allocate_families(select_command *command, gmmpi_error *error)
{
  int64_t n = 2;
  while (all_families[n] != NULL) n++;
  if (command->families == NULL) command->families = allocate(n, sizeof *command->families);
  if (command->family_words == NULL) command->family_words = allocate(n, sizeof *command->family_words);
  command->n_families = 0;
  return command->families != NULL && command->family_words != NULL
             ? GMMPI_OK
             : fail(error, GMMPI_NO_MEMORY, "there is no memory for the list of candidates");
}

/* Names with commas between them, or all. */
static gmmpi_status parse_families(const option_record *option, const char *text, void *value, gmmpi_error *error)
{
  select_command *command = value;
  if (allocate_families(command, error) != GMMPI_OK) return error->status;
  command->family_text = text;
  command->all_families = strcmp(text, "all") == 0;
  if (command->all_families) {
    for (int i = 0; all_families[i] != NULL; i++) add_family(command, all_families[i], all_families[i]->code);
    return GMMPI_OK;
  }
  for (const char *word = text; word != NULL; word = strchr(word, ',') != NULL ? strchr(word, ',') + 1 : NULL) {
    char name[16];
    char names[300];
    const size_t length = strcspn(word, ",");
    snprintf(name, sizeof name, "%.*s", (int)length, word);
    near_word meant = {.word = name};
    const covariance_family *family = length < sizeof name ? family_find(name) : NULL;
    if (family == NULL) near_word_try_list(&meant, family_names);
    if (meant.nearest != NULL)
      return fail(error, GMMPI_WRONG_USAGE, "--covariance: \"%.*s\" is unknown; did you mean %s? (%s)", (int)length,
                  word, meant.nearest, family_list(names, sizeof names));
    if (family == NULL)
      return fail(error, GMMPI_WRONG_USAGE,
                  "--%s: \"%.*s\" is no family; give some of %s, their codes (EII ... VVV), or all", option->name,
                  (int)length, word, family_list(names, sizeof names));
    add_family(command, family, name);
  }
  return GMMPI_OK;
}

static void print_text(const option_record *option, const void *value, char *text, size_t size)
{
  (void)option;
  (void)value;
  snprintf(text, size, "%s", "");
}

/* --- the command line --- */

static const usage_note examples[] = {
    {"gmmpi select points.csv -k 1:6 -o model.h5", "the best of one to six components by the BIC"},
    {"gmmpi select points.csv -k 1:3 --covariance full,VEV --table t.csv -o best.h5",
     "the best of two families, too, with a table of all candidates"},
    {NULL, NULL},
};

/* The table of fits, with lists in place of one number and one name. */
static option_record *table_of_lists(select_command *command)
{
  option_record *table = allocate(n_fit_options, sizeof *table);
  if (table == NULL) return NULL;
  memcpy(table, fit_option_table, (size_t)n_fit_options * sizeof *table);
  option_record *sizes = &table[option_index(table, n_fit_options, "components")];
  option_record *families = &table[option_index(table, n_fit_options, "covariance")];
  sizes->argument = "LIST|A:B";
  sizes->brief = "numbers of components: 1:9, or 2,4,8 (required)";
  families->brief = "families of covariances, a list or all";
  table[option_index(table, n_fit_options, "method")].brief = NULL;
  table[option_index(table, n_fit_options, "n-init")].brief = NULL;
  sizes->help = "numbers of components: 1:9, or 2,4,8 (required)";
  families->argument = "NAME,...|all";
  families->help = "families of covariances, with commas between them: those of fit, full, tied, diag, spherical or "
                   "mclust's codes; all for the fourteen (with one feature: E and V)";
  sizes->kind = families->kind = OPTION_PARSED;
  sizes->value = families->value = command;
  sizes->parse = parse_sizes;
  families->parse = parse_families;
  sizes->print = families->print = print_text;
  /* A likelihood that the ridge decides cannot be compared with others. */
  table[option_index(table, n_fit_options, "spurious")].fallback = "strict";
  return table;
}

static gmmpi_status settle(void *context, fit_command *fit, gmmpi_error *error)
{
  select_command *command = context;
  if (command->n_sizes == 0)
    return fail(error, GMMPI_WRONG_USAGE, "-k is missing; say how many components to try, e.g. -k 1:9");
  if (fit->fit.method != METHOD_ML && fit->fit.method != METHOD_MAP)
    return fail(error, GMMPI_WRONG_USAGE,
                "select compares maximum likelihoods; vb and dp find the number of components by themselves, and adapt "
                "has it: use gmmpi fit for these");
  if (fit->fit.init == INIT_MODEL || fit->fit.init == INIT_LABELS || fit->fit.init_file != NULL)
    return fail(error, GMMPI_WRONG_USAGE,
                "--init: a model or labels have one number of components; give kmeans, k-means++ or random");
  if (command->criterion != CRITERION_CV) command->n_folds = 0;
  if (fit->reading.known_labels != NULL)
    return fail(error, GMMPI_WRONG_USAGE, "--known-labels says how many components there are; use gmmpi fit");
  fit->fit.n_components = command->sizes[command->n_sizes - 1];
  fit->fit.covariance = command->families[0]->name;
  return GMMPI_OK;
}

gmmpi_status select_command_parse(int argc, char **argv, int rank, select_command *command, fit_command *fit,
                                  gmmpi_error *error)
{
  const option_record own[] = {
      {.name = "criterion",
       .argument = "NAME",
       .kind = OPTION_CHOICE,
       .value = &command->criterion,
       .choices = selection_criteria,
       .fallback = "bic",
       .brief = "bic, aic, icl, or cv: cross-validation",
       .help =
           "what the best candidate is best by: bic, aic, icl (lower is better), or cv, the held-out log-likelihood "
           "of cross-validation"},
      {.name = "folds",
       .argument = "F",
       .kind = OPTION_INTEGER,
       .value = &command->n_folds,
       .smallest = 2,
       .largest = MOST_FOLDS,
       .fallback = "5",
       .help = "of cross-validation"},
      {.name = "table",
       .argument = "T.csv",
       .kind = OPTION_TEXT,
       .value = &command->table_path,
       .brief = "a row for each candidate",
       .help = "a row for each candidate, as text"},
      {.name = "keep-all",
       .argument = "FOLDER",
       .kind = OPTION_TEXT,
       .value = &command->keep_all,
       .help = "the models of all candidates, FOLDER/NAME_K.h5"},
  };
  option_record *table = table_of_lists(command);
  if (table == NULL) return fail(error, GMMPI_NO_MEMORY, "there is no memory for the options");
  const fit_dialect dialect = {
      .name = "select",
      .purpose = "fit several numbers of components and families, keep the best",
      .examples = examples,
      .synopsis = "DATA -k A:B [options] -o MODEL.h5",
      .about =
          "Fits Gaussian mixtures of several numbers of components, and of several families of covariances, to the "
          "points in DATA: FILE, or FILE.h5:/path/of/dataset; %s, recognised by content. All candidates advance in "
          "the same passes over the points, and the best one by a criterion is written. Of the methods ml and map can "
          "be had, and no start from a model or from labels. Runs alone or under mpirun "
          "or srun with any number of ranks; models are the same to the last bit.",
      .options = table,
      .more = OPTION_GROUP("Selection", own),
      .settle = settle,
      .context = command,
  };
  fit_command_parse(argc, argv, rank, &dialect, fit, error);
  free(table);
  return error->status;
}

void select_command_clear(select_command *command)
{
  free(command->sizes);
  free(command->families);
  free(command->family_words);
  free(command->shapes);
}

/* --- candidates --- */

gmmpi_status select_command_list(select_command *command, const fit_options *common, int64_t n_features,
                                 gmmpi_error *error)
{
  if (n_features == 1 && command->all_families) {
    command->n_families = 0;
    add_family(command, family_find("E"), "E");
    add_family(command, family_find("V"), "V");
  }
  const int64_t n = command->n_families * command->n_sizes;
  if (n > MOST_CANDIDATES)
    return fail(error, GMMPI_WRONG_USAGE,
                "%lld candidates are too many; there can be %d: give fewer numbers of "
                "components, or families",
                (long long)n, (int)MOST_CANDIDATES);
  command->shapes = allocate(n, sizeof *command->shapes);
  if (command->shapes == NULL) return fail(error, GMMPI_NO_MEMORY, "there is no memory for the list of candidates");
  command->n = n;
  for (int64_t c = 0; c < n; c++) {
    fit_options own = *common;
    own.covariance = command->family_words[c / command->n_sizes];
    own.n_components = command->sizes[c % command->n_sizes];
    if (fit_check_covariance(&own, n_features, error) != GMMPI_OK || fit_options_check(&own, 0, error) != GMMPI_OK)
      return error->status;
    command->shapes[c] = (fit_shape){fit_kind(&own), own.n_components};
  }
  return GMMPI_OK;
}

const char *select_family_word(const select_command *command, int64_t candidate)
{
  return command->family_words[candidate / command->n_sizes];
}
