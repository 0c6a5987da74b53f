/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/hdf5/pieces.h"

#include "sources/hdf5/places.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- names --- */

/* A text that the library writes to room of the length it tells first. */
static char *name_of_piece(hid_t properties, size_t index,
                           ssize_t (*get)(hid_t properties, size_t index, char *name, size_t size))
{
  const ssize_t length = get(properties, index, NULL, 0);
  char *name = length > 0 ? malloc((size_t)length + 1) : NULL;
  if (name != NULL && get(properties, index, name, (size_t)length + 1) < 0) {
    free(name);
    name = NULL;
  }
  return name;
}

/* The name with the block's number for "%b" and "%" for "%%"; *is_numbered when there is a "%b". The caller frees; NULL
 * when there is no memory. */
static char *name_of_block(const char *name, int64_t block, bool *is_numbered)
{
  char *text = NULL;
  size_t length;
  FILE *to = open_memstream(&text, &length);
  *is_numbered = false;
  if (to == NULL) return NULL;
  for (const char *c = name; *c != '\0'; c++) {
    if (c[0] == '%' && c[1] == 'b') {
      *is_numbered = true;
      fprintf(to, "%" PRId64, block);
      c++;
    } else {
      fputc(*c, to);
      if (c[0] == '%' && c[1] == '%') c++;
    }
  }
  if (fclose(to) == 0) return text;
  free(text);
  return NULL;
}

/* --- pieces --- */

/* What is selected of the virtual data set; of a selection that goes on for ever each of its blocks. */
typedef struct selection {
  int64_t n_values; /* -1: nobody knows */
  int64_t n_rows;   /* from the first one to the last; likewise */
} selection;

static selection look_at_selection(hid_t place)
{
  hsize_t first[H5S_MAX_RANK];
  hsize_t last[H5S_MAX_RANK];
  hsize_t count[H5S_MAX_RANK];
  hsize_t block[H5S_MAX_RANK];
  const hssize_t n_selected = H5Sget_select_npoints(place);
  if ((hsize_t)n_selected != H5S_UNLIMITED)
    return H5Sget_select_bounds(place, first, last) >= 0
               ? (selection){(int64_t)n_selected, (int64_t)(last[0] - first[0] + 1)}
               : (selection){(int64_t)n_selected, -1};
  if (H5Sget_regular_hyperslab(place, first, last, count, block) < 0) return (selection){-1, -1};
  hsize_t n = 1;
  bool has_end = true;
  for (int i = 0; i < H5Sget_simple_extent_ndims(place); i++) {
    has_end = has_end && block[i] != H5S_UNLIMITED;
    n *= block[i] * (count[i] == H5S_UNLIMITED ? 1 : count[i]);
  }
  return has_end ? (selection){(int64_t)n, (int64_t)block[0]} : (selection){-1, -1};
}

/* What the virtual data set says of its index-th piece or row of pieces. */
typedef struct mapping {
  char *file;
  char *inside;
  hid_t used;
  selection place;
} mapping;

static bool mapping_open(hid_t properties, size_t index, mapping *says)
{
  *says = (mapping){.file = name_of_piece(properties, index, H5Pget_virtual_filename),
                    .inside = name_of_piece(properties, index, H5Pget_virtual_dsetname),
                    .used = H5Pget_virtual_srcspace(properties, index)};
  const hid_t place = H5Pget_virtual_vspace(properties, index);
  if (place >= 0) says->place = look_at_selection(place);
  if (place >= 0) H5Sclose(place);
  return says->file != NULL && says->inside != NULL && says->used >= 0;
}

static void mapping_close(mapping *says)
{
  free(says->file);
  free(says->inside);
  if (says->used >= 0) H5Sclose(says->used);
}

/* False when there is no memory for its names. */
static bool visit_block(const mapping *says, const char *path, int64_t number, int64_t block, hdf5_piece_visitor *visit,
                        void *context, hdf5_next *next)
{
  bool file_is_numbered;
  bool inside_is_numbered;
  hdf5_piece piece = {.number = number,
                      .file = name_of_block(says->file, block, &file_is_numbered),
                      .inside = name_of_block(says->inside, block, &inside_is_numbered),
                      .used = says->used,
                      .n_values = says->place.n_values,
                      .n_rows = says->place.n_rows};
  const bool is_named = piece.file != NULL && piece.inside != NULL;
  if (is_named) {
    const bool is_in_row = file_is_numbered || inside_is_numbered;
    piece.block = is_in_row ? block : -1;
    piece.same_file = is_in_row && !file_is_numbered;
    piece.found = strcmp(piece.file, ".") == 0 ? strdup(path) : hdf5_find_file(path, piece.file, "HDF5_VDS_PREFIX");
    *next = visit(context, &piece);
    if (*next == NEXT_PIECE && !is_in_row) *next = ROW_IS_OVER;
  }
  free(piece.file);
  free(piece.found);
  free(piece.inside);
  return is_named;
}

int64_t hdf5_visit_pieces(hid_t properties, const char *path, hdf5_piece_visitor *visit, void *context)
{
  size_t n_pieces = 0;
  if (H5Pget_virtual_count(properties, &n_pieces) < 0) return 1;
  hdf5_next next = NEXT_PIECE;
  for (size_t i = 0; i < n_pieces && next != NO_MORE; i++) {
    const int64_t number = (int64_t)i + 1;
    mapping says;
    bool is_good = mapping_open(properties, i, &says);
    next = NEXT_PIECE;
    for (int64_t block = 0; is_good && next == NEXT_PIECE; block++)
      is_good = visit_block(&says, path, number, block, visit, context, &next);
    mapping_close(&says);
    if (!is_good) return number;
  }
  return 0;
}
