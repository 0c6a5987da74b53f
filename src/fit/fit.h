/* The loop: E-step over the shard, one Allreduce, M-step, until the log-likelihood stands still.
 *
 * The loop knows nothing of files, signals or terminals. It tells an observer what happened and asks it whether to
 * stop; what the rest of a fit depends on is one fit_state, from which fit_run goes on as if it had never stopped. */
#ifndef FIT_FIT_H
#define FIT_FIT_H

#include "em/accelerate/accelerate.h"
#include "gmmpi/fit.h"
#include "mixture/model.h"
#include "passes/far_values.h"
#include "passes/statistics.h"
#include "points/shard.h"

/* A component that collapsed, or a covariance that had to be repaired. */
typedef enum fit_event_kind {
  EVENT_EMPTY,       /* its responsibilities sum to less than 1e-10 n */
  EVENT_INDEFINITE,  /* its covariance is not positive definite */
  EVENT_DEGENERATE,  /* the data's own covariance is singular, and so became a component's: it was given a ridge */
  EVENT_LOST,        /* it came to all points with weight 0: it collapsed while the start was looked for */
  EVENT_WEIGHTLESS,  /* its weight is 0 in the model to start from */
  EVENT_PASSED_OVER, /* a model of higher likelihood was passed over in the search, since it is spurious */
  EVENT_SPURIOUS,    /* the model at the end of a start is spurious (em/soundness.h) */
  /* Told to the observer before the first start, not kept as events: */
  EVENT_LARGE_RIDGE,    /* reg_covar is not small against a feature's variance */
  EVENT_FEW_POINTS,     /* for each covariance there are no more points than features */
  EVENT_COARSE_ROUNDING /* in single precision: a feature's rounding is not small against its standard deviation */
} fit_event_kind;

typedef enum fit_event_action {
  ACTION_RESEEDED,
  ACTION_DROPPED,
  ACTION_RIDGE,
  ACTION_KEPT,
  /* Of spurious models, how they are: */
  ACTION_FEW,
  ACTION_FLAT
} fit_event_action;

typedef struct fit_event {
  int64_t start;     /* which start, from 0 */
  int64_t iteration; /* M-step in which it happened; 0: the start's parameters */
  int64_t component; /* from 0; -1: all; with EVENT_FEW_POINTS how many points, with the other last kinds the feature */
  int32_t kind;      /* fit_event_kind */
  int32_t action;    /* fit_event_action */
  int64_t n_points;  /* that a spurious component rests on; else 0 */
  double value;      /* the mean log-likelihood of a model that was passed over; else 0 */
} fit_event;

/* Where one start stands, or how it ended. */
typedef struct fit_position {
  gmmpi_model *model;
  int64_t start;         /* which start, from 0 */
  int64_t level;         /* of the points in use: 0 all of them, 1 the finest subsample, and so on (em/levels.h) */
  int64_t iteration;     /* M-steps done on this level */
  double log_likelihood; /* total; of the pass before `model` when the start goes on (NaN: none yet), of `model` at its
                            end */
  double sum_log_max_responsibility;
  bool converged;
} fit_position;

/* Iterations over all points done; those on subsamples belong to the start. */
static inline int64_t fit_iterations(const fit_position *position)
{
  return position->level > 0 ? 0 : position->iteration;
}

/* All that the rest of a fit depends on. */
typedef struct fit_state {
  fit_position current; /* model: the one whose pass is next */
  fit_position best;    /* the best of the starts that have ended; best.model is meaningless when best.start < 0 */
  accelerator *history; /* of the current start */
  bool plain;           /* current.model was made by a textbook M-step, so that its log-likelihood must not fall */
  bool repaired;      /* in that step a component collapsed and was put elsewhere, dropped or kept as it was: the change
                         of the log-likelihood says nothing about how near a fixed point is */
  double last_change; /* of the mean log-likelihood in the step before that one; NaN unless it was a textbook step
                         without repairs */
  int64_t n_row_visits; /* rows that E-steps went over, of all levels and starts so far */
  int64_t *n_reseeds;   /* K: how often each component was put elsewhere on the current level */
  fit_event *events;    /* n_events, capacity events_capacity */
  int64_t n_events;
  int64_t events_capacity;
} fit_state;

/* A state with models of the given shape and an accelerator of this method (em/accelerate.h), before the first start.
 * Errors: 71. */
gmmpi_status fit_state_create(const covariance_family *family, int64_t n_components, int64_t n_features,
                              const char *accelerate, fit_state **state, gmmpi_error *error);
void fit_state_destroy(fit_state *state); /* NULL is fine */

/* Makes to, of the same shape, equal to from. Errors: 71. */
gmmpi_status fit_state_copy(fit_state *to, const fit_state *from, gmmpi_error *error);

/* Makes room for so many events; to be called where they are added. Errors: 71. */
gmmpi_status fit_state_reserve_events(fit_state *state, int64_t n_events, gmmpi_error *error);

/* One sentence about an event, e.g. "iteration 3: component 2 became empty; reseeded where the data fit worst"
 * (components counted from 0, as labels). */
void fit_event_describe(const fit_event *event, char *text, size_t size);

/* What one pass over the points found: the model after `iteration` M-steps was measured. */
typedef struct fit_pass {
  int64_t start;
  int64_t level;
  int64_t iteration;
  int64_t n_samples;     /* points on this level */
  double log_likelihood; /* total */
  double change;         /* of the mean log-likelihood since the iteration before; NaN in the first pass of a start */
  double seconds;        /* of the pass, the Allreduce and the M-step before it */
  double computing, waiting, allreduce; /* of these: see fit_timings */
  int64_t n_questions;                  /* ranks that were asked how it goes */
} fit_pass;

/* Called by every rank, in this order in each iteration, on subsamples as well as on all points; not while starts are
 * looked for. Any of them may be NULL. */
typedef struct fit_observer {
  void *context;
  /* Just before the Allreduce: does this rank want the job to stop? If any does, all stop after this iteration. */
  bool (*wants_stop)(void *context);
  /* Was this rank asked how it goes since the last time? pass_finished learns of it on all ranks. */
  bool (*is_asked)(void *context);
  /* After the Allreduce. */
  void (*pass_finished)(void *context, const fit_pass *pass);
  /* Something collapsed or was repaired. */
  void (*event_happened)(void *context, const fit_event *event);
  /* After the M-step (and after each initialisation): the fit can go on from this state. */
  void (*state_advanced)(void *context, const fit_state *state);
  /* Before the first start, for each column with values that may stand for something else. */
  void (*values_doubtful)(void *context, const far_values *far);
} fit_observer;

static inline stop_question fit_stop_question(const fit_observer *observer)
{
  return observer == NULL ? (stop_question){NULL, NULL} : (stop_question){observer->wants_stop, observer->context};
}

/* Seconds of wall time. */
typedef struct fit_timings {
  double init;      /* preparations and the search for a start */
  double coarse;    /* iterations on subsamples, and drawing these */
  double e_step;    /* a mean over the ranks */
  double waiting;   /* for the rank that has most to do: a mean over the ranks (em/load.h) */
  double allreduce; /* without this waiting */
  double m_step;
  double loop;           /* all iterations over all points, everything included */
  int64_t n_loop_passes; /* passes over all points in the loop of this process */
} fit_timings;

typedef struct fit_result {
  fit_position end;  /* end.model: the model whose log-likelihood was measured; the caller destroys it */
  double n_passes;   /* E-steps over all points; one over a subsample counts by its share of the points */
  fit_event *events; /* n_events; the caller frees */
  int64_t n_events;
  fit_timings timings;
  const char *instruction_set;
} fit_result;

/* Collective over points->comm. resume, when not NULL, is a state from an earlier run with the same points and options
 * (max_iterations and tolerance may differ); it is only read. observer may be NULL, like its members. Errors, agreed:
 * 64, 65, 71, 70; and GMMPI_STOPPED when a rank wanted to stop: then *result holds the last model that was measured
 * (end.model is NULL when none was) and needs clearing too. */
gmmpi_status fit_run(const shard *points, const gmmpi_fit_options *options, const fit_state *resume,
                     const fit_observer *observer, fit_result *result, gmmpi_error *error);
void fit_result_clear(fit_result *result);

/* Are the options in range, and do they suit the points? Not collective. Errors: 64, 65. */
gmmpi_status fit_check_options(const shard *points, const gmmpi_fit_options *options, gmmpi_error *error);

/* The bytes that fit_run needs on a rank; INT64_MAX where they can't be counted. */
typedef struct fit_memory {
  int64_t points;           /* the shard, when all rows are held, and a copy of it if one is made */
  int64_t subsamples;       /* the most that subsamples take when their rows are held */
  int64_t least_subsamples; /* the least when they are streamed */
  int64_t rest;
} fit_memory;
fit_memory fit_memory_of(const gmmpi_fit_options *options, int64_t n_samples, int64_t n_features, int n_ranks);

#endif
