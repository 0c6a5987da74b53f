/* SPDX-License-Identifier: BSD-3-Clause */
/* What a FITS file consists of: the primary array and the extensions behind it, each a table or an image, and which of
 * them has the points.
 *
 * Built only where there is cfitsio. */
#ifndef SOURCES_FITS_HDUS_H
#define SOURCES_FITS_HDUS_H

#include "gmmpi/error.h"

#include <fitsio.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct fits_hdu {
  int number;            /* 0: the primary array, 1: the first extension, ..., as in astropy */
  char name[FLEN_VALUE]; /* EXTNAME, or "" */
  bool is_table;
  bool is_packed;            /* tiles, as fpack and astropy's CompImageHDU write them */
  int bitpix;                /* of an image */
  int n_dimensions;          /* of an image, without those of length 1 behind the second; 0: it is empty */
  int64_t n_rows, n_columns; /* numbers; rows of a table, or NAXIS2 and NAXIS1 of an image, or NAXIS1 and 1 */
} fits_hdu;

typedef struct fits_hdus {
  fits_hdu *list; /* n */
  int n;
  int64_t end; /* of the last one, bytes */
} fits_hdus;

/* Opens a file for fits_close_file. Errors: as fits_broken. */
gmmpi_status fits_open(const char *file, const char *label, fitsfile **handle, gmmpi_error *error);

/* Says why cfitsio failed with this status, by errno, 0 before: 74 the disk, 71, else 65. */
gmmpi_status fits_broken(const char *label, int status, gmmpi_error *error);

/* Reads all headers. *hdus is for fits_hdus_clear, also after an error. Errors: fits_broken's, 71. */
gmmpi_status fits_hdus_read(fitsfile *handle, const char *label, fits_hdus *hdus, gmmpi_error *error);
void fits_hdus_clear(fits_hdus *hdus);

/* The way to one: "/EVENTS", or "/2" where it has no name of its own. */
void fits_hdu_path(const fits_hdus *hdus, const fits_hdu *hdu, char *path, size_t n_bytes);

/* The one called inside ("/EVENTS" or "/2"), or, where that is NULL, the only table with numbers, or, where there is
 * none, the only image of one dimension or two. Errors: 65 there is none, or several. */
gmmpi_status fits_hdu_choose(const fits_hdus *hdus, const char *path, const char *inside, const fits_hdu **chosen,
                             gmmpi_error *error);

#endif
