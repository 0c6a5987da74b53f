/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines of a text file: the same ones whatever the size of a piece, and each counted once however the file is cut. */
#include "sources/csv/text_lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int open_text(const char *text, size_t n_bytes)
{
  FILE *file = tmpfile();
  assert_non_null(file);
  assert_int_equal(fwrite(text, 1, n_bytes, file), n_bytes);
  assert_int_equal(fflush(file), 0);
  const int descriptor = dup(fileno(file));
  fclose(file);
  assert_true(descriptor >= 0);
  return descriptor;
}

static const char *const texts[] = {
    "1,2\n3,4\n5,6\n",
    "1,2\n3,4\n5,6",
    "\n\n1\n\n2\n\n\n",
    "1\r\n\r\n2\r\n3\r\n",
    "a long line and\nb\n\nc",
    "\n",
    "x",
    " \t \n \r\n1 \n\t\n 2",
    "\n\n\n\n\n\n\n\n\n\n1",
    "1\n \n  \n   \n",
    "1\r",
    "longer than all the others together\n1\n2\n",
};
enum { N_TEXTS = sizeof texts / sizeof *texts };

/* Splits text by hand: the begin of the next line, and where it ends. */
static const char *split(const char *text, const char **line, size_t *length)
{
  const char *newline = strchr(text, '\n');
  const char *end = newline != NULL ? newline : text + strlen(text);
  *line = text;
  *length = (size_t)(end - text);
  if (*length > 0 && text[*length - 1] == '\r') --*length;
  return newline != NULL ? newline + 1 : end;
}

static void lines_do_not_depend_on_pieces(void **state)
{
  (void)state;
  for (int t = 0; t < N_TEXTS; t++) {
    const size_t n_bytes = strlen(texts[t]);
    const int descriptor = open_text(texts[t], n_bytes);
    for (size_t piece = 1; piece <= n_bytes + 2; piece++) {
      line_reader reader;
      gmmpi_error error = {0};
      assert_int_equal(line_reader_open(&reader, descriptor, "text", (int64_t)n_bytes, piece, &error), GMMPI_OK);
      for (int round = 0; round < 2; round++) {
        const char *rest = texts[t];
        while (*rest != '\0') {
          const char *line;
          const char *begin;
          const char *end;
          size_t length;
          assert_int_equal(line_reader_place(&reader), rest - texts[t]);
          rest = split(rest, &line, &length);
          assert_int_equal(line_reader_next(&reader, &begin, &end, &error), GMMPI_OK);
          assert_non_null(begin);
          assert_int_equal(end - begin, length);
          assert_memory_equal(begin, line, length);
          assert_true(*end == '\n' || *end == '\r');
        }
        const char *begin;
        const char *end;
        assert_int_equal(line_reader_next(&reader, &begin, &end, &error), GMMPI_OK);
        assert_null(begin);
        line_reader_seek(&reader, 0);
      }
      line_reader_close(&reader);
    }
    close(descriptor);
  }
}

static void seeking_goes_anywhere(void **state)
{
  (void)state;
  static const char text[] = "one\ntwo\nthree\nfour\nfive\n";
  static const int64_t begins[] = {0, 4, 8, 14, 19};
  static const char *const words[] = {"one", "two", "three", "four", "five"};
  const int descriptor = open_text(text, strlen(text));
  for (size_t piece = 1; piece < 30; piece++) {
    line_reader reader;
    assert_int_equal(line_reader_open(&reader, descriptor, "text", (int64_t)strlen(text), piece, NULL), GMMPI_OK);
    for (int i = 0; i < 60; i++) {
      const int word = i * 7 % 13 % 5;
      const char *begin;
      const char *end;
      line_reader_seek(&reader, begins[word]);
      assert_int_equal(line_reader_next(&reader, &begin, &end, NULL), GMMPI_OK);
      assert_int_equal(end - begin, strlen(words[word]));
      assert_memory_equal(begin, words[word], strlen(words[word]));
    }
    line_reader_close(&reader);
  }
  close(descriptor);
}

static void a_file_that_shrank_is_an_error(void **state)
{
  (void)state;
  const int descriptor = open_text("1\n2\n", 4);
  line_reader reader;
  gmmpi_error error = {0};
  const char *begin;
  const char *end;
  assert_int_equal(line_reader_open(&reader, descriptor, "text", 10, 64, &error), GMMPI_OK);
  assert_int_equal(line_reader_next(&reader, &begin, &end, &error), GMMPI_BAD_DATA);
  line_reader_close(&reader);
  close(descriptor);
}

/* The whole file counted line by line. */
static void count_by_hand(const char *text, char delimiter, int64_t begin, int64_t end, line_count *count)
{
  *count = (line_count){.first_offset = end};
  for (const char *rest = text; *rest != '\0';) {
    const char *line;
    size_t length;
    rest = split(rest, &line, &length);
    const int64_t offset = line - text;
    if (offset < begin || offset >= end) continue;
    const size_t blanks = strspn(line, delimiter == '\t' ? " \r" : " \t\r");
    if (count->n_lines++ == 0) count->first_offset = offset;
    if (blanks < length) count->n_rows++;
  }
}

static void every_range_counts_its_own_lines(void **state)
{
  (void)state;
  for (int t = 0; t < N_TEXTS; t++) {
    const int64_t n_bytes = (int64_t)strlen(texts[t]);
    const int descriptor = open_text(texts[t], (size_t)n_bytes);
    for (int64_t begin = 0; begin <= n_bytes; begin++) {
      for (int64_t end = begin; end <= n_bytes; end++) {
        for (size_t piece = 1; piece < 12; piece++) {
          const char delimiter = piece % 2 == 0 ? '\t' : ',';
          line_count expected;
          line_count count;
          gmmpi_error error = {0};
          count_by_hand(texts[t], delimiter, begin, end, &expected);
          assert_int_equal(count_lines(descriptor, "text", n_bytes, 0, begin, end, delimiter, piece, &count, &error),
                           GMMPI_OK);
          assert_int_equal(count.n_lines, expected.n_lines);
          assert_int_equal(count.n_rows, expected.n_rows);
          assert_int_equal(count.first_offset, expected.first_offset);
        }
      }
    }
    close(descriptor);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lines_do_not_depend_on_pieces),
      cmocka_unit_test(seeking_goes_anywhere),
      cmocka_unit_test(a_file_that_shrank_is_an_error),
      cmocka_unit_test(every_range_counts_its_own_lines),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
