/* SPDX-License-Identifier: BSD-3-Clause */
/* A line of progress: a bar, a percentage and parts, the first of which says what is being done. On a terminal it is
 * made to fit by leaving parts out, those first that weigh least. */
#ifndef JOB_PROGRESS_LINE_H
#define JOB_PROGRESS_LINE_H

#include <stdbool.h>
#include <stddef.h>

enum { LINE_MOST_PARTS = 12, LINE_PART_BYTES = 160, LINE_BYTES = 1024 };

/* What the bar and the percentage weigh beside the parts. */
enum { WEIGHT_OF_BAR = 60, WEIGHT_OF_PERCENTAGE = 80 };

typedef struct line_part {
  char text[LINE_PART_BYTES];
  const char *before; /* what stands between it and the part before: ", " */
  int weight;
} line_part;

typedef struct progress_line {
  line_part parts[LINE_MOST_PARTS];
  int n_parts;
  double share;    /* done, 0 to 1; NAN: not known */
  bool is_counted; /* so that it is also said as a percentage */
  double swing;    /* where share is not known: the place of what moves in the bar, 0 to 1 */
} progress_line;

/* Adds a part (printf's format). Of control characters nothing is left. */
void line_add(progress_line *line, int weight, const char *before, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

typedef struct line_style {
  int columns;  /* of the terminal, of which one is left free */
  bool unicode; /* else ASCII alone */
  bool colours;
} line_style;

/* The line as a terminal shows it. Returns its columns. */
int line_live(const progress_line *line, line_style style, char text[LINE_BYTES]);

/* The same without a bar, of any length. */
void line_plain(const progress_line *line, char text[LINE_BYTES]);

#endif
