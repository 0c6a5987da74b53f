/* SPDX-License-Identifier: BSD-3-Clause */
/* Opening what a FITS file consists of.
 *
 * Built only where there is cfitsio. */
#ifndef SOURCES_FITS_OPENING_H
#define SOURCES_FITS_OPENING_H

#include "sources/fits/cells.h"
#include "sources/fits/hdus.h"
#include "sources/source.h"

#include "gmmpi/error.h"

#include <fitsio.h>
#include <stdint.h>

/* Open the table or the image that handle is at; of the state all is set that is about it, but for data_begin, which is
 * known. Errors: 64 --transpose or --raw-values where it cannot be, 65, 71. */
gmmpi_status fits_table_open(point_source *source, fitsfile *handle, const fits_hdu *hdu, const source_options *options,
                             gmmpi_error *error);
gmmpi_status fits_image_open(point_source *source, fitsfile *handle, const fits_hdu *hdu, const source_options *options,
                             gmmpi_error *error);

/* Has the file all n_rows rows of row_bytes bytes, and more_bytes behind them? cfitsio would fill with zeros what is
 * not there. Errors: 65, 74. */
gmmpi_status fits_check_size(const point_source *source, int64_t n_rows, int64_t row_bytes, int64_t more_bytes,
                             gmmpi_error *error);

/* Says what the numbers of n cells stand for; null and scales: the keywords that say so. */
void fits_note_meanings(point_source *source, const fits_cell *cells, int64_t n, const char *null, const char *scales);

#endif
