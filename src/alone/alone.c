/* SPDX-License-Identifier: BSD-3-Clause */
/* MPI for programs that know nothing of it. */
#include "alone/alone.h"

#include "support/error.h"
#include "support/launcher.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pid_t begun_by; /* the process that MPI was initialised in here; 0: none */

/* What MPI_Init would leave behind, for processes that this one starts and for its own signals. */
typedef struct surroundings {
  char **variables; /* a copy of environ, with texts of its own; NULL: there was no memory */
  struct sigaction actions[NSIG];
} surroundings;

static void free_texts(char **texts)
{
  for (int i = 0; texts != NULL && texts[i] != NULL; i++) free(texts[i]);
  free(texts);
}

static char **copy_of_environment(void)
{
  int n = 0;
  while (environ != NULL && environ[n] != NULL) n++;
  char **copy = calloc((size_t)n + 1, sizeof *copy);
  for (int i = 0; copy != NULL && i < n; i++) {
    copy[i] = strdup(environ[i]);
    if (copy[i] == NULL) {
      free_texts(copy);
      return NULL;
    }
  }
  return copy;
}

static void note(surroundings *before)
{
  before->variables = copy_of_environment();
  for (int i = 1; i < NSIG; i++) {
    if (sigaction(i, NULL, &before->actions[i]) != 0) before->actions[i].sa_handler = SIG_ERR;
  }
}

/* Was there a variable of the name with which text begins? */
static bool was_there(const surroundings *before, const char *text, size_t length)
{
  for (int i = 0; before->variables[i] != NULL; i++) {
    if (strncmp(before->variables[i], text, length) == 0 && before->variables[i][length] == '=') return true;
  }
  return false;
}

/* Variables that are new are MPI's, or for it: a program started later must not take them for its own. */
static void forget_new_variables(const surroundings *before)
{
  int i = 0;
  while (before->variables != NULL && environ != NULL && environ[i] != NULL) {
    const size_t length = strcspn(environ[i], "=");
    char *name = was_there(before, environ[i], length) ? NULL : strndup(environ[i], length);
    if (name == NULL || unsetenv(name) != 0) i++;
    free(name);
  }
}

static void restore(surroundings *before)
{
  for (int i = 1; i < NSIG; i++) {
    struct sigaction now;
    if (before->actions[i].sa_handler != SIG_ERR && sigaction(i, NULL, &now) == 0 &&
        (now.sa_handler != before->actions[i].sa_handler || now.sa_flags != before->actions[i].sa_flags))
      sigaction(i, &before->actions[i], NULL);
  }
  forget_new_variables(before);
  free_texts(before->variables);
}

gmmpi_status gmmpi_alone_begin(gmmpi_error *error)
{
  int has_begun;
  int has_ended;
  int provided;
  MPI_Finalized(&has_ended);
  if (has_ended)
    return fail(error, GMMPI_WRONG_USAGE, "MPI was finalised in this process and cannot begin again; start another");
  MPI_Initialized(&has_begun);
  if (has_begun) return GMMPI_OK;
  surroundings before;
  note(&before);
  launcher_prepare();
  MPI_Init_thread(NULL, NULL, MPI_THREAD_MULTIPLE, &provided);
  begun_by = getpid();
  restore(&before);
  return GMMPI_OK;
}

void gmmpi_alone_end(void)
{
  int has_ended;
  if (begun_by != getpid()) return;
  begun_by = 0;
  MPI_Finalized(&has_ended);
  if (!has_ended) MPI_Finalize();
}

gmmpi_status gmmpi_alone_communicator(MPI_Comm *comm, gmmpi_error *error)
{
  if (MPI_Comm_dup(MPI_COMM_SELF, comm) == MPI_SUCCESS) return GMMPI_OK;
  return fail(error, GMMPI_INTERNAL, "MPI has no communicator for this process");
}

void gmmpi_alone_release(MPI_Comm *comm)
{
  MPI_Comm_free(comm);
}
