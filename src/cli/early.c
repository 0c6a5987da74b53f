/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/early.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static char **place; /* in the environment; NULL: none was needed, or free */
static char *lender;

/* Sanitizers are not ready that early. */
#if defined(__ELF__) && !defined(__SANITIZE_ADDRESS__) && !defined(GMMPI_SANITIZED)

static char wish[] = "OPENBLAS_NUM_THREADS=1";

static void lend(char **environment)
{
  static const char *const unasked[] = {"_=", "OLDPWD=", "SHLVL="};
  const size_t length = strlen("OPENBLAS_NUM_THREADS=");
  for (char **each = environment; each != NULL && *each != NULL; each++) {
    if (strncmp(*each, wish, length) == 0) {
      place = NULL; /* the user has said how many */
      return;
    }
    for (size_t i = 0; i < sizeof unasked / sizeof *unasked && place == NULL; i++) {
      if (strncmp(*each, unasked[i], strlen(unasked[i])) == 0) place = each;
    }
  }
  if (place == NULL) return;
  lender = *place;
  *place = wish;
}

static void before_libraries(int argc, char **argv, char **environment)
{
  (void)argc;
  (void)argv;
  lend(environment);
}

__attribute__((section(".preinit_array"), used)) static void (*const entry)(int, char **, char **) = before_libraries;

#endif

void early_settle(void)
{
  if (place == NULL) return;
  *place = lender;
  setenv("OPENBLAS_NUM_THREADS", "1", 0);
}
