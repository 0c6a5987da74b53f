/* SPDX-License-Identifier: BSD-3-Clause */
/* A pass: one walk over the points and one Allreduce, for any number of models.
 *
 * Each request brings its rule and its statistics, of any shape and number of components. Every block of rows is worked
 * on for one request after the other while it is in the caches, so that points that are streamed are read once for all
 * of them. What a request gets does not depend on the others. */
#ifndef PASSES_PASS_H
#define PASSES_PASS_H

#include "kernels/single_form.h"
#include "passes/expectation.h"
#include "passes/load.h"
#include "passes/weighting.h"

/* Requests of a pass, at most. */
enum { MOST_REQUESTS = 512 };

/* What is wanted of a pass. */
typedef struct pass_request {
  responsibility_rule rule;
  void *context;
  tiles_rule rule_of_tiles; /* NULL; else, where sums are taken, instead of rule, which gives the same */
  void *context_of_tiles;
  statistics *sums;          /* statistics_begin was called */
  const single_form *single; /* NULL; else the E-step's form, of which responsibilities and sums are taken in single
                                precision, whatever the rule is */
  double *spans;    /* NULL; else K x d: not the sums are wanted but the largest |x - reference| per component and
                       feature over the points that count for the component, for statistics_tighten */
  bool of_any_rows; /* what the rule gives depends on the tile, and on a context that all ranks have alike: a row may
                       be another rank's of the node */
  const row_weighting
      *weighting; /* NULL: the rows' own weights; else measured, and borrowed until the sums were taken */
} pass_request;

/* Does this rank want the job to stop? ask may be NULL: never. */
typedef struct stop_question {
  bool (*ask)(void *context);
  void *context;
} stop_question;

static inline bool stop_is_wanted(stop_question question)
{
  return question.ask != NULL && question.ask(question.context);
}

/* What travels with the sums of all requests. */
typedef struct pass_control {
  stop_question stop;      /* in: asked just before the Allreduce */
  int64_t n_questions;     /* in: 1 when somebody asked this rank how it goes; out: of how many ranks */
  uint64_t hash;           /* in: of the models this rank used */
  bool is_untimed;         /* in: no times are wanted, which may take longer than the pass: they are 0 */
  int64_t n_stop_requests; /* out: of how many ranks */
  double seconds;          /* out: of the pass */
  rank_load load;          /* out: what the ranks computed of these */
} pass_control;

/* Collective over the points' communicator. The team has room for all requests together. Where spans are wanted there
 * is a second Allreduce. Errors, the same on all ranks: those of shard_agree; 70 when ranks gave different hashes. */
gmmpi_status pass_make(pass_team *team, const shard *points, const pass_request *requests, int64_t n_requests,
                       pass_control *control, gmmpi_error *error);

#endif
