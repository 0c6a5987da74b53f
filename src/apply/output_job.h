/* SPDX-License-Identifier: BSD-3-Clause */
/* One rank's part in writing one file, as far as it is the same for all kinds of files: chunks of rows that are
 * produced, the draft that they are written to, and what is said meanwhile. */
#ifndef APPLY_OUTPUT_JOB_H
#define APPLY_OUTPUT_JOB_H

#include "apply/output_table.h"

typedef struct output_job {
  MPI_Comm comm;
  int rank, n_ranks;
  const output_table *table;
  const char *path;
  char delimiter; /* of text; 0: it is not text */
  bool is_direct; /* path is a device: it is written itself */
  char *draft;    /* where the file is written */
  int descriptor; /* of the draft while rows are written in place; else -1 */
  int64_t chunk_rows;
  void *numbers[OUTPUT_MOST_COLUMNS]; /* of the last chunk: chunk_rows x width of each column */
} output_job;

/* Sets all but the delimiter. Errors: 71; then it is still to be closed. */
gmmpi_status output_job_open(MPI_Comm comm, const char *path, const output_table *table, output_job *work,
                             gmmpi_error *error);
void output_job_close(output_job *work);

/* The rows of a chunk, whole granules, and the numbers in a row of the table. */
int64_t output_chunk_rows(int64_t granule, int64_t numbers_per_row);
int64_t output_numbers_per_row(const output_table *table);

/* What is done with n rows, from this rank's row `first` on, whose numbers are in work. */
typedef gmmpi_status output_chunk_handler(output_job *work, void *context, int64_t first, int64_t n,
                                          gmmpi_error *error);

/* Collective: all rows of all ranks, chunk by chunk, until a rank is asked to stop (75). Nothing is produced here when
 * error says already that something failed. Errors but a stop are not agreed. doing: "writing", for who asks. */
void output_job_rows(output_job *work, const char *doing, output_chunk_handler *handle, void *context,
                     gmmpi_error *error);

/* --- files whose rows have a place that is known beforehand, where every rank writes its own --- */

/* Rank 0: makes an empty draft. The descriptor is for output_job_end_draft. Errors: 73. */
gmmpi_status output_job_begin_draft(const output_job *work, int *descriptor, gmmpi_error *error);

/* Rank 0, when all that is not rows is in the draft: sets the space of n_bytes bytes aside, unless status says that
 * something failed, and closes the descriptor. Errors: 73; status. */
gmmpi_status output_job_end_draft(const output_job *work, int descriptor, int64_t n_bytes, gmmpi_status status,
                                  gmmpi_error *error);

/* Collective, when there is a draft: every rank writes its rows, by handle, and flushes them. Errors but a stop are not
 * agreed. */
gmmpi_status output_job_write_in_place(output_job *work, output_chunk_handler *handle, void *context,
                                       gmmpi_error *error);

/* --- what is said --- */

gmmpi_status output_no_memory(const char *path, gmmpi_error *error);                /* 71 */
gmmpi_status output_cannot_write(const char *path, int reason, gmmpi_error *error); /* 73; reason: of errno */
gmmpi_status output_stopped(const char *path, int signal, gmmpi_error *error);      /* 75: it came before the end */

/* Rank 0: how far it is, of n_rows rows of all ranks, for who is shown it, and for its answers from now on. */
void output_say_progress(const char *doing, const char *path, int64_t n_done, int64_t n_in_all, int64_t n_rows);

#endif
