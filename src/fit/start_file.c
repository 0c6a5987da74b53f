/* SPDX-License-Identifier: BSD-3-Clause */
#include "fit/start_file.h"

#include "fit/options.h"
#include "fit/reading.h"

#include "mixture/files/model_file.h"
#include "support/error.h"
#include "support/file.h"
#include "support/hash.h"
#include "support/hdf5_file.h"
#include "support/hdf5_use.h"
#include "support/memory.h"
#include "support/near_word.h"

#include <hdf5.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What kind of start a file holds, by its content. */
typedef enum start_kind { START_MODEL, START_JSON, START_LABELS } start_kind;

/* Sets whether an HDF5 file is a model; false where it is no HDF5 file. */
static bool is_hdf5(const char *path, bool *is_model)
{
  *is_model = false;
  hdf5_use_begin();
  const bool is = H5Fis_hdf5(path) > 0;
  const hid_t file = is ? hdf5_open_file(path) : H5I_INVALID_HID;
  if (file >= 0) {
    *is_model = H5Lexists(file, "means", H5P_DEFAULT) > 0 || H5Aexists(file, "format") > 0;
    H5Fclose(file);
  }
  hdf5_use_end();
  return is;
}

static start_kind kind_of(const char *path)
{
  bool is_model;
  if (model_file_has_seal(path)) return START_MODEL;
  if (is_hdf5(path, &is_model)) return is_model ? START_MODEL : START_LABELS;
  void *bytes = NULL;
  size_t n_bytes = 0;
  start_kind kind = START_LABELS;
  if (file_read_whole(path, &bytes, &n_bytes, NULL) == GMMPI_OK) {
    const char *text = bytes;
    if (n_bytes >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) text += 3;
    text += strspn(text, " \t\r\n");
    if (*text == '{' || *text == '[') kind = START_JSON;
    free(bytes);
  }
  return kind;
}

const char *start_file_path(const fit_options *options)
{
  return options->method == METHOD_ADAPT ? options->from_file : options->init_file;
}

static gmmpi_status read_json(const fit_options *options, gmmpi_model **model, gmmpi_error *error)
{
  void *bytes = NULL;
  size_t n_bytes = 0;
  if (file_read_whole(start_file_path(options), &bytes, &n_bytes, error) != GMMPI_OK) return error->status;
  model_from_json(start_file_path(options), bytes, family_find(options->covariance), model, error);
  free(bytes);
  return error->status;
}

/* Does the model have what was asked for? The number of features is compared with the data's later, and one that is
 * adapted brings the rest (fit_options_take_model). */
static gmmpi_status check_model(const fit_options *options, const gmmpi_model *model, gmmpi_error *error)
{
  if (options->method == METHOD_ADAPT) return GMMPI_OK;
  if (model->n_components != options->n_components)
    return fail(error, GMMPI_BAD_DATA, "%s: has %lld components, not %lld as -k says; give the same number",
                options->init_file, (long long)model->n_components, (long long)options->n_components);
  if (model->family != family_find(options->covariance))
    return fail(error, GMMPI_BAD_DATA, "%s: has '%s' covariances, not '%s'; give --covariance %s", options->init_file,
                model->family->name, options->covariance, model->family->name);
  if (model_has(model, PART_NOISE) && !options->noise)
    return fail(error, GMMPI_BAD_DATA, "%s: has a background (noise_weight); give --noise", options->init_file);
  return GMMPI_OK;
}

/* Weights are normalised; whoever gave others may have forgotten a component. */
static void tell_about_weights(const char *path, const gmmpi_model *model)
{
  const double tolerance = 1e-6;
  if (fabs(model->given_sum - 1.0) > tolerance)
    warn("%s: its weights sum to %.10g, not to 1; they are divided by that", path, model->given_sum);
}

/* There is no such file, and it may be no file that was meant. */
static gmmpi_status refuse_path(const fit_options *options, const char *path, gmmpi_error *error)
{
  const option_record *init = option_find(fit_option_table, n_fit_options, "init");
  near_word meant = {.word = path};
  if (options->method == METHOD_ADAPT)
    return fail(error, GMMPI_NO_INPUT, "%s: the model of --from cannot be read; give another path", path);
  for (int i = 0; i < init->n_words; i++) near_word_try(&meant, init->choices[i]);
  return fail(error, GMMPI_NO_INPUT,
              "%s: is neither a method nor a file that can be read; %s%s%sgive kmeans, k-means++, random_from_data, "
              "random or a file",
              path, meant.nearest != NULL ? "did you mean " : "", meant.nearest != NULL ? meant.nearest : "",
              meant.nearest != NULL ? "? " : "");
}

gmmpi_status start_file_open(MPI_Comm comm, const fit_options *options, start_file *start, gmmpi_error *error)
{
  gmmpi_error local = {0};
  int rank;
  MPI_Comm_rank(comm, &rank);
  const char *path = start_file_path(options);
  memset(start, 0, sizeof *start);
  if (path == NULL) return GMMPI_OK;
  int kind = (int)START_MODEL;
  if (rank == 0) {
    if (!file_is_readable(path)) {
      refuse_path(options, path, &local);
    } else {
      kind = (int)kind_of(path);
      if (kind == START_LABELS && options->method == METHOD_ADAPT)
        fail(&local, GMMPI_BAD_DATA, "%s: is no model; give one to --from", path);
      if (kind == START_MODEL) model_file_read(path, &start->model, NULL, &local);
      if (kind == START_JSON) read_json(options, &start->model, &local);
      if (local.status == GMMPI_OK && start->model != NULL) check_model(options, start->model, &local);
      if (local.status == GMMPI_OK && start->model != NULL) tell_about_weights(path, start->model);
    }
  }
  agree(comm, &local);
  if (local.status == GMMPI_OK) {
    MPI_Bcast(&kind, 1, MPI_INT, 0, comm);
    start->is_labels = kind == START_LABELS;
    if (!start->is_labels) model_broadcast(comm, &start->model, &local);
  }
  return error_pass(error, &local);
}

/* Brings the features of the start into the order of the data's, where both have names: names that say nothing are
 * compared too, but need not be the same. Not collective. */
static gmmpi_status match_names(const fit_options *options, const point_source *source, gmmpi_model *model,
                                gmmpi_error *error)
{
  const name_list of_data = {
      .owner = source->label, .names = source->feature_names, .n = source->n_features, .columns = source->columns};
  const name_list of_start = {.owner = start_file_path(options),
                              .names = model->feature_names,
                              .n = model->n_features,
                              .advice = "pick the same with --columns, or start from JSON without feature_names"};
  if (model->feature_names == NULL || !source->has_names) return GMMPI_OK;
  const int64_t n = of_data.n > of_start.n ? of_data.n : of_start.n;
  int64_t *places = allocate(n, sizeof *places);
  int64_t *order = allocate(n, sizeof *order);
  gmmpi_error difference = {0};
  if (places == NULL || order == NULL) {
    fail(error, GMMPI_NO_MEMORY, "%s: no memory is left for the names of its features", start_file_path(options));
  } else if (names_match(of_data, of_start, places, &difference) == GMMPI_OK) {
    for (int64_t i = 0; i < of_start.n; i++) order[places[i]] = i;
    model_permute_features(model, order, start_file_path(options), error);
  } else if (difference.status != GMMPI_BAD_DATA ||
             (names_are_own(of_data.names, of_data.n) && names_are_own(of_start.names, of_start.n))) {
    *error = difference;
  }
  free(places);
  free(order);
  return error->status;
}

gmmpi_status start_file_match(MPI_Comm comm, const fit_options *options, const point_source *source, start_file *start,
                              gmmpi_error *error)
{
  gmmpi_error local = {0};
  if (start->model == NULL) return GMMPI_OK;
  if (match_names(options, source, start->model, &local) == GMMPI_OK)
    model_check_transforms(start->model, start_file_path(options), source, &local);
  if (local.status == GMMPI_OK)
    classes_match(reading_classes(source), options, start_file_path(options), start->model, &local);
  if (agree(comm, &local) != GMMPI_OK) return error_pass(error, &local);
  start->fingerprint = model_hash(start->model);
  return GMMPI_OK;
}

/* The source row of a block's i-th row. */
static int64_t source_row(const block_view *block, int64_t i)
{
  return block->source_rows != NULL ? block->source_rows[i] : block->first_row + i;
}

/* Reads the labels between a block's first and last source row, a chunk at a time, and takes those of its rows. */
static gmmpi_status read_labels_of_block(const fit_options *options, point_source *source, const block_view *block,
                                         int64_t *labels, gmmpi_error *error)
{
  enum { CHUNK = 8192 };
  double values[CHUNK];
  for (int64_t i = 0; i < block->n_rows;) {
    const int64_t first = source_row(block, i);
    const int64_t left = source_row(block, block->n_rows - 1) + 1 - first;
    const int64_t n = left < CHUNK ? left : CHUNK;
    if (source_read(source, first, n, values, error) != GMMPI_OK) return error->status;
    for (; i < block->n_rows && source_row(block, i) < first + n; i++) {
      const double value = values[source_row(block, i) - first];
      if (!(value >= -0x1p53 && value <= 0x1p53) || (double)(int64_t)value != value) {
        const int64_t place = source_place(source, source_row(block, i));
        return fail_at(error, place, GMMPI_BAD_DATA, "%s: the label in %s %lld is not an integer; correct it",
                       options->init_file, source->place_word, (long long)place);
      }
      labels[i] = (int64_t)value;
    }
  }
  return GMMPI_OK;
}

typedef struct label_reading {
  const fit_options *options;
  point_source *source;
  const shard *points;
  int64_t *labels;
  gmmpi_error *error;
} label_reading;

static void read_labels_at_end(void *context, const block_view *block, int thread)
{
  const label_reading *reading = context;
  (void)thread;
  if (reading->error->status != GMMPI_OK) return;
  read_labels_of_block(reading->options, reading->source, block,
                       reading->labels + (block->first_row - reading->points->first_row), reading->error);
}

/* Of all blocks. Where their rows are in the source is known during a walk over them, when some were dropped; otherwise
 * it is known of any block, and its rows need not be read. */
static gmmpi_status read_labels(const fit_options *options, point_source *source, const shard *points, int64_t *labels,
                                gmmpi_error *error)
{
  label_reading reading = {options, source, points, labels, error};
  const row_visitor visitor = {.context = &reading, .end_block = read_labels_at_end, .takes_turns = true};
  const int64_t n_blocks = shard_n_blocks(points);
  if (points->n_left_out > 0) {
    shard_visit_blocks(points, 0, n_blocks, 1, &visitor);
    return shard_failure(points, error);
  }
  for (int64_t b = 0; b < n_blocks; b++) {
    const block_view block = shard_block(points, b);
    read_labels_at_end(&reading, &block, 0);
  }
  return error->status;
}

static uint64_t labels_fingerprint(const shard *points, const int64_t *labels)
{
  uint64_t sum = 0;
  for (int64_t i = 0; i < points->n_rows; i++)
    sum += hash_word(hash_word(1, (uint64_t)(points->first_row + i)), (uint64_t)labels[i]);
  MPI_Allreduce(MPI_IN_PLACE, &sum, 1, MPI_UINT64_T, MPI_SUM, points->comm);
  return sum;
}

int64_t start_file_labels_bytes(int64_t n_samples, int n_ranks)
{
  return (n_samples / n_ranks + shard_block_rows(n_samples)) * (int64_t)sizeof(int64_t);
}

gmmpi_status start_file_labels(const fit_options *options, const shard *points, start_file *start, gmmpi_error *error)
{
  const source_options how = {0};
  gmmpi_error local = {0};
  point_source *source = NULL;
  if (source_open(points->comm, options->init_file, &how, &source, &local) == GMMPI_OK) {
    const int64_t n_expected = points->n_samples + points->n_left_out;
    start->labels = allocate(points->n_rows, sizeof *start->labels);
    if (source->n_features != 1)
      fail(&local, GMMPI_BAD_DATA, "%s: has %lld columns; give a file with one label a row", options->init_file,
           (long long)source->n_features);
    else if (source->n_rows != n_expected)
      fail(&local, GMMPI_BAD_DATA, "%s: has %lld label%s for %lld point%s; give one label for each row of the data",
           options->init_file, (long long)source->n_rows, plural(source->n_rows), (long long)n_expected,
           plural(n_expected));
    else if (start->labels == NULL)
      fail(&local, GMMPI_NO_MEMORY, "%s: there is no memory for its labels", options->init_file);
    else
      read_labels(options, source, points, start->labels, &local);
    agree(points->comm, &local);
  }
  source_close(source);
  if (local.status != GMMPI_OK) return error_pass(error, &local);
  start->fingerprint = labels_fingerprint(points, start->labels);
  return GMMPI_OK;
}

void start_file_clear(start_file *start)
{
  gmmpi_model_destroy(start->model);
  free(start->labels);
}
