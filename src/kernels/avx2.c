/* SPDX-License-Identifier: BSD-3-Clause */
#define KERNEL       kernel_avx2
#define KERNEL_NAME  "avx2"
#define KERNEL_LEVEL 1
#define VECTOR_BYTES 32
#include "kernels/template.h"
