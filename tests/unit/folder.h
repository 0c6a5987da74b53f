/* SPDX-License-Identifier: BSD-3-Clause */
/* A temporary folder for the files of a test, whose name has blanks in it. */
#ifndef TESTS_FOLDER_H
#define TESTS_FOLDER_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[] = "/tmp/gmmpi unit test XXXXXX";

/* The path of a file in the folder; valid until the call after the next three. */
static inline const char *in_folder(const char *name)
{
  static char paths[4][200];
  static int next;
  char *path = paths[next++ % 4];
  snprintf(path, sizeof paths[0], "%s/%s", folder, name);
  return path;
}

/* For cmocka_run_group_tests. */
static inline int make_folder(void **unused)
{
  (void)unused;
  return mkdtemp(folder) == NULL ? -1 : 0;
}

static inline int remove_folder(void **unused)
{
  (void)unused;
  return rmdir(folder);
}

#endif
