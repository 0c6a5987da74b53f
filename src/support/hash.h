/* SPDX-License-Identifier: BSD-3-Clause */
/* A 64-bit hash for fingerprints and checksums: not for secrets, but any single changed bit changes it, since each step
 * is a bijection of the state for a given word and of the word for a given state. */
#ifndef SUPPORT_HASH_H
#define SUPPORT_HASH_H

#include <stddef.h>
#include <stdint.h>

static inline uint64_t hash_word(uint64_t state, uint64_t word)
{
  uint64_t mixed = (state ^ word) * UINT64_C(0x9E3779B97F4A7C15);
  mixed ^= mixed >> 32;
  return mixed * UINT64_C(0xD6E8FEB86659FD93);
}

/* One step of a hash for long rows of words that costs less, to be finished with hash_word: a bijection too.
 * state = product ^ (product >> LIGHT_SHIFT), product = (state ^ word) * LIGHT_MULTIPLIER. */
#define LIGHT_MULTIPLIER UINT64_C(0x9E3779B97F4A7C15)
enum { LIGHT_SHIFT = 32 };

/* The hash of n_bytes of memory, continuing from state (0 to begin). */
uint64_t hash_bytes(uint64_t state, const void *memory, size_t n_bytes);

/* The same in pieces: the state after n_words words of 8 bytes; and then the hash from that, of n_bytes in all, of
 * which what fills no word, n_bytes mod 8, is at rest. */
uint64_t hash_words(uint64_t state, const void *memory, size_t n_words);
uint64_t hash_end(uint64_t state, const void *rest, size_t n_bytes);

#endif
