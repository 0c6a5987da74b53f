/* SPDX-License-Identifier: BSD-3-Clause */
/* Data sets that have not all rows of their source: those without missing values, or those that a subsample keeps, or
 * both; for the files of points only.
 *
 * Such rows are read by walking over the source: everything is read, what was not chosen is left out. So any rank can
 * read any rows of a subsample, whoever owns them among the points that it was taken from, and no row is sent. What has
 * to be known is where to begin: for a rank's first row it is found by counting, for its other blocks while they are
 * read for the first time. */
#ifndef POINTS_READING_ROW_CHOICE_H
#define POINTS_READING_ROW_CHOICE_H

#include "points/shard.h"

/* Which rows are chosen, by their numbers in the data set. */
typedef struct row_filter {
  bool (*is_chosen)(const void *context, int64_t row); /* NULL: all */
  const void *context;
} row_filter;

/* A place in the source from which one can walk. The candidates are the rows that are chosen from: those of the source,
 * or, where rows are dropped, those without values that drop them. */
typedef struct row_place {
  int64_t source_row; /* 0-based */
  int64_t candidate;  /* the number, from 0, of the first candidate at or behind it */
} row_place;

typedef struct row_choice {
  bool drops;            /* rows with missing or infinite values are no candidates */
  bool drops_weightless; /* and rows of weight 0 are none */
  row_filter filter;     /* which candidates are taken; no function: all */
  const shard *parent;   /* the candidates as points, while they are compared with what they were; else NULL */
  int64_t first, end;    /* this rank's rows are among the candidates [first, end) */
  row_place *starts;     /* n_blocks of this rank, but at least one: where each begins, and the first one not behind its
                            beginning; those not known yet have a source_row of -1 */
} row_choice;

/* Collective. The rows of `points`, laid out, that the filter takes of parent's, which are streamed and are the
 * parent_choice of their source (NULL: all of it); n_mine of them are this rank's of parent. Errors, agreed: 71. */
gmmpi_status choice_of_subsample(const shard *points, const shard *parent, const row_choice *parent_choice,
                                 row_filter filter, int64_t n_mine, row_choice **choice, gmmpi_error *error);

/* Collective. The rows of `points`, laid out, that are not dropped, when those of `all` were looked at;
 * n_dropped: for each of this rank's blocks of `all` how many are. Errors, agreed: 71.
 */
gmmpi_status choice_of_whole_rows(const shard *points, const shard *all, const int64_t *n_dropped, row_choice **choice,
                                  gmmpi_error *error);
void choice_destroy(row_choice *choice); /* NULL is fine */

/* A walk over the rows that this rank has of points. */
typedef struct row_walk row_walk;

/* piece_rows: of the source that are read at a time. The choice must outlive the walk. Errors: 71. */
gmmpi_status walk_create(const shard *points, point_source *source, row_choice *choice, int64_t piece_rows,
                         row_walk **walk, gmmpi_error *error);
void walk_destroy(row_walk *walk); /* NULL is fine */

/* The next n_rows of this rank's rows from index on: rows receives n_rows x row_width numbers, places (n_rows) where
 * they are in the source. Fastest when it goes on where the last call ended. For the first time all rows are read in
 * their order. Errors: those of source_read; 65 the source has changed. */
gmmpi_status walk_read(row_walk *walk, int64_t index, int64_t n_rows, double *rows, int64_t *places,
                       gmmpi_error *error);

/* Collective, when all rows have been read once: have the ranks seen all of the candidates, as they were? Errors,
 * agreed: those of walk_read. */
gmmpi_status walk_end_first(row_walk *walk, gmmpi_error *error);

#endif
