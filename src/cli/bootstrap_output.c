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

/* What is said of each number: lists as the replicates are (fit/replicate.h). */
typedef struct said_of_numbers {
  const char *name;
  const double *list;
} said_of_numbers;
enum { N_SAID = 4 };

static void list_said(const bootstrap_result *result, said_of_numbers said[N_SAID])
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

/* The element of a list that has the element i, j of component k's covariance; 0 where the family has none there. */
static double covariance_of(const replicate_layout *layout, const double *list, int64_t k, int64_t i, int64_t j)
{
  const int64_t place = i >= j ? replicate_covariance(layout, k, i, j) : replicate_covariance(layout, k, j, i);
  return place < 0 ? 0.0 : list[place];
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
  if (result->n_matched > 0)
    printf("  in %lld components had changed places, and were matched\n", (long long)result->n_matched);
  print_numbers(account);
  printf("  %.3g s on %d rank%s, %lld passes, %.3g iterations a replicate\n", account->seconds, account->n_ranks,
         plural(account->n_ranks), (long long)result->n_passes,
         (double)result->n_iterations / (double)account->how->n_replicates);
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

/* What the seed, the data and the options determine. */
static json_t *facts_of(const bootstrap_account *account)
{
  const bootstrap_result *result = account->result;
  const gmmpi_model *model = account->model;
  return json_pack("{s:s, s:s, s:I, s:I, s:I, s:s, s:f, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:I, s:f}", "covariance",
                   model->family->name, "type", bootstrap_types[account->how->type], "n_components",
                   (json_int_t)model->n_components, "n_features", (json_int_t)model->n_features, "n_samples",
                   (json_int_t)account->points->n_samples, "program_version", GMMPI_VERSION, "level",
                   account->how->level, "seed", (json_int_t)account->how->seed, "n_replicates",
                   (json_int_t)account->how->n_replicates, "n_failed", (json_int_t)n_failed(account), "n_collapsed",
                   (json_int_t)result->counts[REPLICATE_COLLAPSED], "n_not_converged",
                   (json_int_t)result->counts[REPLICATE_NOT_CONVERGED], "n_matched", (json_int_t)result->n_matched,
                   "tol", account->fit->tolerance, "max_iter", (json_int_t)account->fit->max_iterations, "reg_covar",
                   account->fit->reg_covar);
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
      for (int64_t j = 0; j < d; j++) json_array_append_new(row, json_number(covariance_of(layout, list, k, i, j)));
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
  json_t *summary = json_pack("{s:s}", "model", account->model_path);
  json_t *facts = facts_of(account);
  json_t *weights = json_object();
  json_t *means = json_object();
  json_t *dof = json_object();
  json_t *noise_weight = json_object();
  json_t *covariances = json_object();
  list_said(result, said);
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
  list_said(table->account->result, said);
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

/* --- HDF5 --- */

/* Writes a data set of n lists' numbers: each a number (n_lists 0: without that dimension). */
static bool write_covariances(hid_t file, const char *name, const replicate_layout *layout, int64_t n_lists,
                              const double *lists)
{
  const int64_t K = layout->n_components;
  const int64_t d = layout->n_features;
  const int64_t n = n_lists > 0 ? n_lists : 1;
  const int64_t shape[] = {n, K, d, d};
  double *numbers = allocate(n * K * d * d, sizeof *numbers);
  if (numbers == NULL) return false;
  double *next = numbers;
  for (int64_t r = 0; r < n; r++) {
    for (int64_t k = 0; k < K; k++) {
      for (int64_t i = 0; i < d * d; i++) *next++ = covariance_of(layout, lists + r * layout->length, k, i / d, i % d);
    }
  }
  const bool written = hdf5_image_write(file, name, n_lists > 0 ? 4 : 3, n_lists > 0 ? shape : shape + 1, numbers);
  free(numbers);
  return written;
}

/* Of numbers that stand together in a list: rows x columns of them, or, with columns 0, rows. */
static bool write_numbers(hid_t file, const char *name, const replicate_layout *layout, int64_t first, int64_t rows,
                          int64_t columns, int64_t n_lists, const double *lists)
{
  const int64_t n = n_lists > 0 ? n_lists : 1;
  const int64_t each = rows * (columns > 0 ? columns : 1);
  const int64_t shape[] = {n, rows, columns};
  const int n_dimensions = (columns > 0 ? 3 : 2) - (n_lists > 0 ? 0 : 1);
  double *numbers = allocate(n * each, sizeof *numbers);
  if (numbers == NULL) return false;
  for (int64_t r = 0; r < n; r++)
    memcpy(numbers + r * each, lists + r * layout->length + first, (size_t)each * sizeof *numbers);
  const bool written = hdf5_image_write(file, name, n_dimensions, n_lists > 0 ? shape : shape + 1, numbers);
  free(numbers);
  return written;
}

/* The kinds of numbers, each a data set of its own. */
enum { WEIGHTS, NOISE_WEIGHT, MEANS, DOF, COVARIANCES, N_QUANTITIES };
static const char *const quantities[] = {[WEIGHTS] = "/weights",
                                         [NOISE_WEIGHT] = "/noise_weight",
                                         [MEANS] = "/means",
                                         [DOF] = "/dof",
                                         [COVARIANCES] = "/covariances"};

static bool is_there(const replicate_layout *layout, int quantity)
{
  return (quantity != NOISE_WEIGHT || layout->noise_weight >= 0) && (quantity != DOF || layout->dof >= 0);
}

static bool write_quantity(hid_t file, const char *name, const replicate_layout *layout, int quantity, int64_t n_lists,
                           const double *lists)
{
  const int64_t K = layout->n_components;
  switch (quantity) {
  case WEIGHTS:
    return write_numbers(file, name, layout, layout->weights, K, 0, n_lists, lists);
  case NOISE_WEIGHT:
    return write_numbers(file, name, layout, layout->noise_weight, 1, 0, n_lists, lists);
  case MEANS:
    return write_numbers(file, name, layout, layout->means, K, layout->n_features, n_lists, lists);
  case DOF:
    return write_numbers(file, name, layout, layout->dof, K, 0, n_lists, lists);
  default:
    return write_covariances(file, name, layout, n_lists, lists);
  }
}

static bool write_said(hid_t file, const bootstrap_result *result)
{
  said_of_numbers said[N_SAID];
  bool written = true;
  list_said(result, said);
  for (int q = 0; q < N_QUANTITIES && written; q++) {
    if (!is_there(&result->layout, q)) continue;
    written = hdf5_image_group(file, quantities[q]);
    for (int s = 0; s < N_SAID && written; s++) {
      char name[64];
      snprintf(name, sizeof name, "%s/%s", quantities[q], said[s].name);
      written = write_quantity(file, name, &result->layout, q, 0, said[s].list);
    }
  }
  return written;
}

static bool write_replicates(hid_t file, const bootstrap_account *account)
{
  const bootstrap_result *result = account->result;
  bool written = hdf5_image_group(file, "/replicates");
  for (int q = 0; q < N_QUANTITIES && written; q++) {
    char name[64];
    snprintf(name, sizeof name, "/replicates%s", quantities[q]);
    if (is_there(&result->layout, q))
      written = write_quantity(file, name, &result->layout, q, account->how->n_replicates, result->replicates);
  }
  return written;
}

static bool write_attributes(hid_t file, const bootstrap_account *account)
{
  const gmmpi_model *model = account->model;
  json_t *identity = json_pack("{s:s, s:I}", "format", "gmmpi bootstrap", "format_version", (json_int_t)1);
  json_t *facts = facts_of(account);
  bool written =
      identity != NULL && facts != NULL && hdf5_attributes_write(file, identity) && hdf5_attributes_write(file, facts);
  if (written && model->feature_names != NULL)
    written = hdf5_strings_write(file, "feature_names", model->n_features, (const char *const *)model->feature_names);
  if (written && model->transforms != NULL)
    written = hdf5_strings_write(file, "transforms", model->n_features, (const char *const *)model->transforms);
  if (written && model->component_names != NULL)
    written =
        hdf5_strings_write(file, "component_names", model->n_components, (const char *const *)model->component_names);
  json_decref(identity);
  json_decref(facts);
  return written;
}

/* Numbers in a data set of K x d x d, and of all kinds. */
static int64_t bytes_of_lists(int64_t n_components, int64_t n_features, int64_t n_lists)
{
  int64_t each;
  if (!multiply_fits(n_features, n_features + 1, &each) || !multiply_fits(each, n_components, &each) ||
      !multiply_fits(each + 3 * n_components + 1, (int64_t)sizeof(double), &each) ||
      !multiply_fits(each, n_lists, &each))
    return INT64_MAX;
  return each;
}

int64_t bootstrap_output_bytes(int64_t n_components, int64_t n_features, int64_t n_replicates, bool keeps_replicates)
{
  const int64_t n_lists = N_SAID + 1 + (keeps_replicates ? n_replicates : 0);
  const int64_t once = bytes_of_lists(n_components, n_features, n_lists);
  return sum_of_bytes(3, (int64_t[]){once, once, keeps_replicates ? once : 0}); /* the data set, the file, its bytes */
}

gmmpi_status bootstrap_write_hdf5(const bootstrap_account *account, bool keeps_replicates, gmmpi_error *error)
{
  const gmmpi_model *model = account->model;
  void *bytes = NULL;
  size_t n_bytes = 0;
  bool whole;
  H5E_BEGIN_TRY
  {
    const int64_t n_lists = N_SAID + (keeps_replicates ? account->how->n_replicates : 0);
    const hid_t file =
        hdf5_image_create(bytes_of_lists(model->n_components, model->n_features, n_lists) + (INT64_C(1) << 16));
    whole = file >= 0 && write_said(file, account->result) && (!keeps_replicates || write_replicates(file, account)) &&
            write_attributes(file, account) && hdf5_image_bytes(file, &bytes, &n_bytes);
    if (file >= 0) H5Fclose(file);
  }
  H5E_END_TRY
  if (whole)
    file_write_whole(account->output_path, bytes, n_bytes, error);
  else
    fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to write it; leave --keep-replicates out, or ask for fewer",
         account->output_path);
  free(bytes);
  return error->status;
}
