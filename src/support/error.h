/* SPDX-License-Identifier: BSD-3-Clause */
/* Setting a gmmpi_error, and agreeing on one among ranks.
 *
 * Errors are collective: whatever goes wrong on one rank, all ranks learn it at the next agreement point and go on
 * with the same status and the same message. Between two agreement points no rank may wait for another one. */
#ifndef SUPPORT_ERROR_H
#define SUPPORT_ERROR_H

#include "gmmpi/error.h"
#include "support/warnings.h"

#include <mpi.h>
#include <stdbool.h>

/* Sets status and message (printf's format) and returns the status, so that a caller can write `return fail(...)`.
 * The first failure stays: an error that is already set is left as it is. error may be NULL. */
gmmpi_status fail(gmmpi_error *error, gmmpi_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same for something wrong at one place of the input: a 1-based row or line. Of several ranks' errors the one with
 * the smallest place is the one that agree() keeps, so that "the first bad one" is named at any number of ranks. */
gmmpi_status fail_at(gmmpi_error *error, int64_t place, gmmpi_status status, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Passes an inner function's error on as it is: status, place and message, unless an error is set already. Returns the
 * inner status, also GMMPI_OK, with which nothing changes. error may be NULL. */
gmmpi_status error_pass(gmmpi_error *error, const gmmpi_error *inner);

/* "", or "s" behind the name of what there are not 1 of. */
static inline const char *plural(int64_t n)
{
  return n == 1 ? "" : "s";
}

/* Collective over comm. Afterwards error holds the same on every rank: GMMPI_OK when no rank failed, else the failure
 * with the smallest place (those without a place come first; ties go to the lowest rank). Returns error->status. */
gmmpi_status agree(MPI_Comm comm, gmmpi_error *error);

#if defined(__clang_analyzer__) && !defined(ERROR_IS_DEFINED_HERE)
#include "support/error_analyzer.h"
#endif

#endif
