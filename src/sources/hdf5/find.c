/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/hdf5/find.h"

#include "sources/hdf5/layout.h"
#include "sources/hdf5/links.h"
#include "sources/hdf5/loom.h"
#include "sources/hdf5/members.h"
#include "sources/hdf5/names.h"
#include "sources/hdf5/roles.h"
#include "sources/hdf5/survey.h"
#include "support/error.h"
#include "support/hdf5_attributes.h"
#include "support/near_word.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- what is there --- */

/* The entries of a kind that may be meant: how many, and *first of them. */
static int64_t count(const hdf5_survey *survey, hdf5_find_kind kind, const hdf5_entry **first)
{
  int64_t n = 0;
  for (int64_t i = 0; i < survey->n; i++) {
    const hdf5_entry *entry = &survey->entries[i];
    if (entry->kind != kind || entry->role != NULL) continue;
    if (n++ == 0) *first = entry;
  }
  return n;
}

/* The entry with the most numbers of this kind, or NULL. */
static const hdf5_entry *largest(const hdf5_survey *survey, hdf5_find_kind kind)
{
  const hdf5_entry *found = NULL;
  for (int64_t i = 0; i < survey->n; i++) {
    const hdf5_entry *entry = &survey->entries[i];
    if (entry->kind == kind && (found == NULL || entry->n_numbers > found->n_numbers)) found = entry;
  }
  return found;
}

/* The numbers of a table beside those of the data set at path. */
static double numbers_beside(const hdf5_table *table, const char *path)
{
  int64_t n = 0;
  for (int64_t i = 0; i < table->list.n_usual; i++)
    n += strcmp(table->list.members[table->list.columns[i].member].inside, path) != 0 ? 1 : 0;
  return (double)n * (double)table->list.n_rows;
}

/* Something that has more numbers than the only matrix, in words; NULL: there is nothing. */
static const char *larger_than(const hdf5_survey *survey, const hdf5_entry *matrix, char text[160])
{
  static const hdf5_find_kind kinds[] = {FOUND_CUBE, FOUND_COMPOUND};
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
    const hdf5_entry *other = largest(survey, kinds[k]);
    if (other == NULL || other->n_numbers <= matrix->n_numbers) continue;
    snprintf(text, 160, "%.80s (%s)", other->path, other->shape);
    return text;
  }
  for (int64_t t = 0; t < survey->n_tables; t++) {
    const hdf5_table *table = &survey->tables[t];
    if (numbers_beside(table, matrix->path) <= matrix->n_numbers) continue;
    snprintf(text, 160, "the table %.80s", table->inside);
    return text;
  }
  return NULL;
}

/* --- what is taken --- */

typedef struct choice {
  hid_t file;
  const hdf5_survey *survey;
  const char *path; /* of the file */
  const char *taken;
  const char *shape;
} choice;

/* Is there something at the path that can be read? */
static bool is_readable(const choice *from, const char *path)
{
  const hid_t object =
      H5Lexists(from->file, path, H5P_DEFAULT) > 0 ? H5Oopen(from->file, path, H5P_DEFAULT) : H5I_INVALID_HID;
  const bool found = object >= 0 && hdf5_layout_of(object) != NULL;
  if (object >= 0) H5Oclose(object);
  return found;
}

static gmmpi_status several(const choice *from, gmmpi_error *error)
{
  char list[HDF5_SURVEY_BYTES];
  hdf5_survey_text(from->survey, list);
  return fail(error, GMMPI_BAD_DATA, "%s: has several data sets, say which one as %s:/NAME; there are: %s", from->path,
              from->path, list);
}

static gmmpi_status take(choice *from, const char *path, const char *shape)
{
  from->taken = path;
  from->shape = shape;
  return GMMPI_OK;
}

static gmmpi_status take_matrix(choice *from, const hdf5_entry *matrix, gmmpi_error *error)
{
  char larger[160];
  char list[HDF5_SURVEY_BYTES];
  if (larger_than(from->survey, matrix, larger) == NULL) return take(from, matrix->path, matrix->shape);
  hdf5_survey_text(from->survey, list);
  return fail(
      error, GMMPI_BAD_DATA,
      "%s: has one data set of two dimensions, %.80s (%s), but %s is larger; say what is meant as %s:/NAME; there "
      "are: %s",
      from->path, matrix->path, matrix->shape, larger, from->path, list);
}

/* Is every data set of numbers in the file a column of the table, that nobody would leave out? */
static bool is_all(const hdf5_survey *survey, const hdf5_table *table)
{
  int64_t n = 0;
  for (int64_t i = 0; i < survey->n; i++) n += survey->entries[i].kind != FOUND_OTHER ? 1 : 0;
  return n == table->list.n && table->list.n_left_out == 0 && table->list.counter == NULL;
}

/* A table in several data sets: which columns are meant can be seen only where programs keep to a convention. */
static gmmpi_status take_table(choice *from, const hdf5_table *table, gmmpi_error *error)
{
  const hdf5_survey *survey = from->survey;
  char list[HDF5_SURVEY_BYTES];
  char command[160];
  if ((survey->is_netcdf || survey->is_openpmd) && is_all(survey, table)) return take(from, table->inside, "a group");
  hdf5_survey_text(survey, list);
  hdf5_member_list_command(&table->list, command, sizeof command);
  return fail(
      error, GMMPI_BAD_DATA,
      "%s: has several data sets, say which one as %s:/NAME, or take those of one length together as %s:%.80s%s; "
      "there are: %s",
      from->path, from->path, from->path, table->inside, command, list);
}

static gmmpi_status take_vector(choice *from, const hdf5_entry *vector, gmmpi_error *error)
{
  const hdf5_entry *cube = largest(from->survey, FOUND_CUBE);
  if (cube == NULL || cube->n_numbers <= vector->n_numbers) return take(from, vector->path, vector->shape);
  return several(from, error);
}

static gmmpi_status none(const choice *from, gmmpi_error *error)
{
  if (hdf5_explain_any_link(from->file, from->path, error)) return error->status;
  char list[HDF5_SURVEY_BYTES];
  hdf5_survey_text(from->survey, list);
  return fail(
      error, GMMPI_BAD_DATA,
      "%s: has no data set of numbers with two dimensions or one that is meant as points; its data sets are: %s",
      from->path, list);
}

static gmmpi_status choose(choice *from, gmmpi_error *error)
{
  const hdf5_survey *survey = from->survey;
  const hdf5_entry *first = NULL;
  const hdf5_entry *vector = NULL;
  const int64_t n_matrices = count(survey, FOUND_MATRIX, &first);
  if (survey->is_full || n_matrices > 1) return several(from, error);
  if (n_matrices == 1) return take_matrix(from, first, error);
  const int64_t n_others =
      count(survey, FOUND_COMPOUND, &first) + count(survey, FOUND_SPARSE, &first) + count(survey, FOUND_FRAME, &first);
  const int64_t n_vectors = count(survey, FOUND_VECTOR, &vector);
  if (n_others == 1 && survey->n_tables == 0 && is_readable(from, first->path))
    return take(from, first->path, first->shape);
  if (n_others == 0 && survey->n_tables == 1) return take_table(from, &survey->tables[0], error);
  if (n_others == 0 && n_vectors == 1) return take_vector(from, vector, error);
  return n_others <= 1 && n_vectors == 0 ? none(from, error) : several(from, error);
}

/* --- names --- */

/* Can what was taken have columns of the names that are asked for? A data set without names has those of any model. */
static bool has_columns(hid_t file, const char *inside, const source_options *options)
{
  const hid_t object = H5Oopen(file, inside, H5P_DEFAULT);
  hsize_t extents[2] = {0, 1};
  char **names = NULL;
  gmmpi_error ignored = {0};
  bool found = false;
  if (object >= 0 && H5Iget_type(object) == H5I_DATASET) {
    const hid_t space = H5Dget_space(object);
    if (space >= 0 && H5Sget_simple_extent_ndims(space) == 2) H5Sget_simple_extent_dims(space, extents, NULL);
    if (space >= 0) H5Sclose(space);
    const int64_t n = extents[1] <= HDF5_MOST_COLUMNS ? (int64_t)extents[1] : 0;
    if (n > 0) hdf5_names_read(object, inside, 1, n, inside, &names, &ignored);
    point_source trial = {.label = (char *)inside};
    found = n > 0 && (names != NULL || options->wanted.names == NULL
                          ? source_pick_columns(&trial, n, names, options, &ignored) == GMMPI_OK
                          : true);
    for (int64_t j = 0; trial.feature_names != NULL && j < trial.n_features; j++) free(trial.feature_names[j]);
    free(trial.feature_names);
    free(trial.columns);
    hdf5_strings_free(names != NULL ? n : 0, names);
  }
  if (object >= 0) H5Oclose(object);
  return found;
}

/* The group that has columns of these names: the root, or the only table. NULL: there is none. */
static const char *group_with(hid_t file, const hdf5_survey *survey, const source_options *options)
{
  if (hdf5_members_have(file, "/", options)) return "/";
  const char *found = NULL;
  int n = 0;
  for (int64_t t = 0; t < survey->n_tables; t++) {
    if (!hdf5_members_have(file, survey->tables[t].inside, options)) continue;
    found = survey->tables[t].inside;
    n++;
  }
  return n == 1 ? found : NULL;
}

static gmmpi_status choose_by_names(choice *from, const source_options *options, gmmpi_error *error)
{
  gmmpi_error failure = {0};
  const gmmpi_status status = choose(from, &failure);
  const bool asks = options->columns != NULL || options->wanted.names != NULL;
  if (!asks || (status == GMMPI_OK && has_columns(from->file, from->taken, options)))
    return error_pass(error, &failure);
  const char *group = group_with(from->file, from->survey, options);
  return group != NULL ? take(from, group, "a group") : error_pass(error, &failure);
}

/* --- the face --- */

gmmpi_status hdf5_find_points(hid_t file, point_source *source, const source_options *options, char **inside,
                              gmmpi_error *error)
{
  hdf5_survey survey;
  choice from = {.file = file, .survey = &survey, .path = source->path};
  *inside = NULL;
  gmmpi_status status = hdf5_survey_file(file, source->path, &survey, error);
  if (status == GMMPI_OK && survey.is_anndata && is_readable(&from, "/X"))
    status = take(&from, "/X", "AnnData's matrix");
  else if (status == GMMPI_OK && hdf5_is_loom_matrix(file, "/matrix") && is_readable(&from, "/matrix"))
    status = take(&from, "/matrix", "the matrix of a loom file");
  else if (status == GMMPI_OK)
    status = choose_by_names(&from, options, error);
  if (status == GMMPI_OK) {
    *inside = strdup(from.taken);
    if (*inside == NULL) status = fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to open it", source->path);
    if (survey.n > 1)
      source_note(source, "no path was given, and %.160s (%s) was taken; what else the file has is named as FILE:/NAME",
                  from.taken, from.shape);
  }
  hdf5_survey_free(&survey);
  return status;
}

/* What is there instead of something that is read: " (it is a group)", or nothing. */
static const char *other_object(hid_t file, const char *inside)
{
  const hid_t object = H5Oopen(file, inside, H5P_DEFAULT);
  const char *what = "";
  if (object >= 0 && H5Iget_type(object) == H5I_GROUP)
    what = hdf5_has_sparse_lists(object)
               ? " (it is a sparse matrix of which nothing says how many rows and columns it has)"
               : " (it is a group)";
  if (object >= 0) H5Oclose(object);
  return what;
}

gmmpi_status hdf5_no_such_data_set(hid_t file, const char *path, const char *inside, gmmpi_error *error)
{
  hdf5_survey survey;
  char list[HDF5_SURVEY_BYTES];
  gmmpi_error ignored = {0};
  hdf5_survey_file(file, path, &survey, &ignored);
  hdf5_survey_text(&survey, list);
  near_word meant = {.word = inside};
  for (int64_t i = 0; i < survey.n; i++) near_word_try(&meant, survey.entries[i].path);
  fail(error, GMMPI_BAD_DATA, "%s: has no data set \"%s\"%s; %s%.100s%sits data sets are: %s", path, inside,
       other_object(file, inside), meant.nearest != NULL ? "did you mean \"" : "",
       meant.nearest != NULL ? meant.nearest : "", meant.nearest != NULL ? "\"? " : "", list);
  hdf5_survey_free(&survey);
  return error->status;
}
