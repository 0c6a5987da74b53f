/* SPDX-License-Identifier: BSD-3-Clause */
/* The word that was meant by one that is misspelt: of options, commands, columns. */
#ifndef SUPPORT_NEAR_WORD_H
#define SUPPORT_NEAR_WORD_H

/* A search; begin it with the word alone: (near_word){.word = "componets"}. */
typedef struct near_word {
  const char *word;
  const char *nearest; /* of what was tried, the first of those that are equally near; borrowed. NULL: none is near */
  int distance;
} near_word;

/* Is this what was meant, and nearer than what was tried before? Letters may be left out, added, changed, or have
 * changed places with their neighbours (the restricted Damerau-Levenshtein distance): about one in three, three at
 * most. Capitals, blanks, and what joins words (_ - .) make no difference; a digit counts double, as x1 is not meant by
 * x2. */
void near_word_try(near_word *search, const char *candidate);

/* All words of a list that ends with NULL. */
void near_word_try_list(near_word *search, const char *const *candidates);

#endif
