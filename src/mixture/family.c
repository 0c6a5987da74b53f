/* SPDX-License-Identifier: BSD-3-Clause */
#include "mixture/family.h"

#include "support/memory.h"

#include <stdio.h>
#include <string.h>

#define ADDRESS(name, summary) &family_##name,
#define NAME(name, summary)    #name,

const covariance_family *const all_families[] = {COVARIANCE_FAMILIES(ADDRESS) NULL};
const char *const family_names[] = {COVARIANCE_FAMILIES(NAME) NULL};

const char *family_list(char *text, size_t size)
{
  size_t length = 0;
  text[0] = '\0';
  for (int i = 0; family_names[i] != NULL && length < size; i++) {
    const char *before = i == 0 ? "" : family_names[i + 1] == NULL ? " or " : ", ";
    length += (size_t)snprintf(text + length, size - length, "%s%s", before, family_names[i]);
  }
  return text;
}

bool family_is_of_one_feature(const char *name)
{
  return strcmp(name, "E") == 0 || strcmp(name, "V") == 0;
}

const covariance_family *family_find(const char *name)
{
  if (family_is_of_one_feature(name)) return name[0] == 'E' ? &family_EII : &family_spherical;
  for (int i = 0; all_families[i] != NULL; i++) {
    if (strcmp(name, all_families[i]->name) == 0 || strcmp(name, all_families[i]->code) == 0) return all_families[i];
  }
  return NULL;
}

int64_t family_index(const covariance_family *family)
{
  int64_t i = 0;
  while (all_families[i] != family) i++;
  return i;
}

int64_t family_length(const covariance_family *family, int64_t n_components, int64_t n_features)
{
  int64_t shape[3];
  const int n_dimensions = storage_dimensions(family->storage, n_components, n_features, shape);
  int64_t length = 1;
  for (int i = 0; i < n_dimensions; i++) {
    if (!multiply_fits(length, shape[i], &length)) return -1;
  }
  return length;
}

statistics_order family_order(const covariance_family *family)
{
  if (family->pools) return POOLED_ORDER;
  return family->storage->rank == 0 ? TRACE_ORDER : SECOND_ORDER;
}

int64_t family_scratch_numbers(const covariance_family *family, int64_t n_components, int64_t n_features)
{
  return family->scratch_numbers != NULL ? family->scratch_numbers(n_components, n_features) : 0;
}
