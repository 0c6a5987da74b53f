/* SPDX-License-Identifier: BSD-3-Clause */
/* The predictions for one tile. */
#include "apply/predictor.h"

#include "mixture/background.h"
#include "mixture/posterior_density.h"
#include "support/error.h"
#include "support/lanes.h"
#include "support/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

gmmpi_status predictor_create(const kernel *instructions, const gmmpi_model *model, predictor **result,
                              gmmpi_error *error)
{
  predictor *created = calloc(1, sizeof *created);
  int64_t count;
  *result = NULL;
  if (created == NULL || !multiply_fits(model->n_components, TILE_ROWS, &count)) goto no_memory;
  created->kernel = instructions;
  created->n_labels = model->n_components;
  created->responsibilities = allocate(2 * count, sizeof(double));
  created->expected_log_density = allocate(TILE_ROWS, sizeof(double));
  created->log_density =
      model_has(model, PART_POSTERIOR) ? allocate(TILE_ROWS, sizeof(double)) : created->expected_log_density;
  created->scratch =
      allocate(kernel_scratch_bytes(model->family->storage->shape, model->n_components, model->n_features), 1);
  if (created->responsibilities == NULL || created->log_density == NULL || created->expected_log_density == NULL ||
      created->scratch == NULL)
    goto no_memory;
  gmmpi_status status = density_create(model->family, model->n_components, model->n_features, &created->form, error);
  if (status == GMMPI_OK && model_has(model, PART_POSTERIOR))
    status = predictive_create(instructions, model, &created->density, error);
  if (status != GMMPI_OK) {
    predictor_destroy(created);
    return status;
  }
  if (model_has(model, PART_POSTERIOR))
    density_from_posterior(created->form, model);
  else
    density_from_model(created->form, model);
  *result = created;
  return GMMPI_OK;

no_memory:
  predictor_destroy(created);
  return fail(error, GMMPI_NO_MEMORY,
              "no memory is left to predict with %lld components in %lld features; use machines with more memory",
              (long long)model->n_components, (long long)model->n_features);
}

void predictor_merge(predictor *self, int64_t n_clusters, const int64_t *cluster_of)
{
  self->n_labels = n_clusters;
  self->cluster_of = cluster_of;
}

gmmpi_status predictor_set_labels_alone(predictor *self, gmmpi_error *error)
{
  const density_form *form = self->form;
  if (!form->isotropic || !nearest_form_serves(form)) return GMMPI_OK;
  if (nearest_form_create(form->n_components, form->n_features, &self->quick, error) == GMMPI_OK)
    nearest_form_set(self->quick, form);
  return error->status;
}

gmmpi_status predictor_add_outlier_weights(predictor *self, gmmpi_error *error)
{
  const int64_t K = self->form->n_components;
  self->outlier_weights = allocate(TILE_ROWS, sizeof(double));
  self->pulls = allocate(K * TILE_ROWS, sizeof(double));
  self->sums.totals = allocate(K, sizeof(double));
  self->sums.logs = allocate(K, sizeof(double));
  if (self->outlier_weights != NULL && self->pulls != NULL && self->sums.totals != NULL && self->sums.logs != NULL)
    return GMMPI_OK;
  return fail(error, GMMPI_NO_MEMORY, "no memory is left to predict; use machines with more memory");
}

gmmpi_status predictor_add_entropy(predictor *self, gmmpi_error *error)
{
  self->entropy = allocate(TILE_ROWS, sizeof(double));
  if (self->entropy != NULL) return GMMPI_OK;
  return fail(error, GMMPI_NO_MEMORY, "no memory is left to predict; use machines with more memory");
}

gmmpi_status predictor_add_outliers(predictor *self, const gmmpi_model *model, const outlier_scale *scale, double share,
                                    gmmpi_error *error)
{
  self->scale = scale;
  self->outlier_share = share;
  self->p_values = allocate(TILE_ROWS, sizeof(double));
  self->own_density = allocate(TILE_ROWS, sizeof(double));
  if (self->p_values == NULL || self->own_density == NULL)
    return fail(error, GMMPI_NO_MEMORY, "no memory is left to predict; use machines with more memory");
  return model_has(model, PART_NOISE) ? point_density_create(self->kernel, model, &self->components, error) : GMMPI_OK;
}

/* Responsibilities, log density and outlier weights. */
static void weigh_outliers(predictor *self, const row_tile *row)
{
  self->sums.log_likelihood = self->totals[TOTAL_LOG_LIKELIHOOD];
  self->kernel->pulls(self->form, row, self->pulls, self->responsibilities, self->log_density, &self->sums,
                      self->scratch);
  self->totals[TOTAL_LOG_LIKELIHOOD] = self->sums.log_likelihood;
  for (int p = 0; p < TILE_ROWS; p++) self->outlier_weights[p] = 0.0;
  for (int64_t k = 0; k < self->form->n_components; k++) {
    for (int p = 0; p < TILE_ROWS; p++) self->outlier_weights[p] += self->pulls[k * TILE_ROWS + p];
  }
}

void predictor_destroy(predictor *self)
{
  if (self == NULL) return;
  nearest_form_destroy(self->quick);
  free(self->outlier_weights);
  free(self->entropy);
  point_density_destroy(self->components);
  free(self->p_values);
  free(self->own_density);
  free(self->pulls);
  free(self->sums.totals);
  free(self->sums.logs);
  density_destroy(self->form);
  free(self->responsibilities);
  predictive_destroy(self->density);
  if (self->log_density != self->expected_log_density) free(self->log_density);
  free(self->expected_log_density);
  free(self->scratch);
  free(self);
}

/* What the background has of each point, which is its own where no component has more. */
static void take_noise(predictor *self, const double highest[TILE_ROWS])
{
  const double background = self->form->background;
  memset(self->noise, 0, sizeof self->noise);
  for (int p = 0; p < TILE_ROWS && background > -INFINITY; p++) {
    const double share = exp(fmin(background - self->log_density[p], 0.0));
    if (share >= 0x1p-60) self->noise[p] = share;
    if (share > highest[p]) self->labels[p] = NOISE_LABEL;
  }
}

/* Responsibilities of clusters in place of those of components, whose numbers are not below theirs: a cluster's first
 * component, its lowest, leaves it a row whose own component was added before. */
static void merge_shares(predictor *self)
{
  int64_t n_begun = 0;
  for (int64_t k = 0; self->cluster_of != NULL && k < self->form->n_components; k++) {
    const double *own = self->responsibilities + k * TILE_ROWS;
    const int64_t cluster = self->cluster_of[k];
    if (cluster < 0) continue;
    double *sum = self->responsibilities + cluster * TILE_ROWS;
    if (cluster == n_begun) {
      memmove(sum, own, TILE_ROWS * sizeof *sum);
      n_begun++;
    } else {
      for (int p = 0; p < TILE_ROWS; p++) sum[p] += own[p];
    }
  }
}

/* The component, or cluster, with the largest responsibility, which is written to highest; the first of equals. */
static void take_labels(predictor *self, double highest[TILE_ROWS])
{
  double labels[TILE_ROWS] = {0.0};
  memcpy(highest, self->responsibilities, TILE_ROWS * sizeof *highest);
  for (int64_t k = 1; k < self->n_labels; k++)
    lanes_keep_larger(TILE_ROWS, self->responsibilities + k * TILE_ROWS, (double)k, highest, labels);
  for (int p = 0; p < TILE_ROWS; p++) self->labels[p] = (int32_t)labels[p];
}

/* Where labels alone are wanted, and it is beyond doubt which component is the best one at each point. */
static bool take_labels_quickly(predictor *self, const double *tile)
{
  nearest_candidate candidates[NEAREST_MOST_CANDIDATES];
  bool has[TILE_ROWS] = {false};
  if (self->quick == NULL || !self->quick->holds) return false;
  const int64_t n =
      self->kernel->candidates(self->quick, tile, NULL, candidates, (float *)self->responsibilities, self->scratch);
  if (n != TILE_ROWS) return false;
  for (int64_t i = 0; i < n; i++) {
    if (has[candidates[i].point]) return false;
    has[candidates[i].point] = true;
    self->labels[candidates[i].point] = candidates[i].component;
  }
  return true;
}

/* Adds -share log share of all shares but the largest, and sums these. */
static void add_share(double share, double *largest, double *rest, double *entropy)
{
  const double smaller = fmin(share, *largest);
  *largest = fmax(share, *largest);
  if (!(smaller > 0.0)) return;
  *rest += smaller;
  *entropy -= smaller * log(smaller);
}

/* A largest share near 1 is known best by what the others have: so that entropies near 0 have all their digits. */
static void take_entropy(predictor *self, int n_points)
{
  for (int p = 0; p < n_points; p++) {
    double largest = self->noise[p];
    double rest = 0.0;
    double entropy = 0.0;
    for (int64_t k = 0; k < self->n_labels; k++)
      add_share(self->responsibilities[k * TILE_ROWS + p], &largest, &rest, &entropy);
    if (largest > 0.0) entropy -= largest * (rest < 0.5 ? log1p(-rest) : log(largest));
    self->entropy[p] = entropy;
  }
}

static void take_outliers(predictor *self, const double *tile, int n_points)
{
  const double *log_density = self->log_density;
  if (self->components != NULL) {
    point_density_components(self->components, tile, n_points, self->own_density);
    log_density = self->own_density;
  }
  for (int p = 0; p < n_points; p++) {
    self->p_values[p] = outlier_p_value(self->scale, log_density[p]);
    self->n_outliers += self->p_values[p] <= self->outlier_share;
  }
}

void predictor_tile(predictor *self, const double *tile, const double *weights, int n_points)
{
  double highest[TILE_ROWS];
  double sum_log_max = 0.0; /* nobody wants it */
  double before[N_PREDICTOR_TOTALS];
  if (take_labels_quickly(self, tile)) return;
  memcpy(before, self->totals, sizeof before);
  const row_tile row = {.numbers = tile, .n_points = n_points};
  const predictor_total of_kernel = self->density == NULL ? TOTAL_LOG_LIKELIHOOD : TOTAL_EXPECTED_LOG_DENSITY;
  if (self->outlier_weights != NULL)
    weigh_outliers(self, &row);
  else
    self->kernel->posteriors(self->form, &row, self->responsibilities, self->expected_log_density,
                             &self->totals[of_kernel], &sum_log_max, self->scratch);
  if (self->density != NULL) predictive_tile(self->density, tile, self->log_density, self->scratch);
  merge_shares(self);
  take_labels(self, highest);
  take_noise(self, highest);
  if (self->entropy != NULL) take_entropy(self, n_points);
  if (self->scale != NULL) take_outliers(self, tile, n_points);
  self->summed[TOTAL_LOG_LIKELIHOOD] = self->log_density;
  self->summed[TOTAL_EXPECTED_LOG_DENSITY] = self->density != NULL ? self->expected_log_density : NULL;
  self->summed[TOTAL_ENTROPY] = self->entropy;
  for (int i = 0; i < N_PREDICTOR_TOTALS; i++) {
    if (self->summed[i] == NULL || (i == (int)of_kernel && weights == NULL)) continue;
    self->totals[i] = before[i]; /* of weighted points the kernel's sum is none */
    for (int p = 0; p < n_points; p++) self->totals[i] += (weights != NULL ? weights[p] : 1.0) * self->summed[i][p];
  }
}

int64_t predictor_bytes(const gmmpi_model *model, bool outlier_weights, bool outliers)
{
  const int64_t K = model->n_components;
  int64_t tiles;
  if (!multiply_fits(K, (outlier_weights ? 3 : 2) * TILE_ROWS * (int64_t)sizeof(double), &tiles)) return INT64_MAX;
  const int64_t parts[] = {
      (int64_t)sizeof(predictor),
      model_bytes(model_kind_of(model), K, model->n_features),
      tiles,
      model->n_features * TILE_ROWS * (int64_t)sizeof(double),
      3 * TILE_ROWS * (int64_t)sizeof(double),
      nearest_form_bytes(K, model->n_features),
      outliers && model_has(model, PART_NOISE) ? point_density_bytes(model) : 0,
      model_has(model, PART_POSTERIOR) ? predictive_bytes(model) : 0,
      kernel_scratch_bytes(model->family->storage->shape, K, model->n_features),
  };
  return sum_of_bytes(sizeof parts / sizeof parts[0], parts);
}
