/* SPDX-License-Identifier: BSD-3-Clause */
#include "fit/group_news.h"

#include "support/clock.h"
#include "support/memory.h"

#include <stdlib.h>
#include <time.h>

enum { PROGRESS, STOP, FINISHED, BYE, GONE };

static const double seconds_between_looks = 0.02;
static const double seconds_between_reports = 0.2;

static void send_word(const group_news *news, int to, int word, int64_t number)
{
  MPI_Send(&number, 1, MPI_INT64_T, to, word, news->comm);
}

bool group_news_open(MPI_Comm comm, group_news *news)
{
  MPI_Comm_dup(comm, &news->comm);
  MPI_Comm_rank(comm, &news->rank);
  MPI_Comm_size(comm, &news->n_ranks);
  news->done = allocate(news->n_ranks, sizeof *news->done);
  return news->done != NULL;
}

static void hear(group_news *news, int from, int word, int64_t number)
{
  switch (word) {
  case PROGRESS:
    news->done[from] = number;
    break;
  case STOP:
    news->stops = true;
    break;
  case FINISHED:
    news->done[from] = number;
    news->n_finished++;
    break;
  case BYE:
    news->is_over = true;
    break;
  case GONE:
    news->n_gone++;
    break;
  default:
    break;
  }
}

static void hear_all(group_news *news)
{
  for (int there = 1; news->n_ranks > 1;) {
    MPI_Status status;
    int64_t number;
    MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, news->comm, &there, &status);
    if (!there) return;
    MPI_Recv(&number, 1, MPI_INT64_T, status.MPI_SOURCE, status.MPI_TAG, news->comm, MPI_STATUS_IGNORE);
    hear(news, status.MPI_SOURCE, status.MPI_TAG, number);
  }
}

/* Rank 0 passes a stop on until it says BYE; the others say it until they are gone. */
static void spread_stop(group_news *news)
{
  if (!news->stops && news->wants_stop(news->context)) news->stops = true;
  if (!news->stops || news->has_told) return;
  news->has_told = true;
  if (news->rank > 0) send_word(news, 0, STOP, 0);
  for (int r = 1; r < news->n_ranks && news->rank == 0; r++) send_word(news, r, STOP, 0);
}

static void tell_progress(group_news *news)
{
  int64_t n_done = 0;
  if (news->rank > 0) return;
  for (int r = 0; r < news->n_ranks; r++) n_done += news->done[r];
  news->tell(news->context, n_done);
}

bool group_news_exchange(group_news *news, int64_t n_done)
{
  const double now = clock_now();
  if (now - news->last < seconds_between_looks) return news->stops;
  news->last = now;
  news->done[news->rank] = n_done;
  hear_all(news);
  spread_stop(news);
  tell_progress(news);
  if (news->rank > 0 && now - news->last_told >= seconds_between_reports) {
    news->last_told = now;
    send_word(news, 0, PROGRESS, n_done);
  }
  return news->stops;
}

static void rest(void)
{
  nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
}

/* Rank 0: until all have finished, and then until all are gone. */
static void wait_for_others(group_news *news)
{
  while (news->n_finished < news->n_ranks - 1) {
    hear_all(news);
    spread_stop(news);
    tell_progress(news);
    if (news->n_finished < news->n_ranks - 1) rest();
  }
  for (int r = 1; r < news->n_ranks; r++) send_word(news, r, BYE, 0);
  while (news->n_gone < news->n_ranks - 1) {
    hear_all(news);
    if (news->n_gone < news->n_ranks - 1) rest();
  }
}

static void wait_for_end(group_news *news, int64_t n_done)
{
  send_word(news, 0, FINISHED, n_done);
  for (hear_all(news); !news->is_over; hear_all(news)) {
    spread_stop(news);
    rest();
  }
  send_word(news, 0, GONE, 0);
}

void group_news_abandon(group_news *news)
{
  free(news->done);
  MPI_Comm_free(&news->comm);
}

void group_news_close(group_news *news, int64_t n_done)
{
  news->done[news->rank] = n_done;
  if (news->rank == 0) {
    wait_for_others(news);
    tell_progress(news);
  } else {
    wait_for_end(news, n_done);
  }
  group_news_abandon(news);
}
