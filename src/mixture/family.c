#include "mixture/family.h"

#include "support/memory.h"

#include <string.h>

static const covariance_family *const families[] = {&family_full, &family_tied, &family_diag, &family_spherical};

const covariance_family *family_find(const char *name)
{
  for (size_t f = 0; f < sizeof families / sizeof *families; f++) {
    if (strcmp(name, families[f]->name) == 0 || strcmp(name, families[f]->code) == 0) return families[f];
  }
  return NULL;
}

int64_t family_length(const covariance_family *family, int64_t n_components, int64_t n_features)
{
  int64_t shape[3];
  const int n_dimensions = family->dimensions(n_components, n_features, shape);
  int64_t length = 1;
  for (int i = 0; i < n_dimensions; i++) {
    if (!multiply_fits(length, shape[i], &length)) return -1;
  }
  return length;
}
