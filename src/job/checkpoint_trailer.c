#include "job/checkpoint_trailer.h"

#include "support/hash.h"

#include <string.h>

static const char magic[8] = {'g', 'm', 'm', 'p', 'i', '\x89', '\r', '\n'};

void checkpoint_seal(unsigned char *bytes, int64_t n_bytes)
{
  const int64_t length = n_bytes - CHECKPOINT_TRAILER;
  uint64_t trailer[4];
  memcpy(&trailer[0], magic, sizeof magic);
  trailer[1] = CHECKPOINT_FORMAT;
  trailer[2] = (uint64_t)length;
  trailer[3] = hash_bytes(trailer[1], bytes, (size_t)length);
  memcpy(bytes + length, trailer, sizeof trailer);
}

const char *checkpoint_fault(const unsigned char *bytes, int64_t n_bytes, int64_t *format)
{
  if (n_bytes <= CHECKPOINT_TRAILER) return "it is too short";
  const int64_t length = n_bytes - CHECKPOINT_TRAILER;
  uint64_t trailer[4];
  memcpy(trailer, bytes + length, sizeof trailer);
  if (memcmp(&trailer[0], magic, sizeof magic) != 0) return "its end is missing";
  if (trailer[2] != (uint64_t)length) return "its length is not what it was";
  if (trailer[3] != hash_bytes(trailer[1], bytes, (size_t)length)) return "its checksum is wrong";
  *format = (int64_t)trailer[1];
  return NULL;
}

bool checkpoint_looks_like_one(const void *head, size_t n_head, const void *tail, size_t n_tail)
{
  if (n_tail >= CHECKPOINT_TRAILER &&
      memcmp((const char *)tail + n_tail - CHECKPOINT_TRAILER, magic, sizeof magic) == 0)
    return true;
  return n_head > 8 && memcmp(head, "\x89HDF\r\n\x1a\n", 8) == 0 &&
         memmem(head, n_head, CHECKPOINT_NAME, sizeof CHECKPOINT_NAME - 1) != NULL;
}
