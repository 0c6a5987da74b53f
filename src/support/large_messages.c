/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/large_messages.h"

#include "support/waiting.h"

static const int64_t longest_piece = INT64_C(1) << 28;

static int next_piece(int64_t n_left)
{
  return (int)(n_left < longest_piece ? n_left : longest_piece);
}

static char *element_at(void *elements, int64_t index, MPI_Datatype type)
{
  int size;
  MPI_Type_size(type, &size);
  return (char *)elements + index * size;
}

void allreduce_large(MPI_Comm comm, void *elements, int64_t n_elements, MPI_Datatype type, MPI_Op operation)
{
  if (comm == MPI_COMM_SELF) return; /* what would take longer than a pass over a few points */
  waiting_begin();
  for (int64_t done = 0; done < n_elements; done += longest_piece)
    MPI_Allreduce(MPI_IN_PLACE, element_at(elements, done, type), next_piece(n_elements - done), type, operation, comm);
  waiting_end();
}

void broadcast_large(MPI_Comm comm, int root, void *elements, int64_t n_elements, MPI_Datatype type)
{
  waiting_begin();
  for (int64_t done = 0; done < n_elements; done += longest_piece)
    MPI_Bcast(element_at(elements, done, type), next_piece(n_elements - done), type, root, comm);
  waiting_end();
}
