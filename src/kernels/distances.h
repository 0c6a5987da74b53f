/* SPDX-License-Identifier: BSD-3-Clause */
/* Part of template.h: what is computed for one point and one component with diagonal covariances.
 *
 * These two functions are the definition: a sum over the features in ascending order, beginning with 0, in one
 * accumulator for each pair of a point and a component; then the log density from that sum. Whoever computes a pair's
 * value calls them, in whatever order pairs come and whatever lanes run over, so that its bits are the same.
 *
 *   sum = 0; for j = 0 ... d - 1: sum = with_feature(kind, sum, x_j, mean_j, factor_j)
 *   log density = log_density_of_sum(kind, log_constants[k], p, half_of_point + halves[n_stages][k], sum)
 *
 * kind = kind_of_component(kind_of(form), form, k). Where form->centred.holds (mixture/density.h) x_j are coordinates
 * of u, mean is a row of centred.means, and of ROOTS factor one of centred.roots; half_of_point is |u|^2 / 2, that is
 * 0.5 times the sum of u_j^2 over ascending j by fused multiply-add. Else x_j are coordinates of x (or of y where
 * covariances have something in common), mean is the component's mean, and factor its precisions. p is the component's
 * one precision where isotropic (PRODUCTS, SQUARES), else it is not used. */
typedef enum distance_kind { PRODUCTS, ROOTS, SQUARES, WEIGHTED } distance_kind;

/* Of most components; with PRODUCTS, those that are far have SQUARES. */
static distance_kind kind_of(const density_form *form)
{
  if (form->centred.holds) return form->isotropic ? PRODUCTS : ROOTS;
  return form->isotropic ? SQUARES : WEIGHTED;
}

ALWAYS_INLINE distance_kind kind_of_component(distance_kind of_most, const density_form *form, int64_t k)
{
  return of_most == PRODUCTS && form->centred.far[k] ? SQUARES : of_most;
}

ALWAYS_INLINE vector with_feature(distance_kind kind, vector sum, vector x, vector mean, vector factor)
{
  if (kind == PRODUCTS) return sum + x * mean;
  const vector y = kind == ROOTS ? x * factor - mean : x - mean;
  return kind == WEIGHTED ? sum + factor * y * y : sum + y * y;
}

/* Of lanes with different components. half: of PRODUCTS |u|^2 / 2 + |m|^2 / 2, in this order. A component of weight 0
 * keeps -infinity, others never get it; and never NaN. Log densities fall, or stay, as sums of squares grow, and as
 * half - sum does. */
ALWAYS_INLINE vector log_density_of_lanes(distance_kind kind, vector log_constant, vector precision, vector half,
                                          vector sum)
{
  const vector least = vector_choose(log_constant == vector_of(-INFINITY), log_constant, vector_of(LEAST_LOG_DENSITY));
  if (kind == PRODUCTS) return vector_max(log_constant - precision * vector_max(vector_of(0.0), half - sum), least);
  vector factor = vector_of(0.5);
  if (kind == SQUARES) factor *= precision;
  return vector_max(log_constant - factor * sum, least);
}

/* The same of one component. */
ALWAYS_INLINE vector log_density_of_sum(distance_kind kind, double log_constant, double precision, vector half,
                                        vector sum)
{
  const vector least = vector_of(log_constant == -INFINITY ? -INFINITY : LEAST_LOG_DENSITY);
  if (kind == PRODUCTS) return vector_max(log_constant - precision * vector_max(vector_of(0.0), half - sum), least);
  return vector_max(log_constant - (kind == SQUARES ? 0.5 * precision : 0.5) * sum, least);
}
