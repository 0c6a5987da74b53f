/* SPDX-License-Identifier: BSD-3-Clause */
#include "em/accelerate/methods.h"

#include <stddef.h>
#include <string.h>

const acceleration_method acceleration_none = {.name = "none", .capacity = 0};

static const acceleration_method *const methods[] = {&acceleration_none, &acceleration_anderson, &acceleration_squarem};

const acceleration_method *acceleration_method_find(const char *name)
{
  for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
    if (strcmp(name, methods[i]->name) == 0) return methods[i];
  }
  return NULL;
}
