#include "fit/options.h"

fit_options fit_defaults(int64_t n_components)
{
  return (fit_options){.n_components = n_components,
                       .covariance = "full",
                       .tolerance = 1e-6,
                       .max_iterations = 1000,
                       .reg_covar = 1e-6,
                       .n_init = 1,
                       .threads = 1,
                       .init = INIT_KMEANS,
                       .on_collapse = COLLAPSE_RESEED,
                       .accelerate = "auto"};
}
