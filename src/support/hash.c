/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/hash.h"

#include <string.h>

uint64_t hash_bytes(uint64_t state, const void *memory, size_t n_bytes)
{
  const unsigned char *bytes = memory;
  size_t done = 0;
  for (; done + 8 <= n_bytes; done += 8) {
    uint64_t word;
    memcpy(&word, bytes + done, 8);
    state = hash_word(state, word);
  }
  uint64_t rest = 0;
  if (done < n_bytes) memcpy(&rest, bytes + done, n_bytes - done);
  return hash_word(hash_word(state, rest), (uint64_t)n_bytes);
}
