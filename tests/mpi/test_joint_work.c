/* SPDX-License-Identifier: BSD-3-Clause */
/* Ranks that work at different paces end together, for the reason that any of them had. Loops without an end of their
 * own show that the others are heard of: they hang where that does not work. */
#include "mpi/point_files.h"

#include "support/joint_work.h"

/* From its n-th question on, a rank has this reason. */
typedef struct wish {
  int reason;
  int64_t n;
  int64_t n_asked;
} wish;

static int reason_of(void *context)
{
  wish *own = context;
  return ++own->n_asked > own->n ? own->reason : 0;
}

static const wish none = {0, 0, 0};

static void all_are_done(void)
{
  for (int round = 0; round < 4; round++) {
    joint_work work;
    wish own = none;
    joint_work_begin(MPI_COMM_WORLD, reason_of, &own, &work);
    const int n = rank == round % n_ranks ? 2000 : rank * 10;
    for (int i = 0; i < n; i++) CHECK(joint_work_goes_on(&work));
    CHECK(joint_work_end(&work, false) == 0);
  }
}

/* One rank gets a reason while it works, the others work for ever. */
static void one_wants_to_stop(void)
{
  for (int who = 0; who < n_ranks; who++) {
    joint_work work;
    wish own = rank == who ? (wish){15, 3, 0} : none;
    joint_work_begin(MPI_COMM_WORLD, reason_of, &own, &work);
    while (joint_work_goes_on(&work)) continue;
    CHECK(!joint_work_goes_on(&work));
    CHECK(joint_work_end(&work, false) == 15);
  }
}

/* One rank gets a reason when it has done its own work, the others work for ever. */
static void one_that_is_done_wants_to_stop(void)
{
  joint_work work;
  wish own = rank == 0 ? (wish){10, 3, 0} : none;
  joint_work_begin(MPI_COMM_WORLD, reason_of, &own, &work);
  while (rank != 0 && joint_work_goes_on(&work)) continue;
  CHECK(joint_work_end(&work, false) == (n_ranks > 1 ? 10 : 0));
}

/* The largest reason counts on all ranks, and a failure more than any. */
static void one_fails(void)
{
  joint_work work;
  wish own = {rank + 1, rank == n_ranks - 1 ? 0 : 2, 0};
  joint_work_begin(MPI_COMM_WORLD, reason_of, &own, &work);
  while (joint_work_goes_on(&work)) continue;
  CHECK(joint_work_end(&work, false) == n_ranks);

  own = none;
  joint_work_begin(MPI_COMM_WORLD, reason_of, &own, &work);
  while (rank != n_ranks - 1 && joint_work_goes_on(&work)) continue;
  CHECK(joint_work_end(&work, rank == n_ranks - 1) == (n_ranks > 1 ? JOINT_FAILURE : 0));
}

/* Messages meanwhile, and collective operations between two pieces of joint work, go their own way. */
static void messages_meanwhile(void)
{
  joint_work work;
  wish own = none;
  int sum = 0;
  joint_work_begin(MPI_COMM_WORLD, reason_of, &own, &work);
  for (int i = 0; i < 100; i++) {
    int received = -1;
    CHECK(joint_work_goes_on(&work));
    MPI_Sendrecv(&i, 1, MPI_INT, (rank + 1) % n_ranks, 0, &received, 1, MPI_INT, (rank + n_ranks - 1) % n_ranks, 0,
                 MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    CHECK(received == i);
  }
  CHECK(joint_work_end(&work, false) == 0);
  MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  CHECK(sum == n_ranks * (n_ranks - 1) / 2);
}

int main(int argc, char **argv)
{
  begin_tests(&argc, &argv);
  all_are_done();
  one_wants_to_stop();
  one_that_is_done_wants_to_stop();
  one_fails();
  messages_meanwhile();
  return end_tests();
}
