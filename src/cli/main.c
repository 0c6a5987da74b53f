/* SPDX-License-Identifier: BSD-3-Clause */
/* gmmpi: Gaussian mixture models by EM on distributed memory. This file starts MPI, finds the command and ends the job.
 */
#include "cli/command.h"
#include "cli/options.h"
#include "kernels/kernel.h"
#include "sources/kinds.h"
#include "sources/unpack.h"
#include "sources/written_files.h"
#include "support/draft.h"
#include "support/error.h"
#include "support/launcher.h"
#include "support/linear_algebra.h"
#include "support/live_line.h"
#include "support/signals.h"

#include <cblas.h>
#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct command {
  const char *name;
  const char *summary;
  command_function *run;
  bool can_stop;      /* asks for signals by itself; the others are ended by them */
  bool names_formats; /* the summary goes on behind a list of the formats of data */
} command;

static const command commands[] = {
    {"fit", "fit one mixture", command_fit, true, false},
    {"select", "fit a grid of numbers of components and families, keep the best", command_select, true, false},
    {"predict", "labels, responsibilities, log-densities of points", command_predict, true, false},
    {"bootstrap", "standard errors and intervals of a model's numbers", command_bootstrap, true, false},
    {"sample", "draw points from a model", command_sample, true, false},
    {"condition", "the model of the other features where some are given", command_condition, false, false},
    {"marginal", "the model of some of the features", command_marginal, false, false},
    {"compare", "say how alike two models are", command_compare, false, false},
    {"info", "say what a model, checkpoint or data file holds", command_info, false, false},
    {"convert", " to one HDF5 file, so that later jobs start fast", command_convert, true, true},
};

static const command *find_command(int argc, char **argv)
{
  for (int i = 0; argc > 1 && i < ARRAY_LENGTH(commands); i++) {
    if (strcmp(argv[1], commands[i].name) == 0) return &commands[i];
  }
  return NULL;
}

static void print_help(void)
{
  printf("Usage: gmmpi COMMAND ...\n\n"
         "Fits Gaussian mixture models by expectation-maximisation, alone or on many processes under\n"
         "mpirun or srun.\n\n"
         "Commands:\n");
  char formats[200];
  kinds_list("or", false, formats, sizeof formats);
  for (int i = 0; i < ARRAY_LENGTH(commands); i++)
    printf("  %-10s%s%s\n", commands[i].name, commands[i].names_formats ? formats : "", commands[i].summary);
  printf("\ngmmpi COMMAND --help says what a command takes; gmmpi --version what the program is made of.\n");
}

static void print_version(void)
{
  char mpi[MPI_MAX_LIBRARY_VERSION_STRING];
  char unpacking[100];
  int length;
  unsigned major;
  unsigned minor;
  unsigned release;
  MPI_Get_library_version(mpi, &length);
  mpi[strcspn(mpi, "\n")] = '\0';
  H5get_libversion(&major, &minor, &release);
  printf("gmmpi %s\n", GMMPI_VERSION);
  printf("MPI: %s\n", mpi);
  printf("HDF5: %u.%u.%u\n", major, minor, release);
  for (const source_kind *const *kind = source_kinds; *kind != NULL; kind++) {
    if ((*kind)->library != NULL) printf("%s: %s\n", (*kind)->name, (*kind)->library());
  }
  unpack_libraries(unpacking, sizeof unpacking);
  printf("compressed files: %s\n", unpacking);
  printf("BLAS: %s, core %s\n", openblas_get_config(), linear_algebra_core());
  printf("instruction set: %s\n", kernel_best(KERNEL_HIGHEST_LEVEL)->instruction_set);
}

static gmmpi_status run(int rank, int argc, char **argv, gmmpi_error *error)
{
  const command *chosen = find_command(argc, argv);
  if (chosen != NULL) return chosen->run(MPI_COMM_WORLD, argc - 1, argv + 1, error);
  if (argc < 2) return fail(error, GMMPI_WRONG_USAGE, "a command is missing; gmmpi --help lists them");
  const bool help = strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0;
  if (!help && strcmp(argv[1], "--version") != 0)
    return fail(error, GMMPI_WRONG_USAGE, "unknown command \"%s\"; gmmpi --help lists the commands", argv[1]);
  if (argc > 2)
    return fail(error, GMMPI_WRONG_USAGE, "%s: \"%s\" is one argument too many; leave it out", argv[1], argv[2]);
  if (rank == 0 && help) print_help();
  if (rank == 0 && !help) print_version();
  return GMMPI_OK;
}

/* A file that is opened must not become standard output or error because those were closed. */
static void occupy_standard_streams(void)
{
  for (int descriptor = 0; descriptor <= 2; descriptor++) {
    if (fcntl(descriptor, F_GETFD) < 0) open("/dev/null", O_RDONLY);
  }
}

/* Results that nobody received are a failure too. */
static gmmpi_status flush_results(int rank, gmmpi_error *error)
{
  gmmpi_error own = {0};
  errno = 0;
  if (rank == 0 && (fflush(stdout) != 0 || ferror(stdout)))
    fail(&own, GMMPI_NO_OUTPUT, "standard output: cannot be written (%s); make room or print elsewhere",
         strerror(errno != 0 ? errno : EIO));
  const gmmpi_status status = agree(MPI_COMM_WORLD, &own);
  if (status != GMMPI_OK && error->status == GMMPI_OK) *error = own;
  return error->status;
}

/* HDF5 wants to close all files when it ends, and crashes over one that it could not write. All files are closed when
 * it comes to that. Before MPI starts the library does not tie its end to that of MPI either. */
static void begin_hdf5(void)
{
  written_files_prepare();
  H5dont_atexit();
  H5open();
}

/* One of N tasks that MPI does not know of would do the same as the others. */
static void warn_of_lost_tasks(void)
{
  int n_ranks;
  char text[400];
  MPI_Comm_size(MPI_COMM_WORLD, &n_ranks);
  if (n_ranks == 1 && launcher_contradicts(text, sizeof text)) warn("%s", text);
}

int main(int argc, char **argv)
{
  const command *chosen = find_command(argc, argv);
  const bool catch_signals = chosen != NULL && chosen->can_stop;
  occupy_standard_streams();
  launcher_prepare();
  signals_survive_size_limit();
  begin_hdf5();
  if (catch_signals) signals_install();
  int provided;
  int rank;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_SERIALIZED, &provided); /* points may be read by another thread */
  if (catch_signals) signals_install();
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (chosen != NULL) warn_of_lost_tasks();
  draft_share_names(MPI_COMM_WORLD);
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  linear_algebra_single_thread();

  gmmpi_error error = {0};
  run(rank, argc, argv, &error);
  const gmmpi_status status = flush_results(rank, &error);
  if (rank == 0 && status != GMMPI_OK) {
    live_line_clear();
    fprintf(stderr, "gmmpi: %s\n", error.message);
    fflush(stderr);
  }
  /* A launcher may end the others once the first has left with a status: not before the message is out. */
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Finalize();
  return (int)status;
}
