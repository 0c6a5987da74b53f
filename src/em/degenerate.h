/* Models that fit by being degenerate. A likelihood without bound is to be had where a component shrinks onto a point,
 * a line or a plane (Bishop 2006, sec. 9.2.1): the ridge bounds it, but such a model says nothing about the data. */
#ifndef EM_DEGENERATE_H
#define EM_DEGENERATE_H

#include "em/iteration.h"

/* Is a component of the model on fewer points of em than it takes, or as thin as the ridge? factor: covariance_length,
 * scratch. */
bool is_degenerate(const em_iteration *em, const gmmpi_model *model, double *factor);

#endif
