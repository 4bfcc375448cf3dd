// The filter in libobs itself, on a display without a screen and OpenGL in software.
#include <gtest/gtest.h>
#include <obs-nix-platform.h>
#include <obs.h>
#include <util/bmem.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <scrim/scrim.hpp>
#include <string>
#include <thread>
#include <vector>

#include "common/image_file.h"

// Of Xlib, whose header has macros with our names.
extern "C" void* XOpenDisplay(const char* name);

namespace scrim::obs {
namespace {

using Clock = std::chrono::steady_clock;

struct Picture {
  int width = 0, height = 0;
  std::vector<uint8_t> rgba;
  const uint8_t* at(int x, int y) const { return rgba.data() + 4 * (size_t(y) * width + x); }
};

Picture ReadPhoto(const std::string& path) {
  const StatusOr<scrim::Picture> file = ReadPicture(path);
  EXPECT_TRUE(file.ok()) << file.status().message();
  return file.ok() ? Picture{file->width, file->height, file->rgba} : Picture();
}

// A source that shows one picture, drawn (a texture) or sent (as cameras send their frames).
struct Still {
  Picture picture;
  gs_texture_t* texture = nullptr;
  ~Still() {
    obs_enter_graphics();
    gs_texture_destroy(texture);
    obs_leave_graphics();
  }
};

void RegisterStills() {
  obs_source_info drawn{};
  drawn.id = "drawn", drawn.type = OBS_SOURCE_TYPE_INPUT, drawn.output_flags = OBS_SOURCE_VIDEO;
  drawn.get_name = [](void*) { return "drawn"; };
  drawn.create = [](obs_data_t*, obs_source_t*) -> void* { return new Still; };
  drawn.destroy = [](void* still) { delete static_cast<Still*>(still); };
  drawn.get_width = [](void* still) { return uint32_t(static_cast<Still*>(still)->picture.width); };
  drawn.get_height = [](void* still) { return uint32_t(static_cast<Still*>(still)->picture.height); };
  drawn.video_render = [](void* data, gs_effect_t* effect) {
    auto* still = static_cast<Still*>(data);
    const Picture& picture = still->picture;
    if (picture.rgba.empty()) return;
    const uint8_t* rows = picture.rgba.data();
    if (still->texture == nullptr || int(gs_texture_get_width(still->texture)) != picture.width) {
      gs_texture_destroy(still->texture);
      still->texture = gs_texture_create(picture.width, picture.height, GS_RGBA, 1, &rows, 0);
    }
    gs_effect_set_texture(gs_effect_get_param_by_name(effect, "image"), still->texture);
    gs_draw_sprite(still->texture, 0, picture.width, picture.height);
  };
  obs_register_source(&drawn);
  obs_source_info sent{};
  sent.id = "sent", sent.type = OBS_SOURCE_TYPE_INPUT, sent.output_flags = OBS_SOURCE_ASYNC_VIDEO;
  sent.get_name = [](void*) { return "sent"; };
  sent.create = [](obs_data_t*, obs_source_t*) -> void* { return new Still; };
  sent.destroy = [](void* still) { delete static_cast<Still*>(still); };
  obs_register_source(&sent);
}

// libobs can be started once in a process.
class Obs : public testing::Environment {
 public:
  void SetUp() override {
    void* display = XOpenDisplay(nullptr);
    if (display == nullptr) return void(missing = "there is no display (the test runs under xvfb-run)");
    obs_set_nix_platform(OBS_NIX_PLATFORM_X11_EGL);
    obs_set_nix_platform_display(display);
    if (!obs_startup("en-US", nullptr, nullptr)) return;
    obs_video_info video{};
    video.graphics_module = "libobs-opengl";
    video.fps_num = 30, video.fps_den = 1;
    video.base_width = video.output_width = 320, video.base_height = video.output_height = 180;
    video.output_format = VIDEO_FORMAT_NV12, video.colorspace = VIDEO_CS_709, video.range = VIDEO_RANGE_PARTIAL;
    if (obs_reset_video(&video) != OBS_VIDEO_SUCCESS) return void(missing = "libobs finds no OpenGL here");
    obs_module_t* module = nullptr;
    if (obs_open_module(&module, SCRIM_OBS_MODULE, SCRIM_OBS_DATA) != MODULE_SUCCESS) return;
    if (!obs_init_module(module)) return;
    RegisterStills();
    works = true;
  }
  void TearDown() override {
    if (obs_initialized()) obs_shutdown();
  }
  static bool works;
  static const char* missing;  // of the machine; null: nothing
};
bool Obs::works = false;
const char* Obs::missing = nullptr;

class ObsFilter : public testing::Test {
 protected:
  void SetUp() override {
    if (Obs::missing != nullptr) GTEST_SKIP() << Obs::missing;
    ASSERT_TRUE(Obs::works) << "libobs does not start";
  }

  // A source with the filter, shown. settings: those that differ from the defaults.
  void Make(const Picture& picture, const std::function<void(obs_data_t*)>& settings = {}, const char* id = "drawn") {
    source_ = obs_source_create_private(id, "source", nullptr);
    // A source's own data is not to be had from outside; tests keep what create made.
    still_ = static_cast<Still*>(obs_obj_get_data(source_));
    Show(picture);
    obs_data_t* data = obs_data_create();
    obs_data_set_string(data, "model", "file");
    obs_data_set_string(data, "model_file", SCRIM_MODELS "/default.scrim");
    if (settings) settings(data);
    filter_ = obs_source_create_private("scrim", "filter", data);
    obs_data_release(data);
    ASSERT_NE(filter_, nullptr);
    obs_source_filter_add(source_, filter_);
    obs_set_output_source(0, source_);
  }
  void Show(const Picture& picture) {
    obs_enter_graphics();
    still_->picture = picture;
    obs_leave_graphics();
    if (std::strcmp(obs_source_get_id(source_), "sent") == 0) Send();
  }
  void Send() {
    obs_source_frame frame{};
    frame.data[0] = still_->picture.rgba.data(), frame.linesize[0] = 4 * still_->picture.width;
    frame.width = still_->picture.width, frame.height = still_->picture.height;
    frame.format = VIDEO_FORMAT_RGBA, frame.timestamp = uint64_t(Clock::now().time_since_epoch().count());
    obs_source_output_video(source_, &frame);
  }
  void Change(const std::function<void(obs_data_t*)>& settings) {
    obs_data_t* data = obs_source_get_settings(filter_);
    settings(data);
    obs_source_update(filter_, data);
    obs_data_release(data);
  }
  void TearDown() override {
    obs_set_output_source(0, nullptr);
    if (source_ != nullptr && filter_ != nullptr) obs_source_filter_remove(source_, filter_);
    obs_source_release(filter_);
    obs_source_release(source_);
    filter_ = source_ = nullptr;
  }

  // What the source with its filter draws now, with premultiplied alpha.
  Picture Drawn() {
    Picture drawn;
    obs_enter_graphics();
    drawn.width = int(obs_source_get_width(source_)), drawn.height = int(obs_source_get_height(source_));
    gs_texrender_t* to = gs_texrender_create(GS_RGBA, GS_ZS_NONE);
    if (drawn.width > 0 && gs_texrender_begin(to, drawn.width, drawn.height)) {
      vec4 nothing;
      vec4_zero(&nothing);
      gs_clear(GS_CLEAR_COLOR, &nothing, 0, 0);
      gs_ortho(0, float(drawn.width), 0, float(drawn.height), -100, 100);
      obs_source_video_render(source_);
      gs_texrender_end(to);
      gs_stagesurf_t* stage = gs_stagesurface_create(drawn.width, drawn.height, GS_RGBA);
      gs_stage_texture(stage, gs_texrender_get_texture(to));
      uint8_t* pixels = nullptr;
      uint32_t stride = 0;
      if (gs_stagesurface_map(stage, &pixels, &stride)) {
        for (int y = 0; y < drawn.height; ++y)
          drawn.rgba.insert(drawn.rgba.end(), pixels + size_t(stride) * y,
                            pixels + size_t(stride) * y + 4 * drawn.width);
        gs_stagesurface_unmap(stage);
      }
      gs_stagesurface_destroy(stage);
    }
    gs_texrender_destroy(to);
    obs_leave_graphics();
    return drawn;
  }

  // Once that is so, or after a while.
  template <typename Is>
  Picture Until(Is is) {
    Picture drawn;
    for (const Clock::time_point end = Clock::now() + std::chrono::seconds(30); Clock::now() < end;) {
      if (std::strcmp(obs_source_get_id(source_), "sent") == 0) Send();
      drawn = Drawn();
      if (!drawn.rgba.empty() && is(drawn)) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(30));
    }
    return drawn;
  }

  const Picture photo_ = ReadPhoto(SCRIM_TESTDATA "/photos/000000257896.jpg");
  obs_source_t *source_ = nullptr, *filter_ = nullptr;
  Still* still_ = nullptr;
};

int Persons(const Picture& picture) {
  int count = 0;
  for (size_t i = 3; i < picture.rgba.size(); i += 4) count += picture.rgba[i] >= 128;
  return count;
}
const auto kHasPerson = [](const Picture& picture) { return Persons(picture) > 1000; };

// IoU of the drawn alpha with what the library finds in the same photo, as often seen.
double AgreementWithLibrary(const Picture& drawn, const Picture& photo) {
  Session session;
  EXPECT_EQ(session.Open(SCRIM_MODELS "/default.scrim"), SCRIM_OK);
  std::vector<uint8_t> pixels = photo.rgba, alpha(pixels.size() / 4);
  const scrim_frame frame = PackedFrame(SCRIM_FORMAT_RGBA, photo.width, photo.height, pixels.data());
  for (int i = 0; i < 20; ++i) EXPECT_EQ(session.Segment(frame, alpha.data(), size_t(photo.width)), SCRIM_OK);
  double both = 0, either = 0;
  for (size_t i = 0; i < alpha.size(); ++i) {
    const bool ours = drawn.rgba[4 * i + 3] >= 128, library = alpha[i] >= 128;
    both += ours && library, either += ours || library;
  }
  return both / either;
}

TEST_F(ObsFilter, FindsWhatTheLibraryFinds) {
  for (const char* edges : {"gpu", "cpu"}) {
    for (const char* source : {"drawn", "sent"}) {
      Make(
          photo_, [&](obs_data_t* data) { obs_data_set_string(data, "edges", edges); }, source);
      Until(kHasPerson);
      int looks = 0;
      const Picture drawn = Until([&](const Picture&) { return ++looks > 20; });
      EXPECT_GT(AgreementWithLibrary(drawn, photo_), 0.99) << edges << ", " << source;
      TearDown();
    }
  }
}

TEST_F(ObsFilter, ShowsTheBackgroundsThatThereAre) {
  Make(photo_, [](obs_data_t* data) {
    obs_data_set_int(data, "background", 2);
    obs_data_set_int(data, "colour", 0xff0000ff);  // red
    obs_data_set_double(data, "light_wrap", 0);
  });
  const auto red = [](const Picture& p) { return p.at(2, 2)[0] == 255 && p.at(2, 2)[1] == 0 && p.at(2, 2)[3] == 255; };
  const auto person = [&](const Picture& p) {
    return std::memcmp(p.at(p.width / 2 - 20, p.height * 2 / 3), p.at(2, 2), 3) != 0;
  };
  EXPECT_TRUE(red(Until([&](const Picture& p) { return red(p) && person(p); })));
  EXPECT_TRUE(person(Drawn()));

  Change([](obs_data_t* data) {
    obs_data_set_int(data, "background", 1);
    obs_data_set_double(data, "blur", 30);
  });
  const Picture blurred = Until([&](const Picture& p) { return !red(p) && p.at(2, 2)[3] == 255; });
  const auto roughness = [](const Picture& p) {  // of the upper left corner
    double sum = 0;
    for (int y = 0; y < 40; ++y)
      for (int x = 0; x < 40; ++x) sum += std::abs(p.at(x + 1, y)[1] - p.at(x, y)[1]);
    return sum;
  };
  EXPECT_LT(roughness(blurred), 0.25 * roughness(photo_));
  EXPECT_NEAR(blurred.at(20, 20)[1], photo_.at(20, 20)[1], 40);

  Change([](obs_data_t* data) {
    obs_data_set_int(data, "background", 3);
    obs_data_set_string(data, "picture", SCRIM_TESTDATA "/backgrounds/coast.jpg");
    obs_data_set_bool(data, "decontaminate", false);
  });
  const Picture pictured = Until([&](const Picture& p) { return std::abs(p.at(2, 2)[2] - blurred.at(2, 2)[2]) > 10; });
  EXPECT_EQ(pictured.at(2, 2)[3], 255);
  EXPECT_TRUE(person(pictured));
}

// The room is never seen: not before the first mask, without a model, or when the network stands still.
TEST_F(ObsFilter, WithoutAMaskNothingOfTheFrameIsDrawn) {
  Make(photo_, [](obs_data_t* data) { obs_data_set_string(data, "model_file", "/nowhere/none.scrim"); });
  for (int i = 0; i < 15; ++i) {
    const Picture drawn = Drawn();
    EXPECT_EQ(std::count_if(drawn.rgba.begin(), drawn.rgba.end(), [](uint8_t v) { return v != 0; }), 0);
    std::this_thread::sleep_for(std::chrono::milliseconds(40));
  }
  for (const int background : {1, 2, 3}) {
    Change([&](obs_data_t* data) {
      obs_data_set_int(data, "background", background);
      obs_data_set_string(data, "picture", "/nowhere/none.png");
    });
    const Picture drawn = Until([](const Picture& p) { return p.at(0, 0)[3] == 255; });
    for (size_t i = 0; i < drawn.rgba.size(); i += 4) ASSERT_EQ(std::memcmp(&drawn.rgba[i], drawn.at(0, 0), 4), 0);
  }
}

TEST_F(ObsFilter, FromTheFirstFrameOnNoRoomIsSeen) {
  // White room, nobody: whatever is drawn is transparent, from the first render on.
  Picture white{320, 180, std::vector<uint8_t>(size_t{4} * 320 * 180, 255)};
  for (int start = 0; start < 5; ++start) {
    Make(white);
    for (int i = 0; i < 20; ++i) {
      EXPECT_EQ(Persons(Drawn()), 0);
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    TearDown();
  }
}

TEST_F(ObsFilter, SourcesThatComeGoAndChangeTheirSizeLeaveNothingBehind) {
  const int frames = std::getenv("SCRIM_OBS_FRAMES") != nullptr ? std::atoi(std::getenv("SCRIM_OBS_FRAMES")) : 600;
  const auto round = [&](int i) {
    Make(
        photo_, [&](obs_data_t* data) { obs_data_set_int(data, "background", i % 4); }, i % 2 == 0 ? "drawn" : "sent");
    for (int n = 0; n < 10; ++n) {
      if (n == 5) Show(Picture{64 + 2 * (i % 7), 48, std::vector<uint8_t>(size_t{4} * (64 + 2 * (i % 7)) * 48, 200)});
      Drawn();
    }
    TearDown();
  };
  for (int i = 0; i < 10; ++i) round(i);  // what libobs keeps for itself
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  const long before = bnum_allocs();
  for (int i = 0; i < frames / 10; ++i) round(i);
  constexpr long kOwn = 60;  // what libobs adds to its tables meanwhile, however long it runs
  long after = bnum_allocs();
  for (int i = 0; i < 50 && after > before + kOwn; ++i) {  // sources go on a thread of libobs's own
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    after = bnum_allocs();
  }
  EXPECT_LE(after, before + kOwn) << frames << " frames";
}

const auto* const kObs = testing::AddGlobalTestEnvironment(new Obs);

}  // namespace
}  // namespace scrim::obs
