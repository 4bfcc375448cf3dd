#include "metrics/photo.h"

#include <gtest/gtest.h>

#include <vector>

namespace scrim::metrics {
namespace {

struct Grey {
  int width, height;
  std::vector<uint8_t> pixels;
  Grey(int w, int h) : width(w), height(h), pixels(static_cast<size_t>(w) * static_cast<size_t>(h)) {}
  // Person in columns and rows [x0, x1) × [y0, y1).
  Grey& Box(int x0, int y0, int x1, int y1, uint8_t value = 255) {
    for (int y = y0; y < y1; ++y)
      for (int x = x0; x < x1; ++x) pixels[static_cast<size_t>(y * width + x)] = value;
    return *this;
  }
  GreyView view() const { return {pixels.data(), width, height, static_cast<size_t>(width)}; }
};

TEST(PhotoTest, EqualMasksArePerfect) {
  const Grey mask = Grey(40, 30).Box(10, 5, 30, 30);
  const PhotoQuality q = Compare(mask.view(), mask.view());
  EXPECT_EQ(q.iou, 1);
  EXPECT_EQ(q.background_iou, 1);
  EXPECT_EQ(q.accuracy, 1);
  EXPECT_EQ(q.boundary_f, 1);
  EXPECT_EQ(q.mae, 0);
}

TEST(PhotoTest, CountsPixels) {
  const Grey truth = Grey(10, 10).Box(0, 0, 4, 10), alpha = Grey(10, 10).Box(2, 0, 6, 10);
  const PhotoQuality q = Compare(truth.view(), alpha.view());
  EXPECT_DOUBLE_EQ(q.iou, 20. / 60);
  EXPECT_DOUBLE_EQ(q.background_iou, 40. / 80);
  EXPECT_DOUBLE_EQ(q.accuracy, 0.6);
  EXPECT_DOUBLE_EQ(q.mae, 0.4);
  EXPECT_DOUBLE_EQ(q.miou(), (20. / 60 + 0.5) / 2);
}

TEST(PhotoTest, SoftAlphaCountsInTheErrorAlone) {
  const Grey truth = Grey(10, 10).Box(0, 0, 5, 10), alpha = Grey(10, 10).Box(0, 0, 5, 10, 204);
  const PhotoQuality q = Compare(truth.view(), alpha.view());
  EXPECT_EQ(q.iou, 1);
  EXPECT_DOUBLE_EQ(q.mae, 0.1);
}

TEST(PhotoTest, EmptyMasksAgree) {
  const Grey empty(8, 8), person = Grey(8, 8).Box(2, 2, 6, 6);
  EXPECT_EQ(Compare(empty.view(), empty.view()).iou, 1);
  EXPECT_EQ(Compare(empty.view(), empty.view()).boundary_f, 1);
  EXPECT_EQ(Compare(empty.view(), person.view()).iou, 0);
  EXPECT_EQ(Compare(person.view(), empty.view()).boundary_f, 0);
}

// The diagonal of 320×240 is 400: outlines up to three pixels apart match, four do not.
TEST(PhotoTest, OutlinesMatchWithinThreeQuartersOfAPercent) {
  const Grey truth = Grey(320, 240).Box(0, 0, 100, 240);
  EXPECT_EQ(Compare(truth.view(), Grey(320, 240).Box(0, 0, 103, 240).view()).boundary_f, 1);
  EXPECT_EQ(Compare(truth.view(), Grey(320, 240).Box(0, 0, 97, 240).view()).boundary_f, 1);
  EXPECT_EQ(Compare(truth.view(), Grey(320, 240).Box(0, 0, 104, 240).view()).boundary_f, 0);
}

TEST(PhotoTest, ForeignOutlineCostsPrecision) {
  const Grey truth = Grey(320, 240).Box(0, 0, 100, 240);
  const Grey alpha = Grey(320, 240).Box(0, 0, 100, 240).Box(200, 0, 320, 240);  // as much outline again
  const double precision = 0.5, recall = 1;
  EXPECT_NEAR(Compare(truth.view(), alpha.view()).boundary_f, 2 * precision * recall / (precision + recall), 0.01);
}

}  // namespace
}  // namespace scrim::metrics
