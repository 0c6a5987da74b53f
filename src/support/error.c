/* SPDX-License-Identifier: BSD-3-Clause */
#define ERROR_IS_DEFINED_HERE
#include "support/error.h"

#include "support/printable.h"
#include "support/waiting.h"

#include <stdarg.h>
#include <stdio.h>

static gmmpi_status set_error(gmmpi_error *error, int64_t place, gmmpi_status status, const char *format, va_list list)
{
  if (error == NULL || error->status != GMMPI_OK) return status;
  error->status = status;
  error->place = place;
  vsnprintf(error->message, sizeof error->message, format, list);
  printable_make_line(error->message);
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
