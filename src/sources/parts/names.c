/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/parts/names.h"

#include "support/error.h"
#include "support/file.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool matches_something(const char *pattern)
{
  glob_t found;
  const bool matches = glob(pattern, GLOB_NOSORT, NULL, &found) == 0 && found.gl_pathc > 0;
  globfree(&found);
  return matches;
}

/* Is the text up to each ":/" in turn what is wanted? Its length, that of all of data when it never is. */
static size_t length_up_to_path(const char *data, bool (*is_wanted)(const char *text))
{
  const size_t whole = strlen(data);
  for (const char *colon = strstr(data, ":/"); colon != NULL; colon = strstr(colon + 1, ":/")) {
    char *text = strndup(data, (size_t)(colon - data));
    const bool found = text != NULL && is_wanted(text);
    free(text);
    if (found) return (size_t)(colon - data);
  }
  return whole;
}

bool part_names_are_meant(const char *data, size_t *length)
{
  if (data[0] == '@' && data[1] != '\0') {
    *length = file_is_readable(data + 1) ? strlen(data) : 1 + length_up_to_path(data + 1, file_is_readable);
    return true;
  }
  if (strpbrk(data, "*?[") == NULL) return false;
  *length = matches_something(data) ? strlen(data) : length_up_to_path(data, matches_something);
  return true;
}

static gmmpi_status out_of_memory(const char *what, gmmpi_error *error)
{
  return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left for the names of its files", what);
}

/* Names that grow. */
typedef struct growing_names {
  char *bytes;
  size_t n_bytes;
  size_t capacity;
} growing_names;

/* Adds folder (of so many bytes), name and, unless the name has a data set itself, ":" and inside. */
static bool add_name(growing_names *list, const char *folder, size_t folder_bytes, const char *name, const char *inside)
{
  const bool adds_inside = inside != NULL && strstr(name, ":/") == NULL;
  const size_t longest = folder_bytes + strlen(name) + (adds_inside ? strlen(inside) + 1 : 0) + 1;
  if (list->n_bytes + longest > list->capacity) {
    const size_t capacity = 2 * (list->capacity + longest);
    char *bytes = realloc(list->bytes, capacity);
    if (bytes == NULL) return false;
    list->bytes = bytes;
    list->capacity = capacity;
  }
  list->n_bytes += (size_t)sprintf(list->bytes + list->n_bytes, "%.*s%s%s%s", (int)folder_bytes, folder, name,
                                   adds_inside ? ":" : "", adds_inside ? inside : "") +
                   1;
  return true;
}

static int compare_names(const void *a, const void *b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static gmmpi_status match(const char *pattern, const char *inside, growing_names *list, gmmpi_error *error)
{
  glob_t found;
  const int outcome = glob(pattern, GLOB_NOSORT, NULL, &found);
  gmmpi_status status = GMMPI_OK;
  if (outcome == GLOB_NOSPACE) {
    status = out_of_memory(pattern, error);
  } else if (outcome != 0 || found.gl_pathc == 0) {
    status = fail(error, GMMPI_NO_INPUT, "%s: matches no file; check the pattern and the folder", pattern);
  } else {
    qsort(found.gl_pathv, found.gl_pathc, sizeof *found.gl_pathv, compare_names);
    for (size_t i = 0; i < found.gl_pathc && status == GMMPI_OK; i++) {
      if (!add_name(list, "", 0, found.gl_pathv[i], inside)) status = out_of_memory(pattern, error);
    }
  }
  globfree(&found);
  return status;
}

/* A line without the blanks at its ends, NULL when it names no file. */
static char *name_in_line(char *line)
{
  line += strspn(line, " \t");
  size_t length = strlen(line);
  while (length > 0 && strchr(" \t\r", line[length - 1]) != NULL) line[--length] = '\0';
  return length == 0 || line[0] == '#' ? NULL : line;
}

static gmmpi_status read_list(const char *path, const char *inside, growing_names *list, gmmpi_error *error)
{
  void *content = NULL;
  size_t n_bytes;
  gmmpi_status status = file_read_whole(path, &content, &n_bytes, error);
  if (status != GMMPI_OK) return status;
  const char *slash = strrchr(path, '/');
  const size_t folder_bytes = slash == NULL ? 0 : (size_t)(slash - path) + 1;
  if (memchr(content, '\0', n_bytes) != NULL)
    status = fail(error, GMMPI_BAD_DATA, "%s: is no text; give a list with one file per line", path);
  char *rest = content;
  for (char *line; status == GMMPI_OK && (line = strsep(&rest, "\n")) != NULL;) {
    const char *name = name_in_line(line);
    if (name != NULL && !add_name(list, path, name[0] == '/' ? 0 : folder_bytes, name, inside))
      status = out_of_memory(path, error);
  }
  free(content);
  if (status == GMMPI_OK && list->n_bytes == 0)
    status = fail(error, GMMPI_BAD_DATA, "%s: names no files; write one into each line", path);
  return status;
}

gmmpi_status part_names_find(const char *what, const char *inside, char **names, int64_t *n_bytes, gmmpi_error *error)
{
  growing_names list = {0};
  const gmmpi_status status =
      what[0] == '@' ? read_list(what + 1, inside, &list, error) : match(what, inside, &list, error);
  if (status != GMMPI_OK) {
    free(list.bytes);
    list = (growing_names){0};
  }
  *names = list.bytes;
  *n_bytes = (int64_t)list.n_bytes;
  return status;
}
