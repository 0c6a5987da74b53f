/* SPDX-License-Identifier: BSD-3-Clause */
/* A mixture for each group of points: what fit_run makes of the group's rows alone, to the last bit.
 *
 * Each rank fits its own groups (fit/group_rows.h) one after the other, on MPI_COMM_SELF; nobody waits for anybody
 * before all are done. Groups that fail are noted with the status and the message that they have alone. */
#ifndef FIT_GROUPS_H
#define FIT_GROUPS_H

#include "fit/group_plan.h"
#include "fit/group_rows.h"
#include "mixture/files/group_models.h"

typedef struct groups_result {
  group_models *models; /* rank 0: of all groups; no keys, no names */
  int64_t n_done;       /* of all ranks */
  int64_t n_fitted_now; /* without those from a checkpoint */
  double n_row_visits;  /* rows that E-steps went over, of all ranks and groups, those from a checkpoint left out */
  double seconds;       /* of the rank that took longest, without waiting */
  bool is_saved;        /* all that is done is in the checkpoint */
} groups_result;

/* Collective over comm. Errors, agreed: 71, 70; 75 when a rank was asked to stop: then all that was done is in the
 * checkpoint, if there is one and it can be written. *result is to be cleared in any case. */
gmmpi_status groups_run(MPI_Comm comm, const groups_plan *plan, const group_rows *rows, groups_result *result,
                        gmmpi_error *error);
void groups_result_clear(groups_result *result);

/* The bytes that groups_run needs on a rank beside the rows, of which a group has at most most_rows; with the models of
 * all groups on rank 0. */
int64_t groups_bytes(const groups_plan *plan, int64_t most_rows);

#endif
