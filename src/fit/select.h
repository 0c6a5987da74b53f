/* SPDX-License-Identifier: BSD-3-Clause */
/* Selection: mixtures of several numbers of components and families, fitted in the same passes over the points, and
 * which of them is the best by a criterion.
 *
 * All candidates are climbers of one batch (fit/batch.h): on each level, and on all points, a pass is made once for all
 * of those that have not ended yet. Their starts are found from their neighbours' (starts/neighbours.h). Where starts
 * and candidates are too many to advance together, they do so group by group. A selection of one candidate ends where
 * the fit of that candidate from the same start ends, to the last bit.
 *
 * Criteria (mixture/criteria.h): lower is better, but for the held-out log-likelihood of cross-validation, of which
 * more is. There every candidate's model is fitted again without the rows of a fold, for each fold, from where the
 * candidate has ended, and
 *
 *   cv = mean over the F folds of the mean log-likelihood of the rows that were left out,
 *   its standard error = their standard deviation / sqrt(F)         (Hastie, Tibshirani, Friedman 2009, sec. 7.10)
 *
 * A row's fold depends on the seed and the row alone. */
#ifndef FIT_SELECT_H
#define FIT_SELECT_H

#include "fit/selection.h"

typedef struct candidate_result {
  fit_position end;     /* its model is the selection's, to be destroyed with it; NULL: the job was stopped before */
  int64_t n_components; /* that were asked for */
  int64_t n_parameters; /* of the model that was reached */
  double bic, aic, icl;
  double cv, cv_standard_error; /* NaN: none was asked for */
  int64_t n_events;             /* that happened on its way */
  bool is_spurious;             /* its likelihood rests on next to nothing (starts/soundness.h): it is chosen only where
                                   there is no other */
} candidate_result;

typedef struct selection_result {
  candidate_result *candidates; /* n, in the order of the shapes */
  int64_t n;
  int64_t best;                      /* by the criterion, ties to the first one */
  int64_t best_of[CRITERION_CV + 1]; /* by each of the criteria; -1: not known */
  double n_passes;                   /* as if each candidate had gone over the points alone */
  fit_event *events;                 /* n_events: their starts are numbered round by round */
  int64_t n_events;
  fit_timings timings;
  const char *instruction_set;
} selection_result;

/* Collective over points->comm, like fit_run, with the same errors; resume: a state of an earlier run with the same
 * points and selection. At GMMPI_STOPPED *result holds what was reached, and needs clearing too. */
gmmpi_status select_run(const shard *points, const selection *what, const fit_state *resume,
                        const fit_observer *observer, selection_result *result, gmmpi_error *error);
void selection_result_clear(selection_result *result);

/* -BIC and the like of a candidate: more is better. */
double candidate_score(const candidate_result *candidate, selection_criterion criterion);

/* The best candidate by a criterion but `without`, and what is alike (-1: of all), ties to the first one: those that
 * are spurious come behind all others. -1: there is none. */
int64_t selection_best(const selection_result *result, selection_criterion criterion, int64_t without);

/* Are these one model under two names? So are those of one component of families that differ in nothing then. */
bool candidates_are_alike(const candidate_result *one, const candidate_result *other);

#endif
