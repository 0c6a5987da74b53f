/* SPDX-License-Identifier: BSD-3-Clause */
#include "em/accelerate/methods.h"

#include <math.h>

/* From x with residual r and, after a plain step, x + r with residual r + v: x - 2 a r + a^2 v with a = -|r| / |v|,
 * that is (1 + a)^2 x - 2 a (1 + a) (x + r) + a^2 (x + 2 r + v). The older output is x + r, the newer one x + 2 r + v.
 */
static bool combine_squarem(int64_t n, int64_t length, const double *const *residuals, double *outputs, double *inner)
{
  if (n < 2) return false;
  double square_of_r = 0.0;
  double square_of_v = 0.0;
  for (int64_t i = 0; i < length; i++) {
    const double v = residuals[0][i] - residuals[1][i];
    square_of_r += residuals[1][i] * residuals[1][i];
    square_of_v += v * v;
  }
  if (!(square_of_r > square_of_v) || !(square_of_v > 0.0)) return false;
  const double a = -sqrt(square_of_r / square_of_v);
  const double share_of_x = (1.0 + a) * (1.0 + a);
  outputs[0] = a * a;
  outputs[1] = share_of_x - 2.0 * a * (1.0 + a);
  inner[0] = 0.0;
  inner[1] = -share_of_x;
  return true;
}

const acceleration_method acceleration_squarem = {
    .name = "squarem", .capacity = 2, .begins_anew = true, .combine = combine_squarem};
