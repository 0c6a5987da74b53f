/* SPDX-License-Identifier: BSD-3-Clause */
/* What becomes of FITS files where there is no cfitsio, instead of open.c and what it uses. */
#include "sources/fits/state.h"
#include "support/error.h"

#include <jansson.h>

gmmpi_status fits_open_points(point_source *source, const source_options *options, gmmpi_error *error)
{
  (void)options;
  return fail(error, GMMPI_BAD_DATA,
              "%s: is a FITS file, which this gmmpi cannot read, as it was built without cfitsio; build it with "
              "libcfitsio-dev, or convert the file: python3 -c \"from astropy.table import Table; "
              "Table.read('FILE.fits').write('FILE.csv')\"",
              source->label);
}

const char *fits_library(void)
{
  return "not read, for there was no cfitsio when gmmpi was built";
}

struct json_t *fits_insides(const char *path)
{
  (void)path;
  return NULL;
}

gmmpi_status fits_read_packed(const point_source *source, int64_t first_row, int64_t n_rows, double *rows,
                              gmmpi_error *error)
{
  (void)first_row, (void)n_rows, (void)rows;
  return fail(error, GMMPI_INTERNAL, "%s: a packed image was opened without cfitsio", source->label);
}

void fits_close_packed(fits_state *state)
{
  (void)state;
}
