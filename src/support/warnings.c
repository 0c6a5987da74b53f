/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/warnings.h"

#include "support/printable.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES = 1200, MOST_SUBJECTS = 16 };

/* --- those of the process --- */

static void (*print_line)(const char *line, bool is_warning);

static warning_list kept = {.lock = PTHREAD_MUTEX_INITIALIZER};
static bool keeps; /* under that lock, as what follows */
static char *subjects[MOST_SUBJECTS];
static int n_subjects;

/* --- those of a call --- */

static _Thread_local warning_list *collecting;

/* One that there is no memory for is lost. The list is locked. */
static void append(warning_list *list, const char *line)
{
  char *copy = strdup(line);
  char **longer = copy != NULL ? realloc(list->lines, (size_t)(list->n + 1) * sizeof *list->lines) : NULL;
  if (longer == NULL) {
    free(copy);
    return;
  }
  list->lines = longer;
  list->lines[list->n++] = copy;
}

static void add(const char *line)
{
  warning_list *list = collecting != NULL ? collecting : &kept;
  if (collecting == NULL && print_line != NULL) print_line(line, true);
  pthread_mutex_lock(&list->lock);
  if (list != &kept || keeps) append(list, line);
  pthread_mutex_unlock(&list->lock);
}

/* Was the process warned of the subject? From now on it is. */
static bool process_knows(const char *subject)
{
  bool found = false;
  pthread_mutex_lock(&kept.lock);
  for (int i = 0; i < MOST_SUBJECTS && subjects[i] != NULL; i++) found = found || strcmp(subject, subjects[i]) == 0;
  if (!found) {
    char **place = &subjects[n_subjects++ % MOST_SUBJECTS];
    char *copy = strdup(subject);
    if (copy != NULL) {
      free(*place);
      *place = copy;
    }
  }
  pthread_mutex_unlock(&kept.lock);
  return found;
}

/* The subject is part of the line that was written of it. */
static bool list_knows(warning_list *list, const char *subject)
{
  bool found = false;
  pthread_mutex_lock(&list->lock);
  for (int64_t i = 0; i < list->n; i++) found = found || strstr(list->lines[i], subject) != NULL;
  pthread_mutex_unlock(&list->lock);
  return found;
}

void warn(const char *format, ...)
{
  char line[LINE_BYTES];
  va_list list;
  va_start(list, format);
  vsnprintf(line, sizeof line, format, list);
  va_end(list);
  printable_make_line(line);
  add(line);
}

void warn_once(const char *subject, const char *format, ...)
{
  char line[LINE_BYTES];
  if (collecting != NULL ? list_knows(collecting, subject) : process_knows(subject)) return;
  va_list list;
  va_start(list, format);
  vsnprintf(line, sizeof line, format, list);
  va_end(list);
  printable_make_line(line);
  add(line);
}

void announce(const char *format, ...)
{
  char line[LINE_BYTES];
  if (collecting != NULL || print_line == NULL) return;
  va_list list;
  va_start(list, format);
  vsnprintf(line, sizeof line, format, list);
  va_end(list);
  print_line(line, false);
}

void warnings_print(void (*print)(const char *line, bool is_warning))
{
  print_line = print;
}

/* --- lists --- */

void warning_list_begin(warning_list *list)
{
  *list = (warning_list){.n = 0};
  pthread_mutex_init(&list->lock, NULL);
}

static void free_lines(int64_t n, char **lines)
{
  for (int64_t i = 0; i < n; i++) free(lines[i]);
  free(lines);
}

void warning_list_clear(warning_list *list)
{
  if (list == NULL) return;
  free_lines(list->n, list->lines);
  pthread_mutex_destroy(&list->lock);
}

int64_t warning_list_take(warning_list *list, char ***lines)
{
  pthread_mutex_lock(&list->lock);
  const int64_t n = list->n;
  *lines = list->lines;
  list->lines = NULL;
  list->n = 0;
  pthread_mutex_unlock(&list->lock);
  return n;
}

warning_list *warnings_collect(warning_list *list)
{
  warning_list *before = collecting;
  collecting = list;
  return before;
}

warning_list *warnings_collected(void)
{
  return collecting;
}

void warnings_keep(void)
{
  pthread_mutex_lock(&kept.lock);
  keeps = true;
  pthread_mutex_unlock(&kept.lock);
}

int64_t warnings_kept(char *const **lines)
{
  pthread_mutex_lock(&kept.lock);
  const int64_t n = kept.n;
  *lines = kept.lines;
  pthread_mutex_unlock(&kept.lock);
  return n;
}

void warnings_forget(void)
{
  char **lines;
  const int64_t n = warning_list_take(&kept, &lines);
  free_lines(n, lines);
  pthread_mutex_lock(&kept.lock);
  keeps = false;
  pthread_mutex_unlock(&kept.lock);
}
