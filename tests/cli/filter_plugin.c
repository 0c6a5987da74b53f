/* SPDX-License-Identifier: BSD-3-Clause */
/* A filter of HDF5 for the tests, as a plugin: every bit is turned over. It calls nothing of the library, so that any
 * one can load it. */
#include <H5PLextern.h>

static size_t turn_bits(unsigned flags, size_t n_settings, const unsigned *settings, size_t n_bytes, size_t *capacity,
                        void **buffer)
{
  (void)flags;
  (void)n_settings;
  (void)settings;
  (void)capacity;
  unsigned char *bytes = *buffer;
  for (size_t i = 0; i < n_bytes; i++) bytes[i] ^= 255u;
  return n_bytes;
}

/* Numbers from 256 to 511 are for tests. */
static const H5Z_class2_t filter = {.version = H5Z_CLASS_T_VERS,
                                    .id = 300,
                                    .encoder_present = 1,
                                    .decoder_present = 1,
                                    .name = "turned bits",
                                    .filter = turn_bits};

H5PL_type_t H5PLget_plugin_type(void)
{
  return H5PL_TYPE_FILTER;
}

const void *H5PLget_plugin_info(void)
{
  return &filter;
}
