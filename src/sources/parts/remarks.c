/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/parts/remarks.h"

#include "support/memory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A remark is short: the folder of the file is left out. */
static void say(point_source *source, const char *name, const source_remark *remark)
{
  const char *inside = strstr(name, ":/");
  const char *base = name;
  for (const char *c = name; *c != '\0' && c != inside; c++) {
    if (*c == '/') base = c + 1;
  }
  if (remark->is_doubt)
    source_doubt(source, "%.100s: %s", base, remark->text);
  else
    source_note(source, "%.100s: %s", base, remark->text);
}

void part_remarks_of_model(point_source *source, const char *name, const point_source *model)
{
  for (int i = 0; i < model->notes.n; i++) say(source, name, &model->notes.remarks[i]);
}

/* Where files are of several kinds, a setting of one of them has no effect on others, and is right. */
static bool is_news(const source_notes *model, const source_remark *remark)
{
  if (strncmp(remark->text, "--", 2) == 0) return false;
  for (int i = 0; i < model->n; i++) {
    if (strcmp(model->remarks[i].text, remark->text) == 0) return false;
  }
  return true;
}

void part_remarks_look(part_remarks *seen, const source_notes *model, int64_t index, const point_source *part)
{
  int n = 0;
  for (int i = 0; i < part->notes.n; i++) n += is_news(model, &part->notes.remarks[i]) ? 1 : 0;
  if (n == 0) return;
  seen->n_parts++;
  if (index >= seen->part) return;
  if (seen->notes == NULL) seen->notes = allocate(MOST_NOTES, sizeof *seen->notes);
  if (seen->notes == NULL) return;
  seen->part = index;
  seen->n = 0;
  for (int i = 0; i < part->notes.n && seen->n < MOST_NOTES; i++) {
    if (is_news(model, &part->notes.remarks[i])) seen->notes[seen->n++] = part->notes.remarks[i];
  }
}

void part_remarks_share(MPI_Comm comm, point_source *source, const char *const *names, part_remarks *seen)
{
  int rank;
  int n_ranks;
  int64_t first = INT64_MAX;
  int64_t n_parts = 0;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &n_ranks);
  MPI_Allreduce(&seen->part, &first, 1, MPI_INT64_T, MPI_MIN, comm);
  MPI_Allreduce(&seen->n_parts, &n_parts, 1, MPI_INT64_T, MPI_SUM, comm);
  if (first != INT64_MAX) {
    const int root = (int)(first % n_ranks);
    int n = seen->n;
    MPI_Bcast(&n, 1, MPI_INT, root, comm);
    for (int i = 0; i < n; i++) {
      source_remark remark = {0};
      if (rank == root) remark = seen->notes[i];
      MPI_Bcast(&remark, (int)sizeof remark, MPI_BYTE, root, comm);
      say(source, names[first], &remark);
    }
    if (n_parts > 1)
      source_note(source,
                  n_parts == 2 ? "%" PRId64 " more file has notes of its own; gmmpi info FILE has them"
                               : "%" PRId64 " more files have notes of their own; gmmpi info FILE has them",
                  n_parts - 1);
  }
  free(seen->notes);
  *seen = (part_remarks){.part = INT64_MAX};
}
