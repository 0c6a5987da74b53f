/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/foreign.h"

#include "sources/pipe.h"
#include "support/error.h"

#include <dirent.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* --- formats by their first bytes --- */

typedef struct marked_format {
  const char *mark;
  size_t n_mark;
  size_t offset;
  bool has_zeros; /* the mark could stand in a text, too: there is a zero byte among the first ones */
  foreign_format format;
} marked_format;

#define MARK(bytes) (bytes), sizeof(bytes) - 1
#define STATA(version)                                                                                                 \
  {MARK(version "\2\1\0"), 0, true, {"a Stata file", FOREIGN_PANDAS("read_stata(sys.argv[1])"), NULL, false}},         \
  {                                                                                                                    \
    MARK(version "\1\1\0"), 0, true,                                                                                   \
    {                                                                                                                  \
      "a Stata file", FOREIGN_PANDAS("read_stata(sys.argv[1])"), NULL, false                                           \
    }                                                                                                                  \
  }
#define FEATHER                                                                                                        \
  {                                                                                                                    \
    "an Arrow (Feather) file", FOREIGN_PANDAS("read_feather(sys.argv[1])"), NULL, false                                \
  }
#define NETCDF                                                                                                         \
  {                                                                                                                    \
    "a netCDF file of the classic format", "nccopy -k nc4 {} {.nc4}", NULL, false                                      \
  }
#define R_OBJECT                                                                                                       \
  {                                                                                                                    \
    "an R object (RDS)",                                                                                               \
        "Rscript -e 'a <- commandArgs(TRUE); write.csv(readRDS(a[1]), a[2], row.names = FALSE)' {} "                   \
        "{.csv}",                                                                                                      \
        NULL, true                                                                                                     \
  }
#define R_DATA                                                                                                         \
  {                                                                                                                    \
    "R data (RData)",                                                                                                  \
        "Rscript -e 'a <- commandArgs(TRUE); write.csv(get(load(a[1])[1]), a[2], row.names = FALSE)' {} {.csv}", NULL, \
        true                                                                                                           \
  }
#define PICKLE                                                                                                         \
  {                                                                                                                    \
    "a Python pickle",                                                                                                 \
        FOREIGN_PYTHON("pandas, pickle, sys",                                                                          \
                       "pandas.DataFrame(pickle.load(open(sys.argv[1], 'rb'))).to_csv(sys.argv[2], index=False)",      \
                       ".csv"),                                                                                        \
        NULL, false                                                                                                    \
  }
#define PICTURE(name)                                                                                                  \
  {                                                                                                                    \
    "a picture (" name ")", NULL, "write its pixels as rows of numbers, e.g. with numpy.save", false                   \
  }
#define TIFF PICTURE("TIFF")
#define PACKED(how, command)                                                                                           \
  {                                                                                                                    \
    "compressed with " how, command, "unpack it", false                                                                \
  }
#define UTF16(order)                                                                                                   \
  {                                                                                                                    \
    "text in UTF-16", "iconv -f UTF-16" order " -t UTF-8 {} > {.txt}", NULL, false                                     \
  }
#define UTF32                                                                                                          \
  {                                                                                                                    \
    "text in UTF-32", "iconv -f UTF-32 -t UTF-8 {} > {.txt}", NULL, false                                              \
  }

static const marked_format formats[] = {
    {MARK("PAR1"), 0, true, {"a Parquet file", FOREIGN_PANDAS("read_parquet(sys.argv[1])"), NULL, false}},
    {MARK("ARROW1\0\0"), 0, false, FEATHER},
    {MARK("FEA1"), 0, true, FEATHER},
    {MARK("ORC"), 0, true, {"an ORC file", FOREIGN_PANDAS("read_orc(sys.argv[1])"), NULL, false}},
    {MARK("Obj\1"),
     0,
     false,
     {"an Avro file",
      FOREIGN_PYTHON("fastavro, pandas, sys",
                     "pandas.DataFrame(fastavro.reader(open(sys.argv[1], 'rb'))).to_csv(sys.argv[2], index=False)",
                     ".csv"),
      NULL, false}},
    {MARK("CDF\1"), 0, false, NETCDF},
    {MARK("CDF\2"), 0, false, NETCDF},
    {MARK("CDF\5"), 0, false, NETCDF},
    {MARK("\x0e\x03\x13\x01"),
     0,
     false,
     {"an HDF4 file",
      FOREIGN_PYTHON("numpy, pyhdf.SD, sys", "numpy.save(sys.argv[2], pyhdf.SD.SD(sys.argv[1]).select('NAME')[:])",
                     ".npy"),
      "convert the data set NAME of it", false}},
    {MARK("GRIB"), 0, true, {"a GRIB file", "grib_to_netcdf -k 3 -o {.nc} {}", NULL, false}},
    {MARK("MATLAB 5.0 MAT-file"),
     0,
     false,
     {"a MATLAB file of version 5",
      FOREIGN_PYTHON("numpy, scipy.io, sys",
                     "m = scipy.io.loadmat(sys.argv[1]); "
                     "numpy.save(sys.argv[2], max((v for k, v in m.items() if k[0] != '_'), key=lambda v:v.size))",
                     ".npy"),
      "convert its largest variable", false}},
    {MARK("Octave-1-"),
     0,
     false,
     {"a file of Octave's binary format",
      "F={} octave --eval 'x = load(getenv(\"F\")); save(\"-hdf5\", [getenv(\"F\") \".h5\"], \"-struct\", \"x\")'",
      NULL, false}},
    {MARK("X\n\0\0\0"), 0, false, R_OBJECT},
    {MARK("B\n\2\0\0\0"), 0, false, R_OBJECT},
    {MARK("B\n\3\0\0\0"), 0, false, R_OBJECT},
    {MARK("A\n2\n"), 0, false, R_OBJECT},
    {MARK("A\n3\n"), 0, false, R_OBJECT},
    {MARK("RDX2\n"), 0, false, R_DATA},
    {MARK("RDX3\n"), 0, false, R_DATA},
    {MARK("RDA2\n"), 0, false, R_DATA},
    {MARK("RDA3\n"), 0, false, R_DATA},
    {MARK("\xc2\xea\x81\x60\xb3\x14\x11\xcf\xbd\x92\x08\x00\x09\xc7\x31\x8c\x18\x1f\x10\x11"),
     12,
     false,
     {"a SAS file", FOREIGN_PANDAS("read_sas(sys.argv[1], format='sas7bdat')"), NULL, false}},
    {MARK("HEADER RECORD*******LIB"),
     0,
     false,
     {"a SAS transport file", FOREIGN_PANDAS("read_sas(sys.argv[1], format='xport')"), NULL, false}},
    {MARK("<stata_dta>"), 0, false, {"a Stata file", FOREIGN_PANDAS("read_stata(sys.argv[1])"), NULL, false}},
    STATA("\x69"),
    STATA("\x6c"),
    STATA("\x6e"),
    STATA("\x6f"),
    STATA("\x71"),
    STATA("\x72"),
    STATA("\x73"),
    {MARK("$FL2@(#)"), 0, false, {"an SPSS file", FOREIGN_PANDAS("read_spss(sys.argv[1])"), NULL, false}},
    {MARK("$FL3@(#)"), 0, false, {"an SPSS file", FOREIGN_PANDAS("read_spss(sys.argv[1])"), NULL, false}},
    {MARK("SQLite format 3"),
     0,
     false,
     {"an SQLite database", "sqlite3 -header -csv {} 'SELECT * FROM NAME' > {.csv}", "write the table NAME of it",
      false}},
    {MARK("root"),
     0,
     true,
     {"a ROOT file",
      FOREIGN_PYTHON("sys, uproot",
                     "uproot.open(sys.argv[1])['TREE'].arrays(library='pd').to_csv(sys.argv[2], index=False)", ".csv"),
      "write a tree of it", false}},
    {MARK("LASF"),
     0,
     true,
     {"a point cloud (LAS)",
      FOREIGN_PYTHON("laspy, numpy, sys", "numpy.save(sys.argv[2], laspy.read(sys.argv[1]).xyz)", ".npy"), NULL,
      false}},
    {MARK("\0\0\x27\x0a"), 0, false, {"a shapefile", "ogr2ogr -f CSV {.csv} {} -lco GEOMETRY=AS_XY", NULL, false}},
    {MARK("n+1\0"),
     344,
     false,
     {"a NIfTI image",
      FOREIGN_PYTHON("nibabel, numpy, sys",
                     "numpy.save(sys.argv[2], nibabel.load(sys.argv[1]).get_fdata().reshape(-1, 1))", ".npy"),
      NULL, true}},
    {MARK("WAVEfmt "),
     8,
     false,
     {"a sound file (WAV)",
      FOREIGN_PYTHON("numpy, scipy.io.wavfile, sys", "numpy.save(sys.argv[2], scipy.io.wavfile.read(sys.argv[1])[1])",
                     ".npy"),
      NULL, false}},
    {MARK("\x80\2"), 0, true, PICKLE},
    {MARK("\x80\3"), 0, false, PICKLE},
    {MARK("\x80\4\x95"), 0, false, PICKLE},
    {MARK("\x80\5\x95"), 0, false, PICKLE},
    {MARK("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
     0,
     false,
     {"a file of old Microsoft Office (.xls)", "libreoffice --headless --convert-to csv {}", NULL, false}},
    {MARK("\x89PNG\r\n"), 0, false, PICTURE("PNG")},
    {MARK("\xff\xd8\xff"), 0, false, PICTURE("JPEG")},
    {MARK("GIF8"), 0, true, PICTURE("GIF")},
    {MARK("II*\0"), 0, false, TIFF},
    {MARK("MM\0*"), 0, false, TIFF},
    {MARK("DICM"), 128, true, PICTURE("DICOM")},
    {MARK("%PDF-"), 0, false, {"a PDF document", NULL, "give the table that it shows as CSV", false}},
    {MARK("1AY&SY"), 4, false, PACKED("bzip2", "bzip2 -dc {} > {.unpacked}")},
    {MARK("\xfd\x37zXZ"), 0, false, PACKED("xz", "xz -dc {} > {.unpacked}")},
    {MARK("\x5d\0\0"), 0, false, PACKED("lzma", "xz -dc {} > {.unpacked}")},
    {MARK("\x28\xb5\x2f\xfd"), 0, false,
     PACKED("zstd, which this gmmpi was built without", "zstd -dc {} > {.unpacked}")},
    {MARK("\x04\x22\x4d\x18"), 0, false, PACKED("lz4", "lz4 -dc {} > {.unpacked}")},
    {MARK("\x1f\x9d"), 0, false, PACKED("compress", "gzip -dc {} > {.unpacked}")},
    {MARK("7z\xbc\xaf\x27\x1c"), 0, false, {"a 7z archive", "7z x {}", "unpack it", false}},
    {MARK("Rar!\x1a\7"), 0, false, {"a RAR archive", "unar {}", "unpack it", false}},
    {MARK("ustar"), 257, true, {"a tar archive", "tar -xf {}", "unpack it, and give the file in it", true}},
    {MARK("\xff\xfe\0\0"), 0, false, UTF32},
    {MARK("\0\0\xfe\xff"), 0, false, UTF32},
    {MARK("\xff\xfe"), 0, false, UTF16("")},
    {MARK("\xfe\xff"), 0, false, UTF16("")},
};

static bool has_mark(const foreign_file *file, const marked_format *known)
{
  const unsigned char *head = file->head;
  return file->n_head >= known->offset + known->n_mark &&
         memcmp(head + known->offset, known->mark, known->n_mark) == 0 &&
         (!known->has_zeros || memchr(head, '\0', file->n_head) != NULL);
}

/* R's text format begins like a column of numbers that is called A: behind its version are those of R, of which the
 * second is one of two. */
static bool is_no_column(const foreign_file *file, const marked_format *known)
{
  if (known->mark[0] != 'A' || known->mark[1] != '\n') return true;
  const size_t n = file->n_head < 40 ? file->n_head : 40;
  return memmem(file->head, n, "\n197888\n", 8) != NULL || memmem(file->head, n, "\n131840\n", 8) != NULL;
}

/* --- formats without a mark --- */

static int64_t number_of_4_bytes(const unsigned char *bytes, bool is_big)
{
  uint32_t value = 0;
  for (int i = 0; i < 4; i++) value |= (uint32_t)bytes[i] << (is_big ? 8 * (3 - i) : 8 * i);
  return value;
}

/* Version 4: five numbers and a name. The first one, in decimal, is byte order, 0, type of numbers, kind of matrix. */
static bool is_matlab_4(const foreign_file *file, bool is_big)
{
  if (file->n_head < 22) return false;
  const int64_t type = number_of_4_bytes(file->head, is_big);
  const int64_t is_complex = number_of_4_bytes(file->head + 12, is_big);
  const int64_t n_name = number_of_4_bytes(file->head + 16, is_big);
  if (type / 1000 != (is_big ? 1 : 0) || type / 100 % 10 != 0 || type / 10 % 10 > 5 || type % 10 > 2 ||
      is_complex > 1 || n_name < 2 || n_name > 64 || file->n_head < 20 + (size_t)n_name)
    return false;
  const char *name = (const char *)file->head + 20;
  return name[n_name - 1] == '\0' && strlen(name) == (size_t)n_name - 1;
}

static const foreign_format matlab_4 = {
    "a MATLAB file of version 4",
    FOREIGN_PYTHON("numpy, scipy.io, sys",
                   "m = scipy.io.loadmat(sys.argv[1]); "
                   "numpy.save(sys.argv[2], max((v for k, v in m.items() if k[0] != '_'), key=lambda v:v.size))",
                   ".npy"),
    "convert its largest variable", false};
static const foreign_format utf16_little = UTF16("LE");
static const foreign_format utf16_big = UTF16("BE");

/* Text in which every second byte is zero, and has the others in the range of ASCII. */
static bool is_wide_text(const foreign_file *file, size_t zero_at)
{
  const size_t n = file->n_head < 64 ? file->n_head & ~(size_t)1 : 64;
  for (size_t i = 0; i < n; i++) {
    const unsigned char byte = file->head[i];
    if (i % 2 == zero_at ? byte != 0 : (byte < ' ' && strchr("\t\r\n", byte) == NULL) || byte == 0 || byte > '~')
      return false;
  }
  return n >= 8;
}

static const foreign_format *find_format(const foreign_file *file)
{
  for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
    if (has_mark(file, &formats[i]) && is_no_column(file, &formats[i])) return &formats[i].format;
  }
  if (file->n_head >= 4 && memcmp(file->head, "PK\3\4", 4) == 0) return foreign_archive(file);
  if (is_matlab_4(file, false) || is_matlab_4(file, true)) return &matlab_4;
  if (is_wide_text(file, 1)) return &utf16_little;
  if (is_wide_text(file, 0)) return &utf16_big;
  return memchr(file->head, '\0', file->n_head) == NULL ? foreign_text(file->head, file->n_head) : NULL;
}

/* --- messages --- */

/* A text that is put together; cut to fit. */
typedef struct growing_text {
  char bytes[800];
  size_t n;
} growing_text;

static void add_byte(growing_text *text, char byte)
{
  if (text->n + 1 < sizeof text->bytes) text->bytes[text->n++] = byte;
  text->bytes[text->n] = '\0';
}

static void add(growing_text *text, const char *bytes, size_t n)
{
  for (size_t i = 0; i < n; i++) add_byte(text, bytes[i]);
}

/* The name of a file, path without its last n_cut bytes and with suffix, as a word of the shell. */
static void add_word(growing_text *text, const char *path, size_t n_cut, const char *suffix, size_t n_suffix)
{
  static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+,:@%=";
  const size_t n = strlen(path) - n_cut;
  const bool is_plain = strspn(path, plain) >= n;
  if (path[0] == '-') add(text, "./", 2);
  if (!is_plain) add_byte(text, '\'');
  for (size_t i = 0; i < n; i++) {
    if (path[i] == '\'')
      add(text, "'\\''", 4);
    else
      add_byte(text, path[i]);
  }
  add(text, suffix, n_suffix);
  if (!is_plain) add_byte(text, '\'');
}

/* The bytes of a suffix such as ".gz" at the end of a path; 0: it has none. */
static size_t suffix_bytes(const char *path)
{
  const char *dot = strrchr(path, '.');
  return dot != NULL && dot != path && strchr(dot, '/') == NULL ? strlen(dot) : 0;
}

static void add_command(growing_text *text, const char *command, const char *path, size_t n_cut)
{
  for (const char *next = command; *next != '\0'; next++) {
    const char *end = next[0] == '{' && (next[1] == '}' || next[1] == '.') ? strchr(next, '}') : NULL;
    if (end == NULL) {
      add_byte(text, *next);
    } else {
      add_word(text, path, n_cut, next + 1, (size_t)(end - next - 1));
      next = end;
    }
  }
}

gmmpi_status foreign_fail(const foreign_format *format, const char *path, bool is_unpacked, gmmpi_error *error)
{
  growing_text text = {.n = 0};
  const bool is_pipe = strcmp(path, pipe_standard_input) == 0;
  const bool unpack_first = is_unpacked && !format->is_packed;
  const char *advice = format->advice != NULL ? format->advice : "convert it";
  if (format->command == NULL) return fail(error, GMMPI_BAD_DATA, "%s: is %s; %s", path, format->what, advice);
  add_command(&text, format->command, is_pipe ? "FILE" : path, unpack_first && !is_pipe ? suffix_bytes(path) : 0);
  return fail(error, GMMPI_BAD_DATA, "%s: is %s%s; %s%s: %s", path, format->what, is_unpacked ? ", compressed" : "",
              unpack_first ? "unpack it, then " : "", advice, text.bytes);
}

gmmpi_status foreign_refuse(const foreign_file *file, gmmpi_error *error)
{
  const foreign_format *format = find_format(file);
  return format == NULL ? GMMPI_OK : foreign_fail(format, file->path, file->is_unpacked, error);
}

/* --- folders --- */

static bool has_file(const char *folder, const char *pattern)
{
  bool found = false;
  DIR *opened = opendir(folder);
  const struct dirent *entry;
  while (opened != NULL && !found && (entry = readdir(opened)) != NULL) found = fnmatch(pattern, entry->d_name, 0) == 0;
  if (opened != NULL) closedir(opened);
  return found;
}

static const struct {
  const char *pattern; /* of a file in it */
  foreign_format format;
} folders[] = {
    {".zarray",
     {"a Zarr array",
      FOREIGN_PYTHON("numpy, sys, zarr", "numpy.save(sys.argv[2], zarr.open(sys.argv[1], mode='r')[:])", ".npy"), NULL,
      false}},
    {".zgroup",
     {"a Zarr group", FOREIGN_PYTHON("sys, xarray", "xarray.open_zarr(sys.argv[1]).to_netcdf(sys.argv[2])", ".nc"),
      NULL, false}},
    {"zarr.json",
     {"a Zarr array or group",
      FOREIGN_PYTHON("numpy, sys, zarr", "numpy.save(sys.argv[2], zarr.open(sys.argv[1], mode='r')[:])", ".npy"),
      "convert an array", false}},
    {"*.parquet", {"a folder of Parquet files", FOREIGN_PANDAS("read_parquet(sys.argv[1])"), NULL, false}},
};

gmmpi_status foreign_refuse_folder(const char *folder, gmmpi_error *error)
{
  char name[600];
  size_t n = strlen(folder);
  while (n > 1 && folder[n - 1] == '/') n--;
  snprintf(name, sizeof name, "%.*s", (int)n, folder);
  for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
    if (has_file(folder, folders[i].pattern)) return foreign_fail(&folders[i].format, name, false, error);
  }
  return fail(error, GMMPI_NO_INPUT, "%s: is a folder; give the name of a file, or a pattern such as '%s/*.csv'",
              folder, name);
}
