/* SPDX-License-Identifier: BSD-3-Clause */
/* What ranks tell each other in a pass: who wants to stop, who was asked, and whether all hold the same model. One that
 * holds another ends the pass for all of them, with the same status. */
#include "unit/matrices.h"

#include "passes/pass.h"

#include <string.h>

enum { N_LOCAL = 100 };

static int rank, n_ranks;
static shard *points;
static statistics *sums;
static pass_team *team;

static gmmpi_status pass_with(pass_control *control, gmmpi_error *error)
{
  const double zero = 0.0;
  const pass_request request = {.rule = whole_rule, .sums = sums};
  *error = (gmmpi_error){0};
  statistics_begin(sums, &zero);
  return pass_make(team, points, &request, 1, control, error);
}

/* What all ranks got, which must be the same. */
static gmmpi_status status_with_hash(uint64_t hash)
{
  gmmpi_error error;
  pass_control control = {.hash = hash};
  int status = (int)pass_with(&control, &error);
  int lowest;
  MPI_Allreduce(&status, &lowest, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
  MPI_Allreduce(MPI_IN_PLACE, &status, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
  assert_int_equal(lowest, status);
  if (status != GMMPI_OK) assert_non_null(strstr(error.message, "the ranks hold different models"));
  if (status == GMMPI_OK) assert_true(sums->counts[0] == (double)N_LOCAL * n_ranks);
  return (gmmpi_status)status;
}

static bool always(void *context)
{
  (void)context;
  return true;
}

static void who_stops_and_asks(void **state)
{
  (void)state;
  for (int n = 0; n <= n_ranks; n++) {
    gmmpi_error error;
    pass_control control = {.stop = {.ask = rank < n ? always : NULL}, .n_questions = rank >= n};
    assert_int_equal(pass_with(&control, &error), GMMPI_OK);
    assert_int_equal(control.n_stop_requests, n);
    assert_int_equal(control.n_questions, n_ranks - n);
  }
}

static void the_same_model(void **state)
{
  (void)state;
  assert_int_equal(status_with_hash(0), GMMPI_OK);
  assert_int_equal(status_with_hash(UINT64_C(0xFFFFFFFF12345678)), GMMPI_OK);
  assert_int_equal(status_with_hash(UINT64_C(0x123456789ABCDEF0)), GMMPI_OK);
}

/* Each rank in turn holds another model: all ranks end, that one too. */
static void one_rank_differs(void **state)
{
  (void)state;
  const uint64_t hashes[] = {0, UINT64_C(0x0001000000000000), UINT64_C(0xFFFFFFFF00000000),
                             UINT64_C(0x8000800080008000)};
  for (int other = 0; other < n_ranks; other++) {
    for (int h = 0; h < 4; h++) {
      for (int bit = 32; bit < 64; bit += 5) {
        const uint64_t own = rank == other ? hashes[h] ^ (UINT64_C(1) << bit) : hashes[h];
        assert_int_equal(status_with_hash(own), n_ranks > 1 ? GMMPI_INTERNAL : GMMPI_OK);
      }
    }
  }
}

/* The mean of all hashes is, of an odd number of ranks, the hash of the one in the middle, which finds nothing amiss if
 * it compares with the mean. */
static void the_mean_is_one_ranks(void **state)
{
  (void)state;
  for (int shift = 32; shift <= 48; shift += 16) {
    for (uint64_t middle = 100; middle <= 0x8000; middle += 0x7000) {
      const uint64_t piece = middle + 2 * (uint64_t)rank - (uint64_t)(n_ranks - 1);
      assert_int_equal(status_with_hash(piece << shift), n_ranks > 1 ? GMMPI_INTERNAL : GMMPI_OK);
    }
  }
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &n_ranks);
  static double rows[N_LOCAL];
  for (int i = 0; i < N_LOCAL; i++) rows[i] = (double)(rank + i);
  gmmpi_error error = {0};
  const pass_size size = {DIAGONAL, SECOND_ORDER, 1, 1};
  const shard_options options = {.n_threads = 1};
  if (shard_create_from_memory(MPI_COMM_WORLD, rows, N_LOCAL, 1, options, &points, &error) != GMMPI_OK ||
      statistics_create(DIAGONAL, SECOND_ORDER, 1, points, &sums, &error) != GMMPI_OK ||
      team_create(kernel_best(0), points, &size, 1, &team, &error) != GMMPI_OK)
    MPI_Abort(MPI_COMM_WORLD, 1);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(who_stops_and_asks),
      cmocka_unit_test(the_same_model),
      cmocka_unit_test(one_rank_differs),
      cmocka_unit_test(the_mean_is_one_ranks),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  team_destroy(team);
  statistics_destroy(sums);
  shard_destroy(points);
  MPI_Finalize();
  return failed;
}
