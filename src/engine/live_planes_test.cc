// Hair and skin before a camera.
#include <gtest/gtest.h>

#include "engine/live_segmenter.h"
#include "engine/parts_testing.h"

namespace scrim::engine {
namespace {

using image::Frame;
using image::PixelFormat;

struct Camera {
  double now = 0;
  std::unique_ptr<LiveSegmenter> live;
  image::Bytes person;

  Camera() {
    LiveOptions options;
    options.wait_ms = 10000;
    options.clock = [this] { return now; };
    InputSpec input;
    input.previous_mask = true;
    auto make = [input](graph::Density density) {
      return MaskNetwork::Create(PartsProgram(density.width, density.height), input, {}, kParts);
    };
    live = LiveSegmenter::Create(make({64, 36}).value(), make, {}, options, {{64, 36}, {48, 48}}).value();
  }
  Status Process(const Frame& frame) {
    now += 33;
    return live->Process(frame.view(), &person);
  }
  int Hair() const {
    const image::Bytes& alpha = live->plane(1).alpha;
    return alpha.empty() ? -1
                         : alpha.row(static_cast<int>(kHairSpot.y *
                                                      alpha.height()))[static_cast<int>(kHairSpot.x * alpha.width())];
  }
};

TEST(LivePlanes, AreThoseOfASegmenter) {
  Camera camera;
  auto segmenter = PartsSegmenter();
  EXPECT_EQ(camera.live->planes(), kParts);
  camera.live->Want(6), segmenter->Want(6);
  for (int i = 0; i < 5; ++i) {
    const Frame frame = Portrait(PixelFormat::kNv12, 320 - 8 * i, 180);
    image::Bytes person;
    camera.live->Reset(), segmenter->Reset();
    ASSERT_TRUE(camera.Process(frame).ok());
    ASSERT_TRUE(segmenter->Process(frame.view(), &person).ok());
    for (size_t p : {1, 2}) {
      const image::Bytes &a = camera.live->plane(p).alpha, &b = segmenter->plane(p).alpha;
      ASSERT_EQ(a.size(), b.size());
      ASSERT_TRUE(std::equal(a.data(), a.data() + a.size(), b.data())) << i << " " << p;
    }
  }
}

// A picture that stands still takes the mask that is there, and the network rests: who asks for hair then gets it all
// the same.
TEST(LivePlanes, ComeWhenAskedForOfAStillPicture) {
  Camera camera;
  const Frame frame = Portrait(PixelFormat::kRgba);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(camera.Process(frame).ok());
  EXPECT_EQ(camera.Hair(), -1);
  camera.live->Want(2);
  ASSERT_TRUE(camera.Process(frame).ok());
  EXPECT_EQ(camera.Hair(), 255);
  // And from then on without more runs of the network.
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(camera.Process(frame).ok());
  const uint64_t runs = camera.live->masks();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(camera.Process(frame).ok());
  EXPECT_EQ(camera.live->masks(), runs);
  EXPECT_EQ(camera.Hair(), 255);
  camera.live->Want(0);
  ASSERT_TRUE(camera.Process(frame).ok());
  EXPECT_EQ(camera.Hair(), -1);
}

TEST(LivePlanes, SurviveAnotherShape) {
  Camera camera;
  camera.live->Want(2);
  ASSERT_TRUE(camera.Process(Portrait(PixelFormat::kRgba, 320, 180)).ok());
  EXPECT_EQ(camera.Hair(), 255);
  for (int i = 0; i < 20; ++i) {
    const Status status = camera.Process(Portrait(PixelFormat::kRgba, 200, 200));
    if (status.ok()) EXPECT_EQ(camera.Hair(), 255) << i;
  }
}

}  // namespace
}  // namespace scrim::engine
