/* SPDX-License-Identifier: BSD-3-Clause */
/* Gives a fuzzer the files of the folders that it is called with, where there is no libFuzzer. */
#include "fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static int replay_file(const char *path)
{
  struct stat status;
  FILE *file = fopen(path, "rb");
  if (file == NULL || fstat(fileno(file), &status) != 0) return 0;
  const size_t n_bytes = (size_t)status.st_size;
  uint8_t *bytes = malloc(n_bytes + 1);
  const int good = bytes != NULL && fread(bytes, 1, n_bytes, file) == n_bytes;
  fclose(file);
  if (good) {
    printf("%s\n", path);
    fflush(stdout); /* so that the one that crashes is known */
    LLVMFuzzerTestOneInput(bytes, n_bytes);
  }
  free(bytes);
  return good;
}

int main(int argc, char **argv)
{
  int n_files = 0;
  LLVMFuzzerInitialize(&argc, &argv);
  LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
  for (int i = 1; i < argc; i++) {
    DIR *folder = opendir(argv[i]);
    const struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
      char path[4096];
      snprintf(path, sizeof path, "%s/%s", argv[i], entry->d_name);
      if (entry->d_name[0] != '.') n_files += replay_file(path);
    }
    if (folder != NULL) closedir(folder);
  }
  printf("%d files\n", n_files);
  return n_files > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
