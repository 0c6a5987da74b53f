/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/hdf5/marks.h"

#include "support/error.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A name of a class or type; longer ones are none that is known here. */
enum { WORD_BYTES = 64 };

static bool has_attribute(hid_t object, const char *name)
{
  return H5Aexists(object, name) > 0;
}

/* --- texts --- */

/* Strings of fixed length are read as such, the others as they are. Negative: it is no string that fits. */
static hid_t memory_type(hid_t type)
{
  if (type < 0 || H5Tget_class(type) != H5T_STRING || H5Tis_variable_str(type) > 0 || H5Tget_size(type) >= WORD_BYTES)
    return H5I_INVALID_HID;
  return H5Tcopy(type);
}

/* The text of an attribute, or, where it is NULL, of a data set: at most one word; "" when it is none. What a terminal
 * might not show is left out. */
static void read_word(hid_t object, const char *attribute, char word[WORD_BYTES])
{
  char text[WORD_BYTES] = "";
  const hid_t opened = attribute != NULL ? H5Aopen(object, attribute, H5P_DEFAULT) : object;
  const hid_t type = opened < 0 ? H5I_INVALID_HID : attribute != NULL ? H5Aget_type(opened) : H5Dget_type(opened);
  const hid_t space = opened < 0 ? H5I_INVALID_HID : attribute != NULL ? H5Aget_space(opened) : H5Dget_space(opened);
  const hid_t memory = memory_type(type);
  word[0] = '\0';
  if (memory >= 0 && space >= 0 && H5Sget_simple_extent_npoints(space) == 1 &&
      (attribute != NULL ? H5Aread(opened, memory, text)
                         : H5Dread(opened, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, text)) >= 0) {
    int length = 0;
    for (int i = 0; i < WORD_BYTES - 1 && text[i] != '\0'; i++) {
      if (isalnum((unsigned char)text[i]) || strchr(" _.", text[i]) != NULL) word[length++] = text[i];
    }
    word[length] = '\0';
  }
  if (memory >= 0) H5Tclose(memory);
  if (space >= 0) H5Sclose(space);
  if (type >= 0) H5Tclose(type);
  if (opened >= 0 && attribute != NULL) H5Aclose(opened);
}

static bool is_one_of(const char *word, const char *const *words)
{
  bool found = false;
  for (; *words != NULL && !found; words++) found = strcmp(word, *words) == 0;
  return found;
}

/* --- MATLAB --- */

/* Of MATLAB's class where numbers are not what it is about; "" otherwise. */
static void foreign_class(hid_t object, char name[WORD_BYTES])
{
  static const char *const numbers[] = {"double", "single", "logical", "int8",  "uint8",  "int16",
                                        "uint16", "int32",  "uint32",  "int64", "uint64", NULL};
  name[0] = '\0';
  if (has_attribute(object, "MATLAB_class")) read_word(object, "MATLAB_class", name);
  if (is_one_of(name, numbers)) name[0] = '\0';
}

/* --- Octave --- */

/* The group that a path ends in, without the last name. */
static char *parent_of(const char *inside)
{
  const char *slash = strrchr(inside, '/');
  return slash == NULL || slash == inside ? strdup("/") : strndup(inside, (size_t)(slash - inside));
}

/* What Octave calls the kind of variable in the group; "" where it is not one of Octave. */
static void octave_type(hid_t group, char name[WORD_BYTES])
{
  name[0] = '\0';
  if (!has_attribute(group, "OCTAVE_NEW_FORMAT") || H5Lexists(group, "type", H5P_DEFAULT) <= 0) return;
  const hid_t type = H5Dopen2(group, "type", H5P_DEFAULT);
  if (type < 0) return;
  read_word(type, NULL, name);
  H5Dclose(type);
}

bool hdf5_octave_value(hid_t file, const char *inside, char **value)
{
  const hid_t group = H5Gopen2(file, inside, H5P_DEFAULT);
  const bool is_one =
      group >= 0 && has_attribute(group, "OCTAVE_NEW_FORMAT") && H5Lexists(group, "value", H5P_DEFAULT) > 0;
  if (group >= 0) H5Gclose(group);
  *value = NULL;
  if (is_one && asprintf(value, "%s%svalue", inside, inside[strlen(inside) - 1] == '/' ? "" : "/") < 0) *value = NULL;
  return is_one;
}

/* --- in which order? --- */

const char *hdf5_column_major(hid_t file, hid_t data_set, const char *inside)
{
  if (has_attribute(data_set, "MATLAB_class")) return "MATLAB";
  if (has_attribute(data_set, "rhdf5-NA.OK")) return "R";
  char *parent = parent_of(inside);
  const bool is_octave = parent != NULL && H5Aexists_by_name(file, parent, "OCTAVE_NEW_FORMAT", H5P_DEFAULT) > 0;
  free(parent);
  return is_octave ? "Octave" : NULL;
}

/* --- what is no matrix --- */

/* Is the group that of a sparse matrix: of MATLAB, or the value of a variable of Octave? */
static const char *sparse_writer(hid_t group)
{
  if (has_attribute(group, "MATLAB_sparse")) return "MATLAB";
  const bool has_all = H5Lexists(group, "ridx", H5P_DEFAULT) > 0 && H5Lexists(group, "cidx", H5P_DEFAULT) > 0 &&
                       H5Lexists(group, "data", H5P_DEFAULT) > 0;
  return has_all ? "Octave" : NULL;
}

/* Is what is in the group no matrix by itself? */
static bool is_in_other_variable(hid_t file, const char *inside)
{
  static const char *const texts[] = {"string", "sq_string", NULL};
  char name[WORD_BYTES] = "";
  char *parent = parent_of(inside);
  const hid_t group = parent != NULL ? H5Gopen2(file, parent, H5P_DEFAULT) : H5I_INVALID_HID;
  free(parent);
  if (group < 0) return false;
  octave_type(group, name);
  const bool is_other =
      sparse_writer(group) != NULL || is_one_of(name, texts) || has_attribute(group, "OCTAVE_EMPTY_MATRIX");
  H5Gclose(group);
  return is_other;
}

bool hdf5_is_no_matrix(hid_t file, const char *inside)
{
  const char *name = inside + (inside[0] == '/' ? 1 : 0);
  if (strncmp(name, "#refs#/", 7) == 0 || strncmp(name, "#subsystem#/", 12) == 0) return true;
  const hid_t object = H5Oopen(file, inside, H5P_DEFAULT);
  char class[WORD_BYTES];
  if (object < 0) return false;
  foreign_class(object, class);
  const bool is_none = class[0] != '\0' || has_attribute(object, "MATLAB_empty") || is_in_other_variable(file, inside);
  H5Oclose(object);
  return is_none;
}

gmmpi_status hdf5_check_marks(hid_t file, hid_t object, const char *inside, const char *label, gmmpi_error *error)
{
  if (H5Iget_type(object) == H5I_GROUP) {
    const char *writer = sparse_writer(object);
    if (writer == NULL) return GMMPI_OK;
    return fail(error, GMMPI_BAD_DATA, "%s: is a sparse matrix of %s, points are dense; save full(X) instead", label,
                writer);
  }
  char class[WORD_BYTES];
  foreign_class(object, class);
  if (strcmp(class, "char") == 0)
    return fail(error, GMMPI_BAD_DATA, "%s: is a text of MATLAB; name a data set of numbers", label);
  if (class[0] != '\0')
    return fail(error, GMMPI_BAD_DATA,
                "%s: is of MATLAB's class %s, which only MATLAB can read; save its numbers as a matrix, as "
                "X = table2array(T) makes one of a table",
                label, class);
  if (has_attribute(object, "MATLAB_empty"))
    return fail(error, GMMPI_BAD_DATA, "%s: is an empty matrix; give a file with points", label);
  if (is_in_other_variable(file, inside))
    return fail(error, GMMPI_BAD_DATA,
                "%s: is a text, an empty matrix or a part of a sparse one; name a matrix of numbers", label);
  return GMMPI_OK;
}
