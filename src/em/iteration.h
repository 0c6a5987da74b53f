/* SPDX-License-Identifier: BSD-3-Clause */
/* The two halves of an EM iteration, over all ranks, with all the memory they need.
 *
 * A pass is prepared (expectation_begin), made by whoever makes passes (passes/pass.h), and taken
 * (moments_are_measured, which may prepare another one, since digits were lost). expectation_step and measure_moments
 * do all of that at once for one model. */
#ifndef EM_ITERATION_H
#define EM_ITERATION_H

#include "em/arithmetic.h"
#include "em/collapse.h"
#include "em/estimator.h"
#include "em/timings.h"
#include "passes/near.h"
#include "passes/noise_volume.h"
#include "passes/pass.h"

typedef struct em_iteration {
  const shard *points;
  const fit_options *options;
  model_kind kind;
  const covariance_family *family; /* of the kind */
  const estimator *estimator;
  prior *before; /* the host's, or that of the iteration on all points where this one is for starts; NULL: none */
  bool owns_prior;
  noise_region *region; /* of the background, likewise */
  double region_scale;  /* of the volume that was given for it: noise_region_create */
  bool owns_region;
  const kernel *kernel;
  data_spread *spread;    /* that of the family's shape of the next ones */
  data_spread **spreads;  /* N_DENSITY_SHAPES: the host's; NULL: not needed so far */
  pass_team *team;        /* the same, as the next one */
  pass_request *requests; /* room for those of all iterations that share the team */
  const struct em_iteration *host;
  const row_weighting *weighting; /* what rows count for in its passes, measured, borrowed; NULL: their own weights. To
                                     be set between an ascent's end and the beginning of the next one */
  density_form *form;             /* of the model in hand */
  single_form *single;            /* room for the same; NULL: passes are in double */
  single_verdict in_single;       /* of the options and the points */
  double noise;                   /* of the pass in single precision: see em/arithmetic.h, as the next one */
  double not_single;              /* the number that is too large for single precision */
  statistics *sums;
  maximization *step;
  moments *measured;     /* of the last pass */
  moments *proposed;     /* to make a model of instead */
  double *spans;         /* K x d */
  bool makes_starts;     /* collapses are repaired as for any candidate, see maximization_step */
  bool is_alone;         /* there is but one rank: nothing to compare hashes of models with */
  bool broadcast_models; /* the nodes' linear algebra may differ in the last bits: rank 0's model is everybody's */
  near_state *near;      /* what passes leave for the next ones; NULL: nothing, as in all but the host */
  bool may_have_bounds;  /* near is there, unless memory was wanting: the same on all ranks */
  fit_timings *timings;  /* borrowed */
  bool is_untimed;       /* passes and steps are not timed one by one, which would take longer than they do */

  pass_request request; /* the pass that is prepared */
  uint64_t hash;        /* of the model that it is made with */
  int n_repeats;        /* passes with the same model that were prepared after the first one */
  bool is_tight;        /* they are in units from the points that count */
} em_iteration;

/* Seconds; 0 where passes are not timed one by one. */
double iteration_clock(const em_iteration *em);

/* Models that share passes: the options of each, n. */
typedef struct model_list {
  const fit_options *const *each;
  int64_t n;
} model_list;

/* Collective. Of the first one of models that share passes; the others are created beside it. Errors, agreed: 71. */
gmmpi_status iteration_create_among(const shard *points, model_list models, fit_timings *timings, em_iteration **em,
                                    gmmpi_error *error);

/* The same for n_requests models of the same options. */
gmmpi_status iteration_create(const shard *points, const fit_options *options, int64_t n_requests, fit_timings *timings,
                              em_iteration **em, gmmpi_error *error);

/* The same on a subsample of the points of `whole`, which a start is made from, with the kernel of `whole`. options: of
 * whole, or with another number of components. */
gmmpi_status iteration_create_for_starts(const shard *points, const fit_options *options, int64_t n_requests,
                                         const em_iteration *whole, fit_timings *timings, em_iteration **em,
                                         gmmpi_error *error);

/* The same for the first of several models; whole: the first one's on all points. */
gmmpi_status iteration_create_among_starts(const shard *points, model_list models, const em_iteration *whole,
                                           fit_timings *timings, em_iteration **em, gmmpi_error *error);

/* Collective. Another one on the same points, for another of the models that the host was created among, which shares
 * the host's team and timings; the host outlives it. whole: where these points are a subsample, this model's on all
 * points; else NULL. Errors, agreed: 71. */
gmmpi_status iteration_create_beside(const em_iteration *host, const fit_options *options, const em_iteration *whole,
                                     em_iteration **em, gmmpi_error *error);

void iteration_destroy(em_iteration *em); /* NULL is fine */

/* The bytes of one with a host; INT64_MAX when they can't be counted. */
int64_t iteration_bytes_beside(const fit_options *options, int64_t n_features);

/* The bytes of one without, for passes of one request. */
int64_t iteration_bytes(const fit_options *options, int64_t n_features);

/* How many points the rows count for in its passes. */
static inline double iteration_total_weight(const em_iteration *em)
{
  return total_of_weighting(em->points, em->weighting);
}

/* Prepares a pass with this model by this rule (NULL: the posterior of the model), about the model's means. Sets
 * em->form from the model. Collective where processors differ: rank 0's model becomes everybody's. */
void expectation_begin(em_iteration *em, gmmpi_model *model, responsibility_rule rule, void *context);

/* After expectation_begin with the posterior's rule: the pass is made in single precision if that suits; so are
 * repeated ones, unless they are in units from the points that count. Collective where processors differ. */
single_verdict expectation_in_single(em_iteration *em, const gmmpi_model *model);

/* After the prepared pass: are the moments in em->measured? Else the sums lost digits, and another pass with the same
 * model, `previous`, is prepared. All ranks find the same. */
bool moments_are_measured(em_iteration *em, const gmmpi_model *previous);

/* Makes the passes that the n iterations have prepared, all on the points of the first one, whose team and timings are
 * used. Collective. Errors, the same on all ranks: those of pass_make. */
gmmpi_status make_passes(em_iteration *const *all, int64_t n, pass_control *control, gmmpi_error *error);

/* The E-step, or its like by another rule, of one model: statistics about the model's means, of all ranks. Collective.
 * Errors: those of make_passes. */
gmmpi_status expectation_step(em_iteration *em, gmmpi_model *model, responsibility_rule rule, void *context,
                              pass_control *control, gmmpi_error *error);

/* The moments of the statistics, in em->measured; passes whose sums lost digits are made again, and counted in
 * *n_passes unless that is NULL. previous: the model of the expectation_step before. Collective. Errors: those of
 * make_passes. */
gmmpi_status measure_moments(em_iteration *em, const gmmpi_model *previous, int64_t *n_passes, gmmpi_error *error);

/* After the pass: the estimator's objective of the model that it was made with. Collective where processors differ. */
double iteration_objective(const em_iteration *em, const gmmpi_model *model);

/* M-step from moments; collapsed components are repaired, and *repaired says whether any was: in iterations that make
 * starts, and for climbers without a list of events, by putting them elsewhere, without a report, else as the options
 * want it. iteration is the number of the model that is made. Collective. Errors, agreed: 65 with on_collapse
 * error, 71. */
gmmpi_status maximization_step(em_iteration *em, const moments *from, const gmmpi_model *previous, int64_t iteration,
                               gmmpi_model *next, climber *climb, const fit_observer *observer, bool *repaired,
                               gmmpi_error *error);

/* M-step from moments that need not be any model's: false when a component is not sound, and next is of no use.
 * Collective; all ranks find the same. */
bool try_maximization(em_iteration *em, const moments *from, const gmmpi_model *previous, gmmpi_model *next);

/* Collective. A model that every rank has made for itself, and whether it is sound: where processors differ, rank 0's
 * is everybody's. Returns the same on all ranks. */
bool share_model(const em_iteration *em, bool sound, gmmpi_model *model);

#endif
