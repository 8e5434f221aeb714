/* BlazeFace (back camera, 256 pixels wide) with 16-bit products and 32-bit sums.
 *
 * Each block is a depthwise 3 x 3 convolution (in 32-bit floats), a 1 x 1 convolution (in integers)
 * and the sum with its own input. The result of the first is rounded to 16 bits in steps that the
 * packed weights bring along; sums stay in 32 bits. With 8 bits faces were lost, see docs/models.md.
 */
#include "kernels.h"

enum {
    INPUT_WIDTH = 256,
    COLOURS = 3,
    STAGES = 4, /* each half the size of the one before; a fifth map is made of the last */
    BLOCKS = 7, /* in each stage, behind the one that halves */
    PIXELS = 8, /* pixels and vectors of outputs that are summed together: 24 registers */
    VECTORS = 3,
    GROUP = VECTORS * LANES,
    FIRST_ROWS = 5,
    FIRST_PAIRS = 8, /* a row of 5 pixels of 3 colours, and a zero */
    /* One pixel of border before, two behind, filled up to a multiple of LANES. */
    IMAGE_ROW = COLOURS + INPUT_WIDTH * COLOURS + 13,
    ANCHORS_16 = 2,
    ANCHORS_32 = 6,
    VALUES = 16, /* of one anchor: box and key points */
    MOST_WIDTH = INPUT_WIDTH / 2,
    FIRST_KEPT = 2 * BLOCKS + 4, /* see `advance`, and two rows each for its ends and the halving */
};

static const int CHANNELS[STAGES + 1] = {24, 24, 48, 96, 96};

/* Outputs are filled up to whole groups, with zeros. */
typedef struct {
    const float *depthwise; /* 3 x 3 for each group of LANES channels; of a head: one factor a channel */
    const int16_t *pointwise;
    const float *scale, *bias;
} Block;

/* Rows with a pixel of zeros on either side. Of a tall map only the last `kept` rows are there. */
typedef struct {
    float *rows, *zeros; /* `zeros`: the row above and the one below the map */
    int width, height, channels, kept;
} Map;

INLINE size_t row_size(const Map *map) { return (size_t)(map->width + 2) * map->channels; }

/* The first pixel of row y that is not border. */
INLINE float *row_at(const Map *map, int y) {
    float *row = y < 0 || y >= map->height ? map->zeros : map->rows + y % map->kept * row_size(map);
    return row + map->channels;
}

INLINE int filled_up(int outputs) { return (outputs + GROUP - 1) / GROUP * GROUP; }

static void take_pointwise(Cursor *packed, Block *block, int inputs, int outputs) {
    size_t count = (size_t)filled_up(outputs);
    block->pointwise = take(packed, inputs * count * sizeof(int16_t));
    block->scale = take(packed, count * sizeof(float));
    block->bias = take(packed, count * sizeof(float));
}

static Block take_block(Cursor *packed, int inputs, int outputs) {
    Block block;
    block.depthwise = take(packed, (size_t)9 * inputs * sizeof(float));
    take_pointwise(packed, &block, inputs, outputs);
    return block;
}

static Block take_head(Cursor *packed, int inputs, int outputs) {
    Block block;
    block.depthwise = take(packed, inputs * sizeof(float));
    take_pointwise(packed, &block, inputs, outputs);
    return block;
}

INLINE void store_rounded(int16_t *to, __m256 values) {
    _mm_store_si128((__m128i *)to, _mm256_cvtsepi32_epi16(_mm256_cvtps_epi32(values)));
}

/* Row y of a depthwise 3 x 3 convolution. With a step of 2 the padding is behind the picture only. */
INLINE void depthwise_row(
    const Map *map, int y, int width, const int channels, const int step, const float *weights,
    int16_t *out) {
    enum { TOGETHER = 4, MOST_COLUMNS = 2 * TOGETHER + 1 };
    const int above = step == 1 ? y - 1 : 2 * y, left = step == 1 ? channels : 0;
    const float *const rows[3] = {row_at(map, above) - left, row_at(map, above + 1) - left,
                                  row_at(map, above + 2) - left};
    for (int group = 0; group < channels; group += LANES) {
        __m256 kernel[9];
        for (int i = 0; i < 9; i++) kernel[i] = _mm256_load_ps(weights + 9 * group + i * LANES);
        for (int x = 0; x < width; x += TOGETHER) {
            const size_t from = (size_t)x * step * channels + group;
            __m256 sums[TOGETHER];
            UNROLLED for (int i = 0; i < TOGETHER; i++) sums[i] = _mm256_setzero_ps();
            UNROLLED for (int r = 0; r < 3; r++) {
                __m256 columns[MOST_COLUMNS];
                UNROLLED for (int i = 0; i < step * (TOGETHER - 1) + 3; i++)
                    columns[i] = _mm256_load_ps(rows[r] + from + (size_t)i * channels);
                UNROLLED for (int i = 0; i < TOGETHER; i++)
                    UNROLLED for (int c = 0; c < 3; c++)
                        sums[i] = _mm256_fmadd_ps(columns[step * i + c], kernel[3 * r + c], sums[i]);
            }
            UNROLLED for (int i = 0; i < TOGETHER; i++)
                store_rounded(out + (size_t)(x + i) * channels + group, sums[i]);
        }
    }
}

/* The products of PIXELS pixels, from place `at` of each row on, with one group of outputs. */
INLINE void multiply(
    const int16_t *const *rows, const size_t at, const size_t pixel_step, const int row_count,
    const int pairs, const int16_t *weights, __m256i sums[PIXELS][VECTORS]) {
    UNROLLED for (int i = 0; i < PIXELS; i++)
        UNROLLED for (int v = 0; v < VECTORS; v++) sums[i][v] = _mm256_setzero_si256();
    const __m256i *next = (const __m256i *)weights;
    for (int r = 0; r < row_count; r++)
        for (int k = 0; k < pairs; k++, next += VECTORS) {
            const __m256i w0 = next[0], w1 = next[1], w2 = next[2];
            UNROLLED for (int i = 0; i < PIXELS; i++) {
                const __m256i pair = broadcast(rows[r] + at + i * pixel_step + 2 * k);
                sums[i][0] = _mm256_dpwssd_epi32(sums[i][0], pair, w0);
                sums[i][1] = _mm256_dpwssd_epi32(sums[i][1], pair, w1);
                sums[i][2] = _mm256_dpwssd_epi32(sums[i][2], pair, w2);
            }
        }
}

/* out = sums * scale + bias, [+ out], [at least 0] */
INLINE void finish(
    __m256i sums[PIXELS][VECTORS], const float *scale, const float *bias, float *out,
    const size_t pixel_step, const int add, const int relu) {
    UNROLLED for (int v = 0; v < VECTORS; v++) {
        const __m256 s = _mm256_load_ps(scale + v * LANES), b = _mm256_load_ps(bias + v * LANES);
        UNROLLED for (int i = 0; i < PIXELS; i++) {
            float *to = out + i * pixel_step + v * LANES;
            __m256 value = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sums[i][v]), s, b);
            if (add) value = _mm256_add_ps(value, _mm256_load_ps(to));
            if (relu) value = _mm256_max_ps(value, _mm256_setzero_ps());
            _mm256_store_ps(to, value);
        }
    }
}

INLINE void pointwise_row(
    const int16_t *in, int width, const int inputs, const int outputs, const Block *block, float *out,
    const int add, const int relu) {
    for (int group = 0; group < outputs; group += GROUP)
        for (int x = 0; x < width; x += PIXELS) {
            __m256i sums[PIXELS][VECTORS];
            multiply(&in, (size_t)x * inputs, inputs, 1, inputs / 2,
                     block->pointwise + (size_t)group * inputs, sums);
            finish(sums, block->scale + group, block->bias + group,
                   out + (size_t)x * outputs + group, outputs, add, relu);
        }
}

/* One step of all blocks of a stage, which go over the map together and in place.
 *
 * Row `front` is the newest of the map. Block k works two rows behind block k - 1, so that what it reads
 * is still near. Within a block, the row below is convolved before a row is overwritten: `rows` keeps two
 * for each block. Rows up to front - 2 * BLOCKS are finished afterwards.
 */
INLINE void advance(
    const Map *map, const int channels, const Block *blocks, int16_t *rows, int front) {
    const size_t size = (size_t)map->width * channels;
    for (int k = 0; k < BLOCKS; k++) {
        const int y = front - 1 - 2 * k;
        int16_t *own = rows + 2 * k * size;
        if (y >= 0 && y < map->height)
            depthwise_row(map, y, map->width, channels, 1, blocks[k].depthwise, own + (y & 1) * size);
        if (y >= 1 && y <= map->height)
            pointwise_row(own + ((y - 1) & 1) * size, map->width, channels, channels, &blocks[k],
                          row_at(map, y - 1), 1, 1);
    }
}

INLINE void residual_blocks(const Map *map, const int channels, const Block *blocks, int16_t *rows) {
    for (int front = 1; front < map->height + 2 * BLOCKS; front++)
        advance(map, channels, blocks, rows, front);
}

/* The greatest of each 2 x 2 pixels; further channels are empty. */
INLINE void pooled_row(const Map *map, int y, const int channels, float *out, const int outputs) {
    const float *above = row_at(map, 2 * y), *below = row_at(map, 2 * y + 1);
    for (int x = 0; x < map->width / 2; x++, out += outputs) {
        for (int c = 0; c < channels; c += LANES) {
            const float *a = above + (size_t)2 * x * channels + c, *b = below + (a - above);
            _mm256_store_ps(
                out + c,
                _mm256_max_ps(_mm256_max_ps(_mm256_load_ps(a), _mm256_load_ps(a + channels)),
                              _mm256_max_ps(_mm256_load_ps(b), _mm256_load_ps(b + channels))));
        }
        for (int c = channels; c < outputs; c += LANES) _mm256_store_ps(out + c, _mm256_setzero_ps());
    }
}

INLINE void halving_row(
    const Map *from, const Map *to, int y, const int inputs, const int outputs, const Block *block,
    int16_t *row, const int residual) {
    depthwise_row(from, y, to->width, inputs, 2, block->depthwise, row);
    if (residual) pooled_row(from, y, inputs, row_at(to, y), outputs);
    pointwise_row(row, to->width, inputs, outputs, block, row_at(to, y), residual, 1);
}

INLINE void halving_block(
    const Map *from, const Map *to, const int inputs, const int outputs, const Block *block,
    int16_t *row, const int residual) {
    for (int y = 0; y < to->height; y++)
        halving_row(from, to, y, inputs, outputs, block, row, residual);
}

/* Scores (before the sigmoid) and boxes of every anchor, in the order of the original. */
INLINE void head(
    const Map *map, const int channels, const int anchors, const Block *block, int16_t *row,
    float *results, float *scores, float *boxes) {
    const int outputs = filled_up(anchors * (1 + VALUES));
    for (int y = 0; y < map->height; y++) {
        const float *in = row_at(map, y);
        for (int i = 0; i < map->width * channels; i += LANES)
            store_rounded(row + i, _mm256_mul_ps(_mm256_load_ps(in + i),
                                                 _mm256_load_ps(block->depthwise + i % channels)));
        pointwise_row(row, map->width, channels, outputs, block, results, 0, 0);
        for (int x = 0; x < map->width; x++) {
            const float *result = results + (size_t)x * outputs;
            memcpy(scores, result, anchors * sizeof(float));
            memcpy(boxes, result + anchors, (size_t)anchors * VALUES * sizeof(float));
            scores += anchors;
            boxes += anchors * VALUES;
        }
    }
}

/* Of the first map no more rows are kept than its blocks and the halving behind them look at. */
static int kept_rows(int place, int height) { return place == 0 ? FIRST_KEPT : height; }

static size_t map_size(int place, int height) {
    const int width = INPUT_WIDTH >> (place + 1), rows = kept_rows(place, height >> (place + 1)) + 1;
    return (size_t)(width + 2) * CHANNELS[place] * rows * sizeof(float);
}

/* Only borders are made empty: all else is written before it is read. */
static Map new_map(uint8_t **scratch, int place, int picture_height) {
    const int width = INPUT_WIDTH >> (place + 1), height = picture_height >> (place + 1);
    const int channels = CHANNELS[place];
    Map map = {reserve(scratch, map_size(place, picture_height)), NULL, width, height, channels,
               kept_rows(place, height)};
    const size_t row = row_size(&map), pixel = channels * sizeof(float);
    map.zeros = map.rows + map.kept * row;
    memset(map.zeros, 0, row * sizeof(float));
    for (int y = 0; y < map.kept; y++) {
        memset(map.rows + y * row, 0, pixel);
        memset(map.rows + (y + 1) * row - channels, 0, pixel);
    }
    return map;
}

/* A row of the picture as -255..255, so that black and white lie around the zeros of its border. */
static void widen(const uint8_t *pixels, int16_t *row) {
    memset(row, 0, IMAGE_ROW * sizeof *row);
    for (int i = 0; i < INPUT_WIDTH * COLOURS; i++) row[COLOURS + i] = (int16_t)(2 * pixels[i] - 255);
}

/* The picture, of which FIRST_ROWS rows are kept, and a row of zeros behind them. */
typedef struct {
    const uint8_t *pixels;
    int height, widened;
    int16_t *rows;
} Image;

static const int16_t *image_row(const Image *image, int y) {
    const int place = y < 0 || y >= image->height ? FIRST_ROWS : y % FIRST_ROWS;
    return image->rows + (size_t)place * IMAGE_ROW;
}

static void first_convolution_row(Image *image, const Block *block, const Map *map, int y) {
    enum { STEP = 2 * COLOURS };
    for (; image->widened < image->height && image->widened < 2 * y - 1 + FIRST_ROWS; image->widened++)
        widen(image->pixels + (size_t)image->widened * INPUT_WIDTH * COLOURS,
              image->rows + (size_t)(image->widened % FIRST_ROWS) * IMAGE_ROW);
    const int16_t *rows[FIRST_ROWS];
    for (int r = 0; r < FIRST_ROWS; r++) rows[r] = image_row(image, 2 * y - 1 + r);
    for (int x = 0; x < map->width; x += PIXELS) {
        __m256i sums[PIXELS][VECTORS];
        multiply(rows, (size_t)x * STEP, STEP, FIRST_ROWS, FIRST_PAIRS, block->pointwise, sums);
        finish(sums, block->scale, block->bias, row_at(map, y) + (size_t)x * GROUP, GROUP, 0, 1);
    }
}

static const size_t IMAGE_SIZE = (size_t)(FIRST_ROWS + 1) * IMAGE_ROW * sizeof(int16_t);
static const size_t ROWS_SIZE = (size_t)2 * BLOCKS * MOST_WIDTH * GROUP * sizeof(int16_t);
static const size_t HALVING_SIZE = (size_t)MOST_WIDTH * GROUP * sizeof(int16_t);
static const size_t RESULTS_SIZE = (size_t)(INPUT_WIDTH / 16) * 5 * GROUP * sizeof(float);

/* Bytes that invigil_blazeface needs for a picture of this height. */
EXPORTED uint64_t invigil_blazeface_scratch(int32_t height) {
    uint64_t bytes = aligned(IMAGE_SIZE) + aligned(ROWS_SIZE) + aligned(HALVING_SIZE);
    bytes += aligned(RESULTS_SIZE);
    for (int i = 0; i <= STAGES; i++) bytes += aligned(map_size(i, height));
    return bytes;
}

/* All of the packed weights, in the order of their file. */
typedef struct {
    Block first, blocks[STAGES][BLOCKS], halving[STAGES], head_16, head_32;
} Network;

/* Gives the size of all weights, in bytes. Without `weights` that is all it does. */
static size_t unpack(const uint8_t *weights, Network *into) {
    Cursor packed = {weights, 0};
    into->first.depthwise = NULL;
    take_pointwise(&packed, &into->first, FIRST_ROWS * FIRST_PAIRS * 2, CHANNELS[0]);
    for (int s = 0; s < STAGES; s++) {
        for (int k = 0; k < BLOCKS; k++)
            into->blocks[s][k] = take_block(&packed, CHANNELS[s], CHANNELS[s]);
        into->halving[s] = take_block(&packed, CHANNELS[s], CHANNELS[s + 1]);
    }
    into->head_16 = take_head(&packed, CHANNELS[STAGES - 1], ANCHORS_16 * (1 + VALUES));
    into->head_32 = take_head(&packed, CHANNELS[STAGES], ANCHORS_32 * (1 + VALUES));
    return packed.taken;
}

/* Bytes of the packed weights that this code reads. */
EXPORTED uint64_t invigil_blazeface_weights(void) {
    Network network;
    return unpack(NULL, &network);
}

/* `pixels`: RGB, `height` (a multiple of 32) x 256. Room for the results: for each of the
 * (height / 16) * 16 * 2 anchors of the finer grid, then of the (height / 32) * 8 * 6 of the coarser,
 * a score and 16 values. */
EXPORTED void invigil_blazeface(
    const uint8_t *pixels, int32_t height, const uint8_t *weights, uint8_t *scratch, float *scores,
    float *values) {
    Network net;
    unpack(weights, &net);

    Map maps[STAGES + 1];
    for (int i = 0; i <= STAGES; i++) maps[i] = new_map(&scratch, i, height);
    Image image = {pixels, height, 0, reserve(&scratch, IMAGE_SIZE)};
    memset(image.rows + (size_t)FIRST_ROWS * IMAGE_ROW, 0, IMAGE_ROW * sizeof(int16_t));
    int16_t *rows = reserve(&scratch, ROWS_SIZE), *row = reserve(&scratch, HALVING_SIZE);
    float *results = reserve(&scratch, RESULTS_SIZE);
    const size_t fine = (size_t)(height / 16) * (INPUT_WIDTH / 16) * ANCHORS_16;

    /* The first stage in one go over the picture: nothing of it leaves the nearer cache. */
    const int last = maps[0].height - 1;
    for (int front = 0, halved = 0; halved < maps[1].height; front++) {
        if (front <= last) first_convolution_row(&image, &net.first, &maps[0], front);
        advance(&maps[0], 24, net.blocks[0], rows, front);
        const int finished = front - 2 * BLOCKS;
        while (halved < maps[1].height && (2 * halved + 2 <= finished || finished >= last))
            halving_row(&maps[0], &maps[1], halved++, 24, 24, &net.halving[0], row, 1);
    }
    residual_blocks(&maps[1], 24, net.blocks[1], rows);
    halving_block(&maps[1], &maps[2], 24, 48, &net.halving[1], row, 1);
    residual_blocks(&maps[2], 48, net.blocks[2], rows);
    halving_block(&maps[2], &maps[3], 48, 96, &net.halving[2], row, 1);
    residual_blocks(&maps[3], 96, net.blocks[3], rows);
    head(&maps[3], 96, ANCHORS_16, &net.head_16, rows, results, scores, values);
    halving_block(&maps[3], &maps[4], 96, 96, &net.halving[3], row, 0);
    head(&maps[4], 96, ANCHORS_32, &net.head_32, rows, results, scores + fine, values + fine * VALUES);
}
