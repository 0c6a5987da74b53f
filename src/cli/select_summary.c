/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/prepare.h"
#include "cli/select_command.h"

#include "support/error.h"
#include "support/file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Two candidates whose BIC, or another criterion in its units, differ by less are hardly told apart (Kass, Raftery
 * 1995, "Bayes factors": not worth more than a bare mention). */
static const double bare_mention = 2.0;

/* Of families next to each other in the table that people read. */
enum { FAMILIES_IN_A_ROW = 7 };

/* --- facts --- */

json_t *select_identity(const select_command *command)
{
  json_t *shapes = json_array();
  for (int64_t i = 0; i < command->n_sizes; i++)
    json_array_append_new(shapes, json_integer((json_int_t)command->sizes[i]));
  json_t *families = json_array();
  for (int64_t i = 0; i < command->n_families; i++)
    json_array_append_new(families, json_string(command->families[i]->name));
  json_t *identity = json_pack("{s:o, s:o}", "select --components", shapes, "select --covariance", families);
  if (identity != NULL && command->n_folds > 0)
    json_object_set_new(identity, "--folds", json_integer((json_int_t)command->n_folds));
  return identity;
}

json_t *select_facts(const select_command *command, const selection_result *result)
{
  json_t *facts = json_pack("{s:s, s:I}", "selected_by", selection_criteria[command->criterion], "n_candidates",
                            (json_int_t)result->n);
  if (facts != NULL && command->n_folds > 0)
    json_object_set_new(facts, "n_folds", json_integer((json_int_t)command->n_folds));
  return facts;
}

static json_t *candidate_json(const select_command *command, const selection_result *result, int64_t c)
{
  const candidate_result *one = &result->candidates[c];
  const bool known = one->end.model != NULL;
  json_t *row = json_pack(
      "{s:I, s:s, s:o, s:I, s:o, s:o, s:o, s:o, s:o, s:b, s:b, s:I, s:I}", "n_components",
      (json_int_t)one->n_components, "covariance", select_family_word(command, c), "log_likelihood",
      json_number(known ? one->end.measured.log_likelihood : NAN), "n_parameters", (json_int_t)one->n_parameters, "bic",
      json_number(one->bic), "aic", json_number(one->aic), "icl", json_number(one->icl), "cv", json_number(one->cv),
      "cv_standard_error", json_number(one->cv_standard_error), "converged", (int)one->end.converged, "spurious",
      (int)one->is_spurious, "n_iter", (json_int_t)one->end.iteration, "n_events", (json_int_t)one->n_events);
  return row;
}

/* --- the table as text --- */

static void print_number(FILE *file, double number)
{
  if (isfinite(number)) fprintf(file, "%.17g", number);
}

static void print_row(FILE *file, const select_command *command, const selection_result *result, int64_t c)
{
  const candidate_result *one = &result->candidates[c];
  const double numbers[] = {one->bic, one->aic, one->icl, one->cv, one->cv_standard_error};
  fprintf(file, "%lld,%s,", (long long)one->n_components, select_family_word(command, c));
  print_number(file, one->end.model != NULL ? one->end.measured.log_likelihood : NAN);
  fprintf(file, ",%lld,", (long long)one->n_parameters);
  for (int i = 0; i < ARRAY_LENGTH(numbers); i++) {
    print_number(file, numbers[i]);
    fputc(',', file);
  }
  fprintf(file, "%s,%s\n", one->end.converged ? "true" : "false", one->is_spurious ? "true" : "false");
}

gmmpi_status select_write_table(const select_command *command, const selection_result *result, gmmpi_error *error)
{
  char *text = NULL;
  size_t length = 0;
  FILE *file = open_memstream(&text, &length);
  if (file == NULL) return fail(error, GMMPI_NO_MEMORY, "%s: there is no memory to write it", command->table_path);
  fputs("n_components,covariance,log_likelihood,n_parameters,bic,aic,icl,cv,cv_standard_error,converged,spurious\n",
        file);
  for (int64_t c = 0; c < result->n; c++) print_row(file, command, result, c);
  if (fclose(file) != 0)
    fail(error, GMMPI_NO_MEMORY, "%s: there is no memory to write it", command->table_path);
  else
    file_write_whole(command->table_path, text, length, error);
  free(text);
  return error->status;
}

/* --- doubts --- */

static const char *const criterion_names[] = {
    [CRITERION_BIC] = "BIC", [CRITERION_AIC] = "AIC", [CRITERION_ICL] = "ICL", [CRITERION_CV] = "cross-validation"};

static void warn_of_edges(const select_command *command, const selection_result *result)
{
  const int64_t K = result->candidates[result->best].n_components;
  if (command->n_sizes < 2) return;
  if (K == command->sizes[command->n_sizes - 1])
    warn("the best number of components, %lld, is the largest that was tried; give -k a larger range", (long long)K);
  else if (K == command->sizes[0] && K > 1)
    warn("the best number of components, %lld, is the smallest that was tried; give -k a larger range", (long long)K);
}

/* AIC, which asks for more components the more points there are, says nothing against the others. */
static void warn_of_disagreement(const select_command *command, const selection_result *result)
{
  static const selection_criterion heard[] = {CRITERION_BIC, CRITERION_ICL, CRITERION_CV};
  for (int i = 0; i < ARRAY_LENGTH(heard); i++) {
    const int64_t other = result->best_of[heard[i]];
    if ((int)heard[i] == command->criterion || other < 0 || other == result->best ||
        candidates_are_alike(&result->candidates[other], &result->candidates[result->best]))
      continue;
    warn("%s prefers %lld component%s, %s, %s %lld, %s: see the table, and what each is for: docs/select.md",
         criterion_names[command->criterion], (long long)result->candidates[result->best].n_components,
         plural(result->candidates[result->best].n_components), select_family_word(command, result->best),
         criterion_names[heard[i]], (long long)result->candidates[other].n_components,
         select_family_word(command, other));
  }
}

static void warn_of_candidates(const fit_session *session, const selection_result *result)
{
  int64_t n_not_converged = 0;
  int64_t n_with_events = 0;
  for (int64_t c = 0; c < result->n; c++) {
    if (c == result->best || result->candidates[c].end.model == NULL) continue;
    n_not_converged += !result->candidates[c].end.converged;
    n_with_events += result->candidates[c].n_events > 0;
  }
  if (n_not_converged > 0 && session->command.fit.tolerance > 0.0)
    warn("%lld of the other candidates %s not converged; raise --max-iter or --tol", (long long)n_not_converged,
         n_not_converged == 1 ? "has" : "have");
  if (n_with_events > 0)
    warn(
        "%lld of the other candidates %s components that collapsed, or rest on few points: the events in their models, "
        "which --keep-all writes",
        (long long)n_with_events, n_with_events == 1 ? "has" : "have");
  for (int64_t i = 0; i < session->result.n_events; i++) {
    char text[400];
    fit_event_describe(&session->result.events[i], text, sizeof text);
    warn("the best candidate: %s", text);
  }
}

/* Candidates that would have won. */
static void warn_of_passed_over(const select_command *command, const selection_result *result)
{
  const selection_criterion criterion = (selection_criterion)command->criterion;
  const double best = candidate_score(&result->candidates[result->best], criterion);
  int64_t n = 0;
  int64_t highest = -1;
  if (result->candidates[result->best].is_spurious) {
    warn("the likelihoods of all candidates rest on components of few points, or as thin as the ridge; they are "
         "compared nevertheless: see docs/select.md");
    return;
  }
  for (int64_t c = 0; c < result->n; c++) {
    const double score = candidate_score(&result->candidates[c], criterion);
    if (!result->candidates[c].is_spurious || !(score > best)) continue;
    n++;
    if (highest < 0 || score > candidate_score(&result->candidates[highest], criterion)) highest = c;
  }
  if (n > 0)
    warn("%lld candidate%s passed over, %lld component%s, %s the best of them, since the likelihood rests on a "
         "component of few points, or as thin as the ridge; --spurious keep takes such models",
         (long long)n, n == 1 ? " is" : "s are", (long long)result->candidates[highest].n_components,
         plural(result->candidates[highest].n_components), select_family_word(command, highest));
}

static void warn_of_folds(const selection_result *result)
{
  int64_t n_failed = 0;
  if (result->best_of[CRITERION_CV] < 0) return;
  for (int64_t c = 0; c < result->n; c++) n_failed += isnan(result->candidates[c].cv);
  if (n_failed > 0)
    warn("%lld candidate%s could not be fitted without each of the folds, and %s out of the comparison",
         (long long)n_failed, plural(n_failed), n_failed == 1 ? "is" : "are");
}

void select_warn(const select_command *command, const fit_session *session, const selection_result *result)
{
  warn_of_candidates(session, result);
  warn_of_passed_over(command, result);
  warn_of_folds(result);
  warn_of_edges(command, result);
  warn_of_disagreement(command, result);
}

/* --- the summary --- */

static void print_candidates(const select_command *command, const selection_result *result)
{
  printf("  %10s %-9s %16s %10s %14s %14s %14s%s\n", "components", "family", "log-likelihood", "parameters", "BIC",
         "AIC", "ICL", command->n_folds > 0 ? "  held-out (se)" : "");
  for (int64_t c = 0; c < result->n; c++) {
    const candidate_result *one = &result->candidates[c];
    printf("%c %10lld %-9s %16.10g %10lld %14.8g %14.8g %14.8g", c == result->best ? '*' : ' ',
           (long long)one->n_components, select_family_word(command, c), one->end.measured.log_likelihood,
           (long long)one->n_parameters, one->bic, one->aic, one->icl);
    if (command->n_folds > 0) printf("  %.6g (%.2g)", one->cv, one->cv_standard_error);
    puts(one->end.converged ? one->is_spurious ? "  spurious" : ""
         : one->is_spurious ? "  not converged, spurious"
                            : "  not converged");
  }
}

/* The criterion in the unit and direction that people know. */
static double shown(const candidate_result *one, selection_criterion criterion)
{
  const double score = candidate_score(one, criterion);
  return criterion == CRITERION_CV ? score : -score;
}

static char mark_of(const selection_result *result, int64_t c)
{
  return c == result->best ? '*' : result->candidates[c].is_spurious ? '?' : ' ';
}

/* A row for each number of components, a column for each family. */
static void print_grid(const select_command *command, const selection_result *result)
{
  const selection_criterion criterion = (selection_criterion)command->criterion;
  printf("  %s:\n", criterion_names[criterion]);
  for (int64_t first = 0; first < command->n_families; first += FAMILIES_IN_A_ROW) {
    const int64_t end =
        first + FAMILIES_IN_A_ROW < command->n_families ? first + FAMILIES_IN_A_ROW : command->n_families;
    printf("  %10s", "components");
    for (int64_t f = first; f < end; f++) printf("%12s ", command->family_words[f]);
    putchar('\n');
    for (int64_t k = 0; k < command->n_sizes; k++) {
      printf("  %10lld", (long long)command->sizes[k]);
      for (int64_t f = first; f < end; f++) {
        const int64_t c = f * command->n_sizes + k;
        const candidate_result *one = &result->candidates[c];
        if (one->end.model == NULL)
          printf("%12s ", "-");
        else
          printf("%12.8g%c", shown(one, criterion), mark_of(result, c));
      }
      putchar('\n');
    }
  }
}

/* Another candidate that is nearly as good. */
static void print_runner_up(const select_command *command, const selection_result *result)
{
  const selection_criterion criterion = (selection_criterion)command->criterion;
  const candidate_result *best = &result->candidates[result->best];
  const int64_t second = selection_best(result, criterion, result->best);
  if (second < 0) return;
  const candidate_result *next = &result->candidates[second];
  if (next->is_spurious && !best->is_spurious) return; /* it may have the better criterion */
  const double behind = candidate_score(best, criterion) - candidate_score(next, criterion);
  const double little = criterion == CRITERION_CV ? best->cv_standard_error : bare_mention;
  printf("  next best: %lld component%s, %s, behind by %.4g%s\n", (long long)next->n_components,
         plural(next->n_components), select_family_word(command, second), behind,
         behind < little ? ": hardly to be told apart" : "");
}

static void print_what_marks_mean(const select_command *command, const selection_result *result)
{
  int64_t n_spurious = 0;
  for (int64_t c = 0; c < result->n; c++) n_spurious += result->candidates[c].is_spurious;
  if (n_spurious > 0)
    printf("  %sspurious: the likelihood rests on next to nothing; chosen only where there is no other\n",
           command->n_families > 1 ? "? " : "");
}

static void print_for_people(const select_command *command, const fit_account *account, const selection_result *result)
{
  const candidate_result *best = &result->candidates[result->best];
  printf("%lld candidate%s; by %s the best: %lld component%s, %s\n", (long long)result->n, plural(result->n),
         criterion_names[command->criterion], (long long)best->n_components, plural(best->n_components),
         select_family_word(command, result->best));
  if (command->n_families > 1)
    print_grid(command, result);
  else
    print_candidates(command, result);
  print_what_marks_mean(command, result);
  print_runner_up(command, result);
  if (command->table_path != NULL) printf("  table in %s\n", command->table_path);
  if (command->keep_all != NULL) printf("  all models in %s\n", command->keep_all);
  fit_print_summary(account);
}

static void print_json_summary(const select_command *command, const fit_account *account,
                               const selection_result *result)
{
  json_t *summary = fit_summary_json(account);
  json_t *candidates = json_array();
  for (int64_t c = 0; c < result->n; c++) json_array_append_new(candidates, candidate_json(command, result, c));
  json_t *more = json_pack("{s:s, s:s, s:o}", "covariance", select_family_word(command, result->best), "criterion",
                           selection_criteria[command->criterion], "candidates", candidates);
  if (summary != NULL && more != NULL) json_object_update(summary, more);
  json_decref(more);
  gmmpi_error ignored = {0};
  print_json(summary, &ignored);
}

void select_print_summary(const select_command *command, const fit_account *account, const selection_result *result)
{
  if (account->command->json)
    print_json_summary(command, account, result);
  else if (account->command->job.verbosity >= 0)
    print_for_people(command, account, result);
}
