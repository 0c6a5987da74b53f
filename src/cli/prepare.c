/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/prepare.h"

#include "mixture/files/model_file.h"
#include "support/error.h"
#include "support/file.h"
#include "support/large_messages.h"
#include "support/printable.h"
#include "support/threads.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static gmmpi_status refuse_overwriting(MPI_Comm comm, bool overwrites, const char *output, gmmpi_error *error)
{
  if (overwrites) fail(error, GMMPI_WRONG_USAGE, "%s would overwrite an input; name another file", output);
  return agree(comm, error);
}

gmmpi_status prepare_distinct(MPI_Comm comm, const char *output, const char *input, gmmpi_error *error)
{
  int rank;
  MPI_Comm_rank(comm, &rank);
  return refuse_overwriting(comm, rank == 0 && file_is_same(output, input), output, error);
}

gmmpi_status prepare_output_is_no_input(MPI_Comm comm, const char *output, const point_source *source,
                                        gmmpi_error *error)
{
  int rank;
  MPI_Comm_rank(comm, &rank);
  return refuse_overwriting(comm, rank == 0 && source_reads(source, output), output, error);
}

gmmpi_status prepare_output(MPI_Comm comm, const char *path, gmmpi_error *error)
{
  int rank;
  MPI_Comm_rank(comm, &rank);
  if (rank == 0) file_try_output(path, error);
  return agree(comm, error);
}

gmmpi_status prepare_model(MPI_Comm comm, const char *path, gmmpi_model **model, gmmpi_error *error)
{
  int rank;
  MPI_Comm_rank(comm, &rank);
  *model = NULL;
  if (rank == 0) model_file_read(path, model, NULL, error);
  return agree(comm, error) == GMMPI_OK ? model_broadcast(comm, model, error) : error->status;
}

gmmpi_status prepare_groups(MPI_Comm comm, const char *path, group_models **models, gmmpi_error *error)
{
  int rank;
  MPI_Comm_rank(comm, &rank);
  *models = NULL;
  if (rank == 0) group_models_read(path, models, NULL, error);
  if (agree(comm, error) != GMMPI_OK || group_models_broadcast(comm, models, error) != GMMPI_OK) {
    group_models_destroy(*models);
    *models = NULL;
  }
  return error->status;
}

/* Collective. Rank 0's object on every rank, as text. */
static gmmpi_status broadcast_facts(MPI_Comm comm, int rank, json_t **facts, gmmpi_error *error)
{
  char *text = rank == 0 ? json_dumps(*facts, JSON_REAL_PRECISION(17)) : NULL;
  int64_t length = text != NULL ? (int64_t)strlen(text) : -1;
  MPI_Bcast(&length, 1, MPI_INT64_T, 0, comm);
  if (rank != 0 && length >= 0) text = calloc((size_t)length + 1, 1);
  if (text == NULL) fail(error, GMMPI_NO_MEMORY, "there is no memory for what the model's file notes");
  if (agree(comm, error) == GMMPI_OK) {
    broadcast_large(comm, 0, text, length, MPI_CHAR);
    if (rank != 0) *facts = json_loads(text, 0, NULL);
    if (*facts == NULL) fail(error, GMMPI_NO_MEMORY, "there is no memory for what the model's file notes");
    agree(comm, error);
  }
  free(text);
  return error->status;
}

gmmpi_status prepare_model_and_facts(MPI_Comm comm, const char *path, gmmpi_model **model, json_t **facts,
                                     gmmpi_error *error)
{
  int rank;
  MPI_Comm_rank(comm, &rank);
  *model = NULL;
  *facts = NULL;
  if (rank == 0) model_file_read(path, model, facts, error);
  if (agree(comm, error) != GMMPI_OK || model_broadcast(comm, model, error) != GMMPI_OK) return error->status;
  return broadcast_facts(comm, rank, facts, error);
}

gmmpi_status prepare_threads(MPI_Comm comm, int threads, gmmpi_error *error)
{
  int rank;
  MPI_Comm_rank(comm, &rank);
  if (threads > 1 && !threads_are_available())
    fail(error, GMMPI_WRONG_USAGE, "--threads: this build has no OpenMP; leave it out and start more ranks");
  if (agree(comm, error) != GMMPI_OK) return error->status;
  int fewest[2] = {threads_allowed_cores(), threads_machine_cores()};
  MPI_Allreduce(MPI_IN_PLACE, fewest, 2, MPI_INT, MPI_MIN, comm);
  if (rank != 0 || threads == 1 || fewest[0] >= threads) return GMMPI_OK;
  if (fewest[1] < threads)
    warn("--threads %d, but the machine has %d core%s; give fewer threads", threads, fewest[1],
         fewest[1] == 1 ? "" : "s");
  else
    warn("--threads %d, but the rank is bound to %d core%s; use mpirun --bind-to none or --map-by socket:PE=%d",
         threads, fewest[0], fewest[0] == 1 ? "" : "s", threads);
  return GMMPI_OK;
}

gmmpi_status print_json(json_t *value, gmmpi_error *error)
{
  if (value == NULL) return fail(error, GMMPI_NO_MEMORY, "no memory is left to print the result");
  json_dumpf(value, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
  putchar('\n');
  json_decref(value);
  return GMMPI_OK;
}

static void print_left_out(int64_t n)
{
  printf("  %lld row%s left out for ", (long long)n, n == 1 ? " was" : "s were");
}

void print_dropped(dropped_count dropped)
{
  const int64_t n = dropped.n - dropped.n_weightless;
  if (dropped.n_weightless > 0) {
    print_left_out(dropped.n_weightless);
    puts("a weight of 0");
  }
  if (n == 0) return;
  print_left_out(n);
  if (dropped.n_infinite == 0)
    puts("missing values");
  else if (dropped.n_infinite == n)
    puts("infinite values");
  else
    printf("missing values (%lld) or infinite ones (%lld)\n", (long long)(n - dropped.n_infinite),
           (long long)dropped.n_infinite);
}

json_t *json_number(double value)
{
  return isfinite(value) ? json_real(value) : json_null();
}

void print_name(const char *before, const char *name)
{
  char *copy = strdup(name);
  if (copy != NULL) printable_make(copy);
  printf("%s%s", before, copy != NULL ? copy : "?");
  free(copy);
}

void print_component_name(const char *before, const gmmpi_model *model, int64_t k)
{
  if (model->component_names != NULL) print_name(before, model->component_names[k]);
}

void print_hierarchy(const cluster_hierarchy *hierarchy, int64_t most_lines)
{
  if (hierarchy == NULL) return;
  const int64_t n = hierarchy->n_clusters;
  const int64_t suggested = hierarchy_suggestion(hierarchy);
  printf("  merged by entropy: %lld cluster%s suggested\n", (long long)suggested, plural(suggested));
  if (n > 1) puts("   clusters      entropy  merged next");
  if (n > most_lines)
    printf("  ... %lld to %lld clusters: gmmpi info shows them\n", (long long)n, (long long)most_lines + 1);
  for (int64_t left = n < most_lines ? n : most_lines; left > 0 && n > 1; left--) {
    printf("  %9lld %12.6g", (long long)left, hierarchy->entropy[left - 1]);
    const int64_t *merged = hierarchy->merges + 2 * (n - left);
    if (left > 1) printf("  %lld and %lld", (long long)merged[0], (long long)merged[1]);
    putchar('\n');
  }
}
