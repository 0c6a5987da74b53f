/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/seal.h"

#include "support/hash.h"

#include <string.h>

void seal_put(unsigned char *bytes, int64_t n_bytes, const char magic[SEAL_MAGIC], int64_t format)
{
  const int64_t length = n_bytes - SEAL_BYTES;
  uint64_t seal[4];
  memcpy(&seal[0], magic, SEAL_MAGIC);
  seal[1] = (uint64_t)format;
  seal[2] = (uint64_t)length;
  seal[3] = hash_bytes(seal[1], bytes, (size_t)length);
  memcpy(bytes + length, seal, sizeof seal);
}

bool seal_is_there(const void *tail, size_t n_tail, const char magic[SEAL_MAGIC])
{
  return n_tail >= SEAL_BYTES && memcmp((const char *)tail + n_tail - SEAL_BYTES, magic, SEAL_MAGIC) == 0;
}

const char *seal_fault(const unsigned char *bytes, int64_t n_bytes, const char magic[SEAL_MAGIC], int64_t *format)
{
  if (n_bytes <= SEAL_BYTES) return "it is too short";
  const int64_t length = n_bytes - SEAL_BYTES;
  uint64_t seal[4];
  memcpy(seal, bytes + length, sizeof seal);
  if (memcmp(&seal[0], magic, SEAL_MAGIC) != 0) return "its end is missing";
  if (seal[2] != (uint64_t)length) return "its length is not what it was";
  if (seal[3] != hash_bytes(seal[1], bytes, (size_t)length)) return "its checksum is wrong";
  *format = (int64_t)seal[1];
  return NULL;
}
