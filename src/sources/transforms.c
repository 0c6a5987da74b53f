/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/transforms.h"

#include "sources/standardize.h"
#include "sources/transform_items.h"
#include "support/error.h"
#include "support/memory.h"
#include "support/near_word.h"
#include "support/option.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_meant(const point_source *source, const transform_item *item, int64_t feature)
{
  int64_t number;
  if (!item->has_column || strcmp(source->feature_names[feature], item->column) == 0) return true;
  for (int64_t j = 0; j < source->n_features; j++) {
    if (strcmp(source->feature_names[j], item->column) == 0) return false; /* a name goes before a number */
  }
  return parse_integer(item->column, &number) && source->columns[feature] + 1 == number;
}

static gmmpi_status apply_item(point_source *source, const transform_item *item, bool *is_standardized,
                               gmmpi_error *error)
{
  int64_t n_meant = 0;
  for (int64_t j = 0; j < source->n_features; j++) {
    feature_transform *transform = &source->transforms[j];
    if (!is_meant(source, item, j)) continue;
    n_meant++;
    if (item->standardizes) {
      is_standardized[j] = true;
    } else if (transform->function != TRANSFORM_NONE) {
      return fail(error, GMMPI_WRONG_USAGE, "--transform: column %.100s has two functions; leave one of them out",
                  source->feature_names[j]);
    } else {
      *transform = item->transform;
    }
  }
  if (n_meant > 0) return GMMPI_OK;
  char names[300] = "";
  size_t used = 0;
  for (int64_t j = 0; j < source->n_features && used + 130 < sizeof names; j++)
    used +=
        (size_t)snprintf(names + used, sizeof names - used, "%s%.100s", j > 0 ? ", " : "", source->feature_names[j]);
  near_word meant = {.word = item->column};
  for (int64_t j = 0; j < source->n_features; j++) near_word_try(&meant, source->feature_names[j]);
  return fail(error, GMMPI_BAD_DATA,
              "%s: has no column \"%.100s\" among its features (--transform); %s%.100s%sthey are %s%s", source->label,
              item->column, meant.nearest != NULL ? "did you mean \"" : "", meant.nearest != NULL ? meant.nearest : "",
              meant.nearest != NULL ? "\"? " : "", names, used + 130 < sizeof names ? "" : ", ...");
}

static gmmpi_status apply_list(point_source *source, const char *list, bool *is_standardized, gmmpi_error *error)
{
  transform_item item;
  for (const char *next = list; next != NULL;) {
    const char *end = transform_item_read(next, &item);
    if (apply_item(source, &item, is_standardized, error) != GMMPI_OK) return error->status;
    next = *end == ',' ? end + 1 : NULL;
  }
  return GMMPI_OK;
}

/* What is known of a feature by its name, or, where there are no names, by its place. */
static const char *known_text(const point_source *source, const transform_list *known, int64_t feature)
{
  const bool has_names = source->has_names && known->names != NULL;
  if (feature < known->n && (!has_names || strcmp(known->names[feature], source->feature_names[feature]) == 0))
    return known->texts[feature];
  for (int64_t i = 0; has_names && i < known->n; i++) {
    if (strcmp(known->names[i], source->feature_names[feature]) == 0) return known->texts[i];
  }
  return feature < known->n && known->n == source->n_features ? known->texts[feature] : "";
}

static gmmpi_status take_known(point_source *source, const transform_list *known, gmmpi_error *error)
{
  for (int64_t j = 0; j < source->n_features; j++) {
    if (!transform_read(known_text(source, known, j), &source->transforms[j]))
      return fail(error, GMMPI_BAD_DATA, "%s: the transform of its feature %" PRId64 " is unknown; fit it anew",
                  known->owner, j + 1);
  }
  return GMMPI_OK;
}

static gmmpi_status begin(point_source *source, const source_options *options, bool *is_standardized,
                          gmmpi_error *error)
{
  source->transforms = allocate(source->n_features, sizeof *source->transforms);
  if (source->transforms == NULL || is_standardized == NULL)
    return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to transform its features", source->label);
  for (int64_t j = 0; j < source->n_features; j++) source->transforms[j] = transform_none;
  if (options->transforms.texts != NULL) return take_known(source, &options->transforms, error);
  return apply_list(source, source->choices.transform, is_standardized, error);
}

/* Which features are read transformed, in a line. */
static void note(point_source *source)
{
  char list[300] = "";
  size_t used = 0;
  for (int64_t j = 0; j < source->n_features; j++) {
    char text[TRANSFORM_TEXT_BYTES];
    char item[TRANSFORM_TEXT_BYTES + 120];
    transform_text(&source->transforms[j], text);
    if (text[0] == '\0') continue;
    snprintf(item, sizeof item, "%s%.100s: %s", used > 0 ? "; " : "", source->feature_names[j], text);
    const bool has_room = used + strlen(item) + 10 < sizeof list;
    used += (size_t)snprintf(list + used, sizeof list - used, "%s", has_room ? item : "; ...");
    if (!has_room) break;
  }
  if (used > 0) source_note(source, "features are transformed (%s)", list);
}

gmmpi_status transforms_settle(MPI_Comm comm, point_source *source, const source_options *options, gmmpi_error *error)
{
  if (options->transforms.texts == NULL && source->choices.transform == NULL) return GMMPI_OK;
  gmmpi_error local = {0};
  bool *is_standardized = allocate(source->n_features, sizeof *is_standardized);
  begin(source, options, is_standardized, &local);
  if (agree(comm, &local) == GMMPI_OK) {
    bool any = false;
    for (int64_t j = 0; j < source->n_features; j++) any = any || is_standardized[j];
    if (any) standardize_source(comm, source, is_standardized, &local);
    note(source);
  }
  free(is_standardized);
  return error_pass(error, &local);
}
