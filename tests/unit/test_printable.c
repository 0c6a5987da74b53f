/* SPDX-License-Identifier: BSD-3-Clause */
/* Text of files in messages: UTF-8 that can be seen stays, all else is shown as bytes; whatever is cut, it stays UTF-8.
 */
#include "support/printable.h"

#include "support/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void what_is_seen_stays_and_all_else_is_bytes(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    const char *copy;
    const char *made;
  } given[] = {
      {"", "", ""},
      {"plain ~", "plain ~", "plain ~"},
      {"caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80", "caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80",
       "caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80"},
      {"\x1B[31m", "\\x1B[31m", "?[31m"},
      {"a\tb\nc\rd\x7F", "a\\x09b\\x0Ac\\x0Dd\\x7F", "a?b?c?d?"},
      {"\xC2\x9B"
       "x",
       "\\xC2\\x9Bx", "??x"}, /* a control of Latin-1 */
      {"\xE2\x80\xAE"
       "x",
       "\\xE2\\x80\\xAEx", "???x"}, /* turns the direction */
      {"\xE2\x80\xA8"
       "\xEF\xBB\xBF",
       "\\xE2\\x80\\xA8\\xEF\\xBB\\xBF", "??????"},
      {"caf\xE9", "caf\\xE9", "caf?"},                                /* Latin-1 */
      {"\xC0\xAF\xE0\x80\xAF", "\\xC0\\xAF\\xE0\\x80\\xAF", "?????"}, /* longer than need be */
      {"\xED\xA0\x80\xF4\x90\x80\x80", "\\xED\\xA0\\x80\\xF4\\x90\\x80\\x80", "???????"},
      {"\xE2\x82", "\\xE2\\x82", "??"}, /* cut */
  };
  for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
    char copy[100];
    char made[100];
    printable_copy(given[i].text, strlen(given[i].text), copy, sizeof copy);
    strcpy(made, given[i].text);
    printable_make(made);
    assert_string_equal(copy, given[i].copy);
    assert_string_equal(made, given[i].made);
  }
  char zero[20];
  printable_copy("a\0b", 3, zero, sizeof zero);
  assert_string_equal(zero, "a\\x00b");
}

static void what_has_no_room_is_cut_between_characters(void **state)
{
  (void)state;
  static const char text[] = "x\xC3\xA9\xE2\x82\xAC\x01\xF0\x9F\x98\x80-x\xC3\xA9\xE2\x82\xAC\x01";
  char copy[64];
  for (size_t room = 8; room <= sizeof copy; room++) {
    memset(copy, 'z', sizeof copy);
    printable_copy(text, strlen(text), copy, room);
    const size_t length = strlen(copy);
    assert_true(length < room);
    for (size_t next = 0; next < length;) {
      const size_t bytes = utf8_length(copy + next, length - next);
      assert_true(bytes > 0);
      next += bytes;
    }
    if (room < 26) assert_string_equal(copy + length - 3, "...");
  }
}

static void messages_are_one_line_that_can_be_seen(void **state)
{
  (void)state;
  gmmpi_error error = {0};
  fail_at(&error, 1, GMMPI_BAD_DATA, "%s: is wrong\r\n\x1B]0;title\x07", "caf\xC3\xA9\xFF");
  assert_string_equal(error.message, "caf\xC3\xA9?: is wrong  ?]0;title?");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_seen_stays_and_all_else_is_bytes),
      cmocka_unit_test(what_has_no_room_is_cut_between_characters),
      cmocka_unit_test(messages_are_one_line_that_can_be_seen),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
