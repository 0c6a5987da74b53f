// SPDX-License-Identifier: BSD-3-Clause
// The headers in C++, and a call.
#include <gmmpi/gmmpi.h>

#include <cstdio>

int main()
{
  gmmpi_error error = {GMMPI_OK, 0, ""};
  const double weights[] = {1.0}, means[] = {2.0}, variances[] = {4.0};
  gmmpi_model *model = nullptr;
  if (gmmpi_model_create(1, 1, "spherical", weights, means, variances, &model, &error) != GMMPI_OK) return 1;
  std::printf("%s %g\n", gmmpi_model_covariance(model), gmmpi_model_means(model)[0]);
  gmmpi_model_destroy(model);
  return 0;
}
