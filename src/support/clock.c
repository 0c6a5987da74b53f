/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/clock.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double read_clock(clockid_t which)
{
  struct timespec time;
  clock_gettime(which, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

double clock_now(void)
{
  return read_clock(CLOCK_MONOTONIC);
}

const char *clock_text(double seconds, char text[CLOCK_TEXT_BYTES])
{
  const double shortest = 100.0;
  const double longest = 1e12;
  if (fabs(seconds) < shortest) {
    snprintf(text, CLOCK_TEXT_BYTES, "%.1f s", seconds);
    return text;
  }
  const long long whole = (long long)fmin(fabs(seconds), longest);
  int length = snprintf(text, CLOCK_TEXT_BYTES, "%s", seconds < 0.0 ? "-" : "");
  if (whole >= 86400) length += snprintf(text + length, CLOCK_TEXT_BYTES - (size_t)length, "%lld-", whole / 86400);
  snprintf(text + length, CLOCK_TEXT_BYTES - (size_t)length,
           whole >= 86400 ? "%02lld:%02lld:%02lld" : "%lld:%02lld:%02lld", whole / 3600 % 24, whole / 60 % 60,
           whole % 60);
  return text;
}

/* The 22nd word of /proc/PID/stat; the second one may contain blanks, the third one is Z or X when it is dead. */
unsigned long long clock_process_start(int pid)
{
  enum { WORDS_BETWEEN = 19 };
  char path[40];
  char text[1024];
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  FILE *file = fopen(path, "re");
  if (file == NULL) return 0;
  const size_t length = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[length] = '\0';
  const char *word = strrchr(text, ')');
  if (word == NULL || strncmp(word, ") Z", 3) == 0 || strncmp(word, ") X", 3) == 0) return 0;
  for (int i = 0; word != NULL && i <= WORDS_BETWEEN; i++) {
    word = strchr(word, ' ');
    if (word != NULL) word++;
  }
  unsigned long long ticks;
  return word != NULL && sscanf(word, "%llu", &ticks) == 1 ? ticks : 0;
}

double clock_process_age(void)
{
  const unsigned long long start = clock_process_start(getpid());
  const double age = read_clock(CLOCK_BOOTTIME) - (double)start / (double)sysconf(_SC_CLK_TCK);
  return start > 0 && age > 0.0 ? age : 0.0;
}
