/* SPDX-License-Identifier: BSD-3-Clause */
/* What is to be said of groups: why they failed, and what happened in their fits. */
#ifndef FIT_GROUP_REMARKS_H
#define FIT_GROUP_REMARKS_H

#include "mixture/files/group_models.h"

#include <stddef.h>

typedef struct remark_list {
  group_remark *items;
  int64_t n, room;
} remark_list;

/* Takes a copy of the text. False: no memory. */
bool remarks_add(remark_list *list, int64_t group, bool is_failure, const char *text);
void remarks_clear(remark_list *list);

/* All of a list as bytes, which the caller frees, and back: added to a list. NULL, false: no memory. */
char *remarks_pack(const remark_list *list, int64_t *n_bytes);
bool remarks_unpack(const char *bytes, int64_t n_bytes, remark_list *list);

/* By groups; those of one stay in their order. False: no memory. */
bool remarks_sort(remark_list *list);

#endif
