/* SPDX-License-Identifier: BSD-3-Clause */
#include "fit/facts.h"

#include "fit/options.h"
#include "mixture/hierarchy.h"
#include "mixture/model.h"

#include <inttypes.h>
#include <stdio.h>

information_criteria findings_criteria(const fit_findings *of)
{
  const fit_position *end = &of->result->end;
  return criteria_of(end->measured.log_likelihood, end->measured.sum_log_max_responsibility,
                     fit_n_parameters(of->options, end->model), of->points->total_weight);
}

json_t *findings_events(const fit_findings *of)
{
  json_t *events = json_array();
  const fit_result *result = of->result;
  for (int64_t i = 0; i < result->n_events; i++) {
    char text[400];
    fit_event_describe(&result->events[i], text, sizeof text);
    json_array_append_new(events, json_string(text));
  }
  return events;
}

/* Of a posterior: its bound, and scikit-learn's score. It has no maximum of a likelihood, and so no criteria: what is
 * not there is null. */
static json_t *facts_of_posterior(const fit_findings *of)
{
  const fit_position *end = &of->result->end;
  const double n = of->points->total_weight;
  return json_pack(
      "{s:I, s:b, s:I, s:f, s:f, s:f, s:f, s:n, s:n, s:I, s:I, s:I, s:I, s:n, s:n, s:n}", "n_samples",
      (json_int_t)of->points->n_samples, "converged", (int)end->converged, "n_iter", (json_int_t)end->iteration,
      "lower_bound", *end->model->lower_bound, "mean_lower_bound", *end->model->lower_bound / n, "expected_log_density",
      end->measured.log_likelihood, "mean_expected_log_density", end->measured.log_likelihood / n, "log_likelihood",
      "mean_log_likelihood", "n_components_used", (json_int_t)of->result->n_components_used, "n_components_alive",
      (json_int_t)model_n_living(end->model), "n_parameters", (json_int_t)model_n_parameters(end->model),
      "n_parameters_nominal", (json_int_t)model_n_parameters_nominal(end->model), "bic", "aic", "icl");
}

/* What summary and model file have in common. */
json_t *findings_common(const fit_findings *of)
{
  if (model_has(of->result->end.model, PART_POSTERIOR)) return facts_of_posterior(of);
  const fit_position *end = &of->result->end;
  const information_criteria criteria = findings_criteria(of);
  json_t *facts = json_pack("{s:I, s:b, s:I, s:f, s:f, s:I, s:I, s:I, s:f, s:f, s:f}", "n_samples",
                            (json_int_t)of->points->n_samples, "converged", (int)end->converged, "n_iter",
                            (json_int_t)end->iteration, "log_likelihood", end->measured.log_likelihood,
                            "mean_log_likelihood", end->measured.log_likelihood / of->points->total_weight,
                            "n_components_alive", (json_int_t)model_n_living(end->model), "n_parameters",
                            (json_int_t)fit_n_parameters(of->options, end->model), "n_parameters_nominal",
                            (json_int_t)fit_n_parameters_nominal(of->options, end->model), "bic", criteria.bic, "aic",
                            criteria.aic, "icl", criteria.icl);
  if (facts != NULL && model_has(end->model, PART_NOISE))
    json_object_update_new(facts, json_pack("{s:f, s:f}", "noise_weight", *end->model->noise_weight, "noise_volume",
                                            *end->model->noise_volume));
  return facts;
}

bool findings_have_log_posterior(const fit_findings *of)
{
  const fit_method method = of->options->method;
  return method == METHOD_MAP || method == METHOD_ADAPT;
}

/* What the fit has maximised, where that is not the log-likelihood. */
bool findings_note_log_posterior(const fit_findings *of, json_t *facts)
{
  return !findings_have_log_posterior(of) ||
         json_object_set_new(facts, "log_posterior", json_real(of->result->end.measured.objective)) == 0;
}

/* Which model was adapted: by its content, as checkpoints note it. */
static bool note_adapted(const fit_findings *of, json_t *facts)
{
  char hash[24];
  snprintf(hash, sizeof hash, "%016" PRIx64, of->start_fingerprint);
  return of->options->method != METHOD_ADAPT || json_object_set_new(facts, "adapted_from", json_string(hash)) == 0;
}

/* An attribute cannot be null. */
static void remove_nulls(json_t *facts)
{
  const char *name;
  json_t *value;
  void *next;
  json_object_foreach_safe(facts, next, name, value)
  {
    if (json_is_null(value)) json_object_del(facts, name);
  }
}

/* Of points with weights. */
bool findings_note_weights(const fit_findings *of, json_t *facts)
{
  return !of->points->has_weights ||
         json_object_set_new(facts, "sum_of_weights", json_real(of->points->total_weight)) == 0;
}

/* Of components that were merged. */
bool findings_note_clusters(const fit_findings *of, json_t *facts)
{
  const cluster_hierarchy *hierarchy = of->result->end.model->hierarchy;
  return hierarchy == NULL || (json_object_set_new(facts, "merge", json_string(of->merge)) == 0 &&
                               json_object_set_new(facts, "n_clusters_suggested",
                                                   json_integer((json_int_t)hierarchy_suggestion(hierarchy))) == 0);
}

json_t *findings_facts(const fit_findings *of)
{
  const fit_options *options = of->options;
  /* The events stand where they did in the first model files: the options that came later are behind them. */
  const int later = option_index(fit_option_table, n_fit_options, "init-covariance");
  json_t *facts = findings_common(of);
  remove_nulls(facts);
  const bool done =
      facts != NULL && json_object_set_new(facts, "n_dropped", json_integer((json_int_t)of->points->n_dropped)) == 0 &&
      findings_note_weights(of, facts) && fit_options_note_model(options, 0, later, facts) &&
      json_object_set_new(facts, "events", findings_events(of)) == 0 &&
      fit_options_note_model(options, later, n_fit_options, facts) && findings_note_log_posterior(of, facts) &&
      note_adapted(of, facts) && findings_note_clusters(of, facts);
  if (done) return facts;
  json_decref(facts);
  return NULL;
}
