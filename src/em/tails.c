/* SPDX-License-Identifier: BSD-3-Clause */
#include "em/tails.h"

#include "mixture/tails.h"

#include <math.h>

static const double most_growth = 4.0;

static double known_dof(double dof)
{
  return dof > 0.0 ? dof : DOF_START;
}

void take_tails(const statistics *sums, int64_t k, double dof, moments *taken)
{
  const double nu = known_dof(dof);
  const double d = (double)sums->n_features;
  const double pull = sums->counts[k];
  const double total = sums->totals[k];
  taken->pulls[k] = pull;
  if (total > 0.0) {
    taken->counts[k] = pull > 0.0 ? total : 0.0;
    taken->tails[k] = total * (log1p(d / nu) + tails_digamma_less_log(0.5 * (nu + d))) - sums->logs[k] - pull;
  } else {
    taken->tails[k] = pull * (tails_digamma_less_log(0.5 * nu) - 1.0);
  }
}

static double estimate(double count, double tail, double previous)
{
  return fmin(tails_solve_dof(-(1.0 + tail / count)), most_growth * known_dof(previous));
}

static double common_estimate(const double *counts, const moments *from, const gmmpi_model *previous)
{
  double count = 0.0;
  double tail = 0.0;
  double largest = 0.0;
  for (int64_t k = 0; k < from->n_components; k++) {
    if (!(counts[k] > 0.0)) continue;
    count += counts[k];
    tail += from->tails[k];
    largest = fmax(largest, previous->dof[k]);
  }
  return count > 0.0 ? estimate(count, tail, largest) : DOF_START;
}

void set_dof(double option, const double *counts, const moments *from, const gmmpi_model *previous, gmmpi_model *next)
{
  const double common = option == DOF_COMMON ? common_estimate(counts, from, previous) : option;
  for (int64_t k = 0; k < from->n_components; k++) {
    if (option != DOF_EACH)
      next->dof[k] = common;
    else if (counts[k] > 0.0)
      next->dof[k] = estimate(counts[k], from->tails[k], previous->dof[k]);
  }
}
