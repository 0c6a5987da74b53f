/* SPDX-License-Identifier: BSD-3-Clause */
/* gmmpi: Gaussian mixture models by EM on distributed memory. This file starts MPI, finds the command and ends the job.
 */
#include "cli/command.h"
#include "cli/early.h"
#include "cli/manual.h"
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
#include "support/near_word.h"
#include "support/signals.h"

#include <cblas.h>
#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct command {
  const char *name;
  command_function *run;
  bool can_stop; /* asks for signals by itself; the others are ended by them */
} command;

static const command commands[] = {
    {"fit", command_fit, true},
    {"select", command_select, true},
    {"predict", command_predict, true},
    {"bootstrap", command_bootstrap, true},
    {"sample", command_sample, true},
    {"condition", command_condition, false},
    {"marginal", command_marginal, false},
    {"compare", command_compare, false},
    {"info", command_info, false},
    {"convert", command_convert, true},
};
enum { N_COMMANDS = sizeof commands / sizeof *commands };

static const command *find_command(int argc, char **argv)
{
  for (int i = 0; argc > 1 && i < ARRAY_LENGTH(commands); i++) {
    if (strcmp(argv[1], commands[i].name) == 0) return &commands[i];
  }
  return NULL;
}

/* --- what all commands take --- */

/* What is done with what the commands take, once that is known of all of them. */
typedef struct gathering {
  const command_usage *usages[N_COMMANDS];
  int n;
  void (*then)(const command_usage *const *usages, const char *folder, gmmpi_error *error);
  const char *folder;
  gmmpi_error *error;
} gathering;

static void gather_next(gathering *all)
{
  char *words[] = {(char *)commands[all->n].name, NULL};
  commands[all->n].run(MPI_COMM_WORLD, 1, words, all->error);
}

/* A usage is there as long as its command runs: the next command is asked from within this one. */
static void gather(const command_usage *usage, void *context)
{
  gathering *all = context;
  all->usages[all->n++] = usage;
  if (all->n < N_COMMANDS)
    gather_next(all);
  else
    all->then(all->usages, all->folder, all->error);
}

static gmmpi_status with_all_usages(void (*then)(const command_usage *const *usages, const char *folder,
                                                 gmmpi_error *error),
                                    const char *folder, gmmpi_error *error)
{
  gathering all = {.then = then, .folder = folder, .error = error};
  options_show_to(gather, &all);
  gather_next(&all);
  options_show_to(NULL, NULL);
  return error->status;
}

static void print_help(const command_usage *const *usages, const char *folder, gmmpi_error *error)
{
  (void)folder;
  (void)error;
  printf("Usage: gmmpi COMMAND ...\n"
         "Fits Gaussian mixture models by expectation-maximisation, alone or on many\n"
         "processes under mpirun or srun.\n\n");
  for (int i = 0; i < N_COMMANDS; i++) {
    printf("  %-11s", usages[i]->name);
    options_print_wrapped(usages[i]->purpose, 13, 13, 80);
  }
  printf("\nExample:\n  %s\n\n", usages[0]->examples[0].what);
  printf("gmmpi COMMAND --help says what a command takes; gmmpi --version which libraries\n"
         "are used; gmmpi --manual FOLDER writes man pages, and completion for shells.\n");
}

static FILE *create(const char *folder, const char *name, gmmpi_error *error)
{
  char path[PATH_MAX];
  if (folder[0] == '\0' || snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path) {
    fail(error, GMMPI_WRONG_USAGE, "--manual: \"%s\" is no folder; give the name of one", folder);
    return NULL;
  }
  FILE *file = fopen(path, "w");
  if (file == NULL)
    fail(error, GMMPI_NO_OUTPUT, "%s: cannot be written (%s); name a folder that is there (--manual)", path,
         strerror(errno));
  return file;
}

static bool finish(FILE *file, const char *folder, gmmpi_error *error)
{
  const bool is_written = ferror(file) == 0;
  if (fclose(file) != 0 || !is_written)
    fail(error, GMMPI_NO_OUTPUT, "%s: cannot be written to; make room there (--manual)", folder);
  return error->status == GMMPI_OK;
}

static void write_manual(const command_usage *const *usages, const char *folder, gmmpi_error *error)
{
  static const struct {
    const char *name;
    void (*write)(FILE *file, const command_usage *const *all, int n);
  } files[] = {
      {"gmmpi.1", manual_write_overview}, {"gmmpi.bash", completion_write_bash}, {"_gmmpi", completion_write_zsh}};
  for (int i = 0; i < ARRAY_LENGTH(files); i++) {
    FILE *file = create(folder, files[i].name, error);
    if (file == NULL) return;
    files[i].write(file, usages, N_COMMANDS);
    if (!finish(file, folder, error)) return;
  }
  for (int i = 0; i < N_COMMANDS; i++) {
    char name[64];
    snprintf(name, sizeof name, "gmmpi-%s.1", usages[i]->name);
    FILE *file = create(folder, name, error);
    if (file == NULL) return;
    manual_write_page(file, usages[i], usages, N_COMMANDS);
    if (!finish(file, folder, error)) return;
  }
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

static gmmpi_status unknown_command(const char *word, gmmpi_error *error)
{
  near_word meant = {.word = word};
  for (int i = 0; i < N_COMMANDS; i++) near_word_try(&meant, commands[i].name);
  if (meant.nearest != NULL)
    return fail(error, GMMPI_WRONG_USAGE, "unknown command \"%s\"; did you mean %s?", word, meant.nearest);
  return fail(error, GMMPI_WRONG_USAGE, "unknown command \"%s\"; gmmpi --help lists the commands", word);
}

static gmmpi_status run(int rank, int argc, char **argv, gmmpi_error *error)
{
  const command *chosen = find_command(argc, argv);
  if (chosen != NULL) return chosen->run(MPI_COMM_WORLD, argc - 1, argv + 1, error);
  if (argc < 2) return fail(error, GMMPI_WRONG_USAGE, "a command is missing; gmmpi --help lists them");
  const bool help = strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0;
  const bool manual = strcmp(argv[1], "--manual") == 0;
  const int most = manual ? 3 : 2;
  if (!help && !manual && strcmp(argv[1], "--version") != 0) return unknown_command(argv[1], error);
  if (argc > most)
    return fail(error, GMMPI_WRONG_USAGE, "%s: \"%s\" is one argument too many; leave it out", argv[1], argv[most]);
  if (argc < most) return fail(error, GMMPI_WRONG_USAGE, "--manual: its value is missing; give FOLDER");
  if (rank == 0 && help) with_all_usages(print_help, NULL, error);
  if (rank == 0 && manual) with_all_usages(write_manual, argv[2], error);
  if (rank == 0 && !help && !manual) print_version();
  return agree(MPI_COMM_WORLD, error);
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

static void print_line(const char *line, bool is_warning)
{
  live_line_clear();
  fprintf(stderr, "%s%s\n", is_warning ? "gmmpi warning: " : "", line);
  fflush(stderr);
}

int main(int argc, char **argv)
{
  const command *chosen = find_command(argc, argv);
  const bool catch_signals = chosen != NULL && chosen->can_stop;
  early_settle();
  occupy_standard_streams();
  warnings_print(print_line);
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
  if (chosen != NULL) linear_algebra_take_space(&error);
  if (agree(MPI_COMM_WORLD, &error) == GMMPI_OK) run(rank, argc, argv, &error);
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
