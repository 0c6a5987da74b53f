/* SPDX-License-Identifier: BSD-3-Clause */
#include "apply/output_kinds.h"

#include <string.h>
#include <strings.h>

static const output_kind kinds[] = {
    {".csv", ',', output_write_text},
    {".tsv", '\t', output_write_text},
    {".txt", '\t', output_write_text},
    {NULL, 0, output_write_hdf5},
};

const output_kind *output_kind_of(const char *path)
{
  const char *ending = strrchr(path, '.');
  const output_kind *kind = kinds;
  while (kind->ending != NULL && (ending == NULL || strcasecmp(ending, kind->ending) != 0)) kind++;
  return kind;
}
