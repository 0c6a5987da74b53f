/* SPDX-License-Identifier: BSD-3-Clause */
#include "gmmpi/gmmpi.h"

const char *gmmpi_version(void)
{
  return GMMPI_VERSION;
}
