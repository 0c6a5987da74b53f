/* SPDX-License-Identifier: BSD-3-Clause */
/* Compressed files as inputs: gzip, and zstd where its library was there when gmmpi was built. Each node unpacks the
 * file once, to a copy that its ranks read (spool.h). A file that ends early or is damaged is never a shorter one. */
#ifndef SOURCES_UNPACK_H
#define SOURCES_UNPACK_H

#include "sources/spool.h"

#include <stdint.h>

typedef enum packing { NOT_PACKED, PACKED_BY_GZIP, PACKED_BY_ZSTD } packing;

/* How what begins with these bytes is packed, if gmmpi can unpack it. */
packing unpack_recognise(const unsigned char *head, size_t n_bytes);

/* Collective over comm: what is packed in file, on each node. input: what messages call it. Errors, agreed: 65 it ends
 * early, is damaged, or has something behind its end; 66; 73; 74; 75 a signal; 71. */
gmmpi_status unpack_copy(MPI_Comm comm, const char *input, const char *file, packing how, spool **copy,
                         gmmpi_error *error);

/* The libraries that unpack, with their versions: "zlib 1.3, zstd 1.5.5". Cut to fit n_bytes. */
void unpack_libraries(char *text, size_t n_bytes);

/* For the other files of this topic. */

/* A file that is being unpacked, by this process alone. */
typedef struct unpacker unpacker;

/* Errors: 66, 71. Close it also after an error. */
gmmpi_status unpacker_open(const char *input, const char *file, packing how, unpacker **made, gmmpi_error *error);

/* The next bytes, n_room of them, fewer only at the end. Errors: those of unpack_copy. */
gmmpi_status unpacker_read(unpacker *self, unsigned char *bytes, size_t n_room, size_t *n_bytes, gmmpi_error *error);
void unpacker_close(unpacker *self); /* NULL is fine */

#endif
