/* SPDX-License-Identifier: BSD-3-Clause */
/* Is a file read the right way round? Programs that hold matrices column by column (R, MATLAB, Octave, Julia, Fortran)
 * write points as its columns; then there are few rows of many columns, more features than points. */
#ifndef SOURCES_SHAPE_H
#define SOURCES_SHAPE_H

#include "sources/source.h"

/* A remark on the source if its points may be its columns: a doubt when it has fewer rows than features, a note when
 * only the program that wrote it makes one wonder. */
void shape_remark(point_source *source);

/* What to do when a source that has too many features for this machine may be read the wrong way round: "..., each
 * taken as a point; if ..."; false: there is nothing to say. Cut to fit n_bytes. */
bool shape_advice(const point_source *source, char *text, size_t n_bytes);

#endif
