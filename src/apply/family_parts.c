/* SPDX-License-Identifier: BSD-3-Clause */
#include "apply/family_parts.h"

#include <string.h>

/* Volumes of parts are any, as are their shapes where shapes are any; the axes of parts of matrices with common axes
 * are any. So what is not here is diag or full. Blocks of lambda_k C, and conditional covariances, are lambda_k times
 * those of C. */
static const struct {
  const char *family;
  const char *part;
  const char *scaled;
} table[] = {
    {"tied", "tied", "VEE"},     {"VEE", "VEE", "VEE"},
    {"EII", "EII", "spherical"}, {"spherical", "spherical", "spherical"},
    {"EEI", "EEI", "VEI"},       {"VEI", "VEI", "VEI"},
};

const covariance_family *family_of_part(const covariance_family *family, bool scaled)
{
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    if (strcmp(family->name, table[i].family) == 0) return family_find(scaled ? table[i].scaled : table[i].part);
  }
  return family_find(family->storage->shape == DENSE ? "full" : "diag");
}
