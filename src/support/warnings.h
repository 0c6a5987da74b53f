/* SPDX-License-Identifier: BSD-3-Clause */
/* Warnings: what one should know, though the work goes on.
 *
 * The program prints them, and says so when it begins; the library prints nothing. Whoever calls it gets the warnings
 * of a call from the list that the call collects them in: those of its thread, and of threads that were started while
 * it collected. */
#ifndef SUPPORT_WARNINGS_H
#define SUPPORT_WARNINGS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* One line, without its end (printf's format). */
void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same, once for each subject: a command may open its data twice, to learn their names first. The last subjects
 * are remembered. */
void warn_once(const char *subject, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A line that is no warning, for whoever watches the program; the library drops it. */
void announce(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* From now on the process prints: print gets a line of either kind. Before there are other threads. */
void warnings_print(void (*print)(const char *line, bool is_warning));

/* Lines in their order; any thread may add one. */
typedef struct warning_list {
  pthread_mutex_t lock;
  char **lines; /* n */
  int64_t n;
} warning_list;

void warning_list_begin(warning_list *list);
void warning_list_clear(warning_list *list); /* for warning_list_begin; NULL is fine */

/* Takes the lines out of the list, as *lines, n of them; they and their array are the caller's. */
int64_t warning_list_take(warning_list *list, char ***lines);

/* The warnings of this thread go into the list from now on, to be printed no more; NULL: as those of the process. The
 * list before is the answer. It must stay as long as threads that are started meanwhile. */
warning_list *warnings_collect(warning_list *list);
warning_list *warnings_collected(void);

/* From now on warn() also keeps the lines that the process prints, for summaries that scripts read. */
void warnings_keep(void);

/* Those kept so far, in their order; they stay until the next warning or warnings_forget. */
int64_t warnings_kept(char *const **lines);

/* Releases them; none is kept any more. */
void warnings_forget(void);

#endif
