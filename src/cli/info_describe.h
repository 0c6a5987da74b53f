/* SPDX-License-Identifier: BSD-3-Clause */
/* What one file holds, found out by its content, and said in JSON or in words. */
#ifndef CLI_INFO_DESCRIBE_H
#define CLI_INFO_DESCRIBE_H

#include "mixture/model.h"
#include "sources/source.h"

#include <jansson.h>
#include <mpi.h>

/* All of it is known to rank 0 only. */
typedef struct file_description {
  const char *path;   /* as given */
  const char *kind;   /* "model", "checkpoint", "data", "models of groups" or "checkpoint of groups" */
  json_t *facts;      /* an object */
  gmmpi_model *model; /* NULL: none */
} file_description;

/* Collective. how: data are read. Errors, agreed: 66, 65, 74, 75, 71. */
gmmpi_status info_describe(MPI_Comm comm, const char *path, const source_options *how, file_description *description,
                           gmmpi_error *error);
void info_clear(file_description *description);

/* A model is the JSON that `fit --init` takes, its facts as a member "attributes"; anything else its facts with its
 * kind. The file's name is a member when with_file says so. NULL when there is no memory. */
json_t *info_json(const file_description *description, bool with_file);

/* Prints it for people on standard output. */
void info_print(const file_description *description);

#endif
