/* SPDX-License-Identifier: BSD-3-Clause */
/* The kernels' source with the longest vectors, compiled for the instructions of kernel_avx2.c: what AVX-512 does, on
 * processors that do not have it. */
#define KERNEL       kernel_wide
#define KERNEL_NAME  "wide"
#define KERNEL_LEVEL 2
#define VECTOR_BYTES 64
#include "unit/kernel_wide.h"

#include "kernels/template.h"
