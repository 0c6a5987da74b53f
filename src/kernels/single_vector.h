/* SPDX-License-Identifier: BSD-3-Clause */
/* Part of template.h: vectors of floats, with what single.h needs of functions; as vector_math.h has it for doubles. */
enum {
  SINGLE_LANES = VECTOR_BYTES / 4,
  SINGLE_TILE_VECTORS = TILE_ROWS / SINGLE_LANES,
  SINGLE_GROUP = 16 /* partial sums when lanes are added up */
};

typedef float single_vector __attribute__((vector_size(VECTOR_BYTES), may_alias));
typedef int32_t single_bits __attribute__((vector_size(VECTOR_BYTES), may_alias));
typedef uint32_t single_words __attribute__((vector_size(VECTOR_BYTES), may_alias));

ALWAYS_INLINE single_vector single_of(float value)
{
  return value - (single_vector){0.0F};
}

/* The lanes in which a >= b, as the lowest bits. */
ALWAYS_INLINE unsigned single_lanes_at_least(single_vector a, single_vector b)
{
#if VECTOR_BYTES == 64 && defined(__AVX512F__)
  return _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_GE_OQ);
#elif VECTOR_BYTES == 32 && defined(__AVX__)
  return (unsigned)_mm256_movemask_ps(_mm256_cmp_ps((__m256)a, (__m256)b, _CMP_GE_OQ));
#elif VECTOR_BYTES == 16 && defined(__SSE2__)
  return (unsigned)_mm_movemask_ps(_mm_cmpge_ps((__m128)a, (__m128)b));
#else
  unsigned lanes = 0;
  for (int i = 0; i < SINGLE_LANES; i++) lanes |= (unsigned)(a[i] >= b[i]) << i;
  return lanes;
#endif
}

/* a where the mask's lanes are all ones, b where they are all zeros. */
ALWAYS_INLINE single_vector single_choose(single_bits mask, single_vector a, single_vector b)
{
#if VECTOR_BYTES == 32 && defined(__AVX__)
  return (single_vector)_mm256_blendv_ps((__m256)b, (__m256)a, (__m256)mask);
#else
  return (single_vector)((mask & (single_bits)a) | (~mask & (single_bits)b));
#endif
}

/* The larger one; b where a is not a number. */
ALWAYS_INLINE single_vector single_max(single_vector a, single_vector b)
{
#if VECTOR_BYTES == 64 && defined(__AVX512F__)
  return (single_vector)_mm512_max_ps((__m512)a, (__m512)b);
#elif VECTOR_BYTES == 32 && defined(__AVX__)
  return (single_vector)_mm256_max_ps((__m256)a, (__m256)b);
#elif VECTOR_BYTES == 16 && defined(__SSE2__)
  return (single_vector)_mm_max_ps((__m128)a, (__m128)b);
#else
  return single_choose(a > b, a, b);
#endif
}

ALWAYS_INLINE single_vector single_sqrt(single_vector x)
{
#if VECTOR_BYTES == 64 && defined(__AVX512F__)
  return (single_vector)_mm512_sqrt_ps((__m512)x);
#elif VECTOR_BYTES == 32 && defined(__AVX__)
  return (single_vector)_mm256_sqrt_ps((__m256)x);
#elif VECTOR_BYTES == 16 && defined(__SSE2__)
  return (single_vector)_mm_sqrt_ps((__m128)x);
#else
  for (int i = 0; i < SINGLE_LANES; i++) x[i] = __builtin_sqrtf(x[i]);
  return x;
#endif
}

/* x, rounded: as vector_rounded. */
ALWAYS_INLINE single_vector single_rounded(single_vector x)
{
#if VECTOR_BYTES == 64 && defined(__AVX512F__)
  __asm__("" : "+v"(x));
#elif VECTOR_BYTES <= 32 && defined(__x86_64__)
  __asm__("" : "+x"(x));
#elif defined(__x86_64__)
  for (int i = 0; i < SINGLE_LANES; i += 4) {
    __m128 part = {x[i], x[i + 1], x[i + 2], x[i + 3]};
    __asm__("" : "+x"(part));
    for (int j = 0; j < 4; j++) x[i + j] = part[j];
  }
#endif
  return x;
}

/* exp(x) for -80 <= x <= 0, within 2 units in the last place; any bits for other x. The polynomial is that of Cephes'
 * expf (Moshier 1992), its terms added in a tree. */
ALWAYS_INLINE single_vector single_exp_of_negative(single_vector x)
{
  const float shift = 0x1.8p23F;
  const single_vector shifted = x * 0x1.715476p0F + shift;
  const single_vector n = shifted - shift;
  const single_vector r = (x - n * 0x1.63p-1F) - n * -0x1.bd0106p-13F;
  const single_vector r2 = r * r;
  const single_vector low = 1.6666665459e-1F * r + 5.0000001201e-1F;
  const single_vector middle = 8.3334519073e-3F * r + 4.1665795894e-2F;
  const single_vector high = 1.9875691500e-4F * r + 1.3981999507e-3F;
  const single_vector q = low + r2 * (middle + r2 * high);
  const single_vector p = 1.0F + (r + r2 * q);
  return (single_vector)((single_words)p + ((single_words)shifted << 23));
}

/* The sum of TILE_ROWS numbers: lane p into partial sum p mod SINGLE_GROUP, and those in a tree, in double. */
static double single_sum_of_lanes(const float *numbers)
{
  _Alignas(64) float sums[SINGLE_GROUP];
  double tree[SINGLE_GROUP];
  for (int first = 0; first < SINGLE_GROUP / SINGLE_LANES; first++) {
    single_vector sum = single_of(0.0F);
    for (int v = first; v < SINGLE_TILE_VECTORS; v += SINGLE_GROUP / SINGLE_LANES)
      sum += ((const single_vector *)numbers)[v];
    ((single_vector *)sums)[first] = sum;
  }
  for (int i = 0; i < SINGLE_GROUP; i++) tree[i] = (double)sums[i];
  for (int half = SINGLE_GROUP / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; i++) tree[i] += tree[i + half];
  }
  return tree[0];
}
