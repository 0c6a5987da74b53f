/* SPDX-License-Identifier: BSD-3-Clause */
#define KERNEL       kernel_avx512
#define KERNEL_NAME  "avx512"
#define KERNEL_LEVEL 2
#define VECTOR_BYTES 64
#include "kernels/template.h"
