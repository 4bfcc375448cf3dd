// The previous mask helps, but must not hold the network back: somebody enters, leaves, or the picture is cut to
// another.
#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "engine/segmenter.h"
#include "graph/model.h"
#include "metrics/photo.h"
#include "support/talking_head.h"

namespace scrim::test {
namespace {

constexpr int kWidth = 640, kHeight = 360, kBefore = 12, kAfter = 3;

struct Scene {
  Sprite person;
  cv::Mat3f room;

  TalkingHeadFrame Somebody(int index) const { return DrawTalkingHead(person, room, index); }
  TalkingHeadFrame Nobody(int index) const {
    return DrawTalkingHead({cv::Mat3f(8, 8, cv::Vec3f()), cv::Mat1f(8, 8, 0.f)}, room, index);
  }
};

class Recovery : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    auto model = graph::LoadModel(SCRIM_MODELS "/" + GetParam() + ".scrim");
    ASSERT_TRUE(model.ok()) << model.status().message();
    model_ = std::make_shared<const graph::Model>(*std::move(model));
    const std::string data = SCRIM_TESTDATA;
    for (const auto& [stem, room] : {std::pair("000000257896", "hall"), std::pair("000000537991", "valley")}) {
      auto person = CutOut(data + "/photos/" + stem + ".jpg", data + "/masks/" + stem + ".png", kHeight);
      auto behind = ReadRoom(data + "/backgrounds/" + room + ".jpg", kWidth, kHeight);
      ASSERT_TRUE(person.ok() && behind.ok());
      scenes_.push_back({*std::move(person), *std::move(behind)});
    }
  }

  std::unique_ptr<engine::Segmenter> Fresh() const { return engine::Segmenter::Create(model_).value(); }

  static image::Bytes AlphaOf(engine::Segmenter& segmenter, const TalkingHeadFrame& frame) {
    image::Bytes alpha;
    EXPECT_TRUE(segmenter.Process(frame.picture.view(), &alpha).ok());
    return alpha;
  }

  // After `before` and kAfter frames of `after`, the mask must be as good as one that never saw `before`.
  template <typename Before, typename After>
  void ExpectRecovered(const char* what, const Before& before, const After& after) {
    const auto warm = Fresh();
    for (int i = 0; i < kBefore; ++i) AlphaOf(*warm, before(i));
    for (int i = 0; i < kAfter - 1; ++i) AlphaOf(*warm, after(kBefore + i));
    const TalkingHeadFrame last = after(kBefore + kAfter - 1);
    const image::Bytes got = AlphaOf(*warm, last), cold = AlphaOf(*Fresh(), last);
    const double got_mae = metrics::Compare(metrics::ViewOf(last.alpha), metrics::ViewOf(got)).mae,
                 cold_mae = metrics::Compare(metrics::ViewOf(last.alpha), metrics::ViewOf(cold)).mae;
    std::printf("%s, %s: mean error after %d frames %.4f, cold %.4f\n", GetParam().c_str(), what, kAfter, got_mae,
                cold_mae);
    EXPECT_LE(got_mae, cold_mae + 0.02) << what;
  }

  std::shared_ptr<const graph::Model> model_;
  std::vector<Scene> scenes_;
};

TEST_P(Recovery, WhenSomebodyEnters) {
  for (const Scene& s : scenes_)
    ExpectRecovered(
        "enters", [&](int i) { return s.Nobody(i); }, [&](int i) { return s.Somebody(i); });
}

TEST_P(Recovery, WhenSomebodyLeaves) {
  for (const Scene& s : scenes_)
    ExpectRecovered(
        "leaves", [&](int i) { return s.Somebody(i); }, [&](int i) { return s.Nobody(i); });
}

TEST_P(Recovery, AfterACut) {
  for (size_t from : {size_t{0}, size_t{1}}) {
    const Scene &a = scenes_[from], &b = scenes_[1 - from];
    ExpectRecovered(
        "cut", [&](int i) { return a.Somebody(i); }, [&](int i) { return b.Somebody(i); });
  }
}

INSTANTIATE_TEST_SUITE_P(Models, Recovery, ::testing::Values("default", "default.int8", "lite", "quality"),
                         [](const auto& info) {
                           std::string name = info.param;
                           for (char& c : name)
                             if (c == '.') c = '_';
                           return name;
                         });

}  // namespace
}  // namespace scrim::test
