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
  const double *variances; /* in: d, of all points; borrowed */
  bool degenerate;         /* in: covariances that are not definite get a ridge and are no collapse */
  bool ridged;             /* out: one did */
  component_state *states; /* out: K */
  double *scatter;         /* K x second_length: about the new means */
  double *counts;          /* K: those that are estimated, else 0 */
  double *covariance;      /* d x d: scratch */
} maximization;

/* Errors: 71. */
gmmpi_status maximization_create(const statistics *sums, maximization **step, gmmpi_error *error);
void maximization_destroy(maximization *step); /* NULL is fine */

/* How an M-step went. */
typedef enum maximization_outcome {
  MAXIMIZED,
  MEANS_MOVED_FAR, /* a mean is so far from its reference point that the scatter about it would lose digits: the pass is
                      to be made again about the new means, which are in next->means; nothing else of next is finished
                    */
  SUMS_ARE_COARSE  /* the pass is to be made again with statistics_tighten */
} maximization_outcome;

/* Sets next's parameters and factors from the statistics, and step->states. Components that are not sound keep
 * previous's mean, covariance and factor; their weight is 0. A shared covariance that is not positive definite makes
 * every live component indefinite. accept: digits that are lost are lost; the outcome is MAXIMIZED. */
maximization_outcome maximize(maximization *step, const statistics *sums, const gmmpi_model *previous, bool accept,
                              gmmpi_model *next);

/* Factorises the component's covariance after adding to its diagonal the smallest share, 1e-10 times a power of 100, of
 * its own variances that makes it definite; of the data's variance where its own is 0, and 1e-6 where that is 0 too. */
void factorise_with_ridge(const maximization *step, gmmpi_model *model, int64_t component);

#endif
