/* SPDX-License-Identifier: BSD-3-Clause */
/* How DATA is read and held: the options that have nothing to do with what is fitted, the same for all commands; and
 * what a model knows of how its data were read. */
#ifndef FIT_READING_H
#define FIT_READING_H

#include "fit/class_names.h"
#include "mixture/model.h"
#include "points/shard.h"
#include "sources/kinds.h"
#include "support/option.h"

/* Their own sum, or the number of rows that have some. */
typedef enum weights_sum { WEIGHTS_SUM_OWN, WEIGHTS_SUM_N } weights_sum;

/* All zero: nothing was given. */
typedef struct reading_options {
  const char *columns;                         /* NULL: not given */
  source_word words[MOST_SOURCE_SETTINGS + 1]; /* the settings that were given, of any kind of files */
  missing_choice missing;
  infinite_choice infinite;
  const char *weights;      /* a column, or a file; NULL: all rows count the same */
  weights_sum sum;          /* what the weights are to sum to */
  const char *known_labels; /* a column, or a file; NULL: no row has one */
  const char *keys;         /* of groups, instead of known labels: a column, or a file; NULL: none */
} reading_options;

typedef struct memory_options {
  int64_t memory_limit; /* bytes of each rank; 0: the machine's */
  const char *scratch;  /* a folder, "none", or NULL: not given; see memory_scratch */
} memory_options;

/* Of members of reading_options: n_options records, those of the settings of all kinds of files among them. */
const option_record *reading_option_table(int *n_options);

/* Of members of reading_options, too, but only of commands that know weights: how much the rows of DATA count. */
extern const option_record weights_option_table[];
extern const int n_weights_options;

/* The same of labels that are known: --known-labels. For commands that keep labelled rows in their components. */
extern const option_record known_labels_option;

/* The classes of the source's known labels, borrowed; and is there any where labels are wanted? Errors: 65. */
class_list reading_classes(const point_source *source);
gmmpi_status reading_check_labels(const point_source *source, gmmpi_error *error);

/* The keys of groups, where the source has these instead of known labels. */
class_list reading_keys(const point_source *source);

/* Is everything that was said of weights of use? Errors: 64. */
gmmpi_status reading_check(const reading_options *values, gmmpi_error *error);

/* How the rows of the source are held, as far as these options say. */
void reading_note_rows(const reading_options *values, const point_source *source, shard_options *how);

/* Collective. Rescales the weights of points if that is wanted; else rank 0 warns of a sum that makes criteria
 * meaningless. label: the data's. Errors, the same on all ranks: 65, when they sum to nearly nothing. */
gmmpi_status reading_settle_weights(const reading_options *values, const char *label, shard *points,
                                    gmmpi_error *error);

/* Do the weights of points sum to something? label: the data's. Errors: 65. */
gmmpi_status reading_check_sum(const char *label, const shard *points, gmmpi_error *error);

/* Of members of memory_options. */
extern const option_record memory_option_table[];
extern const int n_memory_options;

/* Was the setting of this name given? */
bool reading_has_word(const reading_options *values, const char *name);

/* What source_open wants, borrowed from values. */
source_options reading_source_options(const reading_options *values);

/* The model's features are those of the source: their names, and what was done to them. Errors: 71. */
gmmpi_status model_take_features(gmmpi_model *model, const point_source *source, gmmpi_error *error);

/* How the model's features are to be transformed when they are read; borrowed. owner: of the model, for messages. */
transform_list model_transforms(const gmmpi_model *model, const char *owner);

/* Are the source's features transformed as the model's? The model has their number and order. Errors: 65. */
gmmpi_status model_check_transforms(const gmmpi_model *model, const char *owner, const point_source *source,
                                    gmmpi_error *error);

/* The folder for subsamples, $TMPDIR, else /tmp, where none is given; NULL: nowhere. */
const char *memory_scratch(const memory_options *values);

#endif
