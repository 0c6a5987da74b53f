/* The help text of a command, from its table of options. */
#include "cli/options.h"

#include <stdio.h>
#include <string.h>

enum { WIDTH = 100, MOST_NAME_WIDTH = 30 };

void options_print_wrapped(const char *text, int indent, int column)
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
    if (!first_in_line && column + 1 + length > WIDTH) {
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

static int name_text(const command_option *option, char *text, size_t size)
{
  char letter[8] = "    ";
  if (option->letter != 0) snprintf(letter, sizeof letter, "-%c, ", option->letter);
  return snprintf(text, size, "  %s--%s%s%s", letter, option->name, option->argument == NULL ? "" : " ",
                  option->argument == NULL ? "" : option->argument);
}

static int widest_name(const command_usage *usage)
{
  char text[128];
  int widest = 0;
  for (int g = 0; g < usage->n_groups; g++) {
    for (int o = 0; o < usage->groups[g].n_options; o++) {
      const int width = name_text(&usage->groups[g].options[o], text, sizeof text);
      if (width > widest && width <= MOST_NAME_WIDTH) widest = width;
    }
  }
  return widest;
}

static void print_option(const command_option *option, int column)
{
  char name[128];
  const int width = name_text(option, name, sizeof name);
  printf("%s", name);
  if (width + 2 > column) {
    printf("\n%*s", column, "");
  } else {
    printf("%*s", column - width, "");
  }
  options_print_wrapped(option->help, column, column);
}

void options_print_help(const command_usage *usage)
{
  const command_option help = {.name = "help", .letter = 'h', .help = "print this text"};
  const int column = widest_name(usage) + 2;
  printf("Usage: gmmpi %s ", usage->name);
  options_print_wrapped(usage->synopsis, 4, (int)strlen("Usage: gmmpi  ") + (int)strlen(usage->name));
  putchar('\n');
  options_print_wrapped(usage->about, 0, 0);
  for (int g = 0; g < usage->n_groups; g++) {
    const option_group *group = &usage->groups[g];
    printf("\n%s:\n", group->title);
    for (int o = 0; o < group->n_options; o++) print_option(&group->options[o], column);
    if (g == usage->n_groups - 1) print_option(&help, column);
  }
}
