#include "em/kernel.h"

const kernel *kernel_best(int level)
{
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (level >= kernel_avx512.level && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl"))
    return &kernel_avx512;
  if (level >= kernel_avx2.level && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return &kernel_avx2;
#endif
  (void)level;
  return &kernel_portable;
}
