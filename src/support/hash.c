/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/hash.h"

#include <string.h>

uint64_t hash_words(uint64_t state, const void *memory, size_t n_words)
{
  const unsigned char *bytes = memory;
  for (size_t i = 0; i < n_words; i++) {
    uint64_t word;
    memcpy(&word, bytes + 8 * i, 8);
    state = hash_word(state, word);
  }
  return state;
}

uint64_t hash_end(uint64_t state, const void *rest, size_t n_bytes)
{
  uint64_t last = 0;
  if (n_bytes % 8 > 0) memcpy(&last, rest, n_bytes % 8);
  return hash_word(hash_word(state, last), (uint64_t)n_bytes);
}

uint64_t hash_bytes(uint64_t state, const void *memory, size_t n_bytes)
{
  const size_t n_words = n_bytes / 8;
  return hash_end(hash_words(state, memory, n_words), (const unsigned char *)memory + 8 * n_words, n_bytes);
}
