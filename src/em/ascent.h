/* SPDX-License-Identifier: BSD-3-Clause */
/* EM of one model on one set of points, from a climber's current model until it stands still: E-step, M-step, and so
 * on.
 *
 * The M-step takes the moments that were measured (textbook EM) or those that the climber's accelerator proposes. A
 * proposal that lowers the estimator's objective is taken back. A fit on all points has converged only when the change
 * was that of a textbook step in which no component was repaired (em/collapse.h).
 *
 * The ascent makes no passes over points itself: it says which it wants next, and is told when that was made
 * (em/together.h), so that many ascents can share each pass. Its phases, and the functions that lead from one to the
 * next:
 *
 *                      take_moments (digits were lost)
 *        +-----------+ -------------------------------> +---------+
 *        | MEASURES  | <------------------------------- | REPEATS |    MEASURES, REPEATS: all points are wanted
 *        +-----------+           finish_step            +---------+    REFINES: the subsample is
 *         ^  |     |  ^                                   |     |
 *         +--+     |  +----------- finish_step ---+       |     |      In MEASURES the climber is all that the further
 *      step_back,  |                              |       |     |      way depends on: a checkpoint can be taken.
 *     finish_step  |      begin_step           +---------+ |    |
 *                  +-------------------------> | REFINES | <----+
 *                  |                           +---------+      |
 *                  |            end            +---------+ end  |
 *                  +-------------------------> |  ENDED  | <----+
 *                                              +---------+
 */
#ifndef EM_ASCENT_H
#define EM_ASCENT_H

#include "em/iteration.h"
#include "em/refine.h"

typedef enum ascent_phase { MEASURES, REPEATS, REFINES, ENDED } ascent_phase;

typedef enum ascent_want { WANTS_ALL_POINTS, WANTS_SUBSAMPLE, HAS_ENDED } ascent_want;

/* One round of passes, as the observer hears of it: shared by all ascents that share the passes. */
typedef struct pass_round {
  double seconds;                       /* since the last round that was told */
  double computing, waiting, allreduce; /* of these */
  int64_t n_questions;                  /* of how it goes, not told to the observer yet */
  bool is_told;                         /* out: an ascent has told the observer */
} pass_round;

typedef struct ascent {
  em_iteration *em;
  climber *climb;
  refinement *inner; /* NULL: none */
  const fit_observer *observer;
  bool silent;         /* the observer is not told of passes, only asked whether to stop */
  bool is_preliminary; /* its end is a beginning elsewhere: a small change is enough to end, by whatever step, and the
                          last moments are remembered */
  bool fails_alone;    /* a component that collapses, or an objective that is not finite, ends this ascent and nobody
                          else: nothing is repaired or reported, and has_failed says so */
  double tolerance;    /* of the change of the mean objective */
  int64_t max_iterations;

  ascent_phase phase;
  single_verdict in_single; /* is the pass in hand made in single precision? */
  double change;            /* of the mean objective in the last step */
  measurement last;         /* of the current model, until the step is finished */
  bool may_have_converged;  /* the change is small; whether the next one would be is to be found out */
  bool other_is_measured;   /* climb->other is the model that climb->current.measured is of */
  bool has_failed;          /* out: the models are of no use */
} ascent;

/* Prepares the first pass. Collective where processors differ. */
void ascent_begin(ascent *one);

/* The pass that is wanted next: prepared in one->em, or of the subsample in the iteration of one->inner. */
ascent_want ascent_next(const ascent *one);

/* Is the climber all that the further way depends on? */
bool ascent_is_at_rest(const ascent *one);

/* After the pass that was wanted: goes on to the next one. Ends with climb->current measured, converged or not, also
 * where the last component collapses in each step. Collective. Errors, agreed: 65 with on_collapse error, 71, 70. */
gmmpi_status ascent_take(ascent *one, pass_round *round, gmmpi_error *error);

#endif
