/* SPDX-License-Identifier: BSD-3-Clause */
/* The groups of all ranks on rank 0. */
#ifndef FIT_GROUP_GATHER_H
#define FIT_GROUP_GATHER_H

#include "fit/group_remarks.h"
#include "fit/group_rows.h"

/* Collective over comm. *models, on rank 0: of all n_groups groups, from the records of those that each rank has in
 * rows, and with all remarks. Errors, agreed: 71. */
gmmpi_status group_gather(MPI_Comm comm, const group_layout *layout, const group_rows *rows, const double *records,
                          remark_list *remarks, int64_t n_groups, group_models **models, gmmpi_error *error);

#endif
