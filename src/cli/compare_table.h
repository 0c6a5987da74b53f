/* SPDX-License-Identifier: BSD-3-Clause */
/* What gmmpi compare found, for people, as JSON and as a table in text. For rank 0. */
#ifndef CLI_COMPARE_TABLE_H
#define CLI_COMPARE_TABLE_H

#include "apply/component_match.h"
#include "apply/divergence.h"

#include <jansson.h>

typedef struct comparison_result {
  const char *paths[2];
  const gmmpi_model *models[2];
  int64_t n_points; /* drawn from each */
  uint64_t seed;
  divergence_report divergences;
  const component_match *matches; /* n_matches */
  int64_t n_matches;
} comparison_result;

void compare_print(const comparison_result *result);

/* NULL where there is no memory. */
json_t *compare_json(const comparison_result *result);

/* component_a, component_b, bhattacharyya, overlap, mean_distance, weight_a, weight_b, and name_a, name_b where
 * components have names; what a component without a partner has not is empty. Errors: 73, 71. */
gmmpi_status compare_table_write(const char *path, const comparison_result *result, gmmpi_error *error);

#endif
