/* Part of kernel_template.h: sums for few features, lanes over points.
 *
 * Lanes are added up once per group of tiles, as sums of lanes p mod GROUP, whatever the length of a vector: with
 * shorter vectors every STEP-th one goes to the same sums. A component's lane sums: responsibility, then responsibility
 * y (d), then responsibility y y^T (lower triangle, row by row). */
enum {
  FEW_FEATURES = 4, /* all sums fit into registers */
  STEP = GROUP / LANES,
  MOST_SUMS = 1 + FEW_FEATURES + FEW_FEATURES * (FEW_FEATURES + 1) / 2
};

static int number_of_sums(int d)
{
  return 1 + d + d * (d + 1) / 2;
}

static void add_lane_sums(int d, vector lane_sums[STEP][MOST_SUMS], int64_t k, block_sums *sums)
{
  const int64_t width = sums->width;
  double totals[MOST_SUMS];
  for (int i = 0; i < number_of_sums(d); i++) {
    _Alignas(64) double lanes[GROUP];
    for (int first = 0; first < STEP; first++) ((vector *)lanes)[first] = lane_sums[first][i];
    totals[i] = tree_sum(lanes);
  }
  sums->counts[k] += totals[0];
  const double *second = totals + 1 + d;
  for (int i = 0; i < d; i++) {
    sums->first[k * width + i] += totals[1 + i];
    for (int j = 0; j <= i; j++, second++) {
      if (sums->second == NULL) continue;
      if (sums->shape == DENSE)
        sums->second[(k * d + i) * width + j] += *second;
      else if (i == j)
        sums->second[k * width + i] += *second;
    }
  }
}

/* One component over tiles, for vectors of points v = first, first + STEP, ... */
ALWAYS_INLINE void sum_few_features(int d, int64_t n_tiles, int64_t tile_stride,
                                    const double *restrict responsibilities, const double *restrict tiles,
                                    const double *restrict reference, int first, vector *restrict lane_sums)
{
  vector sums[MOST_SUMS];
  for (int i = 0; i < 1 + d + d * (d + 1) / 2; i++) sums[i] = vector_of(0.0);
  for (int64_t t = 0; t < n_tiles; t++) {
    for (int v = first; v < TILE_VECTORS; v += STEP) {
      const vector own = ((const vector *)(responsibilities + t * tile_stride))[v];
      if (lanes_at_least(own, vector_of(LEAST_POSITIVE)) == 0) continue;
      vector y[FEW_FEATURES];
      int place = 1 + d;
      sums[0] += own;
      for (int i = 0; i < d; i++) {
        y[i] = ((const vector *)(tiles + (t * d + i) * TILE_ROWS))[v] - reference[i];
        const vector weighted = own * y[i];
        sums[1 + i] += weighted;
        for (int j = 0; j <= i; j++) sums[place++] += weighted * y[j];
      }
    }
  }
  for (int i = 0; i < 1 + d + d * (d + 1) / 2; i++) lane_sums[i] = sums[i];
}

ALWAYS_INLINE void accumulate_few(int d, int64_t n_tiles, const double *responsibilities, const double *tiles,
                                  block_sums *sums)
{
  for (int64_t k = 0; k < sums->n_components; k++) {
    vector lane_sums[STEP][MOST_SUMS];
    for (int first = 0; first < STEP; first++)
      sum_few_features(d, n_tiles, sums->n_components * TILE_ROWS, responsibilities + k * TILE_ROWS, tiles,
                       sums->references + k * sums->width, first, lane_sums[first]);
    add_lane_sums(d, lane_sums, k, sums);
  }
}

/* Does nothing and returns false when there are more than FEW_FEATURES. */
static bool accumulate_few_features(int64_t n_tiles, const double *responsibilities, const double *tiles,
                                    block_sums *sums)
{
  switch (sums->n_features) {
  case 1:
    accumulate_few(1, n_tiles, responsibilities, tiles, sums);
    return true;
  case 2:
    accumulate_few(2, n_tiles, responsibilities, tiles, sums);
    return true;
  case 3:
    accumulate_few(3, n_tiles, responsibilities, tiles, sums);
    return true;
  case 4:
    accumulate_few(4, n_tiles, responsibilities, tiles, sums);
    return true;
  default:
    return false;
  }
}
