/* SPDX-License-Identifier: BSD-3-Clause */
/* What becomes of a covariance family when features are left out, or given. */
#ifndef APPLY_FAMILY_PARTS_H
#define APPLY_FAMILY_PARTS_H

#include "mixture/family.h"

/* The narrowest family that surely holds all components' covariances of some of the features (blocks of theirs, or
 * conditional covariances); scaled: each multiplied by a number of its own besides. */
const covariance_family *family_of_part(const covariance_family *family, bool scaled);

#endif
