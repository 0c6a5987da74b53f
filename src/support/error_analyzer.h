/* SPDX-License-Identifier: BSD-3-Clause */
/* What clang's analyzer should know of support/error.h. It reads one file at a time, and would otherwise follow paths
 * on which fail() forgot the failure, or agree() gave GMMPI_OK to a rank that had failed. Never compiled. */
#ifndef SUPPORT_ERROR_ANALYZER_H
#define SUPPORT_ERROR_ANALYZER_H

static inline gmmpi_status analyzer_failed(gmmpi_error *error, gmmpi_status status)
{
  if (error != NULL && error->status == GMMPI_OK) error->status = status;
  return status;
}

static inline gmmpi_status analyzer_passed(gmmpi_error *error, const gmmpi_error *inner)
{
  if (error != NULL && error->status == GMMPI_OK) *error = *inner;
  return inner->status;
}

/* May fail where this rank did not: another one has. */
static inline gmmpi_status analyzer_agreed(gmmpi_error *error, gmmpi_status of_another_rank)
{
  if (error->status == GMMPI_OK) error->status = of_another_rank;
  return error->status;
}

#define fail(error, failure, ...) ((fail)(NULL, failure, __VA_ARGS__), analyzer_failed(error, failure))
#define fail_at(error, place, failure, ...)                                                                            \
  ((fail_at)(NULL, place, failure, __VA_ARGS__), analyzer_failed(error, failure))
#define error_pass(error, inner) analyzer_passed(error, inner)
#define agree(comm, error)       analyzer_agreed(error, (agree)(comm, &(gmmpi_error){0}))

#endif
