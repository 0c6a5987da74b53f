/* SPDX-License-Identifier: BSD-3-Clause */
/* What a file holds that gmmpi bootstrap wrote. */
#ifndef CLI_INFO_BOOTSTRAP_H
#define CLI_INFO_BOOTSTRAP_H

#include "gmmpi/error.h"

#include <jansson.h>
#include <stdbool.h>

/* For one rank, as the next one. */
bool info_bootstrap_is_in(const char *path);

/* What is noted in the file, and whether it has the replicates. Errors: 65, 74. */
gmmpi_status info_bootstrap_describe(const char *path, json_t **facts, gmmpi_error *error);

#endif
