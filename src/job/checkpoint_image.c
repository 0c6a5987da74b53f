#include "job/checkpoint_image.h"

#include "job/checkpoint_fields.h"
#include "job/checkpoint_trailer.h"
#include "support/error.h"
#include "support/hdf5_attributes.h"
#include "support/hdf5_image.h"
#include "support/large_messages.h"

#include <stdlib.h>
#include <string.h>

enum { SMALL_PARTS = 1 << 16 }; /* bytes of attributes, headers and small data sets, at most */

/* --- laying out --- */

/* A contiguous data set whose place in the file is decided now. */
static hid_t add_set(hid_t file, const char *name, hid_t type, int rank, const hsize_t *shape)
{
  const hid_t space = rank == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(rank, shape, NULL);
  const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
  hid_t set = -1;
  if (space >= 0 && creation >= 0 && H5Pset_obj_track_times(creation, 0) >= 0 &&
      H5Pset_layout(creation, H5D_CONTIGUOUS) >= 0 && H5Pset_alloc_time(creation, H5D_ALLOC_TIME_EARLY) >= 0 &&
      H5Pset_fill_time(creation, H5D_FILL_TIME_ALLOC) >= 0)
    set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
  if (creation >= 0) H5Pclose(creation);
  if (space >= 0) H5Sclose(space);
  return set;
}

/* A group with attributes, or without. */
static bool add_group(hid_t file, const char *name, const json_t *facts)
{
  const hid_t creation = H5Pcreate(H5P_GROUP_CREATE);
  hid_t group = -1;
  if (creation >= 0 && H5Pset_obj_track_times(creation, 0) >= 0 &&
      H5Pset_attr_creation_order(creation, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED) >= 0)
    group = H5Gcreate2(file, name, H5P_DEFAULT, creation, H5P_DEFAULT);
  if (creation >= 0) H5Pclose(creation);
  const bool written = group >= 0 && (facts == NULL || hdf5_attributes_write(group, facts));
  return group >= 0 && H5Gclose(group) >= 0 && written;
}

static bool add_field(hid_t file, const field *one)
{
  const hid_t type = checkpoint_field_type(one->kind);
  const hid_t set = type >= 0 ? add_set(file, one->name, type, one->rank, one->shape) : -1;
  if (type >= 0) H5Tclose(type);
  return set >= 0 && H5Dclose(set) >= 0;
}

/* What the file is, at its beginning, and whose it is. */
static bool add_identity(hid_t file, const checkpoint_identity *identity, const fit_state *state)
{
  const gmmpi_model *model = state->current.model;
  char *options = json_dumps(identity->options, JSON_COMPACT);
  json_t *format = json_pack("{s:s, s:i, s:s}", "format", CHECKPOINT_NAME, "format_version", (int)CHECKPOINT_FORMAT,
                             "program_version", identity->version);
  json_t *facts =
      json_pack("{s:I, s:I, s:I, s:I, s:s, s:s, s:s}", "data_fingerprint", (json_int_t)identity->fingerprint,
                "n_samples", (json_int_t)identity->n_samples, "n_features", (json_int_t)model->n_features,
                "n_components", (json_int_t)model->n_components, "covariance", model->family->name, "acceleration",
                accelerator_name(state->history), "options", options != NULL ? options : "");
  const bool written = options != NULL && format != NULL && facts != NULL && hdf5_attributes_write(file, format) &&
                       add_group(file, "/job", facts);
  json_decref(format);
  json_decref(facts);
  free(options);
  return written;
}

/* The bytes of an open file with those of the trailer behind them. */
static bool take_bytes(hid_t file, checkpoint_image *image)
{
  void *bytes;
  size_t length;
  if (!hdf5_image_bytes(file, &bytes, &length)) return false;
  image->bytes = bytes;
  image->n_bytes = (int64_t)length + CHECKPOINT_TRAILER;
  return true;
}

static bool lay_out(const checkpoint_identity *identity, const fit_state *state, const field *fields, int n_fields,
                    checkpoint_image *image)
{
  const gmmpi_model *model = state->current.model;
  const hid_t file = hdf5_image_create(
      checkpoint_image_bytes(model->family, model->n_components, model->n_features, accelerator_name(state->history)));
  if (file < 0) return false;
  bool done = add_identity(file, identity, state) && add_group(file, "/current", NULL) &&
              add_group(file, "/history", NULL) && (!image->has_best || add_group(file, "/best", NULL));
  for (int i = 0; i < n_fields && done; i++) done = add_field(file, &fields[i]);
  done = done && take_bytes(file, image);
  for (int i = 0; i < n_fields && done; i++) {
    image->offsets[i] = checkpoint_field_offset(file, &fields[i], image->n_bytes - CHECKPOINT_TRAILER);
    done = image->offsets[i] >= 0;
  }
  return H5Fclose(file) >= 0 && done;
}

/* --- filling --- */

/* The table is made of pointers for reading as well; here nothing is written through them. */
static int fields_of(const fit_state *state, bool has_best, field fields[MAX_FIELDS])
{
  return checkpoint_fields((fit_state *)state, has_best, fields);
}

gmmpi_status checkpoint_image_create(const checkpoint_identity *identity, const fit_state *state,
                                     checkpoint_image *image, gmmpi_error *error)
{
  field fields[MAX_FIELDS];
  memset(image, 0, sizeof *image);
  image->n_events = state->n_events;
  image->has_best = state->best.start >= 0;
  const int n_fields = fields_of(state, image->has_best, fields);
  image->offsets = calloc(MAX_FIELDS, sizeof *image->offsets);
  if (image->offsets == NULL) return fail(error, GMMPI_NO_MEMORY, "no memory is left for a checkpoint");
  bool done;
  H5E_BEGIN_TRY
  {
    done = lay_out(identity, state, fields, n_fields, image);
  }
  H5E_END_TRY
  if (!done) {
    checkpoint_image_clear(image);
    return fail(error, GMMPI_NO_MEMORY, "a checkpoint cannot be built in memory; there may be too little of it");
  }
  checkpoint_image_fill(image, state);
  return GMMPI_OK;
}

void checkpoint_image_clear(checkpoint_image *image)
{
  free(image->bytes);
  free(image->offsets);
  memset(image, 0, sizeof *image);
}

bool checkpoint_image_fits(const checkpoint_image *image, const fit_state *state)
{
  return image->bytes != NULL && image->n_events == state->n_events && image->has_best == (state->best.start >= 0);
}

void checkpoint_image_fill(checkpoint_image *image, const fit_state *state)
{
  field fields[MAX_FIELDS];
  const int n_fields = fields_of(state, image->has_best, fields);
  for (int i = 0; i < n_fields; i++) memcpy(image->bytes + image->offsets[i], fields[i].memory, fields[i].n_bytes);
}

int64_t checkpoint_image_bytes(const covariance_family *family, int64_t n_components, int64_t n_features,
                               const char *accelerate)
{
  const int64_t model = model_bytes(family, n_components, n_features);
  const int64_t history = accelerator_bytes(accelerate, family->storage->shape, n_components, n_features);
  if (model > (INT64_MAX - SMALL_PARTS) / 4 || history > INT64_MAX / 2) return INT64_MAX;
  return 2 * model + history + SMALL_PARTS;
}

/* --- broadcasting --- */

gmmpi_status checkpoint_broadcast(MPI_Comm comm, const covariance_family *family, int64_t n_components,
                                  int64_t n_features, const char *accelerate, fit_state **state, gmmpi_error *error)
{
  int rank;
  MPI_Comm_rank(comm, &rank);
  int64_t shape[2] = {0, 0}; /* events; is there a best position? */
  if (rank == 0) {
    shape[0] = (*state)->n_events;
    shape[1] = (*state)->best.start >= 0;
  }
  MPI_Bcast(shape, 2, MPI_INT64_T, 0, comm);
  if (rank != 0 && fit_state_create(family, n_components, n_features, accelerate, state, error) == GMMPI_OK &&
      fit_state_reserve_events(*state, shape[0], error) == GMMPI_OK)
    (*state)->n_events = shape[0];
  const gmmpi_status status = agree(comm, error);
  if (status != GMMPI_OK) return status;

  field fields[MAX_FIELDS];
  const int n_fields = checkpoint_fields(*state, shape[1] != 0, fields);
  for (int i = 0; i < n_fields; i++) broadcast_large(comm, 0, fields[i].memory, (int64_t)(fields[i].n_bytes), MPI_BYTE);
  if (shape[1] == 0) (*state)->best.start = -1;
  return GMMPI_OK;
}
