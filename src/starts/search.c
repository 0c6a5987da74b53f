/* SPDX-License-Identifier: BSD-3-Clause */
#include "starts/search.h"

#include "em/levels.h"
#include "mixture/files/model_file.h"
#include "mixture/shape.h"
#include "starts/bench.h"
#include "starts/candidates.h"
#include "starts/growth.h"
#include "starts/search_recipes.h"
#include "starts/search_size.h"
#include "starts/soundness.h"
#include "support/activity.h"
#include "support/error.h"
#include "support/joint_work.h"
#include "support/large_messages.h"
#include "support/linear_algebra.h"
#include "support/memory.h"
#include "support/random.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Each round improves what the one before left by so many iterations, and leaves one in KEPT_OF; the last one leaves
 * the best. */
enum { ROUNDS = 3 };
static const int64_t iterations_of_round[ROUNDS] = {8, 25, 150};

/* A component that was put elsewhere has had no iterations yet, unlike the halves of a split one: it gets so many times
 * as many in its first round. */
enum { TIMES_AFTER_PLACEMENT = 4 };

/* Beside given starts the last round has one model, whose way goes on after the search. */
enum { LAST_ITERATIONS_BESIDE = 30 };

/* Two models whose mean objectives differ by less are taken for one. */
static const double same_objective = 1e-6;

/* They are on their way to the same optimum when they differ by less than so many tolerances of their iterations. */
static const double same_in_tolerances = 10.0;

typedef struct search {
  MPI_Comm comm;
  const given_starts *given; /* NULL: none */
  bool divided; /* each rank has all points of em and improves candidates of its own; else all ranks improve all */
  em_iteration *em;
  stop_question wish;           /* of the job */
  joint_work together;          /* the ranks in a divided round, ... */
  fit_observer together_wish;   /* ... who ask each other, */
  const fit_observer *observer; /* whom candidates ask whether to stop */
  bench bench;
  moves *moves;              /* NULL: none are planned */
  place_finder *finder;      /* NULL: nothing grows */
  shard *whitened;           /* NULL: not wanted */
  double *covariance;        /* of one component: scratch */
  passed_over_model *passed; /* the best spurious one of this rank's */
  int64_t n_growth_visits;
  search_plan plan;
  uint64_t seed;
  int64_t generation;      /* of moves; -1 while starts are made */
  candidate_list kept;     /* what a round left, the same on every rank */
  candidate_list made;     /* the best of those that this rank improved in the current round */
  candidate_list best;     /* of all rounds, different ones */
  candidate_list findings; /* the same, but of clearly different objectives */
  double *objectives;      /* of the round's candidates, of all ranks */
} search;

/* The points in coordinates in which their covariance is the identity. */
static gmmpi_status whiten(search *work, gmmpi_error *error)
{
  const em_iteration *em = work->em;
  const int64_t d = em->points->n_features;
  gmmpi_error local = {0};
  double *matrix = allocate(d * d, sizeof *matrix);
  if (matrix == NULL) fail(&local, GMMPI_NO_MEMORY, "there is no memory to whiten points");
  if (agree(em->points->comm, &local) == GMMPI_OK) {
    whitening_factor(d, em->spread->covariance, work->covariance);
    for (int64_t i = 0; i < d; i++) {
      for (int64_t j = 0; j < d; j++) matrix[i * d + j] = work->covariance[j * d + i];
    }
    const bool hold = search_gathers(em->points) || shard_has_room_for_copy(em->points);
    shard_transform(em->points, matrix, em->spread->means, hold, &work->whitened, &local);
  }
  free(matrix);
  return error_pass(error, &local);
}

/* Is the index-th candidate of a round this rank's? */
static bool is_mine(const search *work, int64_t index)
{
  int rank;
  int n_ranks;
  MPI_Comm_rank(work->comm, &rank);
  MPI_Comm_size(work->comm, &n_ranks);
  return !work->divided || index % n_ranks == rank;
}

/* order: of candidates, as they are made on one rank. */
static void note_passed_over(search *work, const spurious_component *found, int64_t order)
{
  const fit_position *current = &work->bench.climb.current;
  work->passed->objective = current->measured.objective;
  work->passed->n_points = found->n_points;
  work->passed->kind = found->kind;
  work->passed->order = order;
  model_copy_parameters(work->passed->model, current->model);
}

/* Notes how good the model on the bench is, and keeps it if it is among the best of this rank. */
static gmmpi_status note(search *work, int round, int64_t index, gmmpi_error *error)
{
  const fit_position *current = &work->bench.climb.current;
  const em_iteration *em = work->em;
  const double total = em->points->total_weight;
  spurious_component found;
  if (find_spurious(em->points, total, em->options, current->model, &found, error) != GMMPI_OK) return error->status;
  const bool passed_over = found.kind != COMPONENT_NOT_SPURIOUS && em->options->spurious != SPURIOUS_KEEP;
  if (passed_over && !(current->measured.objective <= work->passed->objective))
    note_passed_over(work, &found,
                     ((work->generation + 1) * ROUNDS + round) * search_most_candidates(&work->plan) + index);
  const double handicap = passed_over ? SPURIOUS_HANDICAP * total : 0.0;
  work->objectives[index] = current->measured.objective - handicap;
  candidates_insert(&work->made, current->model, work->objectives[index], index);
  return GMMPI_OK;
}

/* The best of the n candidates of a round that is not taken yet; ties to the one made first. */
static int64_t best_index(const double *objectives, int64_t n)
{
  int64_t best = 0;
  for (int64_t i = 1; i < n; i++) {
    if (objectives[i] > objectives[best]) best = i;
  }
  return best;
}

/* So different are objectives of models that are on their way to different optima. */
static double least_difference(const search *work)
{
  const em_iteration *em = work->em;
  const int64_t n = em->points->n_samples;
  return same_in_tolerances * level_tolerance(em->options, n, em->points->n_features) * (double)n;
}

/* Candidates that are on their way to the same optimum as one that is kept come behind all others. */
static void put_same_behind(const search *work, double objective, int64_t n_candidates)
{
  for (int64_t i = 0; i < n_candidates; i++) {
    if (fabs(work->objectives[i] - objective) < least_difference(work)) work->objectives[i] = -INFINITY;
  }
}

/* Collective, at the end of a round of n_candidates: the best n of all ranks become what is kept; different ones only:
 * fewer where there are not so many. */
static void keep_best(search *work, int64_t n_candidates, int64_t n, bool different)
{
  int n_ranks;
  MPI_Comm_size(work->comm, &n_ranks);
  if (work->divided) allreduce_large(work->comm, work->objectives, n_candidates, MPI_DOUBLE, MPI_MAX);
  candidate_list *kept = &work->kept;
  kept->n = 0;
  while (kept->n < n && kept->n < n_candidates) {
    const int64_t index = best_index(work->objectives, n_candidates);
    const double objective = work->objectives[index];
    if (objective == -INFINITY && kept->n > 0) return;
    candidate *one = &kept->items[kept->n++];
    for (int64_t i = 0; i < work->made.n; i++) {
      if (work->made.items[i].index == index) model_copy_parameters(one->model, work->made.items[i].model);
    }
    if (work->divided) model_broadcast_parameters(work->comm, (int)(index % n_ranks), one->model);
    one->objective = objective;
    one->index = index;
    work->objectives[index] = -INFINITY;
    if (different) put_same_behind(work, objective, n_candidates);
  }
}

/* The index-th move of the generation, onto the bench; the one behind those by splitting puts a component elsewhere. */
static gmmpi_status make_move(search *work, int64_t index, gmmpi_error *error)
{
  const search_plan *plan = &work->plan;
  const bool places = index == plan->n_children;
  const int64_t number =
      places ? plan->n_generations * plan->n_children + work->generation : work->generation * plan->n_children + index;
  const uint64_t seed = random_seed_of_start(work->seed, plan->n_starts + number);
  int64_t parent = 0;
  const move_recipe recipe = places ? search_placement(search_n_placements(work->generation), seed)
                                    : search_move(number, seed, work->best.n, work->em->region != NULL, &parent);
  return moves_make(work->moves, &recipe, work->best.items[parent].model, work->observer,
                    work->bench.climb.current.model, error);
}

/* The index-th candidate of a round, onto the bench. */
static gmmpi_status make_candidate(search *work, int round, int64_t index, gmmpi_error *error)
{
  gmmpi_model *model = work->bench.climb.current.model;
  if (round > 0) {
    model_copy_parameters(model, work->kept.items[index].model);
    return GMMPI_OK;
  }
  if (work->generation >= 0) return make_move(work, index, error);
  const uint64_t seed = random_seed_of_start(work->seed, index);
  const int64_t first_given = work->plan.n_starts + (work->plan.grows ? 1 : 0);
  if (index >= first_given) {
    model_copy_parameters(model, work->given->models[index - first_given]);
    return GMMPI_OK;
  }
  if (index == work->plan.n_starts)
    return grow_model(work->em, work->finder, seed, NULL, work->observer, model, &work->n_growth_visits, error);
  const start_recipe recipe = search_recipe(index, seed, work->whitened);
  return initialize_by(work->em, &recipe, &work->bench.climb, work->observer, error);
}

/* In a divided search the ranks hear of each other in the middle of a round. */
static int own_wish_to_stop(void *context)
{
  const search *work = context;
  return stop_is_wanted(work->wish);
}

static bool somebody_wants_stop(void *context)
{
  search *work = context;
  return !joint_work_goes_on(&work->together);
}

static int64_t iterations_of(const search *work, int round, int64_t index)
{
  if (work->given != NULL && round == ROUNDS - 1) return LAST_ITERATIONS_BESIDE;
  const bool is_placed = work->generation >= 0 && round == 0 && index == work->plan.n_children;
  return iterations_of_round[round] * (is_placed ? TIMES_AFTER_PLACEMENT : 1);
}

/* Rounds are of about the same length, since candidates that are fewer get more iterations. */
static void tell_of_round(const search *work, int round, int64_t n_done, int64_t n_candidates)
{
  const int64_t n_rounds = ROUNDS * (work->plan.n_generations + 1);
  const int64_t before = ROUNDS * (work->generation + 1) + round;
  activity_tell_steps("looking for a start", before * n_candidates + n_done, n_rounds * n_candidates);
}

/* One round: n_candidates are made, or taken from the round before, and improved, and the best n of them kept. */
static gmmpi_status play_round(search *work, int round, int64_t n_candidates, int64_t n, gmmpi_error *error)
{
  gmmpi_error local = {0};
  const bool different = round > 0;
  work->made.n = 0;
  /* Where the best are not different enough others come after them. */
  work->made.most = different ? work->kept.most : n;
  if (work->divided) joint_work_begin(work->comm, own_wish_to_stop, work, &work->together);
  for (int64_t i = 0; i < n_candidates; i++) work->objectives[i] = -INFINITY;
  for (int64_t i = 0; i < n_candidates && local.status == GMMPI_OK; i++) {
    tell_of_round(work, round, i, n_candidates);
    if (!is_mine(work, i)) continue;
    if (make_candidate(work, round, i, &local) == GMMPI_OK &&
        bench_improve(&work->bench, work->observer, iterations_of(work, round, i), &local) == GMMPI_OK)
      note(work, round, i, &local);
  }
  if (work->divided && joint_work_end(&work->together, false) != 0)
    fail(&local, GMMPI_STOPPED, "stopped on request during the search for a start");
  if (agree(work->comm, &local) != GMMPI_OK) return error_pass(error, &local);
  keep_best(work, n_candidates, n, different);
  return GMMPI_OK;
}

/* How many of the n candidates of a round it leaves. Beside given starts one is enough. */
static int64_t n_left_of(const search *work, int round, int64_t n)
{
  const int64_t quarter = (n + KEPT_OF - 1) / KEPT_OF;
  if (work->generation >= 0) return quarter;
  if (work->given != NULL) return round == 0 && quarter < 2 ? 2 : quarter;
  return round == ROUNDS - 1 ? MOST_BEST : search_kept_of(n);
}

/* All rounds of the starts or of a generation of moves. */
static gmmpi_status play_rounds(search *work, int64_t n_candidates, gmmpi_error *error)
{
  int64_t n = n_candidates;
  for (int round = 0; round < ROUNDS; round++) {
    if (play_round(work, round, n, n_left_of(work, round, n), error) != GMMPI_OK) return error->status;
    n = work->kept.n;
  }
  const double total = work->em->points->total_weight;
  for (int64_t i = 0; i < work->kept.n; i++) {
    const candidate *one = &work->kept.items[i];
    candidates_insert_if_new(&work->best, one, same_objective * total, false);
    candidates_insert_if_new(&work->findings, one, least_difference(work), true);
  }
  return GMMPI_OK;
}

static gmmpi_status run_search(search *work, gmmpi_model *best, gmmpi_error *error)
{
  work->generation = -1;
  if (play_rounds(work, search_n_starts(&work->plan), error) != GMMPI_OK) return error->status;
  for (work->generation = 0; work->generation < work->plan.n_generations; work->generation++) {
    if (play_rounds(work, search_n_moves(&work->plan, work->generation), error) != GMMPI_OK) return error->status;
  }
  model_copy_parameters(best, work->best.items[0].model);
  return GMMPI_OK;
}

static gmmpi_status search_allocate(search *work, gmmpi_error *error)
{
  const em_iteration *em = work->em;
  const int64_t K = em->options->n_components;
  const int64_t d = em->points->n_features;
  const search_plan *plan = &work->plan;
  if (climber_open(em->kind, K, d, em->options->accelerate, NULL, &work->bench.climb, error) != GMMPI_OK)
    return error->status;
  work->covariance = allocate(covariance_length(em->family->storage->shape, d), sizeof *work->covariance);
  work->objectives = allocate(search_most_candidates(plan), sizeof(double));
  if (work->covariance == NULL || work->objectives == NULL)
    return fail(error, GMMPI_NO_MEMORY, "there is no memory to search for a start");
  if (candidates_create(em->kind, K, d, search_n_kept(plan), &work->kept, error) != GMMPI_OK ||
      candidates_create(em->kind, K, d, search_n_kept(plan), &work->made, error) != GMMPI_OK ||
      candidates_create(em->kind, K, d, MOST_BEST, &work->best, error) != GMMPI_OK ||
      candidates_create(em->kind, K, d, MOST_FINDINGS, &work->findings, error) != GMMPI_OK)
    return error->status;
  return plan->grows || plan->n_generations > 0 ? place_finder_create(em, &work->finder, error) : GMMPI_OK;
}

static void search_clear(search *work)
{
  work->made.most = work->kept.most;
  candidates_clear(&work->kept);
  candidates_clear(&work->made);
  candidates_clear(&work->best);
  candidates_clear(&work->findings);
  free(work->covariance);
  free(work->objectives);
  climber_close(&work->bench.climb);
  moves_destroy(work->moves);
  place_finder_destroy(work->finder);
  shard_destroy(work->whitened);
}

/* The search itself, on the points of work->em. */
static gmmpi_status search_with(search *work, gmmpi_model *best, gmmpi_error *error)
{
  gmmpi_error local = {0};
  work->bench.em = work->em;
  search_allocate(work, &local);
  if (agree(work->comm, &local) == GMMPI_OK) {
    if (work->em->family->storage->shape == DENSE) whiten(work, &local);
    if (local.status == GMMPI_OK && work->plan.n_generations > 0)
      moves_create(work->em, work->finder, &work->moves, &local);
    agree(work->comm, &local);
  }
  if (local.status == GMMPI_OK) run_search(work, best, &local);
  return error_pass(error, &local);
}

/* Could the ranks work on candidates of their own, with the same result? */
static bool can_be_divided(const em_iteration *em)
{
  int n_ranks;
  MPI_Comm_size(em->points->comm, &n_ranks);
  return n_ranks > 1 && !em->broadcast_models && search_gathers(em->points);
}

/* Of what the ranks passed over, the best one everywhere; nothing when it would not have won. Collective. */
static void agree_on_passed_over(search *work)
{
  passed_over_model *passed = work->passed;
  double best = isnan(passed->objective) ? -INFINITY : passed->objective;
  if (work->divided) {
    const double mine = best;
    MPI_Allreduce(&mine, &best, 1, MPI_DOUBLE, MPI_MAX, work->comm);
    /* Of equal ones the first, as on a single rank. */
    int64_t order = mine == best && best > -INFINITY ? passed->order : INT64_MAX;
    const int64_t own_order = order;
    MPI_Allreduce(MPI_IN_PLACE, &order, 1, MPI_INT64_T, MPI_MIN, work->comm);
    int rank;
    MPI_Comm_rank(work->comm, &rank);
    int owner = own_order == order ? rank : INT_MAX;
    MPI_Allreduce(MPI_IN_PLACE, &owner, 1, MPI_INT, MPI_MIN, work->comm);
    int64_t found[2] = {passed->n_points, passed->kind};
    MPI_Bcast(found, 2, MPI_INT64_T, owner, work->comm);
    if (best > -INFINITY) model_broadcast_parameters(work->comm, owner, passed->model);
    passed->n_points = found[0];
    passed->kind = (spurious_kind)found[1];
  }
  const double least = work->best.items[0].objective + same_objective * work->em->points->total_weight;
  passed->objective = best > least ? best : NAN;
}

gmmpi_status search_findings_create(const em_iteration *em, search_findings *found, gmmpi_error *error)
{
  const int64_t K = em->options->n_components;
  const int64_t d = em->points->n_features;
  *found = (search_findings){.n = 0, .passed = {.objective = NAN}};
  for (int64_t i = 0; i < MOST_FINDINGS; i++) {
    if (model_allocate(em->kind, K, d, &found->models[i], error) != GMMPI_OK) return error->status;
  }
  return model_allocate(em->kind, K, d, &found->passed.model, error);
}

void search_findings_clear(search_findings *found)
{
  for (int64_t i = 0; i < MOST_FINDINGS; i++) gmmpi_model_destroy(found->models[i]);
  gmmpi_model_destroy(found->passed.model);
}

static void take_findings(search *work, search_findings *found)
{
  agree_on_passed_over(work);
  found->n = work->findings.n;
  for (int64_t i = 0; i < found->n; i++) {
    model_copy_parameters(found->models[i], work->findings.items[i].model);
    found->objectives[i] = work->findings.items[i].objective;
  }
}

gmmpi_status search_start(em_iteration *em, int64_t n_samples, int64_t start, const given_starts *given, climber *climb,
                          const fit_observer *observer, search_findings *found, gmmpi_error *error)
{
  found->n = 0;
  found->passed.objective = NAN;
  search_plan plan = search_plan_for(em->options, em->points->n_samples, n_samples, em->points->n_features);
  if (given != NULL) plan = search_plan_beside(&plan, given->n, given->share);
  const uint64_t seed = random_seed_of_start(em->options->seed, start);
  if (plan.n_starts == 1) {
    const start_recipe recipe = search_recipe(0, seed, NULL);
    return initialize_by(em, &recipe, climb, observer, error);
  }
  MPI_Comm comm = em->points->comm;
  search work = {.comm = comm,
                 .given = given,
                 .divided = can_be_divided(em),
                 .em = em,
                 .wish = fit_stop_question(observer),
                 .observer = observer,
                 .passed = &found->passed,
                 .plan = plan,
                 .seed = seed};
  gmmpi_error local = {0};
  if (work.divided) {
    work.together_wish = (fit_observer){.context = &work, .wants_stop = somebody_wants_stop};
    work.observer = &work.together_wish;
  }
  fit_timings ignored = {0};
  shard *gathered = NULL;
  em_iteration *own_em = NULL;
  if (work.divided && shard_gather(em->points, &gathered, &local) == GMMPI_OK) {
    iteration_create_for_starts(gathered, em->options, 1, em, &ignored, &own_em, &local);
    work.em = own_em;
    agree(comm, &local);
  }
  if (local.status == GMMPI_OK) search_with(&work, climb->current.model, &local);
  if (local.status == GMMPI_OK) take_findings(&work, found);
  if (local.status == GMMPI_OK) {
    int64_t n_row_visits = work.bench.climb.n_row_visits + work.n_growth_visits;
    if (work.moves != NULL) n_row_visits += moves_row_visits(work.moves);
    if (work.divided) MPI_Allreduce(MPI_IN_PLACE, &n_row_visits, 1, MPI_INT64_T, MPI_SUM, comm);
    climb->n_row_visits += n_row_visits;
  }
  search_clear(&work);
  iteration_destroy(own_em);
  shard_destroy(gathered);
  return error_pass(error, &local);
}
