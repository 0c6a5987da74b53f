/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory of a rank that the other ranks of its node can use.
 *
 * It is a file without a name (memfd_create), which the others open through /proc/PID/fd while it is open here: nothing
 * limits it but memory, it is counted where it is used first, and nothing is left behind however a rank ends. Where the
 * system does not let ranks do that (other users, other process namespaces, limits) memory is each rank's own. */
#ifndef SUPPORT_NODE_MEMORY_H
#define SUPPORT_NODE_MEMORY_H

#include <mpi.h>
#include <stdbool.h>
#include <stdint.h>

/* n_bytes that begin with a page; untouched, all 0. */
typedef struct node_memory {
  unsigned char *bytes;
  int64_t n_bytes;
  int file; /* -1: closed, nobody can open it any more */
} node_memory;

/* Could n_bytes be had, as far as limits say? Limits of address space, of files and of memory that is promised are for
 * memory of one's own. */
bool node_memory_is_allowed(int64_t n_bytes);

/* False, and memory->bytes is NULL, when the system does not want to. */
bool node_memory_create(int64_t n_bytes, node_memory *memory);
void node_memory_destroy(node_memory *memory); /* one that was not created is fine */

/* Gives the pages that lie wholly within n_bytes from first on back to the system; what they held is lost. */
void node_memory_release(const node_memory *memory, int64_t first, int64_t n_bytes);

/* Where a rank of the node finds another one's memory. */
typedef struct node_address {
  int64_t process, file, device, inode, n_bytes;
} node_address;
node_address node_memory_address(const node_memory *memory);

/* Another rank's memory: the first n_writable bytes, a whole number of pages, may be written to. False when it is not
 * to be had. */
bool node_memory_open(node_address address, int64_t n_writable, node_memory *theirs);

/* This rank needs the pages within n_bytes from first on no more for now: they stop being counted as its own too. */
void node_memory_leave(const node_memory *theirs, int64_t first, int64_t n_bytes);

/* After the others have opened it, or failed to. */
void node_memory_close_file(node_memory *memory);

int64_t node_memory_page(void); /* bytes of a page */

#endif
