/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/band.h"

#include "support/error.h"
#include "support/memory.h"

#include <stdlib.h>

/* Of each line at most so much is read at once, unless bands cost much, and at least so much. */
enum { LINE_BYTES = 256 << 10, LEAST_LINE_BYTES = 4 << 10 };
/* Whoever asks for so many numbers is likely to want those behind them, too. */
enum { MANY_NUMBERS = 1 << 12 };

static int64_t least(int64_t a, int64_t b)
{
  return a < b ? a : b;
}

void band_open(point_band *band, bool at_once)
{
  const int64_t number = sizeof *band->lines;
  int64_t points = LARGEST_BAND_BYTES / number / band->n_lines;
  if (!at_once) {
    const int64_t wanted = BAND_BYTES / number / band->n_lines;
    const int64_t shortest = LEAST_LINE_BYTES / number;
    points = least(points, least(LINE_BYTES / number, wanted > shortest ? wanted : shortest));
  }
  if (points < 1) points = 1;
  if (band->granule < 1) band->granule = 1;
  if (points > band->granule) points -= points % band->granule;
  band->most_points = least(points, band->n_points);
  band->first = band->n = 0;
  band->lines = NULL;
  pthread_rwlock_init(&band->lock, NULL);
}

int64_t band_bytes(const point_band *band)
{
  int64_t numbers;
  int64_t bytes;
  return multiply_fits(band->n_lines, band->most_points, &numbers) &&
                 multiply_fits(numbers, (int64_t)sizeof *band->lines, &bytes)
             ? bytes
             : INT64_MAX;
}

static int64_t line_of(const point_band *band, int64_t feature)
{
  return band->line_of != NULL ? band->line_of[feature] : feature;
}

static bool is_in_hand(const point_band *band, int64_t row)
{
  return row >= band->first && row < band->first + band->n;
}

/* How many points from row on are read together, of which `wanted` were asked for: more of them where others are likely
 * to follow. When rows are walked through backwards, a piece at a time, those in hand have been wanted before. */
static int64_t count_to_read(const point_band *band, int64_t row, int64_t wanted)
{
  const bool goes_on = band->n > 0 && row == band->first + band->n;
  const bool are_many = wanted > 1 && wanted >= MANY_NUMBERS / band->n_features;
  const int64_t most = least(band->most_points, band->n_points - row);
  if (!goes_on && !are_many) return least(wanted, most);
  if (band->n > 0 && row < band->first && band->first - row >= wanted && band->first - row < most)
    return band->first - row;
  const int64_t next = row - row % band->granule + band->granule;
  const int64_t end = row + most;
  if (end == band->n_points || end < next) return most;
  return (band->granule <= most ? end - end % band->granule : next) - row;
}

/* Reads a band that begins with the row. */
static gmmpi_status fill(point_band *band, int64_t row, int64_t wanted, gmmpi_error *error)
{
  const int64_t n = count_to_read(band, row, wanted);
  if (band->lines == NULL) {
    int64_t numbers;
    if (multiply_fits(band->n_lines, band->most_points, &numbers))
      band->lines = allocate_untouched(numbers, sizeof *band->lines);
    if (band->lines == NULL) return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read it", band->label);
  }
  band->n = 0;
  const gmmpi_status status = band->read(band->context, row, n, band->lines, error);
  if (status != GMMPI_OK) return status;
  band->first = row;
  band->n = n;
  return GMMPI_OK;
}

/* Of points in hand n, from row on, to rows: few at a time, so that their rows stay in the nearest cache, and four
 * features together, which are written at once. */
static void turn(const point_band *band, int64_t row, int64_t n, double *restrict rows)
{
  enum { POINTS = 16 };
  const int64_t d = band->n_features;
  const double *restrict from = band->lines + (row - band->first);
  for (int64_t p = 0; p < n; p += POINTS) {
    const int64_t end = least(p + POINTS, n);
    int64_t j = 0;
    for (; j + 4 <= d; j += 4) {
      const double *lines[4];
      for (int f = 0; f < 4; f++) lines[f] = from + line_of(band, j + f) * band->n;
      for (int64_t i = p; i < end; i++) {
        for (int f = 0; f < 4; f++) rows[i * d + j + f] = lines[f][i];
      }
    }
    for (; j < d; j++) {
      const double *line = from + line_of(band, j) * band->n;
      for (int64_t i = p; i < end; i++) rows[i * d + j] = line[i];
    }
  }
}

/* Of points [row, row + n) those that are in hand: how many. */
static int64_t take(const point_band *band, int64_t row, int64_t n, double *rows)
{
  if (!is_in_hand(band, row)) return 0;
  const int64_t count = least(n, band->first + band->n - row);
  turn(band, row, count, rows);
  return count;
}

/* The same of a band that is read first, unless another thread has just done so. */
static gmmpi_status fill_and_take(point_band *band, int64_t row, int64_t n, double *rows, int64_t *count,
                                  gmmpi_error *error)
{
  gmmpi_status status = GMMPI_OK;
  pthread_rwlock_wrlock(&band->lock);
  if (!is_in_hand(band, row)) status = fill(band, row, n, error);
  *count = status == GMMPI_OK ? take(band, row, n, rows) : 0;
  pthread_rwlock_unlock(&band->lock);
  return status;
}

gmmpi_status band_read(point_band *band, int64_t first_row, int64_t n_rows, double *rows, gmmpi_error *error)
{
  gmmpi_status status = GMMPI_OK;
  for (int64_t done = 0; done < n_rows && status == GMMPI_OK;) {
    const int64_t row = first_row + done;
    double *to = rows + done * band->n_features;
    pthread_rwlock_rdlock(&band->lock);
    int64_t count = take(band, row, n_rows - done, to);
    pthread_rwlock_unlock(&band->lock);
    if (count == 0) status = fill_and_take(band, row, n_rows - done, to, &count, error);
    done += count;
  }
  return status;
}

void band_close(point_band *band)
{
  free(band->lines);
  pthread_rwlock_destroy(&band->lock);
}
