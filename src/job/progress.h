/* What rank 0 says on standard error while the loop runs.
 *
 * On a terminal one live line, rewritten at most ten times a second; elsewhere plain lines: the first pass, then one
 * every ten seconds at most; when verbose a line for each pass; when quiet none. */
#ifndef JOB_PROGRESS_H
#define JOB_PROGRESS_H

#include "em/fit.h"

typedef struct progress {
  int verbosity;    /* -1 quiet, 0, 1 verbose */
  int64_t n_starts; /* with more than one the lines say which */
  bool terminal;
  bool live;    /* a live line is on the screen */
  bool spoken;  /* something was said already */
  double began; /* seconds of the monotonic clock */
  double last;  /* when the last line was written */
} progress;

progress progress_begin(int verbosity, int64_t n_starts);

void progress_pass(progress *reporter, const fit_pass *pass);

/* How far rows are, 0 to 1, of n_rows. Elsewhere than on a terminal the first line comes after ten seconds. */
void progress_rows(progress *reporter, double share, int64_t n_rows);

/* A line of its own, unless quiet. */
void progress_note(progress *reporter, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Takes the live line away, to be called before anything else is printed. */
void progress_clear(progress *reporter);

#endif
