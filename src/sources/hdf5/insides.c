/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/hdf5/insides.h"

#include "sources/hdf5/survey.h"
#include "sources/hdf5/visit.h"
#include "support/file.h"
#include "support/hdf5_file.h"
#include "support/hdf5_use.h"
#include "support/json_text.h"

#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>

static json_t *shape_json(hid_t set)
{
  hsize_t extent[H5S_MAX_RANK];
  const hid_t space = H5Dget_space(set);
  json_t *shape = json_array();
  const int n_dimensions = space >= 0 ? H5Sget_simple_extent_dims(space, extent, NULL) : 0;
  for (int i = 0; i < n_dimensions; i++) json_array_append_new(shape, json_integer((json_int_t)extent[i]));
  if (space >= 0) H5Sclose(space);
  return shape;
}

/* As numpy calls it: int32, uint8, float64. */
static json_t *type_json(hid_t set)
{
  char name[32] = "not numeric";
  const hid_t type = H5Dget_type(set);
  const H5T_class_t class = type >= 0 ? H5Tget_class(type) : H5T_NO_CLASS;
  const size_t n_bits = class == H5T_INTEGER || class == H5T_FLOAT ? 8 * H5Tget_size(type) : 0;
  if (class == H5T_INTEGER)
    snprintf(name, sizeof name, "%sint%zu", H5Tget_sign(type) == H5T_SGN_NONE ? "u" : "", n_bits);
  if (class == H5T_FLOAT) snprintf(name, sizeof name, "float%zu", n_bits);
  if (type >= 0) H5Tclose(type);
  return json_string(name);
}

/* An hdf5_object_visitor: adds a data set to the JSON object that is the context. */
static herr_t add_data_set(hid_t file, const char *name, const H5O_info_t *info, void *context)
{
  if (info->type != H5O_TYPE_DATASET) return 0;
  const hid_t set = H5Dopen2(file, name, H5P_DEFAULT);
  char *path = NULL;
  if (set >= 0 && asprintf(&path, "/%s", name) >= 0) {
    json_t *key = json_text(path); /* makes it UTF-8, which keys must be */
    json_t *facts = json_pack("{s:o, s:o}", "shape", shape_json(set), "type", type_json(set));
    json_object_set_new(context, json_string_value(key), facts);
    json_decref(key);
    free(path);
  }
  if (set >= 0) H5Dclose(set);
  return 0;
}

/* Groups of data sets that are tables, each with the words that name it as DATA. */
static json_t *tables_json(hid_t file, const char *path)
{
  hdf5_survey survey;
  gmmpi_error ignored = {0};
  json_t *tables = json_array();
  hdf5_survey_file(file, path, &survey, &ignored);
  for (int64_t t = 0; t < survey.n_tables; t++) {
    const hdf5_member_list *list = &survey.tables[t].list;
    char columns[200];
    char *words = NULL;
    json_t *names = json_array();
    hdf5_member_list_command(list, columns, sizeof columns);
    for (int64_t j = 0; j < list->n_usual; j++) json_array_append_new(names, json_text(list->names[j]));
    if (asprintf(&words, "%s:%s%s", path, survey.tables[t].inside, columns) < 0) words = NULL;
    json_array_append_new(tables,
                          json_pack("{s:o, s:I, s:o, s:o, s:o}", "path", json_text(survey.tables[t].inside), "n_rows",
                                    (json_int_t)list->n_rows, "columns", names, "left_out", json_text(list->left_out),
                                    "data", json_text(words != NULL ? words : path)));
    free(words);
  }
  hdf5_survey_free(&survey);
  return tables;
}

static json_t *insides(const char *path)
{
  if (H5Fis_hdf5(path) <= 0) return NULL;
  const hid_t file = hdf5_open_file(path);
  if (file < 0) return NULL;
  json_t *sets = json_object();
  if (sets != NULL && hdf5_visit_objects(file, add_data_set, sets) < 0) {
    json_decref(sets);
    sets = NULL;
  }
  json_t *tables = sets != NULL ? tables_json(file, path) : NULL;
  if (json_array_size(tables) > 0) json_object_set(sets, "tables", tables);
  json_decref(tables);
  H5Fclose(file);
  return sets;
}

json_t *hdf5_insides(const char *path)
{
  if (!file_is_readable(path)) return NULL;
  hdf5_use_begin();
  json_t *sets = insides(path);
  hdf5_use_end();
  return sets;
}
