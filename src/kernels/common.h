/* SPDX-License-Identifier: BSD-3-Clause */
/* Part of template.h: covariances with a matrix R in common (common_form, mixture/density.h), lanes over points.
 *
 * A tile becomes panels of y = R (x - origin), once for all components, and diagonal.h computes distances of these: d
 * d / 2 products per point and 2 d per point and component, where dense.h has d d / 2 per point and component. */

/* Rows of R that begin at `first` times a centred panel (d rows of PANEL); matrix: that group of WHITENING_ROWS rows.
 */
ALWAYS_INLINE void transform_rows(int64_t first, int64_t n_features, const double *restrict matrix,
                                  const double *restrict centred, double *restrict panel)
{
  const int64_t n_columns = first + WHITENING_ROWS < n_features ? first + WHITENING_ROWS : n_features;
  vector y[WHITENING_ROWS][PANEL_VECTORS];
  for (int r = 0; r < WHITENING_ROWS; r++) {
    for (int v = 0; v < PANEL_VECTORS; v++) y[r][v] = vector_of(0.0);
  }
  for (int64_t j = 0; j < n_columns; j++, matrix += WHITENING_ROWS) {
    const vector *x = (const vector *)(centred + j * PANEL);
    for (int r = 0; r < WHITENING_ROWS; r++) {
      for (int v = 0; v < PANEL_VECTORS; v++) y[r][v] += matrix[r] * x[v];
    }
  }
  for (int r = 0; r < WHITENING_ROWS && first + r < n_features; r++) {
    for (int v = 0; v < PANEL_VECTORS; v++) ((vector *)(panel + (first + r) * PANEL))[v] = y[r][v];
  }
}

/* The panels that panels_of_tile makes, of y; centred: room for a panel. */
static void transformed_panels(const density_form *form, const double *restrict tile, double *restrict panels,
                               double *restrict centred)
{
  const int64_t d = form->n_features;
  const double *origin = form->common.origin;
  for (int panel = 0; panel < N_PANELS; panel++, panels += d * PANEL) {
    const double *matrix = form->common.matrix;
    for (int64_t j = 0; j < d; j++) {
      const vector *x = (const vector *)(tile + j * TILE_ROWS + panel * PANEL);
      for (int v = 0; v < PANEL_VECTORS; v++) ((vector *)(centred + j * PANEL))[v] = x[v] - origin[j];
    }
    for (int64_t first = 0; first < d; first += WHITENING_ROWS) {
      transform_rows(first, d, matrix, centred, panels);
      matrix += WHITENING_ROWS * (first + WHITENING_ROWS);
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
