/* SPDX-License-Identifier: BSD-3-Clause */
/* The names of drafts, and which of them are swept away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/folder.h"

#include "support/draft.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char output[100];

static void make_file(const char *path)
{
  const int descriptor = open(path, O_WRONLY | O_CREAT, 0666);
  assert_true(descriptor >= 0);
  close(descriptor);
}

static bool exists(const char *path)
{
  return access(path, F_OK) == 0;
}

/* A child that makes its draft of the output and waits; its name is left in draft. */
static pid_t start_writer(char draft[200])
{
  int ends[2];
  assert_int_equal(pipe(ends), 0);
  const pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    char *name = draft_name(output);
    const size_t length = strlen(name) + 1;
    if (write(ends[1], name, length) != (ssize_t)length) _exit(1);
    for (;;) pause();
  }
  const ssize_t length = read(ends[0], draft, 200);
  assert_true(length > 0 && draft[length - 1] == '\0');
  close(ends[0]);
  close(ends[1]);
  make_file(draft);
  return child;
}

static void every_job_has_its_own(void **unused)
{
  (void)unused;
  char others[200];
  char *own = draft_name(output);
  char *again = draft_name(output);
  const pid_t child = start_writer(others);
  assert_string_equal(own, again);
  assert_string_not_equal(own, others);
  assert_int_equal(strncmp(own, folder, strlen(folder)), 0);
  assert_string_equal(own + strlen(own) - strlen("model.h5.partial"), "model.h5.partial");
  char *here = draft_name("model.h5");
  assert_null(strchr(here, '/'));
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  unlink(others);
  free(own);
  free(again);
  free(here);
}

static void only_those_of_dead_jobs_go(void **unused)
{
  (void)unused;
  char of_living[200];
  char of_zombie[200];
  char of_dead[200];
  const pid_t living = start_writer(of_living);
  const pid_t zombie = start_writer(of_zombie);
  const pid_t dead = start_writer(of_dead);
  char *own = draft_name(output);
  make_file(own);
  make_file(output);
  kill(dead, SIGKILL);
  waitpid(dead, NULL, 0);
  kill(zombie, SIGKILL);
  siginfo_t info;
  assert_int_equal(waitid(P_PID, (id_t)zombie, &info, WEXITED | WNOWAIT), 0);
  draft_sweep(output);
  assert_true(exists(of_living) && exists(own) && exists(output));
  assert_false(exists(of_dead) || exists(of_zombie));
  kill(living, SIGKILL);
  waitpid(living, NULL, 0);
  waitpid(zombie, NULL, 0);
  draft_sweep(output);
  assert_false(exists(of_living));
  assert_true(exists(own));
  unlink(own);
  unlink(output);
  free(own);
}

/* A draft that another machine writes, last touched so many hours ago. */
static void make_foreign(const char *name, int hours, char path[200])
{
  snprintf(path, 200, "%s/%s", folder, name);
  make_file(path);
  const struct timespec then[2] = {{time(NULL) - hours * 3600, 0}, {time(NULL) - hours * 3600, 0}};
  assert_int_equal(utimensat(AT_FDCWD, path, then, 0), 0);
}

static void other_machines_and_other_files(void **unused)
{
  (void)unused;
  static const struct {
    const char *name;
    int hours;
    bool stays;
  } files[] = {
      {"00000000-5-6.model.h5.partial", 1, true},
      {"00000000-5-7.model.h5.partial", 30, false},
      {"00000000-5-7.model.h5.part", 30, true},
      {"00000000-5-7.model.h.partial", 30, true},
      {"00000000-5-7.a.model.h5.partial", 30, true},
      {"00000000-5-.model.h5.partial", 30, true},
      {"model.h5.partial", 30, true},
      {"my model.h5.partial", 30, true},
  };
  char path[200];
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) make_foreign(files[i].name, files[i].hours, path);
  draft_sweep(output);
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
    snprintf(path, sizeof path, "%s/%s", folder, files[i].name);
    if (exists(path) != files[i].stays) fail_msg("%s", files[i].name);
    unlink(path);
  }
}

static int name_file(void **unused)
{
  if (make_folder(unused) != 0) return -1;
  snprintf(output, sizeof output, "%s/model.h5", folder);
  return 0;
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_job_has_its_own),
      cmocka_unit_test(only_those_of_dead_jobs_go),
      cmocka_unit_test(other_machines_and_other_files),
  };
  return cmocka_run_group_tests(tests, name_file, remove_folder);
}
