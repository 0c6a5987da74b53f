/* SPDX-License-Identifier: BSD-3-Clause */
/* What a fit is asked to do. The table in fit/options.c gives each of them its name, range and default. */
#ifndef EM_OPTIONS_H
#define EM_OPTIONS_H

#include "mixture/model.h"

#include <stdbool.h>
#include <stdint.h>

/* What is estimated (em/estimator.h). */
typedef enum fit_method {
  METHOD_ML,   /* maximum likelihood */
  METHOD_MAP,  /* the mode of the posterior under a conjugate prior */
  METHOD_VB,   /* a variational posterior, of the weights a Dirichlet distribution */
  METHOD_DP,   /* the same with weights by stick-breaking */
  METHOD_ADAPT /* parameters between those of a model and the points' */
} fit_method;

/* Which parameters are adapted (METHOD_ADAPT): bits. */
typedef enum adapted_parameters { ADAPT_MEANS = 1, ADAPT_WEIGHTS = 2, ADAPT_VARIANCES = 4 } adapted_parameters;

typedef enum component_distribution {
  DISTRIBUTION_GAUSSIAN,
  DISTRIBUTION_T /* Student's t */
} component_distribution;

/* Values of fit_options.dof that are no numbers of degrees of freedom. */
#define DOF_EACH   0.0    /* estimated, for each component its own */
#define DOF_COMMON (-1.0) /* estimated, the same for all */

typedef enum start_method {
  INIT_KMEANS,           /* the best of many starts and of moves from them by splitting and merging components;
                                  with COARSE_OFF one start from k-means|| seeding (Bahmani et al. 2012) and
                                  Lloyd's iterations */
  INIT_KMEANS_PLUS_PLUS, /* k-means++ seeding (Arthur, Vassilvitskii 2007), each point to its nearest seed */
  INIT_RANDOM_FROM_DATA, /* means are points drawn without replacement, see init_covariance */
  INIT_RANDOM,           /* responsibilities are random */
  INIT_MODEL,            /* fit_options.start as it is */
  INIT_LABELS            /* fit_options.labels: the first M-step is from them */
} start_method;

/* The covariances of INIT_RANDOM_FROM_DATA. */
typedef enum start_covariance {
  START_SAMPLE,  /* of all points */
  START_IDENTITY /* the identity */
} start_covariance;

typedef enum collapse_policy {
  COLLAPSE_RESEED, /* put the component where the data fit worst, a bounded number of times, then drop it */
  COLLAPSE_DROP,   /* weight 0 from then on */
  COLLAPSE_ERROR
} collapse_policy;

typedef enum point_precision {
  PRECISION_DOUBLE,
  PRECISION_SINGLE /* points are held as floats: rounded to 24 bits once, then computed with in double */
} point_precision;

typedef enum fit_arithmetic {
  ARITHMETIC_DOUBLE,
  ARITHMETIC_MIXED /* single precision while the fit is far from its optimum (em/arithmetic.h) */
} fit_arithmetic;

/* Nested subsamples of the points: the start is looked for and improved on small ones before all points are used. */
typedef enum coarse_choice {
  COARSE_AUTO, /* where there are points enough that a subsample says much about the model */
  COARSE_ON,   /* also where there are few */
  COARSE_OFF   /* every pass sees all points; with INIT_KMEANS there is one start, and no search */
} coarse_choice;

/* Models whose likelihood rests on a component of next to no points (McLachlan, Peel 2000, ch. 3). */
typedef enum spurious_choice {
  SPURIOUS_AVOID, /* the search passes them over while there are others */
  SPURIOUS_KEEP,  /* they are models like any others */
  SPURIOUS_STRICT /* so are those of any component as thin as the ridge, whose likelihood is a matter of the ridge: for
                     models that are compared by it */
} spurious_choice;

typedef struct fit_options {
  int64_t n_components;
  const char *covariance; /* "full", "tied", "diag", "spherical" */
  double tolerance; /* stop when the mean log-likelihood per point changes by less; 0: max_iterations iterations */
  int64_t max_iterations;
  double reg_covar; /* added to the diagonal of every covariance by the M-step */
  int64_t n_init;   /* starts; the best final log-likelihood wins */
  start_method init;
  const char *init_file;            /* that INIT_MODEL or INIT_LABELS is read from; NULL: none. For whoever reads it */
  start_covariance init_covariance; /* with INIT_RANDOM_FROM_DATA */
  const gmmpi_model *start;         /* with INIT_MODEL: the same on every rank */
  const int64_t *labels; /* with INIT_LABELS: one for each of this rank's rows, any n_components distinct values */
  uint64_t seed;
  collapse_policy on_collapse;
  int threads; /* of each rank, 1 by default; the model is the same at any number. 2 and more need a build with OpenMP
                */
  point_precision precision; /* of the points in memory */
  fit_arithmetic arithmetic;
  const char *accelerate; /* "auto", "none" (textbook EM), "anderson", "squarem" */
  coarse_choice coarse_to_fine;
  spurious_choice spurious; /* with INIT_KMEANS and its search */
  fit_method method;
  const char *prior_mean;  /* METHOD_MAP, as the next three (em/map.h): "data", or d numbers with commas */
  double prior_shrinkage;  /* for how many points the prior mean counts; 0: means are not shrunk */
  double prior_dof;        /* 0: as many as the family wants */
  const char *prior_scale; /* "auto", "mclust", or 1, d or d x d numbers with commas */
  const char *from_file;   /* METHOD_ADAPT: what is adapted, which is `start` once it is read; NULL: it is in memory */
  double relevance;        /* for how many points a parameter of it counts */
  int adapts;              /* of adapted_parameters */
  component_distribution distribution;
  double dof;          /* of t distributions: DOF_EACH, DOF_COMMON, or fixed */
  bool noise;          /* there is a uniform background */
  double noise_volume; /* 1 over its density; 0: the volume of the points (passes/noise_volume.h) */
  /* With METHOD_VB and METHOD_DP, as scikit-learn has them: 0 and NULL are the defaults of em/prior.h. */
  double weight_concentration_prior;
  double mean_precision_prior;
  double degrees_of_freedom_prior;
  const char *mean_prior;       /* d numbers, with commas between them */
  const char *covariance_prior; /* one number, d or d x d, likewise */
  bool prune;                   /* components that are not used are left out in the end */
} fit_options;

/* Is what is estimated a variational posterior? */
static inline bool fit_is_variational(const fit_options *options)
{
  return options->method == METHOD_VB || options->method == METHOD_DP;
}

/* The models that the options ask for. */
model_kind fit_kind(const fit_options *options);

/* Numbers that can move freely in a model that was fitted: model_n_parameters, and the degrees of freedom that were
 * estimated. */
int64_t fit_n_parameters(const fit_options *options, const gmmpi_model *model);

/* The same with all components living. */
int64_t fit_n_parameters_nominal(const fit_options *options, const gmmpi_model *model);

#endif
