/* SPDX-License-Identifier: BSD-3-Clause */
/* Opening a source: what the file is, and its kind's own way of opening it. */
#include "sources/kinds.h"
#include "sources/recognise.h"
#include "sources/settings.h"
#include "sources/source.h"
#include "sources/transforms.h"
#include "support/error.h"

#include <stdlib.h>
#include <string.h>

/* A source that is not open yet, with the settings of its kind. Not collective. */
static gmmpi_status create(const char *data, const recognition *found, const source_options *options,
                           point_source **source, gmmpi_error *error)
{
  point_source *created = calloc(1, sizeof *created);
  if (created == NULL) return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to open it", data);
  const char *inside = data + found->path_length;
  created->kind = source_kinds[found->kind];
  created->path = strndup(data, (size_t)found->path_length);
  created->file = strndup(data, (size_t)found->path_length);
  created->label = strdup(data);
  created->place_word = "row";
  if (*inside != '\0') created->inside = strdup(inside + 1);
  *source = created;
  if (created->path == NULL || created->file == NULL || created->label == NULL ||
      (*inside != '\0' && created->inside == NULL))
    return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to open it", data);
  return settings_read(created->kind, options->words, options->n_words, &created->choices, &created->settings, error);
}

/* What the user said and the kind has no use for. */
static gmmpi_status check_words(point_source *source, const source_options *options, gmmpi_error *error)
{
  const source_kind *kind = source->kind;
  if (kind->suffixes == NULL) return GMMPI_OK; /* it is made of files, which have a say of their own */
  if (source->choices.transpose != 0 && !kind->transposes)
    return fail(error, GMMPI_WRONG_USAGE,
                "%s: --transpose: a %s file is read by rows; leave it out, or write the file the other way round",
                source->label, kind->name);
  const char *other = settings_word_of_others(kind, options->words, options->n_words);
  if (other != NULL)
    source_doubt(source, "--%s says nothing about %s files, and has no effect; leave it out", other, kind->name);
  return GMMPI_OK;
}

/* Collective: a shape that is not the same on all ranks means that they look at different files under one name. */
static gmmpi_status same_everywhere(MPI_Comm comm, const point_source *source, gmmpi_error *error)
{
  const int64_t mine[6] = {source->n_rows,  source->n_features,  source->n_columns,
                           -source->n_rows, -source->n_features, -source->n_columns};
  int64_t largest[6];
  MPI_Allreduce(mine, largest, 6, MPI_INT64_T, MPI_MAX, comm);
  for (int i = 0; i < 3; i++) {
    if (largest[i] != -largest[i + 3])
      return fail(error, GMMPI_BAD_DATA,
                  "%s: is not the same file on all nodes; put it where every node finds the same one", source->label);
  }
  return GMMPI_OK;
}

gmmpi_status source_open_part(MPI_Comm comm, const char *data, const source_options *options, written_files *written,
                              point_source **source, gmmpi_error *error)
{
  gmmpi_error local = {0};
  recognition found = {0};
  point_source *opened = NULL;
  if (recognise_data(comm, data, &found, &local) == GMMPI_OK) {
    if (create(data, &found, options, &opened, &local) == GMMPI_OK) check_words(opened, options, &local);
    if (agree(comm, &local) == GMMPI_OK) {
      opened->written = written;
      opened->kind->open(comm, opened, options, &local);
      opened->written = NULL;
    }
    if (agree(comm, &local) == GMMPI_OK) same_everywhere(comm, opened, &local);
  }
  if (local.status != GMMPI_OK) {
    source_close(opened);
    opened = NULL;
    if (error != NULL) *error = local;
  }
  *source = opened;
  return local.status;
}

/* A file that is not finished may be the reason of an error: the warning comes before it. */
gmmpi_status source_open(MPI_Comm comm, const char *data, const source_options *options, point_source **source,
                         gmmpi_error *error)
{
  written_files written = {0};
  gmmpi_error local = {0};
  if (source_open_part(comm, data, options, &written, source, &local) == GMMPI_OK &&
      transforms_settle(comm, *source, options, &local) != GMMPI_OK) {
    source_close(*source);
    *source = NULL;
  }
  const gmmpi_status status = error_pass(error, &local);
  int rank;
  MPI_Comm_rank(comm, &rank);
  written_files_warn(comm, &written);
  if (status == GMMPI_OK && rank == 0) notes_warn(&(*source)->notes, (*source)->label);
  return status;
}
