/* SPDX-License-Identifier: BSD-3-Clause */
/* Part of template.h: the E-step and the sums of few components with very few features in one go, lanes over points.
 *
 * Where so little is to be done for a point and a component, to write responsibilities down for a group of tiles and to
 * read them again takes as long as much of the arithmetic. So a tile's shares stay in the first cache until they are in
 * the sums, which are added up over lanes once per group; and logarithms are taken once per group, too, of products. */
/* A component, as the loops below want it: W / sqrt(2), so that the squares of W (x - mean) come halved. */
typedef struct joint_component {
  double log_constant;
  double least; /* a live component's log density is never below LEAST_LOG_DENSITY; one of weight 0 has -infinity */
  double mean[MOST_FEATURES_TOGETHER], reference[MOST_FEATURES_TOGETHER];
  double whitening[MOST_FEATURES_TOGETHER * (MOST_FEATURES_TOGETHER + 1) /
                   2]; /* row by row; DIAGONAL: halves of precisions */
} joint_component;

/* What is collected over the tiles of a group, lane p in sum p mod GROUP. */
typedef struct joint_sums {
  vector bests[STEP];    /* weight times best log density */
  vector products[STEP]; /* of sums of shares, of points of weight 1: each is at most MOST_COMPONENTS_TOGETHER + 1 */
  vector logs[STEP];     /* weight times log of sum of shares, of other points */
  vector moments[MOST_COMPONENTS_TOGETHER][STEP][MOST_SUMS]; /* add_lane_sums */
} joint_sums;
_Static_assert((int)MOST_FEATURES_TOGETHER <= (int)FEW_FEATURES && (int)MOST_FEATURES_TOGETHER <= (int)WHITENING_ROWS,
               "there is room for all sums, and W is one group of rows");
_Static_assert(MOST_TILES_TOGETHER *TILE_ROWS / GROUP <= 128, "17^128 is finite, and so are products");

ALWAYS_INLINE joint_component joint_component_of(bool dense, int d, const density_form *form, const block_sums *sums,
                                                 int64_t k)
{
  const double *whitening = form->whitening + k * form->whitening_length;
  joint_component component = {.log_constant = form->log_constants[k],
                               .least = form->log_constants[k] == -INFINITY ? -INFINITY : LEAST_LOG_DENSITY};
  for (int i = 0, place = 0; i < d; i++) {
    component.mean[i] = form->means[k * d + i];
    component.reference[i] = sums->references[k * sums->width + i];
    if (!dense) component.whitening[i] = 0.5 * whitening[i];
    for (int j = 0; j <= i && dense; j++)
      component.whitening[place++] = 0x1.6a09e667f3bcdp-1 * whitening[j * WHITENING_ROWS + i];
  }
  return component;
}

ALWAYS_INLINE vector joint_log_density(bool dense, int d, const joint_component *component, const double *x)
{
  vector y[MOST_FEATURES_TOGETHER];
  vector log_density = vector_of(component->log_constant);
  const double *w = component->whitening;
  for (int i = 0; i < d; i++) {
    y[i] = *(const vector *)(x + i * TILE_ROWS) - component->mean[i];
    vector z = *w++ * y[dense ? 0 : i];
    for (int j = 1; j <= i && dense; j++) z += *w++ * y[j];
    log_density -= z * (dense ? z : y[i]);
  }
  return vector_max(log_density, vector_of(component->least));
}

/* Shares of a tile (K x TILE_ROWS), the sum of each point's, and its best log density; present as in shares.h. */
ALWAYS_INLINE void joint_shares(bool dense, int d, int64_t n_components, const joint_component *components,
                                double background, const double *tile, double *restrict shares, double *restrict sums,
                                double *restrict best, uint32_t *restrict present)
{
  for (int64_t k = 0; k < n_components; k++) present[k] = 0;
  for (int v = 0; v < TILE_VECTORS; v += PANEL_VECTORS) {
    vector top[PANEL_VECTORS], lowest[PANEL_VECTORS], own[PANEL_VECTORS];
    for (int i = 0; i < PANEL_VECTORS; i++) top[i] = vector_of(background);
    for (int64_t k = 0; k < n_components; k++) {
      vector *rows = (vector *)(shares + k * TILE_ROWS) + v;
      for (int i = 0; i < PANEL_VECTORS; i++) {
        const vector log_density = joint_log_density(dense, d, &components[k], tile + (v + i) * LANES);
        rows[i] = log_density;
        top[i] = vector_max(log_density, top[i]);
      }
    }
    for (int i = 0; i < PANEL_VECTORS; i++) {
      ((vector *)best)[v + i] = top[i];
      lowest[i] = top[i] - SHARE_RANGE;
      own[i] = vector_of(0.0);
      if (background > -INFINITY) own[i] = share_of_background(background, top[i]);
    }
    for (int64_t k = 0; k < n_components; k++)
      present[k] |= shares_of_panel((vector *)(shares + k * TILE_ROWS) + v, top, lowest, own);
    for (int i = 0; i < PANEL_VECTORS; i++) ((vector *)sums)[v + i] = own[i];
  }
}

/* One component's shares of a tile, times the points' factors, are responsibilities, and go to the lane sums. */
ALWAYS_INLINE void joint_moments(bool dense, int d, const joint_component *component, const double *tile,
                                 const double *restrict shares, const double *restrict factors,
                                 vector moments[restrict STEP][MOST_SUMS])
{
  for (int first = 0; first < STEP; first++) {
    vector sums[MOST_SUMS];
    for (int i = 0; i < number_of_sums(d); i++) sums[i] = moments[first][i];
    for (int v = first; v < TILE_VECTORS; v += STEP) {
      const vector own = ((const vector *)shares)[v] * ((const vector *)factors)[v];
      vector y[MOST_FEATURES_TOGETHER];
      int place = 1 + d;
      sums[0] += own;
      for (int i = 0; i < d; i++) {
        y[i] = ((const vector *)(tile + i * TILE_ROWS))[v] - component->reference[i];
        const vector weighted = own * y[i];
        sums[1 + i] += weighted;
        for (int j = 0; j <= i; j++, place++) {
          if (dense || j == i) sums[place] += weighted * y[j];
        }
      }
    }
    for (int i = 0; i < number_of_sums(d); i++) moments[first][i] = sums[i];
  }
}

/* From best log densities and sums of shares to the sums of their logarithms, and factors from shares to
 * responsibilities. weights: NULL where all are 1. */
ALWAYS_INLINE void joint_factors(const double *weights, const double *restrict best, const double *restrict shares,
                                 double *restrict factors, joint_sums *restrict sums)
{
  for (int v = 0; v < TILE_VECTORS; v++) {
    const vector sum = ((const vector *)shares)[v];
    if (weights == NULL) {
      ((vector *)factors)[v] = 1.0 / sum;
      sums->bests[v % STEP] += ((const vector *)best)[v];
      sums->products[v % STEP] *= sum;
    } else {
      const vector weight = ((const vector *)weights)[v];
      ((vector *)factors)[v] = weight / sum;
      sums->bests[v % STEP] += weight * ((const vector *)best)[v];
      sums->logs[v % STEP] += weight * vector_log(sum);
    }
  }
}

/* A tile's weights, 0 behind its last point; NULL where all are 1. */
static const double *joint_weights(const row_tile *tile, double room[TILE_ROWS])
{
  if (tile->weights != NULL || tile->n_points == TILE_ROWS) return tile->weights;
  for (int p = 0; p < TILE_ROWS; p++) room[p] = p < tile->n_points ? 1.0 : 0.0;
  return room;
}

static double tree_sum_of(const vector sums[STEP])
{
  _Alignas(64) double lanes[GROUP];
  for (int i = 0; i < STEP; i++) ((vector *)lanes)[i] = sums[i];
  return tree_sum(lanes);
}

static void add_joint_logs(const joint_sums *joint, block_sums *sums)
{
  vector logs[STEP];
  for (int i = 0; i < STEP; i++) logs[i] = vector_log(joint->products[i]) + joint->logs[i];
  const double log_sum = tree_sum_of(logs);
  sums->log_likelihood += tree_sum_of(joint->bests) + log_sum;
  sums->sum_log_max_responsibility -= log_sum;
}

ALWAYS_INLINE void together(bool dense, int d, const density_form *form, const row_tile *tiles, int64_t n_tiles,
                            block_sums *sums)
{
  const int64_t K = form->n_components;
  _Alignas(64) double shares[MOST_COMPONENTS_TOGETHER * TILE_ROWS];
  _Alignas(64) double best[TILE_ROWS], shares_of_all[TILE_ROWS], factors[TILE_ROWS], weights[TILE_ROWS];
  uint32_t present[MOST_COMPONENTS_TOGETHER];
  joint_component components[MOST_COMPONENTS_TOGETHER];
  joint_sums joint;
  for (int i = 0; i < STEP; i++) {
    joint.bests[i] = joint.logs[i] = vector_of(0.0);
    joint.products[i] = vector_of(1.0);
  }
  for (int64_t k = 0; k < K; k++) {
    components[k] = joint_component_of(dense, d, form, sums, k);
    for (int i = 0; i < STEP; i++) {
      for (int j = 0; j < number_of_sums(d); j++) joint.moments[k][i][j] = vector_of(0.0);
    }
  }
  for (int64_t t = 0; t < n_tiles; t++) {
    joint_shares(dense, d, K, components, form->background, tiles[t].numbers, shares, shares_of_all, best, present);
    joint_factors(joint_weights(&tiles[t], weights), best, shares_of_all, factors, &joint);
    for (int64_t k = 0; k < K; k++) {
      if (present[k] != 0)
        joint_moments(dense, d, &components[k], tiles[t].numbers, shares + k * TILE_ROWS, factors, joint.moments[k]);
    }
  }
  for (int64_t k = 0; k < K; k++) add_lane_sums(d, joint.moments[k], k, sums);
  add_joint_logs(&joint, sums);
}

/* What kernel.h says of kernel.together. */
static void together_of_tiles(const density_form *form, const row_tile *tiles, int64_t n_tiles, block_sums *sums)
{
#define TOGETHER(d)                                                                                                    \
  case 2 * d:                                                                                                          \
    together(false, d, form, tiles, n_tiles, sums);                                                                    \
    break;                                                                                                             \
  case 2 * d + 1:                                                                                                      \
    together(true, d, form, tiles, n_tiles, sums);                                                                     \
    break;
  switch (2 * form->n_features + (form->shape == DENSE)) {
    TOGETHER(1) TOGETHER(2) TOGETHER(3) TOGETHER(4) default : break;
  }
#undef TOGETHER
}
