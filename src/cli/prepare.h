/* SPDX-License-Identifier: BSD-3-Clause */
/* What commands have in common before they read points: outputs are tried, models are read. */
#ifndef CLI_PREPARE_H
#define CLI_PREPARE_H

#include "mixture/files/group_models.h"
#include "mixture/model.h"
#include "points/shard.h"
#include "sources/source.h"

#include <jansson.h>
#include <mpi.h>

/* Collective. Refuses an output that is one of the inputs. Errors, agreed: 64. */
gmmpi_status prepare_distinct(MPI_Comm comm, const char *output, const char *input, gmmpi_error *error);

/* Collective. Refuses an output that is one of the files that the source reads. Errors, agreed: 64. */
gmmpi_status prepare_output_is_no_input(MPI_Comm comm, const char *output, const point_source *source,
                                        gmmpi_error *error);

/* Collective. Can path become an output? Errors, agreed: 73. */
gmmpi_status prepare_output(MPI_Comm comm, const char *path, gmmpi_error *error);

/* Collective. Rank 0 reads the model, all ranks get it. Errors, agreed: 66, 65, 71. */
gmmpi_status prepare_model(MPI_Comm comm, const char *path, gmmpi_model **model, gmmpi_error *error);

/* Collective. The same, and on every rank what the file notes beside the model, an object that the caller releases.
 * Errors, agreed: 66, 65, 71. */
gmmpi_status prepare_model_and_facts(MPI_Comm comm, const char *path, gmmpi_model **model, json_t **facts,
                                     gmmpi_error *error);

/* Collective. The same of the models of groups. */
gmmpi_status prepare_groups(MPI_Comm comm, const char *path, group_models **models, gmmpi_error *error);

/* Collective. Can every rank have so many threads? One rank warns when some have fewer cores. Errors, agreed: 64. */
gmmpi_status prepare_threads(MPI_Comm comm, int threads, gmmpi_error *error);

/* For rank 0: prints value on standard output and releases it. Errors: 71 when value is NULL, for want of memory. */
gmmpi_status print_json(json_t *value, gmmpi_error *error);

/* For rank 0: says for people how many rows were left out, if any were, and why. */
void print_dropped(dropped_count dropped);

/* For rank 0: a name as a terminal may have it, after what stands before it; that of a component, nothing where there
 * is none. */
void print_name(const char *before, const char *name);
void print_component_name(const char *before, const gmmpi_model *model, int64_t k);

/* For rank 0: the hierarchy of a model's clusters, a line for each of at most most_lines steps, the last ones; nothing
 * for NULL. */
void print_hierarchy(const cluster_hierarchy *hierarchy, int64_t most_lines);

/* A real number, or null where JSON has none. */
json_t *json_number(double value);

#endif
