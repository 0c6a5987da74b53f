/* SPDX-License-Identifier: BSD-3-Clause */
/* Part of template.h: covariances with a matrix R in common (common_form, mixture/density.h), lanes over points.
 *
 * A tile becomes panels of y = R (x - origin), once for all components, and diagonal.h computes distances of these: d
 * d / 2 products per point (d d where R is not triangular) and 2 d per point and component, where dense.h has d d / 2
 * per point and component. */

/* Panels that are transformed together: as many sums as there are registers for. */
enum { SIDE_PANELS = LANES >= 8 ? 2 : 1, SIDE_VECTORS = SIDE_PANELS * PANEL_VECTORS };

/* Rows of R that begin at `first` times SIDE_PANELS centred panels (each d rows of PANEL), into panels; matrix: that
 * group of WHITENING_ROWS rows, of which n_columns are not 0. */
ALWAYS_INLINE void transform_rows(int64_t first, int64_t n_features, int64_t n_columns, const double *restrict matrix,
                                  const double *restrict centred, double *restrict panels)
{
  const int64_t stride = n_features * PANEL;
  vector y[WHITENING_ROWS][SIDE_VECTORS];
  for (int r = 0; r < WHITENING_ROWS; r++) {
    for (int v = 0; v < SIDE_VECTORS; v++) y[r][v] = vector_of(0.0);
  }
  for (int64_t j = 0; j < n_columns; j++, matrix += WHITENING_ROWS, centred += PANEL) {
    vector x[SIDE_VECTORS];
    for (int v = 0; v < SIDE_VECTORS; v++)
      x[v] = ((const vector *)(centred + v / PANEL_VECTORS * stride))[v % PANEL_VECTORS];
    for (int r = 0; r < WHITENING_ROWS; r++) {
      for (int v = 0; v < SIDE_VECTORS; v++) y[r][v] += matrix[r] * x[v];
    }
  }
  for (int r = 0; r < WHITENING_ROWS && first + r < n_features; r++) {
    for (int v = 0; v < SIDE_VECTORS; v++)
      ((vector *)(panels + v / PANEL_VECTORS * stride + (first + r) * PANEL))[v % PANEL_VECTORS] = y[r][v];
  }
}

/* The panels that panels_of_tile makes, of y; centred: room for a tile. */
static void transformed_panels(const density_form *form, const double *restrict tile, double *restrict panels,
                               double *restrict centred)
{
  const int64_t d = form->n_features;
  for (int64_t j = 0; j < d; j++) {
    const vector *x = (const vector *)(tile + j * TILE_ROWS);
    for (int v = 0; v < TILE_VECTORS; v++)
      *(vector *)(centred + (v / PANEL_VECTORS * d + j) * PANEL + v % PANEL_VECTORS * LANES) =
          x[v] - form->common.origin[j];
  }
  for (int panel = 0; panel < N_PANELS; panel += SIDE_PANELS) {
    const double *matrix = form->common.matrix;
    for (int64_t first = 0; first < d; first += WHITENING_ROWS) {
      const int64_t width = form->common.is_triangular ? first + WHITENING_ROWS : d;
      transform_rows(first, d, width < d ? width : d, matrix, centred + panel * d * PANEL, panels + panel * d * PANEL);
      matrix += WHITENING_ROWS * width;
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
