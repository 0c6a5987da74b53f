/* SPDX-License-Identifier: BSD-3-Clause */
#include "starts/places.h"

#include "mixture/files/model_file.h"
#include "mixture/shape.h"
#include "passes/representatives.h"
#include "starts/far.h"
#include "starts/place_gain.h"
#include "support/error.h"
#include "support/lanes.h"
#include "support/large_messages.h"
#include "support/memory.h"
#include "support/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Rows of all components together. */
enum { ROWS_OF_COMPONENTS = 64 };

enum { DENSE_PLACES = MOST_PLACES - 2 };

/* Distances without statistics take half the time. */
double place_visits(density_shape shape, int64_t n_components, int64_t n_samples, int64_t n_features)
{
  return (double)count_place_rows(shape, n_components, n_samples, n_features) / 2.0;
}

/* --- rows to look at -----------------------------------------------------------------------------------------------
 */

/* Adds rows that come at random from stretches of the same length, so that none comes twice. */
static void draw_rows(place_finder *finder, int64_t n_samples, uint64_t seed)
{
  const int64_t n = finder->most_rows - finder->n_rows;
  const double stretch = (double)n_samples / (double)n;
  for (int64_t i = 0; i < n; i++) {
    const double draw = random_uniform(seed, RANDOM_PLACES, (uint64_t)i, 0);
    const int64_t row = (int64_t)(((double)i + draw) * stretch);
    finder->rows[finder->n_rows++] = row < n_samples ? row : n_samples - 1;
  }
}

/* Adds all rows that are not among the worst ones. */
static void add_other_rows(place_finder *finder, int64_t n_worst, int64_t n_samples)
{
  for (int64_t row = 0; row < n_samples; row++) {
    bool is_worst = false;
    for (int64_t w = 0; w < n_worst; w++) is_worst = is_worst || finder->rows[w] == row;
    if (!is_worst) finder->rows[finder->n_rows++] = row;
  }
}

static void set_tile(const place_finder *finder, int64_t first, int n)
{
  const int64_t d = finder->n_features;
  for (int p = 0; p < TILE_ROWS; p++) {
    const double *point = finder->points + (first + (p < n ? p : 0)) * d;
    for (int64_t j = 0; j < d; j++) finder->tile[j * TILE_ROWS + p] = point[j];
  }
}

/* The components, or the background, that the rows belong to. em->form is the model's. */
static void set_owners(const place_finder *finder, em_iteration *em)
{
  const int64_t K = em->form->n_components;
  pass_workspace *workspace = &em->team->workspaces[0];
  double *responsibilities = workspace->group_responsibilities;
  for (int64_t first = 0; first < finder->n_rows; first += TILE_ROWS) {
    const int64_t left = finder->n_rows - first;
    const int n = left < TILE_ROWS ? (int)left : TILE_ROWS;
    double ignored[2] = {0.0, 0.0};
    set_tile(finder, first, n);
    const row_tile tile = {.numbers = finder->tile, .n_points = n};
    em->kernel->posteriors(em->form, &tile, responsibilities, NULL, &ignored[0], &ignored[1], workspace->scratch);
    for (int p = 0; p < n; p++) {
      int64_t owner = 0;
      double of_noise = 1.0 - responsibilities[p]; /* for the background */
      for (int64_t k = 1; k < K; k++) {
        of_noise -= responsibilities[k * TILE_ROWS + p];
        if (responsibilities[k * TILE_ROWS + p] > responsibilities[owner * TILE_ROWS + p]) owner = k;
      }
      const bool is_noise = finder->broad != NULL && of_noise > responsibilities[owner * TILE_ROWS + p];
      finder->owners[first + p] = is_noise ? K : owner;
    }
  }
}

/* How many rows of each component, and of all of them together, are looked for. */
static representatives_request request_of(const place_search *search)
{
  place_finder *finder = search->finder;
  const int64_t K = search->em->form->n_components;
  const bool all = finder->most_rows == search->em->points->n_samples;
  /* Each kind has its part. */
  const int64_t part = all ? finder->most_rows : finder->most_rows / 3;
  finder->n_worst = part < WORST_ROWS ? part : WORST_ROWS;
  return (representatives_request){.form = search->em->form,
                                   .n_worst = finder->n_worst,
                                   .n_each = all ? 0 : (part < ROWS_OF_COMPONENTS ? part : ROWS_OF_COMPONENTS) / K,
                                   .rows = finder->rows};
}

/* The worst rows come first, then some of each component's, and then any. */
static gmmpi_status take_chosen_rows(const place_search *search, const representatives_request *chosen, uint64_t seed,
                                     gmmpi_error *error)
{
  place_finder *finder = search->finder;
  const shard *points = search->em->points;
  finder->n_rows = finder->n_worst;
  for (int64_t i = finder->n_worst; i < finder->n_worst + chosen->form->n_components * chosen->n_each; i++) {
    if (finder->rows[i] >= 0) finder->rows[finder->n_rows++] = finder->rows[i];
  }
  if (finder->most_rows == points->n_samples)
    add_other_rows(finder, finder->n_worst, points->n_samples);
  else
    draw_rows(finder, points->n_samples, seed);
  if (fetch_rows(points, finder->rows, finder->n_rows, finder->points, error) != GMMPI_OK ||
      fetch_weights(points, finder->rows, finder->n_rows, finder->weights, error) != GMMPI_OK)
    return error->status;
  set_owners(finder, search->em);
  return GMMPI_OK;
}

static gmmpi_status choose_rows(const place_search *searches, int64_t n, uint64_t seed, gmmpi_error *error)
{
  representatives_request requests[MOST_REQUESTS] = {{.form = NULL}};
  for (int64_t i = 0; i < n; i++) {
    density_from_model(searches[i].em->form, searches[i].model);
    requests[i] = request_of(&searches[i]);
  }
  const em_iteration *first = searches[0].em;
  if (find_representatives(first->points, first->team, requests, n, seed, error) != GMMPI_OK) return error->status;
  for (int64_t i = 0; i < n; i++) {
    if (take_chosen_rows(&searches[i], &requests[i], seed, error) != GMMPI_OK) return error->status;
  }
  return GMMPI_OK;
}

/* --- counting ------------------------------------------------------------------------------------------------------
 */

/* Puts the n rows from `first` on, with the factors of the components that they belong to, into the probe's form. */
static void set_probe(const place_finder *finder, const gmmpi_model *model, int64_t first, int64_t n)
{
  const int64_t d = finder->n_features;
  gmmpi_model *probe = finder->probe;
  for (int64_t i = 0; i < PROBES; i++) {
    const int64_t row = first + (i < n ? i : 0);
    memcpy(probe->means + i * d, finder->points + row * d, (size_t)d * sizeof(double));
    probe->weights[i] = 1.0;
    int64_t length;
    const row_ellipsoid own = ellipsoid_of_row(finder, model, row);
    const double *factor = component_factor(own.model, own.k, &length);
    if (model->family->storage->shape == DENSE) {
      memcpy(probe->precisions_cholesky + i * d * d, factor, (size_t)(d * d) * sizeof(double));
      continue;
    }
    for (int64_t j = 0; j < d; j++) probe->precisions_cholesky[i * d + j] = factor[length == d ? j : 0];
  }
  density_from_model(finder->form, probe);
  /* All that is wanted is the distance. */
  memset(finder->form->log_constants, 0, PROBES * sizeof(double));
}

/* Which radius of the list a squared distance, below the largest one, is within: its binary exponent tells. */
static int64_t radius_of(double square)
{
  uint64_t bits;
  memcpy(&bits, &square, sizeof bits);
  const int64_t exponent = (int64_t)(bits >> 52) - 1022; /* square < 2^exponent */
  return exponent < LEAST_EXPONENT ? 0 : exponent - LEAST_EXPONENT;
}

/* The n rows from `first` on, which are in the probe. */
typedef struct probe_pass {
  double unit; /* place_count_unit */
  const place_finder *finder;
  const kernel *kernel;
  int64_t first, n;
} probe_pass;

/* The same for n points (at most TILE_ROWS) that count for 1 each. Most are within few radii, or outside: comparisons
 * side by side count them, and only the nearest ones are looked at one by one. */
static void count_halves(int n, const double *halves, int64_t *counts)
{
  enum { N_LARGE = 6 };
  int64_t within[N_LARGE + 1];
  lanes_count_below(n, halves, 0x1p1, N_LARGE + 1, within);
  for (int r = 0; r < N_LARGE; r++) counts[N_RADII - 1 - r] += within[r] - within[r + 1];
  for (int p = 0; p < n && within[N_LARGE] > 0; p++) {
    const double square = fabs(2.0 * halves[p]);
    if (square < 0x1p-4) counts[radius_of(square)]++;
  }
}

/* Adds the points of a tile to the counts of the rows that are in the probe. */
static void count_tile(void *context, const row_tile *tile, int64_t n_tiles, int thread)
{
  const probe_pass *pass = context;
  const place_finder *finder = pass->finder;
  int64_t units[TILE_ROWS];
  (void)n_tiles;
  (void)thread;
  for (int p = 0; p < tile->n_points; p++)
    units[p] = tile->weights == NULL ? 1 : (int64_t)nearbyint(tile->weights[p] / pass->unit);
  pass->kernel->log_densities(finder->form, tile->numbers, finder->distances, finder->scratch);
  for (int64_t i = 0; i < pass->n; i++) {
    int64_t *counts = finder->counts + (pass->first + i) * N_RADII;
    const double *halves = finder->distances + i * TILE_ROWS;
    if (tile->weights == NULL)
      count_halves(tile->n_points, halves, counts);
    else
      for (int p = 0; p < tile->n_points; p++) {
        const double square = fabs(2.0 * halves[p]);
        if (square < 0x1p2) counts[radius_of(square)] += units[p];
      }
  }
}

/* Counts the points around the rows from `first` on of every search that has so many. */
static int64_t count_around(const place_search *searches, int64_t n, int64_t first)
{
  probe_pass passes[MOST_REQUESTS];
  row_visit visits[MOST_REQUESTS];
  int64_t n_visits = 0;
  for (int64_t i = 0; i < n; i++) {
    const place_finder *finder = searches[i].finder;
    const int64_t left = finder->n_rows - first;
    if (left <= 0) continue;
    passes[n_visits] = (probe_pass){place_count_unit(searches[i].em->points) / searches[i].em->points->weight_unit,
                                    finder, searches[i].em->kernel, first, left < PROBES ? left : PROBES};
    set_probe(finder, searches[i].model, first, passes[n_visits].n);
    visits[n_visits] = (row_visit){.most_tiles = 1,
                                   .visitor = {.context = &passes[n_visits], .tiles = count_tile, .takes_turns = true}};
    n_visits++;
  }
  if (n_visits > 0) shard_visit_all(searches[0].em->points, visits, n_visits);
  return n_visits;
}

/* Counts the points within each radius of each row. Collective. */
static gmmpi_status count_points(const place_search *searches, int64_t n, gmmpi_error *error)
{
  const shard *points = searches[0].em->points;
  for (int64_t i = 0; i < n; i++) {
    const place_finder *finder = searches[i].finder;
    memset(finder->counts, 0, (size_t)finder->n_rows * N_RADII * sizeof(int64_t));
  }
  for (int64_t first = 0; count_around(searches, n, first) > 0; first += PROBES) continue;
  if (shard_agree(points, error) != GMMPI_OK) return error->status;
  for (int64_t i = 0; i < n; i++) {
    const place_finder *finder = searches[i].finder;
    allreduce_large(points->comm, finder->counts, finder->n_rows * N_RADII, MPI_INT64_T, MPI_SUM);
  }
  return GMMPI_OK;
}

/* --- dense places --------------------------------------------------------------------------------------------------
 */

/* Squared distance between two rows in units of the component that row i belongs to. */
static double square_between(const place_finder *finder, const gmmpi_model *model, int64_t i, int64_t other)
{
  const int64_t d = finder->n_features;
  double *difference = finder->tile;
  for (int64_t j = 0; j < d; j++) difference[j] = finder->points[other * d + j] - finder->points[i * d + j];
  const row_ellipsoid own = ellipsoid_of_row(finder, model, i);
  return component_square(own.model, own.k, difference);
}

/* An ellipsoid that is evenly filled has r^2 / (d + 2) times the covariance of the component whose shape it has. */
static void add_dense_place(place_finder *finder, const em_iteration *em, const gmmpi_model *model, int64_t i)
{
  const density_shape shape = model->family->storage->shape;
  const int64_t d = finder->n_features;
  const int64_t length = covariance_length(shape, d);
  component_place *one = &finder->found[finder->n_found++];
  one->gain = finder->gains[i];
  one->weight = finder->shares[i];
  memcpy(one->mean, finder->points + i * d, (size_t)d * sizeof(double));
  const row_ellipsoid own = ellipsoid_of_row(finder, model, i);
  model_expand(own.model, own.k, one->covariance);
  for (int64_t j = 0; j < length; j++) one->covariance[j] *= finder->square_radii[i] / (double)(d + 2);
  for (int64_t j = 0; j < d; j++) one->covariance[covariance_diagonal(shape, d, j)] += em->options->reg_covar;
}

/* The most promising rows, none within twice another one's radius. */
static void add_dense_places(place_finder *finder, const em_iteration *em, const gmmpi_model *model)
{
  for (int64_t i = 0; i < finder->n_rows; i++) set_gain_of_place(finder, em, model, i);
  while (finder->n_found < DENSE_PLACES) {
    int64_t best = 0;
    for (int64_t i = 1; i < finder->n_rows; i++) {
      if (finder->gains[i] > finder->gains[best]) best = i;
    }
    if (!(finder->gains[best] > 0.0)) return;
    add_dense_place(finder, em, model, best);
    for (int64_t i = 0; i < finder->n_rows; i++) {
      if (square_between(finder, model, best, i) <= 4.0 * finder->square_radii[best] ||
          square_between(finder, model, i, best) <= 4.0 * finder->square_radii[i])
        finder->gains[i] = 0.0;
    }
  }
}

/* --- far places ----------------------------------------------------------------------------------------------------
 */

/* All rows from the list that are far from every component, and their covariance; false when there are none. */
static bool take_far_rows(const place_finder *finder, const gmmpi_model *model, double n_samples, int64_t most,
                          component_place *one)
{
  const density_shape shape = model->family->storage->shape;
  const int64_t d = finder->n_features;
  int64_t n = 0;
  memset(one->covariance, 0, (size_t)covariance_length(shape, d) * sizeof(double));
  for (int64_t i = 0; i < finder->n_worst && n < most; i++) {
    const double *point = finder->points + i * d;
    if (!is_far_from_all(model, -1, point, n_samples, finder->tile)) continue;
    /* Welford's update. */
    n++;
    if (n == 1) memset(one->mean, 0, (size_t)d * sizeof(double));
    double *step = finder->tile;
    for (int64_t j = 0; j < d; j++) step[j] = n == 1 ? 0.0 : point[j] - one->mean[j];
    covariance_add_square(shape, d, (double)(n - 1) / (double)n, step, one->covariance);
    for (int64_t j = 0; j < d; j++) one->mean[j] = n == 1 ? point[j] : one->mean[j] + step[j] / (double)n;
  }
  for (int64_t j = 0; j < covariance_length(shape, d) && n > 0; j++) one->covariance[j] /= (double)n;
  one->gain = INFINITY;
  one->weight = (double)n / n_samples;
  return n > 0;
}

static void add_far_place(place_finder *finder, const em_iteration *em, const gmmpi_model *model, int64_t most)
{
  const density_shape shape = model->family->storage->shape;
  const int64_t d = finder->n_features;
  component_place *one = &finder->found[finder->n_found];
  if (!take_far_rows(finder, model, (double)em->points->n_samples, most, one)) return;
  for (int64_t j = 0; j < d; j++) {
    double *variance = one->covariance + covariance_diagonal(shape, d, j);
    *variance += fmax(em->options->reg_covar, 1e-12 * em->spread->variances[j]);
  }
  finder->n_found++;
}

static void add_places(const place_search *search)
{
  place_finder *finder = search->finder;
  add_dense_places(finder, search->em, search->model);
  const int64_t n_dense = finder->n_found;
  if (model_has(search->model, PART_NOISE)) return; /* what is far from all components is the background's */
  add_far_place(finder, search->em, search->model, WORST_ROWS);
  if (finder->n_found > n_dense) add_far_place(finder, search->em, search->model, 1);
}

gmmpi_status find_places_together(const place_search *searches, int64_t n, uint64_t seed, gmmpi_error *error)
{
  for (int64_t i = 0; i < n; i++) searches[i].finder->n_found = 0;
  if (choose_rows(searches, n, seed, error) != GMMPI_OK || count_points(searches, n, error) != GMMPI_OK)
    return error->status;
  for (int64_t i = 0; i < n; i++) add_places(&searches[i]);
  return GMMPI_OK;
}

gmmpi_status find_places(place_finder *finder, em_iteration *em, const gmmpi_model *model, uint64_t seed,
                         gmmpi_error *error)
{
  return find_places_together(&(place_search){finder, em, model}, 1, seed, error);
}
