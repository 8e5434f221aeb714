/* dlib's face recognition network with 8-bit products and 32-bit sums.
 *
 * Fourteen blocks of two 3 x 3 convolutions; what a block adds to its input is rounded to 8 bits only
 * once, together with it. Steps and biases come with the packed weights. Activations are never negative.
 */
#include "kernels.h"

enum {
    CHIP = 150,
    COLOURS = 3,
    STEM_SIDE = 72,    /* of the first convolution: 7 x 7, a step of 2 */
    STEM_ROWS = 7,
    STEM_FOURS = 6,    /* a row of 7 pixels of 3 colours, and three zeros */
    POOLED_SIDE = 35,  /* behind the greatest of 3 x 3, a step of 2 */
    POOL = 3,
    BLOCKS = 14,
    LAST_CHANNELS = 256,
    FEATURES = 128,
    PIXELS = 6, /* pixels and vectors of outputs that are summed together: 24 registers */
    VECTORS = 4,
    GROUP = VECTORS * LANES,
    STEM_CHANNELS = GROUP,
    MOST_MAP = (POOLED_SIDE + 2) * (POOLED_SIDE + 2) * STEM_CHANNELS,
    STEM_ROW = STEM_SIDE * GROUP,
};

static const int SHAPES[BLOCKS][2] = {
    {32, 32},   {32, 32},   {32, 32},   {32, 64},   {64, 64},   {64, 64},   {64, 64},
    {64, 128},  {128, 128}, {128, 128}, {128, 256}, {256, 256}, {256, 256}, {256, 256},
};

typedef struct {
    const int8_t *weights; /* group of outputs, row, column and four inputs, output, input */
    const float *scale, *bias;
} Convolution;

typedef struct {
    Convolution first, second;
    const float *skip; /* what a step of the input is in steps of the output */
} Block;

typedef struct {
    uint8_t *pixels; /* the border's first pixel */
    int side, channels;
} Map;

/* What is added to a convolution before it is rounded. */
enum Skip { NOTHING, SAME_PIXEL, MEAN_OF_FOUR };

INLINE uint8_t *pixel_at(const Map *map, int y, int x) {
    return map->pixels + ((size_t)(y + 1) * (map->side + 2) + x + 1) * map->channels;
}

static void shape(Map *map, int side, int channels) {
    map->side = side;
    map->channels = channels;
    const size_t row = (size_t)(side + 2) * channels;
    memset(map->pixels, 0, row);
    memset(map->pixels + row * (side + 1), 0, row);
    for (int y = 0; y < side; y++) {
        memset(pixel_at(map, y, -1), 0, channels);
        memset(pixel_at(map, y, side), 0, channels);
    }
}

static Convolution take_convolution(Cursor *packed, int inputs, int outputs) {
    Convolution found;
    found.weights = take(packed, (size_t)9 * inputs * outputs);
    found.scale = take(packed, outputs * sizeof(float));
    found.bias = take(packed, outputs * sizeof(float));
    return found;
}

INLINE __m256 load_bytes(const uint8_t *from) {
    return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)from)));
}

/* Rounded to the nearest of 0..255. */
INLINE void store_bytes(uint8_t *to, __m256 values) {
    const __m256i whole = _mm256_max_epi32(_mm256_cvtps_epi32(values), _mm256_setzero_si256());
    _mm_storel_epi64((__m128i *)to, _mm256_cvtusepi32_epi8(whole));
}

/* The products of a window around each of PIXELS pixels with one group of outputs. */
INLINE void multiply(
    const uint8_t *const from[PIXELS], const size_t row_step, const int rows, const int fours,
    const int8_t *weights, __m256i sums[PIXELS][VECTORS]) {
    UNROLLED for (int i = 0; i < PIXELS; i++)
        UNROLLED for (int v = 0; v < VECTORS; v++) sums[i][v] = _mm256_setzero_si256();
    const __m256i *next = (const __m256i *)weights;
    for (int r = 0; r < rows; r++)
        for (int k = 0; k < fours; k++, next += VECTORS) {
            const __m256i w0 = next[0], w1 = next[1], w2 = next[2], w3 = next[3];
            UNROLLED for (int i = 0; i < PIXELS; i++) {
                const __m256i four = broadcast(from[i] + r * row_step + 4 * k);
                sums[i][0] = _mm256_dpbusd_epi32(sums[i][0], four, w0);
                sums[i][1] = _mm256_dpbusd_epi32(sums[i][1], four, w1);
                sums[i][2] = _mm256_dpbusd_epi32(sums[i][2], four, w2);
                sums[i][3] = _mm256_dpbusd_epi32(sums[i][3], four, w3);
            }
        }
}

/* The sum of four pixels, which is zero for channels that the input has not. */
INLINE __m256 sum_of_four(const Map *map, const int channels, int y, int x, int channel) {
    if (channel >= channels) return _mm256_setzero_ps();
    const uint8_t *above = pixel_at(map, 2 * y, 2 * x) + channel;
    const uint8_t *below = pixel_at(map, 2 * y + 1, 2 * x) + channel;
    return _mm256_add_ps(_mm256_add_ps(load_bytes(above), load_bytes(above + channels)),
                         _mm256_add_ps(load_bytes(below), load_bytes(below + channels)));
}

/* A 3 x 3 convolution over side x side pixels of `out`: with a border, or with a step of 2 and none.
 *
 * `skip`: the map of the block's input, with `skipped` channels. */
INLINE void convolve(
    const Map *in, const Convolution *by, const int inputs, const int outputs, const int step,
    const int side, const Map *out, const enum Skip kind, const Map *skip, const int skipped,
    const float skip_factor) {
    const size_t row = (size_t)(in->side + 2) * inputs;
    const int first = step == 1 ? -1 : 0, count = side * side;
    const __m256 factor = _mm256_set1_ps(skip_factor);
    for (int group = 0; group < outputs; group += GROUP)
        for (int n = 0; n < count; n += PIXELS) {
            const uint8_t *from[PIXELS];
            int ys[PIXELS], xs[PIXELS];
            UNROLLED for (int i = 0; i < PIXELS; i++) {
                const int place = n + i < count ? n + i : count - 1; /* the last one again */
                ys[i] = place / side;
                xs[i] = place % side;
                from[i] = pixel_at(in, ys[i] * step + first, xs[i] * step + first);
            }
            __m256i sums[PIXELS][VECTORS];
            multiply(from, row, 3, 3 * inputs / 4, by->weights + (size_t)group * 9 * inputs, sums);
            UNROLLED for (int v = 0; v < VECTORS; v++) {
                const int channel = group + v * LANES;
                const __m256 scale = _mm256_load_ps(by->scale + channel);
                const __m256 bias = _mm256_load_ps(by->bias + channel);
                UNROLLED for (int i = 0; i < PIXELS; i++) {
                    __m256 value = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sums[i][v]), scale, bias);
                    if (kind == SAME_PIXEL)
                        value = _mm256_fmadd_ps(load_bytes(pixel_at(skip, ys[i], xs[i]) + channel),
                                                factor, value);
                    if (kind == MEAN_OF_FOUR)
                        value = _mm256_fmadd_ps(sum_of_four(skip, skipped, ys[i], xs[i], channel),
                                                factor, value);
                    store_bytes(pixel_at(out, ys[i], xs[i]) + channel, value);
                }
            }
        }
}

/* Pixels that the convolutions of a halving block do not reach: there its input is all there is. */
static void skip_only(const Map *in, const Map *out, int reached, float factor) {
    for (int y = 0; y < out->side; y++)
        for (int x = 0; x < out->side; x++) {
            if (y < reached && x < reached) continue;
            for (int c = 0; c < out->channels; c += LANES)
                store_bytes(pixel_at(out, y, x) + c,
                            _mm256_mul_ps(sum_of_four(in, in->channels, y, x, c), _mm256_set1_ps(factor)));
        }
}

typedef struct {
    Map *now, *next, *inner;
} Maps;

static void turn(Maps *maps) {
    Map *now = maps->now;
    maps->now = maps->next;
    maps->next = now;
}

INLINE void plain_block(Maps *maps, const Block *block, const int channels, const int side) {
    shape(maps->inner, side, channels);
    shape(maps->next, side, channels);
    convolve(maps->now, &block->first, channels, channels, 1, side, maps->inner, NOTHING, NULL, 0, 0);
    convolve(maps->inner, &block->second, channels, channels, 1, side, maps->next, SAME_PIXEL,
             maps->now, channels, *block->skip);
    turn(maps);
}

/* `reached`: the side of what the convolutions give, which may be less than the half. */
INLINE void halving_block(
    Maps *maps, const Block *block, const int inputs, const int outputs, const int side,
    const int reached) {
    shape(maps->inner, reached, outputs);
    shape(maps->next, side, outputs);
    convolve(maps->now, &block->first, inputs, outputs, 2, reached, maps->inner, NOTHING, NULL, 0, 0);
    convolve(maps->inner, &block->second, outputs, outputs, 1, reached, maps->next, MEAN_OF_FOUR,
             maps->now, inputs, *block->skip);
    if (reached < side) skip_only(maps->now, maps->next, reached, *block->skip);
    turn(maps);
}

/* Row y of the first convolution, in steps of the weights. */
static void stem_row(const uint8_t *chip, int y, const int8_t *weights, const float *scale, float *row) {
    enum { STEP = 2 * COLOURS };
    for (int x = 0; x < STEM_SIDE; x += PIXELS) {
        const uint8_t *from[PIXELS];
        UNROLLED for (int i = 0; i < PIXELS; i++)
            from[i] = chip + (size_t)2 * y * CHIP * COLOURS + (size_t)(x + i) * STEP;
        __m256i sums[PIXELS][VECTORS];
        multiply(from, CHIP * COLOURS, STEM_ROWS, STEM_FOURS, weights, sums);
        UNROLLED for (int v = 0; v < VECTORS; v++)
            UNROLLED for (int i = 0; i < PIXELS; i++)
                _mm256_store_ps(row + (size_t)(x + i) * GROUP + v * LANES,
                                _mm256_mul_ps(_mm256_cvtepi32_ps(sums[i][v]),
                                              _mm256_load_ps(scale + v * LANES)));
    }
}

/* The greatest of 3 x 3; `rows` are the three, in any order. */
static void pooled_row(const float *rows, const float *bias, uint8_t *out) {
    for (int x = 0; x < POOLED_SIDE; x++)
        for (int c = 0; c < GROUP; c += LANES) {
            __m256 most = _mm256_load_ps(rows + (size_t)2 * x * GROUP + c);
            for (int r = 0; r < POOL; r++)
                for (int i = 0; i < POOL; i++)
                    most = _mm256_max_ps(
                        most, _mm256_load_ps(rows + r * STEM_ROW + (size_t)(2 * x + i) * GROUP + c));
            store_bytes(out + (size_t)x * GROUP + c, _mm256_add_ps(most, _mm256_load_ps(bias + c)));
        }
}

static void stem(const uint8_t *chip, const Convolution *by, const Map *out, float *rows) {
    for (int y = 0; y < 2 * POOLED_SIDE + 1; y++) {
        stem_row(chip, y, by->weights, by->scale, rows + (y % POOL) * STEM_ROW);
        if (y >= 2 && y % 2 == 0) pooled_row(rows, by->bias, pixel_at(out, y / 2 - 1, 0));
    }
}

/* The mean over the last map, and the fully connected layer. */
static void fully_connected(const Map *map, float step, const float *weights, float *features) {
    memset(features, 0, FEATURES * sizeof(float));
    for (int c = 0; c < LAST_CHANNELS; c++) {
        int sum = 0;
        for (int y = 0; y < map->side; y++)
            for (int x = 0; x < map->side; x++) sum += pixel_at(map, y, x)[c];
        const float mean = (float)sum * step / (float)(map->side * map->side);
        for (int i = 0; i < FEATURES; i++) features[i] += mean * weights[c * FEATURES + i];
    }
}

/* Bytes that invigil_dlib_resnet needs. */
EXPORTED uint64_t invigil_dlib_resnet_scratch(void) {
    return 3 * aligned(MOST_MAP) + aligned(POOL * STEM_ROW * sizeof(float));
}

/* All of the packed weights, in the order of their file. */
typedef struct {
    Convolution first;
    Block blocks[BLOCKS];
    const float *step; /* of the last activations */
    const float *last; /* fully connected */
} Network;

/* Gives the size of all weights, in bytes. Without `weights` that is all it does. */
static size_t unpack(const uint8_t *weights, Network *into) {
    Cursor packed = {weights, 0};
    into->first.weights = take(&packed, (size_t)STEM_ROWS * STEM_FOURS * 4 * GROUP);
    into->first.scale = take(&packed, GROUP * sizeof(float));
    into->first.bias = take(&packed, GROUP * sizeof(float));
    for (int i = 0; i < BLOCKS; i++) {
        into->blocks[i].first = take_convolution(&packed, SHAPES[i][0], SHAPES[i][1]);
        into->blocks[i].second = take_convolution(&packed, SHAPES[i][1], SHAPES[i][1]);
        into->blocks[i].skip = take(&packed, sizeof(float));
    }
    into->step = take(&packed, sizeof(float));
    into->last = take(&packed, LAST_CHANNELS * FEATURES * sizeof(float));
    return packed.taken;
}

/* Bytes of the packed weights that this code reads. */
EXPORTED uint64_t invigil_dlib_resnet_weights(void) {
    Network network;
    return unpack(NULL, &network);
}

/* `chips`: `count` pictures of 150 x 150, RGB. Room for 128 features of each. */
EXPORTED void invigil_dlib_resnet(
    const uint8_t *chips, int32_t count, const uint8_t *weights, uint8_t *scratch, float *features) {
    Network net;
    unpack(weights, &net);
    const Block *blocks = net.blocks;

    Map memory[3];
    for (int i = 0; i < 3; i++) memory[i].pixels = reserve(&scratch, MOST_MAP);
    float *rows = reserve(&scratch, POOL * STEM_ROW * sizeof(float));
    for (int n = 0; n < count; n++) {
        Maps maps = {&memory[0], &memory[1], &memory[2]};
        shape(maps.now, POOLED_SIDE, STEM_CHANNELS);
        stem(chips + (size_t)n * CHIP * CHIP * COLOURS, &net.first, maps.now, rows);
        for (int i = 0; i < 3; i++) plain_block(&maps, &blocks[i], 32, 35);
        halving_block(&maps, &blocks[3], 32, 64, 17, 17);
        for (int i = 4; i < 7; i++) plain_block(&maps, &blocks[i], 64, 17);
        halving_block(&maps, &blocks[7], 64, 128, 8, 8);
        for (int i = 8; i < 10; i++) plain_block(&maps, &blocks[i], 128, 8);
        halving_block(&maps, &blocks[10], 128, 256, 4, 3);
        for (int i = 11; i < 13; i++) plain_block(&maps, &blocks[i], 256, 4);
        halving_block(&maps, &blocks[13], 256, 256, 2, 1);
        fully_connected(maps.now, *net.step, net.last, features + (size_t)n * FEATURES);
    }
}
