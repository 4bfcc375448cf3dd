// The command line on photos, and what it says about bad input. bright.scrim takes bright pixels for a person.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "io/image_io.h"
#include "support/process.h"

namespace scrim::test {
namespace {

using Arguments = std::vector<std::string>;

const std::string kTestdata = SCRIM_TESTDATA;
const std::string kPhoto = kTestdata + "/photos/000000257896.jpg";

Arguments WithModel(Arguments arguments) {
  arguments.insert(arguments.end(), {"--model", SCRIM_BRIGHT_MODEL});
  return arguments;
}

// Status 1 (or 2), nothing on stdout, exactly one line on stderr that holds `text`.
void ExpectFailure(const Result& result, const std::string& text, int status = 1) {
  EXPECT_EQ(result.status, status) << result.err;
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
  EXPECT_EQ(result.err.rfind("scrim: ", 0), 0u) << result.err;
  EXPECT_NE(result.err.find(text), std::string::npos) << result.err;
}

// Left half white, right half black.
image::Frame Halves(int width, int height) {
  image::Frame frame(image::PixelFormat::kRgba, width, height);
  for (int y = 0; y < height; ++y) {
    uint8_t* row = frame.view().row(0, y);
    for (int i = 0; i < 4 * width; ++i) row[i] = i % 4 == 3 || i / 4 < (width + 1) / 2 ? 255 : 0;
  }
  return frame;
}

std::string WriteHalves(const TemporaryFolder& folder, const std::string& name, int width, int height) {
  const image::Frame frame = Halves(width, height);
  EXPECT_TRUE(app::WriteImage(frame.view(), false, folder / name).ok());
  return folder / name;
}

const uint8_t* Pixel(const image::Frame& frame, int x, int y) { return frame.view().row(0, y) + 4 * x; }

TEST(Usage, WrongUseIsStatusTwo) {
  ExpectFailure(RunScrim({}), "command", 2);
  ExpectFailure(RunScrim({"dance"}), "", 2);
  ExpectFailure(RunScrim({"run"}), "required", 2);
  ExpectFailure(RunScrim({"image", kPhoto, "-b", "#12", "-o", "x.png"}), "#00b140", 2);
  ExpectFailure(RunScrim({"image", kPhoto, "-b", "blur:900", "-o", "x.png"}), "0.5 to 100", 2);
  ExpectFailure(RunScrim({"image", kPhoto, "-b", "transparent", "-o", "x.jpg"}), ".png", 2);
  ExpectFailure(RunScrim({"image", kPhoto, "-b", "blur", "-o", "x.png", "--input-size", "9x"}), "WIDTHxHEIGHT", 2);
  ExpectFailure(RunScrim({"run", "-i", "x.mp4", "-b", "blur", "-o", "x.gif"}), ".mp4", 2);
  ExpectFailure(RunScrim({"run", "-i", "x.mp4", "-b", "transparent", "-o", "x.mp4"}), "folder", 2);
}

TEST(Usage, HelpAndVersionSucceed) {
  for (const Arguments& arguments : {Arguments{"--help"}, {"run", "--help"}, {"matte", "--help"}, {"--version"}}) {
    const Result result = RunScrim(arguments);
    EXPECT_EQ(result.status, 0);
    EXPECT_NE(result.out, "");
    EXPECT_EQ(result.err, "");
  }
}

TEST(Model, MissingForeignCutAndChangedAreRefused) {
  TemporaryFolder folder;
  ExpectFailure(RunScrim({"info", folder / "none.scrim"}), "none.scrim");
  ExpectFailure(RunScrim({"info", kPhoto}), kPhoto);
  const std::string model = ReadFile(SCRIM_BRIGHT_MODEL);
  WriteFile(folder / "cut.scrim", model.substr(0, model.size() / 2));
  ExpectFailure(RunScrim({"info", folder / "cut.scrim"}), "cut.scrim");
  std::string changed = model;
  changed[changed.size() / 2] ^= 1;
  WriteFile(folder / "changed.scrim", changed);
  ExpectFailure(RunScrim({"info", folder / "changed.scrim"}), "changed.scrim");
  WriteFile(folder / "empty.scrim", "");
  ExpectFailure(RunScrim({"image", kPhoto, "-b", "blur", "-o", folder / "x.png", "--model", folder / "empty.scrim"}),
                "empty.scrim");
  EXPECT_EQ(folder.List(), (std::vector<std::string>{"changed.scrim", "cut.scrim", "empty.scrim"}));
}

TEST(Convert, ThereAndBack) {
  TemporaryFolder folder;
  const std::string onnx = folder / "bright.onnx", back = folder / "back.scrim";
  EXPECT_EQ(RunScrim({"convert", SCRIM_BRIGHT_MODEL, onnx}).status, 0);
  const Result result = RunScrim({"convert", onnx, back, "--name", "again", "--licence", "free"});
  EXPECT_EQ(result.status, 0) << result.err;
  const Result info = RunScrim({"info", back});
  EXPECT_NE(info.out.find("again"), std::string::npos) << info.out;
  EXPECT_NE(info.out.find("free"), std::string::npos) << info.out;
  // Both see the same: bright pixels. ONNX knows one size, the model several.
  for (const std::string& model : {std::string(SCRIM_BRIGHT_MODEL), back})
    EXPECT_EQ(RunScrim({"matte", kPhoto, "-o", model == back ? folder / "b" : folder / "a", "--model", model,
                        "--input-size", "128x72"})
                  .status,
              0);
  EXPECT_EQ(ReadFile(folder / "a/000000257896.png"), ReadFile(folder / "b/000000257896.png"));
}

TEST(Convert, RefusesInOneLine) {
  TemporaryFolder folder;
  ExpectFailure(RunScrim({"convert", kPhoto, folder / "x.scrim"}), "000000257896.jpg");
  ExpectFailure(RunScrim({"convert", folder / "none.onnx", folder / "x.scrim"}), "none.onnx");
  ExpectFailure(RunScrim({"convert", SCRIM_BRIGHT_MODEL, folder / "x.tflite"}), ".onnx", 2);
  ExpectFailure(RunScrim({"convert", SCRIM_BRIGHT_MODEL, folder / "x.scrim", "--scale", "1,2"}), "--scale");
  EXPECT_EQ(folder.List(), std::vector<std::string>{});
}

// The whole way of a network of others, with the preprocessing that it was trained with.
TEST(Convert, AForeignNetworkFindsThePerson) {
  const std::string peers = SCRIM_SHARED "/peers/";
  if (!std::filesystem::exists(peers)) GTEST_SKIP() << "no research data: " << peers;
  TemporaryFolder folder;
  const std::string model = folder / "m.scrim";
  for (const Arguments& network : {Arguments{"mediapipe_selfie_general_256x256.onnx"},
                                   {"mediapipe_selfie_landscape_256x144.onnx"},
                                   {"pphumanseg_lite_portrait_398x224.onnx", "--scale", "0.00784314", "--offset", "-1"},
                                   {"sinet_320x320.onnx", "--bgr", "--scale", "5.74204e-05,6.02086e-05,6.13015e-05",
                                    "--offset", "-0.00759979,-0.00696607,-0.0065779"}}) {
    Arguments convert{"convert", peers + network[0], model};
    convert.insert(convert.end(), network.begin() + 1, network.end());
    const Result converted = RunScrim(convert);
    ASSERT_EQ(converted.status, 0) << converted.err;
    ASSERT_EQ(RunScrim({"matte", kPhoto, "-o", folder / "out", "--model", model}).status, 0) << network[0];
    const auto alpha = app::ReadImage(folder / "out/000000257896.png");
    ASSERT_TRUE(alpha.ok());
    const auto mean = [&](int x0, int x1, int y0, int y1) {
      double sum = 0;
      for (int y = y0; y < y1; ++y)
        for (int x = x0; x < x1; ++x) sum += Pixel(*alpha, x, y)[0];
      return sum / ((x1 - x0) * (y1 - y0));
    };
    const int w = alpha->width(), h = alpha->height();
    EXPECT_GT(mean(w / 3, w * 2 / 3, h / 2, h), 128) << network[0];  // the chest
    EXPECT_LT(mean(0, w / 3, 0, h / 3), 8) << network[0];            // the sky
  }
}

TEST(Options, TheOldNameOfTheInputSizeStillWorks) {
  TemporaryFolder folder;
  const Arguments image = WithModel({"image", kPhoto, "-b", "blur", "-o", folder / "x.png", "--density", "64x48"});
  EXPECT_EQ(RunScrim(image).status, 0);
  Arguments both = image;
  both.insert(both.end(), {"--input-size", "64x48"});
  ExpectFailure(RunScrim(both), "--input-size, which is given, too", 2);
  WriteFile(folder / "config", "[image]\ndensity=\"9x9\"\n");
  ExpectFailure(RunScrim({"--config", folder / "config", "image", kPhoto, "-b", "blur", "-o", folder / "x.png"}),
                "WIDTHxHEIGHT", 2);
  const Result config = RunScrim({"--print-config", "run", "-i", "test", "-b", "blur", "-o", "stdout"});
  for (const std::string& text : {RunScrim({"image", "--help"}).out, config.out}) {
    EXPECT_NE(text.find("input-size"), std::string::npos) << text;
    EXPECT_EQ(text.find("density"), std::string::npos) << text;
  }
}

TEST(Model, AnUnknownTargetIsRefused) {
  TemporaryFolder folder;
  ExpectFailure(RunScrim(WithModel({"image", kPhoto, "-b", "blur", "-o", folder / "x.png", "--target", "Z80"})), "Z80");
}

TEST(Convert, QuantisesWithPhotos) {
  TemporaryFolder folder;
  const std::string model = folder / "int8.scrim", photos = kTestdata + "/photos";
  const Result converted = RunScrim({"convert", SCRIM_MODELS "/default.scrim", model, "--int8", "--calibrate", photos,
                                     "--photos", "2", "--input-size", "64x48", "--tolerance", "1"});
  ASSERT_EQ(converted.status, 0) << converted.err;
  EXPECT_NE(converted.err.find("masks differ"), std::string::npos) << converted.err;
  const Result info = RunScrim({"info", "--model", model});
  EXPECT_EQ(info.status, 0) << info.err;
  EXPECT_NE(info.out.find("int8"), std::string::npos) << info.out;
  EXPECT_EQ(RunScrim({"image", kPhoto, "--model", model, "-b", "#000000", "-o", folder / "out.png"}).status, 0);
  const Result bench = RunScrim({"bench", "--model", model, "--against", SCRIM_MODELS "/default.scrim"});
  EXPECT_EQ(bench.status, 0) << bench.err;
  EXPECT_NE(bench.out.find("ratio"), std::string::npos) << bench.out;
  ExpectFailure(RunScrim({"convert", SCRIM_MODELS "/default.scrim", model, "--int8"}), "--calibrate", 2);
  ExpectFailure(RunScrim({"convert", SCRIM_MODELS "/default.scrim", model, "--int8", "--calibrate", folder / "none"}),
                "no .jpg");
}

TEST(Info, DescribesTheModel) {
  const Result result = RunScrim({"info", SCRIM_BRIGHT_MODEL});
  EXPECT_EQ(result.status, 0) << result.err;
  for (const char* text : {"bright", "Apache-2.0", "128x72", "64x64"})
    EXPECT_NE(result.out.find(text), std::string::npos) << text;
}

TEST(Bench, StepsNameTheKernels) {
  const Result result = RunScrim({"bench", "--steps", "--model", SCRIM_BRIGHT_MODEL, "--target", "SSE4"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_NE(result.out.find("score"), std::string::npos);
}

TEST(Bench, LiveTellsProcessorTimeAndLatency) {
  const Result result = RunScrim({"bench", "--live", "--model", SCRIM_BRIGHT_MODEL});
  EXPECT_EQ(result.status, 0) << result.err;
  for (const char* text : {"latency", "image, still", "blur, motion"})
    EXPECT_NE(result.out.find(text), std::string::npos) << text;
}

TEST(Bench, JsonHasEveryStage) {
  const Result result = RunScrim({"bench", "--json", "--model", SCRIM_BRIGHT_MODEL});
  EXPECT_EQ(result.status, 0) << result.err;
  const nlohmann::json json = nlohmann::json::parse(result.out);
  for (const char* key : {"target", "network_ms", "percent_of_peak", "peak_rss_mb"})
    EXPECT_TRUE(json.contains(key)) << key;
  EXPECT_EQ(json.at("input_size").get<std::string>(), "128x72");
  ASSERT_FALSE(json.at("frame_path_ms").empty());
  for (const nlohmann::json& path : json.at("frame_path_ms")) EXPECT_GT(path.at("compose").get<double>(), 0) << path;
}

TEST(Image, PutsThePersonBeforeAColour) {
  TemporaryFolder folder;
  const std::string in = WriteHalves(folder, "in.png", 200, 100);
  const Result result = RunScrim(WithModel({"image", in, "--background", "#1020f0", "--output", folder / "out.png"}));
  ASSERT_EQ(result.status, 0) << result.err;
  const auto out = app::ReadImage(folder / "out.png");
  ASSERT_TRUE(out.ok());
  EXPECT_EQ(Pixel(*out, 20, 50)[0], 255);
  EXPECT_EQ(Pixel(*out, 180, 50)[0], 0x10);
  EXPECT_EQ(Pixel(*out, 180, 50)[2], 0xf0);
}

TEST(Image, EveryKindOfBackground) {
  for (const std::string background : {"blur", "blur:40", "transparent", "#000000"}) {
    TemporaryFolder folder;
    EXPECT_EQ(RunScrim(WithModel({"image", kPhoto, "-b", background, "-o", folder / "out.png"})).status, 0);
    EXPECT_EQ(folder.List(), std::vector<std::string>{"out.png"});
  }
  TemporaryFolder folder;
  const Arguments arguments = {"image", kPhoto, "-b", kTestdata + "/backgrounds/hall.jpg", "-o", folder / "out.jpg"};
  EXPECT_EQ(RunScrim(WithModel(arguments)).status, 0);
}

TEST(Image, BadFilesGetOneLineAndLeaveNothing) {
  TemporaryFolder in, out;
  const std::string photo = ReadFile(kPhoto);
  WriteFile(in / "empty.jpg", "");
  WriteFile(in / "stub.jpg", photo.substr(0, 10));
  WriteFile(in / "foreign.jpg", "this is not a photo");
  for (const char* name : {"missing.jpg", "empty.jpg", "stub.jpg", "foreign.jpg"}) {
    ExpectFailure(RunScrim(WithModel({"image", in / name, "-b", "blur", "-o", out / "x.png"})), name);
    ExpectFailure(RunScrim(WithModel({"image", kPhoto, "-b", in / name, "-o", out / "x.png"})), name);
  }
  ExpectFailure(RunScrim(WithModel({"image", in.path(), "-b", "blur", "-o", out / "x.png"})), "folder");
  ExpectFailure(RunScrim(WithModel({"image", kPhoto, "-b", "blur", "-o", out / "no/x.png"})), "does not exist");
  ExpectFailure(RunScrim(WithModel({"image", kPhoto, "-b", "blur", "-o", out.path()})), "");
  ExpectFailure(RunScrim(WithModel({"image", kPhoto, "-b", "blur", "-o", "/dev/null.png/x.png"})), "does not exist");
  EXPECT_TRUE(out.List().empty());
}

TEST(Image, APhotoWithoutItsEndIsShownAsFarAsItGoesWithANote) {
  TemporaryFolder folder;
  const std::string photo = ReadFile(kPhoto);
  WriteFile(folder / "cut.jpg", photo.substr(0, photo.size() / 3));
  for (const Arguments& arguments : {Arguments{"image", folder / "cut.jpg", "-b", "blur", "-o", folder / "a.png"},
                                     {"image", kPhoto, "-b", folder / "cut.jpg", "-o", folder / "b.png"},
                                     {"matte", folder / "cut.jpg", "-o", folder / "masks"}}) {
    const Result result = RunScrim(WithModel(arguments));
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(result.err,
              "scrim: " + (folder / "cut.jpg") + ": the end of the file is missing; what is there is used\n");
  }
}

TEST(Matte, HasTheInputsSizeAndStem) {
  TemporaryFolder folder;
  for (auto [width, height] : {std::pair{1, 1}, {333, 77}, {64, 501}}) {
    const std::string in = WriteHalves(folder, "in.png", width, height);
    const Result result = RunScrim(WithModel({"matte", in, "--output", folder / "mattes"}));
    ASSERT_EQ(result.status, 0) << result.err;
    const auto matte = app::ReadImage(folder / "mattes/in.png");
    ASSERT_TRUE(matte.ok());
    EXPECT_EQ(matte->width(), width);
    EXPECT_EQ(matte->height(), height);
    EXPECT_EQ(Pixel(*matte, 0, height / 2)[0], 255);
    if (width > 1) EXPECT_EQ(Pixel(*matte, width - 1, height / 2)[0], 0);
  }
}

TEST(Matte, EightK) {
  TemporaryFolder folder;
  const std::string in = WriteHalves(folder, "in.png", 7680, 4320);
  const Result result = RunScrim(WithModel({"matte", in, "--output", folder / "masks/", "--density", "64x64"}));
  ASSERT_EQ(result.status, 0) << result.err;
  const auto matte = app::ReadImage(folder / "masks/in.png");
  ASSERT_TRUE(matte.ok());
  EXPECT_EQ(matte->width(), 7680);
}

TEST(Matte, AFolderIsPhotosOrASequence) {
  TemporaryFolder folder, photos;
  // Just above and just below the threshold: noise in a sequence, which the stabiliser damps.
  for (auto [name, value] : {std::pair{"2.png", 129}, {"10.png", 126}}) {
    image::Frame frame(image::PixelFormat::kRgba, 64, 36);
    Fill(frame.view(), {uint8_t(value), uint8_t(value), uint8_t(value)});
    for (int y = 0; y < 36; ++y) std::fill_n(frame.view().row(0, y), 4 * 12, uint8_t{255});  // surely somebody
    ASSERT_TRUE(app::WriteImage(frame.view(), false, photos / name).ok());
  }
  WriteFile(photos / "notes.txt", "not an image");
  ASSERT_EQ(RunScrim(WithModel({"matte", photos.path(), "-o", folder / "cold"})).status, 0);
  ASSERT_EQ(RunScrim(WithModel({"matte", photos.path(), "-o", folder / "warm", "--sequence"})).status, 0);
  const auto cold = app::ReadImage(folder / "cold/10.png"), warm = app::ReadImage(folder / "warm/10.png");
  ASSERT_EQ(RunScrim(WithModel({"matte", photos.path(), "-o", folder / "raw", "--sequence", "--no-stabiliser"})).status,
            0);
  const auto raw = app::ReadImage(folder / "raw/10.png");
  ASSERT_TRUE(cold.ok() && warm.ok() && raw.ok());
  EXPECT_EQ(Pixel(*raw, 30, 20)[0], Pixel(*cold, 30, 20)[0]);
  EXPECT_LT(Pixel(*cold, 30, 20)[0], 120);
  EXPECT_GT(Pixel(*warm, 30, 20)[0], 130);  // 2.png came first: read as text, 10.png would have
}

TEST(Matte, OneBadPhotoDoesNotStopTheOthers) {
  TemporaryFolder photos, out;
  WriteFile(photos / "a.jpg", "");
  WriteHalves(photos, "b.png", 20, 20);
  ExpectFailure(RunScrim(WithModel({"matte", photos.path(), "-o", out.path()})), "a.jpg");
  EXPECT_EQ(out.List(), std::vector<std::string>{"b.png"});
}

TEST(Matte, BadFoldersGetOneLine) {
  TemporaryFolder empty, photos;
  ExpectFailure(RunScrim(WithModel({"matte", empty.path(), "-o", empty / "out"})), "no images");
  ExpectFailure(RunScrim(WithModel({"matte", kPhoto, "-o", empty / "no/out"})), "does not exist");
  ExpectFailure(RunScrim(WithModel({"matte", kPhoto, "-o", kPhoto})), "not a folder");
  ExpectFailure(RunScrim(WithModel({"matte", empty / "none", "-o", empty.path()})), "none");
  WriteHalves(photos, "same.png", 8, 8);
  WriteHalves(photos, "same.jpg", 8, 8);
  ExpectFailure(RunScrim(WithModel({"matte", photos.path(), "-o", empty / "out"})), "would both become");
}

// A limit on file sizes stands for the full disk: the same failing write, without needing root.
TEST(FullDisk, LeavesNothing) {
  TemporaryFolder folder;
  RunHooks hooks;
  hooks.prepare = [] {
    const rlimit limit = {4096, 4096};
    setrlimit(RLIMIT_FSIZE, &limit);
  };
  ExpectFailure(RunScrim(WithModel({"image", kPhoto, "-b", "blur", "-o", folder / "out.png"}), hooks), "out.png");
  EXPECT_TRUE(folder.List().empty());
  ExpectFailure(RunScrim(WithModel({"matte", kTestdata + "/photos", "-o", folder.path()}), hooks), "cannot be written");
  EXPECT_TRUE(folder.List().empty());
}

}  // namespace
}  // namespace scrim::test
