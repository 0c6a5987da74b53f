/* The commands of the program, one file each, thin: parse, call the library, print.
 *
 * A command is called by all ranks of comm with the same arguments, argv[0] being its name, and returns the same status
 * on all of them. Results go to standard output, from rank 0 alone. What went wrong is left in *error, the same on
 * every rank, and printed by main on rank 0 as the one line that starts with "gmmpi: ". */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "gmmpi/error.h"

#include <mpi.h>

typedef gmmpi_status command_function(MPI_Comm comm, int argc, char **argv, gmmpi_error *error);

command_function command_fit, command_predict, command_sample, command_info, command_convert;

#endif
