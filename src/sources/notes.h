/* SPDX-License-Identifier: BSD-3-Clause */
/* What is said of how a source is read. */
#ifndef SOURCES_NOTES_H
#define SOURCES_NOTES_H

#include <stdarg.h>
#include <stdbool.h>

enum { MOST_NOTES = 16, NOTE_BYTES = 400 };

typedef struct source_remark {
  bool is_doubt; /* a warning, too */
  char text[NOTE_BYTES];
} source_remark;

/* All zero: nothing. */
typedef struct source_notes {
  source_remark *remarks; /* n; NULL while there is none */
  int n;
} source_notes;

/* Adds a remark, once; left out where there is no memory, or no room. */
void notes_add(source_notes *notes, bool is_doubt, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

bool notes_have(const source_notes *notes, const char *text);

/* Warns, on the calling rank, of all doubts that it has not warned of yet; label: of the source. */
void notes_warn(const source_notes *notes, const char *label);

void notes_clear(source_notes *notes);

#endif
