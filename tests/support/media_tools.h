// Clips and photos made and measured by other people's programs: ffmpeg, ffprobe, exiftool, vips.
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

namespace scrim::test {

// What the command prints; its errors are the test's.
std::string Printed(const std::string& command);

// ffmpeg with these arguments. False: it failed, or is not there.
bool MakeClip(const std::string& arguments);

// The first picture track that is no cover: its frames' times in seconds, and what ffprobe says of it ("color_range");
// empty where it knows nothing.
struct Pictures {
  std::vector<double> times;
  std::map<std::string, std::string> fields;
  std::string operator[](const std::string& name) const;
};
Pictures ProbePictures(const std::string& path);
std::vector<double> FrameTimes(const std::string& path);

// One field of one track.
std::string Field(const std::string& path, const std::string& name, const std::string& stream = "V:0");

// Kinds of all tracks, in their order: "video audio audio".
std::string Tracks(const std::string& path);

// Mean colour of the first frame in a part of it, upright: x, y, width and height in shares.
std::array<double, 3> MeanColour(const std::string& path, double x, double y, double width, double height,
                                 const std::string& filter = "");

// When the track is first loud, in seconds; negative: never.
double BeepAt(const std::string& path, int track = 0);

}  // namespace scrim::test
