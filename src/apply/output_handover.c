/* SPDX-License-Identifier: BSD-3-Clause */
#include "apply/output_handover.h"

enum { TAG_LENGTH = 1, TAG_IS_WANTED = 2, TAG_BYTES = 3 };

static const int64_t has_failed = -1; /* in place of a length */

/* MPI counts with int: longer ones are sent in parts. */
static const int64_t longest_message = 1 << 30;

static int message_bytes(int64_t left)
{
  return (int)(left < longest_message ? left : longest_message);
}

handover handover_offer(MPI_Comm comm, const byte_buffer *packed)
{
  const int64_t length = packed != NULL ? packed->n_bytes : has_failed;
  int is_wanted;
  MPI_Send(&length, 1, MPI_INT64_T, 0, TAG_LENGTH, comm);
  if (packed == NULL) return FAILED;
  MPI_Recv(&is_wanted, 1, MPI_INT, 0, TAG_IS_WANTED, comm, MPI_STATUS_IGNORE);
  if (!is_wanted) return REFUSED;
  for (int64_t done = 0; done < length; done += longest_message)
    MPI_Send(packed->bytes + done, message_bytes(length - done), MPI_BYTE, 0, TAG_BYTES, comm);
  return HANDED_OVER;
}

handover handover_take(MPI_Comm comm, int rank, bool is_wanted, byte_buffer *packed, const char *path,
                       gmmpi_error *error)
{
  int64_t length;
  MPI_Recv(&length, 1, MPI_INT64_T, rank, TAG_LENGTH, comm, MPI_STATUS_IGNORE);
  if (length == has_failed) return FAILED;
  const int answer = is_wanted && byte_buffer_reserve(packed, length, path, error) == GMMPI_OK;
  MPI_Send(&answer, 1, MPI_INT, rank, TAG_IS_WANTED, comm);
  if (!answer) return REFUSED;
  for (int64_t done = 0; done < length; done += longest_message)
    MPI_Recv(packed->bytes + done, message_bytes(length - done), MPI_BYTE, rank, TAG_BYTES, comm, MPI_STATUS_IGNORE);
  packed->n_bytes = length;
  return HANDED_OVER;
}
