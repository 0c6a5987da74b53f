/* SPDX-License-Identifier: BSD-3-Clause */
/* The fit of one group, in memory that serves one group after the other. */
#ifndef FIT_GROUP_FIT_H
#define FIT_GROUP_FIT_H

#include "fit/group_plan.h"
#include "fit/group_remarks.h"
#include "points/making/refill.h"

typedef struct group_fitter {
  const groups_plan *plan;
  group_layout layout;
  fit_observer observer;
  refillable rows;
  remark_list *remarks;
  double n_row_visits;
} group_fitter;

/* plan, remarks: borrowed; rooms for groups of up to most_rows rows. Errors: 71. */
gmmpi_status group_fitter_open(const groups_plan *plan, int64_t most_rows, remark_list *remarks, group_fitter *fitter,
                               gmmpi_error *error);
void group_fitter_close(group_fitter *fitter); /* one that is all zero is fine */

/* Sets the group's record, whether it can be fitted or not. Errors: 71, 75 a stop is wanted; then there is none. */
gmmpi_status group_fit(group_fitter *fitter, int64_t group, const double *rows, int64_t n_rows, double *record,
                       gmmpi_error *error);

#endif
