/* SPDX-License-Identifier: BSD-3-Clause */
/* Files that people have and gmmpi does not read: what they are, and the one command that makes of them what it does
 * read. Nothing is read from them but their first bytes, and the list at the end of an archive. */
#ifndef SOURCES_FOREIGN_H
#define SOURCES_FOREIGN_H

#include "gmmpi/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A file that is none of those that are read by a mark of their own. */
typedef struct foreign_file {
  const char *path; /* as the user named it */
  bool is_unpacked; /* what it holds was compressed: the rest is about the copy */
  int descriptor;
  int64_t n_bytes;
  const unsigned char *head; /* the first n_head bytes */
  size_t n_head;
} foreign_file;

/* Fails with 65 if the file is of a format that is known by its name here; else it may be text. */
gmmpi_status foreign_refuse(const foreign_file *file, gmmpi_error *error);

/* Fails with 66, or 65 where the folder is a data set of a known format. folder: what is opened. */
gmmpi_status foreign_refuse_folder(const char *folder, gmmpi_error *error);

/* --- for the files of this topic --- */

/* A format: what messages call it, and the command, in which {} stands for the file and {.csv} for the file with that
 * suffix, or advice where there is no command. */
typedef struct foreign_format {
  const char *what;    /* "a Parquet file" */
  const char *command; /* NULL: there is only advice */
  const char *advice;  /* NULL: convert it */
  bool is_packed;      /* the command takes it compressed, too */
} foreign_format;

/* Fails with 65: the message of a format. */
gmmpi_status foreign_fail(const foreign_format *format, const char *path, bool is_unpacked, gmmpi_error *error);

/* The format of text that is no table; NULL: it may be one. */
const foreign_format *foreign_text(const unsigned char *head, size_t n_head);

/* The format of an archive (ZIP), by the names in it. */
const foreign_format *foreign_archive(const foreign_file *file);

/* How convert with Python: the shortest that does. */
#define FOREIGN_PYTHON(imports, statements, suffix) "python3 -c \"import " imports "; " statements "\" {} {" suffix "}"
#define FOREIGN_PANDAS(call)                        FOREIGN_PYTHON("pandas, sys", "pandas." call ".to_csv(sys.argv[2], index=False)", ".csv")

#endif
