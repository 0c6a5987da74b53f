/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/launcher.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* What a launcher tells its tasks, in variables that only tasks have: those of a batch script's allocation
 * (SLURM_NTASKS, PBS_NP) say nothing about the program that the script calls. */
typedef struct launcher {
  const char *name;
  const char *rank;  /* of the task in its step, from 0; NULL: not told */
  const char *size;  /* tasks in the step, or of it on this node; NULL: not told */
  const char *shell; /* set where the step is a shell, in which somebody types; NULL: not told */
  bool is_mpi;       /* an MPI library's own: what it started is within the steps of all others */
  const char *remedy;
} launcher;

#define OWN_MPIRUN "mpirun of the MPI that gmmpi was built with (gmmpi --version names it)"

/* One line for each, those that start the others' daemons behind them. PALS is also what mpiexec is under PBS on HPE's
 * machines, PMI that of MPICH and Intel MPI anywhere; PBS itself counts what pbsdsh starts, the job's script being 1.
 * PALS tells the tasks on this node, which is enough. */
static const launcher launchers[] = {
    {"Open MPI", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", NULL, true, "use " OWN_MPIRUN},
    {"MVAPICH", "MV2_COMM_WORLD_RANK", "MV2_COMM_WORLD_SIZE", NULL, true, "use " OWN_MPIRUN},
    {"SLURM", NULL, "SLURM_STEP_NUM_TASKS", "SLURM_PTY_PORT", false,
     "use srun --mpi=pmix (srun --mpi=list shows what there is), or mpirun"},
    {"PALS", "PALS_RANKID", "PALS_LOCAL_SIZE", NULL, false, "use mpiexec --pmi=pmix, or " OWN_MPIRUN},
    {"Flux", "FLUX_TASK_RANK", "FLUX_JOB_SIZE", NULL, false, "use flux run -o pmi=pmix, or mpirun"},
    {"PMI", "PMI_RANK", "PMI_SIZE", NULL, false, "use " OWN_MPIRUN},
    {"PMIx", "PMIX_RANK", NULL, NULL, false, "use " OWN_MPIRUN},
    {"PBS", NULL, "PBS_TASKNUM", NULL, false, "use mpirun, not pbsdsh"},
};

/* Any of these says that whoever set it may be waiting for MPI_Init. */
static const char *const signs[] = {
    "OMPI_COMM_WORLD_SIZE",
    "OMPI_COMM_WORLD_RANK",
    "PMIX_NAMESPACE",
    "PMIX_RANK",
    "PMIX_SERVER_URI",
    "OMPI_MCA_orte_hnp_uri",
    "PMI_RANK",
    "PMI_SIZE",
    "PMI_FD",
    "PMI_PORT",
    "MV2_COMM_WORLD_SIZE",
    "PALS_RANKID",
    "PALS_APID",
    "FLUX_TASK_RANK",
    "ALPS_APP_PE",
};

enum { N_LAUNCHERS = sizeof launchers / sizeof *launchers, N_SIGNS = sizeof signs / sizeof *signs };

void launcher_prepare(void)
{
  for (int i = 0; i < N_SIGNS; i++) {
    if (getenv(signs[i]) != NULL) return;
  }
  /* Without a daemon all of a user's processes would have one session folder, which the first to end removes. Nobody
   * needs it. */
  if (getenv("OMPI_MCA_ess_singleton_isolated") != NULL) return;
  setenv("OMPI_MCA_ess_singleton_isolated", "1", 0);
  setenv("OMPI_MCA_orte_create_session_dirs", "0", 0);
  /* A process alone sends no messages, and need not look for fast networks, which takes three quarters of a short
   * call; nor for graphics cards and other devices, and in plugins for these, which takes a third of what is left. */
  setenv("OMPI_MCA_pml", "ob1", 0);
  setenv("OMPI_MCA_btl", "self", 0);
  setenv("HWLOC_PLUGINS_PATH", "/nonexistent", 0);
  setenv("HWLOC_COMPONENTS", "-opencl,-gl,-pci,-linuxio", 0);
}

/* The number that a variable holds; -1: it is not there, or holds something else. */
static long number_in(const char *variable)
{
  const char *value = variable != NULL ? getenv(variable) : NULL;
  if (value == NULL || value[0] < '0' || value[0] > '9') return -1;
  char *end;
  errno = 0;
  const long number = strtol(value, &end, 10);
  return errno == 0 && *end == '\0' ? number : -1;
}

/* At least so many tasks; 0: not told. */
static long tasks_told_by(const launcher *who)
{
  if (who->shell != NULL && getenv(who->shell) != NULL) return 0;
  const long size = number_in(who->size);
  const long before = number_in(who->rank) + 1;
  return size > before ? size : before;
}

bool launcher_contradicts(char *text, size_t n_bytes)
{
  for (int i = 0; i < N_LAUNCHERS; i++) {
    const launcher *who = &launchers[i];
    const long n = tasks_told_by(who);
    if (n == 1 && who->is_mpi) return false;
    if (n <= 1) continue;
    snprintf(text, n_bytes,
             "%s says that this is one of %ld tasks, but MPI has one rank: each task does the whole job by itself; %s",
             who->name, n, who->remedy);
    return true;
  }
  return false;
}
