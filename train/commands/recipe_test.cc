#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "checkpoint.h"
#include "commands/commands.h"
#include "drawn_people.h"
#include "folder_test.h"
#include "graph/model.h"

namespace scrim::train {
namespace {

namespace fs = std::filesystem;

constexpr char kRecipe[] = R"(
[data]
photos = ["drawn"]
masks-from = "softer"
val-share = 0.25

[every]
network = "default:width_2=4,width_4=4,width_8=8,width_16=8,width_32=16,aspp_width=8,bottom_width=16,decoder_16=8,decoder_8=8,decoder_4=4,decoder_2=4"
batch = 4
muon = true
density = ["64x32"]
eval-density = ["64x32"]
nobody = 0
composites = 0
sources = { drawn = 1.5 }
group = { people = ["drawn"] }

[[stage]]
name = "small"
samples = 80
learning-rate = 1e-2

[[stage]]
name = "last"
samples = 48
fixed-statistics = true
previous-masks-from = 0
own-masks = 0.5

[model]
input-size = "64x32"
licence = "drawn"
int8 = 4
)";

class RecipeTest : public FolderTest {
 protected:
  void SetUp() override {
    DrawPeople(root_ / "data/drawn", 24);
    fs::create_directories(root_ / "data/softer/drawn");
    for (const auto& mask : fs::directory_iterator(root_ / "data/drawn/masks")) {
      cv::Mat soft = cv::imread(mask.path().string(), cv::IMREAD_GRAYSCALE);
      cv::blur(soft, soft, {5, 5});
      cv::imwrite((root_ / "data/softer/drawn" / mask.path().filename()).string(), soft);
    }
  }

  Status Run(const std::string& text, const std::string& output) const {
    std::ofstream(root_ / "tiny.toml") << text;
    return RunRecipe((root_ / "tiny.toml").string(), (root_ / "data").string(), (root_ / output).string(), 1);
  }

  torch::Tensor Parameters(const std::string& run) const {
    const auto checkpoint = LoadCheckpoint((root_ / run / "checkpoint").string());
    return checkpoint.ok() ? checkpoint->tensors.at("parameters") : torch::Tensor();
  }

  static std::string With(const std::string& from, const std::string& to) {
    std::string text = kRecipe;
    return text.replace(text.find(from), from.size(), to);
  }
};

TEST_F(RecipeTest, MakesAModelFromPhotos) {
  const Status status = Run(kRecipe, "run");
  ASSERT_TRUE(status.ok()) << status.message();
  const auto model = graph::LoadModel((root_ / "run/tiny.scrim").string());
  ASSERT_TRUE(model.ok()) << model.status().message();
  EXPECT_EQ(model->name, "tiny");
  EXPECT_EQ(model->licence, "drawn");
  EXPECT_TRUE(graph::LoadModel((root_ / "run/tiny.int8.scrim").string()).ok());
  for (const char* name : {"checkpoint", "curves.csv", "samples.png", "worst.png"})
    EXPECT_TRUE(fs::exists(root_ / "run/last" / name)) << name;
  std::ifstream curves(root_ / "run/last/curves.csv");
  std::string header;
  std::getline(curves, header);
  EXPECT_NE(header.find("people_iou,people_bf,people_below_080"), std::string::npos) << header;

  // Photos for training have the masks of the other folder, those for validation their own.
  const auto pack = Pack::Open((root_ / "run/pack").string());
  ASSERT_TRUE(pack.ok());
  int train = 0, val = 0;
  for (const Record& record : (*pack)->records()) {
    cv::Mat mask;
    cv::extractChannel((*pack)->Image(record), mask, 3);
    const int soft = cv::countNonZero(mask > 0 & mask < 255);
    (record.split == Split::kTrain ? train : val)++;
    EXPECT_EQ(soft > 0, record.split == Split::kTrain) << record.stem;
  }
  EXPECT_GT(val, 0);
  EXPECT_GT(train, val);
}

// All photos of the folder, where a recipe names it as a whole.
TEST_F(RecipeTest, TakesAFolderOfFolders) {
  for (const char* name : {"kept", "studio", "left_out"}) DrawPeople(root_ / "data" / name, 3);
  fs::create_directories(root_ / "data/backgrounds");
  std::string text =
      With("photos = [\"drawn\"]", "photos = [\".\"]\nforegrounds = [\"studio\"]\nskip = [\"left_out\"]");
  ASSERT_TRUE(Run(text, "run").ok());
  const auto pack = Pack::Open((root_ / "run/pack").string());
  ASSERT_TRUE(pack.ok());
  std::map<std::string, int> photos;
  for (const Record& record : (*pack)->records())
    if (record.role == Role::kPhoto) ++photos[record.source];
  EXPECT_EQ(photos, (std::map<std::string, int>{{"drawn", 24}, {"kept", 3}}));
}

// Classes of one folder for the photos of another, both in DATA; int8 of several planes.
TEST_F(RecipeTest, MakesAModelOfSeveralPlanes) {
  fs::create_directories(root_ / "data/labels/classes");
  std::ofstream(root_ / "data/labels/classes.json") << R"({"planes": {"hat": {"yes": [1], "no": [0]}}})";
  for (const auto& mask : fs::directory_iterator(root_ / "data/drawn/masks")) {
    cv::Mat classes = cv::imread(mask.path().string(), cv::IMREAD_GRAYSCALE) / 255;
    classes.rowRange(30, 60).setTo(0);
    cv::imwrite((root_ / "data/labels/classes" / mask.path().filename()).string(), classes);
  }
  std::string text = With("val-share = 0.25", "val-share = 0.25\nclasses = [\"drawn=labels\"]");
  text.replace(text.find("batch = 4"), 9, "batch = 4\nplanes = [\"hat\"]\npart-loss = 2");
  const Status status = Run(text, "run");
  ASSERT_TRUE(status.ok()) << status.message();
  for (const char* name : {"run/tiny.scrim", "run/tiny.int8.scrim"}) {
    const auto model = graph::LoadModel((root_ / name).string());
    ASSERT_TRUE(model.ok()) << model.status().message();
    EXPECT_EQ(model->planes, (std::vector<std::string>{"person", "hat"}));
  }
}

TEST_F(RecipeTest, GoesOnWhereItWasStopped) {
  ASSERT_TRUE(Run(kRecipe, "whole").ok());
  const std::string stopped = With("learning-rate = 1e-2", "learning-rate = 1e-2\nstop-after = 7");
  ASSERT_TRUE(Run(stopped, "parts").ok());
  EXPECT_FALSE(fs::exists(root_ / "parts/last"));
  EXPECT_FALSE(fs::exists(root_ / "parts/tiny.scrim"));
  ASSERT_TRUE(Run(kRecipe, "parts").ok());
  ASSERT_TRUE(Parameters("whole/last").defined());
  EXPECT_TRUE(torch::equal(Parameters("whole/last"), Parameters("parts/last")));
  const auto written = fs::last_write_time(root_ / "parts/small/checkpoint");
  ASSERT_TRUE(Run(kRecipe, "parts").ok());  // complete: no stage runs again
  EXPECT_EQ(fs::last_write_time(root_ / "parts/small/checkpoint"), written);
}

TEST_F(RecipeTest, ErrorsNameTheFileAndTheTable) {
  const struct {
    std::string text, wanted;
  } cases[] = {{With("[every]", "[evry]"), "[evry]"},
               {With("samples = 80", "sample = 80"), "stage small]: "},
               {With("samples = 80", "samples = \"many\""), "--samples"},
               {With("name = \"last\"", "name = \"small\""), "two with the name 'small'"},
               {With("name = \"last\"", "colour = 1"), "wants a name"},
               {With("val-share = 0.25", "val-share ="), "tiny.toml:5"},
               {With("{ drawn = 1.5 }", "{ painted = 1 }"), "painted"},
               {With("\"drawn\"]\nmasks", "\"nowhere\"]\nmasks"), "nowhere"},
               {With("licence = \"drawn\"", ""), "licence"},
               {"seed = 3\n" + std::string(kRecipe), "'seed' outside a table"},
               {"", "[[stage]]"}};
  for (const auto& c : cases) {
    fs::remove_all(root_ / "run");
    const Status status = Run(c.text, "run");
    EXPECT_FALSE(status.ok()) << c.wanted;
    EXPECT_NE(status.message().find(c.wanted), std::string::npos) << status.message();
  }
}

TEST_F(RecipeTest, TheReleasedRecipesAreRead) {
  for (const auto& entry : fs::directory_iterator(SCRIM_MODELS "/recipes")) {
    if (entry.path().extension() != ".toml") continue;
    const Status status = RunRecipe(entry.path().string(), (root_ / "nowhere").string(), (root_ / "run").string(), 1);
    EXPECT_NE(status.message().find("nowhere"), std::string::npos) << entry.path() << ": " << status.message();
  }
}

}  // namespace
}  // namespace scrim::train
