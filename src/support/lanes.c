/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/lanes.h"

#include <string.h>

#if defined(__x86_64__) && defined(__GNUC__)
#define HAS_AVX2_VARIANT 1
#endif

#define HOT static inline __attribute__((always_inline))

/* Vectors as GCC and Clang have them for any processor: of so many numbers as the least of them have together. */
#define DEFINE_KEEP_SMALLER(name, lanes_together)                                                                      \
  HOT void name(int64_t n, const double *values, double of, double *best, double *index)                               \
  {                                                                                                                    \
    typedef double vector __attribute__((vector_size((lanes_together) * sizeof(double))));                             \
    typedef int64_t mask __attribute__((vector_size((lanes_together) * sizeof(double))));                              \
    const int64_t n_whole = n - n % (lanes_together);                                                                  \
    vector number = {0.0};                                                                                             \
    number += of;                                                                                                      \
    for (int64_t i = 0; i < n_whole; i += (lanes_together)) {                                                          \
      vector value;                                                                                                    \
      vector smallest;                                                                                                 \
      vector which;                                                                                                    \
      memcpy(&value, values + i, sizeof value);                                                                        \
      memcpy(&smallest, best + i, sizeof smallest);                                                                    \
      memcpy(&which, index + i, sizeof which);                                                                         \
      const mask smaller = value < smallest;                                                                           \
      smallest = (vector)((smaller & (mask)value) | (~smaller & (mask)smallest));                                      \
      which = (vector)((smaller & (mask)number) | (~smaller & (mask)which));                                           \
      memcpy(best + i, &smallest, sizeof smallest);                                                                    \
      memcpy(index + i, &which, sizeof which);                                                                         \
    }                                                                                                                  \
    for (int64_t i = n_whole; i < n; i++) {                                                                            \
      if (!(values[i] < best[i])) continue;                                                                            \
      best[i] = values[i];                                                                                             \
      index[i] = of;                                                                                                   \
    }                                                                                                                  \
  }

DEFINE_KEEP_SMALLER(keep_smaller_of_two, 2)

#if HAS_AVX2_VARIANT
DEFINE_KEEP_SMALLER(keep_smaller_of_four, 4)

static __attribute__((target("avx2"))) void keep_smaller_avx2(int64_t n, const double *values, double of, double *best,
                                                              double *index)
{
  keep_smaller_of_four(n, values, of, best, index);
}
#endif

void lanes_keep_smaller(int64_t n, const double *values, double of, double *best, double *index)
{
#if HAS_AVX2_VARIANT
  if (__builtin_cpu_supports("avx2")) {
    keep_smaller_avx2(n, values, of, best, index);
    return;
  }
#endif
  keep_smaller_of_two(n, values, of, best, index);
}
