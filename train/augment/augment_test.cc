#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>

#include "augment/geometry.h"
#include "augment/photometric.h"
#include "augment/previous_mask.h"
#include "augment/sample.h"
#include "augment/shrink.h"

namespace scrim::train {
namespace {

// A photo with a person-like mask that touches the lower edge.
cv::Mat Photo() {
  cv::Mat rgba(90, 120, CV_8UC4, cv::Scalar(120, 140, 160, 0));
  cv::ellipse(rgba, {60, 70}, {25, 45}, 0, 0, 360, cv::Scalar(200, 90, 60, 255), cv::FILLED);
  return rgba;
}
cv::Mat Mask(const cv::Mat& rgba) {
  cv::Mat mask;
  cv::extractChannel(rgba, mask, 3);
  return mask;
}
double Iou(const cv::Mat& a, const cv::Mat& b) {
  const cv::Mat x = a > 127, y = b > 127;
  return double(cv::countNonZero(x & y)) / std::max(1, cv::countNonZero(x | y));
}

// Somebody seen from head to foot.
cv::Mat Standing() {
  cv::Mat picture(90, 120, CV_8UC4, cv::Scalar(120, 140, 160, 0));
  cv::ellipse(picture, {60, 45}, {12, 35}, 0, 0, 360, cv::Scalar(200, 90, 60, 255), cv::FILLED);
  return picture;
}

TEST(AugmentTest, ShrinksAsOpenCvDoes) {
  cv::theRNG().state = 1;
  for (const cv::Size from : {cv::Size(384, 288), {131, 130}, {7, 5}, {1, 9}})
    for (const cv::Size to : {cv::Size(128, 96), {130, 130}, {64, 64}, {3, 2}, {1, 1}}) {
      if (to.width > from.width || to.height > from.height) continue;
      cv::Mat photo(from, CV_8UC4), want, difference;
      cv::randu(photo, 0, 256);
      cv::resize(photo, want, to, 0, 0, cv::INTER_AREA);
      cv::absdiff(want, Shrink(photo, to.width, to.height), difference);
      double most = 0;
      cv::minMaxLoc(difference.reshape(1), nullptr, &most);
      EXPECT_LE(most, 1) << from << " to " << to;
    }
}

TEST(ThinPlateSpline, MovesControlPointsExactly) {
  const ThinPlateSpline spline;
  float moves[16][2] = {};
  moves[0][0] = 0.1f, moves[5][1] = -0.05f, moves[15][0] = 0.02f;
  const int width = 97, height = 97;  // lattice nodes fall on pixels: (n - 1) divisible by 48
  const cv::Mat field = spline.Field(moves, width, height);
  EXPECT_NEAR(field.at<cv::Vec2f>(0, 0)[0], 9.7f, 0.01f);
  EXPECT_NEAR(field.at<cv::Vec2f>(0, 0)[1], 0.f, 0.01f);
  EXPECT_NEAR(field.at<cv::Vec2f>(96, 96)[0], 1.94f, 0.01f);
  EXPECT_NEAR(field.at<cv::Vec2f>(32, 32)[1], -4.85f, 0.4f);  // between lattice nodes: interpolated
}

TEST(ThinPlateSpline, ReproducesAffineMaps) {
  const ThinPlateSpline spline;
  float moves[16][2];
  for (int i = 0; i < 16; ++i) moves[i][0] = 0.03f * (i % 4) / 3.f, moves[i][1] = 0.02f;
  const cv::Mat field = spline.Field(moves, 64, 64);
  for (int x = 0; x < 64; ++x) {
    EXPECT_NEAR(field.at<cv::Vec2f>(20, x)[0], 0.03f * 64 * x / 63.f, 0.01f);
    EXPECT_NEAR(field.at<cv::Vec2f>(20, x)[1], 0.02f * 64, 0.01f);
  }
}

TEST(PreviousMask, KindsDoWhatTheySay) {
  const ThinPlateSpline spline;
  double small = 0, large = 0, warp = 0;
  const int n = 60;
  for (int i = 0; i < n; ++i) {
    Random random(7, 1, uint64_t(i));
    cv::Mat picture = Photo();
    EXPECT_TRUE(RandomPreviousMask(picture, {1, 0, 0, 0}, spline, random).empty());
    small += Iou(RandomPreviousMask(picture, {0, 1, 0, 0}, spline, random), Mask(picture));
    large += Iou(RandomPreviousMask(picture, {0, 0, 1, 0}, spline, random), Mask(picture));
    EXPECT_EQ(cv::norm(picture, Photo(), cv::NORM_INF), 0);  // so far only masks were made
    const cv::Mat previous = RandomPreviousMask(picture, {0, 0, 0, 1}, spline, random);
    EXPECT_GT(cv::norm(picture, Photo(), cv::NORM_INF), 0);  // the picture moved, with its truth
    warp += Iou(previous, Mask(picture));
  }
  EXPECT_GT(small / n, 0.8);
  EXPECT_LT(large / n, 0.6);
  EXPECT_GT(warp / n, large / n);
  EXPECT_LT(warp / n, 0.97);
}

TEST(PreviousMask, WhoeverLeftIsSomebodyElse) {
  const ThinPlateSpline spline;
  cv::Mat room(90, 120, CV_8UC4, cv::Scalar(120, 140, 160, 0)), other = cv::Mat::zeros(90, 120, CV_8U);
  cv::circle(other, {30, 60}, 25, cv::Scalar(255), cv::FILLED);
  const auto left = [&] { return other.clone(); };
  for (int i = 0; i < 30; ++i) {
    Random random(9, 1, uint64_t(i));
    EXPECT_GT(Iou(RandomPreviousMask(room, {0, 1, 0, 0}, spline, random, left), other), 0.4);
    EXPECT_GT(Iou(RandomPreviousMask(room, {0, 0, 1, 0}, spline, random, left), other), 0.4);
    // Before somebody enters there is next to nothing, never a mask.
    const cv::Mat before = RandomPreviousMask(room, {1, 0, 1e-9f, 0}, spline, random, left);
    double most = 0;
    if (!before.empty()) cv::minMaxLoc(before, nullptr, &most);
    EXPECT_LE(most, 51);
  }
}

TEST(Geometry, ViewsMoveMaskAndPictureTogether) {
  int seen = 0;
  for (int i = 0; i < 50; ++i) {
    Random random(3, 2, uint64_t(i));
    const cv::Mat view = RandomView(Photo(), 0.35f, random, 64, 36);
    ASSERT_EQ(view.size(), cv::Size(64, 36));
    for (int y = 0; y < 36; ++y)
      for (int x = 0; x < 64; ++x) {
        const cv::Vec4b p = view.at<cv::Vec4b>(y, x);
        if (p[3] == 255) EXPECT_NEAR(p[0], 200, 2);
        if (p[3] == 0) EXPECT_NEAR(p[0], 120, 2);
      }
    seen += cv::countNonZero(Mask(view) > 127) > 0;
  }
  EXPECT_GT(seen, 40);
}

TEST(Geometry, CompositesStandBeforeTheBackground) {
  const cv::Mat background(80, 100, CV_8UC4, cv::Scalar(10, 200, 10, 0));
  for (int i = 0; i < 30; ++i) {
    Random random(4, 2, uint64_t(i));
    const cv::Mat picture = RandomComposite(Photo(), background, /*lit=*/true, random, 64, 36);
    const int person = cv::countNonZero(Mask(picture) > 127);
    EXPECT_GT(person, 20) << i;
    EXPECT_LT(person, 64 * 36) << i;
    for (int y = 0; y < 36; ++y)
      for (int x = 0; x < 64; ++x) {
        const cv::Vec4b p = picture.at<cv::Vec4b>(y, x);
        if (p[3] == 0) EXPECT_NEAR(p[1], 200, 2);
        if (p[3] == 255) EXPECT_GT(p[0], p[1]);  // the person's red, whatever the light
      }
  }
}

TEST(Geometry, PeopleBehindTheCompositedOneStayPeople) {
  const cv::Mat behind(80, 100, CV_8UC4, cv::Scalar(10, 200, 10, 255));  // nothing but a person
  for (int i = 0; i < 10; ++i) {
    Random random(4, 3, uint64_t(i));
    EXPECT_EQ(cv::countNonZero(Mask(RandomComposite(Photo(), behind, /*lit=*/true, random, 64, 36)) == 255), 64 * 36)
        << i;
  }
}

TEST(Geometry, CutsOutOnlyWhomNoSideCutsOff) {
  EXPECT_TRUE(CanBeCutOut(Photo()));
  EXPECT_FALSE(CanBeCutOut(Photo()(cv::Rect(50, 0, 70, 90)).clone()));   // the left edge goes through the person
  EXPECT_FALSE(CanBeCutOut(Photo()(cv::Rect(0, 40, 120, 50)).clone()));  // the upper edge
  EXPECT_FALSE(CanBeCutOut(Photo()(cv::Rect(0, 0, 120, 20)).clone()));   // nobody
  cv::Mat two = Photo();
  cv::ellipse(two, {15, 70}, {8, 45}, 0, 0, 360, cv::Scalar(200, 90, 60, 255), cv::FILLED);
  EXPECT_FALSE(CanBeCutOut(two));
  cv::Mat floating(90, 120, CV_8UC4, cv::Scalar(120, 140, 160, 0));
  cv::circle(floating, {60, 45}, 30, cv::Scalar(200, 90, 60, 255), cv::FILLED);
  EXPECT_FALSE(CanBeCutOut(floating));  // it would end in the air
  EXPECT_TRUE(CanBeCutOut(Standing()));
}

TEST(Geometry, WhoeverIsWholeStandsNearOrFar) {
  const cv::Mat background(80, 100, CV_8UC4, cv::Scalar(10, 200, 10, 0));
  int far = 0, above_the_edge = 0;
  for (int i = 0; i < 100; ++i) {
    Random random(4, 5, uint64_t(i));
    const cv::Rect box =
        cv::boundingRect(Mask(RandomComposite(Standing(), background, /*lit=*/true, random, 128, 72)) > 127);
    EXPECT_GT(box.height, 2) << i;
    far += box.height < 30, above_the_edge += box.br().y < 70;
  }
  EXPECT_GT(far, 25);
  EXPECT_GT(above_the_edge, 60);
}

TEST(Photometric, ChangesColoursButNeverTheMask) {
  int changed = 0;
  for (int i = 0; i < 40; ++i) {
    Random random(5, 2, uint64_t(i));
    cv::Mat picture = Photo();
    RandomColours(picture, random);
    EXPECT_EQ(cv::norm(Mask(picture), Mask(Photo()), cv::NORM_INF), 0);
    changed += cv::norm(picture, Photo(), cv::NORM_INF) > 0;
  }
  EXPECT_GT(changed, 35);
}

TEST(Target, EdgesAreTheOutlineTwoPixelsWide) {
  const cv::Mat mask = Mask(Photo()), edges = TargetOf(mask, Target::kEdges);
  EXPECT_EQ(cv::norm(TargetOf(mask, Target::kMask), mask, cv::NORM_INF), 0);
  ASSERT_EQ(edges.size(), mask.size());
  const cv::Mat middle = edges.row(70);  // the ellipse is 51 pixels wide here
  EXPECT_EQ(cv::countNonZero(middle), 4);
  for (int x : {34, 35, 85, 86}) EXPECT_EQ(middle.at<uint8_t>(x), 255) << x;
  EXPECT_EQ(edges.at<uint8_t>(89, 60), 0);  // the frame cuts the person there
}

TEST(Random, DependsOnTheSeedAlone) {
  Random a(1, 2, 3), b(1, 2, 3), c(1, 2, 4);
  EXPECT_EQ(a.Bits(), b.Bits());
  EXPECT_NE(a.Bits(), c.Bits());
  double sum = 0, squares = 0;
  for (int i = 0; i < 10000; ++i) {
    const double x = a.Normal();
    sum += x, squares += x * x;
  }
  EXPECT_NEAR(sum / 10000, 0, 0.05);
  EXPECT_NEAR(squares / 10000, 1, 0.05);
}

}  // namespace
}  // namespace scrim::train
