/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/notes.h"

#include "support/error.h"
#include "support/memory.h"
#include "support/printable.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A command may open its data twice, to learn their names first; it says each doubt once. Whole warnings, one behind
 * the other. */
static char *said[4 * MOST_NOTES];
static int n_said;

/* Has the warning been said before? From now on it has been. */
static bool is_said(const char *label, const char *text)
{
  char *warning;
  if (asprintf(&warning, "%s: %s", label, text) < 0) return false;
  bool found = false;
  for (int i = 0; i < n_said && !found; i++) found = strcmp(said[i], warning) == 0;
  if (found || n_said == (int)(sizeof said / sizeof *said))
    free(warning);
  else
    said[n_said++] = warning;
  return found;
}

bool notes_have(const source_notes *notes, const char *text)
{
  bool found = false;
  for (int i = 0; i < notes->n; i++) found = found || strcmp(notes->remarks[i].text, text) == 0;
  return found;
}

void notes_add(source_notes *notes, bool is_doubt, const char *format, va_list arguments)
{
  source_remark remark = {.is_doubt = is_doubt};
  vsnprintf(remark.text, sizeof remark.text, format, arguments);
  printable_make(remark.text);
  if (notes->remarks == NULL) notes->remarks = allocate(MOST_NOTES, sizeof *notes->remarks);
  if (notes->remarks == NULL || notes->n == MOST_NOTES || notes_have(notes, remark.text)) return;
  notes->remarks[notes->n++] = remark;
}

void notes_warn(const source_notes *notes, const char *label)
{
  for (int i = 0; i < notes->n; i++) {
    const source_remark *remark = &notes->remarks[i];
    if (remark->is_doubt && !is_said(label, remark->text)) warn("%s: %s", label, remark->text);
  }
}

void notes_clear(source_notes *notes)
{
  free(notes->remarks);
  *notes = (source_notes){0};
}
