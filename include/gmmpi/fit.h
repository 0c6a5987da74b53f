/* Fitting a mixture by expectation-maximisation to points that the ranks of a communicator hold together. */
#ifndef GMMPI_FIT_H
#define GMMPI_FIT_H

#include "gmmpi/error.h"
#include "gmmpi/model.h"

#include <mpi.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum gmmpi_init {
  GMMPI_INIT_KMEANS,           /* the best of many starts and of moves from them by splitting and merging components;
                                  with GMMPI_COARSE_OFF one start from k-means|| seeding (Bahmani et al. 2012) and
                                  Lloyd's iterations */
  GMMPI_INIT_KMEANS_PLUS_PLUS, /* k-means++ seeding (Arthur, Vassilvitskii 2007), each point to its nearest seed */
  GMMPI_INIT_RANDOM_FROM_DATA, /* means are points drawn without replacement, see init_identity */
  GMMPI_INIT_RANDOM,           /* responsibilities are random */
  GMMPI_INIT_MODEL,            /* gmmpi_fit_options.start as it is */
  GMMPI_INIT_LABELS            /* gmmpi_fit_options.labels: the first M-step is from them */
} gmmpi_init;

typedef enum gmmpi_on_collapse {
  GMMPI_COLLAPSE_RESEED, /* put the component where the data fit worst, a bounded number of times, then drop it */
  GMMPI_COLLAPSE_DROP,   /* weight 0 from then on */
  GMMPI_COLLAPSE_ERROR
} gmmpi_on_collapse;

typedef enum gmmpi_precision {
  GMMPI_PRECISION_DOUBLE,
  GMMPI_PRECISION_SINGLE /* points are held as floats: rounded to 24 bits once, then computed with in double */
} gmmpi_precision;

/* Nested subsamples of the points: the start is looked for and improved on small ones before all points are used. */
typedef enum gmmpi_coarse_to_fine {
  GMMPI_COARSE_AUTO, /* where there are points enough that a subsample says much about the model */
  GMMPI_COARSE_ON,   /* also where there are few */
  GMMPI_COARSE_OFF   /* every pass sees all points; with GMMPI_INIT_KMEANS there is one start, and no search */
} gmmpi_coarse_to_fine;

/* Models whose likelihood rests on a component of next to no points (McLachlan, Peel 2000, ch. 3). */
typedef enum gmmpi_spurious {
  GMMPI_SPURIOUS_AVOID, /* the search passes them over while there are others */
  GMMPI_SPURIOUS_KEEP   /* they are models like any others */
} gmmpi_spurious;

typedef struct gmmpi_fit_options {
  int64_t n_components;
  const char *covariance; /* "full", "tied", "diag", "spherical" */
  double tolerance; /* stop when the mean log-likelihood per point changes by less; 0: max_iterations iterations */
  int64_t max_iterations;
  double reg_covar; /* added to the diagonal of every covariance by the M-step */
  int64_t n_init;   /* starts; the best final log-likelihood wins */
  gmmpi_init init;
  bool init_identity;       /* with random_from_data: covariances are the identity, not the covariance of all points */
  const gmmpi_model *start; /* with GMMPI_INIT_MODEL: the same on every rank */
  const int64_t
      *labels; /* with GMMPI_INIT_LABELS: one for each of this rank's rows, any n_components distinct values */
  uint64_t seed;
  gmmpi_on_collapse on_collapse;
  int threads; /* of each rank, 1 by default; the model is the same at any number. 2 and more need a build with OpenMP
                */
  gmmpi_precision precision; /* of the points in memory */
  const char *accelerate;    /* "auto", "none" (textbook EM), "anderson", "squarem" */
  gmmpi_coarse_to_fine coarse_to_fine;
  gmmpi_spurious spurious; /* with GMMPI_INIT_KMEANS and its search */
} gmmpi_fit_options;

/* The options that `gmmpi fit` has when none is given, for n_components components. */
GMMPI_API gmmpi_fit_options gmmpi_fit_defaults(int64_t n_components);

/* What a fit came to, beside the model. */
typedef struct gmmpi_fit_summary {
  int64_t n_samples;
  int64_t n_iterations; /* M-steps of the start that won */
  double n_passes;      /* E-steps over all points, of all starts; one over a subsample counts by its share */
  int64_t n_events;     /* components that collapsed, covariances that were repaired */
  bool converged;
  double log_likelihood; /* total */
  double icl_entropy;    /* sum over points of log of the largest responsibility */
} gmmpi_fit_summary;

/* Collective over comm. rows: this rank's n_local x n_features points, row-major; the data set is the ranks' rows one
 * after the other, and the model is bit for bit the same however they are distributed. On success every rank holds the
 * same *model. summary may be NULL. Errors, the same on every rank: GMMPI_WRONG_USAGE, GMMPI_BAD_DATA (not finite,
 * fewer points than components, ...), GMMPI_NO_MEMORY. */
GMMPI_API gmmpi_status gmmpi_fit(MPI_Comm comm, const double *rows, int64_t n_local, int64_t n_features,
                                 const gmmpi_fit_options *options, gmmpi_model **model, gmmpi_fit_summary *summary,
                                 gmmpi_error *error);

#ifdef __cplusplus
}
#endif

#endif
