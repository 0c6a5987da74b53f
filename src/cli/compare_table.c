/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/compare_table.h"

#include "cli/prepare.h"
#include "support/error.h"
#include "support/file.h"
#include "support/json_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static bool has_names(const comparison_result *result)
{
  return result->models[0]->component_names != NULL || result->models[1]->component_names != NULL;
}

static double noise_of(const gmmpi_model *model)
{
  return model_has(model, PART_NOISE) ? *model->noise_weight : 0.0;
}

/* Of normal distributions: the integral of the root of their product, 1 for the same ones. */
static double overlap_of(const component_match *match)
{
  return exp(-match->distance.bhattacharyya);
}

/* --- for people --- */

static void print_divergence(const char *name, const divergence *value, const char *remark)
{
  printf("  %-28s %12.6g  ", name, value->value);
  if (value->is_exact)
    printf("exact");
  else
    printf("+- %-8.2g%s", value->standard_error, remark);
  putchar('\n');
}

static void print_model(const char *name, const char *path, const gmmpi_model *model)
{
  printf("%s: %s, %lld component%s, %s covariances%s%s%s\n", name, path, (long long)model_n_living(model),
         plural(model_n_living(model)), model->family->name, model->dof != NULL ? ", t distributions" : "",
         model_has(model, PART_POSTERIOR) ? ", predictive density of a posterior" : "",
         noise_of(model) > 0.0 ? ", noise" : "");
}

static void print_component(int64_t k)
{
  if (k < 0)
    printf("  %9s", "none");
  else
    printf("  %9lld", (long long)k);
}

static void print_weight(const gmmpi_model *model, int64_t k)
{
  if (k < 0)
    printf("  %10s", "");
  else
    printf("  %10.4g", model->weights[k]);
}

static void print_matches(const comparison_result *result)
{
  puts("  component  component     overlap  distance of    weight      weight");
  puts("       of A       of B              means (sd)      in A        in B");
  for (int64_t i = 0; i < result->n_matches; i++) {
    const component_match *match = &result->matches[i];
    print_component(match->a);
    print_component(match->b);
    if (match->a >= 0 && match->b >= 0)
      printf("  %10.4g  %11.4g", overlap_of(match), match->distance.means);
    else
      printf("  %10s  %11s", "", "");
    print_weight(result->models[0], match->a);
    print_weight(result->models[1], match->b);
    if (match->a >= 0) print_component_name("  called ", result->models[0], match->a);
    if (match->b >= 0)
      print_component_name(match->a >= 0 && result->models[0]->component_names != NULL ? ", " : "  called ",
                           result->models[1], match->b);
    putchar('\n');
  }
  if (noise_of(result->models[0]) > 0.0 || noise_of(result->models[1]) > 0.0)
    printf("      noise      noise  %10s  %11s  %10.4g  %10.4g\n", "", "", noise_of(result->models[0]),
           noise_of(result->models[1]));
}

void compare_print(const comparison_result *result)
{
  const divergence_report *found = &result->divergences;
  print_model("A", result->paths[0], result->models[0]);
  print_model("B", result->paths[1], result->models[1]);
  printf("%lld feature%s; %lld points drawn from each (seed %llu), in nats:\n",
         (long long)result->models[0]->n_features, plural(result->models[0]->n_features), (long long)result->n_points,
         (unsigned long long)result->seed);
  print_divergence("Kullback-Leibler, A from B", &found->kullback_leibler_ab, "");
  print_divergence("Kullback-Leibler, B from A", &found->kullback_leibler_ba, "");
  print_divergence("Jensen-Shannon", &found->jensen_shannon, "  0: the same, 0.693: nothing in common");
  print_divergence("total variation", &found->total_variation, "  0: the same, 1: nothing in common");
  print_matches(result);
}

/* --- JSON --- */

static json_t *divergence_json(const divergence *value)
{
  return json_pack("{s:o, s:o, s:b}", "value", json_number(value->value), "standard_error",
                   json_number(value->standard_error), "exact", (int)value->is_exact);
}

static json_t *number_of_component(int64_t k)
{
  return k < 0 ? json_null() : json_integer((json_int_t)k);
}

static void add_component(json_t *row, const char *const names[3], const gmmpi_model *model, int64_t k)
{
  json_object_set_new(row, names[0], number_of_component(k));
  json_object_set_new(row, names[1], k < 0 ? json_null() : json_number(model->weights[k]));
  if (k >= 0 && model->component_names != NULL)
    json_object_set_new(row, names[2], json_text(model->component_names[k]));
}

static json_t *match_json(const comparison_result *result, const component_match *match)
{
  static const char *const of_a[] = {"component_a", "weight_a", "name_a"};
  static const char *const of_b[] = {"component_b", "weight_b", "name_b"};
  json_t *row = json_object();
  add_component(row, of_a, result->models[0], match->a);
  add_component(row, of_b, result->models[1], match->b);
  const bool paired = match->a >= 0 && match->b >= 0;
  json_object_set_new(row, "bhattacharyya", paired ? json_number(match->distance.bhattacharyya) : json_null());
  json_object_set_new(row, "overlap", paired ? json_number(overlap_of(match)) : json_null());
  json_object_set_new(row, "mean_distance", paired ? json_number(match->distance.means) : json_null());
  return row;
}

json_t *compare_json(const comparison_result *result)
{
  const divergence_report *found = &result->divergences;
  json_t *matches = json_array();
  for (int64_t i = 0; i < result->n_matches; i++)
    json_array_append_new(matches, match_json(result, &result->matches[i]));
  json_t *names = NULL;
  const gmmpi_model *first = result->models[0];
  if (first->feature_names != NULL) {
    names = json_array();
    for (int64_t j = 0; j < first->n_features; j++) json_array_append_new(names, json_text(first->feature_names[j]));
  }
  return json_pack("{s:o, s:o, s:I, s:o*, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "a", json_text(result->paths[0]),
                   "b", json_text(result->paths[1]), "n_features", (json_int_t)first->n_features, "feature_names",
                   names, "n_samples", (json_int_t)result->n_points, "kullback_leibler_ab",
                   divergence_json(&found->kullback_leibler_ab), "kullback_leibler_ba",
                   divergence_json(&found->kullback_leibler_ba), "jensen_shannon",
                   divergence_json(&found->jensen_shannon), "total_variation", divergence_json(&found->total_variation),
                   "noise_weight_a", json_number(noise_of(first)), "noise_weight_b",
                   json_number(noise_of(result->models[1])), "components", matches);
}

/* --- text --- */

static void write_name(FILE *file, const gmmpi_model *model, int64_t k)
{
  putc(',', file);
  if (k < 0 || model->component_names == NULL) return;
  putc('"', file);
  for (const char *c = model->component_names[k]; *c != '\0'; c++) {
    if (*c == '"') putc('"', file);
    putc(*c, file);
  }
  putc('"', file);
}

static void write_match(FILE *file, const comparison_result *result, const component_match *match)
{
  const int64_t components[2] = {match->a, match->b};
  for (int i = 0; i < 2; i++) {
    if (components[i] >= 0) fprintf(file, "%lld", (long long)components[i]);
    putc(',', file);
  }
  if (match->a >= 0 && match->b >= 0)
    fprintf(file, "%.17g,%.17g,%.17g", match->distance.bhattacharyya, overlap_of(match), match->distance.means);
  else
    fputs(",,", file);
  for (int i = 0; i < 2; i++) {
    putc(',', file);
    if (components[i] >= 0) fprintf(file, "%.17g", result->models[i]->weights[components[i]]);
  }
  for (int i = 0; i < 2 && has_names(result); i++) write_name(file, result->models[i], components[i]);
  putc('\n', file);
}

gmmpi_status compare_table_write(const char *path, const comparison_result *result, gmmpi_error *error)
{
  char *text = NULL;
  size_t length = 0;
  FILE *file = open_memstream(&text, &length);
  if (file == NULL) return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to write it", path);
  fprintf(file, "component_a,component_b,bhattacharyya,overlap,mean_distance,weight_a,weight_b%s\n",
          has_names(result) ? ",name_a,name_b" : "");
  for (int64_t i = 0; i < result->n_matches; i++) write_match(file, result, &result->matches[i]);
  const bool failed = ferror(file) != 0;
  if (fclose(file) != 0 || failed)
    fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to write it", path);
  else
    file_write_whole(path, text, length, error);
  free(text);
  return error->status;
}
