/* SPDX-License-Identifier: BSD-3-Clause */
/* The last 32 bytes of a file that say whether it is whole: four words of magic, format number, length of what is
 * before them, and the hash of that and the format number. A changed bit anywhere, a missing end and additional bytes
 * are all recognised, before a library that might stumble over them sees the file. HDF5 passes over what is behind the
 * end of its content, and removes it when it changes a file. */
#ifndef SUPPORT_SEAL_H
#define SUPPORT_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SEAL_BYTES = 32, SEAL_MAGIC = 8 };

/* Sets the last SEAL_BYTES of n_bytes bytes. */
void seal_put(unsigned char *bytes, int64_t n_bytes, const char magic[SEAL_MAGIC], int64_t format);

/* Does a file with these last bytes have a seal of this magic? */
bool seal_is_there(const void *tail, size_t n_tail, const char magic[SEAL_MAGIC]);

/* What is wrong with n_bytes bytes, in a few words; NULL when they are as they were sealed, in the format *format. */
const char *seal_fault(const unsigned char *bytes, int64_t n_bytes, const char magic[SEAL_MAGIC], int64_t *format);

/* The same of what comes in pieces, in its order: begin with the last SEAL_BYTES of n_bytes; then all that is before
 * them, so that only the last piece is not of whole words of 8 bytes; and end. Each says what is wrong, or NULL. */
typedef struct seal_check {
  int64_t length;
  uint64_t state, hash;
} seal_check;

const char *seal_check_begin(seal_check *check, const unsigned char tail[SEAL_BYTES], int64_t n_bytes,
                             const char magic[SEAL_MAGIC], int64_t *format);
void seal_check_add(seal_check *check, const unsigned char *piece, int64_t n_bytes, bool is_last);
const char *seal_check_end(const seal_check *check);

#endif
