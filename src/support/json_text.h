/* SPDX-License-Identifier: BSD-3-Clause */
/* JSON strings from text whose encoding nobody knows, such as column names of a CSV file. JSON is UTF-8 only. */
#ifndef SUPPORT_JSON_TEXT_H
#define SUPPORT_JSON_TEXT_H

#include <jansson.h>

/* A new JSON string; bytes that are no UTF-8 become U+FFFD, the replacement character. NULL when there is no memory. */
json_t *json_text(const char *text);

#endif
