/* SPDX-License-Identifier: BSD-3-Clause */
/* What the threads of a rank need for passes besides points and statistics. */
#ifndef PASSES_WORKSPACE_H
#define PASSES_WORKSPACE_H

#include "passes/load.h"
#include "passes/statistics.h"

/* The most that one pass has to do of one kind. */
typedef struct pass_size {
  density_shape shape;
  statistics_order order;
  int64_t n_components;
  int64_t n_requests; /* of this kind in one pass */
} pass_size;

/* What one thread needs; no memory is allocated during a pass. */
typedef struct pass_workspace {
  const kernel *kernel;
  int64_t group_tiles;            /* tiles that are accumulated together, for the statistics in hand */
  double *group_responsibilities; /* group_tiles x K x TILE_ROWS */
  double *responsibilities;       /* K x TILE_ROWS: those of the tile in hand, within the group's */
  double *scratch;
  int64_t scratch_bytes;
  double *spare; /* 2 x K x TILE_ROWS: a tile's responsibilities where there are pulls, and as much; NULL: no tails */
  uint64_t *present;     /* group_tiles x (K + 63) / 64 words, for rules that leave rows of responsibilities out */
  double *second;        /* room for the second moments of sums */
  double *totals, *logs; /* and for the tail sums */
  block_sums sums;       /* of the block and the statistics in hand */
} pass_workspace;

/* Words that travel with the sums of a pass (passes/pass.c). */
enum { PASS_CONTROL_WORDS = 11 + LOAD_WORDS };

/* The workspaces of a rank's threads. Each thread takes whole blocks, whichever is next; what a block adds does not
 * depend on who takes it when. */
typedef struct pass_team {
  int n_threads;
  pass_workspace *workspaces; /* n_threads */
  int64_t n_words;
  int64_t *words; /* n_words: what travels in a pass: the sums of all its requests, then control words */
  rank_load load; /* of the ranks, in the last pass */
} pass_team;

/* Workspaces for passes of these sizes (n_sizes), one for each of the points' threads. Errors: 71. */
gmmpi_status team_create(const kernel *kernels, const shard *points, const pass_size *sizes, int n_sizes,
                         pass_team **team, gmmpi_error *error);
void team_destroy(pass_team *team); /* NULL is fine */

/* After team_create: so many requests of a pass, of at most K components, may have tail sums. Errors: 71. */
gmmpi_status team_add_tails(pass_team *team, int64_t n_components, int64_t n_requests, gmmpi_error *error);

/* After team_create: requests of this size may be made in single precision. Errors: 71. */
gmmpi_status team_add_single(pass_team *team, const pass_size *size, int64_t n_features, gmmpi_error *error);

/* The bytes of a team for requests of one shape, order and number of components, but for the words that travel, which
 * are counted with the statistics; INT64_MAX when they can't be counted. */
int64_t team_bytes(density_shape shape, statistics_order order, int64_t n_components, int64_t n_features,
                   int n_threads);

/* What passes in single precision add to that. */
int64_t team_single_bytes(density_shape shape, int64_t n_components, int64_t n_features, int n_threads);

/* What tails add to that. */
int64_t team_tail_bytes(int64_t n_components, int n_threads);

/* Sets the workspace up for a block's sums of these statistics, all zero. */
void workspace_begin_block(pass_workspace *workspace, const statistics *sums);

#endif
