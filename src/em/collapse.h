/* SPDX-License-Identifier: BSD-3-Clause */
/* Components that collapse, and what is done about them, so that a fit never dies of one and never meets a NaN.
 *
 * A component is *empty* when hardly any point belongs to it, *indefinite* when its covariance is not positive definite
 * (it sits on a point, a line, a plane). By the user's choice it is put where the data fit worst (reseeded: mean at the
 * point of lowest density, each component on another point, covariance that of all points, weight 1/K; at most
 * MOST_RESEEDS times a start, then dropped), dropped (weight 0 from then on), or an error. The last live component is
 * not dropped but stays as it was.
 *
 * Points whose class is known stay in its component, which is neither empty nor put elsewhere: an indefinite one gets a
 * ridge.
 *
 * A covariance that all components share cannot be reseeded, nor can components whose pooled scatter fails, and where
 * the data themselves are degenerate (a constant column, columns that depend on each other) every component would be
 * indefinite: such covariances get a ridge (factorise_with_ridge, or within the M-step).
 *
 * While a start is looked for, and on subsamples, nothing is reported. A component that comes to the loop over all
 * points with weight 0 is reported there (report_lost), so that no component of a model has weight 0 without an event.
 */
#ifndef EM_COLLAPSE_H
#define EM_COLLAPSE_H

#include "em/maximization.h"
#include "em/observer.h"
#include "passes/data_spread.h"
#include "passes/rows.h"

enum { MOST_RESEEDS = 3 };

/* Collective, though most calls communicate nothing: makes next sound where step->states say that it is not. form is
 * the density form of the model before. Adds events to those of the climber and tells the observer; observer NULL:
 * events are neither kept nor told. Errors, agreed: 65 with COLLAPSE_ERROR, 71. */
gmmpi_status repair_collapsed(const shard *points, const data_spread *spread, const density_form *form, pass_team *team,
                              collapse_policy policy, const maximization *step, int64_t iteration, gmmpi_model *next,
                              climber *climb, const fit_observer *observer, gmmpi_error *error);

/* Collective. Puts components of weight 0 where the data fit worst, as far as there are places, without a report: on
 * more points there may be room for them. form is the model's. Errors, agreed: 71. */
gmmpi_status revive_dropped(const shard *points, const data_spread *spread, const density_form *form, pass_team *team,
                            gmmpi_model *model, climber *climb, gmmpi_error *error);

/* Did a component of the M-step collapse, so that repair_collapsed puts it elsewhere, drops it or keeps it as it was?
 * Not when all that was needed is a ridge: this depends on the moments alone, and a step with it is the same map each
 * time.
 */
bool any_collapsed(const maximization *step, const gmmpi_model *next);

/* Before iterations over all points: an event for each component of climb->current whose weight is 0 and which no event
 * of this start has dropped. given: the model to start from, NULL where a start was looked for. Not collective; all
 * ranks find the same. Errors: 65 with COLLAPSE_ERROR, 71. */
gmmpi_status report_lost(const gmmpi_model *given, collapse_policy policy, climber *climb, const fit_observer *observer,
                         gmmpi_error *error);

/* Adds an event to those of the climber and tells the observer; with observer NULL does nothing. Errors: 71. */
gmmpi_status report_event(climber *climb, const fit_observer *observer, const fit_event *event, gmmpi_error *error);

#endif
