// Nothing of the room leaves by the side door: of random photos and clips with metadata of every kind, no run of bytes
// of the input's pictures is in the output.
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <random>
#include <unordered_set>

#include "common/image_file.h"
#include "support/media_tools.h"
#include "support/process.h"
#include "support/program.h"

namespace scrim::test {
namespace {

namespace fs = std::filesystem;

constexpr size_t kRun = 16;

// Noise, so that no encoder makes the same bytes of another picture.
std::string RandomJpeg(unsigned seed, int width, int height) {
  std::mt19937 random(seed);
  std::vector<uint8_t> pixels(size_t{3} * width * height);
  for (uint8_t& p : pixels) p = static_cast<uint8_t>(random());
  const auto bytes = EncodePicture(pixels.data(), width, height, PixelLayout::kRgb, ".jpg", "noise");
  EXPECT_TRUE(bytes.ok());
  return bytes.ok() ? std::string(bytes->begin(), bytes->end()) : "";
}

// The compressed rows of a JPEG; its tables are everybody's.
std::string Body(const std::string& jpeg) { return jpeg.substr(jpeg.find("\xFF\xDA") + 14); }

std::string Base64(const std::string& bytes) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (size_t i = 0; i + 2 < bytes.size(); i += 3) {
    const auto at = [&](size_t j) { return static_cast<unsigned>(static_cast<uint8_t>(bytes[i + j])); };
    const unsigned word = at(0) << 16 | at(1) << 8 | at(2);
    for (int shift = 18; shift >= 0; shift -= 6) text += kDigits[word >> shift & 63];
  }
  return text;
}

bool Shares(const std::string& output, const std::string& hidden) {
  std::unordered_set<std::string> runs;
  for (size_t i = 0; i + kRun <= hidden.size(); ++i) runs.insert(hidden.substr(i, kRun));
  for (size_t i = 0; i + kRun <= output.size(); ++i) {
    if (runs.count(output.substr(i, kRun)) > 0) return true;
  }
  return false;
}

class Metadata : public testing::TestWithParam<unsigned> {
 protected:
  void SetUp() override {
    if (!HasProgram("exiftool") || !HasProgram("ffmpeg")) GTEST_SKIP() << "exiftool or ffmpeg is not here";
    thumbnail_ = RandomJpeg(GetParam(), 40, 30);
    WriteFile(folder_ / "thumbnail.jpg", thumbnail_);
  }
  void ExpectClean(const std::string& path) {
    const std::string bytes = ReadFile(path);
    ASSERT_FALSE(bytes.empty()) << path;
    EXPECT_FALSE(Shares(bytes, Body(thumbnail_))) << path;
    EXPECT_FALSE(Shares(bytes, Base64(thumbnail_))) << path;
    EXPECT_EQ(bytes.find("SECRET"), std::string::npos) << path;
  }
  TemporaryFolder folder_;
  std::string thumbnail_;
};

TEST_P(Metadata, OfPhotosStaysBehind) {
  const std::string thumbnail = folder_ / "thumbnail.jpg";
  for (const char* name : {"in.jpg", "in.png", "in.tif", "in.webp"}) {
    const std::string in = folder_ / name;
    std::vector<uint8_t> pixels(3 * 64 * 48, 200);
    const auto bytes = EncodePicture(pixels.data(), 64, 48, PixelLayout::kRgb, fs::path(name).extension(), name);
    ASSERT_TRUE(bytes.ok());
    WriteFile(in, std::string(bytes->begin(), bytes->end()));
    const bool jpeg = std::string(name) == "in.jpg";
    std::string command = "exiftool -q -overwrite_original -Artist=SECRET -XMP:Description=SECRET -GPSLatitude=48 ";
    if (jpeg) command += "'-ThumbnailImage<=" + thumbnail + "' '-Photoshop:PhotoshopThumbnail<=" + thumbnail + "' ";
    command += "'-XMP-xmp:ThumbnailImage<=" + thumbnail + "' " + in;
    ASSERT_EQ(std::system(command.c_str()), 0) << name;
    for (const char* out : {"out.jpg", "out.png"}) {
      const Result result =
          RunScrim({"image", in, "-b", "#203040", "-o", folder_ / out, "--model", SCRIM_BRIGHT_MODEL});
      ASSERT_EQ(result.status, 0) << result.err;
      ExpectClean(folder_ / out);
    }
    ASSERT_EQ(RunScrim({"matte", in, "-o", folder_ / "masks", "--model", SCRIM_BRIGHT_MODEL}).status, 0);
    ExpectClean(folder_ / "masks/in.png");
  }
}

TEST_P(Metadata, OfClipsStaysBehind) {
  const std::string room = "-f lavfi -i color=gray:s=64x48:r=10:d=0.5 -f lavfi -i sine=d=0.5 ";
  const std::string thumbnail = folder_ / "thumbnail.jpg", encoded = Base64(thumbnail_);
  WriteFile(folder_ / "tags.txt", ";FFMETADATA1\ntitle=A talk\ncomment=SECRET " + encoded.substr(0, 4000) +
                                      "\nMETADATA_BLOCK_PICTURE=" + encoded + "\nlocation=+48.1+011.5/SECRET\n");
  WriteFile(folder_ / "words.srt", "1\n00:00:00,000 --> 00:00:00,400\nSECRET\n");
  const std::string tags = "-i " + (folder_ / "tags.txt") + " ";
  ASSERT_TRUE(MakeClip(room + tags + "-i " + thumbnail +
                       " -map_metadata 2 -map 0 -map 1 -map 3 -c:v:0 libx264 -c:v:1 copy "
                       "-disposition:v:1 attached_pic -movflags use_metadata_tags " +
                       (folder_ / "cover.mp4")));
  ASSERT_TRUE(MakeClip(room + tags + "-i " + (folder_ / "words.srt") +
                       " -map_metadata 2 -map 0 -map 1 -map 3 -c:v libx264 -c:s srt -attach " + thumbnail +
                       " -metadata:s:t mimetype=image/jpeg " + (folder_ / "attached.mkv")));
  ASSERT_TRUE(
      MakeClip(room + tags + "-map_metadata 2 -c:v libx264 -movflags use_metadata_tags " + (folder_ / "tagged.mov")));
  for (const char* in : {"cover.mp4", "attached.mkv", "tagged.mov"}) {
    for (const char* out : {"out.mp4", "out.mov", "out.mkv"}) {
      const Result result =
          RunScrim({"run", "-i", folder_ / in, "-b", "blur", "-o", folder_ / out, "-q", "--model", SCRIM_BRIGHT_MODEL});
      ASSERT_EQ(result.status, 0) << result.err;
      ExpectClean(folder_ / out);
      EXPECT_EQ(Tracks(folder_ / out), "video audio") << in;
      EXPECT_NE(ReadFile(folder_ / out).find("A talk"), std::string::npos) << in << " " << out;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Random, Metadata, testing::Values(1u, 2u));

}  // namespace
}  // namespace scrim::test
