/* The options of a fit that have a default. */
#ifndef FIT_OPTIONS_H
#define FIT_OPTIONS_H

#include "em/options.h"

/* What `gmmpi fit` does when no option is given, for n_components components. */
fit_options fit_defaults(int64_t n_components);

#endif
