/* SPDX-License-Identifier: BSD-3-Clause */
/* What an accelerator knows between two steps: all of it is in `counters` and `numbers`, which a checkpoint holds.
 *
 * numbers:  origins (K x d), units of counts (K), and of tails (K) where there are any; a factor of each component's
 *           covariance, or of the pooled one, in whose units it is measured (triangles); two squares of residuals, for
 *           refinements;
 *           then vectors of `length` numbers: the point in hand, `capacity` outputs, `capacity` residuals.
 *
 * The history goes through three states; every function that changes one is named at the arrow:
 *
 *              accelerator_record                accelerator_record
 *   EMPTY ----------------------------> BEGUN ----------------------------> GOING ----.
 *     ^     units are chosen, the model's         an output and a residual    |  ^    | record, record_corrected:
 *     |     output becomes the point in hand      are remembered              |  \----'   the newest entry
 *     '-------------------------------------------- accelerator_forget -------'
 *
 * In GOING each model is made in one of these ways, after the pass with the model before was recorded:
 *
 *   take_plain_step          the newest output is the point in hand: a textbook step
 *   take_pause               the same, one of the textbook steps that come after a proposal that was no good
 *   propose, then nothing    a combination or a leap is the point in hand
 *   propose, then reject     it gave no sound model: a textbook step, and leaps begin anew with a short one
 *   take_point               the fixed point of few points is the point in hand: a refinement
 *   step_back                instead of recording: the last model was worse than the one before. All but the newest
 *                            entry is forgotten, a textbook step is taken, and a pause begins
 *
 * What holds between two calls:
 *
 *   1. EMPTY: all counters are 0. BEGUN: HAS_ORIGINS = HAS_POINT = 1, N_REMEMBERED = 0. GOING: N_REMEMBERED >= 1.
 *   2. 0 <= N_REMEMBERED <= capacity, 0 <= NEWEST < capacity; the entry that is a records old is at place
 *      (NEWEST - a) modulo capacity.
 *   3. The output of an entry minus its residual is the point at which it was measured; also after the history has
 *      moved to other points, which shifts both.
 *   4. The point in hand is that of which the model in hand was made: the next pass measures its output.
 *   5. LONGEST_PAUSE is 0, 1, 3 or 7 and PAUSE is not larger; while PAUSE > 0 nothing is proposed.
 *   6. LEAP is 0 or a power of 2 up to 1024; HAS_LEAPT = 1 only from a leap to the next propose, reject or step_back.
 *   7. All vectors are in the same units; accelerator_record alone renews them, and moves the vectors over.
 *   8. Where capacity is 0 (textbook EM) all counters stay 0, and there are no numbers. */
#ifndef EM_ACCELERATE_ACCELERATOR_H
#define EM_ACCELERATE_ACCELERATOR_H

#include "gmmpi/error.h"
#include "mixture/arrays.h"

#include <stdbool.h>
#include <stdint.h>

/* To add one: a line; ACCELERATOR_COUNTERS stays the last one, and accelerator_forget sets it to 0. */
enum accelerator_counter {
  N_REMEMBERED,  /* entries of output and residual. record: one more; record on other points: one fewer if there is no
                    room; keep_newest, step_back: 1 */
  NEWEST,        /* the place of the newest entry. record */
  HAS_ORIGINS,   /* the units are chosen. record */
  HAS_POINT,     /* it is known of which statistics the model in hand was made. record */
  PAUSE,         /* textbook steps that are due. step_back: begins; take_pause: one fewer */
  LONGEST_PAUSE, /* the last pause. step_back: 2 x + 1; note_success: half of it */
  IS_REFINED,    /* of the steps that were no textbook steps the last one was a refinement. take_point: 1; propose,
                    step_back: 0 */
  IS_DISTRUSTED, /* a refinement was of no use: one is tried again only near the end. distrust_refinement */
  BEGINS_ANEW,   /* the next record forgets all entries before. propose: as the method wants it; record, step_back: 0 */
  LEAP,          /* the length in residuals of the last one, if all proposals since were leaps; else 0. propose, reject,
                    step_back */
  HAS_LEAPT,     /* the last step was a leap, so that a textbook step is to come. propose, reject, step_back */
  HAS_FACTORS,   /* units were renewed: no longer all factors are diagonal. record */
  ACCELERATOR_COUNTERS
};

typedef struct accelerator {
  const struct acceleration_method *method;
  density_shape shape;
  bool tails;  /* of t distributions, whose vectors have tail sums */
  bool pooled; /* the second moments are those of all components together */
  int64_t n_components, n_features;
  int64_t length;   /* of a vector of statistics: moments_length, and the tail sums: 2 K */
  int64_t capacity; /* outputs and residuals that are remembered, at most; 0: nothing is accelerated */
  int64_t counters[ACCELERATOR_COUNTERS];
  double *numbers;
  int64_t n_numbers;
  int64_t n_units; /* the first numbers: origins and units */
  double *work;    /* d^2 + d + a triangle, and where second moments are pooled K (d + 1): nothing is kept there */
} accelerator;

/* The method of this name ("none", "anderson", "squarem", "auto"), for mixtures of this kind: auto is anderson unless
 * its history would be out of proportion. Errors: 64 an unknown name, 71. */
gmmpi_status accelerator_create(const char *method, model_kind kind, int64_t n_components, int64_t n_features,
                                accelerator **result, gmmpi_error *error);
void accelerator_destroy(accelerator *memory); /* NULL is fine */

/* Is there such a method? */
bool accelerator_method_exists(const char *method);

/* The bytes of an accelerator's memory; INT64_MAX when they can't be counted. */
int64_t accelerator_bytes(const char *method, model_kind kind, int64_t n_components, int64_t n_features);

/* The name of the method in use: never "auto". */
const char *accelerator_name(const accelerator *memory);

void accelerator_copy(accelerator *to, const accelerator *from); /* of the same method and shape */

/* Can these counters and numbers be true? For memory that was read from a file. */
bool accelerator_is_valid(const accelerator *memory);

/* Forgets everything: the model in hand is not made of statistics that are known (a start, a repair). */
void accelerator_forget(accelerator *memory);

#endif
