/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/transform_items.h"

#include "support/error.h"
#include "support/option.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char standardize_name[] = "standardize";

/* Reads a column's name up to a comma or the end: returns where it ends, or NULL when a quote is not closed or the name
 * is too long. */
static const char *read_column(const char *text, char column[TRANSFORM_COLUMN_BYTES])
{
  size_t length = 0;
  const bool is_quoted = *text == '"';
  if (is_quoted) text++;
  for (; *text != '\0' && (is_quoted || *text != ','); text++) {
    if (is_quoted && *text == '"' && *++text != '"') break;
    if (length + 1 == TRANSFORM_COLUMN_BYTES) return NULL;
    column[length++] = *text;
  }
  column[length] = '\0';
  if (is_quoted && text[-1] != '"') return NULL;
  return length > 0 && (*text == ',' || *text == '\0') ? text : NULL;
}

/* arcsinh:5 is how cytometry writes a cofactor for all channels. */
static void take_cofactor(transform_item *item)
{
  double number;
  if (item->transform.function != TRANSFORM_ARCSINH || item->has_cofactor || !item->has_column ||
      !parse_real(item->column, &number) || !(number > 0.0) || !isfinite(number))
    return;
  item->transform.cofactor = number;
  item->has_column = false;
}

const char *transform_item_read(const char *text, transform_item *item)
{
  *item = (transform_item){.transform = transform_none};
  while (*text == ' ') text++;
  const size_t length = strcspn(text, "=:,");
  item->standardizes = length == strlen(standardize_name) && memcmp(text, standardize_name, length) == 0;
  const int function = transform_function_find(text, length);
  if (!item->standardizes && function < 0) return NULL;
  if (function >= 0) item->transform.function = (transform_function)function;
  text += length;
  if (*text == '=') {
    char *end;
    if (item->transform.function != TRANSFORM_ARCSINH) return NULL;
    item->has_cofactor = true;
    item->transform.cofactor = strtod(text + 1, &end);
    if (end == text + 1 || !(item->transform.cofactor > 0.0) || !isfinite(item->transform.cofactor)) return NULL;
    text = end;
  }
  if (*text == ':') {
    item->has_column = true;
    text = read_column(text + 1, item->column);
    if (text == NULL) return NULL;
  }
  take_cofactor(item);
  return *text == ',' || *text == '\0' ? text : NULL;
}

static gmmpi_status refuse(const char *text, gmmpi_error *error)
{
  char functions[120] = "";
  for (int i = TRANSFORM_NONE + 1; i < N_TRANSFORM_FUNCTIONS; i++) {
    const size_t used = strlen(functions);
    snprintf(functions + used, sizeof functions - used, "%s, ", transform_function_name((transform_function)i));
  }
  return fail(error, GMMPI_WRONG_USAGE,
              "--transform: \"%.60s\" is no transform; give %s%s, each with :COLUMN behind it unless all are meant, as "
              "log10:mass,arcsinh=5:CD3,standardize",
              text, functions, standardize_name);
}

gmmpi_status transforms_check(const char *text, void *value, gmmpi_error *error)
{
  const char **list = value;
  transform_item item;
  *list = text;
  for (const char *next = text; next != NULL;) {
    const char *end = transform_item_read(next, &item);
    if (end == NULL) return refuse(next, error);
    next = *end == ',' ? end + 1 : NULL;
  }
  return GMMPI_OK;
}
