/* SPDX-License-Identifier: BSD-3-Clause */
#define KERNEL       kernel_portable
#define KERNEL_NAME  "portable"
#define KERNEL_LEVEL 0
#define VECTOR_BYTES 16
#include "kernels/template.h"
