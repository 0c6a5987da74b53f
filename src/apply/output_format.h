/* How a table becomes the bytes of a file: one file per format, output_*.c. */
#ifndef APPLY_OUTPUT_FORMAT_H
#define APPLY_OUTPUT_FORMAT_H

#include "apply/output.h"

/* Where things are in the file; the same on every rank. */
typedef struct output_layout {
  int64_t columns[OUTPUT_MOST_COLUMNS]; /* bytes from the file's begin to each column's first number */
  int64_t n_bytes;                      /* of the whole file */
} output_layout;

/* HDF5. Creates draft with data sets whose space is set aside but not written, and says where they are. For one rank.
 * Errors: 73. */
gmmpi_status output_hdf5_create(const output_table *table, const char *path, const char *draft, output_layout *layout,
                                gmmpi_error *error);

/* Writes n rows from this rank's row `first` on. Errors: 73. */
gmmpi_status output_hdf5_write(const output_table *table, const output_layout *layout, int descriptor, const char *path,
                               int64_t first, int64_t n, void *const *numbers, gmmpi_error *error);

/* Says that a signal of this number came before the file was whole: 75. */
gmmpi_status output_stopped(const char *path, int signal, gmmpi_error *error);

/* Rank 0's answer from now on when it is asked how it goes. */
void output_say_progress(const char *doing, const char *path, int64_t n_done, int64_t n_in_all);

/* CSV. What stands between the fields of path's kind of file; 0 when it is none of these. */
char output_csv_delimiter(const char *path);

/* The most bytes that a number with its delimiter takes. */
enum { CSV_NUMBER_BYTES = 28 };

/* The header as text that the caller frees; NULL when there is no memory. */
char *output_csv_header(const output_table *table, char delimiter);

/* n rows as text, which has CSV_NUMBER_BYTES for each number. Returns its length. */
int64_t output_csv_format(const output_table *table, char delimiter, int64_t n, void *const *numbers, char *text);

#endif
