/* SPDX-License-Identifier: BSD-3-Clause */
/* Wall time of this process. */
#ifndef SUPPORT_CLOCK_H
#define SUPPORT_CLOCK_H

/* Seconds of a clock that nobody sets. */
double clock_now(void);

/* Seconds since this process began, as the system counts them; 0 where it does not say. */
double clock_process_age(void);

/* When a process began, in ticks since the machine was started; 0 when there is none of this number. */
unsigned long long clock_process_start(int pid);

enum { CLOCK_TEXT_BYTES = 32 };

/* A span of time for people: "12.3 s", "0:05:00", "1-04:05:06" (a day and some hours). Returns text. */
const char *clock_text(double seconds, char text[CLOCK_TEXT_BYTES]);

#endif
