/* SPDX-License-Identifier: BSD-3-Clause */
/* Text tables: the same numbers from every way of writing them, wherever byte ranges cut the file; what is refused, and
 * the line that the message names. */
#include "mpi/point_files.h"

#include <sys/stat.h>

static const double three_rows[] = {1.5, -2, 3e10, 4, NAN, 0.1, -0.0, 12345678901234567.0, 1e-320};

static const source_word no_header[] = {{"header", "no"}};
static const source_word a_header[] = {{"header", "yes"}};
static const source_word by_bars[] = {{"delimiter", "|"}};
static const source_word by_colons[] = {{"header", NULL}, {"delimiter", ":"}};
static const source_word by_tabs[] = {{"delimiter", "tab"}};

static void every_way_of_writing(void)
{
  static const struct {
    const char *text;
    source_options options;
  } given[] = {
      {"1.5,-2,3e10\n4,,.1\n-0,12345678901234567,1e-320\n", {0}},
      {"1.5,-2,3e10\n4,NA,.1\n-0,12345678901234567,1e-320", {0}},
      {"a,b,c\n1.5,-2,3e10\n4,nan,.1\n-0,12345678901234567,1e-320\n", {0}},
      {"a,b,c\r\n1.5,-2,3e10\r\n4,N/A,.1\r\n-0,12345678901234567,1e-320\r\n", {0}},
      {"a,b,c\r\n1.5,-2,3e10\r\n4,?,.1\r\n-0,12345678901234567,1e-320", {0}},
      {"\xef\xbb\xbf"
       "a,b,c\n1.5,-2,3e10\n4,null,.1\n-0,12345678901234567,1e-320\n",
       {0}},
      {"\xef\xbb\xbf"
       "1.5,-2,3e10\n4,none,.1\n-0,12345678901234567,1e-320\n",
       {0}},
      {"\n\n \na,b,c\n\n1.5,-2,3e10\n\r\n4,,.1\n  \t\n-0,12345678901234567,1e-320\n\n\n", {0}},
      {"a;b;c\n1.5;-2;3e10\n4;;.1\n-0;12345678901234567;1e-320\n", {0}},
      {"a\tb\tc\n1.5\t-2\t3e10\n4\t\t.1\n-0\t12345678901234567\t1e-320\n", {0}},
      {"a b c\n1.5 -2 3e10\n4 NA .1\n-0 12345678901234567 1e-320\n", {0}},
      {"  a\tb   c  \n 1.5 \t -2  3e10  \n4 NA .1\n\t-0 12345678901234567 1e-320", {0}},
      {"# a b c\n1.5e+00 -2.0e+00 3.0e+10\n4 nan .1\n-0 12345678901234567 1e-320\n", {0}},
      {"#a,b,c\n1.5,-2,3e10\n4,,.1\n-0,12345678901234567,1e-320\n", {0}},
      {"# made on a Monday, by hand\n# a,b,c\n1.5,-2,3e10\n4,,.1\n-0,12345678901234567,1e-320\n", {0}},
      {"# made on a Monday\n1.5,-2,3e10\n4,,.1\n-0,12345678901234567,1e-320\n", {0}},
      {"# made on a Monday\n1.5,-2,3e10\n4,,.1\n-0,12345678901234567,1e-320\n", {.words = no_header, .n_words = 1}},
      {"\"a\",\"b, and more\",\"c \"\"quoted\"\"\"\n\"1.5\",\"-2\",\"3e10\"\n\"4\",\"\",\".1\"\n\"-0\","
       "\"12345678901234567\",\"1e-320\"\n",
       {0}},
      {"a, b, c\n1.5 , -2, 3e10\n4, ,.1\n-0 , \"12345678901234567\" ,1e-320\n", {0}},
      {"1,2,3\n1.5,-2,3e10\n4,,.1\n-0,12345678901234567,1e-320\n", {.words = a_header, .n_words = 1}},
      {"1.5|-2|3e10\n4||.1\n-0|12345678901234567|1e-320\n", {.words = by_bars, .n_words = 1}},
      {"a b|c d|e f\n1.5|-2|3e10\n4||.1\n-0|12345678901234567|1e-320\n", {.words = by_bars, .n_words = 1}},
      {"a:b:c\n1.5:-2:3e10\n4::.1\n-0:12345678901234567:1e-320\n", {.words = by_colons, .n_words = 2}},
      {"1.5\t-2\t3e10\n4\t\t.1\n-0\t12345678901234567\t1e-320\n", {.words = by_tabs, .n_words = 1}},
      {"who,a,b,c\nAnn,1.5,-2,3e10\n\"Bob, jr.\",4,,.1\nEve,-0,12345678901234567,1e-320\n", {.columns = "a,b,c"}},
      {"a,who,b,c\n1.5,x,-2,3e10\n4,\"y \"\"z\"\"\",,.1\n-0,,12345678901234567,1e-320\n", {.columns = "1,3-4"}},
      {"c,a,b,who\n3e10,1.5,-2,a b\n.1,4,,5\n1e-320,-0,12345678901234567,\n", {.columns = "a,b,c"}},
      {"a,b,c\n1.5,-2,3e10\n4,NULL,.1\n-0,12345678901234567,1e-320\n", {.columns = "1-3"}},
  };
  for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
    const int before = failures;
    write_text("way.csv", given[i].text);
    POINTS_ARE(path_of("way.csv"), given[i].options, 3, 3, three_rows);
    if (failures > before) fprintf(stderr, "in way %zu: %s\n", i, given[i].text);
  }
  remove_file("way.csv");
}

static void one_column(void)
{
  static const double numbers[] = {1, 2.5, -3};
  write_text("one.csv", "1\n2.5\n-3\n");
  POINTS_ARE(path_of("one.csv"), any_options, 3, 1, numbers);
  write_text("one.csv", "annual income\n1\n2.5\n-3");
  POINTS_ARE(path_of("one.csv"), any_options, 3, 1, numbers);
  write_text("one.csv", "\"annual, income\"\n1\n2.5\n-3");
  POINTS_ARE(path_of("one.csv"), any_options, 3, 1, numbers);
  write_text("one.csv", "7");
  static const double seven = 7;
  POINTS_ARE(path_of("one.csv"), any_options, 1, 1, &seven);
  write_text("one.csv", "inf,-Infinity\n");
  static const double infinities[] = {INFINITY, -INFINITY};
  POINTS_ARE(path_of("one.csv"), any_options, 1, 2, infinities);
  remove_file("one.csv");
}

static void names_and_places(void)
{
  point_source *source = NULL;
  gmmpi_error error = {0};
  double rows[6];
  write_text("names.csv", "\n\"a, b\",plain, \"say \"\"x\"\"\" ,\n\n1,2,3,x\n\n \n4,5,6,y\n");
  const source_options options = {.columns = "3,\"a, b\",plain"};
  if (!CHECK(source_open(MPI_COMM_WORLD, path_of("names.csv"), &options, &source, &error) == GMMPI_OK)) return;
  CHECK(source->n_columns == 4 && source->n_features == 3 && source->has_names);
  CHECK(strcmp(source->feature_names[0], "say \"x\"") == 0);
  CHECK(strcmp(source->feature_names[1], "a, b") == 0);
  CHECK(strcmp(source->feature_names[2], "plain") == 0);
  CHECK(strcmp(source->kind->name, "CSV") == 0 && strcmp(source->place_word, "line") == 0 && source->inside == NULL);
  CHECK(source_read(source, 0, 2, rows, &error) == GMMPI_OK);
  CHECK(rows[0] == 3 && rows[1] == 1 && rows[5] == 5);
  CHECK(source_place(source, 0) == 4);
  CHECK(source_place(source, 1) == 7);
  CHECK(source_read(source, 1, 1, rows, &error) == GMMPI_OK);
  CHECK(source_place(source, 1) == 7);
  CHECK(source_read(source, 1, 2, rows, &error) == GMMPI_INTERNAL);
  source_close(source);
  remove_file("names.csv");
}

/* Rows of very different length, blank lines among them, and in front a header whose length shifts every cut. */
static void cuts_anywhere(void)
{
  enum { N_ROWS = 120, N_FEATURES = 2 };
  double expected[N_ROWS * N_FEATURES];
  char *text = malloc(1 << 20);
  for (int shift = 1; shift <= 40; shift++) {
    int length = 0;
    for (int i = 0; i < shift; i++) text[length++] = 'h';
    length += sprintf(text + length, ",b\n");
    for (int i = 0; i < N_ROWS; i++) {
      const int zeros = i % 17 == 3 ? 300 : i % 7;
      expected[i * N_FEATURES] = i;
      expected[i * N_FEATURES + 1] = -i * 0.25;
      length += sprintf(text + length, "%d,%.*f%s%s", i, 2 + zeros, -i * 0.25, i % 3 == 0 ? "\r\n" : "\n",
                        i % 5 == 0 ? "\n \n" : "");
    }
    write_bytes("cut.csv", text, (size_t)length);
    POINTS_ARE(path_of("cut.csv"), any_options, N_ROWS, N_FEATURES, expected);
  }
  free(text);
  remove_file("cut.csv");
}

/* Lines longer than what is read at once, and than a rank's range. */
static void very_long_lines(void)
{
  enum { N_COLUMNS = 1000000 };
  char *text = malloc(6 * N_COLUMNS * 2 + 100);
  size_t length = 0;
  for (int row = 0; row < 2; row++) {
    for (int i = 0; i < N_COLUMNS; i++) {
      memcpy(text + length, i == N_COLUMNS - 1 ? "2.75\n" : row == 0 ? "1.25," : "0.50,", 5);
      length += 5;
    }
  }
  static const double expected[] = {2.75, 1.25, 2.75, 0.5};
  write_bytes("long.csv", text, length);
  POINTS_ARE(path_of("long.csv"), (source_options){.columns = "1000000,1"}, 2, 2, expected);
  text[length - 4] = ',';
  write_bytes("long.csv", text, length);
  REFUSED(path_of("long.csv"), (source_options){.columns = "1"}, GMMPI_BAD_DATA,
          "line 2 has 1000001 fields where 1000000 are expected");
  free(text);
  remove_file("long.csv");
}

static void files_that_are_none(void)
{
  REFUSED(path_of("nothing.csv"), any_options, GMMPI_NO_INPUT, "nothing.csv: cannot be read (No such file");
  REFUSED(path_of("nothing.h5:/points"), any_options, GMMPI_NO_INPUT, "cannot be read");
  REFUSED(folder, any_options, GMMPI_NO_INPUT, "is a folder");
  REFUSED("/dev/null", any_options, GMMPI_NO_INPUT, "not an ordinary file");
  REFUSED("", any_options, GMMPI_NO_INPUT, "cannot be read");
  write_text("x.csv", "");
  REFUSED(path_of("x.csv"), any_options, GMMPI_BAD_DATA, "x.csv: is empty");
  write_text("x.csv", "1,2\n");
  REFUSED(path_of("x.csv:/points"), any_options, GMMPI_BAD_DATA, "no data sets inside");
  write_text("x.csv", "PK\3\4 and so on");
  REFUSED(path_of("x.csv"), any_options, GMMPI_BAD_DATA, "ZIP");
  write_text("x.csv", "\x1f\x8b\x08 and so on");
  REFUSED(path_of("x.csv"), any_options, GMMPI_BAD_DATA, "compressed");
  write_bytes("x.csv",
              "\xff\xfe"
              "1\0,\0002\0\n",
              10);
  REFUSED(path_of("x.csv"), any_options, GMMPI_BAD_DATA, "UTF-16");
  write_bytes("x.csv", "1,2\n\0\0\0", 7);
  REFUSED(path_of("x.csv"), any_options, GMMPI_BAD_DATA, "is none of CSV, ");
  if (geteuid() != 0) {
    if (rank == 0) chmod(path_of("x.csv"), 0);
    MPI_Barrier(MPI_COMM_WORLD);
    REFUSED(path_of("x.csv"), any_options, GMMPI_NO_INPUT, "Permission denied");
  }
  remove_file("x.csv");
}

/* A name that holds ":/" is a file's name when there is such a file. */
static void a_whole_name_wins(void)
{
  static const double expected[] = {1, 2};
  if (rank == 0) {
    mkdir(path_of("odd:"), 0777);
    mkdir(path_of("odd:/more:"), 0777);
  }
  write_text("odd:/more:/x.csv", "1,2\n");
  POINTS_ARE(path_of("odd:/more:/x.csv"), any_options, 1, 2, expected);
  REFUSED(path_of("odd:/more:/x.csv:/a"), any_options, GMMPI_BAD_DATA, "x.csv: is a CSV file");
  remove_file("odd:/more:/x.csv");
  if (rank == 0) {
    rmdir(path_of("odd:/more:"));
    rmdir(path_of("odd:"));
  }
}

static void contents_that_are_refused(void)
{
  static const source_word by_fives[] = {{"delimiter", "5"}};
  static const source_word by_dashes[] = {{"delimiter", "-"}};
  static const source_word by_semicolons[] = {{"delimiter", ";"}};
  static const source_word perhaps[] = {{"header", "maybe"}};
  static const source_word points[] = {{"decimal", "."}};
  static const source_word of_no_kind[] = {{"header", "no"}, {"colour", "red"}};
  static const struct {
    const char *text;
    const char *part;
    source_options options;
    gmmpi_status status;
  } given[] = {
      {"a,b\n", "header but no rows", {0}, GMMPI_BAD_DATA},
      {"a,b\n\n \n", "header but no rows", {0}, GMMPI_BAD_DATA},
      {"1,2\n", "header but no rows", {.words = a_header, .n_words = 1}, GMMPI_BAD_DATA},
      {"\n\r\n  \n", "blank lines", {0}, GMMPI_BAD_DATA},
      {"# nothing\n", "no rows", {0}, GMMPI_BAD_DATA},
      {"# nothing\n", "no rows", {.words = no_header, .n_words = 1}, GMMPI_BAD_DATA},
      {"a,b\n1,2\n\n3\n5,6\n", "line 4 has 1 field where 2 are expected", {0}, GMMPI_BAD_DATA},
      {"a,b\n1,2\n3,4,5\n6,7,8\n", "line 3 has 3 fields where 2 are expected", {0}, GMMPI_BAD_DATA},
      {"1,2\n3,x,5\n", "line 2 has 3 fields where 2 are expected", {0}, GMMPI_BAD_DATA},
      {"1 2 3\n4 5\n6 7 8\n", "line 2 has 2 fields where 3 are expected", {0}, GMMPI_BAD_DATA},
      {"1;2\n3\n", "line 2 has 1 field where 2 are expected", {0}, GMMPI_BAD_DATA},
      {"x\n1,2\n", "line 2 has 2 fields where 1 is expected", {0}, GMMPI_BAD_DATA},
      {"a,b\n1,2\n3,\n,\n,,\n", "line 5 has 3 fields where 2 are expected", {0}, GMMPI_BAD_DATA},
      {"a,b\n1,2\n3,abc\n4,def\n", "line 3, column b: \"abc\" is not a number", {0}, GMMPI_BAD_DATA},
      {"a,b\n1,2\n3,abc\n", "--missing-values abc", {0}, GMMPI_BAD_DATA},
      {"1,2\n3,0x10\n", "line 2, column 2: \"0x10\" is a hexadecimal number", {0}, GMMPI_BAD_DATA},
      {"1,2\n1f5,3\n", "line 2, column 1: \"1f5\" has text behind its number", {0}, GMMPI_BAD_DATA},
      {"1,2\n3,4\n5,0x1p3", "line 3, column 2: \"0x1p3\" is a hexadecimal number", {0}, GMMPI_BAD_DATA},
      {"a,b\n1,\"2\"3\n", "line 2, column b: \"\"2\"3\" is not a number", {0}, GMMPI_BAD_DATA},
      {"a;b\n1.5;3,5\n",
       "line 2, column b: \"3,5\" is not a number unless a comma stands before decimals",
       {0},
       GMMPI_BAD_DATA},
      {"a;b\n1,5;3,5\n2,5;4,5\n",
       "line 2, column a: \"1,5\" is not a number unless a comma stands before",
       {.words = points, .n_words = 1},
       GMMPI_BAD_DATA},
      {"a,b\nx,y\n", "line 1, column 1: \"a\" is not a number", {.words = no_header, .n_words = 1}, GMMPI_BAD_DATA},
      {"a,b\n1,\"2\n3\",4\n", "line 2: a quote is not closed", {0}, GMMPI_BAD_DATA},
      {"a,b\n1,\"2\n3\",4\n", "line 2: a quote is not closed", {.columns = "a"}, GMMPI_BAD_DATA},
      {"a,\"b\nc\"\n1,2\n", "line 1: a quote is not closed", {0}, GMMPI_BAD_DATA},
      {"a,b\n1,2\n", "no column \"c\"", {.columns = "c"}, GMMPI_BAD_DATA},
      {"1,2\n", "--delimiter: \"5\"", {.words = by_fives, .n_words = 1}, GMMPI_WRONG_USAGE},
      {"1,2\n", "--delimiter: \"-\"", {.words = by_dashes, .n_words = 1}, GMMPI_WRONG_USAGE},
      {"1,2\n",
       "--header: \"maybe\" is unknown; give auto, yes or no",
       {.words = perhaps, .n_words = 1},
       GMMPI_WRONG_USAGE},
      {"1,2\n", "--colour: no kind of file", {.words = of_no_kind, .n_words = 2}, GMMPI_WRONG_USAGE},
  };
  for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
    const int before = failures;
    write_text("bad.csv", given[i].text);
    REFUSED(path_of("bad.csv"), given[i].options, given[i].status, given[i].part);
    if (failures > before) fprintf(stderr, "in text %zu: %s\n", i, given[i].text);
  }
  write_text("bad.csv", "a,b\n1,2\n");
  REFUSED(path_of("bad.csv"), ((source_options){.columns = "a", .words = by_semicolons, .n_words = 1}), GMMPI_BAD_DATA,
          "no column \"a\" (--columns); its columns are a,b");
  remove_file("bad.csv");
}

/* Files that are opened only when they are read, as the user said, though what was said is gone. */
static void parts_remember(void)
{
  char columns[] = "2,1";
  char delimiter[] = "|";
  char header[] = "no";
  source_word words[] = {{"delimiter", delimiter}, {"header", header}};
  const source_options options = {.columns = columns, .words = words, .n_words = 2};
  point_source *source = NULL;
  gmmpi_error error = {0};
  double rows[6];
  write_text("part-1.csv", "1|2\n3|4\n");
  write_text("part-2.csv", "5|6\n");
  if (CHECK(source_open(MPI_COMM_WORLD, path_of("part-?.csv"), &options, &source, &error) == GMMPI_OK)) {
    memset(columns, '#', sizeof columns);
    memset(delimiter, '#', sizeof delimiter);
    memset(header, '#', sizeof header);
    memset(words, 0, sizeof words);
    CHECK(source->n_rows == 3 && source->n_features == 2);
    CHECK(source_read(source, 0, 3, rows, &error) == GMMPI_OK);
    for (int i = 0; i < 3; i++) CHECK(rows[2 * i] == 2 * i + 2 && rows[2 * i + 1] == 2 * i + 1);
  }
  source_close(source);
  remove_file("part-1.csv");
  remove_file("part-2.csv");
}

int main(int argc, char **argv)
{
  begin_tests(&argc, &argv);
  every_way_of_writing();
  one_column();
  names_and_places();
  cuts_anywhere();
  very_long_lines();
  files_that_are_none();
  a_whole_name_wins();
  contents_that_are_refused();
  parts_remember();
  return end_tests();
}
