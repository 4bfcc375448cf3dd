// Writes the talking heads of the sample photos as numbered frames with their truth, for `scrim compare --sequence`:
//   talking_heads TESTDATA FOLDER [NAME]
// makes FOLDER/NAME/frames/000000.jpg and FOLDER/NAME/masks/000000.png for NAME hall and valley, or that one alone.
#include <cstdio>
#include <filesystem>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string>

#include "support/talking_head.h"

namespace scrim::test {
namespace {

constexpr int kWidth = 640, kHeight = 360;

Status WriteClip(const std::string& data, const std::string& stem, const std::string& room_name,
                 const std::filesystem::path& folder) {
  SCRIM_ASSIGN_OR_RETURN(const Sprite person,
                         CutOut(data + "/photos/" + stem + ".jpg", data + "/masks/" + stem + ".png", kHeight));
  SCRIM_ASSIGN_OR_RETURN(const cv::Mat3f room, ReadRoom(data + "/backgrounds/" + room_name + ".jpg", kWidth, kHeight));
  std::filesystem::create_directories(folder / "frames");
  std::filesystem::create_directories(folder / "masks");
  for (int i = 0; i < kTalkingHeadFrames; ++i) {
    TalkingHeadFrame frame = DrawTalkingHead(person, room, i);
    char name[32];
    std::snprintf(name, sizeof name, "%06d", i);
    cv::Mat bgr;
    cv::cvtColor(cv::Mat(kHeight, kWidth, CV_8UC4, frame.picture.view().planes[0]), bgr, cv::COLOR_RGBA2BGR);
    const std::string picture = (folder / "frames" / name).string() + ".jpg",
                      mask = (folder / "masks" / name).string() + ".png";
    if (!cv::imwrite(picture, bgr, {cv::IMWRITE_JPEG_QUALITY, 95})) return IoError(picture + ": cannot be written");
    if (!cv::imwrite(mask, cv::Mat(kHeight, kWidth, CV_8UC1, frame.alpha.data())))
      return IoError(mask + ": cannot be written");
  }
  return {};
}

}  // namespace
}  // namespace scrim::test

int main(int argc, char** argv) {
  if (argc != 3 && argc != 4) {
    std::fprintf(stderr, "usage: talking_heads TESTDATA FOLDER [NAME]\n");
    return 2;
  }
  const std::filesystem::path folder = argv[2];
  for (const auto& [stem, room] : {std::pair("000000257896", "hall"), std::pair("000000537991", "valley")}) {
    if (argc == 4 && std::string(argv[3]) != room) continue;
    const scrim::Status status = scrim::test::WriteClip(argv[1], stem, room, folder / room);
    if (!status.ok()) {
      std::fprintf(stderr, "talking_heads: %s\n", status.message().c_str());
      return 1;
    }
  }
  return 0;
}
