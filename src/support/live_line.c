/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/live_line.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define ERASE "\r\033[K"

static atomic_bool is_shown;

bool live_line_is_possible(void)
{
  const char *terminal = getenv("TERM");
  return isatty(STDERR_FILENO) == 1 && terminal != NULL && terminal[0] != '\0' && strcmp(terminal, "dumb") != 0;
}

int live_line_columns(void)
{
  enum { USUAL = 80, MOST = 10000 };
  struct winsize size;
  const char *text = getenv("COLUMNS");
  const long told = text != NULL ? strtol(text, NULL, 10) : 0;
  const long seen = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
  long columns = told > 0 && told < MOST ? told : MOST;
  if (seen > 0 && seen < columns) columns = seen;
  return columns < MOST ? (int)columns : USUAL;
}

bool live_line_is_unicode(void)
{
  static const char *const variables[] = {"LC_ALL", "LC_CTYPE", "LANG"};
  for (int i = 0; i < 3; i++) {
    const char *locale = getenv(variables[i]);
    if (locale == NULL || locale[0] == '\0') continue;
    const char *coding = strchr(locale, '.');
    return coding != NULL && (strncasecmp(coding, ".UTF-8", 6) == 0 || strncasecmp(coding, ".UTF8", 5) == 0);
  }
  return false;
}

/* In one piece, so that nothing comes between; nothing that is not allowed in a handler. */
static void put(const char *text, size_t length)
{
  while (length > 0) {
    const ssize_t written = write(STDERR_FILENO, text, length);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text += written;
    length -= (size_t)written;
  }
}

const char *live_line_eraser(void)
{
  return atomic_load(&is_shown) ? ERASE : "";
}

void live_line_clear(void)
{
  if (atomic_exchange(&is_shown, false)) put(ERASE, sizeof ERASE - 1);
}

/* --- signals that end the program --- */

static void end_handler(int number)
{
  live_line_clear();
  signal(number, SIG_DFL);
  raise(number);
}

/* Only those that nobody else hears. */
static void hear_of_end(void)
{
  static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    struct sigaction action;
    if (sigaction(numbers[i], NULL, &action) != 0 || (action.sa_flags & SA_SIGINFO) != 0 ||
        action.sa_handler != SIG_DFL)
      continue;
    memset(&action, 0, sizeof action);
    action.sa_handler = end_handler;
    sigemptyset(&action.sa_mask);
    sigaction(numbers[i], &action, NULL);
  }
}

void live_line_show(const char *text)
{
  static bool hears;
  char whole[2048];
  if (!hears) hear_of_end();
  hears = true;
  const int length = snprintf(whole, sizeof whole, "\r%s\033[K\r", text);
  if (length < 0 || length >= (int)sizeof whole) return;
  atomic_store(&is_shown, true);
  put(whole, (size_t)length);
}
