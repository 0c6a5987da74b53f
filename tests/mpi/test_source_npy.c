/* SPDX-License-Identifier: BSD-3-Clause */
/* NPY files, written here byte by byte from the format's description: every type, both byte orders, both array orders,
 * and what is refused. */
#include "mpi/point_files.h"

#include <stdint.h>

/* A file as it will be: magic, version, length of the header, header, numbers. */
typedef struct npy_file {
  unsigned char bytes[4096];
  size_t length;
} npy_file;

static void append(npy_file *file, const void *bytes, size_t n_bytes)
{
  memcpy(file->bytes + file->length, bytes, n_bytes);
  file->length += n_bytes;
}

static void append_header(npy_file *file, int version, const char *dictionary)
{
  const size_t length = strlen(dictionary) + 1;
  const unsigned char size[4] = {(unsigned char)(length % 256), (unsigned char)(length / 256), 0, 0};
  file->length = 0;
  append(file, "\x93NUMPY", 6);
  append(file, (const unsigned char[]){(unsigned char)version, 0}, 2);
  append(file, size, version == 1 ? 2 : 4);
  append(file, dictionary, length - 1);
  append(file, "\n", 1);
}

/* The low n_bytes bytes of bits, lowest or highest first. */
static void append_number(npy_file *file, uint64_t bits, int n_bytes, bool is_big_endian)
{
  for (int i = 0; i < n_bytes; i++) {
    const int shift = 8 * (is_big_endian ? n_bytes - 1 - i : i);
    const unsigned char byte = (unsigned char)(bits >> shift);
    append(file, &byte, 1);
  }
}

static void write_npy(const npy_file *file)
{
  write_bytes("x.npy", file->bytes, file->length);
}

enum { N_VALUES = 6 };

/* Six numbers of each type, as bits and as doubles. */
static const struct {
  const char *name;
  int n_bytes;
  uint64_t bits[N_VALUES];
  double values[N_VALUES];
} types[] = {
    {"f2", 2, {0x3C00, 0xC000, 0x7BFF, 0x0001, 0x7E00, 0xFC00}, {1, -2, 65504, 0x1p-24, NAN, -INFINITY}},
    {"f2",
     2,
     {0x8000, 0x3555, 0x0400, 0x03FF, 0x7C00, 0x3C01},
     {-0.0, 0x1.554p-2, 0x1p-14, 0x1.ff8p-15, INFINITY, 0x1.004p0}},
    {"f4",
     4,
     {0x3F800000, 0xC0000000, 0x7F7FFFFF, 0x00000001, 0x7FC00000, 0x3DCCCCCD},
     {1, -2, 0x1.fffffep127, 0x1p-149, NAN, 0x1.99999ap-4}},
    {"f8",
     8,
     {0x3FF0000000000000, 0xC000000000000000, 0x7FEFFFFFFFFFFFFF, 1, 0x7FF8000000000000, 0x3FB999999999999A},
     {1, -2, 0x1.fffffffffffffp1023, 0x1p-1074, NAN, 0.1}},
    {"i1", 1, {0, 1, 0x7F, 0x80, 0xFF, 5}, {0, 1, 127, -128, -1, 5}},
    {"i2", 2, {0, 0x0102, 0x7FFF, 0x8000, 0xFFFF, 5}, {0, 258, 32767, -32768, -1, 5}},
    {"i4", 4, {0, 0x01020304, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 5}, {0, 16909060, 0x7FFFFFFF, -0x1p31, -1, 5}},
    {"i8",
     8,
     {0, 0x0102030405060708, 0x7FFFFFFFFFFFFFFF, 0x8000000000000000, 0xFFFFFFFFFFFFFFFF, 5},
     {0, 72623859790382856.0, 0x1p63, -0x1p63, -1, 5}},
    {"u1", 1, {0, 1, 0x7F, 0x80, 0xFF, 5}, {0, 1, 127, 128, 255, 5}},
    {"u2", 2, {0, 0x0102, 0x7FFF, 0x8000, 0xFFFF, 5}, {0, 258, 32767, 32768, 65535, 5}},
    {"u4", 4, {0, 0x01020304, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 5}, {0, 16909060, 0x7FFFFFFF, 0x1p31, 0xFFFFFFFF, 5}},
    {"u8",
     8,
     {0, 0x0102030405060708, 0x7FFFFFFFFFFFFFFF, 0x8000000000000000, 0xFFFFFFFFFFFFFFFF, 5},
     {0, 72623859790382856.0, 0x1p63, 0x1p63, 0x1p64, 5}},
    {"b1", 1, {0, 1, 1, 0, 0, 1}, {0, 1, 1, 0, 0, 1}},
};

/* 3 x 2 in both orders, both byte orders and all versions. */
static void every_type(void)
{
  for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
    for (int way = 0; way < 12; way++) {
      const bool is_big_endian = way % 2 == 1;
      const bool is_fortran = way / 2 % 2 == 1;
      const int version = 1 + way / 4;
      npy_file file;
      char dictionary[200];
      const char order = types[t].n_bytes == 1 ? '|' : is_big_endian ? '>' : '<';
      snprintf(dictionary, sizeof dictionary, "{'descr': '%c%s', 'fortran_order': %s, 'shape': (3, 2), }", order,
               types[t].name, is_fortran ? "True" : "False");
      append_header(&file, version, dictionary);
      for (int i = 0; i < N_VALUES; i++) {
        const int value = is_fortran ? i % 3 * 2 + i / 3 : i;
        append_number(&file, types[t].bits[value], types[t].n_bytes, is_big_endian);
      }
      write_npy(&file);
      POINTS_ARE(path_of("x.npy"), any_options, 3, 2, types[t].values);
      const double *v = types[t].values;
      const double second[] = {v[1], v[3], v[5]};
      POINTS_ARE(path_of("x.npy"), (source_options){.columns = "2"}, 3, 1, second);
      const double swapped[] = {v[1], v[0], v[3], v[2], v[5], v[4]};
      POINTS_ARE(path_of("x.npy"), (source_options){.columns = "2,1"}, 3, 2, swapped);
    }
  }
}

static void other_ways_of_writing(void)
{
  static const double numbers[] = {1, 2, 3, 4, 5, 6};
  static const struct {
    const char *dictionary;
    int64_t n_rows;
    int64_t n_columns;
  } given[] = {
      {"{'shape':(6,),'fortran_order':False,'descr':'|u1'}", 6, 1},
      {"{'shape': (6,), 'fortran_order': True, 'descr': '|u1'}", 6, 1},
      {"{\"descr\": \"<u1\", \"fortran_order\": False, \"shape\": (2L, 3L)}        ", 2, 3},
      {"{'descr': 'u1', 'fortran_order': False, 'shape': (1, 6)}", 1, 6},
      {"  { 'descr' : '=u1' , 'fortran_order' : False , 'shape' : ( 3 , 2 ) , }", 3, 2},
  };
  for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
    npy_file file;
    append_header(&file, 1, given[i].dictionary);
    append(&file, "\1\2\3\4\5\6", 6);
    write_npy(&file);
    POINTS_ARE(path_of("x.npy"), any_options, given[i].n_rows, given[i].n_columns, numbers);
    append(&file, "more than is needed", 19);
    write_npy(&file);
    POINTS_ARE(path_of("x.npy"), any_options, given[i].n_rows, given[i].n_columns, numbers);
  }
}

/* Some megabytes, so that rows are read in several pieces: item (i, j) is i * columns + j. */
static void large_arrays(void)
{
  enum { N_ROWS = 90000, N_COLUMNS = 9 };
  for (int is_fortran = 0; is_fortran < 2; is_fortran++) {
    char header[128];
    memset(header, ' ', sizeof header);
    memcpy(header, "\x93NUMPY\1\0\x76\0", 10);
    const int length = snprintf(header + 10, 100, "{'descr': '<f8', 'fortran_order': %s, 'shape': (%d, %d)}",
                                is_fortran ? "True" : "False", N_ROWS, N_COLUMNS);
    header[10 + length] = ' ';
    double *numbers = malloc(sizeof header + sizeof *numbers * N_ROWS * N_COLUMNS);
    memcpy(numbers, header, sizeof header);
    double *items = numbers + sizeof header / sizeof *numbers;
    for (int64_t k = 0; k < N_ROWS * N_COLUMNS; k++)
      items[k] = (double)(is_fortran ? k % N_ROWS * N_COLUMNS + k / N_ROWS : k);
    write_bytes("x.npy", numbers, sizeof header + sizeof *numbers * N_ROWS * N_COLUMNS);

    point_source *source = NULL;
    gmmpi_error error = {0};
    const source_options options = {.columns = "9,2"};
    if (CHECK(source_open(MPI_COMM_WORLD, path_of("x.npy"), &options, &source, &error) == GMMPI_OK)) {
      int n_wrong = 0;
      CHECK(source_read(source, 10, N_ROWS - 10, numbers, &error) == GMMPI_OK);
      for (int64_t i = 10; i < N_ROWS; i++) {
        n_wrong += numbers[(i - 10) * 2] != (double)(i * N_COLUMNS + 8);
        n_wrong += numbers[(i - 10) * 2 + 1] != (double)(i * N_COLUMNS + 1);
      }
      CHECK(n_wrong == 0);
      CHECK(source_place(source, 17) == 18 && strcmp(source->place_word, "row") == 0 && !source->has_names);
    }
    source_close(source);
    free(numbers);
  }
}

static void what_is_refused(void)
{
  static const struct {
    const char *dictionary;
    const char *part;
  } given[] = {
      {"{'descr': '|O', 'fortran_order': False, 'shape': (3, 2)}", "save it with .astype(float)"},
      {"{'descr': '<c16', 'fortran_order': False, 'shape': (3, 2)}", "\"<c16\""},
      {"{'descr': '<f16', 'fortran_order': False, 'shape': (3, 2)}", "\"<f16\""},
      {"{'descr': '<U5', 'fortran_order': False, 'shape': (3, 2)}", "\"<U5\""},
      {"{'descr': '<M8[ns]', 'fortran_order': False, 'shape': (3, 2)}", "\"<M8[ns]\""},
      {"{'descr': '', 'fortran_order': False, 'shape': (3, 2)}", "\"\""},
      {"{'descr': '<', 'fortran_order': False, 'shape': (3, 2)}", "\"<\""},
      {"{'descr': [('a', '<f8'), ('b', '<f8', (2,))], 'fortran_order': False, 'shape': (3,)}", "too short"},
      {"{'descr': [('a', 'O')], 'fortran_order': False, 'shape': (3,)}", "save it with .astype(float)"},
      {"{'descr': [('a', '<U5')], 'fortran_order': False, 'shape': (2,)}", "none of its fields is a number (a)"},
      {"{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (2, 3)}", "records in two dimensions"},
      {"{'descr': [('a', '<f8', (4000000000,))], 'fortran_order': False, 'shape': (1,)}", "damaged"},
      {"{'descr': [('a', '<f8', (1000000,1000))], 'fortran_order': False, 'shape': (1,)}", "damaged"},
      {"{'descr': [('a', '<f8', (3))], 'fortran_order': False, 'shape': (9000000000000000,)}", "too short"},
      {"{'descr': [], 'fortran_order': False, 'shape': (3,)}", "damaged"},
      {"{'descr': [('a')], 'fortran_order': False, 'shape': (3,)}", "damaged"},
      {"{'descr': [('a', 7)], 'fortran_order': False, 'shape': (3,)}", "damaged"},
      {"{'descr': [('a', '<f8') 'b'], 'fortran_order': False, 'shape': (3,)}", "damaged"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': ()}", "0 dimensions"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2, 3)}", "3 dimensions"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (0, 2)}", "0 rows of 2 columns"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (2, 0)}", "2 rows of 0 columns"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (3, 3)}", "too short"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (4000000000, 4000000000)}", "too short"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (9223372036854775807, 2)}", "too short"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (9223372036854775808, 2)}", "damaged"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (-1, 2)}", "damaged"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2}", "damaged"},
      {"{'descr': '<f8', 'fortran_order': Maybe, 'shape': (3, 2)}", "damaged"},
      {"{'descr': '<f8', 'fortran_order': False}", "damaged"},
      {"{'descr': '<f8', 'shape': (3, 2)}", "damaged"},
      {"{'descr: '<f8', 'fortran_order': False, 'shape': (3, 2)}", "damaged"},
      {"{'descr': [('a', '<f8', 'fortran_order': False, 'shape': (3, 2)}", "damaged"},
      {"nothing of the kind", "damaged"},
      {"", "damaged"},
  };
  npy_file file;
  for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
    append_header(&file, 1, given[i].dictionary);
    for (int k = 0; k < 6; k++) append_number(&file, 0x3FF0000000000000, 8, false);
    write_npy(&file);
    REFUSED(path_of("x.npy"), any_options, GMMPI_BAD_DATA, given[i].part);
  }

  /* Every beginning of a good file. */
  append_header(&file, 2, "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2)}");
  for (int k = 0; k < 6; k++) append_number(&file, 0x3FF0000000000000, 8, false);
  const size_t whole = file.length;
  for (file.length = 6; file.length < whole; file.length += file.length < 70 ? 1 : 7) {
    write_npy(&file);
    REFUSED(path_of("x.npy"), any_options, GMMPI_BAD_DATA, "x.npy: ");
  }
  file.length = whole;
  write_npy(&file);
  REFUSED(path_of("x.npy"), (source_options){.columns = "3"}, GMMPI_BAD_DATA, "pick by number from 1 to 2");
  file.bytes[6] = 4;
  write_npy(&file);
  REFUSED(path_of("x.npy"), any_options, GMMPI_BAD_DATA, "format 4");
  file.bytes[6] = 2;
  file.bytes[11] = 0x7F;
  write_npy(&file);
  REFUSED(path_of("x.npy"), any_options, GMMPI_BAD_DATA, "damaged");
}

int main(int argc, char **argv)
{
  begin_tests(&argc, &argv);
  every_type();
  other_ways_of_writing();
  large_arrays();
  what_is_refused();
  remove_file("x.npy");
  return end_tests();
}
