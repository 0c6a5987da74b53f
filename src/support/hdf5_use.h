/* SPDX-License-Identifier: BSD-3-Clause */
/* Who uses HDF5 now. Most builds of the library, Debian's among them, are not made for more than one thread, and a
 * program may fit in several at the same time, each with its own communicator.
 *
 * What is between begin and end is one thread's alone, and HDF5 prints nothing of its errors there. Nobody waits for
 * other ranks with the library in hand, since on those another thread may have it: between pause and resume it is
 * everybody's. */
#ifndef SUPPORT_HDF5_USE_H
#define SUPPORT_HDF5_USE_H

/* They nest. */
void hdf5_use_begin(void);
void hdf5_use_end(void);

/* Around what is collective, between begin and end; the number of these, for resume, 0 outside. */
int hdf5_use_pause(void);
void hdf5_use_resume(int before);

#endif
