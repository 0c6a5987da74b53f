/* SPDX-License-Identifier: BSD-3-Clause */
#include "fit/class_names.h"

#include "mixture/component_order.h"
#include "support/error.h"
#include "support/memory.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static gmmpi_status check_number(class_list classes, const fit_options *options, gmmpi_error *error)
{
  if (classes.n > options->n_components)
    return fail(error, GMMPI_WRONG_USAGE, "--known-labels: there are %lld classes, and %lld component%s; give -k %lld",
                (long long)classes.n, (long long)options->n_components, plural(options->n_components),
                (long long)classes.n);
  return GMMPI_OK;
}

gmmpi_status classes_settle(class_list classes, fit_options *options, gmmpi_error *error)
{
  if (options->prune)
    return fail(error, GMMPI_WRONG_USAGE,
                "--prune: known classes have components of their own, whose numbers would change; leave it away");
  if (options->coarse_to_fine == COARSE_ON)
    return fail(error, GMMPI_WRONG_USAGE,
                "--coarse-to-fine: a subsample may lack a known class, and the search would exchange components; leave "
                "it away");
  options->coarse_to_fine = COARSE_OFF;
  return options->method == METHOD_ADAPT ? GMMPI_OK : check_number(classes, options, error);
}

/* Its place among n names; -1: it is none of them. */
static int64_t place_of(const char *name, char *const *names, int64_t n)
{
  for (int64_t i = 0; i < n; i++) {
    if (strcmp(names[i], name) == 0) return i;
  }
  return -1;
}

/* Sets order: the components of the classes, then the others. Errors: 65. */
static gmmpi_status order_by_classes(class_list classes, const gmmpi_model *start, const char *label, int64_t *order,
                                     gmmpi_error *error)
{
  const int64_t K = start->n_components;
  for (int64_t c = 0; c < classes.n; c++) {
    order[c] = place_of(classes.names[c], start->component_names, K);
    if (order[c] < 0)
      return fail(error, GMMPI_BAD_DATA,
                  "%s: no component has the name of the class \"%.100s\"; start from a model of the same classes, or "
                  "from JSON without component_names",
                  label, classes.names[c]);
  }
  int64_t next = classes.n;
  for (int64_t k = 0; k < K; k++) {
    if (place_of(start->component_names[k], classes.names, classes.n) < 0) order[next++] = k;
  }
  return GMMPI_OK;
}

gmmpi_status classes_match(class_list classes, const fit_options *options, const char *label, gmmpi_model *start,
                           gmmpi_error *error)
{
  if (classes.n == 0) return GMMPI_OK;
  if (check_number(classes, options, error) != GMMPI_OK) return error->status;
  if (start->component_names == NULL && options->method == METHOD_ADAPT)
    return fail(error, GMMPI_WRONG_USAGE,
                "--known-labels: the components of %s have no names, so that no class is one of them; adapt a model "
                "that was fitted with --known-labels, or leave it out",
                label);
  if (start->component_names != NULL && classes.names != NULL) {
    int64_t *order = allocate(start->n_components, sizeof *order);
    if (order == NULL)
      fail(error, GMMPI_NO_MEMORY, "%s: no memory is left for the names of its components", label);
    else if (order_by_classes(classes, start, label, order, error) == GMMPI_OK)
      model_permute_components(start, order, error);
    free(order);
  }
  for (int64_t c = 0; c < classes.n && error->status == GMMPI_OK; c++) {
    if (start->weights[c] == 0.0)
      fail(error, GMMPI_BAD_DATA, "%s: component %lld is of a known class, and its weight is 0; give it one", label,
           (long long)c);
  }
  return error->status;
}

/* The caller frees it; NULL: no memory. */
static char *name_of_other(class_list classes, int64_t k)
{
  char *name = allocate(40 + classes.n, 1);
  if (name == NULL) return NULL;
  int64_t length = snprintf(name, 40, "component %lld", (long long)k);
  while (place_of(name, classes.names, classes.n) >= 0) {
    name[length++] = '\'';
    name[length] = '\0';
  }
  return name;
}

gmmpi_status model_take_classes(gmmpi_model *model, class_list classes, gmmpi_error *error)
{
  const int64_t K = model->n_components;
  if (classes.names == NULL || model->component_names != NULL) return GMMPI_OK;
  char **names = calloc((size_t)K, sizeof *names);
  bool good = names != NULL;
  for (int64_t k = 0; k < K && good; k++) {
    names[k] = k < classes.n ? strdup(classes.names[k]) : name_of_other(classes, k);
    good = names[k] != NULL;
  }
  gmmpi_status status =
      good ? model_set_component_names(model, names, error)
           : fail(error, GMMPI_NO_MEMORY, "no memory is left for the names of %lld components", (long long)K);
  for (int64_t k = 0; k < K && names != NULL; k++) free(names[k]);
  free(names);
  return status;
}
