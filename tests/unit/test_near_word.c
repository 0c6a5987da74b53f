/* SPDX-License-Identifier: BSD-3-Clause */
/* What a misspelt word means: near ones are found, far ones are not, and of several the nearest. */
#include "support/near_word.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const char *meant_by(const char *word, const char *const *candidates)
{
  near_word search = {.word = word};
  near_word_try_list(&search, candidates);
  return search.nearest;
}

static void near_words(void **state)
{
  (void)state;
  static const char *const options[] = {"components", "covariance", "columns", "criterion", "seed", "tol", "dof", NULL};
  static const struct {
    const char *word, *meant;
  } cases[] = {
      {"componets", "components"},    /* one left out */
      {"componnents", "components"},  /* one added */
      {"covarience", "covariance"},   /* one changed */
      {"clounms", "columns"},         /* two pairs of neighbours */
      {"n_components", "components"}, /* scikit-learn's */
      {"COLUMNS", "columns"},         /* capitals */
      {"se-ed", "seed"},              /* what joins words */
      {"tl", "tol"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_string_equal(meant_by(cases[i].word, options), cases[i].meant);
}

static void far_words(void **state)
{
  (void)state;
  static const char *const names[] = {"x1", "age", "dof", "a", "", NULL};
  static const char *const words[] = {"x2", "x", "income", "", "-", "b", "fed"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) assert_null(meant_by(words[i], names));
}

static void the_nearest_one(void **state)
{
  (void)state;
  static const char *const names[] = {"mean-prior", "mean-precision-prior", "prior-mean", "prior-means", NULL};
  assert_string_equal(meant_by("prior_means", names), "prior-means");
  assert_string_equal(meant_by("meanprior", names), "mean-prior");
  static const char *const equal[] = {"spat", "spot", NULL};
  assert_string_equal(meant_by("spet", equal), "spat");
}

/* Words that are longer than what is compared are nobody's. */
static void long_words(void **state)
{
  (void)state;
  char word[300];
  memset(word, 'a', sizeof word);
  word[sizeof word - 1] = '\0';
  const char *const same[] = {word, NULL};
  assert_null(meant_by(word, same));
  assert_null(meant_by("a", same));
  word[100] = '\0';
  assert_ptr_equal(meant_by(word, same), word);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(near_words),
      cmocka_unit_test(far_words),
      cmocka_unit_test(the_nearest_one),
      cmocka_unit_test(long_words),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
