/* Where points come from.
 *
 * A source is a table of n_rows points by n_features numbers, whatever the file behind it: CSV, NPY, HDF5. It is opened
 * once by all ranks together and then read by each rank on its own, any rows at any time. Every kind of file is one
 * implementation of `source_kind` in one source_*.c, registered in the table in source.c; which one a file belongs to
 * is recognised by the file's first bytes.
 *
 * A cell that is empty or says that nothing was measured (NA, NaN, null ...) is read as NaN, an infinity as an
 * infinity; what to do about them is decided by the shard, the same for all kinds. */
#ifndef SOURCES_SOURCE_H
#define SOURCES_SOURCE_H

#include "sources/written_files.h"

#include "gmmpi/error.h"
#include "sources/feature_names.h"

#include <mpi.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum header_choice { HEADER_AUTO, HEADER_YES, HEADER_NO } header_choice;

typedef struct source_options {
  const char *columns;  /* --columns: names, 1-based numbers and ranges, separated by commas; NULL: every column */
  header_choice header; /* text files: is the first line a header? */
  char delimiter;       /* text files: between fields; ' ' stands for any run of blanks; 0: guess */
  name_list wanted;     /* unless its names are NULL, instead of columns: those of these names, in this order, or all
                           of them where the file has no names; must outlive the source */
} source_options;

typedef struct point_source point_source;

/* One kind of file. */
typedef struct source_kind {
  const char *name; /* "CSV", "NPY", "HDF5": for messages and `gmmpi info` */

  /* Is this the kind of a file that begins with these n_bytes bytes? */
  bool (*recognises)(const char *path, const unsigned char *head, size_t n_bytes);

  /* Collective over comm: sets everything in source that is not set yet. Ranks need not agree on an error inside:
   * source_open does it at the end, so an implementation that communicates must itself agree before it does. */
  gmmpi_status (*open)(MPI_Comm comm, point_source *source, const source_options *options, gmmpi_error *error);

  /* See source_read. */
  gmmpi_status (*read)(point_source *source, int64_t first_row, int64_t n_rows, double *rows, gmmpi_error *error);

  /* See source_place; NULL where the place of row r is r + 1. */
  int64_t (*place)(const point_source *source, int64_t row);

  /* See source_place_text and source_reads; NULL where place_word and path say all. */
  void (*place_text)(const point_source *source, int64_t place, char *text, size_t n_bytes);
  bool (*reads)(const point_source *source, const char *path);

  /* Releases source->state. */
  void (*close)(point_source *source);
} source_kind;

struct point_source {
  const source_kind *kind;
  char *path;             /* the file */
  char *inside;           /* the data set in it, NULL where the kind has none */
  char *label;            /* how messages name it: path, or path:inside */
  const char *place_word; /* "line" or "row" */
  int64_t n_rows;
  int64_t n_features;     /* columns picked */
  int64_t n_columns;      /* columns in the file */
  int64_t *columns;       /* n_features: 0-based columns of the file, in the order picked */
  char **feature_names;   /* n_features; from the file where it has names, else "x1", "x2", ... by column number */
  bool has_names;         /* do the names come from the file? */
  bool is_concurrent;     /* may threads read at the same time? */
  bool streams;           /* are rows read again and again without finding and parsing them anew? */
  int64_t buffer_bytes;   /* memory that reading takes beside the rows */
  written_files *written; /* while it is opened: where to note files that are being written; NULL: nobody asks */
  void *state;            /* of the kind */
};

/* Collective over comm. data is FILE or FILE:/path/of/dataset, or several files (sources/parts/names.h). On success
 * *source is for source_close. Files that another program has open for writing are a warning. Errors, the same on every
 * rank: 66 no such file or not readable, 65 its content (empty, header only, ragged, a column that is not there ...),
 * 74 reading failed, 71. */
gmmpi_status source_open(MPI_Comm comm, const char *data, const source_options *options, point_source **source,
                         gmmpi_error *error);

/* For sources that are made of others: the same, without a warning about files that are being written. They are noted
 * in written, unless that is NULL. */
gmmpi_status source_open_part(MPI_Comm comm, const char *data, const source_options *options, written_files *written,
                              point_source **source, gmmpi_error *error);

/* Not collective; one thread at a time unless source->is_concurrent. Reads rows [first_row, first_row + n_rows) into
 * rows: n_rows x n_features, row-major. Fastest when called with ascending rows, a few thousand at a time. Errors: 65
 * (not a number, ragged row; with its place), 74, 71.
 */
gmmpi_status source_read(point_source *source, int64_t first_row, int64_t n_rows, double *rows, gmmpi_error *error);

/* The 1-based place (line of a text file, else row) of a row that the last source_read delivered. */
int64_t source_place(const point_source *source, int64_t row);

/* What a message calls a place: "line 17". Cut to fit n_bytes. */
void source_place_text(const point_source *source, int64_t place, char *text, size_t n_bytes);

/* Is path one of the files that the source reads? */
bool source_reads(const point_source *source, const char *path);

/* What a message calls a feature: its name in the file, where that has names, else its 1-based column. Cut to fit
 * n_bytes. */
void source_feature_text(const point_source *source, int64_t feature, char *text, size_t n_bytes);

void source_close(point_source *source); /* NULL is fine; not collective */

/* For the kinds: from n_columns, names (n_columns, or NULL when the file has none) and options->columns sets
 * n_columns, n_features, columns, feature_names and has_names. Errors: 65 a column that is not there, one picked twice.
 */
gmmpi_status source_pick_columns(point_source *source, int64_t n_columns, char *const *names,
                                 const source_options *options, gmmpi_error *error);

/* Reads n_numbers doubles, or floats that become doubles, of the machine's own kind from the file at offset.
 * item_bytes: 8 or 4. Any thread may do so. Errors: 65 the file is too short, 74. */
gmmpi_status source_read_numbers(const point_source *source, int descriptor, int64_t offset, int item_bytes,
                                 int64_t n_numbers, double *numbers, gmmpi_error *error);

/* The length of the part of data that names the file: all of it when there is such a file, else up to the first ":/"
 * behind which a file's name ends. */
size_t source_path_length(const char *data);

/* Were all columns picked, in their order? */
bool source_takes_all_columns(const point_source *source);

/* The kinds, each in a file of its own. */
extern const source_kind source_csv, source_npy, source_hdf5, source_parts;

#endif
