#include "starts/choose_start.h"

#include "starts/search.h"
#include "starts/second_look.h"
#include "support/error.h"
#include "support/memory.h"

#include <math.h>

/* On a subsample models differ by chance by so much in their mean log-likelihoods. */
static const double differ_by_chance = 0.02;

static gmmpi_status tell_of_passed_over(const passed_over_model *passed, int64_t n_samples, const shard *points,
                                        fit_state *state, const fit_observer *observer, gmmpi_error *error)
{
  const fit_event event = {.start = state->current.start,
                           .component = -1,
                           .kind = EVENT_PASSED_OVER,
                           .action = passed->kind == COMPONENT_FLAT ? ACTION_FLAT : ACTION_FEW,
                           .n_points = passed->n_points,
                           .value = passed->log_likelihood / (double)n_samples};
  gmmpi_error local = {0};
  report_event(state, observer, &event, &local);
  agree(points->comm, &local);
  return error_pass(error, &local);
}

/* The log-likelihood of all points. */
static gmmpi_status measure(em_iteration *all, gmmpi_model *model, fit_state *state, const fit_observer *observer,
                            double *log_likelihood, gmmpi_error *error)
{
  reduction_control control = {.stop = fit_stop_question(observer)};
  if (expectation_step(all, model, NULL, NULL, &control, error) != GMMPI_OK) return error->status;
  state->n_row_visits += all->points->n_samples;
  *log_likelihood = all->sums->log_likelihood;
  return control.n_stop_requests > 0 ? fail(error, GMMPI_STOPPED, "stopped on request during the search for a start")
                                     : GMMPI_OK;
}

/* Of the search's best models the one that all points prefer; n_samples were searched. */
static gmmpi_status compare_on_all(em_iteration *all, const search_findings *found, int64_t n_samples, fit_state *state,
                                   const fit_observer *observer, gmmpi_error *error)
{
  double best = NAN;
  int64_t chosen = 0;
  for (int64_t i = 1; i < found->n; i++) {
    double value = -INFINITY;
    if (!(found->log_likelihoods[i] > found->log_likelihoods[0] - differ_by_chance * (double)n_samples)) continue;
    if (isnan(best) && measure(all, found->models[0], state, observer, &best, error) != GMMPI_OK) return error->status;
    if (measure(all, found->models[i], state, observer, &value, error) != GMMPI_OK) return error->status;
    if (!(value > best)) continue;
    best = value;
    chosen = i;
  }
  model_copy_parameters(state->current.model, found->models[chosen]);
  return GMMPI_OK;
}

static gmmpi_status judge_findings(em_iteration *all, em_iteration *em, const search_findings *found, fit_state *state,
                                   const fit_observer *observer, bool *iterated, gmmpi_error *error)
{
  const int64_t n_samples = em->points->n_samples;
  const passed_over_model *passed = &found->passed;
  if (em != all && compare_on_all(all, found, n_samples, state, observer, error) != GMMPI_OK) return error->status;
  if (isnan(passed->log_likelihood)) return GMMPI_OK;
  if (em != all && judge_again(all, passed->model, n_samples, state, observer, iterated, error) != GMMPI_OK)
    return error->status;
  return *iterated ? GMMPI_OK : tell_of_passed_over(passed, n_samples, em->points, state, observer, error);
}

gmmpi_status choose_start(em_iteration *all, em_iteration *em, fit_state *state, gmmpi_model **spare,
                          const fit_observer *observer, bool *iterated, gmmpi_error *error)
{
  search_findings found;
  gmmpi_error local = {0};
  *iterated = false;
  search_findings_create(em, &found, &local);
  if (agree(em->points->comm, &local) == GMMPI_OK &&
      search_start(em, all->points->n_samples, state, spare, observer, &found, &local) == GMMPI_OK)
    judge_findings(all, em, &found, state, observer, iterated, &local);
  search_findings_clear(&found);
  return error_pass(error, &local);
}

int64_t choose_start_bytes(const fit_options *options, int64_t n_features)
{
  int64_t bytes;
  const int64_t model = model_bytes(family_find(options->covariance), options->n_components, n_features);
  return multiply_fits(MOST_FINDINGS + 1, model, &bytes) ? bytes : INT64_MAX;
}
