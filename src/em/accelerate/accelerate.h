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
 * Statistics are combined as sums about one fixed origin per component, in units of that component's standard
 * deviations and of the square root of its count, all taken when the history begins: so the combination loses no
 * digits, and the length of a residual approximates the metric of the complete data's Fisher information, in which no
 * feature's unit matters. Statistics are divided by the number of points, so that a history made on a subsample goes on
 * to be of use on all points.
 *
 * A proposal may be no good: the caller looks whether it gives a sound model and whether the log-likelihood rises, and
 * otherwise asks for the plain step. Everything an accelerator knows is in `numbers` and `counters`, which are what a
 * checkpoint holds. */
#ifndef EM_ACCELERATE_ACCELERATE_H
#define EM_ACCELERATE_ACCELERATE_H

#include "em/options.h"
#include "passes/moments.h"

#include <stdbool.h>

enum { ACCELERATOR_COUNTERS = 11 };

typedef struct accelerator {
  const struct acceleration_method *method;
  density_shape shape;
  int64_t n_components, n_features;
  int64_t length;   /* of a vector of statistics: K (1 + d + second_length) */
  int64_t capacity; /* outputs and residuals that are remembered, at most; 0: nothing is accelerated */
  int64_t counters[ACCELERATOR_COUNTERS];
  double *numbers;
  int64_t n_numbers;
} accelerator;

/* The method of this name ("none", "anderson", "squarem", "auto"), for a mixture of this shape: auto is anderson unless
 * its history would be out of proportion. Errors: 64 an unknown name, 71. */
gmmpi_status accelerator_create(const char *method, density_shape shape, int64_t n_components, int64_t n_features,
                                accelerator **result, gmmpi_error *error);
void accelerator_destroy(accelerator *memory); /* NULL is fine */

/* Is there such a method? */
bool accelerator_method_exists(const char *method);

/* The bytes of an accelerator's memory; INT64_MAX when they can't be counted. */
int64_t accelerator_bytes(const char *method, density_shape shape, int64_t n_components, int64_t n_features);

/* The name of the method in use: never "auto". */
const char *accelerator_name(const accelerator *memory);

void accelerator_copy(accelerator *to, const accelerator *from); /* of the same method and shape */

/* Can these counters and numbers be true? For memory that was read from a file. */
bool accelerator_is_valid(const accelerator *memory);

/* Forgets everything: the model in hand is not made of statistics that are known (a start, a repair). */
void accelerator_forget(accelerator *memory);

/* Takes what a pass with the model in hand gave. new_points: the pass went over other points than the one before, which
 * was with the same model: the history is moved over to them. */
void accelerator_record(accelerator *memory, const moments *measured, bool new_points);

/* After accelerator_record of a model that a textbook step made: did that step reduce the residual so much that there
 * is nothing to accelerate? */
bool accelerator_is_fast(const accelerator *memory);

/* After accelerator_record: is it better to take textbook steps for a while, since proposals were no good? Then one was
 * taken. */
bool accelerator_pauses(accelerator *memory);

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

/* After accelerator_record: is a refinement worth trying? */
bool accelerator_trusts_refinement(accelerator *memory);

/* A refinement was of no use. */
void accelerator_distrust_refinement(accelerator *memory);

/* The model in hand was made of the statistics that `from`, a copy of memory that went on, has in hand. */
void accelerator_take_point(accelerator *memory, const accelerator *from);

/* The squared length of the last residual, per point: about twice the rise of the mean log-likelihood in a plain step.
 * Infinite when there is none. */
double accelerator_residual(const accelerator *memory);

/* Are the residuals of two models remembered, so that the last one is no start's and no repair's? */
bool accelerator_has_history(const accelerator *memory);

#endif
