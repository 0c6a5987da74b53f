/* SPDX-License-Identifier: BSD-3-Clause */
/* Completion for bash and zsh: commands, options, the words that an option takes, files where it takes one. */
#include "cli/manual.h"

#include <string.h>

/* What an option's value is completed to. */
typedef enum value_sort { VALUE_NONE, VALUE_OTHER, VALUE_WORDS, VALUE_FILE, VALUE_FOLDER } value_sort;

static bool takes_value(const option_record *option)
{
  return option->kind != OPTION_FLAG && option->kind != OPTION_SWITCH && option->argument != NULL;
}

/* Does the option take a file? That is said by how its argument is called: FILE, MODEL.h5, OUT ... */
static bool names_file(const char *argument)
{
  static const char *const parts[] = {"FILE", "MODEL", "OUT", ".h5", ".csv"};
  for (int i = 0; i < ARRAY_LENGTH(parts); i++) {
    if (strstr(argument, parts[i]) != NULL) return true;
  }
  return false;
}

static value_sort sort_of(const option_record *option)
{
  if (!takes_value(option)) return VALUE_NONE;
  if (option->choices != NULL && option->n_words == 0) return VALUE_WORDS;
  if (strcmp(option->argument, "FOLDER") == 0 || strcmp(option->argument, "DIR") == 0) return VALUE_FOLDER;
  if (option->choices != NULL || names_file(option->argument)) return VALUE_FILE;
  return VALUE_OTHER;
}

static int n_words_of(const option_record *option)
{
  int n = 0;
  while (option->choices != NULL && option->choices[n] != NULL && (option->n_words == 0 || n < option->n_words)) n++;
  return n;
}

static void write_words(FILE *file, const option_record *option)
{
  for (int i = 0; i < n_words_of(option); i++) fprintf(file, "%s%s", i > 0 ? " " : "", option->choices[i]);
}

typedef void option_writer(FILE *file, const command_usage *usage, const option_record *option);

static void for_each_option(FILE *file, const command_usage *usage, option_writer *write)
{
  for (int g = 0; g < usage->n_groups; g++) {
    const option_group *group = &usage->groups[g];
    for (int o = 0; o < group->n_options; o++) {
      if (option_is_shown(group, &group->options[o])) write(file, usage, &group->options[o]);
    }
  }
}

/* --- bash --- */

static void bash_name(FILE *file, const command_usage *usage, const option_record *option)
{
  (void)usage;
  fprintf(file, " --%s", option->name);
  if (option->no_name != NULL) fprintf(file, " --%s", option->no_name);
}

static void bash_value(FILE *file, const command_usage *usage, const option_record *option)
{
  static const char *const sorts[] = {
      [VALUE_OTHER] = "other", [VALUE_WORDS] = "words", [VALUE_FILE] = "file", [VALUE_FOLDER] = "folder"};
  const value_sort sort = sort_of(option);
  if (sort == VALUE_NONE) return;
  fprintf(file, "    %s:--%s", usage->name, option->name);
  if (option->letter != 0) fprintf(file, " | %s:-%c", usage->name, option->letter);
  fprintf(file, ") value=%s", sorts[sort]);
  if (n_words_of(option) > 0) {
    fputs(" words=\"", file);
    write_words(file, option);
    fputc('"', file);
  }
  fputs(" ;;\n", file);
}

void completion_write_bash(FILE *file, const command_usage *const *all, int n)
{
  fputs("# bash completion for gmmpi; made by gmmpi --manual\n\n"
        "_gmmpi()\n"
        "{\n"
        "  local current=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]}\n"
        "  local value=none words=\"\" options=\"\" before=\"\"\n"
        "  COMPREPLY=()\n"
        "  if [[ $current == \"=\" ]]; then\n"
        "    current=\"\"\n"
        "  elif [[ $option == \"=\" ]]; then\n"
        "    option=${COMP_WORDS[COMP_CWORD-2]}\n"
        "  fi\n"
        "  if ((COMP_CWORD == 1)); then\n"
        "    mapfile -t COMPREPLY < <(compgen -W \"",
        file);
  for (int i = 0; i < n; i++) fprintf(file, "%s ", all[i]->name);
  fputs("--help --version --manual\" -- \"$current\")\n"
        "    return\n"
        "  fi\n"
        "  case $command in\n",
        file);
  for (int i = 0; i < n; i++) {
    fprintf(file, "    %s) options=\"--help --help-all", all[i]->name);
    for_each_option(file, all[i], bash_name);
    fputs("\" ;;\n", file);
  }
  fputs("  esac\n"
        "  case $command:$option in\n"
        "    --manual:--manual) value=folder ;;\n",
        file);
  for (int i = 0; i < n; i++) for_each_option(file, all[i], bash_value);
  fputs("  esac\n"
        "  if [[ $value == none && $current == -* ]]; then\n"
        "    mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$current\")\n"
        "    return\n"
        "  fi\n"
        "  if [[ -n $words ]]; then # of a list the last one\n"
        "    [[ $current == *,* ]] && before=${current%,*},\n"
        "    mapfile -t COMPREPLY < <(compgen -P \"$before\" -W \"$words\" -- \"${current##*,}\")\n"
        "  fi\n"
        "  if [[ $value == folder ]]; then\n"
        "    compopt -o filenames 2>/dev/null\n"
        "    mapfile -t COMPREPLY < <(compgen -d -- \"$current\")\n"
        "  elif [[ $value == none || $value == file ]]; then\n"
        "    compopt -o filenames 2>/dev/null\n"
        "    mapfile -t -O \"${#COMPREPLY[@]}\" COMPREPLY < <(compgen -f -- \"$current\")\n"
        "  fi\n"
        "}\n\n"
        "complete -F _gmmpi gmmpi\n",
        file);
}

/* --- zsh --- */

/* Within single quotes, and in the descriptions and messages of _arguments. */
static void zsh_quoted(FILE *file, const char *text, size_t length)
{
  for (size_t i = 0; i < length; i++) {
    if (text[i] == '\'')
      fputs("'\\''", file);
    else if (strchr("[]:\\", text[i]) != NULL)
      fprintf(file, "\\%c", text[i]);
    else
      fputc(text[i] == '\n' ? ' ' : text[i], file);
  }
}

/* What the option does, in few words: its line of the short help, or the beginning of what --help-all says. */
static void zsh_description(FILE *file, const char *brief, const char *help)
{
  enum { MOST = 70 };
  const char *text = brief != NULL ? brief : help;
  size_t length = brief != NULL ? strlen(brief) : strcspn(help, ";:(\n");
  if (length > MOST) {
    for (length = MOST; length > 0 && text[length] != ' ';) length--;
  }
  while (length > 0 && text[length - 1] == ' ') length--;
  fputc('[', file);
  zsh_quoted(file, text, length);
  fputc(']', file);
}

static void zsh_value(FILE *file, const option_record *option)
{
  const value_sort sort = sort_of(option);
  if (sort == VALUE_NONE) return;
  fputc(':', file);
  zsh_quoted(file, option->argument, strlen(option->argument));
  fputc(':', file);
  if (sort == VALUE_FOLDER) fputs("_files -/", file);
  if (sort == VALUE_FILE && n_words_of(option) == 0) fputs("_files", file);
  if (sort == VALUE_FILE && n_words_of(option) > 0) {
    fputs(" _alternative \"words\\:word\\:(", file);
    write_words(file, option);
    fputs(")\" \"files\\:file\\:_files\"", file);
  }
  if (sort == VALUE_WORDS && strstr(option->argument, ",...") != NULL) {
    fputs("_sequence compadd - ", file);
    write_words(file, option);
  } else if (sort == VALUE_WORDS) {
    fputc('(', file);
    write_words(file, option);
    fputc(')', file);
  }
}

static void zsh_option(FILE *file, const command_usage *usage, const option_record *option)
{
  const bool has_value = takes_value(option);
  (void)usage;
  if (option->letter != 0)
    fprintf(file, "            '(-%c --%s)'{-%c%s,--%s%s}'", option->letter, option->name, option->letter,
            has_value ? "+" : "", option->name, has_value ? "=" : "");
  else
    fprintf(file, "            '--%s%s", option->name, has_value ? "=" : "");
  zsh_description(file, option->brief, option->help);
  zsh_value(file, option);
  fputs("' \\\n", file);
  if (option->no_name == NULL) return;
  fprintf(file, "            '--%s", option->no_name);
  zsh_description(file, NULL, option->no_help);
  fputs("' \\\n", file);
}

void completion_write_zsh(FILE *file, const command_usage *const *all, int n)
{
  fputs("#compdef gmmpi\n"
        "# zsh completion for gmmpi; made by gmmpi --manual\n\n"
        "_gmmpi() {\n"
        "  local curcontext=$curcontext state line\n"
        "  local -a commands\n"
        "  typeset -A opt_args\n"
        "  _arguments -C \\\n"
        "    '(- *)'{-h,--help}'[list the commands]' \\\n"
        "    '(- *)--version[say which libraries are used]' \\\n"
        "    '(- *)--manual[write man pages and completion]:FOLDER:_files -/' \\\n"
        "    '1:command:->command' '*::argument:->argument' && return\n"
        "  case $state in\n"
        "    command)\n"
        "      commands=(\n",
        file);
  for (int i = 0; i < n; i++) {
    fprintf(file, "        '%s:", all[i]->name);
    zsh_quoted(file, all[i]->purpose, strlen(all[i]->purpose));
    fputs("'\n", file);
  }
  fputs("      )\n"
        "      _describe command commands ;;\n"
        "    argument)\n"
        "      case $line[1] in\n",
        file);
  for (int i = 0; i < n; i++) {
    fprintf(file, "        %s)\n          _arguments -s \\\n", all[i]->name);
    for_each_option(file, all[i], zsh_option);
    fputs("            '(- *)'{-h,--help}'[print what most people need]' '(- *)--help-all[print all options]' \\\n"
          "            '*:file:_files' ;;\n",
          file);
  }
  fputs("      esac ;;\n"
        "  esac\n"
        "}\n\n"
        "_gmmpi \"$@\"\n",
        file);
}
