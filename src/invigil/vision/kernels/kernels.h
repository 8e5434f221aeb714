/* What the networks here share: vectors of eight, memory, and the order of the packed weights.
 *
 * Pictures and maps lie row by row, pixel by pixel, channel by channel (NHWC). Every map has a border
 * of one pixel of zeros, so that no convolution has to ask where the picture ends. Nothing is allocated
 * and nothing is kept between calls: the caller gives weights and scratch memory, both aligned to
 * KERNEL_ALIGNMENT bytes, and a scratch is for one call at a time.
 *
 * Needs AVX-512 VL and VNNI, in vectors of 256 bits: half as many numbers at once as the processor
 * could take, but two of them in each cycle, and no pixel has to be filled up to sixteen channels.
 */
#ifndef INVIGIL_KERNELS_H
#define INVIGIL_KERNELS_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define EXPORTED __attribute__((visibility("default")))
/* Shapes are arguments that every caller knows: the compiler makes a version for each. */
#define INLINE static inline __attribute__((always_inline))
#define UNROLLED _Pragma("clang loop unroll(full)")

enum { KERNEL_ALIGNMENT = 64, LANES = 8 };

/* Packed weights: one array behind the other, each at a multiple of KERNEL_ALIGNMENT. Without `from`
 * nothing is taken, and only counted. */
typedef struct {
    const uint8_t *from;
    size_t taken;
} Cursor;

static inline size_t aligned(size_t bytes) {
    return (bytes + KERNEL_ALIGNMENT - 1) / KERNEL_ALIGNMENT * KERNEL_ALIGNMENT;
}

static inline const void *take(Cursor *packed, size_t bytes) {
    const void *here = packed->from ? packed->from + packed->taken : NULL;
    packed->taken += aligned(bytes);
    return here;
}

static inline void *reserve(uint8_t **scratch, size_t bytes) {
    void *here = *scratch;
    *scratch += aligned(bytes);
    return here;
}

/* Four bytes or two 16-bit numbers of one pixel, for all lanes. */
INLINE __m256i broadcast(const void *from) {
    int32_t together;
    memcpy(&together, from, sizeof together);
    return _mm256_set1_epi32(together);
}

#endif
