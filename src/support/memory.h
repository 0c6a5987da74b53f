/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory for arrays of numbers: aligned for vector loads, zeroed, sizes checked before they are multiplied. */
#ifndef SUPPORT_MEMORY_H
#define SUPPORT_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MEMORY_ALIGNMENT = 64 };

/* a x b in *product; false when it does not fit or one of them is negative. */
bool multiply_fits(int64_t a, int64_t b, int64_t *product);

/* The sum of n numbers of bytes; INT64_MAX when it does not fit. */
int64_t sum_of_bytes(int n, const int64_t *parts);

/* count elements of size bytes each, aligned to MEMORY_ALIGNMENT and zeroed; NULL when count x size does not fit or
 * there is not that much memory. count = 0 gives a pointer that can be freed. Release with free(). */
void *allocate(int64_t count, size_t size);

/* The same for arrays that will be written before they are read: not zeroed, not even touched, so that each page is
 * taken from the system by who writes it first. (Large pages are not asked for: clearing one drives the data that is
 * being read out of the caches.) */
void *allocate_untouched(int64_t count, size_t size);

/* Takes the pages of n_bytes of untouched memory from the system at once, which costs less than one by one. A wish. */
void populate_pages(void *memory, size_t n_bytes);

/* Gives the pages that lie wholly within n_bytes of allocated memory back to the system; what they held is lost. */
void release_pages(void *memory, size_t n_bytes);

/* The bytes this process may still use: the lesser of the machine's available memory and what the control group's limit
 * leaves, divided among n_sharers processes. */
int64_t memory_available(int n_sharers);

/* The bytes it may still allocate, used or not: what the limits of its address space and of its data leave. */
int64_t memory_allocatable(void);

/* The memory this process holds now, in bytes. */
int64_t memory_held(void);

/* The most memory this process has held so far, in bytes. */
int64_t memory_peak(void);

#endif
