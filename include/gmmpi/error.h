/* SPDX-License-Identifier: BSD-3-Clause */
/* What went wrong, for programs and for people.
 *
 * Every function that can fail returns a gmmpi_status and, where the caller passed a gmmpi_error, leaves a
 * message there that says what is wrong, where, and what to do about it. The numbers are those of BSD's
 * <sysexits.h>, because they are also the exit status of the program. */
#ifndef GMMPI_ERROR_H
#define GMMPI_ERROR_H

#include <stdint.h>

#if defined(__GNUC__)
#define GMMPI_API __attribute__((visibility("default")))
#else
#define GMMPI_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef enum gmmpi_status {
  GMMPI_OK = 0,
  GMMPI_WRONG_USAGE = 64,  /* a value out of range, a contradiction */
  GMMPI_BAD_DATA = 65,     /* content of a data, start, model or checkpoint file; too few points */
  GMMPI_NO_INPUT = 66,     /* an input that is missing or may not be read */
  GMMPI_INTERNAL = 70,     /* a fault of this program */
  GMMPI_NO_MEMORY = 71,    /* more memory is needed than there is */
  GMMPI_NO_OUTPUT = 73,    /* an output that cannot be created or written */
  GMMPI_INPUT_FAILED = 74, /* an input that failed while it was read */
  GMMPI_STOPPED = 75       /* stopped early on request; what was reached is saved */
} gmmpi_status;

/* Before its first use, and before it is used again: gmmpi_error error = {GMMPI_OK, 0, ""}; an error that is set
 * already stays as it is. */
typedef struct gmmpi_error {
  gmmpi_status status;
  int64_t place;      /* the 1-based row or line the message is about, 0 where it is about none */
  char message[1024]; /* one line without its end, "FILE: what is wrong; what to do about it" */
} gmmpi_error;

#ifdef __cplusplus
}
#endif

#endif
