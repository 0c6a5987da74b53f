/* SPDX-License-Identifier: BSD-3-Clause */
/* The help texts of a command, from its table of options. */
#include "cli/options.h"

#include <stdio.h>
#include <string.h>

enum { WIDTH = 80, MOST_NAME_WIDTH = 28 };

static const option_record help_options[] = {
    {.name = "help", .letter = 'h', .help = "print what most people need"},
    {.name = "help-all", .help = "print this text"},
};

void options_print_wrapped(const char *text, int indent, int column, int width)
{
  bool first_in_line = true;
  while (*text != '\0') {
    if (text[0] == '\n') {
      const bool paragraph = text[1] == '\n';
      printf(paragraph ? "\n\n%*s" : "\n%*s", indent, "");
      text += paragraph ? 2 : 1;
      column = indent;
      first_in_line = true;
      continue;
    }
    const int length = (int)strcspn(text, " \n");
    if (!first_in_line && column + 1 + length > width) {
      printf("\n%*s", indent, "");
      column = indent;
      first_in_line = true;
    }
    column += printf(first_in_line ? "%.*s" : " %.*s", length, text);
    first_in_line = false;
    text += length;
    if (*text == ' ') text++;
  }
  putchar('\n');
}

static int name_text(const option_record *option, const char *name, char *text, size_t size)
{
  char letter[8] = "    ";
  if (option->letter != 0) snprintf(letter, sizeof letter, "-%c, ", option->letter);
  return snprintf(text, size, "  %s--%s%s%s", letter, name, option->argument == NULL ? "" : " ",
                  option->argument == NULL ? "" : option->argument);
}

/* Of the names that are printed; those that are very long do not count. */
static int widest_name(const command_usage *usage, bool of_briefs)
{
  char text[128];
  int widest = 0;
  for (int g = 0; g < usage->n_groups; g++) {
    const option_group *group = &usage->groups[g];
    for (int o = 0; o < group->n_options; o++) {
      const option_record *option = &group->options[o];
      if (!option_is_shown(group, option) || (of_briefs && option->brief == NULL)) continue;
      const char *name = option->no_name != NULL && !of_briefs ? option->no_name : option->name;
      const int width = name_text(option, name, text, sizeof text);
      if (width > widest && width <= MOST_NAME_WIDTH) widest = width;
    }
  }
  return widest;
}

/* before: what stands in front of the default. */
static void print_word(const option_record *option, const char *name, const char *text, const char *before, int column)
{
  char words[128];
  char help[2048];
  const int width = name_text(option, name, words, sizeof words);
  const bool has_default = option->fallback != NULL && option->kind != OPTION_SWITCH;
  printf("%s", words);
  if (width + 2 > column) {
    printf("\n%*s", column, "");
  } else {
    printf("%*s", column - width, "");
  }
  snprintf(help, sizeof help, "%s%s%s%s", text, has_default ? before : "", has_default ? option->fallback : "",
           has_default ? ")" : "");
  options_print_wrapped(help, column, column, WIDTH);
}

static void print_option(const option_record *option, int column)
{
  print_word(option, option->name, option->help, " (default: ", column);
  if (option->no_name != NULL) print_word(option, option->no_name, option->no_help, "", column);
}

static void print_usage(const command_usage *usage)
{
  printf("Usage: gmmpi %s ", usage->name);
  options_print_wrapped(usage->synopsis, 4, (int)strlen("Usage: gmmpi  ") + (int)strlen(usage->name), WIDTH);
}

void options_print_help(const command_usage *usage)
{
  const int column = widest_name(usage, true) + 2;
  print_usage(usage);
  printf("gmmpi %s: ", usage->name);
  options_print_wrapped(usage->purpose, 4, (int)strlen("gmmpi : ") + (int)strlen(usage->name), WIDTH);
  putchar('\n');
  for (int g = 0; g < usage->n_groups; g++) {
    const option_group *group = &usage->groups[g];
    for (int o = 0; o < group->n_options; o++) {
      const option_record *option = &group->options[o];
      if (option_is_shown(group, option) && option->brief != NULL)
        print_word(option, option->name, option->brief, " (", column);
    }
  }
  printf("\nExample:\n  %s\n", usage->examples[0].what);
  printf("\ngmmpi %s --help-all lists all options.\n", usage->name);
}

void options_print_all_help(const command_usage *usage)
{
  const int column = widest_name(usage, false) + 2;
  print_usage(usage);
  putchar('\n');
  options_print_wrapped(usage->about, 0, 0, WIDTH);
  for (int g = 0; g < usage->n_groups; g++) {
    const option_group *group = &usage->groups[g];
    if (group->title != NULL) {
      char title[500];
      snprintf(title, sizeof title, "%s:", group->title);
      putchar('\n');
      options_print_wrapped(title, 0, 0, WIDTH);
    }
    for (int o = 0; o < group->n_options; o++) {
      if (option_is_shown(group, &group->options[o])) print_option(&group->options[o], column);
    }
  }
  for (int o = 0; o < ARRAY_LENGTH(help_options); o++) print_option(&help_options[o], column);
  printf("\nExamples:\n");
  for (const usage_note *example = usage->examples; example->what != NULL; example++) {
    printf("  %s\n      ", example->what);
    options_print_wrapped(example->text, 6, 6, WIDTH);
  }
}
