/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/near_word.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_LETTERS = 100, FARTHEST = 3 };

/* What is compared of a word. */
typedef struct letters {
  char text[MOST_LETTERS];
  int n; /* -1: too many */
} letters;

static letters letters_of(const char *word)
{
  letters found = {.n = 0};
  for (; *word != '\0'; word++) {
    if (strchr(" \t_-.", *word) != NULL) continue;
    if (found.n == MOST_LETTERS) return (letters){.n = -1};
    found.text[found.n++] = (char)tolower((unsigned char)*word);
  }
  return found;
}

static int cost_of(char letter)
{
  return isdigit((unsigned char)letter) ? 2 : 1;
}

static int smaller(int a, int b)
{
  return a < b ? a : b;
}

/* The distance by the recurrence over beginnings of both words, a row for each letter of a. */
static int distance_of(const letters *a, const letters *b)
{
  int rows[3][MOST_LETTERS + 1];
  int *before = rows[0];
  int *last = rows[1];
  int *row = rows[2];
  last[0] = 0;
  for (int j = 1; j <= b->n; j++) last[j] = last[j - 1] + cost_of(b->text[j - 1]);
  for (int i = 1; i <= a->n; i++) {
    const char one = a->text[i - 1];
    row[0] = last[0] + cost_of(one);
    for (int j = 1; j <= b->n; j++) {
      const char other = b->text[j - 1];
      const int change = one == other ? 0 : cost_of(one) > cost_of(other) ? cost_of(one) : cost_of(other);
      row[j] = smaller(smaller(last[j] + cost_of(one), row[j - 1] + cost_of(other)), last[j - 1] + change);
      if (i > 1 && j > 1 && one == b->text[j - 2] && a->text[i - 2] == other)
        row[j] = smaller(row[j], before[j - 2] + change);
    }
    int *const spare = before;
    before = last;
    last = row;
    row = spare;
  }
  return last[b->n];
}

void near_word_try(near_word *search, const char *candidate)
{
  const letters word = letters_of(search->word);
  const letters other = letters_of(candidate);
  if (word.n < 1 || other.n < 1 || abs(word.n - other.n) > FARTHEST) return;
  const int farthest = smaller((word.n + 1) / 3, FARTHEST);
  const int distance = distance_of(&word, &other);
  if (distance > farthest || distance >= other.n) return;
  if (search->nearest != NULL && search->distance <= distance) return;
  search->nearest = candidate;
  search->distance = distance;
}

void near_word_try_list(near_word *search, const char *const *candidates)
{
  for (int i = 0; candidates[i] != NULL; i++) near_word_try(search, candidates[i]);
}
