// The C++ layer, through libscrim.so.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <scrim/scrim.hpp>
#include <utility>
#include <vector>

namespace {

std::vector<char> ReadModel() {
  std::ifstream file(SCRIM_BRIGHT_MODEL, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

TEST(Session, OpensFromFileAndMemoryAndMoves) {
  scrim::Session session;
  EXPECT_FALSE(session);
  ASSERT_EQ(session.Open(SCRIM_BRIGHT_MODEL), SCRIM_OK) << scrim_last_error();
  scrim::Session other = std::move(session);
  EXPECT_FALSE(session);
  EXPECT_TRUE(other);
  std::vector<char> bytes = ReadModel();
  ASSERT_EQ(session.Open(bytes.data(), bytes.size()), SCRIM_OK) << scrim_last_error();
  bytes.clear();
  std::vector<uint8_t> pixels(16 * 8 * 3, 255), alpha(16 * 8);
  ASSERT_EQ(session.Segment(scrim::PackedFrame(SCRIM_FORMAT_RGB, 16, 8, pixels.data()), alpha.data(), 16), SCRIM_OK);
  EXPECT_EQ(alpha[50], 255);
}

TEST(Session, UnopenedRefusesAndDrawsNothing) {
  scrim::Session session;
  std::vector<uint8_t> pixels(4 * 4 * 4, 200);
  EXPECT_EQ(session.Process(scrim::PackedFrame(SCRIM_FORMAT_RGBA, 4, 4, pixels.data())), SCRIM_INVALID_ARGUMENT);
  for (int i = 0; i < 64; i += 4) EXPECT_EQ(pixels[i], 0);
}

TEST(Session, InputSizeAndTargetAreTaken) {
  scrim_params params = scrim::DefaultParams();
  params.input_width = 64, params.input_height = 48;
#if defined(__aarch64__)
  params.target = "NEON";
#elif defined(__wasm__)
  params.target = "WASM";
#else
  params.target = "SSE4";
#endif
  scrim::Session session;
  ASSERT_EQ(session.Open(SCRIM_BRIGHT_MODEL, params), SCRIM_OK) << scrim_last_error();
  int width = 0, height = 0;
  scrim_get_input_size(session.get(), &width, &height);
  EXPECT_EQ(width, 64);
  EXPECT_EQ(height, 48);
}

TEST(Session, TheModelsOwnInputSizeTakesTheFramesShape) {
  scrim::Session session;
  ASSERT_EQ(session.Open(SCRIM_BRIGHT_MODEL), SCRIM_OK) << scrim_last_error();
  std::vector<uint8_t> pixels(320 * 320 * 3, 250), alpha(320 * 320);
  for (const auto& [width, height, wanted] : {std::tuple{320, 180, 128}, {300, 300, 96}, {320, 180, 128}}) {
    ASSERT_EQ(session.Segment(scrim::PackedFrame(SCRIM_FORMAT_RGB, width, height, pixels.data()), alpha.data(), width),
              SCRIM_OK);
    EXPECT_EQ(alpha[size_t(width * height / 2)], 255);
    int w = 0, h = 0;
    scrim_get_input_size(session.get(), &w, &h);
    EXPECT_EQ(w, wanted);
    EXPECT_EQ(w * h, 128 * 72);
  }
}

TEST(Session, ASmallerPersonStandsInTheCorner) {
  scrim_params params = scrim::DefaultParams();
  scrim::Session session;
  for (const float size : {0.f, 0.05f, 1.5f}) {
    params.person_size = size;
    EXPECT_EQ(session.Open(SCRIM_BRIGHT_MODEL, params), SCRIM_INVALID_ARGUMENT) << size;
  }
  params.person_size = 0.5f, params.person_position = 2;
  EXPECT_EQ(session.Open(SCRIM_BRIGHT_MODEL, params), SCRIM_INVALID_ARGUMENT);
  params.person_position = 1;
  ASSERT_EQ(session.Open(SCRIM_BRIGHT_MODEL, params), SCRIM_OK) << scrim_last_error();
  ASSERT_EQ(session.SetBackgroundColor(1, 200, 3), SCRIM_OK);
  std::vector<uint8_t> pixels(64 * 36 * 3, 250);  // all of it is person
  ASSERT_EQ(session.Process(scrim::PackedFrame(SCRIM_FORMAT_RGB, 64, 36, pixels.data())), SCRIM_OK);
  const auto red = [&](int x, int y) { return int{pixels[static_cast<size_t>(3 * (64 * y + x))]}; };
  EXPECT_EQ(red(63, 10), 1);
  EXPECT_EQ(red(20, 35), 1);
  EXPECT_EQ(red(40, 25), 250);
  EXPECT_EQ(red(63, 35), 250);
}

#ifdef SCRIM_WITHOUT_LIVE
TEST(Session, WhereThereIsNoLiveModeItIsRefused) {
  scrim_params params = scrim::DefaultParams();
  params.live = 1;
  scrim::Session session;
  EXPECT_EQ(session.Open(SCRIM_BRIGHT_MODEL, params), SCRIM_UNSUPPORTED);
}
#else
TEST(Session, LiveShowsTheBackgroundUntilThereIsAMask) {
  scrim_params params = scrim::DefaultParams();
  EXPECT_EQ(params.live, 0);
  params.live = 1;
  scrim::Session session;
  ASSERT_EQ(session.Open(SCRIM_BRIGHT_MODEL, params), SCRIM_OK) << scrim_last_error();
  ASSERT_EQ(session.SetBackgroundColor(1, 200, 3), SCRIM_OK);
  std::vector<uint8_t> pixels;
  scrim_status status = SCRIM_UNAVAILABLE;
  uint64_t frames = 0, background_only = 0;
  for (; frames < 1000 && status == SCRIM_UNAVAILABLE; ++frames) {
    pixels.assign(64 * 36 * 4, 250);
    for (size_t i = 3; i < pixels.size(); i += 4) pixels[i] = 255;
    status = session.Process(scrim::PackedFrame(SCRIM_FORMAT_RGBA, 64, 36, pixels.data()));
    background_only += status == SCRIM_UNAVAILABLE;
    EXPECT_EQ(pixels[0], status == SCRIM_OK ? 250 : 1);
  }
  EXPECT_EQ(status, SCRIM_OK) << scrim_last_error();
  const scrim_stats stats = session.stats();
  EXPECT_EQ(stats.frames, frames);
  EXPECT_EQ(stats.background_only, background_only);
  EXPECT_GE(stats.masks, 1u);
  EXPECT_EQ(stats.input_width, 128);
  EXPECT_EQ(stats.mask_interval, 1);
  EXPECT_GT(stats.compose, 0);
  EXPECT_GE(stats.latency_max, stats.latency / static_cast<double>(frames));
  EXPECT_EQ(scrim::Session().stats().frames, 0u);
}

TEST(Session, LiveParametersAreChecked) {
  for (int i = 0; i < 6; ++i) {
    scrim_params params = scrim::DefaultParams();
    params.live = 1;
    if (i == 0) params.wait_ms = -1;
    if (i == 1) params.wait_ms = 1e6f;
    if (i == 2) params.max_mask_age_ms = 0;
    if (i == 3) params.budget_ms = -1;
    if (i == 4) params.budget_percent = 101;
    if (i == 5) params.budget_percent = -1;
    scrim::Session session;
    EXPECT_EQ(session.Open(SCRIM_BRIGHT_MODEL, params), SCRIM_INVALID_ARGUMENT) << i;
  }
}
#endif

TEST(Session, EveryCutOfAModelIsRefused) {
  const std::vector<char> bytes = ReadModel();
  scrim::Session session;
  for (size_t size = 0; size < bytes.size(); ++size) EXPECT_NE(session.Open(bytes.data(), size), SCRIM_OK) << size;
}

TEST(Session, ABackgroundImageInAnotherFormat) {
  scrim::Session session;
  ASSERT_EQ(session.Open(SCRIM_BRIGHT_MODEL), SCRIM_OK);
  std::vector<uint8_t> picture(5 * 3 * 3, 77), pixels(20 * 10 * 4, 0);
  ASSERT_EQ(session.SetBackgroundImage(scrim::PackedFrame(SCRIM_FORMAT_RGB, 5, 3, picture.data())), SCRIM_OK);
  ASSERT_EQ(session.Process(scrim::PackedFrame(SCRIM_FORMAT_BGRA, 20, 10, pixels.data())), SCRIM_OK);
  EXPECT_EQ(pixels[0], 77);
  EXPECT_EQ(pixels[3], 255);
}

}  // namespace
