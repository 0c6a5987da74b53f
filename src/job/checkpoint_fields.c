#include "job/checkpoint_fields.h"

#include <stddef.h>
#include <string.h>

static field make_field(const char *name, field_kind kind, size_t item, void *memory, int rank, const int64_t *shape)
{
  field made = {.name = name, .kind = kind, .rank = rank, .n_bytes = item, .memory = memory};
  for (int i = 0; i < rank; i++) {
    made.shape[i] = (hsize_t)shape[i];
    made.n_bytes *= (size_t)shape[i];
  }
  return made;
}

/* The names of a position's fields in the order of position_fields. */
static const char *const current_names[] = {"/current/start",
                                            "/current/level",
                                            "/current/iteration",
                                            "/current/log_likelihood",
                                            "/current/sum_log_max_responsibility",
                                            "/current/converged",
                                            "/current/weights",
                                            "/current/means",
                                            "/current/covariances",
                                            "/current/precisions_cholesky"};
static const char *const best_names[] = {
    "/best/start",     "/best/level",   "/best/iteration", "/best/log_likelihood", "/best/sum_log_max_responsibility",
    "/best/converged", "/best/weights", "/best/means",     "/best/covariances",    "/best/precisions_cholesky"};

static int position_fields(fit_position *position, const char *const *names, field *fields)
{
  gmmpi_model *model = position->model;
  const int64_t means[2] = {model->n_components, model->n_features};
  int64_t covariances[3];
  const int rank = storage_dimensions(model->family->storage, model->n_components, model->n_features, covariances);
  const size_t real = sizeof(double);
  const field found[] = {
      make_field(names[0], FIELD_INTEGER, sizeof(int64_t), &position->start, 0, NULL),
      make_field(names[1], FIELD_INTEGER, sizeof(int64_t), &position->level, 0, NULL),
      make_field(names[2], FIELD_INTEGER, sizeof(int64_t), &position->iteration, 0, NULL),
      make_field(names[3], FIELD_REAL, real, &position->log_likelihood, 0, NULL),
      make_field(names[4], FIELD_REAL, real, &position->sum_log_max_responsibility, 0, NULL),
      make_field(names[5], FIELD_FLAG, sizeof(bool), &position->converged, 0, NULL),
      make_field(names[6], FIELD_REAL, real, model->weights, 1, means),
      make_field(names[7], FIELD_REAL, real, model->means, 2, means),
      make_field(names[8], FIELD_REAL, real, model->covariances, rank, covariances),
      make_field(names[9], FIELD_REAL, real, model->precisions_cholesky, rank, covariances),
  };
  memcpy(fields, found, sizeof found);
  return (int)(sizeof found / sizeof found[0]);
}

int checkpoint_fields(fit_state *state, bool has_best, field fields[MAX_FIELDS])
{
  int n = 0;
  accelerator *history = state->history;
  const int64_t n_counters = ACCELERATOR_COUNTERS;
  fields[n++] = make_field("/n_row_visits", FIELD_INTEGER, sizeof(int64_t), &state->n_row_visits, 0, NULL);
  fields[n++] = make_field("/plain", FIELD_FLAG, sizeof(bool), &state->plain, 0, NULL);
  fields[n++] = make_field("/repaired", FIELD_FLAG, sizeof(bool), &state->repaired, 0, NULL);
  fields[n++] = make_field("/last_change", FIELD_REAL, sizeof(double), &state->last_change, 0, NULL);
  fields[n++] = make_field("/history/counters", FIELD_INTEGER, sizeof(int64_t), history->counters, 1, &n_counters);
  if (history->n_numbers > 0)
    fields[n++] = make_field("/history/numbers", FIELD_REAL, sizeof(double), history->numbers, 1, &history->n_numbers);
  fields[n++] = make_field("/n_reseeds", FIELD_INTEGER, sizeof(int64_t), state->n_reseeds, 1,
                           &state->current.model->n_components);
  if (state->n_events > 0)
    fields[n++] = make_field("/events", FIELD_EVENTS, sizeof(fit_event), state->events, 1, &state->n_events);
  n += position_fields(&state->current, current_names, fields + n);
  if (has_best) n += position_fields(&state->best, best_names, fields + n);
  return n;
}

static hid_t event_type(void)
{
  const hid_t type = H5Tcreate(H5T_COMPOUND, sizeof(fit_event));
  if (type < 0) return type;
  if (H5Tinsert(type, "start", offsetof(fit_event, start), H5T_NATIVE_INT64) < 0 ||
      H5Tinsert(type, "iteration", offsetof(fit_event, iteration), H5T_NATIVE_INT64) < 0 ||
      H5Tinsert(type, "component", offsetof(fit_event, component), H5T_NATIVE_INT64) < 0 ||
      H5Tinsert(type, "kind", offsetof(fit_event, kind), H5T_NATIVE_INT32) < 0 ||
      H5Tinsert(type, "action", offsetof(fit_event, action), H5T_NATIVE_INT32) < 0 ||
      H5Tinsert(type, "n_points", offsetof(fit_event, n_points), H5T_NATIVE_INT64) < 0 ||
      H5Tinsert(type, "value", offsetof(fit_event, value), H5T_NATIVE_DOUBLE) < 0) {
    H5Tclose(type);
    return -1;
  }
  return type;
}

hid_t checkpoint_field_type(field_kind kind)
{
  switch (kind) {
  case FIELD_INTEGER:
    return H5Tcopy(H5T_NATIVE_INT64);
  case FIELD_REAL:
    return H5Tcopy(H5T_NATIVE_DOUBLE);
  case FIELD_FLAG:
    return H5Tcopy(H5T_NATIVE_UINT8);
  case FIELD_EVENTS:
    return event_type();
  }
  return -1;
}

static bool has_shape(hid_t set, const field *wanted)
{
  const hid_t space = H5Dget_space(set);
  if (space < 0) return false;
  hsize_t shape[3] = {0};
  bool same = H5Sget_simple_extent_ndims(space) == wanted->rank &&
              H5Sget_simple_extent_dims(space, shape, NULL) == wanted->rank &&
              H5Sget_simple_extent_type(space) != H5S_NULL;
  for (int i = 0; i < wanted->rank; i++) same = same && shape[i] == wanted->shape[i];
  H5Sclose(space);
  return same;
}

static bool has_type(hid_t set, field_kind kind)
{
  const hid_t found = H5Dget_type(set);
  const hid_t wanted = checkpoint_field_type(kind);
  const bool same = found >= 0 && wanted >= 0 && H5Tequal(found, wanted) > 0;
  if (found >= 0) H5Tclose(found);
  if (wanted >= 0) H5Tclose(wanted);
  return same;
}

int64_t checkpoint_field_offset(hid_t file, const field *wanted, int64_t n_bytes)
{
  const hid_t set = H5Dopen2(file, wanted->name, H5P_DEFAULT);
  if (set < 0) return -1;
  int64_t place = -1;
  if (has_type(set, wanted->kind) && has_shape(set, wanted)) {
    const haddr_t offset = H5Dget_offset(set); /* HADDR_UNDEF unless contiguous and in this file */
    if (offset != HADDR_UNDEF && offset <= (haddr_t)n_bytes && wanted->n_bytes <= (haddr_t)n_bytes - offset)
      place = (int64_t)offset;
  }
  H5Dclose(set);
  return place;
}

hid_t checkpoint_open_image(const void *bytes, size_t n_bytes)
{
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  if (access < 0) return -1;
  hid_t file = -1;
  /* The image is copied by HDF5 and not changed: its parameter merely lacks the const. */
  if (H5Pset_fapl_core(access, (size_t)1 << 20, 0) >= 0 && H5Pset_file_image(access, (void *)bytes, n_bytes) >= 0)
    file = H5Fopen("gmmpi checkpoint", H5F_ACC_RDONLY, access);
  H5Pclose(access);
  return file;
}
