/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/predict_summary.h"

#include "cli/prepare.h"
#include "support/error.h"
#include "support/json_text.h"

#include <stdio.h>

/* --- for programs --- */

static double mean_of(const predict_summary *about, predictor_total total)
{
  return about->report->totals[total] / about->report->total_weight;
}

static bool has_data(const predict_summary *about)
{
  return about->data != NULL;
}

static bool has_weights(const predict_summary *about)
{
  return about->points->has_weights;
}

static bool has_noise(const predict_summary *about)
{
  return model_has(about->model, PART_NOISE);
}

static bool has_classes(const predict_summary *about)
{
  return about->model->component_names != NULL;
}

static bool has_posterior(const predict_summary *about)
{
  return model_has(about->model, PART_POSTERIOR);
}

static json_t *data(const predict_summary *about)
{
  return data_account_json(about->data);
}

static json_t *n_samples(const predict_summary *about)
{
  return json_integer((json_int_t)about->report->n_samples);
}

static json_t *sum_of_weights(const predict_summary *about)
{
  return json_real(about->points->total_weight);
}

static json_t *mean_log_likelihood(const predict_summary *about)
{
  return json_number(mean_of(about, TOTAL_LOG_LIKELIHOOD));
}

static json_t *log_likelihood(const predict_summary *about)
{
  return json_number(about->report->totals[TOTAL_LOG_LIKELIHOOD]);
}

static json_t *n_features(const predict_summary *about)
{
  return json_integer((json_int_t)about->model->n_features);
}

static json_t *n_components(const predict_summary *about)
{
  return json_integer((json_int_t)about->model->n_components);
}

static json_t *n_dropped(const predict_summary *about)
{
  return json_integer((json_int_t)about->points->n_dropped);
}

static json_t *n_infinite(const predict_summary *about)
{
  return json_integer((json_int_t)about->points->n_infinite);
}

static json_t *label_counts(const predict_summary *about)
{
  json_t *counts = json_array();
  for (int64_t k = 0; k < about->model->n_components; k++)
    json_array_append_new(counts, json_integer((json_int_t)about->report->label_counts[k]));
  return counts;
}

static json_t *n_noise(const predict_summary *about)
{
  return json_integer((json_int_t)about->report->label_counts[about->model->n_components]);
}

static json_t *output(const predict_summary *about)
{
  return json_string(about->output_path);
}

static json_t *class_counts(const predict_summary *about)
{
  json_t *counts = json_object();
  for (int64_t k = 0; k < about->model->n_components; k++) {
    json_t *name = json_text(about->model->component_names[k]);
    json_object_set_new(counts, json_string_value(name), json_integer((json_int_t)about->report->label_counts[k]));
    json_decref(name);
  }
  return counts;
}

static json_t *mean_expected_log_density(const predict_summary *about)
{
  return json_number(mean_of(about, TOTAL_EXPECTED_LOG_DENSITY));
}

typedef struct summary_fact {
  const char *name;
  bool (*is_known)(const predict_summary *about); /* NULL: always */
  json_t *(*value)(const predict_summary *about);
} summary_fact;

static const summary_fact facts[] = {
    {"data", has_data, data},
    {"n_samples", NULL, n_samples},
    {"sum_of_weights", has_weights, sum_of_weights},
    {"mean_log_likelihood", NULL, mean_log_likelihood},
    {"log_likelihood", NULL, log_likelihood},
    {"n_features", NULL, n_features},
    {"n_components", NULL, n_components},
    {"n_dropped", NULL, n_dropped},
    {"n_infinite", NULL, n_infinite},
    {"label_counts", NULL, label_counts},
    {"n_noise", has_noise, n_noise},
    {"output", NULL, output},
    {"class_counts", has_classes, class_counts},
    {"mean_expected_log_density", has_posterior, mean_expected_log_density},
};

json_t *predict_summary_json(const predict_summary *about)
{
  json_t *summary = json_object();
  bool good = summary != NULL;
  for (size_t i = 0; good && i < sizeof facts / sizeof facts[0]; i++) {
    if (facts[i].is_known == NULL || facts[i].is_known(about))
      good = json_object_set_new(summary, facts[i].name, facts[i].value(about)) == 0;
  }
  if (good) return summary;
  json_decref(summary);
  return NULL;
}

/* --- for people --- */

static void print_labels(const predict_summary *about)
{
  const gmmpi_model *model = about->model;
  const double n_samples_in_all = (double)about->report->n_samples;
  printf("  label       points  share%s\n", has_classes(about) ? "  class" : "");
  for (int64_t k = 0; k < model->n_components; k++) {
    const int64_t n = about->report->label_counts[k];
    printf("  %5lld %12lld %5.1f%%", (long long)k, (long long)n, 100.0 * (double)n / n_samples_in_all);
    print_component_name("  ", model, k);
    putchar('\n');
  }
  const int64_t n = about->report->label_counts[model->n_components];
  if (has_noise(about)) printf("  noise %12lld %5.1f%%\n", (long long)n, 100.0 * (double)n / n_samples_in_all);
}

void predict_summary_print(const predict_summary *about)
{
  const int64_t n = about->report->n_samples;
  printf("%s: %lld point%s, mean log-likelihood %.10g\n", about->output_path, (long long)n, plural(n),
         mean_of(about, TOTAL_LOG_LIKELIHOOD));
  if (has_data(about)) data_account_print(about->data, stdout, "  ", "", true);
  if (has_posterior(about))
    printf("  (of the posterior predictive density; mean expected log density %.10g)\n",
           mean_of(about, TOTAL_EXPECTED_LOG_DENSITY));
  print_dropped(shard_dropped(about->points));
  if (has_weights(about)) printf("  weights sum to %.10g\n", about->points->total_weight);
  print_labels(about);
}
