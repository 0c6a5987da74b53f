/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/parts/remarks.h"

#include "support/memory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Parts with doubts come before all others. */
static const int64_t without_doubt = INT64_C(1) << 60;

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

const part_remarks part_remarks_none = {.part = INT64_MAX, .other_rules = INT64_MAX};

void part_remarks_of_model(point_source *source, const char *name, const point_source *model)
{
  for (int i = 0; i < model->notes.n; i++) say(source, name, &model->notes.remarks[i]);
}

/* Do two remarks say the same, whatever the numbers of rows that they speak of? */
static bool are_alike(const char *a, const char *b)
{
  static const char digits[] = "0123456789";
  for (;;) {
    a += strspn(a, digits);
    b += strspn(b, digits);
    if (*a != *b) return false;
    if (*a == '\0') return true;
    a++;
    b++;
  }
}

/* Where files are of several kinds, a setting of one of them has no effect on others, and is right. */
static bool is_news(const source_notes *known, const source_remark *remark)
{
  if (strncmp(remark->text, "--", 2) == 0) return false;
  for (int i = 0; i < known->n; i++) {
    if (are_alike(known->remarks[i].text, remark->text)) return false;
  }
  return true;
}

/* Do the numbers of both stand for the same? */
static bool have_same_rules(const point_source *a, const point_source *b)
{
  bool are_same = true;
  for (int64_t j = 0; j < a->n_features && j < b->n_features; j++)
    are_same = are_same && value_rules_are_same(a->rules != NULL ? &a->rules[j] : &value_rule_of_plain_numbers,
                                                b->rules != NULL ? &b->rules[j] : &value_rule_of_plain_numbers);
  return are_same;
}

/* Of parts without rows, or read as the model is, there is nothing to say. */
static void compare_rules(part_remarks *seen, const point_source *model, int64_t index, const point_source *part)
{
  if (part->n_rows == 0 || have_same_rules(model, part)) return;
  seen->n_other_rules++;
  if (index < seen->other_rules) seen->other_rules = index;
}

void part_remarks_look(part_remarks *seen, const point_source *first, int64_t index, const point_source *part)
{
  const source_notes *model = &first->notes;
  int n = 0;
  bool has_doubt = false;
  compare_rules(seen, first, index, part);
  for (int i = 0; i < part->notes.n; i++) {
    if (!is_news(model, &part->notes.remarks[i])) continue;
    has_doubt = has_doubt || part->notes.remarks[i].is_doubt;
    n++;
  }
  if (n == 0) return;
  seen->n_parts++;
  if (!has_doubt) index += without_doubt;
  if (index >= seen->part) return;
  if (seen->notes == NULL) seen->notes = allocate(MOST_NOTES, sizeof *seen->notes);
  if (seen->notes == NULL) return;
  seen->part = index;
  seen->n = 0;
  for (int i = 0; i < part->notes.n && seen->n < MOST_NOTES; i++) {
    if (is_news(model, &part->notes.remarks[i])) seen->notes[seen->n++] = part->notes.remarks[i];
  }
}

static void share_rules(MPI_Comm comm, point_source *source, const char *const *names, const part_remarks *seen)
{
  int64_t n = seen->n_other_rules;
  int64_t first = seen->other_rules;
  MPI_Allreduce(MPI_IN_PLACE, &n, 1, MPI_INT64_T, MPI_SUM, comm);
  MPI_Allreduce(MPI_IN_PLACE, &first, 1, MPI_INT64_T, MPI_MIN, comm);
  if (n > 0)
    source_note(source,
                "the numbers of %" PRId64 " of its files stand for other values than those of the first, as in %.150s",
                n, names[first]);
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
    if (first >= without_doubt) first -= without_doubt;
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
  share_rules(comm, source, names, seen);
  *seen = part_remarks_none;
}
