/* SPDX-License-Identifier: BSD-3-Clause */
/* Text that is no table, by how it begins; and archives, by what is in them. */
#include "sources/foreign.h"

#include "gmmpi/error.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* --- text --- */

/* What is left of the head, from next to end. */
typedef struct rest_of_text {
  const char *next;
  const char *end;
} rest_of_text;

static rest_of_text without_blanks(rest_of_text text, const char *blanks)
{
  while (text.next < text.end && strchr(blanks, *text.next) != NULL) text.next++;
  return text;
}

static bool begins_with(rest_of_text text, const char *word)
{
  const size_t n = strlen(word);
  return (size_t)(text.end - text.next) >= n && strncasecmp(text.next, word, n) == 0;
}

static const char *end_of_line(rest_of_text text)
{
  const char *end = memchr(text.next, '\n', (size_t)(text.end - text.next));
  return end != NULL ? end : text.end;
}

/* Attributes and data, behind comments. */
static bool is_arff(rest_of_text text)
{
  for (text = without_blanks(text, " \t\r\n"); begins_with(text, "%"); text = without_blanks(text, " \t\r\n"))
    text.next = end_of_line(text);
  return begins_with(text, "@relation");
}

static bool is_number(const char *begin, const char *end)
{
  char copy[40];
  char *behind;
  const size_t n = (size_t)(end - begin);
  if (n == 0 || n >= sizeof copy) return false;
  memcpy(copy, begin, n);
  copy[n] = '\0';
  strtod(copy, &behind);
  return *behind == '\0';
}

/* "12:0.5" */
static bool is_index_and_value(const char *begin, const char *end)
{
  const char *colon = memchr(begin, ':', (size_t)(end - begin));
  if (colon == NULL || colon == begin) return false;
  for (const char *digit = begin; digit < colon; digit++) {
    if (*digit < '0' || *digit > '9') return false;
  }
  return is_number(colon + 1, end);
}

/* A label, and then pairs, in the first line that has an end. */
static bool is_libsvm(rest_of_text text)
{
  const char *end = memchr(text.next, '\n', (size_t)(text.end - text.next));
  int n_words = 0;
  text.end = end != NULL ? end : text.end;
  for (;; n_words++) {
    text = without_blanks(text, " \t\r");
    if (text.next == text.end || *text.next == '#') return n_words > 1;
    const char *begin = text.next;
    while (text.next < text.end && strchr(" \t\r", *text.next) == NULL) text.next++;
    if (end == NULL && text.next == text.end) return n_words > 1; /* cut */
    if (n_words == 0 ? !is_number(begin, text.next) : !is_index_and_value(begin, text.next)) return false;
  }
}

/* As NumPy prints a matrix: brackets, and no commas between the numbers. */
static bool is_printed_array(rest_of_text text)
{
  if (!begins_with(text, "[[")) return false;
  text.next += 2;
  text = without_blanks(text, " ");
  const char *begin = text.next;
  while (text.next < text.end && strchr(" ,]\r\n", *text.next) == NULL) text.next++;
  return text.next < text.end && (*text.next == ' ' || *text.next == ']' || *text.next == '\n') &&
         is_number(begin, text.next) && memchr(begin, ',', (size_t)(end_of_line(text) - begin)) == NULL;
}

/* Octave's text of integers and of more dimensions: one number a line, behind the line of the extents. */
static bool is_octave_array(rest_of_text text)
{
  static const char extents[] = "# ndims:";
  return begins_with(text, "# Created by Octave") &&
         memmem(text.next, (size_t)(text.end - text.next), extents, sizeof extents - 1) != NULL;
}

/* IPAC's tables have bars around the names and types of columns, and none around the numbers. */
static bool is_ipac(rest_of_text text)
{
  while (begins_with(text, "\\")) {
    text.next = end_of_line(text);
    text = without_blanks(text, "\r\n");
  }
  if (!begins_with(text, "|")) return false;
  text.next = end_of_line(text);
  text = without_blanks(text, "\r\n");
  if (!begins_with(text, "|")) return false;
  text.next++;
  static const char *const types[] = {"double", "float", "int", "long", "char", "real", "date"};
  text = without_blanks(text, " ");
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    if (begins_with(text, types[i])) return true;
  }
  return false;
}

/* Statements behind comments. */
static bool is_sql(rest_of_text text)
{
  static const char *const words[] = {"PRAGMA foreign_keys", "BEGIN TRANSACTION", "CREATE TABLE",
                                      "INSERT INTO",         "DROP TABLE",        "/*!"};
  for (text = without_blanks(text, " \t\r\n"); begins_with(text, "--"); text = without_blanks(text, " \t\r\n")) {
    const rest_of_text words_of_it = without_blanks((rest_of_text){text.next + 2, text.end}, " ");
    if (begins_with(words_of_it, "MySQL dump") || begins_with(words_of_it, "MariaDB dump") ||
        begins_with(words_of_it, "PostgreSQL database dump"))
      return true;
    text.next = end_of_line(text);
  }
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (begins_with(text, words[i])) return memchr(text.next, ';', (size_t)(text.end - text.next)) != NULL;
  }
  return false;
}

/* An object or a list of some; a list of numbers alone could be a line of them. */
static bool is_json(rest_of_text text)
{
  static const char blanks[] = " \t\r\n";
  const char first = *text.next;
  text.next++;
  text = without_blanks(text, blanks);
  if (text.next == text.end) return false;
  return first == '{' ? strchr("\"}", *text.next) != NULL : strchr("{[\"", *text.next) != NULL;
}

/* An object in each line. */
static bool is_json_lines(rest_of_text text)
{
  const char *end = end_of_line(text);
  const char *last = end;
  while (last > text.next && strchr(" \r", last[-1]) != NULL) last--;
  rest_of_text behind = without_blanks((rest_of_text){end, text.end}, " \t\r\n");
  return *text.next == '{' && last > text.next && last[-1] == '}' && begins_with(behind, "{");
}

static const foreign_format arff = {
    "an ARFF file",
    FOREIGN_PYTHON("pandas, scipy.io.arff, sys",
                   "pandas.DataFrame(scipy.io.arff.loadarff(sys.argv[1])[0]).to_csv(sys.argv[2], index=False)", ".csv"),
    NULL, false};
static const foreign_format libsvm = {
    "in libsvm's format (index:value)",
    FOREIGN_PYTHON("numpy, sklearn.datasets, sys",
                   "numpy.save(sys.argv[2], sklearn.datasets.load_svmlight_file(sys.argv[1])[0].toarray())", ".npy"),
    NULL, false};
static const foreign_format json = {"a JSON file", FOREIGN_PANDAS("read_json(sys.argv[1])"), NULL, false};
static const foreign_format json_lines = {"a file of JSON lines", FOREIGN_PANDAS("read_json(sys.argv[1], lines=True)"),
                                          NULL, false};
static const foreign_format votable = {
    "a VOTable",
    FOREIGN_PYTHON("astropy.table, sys", "astropy.table.Table.read(sys.argv[1]).write(sys.argv[2], format='csv')",
                   ".csv"),
    NULL, false};
static const foreign_format printed_array = {"an array as NumPy prints it", NULL,
                                             "write it with numpy.savetxt or numpy.save; what is printed is rounded",
                                             false};
static const foreign_format octave_array = {"an array of Octave, one number a line", NULL,
                                            "save it as a matrix, double(X), or with save -hdf5", false};
static const foreign_format ipac = {
    "an IPAC table",
    FOREIGN_PYTHON("astropy.table, sys",
                   "astropy.table.Table.read(sys.argv[1], format='ascii.ipac').write(sys.argv[2], format='ascii.csv')",
                   ".csv"),
    NULL, false};
static const foreign_format sql = {
    "a file of SQL statements", NULL,
    "run it in its database, and write the table as CSV from there (sqlite3 -header -csv, COPY ... TO ... CSV HEADER)",
    false};
static const foreign_format xml = {"an XML file", FOREIGN_PANDAS("read_xml(sys.argv[1])"), NULL, false};

static const struct {
  const char *begin;
  foreign_format format;
} texts[] = {
    {"%%MatrixMarket",
     {"a Matrix Market file",
      FOREIGN_PYTHON("numpy, scipy.io, sys",
                     "m = scipy.io.mmread(sys.argv[1]); "
                     "numpy.save(sys.argv[2], m.toarray() if hasattr(m, 'toarray') else m)",
                     ".npy"),
      NULL, false}},
    {"<!DOCTYPE html",
     {"a web page (HTML)", FOREIGN_PANDAS("read_html(sys.argv[1])[0]"),
      "was the file downloaded rightly? Else convert its first table", false}},
    {"<html",
     {"a web page (HTML)", FOREIGN_PANDAS("read_html(sys.argv[1])[0]"),
      "was the file downloaded rightly? Else convert its first table", false}},
    {"<table",
     {"a web page (HTML)", FOREIGN_PANDAS("read_html(sys.argv[1])[0]"),
      "was the file downloaded rightly? Else convert its first table", false}},
    {"<tr>",
     {"a web page (HTML)", FOREIGN_PANDAS("read_html('<table>' + open(sys.argv[1]).read() + '</table>')[0]"),
      "convert its first table", false}},
    {"version https://git-lfs.github.com/",
     {"a placeholder of Git LFS", "git lfs pull --include {}", "get the file itself", false}},
    {"# vtk DataFile",
     {"a VTK file",
      FOREIGN_PYTHON("meshio, numpy, sys", "numpy.save(sys.argv[2], meshio.read(sys.argv[1]).points)", ".npy"), NULL,
      false}},
    {"ply\nformat ",
     {"a PLY file",
      FOREIGN_PYTHON("meshio, numpy, sys", "numpy.save(sys.argv[2], meshio.read(sys.argv[1]).points)", ".npy"), NULL,
      false}},
    {"ply\r\nformat ",
     {"a PLY file",
      FOREIGN_PYTHON("meshio, numpy, sys", "numpy.save(sys.argv[2], meshio.read(sys.argv[1]).points)", ".npy"), NULL,
      false}},
};

const foreign_format *foreign_text(const unsigned char *head, size_t n_head)
{
  rest_of_text text = {(const char *)head, (const char *)head + n_head};
  if (begins_with(text, "\xef\xbb\xbf")) text.next += 3;
  text = without_blanks(text, " \t\r\n");
  if (text.next == text.end) return NULL;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    if (begins_with(text, texts[i].begin)) return &texts[i].format;
  }
  if (is_arff(text)) return &arff;
  if (is_printed_array(text)) return &printed_array;
  if (is_octave_array(text)) return &octave_array;
  if (is_ipac(text)) return &ipac;
  if (is_sql(text)) return &sql;
  if (begins_with(text, "<?xml") || begins_with(text, "<VOTABLE"))
    return memmem(text.next, (size_t)(text.end - text.next), "<VOTABLE", 8) != NULL ? &votable : &xml;
  if ((*text.next == '{' || *text.next == '[') && is_json(text)) return is_json_lines(text) ? &json_lines : &json;
  return is_libsvm(text) ? &libsvm : NULL;
}

/* --- archives --- */

/* The list of an archive's files is at its end. */
enum { TAIL_BYTES = 1 << 16 };

static const struct {
  const char *name; /* of a file in it, or a part of it */
  foreign_format format;
} archives[] = {
    {"xl/workbook", {"an Excel workbook", FOREIGN_PANDAS("read_excel(sys.argv[1])"), NULL, false}},
    {"xl/worksheets", {"an Excel workbook", FOREIGN_PANDAS("read_excel(sys.argv[1])"), NULL, false}},
    {"word/", {"a Word document", NULL, "save its table as CSV", false}},
    {"content.xml", {"an OpenDocument file", "libreoffice --headless --convert-to csv {}", NULL, false}},
    {".npy",
     {"NumPy's archive (.npz)",
      FOREIGN_PYTHON("numpy, sys", "f = numpy.load(sys.argv[1]); numpy.save(sys.argv[2], f[f.files[0]])", ".npy"),
      "take the first array of it", false}},
    {"data.pkl",
     {"a PyTorch file",
      FOREIGN_PYTHON("numpy, sys, torch", "numpy.save(sys.argv[2], torch.load(sys.argv[1]).numpy())", ".npy"), NULL,
      false}},
    {".zarray",
     {"a Zarr array in a ZIP archive",
      FOREIGN_PYTHON("numpy, sys, zarr", "numpy.save(sys.argv[2], zarr.open(sys.argv[1], mode='r')[:])", ".npy"), NULL,
      false}},
};
static const foreign_format any_archive = {"a ZIP archive", "unzip -p {} | gmmpi fit - -k K",
                                           "unpack it, or, if there is one file in it, give that through a pipe",
                                           false};

const foreign_format *foreign_archive(const foreign_file *file)
{
  const foreign_format *format = &any_archive;
  const int64_t n = file->n_bytes < TAIL_BYTES ? file->n_bytes : TAIL_BYTES;
  char *tail = malloc(TAIL_BYTES);
  const ssize_t n_tail = tail != NULL ? pread(file->descriptor, tail, (size_t)n, (off_t)(file->n_bytes - n)) : 0;
  for (size_t i = 0; i < sizeof archives / sizeof *archives && format == &any_archive; i++) {
    const size_t length = strlen(archives[i].name);
    if (memmem(file->head, file->n_head, archives[i].name, length) != NULL ||
        (n_tail > 0 && memmem(tail, (size_t)n_tail, archives[i].name, length) != NULL))
      format = &archives[i].format;
  }
  free(tail);
  return format;
}
