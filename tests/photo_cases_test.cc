// What went wrong with photos and backgrounds once.
#include <gtest/gtest.h>
#include <vips/vips.h>

#include <algorithm>
#include <filesystem>

#include "base/crc32.h"
#include "common/image_file.h"
#include "io/image_io.h"
#include "support/media_tools.h"
#include "support/process.h"
#include "support/program.h"

namespace scrim::test {
namespace {

namespace fs = std::filesystem;

const std::string kPhoto = std::string(SCRIM_TESTDATA) + "/photos/000000257896.jpg";

Result Scrim(std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"--model", SCRIM_BRIGHT_MODEL});
  return RunScrim(arguments);
}

// Left half red, right half blue, as `extension`.
std::string WriteTwoColours(const TemporaryFolder& folder, const std::string& name) {
  std::vector<uint8_t> pixels(3 * 64 * 32);
  for (size_t i = 0; i < pixels.size(); i += 3) (i / 3 % 64 < 32 ? pixels[i] : pixels[i + 2]) = 255;
  const auto bytes = EncodePicture(pixels.data(), 64, 32, PixelLayout::kRgb, fs::path(name).extension(), name);
  EXPECT_TRUE(bytes.ok()) << bytes.status().message();
  if (bytes.ok()) WriteFile(folder / name, std::string(bytes->begin(), bytes->end()));
  return folder / name;
}

bool Red(const std::string& path, int x, int y) {
  const auto frame = app::ReadImage(path);
  EXPECT_TRUE(frame.ok());
  if (!frame.ok()) return false;
  const uint8_t* p = frame->view().row(0, y) + 4 * x;
  return p[0] > 200 && p[2] < 60;
}

// Backgrounds were read by two libraries, one of which knew no orientation, CMYK, TIFF.
TEST(Pictures, TheSameInEveryCommand) {
  if (!HasProgram("exiftool") || !HasProgram("ffmpeg")) GTEST_SKIP() << "exiftool or ffmpeg is not here";
  TemporaryFolder folder;
  ASSERT_TRUE(MakeClip("-f lavfi -i color=black:s=64x32:r=10:d=0.3 -c:v libx264 " + (folder / "dark.mp4")));
  ASSERT_TRUE(MakeClip("-f lavfi -i color=black:s=64x32 -frames:v 1 " + (folder / "dark.png")));
  for (const char* name : {"a.jpg", "a.png", "a.tif", "a.webp", "a.jp2", "a.avif", "a.bmp", "a.gif", "a.ppm"}) {
    const std::string picture = WriteTwoColours(folder, name);
    const std::string extension = fs::path(name).extension();
    const bool turned = extension == ".jpg" || extension == ".png" || extension == ".tif";
    if (turned) ASSERT_EQ(std::system(("exiftool -q -overwrite_original -Orientation#=3 " + picture).c_str()), 0);
    ASSERT_EQ(Scrim({"image", folder / "dark.png", "-b", picture, "-o", folder / "image.png"}).status, 0) << name;
    EXPECT_EQ(Red(folder / "image.png", 10, 16), !turned) << name;
    EXPECT_EQ(Red(folder / "image.png", 54, 16), turned) << name;
    ASSERT_EQ(Scrim({"run", "-i", folder / "dark.mp4", "-b", picture, "-o", folder / "run.mp4", "-q"}).status, 0)
        << name;
    const auto left = MeanColour(folder / "run.mp4", 0.1, 0.2, 0.3, 0.5);
    EXPECT_EQ(left[0] > 180, !turned) << name;
    // And as a photo.
    const auto photo = app::ReadImage(picture);
    ASSERT_TRUE(photo.ok()) << photo.status().message();
    EXPECT_EQ(photo->width(), 64) << name;
  }
}

TEST(Pictures, AllOrientations) {
  if (!HasProgram("exiftool")) GTEST_SKIP() << "exiftool is not here";
  TemporaryFolder folder;
  // Where red is, by the tag: left, right, right, left, top, top, bottom, bottom.
  const int x[] = {10, 54, 54, 10, 16, 16, 16, 16}, y[] = {16, 16, 16, 16, 10, 10, 54, 54};
  for (const char* name : {"a.jpg", "a.png", "a.tif"}) {
    for (int orientation = 1; orientation <= 8; ++orientation) {
      const std::string picture = WriteTwoColours(folder, name);
      ASSERT_EQ(
          std::system(
              ("exiftool -q -overwrite_original -Orientation#=" + std::to_string(orientation) + " " + picture).c_str()),
          0);
      EXPECT_TRUE(Red(picture, x[orientation - 1], y[orientation - 1])) << name << " " << orientation;
    }
  }
}

// Numbers of wider colours came out without their profile: everything was paler.
TEST(Pictures, ColourProfilesAreConverted) {
  if (!HasProgram("exiftool")) GTEST_SKIP() << "exiftool is not here";
  TemporaryFolder folder;
  std::vector<uint8_t> pixels(3 * 16 * 16);
  for (size_t i = 0; i < pixels.size(); i += 3) pixels[i] = 100, pixels[i + 1] = 180, pixels[i + 2] = 90;
  const auto bytes = EncodePicture(pixels.data(), 16, 16, PixelLayout::kRgb, ".png", "a");
  ASSERT_TRUE(bytes.ok());
  WriteFile(folder / "a.png", std::string(bytes->begin(), bytes->end()));
  VipsBlob* p3 = nullptr;  // libvips brings it along
  ASSERT_EQ(vips_profile_load("p3", &p3, nullptr), 0);
  size_t size = 0;
  const void* profile = vips_blob_get(p3, &size);
  WriteFile(folder / "p3.icc", std::string(static_cast<const char*>(profile), size));
  vips_area_unref(VIPS_AREA(p3));
  ASSERT_EQ(
      std::system(("exiftool -q -overwrite_original '-icc_profile<=" + (folder / "p3.icc") + "' " + (folder / "a.png"))
                      .c_str()),
      0);
  const auto frame = app::ReadImage(folder / "a.png");
  ASSERT_TRUE(frame.ok());
  EXPECT_LT(frame->view().planes[0][0], 80);  // this green lies further from red in sRGB
  EXPECT_NEAR(frame->view().planes[0][1], 182, 4);
}

TEST(Pictures, AHugePngIsRefusedByItsHeader) {
  TemporaryFolder folder;
  // A small picture's file that says 30000x30000.
  std::string png = ReadFile(WriteTwoColours(folder, "huge.png"));
  const uint8_t size[] = {0, 0, 0x75, 0x30};
  for (const size_t at : {16, 20}) std::copy(size, size + 4, png.begin() + static_cast<ptrdiff_t>(at));
  const uint32_t sum = Crc32(reinterpret_cast<const uint8_t*>(png.data()) + 12, 17);
  for (size_t i = 0; i < 4; ++i) png[29 + i] = static_cast<char>(sum >> (24 - 8 * i));
  WriteFile(folder / "huge.png", png);
  const Result result = Scrim({"image", folder / "huge.png", "-b", "blur", "-o", folder / "out.png"});
  EXPECT_EQ(result.status, 1);
  EXPECT_NE(result.err.find("30000x30000"), std::string::npos) << result.err;
}

TEST(Pictures, WhatIsTransparentStaysSo) {
  TemporaryFolder folder;
  std::vector<uint8_t> pixels;
  for (int i = 0; i < 64 * 48; ++i) {
    const bool erased = i % 64 < 32;
    for (const int value : {erased ? 250 : 240, erased ? 10 : 240, erased ? 10 : 240, erased ? 0 : 255})
      pixels.push_back(static_cast<uint8_t>(value));
  }
  const auto bytes = EncodePicture(pixels.data(), 64, 48, PixelLayout::kRgba, ".png", "cut");
  ASSERT_TRUE(bytes.ok());
  WriteFile(folder / "cut.png", std::string(bytes->begin(), bytes->end()));
  for (const char* background : {"transparent", "blur", "#0000ff"}) {
    for (const char* keep : {"", "--keep-room"}) {
      std::vector<std::string> arguments{"image", folder / "cut.png", "-b", background, "-o", folder / "out.png"};
      if (*keep != '\0') arguments.emplace_back(keep);
      ASSERT_EQ(Scrim(arguments).status, 0);
      const auto frame = app::ReadImage(folder / "out.png");
      ASSERT_TRUE(frame.ok());
      const uint8_t* p = frame->view().row(0, 24) + 4 * 8;
      if (std::string(background) == "transparent") EXPECT_EQ(p[3], 0) << keep;
      EXPECT_FALSE(p[0] > 150 && p[1] < 100) << background << keep;  // the red that was erased
    }
  }
  ASSERT_EQ(Scrim({"matte", folder / "cut.png", "-o", folder / "masks"}).status, 0);
  const auto mask = app::ReadImage(folder / "masks/cut.png");
  ASSERT_TRUE(mask.ok());
  EXPECT_EQ(mask->view().row(0, 24)[4 * 8], 0);
  EXPECT_EQ(mask->view().row(0, 24)[4 * 56], 255);
  // Behind somebody, too: what was erased there is black.
  ASSERT_EQ(Scrim({"image", kPhoto, "-b", folder / "cut.png", "-o", folder / "before.png"}).status, 0);
}

TEST(Folders, NoPhotoIsReplacedByItsMask) {
  TemporaryFolder photos;
  const std::string photo = WriteTwoColours(photos, "me.png"), bytes = ReadFile(photo);
  const Result result = Scrim({"matte", photos.path(), "-o", photos.path()});
  EXPECT_EQ(result.status, 1);
  EXPECT_NE(result.err.find("give another name or folder"), std::string::npos) << result.err;
  EXPECT_EQ(ReadFile(photo), bytes);
  EXPECT_EQ(Scrim({"image", photo, "-b", "blur", "-o", photo}).status, 1);
  EXPECT_EQ(Scrim({"image", kPhoto, "-b", photo, "-o", photo}).status, 1);
  EXPECT_EQ(ReadFile(photo), bytes);
}

TEST(Folders, EveryFormatIsTakenAndSidecarsAreNot) {
  TemporaryFolder photos, out;
  for (const char* name : {"a.jpg", "b.PNG", "c.TIFF", "d.webp", "e.avif", "f.gif", "g.JP2"})
    WriteTwoColours(photos, name);
  WriteFile(photos / "._a.jpg", "macOS");
  WriteFile(photos / "Thumbs.db", "Windows");
  WriteFile(photos / "notes.txt", "mine");
  const Result result = Scrim({"matte", photos.path(), "-o", out.path(), "-q"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(out.List(), (std::vector<std::string>{"a.png", "b.png", "c.png", "d.png", "e.png", "f.png", "g.png"}));
  EXPECT_NE(result.err.find("1 file is no image: notes.txt"), std::string::npos) << result.err;
  EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
}

TEST(Folders, AListOfWhatIsBrokenEndsTheWork) {
  TemporaryFolder photos, out;
  for (const char* name : {"a.jpg", "c.jpg", "e.jpg"}) WriteTwoColours(photos, name);
  for (const char* name : {"b.jpg", "d.heic"}) WriteFile(photos / name, "broken");
  const Result result = Scrim({"matte", photos.path(), "-o", out.path(), "-q"});
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(out.List(), (std::vector<std::string>{"a.png", "c.png", "e.png"}));
  for (const char* name : {"b.jpg", "d.heic"}) EXPECT_NE(result.err.find(name), std::string::npos) << result.err;
}

TEST(Names, ExtensionsInAnyCase) {
  TemporaryFolder folder;
  EXPECT_EQ(Scrim({"image", kPhoto, "-b", "transparent", "-o", folder / "OUT.PNG"}).status, 0);
  EXPECT_EQ(Scrim({"image", kPhoto, "-b", "blur", "-o", folder / "OUT.JPEG"}).status, 0);
  const std::string clip = std::string(SCRIM_TESTDATA) + "/clips/thoughtful_sound.mp4";
  EXPECT_EQ(Scrim({"run", "-i", clip, "-b", "blur", "-o", folder / "OUT.MP4", "-q", "--frames", "2"}).status, 0);
  EXPECT_EQ(Scrim({"run", "-i", clip, "-b", "blur", "-o", folder / "OUT.Mkv", "-q", "--frames", "2"}).status, 0);
}

}  // namespace
}  // namespace scrim::test
