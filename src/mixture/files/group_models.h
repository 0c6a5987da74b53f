/* SPDX-License-Identifier: BSD-3-Clause */
/* A mixture for each of many groups of points, and their file.
 *
 * In memory, in files and in messages the arrays of all groups' models (mixture/arrays.h, in the shapes of files) are
 * stacked: weights G x K, means G x K x d, covariances G x the shape that the family's have. A group whose model has
 * fewer than K components has them first; the others have weight 0 and no numbers (NaN). So have all of a group that
 * could not be fitted.
 *
 * HDF5: /keys (G: int64, float64 or UTF-8 strings of fixed length), /n_samples, /n_components, /n_iter, /converged,
 * /status (G: 0, or the exit status that `gmmpi fit` of the group alone has), /log_likelihood, the stacked arrays, and
 * /events: a table of group (its index from 0), kind ("failed" or "note") and text. Attributes of the root: as those of
 * a model (mixture/files/model_file.h), with `groups`, how many there are; behind it all the same seal. */
#ifndef MIXTURE_FILES_GROUP_MODELS_H
#define MIXTURE_FILES_GROUP_MODELS_H

#include "mixture/model.h"

#include <jansson.h>
#include <mpi.h>
#include <stddef.h>

#define GROUPS_FORMAT "gmmpi groups"
enum { GROUPS_FORMAT_VERSION = 1 };

/* One array of a model. */
typedef struct group_array {
  const char *name;
  int n_dimensions;
  int64_t shape[MODEL_MOST_DIMENSIONS]; /* of one group */
  int64_t length;                       /* numbers of one group */
  int64_t per_component;                /* numbers of one component, which follow one another; 0: it has none */
  bool is_expanded;                     /* files have another shape than memory: mixture/files/file_arrays.h */
  double *numbers;                      /* n_groups x length; NULL in a layout alone */
} group_array;

/* What the models of all groups have in common. */
typedef struct group_layout {
  model_kind kind;
  int64_t n_components; /* K: of a group, at most */
  int64_t n_features;
  int n_arrays;
  group_array arrays[MODEL_MOST_ARRAYS];
} group_layout;

group_layout group_layout_of(model_kind kind, int64_t n_components, int64_t n_features);

/* What is known of a group beside its arrays. All are whole numbers but the log-likelihood. */
typedef enum group_fact {
  GROUP_STATUS,
  GROUP_N_SAMPLES,
  GROUP_N_COMPONENTS,
  GROUP_N_ITER,
  GROUP_CONVERGED,
  GROUP_LOG_LIKELIHOOD,
  N_GROUP_FACTS
} group_fact;

/* A group as numbers: its facts, and then its arrays. */
int64_t group_record_length(const group_layout *layout);
void group_record_fail(const group_layout *layout, gmmpi_status status, int64_t n_samples, double *record);
void group_record_set(const group_layout *layout, const gmmpi_model *model, const double facts[N_GROUP_FACTS],
                      double *record);

/* The keys of groups: numbers in ascending order, or texts in that of their bytes. */
typedef struct group_keys {
  int64_t n;
  double *numbers; /* n; NULL: they are texts */
  char **texts;    /* n */
} group_keys;

/* Are all numbers whole? */
bool group_keys_are_whole(const group_keys *keys);

/* The group of a key; -1: there is none. */
int64_t group_of_number(const group_keys *keys, double number);
int64_t group_of_text(const group_keys *keys, const char *text);

/* The key as text. Cut to fit n_bytes. */
void group_key_text(const group_keys *keys, int64_t group, char *text, size_t n_bytes);

/* Something that happened in the fit of a group, or why it failed. */
typedef struct group_remark {
  int64_t group;
  bool is_failure;
  char *text;
} group_remark;

typedef struct group_models {
  group_layout layout;          /* with numbers */
  group_keys keys;              /* its n: how many groups there are */
  double *facts[N_GROUP_FACTS]; /* each n */
  group_remark *remarks;        /* n_remarks, by groups */
  int64_t n_remarks;
  char **feature_names; /* n_features, or NULL */
  char **transforms;    /* n_features, or NULL */
} group_models;

/* Arrays for so many groups, keys not set. Errors: 71. */
gmmpi_status group_models_create(const group_layout *layout, int64_t n_groups, group_models **models,
                                 gmmpi_error *error);
void group_models_destroy(group_models *models); /* NULL is fine */
void group_models_take(group_models *models, int64_t group, const double *record);

/* The bytes of all of it but keys, remarks and names; INT64_MAX when they can't be counted. */
int64_t group_models_bytes(const group_layout *layout, int64_t n_groups);

static inline bool group_is_fitted(const group_models *models, int64_t group)
{
  return models->facts[GROUP_STATUS][group] == 0.0;
}

/* The model of a group that was fitted, with factors and names. path: for messages. Errors: 65, 71. */
gmmpi_status group_model(const group_models *models, int64_t group, const char *path, gmmpi_model **model,
                         gmmpi_error *error);

/* As model_file_image. */
gmmpi_status group_models_image(const group_models *models, const json_t *facts, void **bytes, size_t *n_bytes,
                                gmmpi_error *error);

/* Has the file models of groups, whatever is wrong with it? Not collective. */
bool group_models_are_in(const char *path);

/* As model_file_read. Errors: 66, 65, 74, 71. */
gmmpi_status group_models_read(const char *path, group_models **models, json_t **facts, gmmpi_error *error);

/* Collective over comm: rank 0's on every rank (NULL on the others before), without remarks. Errors, agreed: 71. */
gmmpi_status group_models_broadcast(MPI_Comm comm, group_models **models, gmmpi_error *error);

/* What all models have in common, as a model of which only names, kind and sizes count. Errors: 71. */
gmmpi_status group_outline(const group_models *models, gmmpi_model **outline, gmmpi_error *error);

#endif
