/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/bootstrap_output.h"

#include "cli/prepare.h"
#include "support/csv_field.h"
#include "support/error.h"
#include "support/file.h"
#include "support/hdf5_attributes.h"
#include "support/hdf5_image.h"
#include "support/json_text.h"
#include "support/memory.h"
#include "support/printable.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const bootstrap_types[] = {[BOOTSTRAP_WLBS] = "wlbs", [BOOTSTRAP_POISSON] = "poisson", NULL};

static const char *const type_descriptions[] = {
    [BOOTSTRAP_WLBS] = "weighted likelihood bootstrap", [BOOTSTRAP_POISSON] = "Poisson bootstrap"};

void bootstrap_list_said(const bootstrap_result *result, said_of_numbers said[N_SAID])
{
  said[0] = (said_of_numbers){"estimate", result->estimate};
  said[1] = (said_of_numbers){"standard_error", result->summary.standard_errors};
  said[2] = (said_of_numbers){"lower", result->summary.lower};
  said[3] = (said_of_numbers){"upper", result->summary.upper};
}

static int64_t n_failed(const bootstrap_account *account)
{
  return account->how->n_replicates - account->result->counts[REPLICATE_DONE];
}

/* --- for people --- */

/* A terminal shows so many components' numbers. */
enum { MOST_LINES = 400 };

static void print_number(const bootstrap_account *account, const char *what, const char *name, int64_t index)
{
  const bootstrap_result *result = account->result;
  char shown[24];
  printable_copy(name, strlen(name), shown, sizeof shown);
  printf("    %-8s %-16s %12.6g %12.4g %12.6g ... %-12.6g\n", what, shown, result->estimate[index],
         result->summary.standard_errors[index], result->summary.lower[index], result->summary.upper[index]);
}

static const char *name_of_feature(const gmmpi_model *model, int64_t j, char room[32])
{
  if (model->feature_names != NULL) return model->feature_names[j];
  snprintf(room, 32, "%lld", (long long)j + 1);
  return room;
}

static void print_component(const bootstrap_account *account, int64_t k)
{
  const gmmpi_model *model = account->model;
  const replicate_layout *layout = &account->result->layout;
  char room[32];
  printf("  component %lld", (long long)k);
  print_component_name("  ", model, k);
  putchar('\n');
  print_number(account, "weight", "", layout->weights + k);
  if (model->weights[k] == 0.0) return;
  for (int64_t j = 0; j < layout->n_features; j++)
    print_number(account, "mean", name_of_feature(model, j, room), layout->means + k * layout->n_features + j);
  if (layout->dof >= 0) print_number(account, "dof", "", layout->dof + k);
  for (int64_t j = 0; j < layout->n_features && layout->n_covariances > 1; j++)
    print_number(account, "variance", name_of_feature(model, j, room), replicate_covariance(layout, k, j, j));
}

static void print_numbers(const bootstrap_account *account)
{
  const replicate_layout *layout = &account->result->layout;
  const int64_t lines = 2 * layout->n_features + 3;
  const int64_t most = MOST_LINES / lines > 0 ? MOST_LINES / lines : 1;
  const int64_t n = layout->n_components < most ? layout->n_components : most;
  char room[32];
  char heading[40];
  snprintf(heading, sizeof heading, "%g %% interval", 100.0 * account->how->level);
  printf("    %-25s %12s %12s %12s\n", "", "estimate", "std. error", heading);
  for (int64_t k = 0; k < n; k++) print_component(account, k);
  if (n < layout->n_components)
    printf("  ... %lld more components: --table and -o have them\n", (long long)(layout->n_components - n));
  if (layout->n_covariances == 1) puts("  all components");
  for (int64_t j = 0; j < layout->n_features && layout->n_covariances == 1; j++)
    print_number(account, "variance", name_of_feature(account->model, j, room), replicate_covariance(layout, 0, j, j));
  if (layout->noise_weight >= 0) {
    puts("  noise");
    print_number(account, "weight", "", layout->noise_weight);
  }
}

void bootstrap_print(const bootstrap_account *account)
{
  const bootstrap_result *result = account->result;
  const gmmpi_model *model = account->model;
  const int64_t n_done = result->counts[REPLICATE_DONE];
  printf("%s: %lld component%s, %s covariances; %lld replicate%s by the %s (seed %llu)\n", account->model_path,
         (long long)model->n_components, plural(model->n_components), account->fit->covariance, (long long)n_done,
         plural(n_done), type_descriptions[account->how->type], (unsigned long long)account->how->seed);
  if (account->data != NULL) data_account_print(account->data, stdout, "  ", "", true);
  print_dropped(shard_dropped(account->points));
  if (account->points->has_weights) printf("  weights sum to %.10g\n", account->points->total_weight);
  if (n_failed(account) > 0)
    printf("  %lld failed and %s left out: %lld collapsed, %lld did not converge\n", (long long)n_failed(account),
           n_failed(account) == 1 ? "is" : "are", (long long)result->counts[REPLICATE_COLLAPSED],
           (long long)result->counts[REPLICATE_NOT_CONVERGED]);
  if (result->counts[REPLICATE_MATCHED] > 0)
    printf("  in %lld components had changed places, and were matched\n", (long long)result->counts[REPLICATE_MATCHED]);
  print_numbers(account);
  printf("  %.3g s on %d rank%s, %lld passes, %.3g iterations a replicate\n", account->seconds, account->n_ranks,
         plural(account->n_ranks), (long long)result->n_passes,
         (double)result->n_iterations / (double)(result->n_run > 0 ? result->n_run : 1));
  if (account->output_path != NULL) printf("  written to %s\n", account->output_path);
  if (account->table_path != NULL) printf("  table in %s\n", account->table_path);
}

/* --- JSON --- */

static json_t *texts_of(char *const *names, int64_t n)
{
  json_t *texts = json_array();
  for (int64_t i = 0; i < n; i++) json_array_append_new(texts, json_text(names[i]));
  return texts;
}

/* A whole number as attributes can hold it, else a text. */
static json_t *seed_of(uint64_t seed)
{
  char text[24];
  if (seed <= INT64_MAX) return json_integer((json_int_t)seed);
  snprintf(text, sizeof text, "%llu", (unsigned long long)seed);
  return json_string(text);
}

/* What the seed, the data and the options determine. */
json_t *bootstrap_facts(const bootstrap_account *account)
{
  const bootstrap_result *result = account->result;
  const gmmpi_model *model = account->model;
  return json_pack("{s:s, s:s, s:I, s:I, s:I, s:s, s:f, s:o, s:I, s:I, s:I, s:I, s:I, s:f, s:I, s:f}", "covariance",
                   model->family->name, "type", bootstrap_types[account->how->type], "n_components",
                   (json_int_t)model->n_components, "n_features", (json_int_t)model->n_features, "n_samples",
                   (json_int_t)account->points->n_samples, "program_version", GMMPI_VERSION, "level",
                   account->how->level, "seed", seed_of(account->how->seed), "n_replicates",
                   (json_int_t)account->how->n_replicates, "n_failed", (json_int_t)n_failed(account), "n_collapsed",
                   (json_int_t)result->counts[REPLICATE_COLLAPSED], "n_not_converged",
                   (json_int_t)result->counts[REPLICATE_NOT_CONVERGED], "n_matched",
                   (json_int_t)result->counts[REPLICATE_MATCHED], "tol", account->fit->tolerance, "max_iter",
                   (json_int_t)account->fit->max_iterations, "reg_covar", account->fit->reg_covar);
}

static json_t *numbers_json(const double *list, int64_t n)
{
  json_t *numbers = json_array();
  for (int64_t i = 0; i < n; i++) json_array_append_new(numbers, json_number(list[i]));
  return numbers;
}

static json_t *means_json(const replicate_layout *layout, const double *list)
{
  json_t *means = json_array();
  for (int64_t k = 0; k < layout->n_components; k++)
    json_array_append_new(means, numbers_json(list + layout->means + k * layout->n_features, layout->n_features));
  return means;
}

static json_t *covariances_json(const replicate_layout *layout, const double *list)
{
  const int64_t d = layout->n_features;
  json_t *covariances = json_array();
  for (int64_t k = 0; k < layout->n_components; k++) {
    json_t *covariance = json_array();
    for (int64_t i = 0; i < d; i++) {
      json_t *row = json_array();
      for (int64_t j = 0; j < d; j++)
        json_array_append_new(row, json_number(replicate_covariance_of(layout, list, k, i, j)));
      json_array_append_new(covariance, row);
    }
    json_array_append_new(covariances, covariance);
  }
  return covariances;
}

json_t *bootstrap_json(const bootstrap_account *account)
{
  const bootstrap_result *result = account->result;
  const replicate_layout *layout = &result->layout;
  const gmmpi_model *model = account->model;
  said_of_numbers said[N_SAID];
  json_t *summary = json_pack("{s:o}", "model", json_text(account->model_path));
  json_t *facts = bootstrap_facts(account);
  json_t *weights = json_object();
  json_t *means = json_object();
  json_t *dof = json_object();
  json_t *noise_weight = json_object();
  json_t *covariances = json_object();
  bootstrap_list_said(result, said);
  for (int i = 0; i < N_SAID; i++) {
    const double *list = said[i].list;
    json_object_set_new(weights, said[i].name, numbers_json(list + layout->weights, layout->n_components));
    json_object_set_new(means, said[i].name, means_json(layout, list));
    json_object_set_new(covariances, said[i].name, covariances_json(layout, list));
    if (layout->dof >= 0)
      json_object_set_new(dof, said[i].name, numbers_json(list + layout->dof, layout->n_components));
    if (layout->noise_weight >= 0)
      json_object_set_new(noise_weight, said[i].name, json_number(list[layout->noise_weight]));
  }
  if (summary == NULL || facts == NULL || json_object_update(summary, facts) != 0) {
    json_decref(summary);
    summary = NULL;
  }
  json_decref(facts);
  if (account->data != NULL) json_object_set_new(summary, "data", data_account_json(account->data));
  if (model->feature_names != NULL)
    json_object_set_new(summary, "feature_names", texts_of(model->feature_names, model->n_features));
  if (model->component_names != NULL)
    json_object_set_new(summary, "component_names", texts_of(model->component_names, model->n_components));
  json_object_set(summary, "weights", weights);
  if (layout->noise_weight >= 0) json_object_set(summary, "noise_weight", noise_weight);
  json_object_set(summary, "means", means);
  if (layout->dof >= 0) json_object_set(summary, "dof", dof);
  json_object_set(summary, "covariances", covariances);
  json_object_set_new(summary, "n_passes", json_integer((json_int_t)result->n_passes));
  json_object_set_new(summary, "seconds", json_real(account->seconds));
  if (account->output_path != NULL) json_object_set_new(summary, "output", json_text(account->output_path));
  if (account->table_path != NULL) json_object_set_new(summary, "table", json_text(account->table_path));
  json_decref(weights);
  json_decref(noise_weight);
  json_decref(means);
  json_decref(dof);
  json_decref(covariances);
  return summary;
}

/* --- the table --- */

typedef struct text_table {
  const bootstrap_account *account;
  FILE *text;
  char *room; /* for the longest name */
} text_table;

static size_t longest(char *const *names, int64_t n)
{
  size_t most = 32;
  for (int64_t i = 0; names != NULL && i < n; i++) {
    const size_t length = strlen(names[i]);
    if (length > most) most = length;
  }
  return most;
}

static void put_name(const text_table *table, const char *name)
{
  *csv_put_field(table->room, name, ',') = '\0';
  fprintf(table->text, ",%s", table->room);
}

static void put_feature(const text_table *table, int64_t j)
{
  char room[32];
  if (j < 0)
    fputc(',', table->text);
  else
    put_name(table, name_of_feature(table->account->model, j, room));
}

/* -1: there is none; nan: what cannot be said is empty. */
static void put_row(const text_table *table, const char *quantity, int64_t k, int64_t i, int64_t j, int64_t index)
{
  const gmmpi_model *model = table->account->model;
  said_of_numbers said[N_SAID];
  bootstrap_list_said(table->account->result, said);
  fprintf(table->text, "%s,", quantity);
  if (k >= 0) fprintf(table->text, "%lld", (long long)k);
  if (k >= 0 && model->component_names != NULL)
    put_name(table, model->component_names[k]);
  else
    fputc(',', table->text);
  put_feature(table, i);
  put_feature(table, j);
  for (int s = 0; s < N_SAID; s++) {
    fputc(',', table->text);
    if (isfinite(said[s].list[index])) fprintf(table->text, "%.17g", said[s].list[index]);
  }
  fputc('\n', table->text);
}

static void put_rows(const text_table *table)
{
  const replicate_layout *layout = &table->account->result->layout;
  const int64_t K = layout->n_components;
  const int64_t d = layout->n_features;
  fputs("quantity,component,component_name,feature,feature_2,estimate,standard_error,lower,upper\n", table->text);
  for (int64_t k = 0; k < K; k++) put_row(table, "weight", k, -1, -1, layout->weights + k);
  if (layout->noise_weight >= 0) put_row(table, "noise_weight", -1, -1, -1, layout->noise_weight);
  for (int64_t i = 0; i < K * d; i++) put_row(table, "mean", i / d, i % d, -1, layout->means + i);
  for (int64_t k = 0; k < K && layout->dof >= 0; k++) put_row(table, "dof", k, -1, -1, layout->dof + k);
  for (int64_t k = 0; k < K; k++) {
    for (int64_t i = 0; i < d; i++) {
      for (int64_t j = triangle_first(layout->shape, i); j <= i; j++)
        put_row(table, "covariance", k, i, j, replicate_covariance(layout, k, i, j));
    }
  }
}

gmmpi_status bootstrap_write_table(const bootstrap_account *account, gmmpi_error *error)
{
  const gmmpi_model *model = account->model;
  const size_t of_features = longest(model->feature_names, model->n_features);
  const size_t of_components = longest(model->component_names, model->n_components);
  char *bytes = NULL;
  size_t n_bytes = 0;
  const text_table table = {.account = account,
                            .text = open_memstream(&bytes, &n_bytes),
                            .room = malloc(2 * (of_features > of_components ? of_features : of_components) + 3)};
  bool good = table.text != NULL && table.room != NULL;
  if (good) put_rows(&table);
  if (table.text != NULL) good = fclose(table.text) == 0 && good;
  if (good)
    file_write_whole(account->table_path, bytes, n_bytes, error);
  else
    fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to write it", account->table_path);
  free(table.room);
  free(bytes);
  return error->status;
}
