/* The two halves of an EM iteration, over all ranks, with all the memory they need. */
#ifndef EM_ITERATION_H
#define EM_ITERATION_H

#include "em/collapse.h"
#include "em/timings.h"

typedef struct em_iteration {
  const shard *points;
  const fit_options *options;
  const covariance_family *family;
  const kernel *kernel;
  data_spread *spread;
  density_form *form; /* of the model in hand */
  statistics *sums;
  pass_team *team;
  maximization *step;
  moments *measured; /* of the last pass */
  moments *proposed; /* to make a model of instead */
  double *spans;     /* K x d */
  bool provisional;  /* what is made is a start: components that collapse are always put elsewhere, without a report */
  bool broadcast_models; /* the nodes' linear algebra may differ in the last bits: rank 0's model is everybody's */
  fit_timings *timings;  /* borrowed */
} em_iteration;

/* Collective. Errors, agreed: 71. */
gmmpi_status iteration_create(const shard *points, const fit_options *options, fit_timings *timings, em_iteration **em,
                              gmmpi_error *error);

/* The same on a subsample of the points of `whole`, which a start is made from, with the kernel of `whole`. options: of
 * whole, or with another number of components. */
gmmpi_status iteration_create_provisional(const shard *points, const fit_options *options, const em_iteration *whole,
                                          fit_timings *timings, em_iteration **em, gmmpi_error *error);

void iteration_destroy(em_iteration *em); /* NULL is fine */

/* E-step, or its like by another rule: statistics about model's means, of all ranks. Sets em->form from the model. rule
 * NULL is the posterior of the model. Collective. Errors, the same on all ranks: 70 when ranks hold different models.
 */
gmmpi_status expectation_step(em_iteration *em, gmmpi_model *model, responsibility_rule rule, void *context,
                              reduction_control *control, gmmpi_error *error);

/* The moments of the statistics, in em->measured; passes whose sums lost digits are made again. previous, rule and
 * context are those of the expectation_step before. Collective. Errors, the same on all ranks: 70. */
gmmpi_status measure_moments(em_iteration *em, const gmmpi_model *previous, responsibility_rule rule, void *context,
                             fit_state *state, gmmpi_error *error);

/* M-step from moments; collapsed components are repaired, and *repaired says whether any was. iteration is the number
 * of the model that is made. Collective. Errors, agreed: 65 with on_collapse error, 71. */
gmmpi_status maximization_step(em_iteration *em, const moments *from, const gmmpi_model *previous, int64_t iteration,
                               gmmpi_model *next, fit_state *state, const fit_observer *observer, bool *repaired,
                               gmmpi_error *error);

/* M-step from moments that need not be any model's: false when a component is not sound, and next is of no use.
 * Collective; all ranks find the same. */
bool try_maximization(em_iteration *em, const moments *from, const gmmpi_model *previous, gmmpi_model *next);

/* Collective. A model that every rank has made for itself, and whether it is sound: where processors differ, rank 0's
 * is everybody's. Returns the same on all ranks. */
bool share_model(const em_iteration *em, bool sound, gmmpi_model *model);

#endif
