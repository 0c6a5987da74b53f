/* SPDX-License-Identifier: BSD-3-Clause */
#include "fit/model_options.h"

#include "fit/options.h"
#include "support/error.h"

#include <stdio.h>

/* The options that a model's numbers depend on, once its start is known. */
static const char *const names[] = {"tol",         "max-iter",   "reg-covar",       "accelerate",
                                    "method",      "prior-mean", "prior-shrinkage", "prior-dof",
                                    "prior-scale", "dof",        "distribution"};

/* The text of a fact that is a number is put in room. NULL: it is neither a number nor a text. */
static const char *text_of(const json_t *fact, char *room, size_t size)
{
  if (json_is_string(fact)) return json_string_value(fact);
  if (json_is_integer(fact))
    snprintf(room, size, "%lld", (long long)json_integer_value(fact));
  else if (json_is_real(fact))
    snprintf(room, size, "%.17g", json_real_value(fact));
  else
    return NULL;
  return room;
}

static gmmpi_status take_fact(const char *name, const json_t *facts, const char *label, fit_options *options,
                              gmmpi_error *error)
{
  char attribute[64];
  char room[64];
  gmmpi_error local = {0};
  snprintf(attribute, sizeof attribute, "%s", name);
  for (char *c = attribute; *c != '\0'; c++) {
    if (*c == '-') *c = '_';
  }
  const json_t *fact = json_object_get(facts, attribute);
  if (fact == NULL) return GMMPI_OK;
  const option_record *option = option_find(fit_option_table, n_fit_options, name);
  const char *text = text_of(fact, room, sizeof room);
  if (text == NULL || option_set(option, options, text, &local) != GMMPI_OK)
    return fail(error, GMMPI_BAD_DATA, "%s: its attribute %s is no value of --%s; give a model that gmmpi has written",
                label, attribute, name);
  return GMMPI_OK;
}

gmmpi_status fit_options_of_model(const gmmpi_model *model, const json_t *facts, const char *label,
                                  fit_options *options, gmmpi_error *error)
{
  *options = fit_defaults(model->n_components);
  for (size_t i = 0; facts != NULL && i < sizeof names / sizeof *names; i++) {
    if (take_fact(names[i], facts, label, options, error) != GMMPI_OK) return error->status;
  }
  options->covariance = model->family->name;
  options->init = INIT_MODEL;
  options->start = model;
  options->coarse_to_fine = COARSE_OFF;
  options->spurious = SPURIOUS_KEEP;
  options->distribution = model_has(model, PART_TAILS) ? DISTRIBUTION_T : DISTRIBUTION_GAUSSIAN;
  options->noise = model_has(model, PART_NOISE);
  options->noise_volume = options->noise ? *model->noise_volume : 0.0;
  return GMMPI_OK;
}
