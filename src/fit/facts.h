/* SPDX-License-Identifier: BSD-3-Clause */
/* What the file of a fitted model notes of its fit: nothing that depends on ranks, time or place. */
#ifndef FIT_FACTS_H
#define FIT_FACTS_H

#include "fit/fit.h"
#include "mixture/criteria.h"

#include <jansson.h>

typedef struct fit_findings {
  const shard *points;
  const fit_options *options;
  const fit_result *result;   /* with a model */
  uint64_t start_fingerprint; /* of the model that was adapted */
  const char *merge;          /* by which criterion components were merged into clusters; NULL: they were not */
} fit_findings;

/* BIC, AIC and ICL. */
information_criteria findings_criteria(const fit_findings *of);

/* Is what the fit has maximised the log posterior? */
bool findings_have_log_posterior(const fit_findings *of);

/* What summaries have of them, too, as new references: counts, likelihoods and criteria, null where there are none; the
 * sentences of events. NULL where there is no memory. */
json_t *findings_common(const fit_findings *of);
json_t *findings_events(const fit_findings *of);

/* Adds what there may be: log_posterior, sum_of_weights, the clusters. False where there is no memory. */
bool findings_note_log_posterior(const fit_findings *of, json_t *facts);
bool findings_note_weights(const fit_findings *of, json_t *facts);
bool findings_note_clusters(const fit_findings *of, json_t *facts);

/* All attributes that a model's file has besides its own (mixture/files/model_file.h). NULL where there is no memory.
 */
json_t *findings_facts(const fit_findings *of);

#endif
