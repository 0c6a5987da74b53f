/* SPDX-License-Identifier: BSD-3-Clause */
/* The bytes of a compressed file, one piece after the other. */
#include "sources/unpack.h"
#include "support/error.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#ifdef GMMPI_HAS_ZSTD
#include <zstd.h>
#include <zstd_errors.h>
#endif

enum { INPUT_BYTES = 1 << 18 };

struct unpacker {
  const char *input; /* borrowed */
  packing how;
  int descriptor;
  unsigned char *packed; /* INPUT_BYTES, of which those from next on are not used yet */
  size_t n_packed, next;
  bool is_at_end;  /* of the file: nothing more can be read */
  bool is_between; /* whole members or frames, of which a file may have several */
  z_stream gzip;
  bool has_gzip;
#ifdef GMMPI_HAS_ZSTD
  ZSTD_DStream *zstd;
#endif
};

packing unpack_recognise(const unsigned char *head, size_t n_bytes)
{
  if (n_bytes >= 3 && memcmp(head, "\x1f\x8b\x08", 3) == 0) return PACKED_BY_GZIP;
#ifdef GMMPI_HAS_ZSTD
  /* A frame, or one that is skipped, which parallel packers write in front. */
  if (n_bytes >= 4 && (memcmp(head, "\x28\xb5\x2f\xfd", 4) == 0 ||
                       ((head[0] & 0xf0) == 0x50 && memcmp(head + 1, "\x2a\x4d\x18", 3) == 0)))
    return PACKED_BY_ZSTD;
#endif
  return NOT_PACKED;
}

void unpack_libraries(char *text, size_t n_bytes)
{
#ifdef GMMPI_HAS_ZSTD
  snprintf(text, n_bytes, "zlib %s, zstd %s", zlibVersion(), ZSTD_versionString());
#else
  snprintf(text, n_bytes, "zlib %s; no zstd", zlibVersion());
#endif
}

/* --- what may be wrong --- */

static gmmpi_status out_of_memory(const unpacker *self, gmmpi_error *error)
{
  return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to unpack it", self->input);
}

static gmmpi_status ends_early(const unpacker *self, gmmpi_error *error)
{
  return fail(error, GMMPI_BAD_DATA, "%s: the compressed file ends before its content does; copy it anew", self->input);
}

static gmmpi_status is_damaged(const unpacker *self, const char *reason, gmmpi_error *error)
{
  return fail(error, GMMPI_BAD_DATA, "%s: the compressed file is damaged (%s); copy it anew", self->input, reason);
}

static gmmpi_status has_more(const unpacker *self, gmmpi_error *error)
{
  return fail(error, GMMPI_BAD_DATA,
              "%s: has something behind the end of what is compressed; unpack it by hand and look at it", self->input);
}

/* --- the file --- */

gmmpi_status unpacker_open(const char *input, const char *file, packing how, unpacker **made, gmmpi_error *error)
{
  unpacker *self = calloc(1, sizeof *self);
  *made = self;
  if (self == NULL) return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to unpack it", input);
  self->input = input;
  self->how = how;
  self->is_between = true;
  self->descriptor = open(file, O_RDONLY | O_CLOEXEC);
  if (self->descriptor < 0)
    return fail(error, GMMPI_NO_INPUT, "%s: cannot be read (%s); check that every node can read it", input,
                strerror(errno));
  posix_fadvise(self->descriptor, 0, 0, POSIX_FADV_SEQUENTIAL);
  self->packed = malloc(INPUT_BYTES);
  if (self->packed == NULL) return out_of_memory(self, error);
  if (how == PACKED_BY_GZIP) {
    enum { GZIP_ONLY = 16 };
    self->has_gzip = inflateInit2(&self->gzip, MAX_WBITS + GZIP_ONLY) == Z_OK;
    return self->has_gzip ? GMMPI_OK : out_of_memory(self, error);
  }
#ifdef GMMPI_HAS_ZSTD
  self->zstd = ZSTD_createDStream();
  if (self->zstd != NULL) return GMMPI_OK;
#endif
  return out_of_memory(self, error);
}

void unpacker_close(unpacker *self)
{
  if (self == NULL) return;
  if (self->has_gzip) inflateEnd(&self->gzip);
#ifdef GMMPI_HAS_ZSTD
  ZSTD_freeDStream(self->zstd);
#endif
  if (self->descriptor >= 0) close(self->descriptor);
  free(self->packed);
  free(self);
}

/* More of the file, when all that was read is used. */
static gmmpi_status read_on(unpacker *self, gmmpi_error *error)
{
  if (self->next < self->n_packed || self->is_at_end) return GMMPI_OK;
  ssize_t n;
  do {
    n = read(self->descriptor, self->packed, INPUT_BYTES);
  } while (n < 0 && errno == EINTR);
  if (n < 0)
    return fail(error, GMMPI_INPUT_FAILED, "%s: reading failed (%s); check the disk and start again", self->input,
                strerror(errno));
  self->n_packed = (size_t)n;
  self->next = 0;
  self->is_at_end = n == 0;
  return GMMPI_OK;
}

/* --- gzip --- */

/* Behind a member: another one, zeros that fill up a tape's block, or the end. */
static gmmpi_status begin_member(unpacker *self, gmmpi_error *error)
{
  if (self->packed[self->next] == 0x1f) {
    inflateReset(&self->gzip);
    self->is_between = false;
    return GMMPI_OK;
  }
  while (!self->is_at_end) {
    for (; self->next < self->n_packed; self->next++) {
      if (self->packed[self->next] != 0) return has_more(self, error);
    }
    if (read_on(self, error) != GMMPI_OK) return error->status;
  }
  return GMMPI_OK;
}

static gmmpi_status step_gzip(unpacker *self, unsigned char *bytes, size_t n_room, size_t *n_bytes, gmmpi_error *error)
{
  z_stream *stream = &self->gzip;
  stream->next_in = self->packed + self->next;
  stream->avail_in = (uInt)(self->n_packed - self->next);
  stream->next_out = bytes;
  stream->avail_out = n_room < UINT_MAX ? (uInt)n_room : UINT_MAX;
  const int outcome = inflate(stream, Z_NO_FLUSH);
  self->next = self->n_packed - stream->avail_in;
  *n_bytes = (size_t)(stream->next_out - bytes);
  self->is_between = outcome == Z_STREAM_END;
  if (outcome == Z_OK || outcome == Z_STREAM_END) return GMMPI_OK;
  if (outcome == Z_MEM_ERROR) return out_of_memory(self, error);
  if (outcome == Z_BUF_ERROR) return self->is_at_end ? ends_early(self, error) : GMMPI_OK;
  return is_damaged(self, stream->msg != NULL ? stream->msg : "no gzip", error);
}

/* --- zstd --- */

#ifdef GMMPI_HAS_ZSTD
static gmmpi_status step_zstd(unpacker *self, unsigned char *bytes, size_t n_room, size_t *n_bytes, gmmpi_error *error)
{
  ZSTD_inBuffer from = {self->packed, self->n_packed, self->next};
  ZSTD_outBuffer to = {bytes, n_room, 0};
  const bool was_between = self->is_between;
  const size_t left = ZSTD_decompressStream(self->zstd, &to, &from);
  const bool has_moved = to.pos > 0 || from.pos > self->next;
  self->next = from.pos;
  *n_bytes = to.pos;
  self->is_between = left == 0;
  if (!ZSTD_isError(left)) return self->is_at_end && left > 0 && !has_moved ? ends_early(self, error) : GMMPI_OK;
  switch (ZSTD_getErrorCode(left)) {
  case ZSTD_error_memory_allocation:
    return out_of_memory(self, error);
  case ZSTD_error_frameParameter_windowTooLarge:
    return fail(error, GMMPI_BAD_DATA, "%s: was compressed with a very long window; unpack it with zstd -d --long=31",
                self->input);
  case ZSTD_error_prefix_unknown:
    return was_between ? has_more(self, error) : is_damaged(self, ZSTD_getErrorName(left), error);
  default:
    return is_damaged(self, ZSTD_getErrorName(left), error);
  }
}
#endif

static gmmpi_status step(unpacker *self, unsigned char *bytes, size_t n_room, size_t *n_bytes, gmmpi_error *error)
{
#ifdef GMMPI_HAS_ZSTD
  if (self->how == PACKED_BY_ZSTD) return step_zstd(self, bytes, n_room, n_bytes, error);
#endif
  return step_gzip(self, bytes, n_room, n_bytes, error);
}

gmmpi_status unpacker_read(unpacker *self, unsigned char *bytes, size_t n_room, size_t *n_bytes, gmmpi_error *error)
{
  *n_bytes = 0;
  while (*n_bytes < n_room) {
    size_t n = 0;
    if (read_on(self, error) != GMMPI_OK) return error->status;
    if (self->is_between && self->is_at_end) return GMMPI_OK;
    if (self->is_between && self->how == PACKED_BY_GZIP) {
      if (begin_member(self, error) != GMMPI_OK) return error->status;
      if (self->is_between) continue;
    }
    if (step(self, bytes + *n_bytes, n_room - *n_bytes, &n, error) != GMMPI_OK) return error->status;
    *n_bytes += n;
  }
  return GMMPI_OK;
}
