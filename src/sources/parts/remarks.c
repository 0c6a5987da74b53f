/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/parts/remarks.h"

#include "support/error.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* --- one file --- */

void part_remarks_begin(part_remarks *seen, point_source *first)
{
  *seen = (part_remarks){.notes = first->notes,
                         .rules = first->rules,
                         .n_features = first->n_features,
                         .first_other = INT64_MAX,
                         .first_doubt = INT64_MAX};
  first->notes = (source_notes){0};
  first->rules = NULL;
}

void part_remarks_clear(part_remarks *seen)
{
  notes_clear(&seen->notes);
  free(seen->rules);
}

/* Do two remarks say the same, whatever the sizes that they speak of? */
static bool are_alike(const char *a, const char *b)
{
  static const char in_numbers[] = "0123456789.e+-";
  while (*a != '\0' || *b != '\0') {
    if (*a == *b && *a != '\0') {
      a++;
      b++;
    } else if (*a != '\0' && strchr(in_numbers, *a) != NULL) {
      a++;
    } else if (*b != '\0' && strchr(in_numbers, *b) != NULL) {
      b++;
    } else {
      return false;
    }
  }
  return true;
}

/* Is there a remark like that, a doubt where that is one? */
static bool have_alike(const source_notes *notes, const source_remark *remark)
{
  bool found = false;
  for (int i = 0; i < notes->n; i++)
    found =
        found || (notes->remarks[i].is_doubt == remark->is_doubt && are_alike(notes->remarks[i].text, remark->text));
  return found;
}

/* Do the numbers of both stand for the same? */
static bool have_same_rules(const part_remarks *seen, const value_rule *rules)
{
  bool are_same = true;
  for (int64_t j = 0; j < seen->n_features && (seen->rules != NULL || rules != NULL); j++) {
    const value_rule *a = seen->rules != NULL ? &seen->rules[j] : &value_rule_of_plain_numbers;
    const value_rule *b = rules != NULL ? &rules[j] : &value_rule_of_plain_numbers;
    are_same = are_same && value_rules_are_same(a, b);
  }
  return are_same;
}

void part_remarks_compare(part_remarks *seen, const point_source *part, int64_t index)
{
  bool is_other = part->n_features == seen->n_features && !have_same_rules(seen, part->rules);
  for (int i = 0; i < part->notes.n; i++) {
    const source_remark *remark = &part->notes.remarks[i];
    if (have_alike(&seen->notes, remark)) continue;
    is_other = true;
    if (!remark->is_doubt || index >= seen->first_doubt) continue;
    seen->first_doubt = index;
    memcpy(seen->doubt, remark->text, sizeof seen->doubt);
  }
  for (int i = 0; i < seen->notes.n; i++) is_other = is_other || !have_alike(&part->notes, &seen->notes.remarks[i]);
  if (!is_other) return;
  seen->n_others++;
  if (index < seen->first_other) seen->first_other = index;
}

/* --- all of them --- */

void part_remarks_tell(MPI_Comm comm, const part_remarks *seen, const char *const *parts, point_source *source)
{
  int rank;
  int64_t n_others = seen->n_others;
  int64_t first[2] = {seen->first_other, seen->first_doubt};
  char doubt[NOTE_BYTES] = "";
  MPI_Comm_rank(comm, &rank);
  MPI_Allreduce(MPI_IN_PLACE, &n_others, 1, MPI_INT64_T, MPI_SUM, comm);
  MPI_Allreduce(MPI_IN_PLACE, first, 2, MPI_INT64_T, MPI_MIN, comm);
  for (int i = 0; i < seen->notes.n; i++) {
    const source_remark *remark = &seen->notes.remarks[i];
    if (remark->is_doubt)
      source_doubt(source, "%s", remark->text);
    else
      source_note(source, "%s", remark->text);
  }
  if (first[1] != INT64_MAX) {
    int owner = seen->first_doubt == first[1] ? rank : -1;
    MPI_Allreduce(MPI_IN_PLACE, &owner, 1, MPI_INT, MPI_MAX, comm);
    if (rank == owner) memcpy(doubt, seen->doubt, sizeof doubt);
    MPI_Bcast(doubt, sizeof doubt, MPI_CHAR, owner, comm);
    source_doubt(source, "%.150s: %s", parts[first[1]], doubt);
  }
  if (n_others > 0)
    source_note(source,
                "%" PRId64 " of its files %s read otherwise than the first, as %.150s; gmmpi info FILE says how",
                n_others, n_others == 1 ? "is" : "are", parts[first[0]]);
}
