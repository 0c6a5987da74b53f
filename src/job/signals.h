/* Signals that ask a job to stop: SIGTERM, SIGINT and SIGUSR1.
 *
 * The handler only notes which signal came first and wakes whoever waits for it (a semaphore); the loop asks
 * signals_stop_requested() once an iteration and lets the answer travel with the statistics, so that all ranks stop
 * together whichever of them got the signal. A second SIGINT leaves at once, with status 130: somebody sits there and
 * does not want to wait. */
#ifndef JOB_SIGNALS_H
#define JOB_SIGNALS_H

#include <semaphore.h>
#include <stdbool.h>

/* Installs the handlers. To be called before MPI_Init (a signal may come while it runs) and once more after it, since
 * an MPI library may have put its own in their place. What was received so far stays. */
void signals_install(void);

bool signals_stop_requested(void);

/* The number of the first signal that came, 0 for none. */
int signals_received(void);

/* "SIGTERM", "SIGINT", "SIGUSR1"; "a signal" for any other number. */
const char *signals_name(int number);

/* The semaphore is posted whenever a signal comes from now on, and at once when one has already come. NULL: none. It
 * must stay until it is replaced. */
void signals_notify(sem_t *semaphore);

#endif
