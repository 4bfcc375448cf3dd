/* A program that was compiled when scrim_params, scrim_times and scrim_stats were shorter (before_live/scrim/scrim.h),
 * with today's library. argv[1]: bright.scrim, which takes bright pixels for a person. */
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

enum { kWidth = 64, kHeight = 36, kBehind = 256 };

/* `size` bytes, and kBehind more that nobody may write. */
static void* Allocate(size_t size) {
  void* bytes = malloc(size + kBehind);
  if (bytes == NULL) exit(2);
  memset(bytes, 0x55, size + kBehind);
  return bytes;
}

static int IsWhole(const void* bytes, size_t size) {
  const unsigned char* behind = (const unsigned char*)bytes + size;
  int i;
  for (i = 0; i < kBehind; ++i) {
    if (behind[i] != 0x55) return 0;
  }
  return 1;
}

int main(int argc, char** argv) {
  static uint8_t pixels[kWidth * kHeight * 4];
  scrim_params* params = (scrim_params*)Allocate(sizeof *params);
  scrim_times* times = (scrim_times*)Allocate(sizeof *times);
  scrim_stats* stats = (scrim_stats*)Allocate(sizeof *stats);
  scrim_session* session = NULL;
  scrim_frame frame = {0};
  if (argc != 2) return 2;

  CHECK(scrim_params_init(params, sizeof *params) == SCRIM_OK);
  CHECK(params->struct_size == sizeof *params && params->threads == 1 && params->person_position == 1);
  params->light_wrap = 0.5f;
  /* What lies behind an older struct is not looked at: 0x55 is no wait that a live session takes. */
  if (scrim_create_from_file(argv[1], params, &session) != SCRIM_OK) {
    fprintf(stderr, "%s\n", scrim_last_error());
    return 1;
  }
  memset(pixels, 250, sizeof pixels);
  frame.format = SCRIM_FORMAT_RGBA;
  frame.width = kWidth;
  frame.height = kHeight;
  frame.planes[0] = pixels;
  frame.strides[0] = 4 * kWidth;
  CHECK(scrim_process(session, &frame, &frame) == SCRIM_OK);
  CHECK(scrim_get_times(session, times, sizeof *times) == SCRIM_OK && times->network > 0);
  CHECK(scrim_get_stats(session, stats, sizeof *stats) == SCRIM_OK && stats->frames == 1 && stats->masks == 1);
  scrim_free(session);

  CHECK(IsWhole(params, sizeof *params));
  CHECK(IsWhole(times, sizeof *times));
  CHECK(IsWhole(stats, sizeof *stats));
  free(params);
  free(times);
  free(stats);
  return failures == 0 ? 0 : 1;
}
