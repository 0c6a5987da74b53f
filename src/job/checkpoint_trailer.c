/* SPDX-License-Identifier: BSD-3-Clause */
#include "job/checkpoint_trailer.h"

#include <string.h>

static const char magic[SEAL_MAGIC] = {'g', 'm', 'm', 'p', 'i', '\x89', '\r', '\n'};

void checkpoint_seal(unsigned char *bytes, int64_t n_bytes)
{
  seal_put(bytes, n_bytes, magic, CHECKPOINT_FORMAT);
}

const char *checkpoint_fault(const unsigned char *bytes, int64_t n_bytes, int64_t *format)
{
  return seal_fault(bytes, n_bytes, magic, format);
}

bool checkpoint_looks_like_one(const void *head, size_t n_head, const void *tail, size_t n_tail)
{
  return seal_is_there(tail, n_tail, magic) ||
         (n_head > 8 && memcmp(head, "\x89HDF\r\n\x1a\n", 8) == 0 &&
          memmem(head, n_head, CHECKPOINT_NAME, sizeof CHECKPOINT_NAME - 1) != NULL);
}
