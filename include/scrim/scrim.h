/* scrim: who is in the picture, and another room behind them.
 *
 *     #include <scrim/scrim.h>
 *
 *     scrim_session* session = NULL;
 *     scrim_params params;
 *     scrim_params_init(&params, sizeof params);
 *     if (scrim_create_from_file("default.scrim", &params, &session) != SCRIM_OK) {
 *       fprintf(stderr, "%s\n", scrim_last_error());
 *       return 1;
 *     }
 *     scrim_set_background_blur(session, 14.0f);
 *
 *     scrim_frame frame = {0};
 *     frame.format = SCRIM_FORMAT_RGBA;
 *     frame.width = 1280;
 *     frame.height = 720;
 *     frame.planes[0] = pixels;
 *     frame.strides[0] = 4 * 1280;
 *     while (read_camera(pixels)) {
 *       if (scrim_process(session, &frame, &frame) != SCRIM_OK) fprintf(stderr, "%s\n", scrim_last_error());
 *       show(pixels);  // the person before the blurred room; after an error the background alone, never the room
 *     }
 *     scrim_free(session);
 *
 * A session serves one thread at a time; different sessions are independent. Every function that can fail returns a
 * scrim_status; scrim_last_error() then says why, in one line. Nothing is printed, nothing exits, no C++ exception
 * leaves the library.
 *
 * NULL, where nothing else is said, is refused with SCRIM_INVALID_ARGUMENT, whichever pointer it is; what a function
 * promises for errors holds then, too.
 *
 * Programs stay compatible: scrim_params, scrim_times and scrim_stats only grow at their end, and whoever passes one
 * passes the size that it had when the program was compiled. scrim_frame and scrim_background stay as they are.
 *
 * On Windows define SCRIM_STATIC before this header where scrim is linked in statically.
 */
#ifndef SCRIM_SCRIM_H_
#define SCRIM_SCRIM_H_

#include <scrim/version.h>
#include <stddef.h>
#include <stdint.h>

#if defined(SCRIM_STATIC)
#define SCRIM_API
#elif defined(_WIN32) && defined(SCRIM_BUILDING)
#define SCRIM_API __declspec(dllexport)
#elif defined(_WIN32)
#define SCRIM_API __declspec(dllimport)
#elif defined(__GNUC__)
#define SCRIM_API __attribute__((visibility("default")))
#else
#define SCRIM_API
#endif

/* Enumerations are int32_t in structs and calls, in every language. */
#ifdef __cplusplus
#define SCRIM_INT32 : int32_t
extern "C" {
#else
#define SCRIM_INT32
typedef int32_t scrim_status;
typedef int32_t scrim_format;
typedef int32_t scrim_matrix;
typedef int32_t scrim_background_kind;
#endif

enum scrim_status SCRIM_INT32 {
  SCRIM_OK = 0,
  SCRIM_INVALID_ARGUMENT = 1, /* the caller's values make no sense: a null pointer, a frame of 0x0 */
  SCRIM_NOT_FOUND = 2,        /* a file does not exist */
  SCRIM_CORRUPT = 3,          /* a file is not what it claims to be: cut off, changed, another format */
  SCRIM_UNSUPPORTED = 4,      /* understood, but this build or this version cannot do it */
  SCRIM_IO = 5,               /* the system refused */
  SCRIM_INTERNAL = 6,         /* a bug in scrim, or a damaged model */
  SCRIM_OUT_OF_MEMORY = 7,
  SCRIM_UNAVAILABLE = 8 /* live: no mask yet, or none that is new enough; later frames may succeed */
};

enum scrim_format SCRIM_INT32 {
  SCRIM_FORMAT_RGBA = 0, /* one plane, 4 bytes a pixel; straight alpha, 255 where nothing is transparent */
  SCRIM_FORMAT_BGRA = 1,
  SCRIM_FORMAT_RGB = 2,  /* one plane, 3 bytes a pixel */
  SCRIM_FORMAT_NV12 = 3, /* Y, then U and V interleaved at half width and height, rounded up */
  SCRIM_FORMAT_I420 = 4, /* Y, U, V; U and V at half width and height, rounded up */
  SCRIM_FORMAT_YUY2 = 5  /* one plane of Y0 U Y1 V */
};

/* How Y, U and V become colors. Video range is 16..235, full range 0..255. Ignored for RGB formats. */
enum scrim_matrix SCRIM_INT32 {
  SCRIM_MATRIX_BT601 = 0,      /* webcams, standard definition */
  SCRIM_MATRIX_BT709 = 1,      /* high definition video */
  SCRIM_MATRIX_BT601_FULL = 2, /* JPEG, MJPEG webcams */
  SCRIM_MATRIX_BT709_FULL = 3
};

/* A picture in the caller's memory. A plane that its format has may not be NULL. Sides 1 to 16384 pixels, odd ones too;
 * strides count bytes. */
typedef struct scrim_frame {
  scrim_format format;
  scrim_matrix matrix;
  int width, height;
  uint8_t* planes[3];
  size_t strides[3];
} scrim_frame;

/* Always start from scrim_params_init(). */
typedef struct scrim_params {
  uint32_t struct_size;          /* set by scrim_params_init */
  int input_width, input_height; /* the size at which the network sees a frame, 16 to 4096 each; 0: the model's own, in
                                  * the shape nearest to the frame's where it has several. Larger is finer and slower */
  int threads;                   /* that share the network, the caller's included: 1 (default) to 64 */
  const char* target;            /* SIMD target of the network, "AVX2" for example; NULL: the best of this CPU */
  int stabilise;                 /* 1: hold the mask still where nothing moves */
  int remove_islands;            /* 1: drop what stands alone and is faint or tiny, fill small holes */
  int refine_edges;              /* 1: let the edge follow the frame's own edges; 0: bilinear */
  float level_low, level_high;   /* mask values that become fully room and fully person; 0 and 1: no levels */
  int decontaminate_edges;       /* 1: take the old room's color out of the outline. Not before a blur */
  float light_wrap;              /* share of the new background's light on the outline, 0 to 1. Not before a blur */
  int keep_room;                 /* 1: the person is replaced and the room stays; before a blur: the room without its
                                  * people. Without a mask the background alone, as ever. 0: the default */
  float match_brightness;        /* share of the difference between the person's mean brightness and the background's
                                  * that is taken away, 0 (default) to 1. Not before a blur or transparency, nor with
                                  * keep_room */
  float person_size;             /* the person smaller, as if further off, on the frame's lower edge: share of the
                                  * frame's sides that its picture takes, 0.1 to 1 (default). Not before a blur, nor
                                  * with keep_room. What scrim_get_alpha gives stays the frame's own */
  float person_position;         /* where a smaller person stands, 0 at the left edge to 1 (default) at the right */

  /* 0 (default): every frame waits for its own mask, for files and photos. 1: for a camera. The network runs in a
   * thread of its own, on the newest frame, and a frame whose mask is not ready in wait_ms is drawn with the newest
   * mask, less what has moved since. Frames that look like the one before take its mask. The browser's
   * module refuses it with SCRIM_UNSUPPORTED. Of what follows, budget_ms alone counts without live. */
  int live;
  float wait_ms;         /* how long a frame waits for its own mask at most; not at all where the network is slower */
  float max_mask_age_ms; /* older masks are not used: the background alone is drawn, with SCRIM_UNAVAILABLE */
  float budget_ms;       /* milliseconds of work for a frame; 0: any. Held by lowering the input size and, live, the
                          * rate of masks */
  float budget_percent;  /* the same as a share of one core, 0 to 100; 0: any. The smaller one counts */
} scrim_params;

typedef struct scrim_session scrim_session;

SCRIM_API const char* scrim_version(void); /* of the library: "0.2.0" */

/* Why the last call on this thread that failed did so. Valid until the next failing call on this thread. */
SCRIM_API const char* scrim_last_error(void);

/* Sets all fields to their defaults. size: sizeof(scrim_params), from the caller's header. A program with a header of
 * before a field has its default. SCRIM_UNSUPPORTED: the header is newer than the library; *params, all zeros then, is
 * refused by scrim_create_*. */
SCRIM_API scrim_status scrim_params_init(scrim_params* params, size_t size);

/* Reads a model and makes a session; the caller frees it. params may be NULL: the defaults. On failure *out is NULL. */
SCRIM_API scrim_status scrim_create_from_file(const char* path, const scrim_params* params, scrim_session** out);

/* The same from the bytes of a model file, which may be released afterwards. */
SCRIM_API scrim_status scrim_create_from_memory(const void* bytes, size_t size, const scrim_params* params,
                                                scrim_session** out);

SCRIM_API void scrim_free(scrim_session* session); /* NULL is fine */

/* What stands behind the person, from the next frame on; a plain green before the first call. After an error the old
 * background stays. */
SCRIM_API scrim_status scrim_set_background_color(scrim_session* session, uint8_t red, uint8_t green, uint8_t blue);
/* The real room, blurred. strength: the blur's sigma in pixels of a frame with 720 rows, 0.5 to 100. */
SCRIM_API scrim_status scrim_set_background_blur(scrim_session* session, float strength);
/* A picture of any size and format; covers the frame, centred. Copied. What is transparent in it becomes black. */
SCRIM_API scrim_status scrim_set_background_image(scrim_session* session, const scrim_frame* picture);
/* Straight alpha in the output, which must be RGBA or BGRA; colors are blank where alpha is 0. */
SCRIM_API scrim_status scrim_set_background_transparent(scrim_session* session);

/* The real room as it is, for changes of the person alone. Whoever sees the output sees the room; without a mask it is
 * grey, as with a blur. */
SCRIM_API scrim_status scrim_set_background_room(scrim_session* session);

/* Hair of this color, as if dyed: strands, highlights and shading stay. The color is what the hair is on the whole;
 * very dark hair becomes only as light as a camera's noise allows. strength: 0 (default) leaves hair alone and costs
 * nothing, 1 goes all the way. From the next frame on. SCRIM_UNSUPPORTED: the model has no plane "hair"
 * (scrim_get_plane_name). After an error all stays as it was. With keep_room nothing happens: the person is not seen.
 */
SCRIM_API scrim_status scrim_set_hair_color(scrim_session* session, uint8_t red, uint8_t green, uint8_t blue,
                                            float strength);
/* Skin without small wrinkles and blemishes; eyes, brows, lips, beard and pores stay. strength: 0 (default) leaves skin
 * alone and costs nothing, to 1. SCRIM_UNSUPPORTED: the model has no plane "skin". Otherwise as above. */
SCRIM_API scrim_status scrim_set_skin_smoothing(scrim_session* session, float strength);

enum scrim_background_kind SCRIM_INT32 {
  SCRIM_BACKGROUND_IMAGE = 0,
  SCRIM_BACKGROUND_BLUR = 1,
  SCRIM_BACKGROUND_COLOR = 2,
  SCRIM_BACKGROUND_TRANSPARENT = 3,
  SCRIM_BACKGROUND_ROOM = 4
};

typedef struct scrim_background {
  scrim_background_kind kind;
  float strength;           /* of SCRIM_BACKGROUND_BLUR */
  uint8_t red, green, blue; /* of SCRIM_BACKGROUND_COLOR */
} scrim_background;

/* Understands what programs let their users write for a background: blur, blur:N (N the strength), #rrggbb,
 * room, transparent; anything else is the name of an image file, which the caller reads. The same in every locale. */
SCRIM_API scrim_status scrim_parse_background(const char* text, scrim_background* out);

/* The same for the network's input size: WIDTHxHEIGHT, each 16 to 4096. */
SCRIM_API scrim_status scrim_parse_input_size(const char* text, int* width, int* height);

/* Draws the person of `in` before the background into `out`, of the same size and format (except for the transparent
 * background); `out` may be `in`. What is transparent in `in` belongs to nobody: its alpha multiplies the mask, and the
 * colors under alpha 0 are not shown. The mask of each frame helps the next: feed the frames of one clip in order. On
 * every error `out`, where it is a valid frame, shows the background alone. */
SCRIM_API scrim_status scrim_process(scrim_session* session, const scrim_frame* in, const scrim_frame* out);

/* The background alone, without anything of a room: a blur becomes grey, transparent becomes empty (black where the
 * format has no alpha). Forgets the previous mask. */
SCRIM_API scrim_status scrim_draw_background(scrim_session* session, const scrim_frame* out);

/* Only finds the person: alpha gets in->height rows of in->width bytes, 0 room to 255 person, `stride` bytes apart. On
 * an error alpha is all 0, where in has a size that a frame can have. */
SCRIM_API scrim_status scrim_segment(scrim_session* session, const scrim_frame* in, uint8_t* alpha, size_t stride);

/* The alpha of the last frame, at its size, as above. SCRIM_INVALID_ARGUMENT when the last frame failed or had another
 * size. */
SCRIM_API scrim_status scrim_get_alpha(const scrim_session* session, int width, int height, uint8_t* alpha,
                                       size_t stride);

/* What the model tells apart: index 0 is "person"; others, as "hair" and "skin", follow where it has them. NULL: a
 * negative index, or one behind the last. Valid as long as the session. */
SCRIM_API const char* scrim_get_plane_name(const scrim_session* session, int index);

/* Whether the alpha of a plane is made for every frame, from the next one on; want: 1 or 0 (default, which costs
 * nothing). SCRIM_UNSUPPORTED: the model has no such plane. */
SCRIM_API scrim_status scrim_want_plane(scrim_session* session, const char* plane, int want);

/* The alpha of a plane in the last frame, within the person's everywhere; as scrim_get_alpha. SCRIM_INVALID_ARGUMENT
 * also where nobody wanted the plane before that frame; SCRIM_UNSUPPORTED: the model has no such plane. */
SCRIM_API scrim_status scrim_get_plane_alpha(const scrim_session* session, const char* plane, int width, int height,
                                             uint8_t* alpha, size_t stride);

/* The network's own answer for the last frame, neither held still nor refined: as many rows and columns as the input
 * size has, without gaps, 0 room to 1 person. `count`, the floats that there is room for, must be their number.
 * SCRIM_INVALID_ARGUMENT when it is not, or the last frame failed. */
SCRIM_API scrim_status scrim_get_mask(const scrim_session* session, float* mask, size_t count);

/* Forgets the previous mask: the next frame belongs to another clip, or is a photo of its own. NULL is fine. */
SCRIM_API void scrim_reset(scrim_session* session);

/* The network's input size; with a budget that of the last mask. 0x0 without a session; width and height may be NULL.
 */
SCRIM_API void scrim_get_input_size(const scrim_session* session, int* width, int* height);

/* What the last frame cost, in milliseconds. */
typedef struct scrim_times {
  double sample;  /* frame to network input */
  double network; /* the network */
  double matte;   /* stabiliser and refinement to the frame's size */
  double compose; /* background and blending; 0 after scrim_segment */
  double wait;    /* live: doing nothing, for the network's thread */
} scrim_times;

/* size: sizeof(scrim_times), from the caller's header; fields that the library does not know become 0. Without a
 * session all do, with SCRIM_INVALID_ARGUMENT. */
SCRIM_API scrim_status scrim_get_times(const scrim_session* session, scrim_times* times, size_t size);

/* What happened since the session was made. */
typedef struct scrim_stats {
  uint64_t frames;          /* processed, segmented, or drawn with the background alone */
  uint64_t background_only; /* of these, without a person: on demand, or for want of a mask */
  uint64_t unchanged;       /* with the mask of an earlier frame that looked the same */
  uint64_t late;            /* with the mask of an earlier, different frame */
  uint64_t masks;           /* made by the network */
  /* As in scrim_times, of all frames together: divide by frames. */
  double sample, network, matte, compose, wait;
  double latency;                /* milliseconds inside scrim_process, of all frames together */
  double latency_max;            /* of one frame */
  int input_width, input_height; /* now */
  int mask_interval;             /* now: a mask is made for every n-th frame that changed */
} scrim_stats;

/* size and errors as for scrim_get_times. */
SCRIM_API scrim_status scrim_get_stats(const scrim_session* session, scrim_stats* stats, size_t size);

#ifdef __cplusplus
}
#endif

#endif /* SCRIM_SCRIM_H_ */
