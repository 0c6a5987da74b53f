/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/fit_command.h"

#include "cli/prepare.h"
#include "fit/facts.h"
#include "mixture/files/model_file.h"
#include "support/error.h"
#include "support/json_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

json_t *fit_identity(const fit_command *command, const start_file *start)
{
  char fingerprint[24];
  snprintf(fingerprint, sizeof fingerprint, "%016" PRIx64, start->fingerprint);
  json_t *identity = json_object();
  const bool done =
      identity != NULL && fit_options_note_identity(&command->fit, identity) &&
      (command->reading.sum == WEIGHTS_SUM_OWN ||
       json_object_set_new(identity, "--weights-sum", json_string("n")) == 0) &&
      (start->fingerprint == 0 ||
       json_object_set_new(identity, command->fit.method == METHOD_ADAPT ? "content of --from" : "content of --init",
                           json_string(fingerprint)) == 0);
  if (done) return identity;
  json_decref(identity);
  return NULL;
}

static fit_findings findings_of(const fit_account *account)
{
  return (fit_findings){.points = account->points,
                        .options = &account->command->fit,
                        .result = account->result,
                        .start_fingerprint = account->start->fingerprint,
                        .merge = account->command->merge};
}

json_t *fit_facts(const fit_account *account)
{
  const fit_findings findings = findings_of(account);
  return findings_facts(&findings);
}

/* Of t distributions. */
static void note_dof(const gmmpi_model *model, json_t *facts)
{
  if (!model_has(model, PART_TAILS)) return;
  json_t *dof = json_array();
  for (int64_t k = 0; k < model->n_components; k++) json_array_append_new(dof, json_real(model->dof[k]));
  json_object_set_new(facts, "dof", dof);
}

static double seconds_per_iteration(const fit_timings *timings)
{
  return timings->n_loop_passes > 0 ? timings->loop / (double)timings->n_loop_passes : 0.0;
}

/* Whole passes as an integer, parts of them by subsamples with a fraction. */
static json_t *number_of_passes(double n_passes)
{
  return n_passes == floor(n_passes) ? json_integer((json_int_t)n_passes) : json_real(n_passes);
}

/* The computing time of the rank that has most to do over the mean. */
static double imbalance(const fit_timings *timings)
{
  return timings->e_step > 0.0 ? 1.0 + timings->waiting / timings->e_step : 1.0;
}

/* What rank 0 warned of, as it stands on standard error. */
static json_t *texts_of_warnings(void)
{
  char *const *lines;
  const int64_t n = warnings_kept(&lines);
  json_t *texts = json_array();
  for (int64_t i = 0; i < n; i++) json_array_append_new(texts, json_text(lines[i]));
  return texts;
}

static json_t *names_of_components(const gmmpi_model *model)
{
  json_t *names = json_array();
  for (int64_t k = 0; k < model->n_components; k++) json_array_append_new(names, json_text(model->component_names[k]));
  return names;
}

json_t *fit_summary_json(const fit_account *account)
{
  const fit_result *result = account->result;
  const fit_timings *timings = &result->timings;
  json_t *summary =
      json_pack("{s:I, s:I, s:s}", "n_features", (json_int_t)account->points->n_features, "n_components",
                (json_int_t)result->end.model->n_components, "covariance", account->command->fit.covariance);
  if (result->end.model->component_names != NULL)
    json_object_set_new(summary, "component_names", names_of_components(result->end.model));
  const fit_findings findings = findings_of(account);
  json_t *common = findings_common(&findings);
  json_t *seconds = json_pack("{s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "total", account->seconds_total, "read",
                              account->seconds_read, "init", timings->init, "coarse", timings->coarse, "e_step",
                              timings->e_step, "waiting", timings->waiting, "allreduce", timings->allreduce, "m_step",
                              timings->m_step, "checkpoint", account->seconds_checkpoint);
  json_t *run = json_pack("{s:o, s:o, s:o, s:I, s:I, s:o, s:f, s:f, s:i, s:i, s:s, s:I, s:s}", "n_passes",
                          number_of_passes(result->n_passes), "events", findings_events(&findings), "warnings",
                          texts_of_warnings(), "n_dropped", (json_int_t)account->points->n_dropped, "n_infinite",
                          (json_int_t)account->points->n_infinite, "seconds", seconds, "seconds_per_iteration",
                          seconds_per_iteration(timings), "imbalance", imbalance(timings), "ranks", account->n_ranks,
                          "threads", account->command->fit.threads, "instruction_set", result->instruction_set,
                          "peak_memory", (json_int_t)account->peak_memory, "output", account->command->output_path);
  if (summary != NULL && common != NULL && run != NULL) {
    json_object_update(summary, common);
    findings_note_log_posterior(&findings, summary);
    note_dof(account->result->end.model, summary);
    json_object_update(summary, run);
    if (account->command->merge != NULL) {
      findings_note_clusters(&findings, summary);
      hierarchy_note(account->result->end.model->hierarchy, summary);
      json_object_set_new(seconds, "merge", json_real(account->seconds_merge));
    }
    findings_note_weights(&findings, summary);
    if (account->points->has_weights)
      json_object_set_new(summary, "n_weightless", json_integer((json_int_t)account->points->n_weightless));
    if (account->data != NULL) json_object_set_new(summary, "data", data_account_json(account->data));
  }
  json_decref(common);
  json_decref(run);
  return summary;
}

static void print_background(const gmmpi_model *model)
{
  if (model_has(model, PART_NOISE))
    printf("  noise         weight %-9.4g volume %.6g\n", *model->noise_weight, *model->noise_volume);
}

static void print_components(const gmmpi_model *model)
{
  const int64_t most_components = 20;
  const int64_t most_features = 8;
  for (int64_t k = 0; k < model->n_components && k < most_components; k++) {
    printf("  component %-3lld weight %-9.4g mean", (long long)k, model->weights[k]);
    for (int64_t j = 0; j < model->n_features && j < most_features; j++)
      printf(" %.6g", model_undo_transform(model, j, model->means[k * model->n_features + j]));
    fputs(model->n_features > most_features ? " ..." : "", stdout);
    print_component_name("  called ", model, k);
    putchar('\n');
  }
  if (model->n_components > most_components)
    printf("  ... and %lld more; gmmpi info shows them\n", (long long)(model->n_components - most_components));
}

/* Above so many degrees of freedom a t distribution is told from a normal one by very many points only. */
static const double nearly_normal = 200.0;

/* What is to be said of degrees of freedom. */
static void print_tails(const fit_options *options, const gmmpi_model *model)
{
  const int64_t most = 20;
  int64_t n_normal = 0;
  if (model->dof == NULL) return;
  printf("  components are Student's t, degrees of freedom");
  if (options->dof != DOF_EACH) {
    printf(" %.6g%s\n", model->dof[0], options->dof > 0.0 ? " (fixed)" : "");
  } else {
    for (int64_t k = 0; k < model->n_components && k < most; k++) printf(" %.4g", model->dof[k]);
    puts(model->n_components > most ? " ..." : "");
  }
  for (int64_t k = 0; k < model->n_components; k++)
    n_normal += model->weights[k] > 0.0 && model->dof[k] >= nearly_normal;
  if (n_normal > 0 && !(options->dof > 0.0))
    printf("  note: %lld component%s cannot be told from normal (%g degrees of freedom and more)\n",
           (long long)n_normal, plural(n_normal), nearly_normal);
}

/* "1 pass", "12.25 passes", "23510 passes". */
static const char *passes_text(double n, char *text, size_t n_bytes)
{
  snprintf(text, n_bytes, n < 10000 ? "%.4g pass%s" : "%.0f pass%s", n, n == 1.0 ? "" : "es");
  return text;
}

static void print_likelihood(const fit_account *account)
{
  const fit_position *end = &account->result->end;
  const fit_findings findings = findings_of(account);
  const information_criteria criteria = findings_criteria(&findings);
  const int64_t n_dead = end->model->n_components - model_n_living(end->model);
  char passes[40];
  printf("  log-likelihood %.10g (%.10g per point) after %lld iteration%s, %s\n", end->measured.log_likelihood,
         end->measured.log_likelihood / account->points->total_weight, (long long)end->iteration,
         plural(end->iteration), passes_text(account->result->n_passes, passes, sizeof passes));
  if (findings_have_log_posterior(&findings))
    printf("  log posterior %.10g, up to a constant\n", end->measured.objective);
  printf("  BIC %.10g  AIC %.10g  ICL %.10g  (%lld parameters", criteria.bic, criteria.aic, criteria.icl,
         (long long)fit_n_parameters(&account->command->fit, end->model));
  if (n_dead > 0)
    printf("; %lld component%s %s weight 0", (long long)n_dead, plural(n_dead), n_dead == 1 ? "has" : "have");
  puts(")");
}

static void print_posterior(const fit_account *account)
{
  const fit_position *end = &account->result->end;
  const double bound = *end->model->lower_bound;
  const int64_t K = account->command->fit.n_components;
  const int64_t n_used = account->result->n_components_used;
  char passes[40];
  printf("  lower bound %.10g (%.10g per point) after %lld iteration%s, %s\n", bound,
         bound / account->points->total_weight, (long long)end->iteration, plural(end->iteration),
         passes_text(account->result->n_passes, passes, sizeof passes));
  printf("  %lld of %lld components are used", (long long)n_used, (long long)K);
  if (end->model->n_components < K)
    fputs("; the others are left out of the model", stdout);
  else if (n_used < K)
    fputs(", the others have less than a point each (--prune leaves them out)", stdout);
  putchar('\n');
}

/* Adaptation as it is usual, which does not converge anywhere. */
static bool is_one_step(const fit_options *options)
{
  return options->method == METHOD_ADAPT && options->tolerance == 0.0 && options->max_iterations == 1;
}

static void print_for_people(const fit_account *account)
{
  const fit_result *result = account->result;
  const fit_position *end = &result->end;
  const int64_t K = account->command->fit.n_components;
  const int64_t n = account->points->n_samples;
  const double total = account->points->total_weight;
  const int64_t d = account->points->n_features;
  printf("%lld component%s, %s covariances, fitted to %lld point%s of %lld feature%s%s\n", (long long)K, plural(K),
         fit_command_covariance(account->command), (long long)n, plural(n), (long long)d, plural(d),
         end->converged || is_one_step(&account->command->fit) ? "" : "; not converged");
  print_tails(&account->command->fit, end->model);
  if (account->data != NULL) data_account_print(account->data, stdout, "  ", "", true);
  print_dropped(shard_dropped(account->points));
  if (account->points->has_weights)
    printf("  weights sum to %.10g%s\n", total, account->points->weight_unit != 1.0 ? " (rescaled)" : "");
  if (model_has(end->model, PART_POSTERIOR))
    print_posterior(account);
  else
    print_likelihood(account);
  print_components(end->model);
  print_background(end->model);
  print_hierarchy(end->model->hierarchy, 20);
  for (int64_t i = 0; i < result->n_events; i++) {
    char text[400];
    fit_event_describe(&result->events[i], text, sizeof text);
    printf("  note: %s\n", text);
  }
  char threads[40] = "";
  if (account->points->n_threads > 1) snprintf(threads, sizeof threads, " of %d threads", account->points->n_threads);
  printf("  %.3g s on %d rank%s%s (%s), %.3g s per iteration", account->seconds_total, account->n_ranks,
         plural(account->n_ranks), threads, result->instruction_set, seconds_per_iteration(&result->timings));
  if (account->n_ranks > 1)
    printf("; imbalance %.2f, %.2g s of waiting", imbalance(&result->timings), result->timings.waiting);
  putchar('\n');
  printf("  written to %s\n", account->command->output_path);
  if (account->command->labels_path != NULL) printf("  labels in %s\n", account->command->labels_path);
}

void fit_print_summary(const fit_account *account)
{
  gmmpi_error ignored = {0};
  if (account->command->json)
    print_json(fit_summary_json(account), &ignored);
  else if (account->command->job.verbosity >= 0)
    print_for_people(account);
}
