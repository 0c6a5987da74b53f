/* SPDX-License-Identifier: BSD-3-Clause */
#include "points/dealing.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Points below that are not worth the memory that is mapped for them. */
enum { LEAST_BYTES = 1 << 18 };

/* What a rank tells the others. */
typedef struct rank_news {
  node_address address;
  int64_t first_row, n_rows;
} rank_news;

/* A rank of the node. */
typedef struct dealt_rank {
  node_memory memory; /* the own one is borrowed */
  dealt_rows rows;
  int64_t n_blocks;
} dealt_rank;

struct block_dealing {
  int n_ranks, own;
  uint32_t walk;
  _Atomic int64_t n_foreign;
  dealt_rank ranks[];
};

int64_t dealing_head_bytes(void)
{
  return node_memory_page();
}

static bool is_switched_off(void)
{
  const char *choice = getenv("GMMPI_DEALING");
  return choice != NULL && strcmp(choice, "off") == 0;
}

bool dealing_is_worthwhile(MPI_Comm comm, int64_t n_samples, int64_t row_width)
{
  int n_ranks;
  MPI_Comm_size(comm, &n_ranks);
  return n_ranks > 1 && n_samples >= LEAST_BYTES / (int64_t)sizeof(double) / row_width &&
         layout_n_blocks(n_samples) >= n_ranks;
}

bool dealing_allocate(int64_t n_bytes, node_memory *own)
{
  *own = (node_memory){.file = -1};
  return n_bytes <= INT64_MAX - dealing_head_bytes() && !is_switched_off() &&
         node_memory_is_allowed(dealing_head_bytes() + n_bytes) &&
         node_memory_create(dealing_head_bytes() + n_bytes, own);
}

/* --- making --- */

static block_dealing *open_ranks(dealt_rows own_rows, const node_memory *own, int rank, int n_ranks,
                                 const rank_news *news)
{
  block_dealing *dealing = calloc(1, sizeof *dealing + (size_t)n_ranks * sizeof *dealing->ranks);
  if (dealing == NULL) return NULL;
  dealing->n_ranks = n_ranks;
  dealing->own = rank;
  bool good = true;
  for (int r = 0; r < n_ranks; r++) {
    dealt_rank *one = &dealing->ranks[r];
    one->rows = own_rows;
    one->rows.first_row = news[r].first_row;
    one->rows.n_rows = news[r].n_rows;
    one->n_blocks = (one->rows.n_rows + own_rows.block_rows - 1) / own_rows.block_rows;
    if (r == rank)
      one->memory = *own;
    else
      good = good && node_memory_open(news[r].address, dealing_head_bytes(), &one->memory);
    if (good) one->rows.tiles = one->memory.bytes + dealing_head_bytes();
  }
  if (good) return dealing;
  dealing_destroy(dealing);
  return NULL;
}

/* Collective over the ranks of a node. */
static block_dealing *deal_in_node(MPI_Comm node, dealt_rows rows, const node_memory *own)
{
  enum { N_WORDS = sizeof(rank_news) / sizeof(int64_t) };
  int rank;
  int n_ranks;
  MPI_Comm_rank(node, &rank);
  MPI_Comm_size(node, &n_ranks);
  if (n_ranks == 1) return NULL;
  const rank_news mine = {node_memory_address(own), rows.first_row, rows.n_rows};
  rank_news *news = malloc((size_t)n_ranks * sizeof *news);
  int good = news != NULL && mine.address.file >= 0;
  MPI_Allreduce(MPI_IN_PLACE, &good, 1, MPI_INT, MPI_MIN, node);
  block_dealing *dealing = NULL;
  if (good) {
    MPI_Allgather(&mine, N_WORDS, MPI_INT64_T, news, N_WORDS, MPI_INT64_T, node);
    dealing = open_ranks(rows, own, rank, n_ranks, news);
    good = dealing != NULL;
    MPI_Allreduce(MPI_IN_PLACE, &good, 1, MPI_INT, MPI_MIN, node);
  }
  free(news);
  if (good) return dealing;
  dealing_destroy(dealing);
  return NULL;
}

block_dealing *dealing_create(MPI_Comm comm, dealt_rows rows, node_memory *own)
{
  MPI_Comm node;
  int rank;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, &node);
  block_dealing *dealing = deal_in_node(node, rows, own);
  MPI_Comm_free(&node);
  node_memory_close_file(own);
  return dealing;
}

void dealing_destroy(block_dealing *dealing)
{
  for (int r = 0; dealing != NULL && r < dealing->n_ranks; r++) {
    if (r != dealing->own) node_memory_destroy(&dealing->ranks[r].memory);
  }
  free(dealing);
}

/* --- dealing --- */

static _Atomic uint64_t *count_of(const dealt_rank *rank)
{
  return (_Atomic uint64_t *)(void *)rank->memory.bytes;
}

/* Blocks of a rank that are taken, in this walk. */
static int64_t taken_of(const block_dealing *dealing, uint64_t count)
{
  return count >> 32 == dealing->walk ? (int64_t)(count & UINT32_MAX) : 0;
}

static int64_t left_of(const block_dealing *dealing, const dealt_rank *rank)
{
  return rank->n_blocks - taken_of(dealing, atomic_load_explicit(count_of(rank), memory_order_relaxed));
}

/* The rank's next block; -1: there is none left. */
static int64_t take_block(const block_dealing *dealing, const dealt_rank *rank)
{
  uint64_t count = atomic_load_explicit(count_of(rank), memory_order_relaxed);
  for (;;) {
    const int64_t taken = taken_of(dealing, count);
    if (taken >= rank->n_blocks) return -1;
    const uint64_t next = (uint64_t)dealing->walk << 32 | (uint64_t)(taken + 1);
    if (atomic_compare_exchange_weak(count_of(rank), &count, next)) return taken;
  }
}

/* -1: no rank has any. */
static int rank_with_most_left(const block_dealing *dealing)
{
  int64_t most = 0;
  int found = -1;
  for (int r = 0; r < dealing->n_ranks; r++) {
    const int64_t left = left_of(dealing, &dealing->ranks[r]);
    if (left <= most) continue;
    most = left;
    found = r;
  }
  return found;
}

void dealing_begin(block_dealing *dealing)
{
  dealing->walk++;
}

bool dealing_next(block_dealing *dealing, dealt_block *block)
{
  for (int owner = dealing->own; owner >= 0; owner = rank_with_most_left(dealing)) {
    const int64_t index = take_block(dealing, &dealing->ranks[owner]);
    if (index < 0) continue;
    *block = (dealt_block){&dealing->ranks[owner].rows, index, owner};
    return true;
  }
  return false;
}

void dealing_done(block_dealing *dealing, const dealt_block *block)
{
  if (block->owner == dealing->own) return;
  const node_memory *memory = &dealing->ranks[block->owner].memory;
  const int64_t first = dealing_head_bytes() + block->index * block->rows->block_bytes;
  const int64_t left = memory->n_bytes - first;
  node_memory_leave(memory, first, left < block->rows->block_bytes ? left : block->rows->block_bytes);
  atomic_fetch_add_explicit(&dealing->n_foreign, 1, memory_order_relaxed);
}

int64_t dealing_n_foreign(const block_dealing *dealing)
{
  return dealing->n_foreign;
}
