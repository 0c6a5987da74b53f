#include "starts/places.h"

#include "mixture/files/model_file.h"
#include "mixture/shape.h"
#include "passes/representatives.h"
#include "starts/far.h"
#include "starts/place_gain.h"
#include "support/error.h"
#include "support/large_messages.h"
#include "support/memory.h"
#include "support/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Rows are looked at so many at a time; the worst-fitting ones are so many, and those of all components together. */
enum { PROBES = 64, WORST_ROWS = 64, ROWS_OF_COMPONENTS = 64 };

/* Pairs of rows and points that a search for places may look at, and multiplications. Among many points there are
 * nevertheless so many rows, fewer where they would take more multiplications than that, but at least about as many as
 * two E-steps take the time of. */
static const double most_pairs = 3e6;
static const double most_multiplications = 1e9;
static const double many_multiplications = 2e9;
enum { USUAL_ROWS = 3 * WORST_ROWS, LEAST_ROWS = 32, ROWS_PER_COMPONENT = 4, MOST_ROWS = 1024 };
enum { DENSE_PLACES = MOST_PLACES - 2 };

static int64_t count_rows(density_shape shape, int64_t n_components, int64_t n_samples, int64_t n_features)
{
  const double n = (double)n_samples;
  const double d = (double)n_features;
  const double each = shape == DENSE ? d * (d + 1.0) / 2.0 : d;
  const double affordable = fmin(most_pairs, most_multiplications / each) / n;
  const double least =
      fmax(LEAST_ROWS, fmax(ROWS_PER_COMPONENT * (double)n_components, many_multiplications / (n * each)));
  const int64_t n_rows = (int64_t)fmin(fmax(affordable, fmin(least, USUAL_ROWS)), MOST_ROWS);
  return n_rows < n_samples ? n_rows : n_samples;
}

/* Distances without statistics take half the time. */
double place_visits(density_shape shape, int64_t n_components, int64_t n_samples, int64_t n_features)
{
  return (double)count_rows(shape, n_components, n_samples, n_features) / 2.0;
}

static bool allocate_places(density_shape shape, place_finder *finder)
{
  bool complete = true;
  for (int i = 0; i < MOST_PLACES; i++) {
    component_place *one = &finder->found[i];
    one->mean = allocate(finder->n_features, sizeof(double));
    one->covariance = allocate(covariance_length(shape, finder->n_features), sizeof(double));
    complete = complete && one->mean != NULL && one->covariance != NULL;
  }
  return complete;
}

gmmpi_status place_finder_create(const em_iteration *em, place_finder **finder, gmmpi_error *error)
{
  const int64_t K = em->options->n_components;
  const density_shape shape = em->family->storage->shape;
  const int64_t d = em->points->n_features;
  const int64_t n = count_rows(shape, K, em->points->n_samples, d);
  place_finder *created = calloc(1, sizeof *created);
  *finder = created;
  if (created == NULL) goto no_memory;
  created->n_features = d;
  created->most_rows = n;
  const bool has_places = allocate_places(shape, created);
  created->distances = allocate(PROBES, TILE_ROWS * sizeof(double));
  created->scratch = allocate(kernel_scratch_bytes(shape, PROBES, d), 1);
  created->tile = allocate(d, TILE_ROWS * sizeof(double));
  created->rows = allocate(n, sizeof(int64_t));
  created->points = allocate(n, (size_t)d * sizeof(double));
  created->owners = allocate(n, sizeof(int64_t));
  created->counts = allocate(n, N_RADII * sizeof(int64_t));
  created->gains = allocate(n, sizeof(double));
  created->square_radii = allocate(n, sizeof(double));
  created->shares = allocate(n, sizeof(double));
  created->covariance = allocate(covariance_length(shape, d), sizeof(double));
  created->log_densities = allocate(K, sizeof(double));
  created->square_slopes = allocate(K, sizeof(double));
  const covariance_family *family = shape == DENSE ? &family_full : &family_diag;
  if (has_places && created->distances != NULL && created->scratch != NULL && created->tile != NULL &&
      created->rows != NULL && created->points != NULL && created->owners != NULL && created->counts != NULL &&
      created->gains != NULL && created->square_radii != NULL && created->shares != NULL &&
      created->covariance != NULL && created->log_densities != NULL && created->square_slopes != NULL &&
      model_allocate(family, PROBES, d, &created->probe, error) == GMMPI_OK &&
      density_create(shape, PROBES, d, &created->form, error) == GMMPI_OK)
    return GMMPI_OK;

no_memory:
  place_finder_destroy(created);
  *finder = NULL;
  return fail(error, GMMPI_NO_MEMORY, "there is no memory to look for places of components");
}

void place_finder_destroy(place_finder *finder)
{
  if (finder == NULL) return;
  for (int i = 0; i < MOST_PLACES; i++) {
    free(finder->found[i].mean);
    free(finder->found[i].covariance);
  }
  gmmpi_model_destroy(finder->probe);
  density_destroy(finder->form);
  free(finder->distances);
  free(finder->scratch);
  free(finder->tile);
  free(finder->rows);
  free(finder->points);
  free(finder->owners);
  free(finder->counts);
  free(finder->gains);
  free(finder->square_radii);
  free(finder->shares);
  free(finder->covariance);
  free(finder->log_densities);
  free(finder->square_slopes);
  free(finder);
}

int64_t place_finder_bytes(density_shape shape, int64_t n_components, int64_t n_samples, int64_t n_features)
{
  const int64_t n = count_rows(shape, n_components, n_samples, n_features);
  const covariance_family *family = shape == DENSE ? &family_full : &family_diag;
  const int64_t scratch = kernel_scratch_bytes(shape, PROBES, n_features);
  int64_t of_rows;
  int64_t of_places;
  int64_t of_tiles;
  int64_t of_components;
  if (!multiply_fits(n, 8 * (n_features + N_RADII + 6), &of_rows) ||
      !multiply_fits(covariance_length(shape, n_features), 8 * (MOST_PLACES + 1), &of_places) ||
      !multiply_fits(n_features + PROBES, 8 * TILE_ROWS, &of_tiles) || !multiply_fits(n_components, 16, &of_components))
    return INT64_MAX;
  /* The form of the probe takes no more than the probe itself. */
  const int64_t probe = model_bytes(family, PROBES, n_features);
  return sum_of_bytes(7, (int64_t[]){of_rows, of_places, of_tiles, of_components, scratch, probe, probe});
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

/* The components that the rows belong to. em->form is the model's. */
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
    em->kernel->posteriors(em->form, n, finder->tile, responsibilities, NULL, &ignored[0], &ignored[1],
                           workspace->scratch);
    for (int p = 0; p < n; p++) {
      int64_t owner = 0;
      for (int64_t k = 1; k < K; k++) {
        if (responsibilities[k * TILE_ROWS + p] > responsibilities[owner * TILE_ROWS + p]) owner = k;
      }
      finder->owners[first + p] = owner;
    }
  }
}

/* The worst rows come first, then some of each component's, and then any. */
static gmmpi_status choose_rows(place_finder *finder, em_iteration *em, uint64_t seed, gmmpi_error *error)
{
  const int64_t n_samples = em->points->n_samples;
  const int64_t K = em->form->n_components;
  const bool all = finder->most_rows == n_samples;
  /* Each kind has its part. */
  const int64_t part = all ? finder->most_rows : finder->most_rows / 3;
  const int64_t n_each = all ? 0 : (part < ROWS_OF_COMPONENTS ? part : ROWS_OF_COMPONENTS) / K;
  finder->n_worst = part < WORST_ROWS ? part : WORST_ROWS;
  if (find_representatives(em->points, em->form, em->team, seed, finder->n_worst, n_each, finder->rows, error) !=
      GMMPI_OK)
    return error->status;
  finder->n_rows = finder->n_worst;
  for (int64_t i = finder->n_worst; i < finder->n_worst + K * n_each; i++) {
    if (finder->rows[i] >= 0) finder->rows[finder->n_rows++] = finder->rows[i];
  }
  if (all)
    add_other_rows(finder, finder->n_worst, n_samples);
  else
    draw_rows(finder, n_samples, seed);
  if (fetch_rows(em->points, finder->rows, finder->n_rows, finder->points, error) != GMMPI_OK) return error->status;
  set_owners(finder, em);
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
    const double *factor = component_factor(model, finder->owners[row], &length);
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

/* Adds the points of a tile to the counts of the n rows that are in the probe. */
static void count_tile(const place_finder *finder, const em_iteration *em, const double *tile, int n_points,
                       int64_t first, int64_t n)
{
  em->kernel->log_densities(finder->form, tile, finder->distances, finder->scratch);
  for (int64_t i = 0; i < n; i++) {
    int64_t *counts = finder->counts + (first + i) * N_RADII;
    const double *halves = finder->distances + i * TILE_ROWS;
    for (int p = 0; p < n_points; p++) {
      const double square = fabs(2.0 * halves[p]);
      if (square < 0x1p2) counts[radius_of(square)]++;
    }
  }
}

/* Counts the points within each radius of each row. Collective. */
static gmmpi_status count_points(const place_finder *finder, em_iteration *em, const gmmpi_model *model,
                                 gmmpi_error *error)
{
  const shard *points = em->points;
  memset(finder->counts, 0, (size_t)finder->n_rows * N_RADII * sizeof(int64_t));
  for (int64_t first = 0; first < finder->n_rows; first += PROBES) {
    const int64_t left = finder->n_rows - first;
    const int64_t n = left < PROBES ? left : PROBES;
    set_probe(finder, model, first, n);
    shard_pass pass = shard_pass_begin(points);
    while (shard_pass_next(&pass)) {
      for (int64_t b = pass.first_block; b < pass.end_block; b++) {
        const block_view block = shard_block(points, b);
        for (int64_t t = 0; t < block.n_tiles; t++)
          count_tile(finder, em, block_tile(&block, t, finder->tile), tile_points(&block, t), first, n);
      }
    }
  }
  if (shard_agree(points, error) != GMMPI_OK) return error->status;
  allreduce_large(points->comm, finder->counts, finder->n_rows * N_RADII, MPI_INT64_T, MPI_SUM);
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
  return component_square(model, finder->owners[i], difference);
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
  model_expand(model, finder->owners[i], one->covariance);
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

gmmpi_status find_places(place_finder *finder, em_iteration *em, const gmmpi_model *model, uint64_t seed,
                         gmmpi_error *error)
{
  finder->n_found = 0;
  density_from_model(em->form, model);
  if (choose_rows(finder, em, seed, error) != GMMPI_OK || count_points(finder, em, model, error) != GMMPI_OK)
    return error->status;
  add_dense_places(finder, em, model);
  const int64_t n_dense = finder->n_found;
  add_far_place(finder, em, model, WORST_ROWS);
  if (finder->n_found > n_dense) add_far_place(finder, em, model, 1);
  return GMMPI_OK;
}
