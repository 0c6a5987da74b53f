/* SPDX-License-Identifier: BSD-3-Clause */
#include "fit/group_gather.h"

#include "support/error.h"
#include "support/memory.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { RECORDS_TAG = 3, REMARKS_TAG, MESSAGE_NUMBERS = 1 << 20 };

typedef struct gathering {
  MPI_Comm comm;
  int rank, n_ranks;
  const group_rows *rows;
  const double *records;
  int64_t row;  /* numbers of a message: the group and its record */
  int64_t most; /* rows of a message */
  double *message;
  char *bytes; /* the remarks, n_bytes */
  int64_t n_bytes;
  int64_t *counts; /* rank 0: 2 x n_ranks, groups and bytes of remarks of each rank */
  group_models *models;
} gathering;

static gmmpi_status no_memory(gmmpi_error *error)
{
  return fail(error, GMMPI_NO_MEMORY, "there is no memory for the models of all groups; use fewer components");
}

/* --- records --- */

/* A piece of a rank's groups, from the done-th on. */
static int64_t pack(const gathering *all, int64_t done)
{
  const int64_t left = all->rows->n_own - done;
  const int64_t n = left < all->most ? left : all->most;
  for (int64_t i = 0; i < n; i++) {
    all->message[i * all->row] = (double)all->rows->groups[done + i];
    memcpy(all->message + i * all->row + 1, all->records + (done + i) * (all->row - 1),
           (size_t)(all->row - 1) * sizeof(double));
  }
  return n;
}

static void take(const gathering *all, int64_t n)
{
  for (int64_t i = 0; i < n; i++)
    group_models_take(all->models, (int64_t)all->message[i * all->row], all->message + i * all->row + 1);
}

static void send_records(const gathering *all)
{
  for (int64_t done = 0; done < all->rows->n_own;) {
    const int64_t n = pack(all, done);
    if (all->rank == 0)
      take(all, n);
    else
      MPI_Send(all->message, (int)(n * all->row), MPI_DOUBLE, 0, RECORDS_TAG, all->comm);
    done += n;
  }
}

static void receive_records(const gathering *all, int sender)
{
  for (int64_t left = all->counts[2 * sender]; left > 0;) {
    const int64_t n = left < all->most ? left : all->most;
    MPI_Recv(all->message, (int)(n * all->row), MPI_DOUBLE, sender, RECORDS_TAG, all->comm, MPI_STATUS_IGNORE);
    take(all, n);
    left -= n;
  }
}

/* --- remarks --- */

static void send_remarks(const gathering *all)
{
  for (int64_t done = 0; done < all->n_bytes; done += INT_MAX) {
    const int64_t left = all->n_bytes - done;
    MPI_Send(all->bytes + done, (int)(left < INT_MAX ? left : INT_MAX), MPI_CHAR, 0, REMARKS_TAG, all->comm);
  }
}

/* bytes: room for what the sender has. */
static void receive_remarks(const gathering *all, int sender, char *bytes)
{
  const int64_t n_bytes = all->counts[2 * sender + 1];
  for (int64_t done = 0; done < n_bytes; done += INT_MAX) {
    const int64_t left = n_bytes - done;
    MPI_Recv(bytes + done, (int)(left < INT_MAX ? left : INT_MAX), MPI_CHAR, sender, REMARKS_TAG, all->comm,
             MPI_STATUS_IGNORE);
  }
}

/* Rank 0's list gets those of all ranks. Collective. Errors, agreed: 71. */
static gmmpi_status gather_remarks(const gathering *all, remark_list *remarks, gmmpi_error *error)
{
  int64_t most = 0;
  for (int r = 1; r < all->n_ranks && all->rank == 0; r++) {
    if (all->counts[2 * r + 1] > most) most = all->counts[2 * r + 1];
  }
  char *bytes = malloc((size_t)most + 1);
  if (bytes == NULL) no_memory(error);
  if (agree(all->comm, error) == GMMPI_OK) {
    if (all->rank > 0) send_remarks(all);
    for (int r = 1; r < all->n_ranks && all->rank == 0; r++) {
      receive_remarks(all, r, bytes);
      if (!remarks_unpack(bytes, all->counts[2 * r + 1], remarks)) no_memory(error);
    }
    if (all->rank == 0 && !remarks_sort(remarks)) no_memory(error);
    agree(all->comm, error);
  }
  free(bytes);
  return error->status;
}

gmmpi_status group_gather(MPI_Comm comm, const group_layout *layout, const group_rows *rows, const double *records,
                          remark_list *remarks, int64_t n_groups, group_models **models, gmmpi_error *error)
{
  gmmpi_error local = {0};
  gathering all = {.comm = comm, .rows = rows, .records = records, .row = 1 + group_record_length(layout)};
  MPI_Comm_rank(comm, &all.rank);
  MPI_Comm_size(comm, &all.n_ranks);
  all.most = all.row < MESSAGE_NUMBERS ? MESSAGE_NUMBERS / all.row : 1;
  all.message = allocate_untouched(all.most * all.row, sizeof *all.message);
  all.bytes = remarks_pack(remarks, &all.n_bytes);
  all.counts = allocate(2 * all.n_ranks, sizeof *all.counts);
  if (all.message == NULL || all.bytes == NULL || all.counts == NULL) no_memory(&local);
  if (all.rank == 0) group_models_create(layout, n_groups, &all.models, &local);
  if (agree(comm, &local) == GMMPI_OK) {
    const int64_t mine[2] = {rows->n_own, all.n_bytes};
    MPI_Gather(mine, 2, MPI_INT64_T, all.counts, 2, MPI_INT64_T, 0, comm);
    send_records(&all);
    for (int r = 1; r < all.n_ranks && all.rank == 0; r++) receive_records(&all, r);
    gather_remarks(&all, remarks, &local);
  }
  if (local.status == GMMPI_OK && all.rank == 0) {
    all.models->remarks = remarks->items;
    all.models->n_remarks = remarks->n;
    *remarks = (remark_list){0};
    *models = all.models;
  } else {
    group_models_destroy(all.models);
  }
  free(all.message);
  free(all.bytes);
  free(all.counts);
  return error_pass(error, &local);
}
