/* SPDX-License-Identifier: BSD-3-Clause */
/* A program of somebody else, as careful of its process as one may be. On each rank two threads fit at the same time,
 * several times: one over a copy of MPI_COMM_WORLD, one over a part of it. Then one is stopped, and one is doubtful.
 *
 *   outside ROWS N D FOLDER     ROWS: N x D doubles, as they are in memory; ROWS.h5 has them, too
 *
 * Fits are in turn to the rows from memory and to those of the file. The models are FOLDER/copy.h5 and
 * FOLDER/part-0.h5, part-1.h5. */
#define _POSIX_C_SOURCE 200809L
#include <gmmpi/gmmpi.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

enum { N_FITS = 4 };

typedef struct task {
  MPI_Comm comm;
  const char *threads;
  const double *rows;
  int64_t n, d;
  char file[4096], path[4096];
  gmmpi_error error;
  int64_t n_passes; /* that the observer was told of */
} task;

static void count(void *context, const gmmpi_progress *progress)
{
  (void)progress;
  ++*(int64_t *)context;
}

/* This rank's run of the rows. */
static void share_of(const task *work, int64_t *first, int64_t *n)
{
  int rank, size;
  MPI_Comm_rank(work->comm, &rank);
  MPI_Comm_size(work->comm, &size);
  *first = work->n * rank / size;
  *n = work->n * (rank + 1) / size - *first;
}

/* Everything from the options to the file. */
static void fit_once(task *work, bool is_from_file)
{
  gmmpi_error *error = &work->error;
  gmmpi_options *options = NULL;
  gmmpi_observer *observer = NULL;
  gmmpi_points *points = NULL;
  gmmpi_model *model = NULL;
  int64_t first, n;
  int rank;
  share_of(work, &first, &n);
  MPI_Comm_rank(work->comm, &rank);
  if (gmmpi_options_create(&options, error) == GMMPI_OK &&
      gmmpi_options_set(options, "components", "3", error) == GMMPI_OK &&
      gmmpi_options_set(options, "threads", work->threads, error) == GMMPI_OK &&
      gmmpi_observer_create(&observer, error) == GMMPI_OK) {
    gmmpi_observer_on_progress(observer, count, &work->n_passes);
    if (is_from_file)
      gmmpi_points_open(work->comm, work->file, options, &points, error);
    else
      gmmpi_points_create(work->comm, work->rows + first * work->d, n, work->d, options, &points, error);
    if (error->status == GMMPI_OK && gmmpi_fit(points, options, observer, &model, NULL, error) == GMMPI_OK && rank == 0)
      gmmpi_model_write(model, work->path, error);
  }
  gmmpi_model_destroy(model);
  gmmpi_points_destroy(points);
  gmmpi_observer_destroy(observer);
  gmmpi_options_destroy(options);
}

static void *fit_often(void *argument)
{
  task *work = argument;
  for (int i = 0; i < N_FITS && work->error.status == GMMPI_OK; i++) fit_once(work, i % 2 == 1);
  return NULL;
}

static bool stop_at_second(void *context)
{
  return ++*(int *)context >= 2;
}

static void note(void *context, const char *text)
{
  if (strstr(text, "--weights-sum") != NULL) ++*(int *)context;
}

/* A fit that is stopped: the last model that was measured is there. Rows with doubtful weights: that is told. */
static int stop_and_doubt(const task *work, MPI_Comm comm)
{
  gmmpi_error error = {GMMPI_OK, 0, ""};
  gmmpi_options *options = NULL;
  gmmpi_observer *observer = NULL;
  gmmpi_points *points = NULL;
  gmmpi_model *model = NULL;
  gmmpi_summary *summary = NULL;
  int questions = 0, doubts = 0, rank;
  double *weights = malloc((size_t)work->n * sizeof *weights);
  MPI_Comm_rank(comm, &rank);
  for (int64_t i = 0; i < work->n; i++) weights[i] = 0.125;
  gmmpi_options_create(&options, &error);
  gmmpi_options_set(options, "components", "3", &error);
  gmmpi_options_set(options, "tol", "0", &error);
  gmmpi_options_on_warning(options, note, &doubts);
  gmmpi_observer_create(&observer, &error);
  if (rank == 0) gmmpi_observer_on_question(observer, stop_at_second, &questions); /* one of them is enough */
  gmmpi_points_create_weighted(comm, work->rows, weights, rank == 0 ? work->n : 0, work->d, options, &points, &error);
  const bool ready = error.status == GMMPI_OK;
  const gmmpi_status status = ready ? gmmpi_fit(points, options, observer, &model, &summary, &error) : error.status;
  const bool good = status == GMMPI_STOPPED && error.status == GMMPI_STOPPED && (model == NULL) == (summary == NULL) &&
                    doubts == (rank == 0 ? 1 : 0);
  if (!good) fprintf(stderr, "stopped: %d, %d doubts, %s\n", (int)status, doubts, error.message);
  gmmpi_summary_destroy(summary);
  gmmpi_model_destroy(model);
  gmmpi_points_destroy(points);
  gmmpi_observer_destroy(observer);
  gmmpi_options_destroy(options);
  free(weights);
  return good ? 0 : 1;
}

/* What a guest leaves alone. */
static unsigned long house(void)
{
  static const int signals[] = {SIGINT,  SIGTERM, SIGHUP,  SIGUSR1, SIGUSR2, SIGXCPU,
                                SIGXFSZ, SIGPIPE, SIGALRM, SIGSEGV, SIGFPE,  SIGABRT};
  unsigned long sum = 5381;
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
    struct sigaction now;
    sigaction(signals[i], NULL, &now);
    sum = sum * 33 + (unsigned long)now.sa_handler;
  }
  for (char **each = environ; *each != NULL; each++) {
    for (const char *c = *each; *c != '\0'; c++) sum = sum * 33 + (unsigned char)*c;
  }
  return sum;
}

int main(int argc, char **argv)
{
  int provided, rank, failed = 0;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (provided < MPI_THREAD_MULTIPLE || argc != 5) {
    fprintf(stderr, "no threads, or not four arguments\n");
    return 1;
  }
  const unsigned long before = house();
  const int64_t n = atoll(argv[2]), d = atoll(argv[3]);
  double *rows = malloc((size_t)(n * d) * sizeof *rows);
  FILE *file = fopen(argv[1], "rb");
  if (file == NULL || fread(rows, sizeof *rows, (size_t)(n * d), file) != (size_t)(n * d)) return 1;
  fclose(file);

  task tasks[2] = {{.threads = "1", .rows = rows, .n = n, .d = d}, {.threads = "2", .rows = rows, .n = n, .d = d}};
  const int part = rank == 0 ? 0 : 1;
  MPI_Comm_dup(MPI_COMM_WORLD, &tasks[0].comm);
  MPI_Comm_split(MPI_COMM_WORLD, part, -rank, &tasks[1].comm);
  snprintf(tasks[0].path, sizeof tasks[0].path, "%s/copy.h5", argv[4]);
  snprintf(tasks[1].path, sizeof tasks[1].path, "%s/part-%d.h5", argv[4], part);
  for (int i = 0; i < 2; i++) snprintf(tasks[i].file, sizeof tasks[i].file, "%s.h5", argv[1]);
  pthread_t thread;
  pthread_create(&thread, NULL, fit_often, &tasks[1]);
  fit_often(&tasks[0]);
  pthread_join(thread, NULL);
  for (int i = 0; i < 2; i++) {
    if (tasks[i].error.status != GMMPI_OK || tasks[i].n_passes < N_FITS) {
      fprintf(stderr, "thread %d: %s\n", i, tasks[i].error.message);
      failed = 1;
    }
  }
  failed |= stop_and_doubt(&tasks[0], tasks[0].comm);
  if (house() != before) {
    fprintf(stderr, "a signal's handler or the environment was changed\n");
    failed = 1;
  }
  for (int i = 0; i < 2; i++) MPI_Comm_free(&tasks[i].comm);
  free(rows);
  MPI_Finalize();
  return failed;
}
