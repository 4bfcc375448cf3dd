// Planes beside the person's, from the cache to a model that runs.
#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>

#include "commands/commands.h"
#include "datasets/classes.h"
#include "datasets/folder.h"
#include "drawn_people.h"
#include "evaluate.h"
#include "folder_test.h"
#include "nn/program.h"
#include "trainer.h"

namespace scrim::train {
namespace {

// Drawn people, whose upper half is red and called hair; of every third nobody has said so, and what lies right of the
// middle is unknown in every fourth.
class PlanesTest : public FolderTest {
 protected:
  void SetUp() override {
    cv::theRNG() = cv::RNG();  // the same noise, whichever tests ran before
    DrawPeople(root_ / "drawn", 24);
    const auto found = ReadFolder((root_ / "drawn").string(), Role::kPhoto);
    ASSERT_TRUE(found.ok()) << found.status().message();
    std::vector<PackEntry> entries;
    for (size_t i = 0; i < found->examples.size(); ++i) {
      Example example = found->examples[i];
      cv::Mat image = cv::imread(example.image), hair = example.labels(image.size())->person.clone();
      hair.rowRange(40, 60).setTo(0);
      image.setTo(cv::Scalar(20, 20, 160), hair);
      ASSERT_TRUE(cv::imwrite(example.image, image));
      if (i % 3 > 0)
        example.planes = [hair, unknown = i % 4 == 0](cv::Size size) -> StatusOr<Planes> {
          cv::Mat plane(size, CV_8U, cv::Scalar(0));
          plane.setTo(kPlaneYes, hair > 127);
          if (unknown) plane.colRange(size.width / 2, size.width).setTo(kPlaneUnknown);
          return Planes{{"hair", plane}};
        };
      entries.push_back({example, i % 6 == 1 || i == 12 ? Split::kVal : Split::kTrain});
    }
    Example room;
    room.source = "rooms", room.stem = "room", room.role = Role::kBackground;
    room.image = (root_ / "room.png").string();
    ASSERT_TRUE(cv::imwrite(room.image, cv::Mat(60, 80, CV_8UC3, cv::Scalar::all(200))));
    entries.push_back({room, Split::kTrain});
    ASSERT_TRUE(WritePack(entries, 320, 2, Path("pack")).ok());
    auto pack = Pack::Open(Path("pack"));
    ASSERT_TRUE(pack.ok()) << pack.status().message();
    pack_ = std::move(*pack);
  }
  std::string Path(const std::string& name) const { return (root_ / name).string(); }

  std::unique_ptr<Pack> pack_;
};

// However a sample comes about, its hair lies in the person, ends where the person's upper half does, and counts where
// it is known.
TEST_F(PlanesTest, LieWhereTheSampleHasThem) {
  const Photos photos = *ChoosePhotos(*pack_, {});
  const Sampler sampler(*pack_, {}, photos.backgrounds, photos.train);
  AugmentOptions options;
  options.planes = {"hair"}, options.composite_share = 0.4f, options.cut_out_share = 0.7f;
  options.company_share = 0.5f, options.background_share = 0.1f;
  options.previous_mask = {0.2f, 0.2f, 0.2f, 0.4f};
  const int width = 64, height = 48;
  const size_t plane = size_t(width) * size_t(height);
  std::vector<float> input(4 * plane), truth(2 * plane), weight(2 * plane);
  int labelled = 0, hairy = 0;
  for (uint64_t k = 0; k < 400; ++k) {
    Random random(k);
    const Record& photo = *photos.train[k % photos.train.size()];
    sampler.Augmented(photo, options, random, {input.data(), truth.data(), weight.data(), width, height});
    int known_in_person = 0;
    for (size_t i = 0; i < plane; ++i) {
      const float hair = truth[plane + i], counts = weight[plane + i];
      ASSERT_TRUE(counts == 0.f || counts >= 1.f);
      if (counts == 0.f) ASSERT_EQ(hair, 0.f);
      if (counts > 0.f) ASSERT_LE(hair, truth[i] + 0.35f) << "sample " << k << ", pixel " << i;
      known_in_person += truth[i] > 0.9f && counts > 0.f, hairy += hair > 0.9f;
    }
    labelled += known_in_person > 0;
  }
  EXPECT_GT(labelled, 100);
  EXPECT_LT(labelled, 390);
  EXPECT_GT(hairy, 400 * 50);
}

// Of a photo whose hair nobody has labelled it is known that there is none where nobody is.
TEST_F(PlanesTest, AreNowhereButInPeople) {
  const Photos photos = *ChoosePhotos(*pack_, {});
  const Sampler sampler(*pack_, {}, {});
  AugmentOptions options;
  options.planes = {"hair"};
  const size_t plane = 64 * 48;
  std::vector<float> input(4 * plane), truth(2 * plane), weight(2 * plane);
  int looked_at = 0;
  for (const Record* photo : photos.train) {
    if (!photo->planes.empty()) continue;
    ++looked_at;
    Random random(7);
    sampler.Augmented(*photo, options, random, {input.data(), truth.data(), weight.data(), 64, 48});
    for (size_t i = 0; i < plane; ++i) {
      ASSERT_EQ(truth[plane + i], 0.f);
      ASSERT_EQ(weight[plane + i] > 0.f, truth[i] < 0.032f) << truth[i] << " in " << photo->stem << ", pixel " << i;
    }
  }
  EXPECT_GT(looked_at, 3);
}

TEST_F(PlanesTest, AreLearnedAndExported) {
  RunArguments run;
  run.network = "default:blocks_16=1,blocks_32=1,refine_width=8", run.planes = {"hair"};
  run.densities = {"64x48"}, run.eval_densities = {"64x48"};
  run.options.pack = Path("pack"), run.options.output = Path("run");
  run.options.batch = 4, run.options.epochs = 100, run.options.eval_every = 100, run.options.average_decay = 0.95;
  ASSERT_TRUE(Resolve(run).ok());
  const auto done = Train(run.options);
  ASSERT_TRUE(done.ok()) << done.status().message();

  ExportArguments exported;
  exported.checkpoint = Path("run/checkpoint"), exported.output = Path("model.scrim"), exported.pack = Path("pack");
  exported.licence = "of a test", exported.network = run.network, exported.planes = run.planes;
  exported.density = "64x48";
  const Status status = Export(exported);
  ASSERT_TRUE(status.ok()) << status.message();
  const auto model = graph::LoadModel(Path("model.scrim"));
  ASSERT_TRUE(model.ok()) << model.status().message();
  EXPECT_EQ(model->planes, (std::vector<std::string>{"person", "hair"}));
  double person = 0, hair = 0;
  for (const auto& [name, value] : model->figures) {
    if (name == "val_iou") person = value;
    if (name == "val_iou.hair.drawn") hair = value;
  }
  EXPECT_GT(person, 0.7);
  EXPECT_GT(hair, 0.6);

  // The engine's planes are the trainer's.
  const auto program = nn::Program::Compile(*model, model->density);
  ASSERT_TRUE(program.ok()) << program.status().message();
  const Photos photos = *ChoosePhotos(*pack_, {});
  const cv::Mat image = pack_->Image(*photos.val[0]);
  const nn::TensorView in = (*program)->input();
  cv::Mat small;
  cv::resize(image, small, {64, 48}, 0, 0, cv::INTER_AREA);
  for (int y = 0; y < 48; ++y)
    for (int x = 0; x < 64; ++x)
      for (size_t c = 0; c < 4; ++c)
        in.data[size_t(y) * in.row_stride + size_t(x) * in.pixel_stride + c] =
            c < 3 ? small.at<cv::Vec4b>(y, x)[int(c)] / 127.5f - 1.f : 0.f;
  (*program)->Run();
  double above = 0, below = 0;
  for (int y = 0; y < 48; ++y)
    for (int x = 0; x < 64; ++x) (y < 32 ? above : below) += double((*program)->output()[64 * 48 + 64 * y + x]);
  EXPECT_GT(above, 1.5 * below);
}

TEST_F(PlanesTest, ThatNobodyHasAreRefused) {
  TrainOptions o;
  o.pack = Path("pack"), o.output = Path("run"), o.augment.planes = {"beard"}, o.network.planes = 2;
  const auto refused = Train(o);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.status().message().find("--planes beard"), std::string::npos) << refused.status().message();
  RunArguments run;
  run.network = "default:planes=2";
  EXPECT_FALSE(Resolve(run).ok());
}

}  // namespace
}  // namespace scrim::train
