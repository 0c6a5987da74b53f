/* SPDX-License-Identifier: BSD-3-Clause */
/* The public points: a shard from memory, or from a file with the source that it is read from. */
#include "fit/api.h"
#include "fit/memory_plan.h"

#include "points/tiles.h"
#include "support/error.h"
#include "support/memory.h"

#include <stdlib.h>
#include <string.h>

/* An object without points, with a copy of the options. Collective. Errors, agreed: 71. */
static gmmpi_status begin(MPI_Comm comm, const gmmpi_options *options, gmmpi_points **points, gmmpi_error *error)
{
  *points = calloc(1, sizeof **points);
  warning_list *warnings = *points != NULL ? calloc(1, sizeof *warnings) : NULL;
  if (warnings != NULL) {
    warning_list_begin(warnings);
    (*points)->warnings = warnings;
  }
  if (warnings == NULL)
    fail(error, GMMPI_NO_MEMORY, "points: there is no memory for them");
  else
    api_options_duplicate(options, &(*points)->options, error);
  return agree(comm, error);
}

/* Nothing is left of points that failed. */
static gmmpi_status end(gmmpi_points *created, const gmmpi_error *local, gmmpi_points **points, gmmpi_error *error)
{
  *points = local->status == GMMPI_OK ? created : NULL;
  if (local->status != GMMPI_OK) gmmpi_points_destroy(created);
  return error_pass(error, local);
}

static shard_options how_of(const gmmpi_options *options)
{
  return (shard_options){.missing = options->reading.missing,
                         .infinite = options->reading.infinite,
                         .drops_weightless = true,
                         .n_threads = options->fit.threads,
                         .single_precision = options->fit.precision == PRECISION_SINGLE,
                         .scratch = memory_scratch(&options->memory)};
}

/* The classes with names of their own. Errors: 64 two have the same name, a size is wrong; 65 a label that is none of
 * them; 71. */
static gmmpi_status take_classes(const int64_t *labels, int64_t n_local, class_list classes, gmmpi_points *points,
                                 gmmpi_error *error)
{
  if (classes.n < 1 || classes.n > (int64_t)SHARD_LARGEST_LABEL)
    return fail(error, GMMPI_WRONG_USAGE, "points: there are %lld classes; give 1 or more", (long long)classes.n);
  for (int64_t i = 0; i < n_local && labels != NULL; i++) {
    if (labels[i] < -1 || labels[i] >= classes.n)
      return fail(error, GMMPI_BAD_DATA,
                  "points: the label %lld of row %lld of this rank is none of %lld classes; give one from 0, or -1",
                  (long long)labels[i], (long long)i + 1, (long long)classes.n);
  }
  points->classes.n = classes.n;
  if (classes.names == NULL) return GMMPI_OK;
  char **names = calloc((size_t)classes.n, sizeof *names);
  points->classes.names = names;
  bool good = names != NULL;
  for (int64_t c = 0; c < classes.n && good; c++) {
    for (int64_t other = 0; other < c; other++) {
      if (strcmp(classes.names[c], classes.names[other]) == 0)
        return fail(error, GMMPI_WRONG_USAGE, "points: two classes have the name \"%.100s\"; give each its own",
                    classes.names[c]);
    }
    good = (names[c] = strdup(classes.names[c])) != NULL;
  }
  return good ? GMMPI_OK : fail(error, GMMPI_NO_MEMORY, "points: there is no memory for the names of classes");
}

/* What would change the numbers of a file has no place where there is none. */
static gmmpi_status check_words(const reading_options *reading, bool has_weights, gmmpi_error *error)
{
  if (reading->weights != NULL)
    return fail(error, GMMPI_WRONG_USAGE,
                "--weights: points from memory have theirs from there; call gmmpi_points_create_weighted");
  if (reading->known_labels != NULL)
    return fail(error, GMMPI_WRONG_USAGE,
                "--known-labels: points from memory have theirs from there; call gmmpi_points_create_labelled");
  if (reading->sum == WEIGHTS_SUM_N && !has_weights)
    return fail(error, GMMPI_WRONG_USAGE, "--weights-sum n rescales weights, and there are none");
  if (reading_has_word(reading, "transform"))
    return fail(error, GMMPI_WRONG_USAGE,
                "--transform: points from memory are taken as they are; transform them before");
  if (reading_has_word(reading, "missing-values"))
    return fail(error, GMMPI_WRONG_USAGE,
                "--missing-values: points from memory are taken as they are; put NaN where a value is missing");
  return GMMPI_OK;
}

/* What a caller gives: rows, and what is beside them. */
typedef struct given_rows {
  const double *rows;
  const float *single;   /* the same rows, where these are not given */
  const double *weights; /* n_local; NULL: there are none */
  const int64_t *labels; /* likewise */
  bool is_single, has_weights, has_labels;
  int64_t n_local, n_features;
} given_rows;

/* Row i of this rank's as numbers. */
static void copy_row(const given_rows *given, int64_t i, double *row)
{
  const int64_t d = given->n_features;
  if (given->rows != NULL) {
    memcpy(row, given->rows + i * d, (size_t)d * sizeof *row);
  } else {
    for (int64_t j = 0; j < d; j++) row[j] = (double)given->single[i * d + j];
  }
}

static int64_t n_beside(const given_rows *given)
{
  return (given->has_labels ? 1 : 0) + (given->has_weights ? 1 : 0);
}

/* n_local rows with their labels and weights behind them. NULL: no memory, or a size that is wrong, with an error. */
static double *join_rows(const given_rows *given, gmmpi_error *error)
{
  const int64_t d = given->n_features;
  const int64_t n = given->n_local;
  int64_t n_numbers;
  if (n < 0 || d < 1 || (n > 0 && given->rows == NULL && given->single == NULL) ||
      (n > 0 && given->has_weights && given->weights == NULL) ||
      (n > 0 && given->has_labels && given->labels == NULL)) {
    fail(error, GMMPI_WRONG_USAGE,
         "points: a size or a pointer is wrong; give n_local x n_features numbers, and n_local %s",
         given->has_weights ? "weights" : "labels");
    return NULL;
  }
  const int64_t width = d < INT64_MAX - 2 ? d + n_beside(given) : 0;
  double *joined = width > 0 && multiply_fits(n, width, &n_numbers) ? allocate(n_numbers, sizeof *joined) : NULL;
  if (joined == NULL) {
    fail(error, GMMPI_NO_MEMORY, "points: there is no memory for them");
    return NULL;
  }
  for (int64_t i = 0; i < n; i++) {
    double *row = joined + i * width;
    copy_row(given, i, row);
    if (given->has_labels) row[d] = (double)given->labels[i];
    if (given->has_weights) row[width - 1] = given->weights[i];
  }
  return joined;
}

/* Collective. Errors, agreed. */
static gmmpi_status create_joined(MPI_Comm comm, const given_rows *given, gmmpi_points *points, gmmpi_error *error)
{
  shard_options how = how_of(points->options);
  how.has_weights = given->has_weights;
  how.has_labels = given->has_labels;
  how.n_classes = points->classes.n;
  double *joined = join_rows(given, error);
  if (agree(comm, error) == GMMPI_OK &&
      shard_create_from_memory(comm, joined, given->n_local, given->n_features, how, &points->rows, error) ==
          GMMPI_OK &&
      given->has_weights)
    reading_settle_weights(&points->options->reading, "points", points->rows, error);
  free(joined);
  return error->status;
}

static gmmpi_status create(MPI_Comm comm, const given_rows *given, const gmmpi_options *options, class_list classes,
                           gmmpi_points **points, gmmpi_error *error)
{
  gmmpi_error local = {0};
  gmmpi_points *created = NULL;
  if (begin(comm, options, &created, &local) == GMMPI_OK) {
    warning_list *before = warnings_collect(created->warnings);
    created->n_local = given->n_local;
    check_words(&created->options->reading, given->has_weights, &local);
    if (local.status == GMMPI_OK && given->has_labels)
      take_classes(given->labels, given->n_local, classes, created, &local);
    if (agree(comm, &local) == GMMPI_OK) {
      if (n_beside(given) > 0 || given->is_single)
        create_joined(comm, given, created, &local);
      else
        shard_create_from_memory(comm, given->rows, given->n_local, given->n_features, how_of(created->options),
                                 &created->rows, &local);
    }
    warnings_collect(before);
    api_report_warnings(options, created->warnings);
  }
  return end(created, &local, points, error);
}

gmmpi_status gmmpi_points_create(MPI_Comm comm, const double *rows, int64_t n_local, int64_t n_features,
                                 const gmmpi_options *options, gmmpi_points **points, gmmpi_error *error)
{
  const given_rows given = {.rows = rows, .n_local = n_local, .n_features = n_features};
  return create(comm, &given, options, (class_list){.n = 0}, points, error);
}

gmmpi_status gmmpi_points_create_weighted(MPI_Comm comm, const double *rows, const double *weights, int64_t n_local,
                                          int64_t n_features, const gmmpi_options *options, gmmpi_points **points,
                                          gmmpi_error *error)
{
  const given_rows given = {
      .rows = rows, .weights = weights, .has_weights = true, .n_local = n_local, .n_features = n_features};
  return create(comm, &given, options, (class_list){.n = 0}, points, error);
}

/* Collective: has a rank given them? */
static bool any_has(MPI_Comm comm, const void *given)
{
  int has = given != NULL;
  MPI_Allreduce(MPI_IN_PLACE, &has, 1, MPI_INT, MPI_MAX, comm);
  return has != 0;
}

gmmpi_status gmmpi_points_create_single(MPI_Comm comm, const float *rows, const double *weights, int64_t n_local,
                                        int64_t n_features, const gmmpi_options *options, gmmpi_points **points,
                                        gmmpi_error *error)
{
  const given_rows given = {.single = rows,
                            .weights = weights,
                            .is_single = true,
                            .has_weights = any_has(comm, weights),
                            .n_local = n_local,
                            .n_features = n_features};
  return create(comm, &given, options, (class_list){.n = 0}, points, error);
}

gmmpi_status gmmpi_points_create_labelled(MPI_Comm comm, const double *rows, const double *weights,
                                          const int64_t *labels, int64_t n_local, int64_t n_features, int64_t n_classes,
                                          const char *const *class_names, const gmmpi_options *options,
                                          gmmpi_points **points, gmmpi_error *error)
{
  const given_rows given = {.rows = rows,
                            .weights = weights,
                            .labels = labels,
                            .has_weights = any_has(comm, weights),
                            .has_labels = true,
                            .n_local = n_local,
                            .n_features = n_features};
  return create(comm, &given, options, (class_list){(char *const *)class_names, n_classes}, points, error);
}

/* Held or streamed? For the fit to come, which has one component at least. */
static gmmpi_status plan(MPI_Comm comm, const gmmpi_options *options, const point_source *source, shard_options *how,
                         gmmpi_error *error)
{
  fit_options fit = options->fit;
  int level;
  int n_ranks;
  MPI_Comm_size(comm, &n_ranks);
  if (fit.n_components < 1) fit.n_components = 1;
  if (source_has_labels(source)) fit.coarse_to_fine = COARSE_OFF;
  const fit_memory memory =
      fit_memory_of(&fit, source->n_rows, (row_shape){source->n_features, source->n_beside}, n_ranks);
  if (memory_plan_fit(comm, source, &memory, 0, options->memory.memory_limit, true, how, error) != GMMPI_OK)
    return error->status;
  MPI_Query_thread(&level);
  if (how->stream_bytes > 0 && level < MPI_THREAD_SERIALIZED)
    return fail(error, GMMPI_WRONG_USAGE,
                "%s: does not fit into memory, and to stream it MPI must allow for threads; begin with MPI_Init_thread "
                "and MPI_THREAD_SERIALIZED, or use more nodes",
                source->label);
  return GMMPI_OK;
}

gmmpi_status gmmpi_points_open(MPI_Comm comm, const char *data, const gmmpi_options *options, gmmpi_points **points,
                               gmmpi_error *error)
{
  gmmpi_error local = {0};
  gmmpi_points *created = NULL;
  if (begin(comm, options, &created, &local) == GMMPI_OK) {
    warning_list *before = warnings_collect(created->warnings);
    const source_options source = reading_source_options(&created->options->reading);
    shard_options how = how_of(created->options);
    if (reading_check(&created->options->reading, &local) == GMMPI_OK &&
        source_open(comm, data, &source, &created->source, &local) == GMMPI_OK) {
      reading_note_rows(&created->options->reading, created->source, &how);
      if (reading_check_labels(created->source, &local) == GMMPI_OK &&
          plan(comm, created->options, created->source, &how, &local) == GMMPI_OK &&
          shard_create(comm, created->source, how, &created->rows, &local) == GMMPI_OK)
        reading_settle_weights(&created->options->reading, created->source->label, created->rows, &local);
    }
    warnings_collect(before);
    api_report_warnings(options, created->warnings);
  }
  return end(created, &local, points, error);
}

static void forget_feature_names(gmmpi_points *points)
{
  for (int64_t j = 0; points->feature_names != NULL && j < points->rows->n_features; j++)
    free(points->feature_names[j]);
  free(points->feature_names);
  points->feature_names = NULL;
}

void gmmpi_points_destroy(gmmpi_points *points)
{
  if (points == NULL) return;
  forget_feature_names(points);
  shard_destroy(points->rows);
  source_close(points->source);
  gmmpi_options_destroy(points->options);
  warning_list_clear(points->warnings);
  free(points->warnings);
  for (int64_t c = 0; points->classes.names != NULL && c < points->classes.n; c++) free(points->classes.names[c]);
  free((void *)points->classes.names);
  free(points);
}

int64_t gmmpi_points_n_samples(const gmmpi_points *points)
{
  return points->rows->n_samples;
}

int64_t gmmpi_points_n_dropped(const gmmpi_points *points)
{
  return points->rows->n_dropped;
}

int64_t gmmpi_points_n_weightless(const gmmpi_points *points)
{
  return points->rows->n_weightless;
}

double gmmpi_points_sum_of_weights(const gmmpi_points *points)
{
  return points->rows->total_weight;
}

int64_t gmmpi_points_n_features(const gmmpi_points *points)
{
  return points->rows->n_features;
}

const char *gmmpi_points_feature_name(const gmmpi_points *points, int64_t feature)
{
  const point_source *source = points->source;
  char *const *names = source != NULL ? source->feature_names : points->feature_names;
  return names != NULL && feature >= 0 && feature < gmmpi_points_n_features(points) ? names[feature] : NULL;
}

gmmpi_status gmmpi_points_set_feature_names(gmmpi_points *points, const char *const *names, gmmpi_error *error)
{
  const int64_t d = points->rows->n_features;
  if (points->source != NULL)
    return fail(error, GMMPI_WRONG_USAGE, "points from files have the names of features from there; set none");
  forget_feature_names(points);
  if (names == NULL) return GMMPI_OK;
  points->feature_names = calloc((size_t)d, sizeof *points->feature_names);
  bool good = points->feature_names != NULL;
  for (int64_t j = 0; good && j < d; j++) good = (points->feature_names[j] = strdup(names[j])) != NULL;
  if (good) return GMMPI_OK;
  forget_feature_names(points);
  return fail(error, GMMPI_NO_MEMORY, "points: there is no memory for the names of features");
}

class_list api_classes(const gmmpi_points *points)
{
  return points->source != NULL ? reading_classes(points->source) : points->classes;
}

const char *gmmpi_points_class_name(const gmmpi_points *points, int64_t index)
{
  const class_list classes = api_classes(points);
  return classes.names != NULL && index >= 0 && index < classes.n ? classes.names[index] : NULL;
}

int64_t gmmpi_points_n_classes(const gmmpi_points *points)
{
  return api_classes(points).n;
}
