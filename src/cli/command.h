/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands of the program, one file each, thin: parse, call the library, print.
 *
 * A command is called by all ranks of comm with the same arguments, argv[0] being its name, and returns the same status
 * on all of them. Results go to standard output, from rank 0 alone. What went wrong is left in *error, the same on
 * every rank, and printed by main on rank 0 as the one line that starts with "gmmpi: ".
 *
 * To add one: a file beside this one, and its line in CMakeLists.txt; its name below; and a line in the table of
 * main.c, which says whether the command asks for signals by itself. Its options are records (support/option.h) in a
 * list that cli/options.h reads and prints, and of which the man page and the completion are made; what it is for and
 * examples are in its command_usage. Beside the code: its options in docs/, and its name in tests/cli/test_docs.py,
 * which looks for them there. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "gmmpi/error.h"

#include <mpi.h>

typedef gmmpi_status command_function(MPI_Comm comm, int argc, char **argv, gmmpi_error *error);

command_function command_fit, command_select, command_bootstrap, command_predict, command_sample, command_condition,
    command_marginal, command_compare, command_info, command_convert;

#endif
