/* SPDX-License-Identifier: BSD-3-Clause */
/* What is inside the objects of the public interface. */
#ifndef FIT_API_H
#define FIT_API_H

#include "em/observer.h"
#include "fit/options.h"
#include "fit/reading.h"
#include "gmmpi/fit.h"
#include "support/warnings.h"

struct gmmpi_options {
  fit_options fit; /* start and labels are not used */
  uint64_t given;  /* of fit_option_table */
  reading_options reading;
  memory_options memory;
  char **texts;       /* for each of all options what it was set to, or NULL */
  gmmpi_model *start; /* to start from, or NULL */
  int64_t *labels;    /* n_labels, or NULL */
  int64_t n_labels;
  void (*report)(void *context, const char *text); /* a warning; or NULL */
  void *report_context;
};

/* The same words, of NULL the defaults; without a start in memory. Errors: 71. */
gmmpi_status api_options_duplicate(const gmmpi_options *options, gmmpi_options **copy, gmmpi_error *error);

/* Gives those that were collected to whom the options name; NULL: to nobody. */
void api_report_warnings(const gmmpi_options *options, warning_list *warnings);

struct gmmpi_points {
  warning_list *warnings; /* of the call that is being made, and of the thread that reads ahead */
  gmmpi_options *options; /* with which they were made, a copy */
  shard *rows;
  point_source *source; /* NULL: from memory */
  int64_t n_local;      /* from memory: the rows that this rank gave */
  char **feature_names; /* from memory: n_features, or NULL */
  class_list classes;   /* of known labels in memory, the names its own; those of a source are the source's */
};

/* The classes of known labels, borrowed; n 0: there are none. */
class_list api_classes(const gmmpi_points *points);

struct gmmpi_progress {
  const fit_pass *pass;
};

struct gmmpi_observer {
  void (*report)(void *context, const gmmpi_progress *progress);
  void *report_context;
  bool (*wants_stop)(void *context);
  void *stop_context;
  double seconds_between; /* questions */
};

/* An observer, or NULL, during one fit. */
typedef struct api_watch {
  const gmmpi_observer *observer;
  bool has_asked;
  double asked_at; /* seconds of a clock */
} api_watch;

/* What the loop calls for it; the loop does the same on ranks with and without an observer. */
fit_observer api_observer(api_watch *watch);

#endif
