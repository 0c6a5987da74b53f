/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/notes.h"

#include "support/error.h"
#include "support/memory.h"
#include "support/printable.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    if (remark->is_doubt) warn_once(remark->text, "%s: %s", label, remark->text);
  }
}

void notes_clear(source_notes *notes)
{
  free(notes->remarks);
  *notes = (source_notes){0};
}
