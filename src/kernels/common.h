/* SPDX-License-Identifier: BSD-3-Clause */
/* Part of template.h: covariances with a matrix R in common (common_form, mixture/density.h), lanes over points.
 *
 * A tile becomes panels of y = R (x - origin), once for all components, and diagonal.h computes distances of these: d
 * d / 2 products per point (d d where R is not triangular) and 2 d per point and component, where dense.h has d d / 2
 * per point and component. */

/* Panels that are transformed together: as many sums as there are registers for. */
enum { SIDE_PANELS = LANES >= 8 ? 2 : 1, SIDE_VECTORS = SIDE_PANELS * PANEL_VECTORS };

/* What is to be transformed: SIDE_PANELS panels of a tile. */
typedef struct side {
  const double *tile;   /* at the panels' first point: d rows of TILE_ROWS */
  const double *origin; /* d */
  double *centred;      /* d rows of SIDE_VECTORS vectors: x - origin, as far as it is made */
  double *panels;       /* receives y: SIDE_PANELS x d rows of PANEL */
  int64_t n_features;
} side;

/* Column j of the points, centred. */
ALWAYS_INLINE void centre_column(const side *own, int64_t j, vector x[SIDE_VECTORS])
{
  for (int v = 0; v < SIDE_VECTORS; v++) {
    x[v] = ((const vector *)(own->tile + j * TILE_ROWS))[v] - own->origin[j];
    ((vector *)own->centred)[j * SIDE_VECTORS + v] = x[v];
  }
}

ALWAYS_INLINE void add_column(const double *matrix, const vector x[SIDE_VECTORS],
                              vector y[WHITENING_ROWS][SIDE_VECTORS])
{
  for (int r = 0; r < WHITENING_ROWS; r++) {
    for (int v = 0; v < SIDE_VECTORS; v++) y[r][v] += matrix[r] * x[v];
  }
}

/* Rows of R that begin at `first`, of which the columns before n_columns are not 0. Those before n_centred are centred
 * already, and the others become so. matrix: that group of WHITENING_ROWS rows. */
ALWAYS_INLINE void transform_rows(const side *own, int64_t first, int64_t n_centred, int64_t n_columns,
                                  const double *restrict matrix)
{
  const int64_t d = own->n_features;
  vector y[WHITENING_ROWS][SIDE_VECTORS];
  vector x[SIDE_VECTORS];
  for (int r = 0; r < WHITENING_ROWS; r++) {
    for (int v = 0; v < SIDE_VECTORS; v++) y[r][v] = vector_of(0.0);
  }
  for (int64_t j = 0; j < n_centred; j++, matrix += WHITENING_ROWS) {
    for (int v = 0; v < SIDE_VECTORS; v++) x[v] = ((const vector *)own->centred)[j * SIDE_VECTORS + v];
    add_column(matrix, x, y);
  }
  for (int64_t j = n_centred; j < n_columns; j++, matrix += WHITENING_ROWS) {
    centre_column(own, j, x);
    add_column(matrix, x, y);
  }
  for (int r = 0; r < WHITENING_ROWS && first + r < d; r++) {
    for (int v = 0; v < SIDE_VECTORS; v++)
      ((vector *)(own->panels + (v / PANEL_VECTORS * d + first + r) * PANEL))[v % PANEL_VECTORS] = y[r][v];
  }
}

/* The panels that panels_of_tile makes, of y; centred: room for a tile. */
static void transformed_panels(const density_form *form, const double *restrict tile, double *restrict panels,
                               double *restrict centred)
{
  const int64_t d = form->n_features;
  for (int panel = 0; panel < N_PANELS; panel += SIDE_PANELS) {
    const side own = {tile + panel * PANEL, form->common.origin, centred, panels + panel * d * PANEL, d};
    const double *matrix = form->common.matrix;
    int64_t n_centred = 0;
    for (int64_t first = 0; first < d; first += WHITENING_ROWS) {
      const int64_t end = form->common.is_triangular ? first + WHITENING_ROWS : d;
      const int64_t n_columns = end < d ? end : d;
      transform_rows(&own, first, n_centred, n_columns, matrix);
      n_centred = n_columns;
      matrix += WHITENING_ROWS * n_columns;
    }
  }
}

/* The form of y: diagonal. */
static density_form transformed_form(const density_form *form)
{
  density_form transformed = *form;
  transformed.shape = DIAGONAL;
  transformed.means = form->common.means;
  transformed.whitening = form->common.precisions;
  transformed.whitening_length = form->common.precisions_length;
  transformed.isotropic = form->common.isotropic;
  return transformed;
}
