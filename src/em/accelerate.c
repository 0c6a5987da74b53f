#include "em/accelerate.h"

#include "em/accelerate_methods.h"
#include "support/error.h"
#include "support/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const acceleration_method none = {.name = "none", .capacity = 0};

static const acceleration_method *const methods[] = {&none, &acceleration_anderson, &acceleration_squarem};
enum { N_METHODS = sizeof methods / sizeof methods[0] };

/* A history of more numbers than this is out of proportion for `auto` (2 GB). */
static const int64_t most_numbers = INT64_C(1) << 28;

/* After a proposal that was no good come 1, 3 or 7 textbook steps, fewer again when one was good. */
enum { MOST_PAUSE = 7 };

/* Refinements are of no use any more when so many did not reduce the residual's square to this share of it. */
enum { MOST_BAD_REFINEMENTS = 2 };
#define LEAST_REFINEMENT 0.25

/* A textbook step that reduces the residual's square to this share of it needs no acceleration. */
#define FAST_STEP 0.1

enum counter {
  N_REMEMBERED,
  NEWEST,
  HAS_ORIGINS,
  HAS_POINT,
  PAUSE,
  LONGEST_PAUSE,
  IS_REFINED,
  N_BAD_REFINEMENTS,
  BEGINS_ANEW
};

static int64_t vector_length(density_shape shape, int64_t n_components, int64_t n_features)
{
  const int64_t bytes = moments_bytes(shape, n_components, n_features);
  return bytes == INT64_MAX ? -1 : bytes / (int64_t)sizeof(double);
}

/* Origins and units: K x d each and K; the point in hand; outputs and residuals. -1 when they can't be counted. */
static int64_t count_numbers(int64_t capacity, int64_t length, int64_t n_components, int64_t n_features)
{
  int64_t vectors;
  if (capacity == 0) return 0;
  if (length < 0 || !multiply_fits(2 * capacity + 1, length, &vectors)) return -1;
  return vectors + n_components * (2 * n_features + 1) + 1; /* less than two vectors more */
}

static const acceleration_method *find_method(const char *name, int64_t length, int64_t n_components,
                                              int64_t n_features)
{
  if (strcmp(name, "auto") == 0) {
    const int64_t numbers = count_numbers(acceleration_anderson.capacity, length, n_components, n_features);
    return numbers < 0 || numbers > most_numbers ? &none : &acceleration_anderson;
  }
  for (int i = 0; i < N_METHODS; i++) {
    if (strcmp(name, methods[i]->name) == 0) return methods[i];
  }
  return NULL;
}

bool accelerator_method_exists(const char *method)
{
  return find_method(method, 1, 1, 1) != NULL;
}

int64_t accelerator_bytes(const char *method, density_shape shape, int64_t n_components, int64_t n_features)
{
  const int64_t length = vector_length(shape, n_components, n_features);
  const acceleration_method *found = find_method(method, length, n_components, n_features);
  const int64_t numbers = found == NULL ? -1 : count_numbers(found->capacity, length, n_components, n_features);
  int64_t bytes;
  return numbers < 0 || !multiply_fits(numbers, (int64_t)sizeof(double), &bytes) ? INT64_MAX : bytes;
}

gmmpi_status accelerator_create(const char *method, density_shape shape, int64_t n_components, int64_t n_features,
                                accelerator **result, gmmpi_error *error)
{
  const int64_t length = vector_length(shape, n_components, n_features);
  const acceleration_method *found = find_method(method, length, n_components, n_features);
  *result = NULL;
  if (found == NULL)
    return fail(error, GMMPI_WRONG_USAGE, "unknown acceleration '%s'; use auto, none, anderson or squarem", method);
  accelerator *created = calloc(1, sizeof *created);
  if (created != NULL) {
    created->method = found;
    created->shape = shape;
    created->n_components = n_components;
    created->n_features = n_features;
    created->length = length;
    created->capacity = found->capacity;
    created->n_numbers = count_numbers(found->capacity, length, n_components, n_features);
    if (created->n_numbers >= 0) created->numbers = allocate(created->n_numbers, sizeof(double));
    if (created->numbers != NULL) {
      *result = created;
      return GMMPI_OK;
    }
  }
  accelerator_destroy(created);
  return fail(error, GMMPI_NO_MEMORY,
              "there is no memory for the history of accelerated EM with %lld components; use --accelerate none",
              (long long)n_components);
}

void accelerator_destroy(accelerator *memory)
{
  if (memory == NULL) return;
  free(memory->numbers);
  free(memory);
}

const char *accelerator_name(const accelerator *memory)
{
  return memory->method->name;
}

void accelerator_copy(accelerator *to, const accelerator *from)
{
  memcpy(to->counters, from->counters, sizeof to->counters);
  if (from->n_numbers > 0) memcpy(to->numbers, from->numbers, (size_t)from->n_numbers * sizeof(double));
}

bool accelerator_is_valid(const accelerator *memory)
{
  const int64_t *counters = memory->counters;
  if (counters[N_REMEMBERED] < 0 || counters[N_REMEMBERED] > memory->capacity) return false;
  if (counters[NEWEST] < 0 || counters[NEWEST] > (memory->capacity > 0 ? memory->capacity - 1 : 0)) return false;
  for (int64_t i = 0; i < memory->n_numbers; i++) {
    if (!isfinite(memory->numbers[i])) return false;
  }
  return true;
}

void accelerator_forget(accelerator *memory)
{
  memset(memory->counters, 0, sizeof memory->counters);
}

/* --- where the numbers are --- */

static double *origins(const accelerator *memory)
{
  return memory->numbers;
}

static double *units(const accelerator *memory)
{
  return memory->numbers + memory->n_components * memory->n_features;
}

static double *count_units(const accelerator *memory)
{
  return memory->numbers + 2 * memory->n_components * memory->n_features;
}

/* Of the output from which the last refinement began. */
static double *residual_before(const accelerator *memory)
{
  return memory->numbers + memory->n_components * (2 * memory->n_features + 1);
}

static double *point(const accelerator *memory)
{
  return residual_before(memory) + 1;
}

static double *output(const accelerator *memory, int64_t place)
{
  return point(memory) + (1 + place) * memory->length;
}

static double *residual(const accelerator *memory, int64_t place)
{
  return point(memory) + (1 + memory->capacity + place) * memory->length;
}

/* Where the entry is that is `age` records old. */
static int64_t place_of(const accelerator *memory, int64_t age)
{
  return (memory->counters[NEWEST] + memory->capacity - age) % memory->capacity;
}

/* --- moments as vectors, and back --- */

/* Begins a history: from now on everything is measured from these moments' means in their standard deviations. */
static void set_origins(accelerator *memory, const moments *at)
{
  const int64_t d = memory->n_features;
  for (int64_t k = 0; k < memory->n_components; k++) {
    const double share = at->counts[k] / at->n_samples;
    count_units(memory)[k] = share > 0.0 ? sqrt(share) : 1.0;
    for (int64_t j = 0; j < d; j++) {
      const int64_t diagonal = memory->shape == DENSE ? j * (j + 3) / 2 : j;
      const double variance = at->counts[k] > 0.0 ? at->scatter[k * at->second_length + diagonal] / at->counts[k] : 0.0;
      origins(memory)[k * d + j] = at->means[k * d + j];
      units(memory)[k * d + j] = variance > 0.0 ? sqrt(variance) : 1.0;
    }
  }
  memory->counters[HAS_ORIGINS] = 1;
}

/* In the metric of the Fisher information a variance counts half, a covariance once. */
static const double unit_of_variance = 1.4142135623730951;

static void vector_from_moments(const accelerator *memory, const moments *from, double *vector)
{
  const int64_t d = memory->n_features;
  for (int64_t k = 0; k < memory->n_components; k++) {
    const double *origin = origins(memory) + k * d;
    const double *unit = units(memory) + k * d;
    const double *scatter = from->scatter + k * from->second_length;
    const double count = from->counts[k] / from->n_samples;
    const double per_unit = 1.0 / count_units(memory)[k];
    *vector++ = count * per_unit;
    double *first = vector;
    for (int64_t j = 0; j < d; j++) *vector++ = count * per_unit * ((from->means[k * d + j] - origin[j]) / unit[j]);
    for (int64_t i = 0; i < d; i++) {
      const double shift = from->means[k * d + i] - origin[i];
      for (int64_t j = memory->shape == DENSE ? 0 : i; j <= i; j++) {
        const double own = *scatter++ / from->n_samples * per_unit / (unit[i] * unit[j]);
        *vector++ = (own + shift / unit[i] * first[j]) / (i == j ? unit_of_variance : 1.0);
      }
    }
  }
}

static void moments_from_vector(const accelerator *memory, const double *vector, moments *to)
{
  const int64_t d = memory->n_features;
  for (int64_t k = 0; k < memory->n_components; k++) {
    const double *origin = origins(memory) + k * d;
    const double *unit = units(memory) + k * d;
    double *mean = to->means + k * d;
    double *scatter = to->scatter + k * to->second_length;
    const double scaled_count = *vector++;
    const double *first = vector;
    const double back = count_units(memory)[k] * to->n_samples;
    to->counts[k] = scaled_count * back;
    for (int64_t j = 0; j < d; j++, vector++)
      mean[j] = scaled_count > 0.0 ? origin[j] + *vector / scaled_count * unit[j] : origin[j];
    for (int64_t i = 0; i < d; i++) {
      for (int64_t j = memory->shape == DENSE ? 0 : i; j <= i; j++) {
        const double about_origin = *vector++ * (i == j ? unit_of_variance : 1.0);
        const double own = scaled_count > 0.0 ? about_origin - first[i] / scaled_count * first[j] : 0.0;
        *scatter++ = own * back * (unit[i] * unit[j]);
      }
    }
  }
}

/* --- recording and proposing --- */

static void subtract(int64_t n, const double *a, const double *b, double *difference)
{
  for (int64_t i = 0; i < n; i++) difference[i] = a[i] - b[i];
}

static double squared_length(const accelerator *memory, const double *vector)
{
  double sum = 0.0;
  for (int64_t i = 0; i < memory->length; i++) sum += vector[i] * vector[i];
  return sum;
}

/* Other points give the model in hand another output and so another residual; differences between entries, which say
 * how the map bends, stay as they are. */
static void move_to_new_points(accelerator *memory, const double *new_output)
{
  const int64_t newest = memory->counters[NEWEST];
  for (int64_t i = 0; i < memory->length; i++) {
    const double shift = new_output[i] - output(memory, newest)[i];
    for (int64_t age = 0; age < memory->counters[N_REMEMBERED]; age++) {
      output(memory, place_of(memory, age))[i] += shift;
      residual(memory, place_of(memory, age))[i] += shift;
    }
  }
}

/* Makes room for one more entry, the newest, and returns its output. */
static double *next_output(accelerator *memory)
{
  if (memory->counters[BEGINS_ANEW] != 0) memory->counters[N_REMEMBERED] = 0;
  memory->counters[BEGINS_ANEW] = 0;
  memory->counters[NEWEST] = (memory->counters[NEWEST] + 1) % memory->capacity;
  if (memory->counters[N_REMEMBERED] < memory->capacity) memory->counters[N_REMEMBERED]++;
  return output(memory, memory->counters[NEWEST]);
}

static void set_newest_residual(accelerator *memory)
{
  const int64_t newest = memory->counters[NEWEST];
  subtract(memory->length, output(memory, newest), point(memory), residual(memory, newest));
}

void accelerator_record(accelerator *memory, const moments *measured, bool new_points)
{
  if (memory->capacity == 0) return;
  if (memory->counters[HAS_ORIGINS] == 0) set_origins(memory, measured);
  if (memory->counters[HAS_POINT] == 0) {
    vector_from_moments(memory, measured, point(memory));
    memory->counters[HAS_POINT] = 1;
  } else if (new_points && memory->counters[N_REMEMBERED] > 0) {
    /* With a full history the oldest entry is given up, so that its place is free for a moment. */
    if (memory->counters[N_REMEMBERED] == memory->capacity) memory->counters[N_REMEMBERED]--;
    double *new_output = output(memory, place_of(memory, -1 + memory->capacity));
    vector_from_moments(memory, measured, new_output);
    move_to_new_points(memory, new_output);
  } else {
    vector_from_moments(memory, measured, next_output(memory));
    set_newest_residual(memory);
  }
}

bool accelerator_is_fast(const accelerator *memory)
{
  if (memory->counters[N_REMEMBERED] < 2) return false;
  return squared_length(memory, residual(memory, place_of(memory, 0))) <
         FAST_STEP * squared_length(memory, residual(memory, place_of(memory, 1)));
}

bool accelerator_pauses(accelerator *memory)
{
  if (memory->capacity == 0) return true;
  if (memory->counters[PAUSE] == 0) return false;
  memory->counters[PAUSE]--;
  accelerator_take_plain_step(memory);
  return true;
}

void accelerator_note_success(accelerator *memory)
{
  memory->counters[LONGEST_PAUSE] /= 2;
}

/* The point in hand becomes the combination of the n newest outputs and residuals. */
static void combine(accelerator *memory, int64_t n, const double *outputs, const double *inner)
{
  double *combined = point(memory);
  for (int64_t i = 0; i < memory->length; i++) combined[i] = 0.0;
  for (int64_t age = n - 1; age >= 0; age--) {
    const double *own_output = output(memory, place_of(memory, age));
    const double *own_residual = residual(memory, place_of(memory, age));
    for (int64_t i = 0; i < memory->length; i++)
      combined[i] += outputs[age] * own_output[i] + inner[age] * own_residual[i];
  }
}

bool accelerator_propose(accelerator *memory, moments *proposed)
{
  const int64_t n = memory->counters[N_REMEMBERED];
  if (n == 0) return false;
  const double *residuals[MOST_REMEMBERED];
  double outputs[MOST_REMEMBERED];
  double inner[MOST_REMEMBERED];
  for (int64_t age = 0; age < n; age++) residuals[age] = residual(memory, place_of(memory, age));
  if (!memory->method->combine(n, memory->length, residuals, outputs, inner)) {
    accelerator_take_plain_step(memory);
    return false;
  }
  combine(memory, n, outputs, inner);
  memory->counters[IS_REFINED] = 0;
  memory->counters[BEGINS_ANEW] = memory->method->begins_anew;
  moments_from_vector(memory, point(memory), proposed);
  return true;
}

void accelerator_take_plain_step(accelerator *memory)
{
  if (memory->counters[N_REMEMBERED] == 0) return; /* then the point in hand is the only output there is */
  memcpy(point(memory), output(memory, memory->counters[NEWEST]), (size_t)memory->length * sizeof(double));
}

void accelerator_step_back(accelerator *memory, moments *last_output)
{
  int64_t *counters = memory->counters;
  counters[N_REMEMBERED] = 1;
  counters[BEGINS_ANEW] = 0;
  counters[N_BAD_REFINEMENTS] += counters[IS_REFINED];
  counters[LONGEST_PAUSE] = counters[LONGEST_PAUSE] < MOST_PAUSE ? 2 * counters[LONGEST_PAUSE] + 1 : MOST_PAUSE;
  counters[PAUSE] = counters[LONGEST_PAUSE];
  accelerator_take_plain_step(memory);
  moments_from_vector(memory, point(memory), last_output);
}

bool accelerator_has_point(const accelerator *memory)
{
  return memory->capacity > 0 && memory->counters[HAS_POINT] != 0 && memory->counters[N_REMEMBERED] > 0;
}

int64_t accelerator_length(const accelerator *memory)
{
  return memory->length;
}

void accelerator_correction(const accelerator *memory, const moments *fewer_points, double *correction)
{
  const double *newest = output(memory, memory->counters[NEWEST]);
  vector_from_moments(memory, fewer_points, correction);
  subtract(memory->length, newest, correction, correction);
}

void accelerator_record_corrected(accelerator *memory, const moments *fewer_points, const double *correction)
{
  double *newest = next_output(memory);
  vector_from_moments(memory, fewer_points, newest);
  for (int64_t i = 0; i < memory->length; i++) newest[i] += correction[i];
  set_newest_residual(memory);
}

void accelerator_last_output(accelerator *memory, moments *last)
{
  accelerator_take_plain_step(memory);
  moments_from_vector(memory, point(memory), last);
}

void accelerator_keep_newest(accelerator *memory)
{
  memory->counters[N_REMEMBERED] = 1;
}

bool accelerator_trusts_refinement(accelerator *memory)
{
  const double now = accelerator_residual(memory);
  if (memory->counters[IS_REFINED] != 0 && !(now < LEAST_REFINEMENT * *residual_before(memory)))
    memory->counters[N_BAD_REFINEMENTS]++;
  return memory->counters[N_BAD_REFINEMENTS] < MOST_BAD_REFINEMENTS;
}

void accelerator_take_point(accelerator *memory, const accelerator *from)
{
  memory->counters[IS_REFINED] = 1;
  *residual_before(memory) = accelerator_residual(memory);
  memcpy(point(memory), point(from), (size_t)memory->length * sizeof(double));
}

double accelerator_residual(const accelerator *memory)
{
  return memory->counters[N_REMEMBERED] == 0 ? INFINITY
                                             : squared_length(memory, residual(memory, memory->counters[NEWEST]));
}
