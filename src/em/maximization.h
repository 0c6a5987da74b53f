/* The M-step: statistics -> the next model (Bishop 2006, eqs. 9.24-9.26; covariances by the family, Celeux, Govaert
 * 1995). */
#ifndef EM_MAXIMIZATION_H
#define EM_MAXIMIZATION_H

#include "em/statistics.h"
#include "mixture/model.h"

/* A component with fewer points than this share of all is empty. */
#define EMPTY_SHARE 1e-10

typedef enum component_state {
  COMPONENT_SOUND,
  COMPONENT_DROPPED,   /* its weight was 0 already */
  COMPONENT_EMPTY,     /* its responsibilities sum to less than EMPTY_SHARE n */
  COMPONENT_INDEFINITE /* its covariance is not positive definite */
} component_state;

/* What the M-step needs besides the statistics, and what it finds. */
typedef struct maximization {
  double *ridge;           /* in: d, added to the diagonal of every covariance */
  component_state *states; /* out: K */
  double *scatter;         /* K x second_length: about the new means */
  double *counts;          /* K: those that are estimated, else 0 */
} maximization;

/* Errors: 71. */
gmmpi_status maximization_create(const statistics *sums, maximization **step, gmmpi_error *error);
void maximization_destroy(maximization *step); /* NULL is fine */

/* Sets next's parameters and factors from the statistics and step->states. Components that are not sound keep
 * previous's mean, covariance and factor; their weight is 0. A shared covariance that is not positive definite makes
 * every live component indefinite. Returns false, and leaves next unfinished, when a mean moved so far away from its
 * reference point that the scatter about it would lose digits: then the pass is to be made again about the new means,
 * which are in next->means. */
bool maximize(maximization *step, const statistics *sums, const gmmpi_model *previous, gmmpi_model *next);

#endif
