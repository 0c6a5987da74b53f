/* SPDX-License-Identifier: BSD-3-Clause */
/* Acceleration of EM on the vector of sufficient statistics.
 *
 * An EM iteration maps statistics to statistics: x gives a model, a pass over the points with that model gives G(x),
 * and textbook EM goes on from G(x). An accelerator remembers a few outputs G(x_i) and residuals f_i = G(x_i) - x_i,
 * and proposes an affine combination of the outputs (coefficients that add up to 1) from which the next model is made:
 *
 *   anderson  the combination whose combined residual is smallest (Anderson 1965; Walker, Ni 2011; for EM Henderson,
 *             Varadhan 2019, "Damped Anderson acceleration with restarts")
 *   squarem   from two residuals in a row r, r + v the step of length -|r| / |v| (Varadhan, Roland 2008, scheme S3)
 *
 * Statistics are combined as sums about an origin per component, in coordinates in which that component's covariance is
 * the identity, and in units of the square root of its count: so the combination loses no digits, and the length of a
 * residual is that in the metric of the complete data's Fisher information, in which no linear map of the features
 * matters. A component that has moved away from its origin and units gets those of the newest output, and the whole
 * history is moved over, which loses nothing: the map from sums in one coordinates to those in others is linear.
 * Statistics are divided by the number of points, so that a history made on a subsample goes on to be of use on all
 * points.
 *
 * A proposal may be no good: the caller looks whether it gives a sound model and whether the log-likelihood rises, and
 * otherwise asks for the plain step. What an accelerator knows between two steps is in accelerator.h. */
#ifndef EM_ACCELERATE_ACCELERATE_H
#define EM_ACCELERATE_ACCELERATE_H

#include "em/accelerate/accelerator.h"
#include "em/options.h"
#include "passes/moments.h"

/* Takes what a pass with the model in hand gave. new_points: the pass went over other points than the one before, which
 * was with the same model: the history is moved over to them. */
void accelerator_record(accelerator *memory, const moments *measured, bool new_points);

/* After accelerator_record of a model that a textbook step made: did that step reduce the residual so much that there
 * is nothing to accelerate? */
bool accelerator_is_fast(const accelerator *memory);

/* Is a textbook step due: because nothing is accelerated, or since the last proposals were no good? */
bool accelerator_pauses(const accelerator *memory);

/* After accelerator_record, when it pauses: the measured statistics are taken, and one step of the pause is over. */
void accelerator_take_pause(accelerator *memory);

/* After accelerator_record: the statistics to make the next model of; false when they are just the measured ones. */
bool accelerator_propose(accelerator *memory, moments *proposed);

/* The measured statistics are taken. */
void accelerator_take_plain_step(accelerator *memory);

/* After accelerator_propose: what was proposed gave no sound model, and the measured statistics are taken. */
void accelerator_reject(accelerator *memory);

/* Instead of accelerator_record: the proposed model was worse than the one before. Forgets all but the last output,
 * which is the statistics to make the next model of. */
void accelerator_step_back(accelerator *memory, moments *last_output);

/* A proposed model was good: after a bad one proposals come again sooner. */
void accelerator_note_success(accelerator *memory);

/* --- for em/refine.c: the map of few points, corrected so that it agrees with that of all points where this was
 * evaluated last --- */

/* Is it known of which statistics the model in hand was made? */
bool accelerator_has_point(const accelerator *memory);

int64_t accelerator_length(const accelerator *memory);

/* correction (accelerator_length numbers): the last output minus these moments of fewer points. */
void accelerator_correction(const accelerator *memory, const moments *fewer_points, double *correction);

/* accelerator_record for moments of fewer points and a correction. */
void accelerator_record_corrected(accelerator *memory, const moments *fewer_points, const double *correction);

/* Takes the plain step and sets *last to the statistics to make the next model of. */
void accelerator_last_output(accelerator *memory, moments *last);

/* Forgets all but the last output. */
void accelerator_keep_newest(accelerator *memory);

/* After accelerator_record: a refinement of which the model in hand was made and that did little to the residual is
 * noted as one of no use. */
void accelerator_judge_refinement(accelerator *memory);

/* After accelerator_judge_refinement: is a refinement worth trying? */
bool accelerator_trusts_refinement(const accelerator *memory);

/* A refinement was of no use. */
void accelerator_distrust_refinement(accelerator *memory);

/* The model in hand was made of the statistics that `from`, a copy of memory that went on, has in hand. */
void accelerator_take_point(accelerator *memory, const accelerator *from);

/* The squared length of the last residual, per point: about twice the rise of the mean log-likelihood in a plain step.
 * Infinite when there is none. */
double accelerator_residual(const accelerator *memory);

/* The same of the residual before that one. */
double accelerator_residual_before(const accelerator *memory);

/* Are the residuals of two models remembered, so that the last one is no start's and no repair's? */
bool accelerator_has_history(const accelerator *memory);

#endif
