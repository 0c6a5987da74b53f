/* SPDX-License-Identifier: BSD-3-Clause */
/* What happens in a fit that a user should know: collapses, repairs, doubts about data or model.
 *
 * To add one: a kind, and an action where none says what was done; its sentence in fit_event_describe; and a call of
 * report_event (em/collapse.h) where it happens, which all ranks make alike. It is then a warning, and part of the
 * summary, of model files and of checkpoints. The last kind and the last action that are kept are the bounds of what
 * are_events (em/state_fields.c) believes of a checkpoint; a kind that is only told before the first start comes behind
 * them, and is told by the observer alone (fit/doubts.c). What users should make of it: docs/hard-problems.md. */
#ifndef EM_EVENT_H
#define EM_EVENT_H

#include "gmmpi/error.h"

#include <stddef.h>
#include <stdint.h>

/* A component that collapsed, or a covariance that had to be repaired. */
typedef enum fit_event_kind {
  EVENT_EMPTY,       /* its responsibilities sum to less than 1e-10 n */
  EVENT_INDEFINITE,  /* its covariance is not positive definite */
  EVENT_DEGENERATE,  /* the data's own covariance is singular, and so became a component's: it was given a ridge */
  EVENT_LOST,        /* it came to all points with weight 0: it collapsed while the start was looked for */
  EVENT_WEIGHTLESS,  /* its weight is 0 in the model to start from */
  EVENT_PASSED_OVER, /* a model of higher likelihood was passed over in the search, since it is spurious */
  EVENT_SPURIOUS,    /* the model at the end of a start is spurious (starts/soundness.h) */
  EVENT_NO_NOISE,    /* the background has less than one point at the end of a start */
  EVENT_MUCH_NOISE,  /* it has more than half of them */
  EVENT_IN_DOUBLE,   /* --arithmetic mixed goes on in double */
  /* Told to the observer before the first start, not kept as events: */
  EVENT_LARGE_RIDGE,     /* reg_covar is not small against a feature's variance */
  EVENT_FEW_POINTS,      /* for each covariance there are no more points than features */
  EVENT_COARSE_ROUNDING, /* in single precision: a feature's rounding is not small against its standard deviation */
  EVENT_SMALL_VOLUME     /* the background's volume is smaller than that of a box about the points */
} fit_event_kind;

typedef enum fit_event_action {
  ACTION_RESEEDED,
  ACTION_DROPPED,
  ACTION_RIDGE,
  ACTION_KEPT,
  /* Of spurious models, how they are: */
  ACTION_FEW,
  ACTION_FLAT,
  /* Why it goes on in double, in the order of single_verdict (em/arithmetic.h): */
  ACTION_TAILS,
  ACTION_SHARED,
  ACTION_LABELS,
  ACTION_FEW_FEATURES,
  ACTION_WEIGHTS,
  ACTION_FAR_POINTS,
  ACTION_FAR_MEANS,
  ACTION_CONDITION,
  ACTION_SIZES,
  ACTION_LAST_PASS /* no more iterations: the last pass alone was in double */
} fit_event_action;

typedef struct fit_event {
  int64_t start;     /* which start, from 0 */
  int64_t iteration; /* M-step in which it happened; 0: the start's parameters */
  int64_t component; /* from 0; -1: all; with EVENT_FEW_POINTS how many points, with the other last kinds the feature */
  int32_t kind;      /* fit_event_kind */
  int32_t action;    /* fit_event_action */
  int64_t n_points;  /* that a spurious component rests on; else 0 */
  double value;      /* the mean log-likelihood of a model that was passed over; the background's weight, or its volume
                        over that of the box; what is too large for single precision; else 0 */
} fit_event;

/* Events in the order in which they happened. */
typedef struct event_list {
  fit_event *items; /* n, capacity */
  int64_t n;
  int64_t capacity;
} event_list;

/* Makes room for so many events. Errors: 71. */
gmmpi_status event_list_reserve(event_list *events, int64_t n, gmmpi_error *error);

/* One sentence about an event, e.g. "iteration 3: component 2 became empty; reseeded where the data fit worst"
 * (components counted from 0, as labels). */
void fit_event_describe(const fit_event *event, char *text, size_t size);

#endif
