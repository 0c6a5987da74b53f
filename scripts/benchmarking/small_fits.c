/* SPDX-License-Identifier: BSD-3-Clause */
/* Many fits to small tables in one process, through the library's public header: what a fit costs beside its
 * arithmetic.
 *
 *   small_fits [FITS [ROWS [COMPONENTS [FEATURES [NAME VALUE]...]]]]
 *
 * draws FITS data sets (1000) of ROWS points (200) in FEATURES features (3) from COMPONENTS normal distributions (3)
 * whose means have a standard deviation of 3, the same ones in every run, and fits as many components to each with
 * the default options, or with those named. Prints the seconds of all fits, the passes over the points, the
 * microseconds a fit, the mean log-likelihood, and a hash of all models' bits, by which two builds are compared.
 *
 *   mpicc -O2 small_fits.c -I include -o small_fits -L BUILD -lgmmpi -lm -Wl,-rpath,BUILD */
#include <gmmpi/gmmpi.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Uniform in (0, 1): splitmix64 (Steele, Lea, Flood 2014). */
static double uniform(uint64_t *state)
{
  uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return ((double)((z ^ (z >> 31)) >> 12) + 0.5) * 0x1p-52;
}

/* Standard normal (Box, Muller 1958). */
static double normal(uint64_t *state)
{
  const double radius = sqrt(-2.0 * log(uniform(state)));

  return radius * cos(6.283185307179586 * uniform(state));
}

/* rows: n x d. means: room for k x d. */
static void draw(int64_t n, int64_t d, int64_t k, uint64_t seed, double *means, double *rows)
{
  uint64_t state = seed;

  for (int64_t j = 0; j < k * d; j++) means[j] = 3.0 * normal(&state);
  for (int64_t i = 0; i < n; i++) {
    const int64_t component = (int64_t)(uniform(&state) * (double)k);

    for (int64_t f = 0; f < d; f++)
      rows[i * d + f] = means[component * d + f] + (1.0 + 0.5 * (double)component) * normal(&state);
  }
}

/* Fowler, Noll and Vo's hash of 64 bits (FNV-1a) of n numbers' bytes, continued. */
static uint64_t hash_of(const double *numbers, int64_t n, uint64_t hash)
{
  const unsigned char *bytes = (const unsigned char *)numbers;

  for (int64_t i = 0; i < n * (int64_t)sizeof *numbers; i++) hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
  return hash;
}

int main(int argc, char **argv)
{
  const int64_t fits = argc > 1 ? atoll(argv[1]) : 1000, n = argc > 2 ? atoll(argv[2]) : 200;
  const int64_t k = argc > 3 ? atoll(argv[3]) : 3, d = argc > 4 ? atoll(argv[4]) : 3;
  if (fits < 1 || n < 1 || k < 1 || d < 1 || (argc > 5 && argc % 2 == 0)) {
    fprintf(stderr, "usage: small_fits [FITS [ROWS [COMPONENTS [FEATURES [NAME VALUE]...]]]]\n");
    return 64;
  }
  double *means = malloc((size_t)(k * d) * sizeof *means), *rows = malloc((size_t)(n * d) * sizeof *rows);
  gmmpi_options *options = NULL;
  gmmpi_error error = {GMMPI_OK, 0, ""};
  double passes = 0.0, log_likelihood = 0.0, seconds = 0.0;
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  char text[32];

  MPI_Init(&argc, &argv);
  (void)snprintf(text, sizeof text, "%lld", (long long)k);
  if (means == NULL || rows == NULL) error.status = GMMPI_NO_MEMORY;
  if (error.status == GMMPI_OK && gmmpi_options_create(&options, &error) == GMMPI_OK)
    (void)gmmpi_options_set(options, "components", text, &error);
  for (int i = 5; i < argc && error.status == GMMPI_OK; i += 2)
    (void)gmmpi_options_set(options, argv[i], argv[i + 1], &error);
  for (int64_t i = 0; i < fits && error.status == GMMPI_OK; i++) {
    gmmpi_points *points = NULL;
    gmmpi_model *model = NULL;
    gmmpi_summary *summary = NULL;
    double begin;

    draw(n, d, k, (uint64_t)i, means, rows);
    begin = MPI_Wtime();
    if (gmmpi_points_create(MPI_COMM_SELF, rows, n, d, options, &points, &error) == GMMPI_OK)
      (void)gmmpi_fit(points, options, NULL, &model, &summary, &error);
    seconds += MPI_Wtime() - begin;
    if (model != NULL) {
      passes += gmmpi_summary_n_passes(summary);
      log_likelihood += gmmpi_summary_log_likelihood(summary) / (double)n;
      hash = hash_of(gmmpi_model_means(model), k * d, hash);
    }
    gmmpi_summary_destroy(summary);
    gmmpi_model_destroy(model);
    gmmpi_points_destroy(points);
  }
  if (error.status != GMMPI_OK) fprintf(stderr, "small_fits: %s\n", error.message[0] != '\0' ? error.message : "no memory");
  if (error.status == GMMPI_OK)
    printf("%.3f s, %.1f passes a fit, %.1f us a fit, mean log-likelihood %.9f, %016llx\n", seconds,
         passes / (double)fits, 1e6 * seconds / (double)fits, log_likelihood / (double)fits, (unsigned long long)hash);
  gmmpi_options_destroy(options);
  free(means);
  free(rows);
  MPI_Finalize();
  return (int)error.status;
}
