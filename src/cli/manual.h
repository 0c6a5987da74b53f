/* SPDX-License-Identifier: BSD-3-Clause */
/* What is installed beside the program: man pages, and completion for shells. Both are made from the tables of options,
 * by `gmmpi --manual FOLDER`. */
#ifndef CLI_MANUAL_H
#define CLI_MANUAL_H

#include "cli/options.h"

#include <stdio.h>

/* The pages that `all` lists, n of them, name each other. */
void manual_write_page(FILE *file, const command_usage *usage, const command_usage *const *all, int n);
void manual_write_overview(FILE *file, const command_usage *const *all, int n);

void completion_write_bash(FILE *file, const command_usage *const *all, int n);
void completion_write_zsh(FILE *file, const command_usage *const *all, int n);

#endif
