/* SPDX-License-Identifier: BSD-3-Clause */
/* Where points come from.
 *
 * A source is a table of n_rows points by n_features numbers, whatever the file behind it. It is opened once by all
 * ranks together and then read by each rank on its own, any rows at any time. Every format is a `source_kind` in a
 * folder of its own; the table in kinds.c has them all, and a file's first bytes say which one it belongs to.
 *
 * A cell that is empty or says that nothing was measured (NA, NaN, null ...) is read as NaN, an infinity as an
 * infinity; what to do about them is decided by the shard, the same for all kinds. */
#ifndef SOURCES_SOURCE_H
#define SOURCES_SOURCE_H

#include "sources/choices.h"
#include "sources/feature_names.h"
#include "sources/label_texts.h"
#include "sources/notes.h"
#include "sources/values.h"
#include "sources/written_files.h"
#include "support/feature_transform.h"

#include "gmmpi/error.h"

#include <mpi.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_t; /* jansson */

/* --- how points are read --- */

/* What a row may have beside its features. */
typedef enum beside_kind { BESIDE_LABEL, BESIDE_WEIGHT, N_BESIDE } beside_kind;

/* What the user said about a setting, as on the command line: --NAME VALUE. */
typedef struct source_word {
  const char *name;
  const char *value; /* NULL: the user said nothing */
} source_word;

/* How the features of a model were transformed: texts of support/feature_transform.h, by name where there are names. */
typedef struct transform_list {
  const char *owner;  /* "model.h5" */
  char *const *texts; /* n; NULL: nothing is known */
  char *const *names; /* n, or NULL */
  int64_t n;
} transform_list;

/* All of it is borrowed while the source is opened. All zero: every column, and the defaults. */
typedef struct source_options {
  const char *columns;      /* --columns: names, 1-based numbers and ranges, separated by commas; NULL: every column */
  const source_word *words; /* n_words settings; those that the file's kind does not have are passed over */
  int n_words;
  name_list wanted;          /* unless its names are NULL, instead of columns: those of these names, in this order, or
                                all of them where the file has no names; they must outlive the source */
  transform_list transforms; /* unless its texts are NULL, instead of --transform */
  const int64_t *numbers;    /* unless NULL, instead of both: these n_numbers 0-based columns, none of them twice */
  int64_t n_numbers;
  const char *beside[N_BESIDE]; /* what is read beside the features: a column, or a file that has it; NULL: nothing. See
                                   sources/beside.h */
  bool labels_are_keys;         /* of groups (--by), and not known labels */
} source_options;

typedef struct point_source point_source;

/* --- a kind of file --- */

/* Members that may be left out say what happens then. */
typedef struct source_kind {
  const char *name;            /* "NPY": for messages, help texts and `gmmpi info` */
  const char *variants;        /* others that help texts name behind it: "TSV"; NULL: none */
  const char *usage;           /* how DATA names one, where a file's name does not do: "FILE.h5:/path"; NULL: it does */
  const char *const *suffixes; /* ".npy", ... then NULL; NULL: not one file, so it is not listed among the formats */
  bool has_insides;            /* does FILE:/path name one of several tables in it? */
  bool transposes;             /* does it read columns as points, if the choices say so? */

  const source_setting *settings; /* n_settings; NULL: none */
  int n_settings;
  size_t settings_bytes; /* of the struct that they are in */

  /* Is this the kind of a file that begins with these n_bytes bytes? NULL: it is when its name ends with a suffix. */
  bool (*recognises)(const char *path, const unsigned char *head, size_t n_bytes);

  /* Does data, which names no file, stand for some of this kind? *length: of that without the ":/path" behind it.
   * NULL: never. */
  bool (*is_meant)(const char *data, size_t *length);

  /* Collective over comm: sets everything in source that is not set yet. Ranks need not agree on an error inside:
   * source_open does it at the end, so an implementation that communicates must itself agree before it does. A file
   * without rows is no error here: n_rows is 0 and no_rows says why; then columns need not be picked. */
  gmmpi_status (*open)(MPI_Comm comm, point_source *source, const source_options *options, gmmpi_error *error);

  /* See source_read. At least one row is asked for, and all are there. */
  gmmpi_status (*read)(point_source *source, int64_t first_row, int64_t n_rows, double *rows, gmmpi_error *error);

  /* See source_place. NULL: the place of row r is r + 1. */
  int64_t (*place)(const point_source *source, int64_t row);

  /* See source_place_text. NULL: place_word and the number. */
  void (*place_text)(const point_source *source, int64_t place, char *text, size_t n_bytes);

  /* See source_reads. NULL: it reads source->path alone. */
  bool (*reads)(const point_source *source, const char *path);

  /* The library that reads it, "cfitsio 4.2.0", or that there is none in this gmmpi: for --version. NULL: none but
   * those that gmmpi cannot do without. */
  const char *(*library)(void);

  /* See kinds_insides. NULL: nobody can say. */
  struct json_t *(*insides)(const char *path);

  /* Releases source->state, which is not NULL, also when open failed half-way. */
  void (*close)(point_source *source);
} source_kind;

struct point_source {
  const source_kind *kind;
  char *path;              /* the file, as the user named it: for messages */
  char *file;              /* what is opened: path, or its copy */
  struct spool *copy;      /* of a pipe, or unpacked: spool.h; NULL: path itself is read */
  char *inside;            /* the data set in it, NULL where the kind has none */
  char *label;             /* how messages name it: path, or path:inside */
  void *settings;          /* the kind's, as the user's words have them; NULL where it has none */
  reading_choices choices; /* those of all kinds */
  const char *place_word;  /* "row", unless the kind says another, as "line" */
  int64_t n_rows;          /* 0 only in a part of a source, see source_open_part */
  const char *no_rows;     /* why there are none, "has nothing but blank lines"; NULL: there is no more to say */
  int64_t n_features;      /* columns picked */
  int n_beside;            /* numbers of a row behind its features: the label, the weight, or both */
  int64_t beside_columns[N_BESIDE]; /* of one that a face is put before: for each the feature, from 1, or 0: it is no
                                       column. Its n_features count them */
  char all_columns[400];            /* of the same: what columns there are, for messages */
  int64_t n_columns;                /* columns in the file */
  int64_t *columns;                 /* n_features: 0-based columns of the file, in the order picked */
  char **feature_names; /* n_features; from the file where it has names, else "x1", "x2", ... by column number */
  bool has_names;       /* do the names come from the file? */
  value_rule *rules;    /* n_features: what numbers in the file stand for, see values.h; NULL: for themselves */
  feature_transform *transforms; /* n_features: what is done to the features behind that; NULL: nothing */
  source_notes notes;            /* how it is read, for people */
  bool is_concurrent;            /* may threads read at the same time? */
  bool keeps_text;    /* set by whoever reads: text where a number should be is value_of_text, and no error */
  bool has_texts;     /* can a column be read as text? */
  label_texts *texts; /* set by whoever reads: numbers of the feature text_feature are codes of texts in this
                                table (label_texts.h), which must outlive the reading; NULL: no feature's are */
  int64_t text_feature;
  bool streams;              /* are rows read again and again without finding and parsing them anew? */
  int64_t buffer_bytes;      /* memory that reading takes beside the rows */
  written_files *written;    /* while it is opened: where to note files that are being written; NULL: nobody asks */
  void *state;               /* of the kind */
  struct row_beside *beside; /* what is beside the features, and where it is read: beside.h; NULL: nothing */

  const char *feature_word; /* "column", unless the kind says another */
  const char *column_major; /* the program that wrote it, if its matrices' columns are the file's rows; NULL: unknown */
  bool is_transposed;       /* are the points the columns of the file? */
  bool has_fields;          /* has each of its columns a meaning of its own, so that only rows can be points? */
};

/* --- the face of all kinds --- */

/* Collective over comm. data is FILE or FILE:/path/of/dataset, or stands for several files (parts/names.h). On success
 * *source is for source_close, else NULL. Files that another program has open for writing are a warning. Errors, the
 * same on every rank: 66 no such file or not readable; 65 its content (empty, header only, ragged, a column that is not
 * there ...); 64 a word that no kind has, or a value that it cannot have; 74 reading failed; 71. */
gmmpi_status source_open(MPI_Comm comm, const char *data, const source_options *options, point_source **source,
                         gmmpi_error *error);

/* For sources that are made of others: the same, without a warning about files that are being written. They are noted
 * in written, unless that is NULL. A part may have no rows, of which source_open says 65; where it has no columns
 * either, or nobody knows them, its n_features are 0. */
gmmpi_status source_open_part(MPI_Comm comm, const char *data, const source_options *options, written_files *written,
                              point_source **source, gmmpi_error *error);

/* Have its rows weights, or labels, behind their features? */
bool source_has_weights(const point_source *source);
bool source_has_labels(const point_source *source);

/* Are its labels keys of groups, and no classes? */
bool source_has_keys(const point_source *source);

/* The classes that its labels name, in their order, n of them; the same on all ranks. NULL: it has none. */
char *const *source_class_names(const point_source *source, int64_t *n);

/* The numbers that they are, likewise; NULL: not all of them are numbers. */
const double *source_class_numbers(const point_source *source);

/* How many numbers a row has: its features, and what is beside them. */
static inline int64_t source_row_width(const point_source *source)
{
  return source->n_features + source->n_beside;
}

/* Not collective; one thread at a time unless source->is_concurrent. Reads rows [first_row, first_row + n_rows) into
 * rows: n_rows x source_row_width, row-major. Fastest when called with ascending rows, a few thousand at a time.
 * Errors: 65 (not a number, ragged row; with its place), 74, 71. */
gmmpi_status source_read(point_source *source, int64_t first_row, int64_t n_rows, double *rows, gmmpi_error *error);

/* The 1-based place (line of a text file, else row) of a row, from 0, that the last source_read delivered. */
int64_t source_place(const point_source *source, int64_t row);

/* What a message calls a place: "line 17". Cut to fit n_bytes. */
void source_place_text(const point_source *source, int64_t place, char *text, size_t n_bytes);

/* Is path one of the files that the source reads? */
bool source_reads(const point_source *source, const char *path);

/* Where a number of a row was read, for messages: "points.csv: line 17, column w". number: a feature, from 0, or one of
 * what is beside them. Cut to fit n_bytes. */
void source_describe_number(const point_source *source, int64_t row, int64_t number, char *text, size_t n_bytes);

/* What a message calls a feature, from 0: its name in the file, where that has names, else its 1-based column. Cut to
 * fit n_bytes. */
void source_feature_text(const point_source *source, int64_t feature, char *text, size_t n_bytes);

void source_close(point_source *source);        /* NULL is fine; not collective */
void source_close_beside(point_source *source); /* for source_close: what a face is before (beside.h) */

/* --- for the kinds --- */

/* From n_columns, names (n_columns, or NULL when the file has none) and options sets n_columns, n_features, columns,
 * feature_names and has_names. Errors: 65 a column that is not there, one picked twice; 71. */
gmmpi_status source_pick_columns(point_source *source, int64_t n_columns, char *const *names,
                                 const source_options *options, gmmpi_error *error);

/* The same where some columns belong together, as those of an array in a table: arrays (n_columns, or NULL) has for
 * each column the name that picks all of them, or NULL. */
gmmpi_status source_pick_of_arrays(point_source *source, int64_t n_columns, char *const *names, char *const *arrays,
                                   const source_options *options, gmmpi_error *error);

/* The rules of the features, made when they are first asked for: each number stands for itself. NULL: no memory. */
value_rule *source_rules(point_source *source);

/* Something that people should know of how the source is read: a line of `gmmpi info` and of summaries. Without the
 * source's name in front and a full stop behind. The same on all ranks. */
void source_note(point_source *source, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same of a reading that may not be what was meant, with what to do: it is a warning, too, when the source is
 * opened, by rank 0. */
void source_doubt(point_source *source, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* For a source that opens others later: a copy of the columns and words; the names that are wanted stay borrowed.
 * Release it with source_options_clear, also after an error. Errors: 71, with label in the message. */
gmmpi_status source_options_copy(const source_options *options, const char *label, source_options *copy,
                                 gmmpi_error *error);
void source_options_clear(source_options *copy);

/* Were all columns picked, in their order? */
bool source_takes_all_columns(const point_source *source);

/* Reads n_numbers doubles, or floats that become doubles, of the machine's own kind from the file at offset (bytes).
 * item_bytes: 8 or 4. Any thread may do so. Errors: 65 the file is too short, 74. */
gmmpi_status source_read_numbers(const point_source *source, int descriptor, int64_t offset, int item_bytes,
                                 int64_t n_numbers, double *numbers, gmmpi_error *error);

/* The length of the part of data that names the file: all of it when there is such a file, else up to the first ":/"
 * behind which a file's name ends. */
size_t source_path_length(const char *data);

/* To add one, of the name x:
 *
 * - A folder sources/x/ with a `const source_kind source_x`: name, suffixes, open, read, close, and what is not as it
 *   is when left out. Of sources/ it includes this header and those that it brings, band.h, records.h, record_columns.h
 *   and its own files.
 * - The line X(x) in sources/kinds.c. A format that has a mark stands before text, which has none.
 *
 * The command line, help texts, messages, `gmmpi info` and CMake find it there. unit.test_kinds looks whether the entry
 * is complete. Settings must not be called like another option (`gmmpi fit --help`). Beside the code: a paragraph in
 * docs/data.md (cli.test_docs asks for each setting), a test such as tests/mpi/test_source_npy.c, and a corpus in
 * tests/fuzz for what is parsed by hand. */

#endif
