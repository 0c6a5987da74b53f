/* SPDX-License-Identifier: BSD-3-Clause */
/* Cells and lines of text tables that are refused, in the middle of good ones: the first one is named, with what it
 * looks like and what to do about it, and nothing of it is sent to a terminal that cannot be seen there. */
#include "mpi/point_files.h"

enum { N_ROWS = 200 };

typedef struct refused {
  const char *text;
  const char *part; /* of the message */
} refused;

/* header, N_ROWS times row, text, and as many rows again are refused, for their line N_ROWS + 2. */
static void check_refused_text(const char *header, const char *row, const char *text, const char *part,
                               const source_word *words)
{
  char whole[2 * N_ROWS * 40];
  char place[32];
  const int before = failures;
  size_t length = (size_t)snprintf(whole, sizeof whole, "%s", header);
  for (int i = 0; i < N_ROWS; i++) length += (size_t)snprintf(whole + length, sizeof whole - length, "%s", row);
  length += (size_t)snprintf(whole + length, sizeof whole - length, "%s", text);
  for (int i = 0; i < N_ROWS; i++) length += (size_t)snprintf(whole + length, sizeof whole - length, "%s", row);
  write_bytes("bad.txt", whole, length);
  const source_options options = {.words = words, .n_words = words != NULL ? 1 : 0};
  snprintf(place, sizeof place, "line %d", N_ROWS + 2);
  REFUSED(path_of("bad.txt"), options, GMMPI_BAD_DATA, place);
  REFUSED(path_of("bad.txt"), options, GMMPI_BAD_DATA, part);
  if (failures > before) fprintf(stderr, "in text: %s\n", text);
  remove_file("bad.txt");
}

static void cells_are_named_for_what_they_look_like(void)
{
  static const refused cells[] = {
      {"*******", ", column b: \"*******\": the number did not fit its field"},
      {"12.50*******", "the number did not fit its field"},
      {"15%", "\"15%\" is a percentage; write"},
      {"$5", "sign of a currency"},
      {"-7.50 \xE2\x82\xAC", "sign of a currency"},
      {"0x1F", "is a hexadecimal number"},
      {"-0x1p-3", "is a hexadecimal number"},
      {"2020-01-31", "is a date or a time"},
      {"31.12.2020", "is a date or a time"},
      {"1/2/1999", "is a date or a time"},
      {"2020-01-31T12:30:45Z", "is a date or a time"},
      {"2020-01-31 12:30", "is a date or a time"},
      {"12:30:45", "is a date or a time"},
      {"5-Jan-2020", "is a date or a time"},
      {"\xD9\xA3\xD9\xA4", "has digits other than 0 to 9"},
      {"\xEF\xBC\x93", "has digits other than 0 to 9"},
      {"10\xC2\xB2", "has digits other than 0 to 9"},
      {"1_000", "has underscores"},
      {"\xE2\x80\x93"
       "5",
       "has a dash where a minus sign"},
      {"(5)", "is in parentheses"},
      {"1+2j", "is a complex number"},
      {"\"(1.0,2.0)\"", "is a complex number"},
      {"[1.5", "has a bracket"},
      {"1.5];", "has a bracket"},
      {"'1.5'", "in quotes of another kind"},
      {"\xE2\x80\x9C"
       "1.5\xE2\x80\x9D",
       "in quotes of another kind"},
      {"3*1.5", "stands for several numbers"},
      {"<0.5", "is a limit and not a value"},
      {"\xE2\x89\xA5 2", "is a limit and not a value"},
      {"1.23(4)", "has its uncertainty"},
      {"1.2\xC2\xB1"
       "0.1",
       "has its uncertainty"},
      {"1/3", "is a fraction, or a date"},
      {"=A1+B1", "is a formula"},
      {"9.982-200.123", "fields of fixed width that touch"},
      {"5 # good", "a comment must stand on a line of its own"},
      {"5 kg", "has text behind its number"},
      {"1.5\xC2\xB0"
       "C",
       "has text behind its number"},
      {"Total", "is the word for a sum"},
      {"b", "is the name of the column: a header again?"},
      {"unknown", "is not a number; correct the cell, or call it missing with --missing-values unknown"},
      {"n d", "with --missing-values 'n d'"},
      {"\"a,b\"", "or leave it empty if it is missing"},
      {"\"1,234\"", "\"1,234\" may be 1234 or 1.234; say --delimiter comma --decimal . for the first"},
      {"\"-12,345\"", "may be -12345 or -12.345"},
      {"\"3,5\"", "is not a number unless a comma stands before decimals; then say --delimiter comma --decimal ,"},
      {"\x1B[31mred", "\"\\x1B[31mred\" is not a number"},
      {"\x07\x08", "\"\\x07\\x08\""},
      {"y\xFF", "\"y\\xFF\""},
      {"\xE2\x80\xAE"
       "abc",
       "\"\\xE2\\x80\\xAE"
       "abc\""},
      {"caf\xC3\xA9", "\"caf\xC3\xA9\""},
      {"2.5\rx", "\"2.5\\x0Dx\" holds the end of a line"},
      {"a very long cell of text that nobody wants to read in a message to the end of it",
       "wants to read in...\" is not"},
  };
  char line[200];
  for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
    snprintf(line, sizeof line, "1,%s\n", cells[i].text);
    check_refused_text("a,b\n", "1.25,2\n", line, cells[i].part, NULL);
  }
}

static void cells_where_commas_stand_before_decimals(void)
{
  static const source_word comma = {"decimal", ","};
  check_refused_text("a;b\n", "1,25;2\n", "1.5;2\n", "has a point where a comma stands before decimals", &comma);
  check_refused_text("a;b\n", "1,25;2\n", "1,5;1,5,5\n", "is not a number; correct the cell", &comma);
}

static void lines_are_named_for_what_they_look_like(void)
{
  static const refused lines[] = {
      {"1,2,3\n", "has 3 fields where 2 are expected"},
      {"% by hand\n", "has 1 field where 2 are expected; say --comment %"},
      {"! by hand\n", "say --comment ! if the line is a comment"},
      {"// by hand\n", "name its first character with --comment"},
      {"(200 rows affected)\n", "delete the line if it is no point"},
      {"1,5,2,5\n", "write decimals with a point"},
      {"1.5,2\r1.5,2\n", "the ends of lines are of several kinds"},
      {"1,\"2\n", "a quote is not closed"},
  };
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
    check_refused_text("a,b\n", "1.25,2\n", lines[i].text, lines[i].part, NULL);
  check_refused_text("a b c d\n", "1.0 2.0 3.0 4.0\n", "9.982-200.123 3.0 4.0\n",
                     "has 3 fields where 4 are expected; fields of fixed width touch each other", NULL);
}

/* Where a column is text, that is said; else it is the cell that is wrong. */
static void columns_of_text_are_told_from_cells(void)
{
  static const source_word no_header[] = {{"header", "no"}};
  write_text("bad.txt", "a,b,c,d\n1,x,3,4\n5,y,7,8\n9,z,1,2\n");
  REFUSED(path_of("bad.txt"), any_options, GMMPI_BAD_DATA,
          "line 2, column b: \"x\" is not a number; leave a column of text out with --columns 1,3-4");
  write_text("bad.txt", ",b,c,d\n0,x,3,4\n1,y,7,8\n2,z,1,2\n");
  REFUSED(path_of("bad.txt"), any_options, GMMPI_BAD_DATA,
          "line 2, column b: \"x\" is not a number; leave a column of text out with --columns 3-4");
  write_text("bad.txt", "a,b,c,d\n1,2,3,4\n5,6,7,8\n9,z,1,2\n");
  REFUSED(path_of("bad.txt"), any_options, GMMPI_BAD_DATA, "line 4, column b: \"z\" is not a number; correct the cell");
  write_text("bad.txt", "a,b\n1,2\n3,4\n5,6\n7,8\n");
  REFUSED(path_of("bad.txt"), ((source_options){.words = no_header, .n_words = 1}), GMMPI_BAD_DATA,
          "say --header yes if the line is a header");
  write_text("bad.txt", "a,b\n1,2\n3,4\n5,6\n7");
  REFUSED(path_of("bad.txt"), any_options, GMMPI_BAD_DATA,
          "line 5 has 1 field where 2 are expected; the file ends within it");
  remove_file("bad.txt");
}

int main(int argc, char **argv)
{
  begin_tests(&argc, &argv);
  cells_are_named_for_what_they_look_like();
  cells_where_commas_stand_before_decimals();
  lines_are_named_for_what_they_look_like();
  columns_of_text_are_told_from_cells();
  return end_tests();
}
