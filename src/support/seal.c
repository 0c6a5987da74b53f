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

const char *seal_check_begin(seal_check *check, const unsigned char tail[SEAL_BYTES], int64_t n_bytes,
                             const char magic[SEAL_MAGIC], int64_t *format)
{
  uint64_t seal[4];
  if (n_bytes <= SEAL_BYTES) return "it is too short";
  memcpy(seal, tail, sizeof seal);
  if (memcmp(&seal[0], magic, SEAL_MAGIC) != 0) return "its end is missing";
  if (seal[2] != (uint64_t)(n_bytes - SEAL_BYTES)) return "its length is not what it was";
  *check = (seal_check){.length = n_bytes - SEAL_BYTES, .state = seal[1], .hash = seal[3]};
  *format = (int64_t)seal[1];
  return NULL;
}

void seal_check_add(seal_check *check, const unsigned char *piece, int64_t n_bytes, bool is_last)
{
  const size_t n_words = (size_t)n_bytes / 8;
  check->state = hash_words(check->state, piece, n_words);
  if (is_last) check->state = hash_end(check->state, piece + 8 * n_words, (size_t)check->length);
}

const char *seal_check_end(const seal_check *check)
{
  return check->state == check->hash ? NULL : "its checksum is wrong";
}

const char *seal_fault(const unsigned char *bytes, int64_t n_bytes, const char magic[SEAL_MAGIC], int64_t *format)
{
  seal_check check;
  if (n_bytes <= SEAL_BYTES) return "it is too short";
  const char *fault = seal_check_begin(&check, bytes + n_bytes - SEAL_BYTES, n_bytes, magic, format);
  if (fault != NULL) return fault;
  seal_check_add(&check, bytes, check.length, true);
  return seal_check_end(&check);
}
