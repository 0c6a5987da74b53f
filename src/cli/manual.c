/* SPDX-License-Identifier: BSD-3-Clause */
/* Man pages, in the man macros (man 7 man), which groff and mandoc format. */
#include "cli/manual.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WIDTH = 78 };

static const usage_note statuses[] = {
    {"0", "done, also when --max-iter was reached, with a warning"},
    {"64", "wrong usage: an unknown command or option, a value out of range, options that contradict each other"},
    {"65", "bad data: what is in a file of data, a start, a model or a checkpoint"},
    {"66", "an input is not there, or cannot be read"},
    {"70", "an error in the program"},
    {"71", "not enough memory"},
    {"73", "an output cannot be created or written"},
    {"74", "an input failed while it was being read"},
    {"75", "stopped early, by a signal or at the end of the time; --restart auto goes on"},
    {NULL, NULL},
};

static const usage_note environment[] = {
    {"OMPI_ALLOW_RUN_AS_ROOT, OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "set to 1, they let mpirun of Open MPI run as root"},
    {"SLURM_JOB_END_TIME", "when the job's time is up, in seconds since 1970; a fit stops with a checkpoint before"},
    {"TMPDIR", "where subsamples of points that are larger than the memory are kept, unless --scratch says"},
    {"GMMPI_DEALING", "off: the ranks of a node do not deal blocks of points among themselves"},
    {NULL, NULL},
};

/* --- text --- */

/* A word as it stands, whatever it begins with. */
static void write_word(FILE *file, const char *word, size_t length, bool first_in_line)
{
  if (first_in_line && (*word == '.' || *word == '\'')) fputs("\\&", file);
  for (size_t i = 0; i < length; i++) {
    switch (word[i]) {
    case '\\':
      fputs("\\e", file);
      break;
    case '-':
      fputs("\\-", file);
      break;
    case '^':
      fputs("\\(ha", file);
      break;
    case '~':
      fputs("\\(ti", file);
      break;
    case '`':
      fputs("\\(ga", file);
      break;
    default:
      fputc(word[i], file);
      break;
    }
  }
}

/* Lines of text; an empty one between paragraphs becomes a macro. */
static void write_text(FILE *file, const char *text)
{
  size_t column = 0;
  while (*text != '\0') {
    const size_t length = strcspn(text, " \n");
    if (column > 0 && column + 1 + length > WIDTH) {
      fputc('\n', file);
      column = 0;
    }
    if (column > 0) column += fputc(' ', file) == ' ';
    write_word(file, text, length, column == 0);
    column += length;
    text += length;
    if (text[0] == '\n' && text[1] == '\n') {
      fputs("\n.PP\n", file);
      column = 0;
    }
    while (*text == ' ' || *text == '\n') text++;
  }
  fputc('\n', file);
}

static void write_in(FILE *file, char font, const char *word)
{
  fprintf(file, "\\f%c", font);
  write_word(file, word, strlen(word), false);
  fputs("\\fR", file);
}

static void write_notes(FILE *file, const char *section, const usage_note *list)
{
  fprintf(file, ".SH %s\n", section);
  for (const usage_note *entry = list; entry->what != NULL; entry++) {
    fputs(".TP\n", file);
    write_in(file, 'B', entry->what);
    fputc('\n', file);
    write_text(file, entry->text);
  }
}

static void write_command_line(FILE *file, const char *line)
{
  fputs(".PP\n.RS\n.nf\n", file);
  write_word(file, line, strlen(line), true);
  fputs("\n.fi\n.RE\n", file);
}

/* --- sections --- */

/* Today, or the day that is said, so that a package can be built twice with the same bytes
 * (https://reproducible-builds.org/specs/source-date-epoch/). */
static void write_head(FILE *file, const char *name, const char *purpose)
{
  const char *said = getenv("SOURCE_DATE_EPOCH");
  const time_t seconds = said != NULL ? (time_t)strtoll(said, NULL, 10) : time(NULL);
  struct tm day;
  char date[32] = "1970-01-01";
  if (gmtime_r(&seconds, &day) != NULL) strftime(date, sizeof date, "%Y-%m-%d", &day);
  char capitals[64];
  snprintf(capitals, sizeof capitals, "%s", name);
  for (char *c = capitals; *c != '\0'; c++) *c = (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
  fputs(".\\\" Made by gmmpi --manual.\n.TH ", file);
  write_word(file, capitals, strlen(capitals), false);
  fprintf(file, " 1 \"%s\" \"gmmpi %s\" \"gmmpi manual\"\n.SH NAME\n", date, GMMPI_VERSION);
  write_word(file, name, strlen(name), true);
  fputs(" \\- ", file);
  write_text(file, purpose);
}

static void write_option_line(FILE *file, const option_record *option, const char *name, const char *help)
{
  const bool has_default = option->fallback != NULL && option->kind != OPTION_SWITCH;
  char word[128];
  char text[2048];
  fputs(".TP\n", file);
  if (option->letter != 0) {
    snprintf(word, sizeof word, "-%c", option->letter);
    write_in(file, 'B', word);
    fputs(", ", file);
  }
  snprintf(word, sizeof word, "--%s", name);
  write_in(file, 'B', word);
  if (option->argument != NULL) {
    fputc(' ', file);
    write_in(file, 'I', option->argument);
  }
  fputc('\n', file);
  snprintf(text, sizeof text, "%s%s%s%s", help, has_default ? " (default: " : "", has_default ? option->fallback : "",
           has_default ? ")" : "");
  write_text(file, text);
}

/* A title's first line is the heading, the others are said below. */
static void write_title(FILE *file, const char *title)
{
  const size_t length = strcspn(title, "\n");
  fputs(".SS ", file);
  write_word(file, title, length, false);
  fputc('\n', file);
  if (title[length] != '\0') write_text(file, title + length + 1);
}

static void write_options(FILE *file, const command_usage *usage)
{
  fputs(".SH OPTIONS\n", file);
  for (int g = 0; g < usage->n_groups; g++) {
    const option_group *group = &usage->groups[g];
    if (group->title != NULL) write_title(file, group->title);
    for (int o = 0; o < group->n_options; o++) {
      const option_record *option = &group->options[o];
      if (!option_is_shown(group, option)) continue;
      write_option_line(file, option, option->name, option->help);
      if (option->no_name != NULL) write_option_line(file, option, option->no_name, option->no_help);
    }
  }
  write_title(file, "Help");
  const option_record help = {.name = "help", .letter = 'h'};
  const option_record all = {.name = "help-all"};
  write_option_line(file, &help, help.name, "print what most people need");
  write_option_line(file, &all, all.name, "print all options");
}

static void write_examples(FILE *file, const usage_note *examples)
{
  fputs(".SH EXAMPLES\n", file);
  for (const usage_note *example = examples; example->what != NULL; example++) {
    if (example != examples) fputs(".PP\n", file);
    char text[1024];
    snprintf(text, sizeof text, "%c%s:", example->text[0] >= 'a' ? example->text[0] - 'a' + 'A' : example->text[0],
             example->text + 1);
    write_text(file, text);
    write_command_line(file, example->what);
  }
}

/* Every page but the one of this name (NULL: none is left out). */
static void write_see_also(FILE *file, const char *but, const command_usage *const *all, int n)
{
  fputs(".SH SEE ALSO\n", file);
  if (but != NULL) fprintf(file, ".BR gmmpi (1),\n");
  int n_left = n - (but != NULL ? 1 : 0);
  for (int i = 0; i < n; i++) {
    if (but != NULL && strcmp(all[i]->name, but) == 0) continue;
    fprintf(file, ".BR gmmpi\\-%s (1)%s\n", all[i]->name, --n_left > 0 ? "," : "");
  }
  fputs(".PP\nThe manual by task, in the folder docs of the program's documentation\n"
        "(share/doc/gmmpi where it is installed).\n",
        file);
}

/* --- pages --- */

void manual_write_page(FILE *file, const command_usage *usage, const command_usage *const *all, int n)
{
  char name[64];
  snprintf(name, sizeof name, "gmmpi-%s", usage->name);
  write_head(file, name, usage->purpose);
  fprintf(file, ".SH SYNOPSIS\n.B gmmpi %s\n", usage->name);
  write_text(file, usage->synopsis);
  fputs(".SH DESCRIPTION\n", file);
  write_text(file, usage->about);
  write_options(file, usage);
  write_notes(file, "EXIT STATUS", statuses);
  if (usage->files != NULL) write_notes(file, "FILES", usage->files);
  write_examples(file, usage->examples);
  write_see_also(file, usage->name, all, n);
}

void manual_write_overview(FILE *file, const command_usage *const *all, int n)
{
  static const usage_note files[] = {
      {"DATA", "text, HDF5, NPY, FITS or FCS, recognised by content; a data set of an HDF5 file is FILE.h5:/path"},
      {"MODEL.h5", "HDF5 with /weights, /means and /covariances, in scikit-learn's shapes"},
      {"MODEL.h5.checkpoint, MODEL.h5.checkpoint.prev", "what a fit goes on from; removed when it is done"},
      {NULL, NULL},
  };
  static const usage_note examples[] = {
      {"gmmpi fit points.csv -k 3 -o model.h5", "fit three components"},
      {"gmmpi predict model.h5 points.csv -o labels.csv", "say which of them each row belongs to"},
      {"mpirun -n 4 gmmpi fit points.csv -k 3 -o model.h5", "the same model by four processes"},
      {NULL, NULL},
  };
  write_head(file, "gmmpi", "Gaussian mixture models by expectation-maximisation, on one core or many machines");
  fputs(".SH SYNOPSIS\n.B gmmpi\n", file);
  write_text(file, "COMMAND ...");
  fputs(".PP\n.B gmmpi\n", file);
  write_text(file, "--help | --version | --manual FOLDER");
  fputs(".SH DESCRIPTION\n", file);
  write_text(
      file,
      "gmmpi fits Gaussian mixture models to points, alone or on many processes under mpirun or srun; the model "
      "is the same to the last bit at any number of processes and threads. Each command has a page of its own.\n\n"
      "Results go to standard output, progress and messages to standard error. An error is one line that begins "
      "with \"gmmpi: \" and says what to do; warnings begin with \"gmmpi warning: \".");
  fputs(".SH OPTIONS\n", file);
  const option_record own[] = {
      {.name = "help", .letter = 'h', .help = "list the commands; gmmpi COMMAND --help says what a command takes"},
      {.name = "version", .help = "say which libraries and which instruction set are used"},
      {.name = "manual",
       .argument = "FOLDER",
       .help = "write these pages and the completion for bash and zsh into the folder"},
  };
  for (int o = 0; o < ARRAY_LENGTH(own); o++) write_option_line(file, &own[o], own[o].name, own[o].help);
  fputs(".SH COMMANDS\n", file);
  for (int i = 0; i < n; i++) {
    fprintf(file, ".TP\n.BR gmmpi\\-%s (1)\n", all[i]->name);
    write_text(file, all[i]->purpose);
  }
  write_notes(file, "EXIT STATUS", statuses);
  write_notes(file, "ENVIRONMENT", environment);
  write_notes(file, "FILES", files);
  write_examples(file, examples);
  write_see_also(file, NULL, all, n);
}
