/* The usage example of scrim.h and its promises, as C99 and through libscrim.so. argv[1]: bright.scrim, which takes
 * bright pixels for a person. */
#include <scrim/scrim.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures = 0;

#define CHECK(condition)                                              \
  do {                                                                \
    if (!(condition)) {                                               \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      ++failures;                                                     \
    }                                                                 \
  } while (0)

enum { kWidth = 64, kHeight = 36 };

static uint8_t pixels[kWidth * kHeight * 4];

/* A white person on the left, a dark room on the right. */
static scrim_frame Scene(void) {
  scrim_frame frame;
  int x, y;
  for (y = 0; y < kHeight; ++y) {
    for (x = 0; x < kWidth; ++x) {
      memset(pixels + 4 * (y * kWidth + x), x < kWidth / 2 ? 250 : 10, 3);
      pixels[4 * (y * kWidth + x) + 3] = 255;
    }
  }
  memset(&frame, 0, sizeof frame);
  frame.format = SCRIM_FORMAT_RGBA;
  frame.width = kWidth;
  frame.height = kHeight;
  frame.planes[0] = pixels;
  frame.strides[0] = 4 * kWidth;
  return frame;
}

static scrim_params DefaultParams(void) {
  scrim_params params;
  CHECK(scrim_params_init(&params, sizeof params) == SCRIM_OK);
  return params;
}

static const uint8_t* Pixel(int x, int y) { return pixels + 4 * (y * kWidth + x); }

static void TestProcess(scrim_session* session) {
  static uint8_t alpha[kWidth * kHeight];
  static float mask[128 * 72];
  int width = 0, height = 0;
  scrim_times times;
  scrim_stats stats;
  scrim_frame frame = Scene();
  CHECK(scrim_set_background_color(session, 1, 200, 3) == SCRIM_OK);
  CHECK(scrim_process(session, &frame, &frame) == SCRIM_OK);
  CHECK(Pixel(8, 18)[1] == 250);
  CHECK(Pixel(56, 18)[0] == 1 && Pixel(56, 18)[1] == 200 && Pixel(56, 18)[3] == 255);
  CHECK(scrim_get_alpha(session, kWidth, kHeight, alpha, kWidth) == SCRIM_OK);
  CHECK(alpha[18 * kWidth + 8] == 255 && alpha[18 * kWidth + 56] == 0);
  CHECK(scrim_get_alpha(session, kWidth + 1, kHeight, alpha, kWidth + 1) == SCRIM_INVALID_ARGUMENT);
  CHECK(scrim_get_times(session, &times, sizeof times) == SCRIM_OK && times.network > 0);
  CHECK(scrim_get_stats(session, &stats, sizeof stats) == SCRIM_OK && stats.frames == 1 && stats.masks == 1);
  scrim_get_input_size(session, &width, &height);
  CHECK(width == 128 && height == 72);
  CHECK(scrim_get_mask(session, mask, 128 * 72) == SCRIM_OK);
  CHECK(mask[36 * 128 + 16] > 0.9f && mask[36 * 128 + 112] < 0.1f);
  CHECK(scrim_get_mask(session, mask, 128 * 72 - 1) == SCRIM_INVALID_ARGUMENT);

  frame = Scene();
  memset(alpha, 7, sizeof alpha);
  CHECK(scrim_segment(session, &frame, alpha, kWidth) == SCRIM_OK);
  CHECK(alpha[18 * kWidth + 8] == 255 && alpha[18 * kWidth + 56] == 0);
  CHECK(Pixel(56, 18)[0] == 10);

  /* On an error alpha is blank; but a size that no frame has says nothing about how large alpha is. */
  memset(alpha, 7, sizeof alpha);
  CHECK(scrim_segment(NULL, &frame, alpha, kWidth) == SCRIM_INVALID_ARGUMENT);
  CHECK(alpha[0] == 0 && alpha[kWidth * kHeight - 1] == 0);
  memset(alpha, 7, sizeof alpha);
  frame.height = 1 << 20;
  CHECK(scrim_segment(session, &frame, alpha, kWidth) == SCRIM_INVALID_ARGUMENT);
  CHECK(alpha[0] == 7 && alpha[kWidth * kHeight - 1] == 7);

  frame = Scene();
  CHECK(scrim_set_background_transparent(session) == SCRIM_OK);
  CHECK(scrim_process(session, &frame, &frame) == SCRIM_OK);
  CHECK(Pixel(8, 18)[3] == 255 && Pixel(56, 18)[3] == 0 && Pixel(56, 18)[0] == 0);
}

static void TestDrawBackground(scrim_session* session) {
  uint8_t alpha[kWidth * kHeight];
  scrim_frame frame = Scene();
  CHECK(scrim_set_background_color(session, 1, 200, 3) == SCRIM_OK);
  CHECK(scrim_process(session, &frame, &frame) == SCRIM_OK);
  frame = Scene();
  CHECK(scrim_draw_background(session, &frame) == SCRIM_OK);
  CHECK(Pixel(8, 18)[0] == 1 && Pixel(8, 18)[1] == 200 && Pixel(56, 18)[2] == 3);
  CHECK(scrim_get_alpha(session, kWidth, kHeight, alpha, kWidth) == SCRIM_INVALID_ARGUMENT);
  frame = Scene();
  CHECK(scrim_set_background_blur(session, 14.0f) == SCRIM_OK);
  CHECK(scrim_draw_background(session, &frame) == SCRIM_OK);
  CHECK(memcmp(Pixel(8, 18), Pixel(56, 18), 4) == 0);
  frame = Scene();
  CHECK(scrim_draw_background(NULL, &frame) == SCRIM_INVALID_ARGUMENT);
  CHECK(Pixel(8, 18)[0] == 0 && Pixel(8, 18)[3] == 255);
  CHECK(scrim_draw_background(session, NULL) == SCRIM_INVALID_ARGUMENT);
}

static void TestParse(void) {
  scrim_background background;
  int width = 0, height = 0;
  CHECK(scrim_parse_background("blur:20.5", &background) == SCRIM_OK);
  CHECK(background.kind == SCRIM_BACKGROUND_BLUR && background.strength == 20.5f);
  CHECK(scrim_parse_background("#0a0B0c", &background) == SCRIM_OK);
  CHECK(background.kind == SCRIM_BACKGROUND_COLOR && background.red == 10 && background.green == 11 &&
        background.blue == 12);
  CHECK(scrim_parse_background("transparent", &background) == SCRIM_OK);
  CHECK(background.kind == SCRIM_BACKGROUND_TRANSPARENT);
  CHECK(scrim_parse_background("room", &background) == SCRIM_OK);
  CHECK(background.kind == SCRIM_BACKGROUND_ROOM);
  CHECK(scrim_parse_background("coast.jpg", &background) == SCRIM_OK);
  CHECK(background.kind == SCRIM_BACKGROUND_IMAGE);
  CHECK(scrim_parse_background("blur:x", &background) == SCRIM_INVALID_ARGUMENT);
  CHECK(scrim_parse_input_size("160x96", &width, &height) == SCRIM_OK);
  CHECK(width == 160 && height == 96);
  CHECK(scrim_parse_input_size("160", &width, &height) == SCRIM_INVALID_ARGUMENT);
}

static void TestBadCalls(scrim_session* session, const char* model) {
  uint8_t alpha[4] = {9, 9, 9, 9};
  scrim_session* none = session;
  scrim_params params = DefaultParams();
  scrim_frame frame = Scene(), bad = frame;
  float level;

  CHECK(scrim_create_from_file("does-not-exist.scrim", NULL, &none) == SCRIM_NOT_FOUND);
  CHECK(none == NULL);
  CHECK(strstr(scrim_last_error(), "does-not-exist.scrim") != NULL);
  CHECK(strchr(scrim_last_error(), '\n') == NULL);
  CHECK(scrim_create_from_memory("foreign bytes", 13, NULL, &none) == SCRIM_CORRUPT);
  params.target = "Z80";
  CHECK(scrim_create_from_file(model, &params, &none) == SCRIM_UNSUPPORTED);
  params = DefaultParams();
  params.struct_size = 1;
  CHECK(scrim_create_from_file(model, &params, &none) == SCRIM_INVALID_ARGUMENT);
  params = DefaultParams();
  params.level_low = 0.9f, params.level_high = 0.1f;
  CHECK(scrim_create_from_file(model, &params, &none) == SCRIM_INVALID_ARGUMENT);

  CHECK(scrim_set_background_blur(session, 0.0f) == SCRIM_INVALID_ARGUMENT);
  bad.width = 0;
  CHECK(scrim_process(session, &bad, &bad) == SCRIM_INVALID_ARGUMENT);
  CHECK(scrim_get_mask(session, &level, 1) == SCRIM_INVALID_ARGUMENT);
  bad = frame;
  bad.format = (scrim_format)77;
  CHECK(scrim_process(session, &bad, &bad) == SCRIM_INVALID_ARGUMENT);
  bad = frame;
  bad.width = bad.height = 2;
  bad.planes[0] = NULL;
  CHECK(scrim_segment(session, &bad, alpha, 2) == SCRIM_INVALID_ARGUMENT);
  CHECK(alpha[0] == 0 && alpha[3] == 0);

  /* Fails closed: nothing of the frame stays, whatever went wrong. */
  CHECK(scrim_set_background_color(session, 1, 2, 3) == SCRIM_OK);
  bad = frame;
  bad.strides[0] = 1;
  CHECK(scrim_process(session, &bad, &frame) == SCRIM_INVALID_ARGUMENT);
  CHECK(Pixel(8, 18)[0] == 1 && Pixel(56, 18)[2] == 3);
  frame = Scene();
  CHECK(scrim_process(NULL, &frame, &frame) == SCRIM_INVALID_ARGUMENT);
  CHECK(Pixel(8, 18)[0] == 0 && Pixel(56, 18)[0] == 0);
}

/* A header of another version, earlier or later, is a matter of sizes. tests/abi has a program of before. */
static void TestSizes(scrim_session* session) {
  struct {
    scrim_params known;
    int later;
  } params;
  struct {
    scrim_stats known;
    int later[2];
  } stats;
  scrim_session* none = session;
  memset(&params, 7, sizeof params);
  CHECK(scrim_params_init(&params.known, sizeof params) == SCRIM_UNSUPPORTED);
  CHECK(params.known.struct_size == 0 && params.later == 0);
  CHECK(scrim_create_from_file("", &params.known, &none) == SCRIM_INVALID_ARGUMENT && none == NULL);
  CHECK(scrim_params_init(&params.known, 8) == SCRIM_INVALID_ARGUMENT);

  memset(&stats, 7, sizeof stats);
  CHECK(scrim_get_stats(session, &stats.known, sizeof stats) == SCRIM_OK);
  CHECK(stats.known.frames > 0 && stats.later[0] == 0 && stats.later[1] == 0);
  memset(&stats, 7, sizeof stats);
  CHECK(scrim_get_stats(session, &stats.known, sizeof stats.known.frames) == SCRIM_OK);
  CHECK(stats.known.frames > 0 && stats.known.masks == UINT64_C(0x0707070707070707));
}

/* Every pointer of every function. What the errors leave behind is in the tests above. */
static void TestNull(scrim_session* session, const char* model) {
  static uint8_t alpha[kWidth * kHeight];
  static float mask[128 * 72];
  scrim_session* none = session;
  scrim_frame frame = Scene();
  scrim_background background;
  scrim_times times;
  scrim_stats stats;
  int width = 7, height = 7;
#define REFUSES_NULL(call) CHECK((call) == SCRIM_INVALID_ARGUMENT)
  REFUSES_NULL(scrim_params_init(NULL, sizeof(scrim_params)));
  REFUSES_NULL(scrim_create_from_file(NULL, NULL, &none));
  CHECK(none == NULL);
  REFUSES_NULL(scrim_create_from_file(model, NULL, NULL));
  none = session;
  REFUSES_NULL(scrim_create_from_memory(NULL, 8, NULL, &none));
  CHECK(none == NULL);
  REFUSES_NULL(scrim_create_from_memory(model, 8, NULL, NULL));
  CHECK(scrim_create_from_file(model, NULL, &none) == SCRIM_OK);
  scrim_free(none);
  scrim_free(NULL);
  REFUSES_NULL(scrim_set_background_color(NULL, 0, 0, 0));
  REFUSES_NULL(scrim_set_background_blur(NULL, 14.0f));
  REFUSES_NULL(scrim_set_background_image(NULL, &frame));
  REFUSES_NULL(scrim_set_background_image(session, NULL));
  REFUSES_NULL(scrim_set_background_transparent(NULL));
  REFUSES_NULL(scrim_set_background_room(NULL));
  REFUSES_NULL(scrim_set_hair_color(NULL, 0, 0, 0, 1.0f));
  REFUSES_NULL(scrim_set_skin_smoothing(NULL, 1.0f));
  CHECK(scrim_get_plane_name(NULL, 0) == NULL);
  REFUSES_NULL(scrim_want_plane(NULL, "hair", 1));
  REFUSES_NULL(scrim_want_plane(session, NULL, 1));
  REFUSES_NULL(scrim_get_plane_alpha(NULL, "person", kWidth, kHeight, alpha, kWidth));
  REFUSES_NULL(scrim_get_plane_alpha(session, NULL, kWidth, kHeight, alpha, kWidth));
  REFUSES_NULL(scrim_parse_background(NULL, &background));
  REFUSES_NULL(scrim_parse_background("blur", NULL));
  REFUSES_NULL(scrim_parse_input_size(NULL, &width, &height));
  REFUSES_NULL(scrim_parse_input_size("160x96", NULL, &height));
  REFUSES_NULL(scrim_parse_input_size("160x96", &width, NULL));
  REFUSES_NULL(scrim_process(NULL, &frame, &frame));
  REFUSES_NULL(scrim_process(session, NULL, &frame));
  REFUSES_NULL(scrim_process(session, &frame, NULL));
  REFUSES_NULL(scrim_draw_background(NULL, &frame));
  REFUSES_NULL(scrim_draw_background(session, NULL));
  REFUSES_NULL(scrim_segment(NULL, &frame, alpha, kWidth));
  REFUSES_NULL(scrim_segment(session, NULL, alpha, kWidth));
  REFUSES_NULL(scrim_segment(session, &frame, NULL, kWidth));
  frame.planes[0] = NULL;
  REFUSES_NULL(scrim_process(session, &frame, &frame));
  frame = Scene();
  CHECK(scrim_segment(session, &frame, alpha, kWidth) == SCRIM_OK);
  REFUSES_NULL(scrim_get_alpha(NULL, kWidth, kHeight, alpha, kWidth));
  REFUSES_NULL(scrim_get_alpha(session, kWidth, kHeight, NULL, kWidth));
  REFUSES_NULL(scrim_get_mask(NULL, mask, 128 * 72));
  REFUSES_NULL(scrim_get_mask(session, NULL, 128 * 72));
  REFUSES_NULL(scrim_get_times(session, NULL, sizeof times));
  REFUSES_NULL(scrim_get_stats(session, NULL, sizeof stats));
  memset(&times, 7, sizeof times);
  REFUSES_NULL(scrim_get_times(NULL, &times, sizeof times));
  CHECK(times.sample == 0 && times.wait == 0);
  memset(&stats, 7, sizeof stats);
  REFUSES_NULL(scrim_get_stats(NULL, &stats, sizeof stats));
  CHECK(stats.frames == 0 && stats.mask_interval == 0);
#undef REFUSES_NULL
  scrim_get_input_size(NULL, &width, &height);
  CHECK(width == 0 && height == 0);
  scrim_get_input_size(session, NULL, &height);
  scrim_get_input_size(session, &width, NULL);
  CHECK(width == 128 && height == 72);
  scrim_reset(NULL);
}

int main(int argc, char** argv) {
  scrim_session* session = NULL;
  scrim_params params = DefaultParams();
  if (argc != 2) return 2;
  if (scrim_create_from_file(argv[1], &params, &session) != SCRIM_OK) {
    fprintf(stderr, "%s\n", scrim_last_error());
    return 1;
  }
  CHECK(strcmp(scrim_version(), SCRIM_VERSION_TEXT) == 0);
  CHECK(SCRIM_VERSION_AT_LEAST(0, 2, 0) && !SCRIM_VERSION_AT_LEAST(SCRIM_VERSION_MAJOR + 1, 0, 0));
  TestProcess(session);
  TestDrawBackground(session);
  TestParse();
  TestBadCalls(session, argv[1]);
  TestSizes(session);
  TestNull(session, argv[1]);
  scrim_free(session);
  return failures == 0 ? 0 : 1;
}
