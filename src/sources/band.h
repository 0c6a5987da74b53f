/* SPDX-License-Identifier: BSD-3-Clause */
/* Points that are the columns of a file: feature by feature the numbers of all points lie one behind the other.
 *
 * A few points would be read in as many small pieces as there are features. So the numbers of more points than were
 * asked for are read together, a band across the file, and kept until the points behind them are wanted. */
#ifndef SOURCES_BAND_H
#define SOURCES_BAND_H

#include "gmmpi/error.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* Reads the numbers of points [first, first + n) into lines: n_lines x n. One thread at a time. */
typedef gmmpi_status band_reader(void *context, int64_t first, int64_t n, double *lines, gmmpi_error *error);

typedef struct point_band {
  const char *label; /* borrowed, for messages */
  band_reader *read;
  void *context;
  int64_t n_points; /* in the file */
  int64_t n_features;
  int64_t n_lines;        /* in a band: those of features, and what is read between them */
  const int64_t *line_of; /* n_features: the line of each, borrowed; NULL: they are in order */
  int64_t granule;        /* points that the file holds together: bands end between them; 1: it does not */
  int64_t most_points;    /* of a band */
  int64_t first, n;       /* the points in hand */
  double *lines;          /* n_lines x n, in room for n_lines x most_points; NULL: not allocated yet */
  pthread_rwlock_t lock;  /* of the points in hand */
} point_band;

/* What a band may take, in bytes, unless one point has more. */
enum { BAND_BYTES = 2 << 20, LARGEST_BAND_BYTES = 256 << 20 };

/* A band of points of which the first members, up to granule, are set: about BAND_BYTES, but enough for long pieces of
 * the file. at_once: as many as LARGEST_BAND_BYTES can hold, where each band costs much. Its memory is not taken yet:
 * band_bytes. */
void band_open(point_band *band, bool at_once);

int64_t band_bytes(const point_band *band);

/* Points [first_row, first_row + n_rows) into rows: n_rows x n_features. Any thread may do so. Errors: those of its
 * reader, 71. */
gmmpi_status band_read(point_band *band, int64_t first_row, int64_t n_rows, double *rows, gmmpi_error *error);

void band_close(point_band *band);

#endif
