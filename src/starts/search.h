/* SPDX-License-Identifier: BSD-3-Clause */
/* The search for a start: many candidates are made in different ways (starts/search_recipes.h) and improved by a few
 * iterations of EM, the best of them by a few more, and so on until few are left (compare Biernacki, Celeux, Govaert
 * 2003, "Choosing starting values for the EM algorithm": short runs of EM from many starts). From these, generations of
 * moves lead to further optima (starts/moves.h). The search is made on the coarsest level, where it costs little.
 *
 * EM ends in the optimum whose basin it starts in, and the best optimum's basin may be small; k-means finds round
 * clusters in the coordinates that it is given, so it is given several. */
#ifndef STARTS_SEARCH_H
#define STARTS_SEARCH_H

#include "em/iteration.h"
#include "starts/search_size.h"
#include "starts/soundness.h"

/* What a search found. */
typedef struct search_findings {
  gmmpi_model *models[MOST_FINDINGS]; /* different optima, the best first */
  double objectives[MOST_FINDINGS];   /* of the points that were searched */
  int64_t n;                          /* 0: there was no search, but one start */
  passed_over_model passed;           /* the best spurious model, if it would have won */
} search_findings;

/* Errors: 71. */
gmmpi_status search_findings_create(const em_iteration *em, search_findings *found, gmmpi_error *error);
void search_findings_clear(search_findings *found);

/* Starts that were made elsewhere, beside which a search takes this share of its cost. */
typedef struct given_starts {
  gmmpi_model *const *models; /* n, of the search's shape */
  int64_t n;
  double share;
} given_starts;

/* Collective. Leaves the best model found for the points of em in climb->current.model, and what else was found in
 * *found. n_samples: of all points, in proportion to which a search may cost. given: NULL, none. start: which one of
 * those with the same options, from 0. Errors, agreed: 71, 70, 75 when a rank wants to stop. */
gmmpi_status search_start(em_iteration *em, int64_t n_samples, int64_t start, const given_starts *given, climber *climb,
                          const fit_observer *observer, search_findings *found, gmmpi_error *error);

#endif
