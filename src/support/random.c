/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/random.h"

#include <math.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wpedantic"
#include <Random123/philox.h>
#pragma GCC diagnostic pop

static philox4x64_ctr_t random_words(uint64_t seed, random_purpose purpose, uint64_t row, uint64_t draw)
{
  const philox4x64_ctr_t counter = {{row, draw, 0, 0}};
  const philox4x64_key_t key = {{seed, (uint64_t)purpose}};
  return philox4x64(counter, key);
}

/* The middle of one of 2^52 equal parts of (0, 1). */
static double open_unit(uint64_t word)
{
  return ((double)(word >> 12) + 0.5) * 0x1p-52;
}

double random_uniform(uint64_t seed, random_purpose purpose, uint64_t row, uint64_t draw)
{
  return open_unit(random_words(seed, purpose, row, draw).v[0]);
}

void random_four_uniforms(uint64_t seed, random_purpose purpose, uint64_t row, uint64_t draw, double uniforms[4])
{
  const philox4x64_ctr_t words = random_words(seed, purpose, row, draw);
  for (int i = 0; i < 4; i++) uniforms[i] = open_unit(words.v[i]);
}

void random_uniforms(uint64_t seed, random_purpose purpose, uint64_t first_row, int n, uint64_t draw, double *uniforms)
{
  for (int i = 0; i < n; i++) uniforms[i] = open_unit(random_words(seed, purpose, first_row + (uint64_t)i, draw).v[0]);
}

double random_exponential(uint64_t seed, random_purpose purpose, uint64_t row, uint64_t draw)
{
  return -log(random_uniform(seed, purpose, row, draw));
}

void random_normal_pair(uint64_t seed, random_purpose purpose, uint64_t row, uint64_t draw, double pair[2])
{
  const philox4x64_ctr_t words = random_words(seed, purpose, row, draw);
  const double radius = sqrt(-2.0 * log(open_unit(words.v[0])));
  const double angle = 2.0 * 3.14159265358979323846 * open_unit(words.v[1]);
  pair[0] = radius * cos(angle);
  pair[1] = radius * sin(angle);
}

/* By rejection: the first of the pairs of draws that is taken. A shape below 1 is one more, made smaller again. */
double random_gamma(uint64_t seed, random_purpose purpose, uint64_t row, double shape)
{
  const double large = shape < 1.0 ? shape + 1.0 : shape;
  const double d = large - 1.0 / 3.0;
  const double c = 1.0 / sqrt(9.0 * d);
  const double shrink = shape < 1.0 ? pow(random_uniform(seed, purpose, row, 0), 1.0 / shape) : 1.0;
  for (uint64_t draw = 1;; draw += 2) {
    double pair[2];
    random_normal_pair(seed, purpose, row, draw, pair);
    const double root = 1.0 + c * pair[0];
    const double v = root * root * root;
    const double u = random_uniform(seed, purpose, row, draw + 1);
    if (root > 0.0 && log(u) < 0.5 * pair[0] * pair[0] + d - d * v + d * log(v)) return fmax(d * v * shrink, 1e-280);
  }
}

uint64_t random_seed_of_start(uint64_t seed, int64_t start)
{
  const philox4x64_ctr_t counter = {{(uint64_t)start, 0, 0, 1}};
  const philox4x64_key_t key = {{seed, 0}};
  return start == 0 ? seed : philox4x64(counter, key).v[0];
}
