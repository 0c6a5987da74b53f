/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/predict_summary.h"

#include "apply/target_tile.h"
#include "cli/prepare.h"
#include "support/error.h"
#include "support/json_text.h"
#include "support/memory.h"
#include "support/printable.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* --- for programs --- */

static double mean_of(const predict_summary *about, predictor_total total)
{
  return about->report->totals[total] / about->report->total_weight;
}

static prediction_kind kind_of(const predict_summary *about)
{
  return (prediction_kind){about->model, about->wishes};
}

/* Each component's cluster, for free(); NULL: labels are components, or there is no memory. */
static int64_t *clusters_of(const predict_summary *about)
{
  const gmmpi_model *model = about->model;
  if (about->wishes->clusters == 0) return NULL;
  int64_t *cluster_of = allocate(model->n_components, sizeof *cluster_of);
  if (cluster_of != NULL)
    hierarchy_cut(model->hierarchy, model->n_components, model->weights, about->wishes->clusters, cluster_of);
  return cluster_of;
}

static bool has_clusters(const predict_summary *about)
{
  return about->wishes->clusters > 0;
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

static bool has_entropy(const predict_summary *about)
{
  return about->wishes->entropy;
}

static bool has_outliers(const predict_summary *about)
{
  return about->wishes->outliers;
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
  for (int64_t k = 0; k < about->report->n_labels; k++)
    json_array_append_new(counts, json_integer((json_int_t)about->report->label_counts[k]));
  return counts;
}

static json_t *n_noise(const predict_summary *about)
{
  return json_integer((json_int_t)about->report->label_counts[about->report->n_labels]);
}

static json_t *output(const predict_summary *about)
{
  return json_string(about->output_path);
}

static json_t *class_counts(const predict_summary *about)
{
  json_t *counts = json_object();
  const prediction_kind kind = kind_of(about);
  char **names;
  prediction_names(&kind, &names, NULL);
  for (int64_t k = 0; names != NULL && k < about->report->n_labels; k++) {
    json_t *name = json_text(names[k]);
    json_object_set_new(counts, json_string_value(name), json_integer((json_int_t)about->report->label_counts[k]));
    json_decref(name);
  }
  prediction_names_free(&kind, names);
  return counts;
}

/* The components of each cluster. */
static json_t *clusters(const predict_summary *about)
{
  json_t *all = json_array();
  int64_t *cluster_of = clusters_of(about);
  for (int64_t c = 0; cluster_of != NULL && c < about->report->n_labels; c++) {
    json_t *members = json_array();
    for (int64_t k = 0; k < about->model->n_components; k++) {
      if (cluster_of[k] == c) json_array_append_new(members, json_integer((json_int_t)k));
    }
    json_array_append_new(all, members);
  }
  free(cluster_of);
  return all;
}

static json_t *mean_expected_log_density(const predict_summary *about)
{
  return json_number(mean_of(about, TOTAL_EXPECTED_LOG_DENSITY));
}

static json_t *mean_entropy(const predict_summary *about)
{
  return json_number(mean_of(about, TOTAL_ENTROPY));
}

static json_t *n_outliers(const predict_summary *about)
{
  return json_integer((json_int_t)about->report->n_outliers);
}

static double expected_number(const predict_summary *about)
{
  return about->wishes->outlier_share * (double)about->report->n_samples;
}

static json_t *n_outliers_expected(const predict_summary *about)
{
  return json_number(expected_number(about));
}

/* --- targets --- */

static bool has_targets(const predict_summary *about)
{
  return about->of != NULL;
}

static bool has_known_targets(const predict_summary *about)
{
  return about->report->target_totals != NULL;
}

static json_t *targets(const predict_summary *about)
{
  json_t *names = json_array();
  for (int64_t j = 0; j < about->of->n_targets; j++) {
    char *name = feature_called(about->of->joint, about->of->targets[j]);
    json_array_append_new(names, json_text(name != NULL ? name : "?"));
    free(name);
  }
  return names;
}

/* Of what each target's mean and variance are: "", or a function of it. */
static json_t *target_functions(const predict_summary *about)
{
  json_t *functions = json_array();
  for (int64_t j = 0; j < about->of->n_targets; j++)
    json_array_append_new(functions, json_string(about->of->functions[j] != NULL ? about->of->functions[j] : ""));
  return functions;
}

static json_t *per_target(const predict_summary *about,
                          double (*value)(const double *totals, int64_t target, double total_weight))
{
  json_t *values = json_array();
  for (int64_t j = 0; j < about->of->n_targets; j++)
    json_array_append_new(values, json_number(value(about->report->target_totals, j, about->report->total_weight)));
  return values;
}

static json_t *target_r2s(const predict_summary *about)
{
  return per_target(about, target_r2);
}

static json_t *target_rmses(const predict_summary *about)
{
  return per_target(about, target_rmse);
}

static double target_log_density(const predict_summary *about)
{
  return target_mean_log_density(about->report->target_totals, about->report->total_weight);
}

static json_t *target_log_densities(const predict_summary *about)
{
  return json_number(target_log_density(about));
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
    {"clusters", has_clusters, clusters},
    {"n_dropped", NULL, n_dropped},
    {"n_infinite", NULL, n_infinite},
    {"label_counts", NULL, label_counts},
    {"n_noise", has_noise, n_noise},
    {"output", NULL, output},
    {"class_counts", has_classes, class_counts},
    {"mean_expected_log_density", has_posterior, mean_expected_log_density},
    {"mean_entropy", has_entropy, mean_entropy},
    {"n_outliers", has_outliers, n_outliers},
    {"n_outliers_expected", has_outliers, n_outliers_expected},
    {"targets", has_targets, targets},
    {"target_functions", has_targets, target_functions},
    {"target_r2", has_known_targets, target_r2s},
    {"target_rmse", has_known_targets, target_rmses},
    {"target_mean_log_density", has_known_targets, target_log_densities},
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

static void print_members(const int64_t *cluster_of, int64_t n_components, int64_t cluster)
{
  int64_t n = 0;
  for (int64_t k = 0; k < n_components; k++) n += cluster_of[k] == cluster;
  const char *before = n == 1 ? "  component " : "  components ";
  for (int64_t k = 0; k < n_components; k++) {
    if (cluster_of[k] != cluster) continue;
    printf("%s%lld", before, (long long)k);
    before = ", ";
  }
}

static void print_labels(const predict_summary *about)
{
  const double n_samples_in_all = (double)about->report->n_samples;
  const prediction_kind kind = kind_of(about);
  int64_t *cluster_of = clusters_of(about);
  char **names;
  prediction_names(&kind, &names, NULL);
  printf("  label       points  share%s\n", names != NULL ? "  class" : "");
  for (int64_t k = 0; k < about->report->n_labels; k++) {
    const int64_t n = about->report->label_counts[k];
    printf("  %5lld %12lld %5.1f%%", (long long)k, (long long)n, 100.0 * (double)n / n_samples_in_all);
    if (names != NULL) print_name("  ", names[k]);
    if (cluster_of != NULL) print_members(cluster_of, about->model->n_components, k);
    putchar('\n');
  }
  const int64_t n = about->report->label_counts[about->report->n_labels];
  if (has_noise(about)) printf("  noise %12lld %5.1f%%\n", (long long)n, 100.0 * (double)n / n_samples_in_all);
  prediction_names_free(&kind, names);
  free(cluster_of);
}

static void print_targets(const predict_summary *about)
{
  const regression *of = about->of;
  for (int64_t j = 0; j < of->n_targets; j++) {
    char *name = feature_called(of->joint, of->targets[j]);
    if (name != NULL) printable_make(name);
    printf("  target %s", name != NULL ? name : "?");
    free(name);
    if (of->functions[j] != NULL) printf(" (mean and variance of its %s)", of->functions[j]);
    if (has_known_targets(about))
      printf(": R^2 %.6g, root of mean squared error %.6g\n",
             target_r2(about->report->target_totals, j, about->report->total_weight),
             target_rmse(about->report->target_totals, j, about->report->total_weight));
    else
      puts(": not in the data");
  }
  if (has_known_targets(about))
    printf("  mean log density of %s given the other features: %.10g\n",
           of->n_targets == 1 ? "the target" : "the targets", target_log_density(about));
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
  if (has_entropy(about)) printf("  mean entropy of responsibilities %.10g nats\n", mean_of(about, TOTAL_ENTROPY));
  if (has_outliers(about))
    printf("  %lld outlier%s (p-value up to %g), where %.4g would be expected\n", (long long)about->report->n_outliers,
           plural(about->report->n_outliers), about->wishes->outlier_share, expected_number(about));
  if (has_targets(about)) print_targets(about);
  print_labels(about);
}

void predict_warn_of_outliers(const predict_summary *about, const char *data)
{
  const double expected = expected_number(about);
  const double share = about->wishes->outlier_share;
  const double n = (double)about->report->n_samples;
  const double found = (double)about->report->n_outliers;
  /* That of the number among so many points, and of the threshold among those that were drawn. */
  const double deviation = sqrt(expected * (1.0 - share) * (1.0 + n / (double)about->wishes->outlier_draws));
  if (!has_outliers(about) || found <= 2.0 * expected || found <= expected + 5.0 * deviation) return;
  warn("%s: %lld of %lld points are outliers at a p-value of %g, where %.3g would be expected: the model does not "
       "describe these points; look at them, or fit one with --noise, --distribution t or more components",
       data, (long long)about->report->n_outliers, (long long)about->report->n_samples, share, expected);
}
