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
    "# one\n1,2\n#\n  # two\n3,4\n\t#three\n5#6\n \t \r\n#",
    "#N/A,1\n#DIV/0!\t2\n#DIV/0! and more\n#NAME,x\n  #REF!\r\n#n/a   ,3\n#N/A N/A,1\n#NV",
    "1,2\r\r\n3\r4\n\r\r\n",
    "1\r2\r\r# x\r 3\r#N/A\r4",
};
enum { N_TEXTS = sizeof texts / sizeof *texts };

static char line_end_of(const char *text)
{
  return strchr(text, '\n') == NULL && strchr(text, '\r') != NULL ? '\r' : '\n';
}

/* Splits text by hand: the begin of the next line, and where it ends. */
static const char *split(const char *text, char line_end, const char **line, size_t *length)
{
  const char *newline = strchr(text, line_end);
  const char *end = newline != NULL ? newline : text + strlen(text);
  *line = text;
  *length = (size_t)(end - text);
  while (line_end == '\n' && *length > 0 && text[*length - 1] == '\r') --*length;
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
      reader.line_end = line_end_of(texts[t]);
      for (int round = 0; round < 2; round++) {
        const char *rest = texts[t];
        while (*rest != '\0') {
          const char *line;
          const char *begin;
          const char *end;
          size_t length;
          assert_int_equal(line_reader_place(&reader), rest - texts[t]);
          rest = split(rest, line_end_of(texts[t]), &line, &length);
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

static void the_first_piece_tells_how_lines_end(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    char line_end;
  } given[] = {{"1\r2\r3", '\r'}, {"1\n2\n", '\n'}, {"1\r\n2\r\n", '\n'}, {"1\r2\n", '\n'}, {"12", '\n'}};
  for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
    const int descriptor = open_text(given[i].text, strlen(given[i].text));
    line_reader reader;
    const char *begin;
    const char *end;
    assert_int_equal(line_reader_open(&reader, descriptor, "text", (int64_t)strlen(given[i].text), 64, NULL), GMMPI_OK);
    assert_int_equal(line_reader_find_line_end(&reader, NULL), GMMPI_OK);
    assert_int_equal(reader.line_end, given[i].line_end);
    assert_int_equal(line_reader_place(&reader), 0);
    assert_int_equal(line_reader_next(&reader, &begin, &end, NULL), GMMPI_OK);
    assert_int_equal(*begin, '1');
    line_reader_close(&reader);
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

/* Cells that stand at the beginning of rows of the texts, with the delimiter behind them or nothing; others that begin
 * so are comments. */
static bool begins_with_error(const char *line, size_t length, char delimiter)
{
  static const char *const rows[] = {"#N/A,1", "#REF!", "#n/a   ,3", "#N/A N/A,1", "#NV", "#N/A"};
  static const char *const rows_of_tabs[] = {"#DIV/0!\t2", "#REF!", "#NV", "#N/A"};
  const char *const *known = delimiter == '\t' ? rows_of_tabs : rows;
  const size_t n_known = delimiter == '\t' ? 4 : 6;
  for (size_t i = 0; i < n_known; i++) {
    if (strlen(known[i]) == length && memcmp(known[i], line, length) == 0) return true;
  }
  return false;
}

/* The whole file counted line by line. */
static void count_by_hand(const char *text, const line_rules *rules, int64_t begin, int64_t end, line_count *count)
{
  *count = (line_count){.first_offset = end};
  for (const char *rest = text; *rest != '\0';) {
    const char *line;
    size_t length;
    rest = split(rest, rules->line_end, &line, &length);
    const int64_t offset = line - text;
    if (offset < begin || offset >= end) continue;
    if (count->n_lines++ == 0) count->first_offset = offset;
    for (; length > 0 && strchr(rules->delimiter == '\t' ? " \r" : " \t\r", *line) != NULL; length--) line++;
    const bool is_comment = rules->comment != '\0' && length > 0 && *line == rules->comment &&
                            !begins_with_error(line, length, rules->delimiter);
    if (length > 0 && !is_comment) count->n_rows++;
  }
}

/* What a reader takes for rows, one line after the other. */
static int64_t rows_read(int descriptor, int64_t n_bytes, size_t piece, const line_rules *rules)
{
  line_reader reader;
  int64_t n_rows = 0;
  assert_int_equal(line_reader_open(&reader, descriptor, "text", n_bytes, piece, NULL), GMMPI_OK);
  reader.line_end = rules->line_end;
  for (;;) {
    const char *begin;
    const char *end;
    assert_int_equal(line_reader_next(&reader, &begin, &end, NULL), GMMPI_OK);
    if (begin == NULL) break;
    if (is_row(begin, end, rules)) n_rows++;
  }
  line_reader_close(&reader);
  return n_rows;
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
          const line_rules rules = {.delimiter = piece % 2 == 0 ? '\t' : ',',
                                    .comment = (char)(piece % 3 == 0 ? '\0' : '#'),
                                    .line_end = line_end_of(texts[t])};
          line_count expected;
          line_count count;
          gmmpi_error error = {0};
          count_by_hand(texts[t], &rules, begin, end, &expected);
          assert_int_equal(count_lines(descriptor, "text", n_bytes, 0, begin, end, &rules, piece, &count, &error),
                           GMMPI_OK);
          assert_int_equal(count.n_lines, expected.n_lines);
          assert_int_equal(count.n_rows, expected.n_rows);
          if (begin == 0 && end == n_bytes)
            assert_int_equal(rows_read(descriptor, n_bytes, piece, &rules), count.n_rows);
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
      cmocka_unit_test(the_first_piece_tells_how_lines_end),
      cmocka_unit_test(seeking_goes_anywhere),
      cmocka_unit_test(a_file_that_shrank_is_an_error),
      cmocka_unit_test(every_range_counts_its_own_lines),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
