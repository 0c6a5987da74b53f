/* SPDX-License-Identifier: BSD-3-Clause */
/* The peak of fused multiply-adds in double precision: a loop that touches registers only, on several cores at once.
 *
 *   peak THREADS SECONDS   prints flops per second, all threads together
 *
 * A processor starts one or two vector FMAs a cycle, each of which takes four or five cycles: twelve independent
 * accumulators keep the pipes full, and with two operands they still fit sixteen registers. Compile with -O2 -march=native
 * -ffp-contract=fast (the widest vectors are used that the compiler may use) and -pthread. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#if defined(__AVX512F__)
enum { VECTOR_BYTES = 64 };
#elif defined(__AVX__)
enum { VECTOR_BYTES = 32 };
#else
enum { VECTOR_BYTES = 16 };
#endif
enum { ACCUMULATORS = 12, LANES = VECTOR_BYTES / 8, INNER = 200000 };

/* To the compiler these registers may now hold anything: it must not merge accumulators that are equal. */
#if defined(__x86_64__)
#define KEEP_APART(a, b, c, d, e, f) __asm__ volatile("" : "+x"(a), "+x"(b), "+x"(c), "+x"(d), "+x"(e), "+x"(f))
#else
#define KEEP_APART(a, b, c, d, e, f) __asm__ volatile("" : "+w"(a), "+w"(b), "+w"(c), "+w"(d), "+w"(e), "+w"(f))
#endif

typedef double vector __attribute__((vector_size(VECTOR_BYTES)));

/* One thread's share of the work. */
typedef struct worker {
  pthread_t thread;
  double flops, seconds, rest;
} worker;

static pthread_barrier_t together;
static double wanted_seconds;

static double now(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* INNER rounds of one FMA on every accumulator: a <- a * factor + term, which tends to term / (1 - factor). */
static double multiply_and_add(vector factor, vector term)
{
  vector a = term, b = term, c = term, d = term, e = term, f = term;
  vector g = term, h = term, i = term, j = term, k = term, l = term;
  for (int round = 0; round < INNER; round++) {
    a = a * factor + term;
    b = b * factor + term;
    c = c * factor + term;
    d = d * factor + term;
    e = e * factor + term;
    f = f * factor + term;
    g = g * factor + term;
    h = h * factor + term;
    i = i * factor + term;
    j = j * factor + term;
    k = k * factor + term;
    l = l * factor + term;
    KEEP_APART(a, b, c, d, e, f);
    KEEP_APART(g, h, i, j, k, l);
  }
  const vector sum = a + b + c + d + e + f + g + h + i + j + k + l;
  return sum[0];
}

static void *work(void *argument)
{
  worker *self = argument;
  vector factor, term;
  for (int lane = 0; lane < LANES; lane++) {
    factor[lane] = 0.5 + 0.01 * lane;
    term[lane] = 1.0;
  }
  self->rest = multiply_and_add(factor, term); /* wakes the core up */
  pthread_barrier_wait(&together);
  const double began = now();
  do {
    self->rest += multiply_and_add(factor, term);
    self->flops += 2.0 * LANES * ACCUMULATORS * INNER;
    self->seconds = now() - began;
  } while (self->seconds < wanted_seconds);
  return NULL;
}

int main(int argc, char **argv)
{
  const int n_threads = argc == 3 ? atoi(argv[1]) : 0;
  wanted_seconds = argc == 3 ? atof(argv[2]) : 0.0;
  worker *workers = n_threads < 1 ? NULL : calloc((size_t)n_threads, sizeof *workers);
  if (workers == NULL) {
    fprintf(stderr, "usage: peak THREADS SECONDS\n");
    return 64;
  }
  pthread_barrier_init(&together, NULL, (unsigned)n_threads);
  for (int t = 0; t < n_threads; t++) {
    if (pthread_create(&workers[t].thread, NULL, work, &workers[t]) != 0) return 71;
  }
  double rate = 0.0;
  double rest = 0.0;
  for (int t = 0; t < n_threads; t++) {
    pthread_join(workers[t].thread, NULL);
    rate += workers[t].flops / workers[t].seconds;
    rest += workers[t].rest;
  }
  printf("{\"flops_per_second\": %.6g, \"vector_bits\": %d, \"rest\": %g}\n", rate, 8 * VECTOR_BYTES, rest);
  free(workers);
  return 0;
}
