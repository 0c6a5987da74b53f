/* SPDX-License-Identifier: BSD-3-Clause */
/* Signals: SIGTERM, SIGINT and SIGUSR1 ask a job to stop, and so do SIGHUP (a terminal is closed), SIGXCPU (a queue's
 * limit of processor time) and the end of its time; SIGUSR2 asks how it goes. SIGHUP and SIGXCPU stay ignored where
 * they were when the program began: by nohup.
 *
 * The handler of the first ones only notes which came first and wakes whoever waits for it (a semaphore); loops ask
 * signals_stop_requested() and let the answer travel with what they sum, so that all ranks stop together whichever of
 * them got the signal. A second SIGINT leaves at once, with status 130: somebody sits there and does not want to wait.
 *
 * SIGUSR2 is answered by rank 0 with one line on standard error, at once, whatever it is doing: the handler writes the
 * line that was left for it. The other ranks note that they were asked, for rank 0 to hear of it. */
#ifndef SUPPORT_SIGNALS_H
#define SUPPORT_SIGNALS_H

#include <semaphore.h>
#include <stdbool.h>

/* Installs the handlers. To be called before MPI_Init (a signal may come while it runs) and once more after it, since
 * an MPI library may have put its own in their place. What was received so far stays. */
void signals_install(void);

/* From now on a file that may not become larger (ulimit -f) is an error of writing, as a full disk is, and not the
 * program's end. For all commands, before anything is written. */
void signals_survive_size_limit(void);

bool signals_stop_requested(void);

/* The number of the first signal that came, 0 for none; SIGALRM when it was the end of the time. */
int signals_received(void);

/* "SIGTERM", "SIGINT", "SIGUSR1", "SIGHUP", "SIGXCPU", "the time limit"; "a signal" for any other number. */
const char *signals_name(int number);

/* From now on the time is up, or will be in so many seconds (INFINITY: never). */
void signals_time_is_up(void);
void signals_end_time_in(double seconds);

/* The semaphore is posted whenever a signal comes from now on, and at once when one has already come. NULL: none. It
 * must stay until it is replaced. */
void signals_notify(sem_t *semaphore);

/* What rank 0 answers from now on when it is asked how it goes (printf's format, one line without its end); whoever
 * asked before the first such call is answered now. */
void signals_set_answer(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* On a rank without an answer: was it asked since the last call? */
bool signals_take_question(void);

/* Rank 0: was it asked, and did it answer, since the last call? */
bool signals_take_answered(void);

/* Rank 0: writes the answer now. */
void signals_answer(void);

#endif
