#include "gpu/frame_path.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "gpu/plan_builder.h"

namespace scrim::gpu {
namespace {

using Kind = compose::Background::Kind;
using Files = std::vector<std::string>;

class FramePath {
 public:
  explicit FramePath(const FrameOptions& options)
      : o_(options), pixels_(options.network.width * options.network.height) {}

  Plan Input() {
    const int input = Buffer("input", o_.previous_mask ? 16 : 12);
    AddState();
    Run(Frame(Sizes()).Mutable("picture", "vec4f", picture_), "sample", {"frame", "area"}, Tiles());
    if (o_.loop.stabiliser.enabled) {
      Run(Sizes()
              .Array("picture", "vec4f", picture_)
              .Array("memory", "vec4f", memory_)
              .Mutable("change", "f32", change_),
          "observe", {}, Tiles());
      KernelText quartile = Settings(Sizes()).Array("change", "f32", change_).Mutable("scene", "vec4f", scene_);
      quartile.Float("ADAPT_FROM", o_.loop.stabiliser.adapt_from).Float("ADAPT_MOST", o_.loop.stabiliser.adapt_most);
      Run(quartile, "quartile", {}, {1, 1, 1});
    }
    KernelText show = Settings(Sizes()).Array("picture", "vec4f", picture_).Array("previous", "f32", previous_);
    show.Array("change", "f32", change_).Array("scene", "vec4f", scene_).Mutable("input", "f32", input);
    const char* const colours[] = {"R", "G", "B"};
    for (size_t c = 0; c < 3; ++c) {
      show.Float(std::string("SCALE_") + colours[c], o_.normalisation.scale[c]);
      show.Float(std::string("OFFSET_") + colours[c], o_.normalisation.offset[c]);
    }
    show.Number("CHANNELS", o_.previous_mask ? 4 : 3).Float("MOTION", o_.loop.stabiliser.motion);
    show.Float("SHOWN_LOW", o_.previous_mask_rule.low).Float("SHOWN_HIGH", o_.previous_mask_rule.high);
    show.Float("DISTRUST", o_.previous_mask_rule.distrust);
    Run(show, "show", {}, Row());
    return std::move(builder_.plan());
  }

  Plan Picture() {
    mask_ = Buffer("mask", 4);
    AddState();
    held_ = Buffer("", 8);
    Steady();
    if (o_.loop.regions.enabled) Islands();
    Remember();
    Refine();
    if (o_.background == Kind::kBlur) BlurRoom();
    const bool edges = o_.background != Kind::kBlur && (o_.edges.decontaminate || o_.edges.light_wrap > 0);
    if (edges) Edges();
    KernelText compose = Behind(Grid(Alpha(Frame(Sizes())))).Number("EDGES", edges ? 1 : 0);
    if (edges)
      compose.Array("grid", "vec4f", grid_)
          .Add("fn grid_at(x: i32, y: i32, part: i32) -> vec4f { return grid[3 * (y * COLUMNS + x) + part]; }\n");
    else
      compose.Add("fn grid_at(x: i32, y: i32, part: i32) -> vec4f { return vec4f(); }\n");
    Files files = {"frame", "alpha"};
    if (o_.background == Kind::kBlur) files.push_back("behind_room");
    Run(Result(compose), "compose", files, FrameTiles());
    return std::move(builder_.plan());
  }

  Plan Alone() {
    FrameOptions plain = o_;
    if (o_.background == Kind::kBlur) plain.background = Kind::kColor, plain.color = {96, 96, 96};
    FramePath path(plain);
    path.Run(path.Result(path.Behind(path.Sizes())), "alone", {}, FrameTiles());
    return std::move(path.builder_.plan());
  }

  Plan Cover() {
    KernelText text = Sizes();
    text.Binds("var background: texture_2d<f32>", {Binding::kBackground, 0, 0});
    Run(Result(text), "cover", {"area"}, FrameTiles());
    return std::move(builder_.plan());
  }

 private:
  // bytes: for each pixel of the network's input.
  int Buffer(const std::string& name, int bytes) {
    return builder_.AddBuffer(static_cast<size_t>(pixels_) * static_cast<size_t>(bytes), name);
  }
  void AddState() {
    memory_ = Buffer("memory", 16), previous_ = Buffer("previous", 4);
    still_frames_ = Buffer("still_frames", 4), strengths_ = Buffer("strengths", 4);
    picture_ = Buffer("picture", 16), change_ = Buffer("change", 4);
    scene_ = builder_.AddBuffer(16, "scene"), settings_ = builder_.AddBuffer(16, "settings");
  }

  KernelText Sizes() const {
    KernelText text;
    text.Number("WIDTH", o_.network.width).Number("HEIGHT", o_.network.height);
    return text.Number("FRAME_WIDTH", o_.width).Number("FRAME_HEIGHT", o_.height);
  }
  KernelText Settings(KernelText text) { return text.Binds("var<storage, read> settings: vec4f", {settings_, 0, 0}); }
  KernelText Frame(KernelText text) const {
    const char* const type = o_.external ? "var frame: texture_external" : "var frame: texture_2d<f32>";
    text.Binds(type, {Binding::kFrame, 0, 0});
    return text.Add(std::string("fn load_frame(at: vec2i) -> vec4f { return textureLoad(frame, at") +
                    (o_.external ? "" : ", 0") + "); }\n");
  }
  KernelText Result(KernelText text) const {
    text.Number("TRANSPARENT", o_.background == Kind::kTransparent ? 1 : 0);
    return text.Binds("var result: texture_storage_2d<rgba8unorm, write>", {Binding::kPicture, 0, 0});
  }
  KernelText Alpha(KernelText text) const {
    text.Array("coefficients", "vec2f", softened_);
    text.Float("SCALE_X", static_cast<float>(o_.network.width) / static_cast<float>(o_.width));
    text.Float("SCALE_Y", static_cast<float>(o_.network.height) / static_cast<float>(o_.height));
    text.Float("LEVEL_LOW", o_.refiner.low);
    return text.Float("LEVEL_GAIN", 1 / std::max(o_.refiner.high - o_.refiner.low, 1e-3f));
  }
  KernelText Grid(KernelText text) {
    constexpr int kColumns = 96;
    step_ = std::max(1, (o_.width + kColumns / 2) / kColumns);
    columns_ = Blocks(o_.width, step_), rows_ = Blocks(o_.height, step_);
    return text.Number("STEP", step_).Number("COLUMNS", columns_).Number("ROWS", rows_);
  }
  // behind(x, y): the background's colour as bytes.
  KernelText Behind(KernelText text) const {
    const std::string head = "fn behind(x: i32, y: i32) -> vec3f { return ";
    switch (o_.background) {
      case Kind::kBlur:
        text.Number("ROOM_WIDTH", room_width_).Number("ROOM_HEIGHT", room_height_);
        return text.Array("room", "vec4f", room_);
      case Kind::kImage:
        text.Binds("var background: texture_2d<f32>", {Binding::kBackground, 0, 0});
        return text.Add(head + "floor(textureLoad(background, vec2i(x, y), 0).rgb * 255 + 0.5); }\n");
      case Kind::kTransparent:
        return text.Add(head + "vec3f(); }\n");
      case Kind::kRoom:  // nothing to draw: the CPU's alone
      case Kind::kColor:
        break;
    }
    const auto byte = [](int value) { return std::to_string(value); };
    return text.Add(head + "vec3f(" + byte(o_.color.red) + ", " + byte(o_.color.green) + ", " + byte(o_.color.blue) +
                    "); }\n");
  }

  void Run(const KernelText& text, const std::string& kernel, const Files& files, std::array<int, 3> groups) {
    builder_.Dispatch(text, kernel, files, groups, kernel);
    Plan& plan = builder_.plan();
    for (const Binding& binding : text.bindings()) {
      if (binding.buffer >= 0) plan.bytes_moved += plan.buffers[static_cast<size_t>(binding.buffer)].bytes;
      // Pictures of the frame's size, of which cells sees some thousand pixels.
      if (binding.buffer < 0 && kernel != "cells")
        plan.bytes_moved += 4 * static_cast<size_t>(o_.width) * static_cast<size_t>(o_.height);
    }
  }
  static std::array<int, 3> Tiles(int width, int height) { return {Blocks(width, 8), Blocks(height, 8), 1}; }
  std::array<int, 3> Tiles() const { return Tiles(o_.network.width, o_.network.height); }
  std::array<int, 3> FrameTiles() const { return Tiles(o_.width, o_.height); }
  std::array<int, 3> Row() const { return {Blocks(pixels_, 64), 1, 1}; }

  void Steady() {
    const matte::StabiliserOptions& s = o_.loop.stabiliser;
    KernelText text = Settings(Sizes()).Array("mask", "f32", mask_).Array("picture", "vec4f", picture_);
    text.Array("change", "f32", change_).Array("scene", "vec4f", scene_);
    text.Mutable("memory", "vec4f", memory_).Mutable("still_frames", "f32", still_frames_);
    text.Mutable("held", "vec2f", held_)
        .Number("STABILISE", s.enabled ? 1 : 0)
        .Float("FIRST", s.first)
        .Float("NOISE", s.noise);
    text.Float("MOTION", s.motion).Float("HOLD", s.hold).Float("HOLD_AFTER", s.hold_after);
    text.Float("STILL_RATE", s.still_rate).Float("JUMP_RATE", s.jump_rate);
    Run(text, "stabilise", {}, Row());
  }

  // What regions' strengths are multiplied with to be added up as whole numbers.
  float Unit() const { return static_cast<float>(std::clamp((1 << 30) / pixels_, 1, 1024)); }

  void FindRegions(bool holes) {
    KernelText label = Sizes().Array("held", "vec2f", held_).Mutable("labels", "i32", labels_);
    label.Mutable("sums", "i32", sums_).Number("HOLES", holes ? 1 : 0).Float("WEAK", o_.loop.regions.weak);
    Run(label, "label", {}, Row());
    Run(Sizes().Mutable("labels", "atomic<i32>", labels_).Number("HOLES", holes ? 1 : 0), "join", {}, Tiles());
    KernelText sums =
        Sizes().Array("labels", "i32", labels_).Array("held", "vec2f", held_).Array("strengths", "f32", strengths_);
    sums.Mutable("sums", "atomic<i32>", sums_).Mutable("roots", "i32", roots_).Float("UNIT", Unit());
    Run(sums, "sums", {}, Row());
  }

  void Islands() {
    const matte::RegionOptions& r = o_.loop.regions;
    labels_ = Buffer("", 4), roots_ = Buffer("", 4), sums_ = Buffer("", 16);
    FindRegions(false);
    KernelText fade = Settings(Sizes()).Array("roots", "i32", roots_).Array("sums", "i32", sums_);
    fade.Mutable("held", "vec2f", held_).Mutable("strengths", "f32", strengths_).Float("UNIT", Unit());
    fade.Float("DOUBTFUL", r.doubtful).Float("STRONG", r.strong).Float("FADE", r.fade);
    fade.Float("SMALLEST", r.island * static_cast<float>(pixels_));
    Run(fade, "fade", {}, Row());
    FindRegions(true);
  }

  void Remember() {
    KernelText text = Sizes().Mutable("held", "vec2f", held_).Mutable("previous", "f32", previous_);
    text.Float("STEADY_SHARE", o_.previous_mask_rule.steady_share);
    text.Float("LARGEST", o_.loop.regions.hole * static_cast<float>(pixels_));
    if (o_.loop.regions.enabled) {
      text.Array("roots", "i32", roots_).Array("sums", "i32", sums_);
      text.Add(
          "fn root_at(pixel: i32) -> i32 { return roots[pixel]; }\n"
          "fn area_at(root: i32) -> f32 { return f32(sums[4 * root]); }\n"
          "fn at_border(root: i32) -> bool { return sums[4 * root + 3] > 0; }\n");
    } else {
      text.Add(
          "fn root_at(pixel: i32) -> i32 { return -1; }\n"
          "fn area_at(root: i32) -> f32 { return 0; }\n"
          "fn at_border(root: i32) -> bool { return true; }\n");
    }
    Run(text, "remember", {}, Row());
  }

  void Refine() {
    fitted_ = Buffer("", 8);
    KernelText fit = Sizes().Array("picture", "vec4f", picture_).Array("held", "vec2f", held_);
    fit.Mutable("fitted", "vec2f", fitted_).Number("GUIDED", o_.refiner.guided ? 1 : 0);
    fit.Number("RADIUS", o_.refiner.radius).Float("EPSILON", o_.refiner.epsilon);
    Run(fit, "fit", {}, Tiles());
    softened_ = fitted_;
    if (!o_.refiner.guided) return;
    softened_ = Buffer("", 8);
    Run(Sizes()
            .Array("fitted", "vec2f", fitted_)
            .Mutable("softened", "vec2f", softened_)
            .Number("RADIUS", o_.refiner.radius),
        "soften", {}, Tiles());
  }

  void Edges() {
    KernelText cells = Behind(Grid(Alpha(Frame(Sizes()))));
    const size_t bytes = static_cast<size_t>(columns_ * rows_) * 48;
    const int raw = builder_.AddBuffer(bytes);
    grid_ = builder_.AddBuffer(bytes);
    const std::array<int, 3> groups{Blocks(columns_ * rows_, 64), 1, 1};
    Run(cells.Mutable("cells", "vec4f", raw), "cells", {"frame", "alpha"}, groups);
    constexpr int kRadius = 3;
    constexpr float kLit = 0.85f, kEnough = 0.02f;
    KernelText means = Grid(Sizes()).Array("cells", "vec4f", raw).Mutable("grid", "vec4f", grid_);
    means.Number("REACH", kRadius).Float("LIT", kLit).Float("ENOUGH", kEnough);
    means.Number("DECONTAMINATE", o_.edges.decontaminate ? 1 : 0);
    means.Float("LIGHT_WRAP", o_.background == Kind::kTransparent ? 0 : o_.edges.light_wrap);
    Run(means, "means", {}, groups);
  }

  void BlurRoom() {
    const float sigma = std::clamp(o_.blur_sigma, 0.5f, 100.f) * static_cast<float>(o_.height) / 720.f;
    const float shrink = std::clamp(sigma / 2.5f, 1.f, 16.f);
    const auto shrunk = [&](int side) {
      return std::max(1, static_cast<int>(std::lround(static_cast<float>(side) / shrink)));
    };
    room_width_ = shrunk(o_.width), room_height_ = shrunk(o_.height);
    const size_t bytes = static_cast<size_t>(room_width_) * static_cast<size_t>(room_height_) * 16;
    const int small = builder_.AddBuffer(bytes);
    int from = builder_.AddBuffer(bytes), to = builder_.AddBuffer(bytes);
    const int fill = builder_.AddBuffer(16);
    const std::array<int, 3> tiles = Tiles(room_width_, room_height_);
    const auto sizes = [&](KernelText text) {
      return text.Number("ROOM_WIDTH", room_width_).Number("ROOM_HEIGHT", room_height_);
    };
    Run(sizes(Alpha(Frame(Sizes()))).Mutable("small", "vec4f", small), "room_sample", {"frame", "alpha", "area"},
        tiles);
    Run(sizes({}).Array("small", "vec4f", small).Mutable("weighted", "vec4f", from), "room_weigh", {}, tiles);
    constexpr float kFill = 255e-3f;
    KernelText mean =
        sizes({}).Array("weighted", "vec4f", from).Mutable("fill", "vec4f", fill).Float("ROOM_FILL", kFill);
    Run(mean, "room_mean", {}, {1, 1, 1});
    for (int radius : BoxRadii(sigma * static_cast<float>(room_width_) / static_cast<float>(o_.width)))
      for (int down : {0, 1}) {
        KernelText box = sizes({}).Array("source", "vec4f", from).Mutable("blurred", "vec4f", to);
        Run(box.Number("RADIUS", radius).Number("DOWN", down), "box", {}, tiles);
        std::swap(from, to);
      }
    room_ = small;
    KernelText finish =
        sizes({}).Array("source", "vec4f", from).Array("fill", "vec4f", fill).Mutable("room", "vec4f", room_);
    Run(finish, "room_finish", {}, {Blocks(room_width_ * room_height_, 64), 1, 1});
  }

  // As image::GaussianBlur.
  static std::vector<int> BoxRadii(float sigma) {
    if (sigma < 0.5f) return {};
    constexpr int kPasses = 3;
    int width = static_cast<int>(std::sqrt(12 * sigma * sigma / kPasses + 1));
    if (width % 2 == 0) --width;
    const float narrow = (12 * sigma * sigma - static_cast<float>(kPasses * (width * width + 4 * width + 3))) /
                         static_cast<float>(-4 * width - 4);
    std::vector<int> radii;
    radii.reserve(kPasses);
    for (int pass = 0; pass < kPasses; ++pass) radii.push_back((pass < std::lround(narrow) ? width : width + 2) / 2);
    radii.erase(std::remove(radii.begin(), radii.end(), 0), radii.end());
    return radii;
  }

  FrameOptions o_;
  int pixels_;
  PlanBuilder builder_;
  int mask_ = 0, memory_ = 0, picture_ = 0, change_ = 0, scene_ = 0, settings_ = 0, held_ = 0, labels_ = 0, roots_ = 0;
  int previous_ = 0, still_frames_ = 0, strengths_ = 0, sums_ = 0, fitted_ = 0, softened_ = 0, grid_ = 0, room_ = 0;
  int step_ = 1, columns_ = 1, rows_ = 1, room_width_ = 1, room_height_ = 1;
};

}  // namespace

Plan LowerInput(const FrameOptions& options) { return FramePath(options).Input(); }
Plan LowerPicture(const FrameOptions& options) { return FramePath(options).Picture(); }
Plan LowerAlone(const FrameOptions& options) { return FramePath(options).Alone(); }
Plan LowerCover(const FrameOptions& options) { return FramePath(options).Cover(); }

}  // namespace scrim::gpu
