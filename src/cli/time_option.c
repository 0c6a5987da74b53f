/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/time_option.h"

#include "job/time_limit.h"
#include "support/error.h"

static gmmpi_status parse_time_limit(const option_record *option, const char *text, void *value, gmmpi_error *error)
{
  if (time_limit_parse(text, value)) return GMMPI_OK;
  return fail(error, GMMPI_WRONG_USAGE,
              "--%s: \"%s\" is no span of time; give seconds, or one such as 90m, 4h, 30:00, 04:00:00, 1-12:00:00",
              option->name, text);
}

option_record time_limit_option(double *seconds, const char *help)
{
  return (option_record){.name = "time-limit",
                         .argument = "T",
                         .kind = OPTION_PARSED,
                         .value = seconds,
                         .parse = parse_time_limit,
                         .help = help};
}
