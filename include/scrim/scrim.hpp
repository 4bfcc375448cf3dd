// scrim for C++: a session that frees itself. See scrim.h for what the calls do.
//
//     scrim::Session session;
//     if (session.Open("default.scrim") != SCRIM_OK) return Fail(scrim_last_error());
//     session.SetBackgroundBlur(14.f);
//     scrim_frame frame = scrim::PackedFrame(SCRIM_FORMAT_RGBA, 1280, 720, pixels);
//     if (session.Process(frame) != SCRIM_OK) Warn(scrim_last_error());  // pixels show the background alone
#ifndef SCRIM_SCRIM_HPP_
#define SCRIM_SCRIM_HPP_

#include <scrim/scrim.h>

#include <memory>
#include <string>

namespace scrim {

// A frame of one plane (RGBA, BGRA, RGB or YUY2) without gaps between its rows.
inline scrim_frame PackedFrame(scrim_format format, int width, int height, uint8_t* pixels) {
  scrim_frame frame{};
  frame.format = format, frame.width = width, frame.height = height, frame.planes[0] = pixels;
  const size_t columns = static_cast<size_t>(width > 0 ? width : 0);
  frame.strides[0] = format == SCRIM_FORMAT_RGB    ? 3 * columns
                     : format == SCRIM_FORMAT_YUY2 ? (columns + 1) / 2 * 4
                                                   : 4 * columns;
  return frame;
}

// scrim_params with its defaults.
inline scrim_params DefaultParams() {
  scrim_params params;
  scrim_params_init(&params, sizeof params);
  return params;
}

// Movable. Every call before a successful Open returns SCRIM_INVALID_ARGUMENT.
class Session {
 public:
  [[nodiscard]] scrim_status Open(const std::string& path, const scrim_params& params = DefaultParams()) {
    scrim_session* session = nullptr;
    const scrim_status status = scrim_create_from_file(path.c_str(), &params, &session);
    session_.reset(session);
    return status;
  }
  [[nodiscard]] scrim_status Open(const void* bytes, size_t size, const scrim_params& params = DefaultParams()) {
    scrim_session* session = nullptr;
    const scrim_status status = scrim_create_from_memory(bytes, size, &params, &session);
    session_.reset(session);
    return status;
  }
  explicit operator bool() const { return session_ != nullptr; }

  scrim_status SetBackgroundColor(uint8_t red, uint8_t green, uint8_t blue) {
    return scrim_set_background_color(get(), red, green, blue);
  }
  scrim_status SetBackgroundBlur(float strength) { return scrim_set_background_blur(get(), strength); }
  scrim_status SetBackgroundImage(const scrim_frame& picture) { return scrim_set_background_image(get(), &picture); }
  scrim_status SetBackgroundTransparent() { return scrim_set_background_transparent(get()); }

  scrim_status SetBackgroundRoom() { return scrim_set_background_room(get()); }
  scrim_status SetHairColor(uint8_t red, uint8_t green, uint8_t blue, float strength) {
    return scrim_set_hair_color(get(), red, green, blue, strength);
  }
  scrim_status SetSkinSmoothing(float strength) { return scrim_set_skin_smoothing(get(), strength); }

  // What scrim_parse_background found; picture counts for SCRIM_BACKGROUND_IMAGE alone and may be null otherwise.
  scrim_status SetBackground(const scrim_background& background, const scrim_frame* picture) {
    switch (background.kind) {
      case SCRIM_BACKGROUND_BLUR:
        return SetBackgroundBlur(background.strength);
      case SCRIM_BACKGROUND_COLOR:
        return SetBackgroundColor(background.red, background.green, background.blue);
      case SCRIM_BACKGROUND_TRANSPARENT:
        return SetBackgroundTransparent();
      case SCRIM_BACKGROUND_ROOM:
        return SetBackgroundRoom();
      case SCRIM_BACKGROUND_IMAGE:
        break;
    }
    return scrim_set_background_image(get(), picture);
  }

  [[nodiscard]] scrim_status Process(const scrim_frame& in, const scrim_frame& out) {
    return scrim_process(get(), &in, &out);
  }
  [[nodiscard]] scrim_status Process(const scrim_frame& frame) { return scrim_process(get(), &frame, &frame); }
  [[nodiscard]] scrim_status DrawBackground(const scrim_frame& out) { return scrim_draw_background(get(), &out); }
  [[nodiscard]] scrim_status Segment(const scrim_frame& in, uint8_t* alpha, size_t stride) {
    return scrim_segment(get(), &in, alpha, stride);
  }
  [[nodiscard]] scrim_status GetAlpha(int width, int height, uint8_t* alpha, size_t stride) const {
    return scrim_get_alpha(get(), width, height, alpha, stride);
  }
  // Null behind the last.
  const char* PlaneName(int index) const { return scrim_get_plane_name(get(), index); }
  [[nodiscard]] scrim_status WantPlane(const std::string& plane, bool want) {
    return scrim_want_plane(get(), plane.c_str(), want ? 1 : 0);
  }
  [[nodiscard]] scrim_status GetPlaneAlpha(const std::string& plane, int width, int height, uint8_t* alpha,
                                           size_t stride) const {
    return scrim_get_plane_alpha(get(), plane.c_str(), width, height, alpha, stride);
  }
  [[nodiscard]] scrim_status GetMask(float* mask, size_t count) const { return scrim_get_mask(get(), mask, count); }
  void Reset() { scrim_reset(get()); }
  // Zeros before Open.
  scrim_times times() const {
    scrim_times times;
    scrim_get_times(get(), &times, sizeof times);
    return times;
  }
  scrim_stats stats() const {
    scrim_stats stats;
    scrim_get_stats(get(), &stats, sizeof stats);
    return stats;
  }
  scrim_session* get() const { return session_.get(); }

 private:
  struct Free {
    void operator()(scrim_session* session) const { scrim_free(session); }
  };
  std::unique_ptr<scrim_session, Free> session_;
};

}  // namespace scrim

#endif  // SCRIM_SCRIM_HPP_
