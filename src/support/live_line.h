/* SPDX-License-Identifier: BSD-3-Clause */
/* The one line of a terminal that is rewritten while the program runs. It is the last line of standard error, and has
 * to be taken away before anything else is printed: the program does so for warnings, and whoever else prints calls
 * live_line_clear. The cursor waits at the line's beginning, so that what a terminal echoes ("^C") does not lengthen
 * it. When a signal ends the program the line is taken away, too. */
#ifndef SUPPORT_LIVE_LINE_H
#define SUPPORT_LIVE_LINE_H

#include <stdbool.h>

/* Is standard error a terminal that can erase a line? Not where TERM is "dumb", or not set. */
bool live_line_is_possible(void);

/* How wide the terminal is now: the system's answer, COLUMNS of the environment, or the smaller one where there are
 * both; 80 where there is none. */
int live_line_columns(void);

/* May text be UTF-8? As LC_ALL, LC_CTYPE or LANG say, whichever is set first. */
bool live_line_is_unicode(void);

/* Shows the text, which must fit, in place of what is shown. */
void live_line_show(const char *text);

/* Takes the line away, if there is one. Any thread may call it. */
void live_line_clear(void);

/* What takes it away if it is written before something else: "" where there is none. For signal handlers. */
const char *live_line_eraser(void);

#endif
