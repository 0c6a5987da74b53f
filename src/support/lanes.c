/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/lanes.h"

#include <string.h>

#if defined(__x86_64__) && defined(__GNUC__)
#define HAS_AVX2_VARIANT 1
#endif

#define HOT static inline __attribute__((always_inline))

/* Vectors as GCC and Clang have them for any processor: of so many numbers as the least of them have together. */
#define DEFINE_KEEP(name, lanes_together, comparison)                                                                  \
  HOT void name(int64_t n, const double *values, double of, double *best, double *index)                               \
  {                                                                                                                    \
    typedef double vector __attribute__((vector_size((lanes_together) * sizeof(double))));                             \
    typedef int64_t mask __attribute__((vector_size((lanes_together) * sizeof(double))));                              \
    const int64_t n_whole = n - n % (lanes_together);                                                                  \
    vector number = {0.0};                                                                                             \
    number += of;                                                                                                      \
    for (int64_t i = 0; i < n_whole; i += (lanes_together)) {                                                          \
      vector value;                                                                                                    \
      vector of_best;                                                                                                  \
      vector which;                                                                                                    \
      memcpy(&value, values + i, sizeof value);                                                                        \
      memcpy(&of_best, best + i, sizeof of_best);                                                                      \
      memcpy(&which, index + i, sizeof which);                                                                         \
      const mask better = value comparison of_best;                                                                    \
      of_best = (vector)((better & (mask)value) | (~better & (mask)of_best));                                          \
      which = (vector)((better & (mask)number) | (~better & (mask)which));                                             \
      memcpy(best + i, &of_best, sizeof of_best);                                                                      \
      memcpy(index + i, &which, sizeof which);                                                                         \
    }                                                                                                                  \
    for (int64_t i = n_whole; i < n; i++) {                                                                            \
      if (!(values[i] comparison best[i])) continue;                                                                   \
      best[i] = values[i];                                                                                             \
      index[i] = of;                                                                                                   \
    }                                                                                                                  \
  }

/* A function of this name, and what it calls. */
#if HAS_AVX2_VARIANT
#define DEFINE_LANES(name, comparison)                                                                                 \
  DEFINE_KEEP(name##_of_two, 2, comparison)                                                                            \
  DEFINE_KEEP(name##_of_four, 4, comparison)                                                                           \
  static __attribute__((target("avx2"))) void name##_avx2(int64_t n, const double *values, double of, double *best,    \
                                                          double *index)                                               \
  {                                                                                                                    \
    name##_of_four(n, values, of, best, index);                                                                        \
  }                                                                                                                    \
  void name(int64_t n, const double *values, double of, double *best, double *index)                                   \
  {                                                                                                                    \
    if (__builtin_cpu_supports("avx2"))                                                                                \
      name##_avx2(n, values, of, best, index);                                                                         \
    else                                                                                                               \
      name##_of_two(n, values, of, best, index);                                                                       \
  }
#else
#define DEFINE_LANES(name, comparison)                                                                                 \
  DEFINE_KEEP(name##_of_two, 2, comparison)                                                                            \
  void name(int64_t n, const double *values, double of, double *best, double *index)                                   \
  {                                                                                                                    \
    name##_of_two(n, values, of, best, index);                                                                         \
  }
#endif

DEFINE_LANES(lanes_keep_smaller, <)
DEFINE_LANES(lanes_keep_larger, >)
