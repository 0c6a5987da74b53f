/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/fits/cells.h"

#include <endian.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

int fits_type_bytes(char type)
{
  switch (type) {
  case 'L':
  case 'B':
    return 1;
  case 'I':
    return 2;
  case 'J':
  case 'E':
    return 4;
  case 'K':
  case 'D':
    return 8;
  default:
    return 0;
  }
}

int fits_bitpix_bytes(int bitpix, char *type)
{
  *type = bitpix == 8 ? 'B' : bitpix == 16 ? 'I' : bitpix == 32 ? 'J' : bitpix == 64 ? 'K' : '\0';
  if (bitpix == -32) *type = 'E';
  if (bitpix == -64) *type = 'D';
  return fits_type_bytes(*type);
}

static uint16_t bits_16(const unsigned char *bytes)
{
  uint16_t bits;
  memcpy(&bits, bytes, sizeof bits);
  return be16toh(bits);
}

static uint32_t bits_32(const unsigned char *bytes)
{
  uint32_t bits;
  memcpy(&bits, bytes, sizeof bits);
  return be32toh(bits);
}

static uint64_t bits_64(const unsigned char *bytes)
{
  uint64_t bits;
  memcpy(&bits, bytes, sizeof bits);
  return be64toh(bits);
}

static double float_of(const unsigned char *bytes)
{
  const uint32_t bits = bits_32(bytes);
  float value;
  memcpy(&value, &bits, sizeof value);
  return (double)value;
}

static double double_of(const unsigned char *bytes)
{
  const uint64_t bits = bits_64(bytes);
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* Two's complement, but for B, which has no sign. */
static int64_t integer_of(char type, const unsigned char *bytes)
{
  switch (type) {
  case 'B':
    return bytes[0];
  case 'I':
    return (int16_t)bits_16(bytes);
  case 'J':
    return (int32_t)bits_32(bytes);
  default:
    return (int64_t)bits_64(bytes);
  }
}

bool fits_cell_is_sign_shifted(const fits_cell *cell)
{
  const char type = cell->type;
  const double shift = type == 'B' ? -0x1p7 : type == 'I' ? 0x1p15 : type == 'J' ? 0x1p31 : 0x1p63;
  return strchr("BIJK", type) != NULL && cell->scale == 1.0 && cell->zero == shift;
}

void fits_cell_make_raw(fits_cell *cell)
{
  cell->has_null = false;
  cell->null_text[0] = '\0';
  cell->scale = 1.0;
  cell->zero = 0.0;
}

/* Numbers without a sign are kept with 2^63 taken off: the sum is rounded once, as it would not be in doubles. */
static double integer_value(const fits_cell *cell, int64_t integer)
{
  if (cell->has_null && integer == cell->null) return NAN;
  if (cell->scale == 1.0 && cell->zero == 0x1p63) return (double)((uint64_t)integer ^ UINT64_C(1) << 63);
  return (double)integer * cell->scale + cell->zero;
}

static double logical_of(unsigned char byte)
{
  return byte == 'T' ? 1.0 : byte == 'F' ? 0.0 : NAN;
}

/* --- numbers as text --- */

/* Copies a field without the blanks around it; D of an exponent, as Fortran writes it, becomes E. */
static void copy_field(const fits_cell *cell, const unsigned char *bytes, char *text)
{
  int begin = 0;
  int end = cell->width < FITS_TEXT_BYTES ? cell->width : FITS_TEXT_BYTES - 1;
  while (begin < end && bytes[begin] == ' ') begin++;
  while (end > begin && (bytes[end - 1] == ' ' || bytes[end - 1] == '\0')) end--;
  for (int i = begin; i < end; i++) text[i - begin] = bytes[i] == 'D' || bytes[i] == 'd' ? 'E' : (char)bytes[i];
  text[end - begin] = '\0';
}

/* False: it is no number. Nothing but blanks is a missing value. */
static bool text_value(const fits_cell *cell, const unsigned char *bytes, double *value)
{
  char text[FITS_TEXT_BYTES];
  copy_field(cell, bytes, text);
  *value = NAN;
  if (text[0] == '\0') return true;
  if (cell->null_text[0] != '\0' && strcmp(text, cell->null_text) == 0) return true;
  const locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  if (plain == (locale_t)0) return false;
  char *end;
  *value = strtod_l(text, &end, plain);
  freelocale(plain);
  if (strchr(text, '.') == NULL && cell->n_decimals > 0) *value /= pow(10.0, cell->n_decimals);
  *value = *value * cell->scale + cell->zero;
  return end > text && *end == '\0';
}

/* A loop of its own for what most files have. */
static void convert_plain_floats(const unsigned char *bytes, bool is_double, int64_t row_bytes, int64_t n,
                                 double *numbers, int64_t stride)
{
  if (is_double) {
    for (int64_t i = 0; i < n; i++) numbers[i * stride] = double_of(bytes + i * row_bytes);
  } else {
    for (int64_t i = 0; i < n; i++) numbers[i * stride] = float_of(bytes + i * row_bytes);
  }
}

int64_t fits_cells_convert(const fits_cell *cell, const unsigned char *bytes, int64_t row_bytes, int64_t n,
                           double *numbers, int64_t stride)
{
  const char type = cell->type;
  const bool is_float = type == 'D' || type == 'E';
  if (is_float) convert_plain_floats(bytes, type == 'D', row_bytes, n, numbers, stride);
  if (is_float && cell->scale == 1.0 && cell->zero == 0.0) return n;
  for (int64_t i = 0; i < n; i++) {
    const unsigned char *from = bytes + i * row_bytes;
    double *to = numbers + i * stride;
    if (is_float) {
      *to = *to * cell->scale + cell->zero;
    } else if (type == 'L') {
      *to = logical_of(*from);
    } else if (type != 'A') {
      *to = integer_value(cell, integer_of(type, from));
    } else if (!text_value(cell, from, to)) {
      return i;
    }
  }
  return n;
}
