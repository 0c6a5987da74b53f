/* SPDX-License-Identifier: BSD-3-Clause */
/* Counter-based random numbers: a draw is a function of seed, purpose, row and number of the draw, and of nothing else,
 * so it never depends on which rank makes it. Philox 4x64-10 of Random123 (Salmon, Moraes, Dror, Shaw 2011). */
#ifndef SUPPORT_RANDOM_H
#define SUPPORT_RANDOM_H

#include <stdint.h>

/* What a draw is for; draws for different purposes are independent. */
typedef enum random_purpose {
  RANDOM_FIRST_SEED = 1,   /* the first centre of k-means++ and k-means|| */
  RANDOM_SEED_RACE,        /* exponential races for further centres */
  RANDOM_CANDIDATES,       /* k-means||: is a point a candidate? */
  RANDOM_CANDIDATE_SEEDS,  /* k-means|| : choosing among the candidates */
  RANDOM_START_ROWS,       /* random_from_data */
  RANDOM_RESPONSIBILITIES, /* random */
  RANDOM_SAMPLE_COMPONENT, /* gmmpi sample */
  RANDOM_SAMPLE_NORMAL,
  RANDOM_LEVEL,        /* subsamples of the points: a key for hashes */
  RANDOM_GREEDY_RACE,  /* greedy k-means++: races of blocks */
  RANDOM_GREEDY_ROW,   /* and the row in the block that wins */
  RANDOM_SPLIT,        /* directions in which components are split */
  RANDOM_PLACES,       /* rows around which points are counted */
  RANDOM_SAMPLE_NOISE, /* gmmpi sample: the background */
  RANDOM_SAMPLE_GAMMA, /* gmmpi sample: scales of Student's t */
  RANDOM_REPLICATE,    /* weights of the bootstrap's rows: by four rows, the draw being the replicate */
  RANDOM_FOLD          /* folds of cross-validation, likewise by four rows */
} random_purpose;

/* Uniform in the open interval (0, 1). */
double random_uniform(uint64_t seed, random_purpose purpose, uint64_t row, uint64_t draw);

/* Those of n rows from first_row on, which costs less than one by one. */
void random_uniforms(uint64_t seed, random_purpose purpose, uint64_t first_row, int n, uint64_t draw, double *uniforms);

/* Four independent ones at the price of one; the first is that of random_uniform. */
void random_four_uniforms(uint64_t seed, random_purpose purpose, uint64_t row, uint64_t draw, double uniforms[4]);

/* Exponential with mean 1; never 0. */
double random_exponential(uint64_t seed, random_purpose purpose, uint64_t row, uint64_t draw);

/* Two independent standard normal numbers (Box, Muller 1958). */
void random_normal_pair(uint64_t seed, random_purpose purpose, uint64_t row, uint64_t draw, double pair[2]);

/* A number of the gamma distribution with this shape, above 0, and scale 1 (Marsaglia, Tsang 2000). It uses up all
 * draws of the row. */
double random_gamma(uint64_t seed, random_purpose purpose, uint64_t row, double shape);

/* The seed of the start-th of several starts (from 0); start 0 keeps the user's seed. */
uint64_t random_seed_of_start(uint64_t seed, int64_t start);

#endif
