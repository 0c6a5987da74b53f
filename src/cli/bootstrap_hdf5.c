/* SPDX-License-Identifier: BSD-3-Clause */
/* What gmmpi bootstrap found, as HDF5. */
#include "cli/bootstrap_output.h"
#include "support/error.h"
#include "support/file.h"
#include "support/hdf5_attributes.h"
#include "support/hdf5_image.h"
#include "support/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Writes a data set of n lists' numbers: each a number (n_lists 0: without that dimension). */
static bool write_covariances(hid_t file, const char *name, const replicate_layout *layout, int64_t n_lists,
                              const double *lists)
{
  const int64_t K = layout->n_components;
  const int64_t d = layout->n_features;
  const int64_t n = n_lists > 0 ? n_lists : 1;
  const int64_t shape[] = {n, K, d, d};
  double *numbers = allocate(n * K * d * d, sizeof *numbers);
  if (numbers == NULL) return false;
  double *next = numbers;
  for (int64_t r = 0; r < n; r++) {
    for (int64_t k = 0; k < K; k++) {
      for (int64_t i = 0; i < d * d; i++)
        *next++ = replicate_covariance_of(layout, lists + r * layout->length, k, i / d, i % d);
    }
  }
  const bool written = hdf5_image_write(file, name, n_lists > 0 ? 4 : 3, n_lists > 0 ? shape : shape + 1, numbers);
  free(numbers);
  return written;
}

/* Of numbers that stand together in a list: rows x columns of them, or, with columns 0, rows. */
static bool write_numbers(hid_t file, const char *name, const replicate_layout *layout, int64_t first, int64_t rows,
                          int64_t columns, int64_t n_lists, const double *lists)
{
  const int64_t n = n_lists > 0 ? n_lists : 1;
  const int64_t each = rows * (columns > 0 ? columns : 1);
  const int64_t shape[] = {n, rows, columns};
  const int n_dimensions = (columns > 0 ? 3 : 2) - (n_lists > 0 ? 0 : 1);
  double *numbers = allocate(n * each, sizeof *numbers);
  if (numbers == NULL) return false;
  for (int64_t r = 0; r < n; r++)
    memcpy(numbers + r * each, lists + r * layout->length + first, (size_t)each * sizeof *numbers);
  const bool written = hdf5_image_write(file, name, n_dimensions, n_lists > 0 ? shape : shape + 1, numbers);
  free(numbers);
  return written;
}

/* The kinds of numbers, each a data set of its own. */
enum { WEIGHTS, NOISE_WEIGHT, MEANS, DOF, COVARIANCES, N_QUANTITIES };
static const char *const quantities[] = {[WEIGHTS] = "/weights",
                                         [NOISE_WEIGHT] = "/noise_weight",
                                         [MEANS] = "/means",
                                         [DOF] = "/dof",
                                         [COVARIANCES] = "/covariances"};

static bool is_there(const replicate_layout *layout, int quantity)
{
  return (quantity != NOISE_WEIGHT || layout->noise_weight >= 0) && (quantity != DOF || layout->dof >= 0);
}

static bool write_quantity(hid_t file, const char *name, const replicate_layout *layout, int quantity, int64_t n_lists,
                           const double *lists)
{
  const int64_t K = layout->n_components;
  switch (quantity) {
  case WEIGHTS:
    return write_numbers(file, name, layout, layout->weights, K, 0, n_lists, lists);
  case NOISE_WEIGHT:
    return write_numbers(file, name, layout, layout->noise_weight, 1, 0, n_lists, lists);
  case MEANS:
    return write_numbers(file, name, layout, layout->means, K, layout->n_features, n_lists, lists);
  case DOF:
    return write_numbers(file, name, layout, layout->dof, K, 0, n_lists, lists);
  default:
    return write_covariances(file, name, layout, n_lists, lists);
  }
}

static bool write_said(hid_t file, const bootstrap_result *result)
{
  said_of_numbers said[N_SAID];
  bool written = true;
  bootstrap_list_said(result, said);
  for (int q = 0; q < N_QUANTITIES && written; q++) {
    if (!is_there(&result->layout, q)) continue;
    written = hdf5_image_group(file, quantities[q]);
    for (int s = 0; s < N_SAID && written; s++) {
      char name[64];
      snprintf(name, sizeof name, "%s/%s", quantities[q], said[s].name);
      written = write_quantity(file, name, &result->layout, q, 0, said[s].list);
    }
  }
  return written;
}

static bool write_replicates(hid_t file, const bootstrap_account *account)
{
  const bootstrap_result *result = account->result;
  bool written = hdf5_image_group(file, "/replicates");
  for (int q = 0; q < N_QUANTITIES && written; q++) {
    char name[64];
    snprintf(name, sizeof name, "/replicates%s", quantities[q]);
    if (is_there(&result->layout, q))
      written = write_quantity(file, name, &result->layout, q, account->how->n_replicates, result->replicates);
  }
  return written;
}

static bool write_attributes(hid_t file, const bootstrap_account *account)
{
  const gmmpi_model *model = account->model;
  json_t *identity = json_pack("{s:s, s:I}", "format", "gmmpi bootstrap", "format_version", (json_int_t)1);
  json_t *facts = bootstrap_facts(account);
  bool written =
      identity != NULL && facts != NULL && hdf5_attributes_write(file, identity) && hdf5_attributes_write(file, facts);
  if (written && model->feature_names != NULL)
    written = hdf5_strings_write(file, "feature_names", model->n_features, (const char *const *)model->feature_names);
  if (written && model->transforms != NULL)
    written = hdf5_strings_write(file, "transforms", model->n_features, (const char *const *)model->transforms);
  if (written && model->component_names != NULL)
    written =
        hdf5_strings_write(file, "component_names", model->n_components, (const char *const *)model->component_names);
  json_decref(identity);
  json_decref(facts);
  return written;
}

/* Numbers in a data set of K x d x d, and of all kinds. */
static int64_t bytes_of_lists(int64_t n_components, int64_t n_features, int64_t n_lists)
{
  int64_t each;
  if (!multiply_fits(n_features, n_features + 1, &each) || !multiply_fits(each, n_components, &each) ||
      !multiply_fits(each + 3 * n_components + 1, (int64_t)sizeof(double), &each) ||
      !multiply_fits(each, n_lists, &each))
    return INT64_MAX;
  return each;
}

int64_t bootstrap_output_bytes(int64_t n_components, int64_t n_features, int64_t n_replicates, bool keeps_replicates)
{
  const int64_t n_lists = N_SAID + 1 + (keeps_replicates ? n_replicates : 0);
  const int64_t once = bytes_of_lists(n_components, n_features, n_lists);
  return sum_of_bytes(3, (int64_t[]){once, once, keeps_replicates ? once : 0}); /* the data set, the file, its bytes */
}

gmmpi_status bootstrap_write_hdf5(const bootstrap_account *account, bool keeps_replicates, gmmpi_error *error)
{
  const gmmpi_model *model = account->model;
  void *bytes = NULL;
  size_t n_bytes = 0;
  bool whole;
  H5E_BEGIN_TRY
  {
    const int64_t n_lists = N_SAID + (keeps_replicates ? account->how->n_replicates : 0);
    const hid_t file =
        hdf5_image_create(bytes_of_lists(model->n_components, model->n_features, n_lists) + (INT64_C(1) << 16));
    whole = file >= 0 && write_said(file, account->result) && (!keeps_replicates || write_replicates(file, account)) &&
            write_attributes(file, account) && hdf5_image_bytes(file, &bytes, &n_bytes);
    if (file >= 0) H5Fclose(file);
  }
  H5E_END_TRY
  if (whole)
    file_write_whole(account->output_path, bytes, n_bytes, error);
  else
    fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to write it; leave --keep-replicates out, or ask for fewer",
         account->output_path);
  free(bytes);
  return error->status;
}
