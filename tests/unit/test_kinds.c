/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of kinds of files: every entry is complete, and what the command line and messages say of it. */
#include "sources/kinds.h"
#include "sources/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What every kind must have, and what only makes sense together. */
static void members_are_there(void **state)
{
  (void)state;
  for (const source_kind *const *k = source_kinds; *k != NULL; k++) {
    const source_kind *kind = *k;
    assert_non_null(kind->name);
    print_message("%s\n", kind->name);
    assert_non_null(kind->open);
    assert_non_null(kind->read);
    assert_non_null(kind->close);
    assert_true(kind->suffixes != NULL || kind->is_meant != NULL); /* else no DATA is of this kind */
    for (int i = 0; kind->suffixes != NULL && kind->suffixes[i] != NULL; i++)
      assert_int_equal(kind->suffixes[i][0], '.');
    assert_true(kind->suffixes == NULL || kind->suffixes[0] != NULL);
    assert_int_equal(kind->settings != NULL, kind->n_settings > 0);
    assert_int_equal(kind->settings != NULL, kind->settings_bytes > 0);
    if (kind->insides != NULL || kind->has_insides) assert_non_null(kind->usage);
    for (const source_kind *const *other = source_kinds; other < k; other++)
      assert_string_not_equal((*other)->name, kind->name);
  }
}

static void settings_are_complete(void **state)
{
  (void)state;
  const source_kind *owner;
  const source_setting *setting;
  int n = 0;
  for (; (setting = kinds_setting(n, &owner)) != NULL; n++) {
    assert_non_null(setting->name);
    print_message("--%s of %s\n", setting->name, owner != NULL ? owner->name : "any kind");
    if (setting->argument == NULL) { /* a flag */
      assert_string_equal(setting->choices[0], "no");
      assert_string_equal(setting->choices[1], "yes");
    }
    assert_non_null(setting->help);
    assert_true((setting->choices != NULL) != (setting->parse != NULL));
    const size_t n_bytes = setting->choices != NULL ? sizeof(int) : 1;
    assert_true(setting->offset + n_bytes <= (owner != NULL ? owner->settings_bytes : sizeof(reading_choices)));
    for (int i = 0; i < n; i++) assert_string_not_equal(kinds_setting(i, NULL)->name, setting->name);
    for (int i = 0; setting->choices != NULL && setting->choices[i] != NULL; i++)
      assert_int_equal(settings_check(setting->name, setting->choices[i], NULL), GMMPI_OK);
    assert_int_equal(settings_check(setting->name, "no such word \xff", NULL), GMMPI_WRONG_USAGE);
  }
  assert_true(n <= MOST_SOURCE_SETTINGS);
  assert_int_equal(settings_check("no-such-setting", "1", NULL), GMMPI_WRONG_USAGE);
}

static bool ends_with(const char *text, const char *end)
{
  return strlen(text) >= strlen(end) && strcmp(text + strlen(text) - strlen(end), end) == 0;
}

/* Formats are named from text on; further ones come before NPY. */
static void lists(void **state)
{
  (void)state;
  char text[300];
  kinds_list("and", false, text, sizeof text);
  assert_true(strncmp(text, "CSV, ", 5) == 0 && ends_with(text, ", NPY and HDF5"));
  kinds_list("or", true, text, sizeof text);
  assert_true(strncmp(text, "CSV, TSV, ", 10) == 0 && ends_with(text, ", NPY or HDF5"));
  kinds_list("or", true, text, 10);
  assert_string_equal(text, "CSV, TSV,");
  kinds_usage(text, sizeof text);
  assert_true(strncmp(text, "FILE, ", 6) == 0 && strstr(text, ", FILE.h5:/path/of/dataset, ") != NULL);
  assert_true(ends_with(text, ", 'PART-*.h5', or @LIST, a file of names"));
}

static bool never(const char *path, const unsigned char *head, size_t n_bytes)
{
  (void)path, (void)head, (void)n_bytes;
  return false;
}

static void recognised_by_suffix(void **state)
{
  (void)state;
  source_kind kind = {.suffixes = (const char *const[]){".rows", ".r", NULL}};
  const unsigned char head[] = "1,2\n";
  assert_true(kind_recognises(&kind, "a.rows", head, 4));
  assert_true(kind_recognises(&kind, "folder.r/b.R", head, 4));
  assert_false(kind_recognises(&kind, "rows", head, 4));
  assert_false(kind_recognises(&kind, ".rows", head, 4));
  assert_false(kind_recognises(&kind, "a.rows.csv", head, 4));
  kind.recognises = never;
  assert_false(kind_recognises(&kind, "a.rows", head, 4));
  kind = (source_kind){0};
  assert_false(kind_recognises(&kind, "a.rows", head, 4));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(members_are_there),
      cmocka_unit_test(settings_are_complete),
      cmocka_unit_test(lists),
      cmocka_unit_test(recognised_by_suffix),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
