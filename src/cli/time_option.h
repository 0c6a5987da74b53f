/* SPDX-License-Identifier: BSD-3-Clause */
/* The option --time-limit, of the commands that stop in time. */
#ifndef CLI_TIME_OPTION_H
#define CLI_TIME_OPTION_H

#include "support/option.h"

/* seconds: of job_options.time_limit. help: what is done then. */
option_record time_limit_option(double *seconds, const char *help);

#endif
