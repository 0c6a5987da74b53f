/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/fcs/parameters.h"

#include <endian.h>
#include <math.h>
#include <string.h>

static uint64_t bits_in_order(const unsigned char *bytes, int width, bool is_little_endian)
{
  uint64_t bits = 0;
  for (int i = 0; i < width; i++) bits |= (uint64_t)bytes[i] << 8 * (is_little_endian ? i : width - 1 - i);
  return bits;
}

/* Of four bytes each has its significance; of two the pair that the low ones of four are. */
static uint64_t bits_in_mixed_order(const fcs_table *table, const unsigned char *bytes, int width)
{
  uint64_t bits = 0;
  int pair = 0;
  while (pair < 2 && (table->order[pair] > 1 || table->order[pair + 1] > 1)) pair += 2;
  if (width == 2) return bits_in_order(bytes, 2, pair < 4 && table->order[pair] < table->order[pair + 1]);
  for (int i = 0; i < width; i++) bits |= (uint64_t)bytes[i] << 8 * table->order[i];
  return bits;
}

static uint64_t bits_of(const fcs_table *table, const unsigned char *bytes, int width)
{
  return table->is_mixed ? bits_in_mixed_order(table, bytes, width)
                         : bits_in_order(bytes, width, table->is_little_endian);
}

static double float_of(uint32_t bits)
{
  float value;
  memcpy(&value, &bits, sizeof value);
  return (double)value;
}

static double double_of(uint64_t bits)
{
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* A loop of its own for what most files have: floats. */
static void convert_floats(const fcs_table *table, const unsigned char *bytes, int64_t n, double *numbers,
                           int64_t stride)
{
  for (int64_t i = 0; i < n; i++) {
    uint32_t bits;
    memcpy(&bits, bytes + i * table->event_bytes, sizeof bits);
    numbers[i * stride] = float_of(table->is_little_endian ? le32toh(bits) : be32toh(bits));
  }
}

void fcs_convert(const fcs_table *table, const fcs_parameter *parameter, bool raw, const unsigned char *bytes,
                 int64_t n, double *numbers, int64_t stride)
{
  const char type = parameter->type;
  if (type == 'F' && !table->is_mixed) {
    convert_floats(table, bytes, n, numbers, stride);
  } else {
    for (int64_t i = 0; i < n; i++) {
      const uint64_t bits = bits_of(table, bytes + i * table->event_bytes, parameter->width);
      numbers[i * stride] = type == 'I'   ? (double)(bits & parameter->mask)
                            : type == 'F' ? float_of((uint32_t)bits)
                                          : double_of(bits);
    }
  }
  if (raw || (parameter->decades == 0.0 && parameter->gain == 1.0)) return;
  for (int64_t i = 0; i < n; i++) {
    const double number = numbers[i * stride];
    numbers[i * stride] = parameter->decades > 0.0
                              ? parameter->least * pow(10.0, parameter->decades * number / parameter->range)
                              : number / parameter->gain;
  }
}
