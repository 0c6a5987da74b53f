/* SPDX-License-Identifier: BSD-3-Clause */
#include "em/state_fields.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* --- what can be true --- */

/* Can n numbers of a struct be true? */
typedef bool field_check(const void *owner, const void *numbers, int64_t n);

static bool not_negative(const void *owner, const void *numbers, int64_t n)
{
  (void)owner;
  for (int64_t i = 0; i < n; i++) {
    if (((const int64_t *)numbers)[i] < 0) return false;
  }
  return true;
}

static bool not_below_minus_1(const void *owner, const void *numbers, int64_t n)
{
  (void)owner;
  for (int64_t i = 0; i < n; i++) {
    if (((const int64_t *)numbers)[i] < -1) return false;
  }
  return true;
}

static bool are_events(const void *owner, const void *numbers, int64_t n)
{
  const int64_t n_components = fit_state_most_components((const fit_state *)owner);
  for (int64_t i = 0; i < n; i++) {
    const fit_event *event = (const fit_event *)numbers + i;
    if (event->start < 0 || event->iteration < 0 || event->component < -1 || event->component >= n_components ||
        event->kind < EVENT_EMPTY || event->kind > EVENT_IN_DOUBLE || event->action < ACTION_RESEEDED ||
        event->action > ACTION_LAST_PASS || event->n_points < 0)
      return false;
  }
  return true;
}

static bool are_of_history(const void *owner, const void *numbers, int64_t n)
{
  (void)numbers;
  (void)n;
  return accelerator_is_valid(owner);
}

static bool all_finite(const double *numbers, int64_t n)
{
  for (int64_t i = 0; i < n; i++) {
    if (!isfinite(numbers[i])) return false;
  }
  return true;
}

static bool model_is_valid(const gmmpi_model *model)
{
  const int64_t length = family_length(model->family, model->n_components, model->n_features);
  const int64_t each = model->family->storage->shared ? length : length / model->n_components;
  if (!all_finite(model->means, model->n_components * model->n_features)) return false;
  for (int64_t k = 0; k < model->n_components; k++) {
    if (!(model->weights[k] >= 0) || !isfinite(model->weights[k])) return false;
    if (model->dof != NULL && (!(model->dof[k] >= 0) || !isfinite(model->dof[k]))) return false;
    const int64_t own = model->family->storage->shared ? 0 : k * each;
    /* What a component of weight 0 left behind plays no part any more. */
    if (model->weights[k] > 0 &&
        !(all_finite(model->covariances + own, each) && all_finite(model->precisions_cholesky + own, each)))
      return false;
  }
  return true;
}

/* --- the lists: a line for each member of a struct --- */

typedef struct field_line {
  const char *name;
  state_type type;
  size_t offset;                        /* of the member in its struct */
  bool is_apart;                        /* the member is a pointer to the array */
  int64_t (*length)(const void *owner); /* of the array; NULL: the member is one number */
  field_check *is_true;                 /* NULL: any number can be true */
} field_line;

#define MEMBER(owner, member) (((const owner *)0)->member)
#define TYPE_OF(number)                                                                                                \
  _Generic((number), int64_t : STATE_INTEGER, double : STATE_REAL, bool : STATE_FLAG, fit_event : STATE_EVENT)
#define IS_POINTER(member)                                                                                             \
  _Generic(&(member), int64_t *const * : true, double *const * : true, fit_event *const * : true, default : false)

/* The line of a number, and of an array that is in the struct or that the struct points to. check: NULL, any will do.
 */
#define NUMBER(owner, member, check)                                                                                   \
  .name = #member, .type = TYPE_OF(MEMBER(owner, member)), .offset = offsetof(owner, member), .is_true = (check)
#define ARRAY(owner, member, count, check)                                                                             \
  .name = #member, .type = TYPE_OF(MEMBER(owner, member)[0]), .offset = offsetof(owner, member),                       \
  .is_apart = IS_POINTER(MEMBER(owner, member)), .length = (count), .is_true = (check)

static int64_t count_events(const void *state)
{
  return ((const fit_state *)state)->events.n;
}

static int64_t count_held_out(const void *state)
{
  const fit_state *of = state;
  return of->n_shapes * of->n_folds;
}

static int64_t count_components(const void *climb)
{
  return ((const climber *)climb)->current.model->n_components;
}

static int64_t count_counters(const void *history)
{
  (void)history;
  return ACCELERATOR_COUNTERS;
}

static int64_t count_history(const void *history)
{
  return ((const accelerator *)history)->n_numbers;
}

static const field_line of_state[] = {
    {NUMBER(fit_state, n_row_visits, not_negative)},
    {ARRAY(fit_state, events.items, count_events, are_events)},
    {ARRAY(fit_state, held_out, count_held_out, NULL)},
};

static const field_line of_position[] = {
    {NUMBER(fit_position, start, not_negative)},
    {NUMBER(fit_position, level, not_negative)},
    {NUMBER(fit_position, iteration, not_negative)},
    {NUMBER(fit_position, measured.iteration, not_below_minus_1)},
    {NUMBER(fit_position, measured.objective, NULL)},
    {NUMBER(fit_position, measured.log_likelihood, NULL)},
    {NUMBER(fit_position, measured.sum_log_max_responsibility, NULL)},
    {NUMBER(fit_position, converged, NULL)},
};

static const field_line of_climber[] = {
    {NUMBER(climber, has_ended, NULL)},
    {NUMBER(climber, plain, NULL)},
    {NUMBER(climber, repaired, NULL)},
    {NUMBER(climber, precise, NULL)},
    {NUMBER(climber, measured_in_single, NULL)},
    {NUMBER(climber, last_change, NULL)},
    {NUMBER(climber, n_row_visits, not_negative)},
    {ARRAY(climber, n_reseeds, count_components, not_negative)},
};

static const field_line of_history[] = {
    {ARRAY(accelerator, counters, count_counters, are_of_history)},
    {ARRAY(accelerator, numbers, count_history, NULL)},
};

/* --- the groups --- */

/* A struct of the state, its list, and the model whose arrays come behind the list's fields; NULL: none. */
typedef struct field_group {
  const char *path;
  int number; /* of the climber, or of the shape */
  const void *owner;
  const field_line *lines;
  int n_lines;
  const gmmpi_model *model;
} field_group;

#define LINES_OF(list) .lines = (list), .n_lines = (int)(sizeof(list) / sizeof(list)[0])

enum { SHARED, FIRST_OF_BESTS };
enum { POSITION, STEP, HISTORY, GROUPS_OF_A_CLIMBER };

/* The number-th group; false behind the last one. */
static bool find_group(const fit_state *state, int number, field_group *group)
{
  const int64_t first_of_climbers = FIRST_OF_BESTS + state->n_shapes;
  const int64_t index = (number - first_of_climbers) / GROUPS_OF_A_CLIMBER;
  if (number == SHARED) {
    *group = (field_group){.path = "/", .owner = state, LINES_OF(of_state)};
    return true;
  }
  if (number < first_of_climbers) {
    const fit_position *best = &state->best[number - FIRST_OF_BESTS];
    *group = (field_group){.owner = best, .model = best->model, LINES_OF(of_position)};
    if (best->start < 0) *group = (field_group){.n_lines = 0};
    group->path = state->n_shapes == 1 ? "/best/" : "/best_%d/";
    group->number = number - FIRST_OF_BESTS;
    return true;
  }
  if (index >= state->n_climbers) return false;
  const climber *climb = &state->climbers[index];
  switch ((number - first_of_climbers) % GROUPS_OF_A_CLIMBER) {
  case POSITION:
    *group = (field_group){.owner = &climb->current, .model = climb->current.model, LINES_OF(of_position)};
    break;
  case STEP:
    *group = (field_group){.owner = climb, LINES_OF(of_climber)};
    break;
  default:
    *group = (field_group){.owner = climb->history, LINES_OF(of_history)};
    break;
  }
  group->path = group->owner == climb->history ? "/climber_%d/history/" : "/climber_%d/";
  group->number = (int)index;
  return true;
}

/* --- the fields --- */

static size_t bytes_of(state_type type)
{
  static const size_t bytes[] = {[STATE_INTEGER] = sizeof(int64_t),
                                 [STATE_REAL] = sizeof(double),
                                 [STATE_FLAG] = sizeof(bool),
                                 [STATE_EVENT] = sizeof(fit_event)};
  return bytes[type];
}

static state_field field_of_line(const field_group *group, const field_line *line)
{
  state_field field = {.name = line->name, .type = line->type, .n_bytes = bytes_of(line->type)};
  /* Nobody writes through the fields of a state that is const to him. */
  char *member = (char *)group->owner + line->offset;
  field.memory = member;
  if (line->is_apart) memcpy(&field.memory, member, sizeof field.memory);
  if (line->length != NULL) {
    field.n_dimensions = 1;
    field.shape[0] = line->length(group->owner);
    field.n_bytes *= (size_t)field.shape[0];
  }
  return field;
}

/* The number-th array of the group's model; false behind the last one. */
static bool field_of_model(const field_group *group, int number, state_field *field)
{
  model_array arrays[MODEL_MOST_ARRAYS];
  if (group->model == NULL || number >= model_arrays(group->model, arrays)) return false;
  const model_array *array = &arrays[number];
  *field = (state_field){.name = array->name,
                         .type = STATE_REAL,
                         .n_dimensions = array->n_dimensions,
                         .n_bytes = (size_t)array->length * sizeof(double),
                         .memory = array->numbers};
  memcpy(field->shape, array->shape, sizeof field->shape);
  return true;
}

bool state_walk_next(state_walk *walk, const fit_state *state, state_field *field)
{
  field_group group;
  while (find_group(state, walk->group, &group)) {
    const int line = walk->line++;
    bool found = line < group.n_lines;
    if (found)
      *field = field_of_line(&group, &group.lines[line]);
    else
      found = field_of_model(&group, line - group.n_lines, field);
    if (!found) *walk = (state_walk){.group = walk->group + 1};
    if (!found || field->n_bytes == 0) continue;
    field->group = group.path;
    field->number = group.number;
    return true;
  }
  return false;
}

const char *state_field_path(const state_field *field, char text[STATE_PATH_BYTES])
{
  const char *number = strstr(field->group, "%d");
  if (number == NULL)
    snprintf(text, STATE_PATH_BYTES, "%s%s", field->group, field->name);
  else
    snprintf(text, STATE_PATH_BYTES, "%.*s%d%s%s", (int)(number - field->group), field->group, field->number,
             number + 2, field->name);
  return text;
}

/* --- whole states --- */

/* Starts end round by round, so that those shapes come first of which one more has ended. */
state_extent fit_state_extent(const fit_state *state)
{
  state_extent extent = {
      .n_climbers = state->n_climbers, .n_events = state->events.n, .first_start = fit_first_start(state)};
  while (extent.n_bests < state->n_shapes && state->best[extent.n_bests].start >= 0) extent.n_bests++;
  return extent;
}

gmmpi_status fit_state_set_extent(fit_state *state, state_extent extent, gmmpi_error *error)
{
  if (event_list_reserve(&state->events, extent.n_events, error) != GMMPI_OK ||
      fit_state_turn_to(state, extent.first_start, extent.n_climbers, error) != GMMPI_OK)
    return error->status;
  state->events.n = extent.n_events;
  for (int64_t i = 0; i < state->n_shapes; i++) state->best[i].start = i < extent.n_bests ? 0 : -1;
  return GMMPI_OK;
}

gmmpi_status fit_state_copy(fit_state *to, const fit_state *from, gmmpi_error *error)
{
  const gmmpi_status status = fit_state_set_extent(to, fit_state_extent(from), error);
  if (status != GMMPI_OK) return status;
  state_walk walk_to = {0};
  state_walk walk_from = {0};
  state_field own;
  state_field other;
  while (state_walk_next(&walk_to, to, &own) && state_walk_next(&walk_from, from, &other))
    memcpy(own.memory, other.memory, own.n_bytes);
  return GMMPI_OK;
}

static bool group_is_valid(const field_group *group)
{
  for (int i = 0; i < group->n_lines; i++) {
    const field_line *line = &group->lines[i];
    const state_field field = field_of_line(group, line);
    if (line->is_true != NULL &&
        !line->is_true(group->owner, field.memory, (int64_t)(field.n_bytes / bytes_of(line->type))))
      return false;
  }
  return group->model == NULL || model_is_valid(group->model);
}

bool fit_state_is_valid(const fit_state *state)
{
  field_group group;
  for (int number = 0; find_group(state, number, &group); number++) {
    if (!group_is_valid(&group)) return false;
  }
  for (int64_t i = 0; i < state->n_climbers; i++) {
    const fit_position *current = &state->climbers[i].current;
    const fit_shape *shape = &state->shapes[current->start % state->n_shapes];
    if (current->start != fit_first_start(state) + i || current->model->family != shape->kind.family ||
        current->model->parts != shape->kind.parts || current->model->n_components != shape->n_components)
      return false;
  }
  for (int64_t i = 0; i < state->n_shapes; i++) {
    if (state->best[i].start >= fit_first_start(state)) return false;
  }
  return true;
}
