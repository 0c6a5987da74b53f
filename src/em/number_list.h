/* SPDX-License-Identifier: BSD-3-Clause */
/* Values of options that are several numbers with commas between them: "1.5,-2,3e-4". */
#ifndef EM_NUMBER_LIST_H
#define EM_NUMBER_LIST_H

#include <stdbool.h>
#include <stdint.h>

/* Texts are not longer than this, for they stand in model files. */
enum { MOST_OF_NUMBER_LIST = 32000 };

/* How many numbers the text has, all of them finite; -1: it is no such list, or too long. */
int64_t number_list_length(const char *text);

/* Reads those of a text that is a list. */
void number_list_read(const char *text, double *numbers);

#endif
