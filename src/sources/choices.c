/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/choices.h"

#include "sources/transform_items.h"
#include "support/error.h"
#include "support/option.h"

#include <math.h>
#include <string.h>

/* --missing-values: adds the word from text to end, which may be a number. */
static gmmpi_status add_missing(missing_values *missing, const char *text, const char *end, gmmpi_error *error)
{
  const size_t length = (size_t)(end - text);
  double number;
  if (length == 0) return GMMPI_OK;
  if (length >= MISSING_BYTES || missing->n_words == MOST_MISSING)
    return fail(error, GMMPI_WRONG_USAGE,
                "--missing-values: \"%.*s\" is too long, or one too many; give at most %d words of less than %d bytes",
                length < 60 ? (int)length : 60, text, MOST_MISSING, MISSING_BYTES);
  char *word = missing->words[missing->n_words++];
  memcpy(word, text, length);
  word[length] = '\0';
  if (parse_real(word, &number)) missing->numbers[missing->n_numbers++] = number;
  return GMMPI_OK;
}

static gmmpi_status parse_missing_values(const char *text, void *value, gmmpi_error *error)
{
  missing_values *missing = value;
  *missing = (missing_values){0};
  for (const char *c = text; *c != '\0'; c++) {
    if ((unsigned char)*c < ' ' || (unsigned char)*c >= 0x7f)
      return fail(error, GMMPI_WRONG_USAGE, "--missing-values: \"%.60s\" is no list; give words such as -999,NA", text);
  }
  for (const char *next = text; next != NULL;) {
    while (*next == ' ') next++;
    const bool is_quoted = *next == '"'; /* a word with a comma */
    if (is_quoted) next++;
    const char *end = strchr(next, is_quoted ? '"' : ',');
    if (is_quoted && (end == NULL || (end[1] != ',' && end[1] != '\0')))
      return fail(error, GMMPI_WRONG_USAGE, "--missing-values: %.60s: a quote is not closed; write \"a, b\",NA", text);
    const char *comma = end != NULL && is_quoted ? (end[1] == ',' ? end + 1 : NULL) : end;
    if (end == NULL) end = next + strlen(next);
    while (!is_quoted && end > next && end[-1] == ' ') end--;
    if (add_missing(missing, next, end, error) != GMMPI_OK) return error->status;
    next = comma != NULL ? comma + 1 : NULL;
  }
  if (missing->n_words > 0) return GMMPI_OK;
  return fail(error, GMMPI_WRONG_USAGE, "--missing-values: names none; give words such as -999,NA");
}

/* --period: what is refused is said, with the reason, rather than called unknown. */
static gmmpi_status refuse_period(const char *text, void *value, gmmpi_error *error)
{
  (void)value;
  return fail(error, GMMPI_WRONG_USAGE,
              "--period: %.60s: a mixture of Gaussians knows no periodic features, for which it would need another "
              "density; give sine and cosine of the angle as two features, or cut the circle where there are no points",
              text);
}

const char *const setting_no_or_yes[] = {"no", "yes", NULL};

const source_setting reading_choices_table[N_READING_CHOICES] = {
    {
        .name = "transpose",
        .help = "the points are the columns of the file, not its rows: a matrix of R, MATLAB, Octave, Julia or Fortran",
        .offset = offsetof(reading_choices, transpose),
        .choices = setting_no_or_yes,
    },
    {
        .name = "raw-values",
        .help = "take numbers as they are in the file: no scale, offset or fill value that the file names is applied",
        .offset = offsetof(reading_choices, raw_values),
        .choices = setting_no_or_yes,
    },
    {
        .name = "missing-values",
        .argument = "LIST",
        .brief = "numbers and words that mean missing, too",
        .help = "numbers and words that stand for a missing value, separated by commas, one with a comma in quotes: "
                "-999,99.99,1e20,.,NA",
        .offset = offsetof(reading_choices, missing),
        .parse = parse_missing_values,
    },
    {
        .name = "transform",
        .argument = "LIST",
        .help =
            "what is done to features before they are fitted, as log10:mass,arcsinh=5:CD3,standardize: log10, log2, "
            "log, log1p, sqrt, arcsinh=COFACTOR, and standardize (mean 0, variance 1), each of one column or, "
            "without :COLUMN, of all; it is kept in the model",
        .offset = offsetof(reading_choices, transform),
        .parse = transforms_check,
    },
    {
        .name = "period",
        .argument = "LIST",
        .help = "refused: there is no density for periodic features yet",
        .offset = offsetof(reading_choices, transform),
        .parse = refuse_period,
    },
};
