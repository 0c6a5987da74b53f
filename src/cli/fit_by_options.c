/* SPDX-License-Identifier: BSD-3-Clause */
/* The options of a fit by groups, and which others make no sense beside them. */
#include "cli/fit_command.h"

#include "fit/options.h"
#include "support/error.h"

#include <stdio.h>
#include <string.h>

static const char *const criteria[] = {
    [BY_NO_CRITERION] = "none", [BY_BIC] = "bic", [BY_AIC] = "aic", [BY_ICL] = "icl", NULL};

const char *fit_by_criterion_word(const fit_by_words *by)
{
  return by->criterion == BY_NO_CRITERION ? NULL : criteria[by->criterion];
}

static gmmpi_status parse_criterion(const option_record *option, const char *text, void *value, gmmpi_error *error)
{
  by_criterion *criterion = value;
  for (int i = BY_BIC; criteria[i] != NULL; i++) {
    if (strcmp(criteria[i], text) != 0) continue;
    *criterion = (by_criterion)i;
    return GMMPI_OK;
  }
  return refuse_choice(option->name, criteria + BY_BIC, text, error);
}

static void print_criterion(const option_record *option, const void *value, char *text, size_t size)
{
  (void)option;
  snprintf(text, size, "%s", criteria[*(const by_criterion *)value]);
}

const option_record fit_by_option_table[] = {
    {.name = "by",
     .argument = "COLUMN|FILE",
     .help = "a mixture of its own for each group of rows with the same key: a column of DATA of numbers or text, by "
             "name or 1-based number, which then is no feature, or a file with one column and as many rows. Rows "
             "without a key are left out",
     .kind = OPTION_TEXT,
     .offset = offsetof(fit_by_words, keys)},
    {.name = "by-index",
     .argument = "FILE",
     .help = "the same of data that are sorted by groups: a file with the row, from 0, with which each group begins, "
             "and, if it is there, the number of rows behind the last one; keys are 0, 1, ...",
     .kind = OPTION_TEXT,
     .offset = offsetof(fit_by_words, offsets)},
    {.name = "criterion",
     .argument = "NAME",
     .help = "with a range of components: bic, aic or icl, of which each group's best number has the lowest",
     .kind = OPTION_PARSED,
     .offset = offsetof(fit_by_words, criterion),
     .parse = parse_criterion,
     .choices = criteria + BY_BIC,
     .print = print_criterion},
};
const int n_fit_by_options = ARRAY_LENGTH(fit_by_option_table);

gmmpi_status fit_by_parse_components(const option_record *option, const char *text, void *value, gmmpi_error *error)
{
  fit_command *command = value;
  const option_record *number = option_find(fit_option_table, n_fit_options, option->name);
  const char *colon = strchr(text, ':');
  char first[32];
  fit_options least;
  command->by.least_components = 0;
  if (colon == NULL) return option_set(number, &command->fit, text, error);
  const size_t length = (size_t)(colon - text);
  if (length >= sizeof first)
    return fail(error, GMMPI_WRONG_USAGE, "--%s: \"%.100s\" is no range; give one such as 1:5", option->name, text);
  memcpy(first, text, length);
  first[length] = '\0';
  if (option_set(number, &least, first, error) != GMMPI_OK ||
      option_set(number, &command->fit, colon + 1, error) != GMMPI_OK)
    return error->status;
  if (least.n_components >= command->fit.n_components)
    return fail(error, GMMPI_WRONG_USAGE, "--%s: %.100s does not ascend; give a range such as 1:5", option->name, text);
  command->by.least_components = least.n_components;
  return GMMPI_OK;
}

static gmmpi_status refuse(const char *reason, gmmpi_error *error)
{
  return fail(error, GMMPI_WRONG_USAGE, "%s", reason);
}

/* What is said of groups where there are none. */
static gmmpi_status check_without(const fit_command *command, gmmpi_error *error)
{
  if (command->by.least_components > 0)
    return refuse("--components: a range is for the groups of --by; give one number, or ask gmmpi select", error);
  if (command->by.criterion != BY_NO_CRITERION)
    return refuse("--criterion goes with --by and a range of components (-k 1:5); leave it away", error);
  return GMMPI_OK;
}

static gmmpi_status check_range(const fit_command *command, gmmpi_error *error)
{
  const fit_options *fit = &command->fit;
  const bool has_range = command->by.least_components > 0;
  const bool has_criterion = command->by.criterion != BY_NO_CRITERION;
  if (has_range && !has_criterion)
    return refuse(
        "--components: a range needs a criterion by which a number is chosen; give --criterion bic, aic or icl", error);
  if (has_criterion && !has_range)
    return refuse("--criterion chooses from a range of components; give one, e.g. -k 1:5, or leave it away", error);
  if (has_range && (fit_is_variational(fit) || fit->method == METHOD_ADAPT))
    return refuse("--criterion: with --method vb and dp there is no maximum of a likelihood, and with adapt the model "
                  "has the components; give one number with -k, or use ml or map",
                  error);
  if (has_range && start_file_path(fit) != NULL)
    return refuse("--init: a file has one number of components; give the same with -k, and no range", error);
  return GMMPI_OK;
}

gmmpi_status fit_by_check(const fit_command *command, gmmpi_error *error)
{
  const fit_by_words *by = &command->by;
  if (!fit_is_by_groups(by)) return check_without(command, error);
  if (by->keys != NULL && by->offsets != NULL)
    return refuse("--by and --by-index both say what groups there are; leave one of them away", error);
  if (command->reading.known_labels != NULL)
    return refuse("--known-labels: the classes of a group would be other components in each; leave it away", error);
  if (command->labels_path != NULL)
    return refuse("--labels: with --by the labels come from gmmpi predict --by; leave it away", error);
  if (command->merge != NULL)
    return refuse("--merge: components are merged in one model, and --by makes many; leave it away", error);
  if (command->job.log_path != NULL)
    return refuse("--log: with --by iterations are those of many fits; leave it away", error);
  if (command->fit.prune)
    return refuse("--prune: with --by all groups have as many components in one array; leave it away", error);
  if (command->job.stall_seconds != 3600.0)
    return refuse("--stall-seconds: with --by ranks that have done their groups wait for the others as long as these "
                  "need; leave it away",
                  error);
  return check_range(command, error);
}
