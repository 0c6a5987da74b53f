/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/hdf5/visit.h"

#include "sources/hdf5/links.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- one file --- */

static herr_t visit_objects_of(hid_t group, hdf5_object_visitor *visit, void *context)
{
#if H5_VERSION_GE(1, 12, 0)
  return H5Ovisit3(group, H5_INDEX_NAME, H5_ITER_INC, visit, context, H5O_INFO_BASIC);
#else
  return H5Ovisit2(group, H5_INDEX_NAME, H5_ITER_INC, visit, context, H5O_INFO_BASIC);
#endif
}

/* --- others behind its links --- */

/* A master file of a detector has a link for each of its thousands of files: the first ones are enough to see what
 * there is. */
enum { MOST_FOLLOWED = 64, MOST_NESTED = 4, NAME_BYTES = 1000 };

typedef struct walk {
  hid_t file;
  const char *prefix; /* of the names in the group: "entry/"; "" */
  int depth;
  int *n_followed;
  char **seen; /* "file:/object" of what the links led to; *n_followed of them at most */
  int *n_seen;
  hdf5_object_visitor *visit;
  void *context;
} walk;

static herr_t get_info(hid_t object, H5O_info_t *info)
{
#if H5_VERSION_GE(1, 12, 0)
  return H5Oget_info3(object, info, H5O_INFO_BASIC);
#else
  return H5Oget_info2(object, info, H5O_INFO_BASIC);
#endif
}

/* An hdf5_object_visitor: of a group that a link led to. */
static herr_t visit_in_group(hid_t group, const char *name, const H5O_info_t *info, void *context)
{
  const walk *work = context;
  char whole[NAME_BYTES];
  (void)group;
  if (strcmp(name, ".") == 0) return 0;
  const int length = snprintf(whole, sizeof whole, "%s%s", work->prefix, name);
  return length < (int)sizeof whole ? work->visit(work->file, whole, info, work->context) : 0;
}

/* Is the object one that a link has led to already? */
static bool is_seen(const walk *work, hid_t object)
{
  char name[NAME_BYTES] = "";
  char *own_path = hdf5_own_path(object);
  char *text = NULL;
  H5Iget_name(object, name, sizeof name);
  bool found = own_path == NULL || asprintf(&text, "%s:%s", own_path, name) < 0;
  free(own_path);
  if (found) return true;
  for (int i = 0; i < *work->n_seen && !found; i++) found = strcmp(work->seen[i], text) == 0;
  if (found || *work->n_seen == MOST_FOLLOWED)
    free(text);
  else
    work->seen[(*work->n_seen)++] = text;
  return found;
}

static herr_t walk_links(hid_t group, const walk *work);

static herr_t visit_object(const walk *work, hid_t object, const char *name)
{
  H5O_info_t info;
  if (is_seen(work, object) || get_info(object, &info) < 0) return 0;
  if (info.type == H5O_TYPE_DATASET) return work->visit(work->file, name, &info, work->context);
  char prefix[NAME_BYTES];
  if (info.type != H5O_TYPE_GROUP || snprintf(prefix, sizeof prefix, "%s/", name) >= (int)sizeof prefix) return 0;
  walk deeper = *work;
  deeper.prefix = prefix;
  deeper.depth++;
  const herr_t result = visit_objects_of(object, visit_in_group, &deeper);
  return result == 0 && deeper.depth < MOST_NESTED ? walk_links(object, &deeper) : result;
}

/* An H5L_iterate_t. */
static herr_t follow_link(hid_t group, const char *name, const H5L_info_t *info, void *context)
{
  const walk *work = context;
  char whole[NAME_BYTES];
  (void)group;
  if (info->type != H5L_TYPE_EXTERNAL || *work->n_followed >= MOST_FOLLOWED) return 0;
  if (snprintf(whole, sizeof whole, "%s%s", work->prefix, name) >= (int)sizeof whole) return 0;
  ++*work->n_followed;
  const hid_t object = H5Oopen(work->file, whole, H5P_DEFAULT);
  const herr_t result = object >= 0 ? visit_object(work, object, whole) : 0;
  if (object >= 0) H5Oclose(object);
  return result;
}

static herr_t walk_links(hid_t group, const walk *work)
{
  return H5Lvisit(group, H5_INDEX_NAME, H5_ITER_INC, follow_link, (void *)work);
}

static herr_t visit_linked(hid_t file, hdf5_object_visitor *visit, void *context)
{
  int n_followed = 0;
  int n_seen = 0;
  char *seen[MOST_FOLLOWED];
  walk work = {.file = file,
               .prefix = "",
               .n_followed = &n_followed,
               .seen = seen,
               .n_seen = &n_seen,
               .visit = visit,
               .context = context};
  const herr_t result = walk_links(file, &work);
  for (int i = 0; i < n_seen; i++) free(seen[i]);
  return result;
}

herr_t hdf5_visit_objects(hid_t file, hdf5_object_visitor *visit, void *context)
{
  const herr_t result = visit_objects_of(file, visit, context);
  return result == 0 ? visit_linked(file, visit, context) : result;
}
