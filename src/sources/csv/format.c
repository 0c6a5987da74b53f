/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/csv/format.h"

#include <stdlib.h>

void csv_format_close(csv_format *format)
{
  for (int64_t i = 0; format->names != NULL && i < format->n_columns; i++) free(format->names[i]);
  free(format->names);
  format->names = NULL;
}
