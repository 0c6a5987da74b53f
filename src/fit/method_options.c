/* SPDX-License-Identifier: BSD-3-Clause */
#include "fit/method_options.h"

#include "em/number_list.h"
#include "support/error.h"
#include "support/near_word.h"

#include <stdio.h>
#include <string.h>

static gmmpi_status parse_list(const option_record *option, const char *word, const char *other_word, const char *text,
                               void *value, gmmpi_error *error)
{
  if (strcmp(text, word) != 0 && strcmp(text, other_word) != 0 && number_list_length(text) < 1)
    return fail(error, GMMPI_WRONG_USAGE, "--%s: \"%.100s\" is no list of numbers; give some such as 1.5,-2,3e4, or %s",
                option->name, text, word);
  *(const char **)value = text;
  return GMMPI_OK;
}

gmmpi_status parse_prior_mean(const option_record *option, const char *text, void *value, gmmpi_error *error)
{
  return parse_list(option, "data", "data", text, value, error);
}

gmmpi_status parse_prior_scale(const option_record *option, const char *text, void *value, gmmpi_error *error)
{
  return parse_list(option, "auto", "mclust", text, value, error);
}

void print_prior_text(const option_record *option, const void *value, char *text, size_t size)
{
  (void)option;
  snprintf(text, size, "%s", *(const char *const *)value);
}

/* 0 stands for auto. */
gmmpi_status parse_prior_dof(const option_record *option, const char *text, void *value, gmmpi_error *error)
{
  double dof = 0.0;
  if (strcmp(text, "auto") != 0 && !(parse_real(text, &dof) && dof > 0.0 && dof <= 1e100))
    return fail(error, GMMPI_WRONG_USAGE, "--%s: \"%.100s\" is no number above 0; give one such as 5.5, or auto",
                option->name, text);
  *(double *)value = dof;
  return GMMPI_OK;
}

void print_prior_dof(const option_record *option, const void *value, char *text, size_t size)
{
  (void)option;
  const double dof = *(const double *)value;
  snprintf(text, size, dof > 0.0 ? "%.17g" : "auto", dof);
}

static const struct {
  adapted_parameters bit;
  const char *word;
} adapted[] = {{ADAPT_MEANS, "means"}, {ADAPT_WEIGHTS, "weights"}, {ADAPT_VARIANCES, "variances"}};

gmmpi_status parse_adapt(const option_record *option, const char *text, void *value, gmmpi_error *error)
{
  int bits = 0;
  for (const char *rest = text; rest != NULL;) {
    const size_t length = strcspn(rest, ",");
    int bit = 0;
    for (size_t i = 0; i < sizeof adapted / sizeof *adapted; i++) {
      if (strlen(adapted[i].word) == length && strncmp(rest, adapted[i].word, length) == 0) bit = (int)adapted[i].bit;
    }
    char word[32];
    near_word meant = {.word = word};
    snprintf(word, sizeof word, "%.*s", (int)length, rest);
    for (size_t i = 0; bit == 0 && i < sizeof adapted / sizeof *adapted; i++) near_word_try(&meant, adapted[i].word);
    if (meant.nearest != NULL)
      return fail(error, GMMPI_WRONG_USAGE, "--%s: \"%s\" is unknown; did you mean %s? (means,weights,variances)",
                  option->name, word, meant.nearest);
    if (bit == 0)
      return fail(error, GMMPI_WRONG_USAGE, "--%s: \"%.*s\" is unknown; give some of means,weights,variances",
                  option->name, (int)length, rest);
    bits |= bit;
    rest = rest[length] == ',' ? rest + length + 1 : NULL;
  }
  *(int *)value = bits;
  return GMMPI_OK;
}

void print_adapt(const option_record *option, const void *value, char *text, size_t size)
{
  (void)option;
  size_t used = 0;
  text[0] = '\0';
  for (size_t i = 0; i < sizeof adapted / sizeof *adapted; i++) {
    if ((*(const int *)value & (int)adapted[i].bit) == 0 || used >= size) continue;
    used += (size_t)snprintf(text + used, size - used, "%s%s", used > 0 ? "," : "", adapted[i].word);
  }
}

gmmpi_status adaptation_check(const fit_options *options, bool starts_elsewhere, gmmpi_error *error)
{
  if (starts_elsewhere)
    return fail(error, GMMPI_WRONG_USAGE, "--method adapt starts from the model of --from; leave --init out");
  if (options->n_init > 1)
    return fail(error, GMMPI_WRONG_USAGE, "--n-init: adaptation has one start, the model of --from; leave it out");
  if (options->coarse_to_fine == COARSE_ON)
    return fail(error, GMMPI_WRONG_USAGE,
                "--coarse-to-fine: adaptation is to all points, not to subsamples of them; leave it out");
  if ((options->from_file != NULL) == (options->init == INIT_MODEL))
    return fail(error, GMMPI_WRONG_USAGE,
                options->from_file != NULL ? "--from: a model in memory is to be adapted too; give one of them"
                                           : "--method adapt: --from is missing; give the model that is adapted");
  return GMMPI_OK;
}
