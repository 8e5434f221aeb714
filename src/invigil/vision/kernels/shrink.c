/* A picture made smaller for the detector in one go over its rows: halved once or twice, and then four
 * pixels made of five.
 *
 * Byte for byte what OpenCV gives (INTER_AREA, then INTER_LINEAR). There every halved picture is
 * written to memory and read again; here only five rows are kept.
 */
#include "kernels.h"

enum {
    COLOURS = 3,
    FROM = 5, /* pixels that become TO pixels */
    TO = 4,
    OUTPUT_ROW = 256 * COLOURS,
    HALVED_ROW = OUTPUT_ROW / TO * FROM,
    SPARE = 16, /* behind each row: vectors are stored and loaded whole */
};

/* Two rows become one of `size` bytes: each pixel is the mean of four. */
INLINE void halve(const uint8_t *above, const uint8_t *below, const int size, uint8_t *out) {
    enum { STEP = 4 * COLOURS };
    /* Four pixels in each half of a vector, and then each colour beside that of the next pixel. */
    const __m256i halves = _mm256_setr_epi32(0, 1, 2, 7, 3, 4, 5, 7);
    const __m256i pairs = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11, -1, -1, -1, -1));
    const __m128i together = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13, -1, -1, -1, -1);
    const __m256i ones = _mm256_set1_epi8(1);
    for (int i = 0; i < size; i += STEP) {
        /* Six times four bytes, and none behind them: nothing may lie behind the picture. */
        __m256i a = _mm256_maskz_loadu_epi32(0x3F, above + 2 * i);
        __m256i b = _mm256_maskz_loadu_epi32(0x3F, below + 2 * i);
        a = _mm256_shuffle_epi8(_mm256_permutevar8x32_epi32(a, halves), pairs);
        b = _mm256_shuffle_epi8(_mm256_permutevar8x32_epi32(b, halves), pairs);
        const __m256i sums =
            _mm256_add_epi16(_mm256_maddubs_epi16(a, ones), _mm256_maddubs_epi16(b, ones));
        const __m256i means = _mm256_srli_epi16(_mm256_add_epi16(sums, _mm256_set1_epi16(2)), 2);
        _mm_storeu_si128((__m128i *)(out + i), _mm_shuffle_epi8(_mm256_cvtepi16_epi8(means), together));
    }
}

/* One row of HALVED_ROW bytes, from two or four rows of the picture. */
INLINE void halved_row(const uint8_t *pixels, const int halvings, uint8_t *out) {
    const size_t row = (size_t)HALVED_ROW << halvings;
    if (halvings == 1) {
        halve(pixels, pixels + row, HALVED_ROW, out);
    } else {
        uint8_t above[2 * HALVED_ROW + SPARE], below[2 * HALVED_ROW + SPARE];
        halve(pixels, pixels + row, 2 * HALVED_ROW, above);
        halve(pixels + 2 * row, pixels + 3 * row, 2 * HALVED_ROW, below);
        halve(above, below, HALVED_ROW, out);
    }
}

/* Four pixels of five within a row, in eighths. The new ones lie 1, 3, 5 and 7 eighths of the way from
 * one to the next. */
INLINE void narrow(const uint8_t *row, uint16_t *out) {
    const __m128i first = _mm_setr_epi8(0, 3, 1, 4, 2, 5, 3, 6, 4, 7, 5, 8, 6, 9, 7, 10);
    const __m128i last = _mm_setr_epi8(8, 11, 9, 12, 10, 13, 11, 14, -1, -1, -1, -1, -1, -1, -1, -1);
    const __m128i first_shares = _mm_setr_epi8(7, 1, 7, 1, 7, 1, 5, 3, 5, 3, 5, 3, 3, 5, 3, 5);
    const __m128i last_shares = _mm_setr_epi8(3, 5, 1, 7, 1, 7, 1, 7, 0, 0, 0, 0, 0, 0, 0, 0);
    for (int i = 0; i < HALVED_ROW; i += FROM * COLOURS, out += TO * COLOURS) {
        const __m128i five = _mm_loadu_si128((const __m128i *)(row + i));
        const __m128i eight = _mm_maddubs_epi16(_mm_shuffle_epi8(five, first), first_shares);
        const __m128i four = _mm_maddubs_epi16(_mm_shuffle_epi8(five, last), last_shares);
        _mm_storeu_si128((__m128i *)out, eight);
        _mm_storel_epi64((__m128i *)(out + 8), four);
    }
}

/* A row between two. OpenCV drops bits of each product before it adds them. */
INLINE void between(const uint16_t *above, const uint16_t *below, const int eighths, uint8_t *out) {
    const uint16_t share = (uint16_t)eighths, rest = (uint16_t)(8 - eighths);
    for (int i = 0; i < OUTPUT_ROW; i++) {
        const uint16_t a = (uint16_t)(rest * above[i]), b = (uint16_t)(share * below[i]);
        out[i] = (uint8_t)((uint16_t)((a >> 4) + (b >> 4) + 2) >> 2);
    }
}

INLINE void shrink(const uint8_t *pixels, const int halvings, int height, uint8_t *out) {
    uint8_t halved[HALVED_ROW + SPARE];
    uint16_t rows[FROM][OUTPUT_ROW];
    for (int y = 0; y < height; y += FROM << halvings) {
        for (int r = 0; r < FROM; r++) {
            halved_row(pixels, halvings, halved);
            narrow(halved, rows[r]);
            pixels += ((size_t)HALVED_ROW << halvings) << halvings;
        }
        for (int r = 0; r < TO; r++, out += OUTPUT_ROW) between(rows[r], rows[r + 1], 1 + 2 * r, out);
    }
}

/* `pixels`: RGB, `height` x 640 with one halving, `height` x 1280 with two; `height` is a multiple of
 * 10 or 20. Room for a picture that is 256 pixels wide. */
EXPORTED void invigil_shrink(const uint8_t *pixels, int32_t halvings, int32_t height, uint8_t *out) {
    if (halvings == 1)
        shrink(pixels, 1, height, out);
    else
        shrink(pixels, 2, height, out);
}
