/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/fit_by_command.h"

#include "cli/prepare.h"
#include "support/error.h"
#include "support/json_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_BYTES = 120 };

fit_by_counts fit_by_count(const group_models *models)
{
  fit_by_counts counts = {.n_groups = models->keys.n};
  for (int64_t g = 0; g < models->keys.n; g++) {
    counts.n_failed += group_is_fitted(models, g) ? 0 : 1;
    counts.n_converged += models->facts[GROUP_CONVERGED][g] != 0.0;
    counts.n_iterations += (int64_t)models->facts[GROUP_N_ITER][g];
  }
  int64_t last = -1;
  for (int64_t i = 0; i < models->n_remarks; i++) {
    const group_remark *remark = &models->remarks[i];
    counts.n_eventful += !remark->is_failure && remark->group != last;
    last = remark->group;
  }
  return counts;
}

json_t *fit_by_facts(const fit_by_account *account)
{
  const fit_command *command = account->command;
  const fit_by_counts counts = fit_by_count(account->result->models);
  json_t *facts = json_pack(
      "{s:o*, s:I, s:I, s:I, s:I, s:I, s:s*}", "by", command->by.keys != NULL ? json_text(command->by.keys) : NULL,
      "n_failed", (json_int_t)counts.n_failed, "n_converged", (json_int_t)counts.n_converged, "n_dropped",
      (json_int_t)(account->dropped.n - account->dropped.n_weightless), "n_without_group",
      (json_int_t)account->n_outside, "least_components",
      (json_int_t)(command->by.least_components > 0 ? command->by.least_components : command->fit.n_components),
      "criterion", fit_by_criterion_word(&command->by));
  if (facts != NULL && fit_options_note_model(&command->fit, 0, n_fit_options, facts)) return facts;
  json_decref(facts);
  return NULL;
}

/* "17 (2 components are too many for 1 point; ask for ...)" */
static void describe_failure(const group_models *models, const group_remark *remark, char *text, size_t n_bytes)
{
  char key[KEY_BYTES];
  group_key_text(&models->keys, remark->group, key, sizeof key);
  snprintf(text, n_bytes, "%s (%.200s)", key, remark->text);
}

void fit_by_warn(const fit_by_account *account)
{
  enum { MOST_NAMED = 3 };
  const group_models *models = account->result->models;
  const fit_by_counts counts = fit_by_count(models);
  const bool names_all = account->command->job.verbosity > 0;
  char list[1000] = "";
  int64_t n = 0;
  for (int64_t i = 0; i < models->n_remarks; i++) {
    char text[400];
    if (!models->remarks[i].is_failure) continue;
    describe_failure(models, &models->remarks[i], text, sizeof text);
    if (names_all) fprintf(stderr, "group %s\n", text);
    const size_t used = strlen(list);
    if (n < MOST_NAMED) snprintf(list + used, sizeof list - used, "%s%s", n > 0 ? ", " : "", text);
    n++;
  }
  if (counts.n_failed > 0)
    warn("%lld of %lld groups could not be fitted: %s%s; /status and /events of %s have them all",
         (long long)counts.n_failed, (long long)counts.n_groups, list, n > MOST_NAMED ? ", ..." : "",
         account->command->output_path);
  if (account->n_outside > 0)
    warn("%lld row%s belong%s to no group, and %s left out", (long long)account->n_outside, plural(account->n_outside),
         account->n_outside == 1 ? "s" : "", account->n_outside == 1 ? "is" : "are");
}

/* Groups that were fitted in a second: what was in a checkpoint took no time. */
static double groups_per_second(const fit_by_account *account)
{
  const double seconds = account->result->seconds;
  return seconds > 0.0 ? (double)account->result->n_fitted_now / seconds : 0.0;
}

/* How many groups have each number of components, from the least on. */
static json_t *numbers_of_components(const fit_by_account *account)
{
  const group_models *models = account->result->models;
  const int64_t least = account->command->by.least_components;
  json_t *counts = json_array();
  for (int64_t K = least; K <= models->layout.n_components && least > 0; K++) {
    int64_t n = 0;
    for (int64_t g = 0; g < models->keys.n; g++) n += models->facts[GROUP_N_COMPONENTS][g] == (double)K;
    json_array_append_new(counts, json_integer((json_int_t)n));
  }
  return counts;
}

static json_t *texts_of_warnings(void)
{
  char *const *lines;
  const int64_t n = warnings_kept(&lines);
  json_t *texts = json_array();
  for (int64_t i = 0; i < n; i++) json_array_append_new(texts, json_text(lines[i]));
  return texts;
}

static void print_json_summary(const fit_by_account *account)
{
  const fit_command *command = account->command;
  const fit_by_counts counts = fit_by_count(account->result->models);
  json_t *summary =
      json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:I, s:I, s:I, s:I}", "n_groups", (json_int_t)counts.n_groups,
                "n_failed", (json_int_t)counts.n_failed, "n_converged", (json_int_t)counts.n_converged, "n_with_events",
                (json_int_t)counts.n_eventful, "n_samples", (json_int_t)account->n_samples, "n_features",
                (json_int_t)account->n_features, "n_components", (json_int_t)command->fit.n_components, "covariance",
                command->fit.covariance, "n_dropped", (json_int_t)(account->dropped.n - account->dropped.n_weightless),
                "n_infinite", (json_int_t)account->dropped.n_infinite, "n_weightless",
                (json_int_t)account->dropped.n_weightless, "n_without_group", (json_int_t)account->n_outside);
  json_t *run = json_pack("{s:I, s:f, s:{s:f, s:f, s:f}, s:f, s:o, s:i, s:i, s:I, s:s}", "iterations",
                          (json_int_t)counts.n_iterations, "row_visits", account->result->n_row_visits, "seconds",
                          "total", account->seconds_total, "read", account->seconds_read, "fit",
                          account->result->seconds, "groups_per_second", groups_per_second(account), "warnings",
                          texts_of_warnings(), "ranks", account->n_ranks, "threads", command->fit.threads,
                          "peak_memory", (json_int_t)account->peak_memory, "output", command->output_path);
  if (summary != NULL && run != NULL) {
    json_object_update(summary, run);
    if (command->by.least_components > 0)
      json_object_set_new(summary, "groups_by_components", numbers_of_components(account));
    if (account->data != NULL) json_object_set_new(summary, "data", data_account_json(account->data));
    char *text = json_dumps(summary, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
    if (text != NULL) puts(text);
    free(text);
  }
  json_decref(summary);
  json_decref(run);
}

static void print_range(const fit_by_account *account)
{
  json_t *counts = numbers_of_components(account);
  const int64_t least = account->command->by.least_components;
  for (size_t i = 0; i < json_array_size(counts) && least > 0; i++) {
    const int64_t n = json_integer_value(json_array_get(counts, i));
    printf("  %lld component%s: %lld group%s\n", (long long)least + (long long)i, plural(least + (int64_t)i),
           (long long)n, plural(n));
  }
  json_decref(counts);
}

static void print_for_people(const fit_by_account *account)
{
  const fit_command *command = account->command;
  const fit_by_counts counts = fit_by_count(account->result->models);
  const int64_t K = command->fit.n_components;
  const int64_t n_limited = counts.n_groups - counts.n_failed - counts.n_converged;
  printf("%lld group%s of %lld point%s with %lld feature%s in all: %s%lld component%s, %s covariances, each\n",
         (long long)counts.n_groups, plural(counts.n_groups), (long long)account->n_samples, plural(account->n_samples),
         (long long)account->n_features, plural(account->n_features), command->by.least_components > 0 ? "up to " : "",
         (long long)K, plural(K), fit_command_covariance(command));
  if (account->data != NULL) data_account_print(account->data, stdout, "  ", "", true);
  print_dropped(account->dropped);
  printf("  %lld converged, %lld did not, %lld could not be fitted\n", (long long)counts.n_converged,
         (long long)n_limited, (long long)counts.n_failed);
  print_range(account);
  if (counts.n_eventful > 0)
    printf("  note: %lld group%s had collapses, repairs or models that were passed over: /events in the output\n",
           (long long)counts.n_eventful, plural(counts.n_eventful));
  printf("  %lld iterations; %.3g s on %d rank%s, %.4g groups per second\n", (long long)counts.n_iterations,
         account->seconds_total, account->n_ranks, plural(account->n_ranks), groups_per_second(account));
  printf("  written to %s\n", command->output_path);
}

void fit_by_print_summary(const fit_by_account *account)
{
  if (account->command->json)
    print_json_summary(account);
  else if (account->command->job.verbosity >= 0)
    print_for_people(account);
}
