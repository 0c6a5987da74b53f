/* SPDX-License-Identifier: BSD-3-Clause */
#include "apply/target_tile.h"

#include "support/error.h"
#include "support/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool has_tails(const regression *of)
{
  return model_has(of->joint, PART_TAILS);
}

static bool allocate_tile(target_tile *self)
{
  const int64_t K = self->of->joint->n_components;
  const int64_t t = self->of->n_targets;
  const size_t lanes = TILE_ROWS * sizeof(double);
  int64_t n_parts;
  int64_t n_squares;
  if (!multiply_fits(K, t, &n_parts) || !multiply_fits(t, t, &n_squares)) return false;
  self->known = allocate(self->of->n_known, lanes);
  self->differences = allocate(self->of->n_known, lanes);
  self->parts = allocate(n_parts, lanes);
  self->mean = allocate(t, lanes);
  self->covariance = allocate(n_squares, lanes);
  self->totals = allocate(target_n_totals(t), sizeof(double));
  self->has_part = allocate(K, sizeof *self->has_part);
  self->squares = allocate(has_tails(self->of) ? K : 0, lanes);
  self->scratch = allocate(kernel_scratch_bytes(self->of->marginal->family->storage->shape, K, self->of->n_known), 1);
  return self->known != NULL && self->differences != NULL && self->parts != NULL && self->mean != NULL &&
         self->covariance != NULL && self->totals != NULL && self->squares != NULL && self->has_part != NULL &&
         self->scratch != NULL;
}

/* A form of the marginal's distances alone. */
static gmmpi_status create_form(target_tile *self, gmmpi_error *error)
{
  const gmmpi_model *marginal = self->of->marginal;
  if (!has_tails(self->of)) return GMMPI_OK;
  if (density_create(marginal->family, marginal->n_components, marginal->n_features, &self->form, error) != GMMPI_OK)
    return error->status;
  density_from_model(self->form, marginal);
  self->form->dof = NULL;
  memset(self->form->log_constants, 0, (size_t)marginal->n_components * sizeof(double));
  return GMMPI_OK;
}

gmmpi_status target_tile_create(const kernel *instructions, const regression *of, bool has_targets,
                                target_tile **result, gmmpi_error *error)
{
  gmmpi_error local = {0};
  target_tile *created = calloc(1, sizeof *created);
  *result = NULL;
  if (created != NULL) created->of = of;
  if (created == NULL || !allocate_tile(created))
    fail(&local, GMMPI_NO_MEMORY, "no memory is left to predict targets; use fewer components or targets");
  else if (create_form(created, &local) == GMMPI_OK && has_targets)
    predictor_create(instructions, of->joint, &created->joint, &local);
  if (local.status == GMMPI_OK) {
    *result = created;
    return GMMPI_OK;
  }
  target_tile_destroy(created);
  return error_pass(error, &local);
}

void target_tile_destroy(target_tile *self)
{
  if (self == NULL) return;
  free(self->known);
  free(self->differences);
  free(self->parts);
  free(self->mean);
  free(self->covariance);
  free(self->totals);
  free(self->has_part);
  free(self->squares);
  free(self->scratch);
  density_destroy(self->form);
  predictor_destroy(self->joint);
  free(self);
}

int64_t target_tile_bytes(const gmmpi_model *model, int64_t n_targets)
{
  const int64_t lanes = TILE_ROWS * (int64_t)sizeof(double);
  const int64_t K = model->n_components;
  int64_t parts;
  int64_t covariance;
  if (!multiply_fits(K, (n_targets + 1) * lanes, &parts) || !multiply_fits(n_targets, n_targets * lanes, &covariance))
    return INT64_MAX;
  const int64_t all[] = {2 * model->n_features * lanes,
                         parts,
                         covariance,
                         kernel_scratch_bytes(model->family->storage->shape, K, model->n_features),
                         density_bytes(model->family, K, model->n_features),
                         predictor_bytes(model, false, false)};
  return sum_of_bytes(sizeof all / sizeof all[0], all);
}

const double *target_tile_known(target_tile *self, const double *tile)
{
  if (self->joint == NULL) return tile;
  for (int64_t i = 0; i < self->of->n_known; i++)
    memcpy(self->known + i * TILE_ROWS, tile + self->of->known[i] * TILE_ROWS, TILE_ROWS * sizeof(double));
  return self->known;
}

/* m_k(x) of the tile's points. */
static void predict_part(target_tile *self, int64_t k, const double *known)
{
  const regression *of = self->of;
  const int64_t m = of->n_known;
  const int64_t t = of->n_targets;
  double *parts = self->parts + k * t * TILE_ROWS;
  for (int64_t j = 0; j < t; j++) {
    for (int p = 0; p < TILE_ROWS; p++) parts[j * TILE_ROWS + p] = of->means[k * t + j];
  }
  if (of->coefficients == NULL) return;
  const double *mean = of->marginal->means + k * m;
  const double *coefficients = of->coefficients + k * m * t;
  for (int64_t i = 0; i < m; i++) {
    double *own = self->differences + i * TILE_ROWS;
    for (int p = 0; p < TILE_ROWS; p++) own[p] = known[i * TILE_ROWS + p] - mean[i];
  }
  for (int64_t j = 0; j < t; j++) {
    double *part = parts + j * TILE_ROWS;
    for (int64_t i = 0; i < m; i++) {
      const double slope = coefficients[i * t + j];
      const double *own = self->differences + i * TILE_ROWS;
      for (int p = 0; p < TILE_ROWS; p++) part[p] += slope * own[p];
    }
  }
}

/* Does any point of the tile belong to the component to some part? What has none adds nothing. */
static bool has_part(const predictor *marginal, int64_t k)
{
  const double *share = marginal->responsibilities + k * TILE_ROWS;
  double sum = 0.0;
  for (int p = 0; p < TILE_ROWS; p++) sum += share[p];
  return sum > 0.0;
}

/* The mean over components, and the background. */
static void mix_means(target_tile *self, const predictor *marginal)
{
  const regression *of = self->of;
  const int64_t t = of->n_targets;
  for (int64_t j = 0; j < t; j++) {
    double *mean = self->mean + j * TILE_ROWS;
    for (int p = 0; p < TILE_ROWS; p++) mean[p] = marginal->noise[p] * of->noise_mean[j];
    for (int64_t k = 0; k < of->joint->n_components; k++) {
      if (!self->has_part[k]) continue;
      const double *share = marginal->responsibilities + k * TILE_ROWS;
      const double *part = self->parts + (k * t + j) * TILE_ROWS;
      for (int p = 0; p < TILE_ROWS; p++) mean[p] += share[p] * part[p];
    }
  }
}

/* What the conditional covariance of a component has as a factor: delta is in squares, as -delta / 2. */
static void set_factors(const target_tile *self, int64_t k, double factors[TILE_ROWS])
{
  const double m = (double)self->of->n_known;
  for (int p = 0; p < TILE_ROWS; p++) factors[p] = 1.0;
  if (!has_tails(self->of)) return;
  const double dof = self->of->joint->dof[k];
  const double rest = dof + m - 2.0;
  for (int p = 0; p < TILE_ROWS; p++)
    factors[p] = rest > 0.0 ? (dof - 2.0 * self->squares[k * TILE_ROWS + p]) / rest : INFINITY;
}

/* Adds a component's share of the covariance of targets i and j <= i. */
static void add_covariance(const target_tile *self, const double *share, const double *factors, int64_t k, int64_t i,
                           int64_t j, double *sum)
{
  const int64_t t = self->of->n_targets;
  const double own = self->of->covariances[(k * t + i) * t + j];
  const double *one = self->parts + (k * t + i) * TILE_ROWS;
  const double *other = self->parts + (k * t + j) * TILE_ROWS;
  const double *mean = self->mean + i * TILE_ROWS;
  const double *other_mean = self->mean + j * TILE_ROWS;
  for (int p = 0; p < TILE_ROWS; p++) sum[p] += share[p] * ((one[p] - mean[p]) * (other[p] - other_mean[p]));
  if (own == 0.0) return;
  if (isinf(factors[0])) { /* for points that have a part in it */
    for (int p = 0; p < TILE_ROWS; p++) sum[p] += share[p] > 0.0 ? copysign(INFINITY, own) : 0.0;
    return;
  }
  for (int p = 0; p < TILE_ROWS; p++) sum[p] += share[p] * (own * factors[p]);
}

static void mix_covariances(target_tile *self, const predictor *marginal)
{
  const regression *of = self->of;
  const int64_t t = of->n_targets;
  double factors[TILE_ROWS];
  for (int64_t i = 0; i < t; i++) {
    for (int64_t j = 0; j <= i; j++) {
      double *sum = self->covariance + (i * t + j) * TILE_ROWS;
      for (int p = 0; p < TILE_ROWS; p++) {
        const double between =
            (of->noise_mean[i] - self->mean[i * TILE_ROWS + p]) * (of->noise_mean[j] - self->mean[j * TILE_ROWS + p]);
        sum[p] = marginal->noise[p] * ((i == j ? of->noise_variance[i] : 0.0) + between);
      }
    }
  }
  for (int64_t k = 0; k < of->joint->n_components; k++) {
    if (!self->has_part[k]) continue;
    const double *share = marginal->responsibilities + k * TILE_ROWS;
    set_factors(self, k, factors);
    for (int64_t i = 0; i < t; i++) {
      for (int64_t j = 0; j <= i; j++)
        add_covariance(self, share, factors, k, i, j, self->covariance + (i * t + j) * TILE_ROWS);
    }
  }
  for (int64_t i = 0; i < t; i++) {
    for (int64_t j = 0; j < i; j++)
      memcpy(self->covariance + (j * t + i) * TILE_ROWS, self->covariance + (i * t + j) * TILE_ROWS,
             TILE_ROWS * sizeof(double));
  }
}

/* Log density and errors of the known targets. */
static void compare(target_tile *self, const predictor *marginal, const double *tile, const double *weights,
                    int n_points)
{
  const regression *of = self->of;
  predictor_tile(self->joint, tile, NULL, n_points);
  for (int p = 0; p < n_points; p++) {
    const double weight = weights != NULL ? weights[p] : 1.0;
    self->totals[0] += weight * (self->joint->log_density[p] - marginal->log_density[p] - of->log_scale);
  }
  for (int64_t j = 0; j < of->n_targets; j++) {
    const double *target = tile + of->targets[j] * TILE_ROWS;
    double *totals = self->totals + target_n_totals(j);
    for (int p = 0; p < n_points; p++) {
      const double weight = weights != NULL ? weights[p] : 1.0;
      const double y = of->shifts[j] + of->scales[j] * target[p];
      const double residual = y - self->mean[j * TILE_ROWS + p];
      const double deviation = y - of->middle[j];
      totals[0] += weight * (residual * residual);
      totals[1] += weight * deviation;
      totals[2] += weight * (deviation * deviation);
    }
  }
}

void target_tile_predict(target_tile *self, predictor *marginal, const double *tile, const double *weights,
                         int n_points)
{
  const double *known = self->joint != NULL ? self->known : tile;
  for (int64_t k = 0; k < self->of->joint->n_components; k++) {
    self->has_part[k] = has_part(marginal, k);
    if (self->has_part[k]) predict_part(self, k, known);
  }
  if (has_tails(self->of)) marginal->kernel->log_densities(self->form, known, self->squares, self->scratch);
  mix_means(self, marginal);
  mix_covariances(self, marginal);
  marginal->target_mean = self->mean;
  marginal->target_covariance = self->covariance;
  if (self->joint != NULL) compare(self, marginal, tile, weights, n_points);
}

double target_mean_log_density(const double *totals, double total_weight)
{
  return totals[0] / total_weight;
}

double target_rmse(const double *totals, int64_t target, double total_weight)
{
  return sqrt(totals[target_n_totals(target)] / total_weight);
}

double target_r2(const double *totals, int64_t target, double total_weight)
{
  const double *own = totals + target_n_totals(target);
  const double spread = own[2] - own[1] * own[1] / total_weight;
  return spread > 0.0 ? 1.0 - own[0] / spread : NAN;
}
