/* SPDX-License-Identifier: BSD-3-Clause */
/* What the attributes of a data set say that its numbers stand for.
 *
 *   scale_factor, add_offset                  value = number * scale_factor + add_offset         (netCDF, CF)
 *   _FillValue, missing_value                 these numbers are missing; one or several
 *   valid_range, valid_min, valid_max         all others are missing
 *   _Unsigned                                 "true": signed integers are meant without a sign; "false": the reverse
 *   (HDF5's own fill value is netCDF's)       netCDF fills with it what nobody wrote; not of bytes
 *   rhdf5-NA.OK                               R: the least integer is NA; without this mark it is a doubt if it is
 *                                             among the first of 32 bits
 *   unitSI                                    openPMD: value = number * unitSI
 *
 * Fills and limits are those of the numbers in the file, as these are stored: a float's are floats. Only where numbers
 * are integers and limits are not, and there is a scale, limits are those of values (NetCDF Users Guide, appendix A).
 * Scales are applied in double precision whatever their own type. */
#ifndef SOURCES_HDF5_ATTRIBUTES_H
#define SOURCES_HDF5_ATTRIBUTES_H

#include "sources/source.h"

#include "gmmpi/error.h"

#include <hdf5.h>
#include <stdbool.h>

enum { HDF5_MEANING_BYTES = 300 };

typedef struct hdf5_meaning {
  value_rule rule;
  bool may_have_na;               /* it is integers of 32 bits, and one of the first is the least that there is */
  char note[HDF5_MEANING_BYTES];  /* what people should know; "": numbers stand for themselves */
  char doubt[HDF5_MEANING_BYTES]; /* an attribute that has no effect, though it may be meant to; "": none */
} hdf5_meaning;

/* What the numbers of a data set stand for. is_raw (--raw-values): for themselves, and the note says so where there are
 * attributes that say otherwise. label names it in messages. Errors: 74 the disk failed, 65 damaged. */
gmmpi_status hdf5_meaning_of(hid_t data_set, bool is_raw, const char *label, hdf5_meaning *meaning, gmmpi_error *error);

/* Tells people of it: note and doubt, with a name in front unless that is NULL ("rho: numbers are packed ..."). */
void hdf5_tell_meaning(point_source *source, const char *name, const hdf5_meaning *meaning);

/* Both for a source that is one data set, whose features are picked already: sets the rules of all of them. Errors: as
 * above, 71. */
gmmpi_status hdf5_apply_meaning(point_source *source, hid_t data_set, gmmpi_error *error);

#endif
