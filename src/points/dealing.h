/* SPDX-License-Identifier: BSD-3-Clause */
/* Blocks that the ranks of a node deal among themselves in a walk, so that none waits for one that has more to do, or
 * whose core is slower; for the files of points only.
 *
 * Each rank has a count of its blocks that are taken, in memory that all ranks of the node see, and takes its own
 * blocks first; one that has none left takes from the rank that has most left. Sums over blocks are integers, so that
 * they do not depend on who computes a block.
 *
 * The count is the number of the walk, in the upper half, and of blocks taken in it, in the lower one: whoever comes
 * first in a walk begins it, and nobody waits. That needs no more than that all ranks make the same walks, and that one
 * ends before the next begins: between them is the Allreduce of the sums. */
#ifndef POINTS_DEALING_H
#define POINTS_DEALING_H

#include "points/layout.h"
#include "support/node_memory.h"

typedef struct block_dealing block_dealing;

/* Bytes of the head, before the tiles, which are as held_rows has them. */
int64_t dealing_head_bytes(void);

/* Is it worth while for such points? The same on all ranks of comm. */
bool dealing_is_worthwhile(MPI_Comm comm, int64_t n_samples, int64_t row_width);

/* Memory for n_bytes of tiles behind the head; false when this rank is not to share any. */
bool dealing_allocate(int64_t n_bytes, node_memory *own);

/* The rows that a rank owns, in blocks, of which all but the last are of so many rows and bytes. */
typedef struct dealt_rows {
  int64_t first_row, n_rows, block_rows, block_bytes;
  const void *tiles; /* set by dealing_create */
} dealt_rows;

/* Collective over comm, when the rows are in their places. own: this rank's memory, which stays its own, and whose file
 * is closed; bytes NULL: there is none. NULL, on all ranks of the node, when not all of them can use that of all
 * others, or there is only one. */
block_dealing *dealing_create(MPI_Comm comm, dealt_rows rows, node_memory *own);
void dealing_destroy(block_dealing *dealing); /* NULL is fine */

/* All ranks of the node begin the same walk. */
void dealing_begin(block_dealing *dealing);

/* The next block for the thread that asks: the index-th of these rows; false: there is none left on the node. */
typedef struct dealt_block {
  const dealt_rows *rows;
  int64_t index;
  int owner; /* among the ranks of the node */
} dealt_block;
bool dealing_next(block_dealing *dealing, dealt_block *block);
void dealing_done(block_dealing *dealing, const dealt_block *block);

/* Blocks of other ranks that this one has taken so far. */
int64_t dealing_n_foreign(const block_dealing *dealing);

#endif
