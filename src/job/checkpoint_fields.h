/* The numbers of a fit_state one after the other: where each is in memory and what it is called in a checkpoint.
 * Writing, reading and broadcasting a state all go through this one table. */
#ifndef JOB_CHECKPOINT_FIELDS_H
#define JOB_CHECKPOINT_FIELDS_H

#include "em/state.h"

#include <hdf5.h>

enum { MAX_FIELDS = 32 };

typedef enum field_kind { FIELD_INTEGER, FIELD_REAL, FIELD_FLAG, FIELD_EVENTS } field_kind;

typedef struct field {
  const char *name; /* the data set */
  field_kind kind;
  int rank; /* 0: a scalar */
  hsize_t shape[3];
  size_t n_bytes;
  void *memory; /* n_bytes in the state */
} field;

/* Lists what a state of this many events, with a best position or without, consists of. Returns the number of fields.
 */
int checkpoint_fields(fit_state *state, bool has_best, field fields[MAX_FIELDS]);

/* The HDF5 type of a field, to be closed; negative on failure. */
hid_t checkpoint_field_type(field_kind kind);

/* Where the field's bytes are in the first n_bytes bytes of an open checkpoint; -1 when it is not there as it must be:
 * native type, right shape, contiguous, inside. */
int64_t checkpoint_field_offset(hid_t file, const field *wanted, int64_t n_bytes);

/* Opens an HDF5 file that is in memory, for reading; negative on failure. */
hid_t checkpoint_open_image(const void *bytes, size_t n_bytes);

#endif
