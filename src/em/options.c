/* SPDX-License-Identifier: BSD-3-Clause */
#include "em/options.h"

model_kind fit_kind(const fit_options *options)
{
  model_kind kind = {.family = family_find(options->covariance)};
  if (options->distribution == DISTRIBUTION_T) kind.parts |= PART_TAILS;
  if (options->noise) kind.parts |= PART_NOISE;
  if (options->method == METHOD_VB) kind.parts |= PART_POSTERIOR | PART_DIRICHLET;
  if (options->method == METHOD_DP) kind.parts |= PART_POSTERIOR | PART_STICKS;
  return kind;
}
