/* SPDX-License-Identifier: BSD-3-Clause */
#include "job/progress_line.h"

#include "support/printable.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
  WIDEST_BAR = 20,
  NARROWEST_BAR = 8,
  SHARE_OF_BAR = 5 /* a fifth of the terminal */,
  PERCENTAGE_COLUMNS = 6 /* "  43 %" */
};

void line_add(progress_line *line, int weight, const char *before, const char *format, ...)
{
  if (line->n_parts == LINE_MOST_PARTS) return;
  line_part *part = &line->parts[line->n_parts++];
  va_list list;
  va_start(list, format);
  vsnprintf(part->text, sizeof part->text, format, list);
  va_end(list);
  printable_make(part->text);
  part->before = before;
  part->weight = weight;
}

/* --- columns --- */

/* Bytes of the character that begins here. A byte that begins none stands alone. */
static int character_bytes(const char *text)
{
  const unsigned char first = (unsigned char)text[0];
  const int n = first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  for (int i = 1; i < n; i++) {
    if (((unsigned char)text[i] & 0xC0) != 0x80) return i;
  }
  return n;
}

/* At most: a character beyond ASCII may take two. Whatever a terminal makes of it, the line is not too long. */
static int columns_of(const char *text)
{
  int columns = 0;
  for (; *text != '\0'; text += character_bytes(text)) columns += (unsigned char)*text < 0x80 ? 1 : 2;
  return columns;
}

/* --- text that grows --- */

typedef struct growing_text {
  char *text;
  size_t length;
} growing_text;

static void append(growing_text *to, const char *text, size_t n_bytes)
{
  if (to->length + n_bytes >= LINE_BYTES) return;
  memcpy(to->text + to->length, text, n_bytes);
  to->length += n_bytes;
  to->text[to->length] = '\0';
}

static void append_text(growing_text *to, const char *text)
{
  append(to, text, strlen(text));
}

/* At most so many columns of it; characters beyond ASCII as "?" where they may not be shown. Returns its columns. */
static int append_part(growing_text *to, const char *text, int most, bool unicode)
{
  int columns = 0;
  for (int n; *text != '\0'; text += n) {
    n = character_bytes(text);
    const bool is_ascii = (unsigned char)*text < 0x80;
    const int width = is_ascii || !unicode ? 1 : 2;
    if (columns + width > most) break;
    if (is_ascii || unicode)
      append(to, text, (size_t)n);
    else
      append_text(to, "?");
    columns += width;
  }
  return columns;
}

/* --- the bar --- */

static const char *const full_block = "\u2588";
static const char *const light_block = "\u2591";

/* Cells from begin to end are filled. */
static void append_cells(growing_text *to, int width, int begin, int end, line_style style)
{
  if (!style.unicode) append_text(to, "[");
  if (style.colours) append_text(to, "\033[36m");
  for (int i = 0; i < width; i++) {
    const bool filled = i >= begin && i < end;
    append_text(to, style.unicode ? (filled ? full_block : light_block) : filled ? "#" : "-");
  }
  if (style.colours) append_text(to, "\033[0m");
  if (!style.unicode) append_text(to, "]");
}

/* width: with its brackets where it is of ASCII. */
static void append_bar(growing_text *to, const progress_line *line, int width, line_style style)
{
  const int cells = style.unicode ? width : width - 2;
  if (isnan(line->share)) {
    const int length = cells / 4;
    const int begin = (int)lround(line->swing * (cells - length));
    append_cells(to, cells, begin, begin + length, style);
  } else {
    append_cells(to, cells, 0, (int)floor(line->share * cells), style);
  }
}

/* --- what fits --- */

typedef struct line_choice {
  bool parts[LINE_MOST_PARTS];
  bool percentage;
  int bar; /* columns; 0: none */
} line_choice;

static int head_columns(const line_choice *choice)
{
  const int columns = choice->bar + (choice->percentage ? PERCENTAGE_COLUMNS : 0);
  return columns > 0 ? columns + 2 : 0;
}

static int choice_columns(const progress_line *line, const line_choice *choice)
{
  int columns = head_columns(choice);
  for (int i = 0; i < line->n_parts; i++) {
    if (!choice->parts[i]) continue;
    columns += columns_of(line->parts[i].text) + (i > 0 ? columns_of(line->parts[i].before) : 0);
  }
  return columns;
}

/* Leaves out what weighs least, but never the first part. False: there is nothing else. */
static bool leave_out(const progress_line *line, line_choice *choice)
{
  int lightest = 1000;
  bool *out = NULL;
  for (int i = 1; i < line->n_parts; i++) {
    if (!choice->parts[i] || line->parts[i].weight >= lightest) continue;
    lightest = line->parts[i].weight;
    out = &choice->parts[i];
  }
  if (choice->bar > 0 && WEIGHT_OF_BAR < lightest) {
    choice->bar = 0;
    return true;
  }
  if (choice->percentage && WEIGHT_OF_PERCENTAGE < lightest) out = &choice->percentage;
  if (out != NULL) *out = false;
  return out != NULL;
}

/* A bar is always as wide on a terminal of this width. */
static int bar_columns(int columns)
{
  const int share = columns / SHARE_OF_BAR;
  return share < NARROWEST_BAR ? NARROWEST_BAR : share > WIDEST_BAR ? WIDEST_BAR : share;
}

static line_choice choose(const progress_line *line, int most)
{
  line_choice choice = {.percentage = line->is_counted && !isnan(line->share), .bar = bar_columns(most + 1)};
  for (int i = 0; i < line->n_parts; i++) choice.parts[i] = true;
  while (choice_columns(line, &choice) > most && leave_out(line, &choice)) continue;
  return choice;
}

int line_live(const progress_line *line, line_style style, char text[LINE_BYTES])
{
  growing_text whole = {.text = text};
  const int most = style.columns - 1;
  const line_choice choice = choose(line, most);
  char percentage[16];
  text[0] = '\0';
  if (choice.bar > 0) append_bar(&whole, line, choice.bar, style);
  snprintf(percentage, sizeof percentage, "%*.0f %%", choice.bar > 0 ? 4 : 1, floor(100.0 * line->share));
  if (choice.percentage) append_text(&whole, percentage);
  int columns = head_columns(&choice);
  if (columns > 0) append_text(&whole, "  ");
  for (int i = 0; i < line->n_parts; i++) {
    if (!choice.parts[i]) continue;
    if (i > 0) columns += append_part(&whole, line->parts[i].before, most - columns, style.unicode);
    columns += append_part(&whole, line->parts[i].text, most - columns, style.unicode);
  }
  return columns;
}

void line_plain(const progress_line *line, char text[LINE_BYTES])
{
  growing_text whole = {.text = text};
  char percentage[32];
  bool is_said = !line->is_counted || isnan(line->share); /* the percentage, behind what the first words say */
  text[0] = '\0';
  snprintf(percentage, sizeof percentage, ": %.0f %%", floor(100.0 * line->share));
  for (int i = 0; i < line->n_parts; i++) {
    const bool ends_words = i + 1 == line->n_parts || line->parts[i + 1].before[0] == ',';
    if (i > 0) append_text(&whole, line->parts[i].before);
    append_text(&whole, line->parts[i].text);
    if (!is_said && ends_words) append_text(&whole, percentage);
    is_said = is_said || ends_words;
  }
}
