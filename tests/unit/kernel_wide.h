/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_KERNEL_WIDE_H
#define TESTS_KERNEL_WIDE_H

#include "kernels/kernel.h"

extern const kernel kernel_wide;

#endif
