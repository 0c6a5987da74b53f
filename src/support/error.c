/* SPDX-License-Identifier: BSD-3-Clause */
#define ERROR_IS_DEFINED_HERE
#include "support/error.h"

#include "support/live_line.h"
#include "support/printable.h"
#include "support/waiting.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The warnings of this process that are kept, in their order; any thread may add one. */
static pthread_mutex_t kept_lock = PTHREAD_MUTEX_INITIALIZER;
static bool keeps;
static char **kept;
static int64_t n_kept;

/* Names and cells of a file may hold anything. */
static void make_a_line(char *message)
{
  for (char *c = message; *c != '\0'; c++) {
    if (*c == '\n' || *c == '\r' || *c == '\t') *c = ' ';
  }
  printable_make(message);
}

static gmmpi_status set_error(gmmpi_error *error, int64_t place, gmmpi_status status, const char *format, va_list list)
{
  if (error == NULL || error->status != GMMPI_OK) return status;
  error->status = status;
  error->place = place;
  vsnprintf(error->message, sizeof error->message, format, list);
  make_a_line(error->message);
  return status;
}

gmmpi_status fail(gmmpi_error *error, gmmpi_status status, const char *format, ...)
{
  va_list list;
  va_start(list, format);
  set_error(error, 0, status, format, list);
  va_end(list);
  return status;
}

gmmpi_status fail_at(gmmpi_error *error, int64_t place, gmmpi_status status, const char *format, ...)
{
  va_list list;
  va_start(list, format);
  set_error(error, place, status, format, list);
  va_end(list);
  return status;
}

gmmpi_status error_pass(gmmpi_error *error, const gmmpi_error *inner)
{
  if (error != NULL && error->status == GMMPI_OK && inner->status != GMMPI_OK) *error = *inner;
  return inner->status;
}

/* One that there is no memory for is printed alone. */
static void keep(const char *line)
{
  pthread_mutex_lock(&kept_lock);
  if (keeps) {
    char *copy = strdup(line);
    char **longer = copy != NULL ? realloc(kept, (size_t)(n_kept + 1) * sizeof *kept) : NULL;
    if (longer != NULL) {
      kept = longer;
      kept[n_kept++] = copy;
    } else {
      free(copy);
    }
  }
  pthread_mutex_unlock(&kept_lock);
}

void warnings_keep(void)
{
  pthread_mutex_lock(&kept_lock);
  keeps = true;
  pthread_mutex_unlock(&kept_lock);
}

int64_t warnings_kept(char *const **lines)
{
  pthread_mutex_lock(&kept_lock);
  const int64_t n = n_kept;
  *lines = kept;
  pthread_mutex_unlock(&kept_lock);
  return n;
}

void warnings_forget(void)
{
  pthread_mutex_lock(&kept_lock);
  for (int64_t i = 0; i < n_kept; i++) free(kept[i]);
  free(kept);
  kept = NULL;
  n_kept = 0;
  keeps = false;
  pthread_mutex_unlock(&kept_lock);
}

void warn(const char *format, ...)
{
  char line[1200];
  va_list list;
  va_start(list, format);
  vsnprintf(line, sizeof line, format, list);
  va_end(list);
  make_a_line(line);
  live_line_clear();
  fprintf(stderr, "gmmpi warning: %s\n", line);
  fflush(stderr);
  keep(line);
}

gmmpi_status agree(MPI_Comm comm, gmmpi_error *error)
{
  int rank;
  if (comm == MPI_COMM_SELF) return error->status;
  MPI_Comm_rank(comm, &rank);
  const int64_t mine = error->status == GMMPI_OK ? INT64_MAX : error->place;
  int64_t first;
  waiting_begin();
  MPI_Allreduce(&mine, &first, 1, MPI_INT64_T, MPI_MIN, comm);
  waiting_end();
  if (first == INT64_MAX) return GMMPI_OK;

  const int speaker_if_mine = error->status != GMMPI_OK && mine == first ? rank : INT32_MAX;
  int speaker;
  MPI_Allreduce(&speaker_if_mine, &speaker, 1, MPI_INT, MPI_MIN, comm);
  MPI_Bcast(error, (int)sizeof *error, MPI_BYTE, speaker, comm);
  return error->status;
}
