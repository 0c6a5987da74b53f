/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/hdf5/drivers.h"

#include "support/error.h"
#include "support/file.h"
#include "support/hdf5_file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { PATH_BYTES = 4096, HEAD_BYTES = 4096 };

/* --- the mark --- */

static const char mark[] = "\x89HDF\r\n\x1a\n";
enum { MARK_BYTES = sizeof mark - 1 };

/* The largest user block that is looked behind. */
static const int64_t largest_block = (int64_t)1 << 30;

static bool ends_with(const char *path, const char *suffix)
{
  const size_t length = strlen(path);
  const size_t wanted = strlen(suffix);
  return length >= wanted && strcasecmp(path + length - wanted, suffix) == 0;
}

static bool has_usual_name(const char *path)
{
  static const char *const suffixes[] = {".h5",  ".hdf5", ".he5", ".hdf", ".nc",
                                         ".nc4", ".mat",  ".cxi", ".nxs", ".jld2"};
  for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
    if (ends_with(path, suffixes[i])) return true;
  }
  return false;
}

/* Reads up to n_bytes at offset; how many there were. */
static size_t read_some(const char *path, int64_t offset, unsigned char *bytes, size_t n_bytes)
{
  const int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  const ssize_t n = descriptor >= 0 ? pread(descriptor, bytes, n_bytes, offset) : -1;
  if (descriptor >= 0) close(descriptor);
  return n > 0 ? (size_t)n : 0;
}

/* Where the mark is, behind a user block of 512, 1024, 2048 ... bytes; negative: nowhere. */
static int64_t find_mark(const char *path)
{
  unsigned char bytes[MARK_BYTES];
  for (int64_t begin = 0; begin <= largest_block; begin = begin == 0 ? 512 : 2 * begin) {
    if (read_some(path, begin, bytes, MARK_BYTES) < MARK_BYTES) return -1;
    if (memcmp(bytes, mark, MARK_BYTES) == 0) return begin;
  }
  return -1;
}

/* --- names of families and pairs --- */

/* The two ends of the names of a pair, and those that the library knows for a family. */
static const char *const pair_ends[][2] = {{"-m.h5", "-r.h5"}, {".meta", ".raw"}};
enum { N_PAIRS = sizeof pair_ends / sizeof *pair_ends };

typedef enum form { NO_MEMBERS, FAMILY, PAIR } form;

typedef struct members {
  form form;
  bool is_first;          /* is the file named the one that stands for all, or are they named together? */
  char name[PATH_BYTES];  /* what the library opens: with "%d" and "%%", or without the end */
  char first[PATH_BYTES]; /* the first file */
  int pair;
} members;

static bool exists(const char *path)
{
  return access(path, F_OK) == 0;
}

/* Adds n bytes of a path, as a format that gives it. False when there is no room. */
static bool add_escaped(char name[PATH_BYTES], const char *text, size_t n)
{
  size_t used = strlen(name);
  for (size_t i = 0; i < n; i++) {
    if (used + 3 > PATH_BYTES) return false;
    if (text[i] == '%') name[used++] = '%';
    name[used++] = text[i];
  }
  name[used] = '\0';
  return true;
}

/* The name of a member: name has one place for a number, and nothing else that is one. */
static void member_name(const members *all, int number, char path[PATH_BYTES])
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  snprintf(path, PATH_BYTES, all->name, number);
#pragma GCC diagnostic pop
}

/* A family whose number is `length` bytes of the path: n_digits of them, or fewer zeros in front; 0: as many as it has.
 */
static bool set_family(members *all, const char *path, const char *number, size_t length, int n_digits)
{
  size_t used;
  char place[20];
  snprintf(place, sizeof place, n_digits > 1 ? "%%0%dd" : "%%d", n_digits);
  all->name[0] = '\0';
  if (!add_escaped(all->name, path, (size_t)(number - path)) || (used = strlen(all->name)) + sizeof place > PATH_BYTES)
    return false;
  snprintf(all->name + used, PATH_BYTES - used, "%s", place);
  if (!add_escaped(all->name, number + length, strlen(number + length))) return false;
  member_name(all, 0, all->first);
  all->form = FAMILY;
  return exists(all->first);
}

/* "part%d.h5" or "part%03d.h5". */
static bool is_template(members *all, const char *path)
{
  const char *slash = strrchr(path, '/');
  const char *sign = strchr(slash != NULL ? slash : path, '%');
  if (sign == NULL) return false;
  const char *end = sign + 1;
  int n_digits = 0;
  if (*end == '0' && isdigit((unsigned char)end[1])) n_digits = end[1] - '0';
  if (n_digits > 0) end += 2;
  all->is_first = true;
  return *end == 'd' && set_family(all, path, sign, (size_t)(end - sign) + 1, n_digits);
}

/* "part0.h5", or "part001.h5", which is a further one: the last number of the name, before its suffix. */
static bool is_numbered(members *all, const char *path)
{
  const char *slash = strrchr(path, '/');
  const char *begin = slash != NULL ? slash + 1 : path;
  const char *dot = strrchr(begin, '.');
  const char *end = dot != NULL && dot > begin ? dot : begin + strlen(begin);
  while (end > begin && !isdigit((unsigned char)end[-1])) end--;
  const char *number = end;
  while (number > begin && isdigit((unsigned char)number[-1])) number--;
  const int n_digits = (int)(end - number);
  if (n_digits == 0 || n_digits > 9) return false;
  const bool has_zeros = n_digits > 1 && *number == '0';
  all->is_first = strspn(number, "0") >= (size_t)n_digits;
  return set_family(all, path, number, (size_t)n_digits, has_zeros ? n_digits : 0) ||
         (n_digits > 1 && set_family(all, path, number, (size_t)n_digits, n_digits));
}

static bool is_pair_of(members *all, const char *path, size_t length, int pair)
{
  char second[PATH_BYTES];
  if (length + 10 > PATH_BYTES) return false;
  snprintf(all->name, PATH_BYTES, "%.*s", (int)length, path);
  snprintf(all->first, PATH_BYTES, "%.*s%s", (int)length, path, pair_ends[pair][0]);
  snprintf(second, PATH_BYTES, "%.*s%s", (int)length, path, pair_ends[pair][1]);
  all->form = PAIR;
  all->pair = pair;
  return exists(all->first) && exists(second);
}

static bool is_pair(members *all, const char *path)
{
  const size_t length = strlen(path);
  for (int p = 0; p < N_PAIRS; p++) {
    for (int i = 0; i < 2; i++) {
      all->is_first = i == 0;
      if (ends_with(path, pair_ends[p][i]) && is_pair_of(all, path, length - strlen(pair_ends[p][i]), p)) return true;
    }
    all->is_first = true;
    if (is_pair_of(all, path, length, p)) return true;
  }
  return false;
}

/* Does the path name some? */
static bool find_members(const char *path, members *all)
{
  *all = (members){.form = NO_MEMBERS};
  const bool found =
      is_pair(all, path) || (!exists(path) && is_template(all, path)) || (exists(path) && is_numbered(all, path));
  if (found && find_mark(all->first) >= 0) return true;
  all->form = NO_MEMBERS;
  return false;
}

bool hdf5_is_marked(const char *path, const unsigned char *head, size_t n_bytes)
{
  for (size_t begin = 0; begin + MARK_BYTES <= n_bytes; begin = begin == 0 ? 512 : 2 * begin) {
    if (memcmp(head + begin, mark, MARK_BYTES) == 0) return true;
  }
  members all;
  const bool may_be = has_usual_name(path) || memchr(head, '\0', n_bytes) != NULL;
  return may_be && (find_mark(path) >= 0 || (find_members(path, &all) && !all.is_first));
}

bool hdf5_means_members(const char *data, size_t *length)
{
  members all;
  const char *colon = strstr(data, ":/");
  *length = colon != NULL ? (size_t)(colon - data) : strlen(data);
  char *path = strndup(data, *length);
  const bool found = path != NULL && find_members(path, &all);
  free(path);
  return found;
}

/* --- opening them --- */

static hid_t open_with(const members *all, hid_t access, hid_t plain)
{
  const bool is_set = H5Pset_fapl_sec2(plain) >= 0 && H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) >= 0 &&
                      (all->form == FAMILY ? H5Pset_fapl_family(access, H5F_FAMILY_DEFAULT, plain) >= 0
                                           : H5Pset_fapl_split(access, pair_ends[all->pair][0], plain,
                                                               pair_ends[all->pair][1], plain) >= 0);
  return is_set ? H5Fopen(all->name, H5F_ACC_RDONLY, access) : H5I_INVALID_HID;
}

hid_t hdf5_open_members(const char *path, char *what, size_t n_bytes)
{
  members all;
  if (!find_members(path, &all) || !all.is_first) return H5I_INVALID_HID;
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  const hid_t plain = H5Pcreate(H5P_FILE_ACCESS);
  const hid_t file = access >= 0 && plain >= 0 ? open_with(&all, access, plain) : H5I_INVALID_HID;
  if (plain >= 0) H5Pclose(plain);
  if (access >= 0) H5Pclose(access);
  if (all.form == FAMILY)
    snprintf(what, n_bytes, "it is a family of HDF5 files, %.200s and those that follow", all.first);
  else
    snprintf(what, n_bytes, "it is a pair of HDF5 files, for metadata and numbers (%s and %s)", pair_ends[all.pair][0],
             pair_ends[all.pair][1]);
  return file;
}

bool hdf5_is_member(const char *path, const char *other)
{
  members all;
  bool found = false;
  if (!find_members(path, &all)) return false;
  if (all.form == PAIR) {
    char second[PATH_BYTES + 10];
    snprintf(second, sizeof second, "%s%s", all.name, pair_ends[all.pair][1]);
    return file_is_same(all.first, other) || file_is_same(second, other);
  }
  char member[PATH_BYTES];
  for (int i = 0; !found && i < INT32_MAX; i++) {
    member_name(&all, i, member);
    if (!exists(member)) break;
    found = file_is_same(member, other);
  }
  return found;
}

bool hdf5_is_plain(hid_t object)
{
  const hid_t file = H5Iget_file_id(object);
  const hid_t access = file >= 0 ? H5Fget_access_plist(file) : H5I_INVALID_HID;
  const bool is_plain = access >= 0 && H5Pget_driver(access) == H5FD_SEC2;
  if (access >= 0) H5Pclose(access);
  if (file >= 0) H5Fclose(file); /* the object keeps it open */
  return is_plain;
}

/* --- what cannot be opened --- */

/* Did a program that opened the file for writing not close it? The flags are in superblocks of versions 2 and 3. */
static bool is_not_closed(const char *path)
{
  enum { VERSION = 8, FLAGS = 11, N_BYTES = 12, FOR_WRITING = 1 };
  unsigned char bytes[N_BYTES];
  const int64_t begin = find_mark(path);
  return begin >= 0 && read_some(path, begin, bytes, N_BYTES) == N_BYTES && bytes[VERSION] >= 2 &&
         (bytes[FLAGS] & FOR_WRITING) != 0;
}

/* Has the file's beginning this name of a driver? */
static bool names_driver(const char *path, const char *name)
{
  unsigned char bytes[HEAD_BYTES];
  const int64_t begin = find_mark(path);
  const size_t n = begin >= 0 ? read_some(path, begin, bytes, sizeof bytes) : 0;
  return memmem(bytes, n, name, strlen(name)) != NULL;
}

static bool has_subfiles(const char *path)
{
  char pattern[PATH_BYTES];
  glob_t found = {0};
  if (strpbrk(path, "*?[\\") != NULL) return false;
  if (snprintf(pattern, sizeof pattern, "%s.subfile_*", path) >= (int)sizeof pattern) return false;
  const bool is_found = glob(pattern, GLOB_NOSORT, NULL, &found) == 0;
  globfree(&found);
  return is_found;
}

gmmpi_status hdf5_explain_failure(const char *path, gmmpi_error *error)
{
  members all;
  const int reason = errno;
  if (reason == ENOENT || reason == EACCES || reason == EPERM)
    return fail(error, GMMPI_NO_INPUT, "%s: cannot be read (%s); check that every node can read it", path,
                strerror(reason));
  if (hdf5_disk_failed()) return hdf5_broken(path, error);
  if (find_mark(path) < 0 && find_members(path, &all) && !all.is_first)
    return fail(error, GMMPI_BAD_DATA,
                "%s: is one of several files that are one HDF5 file; give %.500s, which stands for all", path,
                all.first);
  if (is_not_closed(path))
    return fail(error, GMMPI_BAD_DATA,
                "%s: was not closed by the program that wrote it; wait until it has ended, or, if it was killed, run "
                "h5clear -s on the file",
                path);
  if (has_subfiles(path))
    return fail(error, GMMPI_BAD_DATA, "%s: was written in subfiles (%s.subfile_...); join them with h5fuse", path,
                path);
  if (names_driver(path, "NCSAfami"))
    return fail(error, GMMPI_BAD_DATA,
                "%s: is the first of a family of files, and not all of them are here as they were; put them beside it "
                "by their names, or join all of them with h5repart "
                "-family_to_single",
                path);
  if (names_driver(path, "NCSAmult"))
    return fail(error, GMMPI_BAD_DATA,
                "%s: is one of the files of HDF5's split or multi driver; put the others beside it by their names, or "
                "write it anew as one file",
                path);
  errno = 0;
  return hdf5_broken(path, error);
}
