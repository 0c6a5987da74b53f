/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/hdf5/sparse_names.h"

#include "sources/hdf5/names.h"
#include "sources/hdf5/strings.h"
#include "support/hdf5_attributes.h"
#include "support/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- where they are --- */

/* The path without its last part, in place; false: there is none left. */
static bool cut(char *path)
{
  char *slash = strrchr(path, '/');
  if (slash == NULL) return false;
  *slash = '\0';
  return true;
}

/* The path of what says which features there are: /var for /X and /layers/counts, /raw/var for /raw/X. */
static char *path_of_var(const char *inside)
{
  char *parent = strdup(inside);
  char *path = NULL;
  if (parent != NULL && cut(parent)) {
    const size_t length = strlen(parent);
    if (length >= 7 && strcmp(parent + length - 7, "/layers") == 0) cut(parent);
    if (asprintf(&path, "%s/var", parent) < 0) path = NULL;
  }
  free(parent);
  return path;
}

static void find_var(hid_t file, const char *inside, sparse_names *found)
{
  char *path = path_of_var(inside);
  if (path != NULL) found->names = hdf5_index_of_frame(file, path, found->n);
  free(path);
}

/* --- names that stand twice --- */

static int compare_texts(const void *a, const void *b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool are_different(char *const *names, int64_t n)
{
  const char **sorted = allocate(n, sizeof *sorted);
  if (sorted == NULL) return false;
  memcpy(sorted, names, (size_t)n * sizeof *sorted);
  qsort(sorted, (size_t)n, sizeof *sorted, compare_texts);
  bool different = true;
  for (int64_t i = 1; i < n && different; i++) different = strcmp(sorted[i - 1], sorted[i]) != 0;
  free(sorted);
  return different;
}

static void find_10x(hid_t group, sparse_names *found)
{
  const bool is_third = H5Lexists(group, "features", H5P_DEFAULT) > 0;
  found->names = hdf5_texts_at(group, is_third ? "features/name" : "gene_names", found->n, NULL);
  found->others = hdf5_texts_at(group, is_third ? "features/id" : "genes", found->n, NULL);
  if (found->others == NULL || (found->names != NULL && are_different(found->names, found->n))) return;
  char **names = found->names;
  found->names = found->others;
  found->others = names;
}

void sparse_names_find(hid_t file, hid_t group, const char *inside, bool is_10x, int64_t n_features,
                       sparse_names *found)
{
  *found = (sparse_names){.n = n_features};
  if (is_10x)
    find_10x(group, found);
  else
    find_var(file, inside, found);
}

void sparse_names_close(sparse_names *found)
{
  hdf5_strings_free(found->n, found->names);
  hdf5_strings_free(found->n, found->others);
}
