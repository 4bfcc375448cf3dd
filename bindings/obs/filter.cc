#include "obs/filter.h"

#include <graphics/image-file.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "obs/settings.h"

namespace scrim::obs {
namespace {

constexpr std::chrono::milliseconds kOldestMask{500};
constexpr float kAround = 3;     // sigma of the room's colour near the outline, in pixels of the small picture
constexpr float kBlurSigma = 4;  // the blur works at a size where its sigma is about this

template <auto kFree>
struct Free {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using TexRender = std::unique_ptr<gs_texrender_t, Free<gs_texrender_destroy>>;
using Texture = std::unique_ptr<gs_texture_t, Free<gs_texture_destroy>>;
using Stage = std::unique_ptr<gs_stagesurf_t, Free<gs_stagesurface_destroy>>;
using Effect = std::unique_ptr<gs_effect_t, Free<gs_effect_destroy>>;

struct Size {
  uint32_t width = 0, height = 0;
  bool operator==(const Size&) const = default;
  bool empty() const { return width == 0 || height == 0; }
};

// Everything that lives on the graphics card. Made and destroyed inside OBS's graphics context.
struct Graphics {
  Effect effect;
  TexRender frame{gs_texrender_create(GS_RGBA, GS_ZS_NONE)};
  TexRender small{gs_texrender_create(GS_RGBA, GS_ZS_NONE)};
  TexRender coefficients[2] = {TexRender(gs_texrender_create(GS_RGBA16F, GS_ZS_NONE)),
                               TexRender(gs_texrender_create(GS_RGBA16F, GS_ZS_NONE))};
  TexRender room[2] = {TexRender(gs_texrender_create(GS_RGBA16F, GS_ZS_NONE)),
                       TexRender(gs_texrender_create(GS_RGBA16F, GS_ZS_NONE))};
  Stage stage[2];  // the small picture of this frame, and of the one before, which can be read without waiting
  Size stage_size;
  Texture mask;
  Size mask_size;
  gs_image_file_t picture{};

  ~Graphics() { gs_image_file_free(&picture); }
};

class Filter {
 public:
  Filter(obs_data_t* data, obs_source_t* source)
      : source_(source), matting_([source](const std::string& line) {
          blog(LOG_WARNING, "[scrim] %s: %s", obs_source_get_name(source), line.c_str());
        }) {
    obs_enter_graphics();
    graphics_ = std::make_unique<Graphics>();
    char* file = obs_module_file("scrim.effect");
    char* error = nullptr;
    graphics_->effect.reset(file != nullptr ? gs_effect_create_from_file(file, &error) : nullptr);
    obs_leave_graphics();
    if (graphics_->effect == nullptr)
      blog(LOG_ERROR, "[scrim] %s: %s; nothing is drawn", file != nullptr ? file : "scrim.effect",
           error != nullptr ? error : "is missing");
    bfree(error), bfree(file);
    Update(data);
  }

  ~Filter() {
    obs_enter_graphics();
    graphics_.reset();
    obs_leave_graphics();
  }

  void Update(obs_data_t* data) {
    const Settings before = std::exchange(settings_, ReadSettings(data));
    if (!(settings_.matting == before.matting)) frame_size_ = {};  // to be configured again
    if (settings_.picture == before.picture) return;
    obs_enter_graphics();
    gs_image_file_free(&graphics_->picture);
    gs_image_file_init(&graphics_->picture, settings_.picture.c_str());
    gs_image_file_init_texture(&graphics_->picture);
    obs_leave_graphics();
    if (!settings_.picture.empty() && !graphics_->picture.loaded)
      blog(LOG_WARNING, "[scrim] %s: no picture that can be read; black is drawn", settings_.picture.c_str());
  }

  void Tick() { fresh_ = true; }

  // Whatever goes wrong, nothing of the frame is drawn without a mask.
  void Render() {
    obs_source_t* target = obs_filter_get_target(source_);
    const Size size{obs_source_get_base_width(target), obs_source_get_base_height(target)};
    if (target == nullptr || size.empty() || graphics_->effect == nullptr) return;
    if (std::exchange(fresh_, false)) LookAt(target, size);
    Draw(size);
  }

 private:
  gs_effect_t* effect() const { return graphics_->effect.get(); }
  gs_eparam_t* Parameter(const char* name) const { return gs_effect_get_param_by_name(effect(), name); }
  void Set(const char* name, float value) const { gs_effect_set_float(Parameter(name), value); }
  void Set(const char* name, int value) const { gs_effect_set_int(Parameter(name), value); }
  void Set(const char* name, gs_texture_t* texture) const { gs_effect_set_texture(Parameter(name), texture); }
  void Set(const char* name, float x, float y) const {
    vec2 value;
    vec2_set(&value, x, y);
    gs_effect_set_vec2(Parameter(name), &value);
  }

  // Draws `technique` over all of `to`, of that size; what else it takes is set already.
  void Pass(const char* technique, gs_texture_t* image, gs_texrender_t* to, Size size) const {
    Set("image", image);
    Set("texel", 1.f / float(gs_texture_get_width(image)), 1.f / float(gs_texture_get_height(image)));
    gs_texrender_reset(to);
    if (!gs_texrender_begin(to, size.width, size.height)) return;
    gs_blend_state_push();
    gs_blend_function(GS_BLEND_ONE, GS_BLEND_ZERO);
    gs_ortho(0, float(size.width), 0, float(size.height), -100, 100);
    while (gs_effect_loop(effect(), technique)) gs_draw_sprite(image, 0, size.width, size.height);
    gs_blend_state_pop();
    gs_texrender_end(to);
  }

  void LookAt(obs_source_t* target, Size size) {
    if (!(size == frame_size_)) {
      frame_size_ = size;
      matting_.Configure(settings_.matting, static_cast<int>(size.width), static_cast<int>(size.height));
      masked_ = {};
      staged_ = false;
    }
    if (!DrawTarget(target, size)) {
      masked_ = {};
      return;
    }
    SendPicture(size);
    if (matting_.Pop(&masked_)) TakeMask();
    DrawRoom();
  }

  bool DrawTarget(obs_source_t* target, Size size) const {
    gs_texrender_t* to = graphics_->frame.get();
    gs_texrender_reset(to);
    // Sources that are brighter than this space bring themselves into it.
    if (!gs_texrender_begin_with_color_space(to, size.width, size.height, GS_CS_SRGB)) return false;
    gs_blend_state_push();
    gs_blend_function(GS_BLEND_ONE, GS_BLEND_ZERO);
    vec4 nothing;
    vec4_zero(&nothing);
    gs_clear(GS_CLEAR_COLOR, &nothing, 0, 0);
    gs_ortho(0, float(size.width), 0, float(size.height), -100, 100);
    const uint32_t flags = obs_source_get_output_flags(target);
    const bool plain = (flags & (OBS_SOURCE_CUSTOM_DRAW | OBS_SOURCE_ASYNC)) == 0;
    if (target == obs_filter_get_parent(source_) && plain)
      obs_source_default_render(target);
    else
      obs_source_video_render(target);
    gs_blend_state_pop();
    gs_texrender_end(to);
    return true;
  }

  // Hands over the picture that was staged a frame ago, and stages this one: so nobody waits for the graphics card.
  void SendPicture(Size frame) {
    Graphics& g = *graphics_;
    int width = 0, height = 0;
    matting_.GetPictureSize(&width, &height);
    const Size size{static_cast<uint32_t>(width), static_cast<uint32_t>(height)};
    if (size.empty()) return;
    if (!(size == g.stage_size)) {
      for (Stage& stage : g.stage) stage.reset(gs_stagesurface_create(size.width, size.height, GS_RGBA));
      g.stage_size = size;
      staged_ = false;
    }
    uint8_t* pixels = nullptr;
    uint32_t stride = 0;
    if (staged_ && gs_stagesurface_map(g.stage[at_].get(), &pixels, &stride)) {
      matting_.Push(pixels, stride, width, height);
      gs_stagesurface_unmap(g.stage[at_].get());
    }
    at_ = 1 - at_;
    gs_texture_t* image = gs_texrender_get_texture(g.frame.get());
    if (!(size == frame)) {
      const float across = float(frame.width) / float(size.width), down = float(frame.height) / float(size.height);
      Set("span", 1.f / float(size.width), 1.f / float(size.height));
      Set("taps", std::clamp(static_cast<int>(std::ceil(std::max(across, down) / 2)), 1, 8));
      Pass("Shrink", image, g.small.get(), size);
      image = gs_texrender_get_texture(g.small.get());
    }
    gs_stage_texture(g.stage[at_].get(), image);
    staged_ = true;
  }

  void TakeMask() {
    Graphics& g = *graphics_;
    const Size size{static_cast<uint32_t>(masked_.width), static_cast<uint32_t>(masked_.height)};
    if (!(size == g.mask_size)) {
      g.mask.reset(gs_texture_create(size.width, size.height, GS_RGBA, 1, nullptr, GS_DYNAMIC));
      g.mask_size = size;
    }
    gs_texture_set_image(g.mask.get(), masked_.pixels.data(), 4 * size.width, false);
    if (settings_.matting.whole_frame) return;
    Pass("Coefficients", g.mask.get(), g.coefficients[0].get(), size);
    Pass("Smooth", gs_texrender_get_texture(g.coefficients[0].get()), g.coefficients[1].get(), size);
  }

  bool NeedsRoom() const { return settings_.background == BackgroundKind::kBlur || settings_.decontaminate; }

  // The room's colours: near the outline, or as the blur that is the background.
  void DrawRoom() {
    Graphics& g = *graphics_;
    if (g.mask == nullptr || masked_.width == 0 || !NeedsRoom()) return;
    const bool blur = settings_.background == BackgroundKind::kBlur;
    const Size small =
        settings_.matting.whole_frame ? Size{256 * frame_size_.width / frame_size_.height, 256} : g.mask_size;
    Size size = small;
    float sigma = kAround;
    if (blur) {
      const float rows = std::clamp(720 * kBlurSigma / settings_.blur, 16.f, float(frame_size_.height));
      size.height = static_cast<uint32_t>(rows);
      size.width = std::max(16u, size.height * frame_size_.width / frame_size_.height);
      sigma = settings_.blur * rows / 720;
    }
    Set("mask", g.mask.get());
    Pass("Room", gs_texrender_get_texture(g.frame.get()), g.room[0].get(), size);
    Set("sigma", sigma);
    Set("taps", static_cast<int>(std::ceil(2.5f * sigma)));
    Pass("BlurAcross", gs_texrender_get_texture(g.room[0].get()), g.room[1].get(), size);
    Set("sigma", sigma);
    Set("taps", static_cast<int>(std::ceil(2.5f * sigma)));
    Pass("BlurDown", gs_texrender_get_texture(g.room[1].get()), g.room[0].get(), size);
  }

  void Draw(Size size) const {
    Graphics& g = *graphics_;
    gs_texture_t* frame = gs_texrender_get_texture(g.frame.get());
    if (frame == nullptr) return;
    const bool person = g.mask != nullptr && masked_.width > 0 && Clock::now() - masked_.taken < kOldestMask;
    const bool whole = settings_.matting.whole_frame;
    gs_texture_t* around =
        person && NeedsRoom() ? gs_texrender_get_texture(g.room[0].get()) : frame;  // else not looked at
    gs_texture_t* mask = !person ? frame : whole ? g.mask.get() : gs_texrender_get_texture(g.coefficients[1].get());
    if (around == nullptr || mask == nullptr) return;
    Set("image", frame);
    Set("coefficients", mask);
    Set("room", around);
    Set("person", person ? 1.f : 0.f);
    Set("whole", whole ? 1.f : 0.f);
    Set("low_high", settings_.low, settings_.high);
    Set("decontaminate", settings_.decontaminate ? 1.f : 0.f);
    Set("light_wrap", settings_.light_wrap);
    BackgroundKind kind = settings_.background;
    vec4 colour;
    vec4_from_rgba(&colour, settings_.colour);
    gs_texture_t* picture = g.picture.texture;
    if (kind == BackgroundKind::kPicture && picture == nullptr) {
      kind = BackgroundKind::kColour;
      vec4_set(&colour, 0, 0, 0, 1);
    }
    gs_effect_set_vec4(Parameter("colour"), &colour);
    Set("kind", static_cast<int>(kind));
    Set("picture", picture != nullptr ? picture : frame);
    const float ours = float(size.width) / float(size.height);
    const float its = picture != nullptr ? float(g.picture.cx) / float(g.picture.cy) : ours;
    Set("picture_scale", std::min(1.f, ours / its), std::min(1.f, its / ours));
    const bool srgb = gs_framebuffer_srgb_enabled();
    gs_enable_framebuffer_srgb(false);
    gs_blend_state_push();
    gs_blend_function(GS_BLEND_ONE, GS_BLEND_INVSRCALPHA);
    while (gs_effect_loop(effect(), "Draw")) gs_draw_sprite(frame, 0, size.width, size.height);
    gs_blend_state_pop();
    gs_enable_framebuffer_srgb(srgb);
  }

  obs_source_t* const source_;
  Settings settings_;
  Matting matting_;
  std::unique_ptr<Graphics> graphics_;
  Size frame_size_;      // that the network was set up for
  Masked masked_;        // width 0: there is none for such frames
  bool fresh_ = false;   // the next Render is the first one since the last tick
  bool staged_ = false;  // stage[at_] holds a picture
  int at_ = 0;
};

}  // namespace

obs_source_info FilterInfo() {
  obs_source_info info{};
  info.id = "scrim";
  info.type = OBS_SOURCE_TYPE_FILTER;
  info.output_flags = OBS_SOURCE_VIDEO;
  info.get_name = [](void*) { return obs_module_text("Filter"); };
  info.create = [](obs_data_t* data, obs_source_t* source) -> void* { return new Filter(data, source); };
  info.destroy = [](void* filter) { delete static_cast<Filter*>(filter); };
  info.update = [](void* filter, obs_data_t* data) { static_cast<Filter*>(filter)->Update(data); };
  info.get_defaults = SetDefaults;
  info.get_properties = [](void*) { return MakeProperties(); };
  info.video_tick = [](void* filter, float) { static_cast<Filter*>(filter)->Tick(); };
  info.video_render = [](void* filter, gs_effect_t*) { static_cast<Filter*>(filter)->Render(); };
  info.video_get_color_space = [](void*, size_t, const gs_color_space*) { return GS_CS_SRGB; };
  return info;
}

}  // namespace scrim::obs
