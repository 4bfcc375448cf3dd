// Further planes of a network: wanted, held still, refined and within the person.
#include "engine/planes.h"

#include <gtest/gtest.h>

#include <limits>

#include "engine/parts_testing.h"

namespace scrim::engine {
namespace {

using image::Frame;
using image::PixelFormat;

int AlphaAt(const image::Bytes& alpha, Spot spot) {
  return alpha.row(static_cast<int>(spot.y * alpha.height()))[static_cast<int>(spot.x * alpha.width())];
}

TEST(Planes, AreFoundWhereWanted) {
  for (const PixelFormat format : {PixelFormat::kRgba, PixelFormat::kBgra, PixelFormat::kRgb, PixelFormat::kNv12,
                                   PixelFormat::kI420, PixelFormat::kYuy2}) {
    auto segmenter = PartsSegmenter();
    EXPECT_EQ(segmenter->planes(), kParts);
    const Frame frame = Portrait(format);
    image::Bytes person;
    ASSERT_TRUE(segmenter->Process(frame.view(), &person).ok());
    for (size_t p = 0; p < 5; ++p) EXPECT_TRUE(segmenter->plane(p).alpha.empty());
    segmenter->Want(2);
    ASSERT_TRUE(segmenter->Process(frame.view(), &person).ok());
    EXPECT_EQ(AlphaAt(segmenter->plane(1).alpha, kHairSpot), 255);
    EXPECT_EQ(AlphaAt(segmenter->plane(1).alpha, kSkinSpot), 0);
    EXPECT_EQ(AlphaAt(segmenter->plane(1).alpha, kRoomSpot), 0);
    EXPECT_TRUE(segmenter->plane(2).alpha.empty());
    segmenter->Want(4);
    ASSERT_TRUE(segmenter->Process(frame.view(), &person).ok());
    EXPECT_TRUE(segmenter->plane(1).alpha.empty());
    EXPECT_EQ(AlphaAt(segmenter->plane(2).alpha, kSkinSpot), 255);
    EXPECT_EQ(AlphaAt(segmenter->plane(2).alpha, kHairSpot), 0);
  }
}

TEST(Planes, ThePersonIsTheSameWithAndWithoutThem) {
  auto with = PartsSegmenter(), without = PartsSegmenter();
  with->Want(6);
  for (int i = 0; i < 5; ++i) {
    const Frame frame = Portrait(PixelFormat::kNv12, 320 - 4 * i, 180);
    image::Bytes a, b;
    ASSERT_TRUE(with->Process(frame.view(), &a).ok());
    ASSERT_TRUE(without->Process(frame.view(), &b).ok());
    ASSERT_TRUE(std::equal(a.data(), a.data() + a.size(), b.data(), b.data() + b.size())) << i;
  }
}

// A network that takes everything for hair.
TEST(Planes, LieWithinThePerson) {
  auto segmenter = PartsSegmenter([](const float*) { return 1.f; });
  segmenter->Want(2);
  const Frame frame = Portrait(PixelFormat::kRgba);
  image::Bytes person;
  ASSERT_TRUE(segmenter->Process(frame.view(), &person).ok());
  const image::Bytes& hair = segmenter->plane(1).alpha;
  ASSERT_EQ(hair.size(), person.size());
  int most = 0;
  for (size_t i = 0; i < hair.size(); ++i) {
    ASSERT_LE(hair.data()[i], person.data()[i]);
    most = std::max<int>(most, hair.data()[i]);
  }
  EXPECT_EQ(most, 255);
  EXPECT_EQ(AlphaAt(hair, kRoomSpot), 0);
}

// The same picture, of which the network says now this and now that.
TEST(Planes, AreHeldStill) {
  float says = 0.5f;
  auto segmenter = PartsSegmenter([&](const float* c) { return IsHair(c) * says; });
  segmenter->Want(2);
  const Frame frame = Portrait(PixelFormat::kRgba);
  image::Bytes person;
  ASSERT_TRUE(segmenter->Process(frame.view(), &person).ok());
  const int before = AlphaAt(segmenter->plane(1).alpha, kHairSpot);
  says = 0.3f;
  ASSERT_TRUE(segmenter->Process(frame.view(), &person).ok());
  const int after = AlphaAt(segmenter->plane(1).alpha, kHairSpot);
  EXPECT_LT(after, before);
  EXPECT_GT(after, before - 25);  // of 85 that the network said
}

TEST(Planes, WhatIsNoNumberCountsOnlyWhereWanted) {
  auto segmenter = PartsSegmenter([](const float*) { return std::numeric_limits<float>::quiet_NaN(); });
  const Frame frame = Portrait(PixelFormat::kRgba);
  image::Bytes person;
  segmenter->Want(4);
  EXPECT_TRUE(segmenter->Process(frame.view(), &person).ok());
  segmenter->Want(2);
  EXPECT_EQ(segmenter->Process(frame.view(), &person).code(), Code::kInternal);
  EXPECT_TRUE(segmenter->plane(1).alpha.empty());
  for (size_t i = 0; i < person.size(); ++i) ASSERT_EQ(person.data()[i], 0);
  segmenter->Want(4);
  EXPECT_TRUE(segmenter->Process(frame.view(), &person).ok());
  EXPECT_EQ(AlphaAt(segmenter->plane(2).alpha, kSkinSpot), 255);
}

TEST(Planes, AFailedFrameHasNone) {
  auto segmenter = PartsSegmenter();
  segmenter->Want(6);
  image::Bytes person;
  ASSERT_TRUE(segmenter->Process(Portrait(PixelFormat::kRgba).view(), &person).ok());
  EXPECT_FALSE(segmenter->Process({}, &person).ok());
  EXPECT_TRUE(segmenter->plane(1).alpha.empty() && segmenter->plane(2).alpha.empty());
}

}  // namespace
}  // namespace scrim::engine
