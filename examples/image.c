/* image MODEL PICTURE.ppm BACKGROUND OUT.ppm: gives a photo another background: blur, blur:N, #rrggbb or a PPM file.
 *
 *     cc image.c -o image $(pkg-config --cflags --libs scrim)
 *     ./image /usr/share/scrim/default.scrim portrait.ppm blur:20 out.ppm
 */
#include <scrim/scrim.h>
#include <stdio.h>
#include <stdlib.h>

/* A PPM file as a frame, whose pixels the caller frees; without pixels where the file cannot be read. */
static scrim_frame ReadPpm(const char* path) {
  scrim_frame frame = {0};
  FILE* file = fopen(path, "rb");
  if (file == NULL) return frame;
  frame.format = SCRIM_FORMAT_RGB;
  if (fscanf(file, "P6 %d %d 255%*c", &frame.width, &frame.height) == 2 && frame.width > 0 && frame.width <= 16384 &&
      frame.height > 0 && frame.height <= 16384) {
    const size_t size = (size_t)3 * (size_t)frame.width * (size_t)frame.height;
    frame.strides[0] = (size_t)3 * (size_t)frame.width;
    frame.planes[0] = malloc(size);
    if (frame.planes[0] != NULL && fread(frame.planes[0], 1, size, file) != size) {
      free(frame.planes[0]);
      frame.planes[0] = NULL;
    }
  }
  fclose(file);
  return frame;
}

static int WritePpm(const char* path, const scrim_frame* frame) {
  const size_t size = frame->strides[0] * (size_t)frame->height;
  FILE* file = fopen(path, "wb");
  if (file == NULL) return 0;
  fprintf(file, "P6\n%d %d\n255\n", frame->width, frame->height);
  const int written = fwrite(frame->planes[0], 1, size, file) == size;
  return fclose(file) == 0 && written;
}

static scrim_status SetBackground(scrim_session* session, const char* text) {
  scrim_background background;
  scrim_status status = scrim_parse_background(text, &background);
  if (status != SCRIM_OK) return status;
  switch (background.kind) {
    case SCRIM_BACKGROUND_BLUR:
      return scrim_set_background_blur(session, background.strength);
    case SCRIM_BACKGROUND_COLOR:
      return scrim_set_background_color(session, background.red, background.green, background.blue);
    case SCRIM_BACKGROUND_ROOM:
      return scrim_set_background_room(session);
    case SCRIM_BACKGROUND_TRANSPARENT: /* which RGB cannot say */
      return SCRIM_INVALID_ARGUMENT;
    default:
      break;
  }
  scrim_frame picture = ReadPpm(text);
  status = scrim_set_background_image(session, &picture); /* refuses what has no pixels; copies what has */
  free(picture.planes[0]);
  return status;
}

int main(int argc, char** argv) {
  scrim_session* session = NULL;
  if (argc != 5) {
    fprintf(stderr, "image MODEL PICTURE.ppm BACKGROUND OUT.ppm\n");
    return 2;
  }
  scrim_frame frame = ReadPpm(argv[2]);
  int failed = 1;
  if (scrim_create_from_file(argv[1], NULL, &session) != SCRIM_OK || SetBackground(session, argv[3]) != SCRIM_OK ||
      scrim_process(session, &frame, &frame) != SCRIM_OK)
    fprintf(stderr, "%s\n", scrim_last_error());
  else if (!WritePpm(argv[4], &frame))
    fprintf(stderr, "%s: cannot be written\n", argv[4]);
  else
    failed = 0;
  scrim_free(session);
  free(frame.planes[0]);
  return failed;
}
